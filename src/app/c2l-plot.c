/* The plot as a widget: what is shown, how it is called, and the read-out, which is a label of its
 * own so that its looks are the style's. Drawing, zooming and input have files of their own. */
#include "app/c2l-plot.h"

#include "app/c2l-plot-private.h"

#include <glib/gi18n.h>
#include <math.h>

#define MIN_WIDTH 200
#define NATURAL_WIDTH 420
#define MIN_HEIGHT 150
#define NATURAL_HEIGHT 200
#define AWAY 14 /* the read-out from its place */

static guint view_changed_signal;

G_DEFINE_FINAL_TYPE (C2lPlot, c2l_plot, GTK_TYPE_WIDGET)

C2lPlotUnit
c2l_plot_get_unit (C2lPlot *self)
{
  static const C2lPlotUnit units[] = { [C2L_PLOT_BY_STEP] = C2L_PLOT_COUNT,
                                       [C2L_PLOT_BY_TIME] = C2L_PLOT_TIME,
                                       [C2L_PLOT_BY_EPOCH] = C2L_PLOT_VALUE };

  return units[self->by];
}

/* --- the read-out --- */

static char *
dup_place (C2lPlot *self, double x)
{
  g_autofree char *text = c2l_plot_axis_format (c2l_plot_get_unit (self), x, 0);

  switch (self->by)
    {
    case C2L_PLOT_BY_TIME:
      return g_strdup_printf (_ ("after %s"), text);
    case C2L_PLOT_BY_EPOCH:
      return g_strdup_printf (_ ("epoch %s"), text);
    default:
      return g_strdup_printf (_ ("step %s"), text);
    }
}

/* What a line has at @i: its average, and the value itself where that is another. */
static char *
dup_value (const C2lPlotLine *line, gsize i)
{
  g_autofree char *value = c2l_plot_axis_format (C2L_PLOT_VALUE, line->values->values[i], 0);
  g_autofree char *smooth = NULL;

  if (line->smooth == NULL)
    return g_steal_pointer (&value);
  smooth = c2l_plot_axis_format (C2L_PLOT_VALUE, line->smooth->values[i], 0);
  /* Translators: the moving average, and the value itself. */
  return g_strdup_printf (_ ("%s (here %s)"), smooth, value);
}

static void
add_line (C2lPlot *self,
          GString *markup,
          GString *plain,
          const C2lPlotLine *line,
          const char *value)
{
  GdkRGBA color = c2l_plot_get_line_color (self, line->color);
  g_autofree char *row = g_markup_printf_escaped (
      "\n<span color=\"#%02x%02x%02x\"><b>%s</b>  %s</span>", (guint) (color.red * 255),
      (guint) (color.green * 255), (guint) (color.blue * 255), line->label, value);

  g_string_append (markup, row);
  g_string_append_printf (plain, ", %s %s", line->label, value);
}

/* The label, and the same for screen readers. */
static void
update_readout (C2lPlot *self)
{
  g_autofree char *place = NULL;
  g_autoptr (GString) markup = NULL, plain = NULL;
  gboolean found = FALSE;

  if (!isnan (self->cursor))
    {
      place = dup_place (self, self->by == C2L_PLOT_BY_STEP ? round (self->cursor) : self->cursor);
      markup = g_string_new (place);
      plain = g_string_new (place);
      for (guint n = 0; n < self->lines->len; n++)
        {
          C2lPlotLine *line = g_ptr_array_index (self->lines, n);
          g_autofree char *value = NULL;
          gsize i;

          if (!c2l_plot_line_find_nearest (line, self->cursor, &i))
            continue;
          value = dup_value (line, i);
          add_line (self, markup, plain, line, value);
          found = TRUE;
        }
    }
  gtk_widget_set_visible (self->readout, found && self->drag == C2L_PLOT_NO_DRAG);
  if (found)
    gtk_label_set_markup (GTK_LABEL (self->readout), markup->str);
  if (found && isnan (self->pointer_y))
    gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                    plain->str, -1);
}

/* The last value of every line. */
static void
describe (C2lPlot *self)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint n = 0; n < self->lines->len; n++)
    {
      C2lPlotLine *line = g_ptr_array_index (self->lines, n);
      g_autofree char *value = NULL, *place = NULL;
      gsize i;

      if (!c2l_plot_line_find_nearest (line, INFINITY, &i))
        continue;
      value = dup_value (line, i);
      place = dup_place (self, c2l_plot_line_get_x (line, i));
      g_string_append_printf (text, "%s%s: %s, %s", text->len > 0 ? "; " : "", line->label, value,
                              place);
    }
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  text->len > 0 ? text->str : _ ("No values yet"), -1);
}

/* --- what is shown --- */

void
c2l_plot_update_cursor (C2lPlot *self)
{
  update_readout (self);
  gtk_widget_queue_allocate (GTK_WIDGET (self));
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
c2l_plot_update (C2lPlot *self)
{
  g_clear_object (&self->texture);
  c2l_plot_compute_scales (self);
  c2l_plot_update_cursor (self);
  g_signal_emit (self, view_changed_signal, 0);
}

void
c2l_plot_set_title (C2lPlot *self, const char *title)
{
  g_return_if_fail (C2L_IS_PLOT (self));

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
}

void
c2l_plot_set_lines (C2lPlot *self, GPtrArray *lines, C2lPlotBy by)
{
  g_return_if_fail (C2L_IS_PLOT (self));

  g_ptr_array_ref (lines);
  g_ptr_array_unref (self->lines);
  self->lines = lines;
  if (by != self->by)
    {
      self->by = by;
      self->has_zoom_x = self->has_zoom_y = FALSE;
      self->cursor = NAN;
    }
  describe (self);
  c2l_plot_update (self);
}

GPtrArray *
c2l_plot_get_lines (C2lPlot *self)
{
  g_return_val_if_fail (C2L_IS_PLOT (self), NULL);

  return self->lines;
}

void
c2l_plot_set_log (C2lPlot *self, gboolean log_x, gboolean log_y)
{
  g_return_if_fail (C2L_IS_PLOT (self));

  if (log_x == self->log_x && log_y == self->log_y)
    return;
  if (log_x != self->log_x)
    self->has_zoom_x = FALSE;
  if (log_y != self->log_y)
    self->has_zoom_y = FALSE;
  self->log_x = log_x;
  self->log_y = log_y;
  c2l_plot_update (self);
}

void
c2l_plot_set_range (C2lPlot *self, double from, double to)
{
  g_return_if_fail (C2L_IS_PLOT (self));

  self->range_from = from;
  self->range_to = to;
  self->has_zoom_y = FALSE;
  c2l_plot_update (self);
}

void
c2l_plot_get_range (C2lPlot *self, double *from, double *to)
{
  g_return_if_fail (C2L_IS_PLOT (self));

  *from = self->range_from;
  *to = self->range_to;
}

gboolean
c2l_plot_is_zoomed (C2lPlot *self)
{
  g_return_val_if_fail (C2L_IS_PLOT (self), FALSE);

  return self->has_zoom_x || self->has_zoom_y;
}

void
c2l_plot_show_all (C2lPlot *self)
{
  g_return_if_fail (C2L_IS_PLOT (self));

  self->has_zoom_x = self->has_zoom_y = FALSE;
  c2l_plot_update (self);
}

/* --- widget --- */

static void
c2l_plot_measure (GtkWidget *widget,
                  GtkOrientation orientation,
                  int for_size,
                  int *minimum,
                  int *natural,
                  int *minimum_baseline,
                  int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? MIN_WIDTH : MIN_HEIGHT;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? NATURAL_WIDTH : NATURAL_HEIGHT;
}

/* Beside the cursor, on the side that has more room. */
static void
c2l_plot_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  C2lPlot *self = C2L_PLOT (widget);
  GtkRequisition size;
  double x, y;

  if (!gtk_widget_get_visible (self->readout))
    return;
  gtk_widget_get_preferred_size (self->readout, NULL, &size);
  size.width = MIN (size.width, width);
  size.height = MIN (size.height, height);
  x = self->area.origin.x
      + c2l_plot_scale_get_place (&self->x, self->cursor) * self->area.size.width;
  y = isnan (self->pointer_y) ? self->area.origin.y : self->pointer_y - size.height / 2.;
  x = x > width / 2. ? x - AWAY - size.width : x + AWAY;
  gtk_widget_size_allocate (self->readout,
                            &(GtkAllocation){ (int) CLAMP (x, 0, width - size.width),
                                              (int) CLAMP (y, 0, height - size.height), size.width,
                                              size.height },
                            -1);
}

static void
c2l_plot_css_changed (GtkWidget *widget, GtkCssStyleChange *change)
{
  GTK_WIDGET_CLASS (c2l_plot_parent_class)->css_changed (widget, change);
  g_clear_object (&C2L_PLOT (widget)->texture);
  gtk_widget_queue_draw (widget);
}

static void
c2l_plot_dispose (GObject *object)
{
  C2lPlot *self = C2L_PLOT (object);

  g_clear_pointer (&self->readout, gtk_widget_unparent);
  g_clear_object (&self->texture);
  G_OBJECT_CLASS (c2l_plot_parent_class)->dispose (object);
}

static void
c2l_plot_finalize (GObject *object)
{
  C2lPlot *self = C2L_PLOT (object);

  g_ptr_array_unref (self->lines);
  G_OBJECT_CLASS (c2l_plot_parent_class)->finalize (object);
}

static void
c2l_plot_class_init (C2lPlotClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = c2l_plot_dispose;
  G_OBJECT_CLASS (klass)->finalize = c2l_plot_finalize;
  widget_class->measure = c2l_plot_measure;
  widget_class->size_allocate = c2l_plot_size_allocate;
  widget_class->snapshot = c2l_plot_snapshot;
  widget_class->css_changed = c2l_plot_css_changed;
  view_changed_signal = g_signal_new ("view-changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                      0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_css_name (widget_class, "plot");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  c2l_plot_class_add_keys (widget_class);
}

static void
c2l_plot_init (C2lPlot *self)
{
  self->lines = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_plot_line_free);
  self->range_from = self->range_to = NAN;
  self->cursor = self->pointer_y = NAN;
  self->readout = gtk_label_new (NULL);
  gtk_widget_add_css_class (self->readout, "plot-readout");
  gtk_widget_set_can_target (self->readout, FALSE);
  gtk_widget_set_visible (self->readout, FALSE);
  gtk_label_set_xalign (GTK_LABEL (self->readout), 0);
  gtk_label_set_ellipsize (GTK_LABEL (self->readout), PANGO_ELLIPSIZE_END);
  gtk_widget_set_parent (self->readout, GTK_WIDGET (self));
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  c2l_plot_add_controllers (self);
  c2l_plot_compute_scales (self);
}

GtkWidget *
c2l_plot_new (void)
{
  return g_object_new (C2L_TYPE_PLOT, NULL);
}
