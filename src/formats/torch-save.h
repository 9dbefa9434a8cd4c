/* Writes {"state_dict": {name: tensor, …}} as PyTorch's torch.save does since 1.6: a zip archive of a pickle and one member a storage,
 * all stored, so that torch.load (…, weights_only=True) reads it. */
#pragma once

#include "formats/weights.h"

G_BEGIN_DECLS

/* All arrays of @weights under their names, to @path, aside and then renamed. Files of 4 GiB and more are refused. */
gboolean c2l_torch_save (C2lWeights *weights, const char *path, GError **error);

G_END_DECLS
