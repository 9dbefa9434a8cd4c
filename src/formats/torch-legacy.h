/* What torch.save wrote before 1.6, and what a storage inside a pickle still is: pickles and raw
 * data one after the other. */
#pragma once

#include "formats/pickle.h"

G_BEGIN_DECLS

/* The first pickle of such a file is a magic number. */
gboolean   c2l_torch_legacy_is_magic (const C2lPickleValue *value);
/* The file's main pickle, its storages in place. @nested: it stands inside another pickle. */
C2lPickle *c2l_torch_legacy_parse (GBytes *bytes, gboolean nested, GError **error);

G_END_DECLS
