/* The safetensors reader. */
#include "fuzz.h"

#include "formats/safetensors.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size);
  g_autoptr (C2lWeights) weights = c2l_safetensors_parse (bytes, "fuzz", NULL);
  if (weights != NULL)
    read_through (weights);
  return 0;
}
