/* Everything behind c2l_weights_load: detection, all readers, the conversions to our names. */
#include "fuzz.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lWeights) weights = c2l_weights_load_bytes (bytes, "fuzz", &error);
  g_assert ((weights == NULL) == (error != NULL));
  if (weights != NULL)
    read_through (weights);
  return 0;
}
