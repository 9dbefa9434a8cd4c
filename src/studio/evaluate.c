/* The order of things when a prior is judged: what is tried, its conditions, and each trial. A
 * trial's latents are found once and drawn for each truncation; every picture becomes an embedding,
 * which is compared with its condition and with the others of it. */
#include "studio/evaluate-private.h"

#include "studio/paths.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#define TRUNCATED 0.7

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

static gboolean
can_truncate (const C2lEvaluator *evaluator)
{
  return c2l_prior_get_latent_mean (evaluator->prior) != NULL;
}

static gboolean
run_trial (C2lEvaluator *evaluator,
           const C2lTrial *trial,
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

  if (!c2l_evaluator_find_latents (evaluator, trial, latents, cancellable, error))
    return FALSE;
  for (int i = 0; i < n_psis; i++)
    {
      g_autoptr (GPtrArray) recipes = c2l_evaluator_new_recipes (evaluator, latents, n, psis[i]);
      g_autoptr (GPtrArray) grid
          = folder != NULL && i == 0 && trial->name != NULL
                ? g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref)
                : NULL;

      if (!c2l_evaluator_draw_and_embed (evaluator, recipes, grid, embeddings, cancellable, error))
        return FALSE;
      c2l_evaluator_note_values (evaluator, values, trial, psis[i], embeddings);
      if (grid != NULL && !c2l_evaluator_save_grid (grid, trial, folder, error))
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
  int draws = evaluator->is_full && is_text && can_truncate (evaluator) ? 2 : 1;

  if (n == 0 || per == 0)
    return;

  const C2lTrial trial = { g_strdup (name), conditions, n, per, guidance, is_text };
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
         && c2l_evaluator_draw_and_embed (evaluator, recipes, NULL, evaluator->image_conditions,
                                          cancellable, error);
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
  g_free (((C2lTrial *) data)->name);
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
  evaluator->trials = g_array_new (FALSE, FALSE, sizeof (C2lTrial));
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
      const C2lTrial *trial = &g_array_index (evaluator->trials, C2lTrial, i);

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
    if (!run_trial (evaluator, &g_array_index (evaluator->trials, C2lTrial, i), values, folder,
                    cancellable, error))
      return NULL;
  evaluator->progress = NULL;
  return g_steal_pointer (&values);
}
