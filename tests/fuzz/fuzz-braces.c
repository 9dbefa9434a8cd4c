/* Brace ranges in names of files: whatever the pattern, few enough names, or an error. */
#include "formats/braces.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *pattern = g_strndup ((const char *) data, size);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) names = c2l_braces_expand (pattern, &error);

  g_assert_true ((names == NULL) == (error != NULL));
  if (names != NULL)
    {
      g_assert_cmpuint (g_strv_length (names), >=, 1);
      g_assert_cmpuint (g_strv_length (names), <=, C2L_BRACES_MAX_NAMES);
    }
  return 0;
}
