/* Writing what torch.load (weights_only=True) reads: { "state_dict": the tensors, … plain values
 * }. Tensors whose names begin with "c2l." stand in a dictionary "c2l" beside the state_dict, for others load that one
 * strictly; c2l_weights_load() gives them their names again. */
#pragma once

#include "formats/weights.h"

G_BEGIN_DECLS

#define C2L_TORCH_OWN "c2l"

/* @extra: further members of the dictionary beside "state_dict", or NULL. The file appears when it
 * is complete. */
gboolean c2l_torch_zip_save (C2lWeights *weights, JsonObject *extra, const char *path, GError **error);

G_END_DECLS
