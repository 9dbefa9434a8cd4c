/* Writing what torch.load (weights_only=True) reads: { "state_dict": the tensors, … plain values
 * }. */
#pragma once

#include "formats/weights.h"

G_BEGIN_DECLS

/* @extra: further members of the dictionary beside "state_dict", or NULL. The file appears when it
 * is complete. */
gboolean c2l_torch_zip_save (C2lWeights *weights, JsonObject *extra, const char *path, GError **error);

G_END_DECLS
