/* The hand on a plot: pointer, wheel, frames and keys. The wheel alone zooms only where the plot
 * has the keyboard, for a page of plots must scroll. */
#include "app/c2l-plot-private.h"

#include <math.h>

#define ZOOM_STEP 1.25
#define KEY_STEP .01 /* of the width */
#define KEY_LEAP .1
#define SMALLEST_FRAME 6 /* pixels: less was a click */
#define FLAT_FRAME 14    /* pixels: a frame so flat is about x alone */

static double
get_place_x (C2lPlot *self, double x)
{
  return (x - self->area.origin.x) / MAX (1, self->area.size.width);
}

static double
get_place_y (C2lPlot *self, double y)
{
  return 1 - (y - self->area.origin.y) / MAX (1, self->area.size.height);
}

static void
set_cursor (C2lPlot *self, double x, double pointer_y)
{
  self->cursor = x;
  self->pointer_y = pointer_y;
  c2l_plot_update_cursor (self);
}

/* --- pointer --- */

static void
on_motion (GtkEventControllerMotion *motion, double x, double y, C2lPlot *self)
{
  double place = get_place_x (self, x);

  if (place < 0 || place > 1)
    set_cursor (self, NAN, NAN);
  else
    set_cursor (self, c2l_plot_scale_get_value (&self->x, place), y);
}

static void
on_leave (GtkEventControllerMotion *motion, C2lPlot *self)
{
  set_cursor (self, NAN, NAN);
}

static gboolean
on_scroll (GtkEventControllerScroll *scroll, double dx, double dy, C2lPlot *self)
{
  GdkModifierType state
      = gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (scroll));
  double place = isnan (self->cursor) ? .5 : c2l_plot_scale_get_place (&self->x, self->cursor);

  if (!(state & GDK_CONTROL_MASK) && !gtk_widget_has_focus (GTK_WIDGET (self)))
    return GDK_EVENT_PROPAGATE;
  if (dx != 0 && self->has_zoom_x)
    c2l_plot_move (self, &self->x, &self->y, dx * KEY_LEAP, 0);
  if (dy != 0)
    c2l_plot_zoom (self, CLAMP (place, 0, 1), pow (ZOOM_STEP, -dy));
  return GDK_EVENT_STOP;
}

static void
on_pressed (GtkGestureClick *click, int n_press, double x, double y, C2lPlot *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self));
  if (n_press == 2)
    c2l_plot_show_all (self);
}

static void
on_drag_begin (GtkGestureDrag *drag, double x, double y, C2lPlot *self)
{
  GdkModifierType state
      = gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (drag));
  guint button = gtk_gesture_single_get_current_button (GTK_GESTURE_SINGLE (drag));

  if (button != GDK_BUTTON_PRIMARY && button != GDK_BUTTON_MIDDLE)
    {
      gtk_gesture_set_state (GTK_GESTURE (drag), GTK_EVENT_SEQUENCE_DENIED);
      return;
    }
  self->drag
      = button == GDK_BUTTON_MIDDLE || (state & GDK_SHIFT_MASK) ? C2L_PLOT_PAN : C2L_PLOT_FRAME;
  self->drag_x = self->drag_to_x = x;
  self->drag_y = self->drag_to_y = y;
  self->drag_from_x = self->x;
  self->drag_from_y = self->y;
}

static void
on_drag_update (GtkGestureDrag *drag, double dx, double dy, C2lPlot *self)
{
  self->drag_to_x = self->drag_x + dx;
  self->drag_to_y = self->drag_y + dy;
  if (self->drag == C2L_PLOT_PAN)
    c2l_plot_move (self, &self->drag_from_x, &self->drag_from_y,
                   -dx / MAX (1, self->area.size.width), dy / MAX (1, self->area.size.height));
  else
    gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_drag_end (GtkGestureDrag *drag, double dx, double dy, C2lPlot *self)
{
  C2lPlotDrag kind = self->drag;
  double x0 = get_place_x (self, MIN (self->drag_x, self->drag_to_x));
  double x1 = get_place_x (self, MAX (self->drag_x, self->drag_to_x));
  double y0 = get_place_y (self, MAX (self->drag_y, self->drag_to_y));
  double y1 = get_place_y (self, MIN (self->drag_y, self->drag_to_y));

  self->drag = C2L_PLOT_NO_DRAG;
  if (kind == C2L_PLOT_FRAME && fabs (dx) >= SMALLEST_FRAME)
    c2l_plot_zoom_to (self, CLAMP (x0, 0, 1), CLAMP (x1, 0, 1), CLAMP (y0, 0, 1), CLAMP (y1, 0, 1),
                      fabs (dy) >= FLAT_FRAME);
  else
    c2l_plot_update (self);
}

void
c2l_plot_add_controllers (C2lPlot *self)
{
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkEventController *scroll
      = gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);
  GtkGesture *click = gtk_gesture_click_new ();
  GtkGesture *drag = gtk_gesture_drag_new ();

  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (drag), 0);
  g_signal_connect (motion, "enter", G_CALLBACK (on_motion), self);
  g_signal_connect (motion, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect (motion, "leave", G_CALLBACK (on_leave), self);
  g_signal_connect (scroll, "scroll", G_CALLBACK (on_scroll), self);
  g_signal_connect (click, "pressed", G_CALLBACK (on_pressed), self);
  g_signal_connect (drag, "drag-begin", G_CALLBACK (on_drag_begin), self);
  g_signal_connect (drag, "drag-update", G_CALLBACK (on_drag_update), self);
  g_signal_connect (drag, "drag-end", G_CALLBACK (on_drag_end), self);
  gtk_widget_add_controller (GTK_WIDGET (self), motion);
  gtk_widget_add_controller (GTK_WIDGET (self), scroll);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drag));
}

/* --- keys --- */

static gboolean
move_cursor (GtkWidget *widget, GVariant *by, gpointer data)
{
  C2lPlot *self = C2L_PLOT (widget);
  double place = isnan (self->cursor) ? 1 : c2l_plot_scale_get_place (&self->x, self->cursor);

  place = CLAMP (place + g_variant_get_double (by), 0, 1);
  set_cursor (self, c2l_plot_scale_get_value (&self->x, place), NAN);
  return TRUE;
}

static gboolean
move_view (GtkWidget *widget, GVariant *by, gpointer data)
{
  C2lPlot *self = C2L_PLOT (widget);

  if (self->has_zoom_x)
    c2l_plot_move (self, &self->x, &self->y, g_variant_get_double (by), 0);
  return TRUE;
}

static gboolean
zoom (GtkWidget *widget, GVariant *by, gpointer data)
{
  C2lPlot *self = C2L_PLOT (widget);
  double place = isnan (self->cursor) ? .5 : c2l_plot_scale_get_place (&self->x, self->cursor);

  c2l_plot_zoom (self, CLAMP (place, 0, 1), g_variant_get_double (by));
  return TRUE;
}

static gboolean
show_all (GtkWidget *widget, GVariant *parameter, gpointer data)
{
  c2l_plot_show_all (C2L_PLOT (widget));
  return TRUE;
}

/* What is there goes first: the read-out, then the zoom; with neither, the key is somebody else's.
 */
static gboolean
leave (GtkWidget *widget, GVariant *parameter, gpointer data)
{
  C2lPlot *self = C2L_PLOT (widget);

  if (!isnan (self->cursor))
    set_cursor (self, NAN, NAN);
  else if (c2l_plot_is_zoomed (self))
    c2l_plot_show_all (self);
  else
    return FALSE;
  return TRUE;
}

void
c2l_plot_class_add_keys (GtkWidgetClass *klass)
{
  const struct
  {
    guint key;
    GdkModifierType held;
    GtkShortcutFunc function;
    double by;
  } keys[] = {
    { GDK_KEY_Left, 0, move_cursor, -KEY_STEP },
    { GDK_KEY_Right, 0, move_cursor, KEY_STEP },
    { GDK_KEY_Left, GDK_CONTROL_MASK, move_cursor, -KEY_LEAP },
    { GDK_KEY_Right, GDK_CONTROL_MASK, move_cursor, KEY_LEAP },
    { GDK_KEY_Home, 0, move_cursor, -1 },
    { GDK_KEY_End, 0, move_cursor, 1 },
    { GDK_KEY_Left, GDK_SHIFT_MASK, move_view, -KEY_LEAP },
    { GDK_KEY_Right, GDK_SHIFT_MASK, move_view, KEY_LEAP },
    { GDK_KEY_plus, 0, zoom, ZOOM_STEP },
    { GDK_KEY_equal, 0, zoom, ZOOM_STEP },
    { GDK_KEY_KP_Add, 0, zoom, ZOOM_STEP },
    { GDK_KEY_minus, 0, zoom, 1 / ZOOM_STEP },
    { GDK_KEY_KP_Subtract, 0, zoom, 1 / ZOOM_STEP },
    { GDK_KEY_0, 0, show_all, 0 },
    { GDK_KEY_KP_0, 0, show_all, 0 },
    { GDK_KEY_Escape, 0, leave, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    gtk_widget_class_add_binding (klass, keys[i].key, keys[i].held, keys[i].function, "d",
                                  keys[i].by);
}
