/* The pickle machine alone, and walks over what it made. */
#include "fuzz.h"

#include "formats/pickle-weights.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size);
  g_autoptr (C2lPickle) pickle = c2l_pickle_parse (bytes, 0, NULL, NULL, NULL);
  if (pickle == NULL)
    return 0;

  C2lPickleWalk walk = { 0 };
  JsonNode *node = c2l_pickle_to_json (pickle, c2l_pickle_get_root (pickle), &walk);
  g_clear_pointer (&node, json_node_unref);
  g_autoptr (C2lWeights) weights = c2l_weights_new (C2L_WEIGHTS_PLAIN, "fuzz", NULL);
  if (c2l_pickle_add_tree_to_weights (pickle, c2l_pickle_get_root (pickle), weights, NULL))
    read_through (weights);
  return 0;
}
