/* C2lWorker: the one thread that owns the device and the open model, and the jobs that wait for it.
 *
 *   C2lWorker *worker = c2l_worker_new ();
 *   c2l_worker_open_async (worker, "data/starter", cancellable, opened, data);
 *   c2l_worker_generate_async (worker, &order, &events, cancellable, finished, data);
 *   c2l_worker_draw_async (worker, recipe, 64, slider, cancellable, drawn, data);
 *
 * All functions are called from the thread that made the worker, return at once, and answer in that thread's main context. Interactive jobs
 * (drawing one picture) come before batches; a batch gives way between the operations of a picture, which it draws again later.
 * Every job can be cancelled; a cancelled one answers G_IO_ERROR_CANCELLED after what it had finished was handed on. */
#pragma once

#include "studio/bundle.h"
#include "studio/picture.h"
#include "studio/sampling.h"
#include "studio/target.h"

G_BEGIN_DECLS

/* What is known of the open model; reference-counted. Belongs to the thread that made the worker; @seconds changes, and @device and
 * @precision do where a GPU is lost. */
typedef struct
{
  gatomicrefcount refs;
  C2lBundle *bundle;
  char *network;          /* "StyleGAN2, 128×128, 12 latents of 128" */
  char *device;           /* "CPU, 2 threads, AVX2" */
  char *precision;        /* "fast" */
  gboolean has_prior, has_clip;
  gboolean has_previews;  /* smaller pictures are cheaper */
  gboolean has_transform; /* StyleGAN3: can be moved and turned */
  gboolean has_truncation;
  int resolution;         /* of a picture */
  int num_ws, w_dim;      /* styles of a picture, and their width */
  int n_latents;          /* rows of a latent that the prior makes */
  int n_classes;          /* 0: not class-conditional */
  double seconds;         /* a full picture took so long on this device when it was last measured; 0: not yet. It is measured in the
                             background soon after opening. */
} C2lModelInfo;

C2lModelInfo *c2l_model_info_ref (C2lModelInfo *info);
void          c2l_model_info_unref (C2lModelInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lModelInfo, c2l_model_info_unref)

/* Pictures to be drawn, copied by c2l_worker_generate_async(). Either prompts are given, or recipes, or neither (from random z). */
typedef struct
{
  const char *const *prompts; /* (nullable): NULL-terminated; sampling.n pictures each */
  C2lSampling sampling;
  GPtrArray *recipes;         /* (nullable): of C2lRecipe, drawn as they are; scored where they have a prompt */
  GPtrArray *edits;           /* (nullable): of C2lRecipeEdit, added to every picture */
  gboolean score;
  int preview_size;           /* every picture comes at this size first; 0: no previews */
  int max_size;               /* pictures at most so wide; 0: in full */
} C2lOrder;

/* A picture as it arrives. */
typedef struct
{
  guint position;      /* 0 … n − 1, prompt by prompt */
  gboolean is_preview; /* the full picture is still to come */
  C2lPicture *picture; /* recipe with score, and pixels; lent */
  GObject *frame;      /* what the target made of it (nullable); lent */
} C2lArrival;

/* Called in the main context; every one may be NULL. */
typedef struct
{
  /* @seconds_left: negative where it cannot be known yet. */
  void (*progress) (double fraction, double seconds_left, const char *stage, gpointer data);
  void (*arrived) (const C2lArrival *arrival, gpointer data);
  /* Scores come a handful at a time, after the pictures. */
  void (*scored) (guint position, C2lRecipe *recipe, gpointer data);
  /* Words of a prompt that did not fit into the model's context. */
  void (*dropped) (const char *prompt, const char *words, gpointer data);
  gpointer data;
  GDestroyNotify destroy; /* of @data, in the main context, after the last event, whether the job ran or not */
} C2lWorkerEvents;

/* Signals:
 *   ::fallback (text)   the chosen GPU cannot be used, or stopped working, and the processor draws instead; @text says why and what to
 *                       do. Interactive jobs, and batches of which nothing has arrived yet, are done again by themselves.
 *                       C2lModelInfo says the new device. */
#define C2L_TYPE_WORKER (c2l_worker_get_type ())
G_DECLARE_FINAL_TYPE (C2lWorker, c2l_worker, C2L, WORKER, GObject)

C2lWorker    *c2l_worker_new (void);
/* Waits for the running job, which is cancelled, and ends the thread. Jobs that wait answer G_IO_ERROR_CANCELLED. A worker
 * whose last reference goes, which may be a job's, stops by itself. */
void          c2l_worker_stop (C2lWorker *worker);

/* Where pixels go; taken. Before the first job; without one pictures have pixels and no frame. */
void          c2l_worker_set_target (C2lWorker *worker, C2lTarget *target);

/* Device ("cpu"), precision ("fast") and threads (0: all) of models opened from now on. */
void          c2l_worker_configure (C2lWorker *worker, const char *device, const char *precision, int threads);
/* Lets the models' memory go after so many seconds without a job; 0: never. The next job loads them again. */
void          c2l_worker_set_idle_timeout (C2lWorker *worker, guint seconds);
void          c2l_worker_release_memory (C2lWorker *worker);
/* Whether the models are in memory. */
gboolean      c2l_worker_is_loaded (C2lWorker *worker);

/* Opens a bundle's folder and loads what drawing needs, after the batches that were asked for before. The model that was open stays open
 * where this fails. */
void          c2l_worker_open_async (C2lWorker *worker, const char *folder, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer data);
C2lModelInfo *c2l_worker_open_finish (C2lWorker *worker, GAsyncResult *result, GError **error);

void          c2l_worker_generate_async (C2lWorker *worker, const C2lOrder *order, const C2lWorkerEvents *events,
                                         GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
gboolean      c2l_worker_generate_finish (C2lWorker *worker, GAsyncResult *result, GError **error);

/* Draws one picture, interactively, at most @max_size wide (0: in full). A waiting job with the same @key (nullable) is replaced and answers
 * G_IO_ERROR_CANCELLED. @score: look at it with CLIP too, where the recipe has a prompt. */
void          c2l_worker_draw_async (C2lWorker *worker, C2lRecipe *recipe, int max_size, gboolean score, gconstpointer key,
                                     GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
/* @frame: (out) (optional) (nullable) (transfer full). */
C2lPicture   *c2l_worker_draw_finish (C2lWorker *worker, GAsyncResult *result, GObject **frame, GError **error);

/* Words of @prompt that the model does not know, NULL-terminated; answers an empty list without CLIP. */
void          c2l_worker_list_unknown_words_async (C2lWorker *worker, const char *prompt, GCancellable *cancellable,
                                                   GAsyncReadyCallback callback, gpointer data);
char        **c2l_worker_list_unknown_words_finish (C2lWorker *worker, GAsyncResult *result, GError **error);

/* For the other files of studio that need the model: @func runs on the worker's thread with the session of the open model. It returns what
 * the job answers (freed with @result_free where nobody takes it), or NULL and an error. @interactive: before batches. */
typedef struct _C2lSession C2lSession;
typedef gpointer (*C2lWorkerFunc) (C2lSession *session, gpointer func_data, GCancellable *cancellable, GError **error);
void          c2l_worker_call_async (C2lWorker *worker, gboolean interactive, C2lWorkerFunc func, gpointer func_data,
                                     GDestroyNotify func_data_free, GDestroyNotify result_free, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer data);
gpointer      c2l_worker_call_finish (C2lWorker *worker, GAsyncResult *result, GError **error);
/* From within a @func that is not interactive, between two uses of the session: lets interactive jobs that wait go first. FALSE and
 * G_IO_ERROR_CANCELLED where the job was cancelled. */
gboolean      c2l_worker_give_way (C2lWorker *worker, GError **error);
/* From within @func: calls @event once in the main context of the worker, before the answer arrives there. */
void          c2l_worker_invoke (C2lWorker *worker, GSourceFunc event, gpointer data, GDestroyNotify destroy);

G_END_DECLS
