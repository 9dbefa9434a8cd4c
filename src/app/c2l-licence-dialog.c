/* Asks before a download. The size comes from the catalogue, or from the servers while the dialog
 * is there; without a connection it stays unknown, which is said and no obstacle. */
#include "app/c2l-licence-dialog.h"

#include "studio/acquire.h"
#include "studio/disk.h"
#include "studio/paths.h"

#include <glib/gi18n.h>

struct _C2lLicenceDialog
{
  AdwMessageDialog parent_instance;

  GtkListBox *licences;
  GtkLabel *size;
  GtkLabel *room;
  GtkLabel *sums;
  GtkCheckButton *accept;

  C2lCatalogue *catalogue;
  const C2lCatalogueModel *model;
  GCancellable *cancellable;
};

G_DEFINE_FINAL_TYPE (C2lLicenceDialog, c2l_licence_dialog, ADW_TYPE_MESSAGE_DIALOG)

static guint accepted_signal;

/* --- what is to be downloaded --- */

static void
show_size (C2lLicenceDialog *self, goffset size)
{
  goffset here = c2l_acquire_get_done (self->model);
  g_autofree char *size_text = size >= 0 ? g_format_size (size) : NULL;
  g_autofree char *here_text = g_format_size (here), *text = NULL;

  if (size_text == NULL)
    text = g_strdup (_ ("How much is to be downloaded is not known yet"));
  else if (here > 0)
    /* Translators: sizes. */
    text = g_strdup_printf (_ ("%s to download, of which %s are here"), size_text, here_text);
  else
    /* Translators: %s is a size. */
    text = g_strdup_printf (_ ("%s to download"), size_text);
  gtk_label_set_label (self->size, text);
}

static void
on_size (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lLicenceDialog) self = data;
  goffset size = c2l_acquire_ask_size_finish (result);

  if (!g_cancellable_is_cancelled (self->cancellable))
    show_size (self, size);
}

static void
show_room (C2lLicenceDialog *self)
{
  g_autofree char *models = c2l_paths_dup_models ();
  guint64 have = c2l_disk_get_free (models);
  g_autofree char *size = g_format_size (have);
  /* Translators: %s is a size. */
  g_autofree char *text = g_strdup_printf (_ ("%s are free on the disk for models"), size);

  gtk_label_set_label (self->room, text);
  gtk_widget_set_visible (GTK_WIDGET (self->room), have != G_MAXUINT64);
}

/* Whether what comes can be compared with what was published. */
static void
show_sums (C2lLicenceDialog *self)
{
  guint n_files = 0, n_sums = 0;

  for (int kind = 0; kind < C2L_N_PUBLISHED_KINDS; kind++)
    {
      n_files += self->model->files[kind] != NULL;
      n_sums += self->model->files[kind] != NULL && self->model->files[kind]->sha256 != NULL;
    }
  gtk_label_set_label (
      self->sums, n_sums == n_files ? _ ("Each file is compared with its published checksum.")
                  : n_sums > 0 ? _ ("Not all files have a published checksum; the others are only "
                                    "checked by their length and by what is in them.")
                               : _ ("No checksums were published; the files are only checked by "
                                    "their length and by what is in them."));
}

/* --- licences --- */

static void
append_link (GtkBox *box, const char *address)
{
  GtkWidget *link = gtk_link_button_new_with_label (address, _ ("Read the Licence"));

  gtk_widget_set_halign (link, GTK_ALIGN_START);
  gtk_widget_set_tooltip_text (link, address);
  gtk_widget_add_css_class (link, "licence-link");
  gtk_box_append (box, link);
}

static void
append_label (GtkBox *box, const char *text, const char *css_class)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  if (css_class != NULL)
    gtk_widget_add_css_class (label, css_class);
  gtk_box_append (box, label);
}

static void
show_licences (C2lLicenceDialog *self)
{
  for (guint i = 0; i < self->model->licences->len; i++)
    {
      const C2lLicence *licence = g_ptr_array_index (self->model->licences, i);
      GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3);
      /* Translators: what a licence is for, and its name, as “The generator: MIT”. */
      g_autofree char *title = g_strdup_printf (_ ("%s: %s"), licence->covers, licence->name);

      gtk_widget_add_css_class (box, "licence");
      append_label (GTK_BOX (box), title, NULL);
      if (licence->note != NULL)
        append_label (GTK_BOX (box), licence->note, "warning");
      if (licence->url != NULL)
        append_link (GTK_BOX (box), licence->url);
      gtk_list_box_append (self->licences, box);
      gtk_list_box_row_set_activatable (gtk_list_box_get_row_at_index (self->licences, (int) i),
                                        FALSE);
    }
}

/* --- answers --- */

static void
accept_toggled (C2lLicenceDialog *self)
{
  adw_message_dialog_set_response_enabled (ADW_MESSAGE_DIALOG (self), "download",
                                           gtk_check_button_get_active (self->accept));
}

static void
c2l_licence_dialog_response (AdwMessageDialog *dialog, const char *response)
{
  C2lLicenceDialog *self = C2L_LICENCE_DIALOG (dialog);

  g_cancellable_cancel (self->cancellable);
  if (g_str_equal (response, "download") && gtk_check_button_get_active (self->accept))
    g_signal_emit (self, accepted_signal, 0, self->model->id);
}

static void
c2l_licence_dialog_dispose (GObject *object)
{
  C2lLicenceDialog *self = C2L_LICENCE_DIALOG (object);

  g_cancellable_cancel (self->cancellable);
  G_OBJECT_CLASS (c2l_licence_dialog_parent_class)->dispose (object);
}

static void
c2l_licence_dialog_finalize (GObject *object)
{
  C2lLicenceDialog *self = C2L_LICENCE_DIALOG (object);

  g_object_unref (self->cancellable);
  g_clear_pointer (&self->catalogue, c2l_catalogue_unref);
  G_OBJECT_CLASS (c2l_licence_dialog_parent_class)->finalize (object);
}

static void
c2l_licence_dialog_class_init (C2lLicenceDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_licence_dialog_dispose;
  G_OBJECT_CLASS (klass)->finalize = c2l_licence_dialog_finalize;
  ADW_MESSAGE_DIALOG_CLASS (klass)->response = c2l_licence_dialog_response;
  accepted_signal = g_signal_new ("accepted", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                  NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-licence-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lLicenceDialog, licences);
  gtk_widget_class_bind_template_child (widget_class, C2lLicenceDialog, size);
  gtk_widget_class_bind_template_child (widget_class, C2lLicenceDialog, room);
  gtk_widget_class_bind_template_child (widget_class, C2lLicenceDialog, sums);
  gtk_widget_class_bind_template_child (widget_class, C2lLicenceDialog, accept);
  gtk_widget_class_bind_template_callback (widget_class, accept_toggled);
}

static void
c2l_licence_dialog_init (C2lLicenceDialog *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

C2lLicenceDialog *
c2l_licence_dialog_new (GtkWindow *parent, C2lCatalogue *catalogue, const C2lCatalogueModel *model)
{
  C2lLicenceDialog *self = g_object_new (C2L_TYPE_LICENCE_DIALOG, "transient-for", parent, NULL);
  /* Translators: %s is the name of a model. */
  g_autofree char *heading = g_strdup_printf (_ ("Download “%s”?"), model->name);
  g_autofree char *by = g_strjoinv ("\n", model->attributions);
  g_autofree char *body = g_strjoin (*by != '\0' ? "\n\n" : "", model->draws, by, NULL);

  self->catalogue = c2l_catalogue_ref (catalogue);
  self->model = model;
  adw_message_dialog_set_heading (ADW_MESSAGE_DIALOG (self), heading);
  adw_message_dialog_set_body (ADW_MESSAGE_DIALOG (self), body);
  gtk_label_set_label (self->size, _ ("Asking how much is to be downloaded…"));
  show_room (self);
  show_sums (self);
  show_licences (self);
  c2l_acquire_ask_size_async (catalogue, model, self->cancellable, on_size, g_object_ref (self));
  return self;
}
