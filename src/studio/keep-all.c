/* One picture at a time: its recipe comes from the library, a thread draws and writes it, the
 * library is told. The thread's engine is opened for the first picture that needs it, so that a
 * model without any costs nothing. */
#include "studio/keep-all.h"

#include "studio/picture.h"
#include "studio/session.h"

typedef struct
{
  C2lLibrary *library;
  char *folder;
  C2lKeepAllProgress progress;
  gpointer progress_data;
  GPtrArray *uids; /* NULL-terminated strings */
  guint at;
  C2lSession *session; /* NULL until it is needed */
  C2lRecipe *recipe;   /* of the current one */
  char *path;
} KeepAll;

static void
keep_all_free (gpointer data)
{
  KeepAll *all = data;

  g_object_unref (all->library);
  g_free (all->folder);
  g_clear_pointer (&all->uids, g_ptr_array_unref);
  g_clear_pointer (&all->session, c2l_session_free);
  g_clear_pointer (&all->recipe, c2l_recipe_unref);
  g_free (all->path);
  g_free (all);
}

static void next (GTask *task);

/* Takes @error. */
static void
fail (GTask *task, GError *error)
{
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
on_kept (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  KeepAll *all = g_task_get_task_data (task);
  GError *error = NULL;

  if (!c2l_library_write_finish (C2L_LIBRARY (source), result, &error))
    {
      fail (task, error);
      return;
    }
  all->at++;
  next (task);
}

/* --- on a thread --- */

static C2lSession *
open_session (const char *folder, GError **error)
{
  g_autoptr (C2lBundle) bundle = c2l_bundle_open (folder, error);
  g_autoptr (C2lDevice) device = bundle != NULL ? c2l_device_open ("cpu", error) : NULL;

  return device != NULL ? c2l_session_open (bundle, device, C2L_DEFAULT_PRECISION) : NULL;
}

static void
draw_in_thread (GTask *step, gpointer source, gpointer data, GCancellable *cancellable)
{
  KeepAll *all = data;
  GError *error = NULL;
  g_autoptr (C2lPicture) picture = NULL;

  if (all->session == NULL)
    all->session = open_session (all->folder, &error);
  if (all->session != NULL)
    picture = c2l_session_draw (all->session, all->recipe, 0, NULL, cancellable, &error);
  if (picture != NULL && c2l_picture_save (picture, all->path, &error))
    g_task_return_boolean (step, TRUE);
  else
    g_task_return_error (step, error);
}

static void
on_drawn (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  KeepAll *all = g_task_get_task_data (task);
  const char *const uids[] = { g_ptr_array_index (all->uids, all->at), NULL };
  GError *error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    fail (task, error);
  else
    c2l_library_set_kept_async (all->library, uids, TRUE, g_task_get_cancellable (task), on_kept,
                                task);
}

/* --- in order --- */

static void
on_recipe (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  KeepAll *all = g_task_get_task_data (task);
  g_autoptr (GTask) step = NULL;
  GError *error = NULL;

  g_clear_pointer (&all->recipe, c2l_recipe_unref);
  g_clear_pointer (&all->path, g_free);
  all->recipe = c2l_library_load_recipe_finish (all->library, result, &error);
  if (all->recipe == NULL)
    {
      fail (task, error);
      return;
    }
  all->path = c2l_library_dup_picture_path (all->library, g_ptr_array_index (all->uids, all->at));
  step = g_task_new (NULL, g_task_get_cancellable (task), on_drawn, task);
  /* The task above holds what the thread works on. */
  g_task_set_task_data (step, all, NULL);
  g_task_run_in_thread (step, draw_in_thread);
}

static void
next (GTask *task)
{
  KeepAll *all = g_task_get_task_data (task);

  if (all->progress != NULL)
    all->progress (all->at, all->uids->len, all->progress_data);
  /* A library in memory keeps none. */
  if (all->at == all->uids->len || c2l_library_is_temporary (all->library))
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
      return;
    }
  c2l_library_load_recipe_async (all->library, g_ptr_array_index (all->uids, all->at),
                                 g_task_get_cancellable (task), on_recipe, task);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  KeepAll *all = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GPtrArray) entries = c2l_library_list_finish (C2L_LIBRARY (source), result, &error);

  if (entries == NULL)
    {
      fail (task, error);
      return;
    }
  for (guint i = 0; i < entries->len; i++)
    g_ptr_array_add (all->uids, g_strdup (((C2lLibraryEntry *) entries->pdata[i])->uid));
  next (task);
}

void
c2l_keep_all_async (C2lLibrary *library,
                    const char *folder,
                    const char *generator,
                    C2lKeepAllProgress progress,
                    gpointer progress_data,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer data)
{
  const C2lLibraryQuery query = { .generator = generator, .not_kept = TRUE };
  GTask *task = g_task_new (library, cancellable, callback, data);
  KeepAll *all = g_new0 (KeepAll, 1);

  all->library = g_object_ref (library);
  all->folder = g_strdup (folder);
  all->uids = g_ptr_array_new_with_free_func (g_free);
  all->progress = progress;
  all->progress_data = progress_data;
  g_task_set_source_tag (task, c2l_keep_all_async);
  g_task_set_task_data (task, all, keep_all_free);
  c2l_library_list_async (library, &query, cancellable, on_listed, task);
}

gboolean
c2l_keep_all_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, c2l_keep_all_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
