/* Folder, format and names of saved pictures, in a dialog. The settings are changed when “Save” is
 * pressed; who reads them then connects to ::response with G_CONNECT_AFTER. */
#include "app/c2l-save-dialog.h"

#include "app/c2l-compat.h"
#include "app/c2l-name-example.h"
#include "app/c2l-settings.h"
#include "studio/picture-name.h"

#include <glib/gi18n.h>

struct _C2lSaveDialog
{
  AdwMessageDialog parent_instance;

  AdwActionRow *folder_row;
  AdwComboRow *format;
  AdwEntryRow *name_template;
  GtkLabel *hint;
  GFile *folder; /* NULL where there is none yet */
  gboolean closed;
};

G_DEFINE_FINAL_TYPE (C2lSaveDialog, c2l_save_dialog, ADW_TYPE_MESSAGE_DIALOG)

static void
show_folder (C2lSaveDialog *self)
{
  g_autofree char *name = c2l_settings_dup_folder_name (self->folder);
  g_autofree char *escaped = g_markup_escape_text (name, -1);

  adw_action_row_set_subtitle (self->folder_row, escaped);
}

static void
on_folder_chosen (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lSaveDialog) self = data;
  g_autoptr (GListModel) files = c2l_compat_choose_finish (result, NULL);
  g_autoptr (GFile) folder = files != NULL ? g_list_model_get_item (files, 0) : NULL;

  if (folder != NULL && !self->closed)
    {
      g_set_object (&self->folder, folder);
      show_folder (self);
    }
}

static void
on_choose_folder (C2lSaveDialog *self)
{
  c2l_compat_choose_async (GTK_WINDOW (self), C2L_CHOOSE_FOLDER, _ ("Folder for Pictures"),
                           self->folder, NULL, on_folder_chosen, g_object_ref (self));
}

static void
on_template_changed (C2lSaveDialog *self)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = c2l_name_template_check (gtk_editable_get_text (GTK_EDITABLE (self->name_template)),
                                         &error);

  if (ok)
    {
      g_autofree char *text
          = c2l_name_example_dup (gtk_editable_get_text (GTK_EDITABLE (self->name_template)),
                                  (C2lImageFormat) adw_combo_row_get_selected (self->format));

      gtk_widget_remove_css_class (GTK_WIDGET (self->name_template), "error");
      gtk_label_set_text (self->hint, text);
    }
  else
    {
      gtk_widget_add_css_class (GTK_WIDGET (self->name_template), "error");
      gtk_label_set_text (self->hint, error->message);
    }
  adw_message_dialog_set_response_enabled (ADW_MESSAGE_DIALOG (self), "save", ok);
}

static void
c2l_save_dialog_response (AdwMessageDialog *dialog, const char *response)
{
  C2lSaveDialog *self = C2L_SAVE_DIALOG (dialog);
  GSettings *settings = c2l_settings_get ();
  g_autofree char *uri = self->folder != NULL ? g_file_get_uri (self->folder) : NULL;
  g_autoptr (GFile) current = c2l_settings_dup_pictures_folder ();

  if (!g_str_equal (response, "save"))
    return;
  if (uri != NULL && (current == NULL || !g_file_equal (self->folder, current)))
    g_settings_set_string (settings, "pictures-folder", uri);
  g_settings_set_string (settings, "name-template",
                         gtk_editable_get_text (GTK_EDITABLE (self->name_template)));
  g_settings_set_enum (settings, "picture-format", (int) adw_combo_row_get_selected (self->format));
}

static void
c2l_save_dialog_dispose (GObject *object)
{
  C2L_SAVE_DIALOG (object)->closed = TRUE;
  g_clear_object (&C2L_SAVE_DIALOG (object)->folder);

  G_OBJECT_CLASS (c2l_save_dialog_parent_class)->dispose (object);
}

static void
c2l_save_dialog_class_init (C2lSaveDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_save_dialog_dispose;
  ADW_MESSAGE_DIALOG_CLASS (klass)->response = c2l_save_dialog_response;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-save-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lSaveDialog, folder_row);
  gtk_widget_class_bind_template_child (widget_class, C2lSaveDialog, format);
  gtk_widget_class_bind_template_child (widget_class, C2lSaveDialog, name_template);
  gtk_widget_class_bind_template_child (widget_class, C2lSaveDialog, hint);
  gtk_widget_class_bind_template_callback (widget_class, on_choose_folder);
  gtk_widget_class_bind_template_callback (widget_class, on_template_changed);
}

static void
c2l_save_dialog_init (C2lSaveDialog *self)
{
  GSettings *settings = c2l_settings_get ();
  g_autofree char *name_template = g_settings_get_string (settings, "name-template");

  gtk_widget_init_template (GTK_WIDGET (self));
  self->folder = c2l_settings_dup_pictures_folder ();
  show_folder (self);
  gtk_editable_set_text (GTK_EDITABLE (self->name_template), name_template);
  adw_combo_row_set_selected (self->format, g_settings_get_enum (settings, "picture-format"));
  g_signal_connect_swapped (self->format, "notify::selected", G_CALLBACK (on_template_changed),
                            self);
  on_template_changed (self);
}

GtkWidget *
c2l_save_dialog_new (GtkWindow *parent)
{
  return g_object_new (C2L_TYPE_SAVE_DIALOG, "transient-for", parent, NULL);
}
