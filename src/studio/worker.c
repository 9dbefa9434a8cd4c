/* The open model behind a queue: settings, jobs of others, unknown words, idle memory, the end.
 * What the queue's thread owns (device, engine, session) is touched by jobs alone; what the
 * window's thread owns (settings, what is known of the model) by the public functions alone; a job
 * takes copies with it. How models are opened is in worker-model.c, how pictures are drawn in
 * worker-pictures.c. */
#include "studio/mixture.h"
#include "studio/worker-private.h"

G_DEFINE_FINAL_TYPE (C2lWorker, c2l_worker, G_TYPE_OBJECT)

/* --- jobs of others --- */

typedef struct
{
  C2lWorker *worker;
  C2lWorkerFunc func;
  gpointer data;
  GDestroyNotify data_free;
} CallJob;

static void
call_job_free (gpointer data)
{
  CallJob *job = data;

  if (job->data_free != NULL)
    job->data_free (job->data);
  g_free (job);
}

static gpointer
call (C2lJob *queued, gpointer data, GError **error)
{
  CallJob *job = data;
  C2lWorker *self = job->worker;
  C2lSession *session = c2l_worker_get_session (self, error);
  /* A batch that gives way may be under this one. */
  C2lJob *before = self->calling;
  gpointer answer;

  self->calling = queued;
  answer = session != NULL ? job->func (session, job->data, c2l_job_get_cancellable (queued), error)
                           : NULL;
  self->calling = before;
  if (error != NULL && *error != NULL)
    {
      /* It cannot be tried again, as nobody knows how much of it is done; the next one can. */
      c2l_worker_leave_gpu (self, *error);
      c2l_worker_explain (self, error);
    }
  return answer;
}

gboolean
c2l_worker_give_way (C2lWorker *self, GError **error)
{
  g_return_val_if_fail (C2L_IS_WORKER (self) && self->calling != NULL, FALSE);
  return c2l_job_give_way (self->calling, error);
}

void
c2l_worker_invoke (C2lWorker *self, GSourceFunc event, gpointer data, GDestroyNotify destroy)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, event, data, destroy);
  g_source_attach (source, self->context);
}

/* --- memory that nobody uses --- */

static void
stop_idle_timer (C2lWorker *self)
{
  if (self->idle_source != NULL)
    g_source_destroy (self->idle_source);
  g_clear_pointer (&self->idle_source, g_source_unref);
}

static gboolean
on_idle_timeout (gpointer data)
{
  C2lWorker *self = data;

  if (c2l_queue_count (self->queue) > 0)
    return G_SOURCE_CONTINUE;
  stop_idle_timer (self);
  c2l_worker_release_memory (self);
  return G_SOURCE_REMOVE;
}

static void
restart_idle_timer (C2lWorker *self)
{
  stop_idle_timer (self);
  if (self->idle_seconds == 0)
    return;
  self->idle_source = g_timeout_source_new_seconds (self->idle_seconds);
  g_source_set_callback (self->idle_source, on_idle_timeout, self, NULL);
  g_source_attach (self->idle_source, self->context);
}

void
c2l_worker_set_idle_timeout (C2lWorker *self, guint seconds)
{
  g_return_if_fail (C2L_IS_WORKER (self));
  self->idle_seconds = seconds;
  restart_idle_timer (self);
}

void
c2l_worker_push (C2lWorker *self,
                 GTask *task,
                 C2lJobKind kind,
                 gconstpointer key,
                 C2lJobFunc func,
                 gpointer data,
                 GDestroyNotify data_free,
                 GDestroyNotify result_free)
{
  restart_idle_timer (self);
  g_signal_connect_object (task, "notify::completed", G_CALLBACK (restart_idle_timer), self,
                           G_CONNECT_SWAPPED);
  c2l_queue_push (self->queue, task, kind, key, func, data, data_free, result_free);
}

/* --- what shows pictures --- */

static gpointer
collect (C2lJob *queued, gpointer data, GError **error)
{
  C2lTarget *target = data;

  target->klass->collect (target);
  return NULL;
}

/* In whichever thread a picture was let go. */
static void
on_target_wake (gpointer data)
{
  C2lWorker *self = data;

  c2l_queue_push (self->queue, g_task_new (NULL, NULL, NULL, NULL), C2L_JOB_BACKGROUND, collect,
                  collect, self->target, NULL, NULL);
}

void
c2l_worker_set_target (C2lWorker *self, C2lTarget *target)
{
  g_return_if_fail (C2L_IS_WORKER (self) && self->target == NULL);
  self->target = target;
  if (target == NULL)
    return;
  target->wake = on_target_wake;
  target->wake_data = self;
}

/* --- the public side, on the window's thread --- */

void
c2l_worker_configure (C2lWorker *self, const char *device, const char *precision, int threads)
{
  g_return_if_fail (C2L_IS_WORKER (self));
  g_free (self->device_name);
  g_free (self->precision_name);
  self->device_name = g_strdup (device);
  self->precision_name = g_strdup (precision);
  self->threads = MAX (threads, 0);
}

/* A prompt takes some microseconds, so that it is looked at here and now and need not wait for a
 * picture. */
void
c2l_worker_list_unknown_words_async (C2lWorker *self,
                                     const char *prompt,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, data);
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();
  g_autoptr (GPtrArray) parts = NULL;
  GError *error = NULL;

  g_return_if_fail (C2L_IS_WORKER (self));
  parts = c2l_mixture_parse (prompt, &error);
  if (parts == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  for (guint i = 0; i < parts->len && self->words != NULL; i++)
    {
      const C2lMixturePart *part = g_ptr_array_index (parts, i);
      g_auto (GStrv) unknown = c2l_tokenizer_list_unknown_words (self->words, part->text);

      g_strv_builder_addv (words, (const char **) unknown);
    }
  g_task_return_pointer (task, g_strv_builder_end (words), (GDestroyNotify) g_strfreev);
}

char **
c2l_worker_list_unknown_words_finish (C2lWorker *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
c2l_worker_call_async (C2lWorker *self,
                       gboolean interactive,
                       C2lWorkerFunc func,
                       gpointer func_data,
                       GDestroyNotify func_data_free,
                       GDestroyNotify result_free,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer data)
{
  CallJob *job = g_new0 (CallJob, 1);

  g_return_if_fail (C2L_IS_WORKER (self));
  job->worker = self;
  job->func = func;
  job->data = func_data;
  job->data_free = func_data_free;
  c2l_worker_push (self, g_task_new (self, cancellable, callback, data),
                   interactive ? C2L_JOB_INTERACTIVE : C2L_JOB_BATCH, NULL, call, job,
                   call_job_free, result_free);
}

gpointer
c2l_worker_call_finish (C2lWorker *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- the object --- */

void
c2l_worker_stop (C2lWorker *self)
{
  g_return_if_fail (C2L_IS_WORKER (self));
  self->idle_seconds = 0;
  stop_idle_timer (self);
  c2l_queue_stop (self->queue);
}

static void
c2l_worker_finalize (GObject *object)
{
  C2lWorker *self = C2L_WORKER (object);

  c2l_worker_stop (self);
  /* It wakes the queue. */
  g_clear_pointer (&self->target, c2l_target_free);
  c2l_queue_free (self->queue);
  g_clear_pointer (&self->session, c2l_session_free);
  g_ptr_array_unref (self->lost);
  g_clear_pointer (&self->info, c2l_model_info_unref);
  g_clear_pointer (&self->words, c2l_tokenizer_free);
  g_free (self->folder);
  g_free (self->loaded_device);
  g_free (self->loaded_precision);
  g_free (self->device_name);
  g_free (self->precision_name);
  g_main_context_unref (self->context);
  G_OBJECT_CLASS (c2l_worker_parent_class)->finalize (object);
}

static void
c2l_worker_class_init (C2lWorkerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = c2l_worker_finalize;
  g_signal_new ("fallback", C2L_TYPE_WORKER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                G_TYPE_STRING);
}

static void
c2l_worker_init (C2lWorker *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->queue = c2l_queue_new ("engine");
  self->lost = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_session_free);
  self->device_name = g_strdup ("cpu");
  self->precision_name = g_strdup (c2l_precision_get_name (C2L_DEFAULT_PRECISION));
}

C2lWorker *
c2l_worker_new (void)
{
  return g_object_new (C2L_TYPE_WORKER, NULL);
}
