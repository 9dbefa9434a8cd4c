/* The ways of making pictures that have a name of their own. */
#include "app/c2l-made-by.h"

#include "studio/recipe.h"

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

const char *
c2l_made_by_get_title (const char *made_by)
{
  for (gsize i = 0; i < G_N_ELEMENTS (ways); i++)
    if (g_strcmp0 (made_by, ways[i].name) == 0)
      return _ (ways[i].title);
  return made_by;
}
