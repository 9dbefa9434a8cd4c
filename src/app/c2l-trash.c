/* Asking, and moving a folder to the trash. Never deletes: where there is no trash the folder
 * stays, and the error says what can be done. */
#include "app/c2l-trash.h"

#include <glib/gi18n.h>

static void
trashed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = NULL;

  if (g_file_trash_finish (G_FILE (source), result, &error))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  name = g_file_get_parse_name (G_FILE (source));
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED))
    /* Translators: %s is a folder. */
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                             _ ("There is no trash on this disk; delete %s in Files"), name);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

void
c2l_trash_move_async (const char *path, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  GTask *task = g_task_new (NULL, NULL, callback, data);

  g_task_set_source_tag (task, c2l_trash_async);
  g_file_trash_async (file, G_PRIORITY_DEFAULT, NULL, trashed, task);
}

typedef struct
{
  C2lTrashAnswer answer;
  gpointer data;
} Question;

static void
answered (AdwMessageDialog *dialog, const char *response, gpointer data)
{
  g_autofree Question *question = data;

  question->answer (g_strcmp0 (response, "trash") == 0, question->data);
}

void
c2l_trash_ask (GtkWidget *widget,
               const char *heading,
               const char *body,
               C2lTrashAnswer answer,
               gpointer data)
{
  GtkRoot *root = gtk_widget_get_root (widget);
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (root), heading, body);
  Question *question = g_new (Question, 1);

  *question = (Question){ answer, data };
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("Cancel"), "trash",
                                    _ ("Move to Trash"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "trash",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect (dialog, "response", G_CALLBACK (answered), question);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
wanted_or_not (gboolean wanted, gpointer data)
{
  GTask *task = data;

  if (wanted)
    {
      g_file_trash_async (g_task_get_task_data (task), G_PRIORITY_DEFAULT, NULL, trashed, task);
      return;
    }
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Not wanted");
  g_object_unref (task);
}

void
c2l_trash_async (GtkWidget *widget,
                 const char *heading,
                 const char *body,
                 const char *path,
                 GAsyncReadyCallback callback,
                 gpointer data)
{
  GTask *task = g_task_new (widget, NULL, callback, data);

  g_task_set_source_tag (task, c2l_trash_async);
  g_task_set_task_data (task, g_file_new_for_path (path), g_object_unref);
  c2l_trash_ask (widget, heading, body, wanted_or_not, task);
}

gboolean
c2l_trash_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, c2l_trash_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
