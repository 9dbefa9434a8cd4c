/* Requests to the worker. A request owns copies of all that it needs, so that nothing of the
 * window's is touched on the worker's thread. */
#include "studio/workshop.h"

#include "studio/look-alike.h"
#include "studio/session.h"

/* Progress is told in steps of a hundredth. */
#define PROGRESS_STEP 0.01

typedef struct
{
  C2lWorker *worker;  /* lent: it outlives its jobs */
  GPtrArray *recipes; /* copies */
  C2lInBetweens in_betweens;
  C2lFoundPca pca;
  C2lWords words;
  C2lSampling sampling;
  char *file, *sampler, *prompt, *from, *to;
  double strength;
  guint64 seed;
  int n, first_layer, last_layer;
  gboolean score;
  C2lWorkshopProgress progress;
  gpointer progress_data;
  double told;
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  g_ptr_array_unref (request->recipes);
  g_free (request->file);
  g_free (request->sampler);
  g_free (request->prompt);
  g_free (request->from);
  g_free (request->to);
  g_free (request);
}

static Request *
request_new (C2lWorker *worker)
{
  Request *request = g_new0 (Request, 1);

  request->worker = worker;
  request->recipes = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);
  return request;
}

static void
take_copies (Request *request, GPtrArray *recipes)
{
  for (guint i = 0; i < recipes->len; i++)
    g_ptr_array_add (request->recipes, c2l_recipe_copy (g_ptr_array_index (recipes, i)));
}

static void
copy_sampling (Request *request, const C2lSampling *sampling)
{
  request->sampling = *sampling;
  request->sampling.sampler = request->sampler = g_strdup (sampling->sampler);
}

/* --- progress --- */

typedef struct
{
  C2lWorkshopProgress func;
  gpointer data;
  double fraction;
} Event;

static gboolean
deliver (gpointer data)
{
  Event *event = data;

  event->func (event->fraction, event->data);
  return G_SOURCE_REMOVE;
}

static void
on_progress (double fraction, gpointer data)
{
  Request *request = data;

  if (request->progress != NULL && (fraction - request->told >= PROGRESS_STEP || fraction >= 1))
    {
      Event *event = g_new (Event, 1);

      *event = (Event){ request->progress, request->progress_data, fraction };
      request->told = fraction;
      c2l_worker_invoke (request->worker, deliver, event, g_free);
    }
  /* Cancelling is heard by the work itself. */
  c2l_worker_give_way (request->worker, NULL);
}

/* --- on the worker's thread --- */

static gpointer
do_in_betweens (C2lSession *session, gpointer data, GCancellable *cancellable, GError **error)
{
  Request *request = data;
  return c2l_blend_in_betweens (session, request->recipes, &request->in_betweens, error);
}

static gpointer
do_vary (C2lSession *session, gpointer data, GCancellable *cancellable, GError **error)
{
  Request *request = data;
  return c2l_blend_vary (session, g_ptr_array_index (request->recipes, 0), request->strength,
                         request->seed, request->n, cancellable, error);
}

static gpointer
do_more_like (C2lSession *session, gpointer data, GCancellable *cancellable, GError **error)
{
  Request *request = data;
  return c2l_blend_more_like (session, request->recipes, request->strength, request->seed,
                              request->n, cancellable, error);
}

static gpointer
do_look_alikes (C2lSession *session, gpointer data, GCancellable *cancellable, GError **error)
{
  Request *request = data;
  return c2l_look_alikes_find (session, request->file, &request->sampling, request->score,
                               &(C2lProgress){ on_progress, request }, cancellable, error);
}

static gpointer
do_styles (C2lSession *session, gpointer data, GCancellable *cancellable, GError **error)
{
  Request *request = data;
  C2lRows *rows = g_new0 (C2lRows, 1);

  if (c2l_session_get_styles (session, g_ptr_array_index (request->recipes, 0), rows, error))
    return rows;
  c2l_rows_free (rows);
  return NULL;
}

static gpointer
do_find_pca (C2lSession *session, gpointer data, GCancellable *cancellable, GError **error)
{
  Request *request = data;
  return c2l_found_pca (session, &request->pca, &(C2lProgress){ on_progress, request }, cancellable,
                        error);
}

static gpointer
do_find_styles (C2lSession *session, gpointer data, GCancellable *cancellable, GError **error)
{
  Request *request = data;
  return c2l_found_styles (session, request->first_layer, request->last_layer, request->n,
                           cancellable, error);
}

static gpointer
do_find_words (C2lSession *session, gpointer data, GCancellable *cancellable, GError **error)
{
  Request *request = data;
  return c2l_words_find (session, &request->words, &(C2lProgress){ on_progress, request },
                         cancellable, error);
}

typedef struct
{
  C2lShelf *shelf;
  char *notice;
} OpenedShelf;

static void
opened_shelf_free (gpointer data)
{
  OpenedShelf *opened = data;

  g_clear_pointer (&opened->shelf, c2l_shelf_unref);
  g_free (opened->notice);
  g_free (opened);
}

static gpointer
do_open_shelf (C2lSession *session, gpointer data, GCancellable *cancellable, GError **error)
{
  OpenedShelf *opened = g_new0 (OpenedShelf, 1);

  opened->shelf
      = c2l_shelf_open (c2l_engine_get_bundle (c2l_session_get_engine (session)), &opened->notice);
  return opened;
}

/* --- in the window --- */

static void
send (Request *request,
      gboolean interactive,
      C2lWorkerFunc func,
      GDestroyNotify result_free,
      GCancellable *cancellable,
      GAsyncReadyCallback callback,
      gpointer data)
{
  c2l_worker_call_async (request->worker, interactive, func, request, request_free, result_free,
                         cancellable, callback, data);
}

void
c2l_workshop_in_betweens_async (C2lWorker *worker,
                                GPtrArray *recipes,
                                const C2lInBetweens *options,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer data)
{
  Request *request = request_new (worker);

  take_copies (request, recipes);
  request->in_betweens = *options;
  send (request, TRUE, do_in_betweens, (GDestroyNotify) g_ptr_array_unref, cancellable, callback,
        data);
}

void
c2l_workshop_vary_async (C2lWorker *worker,
                         C2lRecipe *recipe,
                         double strength,
                         guint64 seed,
                         int n,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data)
{
  Request *request = request_new (worker);

  g_ptr_array_add (request->recipes, c2l_recipe_copy (recipe));
  request->strength = strength;
  request->seed = seed;
  request->n = n;
  send (request, TRUE, do_vary, (GDestroyNotify) g_ptr_array_unref, cancellable, callback, data);
}

void
c2l_workshop_more_like_async (C2lWorker *worker,
                              GPtrArray *recipes,
                              double strength,
                              guint64 seed,
                              int n,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer data)
{
  Request *request = request_new (worker);

  take_copies (request, recipes);
  request->strength = strength;
  request->seed = seed;
  request->n = n;
  send (request, TRUE, do_more_like, (GDestroyNotify) g_ptr_array_unref, cancellable, callback,
        data);
}

void
c2l_workshop_look_alikes_async (C2lWorker *worker,
                                const char *file,
                                const C2lSampling *sampling,
                                gboolean score,
                                C2lWorkshopProgress progress,
                                gpointer progress_data,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer data)
{
  Request *request = request_new (worker);

  request->file = g_strdup (file);
  copy_sampling (request, sampling);
  request->score = score;
  request->progress = progress;
  request->progress_data = progress_data;
  send (request, FALSE, do_look_alikes, (GDestroyNotify) g_ptr_array_unref, cancellable, callback,
        data);
}

GPtrArray *
c2l_workshop_recipes_finish (C2lWorker *worker, GAsyncResult *result, GError **error)
{
  return c2l_worker_call_finish (worker, result, error);
}

void
c2l_workshop_styles_async (C2lWorker *worker,
                           C2lRecipe *recipe,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer data)
{
  Request *request = request_new (worker);

  g_ptr_array_add (request->recipes, c2l_recipe_copy (recipe));
  send (request, TRUE, do_styles, (GDestroyNotify) c2l_rows_free, cancellable, callback, data);
}

C2lRows *
c2l_workshop_styles_finish (C2lWorker *worker, GAsyncResult *result, GError **error)
{
  return c2l_worker_call_finish (worker, result, error);
}

void
c2l_workshop_find_pca_async (C2lWorker *worker,
                             const C2lFoundPca *options,
                             C2lWorkshopProgress progress,
                             gpointer progress_data,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer data)
{
  Request *request = request_new (worker);

  request->pca = *options;
  request->pca.prompt = request->prompt = g_strdup (options->prompt);
  if (options->sampling != NULL)
    {
      copy_sampling (request, options->sampling);
      request->pca.sampling = &request->sampling;
    }
  request->progress = progress;
  request->progress_data = progress_data;
  send (request, FALSE, do_find_pca, (GDestroyNotify) g_ptr_array_unref, cancellable, callback,
        data);
}

void
c2l_workshop_find_styles_async (C2lWorker *worker,
                                int first_layer,
                                int last_layer,
                                int n,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer data)
{
  Request *request = request_new (worker);

  request->first_layer = first_layer;
  request->last_layer = last_layer;
  request->n = n;
  send (request, FALSE, do_find_styles, (GDestroyNotify) g_ptr_array_unref, cancellable, callback,
        data);
}

GPtrArray *
c2l_workshop_found_finish (C2lWorker *worker, GAsyncResult *result, GError **error)
{
  return c2l_worker_call_finish (worker, result, error);
}

void
c2l_workshop_find_words_async (C2lWorker *worker,
                               const C2lWords *words,
                               C2lWorkshopProgress progress,
                               gpointer progress_data,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer data)
{
  Request *request = request_new (worker);

  request->words = *words;
  request->words.from = request->from = g_strdup (words->from);
  request->words.to = request->to = g_strdup (words->to);
  copy_sampling (request, words->sampling);
  request->words.sampling = &request->sampling;
  request->progress = progress;
  request->progress_data = progress_data;
  send (request, FALSE, do_find_words, (GDestroyNotify) c2l_words_result_free, cancellable,
        callback, data);
}

C2lWordsResult *
c2l_workshop_words_finish (C2lWorker *worker, GAsyncResult *result, GError **error)
{
  return c2l_worker_call_finish (worker, result, error);
}

void
c2l_workshop_open_shelf_async (C2lWorker *worker,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer data)
{
  send (request_new (worker), TRUE, do_open_shelf, opened_shelf_free, cancellable, callback, data);
}

C2lShelf *
c2l_workshop_open_shelf_finish (C2lWorker *worker,
                                GAsyncResult *result,
                                char **notice,
                                GError **error)
{
  OpenedShelf *opened = c2l_worker_call_finish (worker, result, error);
  C2lShelf *shelf = opened != NULL ? g_steal_pointer (&opened->shelf) : NULL;

  *notice = opened != NULL ? g_steal_pointer (&opened->notice) : NULL;
  if (opened != NULL)
    opened_shelf_free (opened);
  return shelf;
}
