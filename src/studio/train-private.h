/* What the files of a training share. */
#pragma once

#include "formats/tfevents.h"
#include "models/prior-train.h"
#include "studio/evaluate.h"
#include "studio/run-folder.h"
#include "studio/samples.h"
#include "studio/train.h"

G_BEGIN_DECLS

/* What a checkpoint must know beside weights and data, as numbers. */
typedef struct
{
  double loss_sum, n_losses;    /* since the last line of metrics */
  double fast, lowest;          /* loss over the last steps, and the least that it was */
  double n_seen;                /* steps in it */
  double best_value, best_step; /* best_step −1: none yet */
  double n_worse;               /* validations since */
  double is_due;                /* the validation of this step is still to be done */
} C2lTrainMemory;

typedef struct
{
  const C2lTrainOptions *options;
  C2lTrainSettings settings;
  GCancellable *cancellable;

  C2lRunFolder *folder;
  C2lTfevents *events;
  C2lDevice *device;
  C2lSamples *samples;
  C2lSession *session;     /* (nullable): of validations */
  C2lPriorTrain *train;
  C2lEvaluator *evaluator; /* (nullable) */
  char **prompts;
  float *latents, *features; /* a batch */
  float *held_latents, *held_features; /* [n_held]: never trained on */
  gsize n_held;

  C2lTrainMemory memory;
  gint64 checkpoint_step;  /* of the newest one; −1: none */
  gint64 checkpoint_time;  /* monotonic */

  double started;          /* seconds since 1970 */
  double last_loss, rate;
  double step_seconds;     /* smoothed */
  double line_seconds;     /* spent on steps since the last line of metrics */
  gint64 line_steps;
  gint64 shown, rss_time;  /* monotonic */
} C2lTrainer;

static inline gint64
c2l_trainer_get_step (const C2lTrainer *trainer)
{
  return trainer->train != NULL ? (gint64) c2l_prior_train_get_step (trainer->train) : 0;
}

/* --- train-checkpoint.c --- */

/* Writes a checkpoint of everything. */
gboolean c2l_trainer_save (C2lTrainer *trainer, GError **error);
/* Makes the trainer's prior: from the folder's newest checkpoint, from the file that is named as resume, or new; and goes to its
 * place in the data. The samples are open. */
gboolean c2l_trainer_load (C2lTrainer *trainer, GError **error);

/* --- train-validation.c --- */

gboolean c2l_trainer_open_validation (C2lTrainer *trainer, GError **error);
/* The validation that is due: reports it, and keeps the checkpoint of this step if it is the best. */
gboolean c2l_trainer_validate (C2lTrainer *trainer, GError **error);

/* --- train.c --- */

/* Whether @samples, named by the setting @key, are what the configuration says. */
gboolean c2l_trainer_check_shape (C2lTrainer *trainer, C2lSamples *samples, const char *key, GError **error);

/* --- train-report.c --- */

void     c2l_trainer_say (C2lTrainer *trainer, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* @force: whenever it was done last. */
void     c2l_trainer_show (C2lTrainer *trainer, const char *what, double fraction, gboolean force);
/* status.json. Errors are only said: the run matters more. */
void     c2l_trainer_set_status (C2lTrainer *trainer, const char *state, const char *message);
/* The line of metrics of the step that was just done. */
gboolean c2l_trainer_report_step (C2lTrainer *trainer, double lr, double grad_norm, GError **error);
/* @values: of the evaluator; @grids: folder of its pictures. */
gboolean c2l_trainer_report_validation (C2lTrainer *trainer, JsonObject *values, const char *grids, GError **error);

G_END_DECLS
