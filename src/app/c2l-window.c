/* The frame around the pages. Knows nothing of what they do; where it was left comes from the
 * settings and goes there. */
#include "app/c2l-window.h"

#include "app/c2l-compat.h"
#include "app/c2l-edit-panel.h"
#include "app/c2l-history-pane.h"
#include "app/c2l-models-page.h"
#include "app/c2l-opener.h"
#include "app/c2l-settings.h"
#include "app/c2l-shortcuts.h"
#include "app/c2l-stopwatch.h"
#include "app/c2l-train-page.h"
#include "app/c2l-viewer.h"

#include <glib/gi18n.h>

struct _C2lWindow
{
  AdwApplicationWindow parent_instance;

  AdwViewSwitcherTitle *title;
  AdwViewSwitcherBar *switcher_bar;
  AdwToastOverlay *toasts;
  AdwViewStack *pages;
  C2lCreatePage *create_page;
  C2lModelsPage *models_page;
  C2lEditPanel *edit_panel; /* the create page's */
  GtkToggleButton *history_button, *panel_button;
  GtkRevealer *trouble;
  GtkLabel *trouble_text;
  char *trouble_words, *failure_words; /* (nullable): what the banner says */
  GHashTable *said;                    /* char *kind → AdwToast that is shown or waits */
};

G_DEFINE_FINAL_TYPE (C2lWindow, c2l_window, ADW_TYPE_APPLICATION_WINDOW)

C2lCreatePage *
c2l_window_get_create_page (C2lWindow *self)
{
  g_return_val_if_fail (C2L_IS_WINDOW (self), NULL);

  return self->create_page;
}

void
c2l_window_show_page (C2lWindow *self, const char *name)
{
  g_return_if_fail (C2L_IS_WINDOW (self));

  adw_view_stack_set_visible_child_name (self->pages, name);
}

/* --- what is said --- */

/* As many lines as a toast may have before it covers what it is about. */
#define TOAST_LINES 3
#define TOAST_CHARS 48

/* AdwToast's own would cut a sentence that is wider than the window. */
static GtkWidget *
new_toast_title (const char *text)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_lines (GTK_LABEL (label), TOAST_LINES);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_max_width_chars (GTK_LABEL (label), TOAST_CHARS);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_set_tooltip_text (label, text);
  gtk_widget_add_css_class (label, "heading");
  return label;
}

static void
on_toast_dismissed (C2lWindow *self, AdwToast *toast)
{
  GHashTableIter iter;
  gpointer other;

  g_hash_table_iter_init (&iter, self->said);
  while (g_hash_table_iter_next (&iter, NULL, &other))
    if (other == toast)
      g_hash_table_iter_remove (&iter);
}

/* What is no longer so need not be read to its end. */
static void
take_back (C2lWindow *self, const char *kind)
{
  AdwToast *toast = g_hash_table_lookup (self->said, kind);

  if (toast != NULL)
    adw_toast_dismiss (toast);
}

/* Toasts are of a kind where their buttons do the same, or have none. The newest is shown at once:
 * it takes the place of one of its kind, and lets one of another kind wait. */
void
c2l_window_show_toast (C2lWindow *self,
                       const char *text,
                       const char *button,
                       const char *action,
                       GVariant *target)
{
  const char *kind = button != NULL && action != NULL ? action : "";
  AdwToast *toast;

  g_return_if_fail (C2L_IS_WINDOW (self));

  toast = adw_toast_new ("");
  adw_toast_set_custom_title (toast, new_toast_title (text));
  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH);
  adw_toast_set_timeout (toast, g_settings_get_int (c2l_settings_get (), "message-seconds"));
  if (button != NULL)
    {
      adw_toast_set_button_label (toast, button);
      adw_toast_set_action_name (toast, action);
      adw_toast_set_action_target_value (toast, target);
    }
  take_back (self, kind);
  g_hash_table_insert (self->said, g_strdup (kind), g_object_ref (toast));
  g_signal_connect_object (toast, "dismissed", G_CALLBACK (on_toast_dismissed), self,
                           G_CONNECT_SWAPPED);
  adw_toast_overlay_add_toast (self->toasts, toast);
}

static void
update_banner (C2lWindow *self)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new ();
  g_autofree char *text = NULL;

  if (self->trouble_words != NULL)
    g_ptr_array_add (lines, self->trouble_words);
  if (self->failure_words != NULL)
    g_ptr_array_add (lines, self->failure_words);
  g_ptr_array_add (lines, NULL);
  text = g_strjoinv ("\n", (char **) lines->pdata);
  if (*text != '\0')
    gtk_label_set_label (self->trouble_text, text);
  gtk_revealer_set_reveal_child (self->trouble, *text != '\0');
  /* What is folded away would still be read aloud. */
  gtk_widget_set_visible (gtk_revealer_get_child (self->trouble), *text != '\0');
}

static void
set_words (C2lWindow *self, char **place, const char *text)
{
  char *old = *place;

  *place = g_strdup (text);
  g_free (old);
  update_banner (self);
}

void
c2l_window_show_trouble (C2lWindow *self, const char *text)
{
  g_return_if_fail (C2L_IS_WINDOW (self));

  set_words (self, &self->trouble_words, text);
}

void
c2l_window_show_failure (C2lWindow *self, const char *text)
{
  g_return_if_fail (C2L_IS_WINDOW (self));

  set_words (self, &self->failure_words, text);
}

static void
say (GtkWidget *widget, const char *name, GVariant *text)
{
  c2l_window_show_toast (C2L_WINDOW (widget), g_variant_get_string (text, NULL), NULL, NULL, NULL);
}

static void
dismiss_trouble (GtkWidget *widget, const char *name, GVariant *parameter)
{
  c2l_window_show_trouble (C2L_WINDOW (widget), NULL);
  c2l_window_show_failure (C2L_WINDOW (widget), NULL);
}

/* --- opening files --- */

static void
open_models (C2lWindow *self, GPtrArray *files)
{
  g_autoptr (GListStore) list = g_list_store_new (G_TYPE_FILE);

  for (guint i = 0; i < files->len; i++)
    g_list_store_append (list, g_ptr_array_index (files, i));
  c2l_window_show_page (self, "models");
  c2l_models_page_import (self->models_page, G_LIST_MODEL (list));
}

static void
sorted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lWindow) self = data;
  g_autoptr (C2lSorted) files = c2l_opener_sort_finish (result);

  if (files->models->len > 0)
    open_models (self, files->models);
  if (files->pictures->len > 0)
    {
      c2l_window_show_page (self, "create");
      c2l_create_page_open_files (self->create_page, files->pictures);
    }
  if (files->directions->len > 0)
    {
      c2l_window_show_page (self, "create");
      c2l_edit_panel_add_directions (self->edit_panel, files->directions);
    }
  if (files->refused->len > 0)
    {
      g_autofree char *text = NULL;

      g_ptr_array_add (files->refused, NULL);
      text = g_strjoinv ("\n", (char **) files->refused->pdata);
      c2l_window_show_failure (self, text);
    }
}

void
c2l_window_open_files (C2lWindow *self, GPtrArray *files)
{
  g_return_if_fail (C2L_IS_WINDOW (self));

  c2l_opener_sort_async (files, NULL, sorted, g_object_ref (self));
}

static void
open_uris (GtkWidget *widget, const char *name, GVariant *uris)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree const char **list = g_variant_get_strv (uris, NULL);

  for (guint i = 0; list[i] != NULL; i++)
    g_ptr_array_add (files, g_file_new_for_uri (list[i]));
  if (files->len > 0)
    c2l_window_open_files (C2L_WINDOW (widget), files);
}

static void
chosen (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lWindow) self = data;
  g_autoptr (GListModel) list = c2l_compat_choose_finish (result, NULL);
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; list != NULL && i < g_list_model_get_n_items (list); i++)
    g_ptr_array_add (files, g_list_model_get_item (list, i));
  if (files->len > 0)
    c2l_window_open_files (self, files);
}

static void
choose_files (GtkWidget *widget, const char *name, GVariant *parameter)
{
  c2l_compat_choose_async (GTK_WINDOW (widget), C2L_CHOOSE_FILES, _ ("Open Pictures or Models"),
                           NULL, NULL, chosen, g_object_ref (widget));
}

static void
show_shortcuts (GtkWidget *widget, const char *name, GVariant *parameter)
{
  gtk_window_present (GTK_WINDOW (c2l_shortcuts_window_new (GTK_WINDOW (widget))));
}

static void
update_header (C2lWindow *self)
{
  gboolean creating
      = g_strcmp0 (adw_view_stack_get_visible_child_name (self->pages), "create") == 0;

  gtk_widget_set_visible (GTK_WIDGET (self->history_button), creating);
  gtk_widget_set_visible (GTK_WIDGET (self->panel_button), creating);
}

static void
restore (C2lWindow *self)
{
  GSettings *settings = c2l_settings_get ();

  gtk_window_set_default_size (GTK_WINDOW (self), g_settings_get_int (settings, "window-width"),
                               g_settings_get_int (settings, "window-height"));
  if (g_settings_get_boolean (settings, "window-maximized"))
    gtk_window_maximize (GTK_WINDOW (self));
  g_settings_bind (settings, "window-width", self, "default-width", G_SETTINGS_BIND_SET);
  g_settings_bind (settings, "window-height", self, "default-height", G_SETTINGS_BIND_SET);
  g_settings_bind (settings, "window-maximized", self, "maximized", G_SETTINGS_BIND_SET);
  g_settings_bind (settings, "page", self->pages, "visible-child-name", G_SETTINGS_BIND_DEFAULT);
}

static void
add_actions (C2lWindow *self)
{
  g_autoptr (GAction) history = g_settings_create_action (c2l_settings_get (), "history-visible");
  g_autoptr (GPropertyAction) page
      = g_property_action_new ("page", self->pages, "visible-child-name");
  g_autoptr (GAction) panel = c2l_create_page_create_panel_action (self->create_page);

  g_action_map_add_action (G_ACTION_MAP (self), history);
  g_action_map_add_action (G_ACTION_MAP (self), panel);
  g_action_map_add_action (G_ACTION_MAP (self), G_ACTION (page));
}

/* For bench/window.py. */
static void
on_first_frame (GdkFrameClock *clock, C2lWindow *self)
{
  g_debug ("first frame");
  c2l_stopwatch_start (GTK_WIDGET (self));
  g_signal_handlers_disconnect_by_func (clock, on_first_frame, self);
}

static void
c2l_window_realize (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (c2l_window_parent_class)->realize (widget);
  g_signal_connect_object (gtk_widget_get_frame_clock (widget), "after-paint",
                           G_CALLBACK (on_first_frame), widget, 0);
}

static void
c2l_window_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  c2l_stopwatch_begin_snapshot ();
  GTK_WIDGET_CLASS (c2l_window_parent_class)->snapshot (widget, snapshot);
  c2l_stopwatch_end_snapshot ();
}

static void
c2l_window_finalize (GObject *object)
{
  C2lWindow *self = C2L_WINDOW (object);

  g_hash_table_unref (self->said);
  g_free (self->trouble_words);
  g_free (self->failure_words);

  G_OBJECT_CLASS (c2l_window_parent_class)->finalize (object);
}

static void
c2l_window_class_init (C2lWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = c2l_window_finalize;
  widget_class->realize = c2l_window_realize;
  widget_class->snapshot = c2l_window_snapshot;
  g_type_ensure (C2L_TYPE_CREATE_PAGE);
  g_type_ensure (C2L_TYPE_MODELS_PAGE);
  g_type_ensure (C2L_TYPE_TRAIN_PAGE);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/clip2latent/Clip2Latent/c2l-window.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lWindow, title);
  gtk_widget_class_bind_template_child (widget_class, C2lWindow, switcher_bar);
  gtk_widget_class_bind_template_child (widget_class, C2lWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, C2lWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, C2lWindow, create_page);
  gtk_widget_class_bind_template_child (widget_class, C2lWindow, models_page);
  gtk_widget_class_bind_template_child (widget_class, C2lWindow, history_button);
  gtk_widget_class_bind_template_child (widget_class, C2lWindow, panel_button);
  gtk_widget_class_bind_template_child (widget_class, C2lWindow, trouble);
  gtk_widget_class_bind_template_child (widget_class, C2lWindow, trouble_text);
  gtk_widget_class_bind_template_callback (widget_class, update_header);
  gtk_widget_class_install_action (widget_class, "win.say", "s", say);
  gtk_widget_class_install_action (widget_class, "win.dismiss-trouble", NULL, dismiss_trouble);
  gtk_widget_class_install_action (widget_class, "win.open", NULL, choose_files);
  gtk_widget_class_install_action (widget_class, "win.open-files", "as", open_uris);
  gtk_widget_class_install_action (widget_class, "win.shortcuts", NULL, show_shortcuts);
}

static void
c2l_window_init (C2lWindow *self)
{
  self->said = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  gtk_widget_init_template (GTK_WIDGET (self));
  add_actions (self);
  restore (self);
  c2l_compat_hide_other_pages (GTK_WIDGET (self->pages));
  update_header (self);
  update_banner (self);
}

/* --- what stands behind the pages --- */

static void
on_message (C2lWindow *self,
            const char *text,
            const char *button,
            const char *action,
            GVariant *target)
{
  /* Something could be done: what could not be is old. */
  if (action != NULL)
    c2l_window_show_failure (self, NULL);
  c2l_window_show_toast (self, text, button, action, target);
}

static void
on_run_finished (C2lWindow *self)
{
  c2l_window_show_failure (self, NULL);
}

/* A toast's button would undo something else from now on. */
static void
on_undo_changed (C2lWindow *self)
{
  take_back (self, "create.undo");
}

static void
on_viewer_closed (C2lWindow *self)
{
  c2l_create_page_view (self->create_page, FALSE);
}

static void
on_use_recipe (C2lWindow *self, C2lRecipe *recipe, const char *what)
{
  c2l_create_page_use_recipe (self->create_page, recipe, what);
}

static void
show_board (C2lWindow *self, C2lBackstage *backstage)
{
  C2lBoard *board = c2l_backstage_get_board (backstage);
  GtkWidget *viewer = c2l_viewer_new ();
  GtkWidget *history = c2l_history_pane_new (board);

  g_signal_connect_object (backstage, "notice", G_CALLBACK (c2l_window_show_trouble), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (board, "message", G_CALLBACK (on_message), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (board, "trouble", G_CALLBACK (c2l_window_show_trouble), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (board, "failure", G_CALLBACK (c2l_window_show_failure), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (board, "run-finished", G_CALLBACK (on_run_finished), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (board, "notify::undo-label", G_CALLBACK (on_undo_changed), self,
                           G_CONNECT_SWAPPED);
  c2l_viewer_set_board (C2L_VIEWER (viewer), board);
  g_signal_connect_object (viewer, "closed", G_CALLBACK (on_viewer_closed), self,
                           G_CONNECT_SWAPPED);
  c2l_models_page_set_library (self->models_page, c2l_board_get_library (board));
  c2l_create_page_set_board (self->create_page, board);
  self->edit_panel = C2L_EDIT_PANEL (c2l_edit_panel_new (board));
  c2l_create_page_set_panel (self->create_page, GTK_WIDGET (self->edit_panel));
  c2l_create_page_set_viewer (self->create_page, viewer);
  g_signal_connect_object (history, "use-recipe", G_CALLBACK (on_use_recipe), self,
                           G_CONNECT_SWAPPED);
  c2l_create_page_set_history (self->create_page, C2L_HISTORY_PANE (history));
}

C2lWindow *
c2l_window_new (C2lApplication *application)
{
  C2lWindow *self = g_object_new (C2L_TYPE_WINDOW, "application", application, NULL);

  show_board (self, c2l_application_get_backstage (application));
  return self;
}
