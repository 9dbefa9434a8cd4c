/* What a picture is drawn of, asked of the worker: for mixing it into another one. */
#pragma once

#include "studio/worker.h"

G_BEGIN_DECLS

void     c2l_styles_ask_async (C2lWorker *worker, C2lRecipe *recipe, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
/* The final styles, [num_ws, w_dim] (transfer full). */
C2lRows *c2l_styles_ask_finish (C2lWorker *worker, GAsyncResult *result, GError **error);

G_END_DECLS
