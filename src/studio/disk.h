/* How much room there is where something is to be put, which need not exist yet. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Bytes that this user may still write at @path; G_MAXUINT64 where the system does not say. */
guint64  c2l_disk_get_free (const char *path);
/* Whether both lie on one file system, and so share its room. */
gboolean c2l_disk_is_same (const char *a, const char *b);

G_END_DECLS
