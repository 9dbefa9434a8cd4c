/* Calls that newer GTK replaces. Each looks like its replacement: asynchronous, with an answer that
 * is an error where the user changed their mind. */
#include "app/c2l-compat.h"

#include "studio/paths.h"

#include <glib/gi18n.h>

/* A portal that is started on demand needs a moment. */
#define PORTAL_PATIENCE_MS 5000

static GDBusConnection *
get_bus (void)
{
  return g_application_get_dbus_connection (g_application_get_default ());
}

static const GtkFileChooserAction chooser_actions[] = {
  [C2L_CHOOSE_FILE] = GTK_FILE_CHOOSER_ACTION_OPEN,
  [C2L_CHOOSE_FILES] = GTK_FILE_CHOOSER_ACTION_OPEN,
  [C2L_CHOOSE_FOLDER] = GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER,
  [C2L_CHOOSE_NAME] = GTK_FILE_CHOOSER_ACTION_SAVE,
};

/* What is asked, while it is found out who shows the dialog. */
typedef struct
{
  GtkWindow *parent;
  C2lChoose what;
  char *title;
  GFile *initial;
  GListModel *filters;
} Choice;

static void
choice_free (gpointer data)
{
  Choice *choice = data;

  g_clear_object (&choice->parent);
  g_clear_object (&choice->initial);
  g_clear_object (&choice->filters);
  g_free (choice->title);
  g_free (choice);
}

static void
chosen (gpointer dialog, int response, gpointer data)
{
  g_autoptr (GTask) task = data;

  if (response == GTK_RESPONSE_ACCEPT)
    g_task_return_pointer (task, gtk_file_chooser_get_files (GTK_FILE_CHOOSER (dialog)),
                           g_object_unref);
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Nothing was chosen");
  if (GTK_IS_NATIVE_DIALOG (dialog))
    {
      gtk_native_dialog_destroy (dialog);
      g_object_unref (dialog);
    }
  else
    gtk_window_destroy (dialog);
}

static void
prepare (GtkFileChooser *chooser, const Choice *choice)
{
  gtk_file_chooser_set_select_multiple (chooser, choice->what == C2L_CHOOSE_FILES);
  for (guint i = 0; choice->filters != NULL && i < g_list_model_get_n_items (choice->filters); i++)
    {
      g_autoptr (GtkFileFilter) filter = g_list_model_get_item (choice->filters, i);

      gtk_file_chooser_add_filter (chooser, filter);
    }
  if (choice->initial != NULL && choice->what == C2L_CHOOSE_NAME)
    {
      g_autoptr (GFile) folder = g_file_get_parent (choice->initial);
      g_autofree char *path = g_file_get_path (choice->initial);
      g_autofree char *name = path != NULL ? g_filename_display_basename (path) : NULL;

      gtk_file_chooser_set_current_folder (chooser, folder, NULL);
      if (name != NULL)
        gtk_file_chooser_set_current_name (chooser, name);
    }
  else if (choice->initial != NULL)
    gtk_file_chooser_set_current_folder (chooser, choice->initial, NULL);
}

/* The desktop's dialog, through its portal where there is one. */
static void
show_native (GTask *task)
{
  const Choice *choice = g_task_get_task_data (task);
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (
      choice->title, choice->parent, chooser_actions[choice->what], NULL, NULL);

  prepare (GTK_FILE_CHOOSER (dialog), choice);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  g_signal_connect (dialog, "response", G_CALLBACK (chosen), task);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

/* GTK's own, of the files that this process sees. */
static void
show_own (GTask *task)
{
  const Choice *choice = g_task_get_task_data (task);
  GtkWidget *dialog
      = gtk_file_chooser_dialog_new (choice->title, choice->parent, chooser_actions[choice->what],
                                     _ ("_Cancel"), GTK_RESPONSE_CANCEL,
                                     choice->what == C2L_CHOOSE_FOLDER ? _ ("_Select")
                                     : choice->what == C2L_CHOOSE_NAME ? _ ("_Save")
                                                                       : _ ("_Open"),
                                     GTK_RESPONSE_ACCEPT, NULL);

  prepare (GTK_FILE_CHOOSER (dialog), choice);
  gtk_dialog_set_default_response (GTK_DIALOG (dialog), GTK_RESPONSE_ACCEPT);
  gtk_window_set_modal (GTK_WINDOW (dialog), TRUE);
  g_signal_connect (dialog, "response", G_CALLBACK (chosen), task);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
portal_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GVariant) answer
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);

  if (answer != NULL)
    show_native (data);
  else
    show_own (data);
}

/* Whether GTK asks the portal, and nobody else: where there is none, GTK 4.8 says that nothing was
 * chosen. */
static gboolean
needs_portal (void)
{
  return c2l_paths_are_sandboxed () || g_strcmp0 (g_getenv ("GTK_USE_PORTAL"), "1") == 0;
}

void
c2l_compat_choose_async (GtkWindow *parent,
                         C2lChoose what,
                         const char *title,
                         GFile *initial,
                         GListModel *filters,
                         GAsyncReadyCallback callback,
                         gpointer data)
{
  GTask *task = g_task_new (parent, NULL, callback, data);
  Choice *choice = g_new0 (Choice, 1);
  GDBusConnection *bus = needs_portal () ? get_bus () : NULL;

  g_task_set_source_tag (task, c2l_compat_choose_async);
  g_set_object (&choice->parent, parent);
  choice->what = what;
  choice->title = g_strdup (title);
  g_set_object (&choice->initial, initial);
  g_set_object (&choice->filters, filters);
  g_task_set_task_data (task, choice, choice_free);

  if (bus == NULL)
    show_native (task);
  else
    g_dbus_connection_call (bus, "org.freedesktop.portal.Desktop",
                            "/org/freedesktop/portal/desktop", "org.freedesktop.DBus.Properties",
                            "Get",
                            g_variant_new ("(ss)", "org.freedesktop.portal.FileChooser", "version"),
                            G_VARIANT_TYPE ("(v)"), G_DBUS_CALL_FLAGS_NONE, PORTAL_PATIENCE_MS,
                            NULL, portal_answered, task);
}

GListModel *
c2l_compat_choose_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, c2l_compat_choose_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- show in files --- */

static void
launched (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;

  if (g_app_info_launch_default_for_uri_finish (result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
launch_folder (GTask *task)
{
  GFile *file = g_task_get_task_data (task);
  g_autoptr (GFile) parent = g_file_get_parent (file);
  gboolean is_folder
      = g_file_query_file_type (file, G_FILE_QUERY_INFO_NONE, NULL) == G_FILE_TYPE_DIRECTORY;
  g_autofree char *uri = g_file_get_uri (is_folder || parent == NULL ? file : parent);

  g_app_info_launch_default_for_uri_async (uri, NULL, NULL, launched, task);
}

static void
file_manager_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GVariant) answer
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);

  if (answer != NULL)
    g_task_return_boolean (task, TRUE);
  else
    launch_folder (g_steal_pointer (&task));
}

void
c2l_compat_show_in_files_async (GtkWindow *parent,
                                GFile *file,
                                GAsyncReadyCallback callback,
                                gpointer data)
{
  GDBusConnection *bus = get_bus ();
  gboolean is_folder
      = g_file_query_file_type (file, G_FILE_QUERY_INFO_NONE, NULL) == G_FILE_TYPE_DIRECTORY;
  g_autofree char *uri = g_file_get_uri (file);
  const char *const uris[] = { uri, NULL };
  GTask *task = g_task_new (parent, NULL, callback, data);

  g_task_set_source_tag (task, c2l_compat_show_in_files_async);
  g_task_set_task_data (task, g_object_ref (file), g_object_unref);
  if (bus == NULL)
    launch_folder (task);
  else
    g_dbus_connection_call (bus, "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1",
                            "org.freedesktop.FileManager1", is_folder ? "ShowFolders" : "ShowItems",
                            g_variant_new ("(^ass)", uris, ""), NULL, G_DBUS_CALL_FLAGS_NONE, -1,
                            NULL, file_manager_answered, task);
}

gboolean
c2l_compat_show_in_files_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, c2l_compat_show_in_files_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* --- stacks --- */

static void
hide_other_pages (GtkWidget *stack)
{
  GtkWidget *shown;

  g_object_get (stack, "visible-child", &shown, NULL);
  for (GtkWidget *page = gtk_widget_get_first_child (stack); page != NULL;
       page = gtk_widget_get_next_sibling (page))
    gtk_accessible_update_state (GTK_ACCESSIBLE (page), GTK_ACCESSIBLE_STATE_HIDDEN, page != shown,
                                 -1);
  g_clear_object (&shown);
}

void
c2l_compat_hide_other_pages (GtkWidget *stack)
{
  g_signal_connect (stack, "notify::visible-child", G_CALLBACK (hide_other_pages), NULL);
  hide_other_pages (stack);
}

/* --- the keyboard --- */

gboolean
c2l_compat_grab_focus_of (GtkWidget *widget, gpointer child)
{
  GtkRoot *root = gtk_widget_get_root (widget);
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;

  /* Not by the focus child, which outlives the focus where what had it was hidden. */
  return (focus == NULL || !gtk_widget_is_ancestor (focus, widget))
         && gtk_widget_grab_focus (GTK_WIDGET (child));
}

/* --- buttons inside of widgets --- */

void
c2l_compat_name_inner_button (gpointer widget)
{
  GtkWidget *button = gtk_widget_get_first_child (GTK_WIDGET (widget));

  if (GTK_IS_TOGGLE_BUTTON (button))
    gtk_accessible_update_relation (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_RELATION_LABELLED_BY,
                                    widget, NULL, -1);
}
