/* The ways of making pictures that have a name of their own. */
#include "app/c2l-made-by.h"

#include <glib/gi18n.h>

static const struct
{
  const char *name, *title;
} ways[] = {
  { C2L_MADE_BY_VARIATION, N_ ("A variation of another picture") },
  { C2L_MADE_BY_MORE_LIKE_THESE, N_ ("Like other pictures") },
  { C2L_MADE_BY_LOOK_ALIKE, N_ ("Like an image") },
  { C2L_MADE_BY_IN_BETWEEN, N_ ("A frame of an in-between film") },
};

char *
c2l_made_by_dup_title (const C2lRecipe *recipe)
{
  if (g_strcmp0 (recipe->made_by, C2L_MADE_BY_LOOK_ALIKE) == 0 && recipe->source != NULL)
    /* Translators: the name of a file with an image. */
    return g_strdup_printf (_ ("Like “%s”"), recipe->source);
  for (gsize i = 0; i < G_N_ELEMENTS (ways); i++)
    if (g_strcmp0 (recipe->made_by, ways[i].name) == 0)
      return g_strdup (_ (ways[i].title));
  return g_strdup (recipe->made_by);
}
