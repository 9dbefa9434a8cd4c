/* The models of this user. Looks again whenever it is shown; which model Create draws with is a
 * setting, and whoever draws follows that. */
#include "app/c2l-models-page.h"

#include "app/c2l-catalogue-box.h"
#include "app/c2l-compat.h"
#include "app/c2l-import-dialog.h"
#include "app/c2l-model-removal.h"
#include "app/c2l-model-row.h"
#include "app/c2l-name-dialog.h"
#include "app/c2l-settings.h"
#include "studio/bundles.h"
#include "studio/install.h"

#include <glib/gi18n.h>

/* The starter's entry in the catalogue. */
#define STARTER "starter"

struct _C2lModelsPage
{
  AdwBin parent_instance;

  GtkStack *stack;
  AdwStatusPage *status;
  GtkListBox *list;
  GtkLabel *total;
  C2lCatalogueBox *catalogue;
  GtkBox *busy;
  GtkLabel *busy_text;
  GtkProgressBar *busy_progress;

  GPtrArray *models; /* of C2lInstalled; NULL until listed for the first time */
  GCancellable *listing;
  GCancellable *work;  /* NULL while no folder is being copied or removed */
  C2lLibrary *library; /* (nullable) */
  char *renamed;       /* folder of the model whose new name is asked for */
};

G_DEFINE_FINAL_TYPE (C2lModelsPage, c2l_models_page, ADW_TYPE_BIN)

static void
say (C2lModelsPage *self, const char *text)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "win.say", "s", text);
}

/* --- the list --- */

/* One thing at a time takes its time here. */
static gboolean
begin_work (C2lModelsPage *self)
{
  if (self->work != NULL)
    {
      say (self, _ ("Another model is being copied or removed; try again when that is done"));
      return FALSE;
    }
  self->work = g_cancellable_new ();
  return TRUE;
}

static void
show_work (C2lModelsPage *self, const char *text, double fraction)
{
  if (self->work == NULL)
    return;
  gtk_label_set_label (self->busy_text, text);
  gtk_progress_bar_set_fraction (self->busy_progress, fraction);
  gtk_widget_set_visible (GTK_WIDGET (self->busy), TRUE);
}

static void
end_work (C2lModelsPage *self)
{
  g_clear_object (&self->work);
  gtk_widget_set_visible (GTK_WIDGET (self->busy), FALSE);
}

static void
stop_work (GtkWidget *widget, const char *action, GVariant *parameter)
{
  g_cancellable_cancel (C2L_MODELS_PAGE (widget)->work);
}

static void
mark_used (C2lModelsPage *self)
{
  g_autofree char *used = g_settings_get_string (c2l_settings_get (), "model");
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->list, i)) != NULL; i++)
    c2l_model_row_set_in_use (C2L_MODEL_ROW (row),
                              g_strcmp0 (c2l_model_row_get_id (C2L_MODEL_ROW (row)), used) == 0);
}

static gboolean
is_same (const C2lInstalled *a, const C2lInstalled *b)
{
  const char *a_error = a->error != NULL ? a->error->message : NULL;
  const char *b_error = b->error != NULL ? b->error->message : NULL;

  return g_strcmp0 (a->folder, b->folder) == 0 && g_strcmp0 (a->name, b->name) == 0
         && a->size == b->size && g_strcmp0 (a_error, b_error) == 0;
}

/* A list that did not change stays as it is, with what the user has unfolded and focused. */
static gboolean
is_shown (C2lModelsPage *self, GPtrArray *models)
{
  if (self->models == NULL || self->models->len != models->len)
    return FALSE;
  for (guint i = 0; i < models->len; i++)
    if (!is_same (g_ptr_array_index (self->models, i), g_ptr_array_index (models, i)))
      return FALSE;
  return TRUE;
}

static void
show_models (C2lModelsPage *self, GPtrArray *models)
{
  g_autofree char *size = NULL, *total = NULL;
  GtkListBoxRow *row;
  guint64 bytes = 0;

  while ((row = gtk_list_box_get_row_at_index (self->list, 0)) != NULL)
    gtk_list_box_remove (self->list, GTK_WIDGET (row));
  for (guint i = 0; i < models->len; i++)
    {
      C2lInstalled *installed = g_ptr_array_index (models, i);

      gtk_list_box_append (
          self->list, GTK_WIDGET (c2l_model_row_new (
                          installed, c2l_catalogue_box_find (
                                         self->catalogue,
                                         installed->is_starter ? STARTER : installed->origin))));
      bytes += installed->size;
    }
  size = g_format_size (bytes);
  total = g_strdup_printf (ngettext ("%u model, %s on disk", "%u models, %s on disk", models->len),
                           models->len, size);
  gtk_label_set_label (self->total, total);
  gtk_stack_set_visible_child_name (self->stack, models->len > 0 ? "list" : "status");
  g_clear_pointer (&self->models, g_ptr_array_unref);
  self->models = g_ptr_array_ref (models);
  c2l_catalogue_box_set_installed (self->catalogue, models);
  mark_used (self);
}

static void
show_failure (C2lModelsPage *self, const GError *error)
{
  g_autofree char *text = g_markup_escape_text (error->message, -1);

  adw_status_page_set_title (self->status, _ ("The Models Cannot Be Listed"));
  adw_status_page_set_description (self->status, text);
  gtk_stack_set_visible_child_name (self->stack, "status");
  g_clear_pointer (&self->models, g_ptr_array_unref);
}

static void
listed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lModelsPage) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) models = c2l_bundles_list_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_object (&self->listing);
  if (models == NULL)
    show_failure (self, error);
  else if (!is_shown (self, models))
    show_models (self, models);
}

static void
refresh (C2lModelsPage *self)
{
  g_cancellable_cancel (self->listing);
  g_clear_object (&self->listing);
  self->listing = g_cancellable_new ();
  c2l_bundles_list_async (self->listing, listed, g_object_ref (self));
}

static C2lInstalled *
find_model (C2lModelsPage *self, GVariant *id)
{
  for (guint i = 0; self->models != NULL && i < self->models->len; i++)
    {
      C2lInstalled *installed = g_ptr_array_index (self->models, i);

      if (g_strcmp0 (installed->id, g_variant_get_string (id, NULL)) == 0)
        return installed;
    }
  return NULL;
}

/* --- what can be done with one --- */

static void
use (GtkWidget *widget, const char *action, GVariant *id)
{
  g_settings_set_value (c2l_settings_get (), "model", id);
  gtk_widget_activate_action (widget, "win.page", "s", "create");
}

static void
shown_in_files (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lModelsPage) self = data;
  g_autoptr (GError) error = NULL;

  if (!c2l_compat_show_in_files_finish (result, &error))
    say (self, error->message);
}

static void
show_in_files (GtkWidget *widget, const char *action, GVariant *id)
{
  C2lModelsPage *self = C2L_MODELS_PAGE (widget);
  C2lInstalled *installed = find_model (self, id);
  g_autoptr (GFile) folder = installed != NULL ? g_file_new_for_path (installed->folder) : NULL;

  if (folder != NULL)
    c2l_compat_show_in_files_async (GTK_WINDOW (gtk_widget_get_root (widget)), folder,
                                    shown_in_files, g_object_ref (self));
}

static void
on_named (const char *name, gpointer data)
{
  C2lModelsPage *self = data;
  g_autoptr (GError) error = NULL;

  if (self->renamed == NULL)
    return;
  if (c2l_bundles_rename (self->renamed, name, &error))
    refresh (self);
  else
    say (self, error->message);
}

static void
rename_model (GtkWidget *widget, const char *action, GVariant *id)
{
  C2lModelsPage *self = C2L_MODELS_PAGE (widget);
  C2lInstalled *installed = find_model (self, id);
  g_autofree char *heading = NULL;

  if (installed == NULL || installed->is_starter)
    return;
  g_free (self->renamed);
  self->renamed = g_strdup (installed->folder);
  /* Translators: %s is the name of a model. */
  heading = g_strdup_printf (_ ("Rename “%s”"), installed->name);
  c2l_name_dialog_ask (widget, heading, NULL, _ ("New name"), _ ("_Rename"), on_named, self);
}

typedef struct
{
  C2lModelsPage *page;
  char *id;
} Removal;

static void
removed (GObject *source, GAsyncResult *result, gpointer data)
{
  Removal *removal = data;
  g_autoptr (C2lModelsPage) self = removal->page;
  g_autofree char *id = removal->id;
  g_autofree char *used = g_settings_get_string (c2l_settings_get (), "model");
  g_autoptr (GError) error = NULL;

  g_free (removal);
  end_work (self);
  if (c2l_model_removal_finish (result, &error))
    {
      if (g_strcmp0 (used, id) == 0)
        g_settings_reset (c2l_settings_get (), "model");
      say (self, _ ("The model was moved to the trash"));
      refresh (self);
    }
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    say (self, error->message);
}

static void
farewell_progressed (guint done, guint n, gpointer data)
{
  g_autofree char *text = NULL;

  if (n == 0)
    return;
  text = g_strdup_printf (ngettext ("Drawing %u of %u picture…", "Drawing %u of %u pictures…", n),
                          MIN (done + 1, n), n);
  show_work (data, text, (double) done / n);
}

static void
remove_model (GtkWidget *widget, const char *action, GVariant *id)
{
  C2lModelsPage *self = C2L_MODELS_PAGE (widget);
  C2lInstalled *installed = find_model (self, id);
  Removal *removal;

  if (installed == NULL || installed->is_starter || !begin_work (self))
    return;
  removal = g_new0 (Removal, 1);
  removal->page = g_object_ref (self);
  removal->id = g_variant_dup_string (id, NULL);
  c2l_model_removal_async (widget, installed, self->library, farewell_progressed, self, self->work,
                           removed, removal);
}

/* --- coming in --- */

static void
installed_one (C2lModelsPage *self, const char *folder)
{
  g_autoptr (C2lBundle) bundle = c2l_bundle_open (folder, NULL);
  g_autofree char *base = g_filename_display_basename (folder);
  /* Translators: %s is the name of a model. */
  g_autofree char *text = g_strdup_printf (_ ("“%s” is installed"),
                                           bundle != NULL ? c2l_bundle_get_name (bundle) : base);

  say (self, text);
  refresh (self);
}

static void
copied (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lModelsPage) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = c2l_install_finish (result, &error);

  end_work (self);
  if (folder != NULL)
    installed_one (self, folder);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    say (self, error->message);
}

static void
copy_progressed (double fraction, const char *part, gpointer data)
{
  gtk_progress_bar_set_fraction (C2L_MODELS_PAGE (data)->busy_progress, fraction);
}

static void
copy_folder (C2lModelsPage *self, const char *folder)
{
  g_autofree char *name = g_filename_display_basename (folder);
  /* Translators: %s is the name of a folder. */
  g_autofree char *text = g_strdup_printf (_ ("Copying “%s”…"), name);

  if (!begin_work (self))
    return;
  show_work (self, text, 0);
  c2l_install_folder_async (folder, copy_progressed, self, self->work, copied, g_object_ref (self));
}

void
c2l_models_page_set_library (C2lModelsPage *self, C2lLibrary *library)
{
  g_return_if_fail (C2L_IS_MODELS_PAGE (self));
  g_set_object (&self->library, library);
}

void
c2l_models_page_import (C2lModelsPage *self, GListModel *files)
{
  g_autoptr (GFile) first = files != NULL && g_list_model_get_n_items (files) == 1
                                ? g_list_model_get_item (files, 0)
                                : NULL;
  const char *path = first != NULL ? g_file_peek_path (first) : NULL;
  C2lImportDialog *dialog;

  g_return_if_fail (C2L_IS_MODELS_PAGE (self));

  if (path != NULL && c2l_bundle_is_bundle (path))
    {
      copy_folder (self, path);
      return;
    }
  dialog = c2l_import_dialog_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))));
  g_signal_connect_object (dialog, "installed", G_CALLBACK (installed_one), self,
                           G_CONNECT_SWAPPED);
  if (files != NULL)
    c2l_import_dialog_add_files (dialog, files);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
import (GtkWidget *widget, const char *action, GVariant *parameter)
{
  c2l_models_page_import (C2L_MODELS_PAGE (widget), NULL);
}

static gboolean
dropped (C2lModelsPage *self, const GValue *value, double x, double y, GtkDropTarget *target)
{
  g_autoptr (GListStore) files = g_list_store_new (G_TYPE_FILE);
  GdkFileList *list = g_value_get_boxed (value);
  g_autoptr (GSList) each = gdk_file_list_get_files (list);

  for (GSList *at = each; at != NULL; at = at->next)
    g_list_store_append (files, at->data);
  c2l_models_page_import (self, G_LIST_MODEL (files));
  return TRUE;
}

static void
c2l_models_page_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (c2l_models_page_parent_class)->map (widget);
  refresh (C2L_MODELS_PAGE (widget));
}

static void
c2l_models_page_dispose (GObject *object)
{
  C2lModelsPage *self = C2L_MODELS_PAGE (object);

  g_cancellable_cancel (self->listing);
  g_cancellable_cancel (self->work);
  g_clear_object (&self->listing);
  g_clear_object (&self->work);
  g_clear_object (&self->library);
  g_clear_pointer (&self->renamed, g_free);
  g_clear_pointer (&self->models, g_ptr_array_unref);
  G_OBJECT_CLASS (c2l_models_page_parent_class)->dispose (object);
}

static void
c2l_models_page_class_init (C2lModelsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_models_page_dispose;
  widget_class->map = c2l_models_page_map;
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-models-page.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lModelsPage, stack);
  gtk_widget_class_bind_template_child (widget_class, C2lModelsPage, status);
  gtk_widget_class_bind_template_child (widget_class, C2lModelsPage, list);
  gtk_widget_class_bind_template_child (widget_class, C2lModelsPage, total);
  gtk_widget_class_bind_template_child (widget_class, C2lModelsPage, busy);
  gtk_widget_class_bind_template_child (widget_class, C2lModelsPage, busy_text);
  gtk_widget_class_bind_template_child (widget_class, C2lModelsPage, busy_progress);
  gtk_widget_class_bind_template_child (widget_class, C2lModelsPage, catalogue);
  gtk_widget_class_bind_template_callback (widget_class, installed_one);
  gtk_widget_class_install_action (widget_class, "models.import", NULL, import);
  gtk_widget_class_install_action (widget_class, "models.use", "s", use);
  gtk_widget_class_install_action (widget_class, "models.show", "s", show_in_files);
  gtk_widget_class_install_action (widget_class, "models.remove", "s", remove_model);
  gtk_widget_class_install_action (widget_class, "models.rename", "s", rename_model);
  gtk_widget_class_install_action (widget_class, "models.stop", NULL, stop_work);
}

static void
c2l_models_page_init (C2lModelsPage *self)
{
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  g_type_ensure (C2L_TYPE_CATALOGUE_BOX);
  gtk_widget_init_template (GTK_WIDGET (self));
  c2l_compat_hide_other_pages (GTK_WIDGET (self->stack));
  g_signal_connect_swapped (target, "drop", G_CALLBACK (dropped), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
  g_signal_connect_object (c2l_settings_get (), "changed::model", G_CALLBACK (mark_used), self,
                           G_CONNECT_SWAPPED);
}
