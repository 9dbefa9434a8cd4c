/* From a pickle's values to entries of a C2lWeights. */
#pragma once

#include "formats/pickle.h"

G_BEGIN_DECLS

/* Adds a TENSOR or NDARRAY as @name; its data belongs to @pickle, which @weights must own. */
gboolean c2l_pickle_add_to_weights (C2lPickle *pickle, const C2lPickleValue *value, C2lWeights *weights, const char *name,
                                    GError **error);
/* Adds all tensors below @value, names joined by "." and, where that is not "", behind @name; what is no tensor is passed
 * over. */
gboolean c2l_pickle_add_tree_to_weights (C2lPickle *pickle, const C2lPickleValue *value, C2lWeights *weights, const char *name,
                                         GError **error);

G_END_DECLS
