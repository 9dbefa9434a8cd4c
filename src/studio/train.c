/* The loop of a training. What a step computes is in models/prior-train.h, where samples come from
 * in samples.h, what is written in run-folder.h; here is the order of things: step, line of
 * metrics, checkpoint, validation.
 *
 * A checkpoint comes before the validation of its step and says that one is due, so that a run
 * which is killed in between repeats the validation and nothing else. Everything that decides what
 * comes next is either in the configuration or in the checkpoint; clocks decide only when another
 * checkpoint is written. */
#include "studio/train.h"

#include "studio/inhibit.h"
#include "studio/train-models.h"
#include "studio/train-private.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* A loss counts as exploded by its mean over about so many steps, and not before so many were seen.
 */
#define FAST_STEPS 10
#define WARMING_STEPS 20
#define SMOOTH 0.98 /* of a step's time */
/* How long the other processes of a job that is being ended wait for the one that writes. */
#define WRITER_SECONDS 60
#define USEC_PER_MINUTE (60.0 * G_USEC_PER_SEC)

static gboolean
fail_diverged (C2lTrainer *trainer, const char *what, GError **error)
{
  g_autofree char *last = NULL;

  /* It is the same for all, and one says so. */
  if (!c2l_trainer_is_writer (trainer))
    {
      c2l_trainer_fail_elsewhere (error);
      return FALSE;
    }
  last = trainer->checkpoint_step >= 0
             ? g_strdup_printf (
                 _ ("the last good checkpoint is that of step %" PRId64
                    "; resume the run with a lower train.lr, or with train.max_grad_norm=1"),
                 trainer->checkpoint_step)
             : g_strdup (
                 _ ("there was no checkpoint yet; begin again with a lower train.lr, or with "
                    "train.max_grad_norm=1"));

  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
               _ ("step %" PRId64 ": %s, so the training went astray; %s"),
               c2l_trainer_get_step (trainer) + 1, what, last);
  return FALSE;
}

/* Notes the loss of a step; FALSE where it exploded. */
static gboolean
note_loss (C2lTrainer *trainer, double loss)
{
  C2lTrainMemory *memory = &trainer->memory;
  double max = trainer->settings.max_loss;

  memory->loss_sum += loss;
  memory->n_losses++;
  memory->fast = memory->n_seen == 0 ? loss : memory->fast + (loss - memory->fast) / FAST_STEPS;
  memory->n_seen++;
  if (memory->n_seen <= WARMING_STEPS)
    {
      memory->lowest = memory->fast;
      return TRUE;
    }
  memory->lowest = MIN (memory->lowest, memory->fast);
  return max == 0 || memory->fast <= max * memory->lowest;
}

/* The gradients of one step's batches. FALSE without an error where the loss is not finite. */
static gboolean
accumulate (C2lTrainer *trainer, double *loss, GError **error)
{
  const C2lTrainSettings *settings = &trainer->settings;
  /* A step is done whole or not at all: once samples were taken nothing is cancelled. With several
   * processes there may be little time left, and the place before it is held. */
  GCancellable *within = trainer->ranks != NULL ? trainer->cancellable : NULL;

  *loss = 0;
  for (gint64 i = 0; i < settings->grad_accum; i++)
    {
      C2lPriorTrainBatch batch = { .first_row = i * settings->bs + trainer->first_row,
                                   .n_total = settings->bs * settings->grad_accum };
      double part;

      if (!c2l_batches_next (trainer->batches, &batch, i == 0 ? trainer->cancellable : within,
                             error)
          || !c2l_prior_train_accumulate (trainer->train, &batch, i + 1 == settings->grad_accum,
                                          &part, within, error))
        {
          if (trainer->ranks != NULL)
            c2l_communicator_tear (trainer->ranks);
          return FALSE;
        }
      *loss += part;
    }
  return c2l_trainer_sum_up (trainer, loss, error);
}

static void
say_where_memory_is_short (C2lTrainer *trainer)
{
  const int n = c2l_prior_train_get_max_rows (trainer->train);

  if (n == trainer->said_rows)
    return;
  trainer->said_rows = n;
  c2l_trainer_say (trainer,
                   "memory is short: %d rows of a batch are computed at a time from now on; "
                   "train.max_rows=%d says so from the beginning",
                   n, n);
}

/* All processes together, and with the same result: where it fails by itself, it does so for all.
 */
static gboolean
do_step (C2lTrainer *trainer, double lr, double *grad_norm, GError **error)
{
  double loss;
  g_autoptr (GError) reason = NULL;

  c2l_trainer_hold_position (trainer);
  if (!accumulate (trainer, &loss, error))
    return FALSE;
  say_where_memory_is_short (trainer);
  if (!isfinite (loss))
    return fail_diverged (trainer, _ ("the loss is no number any more"), error);
  if (!c2l_prior_train_update (trainer->train, lr, grad_norm, &reason))
    return g_error_matches (reason, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_FAILED)
               ? fail_diverged (trainer, _ ("the gradient is no number any more"), error)
               : (g_propagate_error (error, g_steal_pointer (&reason)), FALSE);
  c2l_trainer_let_position_go (trainer);
  if (!note_loss (trainer, loss))
    return fail_diverged (trainer, _ ("the loss is many times its lowest (train.max_loss)"), error);
  return TRUE;
}

static gboolean
save (C2lTrainer *trainer, GError **error)
{
  c2l_trainer_show (trainer, "writing a checkpoint", 0, TRUE);
  return c2l_trainer_save (trainer, error);
}

/* The checkpoint that a step's number or the clock asks for. */
static gboolean
save_if_it_is_time (C2lTrainer *trainer, gboolean requested, GError **error)
{
  const C2lTrainSettings *settings = &trainer->settings;
  gint64 step = c2l_trainer_get_step (trainer);
  double minutes = (g_get_monotonic_time () - trainer->checkpoint_time) / USEC_PER_MINUTE;

  trainer->memory.is_due = step % settings->val_it == 0;
  if (!requested && !trainer->memory.is_due && step != settings->max_it
      && (settings->checkpoint_it == 0 || step % settings->checkpoint_it != 0)
      && (settings->checkpoint_minutes == 0 || minutes < settings->checkpoint_minutes))
    return TRUE;
  return save (trainer, error);
}

static gboolean
is_over (const C2lTrainer *trainer)
{
  const C2lTrainSettings *settings = &trainer->settings;

  return c2l_trainer_get_step (trainer) >= settings->max_it
         || (settings->early_stop > 0 && trainer->memory.n_worse >= settings->early_stop);
}

static gboolean
is_cancelled (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* What is written after a step that took @seconds. */
static gboolean
conclude_step (C2lTrainer *trainer,
               double lr,
               double grad_norm,
               double seconds,
               gboolean requested,
               GError **error)
{
  const gint64 step = c2l_trainer_get_step (trainer);

  trainer->step_seconds = trainer->step_seconds == 0
                              ? seconds
                              : SMOOTH * trainer->step_seconds + (1 - SMOOTH) * seconds;
  trainer->line_seconds += seconds;
  trainer->line_steps++;
  if ((trainer->folder != NULL && step % trainer->settings.log_it == 0
       && !c2l_trainer_report_step (trainer, lr, grad_norm, error))
      || !save_if_it_is_time (trainer, requested, error))
    return FALSE;
  c2l_trainer_show (trainer, "training", (double) step / trainer->settings.max_it, FALSE);
  return TRUE;
}

/* The validation that is due, and what this process would have happen then. */
static C2lTrainVerdict
judge (C2lTrainer *trainer, C2lRunRequest *request, GError **error)
{
  GError *local = NULL;

  if (trainer->memory.is_due && !c2l_trainer_validate (trainer, &local))
    {
      C2lTrainVerdict verdict = is_cancelled (local) ? C2L_VERDICT_CANCELLED : C2L_VERDICT_FAILED;

      g_propagate_error (error, local);
      return verdict;
    }
  if (is_over (trainer))
    return C2L_VERDICT_FINISHED;
  if (trainer->folder != NULL)
    *request = c2l_run_folder_take_request (trainer->folder);
  if (*request == C2L_RUN_REQUEST_STOP)
    return C2L_VERDICT_REQUESTED;
  return g_cancellable_is_cancelled (trainer->cancellable) ? C2L_VERDICT_CANCELLED
                                                           : C2L_VERDICT_GO_ON;
}

/* One step, or the reason why there is none. *@failure: (inout): what this process could not do
 * since the last step; then why it ends, if that is an error. */
static C2lTrainVerdict
advance (C2lTrainer *trainer, GError **failure)
{
  C2lRunRequest request = C2L_RUN_REQUEST_NONE;
  C2lTrainVerdict verdict
      = *failure == NULL ? judge (trainer, &request, failure) : C2L_VERDICT_FAILED;
  GError *reason = NULL;
  double lr, grad_norm;

  if (c2l_trainer_agree (trainer, &verdict, &reason))
    {
      if (verdict != C2L_VERDICT_GO_ON)
        return verdict;
      const gint64 start = g_get_monotonic_time ();

      lr = c2l_train_settings_get_lr (&trainer->settings, c2l_trainer_get_step (trainer) + 1);
      if (do_step (trainer, lr, &grad_norm, &reason))
        {
          /* Where this fails the others are told before the next step. */
          conclude_step (trainer, lr, grad_norm,
                         (g_get_monotonic_time () - start) / (double) G_USEC_PER_SEC,
                         request == C2L_RUN_REQUEST_CHECKPOINT, failure);
          return C2L_VERDICT_GO_ON;
        }
    }
  verdict = is_cancelled (reason) ? C2L_VERDICT_CANCELLED : C2L_VERDICT_FAILED;
  if (*failure == NULL)
    *failure = reason;
  else
    g_error_free (reason);
  return verdict;
}

/* Goes on until something ends it; *end says what, and the state is one that can be saved. */
static gboolean
work (C2lTrainer *trainer, C2lTrainEnd *end, GError **error)
{
  C2lTrainVerdict verdict;
  GError *failure = NULL;

  do
    verdict = advance (trainer, &failure);
  while (verdict == C2L_VERDICT_GO_ON);

  *end = verdict == C2L_VERDICT_FINISHED    ? C2L_TRAIN_FINISHED
         : verdict == C2L_VERDICT_REQUESTED ? C2L_TRAIN_REQUESTED
                                            : C2L_TRAIN_CANCELLED;
  /* Who starts a job ends all of it when one process is gone, and that looks like a wish. */
  if (verdict == C2L_VERDICT_CANCELLED && trainer->ranks != NULL)
    {
      g_clear_error (&failure);
      return c2l_communicator_is_whole (trainer->ranks, error);
    }
  if (verdict != C2L_VERDICT_FAILED)
    {
      g_clear_error (&failure);
      return TRUE;
    }
  if (failure != NULL)
    g_propagate_error (error, failure);
  else
    c2l_trainer_fail_elsewhere (error);
  return FALSE;
}

gboolean
c2l_trainer_check_shape (C2lTrainer *trainer, C2lSamples *samples, const char *key, GError **error)
{
  const C2lTrainSettings *settings = &trainer->settings;
  const C2lSampleShape *shape = c2l_samples_get_shape (samples);

  if (shape->n_latents == settings->n_latents && shape->latent_dim == settings->latent_dim
      && shape->feature_dim == settings->latent_dim)
    return TRUE;
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
               _ ("%s: its samples are [%u, %u] latents with features of %u, and the configuration "
                  "says [%" PRId64 ", %" PRId64
                  "] (data.n_latents, data.latent_dim) and as many features; choose the data group "
                  "that the data were made for"),
               key, shape->n_latents, shape->latent_dim, shape->feature_dim, settings->n_latents,
               settings->latent_dim);
  return FALSE;
}

static gboolean
open_data (C2lTrainer *trainer, GError **error)
{
  const C2lTrainSettings *settings = &trainer->settings;
  g_auto (GStrv) paths = c2l_train_config_list_paths (settings->config, "data.path");
  C2lSamplesOptions options;

  c2l_samples_options_init (&options);
  options.paths = (const char *const *) paths;
  options.shuffle = settings->shuffle;
  options.seed = settings->seed;
  if (trainer->ranks != NULL)
    {
      options.rank = c2l_communicator_get_rank (trainer->ranks);
      options.n_ranks = c2l_communicator_get_size (trainer->ranks);
    }
  trainer->samples = c2l_samples_open (&options, error);
  return trainer->samples != NULL
         && c2l_trainer_check_shape (trainer, trainer->samples, "data.path", error);
}

static gboolean
save_config (C2lTrainer *trainer, GError **error)
{
  g_autofree char *config = c2l_run_folder_dup_file (trainer->folder, "config.yaml");
  g_auto (GStrv) notes = c2l_train_config_list_notes (trainer->settings.config);

  for (guint i = 0; notes[i] != NULL; i++)
    c2l_trainer_say (trainer, "%s", notes[i]);
  return c2l_train_config_save (trainer->settings.config, config, error);
}

static gboolean
open_device (C2lTrainer *trainer, GError **error)
{
  g_autofree char *note = NULL;

  trainer->device = c2l_train_open_device (trainer->settings.device, &note, error);
  if (trainer->device == NULL)
    return FALSE;
  if (note != NULL)
    c2l_trainer_say (trainer, "%s; trains on: %s", note,
                     c2l_device_get_description (trainer->device));
  if (trainer->options->n_threads > 0)
    c2l_device_set_n_threads (trainer->device, trainer->options->n_threads);
  return TRUE;
}

static gboolean
open_all (C2lTrainer *trainer, GError **error)
{
  if (trainer->folder != NULL && !save_config (trainer, error))
    return FALSE;
  c2l_trainer_show (trainer, "opening the data", 0, TRUE);
  if (!open_device (trainer, error) || !c2l_trainer_share_out (trainer, error)
      || !open_data (trainer, error) || !c2l_trainer_load (trainer, error))
    return FALSE;
  trainer->batches = c2l_batches_new (trainer->samples, trainer->n_rows, trainer->device);
  trainer->said_rows = c2l_prior_train_get_max_rows (trainer->train);
  trainer->checkpoint_time = g_get_monotonic_time ();
  if (trainer->folder == NULL)
    return TRUE;
  trainer->events
      = c2l_tfevents_open (c2l_run_folder_get_path (trainer->folder), trainer->started,
                           c2l_trainer_get_step (trainer) + !trainer->memory.is_due, error);
  return trainer->events != NULL && c2l_trainer_open_validation (trainer, error);
}

static gboolean
prepare (C2lTrainer *trainer, GError **error)
{
  gboolean is_open;

  if (c2l_trainer_is_writer (trainer))
    trainer->folder
        = c2l_run_folder_open (trainer->options->folder, trainer->options->resume, error);
  is_open
      = (trainer->folder != NULL || !c2l_trainer_is_writer (trainer)) && open_all (trainer, error);
  return c2l_trainer_agree_on_success (trainer, is_open, error)
         && c2l_trainer_begin_together (trainer, error);
}

/* Only the others' ends tell the writer that one was lost, so nobody goes before it. */
static void
wait_for_writer (C2lTrainer *trainer)
{
  const gint64 deadline = g_get_monotonic_time () + WRITER_SECONDS * G_USEC_PER_SEC;

  while (c2l_communicator_is_whole (trainer->ranks, NULL) && g_get_monotonic_time () < deadline)
    g_usleep (G_USEC_PER_SEC / 50);
}

/* Leaves a checkpoint and says how it ended. */
static gboolean
conclude (C2lTrainer *trainer, C2lTrainEnd end, GError **error)
{
  gint64 step = c2l_trainer_get_step (trainer);
  g_autofree char *message = NULL;

  if (trainer->folder == NULL)
    {
      if (c2l_communicator_is_torn (trainer->ranks))
        wait_for_writer (trainer);
      return TRUE;
    }
  if (!c2l_trainer_save (trainer, error))
    return FALSE;
  if (end != C2L_TRAIN_FINISHED)
    message = g_strdup_printf (
        _ ("stopped at step %" PRId64 ", as asked; it can be resumed from there"), step);
  else if (step < trainer->settings.max_it)
    message
        = g_strdup_printf (_ ("finished early: step %.0f was the best and none of %.0f validations "
                              "since was better (train.early_stop)"),
                           trainer->memory.best_step, trainer->memory.n_worse);
  else
    message = g_strdup_printf (_ ("finished: %" PRId64 " steps"), step);
  c2l_trainer_say (trainer, "%s", message);
  c2l_trainer_set_status (trainer, end == C2L_TRAIN_FINISHED ? "finished" : "stopped", message);
  return TRUE;
}

/* The evaluator was recorded with the prior's trainer and the session, so it goes first. */
static void
clear_trainer (C2lTrainer *trainer)
{
  c2l_trainer_leave_peers (trainer);
  g_clear_pointer (&trainer->evaluator, c2l_evaluator_free);
  g_clear_pointer (&trainer->train, c2l_prior_train_free);
  g_clear_pointer (&trainer->session, c2l_session_free);
  g_clear_pointer (&trainer->batches, c2l_batches_free);
  g_clear_pointer (&trainer->samples, c2l_samples_free);
  g_clear_pointer (&trainer->device, c2l_device_unref);
  g_clear_pointer (&trainer->events, c2l_tfevents_close);
  g_clear_pointer (&trainer->folder, c2l_run_folder_close);
  g_clear_pointer (&trainer->held_position, g_bytes_unref);
  g_strfreev (trainer->prompts);
  g_free (trainer->held_latents);
  g_free (trainer->held_features);
}

/* What was done before another process went. */
static void
save_what_is_whole (C2lTrainer *trainer, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (trainer->train == NULL || c2l_trainer_get_step (trainer) == 0)
    return;
  if (c2l_trainer_get_step (trainer) > trainer->checkpoint_step
      && !c2l_trainer_save (trainer, &reason))
    c2l_run_folder_say (trainer->folder, reason->message);
  else
    {
      g_autofree char *message = g_strdup_printf (
          _ ("%s; the checkpoint of step %" PRId64 " is whole, and the run can be resumed"),
          (*error)->message, trainer->checkpoint_step);

      g_free ((*error)->message);
      (*error)->message = g_steal_pointer (&message);
    }
}

/* Leaves in the folder why the training ended with an error. */
static void
conclude_failed (C2lTrainer *trainer, GError **error)
{
  if (g_error_matches (*error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_PEER_ENDED))
    save_what_is_whole (trainer, error);
  /* Before the first step there is nothing to save. */
  if (is_cancelled (*error))
    c2l_trainer_set_status (trainer, "stopped", _ ("stopped before the first step, as asked"));
  else
    {
      c2l_run_folder_say (trainer->folder, (*error)->message);
      c2l_trainer_set_status (trainer, "failed", (*error)->message);
    }
}

static gboolean
run (C2lTrainer *trainer, C2lTrainEnd *end, GError **error)
{
  GError *local = NULL;

  if (prepare (trainer, &local) && work (trainer, end, &local) && conclude (trainer, *end, &local))
    return TRUE;
  if (trainer->folder != NULL)
    conclude_failed (trainer, &local);
  g_propagate_error (error, local);
  return FALSE;
}

gboolean
c2l_train (const C2lTrainOptions *options,
           C2lTrainEnd *end,
           GCancellable *cancellable,
           GError **error)
{
  C2lTrainer trainer = { .options = options,
                         .ranks = options->ranks,
                         .cancellable = cancellable,
                         .checkpoint_step = -1,
                         .last_loss = NAN,
                         .memory = { .best_step = -1 },
                         .started = g_get_real_time () / (double) G_USEC_PER_SEC };
  gboolean done;
  C2lInhibitor *inhibitor;

  c2l_train_config_make_absolute (options->config);
  c2l_train_settings_read (&trainer.settings, options->config);
  inhibitor = c2l_inhibit_sleep ("A model is being trained");
  done = run (&trainer, end, error);
  clear_trainer (&trainer);
  c2l_inhibit_end (inhibitor);
  return done;
}

char *
c2l_train_dup_name (JsonObject *config)
{
  C2lTrainSettings settings;
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *time = now != NULL ? g_date_time_format (now, "%Y-%m-%d-%H%M%S") : NULL;
  g_auto (GStrv) paths = c2l_train_config_list_paths (config, "data.path");
  g_autofree char *folder = g_path_get_dirname (paths[0]);
  g_autofree char *data = g_path_get_basename (folder);

  c2l_train_settings_read (&settings, config);
  if (settings.name != NULL && *settings.name != '\0')
    return g_strdup (settings.name);
  return g_strdup_printf ("%s-%s", g_ascii_isalnum (*data) ? data : "run",
                          time != NULL ? time : "0");
}
