/* The torch archive format and the tensors in it. */
#include "fuzz.h"

#include "formats/pickle-weights.h"
#include "formats/torch-zip.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size);
  g_autoptr (C2lPickle) pickle = c2l_torch_zip_parse (bytes, FALSE, NULL);
  g_autoptr (C2lWeights) weights = c2l_weights_new (C2L_WEIGHTS_PLAIN, "fuzz", NULL);
  if (pickle != NULL && c2l_pickle_add_tree_to_weights (pickle, c2l_pickle_get_root (pickle), weights, NULL))
    read_through (weights);
  return 0;
}
