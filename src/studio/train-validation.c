/* Validations of a training: what its pictures are like, and the loss on samples that it never
 * sees. Of several processes the one that writes opens them, and the others find none to do. All of
 * it is opened before the first step, so that a missing file is known at once. Nothing here changes
 * the training: draws come from streams of their own. */
#include "studio/train-models.h"
#include "studio/train-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define N_VARIATIONS 8
#define MAX_HELD 2048 /* samples */
#define LOSS "loss"

/* What validations need is opened before the first step, so that a missing file is known at once.
 */
static gboolean
open_evaluator (C2lTrainer *trainer, GError **error)
{
  const C2lTrainSettings *settings = &trainer->settings;
  C2lEvaluateOptions options;

  if (settings->val_im_samples == 0 && settings->val_text_samples == NULL)
    return TRUE;
  c2l_trainer_show (trainer, "preparing validations", 0, TRUE);
  c2l_evaluate_options_init (&options);
  options.image_samples = settings->val_im_samples;
  options.variations = settings->val_im_samples > 0 ? N_VARIATIONS : 0;
  options.samples_per_text = settings->val_samples_per_text;
  options.steps = settings->val_steps;
  if (settings->val_text_samples != NULL)
    {
      trainer->prompts = c2l_evaluate_load_prompts (settings->val_text_samples, error);
      if (trainer->prompts == NULL)
        return FALSE;
      options.prompts = (const char *const *) trainer->prompts;
    }
  trainer->session = c2l_train_open_session (settings, trainer->device, C2L_DEFAULT_PRECISION,
                                             trainer->cancellable, error);
  if (trainer->session == NULL)
    return FALSE;
  trainer->evaluator
      = c2l_evaluator_new (trainer->session, c2l_prior_train_get_prior (trainer->train), &options,
                           trainer->cancellable, error);
  return trainer->evaluator != NULL;
}

/* Samples of data.val_path, all of them or the first MAX_HELD. */
static gboolean
open_held (C2lTrainer *trainer, GError **error)
{
  const C2lTrainSettings *settings = &trainer->settings;
  g_auto (GStrv) paths = c2l_train_config_list_paths (settings->config, "data.val_path");
  gsize row = settings->n_latents * settings->latent_dim;
  g_autoptr (C2lSamples) samples = NULL;
  C2lSamplesOptions options;

  if (paths[0] == NULL)
    return TRUE;
  c2l_samples_options_init (&options);
  options.paths = (const char *const *) paths;
  options.shuffle = 0;
  samples = c2l_samples_open (&options, error);
  if (samples == NULL || !c2l_trainer_check_shape (trainer, samples, "data.val_path", error))
    return FALSE;
  trainer->held_latents = g_new (float, MAX_HELD *row);
  trainer->held_features = g_new (float, MAX_HELD * settings->latent_dim);
  while (trainer->n_held < MAX_HELD && c2l_samples_get_epoch (samples) < 1)
    {
      if (!c2l_samples_next (samples, 1, trainer->held_latents + trainer->n_held * row,
                             trainer->held_features + trainer->n_held * settings->latent_dim,
                             trainer->cancellable, error))
        return FALSE;
      trainer->n_held++;
    }
  return TRUE;
}

gboolean
c2l_trainer_open_validation (C2lTrainer *trainer, GError **error)
{
  const C2lTrainSettings *settings = &trainer->settings;

  if (strcmp (settings->best_by, LOSS) == 0
      && json_object_get_null_member (json_object_get_object_member (settings->config, "data"),
                                      "val_path"))
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   _ ("train.best_by: loss; that is measured on samples of its own, which "
                      "data.val_path must name"));
      return FALSE;
    }
  return open_held (trainer, error) && open_evaluator (trainer, error);
}

/* The mean loss over the samples that are held back, with the average's weights and the same draws
 * each time. */
static gboolean
measure_loss (C2lTrainer *trainer, JsonObject *values, GError **error)
{
  const C2lTrainSettings *settings = &trainer->settings;
  gsize row = settings->n_latents * settings->latent_dim;
  double loss = 0;

  if (trainer->n_held == 0)
    return TRUE;
  for (gsize i = 0; i < trainer->n_held; i += settings->bs)
    {
      const C2lPriorTrainBatch batch
          = { .n_rows = MIN (trainer->n_held - i, (gsize) settings->bs),
              .latents = trainer->held_latents + i * row,
              .features = trainer->held_features + i * settings->latent_dim,
              .first_row = i,
              .n_total = trainer->n_held };
      double part;

      if (!c2l_prior_train_evaluate (trainer->train, C2L_PRIOR_EMA, &batch, 0, &part,
                                     trainer->cancellable, error))
        return FALSE;
      loss += part;
    }
  json_object_set_double_member (values, LOSS, loss);
  return TRUE;
}

static void
show_validation (double fraction, gpointer data)
{
  c2l_trainer_show (data, "validation", fraction, FALSE);
}

/* Whether the new value is better than all before; keeps its checkpoint if so. */
static gboolean
judge (C2lTrainer *trainer, JsonObject *values, GError **error)
{
  C2lTrainMemory *memory = &trainer->memory;
  const char *by = trainer->settings.best_by;
  double value, gain;

  if (!json_object_has_member (values, by))
    return TRUE;
  value = json_object_get_double_member (values, by);
  gain = strcmp (by, LOSS) == 0 ? memory->best_value - value : value - memory->best_value;
  if (memory->best_step >= 0 && !(gain > 0))
    {
      memory->n_worse++;
      return TRUE;
    }
  memory->best_value = value;
  memory->best_step = c2l_trainer_get_step (trainer);
  memory->n_worse = 0;
  return c2l_run_folder_keep_best (trainer->folder, memory->best_step, error);
}

/* The evaluator's values, none without one. */
static JsonObject *
look (C2lTrainer *trainer, const char *folder, GError **error)
{
  const C2lProgress progress = { show_validation, trainer };

  if (trainer->evaluator == NULL)
    return json_object_new ();
  if (!c2l_prior_train_refresh (trainer->train, C2L_PRIOR_EMA, error))
    return NULL;
  return c2l_evaluator_run (trainer->evaluator, folder, &progress, trainer->cancellable, error);
}

gboolean
c2l_trainer_validate (C2lTrainer *trainer, GError **error)
{
  gint64 step = c2l_trainer_get_step (trainer);
  g_autofree char *name = g_strdup_printf ("samples/%08" G_GINT64_FORMAT, step);
  g_autofree char *folder = NULL;
  g_autoptr (JsonObject) values = NULL;

  if (trainer->evaluator == NULL && trainer->n_held == 0)
    {
      trainer->memory.is_due = FALSE;
      return TRUE;
    }
  folder = c2l_run_folder_dup_file (trainer->folder, name);
  c2l_trainer_show (trainer, "validation", 0, TRUE);
  values = look (trainer, folder, error);
  if (values == NULL || !measure_loss (trainer, values, error)
      || !c2l_trainer_report_validation (trainer, values, folder, error))
    return FALSE;
  trainer->memory.is_due = FALSE;
  return judge (trainer, values, error);
}
