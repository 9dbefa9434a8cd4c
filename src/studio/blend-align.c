/* Recipes side by side: latents of one row and of several become alike, and truncation that pulls
 * in different directions is carried out, so that what is left can be added up channel by channel.
 */
#include "studio/blend-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static GPtrArray *
recipes_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);
}

/* NULL where the recipe does not say, or the model's weights are in memory: then the shapes alone
 * decide. */
static gboolean
is_of_model (C2lSession *session, C2lRecipe *recipe)
{
  const char *role = c2l_role_get_name (C2L_ROLE_GENERATOR);
  const char *sum = g_hash_table_lookup (recipe->sha256, role);
  g_autofree char *own
      = c2l_bundle_dup_sha256 (c2l_engine_get_bundle (session->engine), C2L_ROLE_GENERATOR, NULL);

  return sum == NULL || own == NULL || g_ascii_strcasecmp (sum, own) == 0;
}

gboolean
c2l_blend_check (C2lSession *session, GPtrArray *recipes, GError **error)
{
  for (guint i = 0; i < recipes->len; i++)
    {
      C2lRecipe *recipe = g_ptr_array_index (recipes, i);

      if (!is_of_model (session, recipe))
        {
          g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
                       _ ("picture %u was drawn by the model “%s”, and “%s” has another generator; "
                          "choose pictures of one model"),
                       i + 1, recipe->model != NULL ? recipe->model : "?",
                       c2l_bundle_get_name (c2l_engine_get_bundle (session->engine)));
          return FALSE;
        }
      if (!c2l_session_check (session, recipe, error))
        return FALSE;
    }
  return TRUE;
}

float *
c2l_blend_dup_rows (C2lSession *session, const C2lRows *rows, int n_rows, GError **error)
{
  float *copy;

  if (rows->n_rows == n_rows)
    return g_memdup2 (rows->data, (gsize) n_rows * rows->width * sizeof (float));
  if (rows->n_rows != 1)
    return c2l_session_repeat_rows (session, rows->data, rows->n_rows, error);
  copy = g_new (float, (gsize) n_rows * rows->width);
  for (int row = 0; row < n_rows; row++)
    memcpy (copy + (gsize) row * rows->width, rows->data, rows->width * sizeof (float));
  return copy;
}

static gboolean
set_n_rows (C2lSession *session, C2lRows *rows, int n_rows, GError **error)
{
  g_autofree float *data = c2l_blend_dup_rows (session, rows, n_rows, error);

  if (data != NULL)
    c2l_rows_set (rows, n_rows, rows->width, data);
  return data != NULL;
}

/* The fewest rows that hold all latents: of one row and of n they are n; of several kinds, one a
 * layer. */
static int
find_n_rows (C2lSession *session, GPtrArray *recipes)
{
  int n_rows = 1;

  for (guint i = 0; i < recipes->len; i++)
    {
      int own = ((C2lRecipe *) g_ptr_array_index (recipes, i))->latent.n_rows;

      if (own != 1 && n_rows != 1 && own != n_rows)
        return c2l_generator_get_num_ws (c2l_engine_get_generator (session->engine, NULL));
      n_rows = MAX (n_rows, own);
    }
  return n_rows;
}

static gboolean
are_pulled_alike (GPtrArray *recipes, gboolean same_truncation)
{
  const C2lRecipe *first = g_ptr_array_index (recipes, 0);

  for (guint i = 1; i < recipes->len; i++)
    {
      const C2lRecipe *recipe = g_ptr_array_index (recipes, i);

      if (recipe->origin != first->origin || recipe->latent.n_rows != first->latent.n_rows
          || (same_truncation && recipe->truncation != first->truncation))
        return FALSE;
    }
  return TRUE;
}

static gboolean
carry_out_truncation (C2lSession *session, C2lRecipe *recipe, GError **error)
{
  g_autofree float *latent = g_new (float, (gsize) recipe->latent.n_rows * recipe->latent.width);

  if (!c2l_session_truncate (session, recipe, latent, error))
    return FALSE;
  c2l_rows_set (&recipe->latent, recipe->latent.n_rows, recipe->latent.width, latent);
  recipe->truncation = 1;
  recipe->origin = C2L_ORIGIN_FILE;
  return TRUE;
}

GPtrArray *
c2l_blend_align (C2lSession *session, GPtrArray *recipes, gboolean same_truncation, GError **error)
{
  g_autoptr (GPtrArray) aligned = recipes_new ();
  gboolean alike = are_pulled_alike (recipes, same_truncation);
  int n_rows;

  if (!c2l_blend_check (session, recipes, error))
    return NULL;
  n_rows = find_n_rows (session, recipes);
  for (guint i = 0; i < recipes->len; i++)
    {
      C2lRecipe *copy = c2l_recipe_copy (g_ptr_array_index (recipes, i));

      g_ptr_array_add (aligned, copy);
      if (!alike && !carry_out_truncation (session, copy, error))
        return NULL;
      if (!set_n_rows (session, &copy->latent, n_rows, error))
        return NULL;
    }
  return g_steal_pointer (&aligned);
}

GPtrArray *
c2l_blend_flatten (C2lSession *session, GPtrArray *recipes, GError **error)
{
  g_autoptr (GPtrArray) flat = recipes_new ();

  if (!c2l_blend_check (session, recipes, error))
    return NULL;
  for (guint i = 0; i < recipes->len; i++)
    {
      C2lRecipe *recipe = g_ptr_array_index (recipes, i), *copy = c2l_recipe_copy (recipe);

      g_ptr_array_add (flat, copy);
      if (!c2l_session_get_styles (session, recipe, &copy->latent, error))
        return NULL;
      g_ptr_array_set_size (copy->mixes, 0);
      g_ptr_array_set_size (copy->edits, 0);
      copy->truncation = 1;
      copy->origin = C2L_ORIGIN_FILE;
    }
  return g_steal_pointer (&flat);
}
