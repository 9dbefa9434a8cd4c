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
  GtkToggleButton *history_button;
  GtkRevealer *trouble;
  GtkLabel *trouble_text;
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

void
c2l_window_show_toast (C2lWindow *self,
                       const char *text,
                       const char *button,
                       const char *action,
                       GVariant *target)
{
  g_autofree char *escaped = NULL;
  AdwToast *toast;

  g_return_if_fail (C2L_IS_WINDOW (self));

  /* What is said may hold names of files and models, which are no markup. */
  escaped = g_markup_escape_text (text, -1);
  toast = adw_toast_new (escaped);
  if (button != NULL)
    {
      adw_toast_set_button_label (toast, button);
      adw_toast_set_action_name (toast, action);
      adw_toast_set_action_target_value (toast, target);
    }
  adw_toast_set_timeout (toast, g_settings_get_int (c2l_settings_get (), "message-seconds"));
  /* What has just happened is said at once; an older message comes back after it. */
  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH);
  adw_toast_overlay_add_toast (self->toasts, toast);
}

void
c2l_window_show_trouble (C2lWindow *self, const char *text)
{
  g_return_if_fail (C2L_IS_WINDOW (self));

  if (text != NULL)
    gtk_label_set_label (self->trouble_text, text);
  gtk_revealer_set_reveal_child (self->trouble, text != NULL);
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
  for (guint i = 0; i < files->refused->len; i++)
    c2l_window_show_toast (self, g_ptr_array_index (files->refused, i), NULL, NULL, NULL);
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
update_history_button (C2lWindow *self)
{
  gboolean creating
      = g_strcmp0 (adw_view_stack_get_visible_child_name (self->pages), "create") == 0;

  gtk_widget_set_visible (GTK_WIDGET (self->history_button), creating);
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

  g_action_map_add_action (G_ACTION_MAP (self), history);
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
c2l_window_class_init (C2lWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

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
  gtk_widget_class_bind_template_child (widget_class, C2lWindow, trouble);
  gtk_widget_class_bind_template_child (widget_class, C2lWindow, trouble_text);
  gtk_widget_class_bind_template_callback (widget_class, update_history_button);
  gtk_widget_class_install_action (widget_class, "win.say", "s", say);
  gtk_widget_class_install_action (widget_class, "win.dismiss-trouble", NULL, dismiss_trouble);
  gtk_widget_class_install_action (widget_class, "win.open", NULL, choose_files);
  gtk_widget_class_install_action (widget_class, "win.open-files", "as", open_uris);
  gtk_widget_class_install_action (widget_class, "win.shortcuts", NULL, show_shortcuts);
}

static void
c2l_window_init (C2lWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  add_actions (self);
  restore (self);
  c2l_compat_hide_other_pages (GTK_WIDGET (self->pages));
  update_history_button (self);
}

/* --- what stands behind the pages --- */

static void
on_message (C2lWindow *self,
            const char *text,
            const char *button,
            const char *action,
            GVariant *target)
{
  c2l_window_show_toast (self, text, button, action, target);
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
  c2l_viewer_set_board (C2L_VIEWER (viewer), board);
  g_signal_connect_object (viewer, "closed", G_CALLBACK (on_viewer_closed), self,
                           G_CONNECT_SWAPPED);
  c2l_create_page_set_board (self->create_page, board);
  self->edit_panel = C2L_EDIT_PANEL (c2l_edit_panel_new (board));
  c2l_create_page_set_panel (self->create_page, GTK_WIDGET (self->edit_panel));
  c2l_create_page_set_viewer (self->create_page, viewer);
  g_signal_connect_object (history, "use-recipe", G_CALLBACK (on_use_recipe), self,
                           G_CONNECT_SWAPPED);
  c2l_create_page_set_history (self->create_page, history);
}

C2lWindow *
c2l_window_new (C2lApplication *application)
{
  C2lWindow *self = g_object_new (C2L_TYPE_WINDOW, "application", application, NULL);

  show_board (self, c2l_application_get_backstage (application));
  return self;
}
