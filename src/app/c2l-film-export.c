/* Frames go from the worker, which draws one when it is asked, to a thread that packs it; the next
 * is asked for while none waits, so that a long film needs no more memory than a short one. */
#include "app/c2l-film-export.h"

typedef struct
{
  C2lWorker *worker;
  GPtrArray *recipes;
  C2lAnimator *animator; /* made by the first packing, off GTK's thread */
  char *path;
  C2lAnimation animation;
  C2lFilmExportProgress progress;
  gpointer progress_data;
  guint done;
  C2lPicture *frame; /* being packed */
} Export;

static void
export_free (gpointer data)
{
  Export *export = data;

  g_object_unref (export->worker);
  g_ptr_array_unref (export->recipes);
  g_clear_pointer (&export->animator, c2l_animator_free);
  g_clear_pointer (&export->frame, c2l_picture_unref);
  g_free (export->path);
  g_free (export);
}

static void draw_next (GTask *task);

/* @source_task: the packing's; its data is the whole export's task. */
static void
pack (GTask *packing, gpointer source, gpointer data, GCancellable *cancellable)
{
  Export *export = g_task_get_task_data (data);
  GError *error = NULL;
  gboolean ok
      = export->animator != NULL
        || (export->animator = c2l_animator_new (export->path, &export->animation, &error)) != NULL;

  ok = ok && c2l_animator_add (export->animator, export->frame, cancellable, &error);
  if (ok && export->done + 1 == export->recipes->len)
    ok = c2l_animator_finish (export->animator, &error);
  g_clear_pointer (&export->frame, c2l_picture_unref);
  if (ok)
    g_task_return_boolean (packing, TRUE);
  else
    g_task_return_error (packing, error);
}

static void
on_packed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Export *export = g_task_get_task_data (task);
  GError *error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    {
      g_task_return_error (task, error);
      return;
    }
  export->done++;
  if (export->progress != NULL)
    export->progress (export->done, export->recipes->len, export->progress_data);
  if (export->done == export->recipes->len)
    g_task_return_boolean (task, TRUE);
  else
    draw_next (task);
}

static void
on_drawn (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Export *export = g_task_get_task_data (task);
  g_autoptr (GTask) packing = NULL;
  GError *error = NULL;

  export->frame = c2l_worker_draw_finish (C2L_WORKER (source), result, NULL, &error);
  if (export->frame == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  packing = g_task_new (NULL, g_task_get_cancellable (task), on_packed, g_object_ref (task));
  g_task_set_task_data (packing, g_object_ref (task), g_object_unref);
  g_task_run_in_thread (packing, pack);
}

static void
draw_next (GTask *task)
{
  Export *export = g_task_get_task_data (task);

  c2l_worker_draw_async (export->worker, g_ptr_array_index (export->recipes, export->done), 0,
                         FALSE, NULL, g_task_get_cancellable (task), on_drawn, g_object_ref (task));
}

void
c2l_film_export_async (C2lWorker *worker,
                       GPtrArray *recipes,
                       GFile *file,
                       const C2lAnimation *animation,
                       C2lFilmExportProgress progress,
                       gpointer progress_data,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  Export *export = g_new0 (Export, 1);

  export->worker = g_object_ref (worker);
  export->recipes = g_ptr_array_ref (recipes);
  export->path = g_file_get_path (file);
  export->animation = *animation;
  export->progress = progress;
  export->progress_data = progress_data;
  g_task_set_task_data (task, export, export_free);
  if (export->path == NULL || recipes->len == 0)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                             "The place is not on this computer; choose another one");
  else
    draw_next (task);
}

gboolean
c2l_film_export_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
