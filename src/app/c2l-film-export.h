/* In-betweens into a file: an animated WebP, or a folder of PNG frames with their recipes. */
#pragma once

#include "studio/animate.h"
#include "studio/worker.h"

G_BEGIN_DECLS

typedef void (*C2lFilmExportProgress) (guint done, guint n_frames, gpointer data);

/* Draws @recipes (of C2lRecipe) in full, one after the other, and puts them into @file; what is there is replaced where it is a WebP. Who
 * cancels leaves nothing behind. @progress in the main context, for the last time before @callback. */
void     c2l_film_export_async (C2lWorker *worker, GPtrArray *recipes, GFile *file, const C2lAnimation *animation,
                                C2lFilmExportProgress progress, gpointer progress_data, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer data);
gboolean c2l_film_export_finish (GAsyncResult *result, GError **error);

G_END_DECLS
