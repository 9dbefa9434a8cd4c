/* Draws one or two paintables through a common view: how far it is enlarged and which place of the picture stands in the middle. Knows no
 * items and no board. */
#include "app/c2l-zoom-view.h"

#include <math.h>

#define MAX_ZOOM 32.0
#define ZOOM_STEP 1.25
/* Of the view's width, by one arrow key. */
#define PAN_STEP 0.1
/* Pixels to the left and right of the divider where it is taken hold of. */
#define DIVIDER_REACH 12
#define DIVIDER_WIDTH 2

struct _C2lZoomView
{
  GtkWidget parent_instance;

  GdkPaintable *paintable, *other;
  gulong contents_handlers[2];
  double divider, zoom, centre_x, centre_y;
  double start_zoom, start_x, start_y;
  double pointer_x, pointer_y;
  gboolean moves_divider;
};

G_DEFINE_FINAL_TYPE (C2lZoomView, c2l_zoom_view, GTK_TYPE_WIDGET)

enum
{
  PROP_PAINTABLE = 1,
  PROP_OTHER,
  PROP_DIVIDER,
  PROP_ZOOM,
  PROP_CENTRE_X,
  PROP_CENTRE_Y,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

/* Where the whole picture would lie, most of it outside when it is enlarged. */
static void
get_area (C2lZoomView *self, graphene_rect_t *area)
{
  double width = gtk_widget_get_width (GTK_WIDGET (self));
  double height = gtk_widget_get_height (GTK_WIDGET (self));
  double ratio = self->paintable != NULL ? gdk_paintable_get_intrinsic_aspect_ratio (self->paintable) : 1;
  double fit_width, fit_height;

  if (ratio <= 0)
    ratio = 1;
  fit_width = MIN (width, height * ratio) * self->zoom;
  fit_height = fit_width / ratio;
  graphene_rect_init (area, width / 2 - self->centre_x * fit_width,
                      height / 2 - self->centre_y * fit_height, fit_width, fit_height);
}

/* A picture that is narrower than the view stands in its middle; no margin opens beside one that is wider. */
static double
limit_centre (double centre, double view, double picture)
{
  double half = picture > 0 ? view / picture / 2 : 0.5;

  return half >= 0.5 ? 0.5 : CLAMP (centre, half, 1 - half);
}

static void
set_view (C2lZoomView *self, double zoom, double x, double y)
{
  graphene_rect_t area;

  g_object_freeze_notify (G_OBJECT (self));
  zoom = CLAMP (zoom, 1, MAX_ZOOM);
  if (zoom != self->zoom)
    {
      self->zoom = zoom;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ZOOM]);
    }
  get_area (self, &area);
  x = limit_centre (x, gtk_widget_get_width (GTK_WIDGET (self)), area.size.width);
  y = limit_centre (y, gtk_widget_get_height (GTK_WIDGET (self)), area.size.height);
  if (x != self->centre_x)
    {
      self->centre_x = x;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CENTRE_X]);
    }
  if (y != self->centre_y)
    {
      self->centre_y = y;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CENTRE_Y]);
    }
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_object_thaw_notify (G_OBJECT (self));
}

/* What is under (x, y) stays there. */
static void
zoom_at (C2lZoomView *self, double zoom, double x, double y)
{
  graphene_rect_t area;
  double at_x, at_y, grown;

  get_area (self, &area);
  zoom = CLAMP (zoom, 1, MAX_ZOOM);
  if (area.size.width <= 0 || area.size.height <= 0)
    return;
  at_x = (x - area.origin.x) / area.size.width;
  at_y = (y - area.origin.y) / area.size.height;
  grown = zoom / self->zoom;
  set_view (self, zoom,
            at_x - (x - gtk_widget_get_width (GTK_WIDGET (self)) / 2.0) / (area.size.width * grown),
            at_y
                - (y - gtk_widget_get_height (GTK_WIDGET (self)) / 2.0)
                      / (area.size.height * grown));
}

void
c2l_zoom_view_zoom_by (C2lZoomView *self, double factor)
{
  g_return_if_fail (C2L_IS_ZOOM_VIEW (self));
  set_view (self, self->zoom * factor, self->centre_x, self->centre_y);
}

void
c2l_zoom_view_reset (C2lZoomView *self)
{
  g_return_if_fail (C2L_IS_ZOOM_VIEW (self));
  set_view (self, 1, 0.5, 0.5);
}

void
c2l_zoom_view_zoom_to_pixels (C2lZoomView *self)
{
  graphene_rect_t area;
  double scale = gtk_widget_get_scale_factor (GTK_WIDGET (self));

  g_return_if_fail (C2L_IS_ZOOM_VIEW (self));
  if (self->paintable == NULL)
    return;
  get_area (self, &area);
  c2l_zoom_view_zoom_by (self, gdk_paintable_get_intrinsic_width (self->paintable) / scale
                                   / area.size.width);
}

static float
get_divider_place (C2lZoomView *self, const graphene_rect_t *area)
{
  return area->origin.x + self->divider * area->size.width;
}

static void
snapshot_paintable (GtkSnapshot *snapshot,
                    GdkPaintable *paintable,
                    const graphene_rect_t *area,
                    const graphene_rect_t *clip)
{
  gtk_snapshot_push_clip (snapshot, clip);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &area->origin);
  gdk_paintable_snapshot (paintable, snapshot, area->size.width, area->size.height);
  gtk_snapshot_restore (snapshot);
  gtk_snapshot_pop (snapshot);
}

static void
c2l_zoom_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  C2lZoomView *self = C2L_ZOOM_VIEW (widget);
  graphene_rect_t area, view, clip;
  GdkRGBA colour;
  float divider;

  if (self->paintable == NULL)
    return;
  get_area (self, &area);
  graphene_rect_init (&view, 0, 0, gtk_widget_get_width (widget), gtk_widget_get_height (widget));
  snapshot_paintable (snapshot, self->paintable, &area, &view);
  if (self->other == NULL)
    return;
  divider = get_divider_place (self, &area);
  graphene_rect_init (&clip, divider, 0, MAX (view.size.width - divider, 0), view.size.height);
  snapshot_paintable (snapshot, self->other, &area, &clip);
  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &colour);
  gtk_snapshot_append_color (snapshot, &colour,
                             &GRAPHENE_RECT_INIT (divider - DIVIDER_WIDTH / 2.0, area.origin.y,
                                                  DIVIDER_WIDTH, area.size.height));
}

static gboolean
on_scroll (GtkEventControllerScroll *controller, double dx, double dy, C2lZoomView *self)
{
  zoom_at (self, self->zoom * pow (ZOOM_STEP, -dy), self->pointer_x, self->pointer_y);
  return TRUE;
}

static void
on_motion (C2lZoomView *self, double x, double y)
{
  self->pointer_x = x;
  self->pointer_y = y;
}

static void
on_pinch_begin (C2lZoomView *self)
{
  self->start_zoom = self->zoom;
}

static void
on_pinch (C2lZoomView *self, double scale, GtkGestureZoom *gesture)
{
  double x = self->pointer_x, y = self->pointer_y;

  gtk_gesture_get_bounding_box_center (GTK_GESTURE (gesture), &x, &y);
  zoom_at (self, self->start_zoom * scale, x, y);
}

static void
on_drag_begin (C2lZoomView *self, double x, double y)
{
  graphene_rect_t area;

  get_area (self, &area);
  self->moves_divider
      = self->other != NULL && fabs (x - get_divider_place (self, &area)) <= DIVIDER_REACH;
  self->start_x = self->moves_divider ? self->divider : self->centre_x;
  self->start_y = self->centre_y;
}

static void
on_drag (C2lZoomView *self, double dx, double dy)
{
  graphene_rect_t area;

  get_area (self, &area);
  if (area.size.width <= 0 || area.size.height <= 0)
    return;
  if (self->moves_divider)
    g_object_set (self, "divider", CLAMP (self->start_x + dx / area.size.width, 0, 1), NULL);
  else
    set_view (self, self->zoom, self->start_x - dx / area.size.width,
              self->start_y - dy / area.size.height);
}

static void
pan (C2lZoomView *self, double dx, double dy)
{
  set_view (self, self->zoom, self->centre_x + dx * PAN_STEP / self->zoom,
            self->centre_y + dy * PAN_STEP / self->zoom);
}

/* Arrows move an enlarged picture; of a whole one they are the viewer's, which goes to the next. */
static gboolean
on_key (GtkEventControllerKey *controller,
        guint key,
        guint code,
        GdkModifierType state,
        C2lZoomView *self)
{
  static const struct
  {
    guint key;
    int x, y;
  } arrows[] = { { GDK_KEY_Left, -1, 0 },
                 { GDK_KEY_Right, 1, 0 },
                 { GDK_KEY_Up, 0, -1 },
                 { GDK_KEY_Down, 0, 1 } };

  for (guint i = 0; i < G_N_ELEMENTS (arrows) && self->zoom > 1; i++)
    if (key == arrows[i].key && (state & gtk_accelerator_get_default_mod_mask ()) == 0)
      {
        pan (self, arrows[i].x, arrows[i].y);
        return TRUE;
      }
  if (state & (GDK_CONTROL_MASK | GDK_ALT_MASK))
    return FALSE;
  switch (key)
    {
    case GDK_KEY_plus:
    case GDK_KEY_equal:
    case GDK_KEY_KP_Add:
      c2l_zoom_view_zoom_by (self, ZOOM_STEP);
      return TRUE;
    case GDK_KEY_minus:
    case GDK_KEY_KP_Subtract:
      c2l_zoom_view_zoom_by (self, 1 / ZOOM_STEP);
      return TRUE;
    case GDK_KEY_0:
    case GDK_KEY_KP_0:
      c2l_zoom_view_reset (self);
      return TRUE;
    case GDK_KEY_1:
    case GDK_KEY_KP_1:
      c2l_zoom_view_zoom_to_pixels (self);
      return TRUE;
    default:
      return FALSE;
    }
}

/* As high as the whole picture at this width would be; but it can do with any room. */
static void
c2l_zoom_view_measure (GtkWidget *widget,
                       GtkOrientation orientation,
                       int for_size,
                       int *minimum,
                       int *natural,
                       int *minimum_baseline,
                       int *natural_baseline)
{
  C2lZoomView *self = C2L_ZOOM_VIEW (widget);
  double ratio = self->paintable != NULL
                     ? gdk_paintable_get_intrinsic_aspect_ratio (self->paintable)
                     : 1;

  *minimum = *natural = 0;
  if (orientation == GTK_ORIENTATION_VERTICAL && for_size > 0)
    *natural = (int) (for_size / (ratio > 0 ? ratio : 1));
}

static GtkSizeRequestMode
c2l_zoom_view_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
add_controllers (C2lZoomView *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkEventController *scroll
      = gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_VERTICAL);
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkEventController *keys = gtk_event_controller_key_new ();
  GtkGesture *pinch = gtk_gesture_zoom_new (), *drag = gtk_gesture_drag_new ();

  g_signal_connect (scroll, "scroll", G_CALLBACK (on_scroll), self);
  g_signal_connect_swapped (motion, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (on_key), self);
  g_signal_connect_swapped (pinch, "begin", G_CALLBACK (on_pinch_begin), self);
  g_signal_connect_swapped (pinch, "scale-changed", G_CALLBACK (on_pinch), self);
  g_signal_connect_swapped (drag, "drag-begin", G_CALLBACK (on_drag_begin), self);
  g_signal_connect_swapped (drag, "drag-update", G_CALLBACK (on_drag), self);
  gtk_widget_add_controller (widget, scroll);
  gtk_widget_add_controller (widget, motion);
  gtk_widget_add_controller (widget, keys);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (pinch));
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (drag));
}

static void
set_paintable (C2lZoomView *self, GdkPaintable **place, GdkPaintable *paintable, guint property)
{
  gulong *handler = &self->contents_handlers[place == &self->other];

  if (*place == paintable)
    return;
  if (*handler != 0)
    g_clear_signal_handler (handler, *place);
  g_set_object (place, paintable);
  if (paintable != NULL)
    *handler = g_signal_connect_swapped (paintable, "invalidate-contents",
                                         G_CALLBACK (gtk_widget_queue_draw), self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

void
c2l_zoom_view_set_paintable (C2lZoomView *self, GdkPaintable *paintable)
{
  g_return_if_fail (C2L_IS_ZOOM_VIEW (self));
  set_paintable (self, &self->paintable, paintable, PROP_PAINTABLE);
}

void
c2l_zoom_view_set_other (C2lZoomView *self, GdkPaintable *other)
{
  g_return_if_fail (C2L_IS_ZOOM_VIEW (self));
  set_paintable (self, &self->other, other, PROP_OTHER);
}

static void
c2l_zoom_view_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  C2lZoomView *self = C2L_ZOOM_VIEW (object);

  switch (id)
    {
    case PROP_PAINTABLE:
      g_value_set_object (value, self->paintable);
      break;
    case PROP_OTHER:
      g_value_set_object (value, self->other);
      break;
    case PROP_DIVIDER:
      g_value_set_double (value, self->divider);
      break;
    case PROP_ZOOM:
      g_value_set_double (value, self->zoom);
      break;
    case PROP_CENTRE_X:
      g_value_set_double (value, self->centre_x);
      break;
    case PROP_CENTRE_Y:
      g_value_set_double (value, self->centre_y);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
c2l_zoom_view_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  C2lZoomView *self = C2L_ZOOM_VIEW (object);

  switch (id)
    {
    case PROP_PAINTABLE:
      c2l_zoom_view_set_paintable (self, g_value_get_object (value));
      break;
    case PROP_OTHER:
      c2l_zoom_view_set_other (self, g_value_get_object (value));
      break;
    case PROP_DIVIDER:
      if (self->divider == g_value_get_double (value))
        break;
      self->divider = g_value_get_double (value);
      gtk_widget_queue_draw (GTK_WIDGET (self));
      g_object_notify_by_pspec (object, pspec);
      break;
    case PROP_ZOOM:
      set_view (self, g_value_get_double (value), self->centre_x, self->centre_y);
      break;
    case PROP_CENTRE_X:
      set_view (self, self->zoom, g_value_get_double (value), self->centre_y);
      break;
    case PROP_CENTRE_Y:
      set_view (self, self->zoom, self->centre_x, g_value_get_double (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
c2l_zoom_view_dispose (GObject *object)
{
  C2lZoomView *self = C2L_ZOOM_VIEW (object);

  set_paintable (self, &self->paintable, NULL, PROP_PAINTABLE);
  set_paintable (self, &self->other, NULL, PROP_OTHER);
  G_OBJECT_CLASS (c2l_zoom_view_parent_class)->dispose (object);
}

static void
c2l_zoom_view_class_init (C2lZoomViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = c2l_zoom_view_get_property;
  object_class->set_property = c2l_zoom_view_set_property;
  object_class->dispose = c2l_zoom_view_dispose;
  widget_class->snapshot = c2l_zoom_view_snapshot;
  widget_class->measure = c2l_zoom_view_measure;
  widget_class->get_request_mode = c2l_zoom_view_get_request_mode;
  properties[PROP_PAINTABLE]
      = g_param_spec_object ("paintable", NULL, NULL, GDK_TYPE_PAINTABLE, flags);
  properties[PROP_OTHER] = g_param_spec_object ("other", NULL, NULL, GDK_TYPE_PAINTABLE, flags);
  properties[PROP_DIVIDER] = g_param_spec_double ("divider", NULL, NULL, 0, 1, 0.5, flags);
  properties[PROP_ZOOM] = g_param_spec_double ("zoom", NULL, NULL, 1, MAX_ZOOM, 1, flags);
  properties[PROP_CENTRE_X] = g_param_spec_double ("centre-x", NULL, NULL, 0, 1, 0.5, flags);
  properties[PROP_CENTRE_Y] = g_param_spec_double ("centre-y", NULL, NULL, 0, 1, 0.5, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  gtk_widget_class_set_css_name (widget_class, "zoomview");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
c2l_zoom_view_init (C2lZoomView *self)
{
  self->divider = 0.5;
  self->zoom = 1;
  self->centre_x = self->centre_y = 0.5;
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  add_controllers (self);
}

GtkWidget *
c2l_zoom_view_new (void)
{
  return g_object_new (C2L_TYPE_ZOOM_VIEW, NULL);
}
