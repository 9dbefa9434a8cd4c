/* safetensors: a JSON header and the elements, nothing else. Arrays are views of the mapped file.
 * Files that we write carry kind and config of the weights in their __metadata__, so that a
 * bundle's part loads as what it was. */
#pragma once

#include "formats/weights.h"

G_BEGIN_DECLS

gboolean    c2l_safetensors_detect (GBytes *bytes);
/* Keeps @bytes alive. Kind and config as the metadata say, else PLAIN and empty. */
C2lWeights *c2l_safetensors_parse (GBytes *bytes, const char *path, GError **error);

/* Writes all of @weights to @path, aside and then renamed. @metadata: further strings, or NULL. */
gboolean    c2l_safetensors_save (C2lWeights *weights, GHashTable *metadata, const char *path, GError **error);

G_END_DECLS
