/* Draws the bar from zero to the knob under GtkScale's own trough, which is translucent, and leaves
 * everything else, keys and accessibility among it, to GtkScale. */
#include "app/c2l-slider.h"

struct _C2lSlider
{
  GtkScale parent_instance;
};

G_DEFINE_FINAL_TYPE (C2lSlider, c2l_slider, GTK_TYPE_SCALE)

/* Where @value's place on the trough is, in the widget's coordinates. */
static float
place_of (C2lSlider *self, const GdkRectangle *range, double value)
{
  GtkAdjustment *adjustment = gtk_range_get_adjustment (GTK_RANGE (self));
  double lower = gtk_adjustment_get_lower (adjustment);
  double upper = gtk_adjustment_get_upper (adjustment);
  double part = upper > lower ? (CLAMP (value, lower, upper) - lower) / (upper - lower) : 0;

  if (gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL)
    part = 1 - part;
  return range->x + part * range->width;
}

static void
c2l_slider_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  C2lSlider *self = C2L_SLIDER (widget);
  GtkWidget *trough = gtk_widget_get_first_child (widget);
  graphene_rect_t bounds, bar;
  GdkRectangle range;
  GdkRGBA accent;
  float ends[2];
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  gboolean has_accent = gtk_style_context_lookup_color (gtk_widget_get_style_context (widget),
                                                        "accent_bg_color", &accent);
  G_GNUC_END_IGNORE_DEPRECATIONS

  if (has_accent && trough != NULL && gtk_widget_compute_bounds (trough, widget, &bounds)
      && gtk_widget_is_sensitive (widget))
    {
      gtk_range_get_range_rect (GTK_RANGE (self), &range);
      ends[0] = place_of (self, &range, 0);
      ends[1] = place_of (self, &range, gtk_range_get_value (GTK_RANGE (self)));
      graphene_rect_init (&bar, MIN (ends[0], ends[1]), bounds.origin.y, ABS (ends[1] - ends[0]),
                          bounds.size.height);
      gtk_snapshot_append_color (snapshot, &accent, &bar);
    }
  GTK_WIDGET_CLASS (c2l_slider_parent_class)->snapshot (widget, snapshot);
}

static void
c2l_slider_class_init (C2lSliderClass *klass)
{
  GTK_WIDGET_CLASS (klass)->snapshot = c2l_slider_snapshot;
}

/* Sliders stand in a panel that scrolls: the wheel must move the panel, and never what lies under
 * the pointer. */
static void
ignore_wheel (C2lSlider *self)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (GTK_WIDGET (self));

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);

      if (GTK_IS_EVENT_CONTROLLER_SCROLL (controller))
        gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_NONE);
    }
}

static void
c2l_slider_init (C2lSlider *self)
{
  gtk_scale_set_has_origin (GTK_SCALE (self), FALSE);
  ignore_wheel (self);
}

GtkWidget *
c2l_slider_new (void)
{
  return g_object_new (C2L_TYPE_SLIDER, NULL);
}
