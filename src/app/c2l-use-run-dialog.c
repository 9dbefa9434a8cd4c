/* Asks for a name and a checkpoint; the work is studio's, on a thread. Closing it meanwhile
 * cancels. */
#include "app/c2l-use-run-dialog.h"

#include "studio/bundles.h"
#include "studio/install.h"

#include <glib/gi18n.h>

struct _C2lUseRunDialog
{
  AdwWindow parent_instance;

  AdwEntryRow *name;
  AdwComboRow *checkpoint;
  GtkLabel *trouble;
  GtkProgressBar *progress;

  char *folder;
  GPtrArray *checkpoints;    /* of C2lRunCheckpoint */
  GCancellable *cancellable; /* NULL while nothing is being made */
};

static guint made_signal;

G_DEFINE_FINAL_TYPE (C2lUseRunDialog, c2l_use_run_dialog, ADW_TYPE_WINDOW)

static char *
dup_name (C2lUseRunDialog *self)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->name))));
}

static void
update (C2lUseRunDialog *self)
{
  g_autofree char *name = dup_name (self);

  gtk_widget_action_set_enabled (GTK_WIDGET (self), "use.start",
                                 *name != '\0' && self->cancellable == NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->progress), self->cancellable != NULL);
}

static void
show_trouble (C2lUseRunDialog *self, const char *text)
{
  gtk_label_set_label (self->trouble, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->trouble), text != NULL);
}

static void
progressed (double fraction, const char *part, gpointer data)
{
  gtk_progress_bar_set_fraction (C2L_USE_RUN_DIALOG (data)->progress, fraction);
}

static void
made (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lUseRunDialog) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = c2l_install_finish (result, &error);
  g_autofree char *id = folder != NULL ? c2l_bundles_dup_id (folder) : NULL;

  g_clear_object (&self->cancellable);
  if (id != NULL)
    {
      g_signal_emit (self, made_signal, 0, id);
      gtk_window_destroy (GTK_WINDOW (self));
    }
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      show_trouble (self, error->message);
      update (self);
    }
}

static void
start (C2lUseRunDialog *self)
{
  g_autofree char *name = dup_name (self);
  guint selected = adw_combo_row_get_selected (self->checkpoint);
  const C2lRunCheckpoint *checkpoint;

  if (*name == '\0' || self->cancellable != NULL || selected >= self->checkpoints->len)
    return;
  checkpoint = g_ptr_array_index (self->checkpoints, selected);
  self->cancellable = g_cancellable_new ();
  show_trouble (self, NULL);
  progressed (0, "", self);
  update (self);
  c2l_install_run_async (self->folder, checkpoint->path, name, progressed, self, self->cancellable,
                         made, g_object_ref (self));
}

static void
start_action (GtkWidget *widget, const char *action, GVariant *parameter)
{
  start (C2L_USE_RUN_DIALOG (widget));
}

static gboolean
c2l_use_run_dialog_close_request (GtkWindow *window)
{
  C2lUseRunDialog *self = C2L_USE_RUN_DIALOG (window);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  return GTK_WINDOW_CLASS (c2l_use_run_dialog_parent_class)->close_request (window);
}

static void
c2l_use_run_dialog_finalize (GObject *object)
{
  C2lUseRunDialog *self = C2L_USE_RUN_DIALOG (object);

  g_clear_object (&self->cancellable);
  g_free (self->folder);
  g_ptr_array_unref (self->checkpoints);
  G_OBJECT_CLASS (c2l_use_run_dialog_parent_class)->finalize (object);
}

static void
c2l_use_run_dialog_class_init (C2lUseRunDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = c2l_use_run_dialog_finalize;
  GTK_WINDOW_CLASS (klass)->close_request = c2l_use_run_dialog_close_request;
  made_signal = g_signal_new ("made", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                              NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-use-run-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lUseRunDialog, name);
  gtk_widget_class_bind_template_child (widget_class, C2lUseRunDialog, checkpoint);
  gtk_widget_class_bind_template_child (widget_class, C2lUseRunDialog, trouble);
  gtk_widget_class_bind_template_child (widget_class, C2lUseRunDialog, progress);
  gtk_widget_class_bind_template_callback (widget_class, start);
  gtk_widget_class_bind_template_callback (widget_class, update);
  gtk_widget_class_install_action (widget_class, "use.start", NULL, start_action);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
c2l_use_run_dialog_init (C2lUseRunDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

C2lUseRunDialog *
c2l_use_run_dialog_new (GtkWindow *parent,
                        const char *folder,
                        const char *name,
                        GPtrArray *checkpoints)
{
  C2lUseRunDialog *self = g_object_new (C2L_TYPE_USE_RUN_DIALOG, "transient-for", parent, NULL);
  g_autoptr (GtkStringList) list = gtk_string_list_new (NULL);

  self->folder = g_strdup (folder);
  self->checkpoints = g_ptr_array_ref (checkpoints);
  for (guint i = 0; i < checkpoints->len; i++)
    {
      const C2lRunCheckpoint *checkpoint = g_ptr_array_index (checkpoints, i);
      g_autofree char *step = g_strdup_printf ("%'" G_GINT64_FORMAT, checkpoint->step);
      /* Translators: %s is a step of a training. */
      g_autofree char *text = g_strdup_printf (_ ("Step %s"), step);

      gtk_string_list_append (list, checkpoint->step < 0 ? _ ("The best") : text);
    }
  adw_combo_row_set_model (self->checkpoint, G_LIST_MODEL (list));
  gtk_editable_set_text (GTK_EDITABLE (self->name), name);
  update (self);
  return self;
}
