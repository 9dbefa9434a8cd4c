/* Four steps, each of which may end it: count, ask, draw, move. A model that cannot be opened any
 * more draws nothing: its pictures stay as they are, which is said. */
#include "app/c2l-model-removal.h"

#include "app/c2l-trash.h"

#include <glib/gi18n.h>

typedef struct
{
  char *name, *folder, *generator;
  guint64 size;
  gboolean is_broken;
  C2lLibrary *library; /* (nullable) */
  C2lKeepAllProgress progress;
  gpointer progress_data;
} Removal;

static void
removal_free (gpointer data)
{
  Removal *removal = data;

  g_free (removal->name);
  g_free (removal->folder);
  g_free (removal->generator);
  g_clear_object (&removal->library);
  g_free (removal);
}

static void
on_moved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;

  if (c2l_trash_finish (result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* Takes @task. */
static void
move (GTask *task)
{
  Removal *removal = g_task_get_task_data (task);

  c2l_trash_move_async (removal->folder, on_moved, task);
}

static void
on_drawn (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  GError *error = NULL;

  if (c2l_keep_all_finish (result, &error))
    {
      move (task);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
on_asked (gboolean wanted, gpointer data)
{
  GTask *task = data;
  Removal *removal = g_task_get_task_data (task);

  if (!wanted)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Not wanted");
      g_object_unref (task);
    }
  else if (removal->library == NULL || removal->is_broken || removal->generator == NULL)
    move (task);
  else
    c2l_keep_all_async (removal->library, removal->folder, removal->generator, removal->progress,
                        removal->progress_data, g_task_get_cancellable (task), on_drawn, task);
}

static char *
dup_body (const Removal *removal, gssize n_pictures)
{
  g_autofree char *size = g_format_size (removal->size), *pictures = NULL;
  /* Translators: %s is a size on disk. */
  g_autofree char *takes = g_strdup_printf (_ ("It takes %s."), size);

  if (n_pictures <= 0)
    return g_strdup_printf ("%s %s", takes, _ ("No picture in the history needs it."));
  pictures = g_strdup_printf (ngettext ("%zd picture in the history was drawn by it.",
                                        "%zd pictures in the history were drawn by it.",
                                        (gulong) n_pictures),
                              n_pictures);
  return g_strjoin (
      " ", takes, pictures,
      removal->is_broken
          ? _ ("Those without a full-size PNG stay as small pictures, because the model cannot be "
               "used to draw them.")
          : _ ("Each keeps a full-size PNG, which is drawn first where there is none. They cannot "
               "be edited until the model is installed again."),
      NULL);
}

static void
ask (GTask *task, gssize n_pictures)
{
  Removal *removal = g_task_get_task_data (task);
  /* Translators: %s is the name of a model. */
  g_autofree char *heading = g_strdup_printf (_ ("Move “%s” to the Trash?"), removal->name);
  g_autofree char *body = dup_body (removal, n_pictures);

  c2l_trash_ask (g_task_get_source_object (task), heading, body, on_asked, task);
}

static void
on_counted (GObject *source, GAsyncResult *result, gpointer data)
{
  ask (data, c2l_library_count_finish (C2L_LIBRARY (source), result, NULL));
}

void
c2l_model_removal_async (GtkWidget *widget,
                         const C2lInstalled *installed,
                         C2lLibrary *library,
                         C2lKeepAllProgress progress,
                         gpointer progress_data,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data)
{
  GTask *task = g_task_new (widget, cancellable, callback, data);
  Removal *removal = g_new0 (Removal, 1);
  const C2lLibraryQuery query = { .generator = installed->generator };

  removal->name = g_strdup (installed->name);
  removal->folder = g_strdup (installed->folder);
  removal->generator = g_strdup (installed->generator);
  removal->size = installed->size;
  removal->is_broken = installed->error != NULL;
  removal->library = library != NULL ? g_object_ref (library) : NULL;
  removal->progress = progress;
  removal->progress_data = progress_data;
  g_task_set_source_tag (task, c2l_model_removal_async);
  g_task_set_task_data (task, removal, removal_free);
  /* A folder that is in the trash is there, whatever came a moment before. */
  g_task_set_check_cancellable (task, FALSE);
  if (library != NULL && installed->generator != NULL)
    c2l_library_count_async (library, &query, NULL, on_counted, task);
  else
    ask (task, 0);
}

gboolean
c2l_model_removal_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, c2l_model_removal_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
