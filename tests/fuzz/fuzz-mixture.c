/* Prompts as people and files bring them: parts are words with finite weights that have a sum. */
#include "studio/mixture.h"

#include <math.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (GPtrArray) parts = c2l_mixture_parse (text, NULL);
  double sum = 0;

  for (guint i = 0; parts != NULL && i < parts->len; i++)
    sum += ((C2lMixturePart *) g_ptr_array_index (parts, i))->weight;
  g_assert_true (parts == NULL || (parts->len > 0 && isfinite (1 / sum)));
  return 0;
}
