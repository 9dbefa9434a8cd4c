/* The workshop: what an artist does to latents, done on the worker's thread. Plain functions of the same names are in blend.h, look-alike.h,
 * found.h, words.h and shelf.h; these copy what they are given, return at once and answer in the main context of the worker.
 *
 *   c2l_workshop_vary_async (worker, recipe, 0.3, seed, 9, cancellable, varied, data);
 *   …
 *   g_autoptr (GPtrArray) recipes = c2l_workshop_recipes_finish (worker, result, &error);
 *   C2lOrder order = { .recipes = recipes, … };
 *   c2l_worker_generate_async (worker, &order, …);
 *
 * What takes long tells its progress in the main context, gives way to sliders, and can be cancelled (G_IO_ERROR_CANCELLED). */
#pragma once

#include "studio/blend.h"
#include "studio/shelf.h"
#include "studio/words.h"
#include "studio/worker.h"

G_BEGIN_DECLS

/* @data has to live until the answer. The fraction goes from 0 to 1. */
typedef void (*C2lWorkshopProgress) (double fraction, gpointer data);

/* --- new pictures; answered by c2l_workshop_recipes_finish() --- */

void       c2l_workshop_in_betweens_async (C2lWorker *worker, GPtrArray *recipes, const C2lInBetweens *options,
                                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
void       c2l_workshop_vary_async (C2lWorker *worker, C2lRecipe *recipe, double strength, guint64 seed, int n,
                                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
void       c2l_workshop_more_like_async (C2lWorker *worker, GPtrArray *recipes, double strength, guint64 seed, int n,
                                         GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
void       c2l_workshop_look_alikes_async (C2lWorker *worker, const char *file, const C2lSampling *sampling, gboolean score,
                                           C2lWorkshopProgress progress, gpointer progress_data, GCancellable *cancellable,
                                           GAsyncReadyCallback callback, gpointer data);
/* (element-type C2lRecipe) (transfer full) */
GPtrArray *c2l_workshop_recipes_finish (C2lWorker *worker, GAsyncResult *result, GError **error);

/* The final styles of a picture, for mixing them into another. */
void       c2l_workshop_styles_async (C2lWorker *worker, C2lRecipe *recipe, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer data);
/* (transfer full): c2l_rows_free() */
C2lRows   *c2l_workshop_styles_finish (C2lWorker *worker, GAsyncResult *result, GError **error);

/* --- directions --- */

/* Both answered by c2l_workshop_found_finish(). */
void       c2l_workshop_find_pca_async (C2lWorker *worker, const C2lFoundPca *options, C2lWorkshopProgress progress,
                                        gpointer progress_data, GCancellable *cancellable, GAsyncReadyCallback callback,
                                        gpointer data);
void       c2l_workshop_find_styles_async (C2lWorker *worker, int first_layer, int last_layer, int n, GCancellable *cancellable,
                                           GAsyncReadyCallback callback, gpointer data);
/* (element-type C2lFound) (transfer full) */
GPtrArray *c2l_workshop_found_finish (C2lWorker *worker, GAsyncResult *result, GError **error);

void       c2l_workshop_find_words_async (C2lWorker *worker, const C2lWords *words, C2lWorkshopProgress progress,
                                          gpointer progress_data, GCancellable *cancellable, GAsyncReadyCallback callback,
                                          gpointer data);
C2lWordsResult *c2l_workshop_words_finish (C2lWorker *worker, GAsyncResult *result, GError **error);

/* The shelf of the open model; from then on it belongs to the caller's thread. */
void       c2l_workshop_open_shelf_async (C2lWorker *worker, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
/* @notice: (out) (nullable): what a person should know of its file. */
C2lShelf  *c2l_workshop_open_shelf_finish (C2lWorker *worker, GAsyncResult *result, char **notice, GError **error);

G_END_DECLS
