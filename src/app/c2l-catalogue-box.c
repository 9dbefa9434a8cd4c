/* What can be had. The list is made anew when the catalogue or what is installed changes; downloads
 * only change their row. */
#include "app/c2l-catalogue-box.h"

#include "app/c2l-address-dialog.h"
#include "app/c2l-catalogue-row.h"
#include "app/c2l-licence-dialog.h"
#include "app/c2l-settings.h"
#include "studio/acquire.h"
#include "studio/bundles.h"
#include "studio/catalogue-remote.h"
#include "studio/downloads.h"

#include <glib/gi18n.h>

/* So much may be thrown away without asking. */
#define CHEAP_BYTES (1 << 20)

struct _C2lCatalogueBox
{
  AdwBin parent_instance;

  GtkListBox *list;
  GtkLabel *nothing;
  GtkLabel *trouble;
  GtkBox *kept;
  GtkLabel *kept_text;

  C2lCatalogue *catalogue; /* (nullable): NULL where the program's own is broken */
  gboolean is_opened;      /* it was tried */
  C2lDownloads *downloads;
  GHashTable *installed; /* origins */
  GCancellable *fetching;
};

G_DEFINE_FINAL_TYPE (C2lCatalogueBox, c2l_catalogue_box, ADW_TYPE_BIN)

static guint installed_signal;

static void
say (C2lCatalogueBox *self, const char *text)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "win.say", "s", text);
}

/* --- the list --- */

static C2lCatalogueRow *
find_row (C2lCatalogueBox *self, const char *id)
{
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->list, i)) != NULL; i++)
    if (g_str_equal (c2l_catalogue_row_get_id (C2L_CATALOGUE_ROW (row)), id))
      return C2L_CATALOGUE_ROW (row);
  return NULL;
}

static void
show_state (C2lCatalogueBox *self, const char *id)
{
  C2lCatalogueRow *row = find_row (self, id);
  C2lDownloadState state;

  c2l_downloads_get (self->downloads, id, &state);
  if (row != NULL)
    c2l_catalogue_row_set_state (row, &state);
}

/* While something is downloaded, all of it is needed. */
static void
show_kept (C2lCatalogueBox *self)
{
  goffset kept = self->catalogue != NULL && !c2l_downloads_is_busy (self->downloads)
                     ? c2l_acquire_measure_kept (self->catalogue)
                     : 0;
  g_autofree char *size = g_format_size (kept);
  /* Translators: %s is a size on disk. */
  g_autofree char *text
      = g_strdup_printf (_ ("%s of downloads are kept: unfinished ones, and files that more than "
                            "one model is made of"),
                         size);

  gtk_label_set_label (self->kept_text, text);
  gtk_widget_set_visible (GTK_WIDGET (self->kept), kept > 0);
}

static gboolean
is_offered (C2lCatalogueBox *self, const C2lCatalogueModel *model)
{
  return model->bundle == NULL && !g_hash_table_contains (self->installed, model->id);
}

static gboolean
is_shown (C2lCatalogueBox *self)
{
  GPtrArray *models = c2l_catalogue_get_models (self->catalogue);
  int n = 0;

  for (guint i = 0; i < models->len; i++)
    {
      const C2lCatalogueModel *model = g_ptr_array_index (models, i);
      GtkListBoxRow *row;

      if (!is_offered (self, model))
        continue;
      row = gtk_list_box_get_row_at_index (self->list, n++);
      if (row == NULL
          || !g_str_equal (c2l_catalogue_row_get_id (C2L_CATALOGUE_ROW (row)), model->id))
        return FALSE;
    }
  return gtk_list_box_get_row_at_index (self->list, n) == NULL;
}

static void
fill_list (C2lCatalogueBox *self)
{
  GPtrArray *models = c2l_catalogue_get_models (self->catalogue);
  GtkListBoxRow *row;

  while ((row = gtk_list_box_get_row_at_index (self->list, 0)) != NULL)
    gtk_list_box_remove (self->list, GTK_WIDGET (row));
  for (guint i = 0; i < models->len; i++)
    {
      const C2lCatalogueModel *model = g_ptr_array_index (models, i);

      if (!is_offered (self, model))
        continue;
      gtk_list_box_append (self->list, GTK_WIDGET (c2l_catalogue_row_new (model)));
      show_state (self, model->id);
    }
}

static void
show_list (C2lCatalogueBox *self, gboolean anew)
{
  gboolean any;

  if (self->catalogue == NULL)
    return;
  if (anew || !is_shown (self))
    fill_list (self);
  any = gtk_list_box_get_row_at_index (self->list, 0) != NULL;
  gtk_widget_set_visible (GTK_WIDGET (self->list), any);
  gtk_widget_set_visible (GTK_WIDGET (self->nothing), !any);
  show_kept (self);
}

void
c2l_catalogue_box_set_installed (C2lCatalogueBox *self, GPtrArray *installed)
{
  g_hash_table_remove_all (self->installed);
  for (guint i = 0; i < installed->len; i++)
    {
      const C2lInstalled *one = g_ptr_array_index (installed, i);

      if (one->origin != NULL)
        g_hash_table_add (self->installed, g_strdup (one->origin));
    }
  show_list (self, FALSE);
}

/* --- the catalogue --- */

static char *
dup_address (void)
{
  return g_settings_get_string (c2l_settings_get (), "catalogue");
}

static void
show_trouble (C2lCatalogueBox *self, const GError *error)
{
  gtk_label_set_label (self->trouble, error != NULL ? error->message : "");
  gtk_widget_set_visible (GTK_WIDGET (self->trouble), error != NULL);
}

static void
open_catalogue (C2lCatalogueBox *self)
{
  g_autofree char *address = dup_address ();
  g_autoptr (GError) error = NULL, second_error = NULL;
  C2lCatalogue *catalogue = c2l_catalogue_open (address, &second_error, &error);

  self->is_opened = TRUE;
  show_trouble (self, error != NULL ? error : second_error);
  if (catalogue == NULL)
    return;
  g_clear_pointer (&self->catalogue, c2l_catalogue_unref);
  self->catalogue = catalogue;
  c2l_downloads_set_catalogue (self->downloads, catalogue);
  show_list (self, TRUE);
}

/* Not before anybody looks: nothing is read for a page that is not opened. */
static void
ensure_opened (C2lCatalogueBox *self)
{
  if (!self->is_opened)
    open_catalogue (self);
}

const C2lCatalogueModel *
c2l_catalogue_box_find (C2lCatalogueBox *self, const char *origin)
{
  ensure_opened (self);
  return self->catalogue != NULL && origin != NULL
             ? c2l_catalogue_find_model (self->catalogue, origin)
             : NULL;
}

static void
on_fetched (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lCatalogueBox) self = data;
  g_autoptr (GError) error = NULL;
  gboolean ok = c2l_catalogue_fetch_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_object (&self->fetching);
  if (ok)
    {
      open_catalogue (self);
      say (self, _ ("The second catalogue is up to date"));
    }
  else
    show_trouble (self, error);
}

static void
fetch (C2lCatalogueBox *self)
{
  g_autofree char *address = dup_address ();

  g_cancellable_cancel (self->fetching);
  g_clear_object (&self->fetching);
  if (*address == '\0')
    return;
  self->fetching = g_cancellable_new ();
  c2l_catalogue_fetch_async (address, self->fetching, on_fetched, g_object_ref (self));
}

static void
refresh (GtkWidget *widget, const char *action, GVariant *parameter)
{
  fetch (C2L_CATALOGUE_BOX (widget));
}

/* What was known of another address goes at once; what the new one has comes when it comes. */
static void
address_changed (C2lCatalogueBox *self)
{
  g_autofree char *address = dup_address ();

  gtk_widget_action_set_enabled (GTK_WIDGET (self), "catalogue.refresh", *address != '\0');
  open_catalogue (self);
  fetch (self);
}

static void
choose_second (GtkWidget *widget, const char *action, GVariant *parameter)
{
  c2l_address_dialog_present (GTK_WINDOW (gtk_widget_get_root (widget)));
}

/* --- downloads --- */

static void
on_accepted (C2lCatalogueBox *self, const char *id)
{
  c2l_downloads_start (self->downloads, id);
  show_kept (self);
}

static void
download (GtkWidget *widget, const char *action, GVariant *id)
{
  C2lCatalogueBox *self = C2L_CATALOGUE_BOX (widget);
  const C2lCatalogueModel *model = c2l_catalogue_box_find (self, g_variant_get_string (id, NULL));
  C2lLicenceDialog *dialog;

  if (model == NULL)
    return;
  dialog
      = c2l_licence_dialog_new (GTK_WINDOW (gtk_widget_get_root (widget)), self->catalogue, model);
  g_signal_connect_object (dialog, "accepted", G_CALLBACK (on_accepted), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

/* Its licences were accepted before. */
static void
go_on (GtkWidget *widget, const char *action, GVariant *id)
{
  on_accepted (C2L_CATALOGUE_BOX (widget), g_variant_get_string (id, NULL));
}

static void
pause_download (GtkWidget *widget, const char *action, GVariant *id)
{
  c2l_downloads_pause (C2L_CATALOGUE_BOX (widget)->downloads, g_variant_get_string (id, NULL));
}

static void
on_cancel_answer (C2lCatalogueBox *self, const char *response, AdwMessageDialog *dialog)
{
  if (g_str_equal (response, "discard"))
    c2l_downloads_cancel (self->downloads, g_object_get_data (G_OBJECT (dialog), "id"));
}

static void
ask_to_cancel (C2lCatalogueBox *self, const char *id, goffset done)
{
  const C2lCatalogueModel *model = c2l_catalogue_box_find (self, id);
  g_autofree char *size = g_format_size (done);
  /* Translators: %s is the name of a model. */
  g_autofree char *heading
      = g_strdup_printf (_ ("Cancel the Download of “%s”?"), model != NULL ? model->name : id);
  /* Translators: %s is a size. */
  g_autofree char *body = g_strdup_printf (
      _ ("%s are here already and would be thrown away. A paused download keeps them."), size);
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                                              heading, body);

  g_object_set_data_full (G_OBJECT (dialog), "id", g_strdup (id), g_free);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "keep", _ ("Keep"), "discard",
                                    _ ("Throw Away"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "discard",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "keep");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "keep");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_cancel_answer), self,
                           G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
cancel_download (GtkWidget *widget, const char *action, GVariant *id)
{
  C2lCatalogueBox *self = C2L_CATALOGUE_BOX (widget);
  const char *name = g_variant_get_string (id, NULL);
  C2lDownloadState state;

  c2l_downloads_get (self->downloads, name, &state);
  if (state.done < CHEAP_BYTES)
    c2l_downloads_cancel (self->downloads, name);
  else
    ask_to_cancel (self, name, state.done);
}

static void
on_changed (C2lCatalogueBox *self, const char *id)
{
  show_state (self, id);
  show_kept (self);
}

static void
on_installed (C2lCatalogueBox *self, const char *id, const char *folder)
{
  show_kept (self);
  g_signal_emit (self, installed_signal, 0, folder);
}

static void
delete_kept (GtkWidget *widget, const char *action, GVariant *parameter)
{
  C2lCatalogueBox *self = C2L_CATALOGUE_BOX (widget);
  GPtrArray *models;

  if (self->catalogue == NULL || c2l_downloads_is_busy (self->downloads))
    return;
  models = c2l_catalogue_get_models (self->catalogue);
  /* Those that were begun have nothing any more. */
  for (guint i = 0; i < models->len; i++)
    c2l_downloads_cancel (self->downloads, ((C2lCatalogueModel *) models->pdata[i])->id);
  c2l_acquire_discard_kept (self->catalogue);
  show_list (self, TRUE);
}

static void
c2l_catalogue_box_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (c2l_catalogue_box_parent_class)->map (widget);
  ensure_opened (C2L_CATALOGUE_BOX (widget));
  show_list (C2L_CATALOGUE_BOX (widget), FALSE);
}

static void
c2l_catalogue_box_dispose (GObject *object)
{
  C2lCatalogueBox *self = C2L_CATALOGUE_BOX (object);

  g_cancellable_cancel (self->fetching);
  g_clear_object (&self->fetching);
  if (self->downloads != NULL)
    g_signal_handlers_disconnect_by_data (self->downloads, self);
  g_clear_object (&self->downloads);
  g_clear_pointer (&self->catalogue, c2l_catalogue_unref);
  g_clear_pointer (&self->installed, g_hash_table_unref);
  G_OBJECT_CLASS (c2l_catalogue_box_parent_class)->dispose (object);
}

static void
c2l_catalogue_box_class_init (C2lCatalogueBoxClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_catalogue_box_dispose;
  widget_class->map = c2l_catalogue_box_map;
  installed_signal = g_signal_new ("installed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                   NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-catalogue-box.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lCatalogueBox, list);
  gtk_widget_class_bind_template_child (widget_class, C2lCatalogueBox, nothing);
  gtk_widget_class_bind_template_child (widget_class, C2lCatalogueBox, trouble);
  gtk_widget_class_bind_template_child (widget_class, C2lCatalogueBox, kept);
  gtk_widget_class_bind_template_child (widget_class, C2lCatalogueBox, kept_text);
  gtk_widget_class_install_action (widget_class, "catalogue.download", "s", download);
  gtk_widget_class_install_action (widget_class, "catalogue.go-on", "s", go_on);
  gtk_widget_class_install_action (widget_class, "catalogue.pause", "s", pause_download);
  gtk_widget_class_install_action (widget_class, "catalogue.cancel", "s", cancel_download);
  gtk_widget_class_install_action (widget_class, "catalogue.second", NULL, choose_second);
  gtk_widget_class_install_action (widget_class, "catalogue.refresh", NULL, refresh);
  gtk_widget_class_install_action (widget_class, "catalogue.delete-kept", NULL, delete_kept);
}

static void
c2l_catalogue_box_init (C2lCatalogueBox *self)
{
  g_autofree char *address = dup_address ();

  self->installed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->downloads = c2l_downloads_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_swapped (self->downloads, "changed", G_CALLBACK (on_changed), self);
  g_signal_connect_swapped (self->downloads, "installed", G_CALLBACK (on_installed), self);
  g_signal_connect_object (c2l_settings_get (), "changed::catalogue", G_CALLBACK (address_changed),
                           self, G_CONNECT_SWAPPED);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "catalogue.refresh", *address != '\0');
}
