/* A form whose every change makes a plan of studio's, on a thread: the plan is the command that is
 * shown, or what is wrong. What is started is exactly that. */
#include "app/c2l-train-dialog.h"

#include "app/c2l-compat.h"
#include "studio/bundles.h"
#include "studio/run-plan.h"
#include "studio/train-config.h"

#include <glib/gi18n.h>
#include <string.h>

#define MS_UNTIL_PLANNED 150 /* after a key */
#define FIRST_DATA "starter" /* what needs no download */

struct _C2lTrainDialog
{
  AdwWindow parent_instance;

  AdwEntryRow *name;
  AdwComboRow *data, *model, *bundle;
  GtkSwitch *make;
  AdwActionRow *samples_row;
  GtkSpinButton *samples;
  AdwActionRow *folder_row;
  AdwEntryRow *settings;
  GtkLabel *trouble;
  GtkLabel *command;

  char **data_presets, **model_presets;
  GPtrArray *bundles;        /* of C2lInstalled; NULL until listed */
  GFile *folder;             /* NULL: as the kind of data has it */
  GCancellable *cancellable; /* of what is being planned and listed */
  guint timer;
  C2lRunPlan *plan; /* NULL: nothing to be started */
  gboolean name_is_ours;
};

static guint started_signal;

G_DEFINE_FINAL_TYPE (C2lTrainDialog, c2l_train_dialog, ADW_TYPE_WINDOW)

/* --- what was chosen --- */

static const char *
get_preset (AdwComboRow *row, char **presets)
{
  guint selected = adw_combo_row_get_selected (row);

  return selected < g_strv_length (presets) ? presets[selected] : "";
}

/* The first choice is none of the models. */
static const char *
get_bundle (C2lTrainDialog *self)
{
  guint selected = adw_combo_row_get_selected (self->bundle);

  if (self->bundles == NULL || selected == 0 || selected == GTK_INVALID_LIST_POSITION)
    return NULL;
  return ((C2lInstalled *) g_ptr_array_index (self->bundles, selected - 1))->folder;
}

static char *
dup_name (C2lTrainDialog *self)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->name))));
}

/* --- the plan --- */

static void
update_plan (C2lTrainDialog *self, C2lRunPlan *plan, const GError *error)
{
  g_clear_pointer (&self->plan, c2l_run_plan_free);
  self->plan = plan;
  if (plan != NULL)
    gtk_label_set_label (self->command, plan->command);
  gtk_label_set_label (self->trouble, error != NULL ? error->message : "");
  gtk_widget_set_visible (GTK_WIDGET (self->trouble), error != NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "training.start", plan != NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "training.copy", plan != NULL);
}

static void
planned (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lTrainDialog) self = data;
  g_autoptr (GError) error = NULL;
  C2lRunPlan *plan = c2l_run_plan_new_finish (result, &error);

  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    update_plan (self, plan, error);
}

static gboolean
make_plan (gpointer data)
{
  C2lTrainDialog *self = data;
  g_autofree char *name = dup_name (self);
  const C2lRunWish wish = {
    .name = name,
    .data = get_preset (self->data, self->data_presets),
    .model = get_preset (self->model, self->model_presets),
    .bundle = get_bundle (self),
    .data_folder = self->folder != NULL ? g_file_peek_path (self->folder) : NULL,
    .n_samples
    = gtk_switch_get_active (self->make) ? gtk_spin_button_get_value_as_int (self->samples) : 0,
    .settings = gtk_editable_get_text (GTK_EDITABLE (self->settings)),
  };

  self->timer = 0;
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  c2l_run_plan_new_async (&wish, self->cancellable, planned, g_object_ref (self));
  return G_SOURCE_REMOVE;
}

/* What is shown is of an older form until the new plan is there, so it cannot be started. */
static void
on_changed (C2lTrainDialog *self)
{
  if (self->data_presets == NULL)
    return;
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "training.start", FALSE);
  g_clear_handle_id (&self->timer, g_source_remove);
  self->timer = g_timeout_add (MS_UNTIL_PLANNED, make_plan, self);
}

/* --- the form --- */

static void
suggest_name (C2lTrainDialog *self)
{
  const char *data = get_preset (self->data, self->data_presets);
  const char *model = get_preset (self->model, self->model_presets);
  g_autofree char *name
      = strcmp (data, model) == 0 ? g_strdup (data) : g_strdup_printf ("%s-%s", data, model);

  if (!self->name_is_ours)
    return;
  gtk_editable_set_text (GTK_EDITABLE (self->name), name);
  self->name_is_ours = TRUE;
}

static void
on_name_changed (C2lTrainDialog *self)
{
  self->name_is_ours = *gtk_editable_get_text (GTK_EDITABLE (self->name)) == '\0';
  on_changed (self);
}

static void
select_preset (AdwComboRow *row, char **presets, const char *name)
{
  for (guint i = 0; presets[i] != NULL; i++)
    if (strcmp (presets[i], name) == 0)
      adw_combo_row_set_selected (row, i);
}

/* The starter's data want a network of the starter's size; all others the published one. */
static void
on_data_chosen (C2lTrainDialog *self)
{
  const char *preset;

  if (self->data_presets == NULL)
    return;
  preset = get_preset (self->data, self->data_presets);
  select_preset (self->model, self->model_presets,
                 strcmp (preset, FIRST_DATA) == 0 ? FIRST_DATA : "mid");
  suggest_name (self);
  on_changed (self);
}

static void
on_make_switched (C2lTrainDialog *self)
{
  gboolean makes = gtk_switch_get_active (self->make);

  gtk_widget_set_visible (GTK_WIDGET (self->samples_row), makes);
  gtk_widget_set_visible (GTK_WIDGET (self->folder_row), !makes);
  on_changed (self);
}

static void
show_folder (C2lTrainDialog *self)
{
  g_autofree char *name = self->folder != NULL ? g_file_get_parse_name (self->folder)
                                               : g_strdup (_ ("As the kind of data has it"));
  g_autofree char *escaped = g_markup_escape_text (name, -1);

  adw_action_row_set_subtitle (self->folder_row, escaped);
}

static void
folder_chosen (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lTrainDialog) self = data;
  g_autoptr (GListModel) files = c2l_compat_choose_finish (result, NULL);
  g_autoptr (GFile) folder = files != NULL ? g_list_model_get_item (files, 0) : NULL;

  if (folder == NULL || g_file_peek_path (folder) == NULL)
    return;
  g_set_object (&self->folder, folder);
  show_folder (self);
  on_changed (self);
}

static void
on_choose_folder (C2lTrainDialog *self)
{
  c2l_compat_choose_async (GTK_WINDOW (self), C2L_CHOOSE_FOLDER, _ ("Folder with Training Data"),
                           self->folder, NULL, folder_chosen, g_object_ref (self));
}

static void
bundles_listed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lTrainDialog) self = data;
  g_autoptr (GPtrArray) all = c2l_bundles_list_finish (result, NULL);
  GtkStringList *names = GTK_STRING_LIST (adw_combo_row_get_model (self->bundle));

  self->bundles = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_installed_free);
  while (all != NULL && all->len > 0)
    {
      C2lInstalled *installed = g_ptr_array_steal_index (all, 0);

      if (installed->error != NULL || !installed->has_clip)
        {
          c2l_installed_free (installed);
          continue;
        }
      gtk_string_list_append (names, installed->name);
      g_ptr_array_add (self->bundles, installed);
    }
}

static void
fill_presets (AdwComboRow *row, char **presets)
{
  g_autoptr (GtkStringList) list = gtk_string_list_new ((const char *const *) presets);

  adw_combo_row_set_model (row, G_LIST_MODEL (list));
}

/* --- actions --- */

static void
start (GtkWidget *widget, const char *action, GVariant *parameter)
{
  C2lTrainDialog *self = C2L_TRAIN_DIALOG (widget);
  g_autoptr (GError) error = NULL;

  if (c2l_run_start (&self->plan->order, &error))
    {
      g_signal_emit (self, started_signal, 0, self->plan->order.folder);
      gtk_window_destroy (GTK_WINDOW (self));
      return;
    }
  gtk_label_set_label (self->trouble, error->message);
  gtk_widget_set_visible (GTK_WIDGET (self->trouble), TRUE);
}

static void
copy_command (GtkWidget *widget, const char *action, GVariant *parameter)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget),
                          C2L_TRAIN_DIALOG (widget)->plan->command);
}

static void
c2l_train_dialog_dispose (GObject *object)
{
  C2lTrainDialog *self = C2L_TRAIN_DIALOG (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->folder);
  G_OBJECT_CLASS (c2l_train_dialog_parent_class)->dispose (object);
}

static void
c2l_train_dialog_finalize (GObject *object)
{
  C2lTrainDialog *self = C2L_TRAIN_DIALOG (object);

  g_strfreev (self->data_presets);
  g_strfreev (self->model_presets);
  g_clear_pointer (&self->bundles, g_ptr_array_unref);
  g_clear_pointer (&self->plan, c2l_run_plan_free);
  G_OBJECT_CLASS (c2l_train_dialog_parent_class)->finalize (object);
}

static void
c2l_train_dialog_class_init (C2lTrainDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_train_dialog_dispose;
  G_OBJECT_CLASS (klass)->finalize = c2l_train_dialog_finalize;
  started_signal = g_signal_new ("started", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-train-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lTrainDialog, name);
  gtk_widget_class_bind_template_child (widget_class, C2lTrainDialog, data);
  gtk_widget_class_bind_template_child (widget_class, C2lTrainDialog, model);
  gtk_widget_class_bind_template_child (widget_class, C2lTrainDialog, bundle);
  gtk_widget_class_bind_template_child (widget_class, C2lTrainDialog, make);
  gtk_widget_class_bind_template_child (widget_class, C2lTrainDialog, samples_row);
  gtk_widget_class_bind_template_child (widget_class, C2lTrainDialog, samples);
  gtk_widget_class_bind_template_child (widget_class, C2lTrainDialog, folder_row);
  gtk_widget_class_bind_template_child (widget_class, C2lTrainDialog, settings);
  gtk_widget_class_bind_template_child (widget_class, C2lTrainDialog, trouble);
  gtk_widget_class_bind_template_child (widget_class, C2lTrainDialog, command);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_choose_folder);
  gtk_widget_class_bind_template_callback (widget_class, on_data_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_make_switched);
  gtk_widget_class_bind_template_callback (widget_class, on_name_changed);
  gtk_widget_class_install_action (widget_class, "training.start", NULL, start);
  gtk_widget_class_install_action (widget_class, "training.copy", NULL, copy_command);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
c2l_train_dialog_init (C2lTrainDialog *self)
{
  const char *const none[] = { _ ("As the kind of data has it"), NULL };
  g_autoptr (GtkStringList) names = gtk_string_list_new (none);
  char **data, **model;

  self->name_is_ours = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  data = c2l_train_config_list_group ("data");
  model = c2l_train_config_list_group ("model");
  fill_presets (self->data, data);
  fill_presets (self->model, model);
  adw_combo_row_set_model (self->bundle, G_LIST_MODEL (names));
  self->data_presets = data;
  self->model_presets = model;
  select_preset (self->data, data, FIRST_DATA);
  on_data_chosen (self);
  gtk_switch_set_active (self->make, TRUE);
  on_make_switched (self);
  show_folder (self);
  update_plan (self, NULL, NULL);
  c2l_bundles_list_async (NULL, bundles_listed, g_object_ref (self));
}

C2lTrainDialog *
c2l_train_dialog_new (GtkWindow *parent)
{
  return g_object_new (C2L_TYPE_TRAIN_DIALOG, "transient-for", parent, NULL);
}
