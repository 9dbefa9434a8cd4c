/* In-betweens, variations and more like these: arithmetic on latents in float32 on the host.
 * Nothing is drawn here. Recipes that come in are copied before anything is done to them. */
#include "studio/blend.h"

#include "models/streams.h"
#include "studio/blend-private.h"
#include "studio/moments.h"
#include "studio/normals.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* Of the model's spread: what the pictures have in common is few numbers, and a channel in which
 * they agree by chance shall not stand still. */
#define LEAST_SPREAD 0.25f

/* A latent so far away draws nothing that can be recognised. */
#define MAX_STRENGTH 10

static GPtrArray *
recipes_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);
}

/* Exact at both ends. */
static double
lerp (double a, double b, double t)
{
  return (1 - t) * a + t * b;
}

/* What a picture that was not sampled does not have; and it is drawn here and now. */
static void
forget_sampling (C2lSession *session, C2lRecipe *recipe, const char *made_by)
{
  g_clear_pointer (&recipe->sampler, g_free);
  recipe->steps = 0;
  recipe->guidance = 1;
  recipe->has_score = FALSE;
  recipe->score = 0;
  g_free (recipe->made_by);
  recipe->made_by = g_strdup (made_by);
  g_clear_pointer (&recipe->source, g_free);
  c2l_session_stamp (session, recipe);
}

/* --- in-betweens --- */

static void
lerp_latents (C2lRows *latent, const C2lRows *a, const C2lRows *b, float t)
{
  gsize n = (gsize) a->n_rows * a->width;
  g_autofree float *data = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    data[i] = (1 - t) * a->data[i] + t * b->data[i];
  c2l_rows_set (latent, a->n_rows, a->width, data);
}

static gboolean
is_same_edit (const C2lRecipeEdit *a, const C2lRecipeEdit *b)
{
  return g_strcmp0 (a->direction, b->direction) == 0 && a->first_layer == b->first_layer
         && a->last_layer == b->last_layer && c2l_rows_equal (&a->rows, &b->rows);
}

/* Edits of both: the same direction once, at an amount in between; others fade. */
static void
lerp_edits (C2lRecipe *recipe, const C2lRecipe *a, const C2lRecipe *b, double t)
{
  g_autofree gboolean *met = g_new0 (gboolean, b->edits->len + 1);

  g_ptr_array_set_size (recipe->edits, 0);
  for (guint i = 0; i < a->edits->len; i++)
    {
      C2lRecipeEdit *edit = c2l_recipe_add_edit_copy (recipe, g_ptr_array_index (a->edits, i));
      double other = 0;

      for (guint j = 0; j < b->edits->len; j++)
        if (!met[j] && is_same_edit (edit, g_ptr_array_index (b->edits, j)))
          {
            other = ((C2lRecipeEdit *) g_ptr_array_index (b->edits, j))->amount;
            met[j] = TRUE;
            break;
          }
      edit->amount = lerp (edit->amount, other, t);
    }
  for (guint j = 0; j < b->edits->len; j++)
    if (!met[j])
      c2l_recipe_add_edit_copy (recipe, g_ptr_array_index (b->edits, j))->amount *= t;
}

static gboolean
is_same_mix (const C2lRecipeMix *a, const C2lRecipeMix *b)
{
  return a->first_layer == b->first_layer && a->last_layer == b->last_layer
         && c2l_rows_equal (&a->rows, &b->rows);
}

static C2lRecipeMix *
add_mix_copy (C2lRecipe *recipe, const C2lRecipeMix *mix, double amount)
{
  C2lRecipeMix *copy = c2l_recipe_add_mix (recipe, mix->label, amount, &mix->rows);

  copy->first_layer = mix->first_layer;
  copy->last_layer = mix->last_layer;
  return copy;
}

static void
lerp_mixes (C2lRecipe *recipe, const C2lRecipe *a, const C2lRecipe *b, double t)
{
  g_autofree gboolean *met = g_new0 (gboolean, b->mixes->len + 1);

  g_ptr_array_set_size (recipe->mixes, 0);
  for (guint i = 0; i < a->mixes->len; i++)
    {
      const C2lRecipeMix *mix = g_ptr_array_index (a->mixes, i);
      double other = 0;

      for (guint j = 0; j < b->mixes->len; j++)
        if (!met[j] && is_same_mix (mix, g_ptr_array_index (b->mixes, j)))
          {
            other = ((C2lRecipeMix *) g_ptr_array_index (b->mixes, j))->amount;
            met[j] = TRUE;
            break;
          }
      add_mix_copy (recipe, mix, lerp (mix->amount, other, t));
    }
  for (guint j = 0; j < b->mixes->len; j++)
    if (!met[j])
      {
        const C2lRecipeMix *mix = g_ptr_array_index (b->mixes, j);
        add_mix_copy (recipe, mix, t * mix->amount);
      }
}

/* Between two aligned recipes, 0 < t < 1. */
static C2lRecipe *
between (C2lSession *session, C2lRecipe *a, C2lRecipe *b, double t)
{
  C2lRecipe *recipe = c2l_recipe_copy (t < 0.5 ? a : b);

  if (g_strcmp0 (a->prompt, b->prompt) != 0)
    g_clear_pointer (&recipe->prompt, g_free);
  lerp_latents (&recipe->latent, &a->latent, &b->latent, t);
  recipe->truncation = lerp (a->truncation, b->truncation, t);
  recipe->move_x = lerp (a->move_x, b->move_x, t);
  recipe->move_y = lerp (a->move_y, b->move_y, t);
  recipe->turn = lerp (a->turn, b->turn, t);
  lerp_mixes (recipe, a, b, t);
  lerp_edits (recipe, a, b, t);
  forget_sampling (session, recipe, C2L_MADE_BY_IN_BETWEEN);
  return recipe;
}

/* With the noise of @of; a picture whose noise changes by it is no longer the one that was scored.
 */
static void
take_noise (C2lRecipe *recipe, const C2lRecipe *of)
{
  if (recipe->noise == of->noise && recipe->noise_seed == of->noise_seed
      && recipe->index == of->index)
    return;
  recipe->noise = of->noise;
  recipe->noise_seed = of->noise_seed;
  recipe->index = of->index;
  recipe->has_score = FALSE;
}

GPtrArray *
c2l_blend_in_betweens (C2lSession *session,
                       GPtrArray *recipes,
                       const C2lInBetweens *options,
                       GError **error)
{
  g_autoptr (GPtrArray) aligned = NULL, frames = recipes_new ();
  int legs = options->loop ? recipes->len : recipes->len - 1;
  int steps = options->loop ? options->n : options->n - 1;

  g_return_val_if_fail (recipes->len >= 2, NULL);
  if (options->n < 2 || options->n > C2L_BLEND_MAX_FRAMES)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   _ ("%d frames; from 2 to %d are possible"), options->n, C2L_BLEND_MAX_FRAMES);
      return NULL;
    }
  aligned = c2l_blend_align (session, recipes, FALSE, error);
  if (aligned == NULL)
    return NULL;
  for (int i = 0; i < options->n; i++)
    {
      gint64 at = (gint64) i * legs;
      guint leg = at / steps, next = (leg + 1) % recipes->len;
      double t = (double) (at % steps) / steps;
      C2lRecipe *frame;

      if (t == 0)
        frame = c2l_recipe_copy (g_ptr_array_index (recipes, leg));
      else
        frame
            = between (session, g_ptr_array_index (aligned, leg), g_ptr_array_index (aligned, next),
                       options->ease ? t * t * (3 - 2 * t) : t);
      if (options->still)
        take_noise (frame, g_ptr_array_index (recipes, 0));
      g_ptr_array_add (frames, frame);
    }
  return g_steal_pointer (&frames);
}

C2lRecipe *
c2l_blend_between (C2lSession *session, C2lRecipe *a, C2lRecipe *b, double t, GError **error)
{
  g_autoptr (GPtrArray) recipes = g_ptr_array_new (), aligned = NULL;

  g_ptr_array_add (recipes, a);
  g_ptr_array_add (recipes, b);
  aligned = c2l_blend_align (session, recipes, FALSE, error);
  if (aligned == NULL)
    return NULL;
  if (t <= 0 || t >= 1)
    return c2l_recipe_copy (t <= 0 ? a : b);
  return between (session, g_ptr_array_index (aligned, 0), g_ptr_array_index (aligned, 1), t);
}

/* --- around latents --- */

static gboolean
check_around (double strength, int n, GError **error)
{
  g_return_val_if_fail (n >= 0, FALSE);
  if (strength >= 0 && strength <= MAX_STRENGTH)
    return TRUE;
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
               _ ("a strength of %g; from 0 (the same picture) to %d is possible"), strength,
               MAX_STRENGTH);
  return FALSE;
}

/* How many rows of a latent of @n_rows move on their own: those that repeat one row of the prior's
 * move together. */
static int
count_free_rows (C2lSession *session, int n_rows)
{
  return n_rows == 1 ? 1 : c2l_session_get_n_latents (session);
}

/* The model's spread as [@n_rows, width] of a latent's shape. */
static float *
dup_spread (C2lSession *session, int n_rows, int width, GCancellable *cancellable, GError **error)
{
  C2lRows spread = { 0 };
  float *data = NULL;

  if (!c2l_session_get_spread (session, &spread, cancellable, error))
    return NULL;
  /* Of several rows into one: the root of the mean variance. */
  if (n_rows == 1 && spread.n_rows > 1)
    {
      for (int i = 0; i < spread.width; i++)
        {
          double sum = 0;

          for (int row = 0; row < spread.n_rows; row++)
            sum += pow (spread.data[(gsize) row * spread.width + i], 2);
          spread.data[i] = sqrt (sum / spread.n_rows);
        }
      spread.n_rows = 1;
    }
  if (spread.width == width)
    data = c2l_blend_dup_rows (session, &spread, n_rows, error);
  else
    g_set_error (
        error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
        _ ("the prior's latents have %d channels and the generator's %d; use a prior that was "
           "trained for it"),
        spread.width, width);
  c2l_rows_clear (&spread);
  return data;
}

/* latent += strength · spread · normals of @seed and @index; @spread: [latent's rows, width]. */
static gboolean
step_away (C2lSession *session,
           C2lRows *latent,
           const float *spread,
           float strength,
           guint64 seed,
           guint32 index,
           GError **error)
{
  C2lRows normals = { .n_rows = count_free_rows (session, latent->n_rows), .width = latent->width };
  gsize n = (gsize) normals.n_rows * normals.width;
  g_autofree float *values = normals.data = g_new (float, n);
  g_autofree float *repeated = NULL;

  c2l_normals_fill (seed, index, C2L_STREAM_VARIATION, values, n);
  repeated = c2l_blend_dup_rows (session, &normals, latent->n_rows, error);
  if (repeated == NULL)
    return FALSE;
  for (gsize i = 0; i < (gsize) latent->n_rows * latent->width; i++)
    latent->data[i] += strength * spread[i] * repeated[i];
  return TRUE;
}

GPtrArray *
c2l_blend_vary (C2lSession *session,
                C2lRecipe *recipe,
                double strength,
                guint64 seed,
                int n,
                GCancellable *cancellable,
                GError **error)
{
  g_autoptr (GPtrArray) only = g_ptr_array_new (), recipes = recipes_new ();
  g_autofree float *spread = NULL;

  g_ptr_array_add (only, recipe);
  if (!check_around (strength, n, error) || !c2l_blend_check (session, only, error))
    return NULL;
  spread = dup_spread (session, recipe->latent.n_rows, recipe->latent.width, cancellable, error);
  for (int i = 0; spread != NULL && i < n; i++)
    {
      C2lRecipe *copy = c2l_recipe_copy (recipe);

      g_ptr_array_add (recipes, copy);
      copy->seed = seed + i;
      forget_sampling (session, copy, C2L_MADE_BY_VARIATION);
      if (!step_away (session, &copy->latent, spread, strength, copy->seed, copy->index, error))
        return NULL;
    }
  return spread != NULL ? g_steal_pointer (&recipes) : NULL;
}

static gboolean
have_edits (GPtrArray *recipes)
{
  for (guint i = 0; i < recipes->len; i++)
    {
      const C2lRecipe *recipe = g_ptr_array_index (recipes, i);
      if (recipe->edits->len > 0 || recipe->mixes->len > 0)
        return TRUE;
    }
  return FALSE;
}

/* The mean of the aligned recipes' latents into @mean, their spread, but at least a part of @floor,
 * into @floor. */
static void
measure_group (GPtrArray *aligned, float *mean, float *floor)
{
  const C2lRows *shape = &((C2lRecipe *) g_ptr_array_index (aligned, 0))->latent;
  gsize length = (gsize) shape->n_rows * shape->width;
  g_autofree float *all = g_new (float, length * aligned->len), *std = g_new (float, length);

  for (guint i = 0; i < aligned->len; i++)
    memcpy (all + i * length, ((C2lRecipe *) g_ptr_array_index (aligned, i))->latent.data,
            length * sizeof (float));
  c2l_moments (all, aligned->len, length, mean, std);
  for (gsize i = 0; i < length; i++)
    floor[i] = MAX (std[i], LEAST_SPREAD * floor[i]);
}

/* What the new pictures share: settings of the first one, the mean latent, the prompt if all have
 * the same. */
static C2lRecipe *
make_mean (C2lSession *session, GPtrArray *aligned, const float *mean)
{
  C2lRecipe *first = g_ptr_array_index (aligned, 0), *recipe = c2l_recipe_copy (first);

  forget_sampling (session, recipe, C2L_MADE_BY_MORE_LIKE_THESE);
  c2l_rows_set (&recipe->latent, first->latent.n_rows, first->latent.width, mean);
  recipe->move_x = recipe->move_y = recipe->turn = 0;
  for (guint i = 1; i < aligned->len; i++)
    if (g_strcmp0 (recipe->prompt, ((C2lRecipe *) g_ptr_array_index (aligned, i))->prompt) != 0)
      g_clear_pointer (&recipe->prompt, g_free);
  return recipe;
}

GPtrArray *
c2l_blend_more_like (C2lSession *session,
                     GPtrArray *recipes,
                     double strength,
                     guint64 seed,
                     int n,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (GPtrArray) aligned = NULL, more = recipes_new ();
  g_autoptr (C2lRecipe) mean = NULL;
  g_autofree float *spread = NULL, *middle = NULL;
  const C2lRows *shape;

  g_return_val_if_fail (recipes->len >= 1, NULL);
  if (!check_around (strength, n, error))
    return NULL;
  aligned = have_edits (recipes) ? c2l_blend_flatten (session, recipes, error)
                                 : c2l_blend_align (session, recipes, TRUE, error);
  if (aligned == NULL)
    return NULL;
  shape = &((C2lRecipe *) g_ptr_array_index (aligned, 0))->latent;
  spread = dup_spread (session, shape->n_rows, shape->width, cancellable, error);
  if (spread == NULL)
    return NULL;
  middle = g_new (float, (gsize) shape->n_rows * shape->width);
  measure_group (aligned, middle, spread);
  mean = make_mean (session, aligned, middle);
  for (int i = 0; i < n; i++)
    {
      C2lRecipe *recipe = c2l_recipe_copy (mean);

      g_ptr_array_add (more, recipe);
      recipe->seed = recipe->noise_seed = seed;
      recipe->index = i;
      if (!step_away (session, &recipe->latent, spread, strength, seed, i, error))
        return NULL;
    }
  return g_steal_pointer (&more);
}
