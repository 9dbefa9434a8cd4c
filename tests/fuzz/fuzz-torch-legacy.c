/* The torch legacy format and the tensors in it. */
#include "fuzz.h"

#include "formats/torch-legacy.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size);
  g_autoptr (C2lPickle) pickle = c2l_torch_legacy_parse (bytes, FALSE, NULL);
  read_tensors (pickle);
  return 0;
}
