/* The trainings of this user, as their folders tell: config.yaml, metrics.jsonl (appended, an
 * object a line, each with its “step”), status.json (“state”, “step”, “steps”, “message”, “rate”,
 * “left_s”, “best_step”, “best_value”), checkpoints/, samples/, log.txt, lock.
 *
 * A run is alive while its trainer holds an open-file-description lock (F_OFD_SETLK, F_WRLCK) on
 * “lock”; whatever status.json says, without that lock nobody trains. */
#pragma once

#include <json-glib/json-glib.h>

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  C2L_RUN_RUNNING,
  C2L_RUN_FINISHED,
  C2L_RUN_STOPPED,     /* as it was asked to */
  C2L_RUN_FAILED,
  C2L_RUN_INTERRUPTED, /* the trainer is gone without a word */
} C2lRunState;

/* Does not change. */
typedef struct
{
  gatomicrefcount refs;
  char *folder;
  char *name;      /* the folder's, for people */
  C2lRunState state;
  gboolean is_preparing; /* alive, and not training yet */
  char *message;   /* (nullable): what the trainer said last, of a failure above all */
  gint64 step;     /* of the last metrics; −1: none yet */
  gint64 steps;    /* wanted; 0: not known */
  double rate;     /* samples a second; NaN: not known, as are the next two */
  double left;     /* seconds until it, or the making of its data, is done */
  double best_value;
  double prepared; /* how much of the data is made, 0…1; NaN: not known */
  gint64 best_step; /* −1: not known */
  JsonObject *last; /* (nullable): the last line of metrics.jsonl that is whole */
  gint64 changed;  /* seconds since 1970 */
  guint n_checkpoints;
} C2lRunInfo;

C2lRunInfo *c2l_run_info_ref (C2lRunInfo *info);
void        c2l_run_info_unref (C2lRunInfo *info);

/* What is known of the run in @folder; NULL where it is none. (transfer full) */
C2lRunInfo *c2l_run_look_at (const char *folder);

/* Of C2lRunInfo, running ones first, then the newest. */
GPtrArray *c2l_runs_list (GCancellable *cancellable, GError **error);
void       c2l_runs_list_async (GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
GPtrArray *c2l_runs_list_finish (GAsyncResult *result, GError **error);

/* Whether a trainer holds the lock of this run's folder. Takes no lock. */
gboolean   c2l_run_is_alive (const char *folder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lRunInfo, c2l_run_info_unref)

G_END_DECLS
