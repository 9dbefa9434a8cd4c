/* A trial is a list of conditions with some samples each, at one guidance. Its latents are found
 * once, in batches of a fixed size, and drawn for each truncation; every picture becomes an
 * embedding, which is compared with its condition and with the others of it. Pictures are kept
 * small, for the grids only.
 *
 * As in the original the noise of the generator is random; here it follows from the seed. */
#include "studio/evaluate.h"

#include "models/sampler.h"
#include "studio/paths.h"
#include "studio/session-private.h"
#include "studio/similarity.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#define BATCH C2L_EMBED_BATCH /* of samples too */
#define GRID_PICTURE 256      /* pixels at most */

#define TRUNCATED 0.7

typedef struct
{
  char *name;              /* of value and grid; NULL: only part of the table */
  const float *conditions; /* [n_conditions, D] */
  int n_conditions, per_condition;
  double guidance;
  gboolean is_text;
} Trial;

struct _C2lEvaluator
{
  C2lSession *session;
  const C2lPrior *prior;
  int image_samples, variations, samples_per_text, steps, n_prompts;
  guint64 seed;
  gboolean is_full;
  float *image_conditions; /* [image_samples, D]; at least one row where there are variations */
  float *text_conditions;  /* [n_prompts, D] */
  C2lPass *plain, *guided;
  GArray *trials;
  int n_units, n_done; /* of work: samples and pictures */
  const C2lProgress *progress;
};

void
c2l_evaluate_options_init (C2lEvaluateOptions *options)
{
  static const char *const none[] = { NULL };

  *options = (C2lEvaluateOptions){
    .image_samples = 64, .variations = 8, .samples_per_text = 4, .prompts = none
  };
}

char **
c2l_evaluate_load_prompts (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  g_autofree char *ours = g_file_test (path, G_FILE_TEST_EXISTS) || g_path_is_absolute (path)
                              ? NULL
                              : c2l_paths_dup_data (path);
  g_autoptr (GPtrArray) prompts = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (ours != NULL ? ours : path, &text, NULL, error))
    return NULL;
  if (!g_utf8_validate (text, -1, NULL))
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   _ ("%s: not UTF-8 text, which prompts must be; one stands on each line"), path);
      return NULL;
    }
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (*g_strstrip (lines[i]) != '\0')
      g_ptr_array_add (prompts, g_strdup (lines[i]));
  if (prompts->len == 0)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   _ ("%s: no prompts in it; one stands on each line"), path);
      return NULL;
    }
  g_ptr_array_add (prompts, NULL);
  return (char **) g_ptr_array_steal (prompts, NULL);
}

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

/* Latents of all samples of @trial: [n_conditions · per_condition, num_ws, D]. */
static gboolean
find_latents (C2lEvaluator *evaluator,
              const Trial *trial,
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

/* Draws @recipes, which are finished styles or latents, and embeds them: [n, D]. @grid: (nullable)
 * receives small pictures. */
static gboolean
draw_and_embed (C2lEvaluator *evaluator,
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

static GPtrArray *
new_recipes (C2lEvaluator *evaluator, const float *latents, int n, double psi)
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

/* Mean cosine of each sample with its condition. */
static double
measure_similarity (const Trial *trial, const float *embeddings, int width)
{
  int n = trial->n_conditions * trial->per_condition;
  double sum = 0;

  for (int i = 0; i < n; i++)
    sum += c2l_similarity_cosine (trial->conditions + (gsize) (i / trial->per_condition) * width,
                                  embeddings + (gsize) i * width, width);
  return sum / n;
}

/* Mean of 1 − cosine over all pairs of samples of one condition. */
static double
measure_diversity (const Trial *trial, const float *embeddings, int width)
{
  int per = trial->per_condition;
  double sum = 0;

  for (int condition = 0; condition < trial->n_conditions; condition++)
    for (int i = 0; i < per; i++)
      for (int j = 0; j < i; j++)
        sum += 1
               - c2l_similarity_cosine (embeddings + (gsize) (condition * per + i) * width,
                                        embeddings + (gsize) (condition * per + j) * width, width);
  return sum / ((double) trial->n_conditions * per * (per - 1) / 2);
}

static void
set_value (JsonObject *values, const char *first, const char *second, double value)
{
  g_autofree char *name = g_strconcat (first, second, NULL);
  json_object_set_double_member (values, name, value);
}

static void
note_values (C2lEvaluator *evaluator,
             JsonObject *values,
             const Trial *trial,
             double psi,
             const float *embeddings)
{
  int width = c2l_prior_get_info (evaluator->prior)->dim;
  double similarity = measure_similarity (trial, embeddings, width);
  double diversity = trial->per_condition > 1 ? measure_diversity (trial, embeddings, width) : 0;
  g_autofree char *where = g_strdup_printf ("/g%g/psi%g", trial->guidance, psi);

  if (psi == 1 && trial->name != NULL)
    {
      set_value (values, trial->name, "", similarity);
      if (trial->per_condition > 1)
        set_value (values, trial->name, "/diversity", diversity);
    }
  if (!evaluator->is_full || !trial->is_text)
    return;
  set_value (values, "clip-score", where, similarity);
  if (trial->per_condition > 1)
    set_value (values, "diversity", where, diversity);
}

static gboolean
save_grid (GPtrArray *pictures, const Trial *trial, const char *folder, GError **error)
{
  g_autofree char *name = g_strconcat (trial->name, ".png", NULL);
  g_autofree char *path = g_build_filename (folder, name, NULL);

  /* Samples of one condition side by side, as long as the picture stays broader than high. */
  int columns = trial->per_condition;

  while (columns * columns < (int) pictures->len)
    columns += trial->per_condition;
  return c2l_pictures_save_grid (pictures, columns, path, error);
}

static gboolean
can_truncate (const C2lEvaluator *evaluator)
{
  return c2l_prior_get_latent_mean (evaluator->prior) != NULL;
}

static gboolean
run_trial (C2lEvaluator *evaluator,
           const Trial *trial,
           JsonObject *values,
           const char *folder,
           GCancellable *cancellable,
           GError **error)
{
  const C2lPriorInfo *info = c2l_prior_get_info (evaluator->prior);
  const double psis[] = { 1, TRUNCATED };
  int n_psis = evaluator->is_full && trial->is_text && can_truncate (evaluator) ? 2 : 1;
  int n = trial->n_conditions * trial->per_condition;
  g_autofree float *latents = g_new (float, (gsize) n * info->num_ws * info->dim);
  g_autofree float *embeddings = g_new (float, (gsize) n * info->dim);

  if (!find_latents (evaluator, trial, latents, cancellable, error))
    return FALSE;
  for (int i = 0; i < n_psis; i++)
    {
      g_autoptr (GPtrArray) recipes = new_recipes (evaluator, latents, n, psis[i]);
      g_autoptr (GPtrArray) grid
          = folder != NULL && i == 0 && trial->name != NULL
                ? g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref)
                : NULL;

      if (!draw_and_embed (evaluator, recipes, grid, embeddings, cancellable, error))
        return FALSE;
      note_values (evaluator, values, trial, psis[i], embeddings);
      if (grid != NULL && !save_grid (grid, trial, folder, error))
        return FALSE;
    }
  return TRUE;
}

static void
add_trial (C2lEvaluator *evaluator,
           const char *name,
           const float *conditions,
           int n,
           int per,
           double guidance,
           gboolean is_text)
{
  const Trial trial = { g_strdup (name), conditions, n, per, guidance, is_text };
  int draws = evaluator->is_full && is_text && can_truncate (evaluator) ? 2 : 1;

  if (n == 0 || per == 0)
    return;
  evaluator->n_units += n * per * (1 + draws);
  g_array_append_val (evaluator->trials, trial);
}

static void
plan_trials (C2lEvaluator *evaluator)
{
  gboolean can_guide = c2l_prior_get_info (evaluator->prior)->cond_drop_prob > 0;
  const float *images = evaluator->image_conditions, *texts = evaluator->text_conditions;
  int n_texts = evaluator->n_prompts, per_text = evaluator->samples_per_text;

  add_trial (evaluator, "image-similarity", images, evaluator->image_samples, 1, 1, FALSE);
  add_trial (evaluator, "image-vars", images, 1, evaluator->variations, 1, FALSE);
  add_trial (evaluator, "text2im", texts, n_texts, per_text, 1, TRUE);
  if (can_guide)
    add_trial (evaluator, "text2im-super2", texts, n_texts, per_text, 2, TRUE);
  if (can_guide && evaluator->is_full)
    add_trial (evaluator, NULL, texts, n_texts, per_text, 4, TRUE);
}

static gboolean
embed_prompts (C2lEvaluator *evaluator,
               const char *const *prompts,
               GCancellable *cancellable,
               GError **error)
{
  int dim = c2l_prior_get_info (evaluator->prior)->dim;

  evaluator->n_prompts = g_strv_length ((char **) prompts);
  evaluator->text_conditions = g_new (float, MAX ((gsize) evaluator->n_prompts * dim, 1));
  for (int i = 0; i < evaluator->n_prompts; i++)
    if (!c2l_session_embed_text (evaluator->session, prompts[i],
                                 evaluator->text_conditions + (gsize) i * dim, NULL, cancellable,
                                 error))
      return FALSE;
  return TRUE;
}

static gboolean
embed_pictures (C2lEvaluator *evaluator, GCancellable *cancellable, GError **error)
{
  int dim = c2l_prior_get_info (evaluator->prior)->dim;
  int n = MAX (evaluator->image_samples, evaluator->variations > 0);
  C2lSampling sampling = { .seed = evaluator->seed,
                           .n = n,
                           .truncation = 1,
                           .noise = C2L_NOISE_KIND_RANDOM,
                           .noise_seed = evaluator->seed };
  g_autoptr (GPtrArray) recipes = NULL;

  evaluator->image_conditions = g_new (float, MAX ((gsize) n * dim, 1));
  if (n == 0)
    return TRUE;
  recipes = c2l_session_sample_z (evaluator->session, &sampling, cancellable, error);
  return recipes != NULL
         && draw_and_embed (evaluator, recipes, NULL, evaluator->image_conditions, cancellable,
                            error);
}

static gboolean
check_sizes (C2lSession *session, const C2lPrior *prior, GError **error)
{
  const C2lPriorInfo *info = c2l_prior_get_info (prior);
  C2lGenerator *generator = c2l_engine_get_generator (c2l_session_get_engine (session), error);
  int width = generator != NULL ? c2l_session_get_embed_width (session, error) : 0;
  int w_dim = generator != NULL ? c2l_generator_get_w_dim (generator) : 0;
  int num_ws = generator != NULL ? c2l_generator_get_num_ws (generator) : 0;

  if (width == 0)
    return FALSE;
  if (width == info->dim && w_dim == info->dim && num_ws == info->num_ws)
    return TRUE;
  g_set_error (
      error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
      _ ("the prior makes %d styles of %d from embeddings of %d, the generator takes %d of "
         "%d, and CLIP "
         "gives embeddings of %d; choose files that belong together"),
      info->num_ws, info->dim, info->dim, num_ws, w_dim, width);
  return FALSE;
}

static void
clear_trial (gpointer data)
{
  g_free (((Trial *) data)->name);
}

C2lEvaluator *
c2l_evaluator_new (C2lSession *session,
                   const C2lPrior *prior,
                   const C2lEvaluateOptions *options,
                   GCancellable *cancellable,
                   GError **error)
{
  g_autoptr (C2lEvaluator) evaluator = g_new0 (C2lEvaluator, 1);

  evaluator->session = session;
  evaluator->prior = prior;
  evaluator->image_samples = options->image_samples;
  evaluator->variations = options->variations;
  evaluator->samples_per_text = options->samples_per_text;
  evaluator->steps = options->steps;
  evaluator->seed = options->seed;
  evaluator->is_full = options->is_full;
  evaluator->trials = g_array_new (FALSE, FALSE, sizeof (Trial));
  g_array_set_clear_func (evaluator->trials, clear_trial);
  if (!check_sizes (session, prior, error)
      || !embed_prompts (evaluator, options->prompts, cancellable, error)
      || !embed_pictures (evaluator, cancellable, error))
    return NULL;
  plan_trials (evaluator);
  return g_steal_pointer (&evaluator);
}

void
c2l_evaluator_free (C2lEvaluator *evaluator)
{
  g_array_unref (evaluator->trials);
  g_clear_pointer (&evaluator->plain, c2l_pass_free);
  g_clear_pointer (&evaluator->guided, c2l_pass_free);
  g_free (evaluator->image_conditions);
  g_free (evaluator->text_conditions);
  g_free (evaluator);
}

char **
c2l_evaluator_list_grids (C2lEvaluator *evaluator)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < evaluator->trials->len; i++)
    {
      const Trial *trial = &g_array_index (evaluator->trials, Trial, i);

      if (trial->name != NULL)
        g_ptr_array_add (names, g_strdup (trial->name));
    }
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_steal (names, NULL);
}

JsonObject *
c2l_evaluator_run (C2lEvaluator *evaluator,
                   const char *folder,
                   const C2lProgress *progress,
                   GCancellable *cancellable,
                   GError **error)
{
  g_autoptr (JsonObject) values = json_object_new ();

  if (folder != NULL && g_mkdir_with_parents (folder, 0777) != 0)
    {
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno),
                   _ ("%s: the folder cannot be made: %s"), folder, g_strerror (errno));
      return NULL;
    }
  evaluator->progress = progress;
  evaluator->n_done = 0;
  for (guint i = 0; i < evaluator->trials->len; i++)
    if (!run_trial (evaluator, &g_array_index (evaluator->trials, Trial, i), values, folder,
                    cancellable, error))
      return NULL;
  evaluator->progress = NULL;
  return g_steal_pointer (&values);
}
