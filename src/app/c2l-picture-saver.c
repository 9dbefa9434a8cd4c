/* Saving: the board draws the pixels again, a thread writes the files, and the board says where
 * they are or what was wrong. Nothing is asked where the settings know the answer. */
#include "app/c2l-picture-saver.h"

#include "app/c2l-compat.h"
#include "app/c2l-save-dialog.h"
#include "app/c2l-settings.h"
#include "studio/save.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>

/* What a saving needs to know, read from the settings when it is asked for. */
typedef struct
{
  C2lBoard *board;
  GFile *folder;
  char *name_template;
  C2lImageFormat format;
  GPtrArray *pictures; /* (nullable): of C2lPicture, once they are drawn */
  GPtrArray *paths;    /* of char *: those that were saved */
} Saving;

static void
saving_free (Saving *saving)
{
  g_object_unref (saving->board);
  g_object_unref (saving->folder);
  g_free (saving->name_template);
  g_clear_pointer (&saving->pictures, g_ptr_array_unref);
  g_ptr_array_unref (saving->paths);
  g_free (saving);
}

static Saving *
saving_new (C2lBoard *board)
{
  GSettings *settings = c2l_settings_get ();
  Saving *saving = g_new0 (Saving, 1);

  saving->board = g_object_ref (board);
  saving->folder = c2l_settings_dup_pictures_folder ();
  saving->name_template = g_settings_get_string (settings, "name-template");
  /* The schema's formats are in the order of C2lImageFormat. */
  saving->format = g_settings_get_enum (settings, "picture-format");
  saving->paths = g_ptr_array_new_with_free_func (g_free);
  return saving;
}

/* --- writing, in a thread --- */

static gboolean
make_folder (const char *path, GError **error)
{
  if (g_mkdir_with_parents (path, 0755) == 0)
    return TRUE;

  int saved_errno = errno;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
               _ ("The folder %s cannot be made: %s. Choose another one in the preferences."), path,
               g_strerror (saved_errno));
  return FALSE;
}

static void
write_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Saving *saving = task_data;
  g_autofree char *folder = g_file_get_path (saving->folder);
  GError *error = NULL;
  C2lSaveOptions options;

  if (folder == NULL)
    {
      g_autofree char *name = g_file_get_parse_name (saving->folder);

      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                               _ ("%s is no folder of this computer. Choose another one in the "
                                  "preferences."),
                               name);
      return;
    }

  c2l_save_options_init (&options, folder);
  options.name_template = saving->name_template;
  options.format = saving->format;
  if (make_folder (folder, &error)
      && c2l_save_pictures (saving->pictures, &options, NULL, NULL, saving->paths, cancellable,
                            &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* --- on GTK's thread --- */

static void
say_saved (Saving *saving)
{
  guint n = saving->paths->len;
  g_autoptr (GFile) first = g_file_new_for_path (g_ptr_array_index (saving->paths, 0));
  g_autofree char *name = g_file_get_basename (first);
  g_autofree char *folder = g_file_get_basename (saving->folder);
  g_autofree char *uri = g_file_get_uri (first);
  g_autofree char *text
      = n == 1 ? g_strdup_printf (_ ("Saved as %s"), name)
               : g_strdup_printf (ngettext ("%u picture saved in %s", "%u pictures saved in %s", n),
                                  n, folder);

  c2l_board_say_with_action (saving->board, text, _ ("Show in Files"), "create.show-in-files",
                             g_variant_new_string (uri));
}

static void
say_failed (Saving *saving, const GError *error)
{
  if (saving->paths->len > 0)
    c2l_board_warn (saving->board, _ ("Only %u of %u pictures are saved. %s"), saving->paths->len,
                    saving->pictures->len, error->message);
  else
    c2l_board_fail (saving->board, error);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  Saving *saving = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    say_saved (saving);
  else
    say_failed (saving, error);
}

static void
on_drawn (GObject *source, GAsyncResult *result, gpointer data)
{
  Saving *saving = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GTask) task = NULL;

  saving->pictures = c2l_board_draw_pixels_finish (C2L_BOARD (source), result, &error);
  if (saving->pictures == NULL)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        c2l_board_fail (saving->board, error);
      saving_free (saving);
      return;
    }
  task = g_task_new (source, NULL, on_written, NULL);
  g_task_set_task_data (task, saving, (GDestroyNotify) saving_free);
  g_task_run_in_thread (task, write_in_thread);
}

/* Those that can be drawn. */
static GPtrArray *
list_finished (GPtrArray *items)
{
  GPtrArray *finished = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < items->len; i++)
    {
      C2lPictureItem *item = g_ptr_array_index (items, i);

      if (c2l_picture_item_get_recipe (item) != NULL)
        g_ptr_array_add (finished, g_object_ref (item));
    }
  return finished;
}

/* --- asking first --- */

typedef struct
{
  C2lBoard *board;
  GPtrArray *items;
  GtkWindow *parent;
} Question;

static Question *
question_new (C2lBoard *board, GPtrArray *items, GtkWindow *parent)
{
  Question *question = g_new0 (Question, 1);

  question->board = g_object_ref (board);
  question->items = list_finished (items);
  question->parent = g_object_ref (parent);
  return question;
}

static void
question_free (Question *question)
{
  g_object_unref (question->board);
  g_ptr_array_unref (question->items);
  g_object_unref (question->parent);
  g_free (question);
}

static void
on_folder_chosen (GObject *source, GAsyncResult *result, gpointer data)
{
  Question *question = data;
  g_autoptr (GListModel) files = c2l_compat_choose_finish (result, NULL);
  g_autoptr (GFile) folder = files != NULL ? g_list_model_get_item (files, 0) : NULL;
  g_autofree char *uri = folder != NULL ? g_file_get_uri (folder) : NULL;

  if (uri != NULL)
    {
      g_settings_set_string (c2l_settings_get (), "pictures-folder", uri);
      c2l_picture_saver_save (question->board, question->items, question->parent);
    }
  question_free (question);
}

void
c2l_picture_saver_save (C2lBoard *board, GPtrArray *items, GtkWindow *parent)
{
  g_autoptr (GPtrArray) finished = NULL;
  g_autoptr (GFile) folder = NULL;

  g_return_if_fail (C2L_IS_BOARD (board));

  finished = list_finished (items);
  folder = c2l_settings_dup_pictures_folder ();
  if (finished->len == 0)
    return;
  if (folder == NULL)
    c2l_compat_choose_async (parent, C2L_CHOOSE_FOLDER, _ ("Folder for Pictures"), NULL, NULL,
                             on_folder_chosen, question_new (board, finished, parent));
  else
    c2l_board_draw_pixels_async (board, finished, NULL, on_drawn, saving_new (board));
}

static void
on_answered (GtkWidget *dialog, const char *response, Question *question)
{
  if (g_strcmp0 (response, "save") == 0)
    c2l_picture_saver_save (question->board, question->items, question->parent);
}

static void
on_closed (gpointer data, GClosure *closure)
{
  question_free (data);
}

void
c2l_picture_saver_ask (C2lBoard *board, GPtrArray *items, GtkWindow *parent)
{
  GtkWidget *dialog;
  Question *question;

  g_return_if_fail (C2L_IS_BOARD (board));

  dialog = c2l_save_dialog_new (parent);
  question = question_new (board, items, parent);
  g_signal_connect_data (dialog, "response", G_CALLBACK (on_answered), question, on_closed,
                         G_CONNECT_AFTER);
  gtk_window_present (GTK_WINDOW (dialog));
}

/* --- looking at them --- */

static void
on_shown (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lBoard) board = data;
  g_autoptr (GError) error = NULL;

  if (!c2l_compat_show_in_files_finish (result, &error))
    c2l_board_fail (board, error);
}

void
c2l_picture_saver_show (C2lBoard *board, GFile *file, GtkWindow *parent)
{
  g_return_if_fail (C2L_IS_BOARD (board));

  c2l_compat_show_in_files_async (parent, file, on_shown, g_object_ref (board));
}
