/* The open model behind a queue. What the queue's thread owns (device, engine, session) is touched by jobs alone; what the window's
 * thread owns (settings, what is known of the model) by the public functions alone; a job takes copies with it. */
#include "studio/worker.h"

#include "models/tokenizer.h"
#include "studio/generate.h"
#include "studio/mixture.h"
#include "studio/paths.h"
#include "studio/queue.h"

#include <string.h>

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
  guint idle_seconds, idle_source;

  /* The queue's thread. */
  C2lTarget *target;
  char *folder, *loaded_device, *loaded_precision;
  int loaded_threads;
  C2lSession *session; /* NULL: nothing is open, or its memory was let go */
  gboolean is_open;
  C2lJob *calling; /* (nullable): whose function runs */
};

G_DEFINE_FINAL_TYPE (C2lWorker, c2l_worker, G_TYPE_OBJECT)

/* --- what is known of the model --- */

C2lModelInfo *
c2l_model_info_ref (C2lModelInfo *info)
{
  g_atomic_ref_count_inc (&info->refs);
  return info;
}

void
c2l_model_info_unref (C2lModelInfo *info)
{
  if (!g_atomic_ref_count_dec (&info->refs))
    return;
  c2l_bundle_unref (info->bundle);
  g_free (info->network);
  g_free (info->device);
  g_free (info->precision);
  g_free (info);
}

/* "CPU, 2 threads, AVX2" out of "2 threads, AVX2, oneDNN 2.6.3". */
static char *
dup_device_words (C2lDevice *device)
{
  const char *description = c2l_device_get_description (device);
  const char *library = strstr (description, ", oneDNN");
  g_autofree char *kind = g_ascii_strup (c2l_device_get_kind (device), -1);
  g_autofree char *words
      = g_strndup (description, library != NULL ? (gsize) (library - description) : strlen (description));

  return g_strdup_printf ("%s, %s", kind, words);
}

static gboolean
has_truncation (C2lEngine *engine)
{
  C2lPrior *prior = c2l_engine_has_prior (engine) ? c2l_engine_get_prior (engine, NULL) : NULL;

  return prior != NULL ? c2l_prior_get_info (prior)->has_stats
                       : c2l_generator_get_w_avg (c2l_engine_get_generator (engine, NULL)) != NULL;
}

/* Loads all that drawing needs on the way, so that the first prompt need not. */
static C2lModelInfo *
make_info (C2lSession *session, GError **error)
{
  C2lEngine *engine = c2l_session_get_engine (session);
  C2lBundle *bundle = c2l_engine_get_bundle (engine);
  C2lGenerator *generator = c2l_engine_get_generator (engine, error);
  gboolean has_prior = c2l_engine_has_prior (engine);
  gboolean has_clip = c2l_bundle_get_file (bundle, C2L_ROLE_CLIP) != NULL;
  C2lModelInfo *info;

  if (generator == NULL || (has_prior && c2l_engine_get_prior (engine, error) == NULL)
      || (has_clip && c2l_engine_get_clip (engine, error) == NULL))
    return NULL;
  info = g_new0 (C2lModelInfo, 1);
  g_atomic_ref_count_init (&info->refs);
  info->bundle = c2l_bundle_ref (bundle);
  info->network = g_strdup (c2l_generator_get_description (generator));
  info->device = dup_device_words (c2l_engine_get_device (engine));
  info->precision = g_strdup (c2l_precision_get_name (c2l_session_get_precision (session)));
  info->has_prior = has_prior;
  info->has_clip = has_clip;
  info->has_previews = c2l_generator_has_previews (generator);
  info->has_transform = c2l_generator_get_kind (generator) == C2L_GENERATOR_STYLEGAN3;
  info->has_truncation = has_truncation (engine);
  info->resolution = c2l_generator_get_img_resolution (generator);
  info->num_ws = c2l_generator_get_num_ws (generator);
  info->w_dim = c2l_generator_get_w_dim (generator);
  info->n_latents = c2l_session_get_n_latents (session);
  info->n_classes = c2l_generator_get_c_dim (generator);
  return info;
}

/* --- opening, on the queue's thread --- */

static C2lSession *
load_session (const char *folder,
              const char *device_name,
              const char *precision_name,
              int threads,
              GError **error)
{
  g_autofree char *merges = c2l_paths_dup_data ("merges.txt.gz");
  g_autoptr (C2lBundle) bundle = c2l_bundle_open (folder, error);
  g_autoptr (C2lDevice) device = bundle != NULL ? c2l_device_open (device_name, error) : NULL;
  g_autoptr (C2lEngine) engine = NULL;
  C2lPrecision precision;

  if (device == NULL)
    return NULL;
  if (!c2l_precision_from_name (precision_name, &precision)
      || !c2l_device_supports (device, precision))
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   "%s cannot compute in precision %s; choose another one in the preferences",
                   c2l_device_get_description (device), precision_name);
      return NULL;
    }
  c2l_device_set_n_threads (device, threads);
  engine = c2l_engine_new (bundle, device, merges);
  return c2l_session_new (engine, precision);
}

/* The session of the open model, loaded again if its memory was let go. */
static C2lSession *
get_session (C2lWorker *self, GError **error)
{
  if (!self->is_open)
    g_set_error_literal (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_BUNDLE,
                         "no model is open; choose one on the page Models");
  else if (self->session == NULL)
    self->session = load_session (self->folder, self->loaded_device, self->loaded_precision,
                                  self->loaded_threads, error);
  return self->session;
}

typedef struct
{
  C2lWorker *worker; /* lent: the worker outlives its queue */
  char *folder, *device, *precision;
  int threads;
} OpenJob;

typedef struct
{
  C2lModelInfo *info;
  C2lTokenizer *words;
} Opened;

static void
open_job_free (gpointer data)
{
  OpenJob *job = data;

  g_free (job->folder);
  g_free (job->device);
  g_free (job->precision);
  g_free (job);
}

static void
opened_free (gpointer data)
{
  Opened *opened = data;

  g_clear_pointer (&opened->info, c2l_model_info_unref);
  g_clear_pointer (&opened->words, c2l_tokenizer_free);
  g_free (opened);
}

/* A vocabulary of the window's own: the engine's goes when memory is let go. */
static C2lTokenizer *
load_words (C2lSession *session)
{
  C2lEngine *engine = c2l_session_get_engine (session);
  C2lTokenizer *tokenizer = c2l_engine_get_tokenizer (engine, NULL);
  const char *own = c2l_bundle_get_merges (c2l_engine_get_bundle (engine));
  g_autofree char *path = own != NULL ? g_strdup (own) : c2l_paths_dup_data ("merges.txt.gz");

  return tokenizer != NULL && path != NULL
             ? c2l_tokenizer_load (path, c2l_tokenizer_get_vocab_size (tokenizer), NULL)
             : NULL;
}

static gpointer
open_model (C2lJob *queued, gpointer data, GError **error)
{
  OpenJob *job = data;
  C2lWorker *self = job->worker;
  g_autoptr (C2lSession) session
      = load_session (job->folder, job->device, job->precision, job->threads, error);
  C2lModelInfo *info = session != NULL ? make_info (session, error) : NULL;
  Opened *opened;

  if (info == NULL)
    return NULL;
  opened = g_new0 (Opened, 1);
  opened->info = info;
  opened->words = info->has_clip ? load_words (session) : NULL;
  g_clear_pointer (&self->session, c2l_session_free);
  self->session = g_steal_pointer (&session);
  g_free (self->folder);
  g_free (self->loaded_device);
  g_free (self->loaded_precision);
  self->folder = g_steal_pointer (&job->folder);
  self->loaded_device = g_steal_pointer (&job->device);
  self->loaded_precision = g_steal_pointer (&job->precision);
  self->loaded_threads = job->threads;
  self->is_open = TRUE;
  return opened;
}

/* --- handing pictures over --- */

/* @frame: what the target makes of the pixels. A picture that cannot be shown is still a picture. */
static GObject *
make_frame (C2lWorker *self, C2lPicture *picture)
{
  g_autoptr (GError) error = NULL;
  gsize size = (gsize) picture->size * picture->size * 3;
  guint8 *room = self->target != NULL ? self->target->klass->map (self->target, picture->size, &error) : NULL;
  GObject *frame = NULL;

  if (room != NULL)
    {
      memcpy (room, picture->pixels, size);
      frame = self->target->klass->unmap (self->target, &error);
    }
  if (error != NULL)
    g_debug ("A picture goes on without a texture: %s", error->message);
  return frame;
}

/* --- generating --- */

typedef struct
{
  gatomicrefcount refs;
  C2lWorker *worker;  /* lent: outlives its queue */
  C2lModelInfo *info; /* (nullable): of the model that was open when it was asked for */
  C2lWorkerEvents events;
  C2lOrder order;
  char **prompts;
  char *sampler;
  C2lJob *job;
  gint64 started;
  guint n_total, n_drawn, n_scored;
} GenerateJob;

static void
generate_job_unref (gpointer data)
{
  GenerateJob *job = data;

  if (!g_atomic_ref_count_dec (&job->refs))
    return;
  g_clear_pointer (&job->info, c2l_model_info_unref);
  g_strfreev (job->prompts);
  g_free (job->sampler);
  g_clear_pointer (&job->order.recipes, g_ptr_array_unref);
  g_clear_pointer (&job->order.edits, g_ptr_array_unref);
  g_free (job);
}

static GenerateJob *
generate_job_ref (GenerateJob *job)
{
  g_atomic_ref_count_inc (&job->refs);
  return job;
}

/* One event on its way to the window's thread; which members count follows from the function that delivers it. */
typedef struct
{
  GenerateJob *job;
  C2lPicture *picture;
  C2lRecipe *recipe;
  GObject *frame;
  guint position;
  gboolean is_preview;
  double fraction, seconds_left;
  char *prompt, *text;
} Event;

static void
event_free (gpointer data)
{
  Event *event = data;

  g_clear_pointer (&event->picture, c2l_picture_unref);
  g_clear_pointer (&event->recipe, c2l_recipe_unref);
  g_clear_object (&event->frame);
  g_free (event->prompt);
  g_free (event->text);
  generate_job_unref (event->job);
  g_free (event);
}

static void
tell (GenerateJob *job, GSourceFunc deliver, Event content)
{
  Event *event = g_memdup2 (&content, sizeof content);

  event->job = generate_job_ref (job);
  c2l_job_tell (job->job, deliver, event, event_free);
}

static gboolean
deliver_progress (gpointer data)
{
  Event *event = data;
  const C2lWorkerEvents *events = &event->job->events;

  if (events->progress != NULL)
    events->progress (event->fraction, event->seconds_left, event->text, events->data);
  return G_SOURCE_REMOVE;
}

static gboolean
deliver_arrival (gpointer data)
{
  Event *event = data;
  const C2lWorkerEvents *events = &event->job->events;
  C2lArrival arrival = { event->position, event->is_preview, event->picture, event->frame };

  if (events->arrived != NULL)
    events->arrived (&arrival, events->data);
  return G_SOURCE_REMOVE;
}

static gboolean
deliver_score (gpointer data)
{
  Event *event = data;
  const C2lWorkerEvents *events = &event->job->events;

  if (events->scored != NULL)
    events->scored (event->position, event->recipe, events->data);
  return G_SOURCE_REMOVE;
}

static gboolean
deliver_dropped (gpointer data)
{
  Event *event = data;
  const C2lWorkerEvents *events = &event->job->events;

  if (events->dropped != NULL)
    events->dropped (event->prompt, event->text, events->data);
  return G_SOURCE_REMOVE;
}

/* The last event: nobody calls the caller's functions any more. */
static gboolean
deliver_end (gpointer data)
{
  Event *event = data;
  C2lWorkerEvents *events = &event->job->events;

  if (events->destroy != NULL)
    events->destroy (events->data);
  events->destroy = NULL;
  return G_SOURCE_REMOVE;
}

static gboolean
deliver_seconds (gpointer data)
{
  Event *event = data;

  if (event->job->info != NULL)
    event->job->info->seconds = event->fraction;
  return G_SOURCE_REMOVE;
}

static void
on_progress (double fraction, const char *stage, gpointer data)
{
  GenerateJob *job = data;
  double seconds = (g_get_monotonic_time () - job->started) / (double) G_USEC_PER_SEC;

  tell (job, deliver_progress,
        (Event){ .fraction = fraction,
                 .seconds_left = fraction > 0 ? seconds * (1 - fraction) / fraction : 0,
                 .text = g_strdup (stage) });
}

/* The window gets the pixels and a recipe of its own; what stays here is changed by scoring. */
static void
send_picture (GenerateJob *job, C2lPicture *picture, guint position, gboolean is_preview)
{
  g_autoptr (C2lRecipe) recipe = c2l_recipe_copy (picture->recipe);
  GObject *frame = make_frame (job->worker, picture);
  C2lPicture *sent = c2l_picture_new (recipe, picture->size, g_steal_pointer (&picture->pixels));

  sent->prompt_index = picture->prompt_index;
  tell (job, deliver_arrival,
        (Event){ .picture = sent, .frame = frame, .position = position, .is_preview = is_preview });
}

static void
on_preview (C2lPicture *picture, guint position, gpointer data)
{
  send_picture (data, picture, position, TRUE);
}

static void
on_drawn (C2lPicture *picture, guint position, gpointer data)
{
  GenerateJob *job = data;

  job->n_drawn++;
  send_picture (job, picture, position, FALSE);
}

/* Pictures are finished in the order in which they were drawn. */
static void
on_finished (C2lPicture *picture, gpointer data)
{
  GenerateJob *job = data;
  guint position = job->n_scored++;

  if (picture->recipe->has_score && job->order.score)
    tell (job, deliver_score,
          (Event){ .recipe = c2l_recipe_copy (picture->recipe), .position = position });
}

static void
on_dropped (const char *prompt, const char *words, gpointer data)
{
  tell (data, deliver_dropped, (Event){ .prompt = g_strdup (prompt), .text = g_strdup (words) });
}

static gboolean
on_step (C2lGenerateStep step, gpointer step_data, GError **error, gpointer data)
{
  GenerateJob *job = data;

  return c2l_job_do (job->job, step, step_data, error);
}

static gpointer
generate (C2lJob *queued, gpointer data, GError **error)
{
  GenerateJob *job = data;
  C2lSession *session = get_session (job->worker, error);
  g_autoptr (GPtrArray) pictures
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  C2lGenerateParams params = { .prompts = (const char *const *) job->prompts,
                               .sampling = job->order.sampling,
                               .edits = job->order.edits,
                               .recipes = job->order.recipes,
                               .preview_size = job->order.preview_size,
                               .max_size = job->order.max_size,
                               .score = job->order.score };
  C2lGenerateCallbacks callbacks = { .progress = on_progress,
                                     .preview = on_preview,
                                     .drawn = on_drawn,
                                     .picture = on_finished,
                                     .dropped = on_dropped,
                                     .step = on_step,
                                     .data = job };
  gboolean ok;

  job->job = queued;
  job->started = g_get_monotonic_time ();
  ok = session != NULL
       && c2l_generate (session, &params, &callbacks, pictures, c2l_job_get_cancellable (queued),
                        error);
  if (job->n_drawn > 0 && job->order.max_size == 0)
    tell (job, deliver_seconds,
          (Event){ .fraction = (g_get_monotonic_time () - job->started) / (double) G_USEC_PER_SEC
                               / job->n_drawn });
  tell (job, deliver_end, (Event){ 0 });
  return ok ? GINT_TO_POINTER (TRUE) : NULL;
}

/* --- drawing one picture --- */

typedef struct
{
  C2lWorker *worker;
  C2lRecipe *recipe;
  int max_size;
  gboolean score;
} DrawJob;

typedef struct
{
  C2lPicture *picture;
  GObject *frame;
} Drawn;

static void
draw_job_free (gpointer data)
{
  DrawJob *job = data;

  c2l_recipe_unref (job->recipe);
  g_free (job);
}

static void
drawn_free (gpointer data)
{
  Drawn *drawn = data;

  c2l_picture_unref (drawn->picture);
  g_clear_object (&drawn->frame);
  g_free (drawn);
}

static gboolean
score_picture (C2lSession *session,
               C2lRecipe *recipe,
               const float *for_clip,
               GCancellable *cancellable,
               GError **error)
{
  int width = c2l_session_get_embed_width (session, error);
  g_autofree float *text = g_new (float, MAX (width, 1));

  if (width == 0
      || !c2l_session_embed_prompt (session, recipe->prompt, text, NULL, cancellable, error)
      || !c2l_session_score (session, for_clip, 1, text, &recipe->score, cancellable, error))
    return FALSE;
  recipe->has_score = TRUE;
  return TRUE;
}

static gpointer
draw (C2lJob *queued, gpointer data, GError **error)
{
  DrawJob *job = data;
  GCancellable *cancellable = c2l_job_get_cancellable (queued);
  C2lSession *session = get_session (job->worker, error);
  gboolean scored = session != NULL && job->score && job->recipe->prompt != NULL
                    && c2l_bundle_get_file (
                           c2l_engine_get_bundle (c2l_session_get_engine (session)), C2L_ROLE_CLIP)
                           != NULL;
  int side = scored ? c2l_session_get_clip_side (session, error) : 0;
  g_autofree float *for_clip = scored ? g_new (float, (gsize) MAX (side, 1) * side * 3) : NULL;
  /* The window's recipe is shown while this one gets its score. */
  g_autoptr (C2lRecipe) recipe = c2l_recipe_copy (job->recipe);
  g_autoptr (C2lPicture) picture = NULL;
  Drawn *drawn;

  if (session == NULL || (scored && side == 0))
    return NULL;
  picture = c2l_session_draw (session, recipe, job->max_size, for_clip, cancellable, error);
  if (picture == NULL || (scored && !score_picture (session, recipe, for_clip, cancellable, error)))
    return NULL;
  drawn = g_new0 (Drawn, 1);
  drawn->frame = make_frame (job->worker, picture);
  drawn->picture = g_steal_pointer (&picture);
  return drawn;
}

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
  C2lSession *session = get_session (job->worker, error);
  C2lJob *outer = job->worker->calling;
  gpointer answer;

  if (session == NULL)
    return NULL;
  job->worker->calling = queued;
  answer = job->func (session, job->data, c2l_job_get_cancellable (queued), error);
  job->worker->calling = outer;
  return answer;
}

static gboolean
do_nothing (gpointer data, GCancellable *cancellable, GError **error)
{
  return TRUE;
}

void
c2l_worker_give_way (C2lWorker *self)
{
  /* A step, however short, lets those go first that wait. */
  if (self->calling != NULL)
    c2l_job_do (self->calling, do_nothing, NULL, NULL);
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

static gpointer
release (C2lJob *queued, gpointer data, GError **error)
{
  C2lWorker *self = data;

  g_clear_pointer (&self->session, c2l_session_free);
  return GINT_TO_POINTER (TRUE);
}

static void
push (C2lWorker *self,
      GTask *task,
      C2lJobKind kind,
      gconstpointer key,
      C2lJobFunc func,
      gpointer data,
      GDestroyNotify data_free,
      GDestroyNotify result_free);

void
c2l_worker_release_memory (C2lWorker *self)
{
  g_return_if_fail (C2L_IS_WORKER (self));
  g_clear_handle_id (&self->idle_source, g_source_remove);
  c2l_queue_push (self->queue, g_task_new (self, NULL, NULL, NULL), C2L_JOB_BATCH, release, release,
                  self, NULL, NULL);
}

static gboolean
on_idle_timeout (gpointer data)
{
  C2lWorker *self = data;

  if (c2l_queue_count (self->queue) > 0)
    return G_SOURCE_CONTINUE;
  self->idle_source = 0;
  c2l_worker_release_memory (self);
  return G_SOURCE_REMOVE;
}

static void
restart_idle_timer (C2lWorker *self)
{
  g_autoptr (GSource) source = NULL;

  if (self->idle_source != 0)
    g_source_destroy (g_main_context_find_source_by_id (self->context, self->idle_source));
  self->idle_source = 0;
  if (self->idle_seconds == 0)
    return;
  source = g_timeout_source_new_seconds (self->idle_seconds);
  g_source_set_callback (source, on_idle_timeout, self, NULL);
  self->idle_source = g_source_attach (source, self->context);
}

void
c2l_worker_set_idle_timeout (C2lWorker *self, guint seconds)
{
  g_return_if_fail (C2L_IS_WORKER (self));
  self->idle_seconds = seconds;
  restart_idle_timer (self);
}

static void
push (C2lWorker *self,
      GTask *task,
      C2lJobKind kind,
      gconstpointer key,
      C2lJobFunc func,
      gpointer data,
      GDestroyNotify data_free,
      GDestroyNotify result_free)
{
  restart_idle_timer (self);
  c2l_queue_push (self->queue, task, kind, key, func, data, data_free, result_free);
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
  self->threads = threads;
}

void
c2l_worker_set_target (C2lWorker *self, C2lTarget *target)
{
  g_return_if_fail (C2L_IS_WORKER (self) && self->target == NULL);
  self->target = target;
}

void
c2l_worker_open_async (C2lWorker *self,
                       const char *folder,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer data)
{
  OpenJob *job = g_new0 (OpenJob, 1);

  g_return_if_fail (C2L_IS_WORKER (self) && folder != NULL);
  job->worker = self;
  job->folder = g_strdup (folder);
  job->device = g_strdup (self->device_name);
  job->precision = g_strdup (self->precision_name);
  job->threads = self->threads;
  push (self, g_task_new (self, cancellable, callback, data), C2L_JOB_BATCH, NULL, open_model, job,
        open_job_free, opened_free);
}

C2lModelInfo *
c2l_worker_open_finish (C2lWorker *self, GAsyncResult *result, GError **error)
{
  Opened *opened = g_task_propagate_pointer (G_TASK (result), error);

  if (opened == NULL)
    return NULL;
  g_clear_pointer (&self->info, c2l_model_info_unref);
  g_clear_pointer (&self->words, c2l_tokenizer_free);
  self->info = c2l_model_info_ref (opened->info);
  self->words = g_steal_pointer (&opened->words);
  opened_free (opened);
  return c2l_model_info_ref (self->info);
}

static GPtrArray *
copy_recipes (GPtrArray *recipes)
{
  GPtrArray *copies;

  if (recipes == NULL)
    return NULL;
  copies = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);
  for (guint i = 0; i < recipes->len; i++)
    g_ptr_array_add (copies, c2l_recipe_copy (g_ptr_array_index (recipes, i)));
  return copies;
}

static GPtrArray *
copy_edits (GPtrArray *edits)
{
  GPtrArray *copies;

  if (edits == NULL)
    return NULL;
  copies = c2l_recipe_edits_new ();
  for (guint i = 0; i < edits->len; i++)
    g_ptr_array_add (copies, c2l_recipe_edit_copy (g_ptr_array_index (edits, i)));
  return copies;
}

void
c2l_worker_generate_async (C2lWorker *self,
                           const C2lOrder *order,
                           const C2lWorkerEvents *events,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer data)
{
  GenerateJob *job = g_new0 (GenerateJob, 1);

  g_return_if_fail (C2L_IS_WORKER (self));
  g_atomic_ref_count_init (&job->refs);
  job->worker = self;
  job->info = self->info != NULL ? c2l_model_info_ref (self->info) : NULL;
  job->order = *order;
  if (events != NULL)
    job->events = *events;
  job->prompts = g_strdupv ((char **) order->prompts);
  job->order.sampling.sampler = job->sampler = g_strdup (order->sampling.sampler);
  job->order.recipes = copy_recipes (order->recipes);
  job->order.edits = copy_edits (order->edits);
  push (self, g_task_new (self, cancellable, callback, data), C2L_JOB_BATCH, NULL, generate, job,
        generate_job_unref, NULL);
}

gboolean
c2l_worker_generate_finish (C2lWorker *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error) != NULL;
}

void
c2l_worker_draw_async (C2lWorker *self,
                       C2lRecipe *recipe,
                       int max_size,
                       gboolean score,
                       gconstpointer key,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer data)
{
  DrawJob *job = g_new0 (DrawJob, 1);

  g_return_if_fail (C2L_IS_WORKER (self) && recipe != NULL);
  job->worker = self;
  job->recipe = c2l_recipe_ref (recipe);
  job->max_size = max_size;
  job->score = score;
  push (self, g_task_new (self, cancellable, callback, data), C2L_JOB_INTERACTIVE, key, draw, job,
        draw_job_free, drawn_free);
}

C2lPicture *
c2l_worker_draw_finish (C2lWorker *self, GAsyncResult *result, GObject **frame, GError **error)
{
  Drawn *drawn = g_task_propagate_pointer (G_TASK (result), error);
  C2lPicture *picture;

  if (frame != NULL)
    *frame = NULL;
  if (drawn == NULL)
    return NULL;
  picture = c2l_picture_ref (drawn->picture);
  if (frame != NULL)
    *frame = g_steal_pointer (&drawn->frame);
  drawn_free (drawn);
  return picture;
}

/* A prompt takes some microseconds, so that it is looked at here and now and need not wait for a picture. */
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
  push (self, g_task_new (self, cancellable, callback, data),
        interactive ? C2L_JOB_INTERACTIVE : C2L_JOB_BATCH, NULL, call, job, call_job_free,
        result_free);
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
  if (self->idle_source != 0)
    g_source_destroy (g_main_context_find_source_by_id (self->context, self->idle_source));
  self->idle_source = 0;
  c2l_queue_stop (self->queue);
}

static void
c2l_worker_finalize (GObject *object)
{
  C2lWorker *self = C2L_WORKER (object);

  c2l_worker_stop (self);
  c2l_queue_free (self->queue);
  g_clear_pointer (&self->session, c2l_session_free);
  g_clear_pointer (&self->target, c2l_target_free);
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
}

static void
c2l_worker_init (C2lWorker *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->queue = c2l_queue_new ("engine");
  self->device_name = g_strdup ("cpu");
  self->precision_name = g_strdup (c2l_precision_get_name (C2L_DEFAULT_PRECISION));
}

C2lWorker *
c2l_worker_new (void)
{
  return g_object_new (C2L_TYPE_WORKER, NULL);
}
