/* The Create page. Puts its parts together and passes between them what one says and another does;
 * the parts know the board, not each other. */
#include "app/c2l-create-page.h"

#include "app/c2l-compat.h"
#include "app/c2l-create-actions.h"
#include "app/c2l-create-page-private.h"
#include "app/c2l-dropped-files.h"
#include "app/c2l-empty-state.h"
#include "app/c2l-selection-bar.h"
#include "app/c2l-settings.h"
#include "app/c2l-shortcuts.h"
#include "app/c2l-status-line.h"
#include "app/c2l-wrap-layout.h"

#include <glib/gi18n.h>

/* A generation that took so long, in seconds, is told of when nobody looks. */
#define WORTH_TELLING 20
/* What is offered on a slow device should be there after so many seconds. */
#define BEARABLE_SECONDS 10

struct _C2lCreatePage
{
  AdwBin parent_instance;

  AdwFlap *history_flap, *panel_flap;
  GtkWidget *content;
  C2lPromptBar *prompt_bar;
  GtkRevealer *slow;
  GtkLabel *slow_text;
  GtkButton *slow_fewer, *slow_smaller;
  GtkStack *stage;
  C2lEmptyState *empty;
  C2lPictureGrid *grid;
  AdwBin *viewer_slot;
  C2lSelectionBar *selection_bar;
  C2lStatusLine *status;

  C2lBoard *board;
  GSimpleActionGroup *actions;
  int fewer, smaller; /* what is offered on a slow device */
  gboolean is_viewing;
  guint update_source;
};

G_DEFINE_FINAL_TYPE (C2lCreatePage, c2l_create_page, ADW_TYPE_BIN)

C2lBoard *
c2l_create_page_get_board (C2lCreatePage *self)
{
  return self->board;
}

C2lPromptBar *
c2l_create_page_get_prompt_bar (C2lCreatePage *self)
{
  return self->prompt_bar;
}

C2lPictureGrid *
c2l_create_page_get_grid (C2lCreatePage *self)
{
  return self->grid;
}

GtkWidget *
c2l_create_page_get_viewer (C2lCreatePage *self)
{
  return adw_bin_get_child (self->viewer_slot);
}

gboolean
c2l_create_page_get_viewing (C2lCreatePage *self)
{
  return self->is_viewing;
}

GActionMap *
c2l_create_page_get_actions (C2lCreatePage *self)
{
  g_return_val_if_fail (C2L_IS_CREATE_PAGE (self), NULL);

  return G_ACTION_MAP (self->actions);
}

/* --- what stands in the middle --- */

static void
update_stage (C2lCreatePage *self)
{
  guint n = self->board != NULL
                ? g_list_model_get_n_items (G_LIST_MODEL (c2l_board_get_selection (self->board)))
                : 0;

  if (n == 0)
    self->is_viewing = FALSE;
  gtk_stack_set_visible_child_name (self->stage, self->is_viewing ? "viewer"
                                                 : n > 0          ? "grid"
                                                                  : "empty");
  gtk_widget_set_visible (GTK_WIDGET (self->selection_bar), n > 0 && !self->is_viewing);
  /* A telephone's screen is too low for a prompt and one large picture. */
  gtk_widget_set_visible (GTK_WIDGET (self->prompt_bar),
                          !self->is_viewing || !adw_flap_get_folded (self->panel_flap));
}

void
c2l_create_page_view (C2lCreatePage *self, gboolean viewing)
{
  g_return_if_fail (C2L_IS_CREATE_PAGE (self));

  viewing = viewing && adw_bin_get_child (self->viewer_slot) != NULL && self->board != NULL
            && c2l_board_get_current (self->board) != NULL;
  if (viewing == self->is_viewing)
    return;
  self->is_viewing = viewing;
  update_stage (self);
  if (viewing)
    gtk_widget_grab_focus (adw_bin_get_child (self->viewer_slot));
  else
    c2l_picture_grid_focus (self->grid);
}

static void
toggle_side (C2lCreatePage *self, AdwFlap *flap)
{
  GtkWidget *side = adw_flap_get_flap (flap);
  gboolean shows = !adw_flap_get_reveal_flap (flap);

  adw_flap_set_reveal_flap (flap, shows);
  if (shows && side != NULL)
    gtk_widget_child_focus (side, GTK_DIR_TAB_FORWARD);
  else if (self->is_viewing)
    gtk_widget_grab_focus (adw_bin_get_child (self->viewer_slot));
  else if (self->board != NULL
           && g_list_model_get_n_items (G_LIST_MODEL (c2l_board_get_selection (self->board))) > 0)
    c2l_picture_grid_focus (self->grid);
  else
    gtk_widget_grab_focus (GTK_WIDGET (self));
}

void
c2l_create_page_toggle_history (C2lCreatePage *self)
{
  g_return_if_fail (C2L_IS_CREATE_PAGE (self));
  toggle_side (self, self->history_flap);
}

void
c2l_create_page_toggle_panel (C2lCreatePage *self)
{
  g_return_if_fail (C2L_IS_CREATE_PAGE (self));
  toggle_side (self, self->panel_flap);
}

void
c2l_create_page_focus_examples (C2lCreatePage *self)
{
  g_return_if_fail (C2L_IS_CREATE_PAGE (self));

  update_stage (self);
  gtk_widget_child_focus (GTK_WIDGET (self->empty), GTK_DIR_TAB_FORWARD);
}

void
c2l_create_page_set_viewer (C2lCreatePage *self, GtkWidget *viewer)
{
  g_return_if_fail (C2L_IS_CREATE_PAGE (self));

  adw_bin_set_child (self->viewer_slot, viewer);
}

/* A screen reader must not find what is folded away; libadwaita only moves it out of sight. It
 * stays visible, though: a flap without one would take itself for wide enough to unfold. */
static void
update_folded (AdwFlap *flap)
{
  GtkWidget *folded = adw_flap_get_flap (flap);

  if (folded != NULL)
    gtk_accessible_update_state (
        GTK_ACCESSIBLE (folded), GTK_ACCESSIBLE_STATE_HIDDEN,
        !adw_flap_get_reveal_flap (flap) && adw_flap_get_reveal_progress (flap) <= 0, -1);
}

static void
hide_what_is_folded (AdwFlap *flap)
{
  g_signal_connect (flap, "notify::reveal-flap", G_CALLBACK (update_folded), NULL);
  g_signal_connect (flap, "notify::reveal-progress", G_CALLBACK (update_folded), NULL);
  update_folded (flap);
}

void
c2l_create_page_set_panel (C2lCreatePage *self, GtkWidget *panel)
{
  g_return_if_fail (C2L_IS_CREATE_PAGE (self));

  adw_flap_set_flap (self->panel_flap, panel);
  hide_what_is_folded (self->panel_flap);
}

GAction *
c2l_create_page_create_panel_action (C2lCreatePage *self)
{
  g_return_val_if_fail (C2L_IS_CREATE_PAGE (self), NULL);

  return G_ACTION (g_property_action_new ("panel-visible", self->panel_flap, "reveal-flap"));
}

/* The panel closes where it would cover the pictures, and comes back when there is room, unless it
 * was not wanted. */
static void
on_panel_folded (C2lCreatePage *self)
{
  update_stage (self);
  adw_flap_set_reveal_flap (self->panel_flap,
                            !adw_flap_get_folded (self->panel_flap)
                                && g_settings_get_boolean (c2l_settings_get (), "panel-visible"));
}

static void
on_panel_revealed (C2lCreatePage *self)
{
  if (!adw_flap_get_folded (self->panel_flap))
    g_settings_set_boolean (c2l_settings_get (), "panel-visible",
                            adw_flap_get_reveal_flap (self->panel_flap));
}

static void
on_history_revealed (AdwFlap *flap, GParamSpec *pspec, C2lHistoryPane *history)
{
  c2l_history_pane_set_seen (history, adw_flap_get_reveal_flap (flap));
}

void
c2l_create_page_set_history (C2lCreatePage *self, C2lHistoryPane *history)
{
  g_return_if_fail (C2L_IS_CREATE_PAGE (self));

  adw_flap_set_flap (self->history_flap, GTK_WIDGET (history));
  g_signal_connect_object (self->history_flap, "notify::reveal-flap",
                           G_CALLBACK (on_history_revealed), history, 0);
  on_history_revealed (self->history_flap, NULL, history);
  hide_what_is_folded (self->history_flap);
  g_settings_bind (c2l_settings_get (), "history-visible", self->history_flap, "reveal-flap",
                   G_SETTINGS_BIND_DEFAULT);
}

/* --- what the parts say --- */

void
c2l_create_page_generate_prompt (C2lCreatePage *self, const char *prompt)
{
  g_return_if_fail (C2L_IS_CREATE_PAGE (self));

  c2l_prompt_bar_generate_prompt (self->prompt_bar, prompt);
  gtk_widget_grab_focus (GTK_WIDGET (self->prompt_bar));
}

static void
on_prompt_chosen (C2lCreatePage *self, const char *prompt)
{
  c2l_create_page_generate_prompt (self, prompt);
}

void
c2l_create_page_open_files (C2lCreatePage *self, GPtrArray *files)
{
  g_return_if_fail (C2L_IS_CREATE_PAGE (self));

  if (self->board != NULL)
    c2l_dropped_files_open_pictures (self->board, files);
}

/* Own pictures are here already. */
static gboolean
on_drop_accept (GtkDropTarget *target, GdkDrop *drop, C2lCreatePage *self)
{
  return self->board != NULL && gdk_drop_get_drag (drop) == NULL
         && gdk_content_formats_match (gdk_drop_get_formats (drop),
                                       gtk_drop_target_get_formats (target));
}

static void
add_uri (GVariantBuilder *uris, GFile *file)
{
  g_autofree char *uri = g_file_get_uri (file);

  g_variant_builder_add (uris, "s", uri);
}

static gboolean
on_drop (GtkDropTarget *target, const GValue *value, double x, double y, C2lCreatePage *self)
{
  g_auto (GVariantBuilder) uris = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);

  if (self->board == NULL)
    return FALSE;
  if (G_VALUE_HOLDS (value, GDK_TYPE_TEXTURE))
    {
      c2l_dropped_files_open_texture (self->board, g_value_get_object (value));
      return TRUE;
    }
  if (G_VALUE_HOLDS (value, GDK_TYPE_FILE_LIST))
    for (GSList *link = g_value_get_boxed (value); link != NULL; link = link->next)
      add_uri (&uris, link->data);
  else if (G_VALUE_HOLDS (value, G_TYPE_FILE))
    add_uri (&uris, g_value_get_object (value));
  /* The window knows what to do with files of every kind. */
  return gtk_widget_activate_action (GTK_WIDGET (self), "win.open-files", "as", &uris);
}

/* What is folded away would still be read aloud. */
static void
show_slow (C2lCreatePage *self, gboolean shown)
{
  gtk_widget_set_visible (gtk_revealer_get_child (self->slow), shown);
  gtk_revealer_set_reveal_child (self->slow, shown);
}

static void
on_slow_device (C2lCreatePage *self, double seconds, int smaller)
{
  int count = c2l_prompt_bar_get_count (self->prompt_bar);
  int rounded = MAX (1, (int) (seconds + .5));
  g_autofree char *text
      = g_strdup_printf (ngettext ("On this device the pictures take about %d second.",
                                   "On this device the pictures take about %d seconds.", rounded),
                         rounded);
  g_autofree char *fewer = NULL;

  self->fewer = CLAMP ((int) (count * BEARABLE_SECONDS / seconds), 1, count);
  /* The number in the prompt bar is for each prompt. */
  fewer = g_strdup_printf (
      c2l_prompt_bar_count_prompts (self->prompt_bar) > 1
          ? ngettext ("Draw %d for Each Prompt", "Draw %d for Each Prompt", self->fewer)
          : ngettext ("Draw %d Picture", "Draw %d Pictures", self->fewer),
      self->fewer);
  gtk_label_set_text (self->slow_text, text);
  gtk_button_set_label (self->slow_fewer, fewer);
  gtk_widget_set_visible (GTK_WIDGET (self->slow_fewer), self->fewer < count);
  self->smaller = smaller;
  gtk_widget_set_visible (GTK_WIDGET (self->slow_smaller), smaller > 0);
  show_slow (self, TRUE);
}

static void
on_slow_fewer (C2lCreatePage *self)
{
  show_slow (self, FALSE);
  c2l_board_stop (self->board);
  c2l_prompt_bar_set_count (self->prompt_bar, self->fewer);
  c2l_prompt_bar_generate (self->prompt_bar);
}

static void
on_slow_smaller (C2lCreatePage *self)
{
  show_slow (self, FALSE);
  c2l_board_stop (self->board);
  c2l_prompt_bar_generate_small (self->prompt_bar, self->smaller);
}

static void
on_slow_dismissed (C2lCreatePage *self)
{
  show_slow (self, FALSE);
}

static void
on_run_finished (C2lCreatePage *self, guint n_pictures, double seconds)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GApplication *application = g_application_get_default ();
  g_autoptr (GNotification) notification = NULL;
  g_autofree char *body = NULL;

  show_slow (self, FALSE);
  if (seconds < WORTH_TELLING || application == NULL
      || (GTK_IS_WINDOW (root) && gtk_window_is_active (GTK_WINDOW (root))))
    return;

  body = g_strdup_printf (
      ngettext ("%u picture is finished.", "%u pictures are finished.", n_pictures), n_pictures);
  notification = g_notification_new (_ ("Pictures Are Ready"));
  g_notification_set_body (notification, body);
  g_application_send_notification (application, "generated", notification);
}

/* What was just put on the table is seen and has the keyboard, even where the history lies over it.
 */
static void
on_revealed (C2lCreatePage *self, C2lPictureItem *item)
{
  if (adw_flap_get_folded (self->history_flap))
    adw_flap_set_reveal_flap (self->history_flap, FALSE);
  self->is_viewing = FALSE;
  update_stage (self);
  c2l_picture_grid_reveal (self->grid, item);
}

static void
on_model_opened (C2lCreatePage *self)
{
  show_slow (self, FALSE);
}

/* --- the board --- */

static void
set_part_boards (C2lCreatePage *self, C2lBoard *board)
{
  c2l_prompt_bar_set_board (self->prompt_bar, board);
  c2l_picture_grid_set_board (self->grid, board);
  c2l_empty_state_set_board (self->empty, board);
  c2l_selection_bar_set_board (self->selection_bar, board);
  c2l_status_line_set_board (self->status, board);
}

static gboolean
on_update (gpointer data)
{
  C2lCreatePage *self = data;

  self->update_source = 0;
  update_stage (self);
  c2l_create_actions_update (self);
  return G_SOURCE_REMOVE;
}

/* Pictures come and go by the hundred, one by one: once is enough for all of them. */
static void
queue_update (C2lCreatePage *self)
{
  if (self->update_source == 0)
    self->update_source = g_idle_add_full (G_PRIORITY_HIGH_IDLE, on_update, self, NULL);
}

void
c2l_create_page_set_board (C2lCreatePage *self, C2lBoard *board)
{
  GtkSelectionModel *selection;

  g_return_if_fail (C2L_IS_CREATE_PAGE (self));

  if (self->board == board)
    return;
  if (self->board != NULL)
    {
      g_signal_handlers_disconnect_by_data (c2l_board_get_selection (self->board), self);
      g_signal_handlers_disconnect_by_data (self->board, self);
    }
  g_set_object (&self->board, board);
  set_part_boards (self, board);
  if (board != NULL)
    {
      selection = c2l_board_get_selection (board);
      /* What a key may do next follows at once; pictures that come and go can wait for the next
       * turn. */
      g_signal_connect_swapped (selection, "items-changed", G_CALLBACK (queue_update), self);
      g_signal_connect_swapped (selection, "selection-changed",
                                G_CALLBACK (c2l_create_actions_update), self);
      g_signal_connect_swapped (board, "notify::busy", G_CALLBACK (queue_update), self);
      g_signal_connect_swapped (board, "notify::can-undo", G_CALLBACK (c2l_create_actions_update),
                                self);
      g_signal_connect_swapped (board, "notify::can-redo", G_CALLBACK (c2l_create_actions_update),
                                self);
      g_signal_connect_swapped (board, "revealed", G_CALLBACK (on_revealed), self);
      g_signal_connect_swapped (board, "slow-device", G_CALLBACK (on_slow_device), self);
      g_signal_connect_swapped (board, "run-finished", G_CALLBACK (on_run_finished), self);
      g_signal_connect_swapped (board, "model-opened", G_CALLBACK (on_model_opened), self);
    }
  update_stage (self);
  c2l_create_actions_update (self);
}

/* --- the widget --- */

static gboolean
c2l_create_page_grab_focus (GtkWidget *widget)
{
  C2lCreatePage *self = C2L_CREATE_PAGE (widget);

  if (!gtk_widget_get_visible (GTK_WIDGET (self->prompt_bar)))
    return gtk_widget_grab_focus (adw_bin_get_child (self->viewer_slot));
  return gtk_widget_grab_focus (GTK_WIDGET (self->prompt_bar));
}

static void
c2l_create_page_map (GtkWidget *widget)
{
  GtkRoot *root = gtk_widget_get_root (widget);

  GTK_WIDGET_CLASS (c2l_create_page_parent_class)->map (widget);
  if (root != NULL && gtk_root_get_focus (root) == NULL)
    gtk_widget_grab_focus (widget);
}

/* Toasts stand outside the page, and their buttons are for its actions. */
static void
c2l_create_page_root (GtkWidget *widget)
{
  C2lCreatePage *self = C2L_CREATE_PAGE (widget);

  GTK_WIDGET_CLASS (c2l_create_page_parent_class)->root (widget);
  gtk_widget_insert_action_group (GTK_WIDGET (gtk_widget_get_root (widget)), "create",
                                  G_ACTION_GROUP (self->actions));
}

static void
c2l_create_page_unroot (GtkWidget *widget)
{
  gtk_widget_insert_action_group (GTK_WIDGET (gtk_widget_get_root (widget)), "create", NULL);
  GTK_WIDGET_CLASS (c2l_create_page_parent_class)->unroot (widget);
}

static void
c2l_create_page_dispose (GObject *object)
{
  C2lCreatePage *self = C2L_CREATE_PAGE (object);

  if (self->board != NULL)
    c2l_create_page_set_board (self, NULL);
  g_clear_handle_id (&self->update_source, g_source_remove);
  g_clear_object (&self->actions);

  G_OBJECT_CLASS (c2l_create_page_parent_class)->dispose (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, C2lCreatePage, history_flap);
  gtk_widget_class_bind_template_child (widget_class, C2lCreatePage, panel_flap);
  gtk_widget_class_bind_template_child (widget_class, C2lCreatePage, content);
  gtk_widget_class_bind_template_child (widget_class, C2lCreatePage, prompt_bar);
  gtk_widget_class_bind_template_child (widget_class, C2lCreatePage, slow);
  gtk_widget_class_bind_template_child (widget_class, C2lCreatePage, slow_text);
  gtk_widget_class_bind_template_child (widget_class, C2lCreatePage, slow_fewer);
  gtk_widget_class_bind_template_child (widget_class, C2lCreatePage, slow_smaller);
  gtk_widget_class_bind_template_child (widget_class, C2lCreatePage, stage);
  gtk_widget_class_bind_template_child (widget_class, C2lCreatePage, empty);
  gtk_widget_class_bind_template_child (widget_class, C2lCreatePage, grid);
  gtk_widget_class_bind_template_child (widget_class, C2lCreatePage, viewer_slot);
  gtk_widget_class_bind_template_child (widget_class, C2lCreatePage, selection_bar);
  gtk_widget_class_bind_template_child (widget_class, C2lCreatePage, status);
}

static void
c2l_create_page_class_init (C2lCreatePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_create_page_dispose;
  widget_class->grab_focus = c2l_create_page_grab_focus;
  widget_class->map = c2l_create_page_map;
  widget_class->root = c2l_create_page_root;
  widget_class->unroot = c2l_create_page_unroot;

  g_type_ensure (C2L_TYPE_EMPTY_STATE);
  g_type_ensure (C2L_TYPE_PICTURE_GRID);
  g_type_ensure (C2L_TYPE_PROMPT_BAR);
  g_type_ensure (C2L_TYPE_SELECTION_BAR);
  g_type_ensure (C2L_TYPE_STATUS_LINE);
  g_type_ensure (C2L_TYPE_WRAP_LAYOUT);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-create-page.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, on_panel_folded);
  gtk_widget_class_bind_template_callback (widget_class, on_panel_revealed);
  gtk_widget_class_bind_template_callback (widget_class, on_prompt_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_slow_fewer);
  gtk_widget_class_bind_template_callback (widget_class, on_slow_smaller);
  gtk_widget_class_bind_template_callback (widget_class, on_slow_dismissed);
}

static void
add_drop_target (C2lCreatePage *self)
{
  GtkDropTarget *target = gtk_drop_target_new (G_TYPE_INVALID, GDK_ACTION_COPY);

  gtk_drop_target_set_gtypes (target,
                              (GType[]){ GDK_TYPE_FILE_LIST, G_TYPE_FILE, GDK_TYPE_TEXTURE }, 3);
  g_signal_connect (target, "accept", G_CALLBACK (on_drop_accept), self);
  g_signal_connect (target, "drop", G_CALLBACK (on_drop), self);
  gtk_widget_add_controller (self->content, GTK_EVENT_CONTROLLER (target));
}

static void
c2l_create_page_init (C2lCreatePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  c2l_compat_hide_other_pages (GTK_WIDGET (self->stage));
  add_drop_target (self);
  g_settings_bind (c2l_settings_get (), "cell-size", self->grid, "cell-size", G_SETTINGS_BIND_GET);

  self->actions = g_simple_action_group_new ();
  gtk_widget_insert_action_group (GTK_WIDGET (self), "create", G_ACTION_GROUP (self->actions));
  c2l_create_actions_add (self);
  c2l_create_actions_update (self);
  on_panel_folded (self);
  show_slow (self, FALSE);
  c2l_shortcuts_add_to_widget (GTK_WIDGET (self), C2L_SCOPE_PAGE);
  c2l_shortcuts_add_to_widget (GTK_WIDGET (self->grid), C2L_SCOPE_GRID);
}
