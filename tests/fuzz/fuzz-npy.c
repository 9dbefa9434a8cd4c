/* The .npy reader. */
#include "formats/npy.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (C2lNpy) npy = c2l_npy_parse (data, size, "fuzz", NULL);

  if (npy != NULL)
    {
      g_autofree float *values = c2l_array_dup_f32 (&npy->array);
    }
  return 0;
}
