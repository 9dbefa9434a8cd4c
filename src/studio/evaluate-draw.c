/* A trial's pictures: latents in batches of a fixed size, recipes, pictures that CLIP sees.
 * Pictures are kept small, for the grids only.
 *
 * As in the original the noise of the generator is random; here it follows from the seed. */
#include "studio/evaluate-private.h"

#include "models/sampler.h"

#include <string.h>

#define BATCH C2L_EMBED_BATCH /* of samples too */
#define GRID_PICTURE 256      /* pixels at most */

static void
advance (C2lEvaluator *evaluator, int n_units)
{
  evaluator->n_done += n_units;
  c2l_progress_report (evaluator->progress,
                       (double) evaluator->n_done / MAX (evaluator->n_units, 1));
}

static C2lPass *
record (C2lEvaluator *evaluator, gboolean guided, GError **error)
{
  const C2lPriorInfo *info = c2l_prior_get_info (evaluator->prior);
  C2lDevice *device = c2l_engine_get_device (c2l_session_get_engine (evaluator->session));
  C2lSamplerParams params = { .kind = C2L_SAMPLER_REFERENCE,
                              .steps = evaluator->steps > 0 ? evaluator->steps : info->n_timesteps,
                              .guided = guided,
                              .n_pictures = BATCH };
  C2lPass *pass;

  if (!c2l_sampler_check (evaluator->prior, &params, error))
    return NULL;
  pass = c2l_pass_new (device, c2l_session_get_precision (evaluator->session), "evaluation");
  params.text = c2l_pass_add_input (pass, "text", C2L_F32, 2, (gint64[]){ BATCH, info->dim });
  params.keys = c2l_pass_add_input (pass, "keys", C2L_I32, 2, (gint64[]){ BATCH, 4 });
  if (guided)
    params.guidance = c2l_pass_add_input (pass, "guidance", C2L_F32, 1, (gint64[]){ 1 });
  c2l_pass_keep (pass, "latents", c2l_sampler_forward (evaluator->prior, pass, &params));
  if (c2l_pass_compile (pass, error))
    return pass;
  c2l_pass_free (pass);
  return NULL;
}

/* The pass for @guidance, recorded when it is first needed. */
static C2lPass *
get_pass (C2lEvaluator *evaluator, double guidance, GError **error)
{
  C2lPass **pass = guidance == 1 ? &evaluator->plain : &evaluator->guided;

  if (*pass == NULL)
    *pass = record (evaluator, guidance != 1, error);
  return *pass;
}

gboolean
c2l_evaluator_find_latents (C2lEvaluator *evaluator,
                            const C2lTrial *trial,
                            float *latents,
                            GCancellable *cancellable,
                            GError **error)
{
  const C2lPriorInfo *info = c2l_prior_get_info (evaluator->prior);
  C2lPass *pass = get_pass (evaluator, trial->guidance, error);
  gsize length = (gsize) info->num_ws * info->dim;
  g_autofree float *text = g_new (float, (gsize) BATCH * info->dim);
  g_autofree float *batch = g_new (float, BATCH *length);
  int n = trial->n_conditions * trial->per_condition;
  float guidance = trial->guidance;

  if (pass == NULL)
    return FALSE;
  if (guidance != 1)
    c2l_session_write (pass, "guidance", &guidance);
  for (int start = 0; start < n; start += BATCH)
    {
      int count = MIN (n - start, BATCH);
      gint32 keys[BATCH * 4];

      for (int i = 0; i < BATCH; i++)
        {
          int sample = start + (i < count ? i : 0);

          c2l_session_fill_key (keys + 4 * i, evaluator->seed, sample);
          memcpy (text + (gsize) i * info->dim,
                  trial->conditions + (gsize) (sample / trial->per_condition) * info->dim,
                  info->dim * sizeof (float));
        }
      c2l_session_write (pass, "text", text);
      c2l_session_write (pass, "keys", keys);
      if (!c2l_pass_run (pass, cancellable, error))
        return FALSE;
      c2l_session_read (pass, "latents", batch);
      memcpy (latents + start * length, batch, count * length * sizeof (float));
      advance (evaluator, count);
    }
  return TRUE;
}

/* Pulls finished styles [num_ws, D] towards the prior's mean, in place. */
static void
truncate_styles (const C2lPrior *prior, double psi, float *styles)
{
  const C2lPriorInfo *info = c2l_prior_get_info (prior);
  C2lTensor *tensor = c2l_prior_get_latent_mean (prior);
  g_autofree float *mean = g_malloc (c2l_tensor_get_size (tensor));

  c2l_tensor_read (tensor, mean, c2l_tensor_get_size (tensor));
  for (int row = 0; row < info->n_latents; row++)
    for (int repeat = 0; repeat < info->latent_repeats[row]; repeat++)
      for (int i = 0; i < info->dim; i++, styles++)
        {
          float centre = mean[(gsize) row * info->dim + i];
          *styles = centre + (float) psi * (*styles - centre);
        }
}

/* A picture for a grid: @picture itself, or made smaller by a whole factor. */
static C2lPicture *
shrink (C2lPicture *picture)
{
  int factor = picture->size / GRID_PICTURE, size = factor > 1 ? picture->size / factor : 0;
  guint8 *pixels;

  if (factor <= 1)
    return c2l_picture_ref (picture);
  pixels = g_malloc ((gsize) size * size * 3);
  for (int y = 0; y < size; y++)
    for (int x = 0; x < size; x++)
      for (int c = 0; c < 3; c++)
        {
          guint sum = 0;

          for (int i = 0; i < factor * factor; i++)
            sum += picture->pixels[(((gsize) y * factor + i / factor) * picture->size + x * factor
                                    + i % factor)
                                       * 3
                                   + c];
          pixels[((gsize) y * size + x) * 3 + c] = (sum + factor * factor / 2) / (factor * factor);
        }
  return c2l_picture_new (picture->recipe, size, pixels);
}

gboolean
c2l_evaluator_draw_and_embed (C2lEvaluator *evaluator,
                              GPtrArray *recipes,
                              GPtrArray *grid,
                              float *embeddings,
                              GCancellable *cancellable,
                              GError **error)
{
  int side = c2l_session_get_clip_side (evaluator->session, error);
  int width = c2l_session_get_embed_width (evaluator->session, error);
  gsize length = (gsize) side * side * 3;
  g_autofree float *views = g_new0 (float, MAX (BATCH * length, 1));

  if (side == 0 || width == 0)
    return FALSE;
  for (guint start = 0; start < recipes->len; start += BATCH)
    {
      int count = MIN (recipes->len - start, BATCH);

      for (int i = 0; i < count; i++)
        {
          g_autoptr (C2lPicture) picture
              = c2l_session_draw (evaluator->session, g_ptr_array_index (recipes, start + i), 0,
                                  views + i * length, cancellable, error);

          if (picture == NULL)
            return FALSE;
          if (grid != NULL)
            g_ptr_array_add (grid, shrink (picture));
          advance (evaluator, 1);
        }
      if (!c2l_session_embed_pictures (evaluator->session, views, count, side,
                                       embeddings + (gsize) start * width, cancellable, error))
        return FALSE;
    }
  return TRUE;
}

GPtrArray *
c2l_evaluator_new_recipes (C2lEvaluator *evaluator, const float *latents, int n, double psi)
{
  const C2lPriorInfo *info = c2l_prior_get_info (evaluator->prior);
  gsize length = (gsize) info->num_ws * info->dim;
  C2lSampling sampling = { .seed = evaluator->seed,
                           .truncation = 1,
                           .noise = C2L_NOISE_KIND_RANDOM,
                           .noise_seed = evaluator->seed };
  g_autofree float *styles = g_new (float, length);
  GPtrArray *recipes = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);

  for (int i = 0; i < n; i++)
    {
      C2lRecipe *recipe
          = c2l_session_new_recipe (evaluator->session, &sampling, i, C2L_ORIGIN_PRIOR);

      memcpy (styles, latents + i * length, length * sizeof (float));
      if (psi != 1)
        truncate_styles (evaluator->prior, psi, styles);
      c2l_rows_set (&recipe->latent, info->num_ws, info->dim, styles);
      g_ptr_array_add (recipes, recipe);
    }
  return recipes;
}

gboolean
c2l_evaluator_save_grid (GPtrArray *pictures,
                         const C2lTrial *trial,
                         const char *folder,
                         GError **error)
{
  g_autofree char *name = g_strconcat (trial->name, ".png", NULL);
  g_autofree char *path = g_build_filename (folder, name, NULL);

  /* Samples of one condition side by side, as long as the picture stays broader than high. */
  int columns = trial->per_condition;

  while (columns * columns < (int) pictures->len)
    columns += trial->per_condition;
  return c2l_pictures_save_grid (pictures, columns, path, C2L_IMAGE_QUALITY, error);
}
