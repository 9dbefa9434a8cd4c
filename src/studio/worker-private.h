/* What the files of C2lWorker share: who owns what, and the way to the queue. */
#pragma once

#include "models/tokenizer.h"
#include "studio/queue.h"
#include "studio/session.h"
#include "studio/worker.h"

G_BEGIN_DECLS

struct _C2lWorker
{
  GObject parent_instance;

  /* The window's thread. */
  GMainContext *context;
  C2lQueue *queue;
  C2lModelInfo *info;
  C2lTokenizer *words; /* (nullable): of the open model, for unknown words */
  char *device_name, *precision_name;
  int threads;
  guint idle_seconds;
  GSource *idle_source; /* (nullable) */

  /* The queue's thread. */
  C2lTarget *target;
  char *folder, *loaded_device, *loaded_precision;
  int loaded_threads;
  C2lSession *session; /* NULL: nothing is open, or its memory was let go */
  guint generation;    /* how many sessions there were */
  C2lJob *calling;     /* (nullable): the job that c2l_worker_call_async() pushed and that is running */
  gboolean is_open;
  GPtrArray *lost;     /* of C2lSession, on GPUs that were lost: a job that gave way may still hold one */

  gint is_loaded; /* atomic: whether there is a session */
};

/* Takes @task; as c2l_queue_push(), and the time until memory is let go starts anew at the job's beginning and end. */
void        c2l_worker_push (C2lWorker *worker, GTask *task, C2lJobKind kind, gconstpointer key, C2lJobFunc func, gpointer data,
                             GDestroyNotify data_free, GDestroyNotify result_free);

/* On the queue's thread: the session of the open model, loaded again if its memory was let go. Valid until the job gives way. */
C2lSession *c2l_worker_get_session (C2lWorker *worker, GError **error);
/* On the queue's thread: takes @session (nullable). */
void        c2l_worker_take_session (C2lWorker *worker, C2lSession *session);
/* A new one on the device of that name. */
C2lSession *c2l_worker_load_session (const char *folder, const char *device_name, const char *precision_name, int threads,
                                     GError **error);
/* After that failed for @reason: one on the processor, where it was the GPU; @device and @precision become what it is, and the window is
 * told. NULL where it was not. */
C2lSession *c2l_worker_load_without_gpu (C2lWorker *worker, const char *folder, char **device, char **precision, int threads,
                                         const GError *reason);
/* Where a job has failed with @error: TRUE where that was the GPU and the processor has the open model now: the job may get the session
 * anew and try again. The window is told. */
gboolean    c2l_worker_leave_gpu (C2lWorker *worker, const GError *error);
/* "CPU, 2 threads, AVX2". */
char       *c2l_worker_dup_device_words (C2lDevice *device);
/* On the queue's thread: writes how long the session's last full picture took into @info, on the window's. */
void        c2l_worker_tell_seconds (C2lJob *job, C2lModelInfo *info, C2lSession *session);
/* On the queue's thread, where a job has failed: says so if the reason is that the model has vanished from the disk. */
void        c2l_worker_explain (C2lWorker *worker, GError **error);

G_END_DECLS
