/* What the files of a training share. */
#pragma once

#include "compute/communicator.h"
#include "formats/tfevents.h"
#include "models/prior-train.h"
#include "studio/batches.h"
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

  C2lCommunicator *ranks;  /* (nullable): the other processes of this training */
  C2lCommunicator *peers;  /* (nullable): their GPUs, which sum up gradients by themselves */
  gint64 n_rows, first_row; /* of every batch: this process's part */
  GBytes *held_position;   /* (nullable): in the data, before a step that is not done yet */

  C2lRunFolder *folder;    /* (nullable): the writer's */
  C2lTfevents *events;     /* (nullable): the writer's */
  C2lDevice *device;
  C2lSamples *samples;
  C2lBatches *batches;     /* of them; (nullable): not begun yet */
  C2lSession *session;     /* (nullable): of validations */
  C2lPriorTrain *train;
  int said_rows;           /* how many at a time the person knows of */
  C2lEvaluator *evaluator; /* (nullable) */
  char **prompts;
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

/* Writes a checkpoint of everything, where this process is the one that writes. */
gboolean c2l_trainer_save (C2lTrainer *trainer, GError **error);
/* Makes the trainer's prior: from the folder's newest checkpoint, from the file that is named as resume, or new; and goes to its
 * place in the data. The samples are open. */
gboolean c2l_trainer_load (C2lTrainer *trainer, GError **error);

/* --- train-validation.c --- */

gboolean c2l_trainer_open_validation (C2lTrainer *trainer, GError **error);
/* The validation that is due: reports it, and keeps the checkpoint of this step if it is the best. */
gboolean c2l_trainer_validate (C2lTrainer *trainer, GError **error);

/* --- train-ranks.c --- */

/* What is to come, or why nothing is: the last of all processes' counts. */
typedef enum
{
  C2L_VERDICT_GO_ON,
  C2L_VERDICT_FINISHED,
  C2L_VERDICT_REQUESTED,
  C2L_VERDICT_CANCELLED,
  C2L_VERDICT_FAILED,
  C2L_N_TRAIN_VERDICTS
} C2lTrainVerdict;

/* Whether this process writes the run's folder, and validates: the first one does. */
gboolean c2l_trainer_is_writer (const C2lTrainer *trainer);
/* Gives this process its rows of a batch. */
gboolean c2l_trainer_share_out (C2lTrainer *trainer, GError **error);
/* Makes the same prior of all processes' and has gradients summed up from now on. */
gboolean c2l_trainer_begin_together (C2lTrainer *trainer, GError **error);
/* @verdict: (inout): this process's, then that of all. FALSE where the others cannot be reached. */
gboolean c2l_trainer_agree (C2lTrainer *trainer, C2lTrainVerdict *verdict, GError **error);
/* TRUE where all succeeded. @error: (inout): of this process; that of another one where this has none, or where the writer says it. */
gboolean c2l_trainer_agree_on_success (C2lTrainer *trainer, gboolean succeeded, GError **error);
void     c2l_trainer_fail_elsewhere (GError **error);
/* Around a step, so that one that is torn can be left out of a checkpoint. Nothing where there is one process. */
void     c2l_trainer_hold_position (C2lTrainer *trainer);
void     c2l_trainer_let_position_go (C2lTrainer *trainer);
/* Waits for all gradients and makes @loss that of the whole batch. */
gboolean c2l_trainer_sum_up (C2lTrainer *trainer, double *loss, GError **error);
/* At the end. */
void     c2l_trainer_leave_peers (C2lTrainer *trainer);

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
