/* A list of jobs, one of which runs on a thread. Everything here belongs to the thread that made
 * the object; the one that works gets references to the catalogue and gives back messages. Which
 * models were begun stands in a file of the user's, written at each beginning and end; how far they
 * came is what lies in the cache. */
#include "studio/downloads.h"

#include "studio/bundles.h"
#include "studio/json.h"
#include "studio/paths.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#define FILE_NAME "downloads.json"
#define MAX_IDS 1000

/* Speeds are averages over about so many microseconds. */
#define SPEED_SPAN (3.0 * G_USEC_PER_SEC)

typedef struct
{
  C2lDownloads *downloads; /* lent */
  char *id;
  C2lCatalogue *catalogue;
  const C2lCatalogueModel *model;
  C2lDownloadState state; /* without what and error, which are filled in for who asks */
  char *what;
  GError *error;
  GCancellable *cancellable; /* while it works */
  gboolean is_unwanted;      /* cancelled: to be thrown away once it has stopped */
  gint64 last_time;
  goffset last_done;
} Job;

struct _C2lDownloads
{
  GObject parent_instance;

  GPtrArray *jobs; /* of Job, in the order in which they were started */
  Job *running;    /* (nullable) */
  C2lCatalogue *catalogue;
  C2lDownloadOptions options;
};

G_DEFINE_FINAL_TYPE (C2lDownloads, c2l_downloads, G_TYPE_OBJECT)

enum
{
  CHANGED,
  INSTALLED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
job_free (gpointer data)
{
  Job *job = data;

  g_free (job->id);
  g_free (job->what);
  g_clear_error (&job->error);
  g_clear_object (&job->cancellable);
  c2l_catalogue_unref (job->catalogue);
  g_free (job);
}

static Job *
find_job (C2lDownloads *self, const char *id)
{
  for (guint i = 0; i < self->jobs->len; i++)
    {
      Job *job = g_ptr_array_index (self->jobs, i);

      if (strcmp (job->id, id) == 0)
        return job;
    }
  return NULL;
}

static void
emit_changed (C2lDownloads *self, const char *id)
{
  g_signal_emit (self, signals[CHANGED], g_quark_from_string (id), id);
}

static void
set_status (Job *job, C2lDownloadStatus status)
{
  job->state.status = status;
  job->state.speed = 0;
  job->state.is_retrying = FALSE;
  job->last_time = 0;
  if (status != C2L_DOWNLOAD_FAILED)
    g_clear_error (&job->error);
  emit_changed (job->downloads, job->id);
}

/* --- which ones were begun --- */

static char *
dup_file (void)
{
  g_autofree char *user = c2l_paths_dup_user ();

  return g_build_filename (user, FILE_NAME, NULL);
}

/* A loss of this file loses no bytes: they are found again once somebody starts that model. */
static void
save (C2lDownloads *self)
{
  g_autofree char *path = dup_file (), *folder = g_path_get_dirname (path), *text = NULL;
  g_autoptr (JsonObject) root = json_object_new ();
  JsonArray *ids = json_array_new ();
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < self->jobs->len; i++)
    json_array_add_string_element (ids, ((Job *) g_ptr_array_index (self->jobs, i))->id);
  json_object_set_array_member (root, "models", ids);
  text = c2l_json_object_to_string (root, TRUE);
  g_mkdir_with_parents (folder, 0755);
  if (self->jobs->len == 0)
    g_unlink (path);
  else if (!g_file_set_contents (path, text, -1, &error))
    g_debug ("%s", error->message);
}

static Job *
add_job (C2lDownloads *self, const C2lCatalogueModel *model)
{
  Job *job = g_new0 (Job, 1);

  job->downloads = self;
  job->id = g_strdup (model->id);
  job->catalogue = c2l_catalogue_ref (self->catalogue);
  job->model = model;
  job->state.done = c2l_acquire_get_done (model);
  job->state.total = -1;
  g_ptr_array_add (self->jobs, job);
  return job;
}

static void
restore (C2lDownloads *self, const char *id)
{
  const C2lCatalogueModel *model = c2l_catalogue_find_model (self->catalogue, id);
  g_autofree char *folder = model != NULL ? c2l_bundles_find_origin (id) : NULL;

  if (model != NULL && model->bundle == NULL && folder == NULL && find_job (self, id) == NULL)
    set_status (add_job (self, model), C2L_DOWNLOAD_PAUSED);
}

static void
restore_all (C2lDownloads *self)
{
  g_autofree char *path = dup_file ();
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *root
      = json_parser_load_from_file (parser, path, NULL) ? json_parser_get_root (parser) : NULL;
  JsonArray *ids = root != NULL && JSON_NODE_HOLDS_OBJECT (root)
                       ? c2l_json_get_array (json_node_get_object (root), "models")
                       : NULL;
  guint n = ids != NULL ? MIN (json_array_get_length (ids), MAX_IDS) : 0;

  for (guint i = 0; i < n; i++)
    {
      JsonNode *node = json_array_get_element (ids, i);

      if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
        restore (self, json_node_get_string (node));
    }
}

/* --- working --- */

static void run_next (C2lDownloads *self);

/* What the thread has; the task that owns it holds the object. */
typedef struct
{
  GTask *task; /* lent */
  C2lCatalogue *catalogue;
  const C2lCatalogueModel *model;
  C2lDownloadOptions options;
} Work;

static void
work_free (gpointer data)
{
  Work *work = data;

  c2l_catalogue_unref (work->catalogue);
  g_free (work);
}

typedef struct
{
  GTask *task;
  C2lAcquireProgress progress;
  char *what;
  gboolean is_retrying;
} Message;

static void
message_free (gpointer data)
{
  Message *message = data;

  g_object_unref (message->task);
  g_free (message->what);
  g_free (message);
}

static void
measure_speed (Job *job, goffset done)
{
  gint64 now = g_get_monotonic_time (), span = now - job->last_time;
  double weight = MIN (1, span / SPEED_SPAN);

  if (job->last_time != 0 && span > 0)
    {
      double speed = (double) (done - job->last_done) * G_USEC_PER_SEC / span;

      job->state.speed
          = job->state.speed > 0 ? job->state.speed + weight * (speed - job->state.speed) : speed;
    }
  job->last_time = now;
  job->last_done = done;
}

static gboolean
deliver (gpointer data)
{
  const Message *message = data;
  const C2lAcquireProgress *progress = &message->progress;
  C2lDownloads *self = g_task_get_source_object (message->task);
  Job *job = self->running;

  if (g_task_get_completed (message->task) || job == NULL || job->is_unwanted)
    return G_SOURCE_REMOVE;
  if (progress->stage == C2L_ACQUIRE_DOWNLOAD)
    measure_speed (job, progress->done);
  g_free (job->what);
  job->what = g_strdup (message->what);
  job->state.status
      = progress->stage == C2L_ACQUIRE_DOWNLOAD ? C2L_DOWNLOAD_RUNNING : C2L_DOWNLOAD_IMPORTING;
  job->state.done = progress->done;
  job->state.total = progress->total;
  job->state.fraction = progress->fraction;
  job->state.is_retrying = message->is_retrying;
  emit_changed (self, job->id);
  return G_SOURCE_REMOVE;
}

/* On the thread that works. */
static void
report (const C2lAcquireProgress *progress, gpointer data)
{
  const Work *work = data;
  Message *message = g_new0 (Message, 1);

  message->task = g_object_ref (work->task);
  message->progress = *progress;
  message->what = g_strdup (progress->what);
  message->is_retrying = progress->trouble != NULL;
  message->progress.what = NULL;
  message->progress.trouble = NULL;
  g_main_context_invoke_full (g_task_get_context (work->task), G_PRIORITY_DEFAULT, deliver, message,
                              message_free);
}

static void
work_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Work *work = data;
  GError *error = NULL;
  char *folder = c2l_acquire (work->catalogue, work->model, &work->options, report, data,
                              cancellable, &error);

  if (folder != NULL)
    g_task_return_pointer (task, folder, g_free);
  else
    g_task_return_error (task, error);
}

static void
remove_job (C2lDownloads *self, Job *job)
{
  g_autofree char *id = g_strdup (job->id);

  g_ptr_array_remove (self->jobs, job);
  save (self);
  emit_changed (self, id);
}

static void
end_with_error (C2lDownloads *self, Job *job, GError *error)
{
  job->state.done = c2l_acquire_get_done (job->model);
  if (job->is_unwanted)
    {
      c2l_acquire_discard (job->catalogue, job->model);
      remove_job (self, job);
    }
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    set_status (job, C2L_DOWNLOAD_PAUSED);
  else
    {
      g_clear_error (&job->error);
      job->error = g_error_copy (error);
      set_status (job, C2L_DOWNLOAD_FAILED);
    }
}

static void
worked (GObject *source, GAsyncResult *result, gpointer data)
{
  C2lDownloads *self = C2L_DOWNLOADS (source);
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_task_propagate_pointer (G_TASK (result), &error);
  Job *job = g_steal_pointer (&self->running);

  g_clear_object (&job->cancellable);
  if (folder != NULL)
    {
      g_autofree char *id = g_strdup (job->id);

      remove_job (self, job);
      g_signal_emit (self, signals[INSTALLED], 0, id, folder);
    }
  else
    end_with_error (self, job, error);
  run_next (self);
}

static void
run (C2lDownloads *self, Job *job)
{
  g_autoptr (GTask) task = NULL;
  Work *work = g_new0 (Work, 1);

  job->cancellable = g_cancellable_new ();
  self->running = job;
  task = g_task_new (self, job->cancellable, worked, NULL);
  work->task = task;
  work->catalogue = c2l_catalogue_ref (job->catalogue);
  work->model = job->model;
  work->options = self->options;
  g_task_set_task_data (task, work, work_free);
  /* A model that is whole is there, even if cancelling came a moment before. */
  g_task_set_check_cancellable (task, FALSE);
  set_status (job, C2L_DOWNLOAD_RUNNING);
  g_task_run_in_thread (task, work_in_thread);
}

static void
run_next (C2lDownloads *self)
{
  for (guint i = 0; i < self->jobs->len && self->running == NULL; i++)
    {
      Job *job = g_ptr_array_index (self->jobs, i);

      if (job->state.status == C2L_DOWNLOAD_WAITING)
        run (self, job);
    }
}

/* --- what a window asks --- */

void
c2l_downloads_set_catalogue (C2lDownloads *self, C2lCatalogue *catalogue)
{
  g_return_if_fail (C2L_IS_DOWNLOADS (self) && catalogue != NULL);

  c2l_catalogue_ref (catalogue);
  g_clear_pointer (&self->catalogue, c2l_catalogue_unref);
  self->catalogue = catalogue;
  restore_all (self);
}

void
c2l_downloads_set_options (C2lDownloads *self, const C2lDownloadOptions *options)
{
  self->options = *options;
}

void
c2l_downloads_get (C2lDownloads *self, const char *id, C2lDownloadState *state)
{
  Job *job = find_job (self, id);

  *state = (C2lDownloadState){ .total = -1 };
  if (job == NULL)
    return;
  *state = job->state;
  state->what = job->what;
  state->error = job->error;
}

gboolean
c2l_downloads_is_busy (C2lDownloads *self)
{
  return self->running != NULL;
}

void
c2l_downloads_start (C2lDownloads *self, const char *id)
{
  const C2lCatalogueModel *model
      = self->catalogue != NULL ? c2l_catalogue_find_model (self->catalogue, id) : NULL;
  Job *job = find_job (self, id);

  if (job == NULL && model != NULL && model->bundle == NULL)
    job = add_job (self, model);
  if (job == NULL || job == self->running || job->state.status == C2L_DOWNLOAD_WAITING)
    return;
  save (self);
  set_status (job, C2L_DOWNLOAD_WAITING);
  run_next (self);
}

void
c2l_downloads_pause (C2lDownloads *self, const char *id)
{
  Job *job = find_job (self, id);

  if (job == NULL)
    return;
  if (job == self->running)
    g_cancellable_cancel (job->cancellable);
  else if (job->state.status == C2L_DOWNLOAD_WAITING)
    set_status (job, C2L_DOWNLOAD_PAUSED);
}

void
c2l_downloads_cancel (C2lDownloads *self, const char *id)
{
  Job *job = find_job (self, id);

  if (job == NULL)
    return;
  if (job == self->running)
    {
      job->is_unwanted = TRUE;
      g_cancellable_cancel (job->cancellable);
      return;
    }
  c2l_acquire_discard (job->catalogue, job->model);
  remove_job (self, job);
}

static void
c2l_downloads_finalize (GObject *object)
{
  C2lDownloads *self = C2L_DOWNLOADS (object);

  g_ptr_array_unref (self->jobs);
  g_clear_pointer (&self->catalogue, c2l_catalogue_unref);
  G_OBJECT_CLASS (c2l_downloads_parent_class)->finalize (object);
}

static void
c2l_downloads_class_init (C2lDownloadsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = c2l_downloads_finalize;
  signals[CHANGED]
      = g_signal_new ("changed", C2L_TYPE_DOWNLOADS, G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0, NULL,
                      NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[INSTALLED] = g_signal_new ("installed", C2L_TYPE_DOWNLOADS, G_SIGNAL_RUN_LAST, 0, NULL,
                                     NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
}

static void
c2l_downloads_init (C2lDownloads *self)
{
  self->jobs = g_ptr_array_new_with_free_func (job_free);
  c2l_download_options_init (&self->options);
}

C2lDownloads *
c2l_downloads_new (void)
{
  return g_object_new (C2L_TYPE_DOWNLOADS, NULL);
}
