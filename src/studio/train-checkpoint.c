/* Checkpoints of a training: what the prior's trainer gives, and beside it the place in the data
 * and what the loop must remember, under names of ours. */
#include "studio/train-private.h"

#include "studio/train-models.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define POSITION "c2l.trainer.position"
#define MEMORY "c2l.trainer.memory"
#define N_MEMORY ((gint64) (sizeof (C2lTrainMemory) / sizeof (double)))

gboolean
c2l_trainer_save (C2lTrainer *trainer, GError **error)
{
  gint64 step = c2l_trainer_get_step (trainer);

  trainer->checkpoint_time = g_get_monotonic_time ();
  if (trainer->folder == NULL)
    {
      trainer->checkpoint_step = step;
      return TRUE;
    }

  g_autoptr (C2lWeights) weights = c2l_prior_train_save (trainer->train, TRUE);
  g_autoptr (GBytes) position = trainer->held_position != NULL
                                    ? g_bytes_ref (trainer->held_position)
                                    : c2l_batches_save (trainer->batches);
  gsize size;
  gconstpointer data = g_bytes_get_data (position, &size);
  const C2lArray place = { C2L_U8, 1, { size }, size, data };
  const C2lArray memory = { C2L_F64, 1, { N_MEMORY }, N_MEMORY, &trainer->memory };
  g_autofree char *file = NULL;

  c2l_weights_add (weights, POSITION, &place);
  c2l_weights_add (weights, MEMORY, &memory);
  file = c2l_run_folder_save_checkpoint (trainer->folder, weights, step, trainer->settings.keep,
                                         error);
  if (file == NULL)
    return FALSE;
  trainer->checkpoint_step = step;
  trainer->checkpoint_time = g_get_monotonic_time ();
  return TRUE;
}

static gboolean
restore (C2lTrainer *trainer, C2lWeights *weights, GError **error)
{
  const C2lArray *place = c2l_weights_lookup (weights, POSITION);
  const C2lArray *memory = c2l_weights_lookup (weights, MEMORY);
  g_autoptr (GBytes) position = NULL;

  if (place == NULL || place->dtype != C2L_U8 || memory == NULL || memory->dtype != C2L_F64
      || (gint64) memory->length != N_MEMORY)
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
                   _ ("%s: not a checkpoint of a run; begin with its weights in a new folder: "
                      "resume=%s"),
                   c2l_weights_get_path (weights), c2l_weights_get_path (weights));
      return FALSE;
    }
  memcpy (&trainer->memory, memory->data, sizeof trainer->memory);
  position = g_bytes_new (place->data, place->length);
  return c2l_samples_restore (trainer->samples, position, trainer->cancellable, error);
}

static void
fill_options (const C2lTrainSettings *settings, C2lPriorTrainOptions *options)
{
  c2l_prior_train_options_init (options);
  c2l_precision_from_name (settings->precision, &options->precision);
  options->embed_noise_scale = settings->embed_noise_scale;
  options->weight_decay = settings->weight_decay;
  options->max_grad_norm = settings->max_grad_norm;
  options->ema_beta = settings->ema_beta;
  options->ema_update_every = MIN (settings->ema_update_every, G_MAXINT);
  options->ema_update_after = MIN (settings->ema_update_after, G_MAXINT);
  options->seed = settings->seed;
  options->max_rows = settings->max_rows;
}

/* The weights of a checkpoint without anything that is ours, so that they begin a training. */
static C2lWeights *
load_beginning (const char *path, GError **error)
{
  g_autoptr (C2lWeights) all = c2l_weights_load (path, error);
  g_autofree const char **names = all != NULL ? c2l_weights_list_names (all) : NULL;
  C2lWeights *weights;

  if (all == NULL)
    return NULL;
  weights = c2l_weights_new (c2l_weights_get_kind (all), path, "checkpoint");
  for (guint i = 0; names[i] != NULL; i++)
    if (!g_str_has_prefix (names[i], "c2l."))
      c2l_weights_add (weights, names[i], c2l_weights_lookup (all, names[i]));
  return weights;
}

/* Weights for a training that begins, and the statistics that its latents are z-scored with. */
static gboolean
begin (C2lTrainer *trainer, const C2lPriorTrainOptions *options, GError **error)
{
  const C2lTrainSettings *settings = &trainer->settings;
  g_auto (C2lSampleStatistics) statistics = { 0 };
  g_autoptr (C2lWeights) weights = NULL;

  c2l_trainer_show (trainer, "measuring the data", 0, TRUE);
  if (!c2l_samples_measure (trainer->samples, settings->stats_samples, &statistics,
                            trainer->cancellable, error))
    return FALSE;
  c2l_trainer_say (trainer, "mean and deviation of the latents are those of %zu samples",
                   statistics.n);
  weights = settings->resume != NULL
                ? load_beginning (settings->resume, error)
                : c2l_prior_fresh_new (
                    settings->config, settings->znorm_latent ? statistics.latent_mean : NULL,
                    settings->znorm_latent ? statistics.latent_std : NULL, settings->seed, error);
  if (weights == NULL)
    return FALSE;
  trainer->memory = (C2lTrainMemory){ .best_step = -1 };
  trainer->train = c2l_prior_train_new (weights, settings->config, options, statistics.latent_mean,
                                        statistics.latent_std, trainer->device, error);
  return trainer->train != NULL
         && (trainer->folder == NULL || c2l_run_folder_cut (trainer->folder, 0, TRUE, error));
}

static gboolean
go_on (C2lTrainer *trainer,
       C2lWeights *weights,
       gint64 step,
       const C2lPriorTrainOptions *options,
       GError **error)
{
  if (!restore (trainer, weights, error))
    return FALSE;
  trainer->train = c2l_prior_train_new (weights, trainer->settings.config, options, NULL, NULL,
                                        trainer->device, error);
  if (trainer->train == NULL)
    return FALSE;
  trainer->checkpoint_step = step;
  c2l_trainer_say (trainer, "going on from step %" G_GINT64_FORMAT, step);
  return trainer->folder == NULL
         || c2l_run_folder_cut (trainer->folder, step, trainer->memory.is_due, error);
}

gboolean
c2l_trainer_load (C2lTrainer *trainer, GError **error)
{
  const char *path = trainer->options->folder;
  g_autoptr (C2lWeights) weights = NULL;
  g_autoptr (GError) reason = NULL;
  C2lPriorTrainOptions options;
  gint64 step = 0;

  fill_options (&trainer->settings, &options);
  trainer->checkpoint_step = -1;
  if (!trainer->options->resume)
    return begin (trainer, &options, error);
  weights = c2l_run_load_checkpoint (path, &step, &reason);
  if (weights != NULL)
    return go_on (trainer, weights, step, &options, error);
  if (g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return begin (trainer, &options, error);
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}
