/* The queue's thread takes the first interactive job, else the first batch. Everything that both sides touch is behind one lock,
 * which is never held while a job runs. A batch that gives way runs the interactive jobs itself, inside its own c2l_job_do(), so that
 * there is one thread and one order. */
#include "studio/queue.h"

struct _C2lJob
{
  C2lQueue *queue;
  GTask *task;
  C2lJobKind kind;
  gconstpointer key;
  C2lJobFunc func;
  gpointer data;
  GDestroyNotify data_free, result_free;
  GCancellable *cancellable; /* of its own: follows the task's, and the queue's end */
  gulong follows;
};

struct _C2lQueue
{
  GThread *thread;
  GMutex lock;
  GCond changed;
  GQueue waiting[2];      /* by kind, of C2lJob */
  GPtrArray *running;     /* of C2lJob: the running one, and a batch under it that gives way; lent */
  GCancellable *step;     /* of the step that a batch is doing now; lent */
  gboolean stopping;
  gboolean is_orphan;     /* the thread's: nobody waits for it */
};

/* --- jobs --- */

static void
on_task_cancelled (GCancellable *cancellable, gpointer data)
{
  g_cancellable_cancel (data);
}

static C2lJob *
job_new (C2lQueue *queue, GTask *task)
{
  C2lJob *job = g_new0 (C2lJob, 1);
  GCancellable *of_task = g_task_get_cancellable (task);

  job->queue = queue;
  job->task = task;
  job->cancellable = g_cancellable_new ();
  if (of_task != NULL)
    job->follows
        = g_cancellable_connect (of_task, G_CALLBACK (on_task_cancelled),
                                 g_object_ref (job->cancellable), g_object_unref);
  return job;
}

static void
job_free (C2lJob *job)
{
  if (job->data_free != NULL)
    job->data_free (job->data);
  if (job->follows != 0)
    g_cancellable_disconnect (g_task_get_cancellable (job->task), job->follows);
  g_object_unref (job->cancellable);
  g_object_unref (job->task);
  g_free (job);
}

static void
answer_cancelled (C2lJob *job)
{
  g_task_return_new_error (job->task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "It was cancelled");
  job_free (job);
}

static void
run_job (C2lQueue *queue, C2lJob *job)
{
  GError *error = NULL;
  gpointer answer = NULL;

  if (!g_cancellable_set_error_if_cancelled (job->cancellable, &error))
    answer = job->func (job, job->data, &error);
  g_mutex_lock (&queue->lock);
  g_ptr_array_remove (queue->running, job);
  g_mutex_unlock (&queue->lock);
  /* What the job holds is let go before its answer can be seen. */
  if (job->data_free != NULL)
    job->data_free (job->data);
  job->data_free = NULL;
  if (error != NULL)
    g_task_return_error (job->task, error);
  else
    g_task_return_pointer (job->task, answer, job->result_free);
  job_free (job);
}

/* --- the thread --- */

static void
free_queue (C2lQueue *queue)
{
  g_ptr_array_unref (queue->running);
  g_mutex_clear (&queue->lock);
  g_cond_clear (&queue->changed);
  g_free (queue);
}

/* The next job that may run now, counted as running; with the lock. */
static C2lJob *
take_job (C2lQueue *queue, gboolean interactive_only)
{
  C2lJob *job = g_queue_pop_head (&queue->waiting[C2L_JOB_INTERACTIVE]);

  if (job == NULL && !interactive_only)
    job = g_queue_pop_head (&queue->waiting[C2L_JOB_BATCH]);
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
      C2lJob *job = take_job (queue, FALSE);

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
  if (queue->is_orphan)
    free_queue (queue);
  return NULL;
}

C2lQueue *
c2l_queue_new (const char *thread_name)
{
  C2lQueue *queue = g_new0 (C2lQueue, 1);

  g_mutex_init (&queue->lock);
  g_cond_init (&queue->changed);
  g_queue_init (&queue->waiting[C2L_JOB_INTERACTIVE]);
  g_queue_init (&queue->waiting[C2L_JOB_BATCH]);
  queue->running = g_ptr_array_new ();
  queue->thread = g_thread_new (thread_name, run_queue, queue);
  return queue;
}

/* Cancelling may call what takes the lock, so it is done without; @cancellables is consumed. */
static void
cancel_all (GPtrArray *cancellables)
{
  for (guint i = 0; i < cancellables->len; i++)
    g_cancellable_cancel (g_ptr_array_index (cancellables, i));
  g_ptr_array_unref (cancellables);
}

static void
cancel_everything (C2lQueue *queue)
{
  GPtrArray *cancellables = g_ptr_array_new_with_free_func (g_object_unref);
  GQueue left = G_QUEUE_INIT;
  C2lJob *job;

  g_mutex_lock (&queue->lock);
  queue->stopping = TRUE;
  for (guint i = 0; i < queue->running->len; i++)
    g_ptr_array_add (cancellables,
                     g_object_ref (((C2lJob *) queue->running->pdata[i])->cancellable));
  if (queue->step != NULL)
    g_ptr_array_add (cancellables, g_object_ref (queue->step));
  for (int kind = 0; kind < 2; kind++)
    while ((job = g_queue_pop_head (&queue->waiting[kind])) != NULL)
      g_queue_push_tail (&left, job);
  g_cond_signal (&queue->changed);
  g_mutex_unlock (&queue->lock);

  cancel_all (cancellables);
  while ((job = g_queue_pop_head (&left)) != NULL)
    answer_cancelled (job);
}

void
c2l_queue_stop (C2lQueue *queue)
{
  cancel_everything (queue);
  if (queue->thread != NULL)
    g_thread_join (g_steal_pointer (&queue->thread));
}

void
c2l_queue_free (C2lQueue *queue)
{
  /* A task may hold the last reference to the queue's owner, and be let go by the thread: it cannot
   * wait for itself, and frees the queue when it ends. */
  if (queue->thread == g_thread_self ())
    {
      cancel_everything (queue);
      queue->is_orphan = TRUE;
      g_thread_unref (queue->thread);
      return;
    }
  c2l_queue_stop (queue);
  free_queue (queue);
}

static C2lJob *
take_replaced (C2lQueue *queue, C2lJobKind kind, gconstpointer key)
{
  for (GList *link = queue->waiting[kind].head; key != NULL && link != NULL; link = link->next)
    {
      C2lJob *job = link->data;

      if (job->key == key)
        {
          g_queue_delete_link (&queue->waiting[kind], link);
          return job;
        }
    }
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
  C2lJob *job = job_new (queue, task), *replaced;
  g_autoptr (GCancellable) step = NULL;
  gboolean stopping;

  job->kind = kind;
  job->key = key;
  job->func = func;
  job->data = data;
  job->data_free = data_free;
  job->result_free = result_free;
  g_mutex_lock (&queue->lock);
  replaced = take_replaced (queue, kind, key);
  stopping = queue->stopping;
  if (!stopping)
    {
      g_queue_push_tail (&queue->waiting[kind], job);
      if (kind == C2L_JOB_INTERACTIVE && queue->step != NULL)
        step = g_object_ref (queue->step);
      g_cond_signal (&queue->changed);
    }
  g_mutex_unlock (&queue->lock);

  if (step != NULL)
    g_cancellable_cancel (step);
  if (replaced != NULL)
    answer_cancelled (replaced);
  if (stopping)
    answer_cancelled (job);
}

guint
c2l_queue_count (C2lQueue *queue)
{
  guint n;

  g_mutex_lock (&queue->lock);
  n = queue->running->len + queue->waiting[C2L_JOB_INTERACTIVE].length
      + queue->waiting[C2L_JOB_BATCH].length;
  g_mutex_unlock (&queue->lock);
  return n;
}

/* --- within a job --- */

GCancellable *
c2l_job_get_cancellable (C2lJob *job)
{
  return job->cancellable;
}

/* Runs the interactive jobs that wait, then makes @step the one that the next of them interrupts. */
static void
give_way_and_begin (C2lQueue *queue, GCancellable *step)
{
  C2lJob *job;

  g_mutex_lock (&queue->lock);
  while (!queue->stopping && (job = take_job (queue, TRUE)) != NULL)
    {
      g_mutex_unlock (&queue->lock);
      run_job (queue, job);
      g_mutex_lock (&queue->lock);
    }
  queue->step = step;
  g_mutex_unlock (&queue->lock);
}

gboolean
c2l_job_do (C2lJob *job, C2lJobStep step, gpointer data, GError **error)
{
  if (job->kind == C2L_JOB_INTERACTIVE)
    return step (data, job->cancellable, error);
  for (;;)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GError) own = NULL;
      gulong follows;
      gboolean ok;

      give_way_and_begin (job->queue, cancellable);
      follows = g_cancellable_connect (job->cancellable, G_CALLBACK (on_task_cancelled),
                                       g_object_ref (cancellable), g_object_unref);
      ok = step (data, cancellable, &own);
      g_cancellable_disconnect (job->cancellable, follows);
      g_mutex_lock (&job->queue->lock);
      job->queue->step = NULL;
      g_mutex_unlock (&job->queue->lock);
      if (ok)
        return TRUE;
      if (g_error_matches (own, G_IO_ERROR, G_IO_ERROR_CANCELLED)
          && !g_cancellable_is_cancelled (job->cancellable))
        continue;
      g_propagate_error (error, g_steal_pointer (&own));
      return FALSE;
    }
}

void
c2l_job_tell (C2lJob *job, GSourceFunc func, gpointer data, GDestroyNotify destroy)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  /* Of the same priority as the job's answer, so that it comes before that. */
  g_source_set_priority (source, g_task_get_priority (job->task));
  g_source_set_callback (source, func, data, destroy);
  g_source_attach (source, g_task_get_context (job->task));
}
