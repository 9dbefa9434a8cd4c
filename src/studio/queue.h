/* C2lQueue: one thread and the jobs that wait for it. GLib only: knows no models and no window.
 *
 *   C2lQueue *queue = c2l_queue_new ("engine");
 *   GTask *task = g_task_new (NULL, cancellable, callback, data);
 *   c2l_queue_push (queue, task, C2L_JOB_BATCH, NULL, func, func_data, func_data_free, result_free);
 *
 * Interactive jobs come before batches, and those before what is done in the background; within each kind the first comes first. A job does
 * its work in steps, c2l_job_do(), between and within which it gives way to more urgent kinds: a step that was interrupted is done again
 * afterwards. Answers arrive in the main context in which the job's task was made, in the order in which they were given, never from
 * within a function of the queue. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _C2lQueue C2lQueue;
typedef struct _C2lJob C2lJob;

/* The most urgent first. */
typedef enum
{
  C2L_JOB_INTERACTIVE,
  C2L_JOB_BATCH,
  C2L_JOB_BACKGROUND,
  C2L_N_JOB_KINDS
} C2lJobKind;

/* Runs on the queue's thread. Returns the job's answer, or NULL and an error. */
typedef gpointer (*C2lJobFunc) (C2lJob *job, gpointer data, GError **error);
/* One step of a job. Looks at @cancellable, and can be done from its beginning again. */
typedef gboolean (*C2lJobStep) (gpointer data, GCancellable *cancellable, GError **error);

C2lQueue     *c2l_queue_new (const char *thread_name);
/* Cancels everything, waits for the running job, and ends the thread. Jobs that did not run answer G_IO_ERROR_CANCELLED. Nothing can be
 * pushed afterwards but what answers that. */
void          c2l_queue_stop (C2lQueue *queue);
/* Stops it if that was not done. Answers that are still on their way arrive. */
void          c2l_queue_free (C2lQueue *queue);

/* Takes @task, whose cancellable is the job's: while it waits, it answers at once. A waiting job of the same kind with the same @key
 * (nullable) is replaced, the new one takes its place, and it answers G_IO_ERROR_CANCELLED.
 * @data_free: called in the task's main context, right before the answer   @result_free: for an answer that nobody takes */
void          c2l_queue_push (C2lQueue *queue, GTask *task, C2lJobKind kind, gconstpointer key, C2lJobFunc func, gpointer data,
                              GDestroyNotify data_free, GDestroyNotify result_free);
/* Jobs that run or wait. */
guint         c2l_queue_count (C2lQueue *queue);

/* Of the job; cancelled when the job's task or the whole queue is. Not cancelled for giving way. */
GCancellable *c2l_job_get_cancellable (C2lJob *job);
/* Does @step, giving way to more urgent jobs. FALSE and the step's error, or G_IO_ERROR_CANCELLED. */
gboolean      c2l_job_do (C2lJob *job, C2lJobStep step, gpointer data, GError **error);
/* Between steps, for jobs that have none: lets more urgent jobs that wait go first. FALSE and G_IO_ERROR_CANCELLED. */
gboolean      c2l_job_give_way (C2lJob *job, GError **error);
/* Calls @func once in the main context of the job's task, before the job's answer arrives there. */
void          c2l_job_tell (C2lJob *job, GSourceFunc func, gpointer data, GDestroyNotify destroy);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lQueue, c2l_queue_free)

G_END_DECLS
