/* The queue's thread takes the job of the most urgent kind that waits, within a kind the first.
 * Everything that several threads touch is behind one lock, which is never held while a job runs or
 * somebody else's code is called. A job that gives way runs the more urgent ones itself, inside its
 * own c2l_job_do(), so that there is one thread and one order.
 *
 * A job is let go in the main context of its task and nowhere else: what its data and its task hold
 * may belong to that thread. Nothing is answered before the function that caused the answer has
 * returned. */
#include "studio/queue.h"

#include <glib/gi18n-lib.h>

struct _C2lJob
{
  gatomicrefcount
      refs; /* the queue's or the answer's, and one of what follows the task's cancellable */
  C2lQueue *queue;
  GTask *task;
  C2lJobKind kind;
  gconstpointer key;
  C2lJobFunc func;
  gpointer data;
  GDestroyNotify data_free, result_free;
  GCancellable *cancellable; /* of its own: follows the task's, and the queue's end */
  gulong follows;
  gpointer answer;
  GError *error;
};

struct _C2lQueue
{
  gatomicrefcount refs;
  GThread *thread;
  GMutex lock;
  GCond changed;
  GQueue waiting[C2L_N_JOB_KINDS]; /* of C2lJob */
  GPtrArray *running; /* of C2lJob: the running one, and under it those that give way; lent */
  GCancellable *step; /* of the step that is being done now; lent */
  C2lJobKind step_kind;
  gboolean stopping;
};

static void
queue_unref (C2lQueue *queue)
{
  if (!g_atomic_ref_count_dec (&queue->refs))
    return;
  g_ptr_array_unref (queue->running);
  g_mutex_clear (&queue->lock);
  g_cond_clear (&queue->changed);
  g_free (queue);
}

/* --- jobs --- */

static void
job_unref (gpointer data)
{
  C2lJob *job = data;

  if (!g_atomic_ref_count_dec (&job->refs))
    return;
  g_object_unref (job->cancellable);
  queue_unref (job->queue);
  g_free (job);
}

/* The end of a job, in the main context of its task. */
static gboolean
deliver_answer (gpointer data)
{
  C2lJob *job = data;
  g_autoptr (GTask) task = g_steal_pointer (&job->task);

  if (job->follows != 0)
    g_cancellable_disconnect (g_task_get_cancellable (task), job->follows);
  if (job->data_free != NULL)
    job->data_free (job->data);
  if (job->error != NULL)
    g_task_return_error (task, g_steal_pointer (&job->error));
  else
    g_task_return_pointer (task, job->answer, job->result_free);
  return G_SOURCE_REMOVE;
}

static void
deliver (GTask *task, GSourceFunc func, gpointer data, GDestroyNotify destroy)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  /* One priority for events and answers, so that they come in the order in which they were sent. */
  g_source_set_priority (source, g_task_get_priority (task));
  g_source_set_callback (source, func, data, destroy);
  g_source_attach (source, g_task_get_context (task));
}

/* Takes @job, which neither waits nor runs any more. */
static void
answer (C2lJob *job)
{
  deliver (job->task, deliver_answer, job, job_unref);
}

static void
answer_cancelled (C2lJob *job)
{
  job->error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("It was cancelled"));
  answer (job);
}

/* In whichever thread cancels. A job that waits need not wait for its turn to answer. */
static void
on_task_cancelled (GCancellable *cancellable, gpointer data)
{
  C2lJob *job = data;
  C2lQueue *queue = job->queue;
  gboolean waited;

  g_cancellable_cancel (job->cancellable);
  g_mutex_lock (&queue->lock);
  waited = g_queue_remove (&queue->waiting[job->kind], job);
  g_mutex_unlock (&queue->lock);
  if (waited)
    answer_cancelled (job);
}

static C2lJob *
job_new (C2lQueue *queue, GTask *task)
{
  C2lJob *job = g_new0 (C2lJob, 1);

  g_atomic_ref_count_init (&job->refs);
  g_atomic_ref_count_inc (&queue->refs);
  job->queue = queue;
  job->task = task;
  job->cancellable = g_cancellable_new ();
  return job;
}

static void
run_job (C2lQueue *queue, C2lJob *job)
{
  if (!g_cancellable_set_error_if_cancelled (job->cancellable, &job->error))
    job->answer = job->func (job, job->data, &job->error);
  g_mutex_lock (&queue->lock);
  g_ptr_array_remove (queue->running, job);
  g_mutex_unlock (&queue->lock);
  answer (job);
}

/* --- the thread --- */

/* The next job of a kind more urgent than @kind, counted as running; with the lock. */
static C2lJob *
take_job (C2lQueue *queue, C2lJobKind kind)
{
  C2lJob *job = NULL;

  for (C2lJobKind urgent = 0; urgent < kind && job == NULL; urgent++)
    job = g_queue_pop_head (&queue->waiting[urgent]);
  if (job != NULL)
    g_ptr_array_add (queue->running, job);
  return job;
}

static gpointer
run_queue (gpointer data)
{
  C2lQueue *queue = data;

  g_mutex_lock (&queue->lock);
  while (!queue->stopping)
    {
      C2lJob *job = take_job (queue, C2L_N_JOB_KINDS);

      if (job == NULL)
        {
          g_cond_wait (&queue->changed, &queue->lock);
          continue;
        }
      g_mutex_unlock (&queue->lock);
      run_job (queue, job);
      g_mutex_lock (&queue->lock);
    }
  g_mutex_unlock (&queue->lock);
  return NULL;
}

C2lQueue *
c2l_queue_new (const char *thread_name)
{
  C2lQueue *queue = g_new0 (C2lQueue, 1);

  g_atomic_ref_count_init (&queue->refs);
  g_mutex_init (&queue->lock);
  g_cond_init (&queue->changed);
  for (int kind = 0; kind < C2L_N_JOB_KINDS; kind++)
    g_queue_init (&queue->waiting[kind]);
  queue->running = g_ptr_array_new ();
  queue->thread = g_thread_new (thread_name, run_queue, queue);
  return queue;
}

void
c2l_queue_stop (C2lQueue *queue)
{
  g_autoptr (GPtrArray) cancellables = g_ptr_array_new_with_free_func (g_object_unref);
  GQueue left = G_QUEUE_INIT;
  C2lJob *job;

  g_mutex_lock (&queue->lock);
  queue->stopping = TRUE;
  for (guint i = 0; i < queue->running->len; i++)
    g_ptr_array_add (cancellables,
                     g_object_ref (((C2lJob *) queue->running->pdata[i])->cancellable));
  for (int kind = 0; kind < C2L_N_JOB_KINDS; kind++)
    while ((job = g_queue_pop_head (&queue->waiting[kind])) != NULL)
      g_queue_push_tail (&left, job);
  g_cond_signal (&queue->changed);
  g_mutex_unlock (&queue->lock);

  for (guint i = 0; i < cancellables->len; i++)
    g_cancellable_cancel (g_ptr_array_index (cancellables, i));
  while ((job = g_queue_pop_head (&left)) != NULL)
    answer_cancelled (job);
  if (queue->thread != NULL)
    g_thread_join (g_steal_pointer (&queue->thread));
}

void
c2l_queue_free (C2lQueue *queue)
{
  c2l_queue_stop (queue);
  queue_unref (queue);
}

/* Puts @job into its line, in the place of an older one of the same key, which is returned; with
 * the lock. */
static C2lJob *
line_up (C2lQueue *queue, C2lJob *job)
{
  GQueue *line = &queue->waiting[job->kind];

  for (GList *link = line->head; job->key != NULL && link != NULL; link = link->next)
    {
      C2lJob *older = link->data;

      if (older->key != job->key)
        continue;
      link->data = job;
      return older;
    }
  g_queue_push_tail (line, job);
  return NULL;
}

void
c2l_queue_push (C2lQueue *queue,
                GTask *task,
                C2lJobKind kind,
                gconstpointer key,
                C2lJobFunc func,
                gpointer data,
                GDestroyNotify data_free,
                GDestroyNotify result_free)
{
  C2lJob *job = job_new (queue, task), *replaced = NULL;
  g_autoptr (GCancellable) interrupted = NULL;
  gboolean refused;

  job->kind = kind;
  job->key = key;
  job->func = func;
  job->data = data;
  job->data_free = data_free;
  job->result_free = result_free;
  if (g_task_get_cancellable (task) != NULL)
    {
      g_atomic_ref_count_inc (&job->refs);
      job->follows = g_cancellable_connect (g_task_get_cancellable (task),
                                            G_CALLBACK (on_task_cancelled), job, job_unref);
    }

  g_mutex_lock (&queue->lock);
  /* Who cancels from here on finds the job waiting; who did before has cancelled what is looked at
   * here. */
  refused = queue->stopping || g_cancellable_is_cancelled (job->cancellable);
  if (!refused)
    {
      replaced = line_up (queue, job);
      if (queue->step != NULL && kind < queue->step_kind)
        interrupted = g_object_ref (queue->step);
      g_cond_signal (&queue->changed);
    }
  g_mutex_unlock (&queue->lock);

  if (interrupted != NULL)
    g_cancellable_cancel (interrupted);
  if (replaced != NULL)
    answer_cancelled (replaced);
  if (refused)
    answer_cancelled (job);
}

guint
c2l_queue_count (C2lQueue *queue)
{
  guint n;

  g_mutex_lock (&queue->lock);
  n = queue->running->len;
  for (int kind = 0; kind < C2L_N_JOB_KINDS; kind++)
    n += queue->waiting[kind].length;
  g_mutex_unlock (&queue->lock);
  return n;
}

/* --- within a job --- */

GCancellable *
c2l_job_get_cancellable (C2lJob *job)
{
  return job->cancellable;
}

/* Runs the more urgent jobs that wait, then makes @step the one that the next of them interrupts.
 */
static void
give_way_and_begin (C2lJob *job, GCancellable *step)
{
  C2lQueue *queue = job->queue;
  C2lJob *urgent;

  g_mutex_lock (&queue->lock);
  while (!queue->stopping && (urgent = take_job (queue, job->kind)) != NULL)
    {
      g_mutex_unlock (&queue->lock);
      run_job (queue, urgent);
      g_mutex_lock (&queue->lock);
    }
  queue->step = step;
  queue->step_kind = job->kind;
  g_mutex_unlock (&queue->lock);
}

static void
end_step (C2lQueue *queue)
{
  g_mutex_lock (&queue->lock);
  queue->step = NULL;
  g_mutex_unlock (&queue->lock);
}

static void
cancel_too (GCancellable *cancellable, gpointer data)
{
  g_cancellable_cancel (data);
}

gboolean
c2l_job_do (C2lJob *job, C2lJobStep step, gpointer data, GError **error)
{
  for (;;)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GError) own = NULL;
      gulong follows;
      gboolean ok;

      give_way_and_begin (job, cancellable);
      follows
          = g_cancellable_connect (job->cancellable, G_CALLBACK (cancel_too), cancellable, NULL);
      ok = !g_cancellable_set_error_if_cancelled (job->cancellable, &own)
           && step (data, cancellable, &own);
      g_cancellable_disconnect (job->cancellable, follows);
      end_step (job->queue);
      if (ok)
        return TRUE;
      if (g_error_matches (own, G_IO_ERROR, G_IO_ERROR_CANCELLED)
          && g_cancellable_is_cancelled (cancellable)
          && !g_cancellable_is_cancelled (job->cancellable))
        continue;
      g_propagate_error (error, g_steal_pointer (&own));
      return FALSE;
    }
}

static gboolean
do_nothing (gpointer data, GCancellable *cancellable, GError **error)
{
  return TRUE;
}

gboolean
c2l_job_give_way (C2lJob *job, GError **error)
{
  return c2l_job_do (job, do_nothing, NULL, error);
}

void
c2l_job_tell (C2lJob *job, GSourceFunc func, gpointer data, GDestroyNotify destroy)
{
  deliver (job->task, func, data, destroy);
}
