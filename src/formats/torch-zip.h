/* What torch.save has written since 1.6, and TorchScript archives: a zip with one pickle and one
 * member for each storage. */
#pragma once

#include "formats/pickle.h"

G_BEGIN_DECLS

gboolean   c2l_torch_zip_detect (GBytes *bytes);
/* The archive's pickle; it keeps what its tensors point to. @nested: it stands inside another
 * pickle. */
C2lPickle *c2l_torch_zip_parse (GBytes *bytes, gboolean nested, GError **error);

G_END_DECLS
