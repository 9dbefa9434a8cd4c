/* c2l_session_get_styles() for those who have no session. */
#include "studio/styles.h"

#include "studio/session.h"

static gpointer
get_styles (C2lSession *session, gpointer data, GCancellable *cancellable, GError **error)
{
  C2lRows *rows = g_new0 (C2lRows, 1);

  if (c2l_session_get_styles (session, data, rows, error))
    return rows;
  c2l_rows_free (rows);
  return NULL;
}

void
c2l_styles_ask_async (C2lWorker *worker,
                      C2lRecipe *recipe,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer data)
{
  c2l_worker_call_async (worker, TRUE, get_styles, c2l_recipe_ref (recipe),
                         (GDestroyNotify) c2l_recipe_unref, (GDestroyNotify) c2l_rows_free,
                         cancellable, callback, data);
}

C2lRows *
c2l_styles_ask_finish (C2lWorker *worker, GAsyncResult *result, GError **error)
{
  return c2l_worker_call_finish (worker, result, error);
}
