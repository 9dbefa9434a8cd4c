/* The pickle machine alone, and walks over what it made. */
#include "fuzz.h"

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
  read_tensors (pickle);
  return 0;
}
