/* The cells of the history pane, and the menu that opens at one. */
#include "app/c2l-history-pane-private.h"

#include "app/c2l-history-cell.h"
#include "app/c2l-popup.h"

#include <glib/gi18n.h>

/* --- the menu --- */

static GMenuModel *
new_collections_menu (C2lHistoryPane *self)
{
  GMenu *menu = g_menu_new (), *others = g_menu_new ();
  GListModel *names = gtk_drop_down_get_model (self->source);

  for (guint i = 0; i < self->sources->len; i++)
    {
      gint64 id = g_array_index (self->sources, gint64, i);
      g_autoptr (GtkStringObject) name = g_list_model_get_item (names, i);
      g_autoptr (GMenuItem) item = NULL;

      if (id <= 0 || id == self->shown_source)
        continue;
      item = g_menu_item_new (gtk_string_object_get_string (name), NULL);
      g_menu_item_set_action_and_target (item, "history.collect", "x", id);
      g_menu_append_item (menu, item);
    }
  g_menu_append (others, _ ("_New Collection…"), "history.collect-new");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (others));
  g_object_unref (others);
  return G_MENU_MODEL (menu);
}

static GMenuModel *
new_menu (C2lHistoryPane *self)
{
  GMenu *menu = g_menu_new ();
  g_autoptr (GMenu) first = g_menu_new (), second = g_menu_new (), last = g_menu_new ();
  g_autoptr (GMenuModel) collections = new_collections_menu (self);

  if (self->shown_source == C2L_HISTORY_TRASH)
    {
      g_menu_append (first, _ ("_Put Back"), "history.put-back");
      g_menu_append_section (menu, NULL, G_MENU_MODEL (first));
      return G_MENU_MODEL (menu);
    }
  g_menu_append (first, _ ("_Open"), "history.open");
  g_menu_append (first, _ ("Use Its _Prompt"), "history.use-settings::prompt");
  g_menu_append (first, _ ("Use Its _Settings"), "history.use-settings::all");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (first));
  g_menu_append (second, _ ("_Favourite"), "history.favourite");
  g_menu_append_submenu (second, _ ("Add to _Collection"), collections);
  if (self->shown_source > 0)
    g_menu_append (second, _ ("_Remove from This Collection"), "history.uncollect");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (second));
  g_menu_append (last, _ ("_Delete"), "history.delete");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (last));
  return G_MENU_MODEL (menu);
}

static void
popup_at (C2lHistoryPane *self, GtkWidget *cell, double x, double y)
{
  g_autoptr (GMenuModel) model = new_menu (self);

  gtk_popover_menu_set_menu_model (GTK_POPOVER_MENU (self->menu), model);
  c2l_popup_at_point (GTK_POPOVER (self->menu), cell, x, y);
}

static void
select_item (C2lHistoryPane *self, C2lHistoryItem *item)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->selection)); i++)
    {
      g_autoptr (C2lHistoryItem) other = g_list_model_get_item (G_LIST_MODEL (self->selection), i);

      if (other != item)
        continue;
      if (!gtk_selection_model_is_selected (self->selection, i))
        gtk_selection_model_select_item (self->selection, i, TRUE);
      return;
    }
}

static void
on_secondary_pressed (GtkGesture *gesture, int n, double x, double y, C2lHistoryPane *self)
{
  GtkWidget *cell = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (gesture));
  C2lHistoryItem *item = c2l_history_cell_get_item (C2L_HISTORY_CELL (cell));

  if (item == NULL)
    return;
  select_item (self, item);
  popup_at (self, cell, x, y);
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
}

static void
on_long_pressed (GtkGesture *gesture, double x, double y, C2lHistoryPane *self)
{
  on_secondary_pressed (gesture, 1, x, y, self);
}

void
c2l_history_pane_popup_menu (C2lHistoryPane *self)
{
  GtkWidget *child = gtk_widget_get_focus_child (GTK_WIDGET (self->view));
  GtkWidget *cell = child != NULL ? gtk_widget_get_first_child (child) : NULL;

  if (!C2L_IS_HISTORY_CELL (cell))
    return;
  select_item (self, c2l_history_cell_get_item (C2L_HISTORY_CELL (cell)));
  popup_at (self, cell, gtk_widget_get_width (cell) / 2.0, gtk_widget_get_height (cell) / 2.0);
}

static void
on_menu_closed (C2lHistoryPane *self)
{
  if (gtk_widget_get_mapped (GTK_WIDGET (self->view)))
    gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

/* --- cells --- */

static void
on_star_clicked (C2lHistoryCell *cell, C2lHistoryPane *self)
{
  C2lHistoryItem *item = c2l_history_cell_get_item (cell);
  g_autoptr (GPtrArray) items = g_ptr_array_new ();

  if (item == NULL)
    return;
  g_ptr_array_add (items, item);
  c2l_history_actions_favour (self, items);
}

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *list_item, C2lHistoryPane *self)
{
  GtkWidget *cell = c2l_history_cell_new ();
  GtkGesture *secondary = gtk_gesture_click_new (), *touch = gtk_gesture_long_press_new ();

  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (secondary), GDK_BUTTON_SECONDARY);
  gtk_gesture_single_set_touch_only (GTK_GESTURE_SINGLE (touch), TRUE);
  g_signal_connect (secondary, "pressed", G_CALLBACK (on_secondary_pressed), self);
  g_signal_connect (touch, "pressed", G_CALLBACK (on_long_pressed), self);
  g_signal_connect (cell, "star-clicked", G_CALLBACK (on_star_clicked), self);
  gtk_widget_add_controller (cell, GTK_EVENT_CONTROLLER (secondary));
  gtk_widget_add_controller (cell, GTK_EVENT_CONTROLLER (touch));
  gtk_list_item_set_child (list_item, cell);
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *list_item, C2lHistoryPane *self)
{
  C2lHistoryItem *item = gtk_list_item_get_item (list_item);

  c2l_history_cell_set_item (C2L_HISTORY_CELL (gtk_list_item_get_child (list_item)), item);
  c2l_history_list_hold (self->list, item);
  c2l_history_days_add (self, list_item);
}

static void
on_unbind (GtkSignalListItemFactory *factory, GtkListItem *list_item, C2lHistoryPane *self)
{
  C2lHistoryCell *cell = C2L_HISTORY_CELL (gtk_list_item_get_child (list_item));
  /* The list item's own is not held by GTK, and gone where the list went before the view. */
  g_autoptr (C2lHistoryItem) item = g_object_ref (c2l_history_cell_get_item (cell));

  c2l_history_days_remove (self, list_item, item);
  c2l_history_cell_set_item (cell, NULL);
  if (self->list != NULL)
    c2l_history_list_release (self->list, item);
  else
    c2l_history_item_release (item);
}

static void
on_activate (C2lHistoryPane *self)
{
  gtk_widget_activate_action (
      GTK_WIDGET (self),
      self->shown_source == C2L_HISTORY_TRASH ? "history.put-back" : "history.open", NULL);
}

void
c2l_history_cells_bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_callback (widget_class, on_setup);
  gtk_widget_class_bind_template_callback (widget_class, on_bind);
  gtk_widget_class_bind_template_callback (widget_class, on_unbind);
  gtk_widget_class_bind_template_callback (widget_class, on_activate);
  gtk_widget_class_bind_template_callback (widget_class, on_menu_closed);
}
