/* The trainings of this user. Reads their folders and nothing else, every few seconds while it is
 * shown, so that a run which somebody else started appears and moves by itself. */
#include "app/c2l-train-page.h"

#include "app/c2l-compat.h"
#include "app/c2l-run-row.h"
#include "app/c2l-trash.h"
#include "studio/runs.h"

#include <glib/gi18n.h>

#define SECONDS_BETWEEN_LOOKS 2

struct _C2lTrainPage
{
  AdwBin parent_instance;

  GtkStack *stack;
  AdwStatusPage *status;
  GtkListBox *list;
  GtkLabel *total;

  GCancellable *listing; /* NULL while nobody is listing */
  guint timer;
};

G_DEFINE_FINAL_TYPE (C2lTrainPage, c2l_train_page, ADW_TYPE_BIN)

static void
say (C2lTrainPage *self, const char *text)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "win.say", "s", text);
}

static C2lRunRow *
get_row (C2lTrainPage *self, int index)
{
  GtkListBoxRow *row = gtk_list_box_get_row_at_index (self->list, index);

  return row != NULL ? C2L_RUN_ROW (row) : NULL;
}

/* Rows stay where their run stays, so that focus is not lost under the user's hand. */
static void
show_runs (C2lTrainPage *self, GPtrArray *runs)
{
  g_autofree char *total
      = g_strdup_printf (ngettext ("%u training", "%u trainings", runs->len), runs->len);
  C2lRunRow *row;

  for (guint i = 0; i < runs->len; i++)
    {
      C2lRunInfo *run = g_ptr_array_index (runs, i);

      row = get_row (self, i);
      if (row == NULL || g_strcmp0 (c2l_run_row_get_folder (row), run->folder) != 0)
        {
          if (row != NULL)
            gtk_list_box_remove (self->list, GTK_WIDGET (row));
          row = c2l_run_row_new (run->folder);
          gtk_list_box_insert (self->list, GTK_WIDGET (row), i);
        }
      c2l_run_row_update (row, run);
    }
  while ((row = get_row (self, runs->len)) != NULL)
    gtk_list_box_remove (self->list, GTK_WIDGET (row));
  gtk_label_set_label (self->total, total);
  gtk_stack_set_visible_child_name (self->stack, runs->len > 0 ? "list" : "empty");
}

static void
show_failure (C2lTrainPage *self, const GError *error)
{
  g_autofree char *text = g_markup_escape_text (error->message, -1);

  adw_status_page_set_description (self->status, text);
  gtk_stack_set_visible_child_name (self->stack, "status");
}

static void
listed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lTrainPage) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) runs = c2l_runs_list_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_object (&self->listing);
  if (runs != NULL)
    show_runs (self, runs);
  else
    show_failure (self, error);
}

static gboolean
refresh (gpointer data)
{
  C2lTrainPage *self = data;

  if (self->listing == NULL)
    {
      self->listing = g_cancellable_new ();
      c2l_runs_list_async (self->listing, listed, g_object_ref (self));
    }
  return G_SOURCE_CONTINUE;
}

static void
shown_in_files (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lTrainPage) self = data;
  g_autoptr (GError) error = NULL;

  if (!c2l_compat_show_in_files_finish (result, &error))
    say (self, error->message);
}

static void
show_in_files (GtkWidget *widget, const char *action, GVariant *path)
{
  g_autoptr (GFile) folder = g_file_new_for_path (g_variant_get_bytestring (path));

  c2l_compat_show_in_files_async (GTK_WINDOW (gtk_widget_get_root (widget)), folder, shown_in_files,
                                  g_object_ref (widget));
}

static void
removed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lTrainPage) self = data;
  g_autoptr (GError) error = NULL;

  if (c2l_trash_finish (result, &error))
    {
      say (self, _ ("The training was moved to the trash"));
      refresh (self);
    }
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    say (self, error->message);
}

static void
remove_run (GtkWidget *widget, const char *action, GVariant *path)
{
  const char *folder = g_variant_get_bytestring (path);
  g_autofree char *name = g_filename_display_basename (folder);
  /* Translators: %s is the name of a training. */
  g_autofree char *heading = g_strdup_printf (_ ("Move “%s” to the Trash?"), name);

  if (c2l_run_is_alive (folder))
    say (C2L_TRAIN_PAGE (widget), _ ("This training is running; stop it first"));
  else
    c2l_trash_async (widget, heading, _ ("Its checkpoints, samples and numbers go with it."),
                     folder, removed, g_object_ref (widget));
}

static void
c2l_train_page_map (GtkWidget *widget)
{
  C2lTrainPage *self = C2L_TRAIN_PAGE (widget);

  GTK_WIDGET_CLASS (c2l_train_page_parent_class)->map (widget);
  refresh (self);
  self->timer = g_timeout_add_seconds (SECONDS_BETWEEN_LOOKS, refresh, self);
}

static void
c2l_train_page_unmap (GtkWidget *widget)
{
  C2lTrainPage *self = C2L_TRAIN_PAGE (widget);

  g_clear_handle_id (&self->timer, g_source_remove);
  GTK_WIDGET_CLASS (c2l_train_page_parent_class)->unmap (widget);
}

static void
c2l_train_page_dispose (GObject *object)
{
  C2lTrainPage *self = C2L_TRAIN_PAGE (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  g_cancellable_cancel (self->listing);
  g_clear_object (&self->listing);
  G_OBJECT_CLASS (c2l_train_page_parent_class)->dispose (object);
}

static void
c2l_train_page_class_init (C2lTrainPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_train_page_dispose;
  widget_class->map = c2l_train_page_map;
  widget_class->unmap = c2l_train_page_unmap;
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-train-page.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lTrainPage, stack);
  gtk_widget_class_bind_template_child (widget_class, C2lTrainPage, status);
  gtk_widget_class_bind_template_child (widget_class, C2lTrainPage, list);
  gtk_widget_class_bind_template_child (widget_class, C2lTrainPage, total);
  gtk_widget_class_install_action (widget_class, "train.show", "ay", show_in_files);
  gtk_widget_class_install_action (widget_class, "train.remove", "ay", remove_run);
}

static void
c2l_train_page_init (C2lTrainPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  c2l_compat_hide_other_pages (GTK_WIDGET (self->stack));
}
