/* C2lModel: studio's session behind a lock, so that calls from any thread are done one after the
 * other. Whatever is drawn is drawn by c2l_generate(); this file opens models, hands requests over
 * and reports. */
#include "libclip2latent/library-private.h"

#include "models/clip.h"
#include "studio/model-files.h"
#include "studio/paths.h"
#include "studio/redraw.h"

#include <math.h>

#define DEFAULT_DEVICE "cpu"

struct _C2lModel
{
  GObject parent_instance;
  GMutex lock; /* whoever uses the session */
  C2lSession *session;
};

G_DEFINE_FINAL_TYPE (C2lModel, c2l_model, G_TYPE_OBJECT)

static void
c2l_model_finalize (GObject *object)
{
  C2lModel *self = C2L_MODEL (object);

  g_clear_pointer (&self->session, c2l_session_free);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (c2l_model_parent_class)->finalize (object);
}

static void
c2l_model_class_init (C2lModelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = c2l_model_finalize;
}

static void
c2l_model_init (C2lModel *self)
{
  g_mutex_init (&self->lock);
}

C2lSession *
c2l_model_get_session (C2lModel *self)
{
  return self->session;
}

static C2lEngine *
get_engine (C2lModel *self)
{
  return c2l_session_get_engine (self->session);
}

/* --- opening --- */

static gboolean
find_precision (C2lDevice *device, const char *name, C2lPrecision *precision, GError **error)
{
  *precision = C2L_DEFAULT_PRECISION;
  if (name != NULL && !c2l_precision_from_name (name, precision))
    {
      g_set_error (error, C2L_ERROR, C2L_ERROR_INVALID,
                   "there is no precision “%s”; f32, fast and bf16 are", name);
      return FALSE;
    }
  if (c2l_device_supports (device, *precision))
    return TRUE;
  g_set_error (error, C2L_ERROR, C2L_ERROR_DEVICE,
               "%s: it does not compute in %s; choose another precision",
               c2l_device_get_description (device), c2l_precision_get_name (*precision));
  return FALSE;
}

/* Takes @bundle and @cause; @bundle NULL: it was not opened, @cause says why. */
static C2lModel *
model_new (C2lBundle *bundle,
           const char *device_name,
           const char *precision_name,
           GError *cause,
           GError **error)
{
  g_autoptr (C2lBundle) owned = bundle;
  g_autoptr (C2lDevice) device = NULL;
  C2lPrecision precision;
  C2lModel *self;

  if (bundle != NULL && c2l_paths_check (&cause))
    device = c2l_device_open (device_name != NULL ? device_name : DEFAULT_DEVICE, &cause);
  if (device == NULL || !find_precision (device, precision_name, &precision, &cause))
    {
      c2l_error_propagate (error, cause);
      return NULL;
    }
  self = g_object_new (C2L_TYPE_MODEL, NULL);
  self->session = c2l_session_open (bundle, device, precision);
  return self;
}

C2lModel *
c2l_model_open (const char *folder, const char *device, const char *precision, GError **error)
{
  g_autofree char *starter = folder == NULL ? c2l_paths_dup_data ("starter") : NULL;
  GError *cause = NULL;
  C2lBundle *bundle;

  if (!c2l_paths_check (&cause))
    {
      c2l_error_propagate (error, cause);
      return NULL;
    }
  if (folder == NULL && starter == NULL)
    {
      g_set_error (error, C2L_ERROR, C2L_ERROR_MODEL,
                   "the starter model is not installed; name a model's folder, or set C2L_DATA to "
                   "the folder that holds “starter”");
      return NULL;
    }
  bundle = c2l_bundle_open (folder != NULL ? folder : starter, &cause);
  return model_new (bundle, device, precision, cause, error);
}

typedef struct
{
  C2lProgressFunc func;
  gpointer data;
} Progress;

static void
report_download (const char *name, goffset done, goffset total, gpointer data)
{
  const Progress *progress = data;
  g_autofree char *stage = g_strdup_printf ("fetching %s", name);

  if (progress->func != NULL)
    progress->func (total > 0 ? (double) done / total : 0, stage, NULL, progress->data);
}

C2lModel *
c2l_model_open_files (const char *generator,
                      const char *prior,
                      const char *config,
                      const char *clip,
                      const char *device,
                      const char *precision,
                      C2lProgressFunc func,
                      gpointer user_data,
                      GCancellable *cancellable,
                      GError **error)
{
  Progress told = { func, user_data };
  const C2lModelFilesProgress progress = { report_download, &told };
  const C2lModelFiles named
      = { .clip = clip, .prior = prior, .config = config, .generator = generator };
  g_auto (C2lModelPaths) paths = { 0 };
  GError *cause = NULL;
  C2lBundle *bundle = NULL;

  g_return_val_if_fail (generator != NULL, NULL);

  if (c2l_model_paths_fetch (&paths, &named, &progress, cancellable, &cause))
    bundle = c2l_bundle_open_files (&(C2lModelFiles){ .clip = paths.clip,
                                                      .prior = paths.prior,
                                                      .config = paths.config,
                                                      .generator = paths.generator,
                                                      .named = &named },
                                    &cause);
  return model_new (bundle, device, precision, cause, error);
}

/* --- what it is --- */

const char *
c2l_model_get_name (C2lModel *self)
{
  g_return_val_if_fail (C2L_IS_MODEL (self), NULL);

  return c2l_bundle_get_name (c2l_engine_get_bundle (get_engine (self)));
}

const char *
c2l_model_get_device (C2lModel *self)
{
  g_return_val_if_fail (C2L_IS_MODEL (self), NULL);

  return c2l_device_get_description (c2l_engine_get_device (get_engine (self)));
}

gboolean
c2l_model_has_prior (C2lModel *self)
{
  g_return_val_if_fail (C2L_IS_MODEL (self), FALSE);

  return c2l_engine_has_prior (get_engine (self));
}

gboolean
c2l_model_has_clip (C2lModel *self)
{
  g_return_val_if_fail (C2L_IS_MODEL (self), FALSE);

  return c2l_engine_has_clip (get_engine (self));
}

char **
c2l_model_list_directions (C2lModel *self)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  GPtrArray *directions;

  g_return_val_if_fail (C2L_IS_MODEL (self), NULL);

  directions = c2l_bundle_get_directions (c2l_engine_get_bundle (get_engine (self)));
  for (guint i = 0; i < directions->len; i++)
    g_strv_builder_add (names, ((const C2lDirection *) g_ptr_array_index (directions, i))->id);
  return g_strv_builder_end (names);
}

double
c2l_model_get_direction_amount (C2lModel *self, const char *direction)
{
  const C2lDirection *found;

  g_return_val_if_fail (C2L_IS_MODEL (self) && direction != NULL, 0);

  found = c2l_bundle_lookup_direction (c2l_engine_get_bundle (get_engine (self)), direction);
  return found != NULL ? found->scale : 0;
}

void
c2l_model_set_n_threads (C2lModel *self, int n_threads)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_if_fail (C2L_IS_MODEL (self) && n_threads >= 0);

  locker = g_mutex_locker_new (&self->lock);
  c2l_device_set_n_threads (c2l_engine_get_device (get_engine (self)), n_threads);
}

/* --- embeddings --- */

/* Room for an embedding of CLIP; NULL and an error without CLIP. */
static float *
new_embedding (C2lModel *self, gsize *n_values, GError **error)
{
  int width = c2l_session_get_embed_width (self->session, error);

  *n_values = width;
  return width > 0 ? g_new (float, width) : NULL;
}

/* Of @embedding, where it was found, else NULL. Takes it and @cause. */
static float *
return_embedding (float *embedding,
                  gboolean is_found,
                  gsize *n_values,
                  GError *cause,
                  GError **error)
{
  if (is_found)
    return embedding;
  g_free (embedding);
  *n_values = 0;
  c2l_error_propagate (error, cause);
  return NULL;
}

float *
c2l_model_embed_prompt (C2lModel *self,
                        const char *prompt,
                        gsize *n_values,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  GError *cause = NULL;
  float *embedding;
  gboolean ok;

  g_return_val_if_fail (C2L_IS_MODEL (self) && prompt != NULL && n_values != NULL, NULL);

  locker = g_mutex_locker_new (&self->lock);
  embedding = new_embedding (self, n_values, &cause);
  ok = embedding != NULL
       && c2l_session_embed_prompt (self->session, prompt, embedding, NULL, cancellable, &cause);
  return return_embedding (embedding, ok, n_values, cause, error);
}

static gboolean
check_pixels (GBytes *pixels, int width, int height, GError **error)
{
  if (width > 0 && height > 0 && width <= C2L_IMAGE_MAX_SIDE && height <= C2L_IMAGE_MAX_SIDE
      && g_bytes_get_size (pixels) == (gsize) width * height * 3)
    return TRUE;
  g_set_error (error, C2L_ERROR, C2L_ERROR_INVALID,
               "%" G_GSIZE_FORMAT " bytes are no picture of %d × %d pixels with three bytes each",
               g_bytes_get_size (pixels), width, height);
  return FALSE;
}

float *
c2l_model_embed_pixels (C2lModel *self,
                        GBytes *pixels,
                        int width,
                        int height,
                        gsize *n_values,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  GError *cause = NULL;
  float *embedding = NULL;
  gboolean ok;

  g_return_val_if_fail (C2L_IS_MODEL (self) && pixels != NULL && n_values != NULL, NULL);

  locker = g_mutex_locker_new (&self->lock);
  ok = check_pixels (pixels, width, height, &cause)
       && (embedding = new_embedding (self, n_values, &cause)) != NULL;
  if (ok)
    {
      /* Only read. */
      const C2lImage image = { width, height, 3, (guint8 *) g_bytes_get_data (pixels, NULL), NULL };

      ok = c2l_session_embed_image (self->session, &image, embedding, cancellable, &cause);
    }
  return return_embedding (embedding, ok, n_values, cause, error);
}

/* --- drawing --- */

typedef struct
{
  const Progress *progress;
  guint n_done, n_total;
  double fraction; /* the last that was told */
} Job;

static void
report_stage (double fraction, const char *stage, gpointer data)
{
  Job *job = data;

  job->fraction = fraction;
  job->progress->func (fraction, stage, NULL, job->progress->data);
}

/* Pictures come when they are scored, and then the next ones may already be drawn. */
static void
report_picture (C2lPicture *picture, gpointer data)
{
  Job *job = data;

  job->n_done++;
  job->fraction = CLAMP ((double) job->n_done / job->n_total, job->fraction, 1);
  job->progress->func (job->fraction, "finished", picture, job->progress->data);
}

static guint
count_pictures (const C2lGenerateParams *params)
{
  guint n_prompts = params->prompts != NULL ? g_strv_length ((char **) params->prompts) : 1;

  if (params->recipes != NULL)
    return params->recipes->len;
  return params->latents != NULL ? params->latents->len : n_prompts * params->sampling.n;
}

static gboolean
check_recipes (C2lSession *session, GPtrArray *recipes, GError **error)
{
  for (guint i = 0; recipes != NULL && i < recipes->len; i++)
    if (!c2l_redraw_check (session, g_ptr_array_index (recipes, i), error))
      return FALSE;
  return TRUE;
}

static gboolean
generate (C2lModel *self,
          C2lRequest *request,
          const Progress *progress,
          GPtrArray *pictures,
          GCancellable *cancellable,
          GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  Job job = { progress };
  C2lGenerateCallbacks callbacks = { .data = &job };
  C2lGenerateParams params;
  gboolean ok;

  if (progress->func != NULL)
    {
      callbacks.progress = report_stage;
      callbacks.picture = report_picture;
    }
  ok = c2l_request_fill_params (request, c2l_engine_get_bundle (get_engine (self)), &params, error)
       && check_recipes (self->session, params.recipes, error);
  if (ok)
    {
      job.n_total = count_pictures (&params);
      ok = c2l_generate (self->session, &params, &callbacks, pictures, cancellable, error);
    }
  c2l_generate_params_clear (&params);
  return ok;
}

GPtrArray *
c2l_model_generate (C2lModel *self,
                    C2lRequest *request,
                    C2lProgressFunc func,
                    gpointer user_data,
                    GCancellable *cancellable,
                    GError **error)
{
  g_autoptr (GPtrArray) pictures
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  Progress progress = { func, user_data };
  GError *cause = NULL;

  g_return_val_if_fail (C2L_IS_MODEL (self), NULL);
  g_return_val_if_fail (C2L_IS_REQUEST (request), NULL);

  if (generate (self, request, &progress, pictures, cancellable, &cause))
    return g_steal_pointer (&pictures);
  c2l_error_propagate (error, cause);
  return NULL;
}

/* What an asynchronous call tells with. */
typedef struct
{
  gatomicrefcount refs;
  GMainContext *context;
  C2lProgressFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Listener;

typedef struct
{
  Listener *listener;
  double fraction;
  char *stage;
  C2lPicture *picture; /* (nullable) */
} Event;

static void
listener_unref (Listener *listener)
{
  if (!g_atomic_ref_count_dec (&listener->refs))
    return;
  if (listener->destroy != NULL)
    listener->destroy (listener->data);
  g_main_context_unref (listener->context);
  g_free (listener);
}

static gboolean
tell (gpointer data)
{
  const Event *event = data;

  event->listener->func (event->fraction, event->stage, event->picture, event->listener->data);
  return G_SOURCE_REMOVE;
}

static void
event_free (gpointer data)
{
  Event *event = data;

  g_free (event->stage);
  g_clear_pointer (&event->picture, c2l_picture_unref);
  listener_unref (event->listener);
  g_free (event);
}

static void
post (double fraction, const char *stage, C2lPicture *picture, gpointer data)
{
  Listener *listener = data;
  g_autoptr (GSource) source = g_idle_source_new ();
  Event *event = g_new (Event, 1);

  *event = (Event){ listener, fraction, g_strdup (stage),
                    picture != NULL ? c2l_picture_ref (picture) : NULL };
  g_atomic_ref_count_inc (&listener->refs);
  /* As the answer has, which must come last. */
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, tell, event, event_free);
  g_source_attach (source, listener->context);
}

typedef struct
{
  C2lRequest *request;
  Listener *listener;
} AsyncJob;

static void
async_job_free (gpointer data)
{
  AsyncJob *job = data;

  g_object_unref (job->request);
  listener_unref (job->listener);
  g_free (job);
}

static void
generate_on_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const AsyncJob *job = task_data;
  g_autoptr (GPtrArray) pictures
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  const Progress progress = { job->listener->func != NULL ? post : NULL, job->listener };
  GError *cause = NULL, *error = NULL;

  if (generate (source, job->request, &progress, pictures, cancellable, &cause))
    {
      g_task_return_pointer (task, g_steal_pointer (&pictures), (GDestroyNotify) g_ptr_array_unref);
      return;
    }
  c2l_error_propagate (&error, cause);
  g_task_return_error (task, error);
}

void
c2l_model_generate_async (C2lModel *self,
                          C2lRequest *request,
                          C2lProgressFunc progress,
                          gpointer progress_data,
                          GDestroyNotify progress_destroy,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Listener *listener;
  AsyncJob *job;

  g_return_if_fail (C2L_IS_MODEL (self));
  g_return_if_fail (C2L_IS_REQUEST (request));

  listener = g_new (Listener, 1);
  *listener = (Listener){ .context = g_main_context_ref_thread_default (),
                          .func = progress,
                          .data = progress_data,
                          .destroy = progress_destroy };
  g_atomic_ref_count_init (&listener->refs);
  job = g_new (AsyncJob, 1);
  *job = (AsyncJob){ c2l_request_copy (request), listener };
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, c2l_model_generate_async);
  g_task_set_task_data (task, job, async_job_free);
  g_task_run_in_thread (task, generate_on_thread);
}

GPtrArray *
c2l_model_generate_finish (C2lModel *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
