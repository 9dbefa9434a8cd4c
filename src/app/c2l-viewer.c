/* Shows the board's current picture large, and compares it with another one or plays a film. Draws
 * nothing itself; what can be done with the one picture are the actions of the group “create”, as
 * in the grid. */
#include "app/c2l-viewer.h"

#include "app/c2l-compat.h"
#include "app/c2l-film-bar.h"
#include "app/c2l-popup.h"
#include "app/c2l-recipe-view.h"
#include "app/c2l-shortcuts.h"
#include "app/c2l-star.h"
#include "app/c2l-wrap-layout.h"
#include "app/c2l-zoom-view.h"

#include <glib/gi18n.h>
#include <math.h>

#define ZOOM_STEP 1.25

struct _C2lViewer
{
  GtkWidget parent_instance;

  GtkLabel *caption, *first_name, *second_name;
  GtkWidget *names;
  GtkWidget *compare_modes;
  GtkButton *zoom_button;
  C2lZoomView *view, *second;
  GtkWidget *divider;
  C2lFilmBar *film_bar;
  GtkWidget *tools, *star, *menu_button, *menu, *recipe_view;

  C2lBoard *board;
  C2lPictureItem *item, *other;
  GBinding *item_binding, *other_binding;
  gboolean plays, wipes;
};

G_DEFINE_FINAL_TYPE (C2lViewer, c2l_viewer, GTK_TYPE_WIDGET)

static guint closed_signal;

/* What has no room for all of it tells the rest when it is pointed at. */
static void
show_name (GtkLabel *label, const char *name)
{
  gtk_label_set_label (label, name != NULL ? name : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (label), name);
}

static void
update_caption (C2lViewer *self)
{
  g_autofree char *label = NULL, *other = NULL;

  if (self->plays || self->item == NULL)
    return;
  g_object_get (self->item, "label", &label, NULL);
  if (self->other != NULL)
    g_object_get (self->other, "label", &other, NULL);
  show_name (self->caption, other != NULL ? _ ("Compare") : label);
  show_name (self->first_name, label);
  show_name (self->second_name, other);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->view), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  -1);
  if (other != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (self->second), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                    other, -1);
}

static void
unbind (GBinding **binding)
{
  if (*binding != NULL)
    g_binding_unbind (*binding);
  g_clear_object (binding);
}

static void
bind (GBinding **binding, C2lPictureItem *item, C2lZoomView *view, const char *property)
{
  unbind (binding);
  if (item != NULL)
    *binding = g_object_ref (
        g_object_bind_property (item, "paintable", view, property, G_BINDING_SYNC_CREATE));
  else
    g_object_set (view, property, NULL, NULL);
}

static gboolean
shows_one (C2lViewer *self)
{
  return self->item != NULL && self->other == NULL && !self->plays;
}

static void
update_star (C2lViewer *self)
{
  gboolean favourite = self->item != NULL && c2l_picture_item_get_favourite (self->item);

  c2l_star_show (GTK_BUTTON (self->star), favourite);
}

/* What is about one picture is there while one picture is. A film has no next picture. */
static void
update_tools (C2lViewer *self)
{
  gboolean one = shows_one (self);

  gtk_widget_set_visible (self->tools, one);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "viewer.delete", one);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "viewer.how-made", one);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "viewer.popup-menu", one);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "viewer.next", !self->plays);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "viewer.previous", !self->plays);
  update_star (self);
}

/* Which view shows what: the current picture first; the other beside it or over it. */
static void
arrange (C2lViewer *self)
{
  gboolean compares = self->other != NULL && !self->plays;
  gboolean wipes = compares && self->wipes;

  unbind (&self->item_binding);
  unbind (&self->other_binding);
  if (self->plays)
    c2l_zoom_view_set_paintable (self->view, c2l_film_bar_get_film (self->film_bar));
  else
    bind (&self->item_binding, self->item, self->view, "paintable");
  c2l_zoom_view_set_other (self->view, NULL);
  if (compares)
    bind (&self->other_binding, self->other, wipes ? self->view : self->second,
          wipes ? "other" : "paintable");
  gtk_widget_set_visible (GTK_WIDGET (self->second), compares && !wipes);
  gtk_widget_set_visible (self->divider, wipes);
  gtk_widget_set_visible (self->compare_modes, compares);
  gtk_widget_set_visible (self->names, compares);
  gtk_widget_set_visible (GTK_WIDGET (self->film_bar), self->plays);
  update_caption (self);
  update_tools (self);
}

/* Without arranging anew, which follows. */
static void
end_film (C2lViewer *self)
{
  if (!self->plays)
    return;
  self->plays = FALSE;
  c2l_film_bar_stop (self->film_bar);
}

static void
on_film_closed (C2lViewer *self)
{
  end_film (self);
  arrange (self);
  /* The button that had the keyboard is gone. */
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

/* An item that is looked at keeps its full picture. */
static void
set_item (C2lViewer *self, C2lPictureItem **place, C2lPictureItem *item)
{
  if (*place == item)
    return;
  if (*place != NULL)
    {
      g_signal_handlers_disconnect_by_func (*place, update_caption, self);
      g_signal_handlers_disconnect_by_func (*place, update_star, self);
      c2l_picture_item_release (*place);
    }
  g_set_object (place, item);
  if (item != NULL)
    {
      c2l_picture_item_hold (item);
      g_signal_connect_swapped (item, "notify::label", G_CALLBACK (update_caption), self);
      g_signal_connect_swapped (item, "notify::favourite", G_CALLBACK (update_star), self);
    }
  arrange (self);
}

static void
on_current_changed (C2lViewer *self)
{
  C2lPictureItem *current = c2l_board_get_current (self->board);

  if (!gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  end_film (self);
  set_item (self, &self->item, current);
  arrange (self);
  if (current == NULL)
    g_signal_emit (self, closed_signal, 0);
}

static void
c2l_viewer_map (GtkWidget *widget)
{
  C2lViewer *self = C2L_VIEWER (widget);

  GTK_WIDGET_CLASS (c2l_viewer_parent_class)->map (widget);
  if (self->board != NULL)
    set_item (self, &self->item, c2l_board_get_current (self->board));
}

/* Where all its keys count. */
static gboolean
c2l_viewer_grab_focus (GtkWidget *widget)
{
  return c2l_compat_grab_focus_of (widget, C2L_VIEWER (widget)->view);
}

/* What nobody sees needs no memory. */
static void
c2l_viewer_unmap (GtkWidget *widget)
{
  C2lViewer *self = C2L_VIEWER (widget);

  end_film (self);
  set_item (self, &self->other, NULL);
  set_item (self, &self->item, NULL);
  c2l_zoom_view_reset (self->view);
  GTK_WIDGET_CLASS (c2l_viewer_parent_class)->unmap (widget);
}

static void
on_zoom_changed (C2lViewer *self)
{
  double zoom = 1;
  g_autofree char *text = NULL;

  g_object_get (self->view, "zoom", &zoom, NULL);
  text = zoom == 1 ? g_strdup (_ ("Fit")) : g_strdup_printf ("%.0f %%", 100 * zoom);
  gtk_button_set_label (self->zoom_button, text);
}

static void
close_viewer (GtkWidget *widget, const char *name, GVariant *parameter)
{
  g_signal_emit (widget, closed_signal, 0);
}

/* Space is for what moves first. */
static void
close_or_pause (GtkWidget *widget, const char *name, GVariant *parameter)
{
  C2lViewer *self = C2L_VIEWER (widget);

  if (self->plays)
    c2l_film_bar_toggle (self->film_bar);
  else
    g_signal_emit (self, closed_signal, 0);
}

static void
zoom (GtkWidget *widget, const char *name, GVariant *parameter)
{
  C2lViewer *self = C2L_VIEWER (widget);

  if (g_str_equal (name, "viewer.zoom-fit"))
    c2l_zoom_view_reset (self->view);
  else if (g_str_equal (name, "viewer.zoom-pixels"))
    c2l_zoom_view_zoom_to_pixels (self->view);
  else
    c2l_zoom_view_zoom_by (self->view,
                           g_str_equal (name, "viewer.zoom-in") ? ZOOM_STEP : 1 / ZOOM_STEP);
}

/* The picture after the one that is looked at, or before it; a picture is not compared with itself.
 * NULL: there is none. Lent by the board. */
static C2lPictureItem *
find_next (C2lViewer *self, int way)
{
  g_autoptr (GPtrArray) all = self->board != NULL ? c2l_board_list_all (self->board) : NULL;
  guint at;

  if (all == NULL || !g_ptr_array_find (all, self->item, &at))
    return NULL;
  for (int i = (int) at + way; i >= 0 && i < (int) all->len; i += way)
    if (g_ptr_array_index (all, i) != self->other)
      return g_ptr_array_index (all, i);
  return NULL;
}

static void
step (GtkWidget *widget, const char *name, GVariant *parameter)
{
  C2lViewer *self = C2L_VIEWER (widget);
  C2lPictureItem *next = find_next (self, g_str_equal (name, "viewer.next") ? 1 : -1);

  if (next != NULL)
    c2l_board_select_only (self->board, next);
}

/* The next picture is looked at then, so that one can go on; a favourite is spared and stays. */
static void
delete_picture (GtkWidget *widget, const char *name, GVariant *parameter)
{
  C2lViewer *self = C2L_VIEWER (widget);
  C2lPictureItem *next = find_next (self, 1);
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_object_unref);

  if (next == NULL)
    next = find_next (self, -1);
  if (next == NULL || c2l_picture_item_get_favourite (self->item))
    {
      gtk_widget_activate_action (widget, "create.delete", NULL);
      return;
    }
  g_ptr_array_add (items, g_object_ref (self->item));
  c2l_board_select_only (self->board, next);
  c2l_board_delete (self->board, items);
}

/* --- its menu, and how it was made --- */

static void
popup_menu_at (C2lViewer *self, GtkWidget *view, double x, double y)
{
  if (shows_one (self))
    c2l_popup_at_point (GTK_POPOVER (self->menu), view, x, y);
}

static void
popup_menu (GtkWidget *widget, const char *name, GVariant *parameter)
{
  GtkWidget *view = GTK_WIDGET (C2L_VIEWER (widget)->view);

  popup_menu_at (C2L_VIEWER (widget), view, gtk_widget_get_width (view) / 2.0,
                 gtk_widget_get_height (view) / 2.0);
}

static void
on_secondary_pressed (C2lViewer *self, int n, double x, double y, GtkGesture *gesture)
{
  popup_menu_at (self, GTK_WIDGET (self->view), x, y);
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
}

static void
on_long_pressed (C2lViewer *self, double x, double y, GtkGesture *gesture)
{
  on_secondary_pressed (self, 1, x, y, gesture);
}

static void
how_made (GtkWidget *widget, const char *name, GVariant *parameter)
{
  C2lViewer *self = C2L_VIEWER (widget);
  C2lRecipe *recipe = c2l_picture_item_get_recipe (self->item);
  const C2lModelInfo *model = c2l_board_get_model (self->board);

  if (recipe == NULL)
    return;
  c2l_recipe_view_set_recipe (C2L_RECIPE_VIEW (self->recipe_view), recipe,
                              model != NULL ? model->bundle : NULL);
  c2l_popup_at_widget (GTK_POPOVER (self->recipe_view), self->menu_button);
}

/* Where all keys count again. */
static void
on_popover_closed (C2lViewer *self)
{
  if (gtk_widget_get_mapped (GTK_WIDGET (self)))
    gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

static void
end_compare (GtkWidget *widget, const char *name, GVariant *parameter)
{
  c2l_viewer_compare (C2L_VIEWER (widget), NULL);
  gtk_widget_grab_focus (GTK_WIDGET (C2L_VIEWER (widget)->view));
}

static void
set_compare_mode (GSimpleAction *action, GVariant *value, gpointer data)
{
  C2lViewer *self = data;

  g_simple_action_set_state (action, value);
  self->wipes = g_str_equal (g_variant_get_string (value, NULL), "wipe");
  arrange (self);
}

/* A state of its own is what makes the two buttons a choice. */
static void
add_compare_mode (C2lViewer *self)
{
  g_autoptr (GSimpleActionGroup) group = g_simple_action_group_new ();
  g_autoptr (GSimpleAction) mode = g_simple_action_new_stateful (
      "compare-mode", G_VARIANT_TYPE_STRING, g_variant_new_string ("beside"));

  g_signal_connect (mode, "change-state", G_CALLBACK (set_compare_mode), self);
  g_action_map_add_action (G_ACTION_MAP (group), G_ACTION (mode));
  gtk_widget_insert_action_group (GTK_WIDGET (self), "viewer-mode", G_ACTION_GROUP (group));
}

static void
c2l_viewer_dispose (GObject *object)
{
  C2lViewer *self = C2L_VIEWER (object);
  GtkWidget *child;

  if (self->view != NULL)
    {
      end_film (self);
      set_item (self, &self->other, NULL);
      set_item (self, &self->item, NULL);
    }
  if (self->board != NULL)
    g_signal_handlers_disconnect_by_data (self->board, self);
  g_clear_object (&self->board);
  self->view = NULL;
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (c2l_viewer_parent_class)->dispose (object);
}

static void
c2l_viewer_class_init (C2lViewerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_viewer_dispose;
  widget_class->grab_focus = c2l_viewer_grab_focus;
  widget_class->map = c2l_viewer_map;
  widget_class->unmap = c2l_viewer_unmap;
  closed_signal = g_signal_new ("closed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                NULL, NULL, G_TYPE_NONE, 0);

  g_type_ensure (C2L_TYPE_FILM_BAR);
  g_type_ensure (C2L_TYPE_RECIPE_VIEW);
  g_type_ensure (C2L_TYPE_WRAP_LAYOUT);
  g_type_ensure (C2L_TYPE_ZOOM_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/clip2latent/Clip2Latent/c2l-viewer.ui");
  gtk_widget_class_bind_template_child (widget_class, C2lViewer, caption);
  gtk_widget_class_bind_template_child (widget_class, C2lViewer, names);
  gtk_widget_class_bind_template_child (widget_class, C2lViewer, first_name);
  gtk_widget_class_bind_template_child (widget_class, C2lViewer, second_name);
  gtk_widget_class_bind_template_child (widget_class, C2lViewer, compare_modes);
  gtk_widget_class_bind_template_child (widget_class, C2lViewer, zoom_button);
  gtk_widget_class_bind_template_child (widget_class, C2lViewer, view);
  gtk_widget_class_bind_template_child (widget_class, C2lViewer, second);
  gtk_widget_class_bind_template_child (widget_class, C2lViewer, divider);
  gtk_widget_class_bind_template_child (widget_class, C2lViewer, film_bar);
  gtk_widget_class_bind_template_child (widget_class, C2lViewer, tools);
  gtk_widget_class_bind_template_child (widget_class, C2lViewer, star);
  gtk_widget_class_bind_template_child (widget_class, C2lViewer, menu_button);
  gtk_widget_class_bind_template_child (widget_class, C2lViewer, menu);
  gtk_widget_class_bind_template_child (widget_class, C2lViewer, recipe_view);
  gtk_widget_class_bind_template_callback (widget_class, on_film_closed);
  gtk_widget_class_bind_template_callback (widget_class, on_popover_closed);
  gtk_widget_class_install_action (widget_class, "viewer.close", NULL, close_viewer);
  gtk_widget_class_install_action (widget_class, "viewer.close-or-pause", NULL, close_or_pause);
  gtk_widget_class_install_action (widget_class, "viewer.delete", NULL, delete_picture);
  gtk_widget_class_install_action (widget_class, "viewer.how-made", NULL, how_made);
  gtk_widget_class_install_action (widget_class, "viewer.popup-menu", NULL, popup_menu);
  gtk_widget_class_install_action (widget_class, "viewer.zoom-in", NULL, zoom);
  gtk_widget_class_install_action (widget_class, "viewer.zoom-out", NULL, zoom);
  gtk_widget_class_install_action (widget_class, "viewer.zoom-fit", NULL, zoom);
  gtk_widget_class_install_action (widget_class, "viewer.zoom-pixels", NULL, zoom);
  gtk_widget_class_install_action (widget_class, "viewer.next", NULL, step);
  gtk_widget_class_install_action (widget_class, "viewer.previous", NULL, step);
  gtk_widget_class_install_action (widget_class, "viewer.end-compare", NULL, end_compare);
}

static void
add_menu (C2lViewer *self)
{
  GtkGesture *secondary = gtk_gesture_click_new (), *touch = gtk_gesture_long_press_new ();

  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (secondary), GDK_BUTTON_SECONDARY);
  gtk_gesture_single_set_touch_only (GTK_GESTURE_SINGLE (touch), TRUE);
  g_signal_connect_swapped (secondary, "pressed", G_CALLBACK (on_secondary_pressed), self);
  g_signal_connect_swapped (touch, "pressed", G_CALLBACK (on_long_pressed), self);
  gtk_widget_add_controller (GTK_WIDGET (self->view), GTK_EVENT_CONTROLLER (secondary));
  gtk_widget_add_controller (GTK_WIDGET (self->view), GTK_EVENT_CONTROLLER (touch));
}

static void
c2l_viewer_init (C2lViewer *self)
{
  add_compare_mode (self);
  gtk_widget_init_template (GTK_WIDGET (self));
  c2l_compat_name_inner_button (self->menu_button);
  add_menu (self);
  update_tools (self);
  c2l_shortcuts_add_to_widget (GTK_WIDGET (self), C2L_SCOPE_VIEWER);
  g_signal_connect_swapped (self->view, "notify::zoom", G_CALLBACK (on_zoom_changed), self);
  on_zoom_changed (self);
}

GtkWidget *
c2l_viewer_new (void)
{
  return g_object_new (C2L_TYPE_VIEWER, NULL);
}

void
c2l_viewer_set_board (C2lViewer *self, C2lBoard *board)
{
  g_return_if_fail (C2L_IS_VIEWER (self) && self->board == NULL);
  self->board = g_object_ref (board);
  c2l_film_bar_set_board (self->film_bar, board);
  g_signal_connect_swapped (board, "notify::current", G_CALLBACK (on_current_changed), self);
}

void
c2l_viewer_compare (C2lViewer *self, C2lPictureItem *item)
{
  g_return_if_fail (C2L_IS_VIEWER (self));
  end_film (self);
  set_item (self, &self->other, item);
  arrange (self);
}

void
c2l_viewer_play (C2lViewer *self, GPtrArray *items)
{
  g_return_if_fail (C2L_IS_VIEWER (self) && items->len >= 2);
  self->plays = TRUE;
  show_name (self->caption, _ ("In-between Film"));
  c2l_film_bar_start (self->film_bar, items);
  arrange (self);
}
