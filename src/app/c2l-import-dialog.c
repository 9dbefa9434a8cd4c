/* Asks for the files of a model. The work is studio's, on a thread of its own; this shows how far
 * it is, and what was wrong in the words of the one who noticed. Closing it while it works cancels
 * the import. */
#include "app/c2l-import-dialog.h"

#include "app/c2l-compat.h"
#include "app/c2l-file-row.h"
#include "studio/identify.h"
#include "studio/install.h"

#include <glib/gi18n.h>
#include <string.h>

struct _C2lImportDialog
{
  AdwWindow parent_instance;

  GtkStack *stack;
  AdwEntryRow *name;
  C2lFileRow *generator;
  C2lFileRow *prior;
  C2lFileRow *config;
  C2lFileRow *merges;
  C2lFileRow *clip;
  GtkButton *import_button;
  GtkLabel *missing;
  GtkLabel *trouble;
  GtkLabel *part;
  GtkProgressBar *progress;

  GCancellable *cancellable; /* NULL while nothing is being imported */
  gboolean name_is_ours;     /* made from a file's name, until the user writes one */
};

static guint installed_signal;

G_DEFINE_FINAL_TYPE (C2lImportDialog, c2l_import_dialog, ADW_TYPE_WINDOW)

static void
show_trouble (C2lImportDialog *self, const char *text)
{
  gtk_label_set_label (self->trouble, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->trouble), text != NULL);
}

static gboolean
has (C2lFileRow *row)
{
  return c2l_file_row_get_path (row) != NULL;
}

/* What stands in the way of importing, or NULL. A generator alone draws by chance; a prior is of no
 * use without the CLIP that it was trained with. */
static const char *
find_missing (C2lImportDialog *self)
{
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->name))));

  if (!has (self->generator))
    return _ ("A generator is missing: without one nothing can be drawn.");
  if (has (self->config) && !has (self->prior))
    return _ ("The prior is missing that the configuration belongs to.");
  if (has (self->prior) && !has (self->clip))
    return _ (
        "CLIP is missing: the prior needs the one that it was trained with to understand prompts.");
  if (has (self->merges) && !has (self->clip))
    return _ ("CLIP is missing that the vocabulary belongs to.");
  if (*name == '\0')
    return _ ("A name is missing.");
  return NULL;
}

static void
update (C2lImportDialog *self)
{
  const char *missing = find_missing (self);

  gtk_label_set_label (self->missing, missing != NULL ? missing : "");
  gtk_widget_set_visible (GTK_WIDGET (self->missing), missing != NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "import.start",
                                 missing == NULL && self->cancellable == NULL);
}

/* A name to begin with: that of the prior, which says what a model is about, or of the generator.
 */
static void
suggest_name (C2lImportDialog *self)
{
  const char *path = c2l_file_row_get_path (self->prior);
  g_autofree char *name = NULL;
  char *dot;

  if (path == NULL)
    path = c2l_file_row_get_path (self->generator);
  if (path == NULL || !self->name_is_ours)
    return;
  name = g_filename_display_basename (path);
  dot = strrchr (name, '.');
  if (dot != NULL && dot != name)
    *dot = '\0';
  gtk_editable_set_text (GTK_EDITABLE (self->name), name);
  self->name_is_ours = TRUE;
}

static void
file_changed (C2lImportDialog *self)
{
  show_trouble (self, NULL);
  suggest_name (self);
  update (self);
}

static void
name_changed (C2lImportDialog *self)
{
  self->name_is_ours = *gtk_editable_get_text (GTK_EDITABLE (self->name)) == '\0';
  update (self);
}

static void
file_refused (C2lImportDialog *self, const char *text)
{
  show_trouble (self, text);
}

static const char *
get_part_text (const char *part)
{
  const struct
  {
    const char *part, *text;
  } texts[] = {
    { "clip", _ ("Reading CLIP…") },
    { "prior", _ ("Reading the prior…") },
    { "generator", _ ("Reading the generator…") },
    { "check", _ ("Trying whether the parts fit…") },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (strcmp (texts[i].part, part) == 0)
      return texts[i].text;
  return "";
}

static void
progressed (double fraction, const char *part, gpointer data)
{
  C2lImportDialog *self = data;

  gtk_progress_bar_set_fraction (self->progress, fraction);
  gtk_label_set_label (self->part, get_part_text (part));
}

static void
set_working (C2lImportDialog *self, gboolean working)
{
  g_clear_object (&self->cancellable);
  if (working)
    self->cancellable = g_cancellable_new ();
  gtk_stack_set_visible_child_name (self->stack, working ? "working" : "form");
  gtk_widget_set_visible (GTK_WIDGET (self->import_button), !working);
  update (self);
}

static void
imported (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lImportDialog) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = c2l_install_finish (result, &error);
  gboolean stopped = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  set_working (self, FALSE);
  if (folder != NULL)
    {
      g_signal_emit (self, installed_signal, 0, folder);
      gtk_window_destroy (GTK_WINDOW (self));
      return;
    }
  show_trouble (self, stopped ? NULL : error->message);
  gtk_widget_grab_focus (GTK_WIDGET (self->name));
}

static void
start (GtkWidget *widget, const char *action, GVariant *parameter)
{
  C2lImportDialog *self = C2L_IMPORT_DIALOG (widget);
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->name))));
  C2lModelFiles files = { .generator = c2l_file_row_get_path (self->generator),
                          .prior = c2l_file_row_get_path (self->prior),
                          .config = c2l_file_row_get_path (self->config),
                          .merges = c2l_file_row_get_path (self->merges),
                          .clip = c2l_file_row_get_path (self->clip) };

  show_trouble (self, NULL);
  set_working (self, TRUE);
  progressed (0, "", self);
  c2l_install_async (&files, name, progressed, self, self->cancellable, imported,
                     g_object_ref (self));
}

/* While it works the first press cancels the import, and the form is back when that was heard. */
static void
cancel (GtkWidget *widget, const char *action, GVariant *parameter)
{
  C2lImportDialog *self = C2L_IMPORT_DIALOG (widget);

  if (self->cancellable == NULL)
    {
      gtk_window_close (GTK_WINDOW (self));
      return;
    }
  g_cancellable_cancel (self->cancellable);
  gtk_label_set_label (self->part, _ ("Stopping…"));
}

static gboolean
c2l_import_dialog_close_request (GtkWindow *window)
{
  C2lImportDialog *self = C2L_IMPORT_DIALOG (window);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  return GTK_WINDOW_CLASS (c2l_import_dialog_parent_class)->close_request (window);
}

static void
c2l_import_dialog_dispose (GObject *object)
{
  g_clear_object (&C2L_IMPORT_DIALOG (object)->cancellable);
  G_OBJECT_CLASS (c2l_import_dialog_parent_class)->dispose (object);
}

static void
c2l_import_dialog_class_init (C2lImportDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_import_dialog_dispose;
  GTK_WINDOW_CLASS (klass)->close_request = c2l_import_dialog_close_request;
  installed_signal = g_signal_new ("installed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                   NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  g_type_ensure (C2L_TYPE_FILE_ROW);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-import-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lImportDialog, stack);
  gtk_widget_class_bind_template_child (widget_class, C2lImportDialog, name);
  gtk_widget_class_bind_template_child (widget_class, C2lImportDialog, generator);
  gtk_widget_class_bind_template_child (widget_class, C2lImportDialog, prior);
  gtk_widget_class_bind_template_child (widget_class, C2lImportDialog, config);
  gtk_widget_class_bind_template_child (widget_class, C2lImportDialog, merges);
  gtk_widget_class_bind_template_child (widget_class, C2lImportDialog, clip);
  gtk_widget_class_bind_template_child (widget_class, C2lImportDialog, import_button);
  gtk_widget_class_bind_template_child (widget_class, C2lImportDialog, missing);
  gtk_widget_class_bind_template_child (widget_class, C2lImportDialog, trouble);
  gtk_widget_class_bind_template_child (widget_class, C2lImportDialog, part);
  gtk_widget_class_bind_template_child (widget_class, C2lImportDialog, progress);
  gtk_widget_class_bind_template_callback (widget_class, file_changed);
  gtk_widget_class_bind_template_callback (widget_class, file_refused);
  gtk_widget_class_bind_template_callback (widget_class, name_changed);
  gtk_widget_class_install_action (widget_class, "import.start", NULL, start);
  gtk_widget_class_install_action (widget_class, "import.cancel", NULL, cancel);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "import.cancel", NULL);
}

static void
c2l_import_dialog_init (C2lImportDialog *self)
{
  self->name_is_ours = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  c2l_compat_hide_other_pages (GTK_WIDGET (self->stack));
  update (self);
}

C2lImportDialog *
c2l_import_dialog_new (GtkWindow *parent)
{
  return g_object_new (C2L_TYPE_IMPORT_DIALOG, "transient-for", parent, NULL);
}

/* NULL: no part of a model. */
static C2lFileRow *
find_row (C2lImportDialog *self, C2lFileKind kind)
{
  switch (kind)
    {
    case C2L_FILE_GENERATOR:
      return self->generator;
    case C2L_FILE_PRIOR:
      return self->prior;
    case C2L_FILE_CONFIG:
      return self->config;
    case C2L_FILE_CLIP:
      return self->clip;
    case C2L_FILE_MERGES:
      return self->merges;
    default:
      return NULL;
    }
}

static void
identified (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lImportDialog) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lFileInfo) info = c2l_identify_finish (result, &error);
  C2lFileRow *row = info != NULL ? find_row (self, info->kind) : NULL;

  if (row != NULL)
    {
      g_autoptr (GFile) file = g_file_new_for_path (info->path);

      c2l_file_row_set_file (row, file);
    }
  else if (info == NULL)
    show_trouble (self, error->message);
}

void
c2l_import_dialog_add_files (C2lImportDialog *self, GListModel *files)
{
  g_return_if_fail (C2L_IS_IMPORT_DIALOG (self));

  for (guint i = 0; i < g_list_model_get_n_items (files); i++)
    {
      g_autoptr (GFile) file = g_list_model_get_item (files, i);
      const char *path = g_file_peek_path (file);

      if (path != NULL)
        c2l_identify_async (path, NULL, identified, g_object_ref (self));
    }
}
