/* How a worker opens a model: loads it, says what it is, warms it in the background, and lets its
 * memory go. What the queue's thread owns is touched by the jobs alone, see worker-private.h. */
#include "studio/generate.h"
#include "studio/worker-private.h"

#include <glib/gi18n-lib.h>

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
  gboolean has_clip = c2l_engine_has_clip (engine);
  C2lModelInfo *info;

  if (generator == NULL || (has_prior && c2l_engine_get_prior (engine, error) == NULL)
      || (has_clip && c2l_engine_get_clip (engine, error) == NULL))
    return NULL;
  info = g_new0 (C2lModelInfo, 1);
  g_atomic_ref_count_init (&info->refs);
  info->bundle = c2l_bundle_ref (bundle);
  info->network = g_strdup (c2l_generator_get_description (generator));
  info->device = c2l_worker_dup_device_words (c2l_engine_get_device (engine));
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

void
c2l_worker_take_session (C2lWorker *self, C2lSession *session)
{
  g_clear_pointer (&self->session, c2l_session_free);
  self->session = session;
  self->generation++;
  g_atomic_int_set (&self->is_loaded, session != NULL);
}

C2lSession *
c2l_worker_get_session (C2lWorker *self, GError **error)
{
  if (!self->is_open)
    g_set_error_literal (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_BUNDLE,
                         _ ("no model is open; choose one on the page Models"));
  else if (self->session == NULL)
    {
      g_autoptr (GError) local_error = NULL;

      c2l_worker_take_session (self, c2l_worker_load_session (self->folder, self->loaded_device,
                                                              self->loaded_precision,
                                                              self->loaded_threads, &local_error));
      if (self->session == NULL && !c2l_worker_leave_gpu (self, local_error))
        g_propagate_error (error, g_steal_pointer (&local_error));
    }
  return self->session;
}

void
c2l_worker_explain (C2lWorker *self, GError **error)
{
  if (error == NULL || *error == NULL || !self->is_open || c2l_bundle_is_bundle (self->folder)
      || g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_error (error);
  g_set_error (
      error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_BUNDLE,
      _ ("%s: the model is gone from the disk; bring the folder back, or choose another one "
         "on the page Models"),
      self->folder);
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
  guint generation;
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

  return tokenizer != NULL ? c2l_tokenizer_load (c2l_engine_get_merges (engine),
                                                 c2l_tokenizer_get_vocab_size (tokenizer), NULL)
                           : NULL;
}

static C2lSession *
load_model (const OpenJob *job, C2lModelInfo **info, GError **error)
{
  g_autoptr (C2lSession) session
      = c2l_worker_load_session (job->folder, job->device, job->precision, job->threads, error);

  *info = session != NULL ? make_info (session, error) : NULL;
  return *info != NULL ? g_steal_pointer (&session) : NULL;
}

/* Two models need not have room beside each other, and a GPU that cannot be used leaves the
 * processor. */
static C2lSession *
load_somewhere (OpenJob *job, C2lModelInfo **info, GError **error)
{
  C2lWorker *self = job->worker;
  g_autoptr (GError) reason = NULL;
  g_autoptr (C2lSession) session = load_model (job, info, &reason);

  g_ptr_array_set_size (self->lost, 0);
  if (session == NULL && self->session != NULL
      && g_error_matches (reason, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_MEMORY))
    {
      g_clear_error (&reason);
      c2l_worker_take_session (self, NULL);
      session = load_model (job, info, &reason);
    }
  if (session == NULL)
    {
      session = c2l_worker_load_without_gpu (self, job->folder, &job->device, &job->precision,
                                             job->threads, reason);
      if (session == NULL)
        {
          g_propagate_error (error, g_steal_pointer (&reason));
          return NULL;
        }
      *info = make_info (session, error);
    }
  return *info != NULL ? g_steal_pointer (&session) : NULL;
}

static gpointer
open_model (C2lJob *queued, gpointer data, GError **error)
{
  OpenJob *job = data;
  C2lWorker *self = job->worker;
  C2lModelInfo *info;
  g_autoptr (C2lSession) session = load_somewhere (job, &info, error);
  Opened *opened;

  if (session == NULL)
    return NULL;
  opened = g_new0 (Opened, 1);
  opened->info = info;
  opened->words = info->has_clip ? load_words (session) : NULL;
  c2l_worker_take_session (self, g_steal_pointer (&session));
  g_free (self->folder);
  g_free (self->loaded_device);
  g_free (self->loaded_precision);
  self->folder = g_steal_pointer (&job->folder);
  self->loaded_device = g_steal_pointer (&job->device);
  self->loaded_precision = g_steal_pointer (&job->precision);
  self->loaded_threads = job->threads;
  self->is_open = TRUE;
  opened->generation = self->generation;
  return opened;
}

/* --- warming, in the background --- */

typedef struct
{
  C2lWorker *worker;
  guint generation; /* of the session that is to be warmed */
  C2lModelInfo *info;
  float *text; /* (nullable) */
  C2lRecipe *recipe;
  float *for_clip; /* (nullable) */
} Warming;

static void
warming_free (gpointer data)
{
  Warming *warming = data;

  c2l_model_info_unref (warming->info);
  g_clear_pointer (&warming->recipe, c2l_recipe_unref);
  g_free (warming->text);
  g_free (warming->for_clip);
  g_free (warming);
}

/* The lengths of prompt that people type most. */
static gboolean
warm_reading (Warming *warming, C2lSession *session, GCancellable *cancellable, GError **error)
{
  static const char *const prompts[] = { "a man with a beard and a hat and red hair", "a face" };
  int width = warming->info->has_clip ? c2l_session_get_embed_width (session, error) : 0;

  if (!warming->info->has_clip)
    return TRUE;
  g_free (warming->text);
  warming->text = g_new (float, MAX (width, 1));
  for (guint i = 0; i < G_N_ELEMENTS (prompts); i++)
    if (width == 0
        || !c2l_session_embed_text (session, prompts[i], warming->text, NULL, cancellable, error))
      return FALSE;
  return TRUE;
}

static gboolean
warm_sampling (Warming *warming, C2lSession *session, GCancellable *cancellable, GError **error)
{
  C2lGenerateParams params;
  g_autoptr (GPtrArray) recipes = NULL;

  c2l_generate_params_init (&params, warming->info->bundle);
  recipes = warming->info->has_prior && warming->text != NULL
                ? c2l_session_sample (session, "a face", warming->text, &params.sampling,
                                      cancellable, error)
                : c2l_session_sample_z (session, &params.sampling, cancellable, error);
  c2l_generate_params_clear (&params);
  if (recipes == NULL)
    return FALSE;
  g_clear_pointer (&warming->recipe, c2l_recipe_unref);
  warming->recipe = c2l_recipe_ref (g_ptr_array_index (recipes, 0));
  return TRUE;
}

static gboolean
warm_drawing (Warming *warming, C2lSession *session, GCancellable *cancellable, GError **error)
{
  int side = warming->text != NULL ? c2l_session_get_clip_side (session, error) : 0;
  g_autoptr (C2lPicture) picture = NULL;

  if (warming->text != NULL && side == 0)
    return FALSE;
  if (warming->for_clip == NULL && side > 0)
    warming->for_clip = g_new (float, (gsize) side *side * 3);
  picture = c2l_session_draw (session, warming->recipe, 0, warming->for_clip, cancellable, error);
  return picture != NULL;
}

static gboolean
warm_looking (Warming *warming, C2lSession *session, GCancellable *cancellable, GError **error)
{
  double score;

  return warming->for_clip == NULL
         || c2l_session_score (session, warming->for_clip, 1, warming->text, &score, cancellable,
                               error);
}

/* The second drawing is the one that is measured: the first one touches its memory for the first
 * time. */
static gboolean (*const warming_steps[]) (Warming *, C2lSession *, GCancellable *, GError **)
    = { warm_reading, warm_sampling, warm_drawing, warm_drawing, warm_looking };

typedef struct
{
  Warming *warming;
  guint step;
} WarmingStep;

static gboolean
is_current (Warming *warming)
{
  return warming->worker->session != NULL && warming->generation == warming->worker->generation;
}

static gboolean
do_warming_step (gpointer data, GCancellable *cancellable, GError **error)
{
  WarmingStep *step = data;
  Warming *warming = step->warming;

  /* What was more urgent may have opened another model. */
  return !is_current (warming)
         || warming_steps[step->step](warming, warming->worker->session, cancellable, error);
}

typedef struct
{
  C2lModelInfo *info;
  double seconds;
} Measured;

static void
measured_free (gpointer data)
{
  Measured *measured = data;

  c2l_model_info_unref (measured->info);
  g_free (measured);
}

static gboolean
deliver_seconds (gpointer data)
{
  Measured *measured = data;

  measured->info->seconds = measured->seconds;
  return G_SOURCE_REMOVE;
}

void
c2l_worker_tell_seconds (C2lJob *job, C2lModelInfo *info, C2lSession *session)
{
  double seconds = c2l_session_get_picture_seconds (session);
  Measured *measured;

  if (seconds <= 0)
    return;
  measured = g_new (Measured, 1);
  *measured = (Measured){ c2l_model_info_ref (info), seconds };
  c2l_job_tell (job, deliver_seconds, measured, measured_free);
}

/* Makes the first prompt as quick as the next ones and knows then how long a picture takes. What
 * fails here fails there again, and is told there. */
static gpointer
warm (C2lJob *queued, gpointer data, GError **error)
{
  Warming *warming = data;

  for (guint i = 0; i < G_N_ELEMENTS (warming_steps) && is_current (warming); i++)
    if (!c2l_job_do (queued, do_warming_step, &(WarmingStep){ warming, i }, error))
      {
        c2l_worker_leave_gpu (warming->worker, *error);
        return NULL;
      }
  if (is_current (warming))
    c2l_worker_tell_seconds (queued, warming->info, warming->worker->session);
  return NULL;
}

/* --- letting memory go --- */

static gpointer
release (C2lJob *queued, gpointer data, GError **error)
{
  C2lWorker *self = data;

  c2l_worker_take_session (self, NULL);
  g_ptr_array_set_size (self->lost, 0);
  return NULL;
}

void
c2l_worker_release_memory (C2lWorker *self)
{
  g_return_if_fail (C2L_IS_WORKER (self));
  c2l_queue_push (self->queue, g_task_new (self, NULL, NULL, NULL), C2L_JOB_BATCH, release, release,
                  self, NULL, NULL);
}

gboolean
c2l_worker_is_loaded (C2lWorker *self)
{
  g_return_val_if_fail (C2L_IS_WORKER (self), FALSE);
  return g_atomic_int_get (&self->is_loaded);
}

/* --- the window's side --- */

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
  c2l_worker_push (self, g_task_new (self, cancellable, callback, data), C2L_JOB_BATCH, NULL,
                   open_model, job, open_job_free, opened_free);
}

C2lModelInfo *
c2l_worker_open_finish (C2lWorker *self, GAsyncResult *result, GError **error)
{
  Opened *opened = g_task_propagate_pointer (G_TASK (result), error);
  Warming *warming;

  if (opened == NULL)
    return NULL;
  g_clear_pointer (&self->info, c2l_model_info_unref);
  g_clear_pointer (&self->words, c2l_tokenizer_free);
  self->info = c2l_model_info_ref (opened->info);
  self->words = g_steal_pointer (&opened->words);
  warming = g_new0 (Warming, 1);
  warming->worker = self;
  warming->generation = opened->generation;
  warming->info = c2l_model_info_ref (self->info);
  c2l_worker_push (self, g_task_new (self, NULL, NULL, NULL), C2L_JOB_BACKGROUND, warm, warm,
                   warming, warming_free, NULL);
  opened_free (opened);
  return c2l_model_info_ref (self->info);
}
