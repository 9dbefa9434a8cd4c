/* C2lZip: the directory of a zip archive in memory, checked before anything in it is believed.
 * Members that are stored are lent in place, deflated ones are inflated on request. Nothing is ever
 * written to disk; still, names that would leave their folder, and archives with two members of one
 * name, are refused, since no honest writer makes them. */
#pragma once

#include "formats/weights.h"

G_BEGIN_DECLS

typedef struct _C2lZip C2lZip;

C2lZip     *c2l_zip_open (GBytes *bytes, GError **error);
void        c2l_zip_free (C2lZip *zip);

guint       c2l_zip_get_n_members (C2lZip *zip);
const char *c2l_zip_get_name (C2lZip *zip, guint i);
gboolean    c2l_zip_contains (C2lZip *zip, const char *name);
/* A member's bytes, its checksum verified: a view of the archive, or memory of its own. NULL with
 * an error that names it. */
GBytes     *c2l_zip_read (C2lZip *zip, const char *name, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lZip, c2l_zip_free)

G_END_DECLS
