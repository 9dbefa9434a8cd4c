/* The trainings of this user. Reads their folders and nothing else, every few seconds, so that a
 * run which somebody else started appears and moves by itself, and so that its end is noticed on
 * any page. */
#include "app/c2l-train-page.h"

#include "app/c2l-compat.h"
#include "app/c2l-plot-line.h"
#include "app/c2l-run-row.h"
#include "app/c2l-run-view.h"
#include "app/c2l-settings.h"
#include "app/c2l-shortcuts.h"
#include "app/c2l-train-dialog.h"
#include "studio/runs.h"

#include <glib/gi18n.h>
#include <string.h>

#define SECONDS_BETWEEN_LOOKS 2 /* while the page is shown; the trainer writes about as often */
#define LOOKS_LEFT_OUT 5        /* while it is not */

struct _C2lTrainPage
{
  AdwBin parent_instance;

  GtkStack *stack;
  AdwStatusPage *status;
  AdwLeaflet *leaflet;
  GtkListBox *list;
  C2lRunView *run_view;

  GPtrArray *runs;       /* of C2lRunInfo; NULL until listed for the first time */
  GHashTable *colors;    /* folder → colour + 1 of those that are plotted */
  char *selected;        /* (nullable): folder of the one that is looked at */
  GCancellable *listing; /* NULL while nobody is listing */
  gboolean is_filling, is_forwarding;
  gboolean wants_focus; /* the page came up, and its list is not there yet */
  guint timer, n_left_out;
};

G_DEFINE_FINAL_TYPE (C2lTrainPage, c2l_train_page, ADW_TYPE_BIN)

static C2lRunRow *
get_row (C2lTrainPage *self, int index)
{
  GtkListBoxRow *row = gtk_list_box_get_row_at_index (self->list, index);

  return row != NULL ? C2L_RUN_ROW (row) : NULL;
}

static C2lRunInfo *
find_run (GPtrArray *runs, const char *folder)
{
  for (guint i = 0; runs != NULL && folder != NULL && i < runs->len; i++)
    {
      C2lRunInfo *run = g_ptr_array_index (runs, i);

      if (strcmp (run->folder, folder) == 0)
        return run;
    }
  return NULL;
}

/* --- what is plotted --- */

/* The first colour that no other training has; where all are taken, they are shared. */
static void
give_color (C2lTrainPage *self, const char *folder)
{
  guint taken = 0, color = 0;
  GHashTableIter iter;
  gpointer value;

  if (g_hash_table_contains (self->colors, folder))
    return;
  g_hash_table_iter_init (&iter, self->colors);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    taken |= 1u << (GPOINTER_TO_UINT (value) - 1);
  while (color < C2L_PLOT_N_COLORS - 1 && (taken & 1u << color))
    color++;
  g_hash_table_insert (self->colors, g_strdup (folder), GUINT_TO_POINTER (color + 1));
}

static gboolean
is_compared (const char *folder)
{
  g_autofree char *name = g_path_get_basename (folder);
  g_auto (GStrv) names = g_settings_get_strv (c2l_settings_get (), "train-compared");

  return g_strv_contains ((const char *const *) names, name);
}

static void
update_plotted (C2lTrainPage *self)
{
  g_autoptr (GPtrArray) plotted = g_ptr_array_new ();
  guint colors[256];
  C2lRunRow *row;

  for (int i = 0; (row = get_row (self, i)) != NULL; i++)
    {
      const char *folder = c2l_run_row_get_folder (row);
      gboolean is_selected = g_strcmp0 (folder, self->selected) == 0;
      gboolean is_shown = (is_selected || is_compared (folder)) && plotted->len < 256;
      guint color = 0;

      if (is_shown)
        {
          give_color (self, folder);
          color = GPOINTER_TO_UINT (g_hash_table_lookup (self->colors, folder)) - 1;
          colors[plotted->len] = color;
          g_ptr_array_add (plotted, find_run (self->runs, folder));
        }
      else
        g_hash_table_remove (self->colors, folder);
      c2l_run_row_set_shown (row, is_shown, color, is_selected);
    }
  c2l_run_view_set_plotted (self->run_view, plotted, colors);
}

static void
on_shown_changed (C2lTrainPage *self)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_auto (GStrv) list = NULL;
  C2lRunRow *row;

  for (int i = 0; (row = get_row (self, i)) != NULL; i++)
    {
      const char *folder = c2l_run_row_get_folder (row);
      gboolean is_selected = g_strcmp0 (folder, self->selected) == 0;
      g_autofree char *name = g_path_get_basename (folder);

      if (is_selected ? is_compared (folder) : c2l_run_row_is_shown (row))
        g_strv_builder_add (names, name);
    }
  list = g_strv_builder_end (names);
  g_settings_set_strv (c2l_settings_get (), "train-compared", (const char *const *) list);
  update_plotted (self);
}

/* --- which one is looked at --- */

static void
on_folded (C2lTrainPage *self)
{
  gboolean is_folded = adw_leaflet_get_folded (self->leaflet);
  const char *page = adw_leaflet_get_visible_child_name (self->leaflet);
  gboolean shows_list = g_strcmp0 (page, "runs") == 0;

  c2l_run_view_set_narrow (self->run_view, is_folded);
  /* What has no room is not there for screen readers either. */
  gtk_accessible_update_state (GTK_ACCESSIBLE (self->run_view), GTK_ACCESSIBLE_STATE_HIDDEN,
                               is_folded && shows_list, -1);
}

static void
select_run (C2lTrainPage *self, const char *folder)
{
  C2lRunInfo *run = find_run (self->runs, folder);

  if (run == NULL)
    return;
  if (g_strcmp0 (self->selected, folder) != 0)
    {
      g_free (self->selected);
      self->selected = g_strdup (folder);
    }
  c2l_run_view_set_run (self->run_view, run);
  update_plotted (self);
}

static void
on_row_selected (C2lTrainPage *self, GtkListBoxRow *row)
{
  if (row != NULL && !self->is_filling)
    select_run (self, c2l_run_row_get_folder (C2L_RUN_ROW (row)));
}

static void
on_row_activated (C2lTrainPage *self)
{
  adw_leaflet_set_visible_child_name (self->leaflet, "run");
}

static void
show_list (GtkWidget *widget, const char *action, GVariant *parameter)
{
  C2lTrainPage *self = C2L_TRAIN_PAGE (widget);
  GtkListBoxRow *row = gtk_list_box_get_selected_row (self->list);

  adw_leaflet_set_visible_child_name (self->leaflet, "runs");
  if (row != NULL)
    gtk_widget_grab_focus (GTK_WIDGET (row));
}

/* --- the list --- */

/* Rows stay where their run stays, so that focus is not lost under the user's hand. */
static void
update_rows (C2lTrainPage *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  /* Keys of the page count while focus is on it: where it is nowhere else, the list has it. */
  gboolean wants_focus = gtk_widget_get_mapped (GTK_WIDGET (self)) && root != NULL
                         && (self->wants_focus || gtk_root_get_focus (root) == NULL
                             || gtk_widget_get_focus_child (GTK_WIDGET (self->list)) != NULL);
  C2lRunRow *row;

  self->is_filling = TRUE;
  for (guint i = 0; i < self->runs->len; i++)
    {
      C2lRunInfo *run = g_ptr_array_index (self->runs, i);

      row = get_row (self, i);
      if (row == NULL || g_strcmp0 (c2l_run_row_get_folder (row), run->folder) != 0)
        {
          if (row != NULL)
            gtk_list_box_remove (self->list, GTK_WIDGET (row));
          row = c2l_run_row_new (run->folder);
          g_signal_connect_object (row, "shown-changed", G_CALLBACK (on_shown_changed), self,
                                   G_CONNECT_SWAPPED);
          gtk_list_box_insert (self->list, GTK_WIDGET (row), i);
        }
      c2l_run_row_update (row, run);
    }
  while ((row = get_row (self, self->runs->len)) != NULL)
    gtk_list_box_remove (self->list, GTK_WIDGET (row));
  for (int i = 0; (row = get_row (self, i)) != NULL; i++)
    if (g_strcmp0 (c2l_run_row_get_folder (row), self->selected) == 0)
      {
        gtk_list_box_select_row (self->list, GTK_LIST_BOX_ROW (row));
        if (wants_focus && gtk_widget_get_focus_child (GTK_WIDGET (self->list)) == NULL)
          gtk_widget_grab_focus (GTK_WIDGET (row));
      }
  self->is_filling = FALSE;
  if (self->runs->len > 0 && wants_focus)
    self->wants_focus = FALSE;
}

/* A desktop shows it even where the window is covered; one whose window is looked at need not. */
static void
tell_end (C2lTrainPage *self, const C2lRunInfo *run)
{
  GApplication *application = g_application_get_default ();
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  g_autoptr (GNotification) notification = g_notification_new (run->name);

  if (application == NULL || run->state == C2L_RUN_STOPPED
      || (root != NULL && gtk_window_is_active (GTK_WINDOW (root))
          && gtk_widget_get_mapped (GTK_WIDGET (self))))
    return;
  if (run->state == C2L_RUN_FINISHED)
    g_notification_set_body (notification, _ ("The training is finished."));
  else
    {
      g_notification_set_body (
          notification, run->message != NULL ? run->message : _ ("The training ended early."));
      g_notification_set_priority (notification, G_NOTIFICATION_PRIORITY_HIGH);
    }
  g_application_send_notification (application, run->name, notification);
}

static void
tell_ends (C2lTrainPage *self, GPtrArray *runs)
{
  for (guint i = 0; i < runs->len; i++)
    {
      C2lRunInfo *run = g_ptr_array_index (runs, i), *before = find_run (self->runs, run->folder);

      if (before != NULL && before->state == C2L_RUN_RUNNING && run->state != C2L_RUN_RUNNING)
        tell_end (self, run);
    }
}

static void
show_runs (C2lTrainPage *self, GPtrArray *runs)
{
  tell_ends (self, runs);
  g_clear_pointer (&self->runs, g_ptr_array_unref);
  self->runs = g_ptr_array_ref (runs);
  if (find_run (runs, self->selected) == NULL && runs->len > 0)
    {
      g_free (self->selected);
      self->selected = g_strdup (((C2lRunInfo *) g_ptr_array_index (runs, 0))->folder);
    }
  update_rows (self);
  select_run (self, self->selected);
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

static void
refresh (C2lTrainPage *self)
{
  if (self->listing != NULL)
    return;
  self->listing = g_cancellable_new ();
  c2l_runs_list_async (self->listing, listed, g_object_ref (self));
}

static gboolean
look (gpointer data)
{
  C2lTrainPage *self = data;

  if (!gtk_widget_get_mapped (GTK_WIDGET (self)) && self->n_left_out++ < LOOKS_LEFT_OUT)
    return G_SOURCE_CONTINUE;
  self->n_left_out = 0;
  refresh (self);
  return G_SOURCE_CONTINUE;
}

static void
on_moved (C2lTrainPage *self, const char *folder)
{
  gpointer color = g_hash_table_lookup (self->colors, self->selected);

  if (color != NULL)
    g_hash_table_insert (self->colors, g_strdup (folder), color);
  g_free (self->selected);
  self->selected = g_strdup (folder);
  refresh (self);
}

static void
on_started (C2lTrainPage *self, const char *folder)
{
  g_free (self->selected);
  self->selected = g_strdup (folder);
  gtk_widget_activate_action (GTK_WIDGET (self), "win.say", "s", _ ("The training begins"));
  adw_leaflet_set_visible_child_name (self->leaflet, "run");
  refresh (self);
}

static void
new_training (GtkWidget *widget, const char *action, GVariant *parameter)
{
  C2lTrainDialog *dialog = c2l_train_dialog_new (GTK_WINDOW (gtk_widget_get_root (widget)));

  g_signal_connect_object (dialog, "started", G_CALLBACK (on_started), widget, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

/* What is done with the training that is looked at, from anywhere on the page. */
static void
forward (GtkWidget *widget, const char *action, GVariant *parameter)
{
  C2lTrainPage *self = C2L_TRAIN_PAGE (widget);

  /* What cannot be done now comes back up to here. */
  if (self->is_forwarding || self->selected == NULL)
    return;
  self->is_forwarding = TRUE;
  gtk_widget_activate_action_variant (GTK_WIDGET (self->run_view), action, parameter);
  self->is_forwarding = FALSE;
}

static void
c2l_train_page_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (c2l_train_page_parent_class)->map (widget);
  C2L_TRAIN_PAGE (widget)->wants_focus = TRUE;
  refresh (C2L_TRAIN_PAGE (widget));
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
c2l_train_page_finalize (GObject *object)
{
  C2lTrainPage *self = C2L_TRAIN_PAGE (object);

  g_clear_pointer (&self->runs, g_ptr_array_unref);
  g_hash_table_unref (self->colors);
  g_free (self->selected);
  G_OBJECT_CLASS (c2l_train_page_parent_class)->finalize (object);
}

static void
c2l_train_page_class_init (C2lTrainPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_train_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = c2l_train_page_finalize;
  widget_class->map = c2l_train_page_map;
  g_type_ensure (C2L_TYPE_RUN_VIEW);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-train-page.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lTrainPage, stack);
  gtk_widget_class_bind_template_child (widget_class, C2lTrainPage, status);
  gtk_widget_class_bind_template_child (widget_class, C2lTrainPage, leaflet);
  gtk_widget_class_bind_template_child (widget_class, C2lTrainPage, list);
  gtk_widget_class_bind_template_child (widget_class, C2lTrainPage, run_view);
  gtk_widget_class_bind_template_callback (widget_class, on_folded);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_row_selected);
  gtk_widget_class_install_action (widget_class, "train.new", NULL, new_training);
  gtk_widget_class_install_action (widget_class, "train.checkpoint", NULL, forward);
  gtk_widget_class_install_action (widget_class, "train.remove", NULL, forward);
  gtk_widget_class_install_action (widget_class, "train.rename", NULL, forward);
  gtk_widget_class_install_action (widget_class, "train.use", NULL, forward);
  gtk_widget_class_install_action (widget_class, "train.show-list", NULL, show_list);
}

static void
c2l_train_page_init (C2lTrainPage *self)
{
  self->colors = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gtk_widget_init_template (GTK_WIDGET (self));
  c2l_compat_hide_other_pages (GTK_WIDGET (self->stack));
  c2l_shortcuts_add_to_widget (GTK_WIDGET (self), C2L_SCOPE_TRAIN);
  g_signal_connect_object (self->run_view, "changed", G_CALLBACK (refresh), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->run_view, "moved", G_CALLBACK (on_moved), self, G_CONNECT_SWAPPED);
  self->timer = g_timeout_add_seconds (SECONDS_BETWEEN_LOOKS, look, self);
}
