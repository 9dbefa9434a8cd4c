/* The reader of recipes, as PNG files carry them: what it takes, it can write and take again. */
#include "studio/recipe.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (C2lRecipe) recipe = c2l_recipe_from_json (text, "fuzz", NULL);

  if (recipe != NULL)
    {
      g_autofree char *written = c2l_recipe_to_json (recipe);
      g_autoptr (C2lRecipe) again = c2l_recipe_from_json (written, "fuzz", NULL);
      g_autofree char *rewritten = again != NULL ? c2l_recipe_to_json (again) : NULL;

      g_assert_cmpstr (rewritten, ==, written);
    }
  return 0;
}
