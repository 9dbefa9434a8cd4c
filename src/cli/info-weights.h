/* What c2l info says of a file of weights: sizes and arrays, for people and, by the same facts, as
 * members of a JSON object. */
#pragma once

#include "formats/weights.h"

G_BEGIN_DECLS

/* Nothing where the file cannot be drawn with; its kind and arrays are told all the same. */
void c2l_info_show_sizes (C2lWeights *weights);
void c2l_info_add_sizes (C2lWeights *weights, JsonObject *object);

void c2l_info_show_arrays (C2lWeights *weights);
/* "arrays": a list of objects with name, type and shape. */
void c2l_info_add_arrays (C2lWeights *weights, JsonObject *object);

G_END_DECLS
