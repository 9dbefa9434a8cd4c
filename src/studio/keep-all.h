/* Full-size PNGs of every picture that a model has drawn, before it goes. keeper.h does the same for favourites, all the time. */
#pragma once

#include "studio/library.h"

G_BEGIN_DECLS

/* @done of @n pictures have theirs. */
typedef void (*C2lKeepAllProgress) (guint done, guint n, gpointer data);

/* c2l_keep_all_async:
 * @folder: of the model   @generator: SHA-256 of its generator, as the library's entries have it
 * @progress: (nullable)
 * Draws those that have none, one after the other, with an engine of its own. Called from the library's thread. What is done when it is
 * cancelled or fails stays. Pictures in the trash are left out. */
void     c2l_keep_all_async (C2lLibrary *library, const char *folder, const char *generator, C2lKeepAllProgress progress,
                             gpointer progress_data, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
gboolean c2l_keep_all_finish (GAsyncResult *result, GError **error);

G_END_DECLS
