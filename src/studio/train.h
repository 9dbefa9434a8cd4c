/* A training from its configuration to its end: data in, a run's folder out. It stops for a cancellable and for the requests of the
 * folder (run-folder.h) with a checkpoint, and a run that was stopped, or killed, goes on to the same numbers, bit for bit, on
 * the same kind of device.
 *
 * Several processes of a job do one training, each with its part of every batch, and the first one writes: the same losses as one
 * process, but for rounding. An end that was asked for is a checkpoint of the last step that all did.
 *
 *   C2lTrainOptions options = { .folder = "runs/first", .config = config };
 *   if (!c2l_train (&options, &end, cancellable, &error)) … */
#pragma once

#include "compute/communicator.h"
#include "studio/train-config.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  gint64 step, steps;
  double loss;      /* of the last line of metrics; NAN before the first */
  double rate;      /* samples a second */
  double left_s;    /* −1: not known yet */
  const char *what; /* what is being done: "training", "validation", … */
  double fraction;  /* of that */
} C2lTrainState;

typedef struct
{
  const char *folder;
  gboolean resume;    /* go on with what is in the folder; else it must hold no run */
  JsonObject *config; /* from train-config.h; paths in it become absolute */
  int n_threads;      /* 0: all cores */
  C2lCommunicator *ranks; /* (nullable): all processes of this training; they have the same options */

  /* (nullable) Called on the thread that trains, of the process that writes: sentences for people, and how far it is, at most a few times a second. */
  void (*say) (const char *text, gpointer data);
  void (*show) (const C2lTrainState *state, gpointer data);
  gpointer data;
} C2lTrainOptions;

typedef enum
{
  C2L_TRAIN_FINISHED,   /* all steps are done, or none was better for long enough */
  C2L_TRAIN_REQUESTED,  /* a request to stop was found in the folder */
  C2L_TRAIN_CANCELLED   /* the cancellable was cancelled */
} C2lTrainEnd;

/* c2l_train:
 * @end: (out): why it ended, with a checkpoint in all three cases
 * FALSE where it could not begin or failed on its way; status.json says so too then, except where another trainer holds the folder.
 * C2L_COMPUTE_ERROR_PEER_ENDED where that was because of another process. Where the communicator is torn afterwards and it was this process's
 * own failure, the caller says so and ends the job. */
gboolean c2l_train (const C2lTrainOptions *options, C2lTrainEnd *end, GCancellable *cancellable, GError **error);

/* A name for a run of @config at this moment: its own, else data, model and time (transfer full). */
char    *c2l_train_dup_name (JsonObject *config);

G_END_DECLS
