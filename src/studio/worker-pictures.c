/* The jobs of a worker that draw: batches over studio/generate, and single pictures for the hand. A
 * job takes copies of what it was given, and what it sends to the window's thread is that thread's
 * alone. */
#include "studio/generate.h"
#include "studio/worker-private.h"

#include <string.h>

/* --- handing pictures over --- */

/* @frame: what the target makes of the pixels, if it has not by itself. A picture that cannot be
 * shown is still a picture. */
static GObject *
make_frame (C2lWorker *self, C2lPicture *picture)
{
  g_autoptr (GError) error = NULL;

  if (picture->frame != NULL)
    return g_steal_pointer (&picture->frame);

  gsize size = (gsize) picture->size * picture->size * 3;
  guint8 *room = self->target != NULL
                     ? self->target->klass->map (self->target, picture->size, &error)
                     : NULL;
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
  guint n_total;
  /* The queue's thread. */
  C2lJob *job;
  C2lSession *session;
  gint64 started;
  guint n_scored;
  gboolean has_sent; /* the window has something of it */
} GenerateJob;

static void
generate_job_unref (gpointer data)
{
  GenerateJob *job = data;

  if (!g_atomic_ref_count_dec (&job->refs))
    return;
  if (job->events.destroy != NULL)
    job->events.destroy (job->events.data);
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

/* One event on its way to the window's thread; which members count follows from the function that
 * delivers it. */
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

/* By what was done so far; before the first picture by what one took another time; negative: not
 * known. */
static double
estimate_seconds_left (GenerateJob *job, double fraction)
{
  double elapsed = (g_get_monotonic_time () - job->started) / (double) G_USEC_PER_SEC;
  double picture = job->order.max_size == 0 ? c2l_session_get_picture_seconds (job->session) : 0;

  if (fraction > 0)
    return elapsed * (1 - fraction) / fraction;
  return picture > 0 ? picture * job->n_total : -1;
}

static void
on_progress (double fraction, const char *stage, gpointer data)
{
  GenerateJob *job = data;

  tell (job, deliver_progress,
        (Event){ .fraction = fraction,
                 .seconds_left = estimate_seconds_left (job, fraction),
                 .text = g_strdup (stage) });
}

/* The window gets the pixels and a recipe of its own; what stays here is changed by scoring. */
static void
send_picture (GenerateJob *job, C2lPicture *picture, guint position, gboolean is_preview)
{
  g_autoptr (C2lRecipe) recipe = c2l_recipe_copy (picture->recipe);
  GObject *frame = make_frame (job->worker, picture);
  C2lPicture *sent = c2l_picture_new (recipe, picture->size, g_steal_pointer (&picture->pixels));

  job->has_sent = TRUE;
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
  g_autoptr (GError) local_error = NULL;
  C2lTarget *before = NULL;
  gboolean ok;

  job->job = queued;
  job->started = g_get_monotonic_time ();
  do
    {
      g_clear_error (&local_error);
      g_ptr_array_set_size (pictures, 0);
      job->session = c2l_worker_get_session (job->worker, &local_error);
      if (job->session != NULL)
        before = c2l_session_show_on (job->session, job->worker->target);
      ok = job->session != NULL
           && c2l_generate (job->session, &params, &callbacks, pictures,
                            c2l_job_get_cancellable (queued), &local_error);
      /* It may have been let go while this job gave way to others. */
      if (job->session != NULL && job->session == job->worker->session)
        c2l_session_show_on (job->session, before);
    }
  while (!ok && c2l_worker_leave_gpu (job->worker, local_error) && !job->has_sent);
  if (job->session != NULL && job->session == job->worker->session && job->info != NULL)
    c2l_worker_tell_seconds (queued, job->info, job->session);
  if (!ok)
    {
      c2l_worker_explain (job->worker, &local_error);
      g_propagate_error (error, g_steal_pointer (&local_error));
    }
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

static C2lPicture *
draw_recipe (DrawJob *job, GCancellable *cancellable, GError **error)
{
  C2lSession *session = c2l_worker_get_session (job->worker, error);
  /* The window's recipe is shown while this one gets its score. */
  g_autoptr (C2lRecipe) recipe = c2l_recipe_copy (job->recipe);
  g_autoptr (C2lPicture) picture = NULL;
  g_autofree float *for_clip = NULL;
  C2lTarget *before;

  if (session == NULL)
    return NULL;
  if (job->score && recipe->prompt != NULL
      && c2l_engine_has_clip (c2l_session_get_engine (session)))
    {
      int side = c2l_session_get_clip_side (session, error);

      if (side == 0)
        return NULL;
      for_clip = g_new (float, (gsize) side *side * 3);
    }
  before = c2l_session_show_on (session, job->worker->target);
  picture = c2l_session_draw (session, recipe, job->max_size, for_clip, cancellable, error);
  c2l_session_show_on (session, before);
  if (picture == NULL
      || (for_clip != NULL && !score_picture (session, recipe, for_clip, cancellable, error)))
    return NULL;
  return g_steal_pointer (&picture);
}

static gpointer
draw (C2lJob *queued, gpointer data, GError **error)
{
  DrawJob *job = data;
  g_autoptr (GError) local_error = NULL;
  C2lPicture *picture;
  Drawn *drawn;

  do
    {
      g_clear_error (&local_error);
      picture = draw_recipe (job, c2l_job_get_cancellable (queued), &local_error);
    }
  while (picture == NULL && c2l_worker_leave_gpu (job->worker, local_error));
  if (picture == NULL)
    {
      c2l_worker_explain (job->worker, &local_error);
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  drawn = g_new0 (Drawn, 1);
  drawn->frame = make_frame (job->worker, picture);
  drawn->picture = picture;
  return drawn;
}

/* --- the window's side --- */

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
  job->n_total = order->recipes != NULL
                     ? order->recipes->len
                     : order->sampling.n
                           * (job->prompts != NULL ? MAX (g_strv_length (job->prompts), 1) : 1);
  c2l_worker_push (self, g_task_new (self, cancellable, callback, data), C2L_JOB_BATCH, NULL,
                   generate, job, generate_job_unref, NULL);
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
  c2l_worker_push (self, g_task_new (self, cancellable, callback, data), C2L_JOB_INTERACTIVE, key,
                   draw, job, draw_job_free, drawn_free);
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
