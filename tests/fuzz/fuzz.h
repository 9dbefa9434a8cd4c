/* What libFuzzer calls, and replay.c without it. */
#pragma once

#include "formats/pickle-weights.h"
#include "formats/weights-private.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Looks at every element, so that sanitizers do. */
static inline void
read_through (C2lWeights *weights)
{
  g_autofree const char **names = c2l_weights_list_names (weights);
  for (guint i = 0; names[i] != NULL; i++)
    {
      g_free (c2l_array_dup_f32 (c2l_weights_lookup (weights, names[i])));
      g_free (c2l_array_to_string (c2l_weights_lookup (weights, names[i])));
    }
}

/* The tensors in what a pickle made, if it made anything. */
static inline void
read_tensors (C2lPickle *pickle)
{
  g_autoptr (C2lWeights) weights = c2l_weights_new (C2L_WEIGHTS_PLAIN, "fuzz", NULL);
  if (pickle != NULL && c2l_pickle_add_tree_to_weights (pickle, c2l_pickle_get_root (pickle), weights, "", NULL))
    read_through (weights);
}
