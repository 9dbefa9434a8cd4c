/* The history beside the table. Puts query and list together and shows what they find; the cells
 * and their menu are in c2l-history-cells.c, what is done with pictures in c2l-history-actions.c.
 * Nothing is read before the pane is first seen. */
#include "app/c2l-history-pane-private.h"

#include "app/c2l-compat.h"
#include "app/c2l-tab-stop.h"

#include <glib/gi18n.h>

G_DEFINE_FINAL_TYPE (C2lHistoryPane, c2l_history_pane, GTK_TYPE_WIDGET)

typedef enum
{
  DATE_ALL,
  DATE_TODAY,
  DATE_WEEK,
  DATE_MONTH
} Date;

C2lBoard *
c2l_history_pane_get_board (C2lHistoryPane *self)
{
  return self->board;
}

C2lLibrary *
c2l_history_pane_get_library (C2lHistoryPane *self)
{
  return self->library;
}

GActionMap *
c2l_history_pane_get_actions (C2lHistoryPane *self)
{
  return G_ACTION_MAP (self->actions);
}

gint64
c2l_history_pane_get_source (C2lHistoryPane *self)
{
  return self->shown_source;
}

const char *
c2l_history_pane_get_source_name (C2lHistoryPane *self)
{
  GtkStringObject *selected = gtk_drop_down_get_selected_item (self->source);

  return selected != NULL ? gtk_string_object_get_string (selected) : "";
}

GPtrArray *
c2l_history_pane_list_selected (C2lHistoryPane *self)
{
  g_autoptr (GtkBitset) set = gtk_selection_model_get_selection (self->selection);
  GPtrArray *items = g_ptr_array_new_with_free_func (g_object_unref);
  GtkBitsetIter iter;
  guint position;

  for (gboolean more = gtk_bitset_iter_init_first (&iter, set, &position); more;
       more = gtk_bitset_iter_next (&iter, &position))
    g_ptr_array_add (items, g_list_model_get_item (G_LIST_MODEL (self->selection), position));
  return items;
}

char **
c2l_history_pane_dup_selected_uids (C2lHistoryPane *self)
{
  g_autoptr (GPtrArray) items = c2l_history_pane_list_selected (self);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < items->len; i++)
    g_strv_builder_add (builder, c2l_history_item_get_uid (g_ptr_array_index (items, i)));
  return g_strv_builder_end (builder);
}

gboolean
c2l_history_pane_has_pictures (C2lHistoryPane *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (self->selection)) > 0;
}

gboolean
c2l_history_pane_has_selected (C2lHistoryPane *self)
{
  g_autoptr (GtkBitset) set = gtk_selection_model_get_selection (self->selection);

  return !gtk_bitset_is_empty (set);
}

/* --- what is looked for --- */

/* Local midnight of the day that the date begins with; microseconds since 1970. */
static gint64
find_beginning (Date date)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  int year, month, day;
  g_autoptr (GDateTime) midnight = NULL, begin = NULL;

  if (date == DATE_ALL)
    return 0;
  g_date_time_get_ymd (now, &year, &month, &day);
  midnight = g_date_time_new_local (year, month, date == DATE_MONTH ? 1 : day, 0, 0, 0);
  begin = g_date_time_add_days (midnight,
                                date == DATE_WEEK ? 1 - g_date_time_get_day_of_week (now) : 0);
  return g_date_time_to_unix (begin) * G_USEC_PER_SEC;
}

/* (nullable): all models. */
static const char *
get_model_name (C2lHistoryPane *self)
{
  GtkStringObject *selected = gtk_drop_down_get_selected_item (self->model);

  return selected != NULL && gtk_drop_down_get_selected (self->model) > 0
             ? gtk_string_object_get_string (selected)
             : NULL;
}

static gboolean
is_filtered (C2lHistoryPane *self)
{
  return get_model_name (self) != NULL || gtk_drop_down_get_selected (self->date) != DATE_ALL;
}

static gboolean
is_searched (C2lHistoryPane *self)
{
  return is_filtered (self) || gtk_toggle_button_get_active (self->favourites)
         || *gtk_editable_get_text (self->search) != '\0';
}

static void
ask (C2lHistoryPane *self)
{
  const char *text = gtk_editable_get_text (self->search);
  C2lLibraryQuery query = {
    .text = *text != '\0' ? text : NULL,
    .model = get_model_name (self),
    .from = find_beginning (gtk_drop_down_get_selected (self->date)),
    .favourites = gtk_toggle_button_get_active (self->favourites),
    .trashed = self->shown_source == C2L_HISTORY_TRASH,
    .collection = MAX (self->shown_source, 0),
    .order = gtk_drop_down_get_selected (self->order) == 1 ? C2L_LIBRARY_BEST : C2L_LIBRARY_NEWEST,
  };

  c2l_history_list_set_query (self->list, &query);
}

static void
on_filter_changed (C2lHistoryPane *self)
{
  if (self->is_filling || !self->is_listed)
    return;
  gtk_button_set_icon_name (GTK_BUTTON (self->favourites),
                            gtk_toggle_button_get_active (self->favourites)
                                ? "starred-symbolic"
                                : "non-starred-symbolic");
  if (is_filtered (self))
    gtk_widget_add_css_class (self->filter_button, "custom");
  else
    gtk_widget_remove_css_class (self->filter_button, "custom");
  ask (self);
}

static void
on_source_changed (C2lHistoryPane *self)
{
  guint selected = gtk_drop_down_get_selected (self->source);

  if (self->is_filling || selected >= self->sources->len)
    return;
  self->shown_source = g_array_index (self->sources, gint64, selected);
  if (self->is_listed)
    ask (self);
  c2l_history_actions_update (self);
}

void
c2l_history_pane_show_all (C2lHistoryPane *self)
{
  self->is_filling = TRUE;
  gtk_editable_set_text (self->search, "");
  gtk_toggle_button_set_active (self->favourites, FALSE);
  gtk_drop_down_set_selected (self->model, 0);
  gtk_drop_down_set_selected (self->date, DATE_ALL);
  self->is_filling = FALSE;
  on_filter_changed (self);
}

static void
on_stop_search (C2lHistoryPane *self)
{
  gtk_editable_set_text (self->search, "");
}

/* From the search into what it found. */
static void
on_search_activated (C2lHistoryPane *self)
{
  if (!c2l_history_pane_has_pictures (self))
    return;
  if (!c2l_history_pane_has_selected (self))
    gtk_selection_model_select_item (self->selection, 0, TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

/* --- what is found --- */

static void
show_nothing (C2lHistoryPane *self)
{
  const char *icon = "c2l-create-symbolic", *title, *text;
  gboolean searched = is_searched (self);

  if (searched)
    {
      icon = "edit-find-symbolic";
      title = _ ("Nothing Found");
      text = _ ("Other words or fewer filters find more.");
    }
  else if (self->shown_source == C2L_HISTORY_TRASH)
    {
      icon = "user-trash-symbolic";
      title = _ ("The Trash Is Empty");
      text = _ ("Deleted pictures stay here for a month.");
    }
  else if (self->shown_source != C2L_HISTORY_ALL)
    {
      icon = "folder-symbolic";
      title = _ ("An Empty Collection");
      text = _ ("The menu of a picture adds it to collections.");
    }
  else
    {
      title = _ ("No Pictures Yet");
      text = _ ("Every picture that is drawn is kept here.");
    }
  adw_status_page_set_icon_name (self->nothing, icon);
  adw_status_page_set_title (self->nothing, title);
  adw_status_page_set_description (self->nothing, text);
  gtk_widget_set_visible (self->show_all, searched);
}

static void
update (C2lHistoryPane *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->selection));
  g_autoptr (GtkBitset) set = gtk_selection_model_get_selection (self->selection);
  guint n_selected = gtk_bitset_get_size (set);
  GString *text = g_string_new (NULL);

  if (n_selected > 1)
    g_string_printf (text, ngettext ("%u of %u picture", "%u of %u pictures", n), n_selected, n);
  else if (n > 0)
    g_string_printf (text, ngettext ("%u picture", "%u pictures", n), n);
  if (c2l_library_is_temporary (self->library))
    {
      if (text->len > 0)
        g_string_append (text, " · ");
      g_string_append (text, _ ("kept only until the program ends"));
    }
  gtk_label_set_text (self->count, text->str);
  g_string_free (text, TRUE);
  if (n == 0)
    show_nothing (self);
  gtk_stack_set_visible_child_name (self->stage, n > 0 ? "grid" : "nothing");
  gtk_widget_set_visible (self->empty_trash, self->shown_source == C2L_HISTORY_TRASH && n > 0);
  c2l_history_actions_update (self);
}

/* The first frame lays out what is new, the second one can go there. */
static gboolean
go_to_start (GtkWidget *view, GdkFrameClock *clock, gpointer data)
{
  C2lHistoryPane *self = data;

  if (self->frames_to_start-- > 0)
    return G_SOURCE_CONTINUE;
  self->start_callback = 0;
  gtk_adjustment_set_value (gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (view)), 0);
  return G_SOURCE_REMOVE;
}

/* A view holds on to the picture that it shows, whatever comes before it. Who looks at the newest
 * wants to see what is newer. */
static void
stay_at_start (C2lHistoryPane *self, guint position, guint removed, guint added)
{
  GtkAdjustment *place = gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (self->view));

  if (position > 0 || added == 0 || gtk_adjustment_get_value (place) > 0)
    return;
  self->frames_to_start = 1;
  if (self->start_callback == 0)
    self->start_callback
        = gtk_widget_add_tick_callback (GTK_WIDGET (self->view), go_to_start, self, NULL);
}

static void
on_failed (C2lHistoryPane *self, const char *text)
{
  c2l_board_warn (self->board, "%s", text);
}

/* --- models and collections --- */

static void
fill (GtkDropDown *drop_down, GtkStringList *names, guint selected)
{
  gtk_drop_down_set_model (drop_down, G_LIST_MODEL (names));
  gtk_drop_down_set_selected (drop_down, selected);
}

static void
on_models (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lHistoryPane) self = data;
  g_auto (GStrv) models = c2l_library_list_strings_finish (C2L_LIBRARY (source), result, NULL);
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  g_autofree char *shown = self->list != NULL ? g_strdup (get_model_name (self)) : NULL;
  guint selected = 0;

  if (models == NULL || self->list == NULL)
    return;
  gtk_string_list_append (names, _ ("All models"));
  for (guint i = 0; models[i] != NULL; i++)
    {
      gtk_string_list_append (names, models[i]);
      if (g_strcmp0 (models[i], shown) == 0)
        selected = i + 1;
    }
  self->is_filling = TRUE;
  fill (self->model, names, selected);
  self->is_filling = FALSE;
}

static void
add_source (C2lHistoryPane *self,
            GtkStringList *names,
            gint64 id,
            const char *name,
            guint *selected)
{
  if (id == self->shown_source)
    *selected = self->sources->len;
  g_array_append_val (self->sources, id);
  gtk_string_list_append (names, name);
}

static void
on_collections (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (C2lHistoryPane) self = data;
  g_autoptr (GPtrArray) collections
      = c2l_library_list_collections_finish (C2L_LIBRARY (source), result, NULL);
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  guint selected = 0;

  if (collections == NULL || self->list == NULL)
    return;
  g_array_set_size (self->sources, 0);
  add_source (self, names, C2L_HISTORY_ALL, _ ("All Pictures"), &selected);
  for (guint i = 0; i < collections->len; i++)
    {
      C2lCollection *collection = g_ptr_array_index (collections, i);

      add_source (self, names, collection->id, collection->name, &selected);
    }
  add_source (self, names, C2L_HISTORY_TRASH, _ ("Trash"), &selected);
  self->is_filling = TRUE;
  fill (self->source, names, selected);
  self->is_filling = FALSE;
  if (g_array_index (self->sources, gint64, selected) != self->shown_source)
    on_source_changed (self);
  c2l_history_actions_update (self);
}

static void
read_names (C2lHistoryPane *self)
{
  if (!self->is_listed)
    return;
  c2l_library_list_models_async (self->library, NULL, on_models, g_object_ref (self));
  c2l_library_list_collections_async (self->library, NULL, on_collections, g_object_ref (self));
}

void
c2l_history_pane_show_source (C2lHistoryPane *self, gint64 source)
{
  self->shown_source = source;
  read_names (self);
  ask (self);
}

/* --- the widget --- */

static void
c2l_history_pane_map (GtkWidget *widget)
{
  C2lHistoryPane *self = C2L_HISTORY_PANE (widget);

  GTK_WIDGET_CLASS (c2l_history_pane_parent_class)->map (widget);
  if (self->is_listed)
    return;
  self->is_listed = TRUE;
  read_names (self);
  ask (self);
}

/* Toasts stand outside the pane, and their buttons are for its actions. */
static void
c2l_history_pane_root (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (c2l_history_pane_parent_class)->root (widget);
  gtk_widget_insert_action_group (GTK_WIDGET (gtk_widget_get_root (widget)), "history",
                                  G_ACTION_GROUP (C2L_HISTORY_PANE (widget)->actions));
}

static void
c2l_history_pane_unroot (GtkWidget *widget)
{
  gtk_widget_insert_action_group (GTK_WIDGET (gtk_widget_get_root (widget)), "history", NULL);
  GTK_WIDGET_CLASS (c2l_history_pane_parent_class)->unroot (widget);
}

static void
c2l_history_pane_dispose (GObject *object)
{
  C2lHistoryPane *self = C2L_HISTORY_PANE (object);
  GtkWidget *child;

  if (self->library != NULL)
    g_signal_handlers_disconnect_by_data (self->library, self);
  if (self->list != NULL)
    {
      c2l_history_list_close (self->list);
      g_signal_handlers_disconnect_by_data (self->list, self);
      g_signal_handlers_disconnect_by_data (self->selection, self);
    }
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  g_clear_handle_id (&self->days_idle, g_source_remove);
  g_clear_handle_id (&self->focus_idle, g_source_remove);
  g_clear_object (&self->selection);
  g_clear_object (&self->list);
  g_clear_object (&self->library);
  g_clear_object (&self->board);
  g_clear_object (&self->actions);
  G_OBJECT_CLASS (c2l_history_pane_parent_class)->dispose (object);
}

static void
c2l_history_pane_finalize (GObject *object)
{
  g_array_unref (C2L_HISTORY_PANE (object)->sources);
  g_ptr_array_unref (C2L_HISTORY_PANE (object)->bound);
  g_strfreev (C2L_HISTORY_PANE (object)->last_deleted);
  G_OBJECT_CLASS (c2l_history_pane_parent_class)->finalize (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, C2lHistoryPane, head);
  gtk_widget_class_bind_template_child (widget_class, C2lHistoryPane, foot);
  gtk_widget_class_bind_template_child (widget_class, C2lHistoryPane, menu);
  gtk_widget_class_bind_template_child (widget_class, C2lHistoryPane, source);
  gtk_widget_class_bind_template_child (widget_class, C2lHistoryPane, model);
  gtk_widget_class_bind_template_child (widget_class, C2lHistoryPane, date);
  gtk_widget_class_bind_template_child (widget_class, C2lHistoryPane, order);
  gtk_widget_class_bind_template_child (widget_class, C2lHistoryPane, search);
  gtk_widget_class_bind_template_child (widget_class, C2lHistoryPane, favourites);
  gtk_widget_class_bind_template_child (widget_class, C2lHistoryPane, filter_button);
  gtk_widget_class_bind_template_child (widget_class, C2lHistoryPane, show_all);
  gtk_widget_class_bind_template_child (widget_class, C2lHistoryPane, empty_trash);
  gtk_widget_class_bind_template_child (widget_class, C2lHistoryPane, stage);
  gtk_widget_class_bind_template_child (widget_class, C2lHistoryPane, view);
  gtk_widget_class_bind_template_child (widget_class, C2lHistoryPane, nothing);
  gtk_widget_class_bind_template_child (widget_class, C2lHistoryPane, count);
  gtk_widget_class_bind_template_child (widget_class, C2lHistoryPane, day);
  gtk_widget_class_bind_template_callback (widget_class, on_filter_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_source_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_stop_search);
  gtk_widget_class_bind_template_callback (widget_class, on_search_activated);
  c2l_history_cells_bind_template (widget_class);
}

static void
c2l_history_pane_class_init (C2lHistoryPaneClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_history_pane_dispose;
  G_OBJECT_CLASS (klass)->finalize = c2l_history_pane_finalize;
  widget_class->map = c2l_history_pane_map;
  widget_class->root = c2l_history_pane_root;
  widget_class->unroot = c2l_history_pane_unroot;
  g_signal_new ("use-recipe", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                G_TYPE_NONE, 2, G_TYPE_POINTER, G_TYPE_STRING);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/clip2latent/Clip2Latent/c2l-history-pane.ui");
  bind_template (widget_class);
  gtk_widget_class_set_css_name (widget_class, "historypane");
}

static void
add_keys (C2lHistoryPane *self)
{
  static const struct
  {
    const char *key, *action;
  } keys[] = { { "f", "history.favourite" },      { "Delete", "history.delete" },
               { "KP_Delete", "history.delete" }, { "u", "history.use-settings::all" }, { "<Control>z", "history.undo" },
               { "Menu", "history.popup-menu" },  { "<Shift>F10", "history.popup-menu" } };
  GtkEventController *controller = gtk_shortcut_controller_new ();

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autofree char *name = NULL;
      g_autoptr (GVariant) target = NULL;
      GtkShortcut *shortcut;

      if (!g_action_parse_detailed_name (keys[i].action, &name, &target, NULL))
        g_assert_not_reached ();
      shortcut = gtk_shortcut_new (gtk_shortcut_trigger_parse_string (keys[i].key),
                                   gtk_named_action_new (name));
      gtk_shortcut_set_arguments (shortcut, target);
      gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (controller), shortcut);
    }
  gtk_widget_add_controller (GTK_WIDGET (self->view), controller);
}

static void
c2l_history_pane_init (C2lHistoryPane *self)
{
  self->sources = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->bound = g_ptr_array_new ();
  self->is_filling = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  c2l_tab_stop_add (GTK_WIDGET (self->view));
  c2l_compat_name_inner_button (self->source);
  c2l_compat_name_inner_button (self->model);
  c2l_compat_name_inner_button (self->date);
  c2l_compat_name_inner_button (self->order);
  self->is_filling = FALSE;
  c2l_compat_hide_other_pages (GTK_WIDGET (self->stage));
  self->actions = g_simple_action_group_new ();
  gtk_widget_insert_action_group (GTK_WIDGET (self), "history", G_ACTION_GROUP (self->actions));
  add_keys (self);
}

GtkWidget *
c2l_history_pane_new (C2lBoard *board)
{
  C2lHistoryPane *self = g_object_new (C2L_TYPE_HISTORY_PANE, NULL);

  self->board = g_object_ref (board);
  self->library = g_object_ref (c2l_board_get_library (board));
  self->list = c2l_history_list_new (self->library);
  self->selection
      = GTK_SELECTION_MODEL (gtk_multi_selection_new (G_LIST_MODEL (g_object_ref (self->list))));
  c2l_history_actions_add (self);
  gtk_grid_view_set_model (self->view, self->selection);
  g_signal_connect_swapped (self->selection, "items-changed", G_CALLBACK (stay_at_start), self);
  g_signal_connect_swapped (self->selection, "items-changed",
                            G_CALLBACK (c2l_history_focus_follow), self);
  g_signal_connect_swapped (self->selection, "items-changed", G_CALLBACK (c2l_history_days_update),
                            self);
  g_signal_connect_swapped (gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (self->view)),
                            "value-changed", G_CALLBACK (c2l_history_days_update), self);
  g_signal_connect_swapped (self->list, "listed", G_CALLBACK (update), self);
  g_signal_connect_swapped (self->list, "failed", G_CALLBACK (on_failed), self);
  g_signal_connect_swapped (self->selection, "selection-changed", G_CALLBACK (update), self);
  g_signal_connect_swapped (self->library, "changed", G_CALLBACK (read_names), self);
  return GTK_WIDGET (self);
}

void
c2l_history_pane_set_seen (C2lHistoryPane *self, gboolean is_seen)
{
  g_return_if_fail (C2L_IS_HISTORY_PANE (self));

  c2l_history_list_set_seen (self->list, is_seen);
}

void
c2l_history_pane_take_deleted (C2lHistoryPane *self, char **uids)
{
  g_strfreev (self->last_deleted);
  self->last_deleted = uids;
}

char **
c2l_history_pane_steal_deleted (C2lHistoryPane *self)
{
  return g_steal_pointer (&self->last_deleted);
}
