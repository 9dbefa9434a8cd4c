/* How a plot looks. Lines come out of a texture that is drawn when they or the view changed;
 * everything that moves with the pointer lies over it. */
#include "app/c2l-plot-draw.h"
#include "app/c2l-plot-private.h"

#include <math.h>

#define GAP 8           /* between labels and lines */
#define RIGHT 10        /* beside the lines: half of the last label */
#define LABEL_HEIGHT 42 /* of the plot for each label beside it */
#define LABEL_WIDTH 96
#define GRID .10 /* of the text's strength */
#define LABEL .60
#define CURSOR .45
#define DOT 4

static GdkRGBA
get_color (GtkWidget *widget, double strength)
{
  GdkRGBA color;

  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &color);
  color.alpha *= strength;
  return color;
}

GdkRGBA
c2l_plot_get_line_color (C2lPlot *self, guint color)
{
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self));
  g_autofree char *name = g_strdup_printf ("run_color_%u", color + 1);
  GdkRGBA found;

  if (!gtk_style_context_lookup_color (style, name, &found))
    gtk_style_context_get_color (style, &found);
  return found;
}

static GArray *
list_ticks_y (C2lPlot *self, int height)
{
  return c2l_plot_axis_list_ticks (&self->y, C2L_PLOT_VALUE, MAX (2, height / LABEL_HEIGHT));
}

static PangoLayout *
new_label (C2lPlot *self, const char *text)
{
  PangoLayout *layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), text);
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();

  pango_attr_list_insert (attributes, pango_attr_scale_new (PANGO_SCALE_SMALL));
  pango_attr_list_insert (attributes, pango_attr_font_features_new ("tnum=1"));
  pango_layout_set_attributes (layout, attributes);
  return layout;
}

/* Labels to the left are as wide as the widest of them. */
void
c2l_plot_compute_area (C2lPlot *self, int width, int height)
{
  g_autoptr (GArray) ticks = list_ticks_y (self, height);
  int widest = 0, tallest = 0;

  for (guint i = 0; i < ticks->len; i++)
    {
      g_autoptr (PangoLayout) label = new_label (self, g_array_index (ticks, C2lPlotTick, i).label);
      int label_width, label_height;

      pango_layout_get_pixel_size (label, &label_width, &label_height);
      widest = MAX (widest, label_width);
      tallest = MAX (tallest, label_height);
    }
  graphene_rect_init (&self->area, widest + GAP, tallest / 2 + 1,
                      MAX (1, width - widest - GAP - RIGHT),
                      MAX (1, height - tallest / 2 - 1 - tallest - GAP));
}

static float
get_x (C2lPlot *self, double x)
{
  return self->area.origin.x
         + (float) CLAMP (c2l_plot_scale_get_place (&self->x, x), -1, 2) * self->area.size.width;
}

static float
get_y (C2lPlot *self, double y)
{
  double place = CLAMP (c2l_plot_scale_get_place (&self->y, y), -1, 2);

  return self->area.origin.y + (float) (1 - place) * self->area.size.height;
}

static void
draw_label (C2lPlot *self, GtkSnapshot *snapshot, const char *text, float x, float y, float align_x)
{
  g_autoptr (PangoLayout) label = new_label (self, text);
  GdkRGBA color = get_color (GTK_WIDGET (self), LABEL);
  int width, height;

  pango_layout_get_pixel_size (label, &width, &height);
  x = CLAMP (x - align_x * width, 0, MAX (0, gtk_widget_get_width (GTK_WIDGET (self)) - width));
  if (align_x == 1)
    y -= height / 2.f;
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (roundf (x), roundf (y)));
  gtk_snapshot_append_layout (snapshot, label, &color);
  gtk_snapshot_restore (snapshot);
}

static void
draw_axes (C2lPlot *self, GtkSnapshot *snapshot)
{
  g_autoptr (GArray) ys = list_ticks_y (self, gtk_widget_get_height (GTK_WIDGET (self)));
  g_autoptr (GArray) xs = c2l_plot_axis_list_ticks (
      &self->x, c2l_plot_get_unit (self), MAX (2, (int) self->area.size.width / LABEL_WIDTH));
  GdkRGBA grid = get_color (GTK_WIDGET (self), GRID);
  float bottom = self->area.origin.y + self->area.size.height;

  for (guint i = 0; i < ys->len; i++)
    {
      C2lPlotTick *tick = &g_array_index (ys, C2lPlotTick, i);
      float y = get_y (self, tick->value);

      gtk_snapshot_append_color (
          snapshot, &grid,
          &GRAPHENE_RECT_INIT (self->area.origin.x, floorf (y), self->area.size.width, 1));
      draw_label (self, snapshot, tick->label, self->area.origin.x - GAP, y, 1);
    }
  for (guint i = 0; i < xs->len; i++)
    {
      C2lPlotTick *tick = &g_array_index (xs, C2lPlotTick, i);

      draw_label (self, snapshot, tick->label, get_x (self, tick->value), bottom + GAP / 2.f, .5f);
    }
}

static void
draw_lines (C2lPlot *self, GtkSnapshot *snapshot)
{
  int factor = gtk_widget_get_scale_factor (GTK_WIDGET (self));
  int width = (int) self->area.size.width, height = (int) self->area.size.height;
  GdkRGBA colors[C2L_PLOT_N_COLORS];

  if (self->texture != NULL
      && (gdk_texture_get_width (self->texture) != width * factor
          || gdk_texture_get_height (self->texture) != height * factor))
    g_clear_object (&self->texture);
  if (self->texture == NULL)
    {
      for (guint i = 0; i < C2L_PLOT_N_COLORS; i++)
        colors[i] = c2l_plot_get_line_color (self, i);
      self->texture
          = c2l_plot_draw_lines (self->lines, &self->x, &self->y, width, height, factor, colors);
    }
  gtk_snapshot_append_texture (snapshot, self->texture, &self->area);
}

/* --- over the lines --- */

static void
draw_dot (C2lPlot *self, GtkSnapshot *snapshot, const GdkRGBA *color, float x, float y)
{
  GskRoundedRect circle;

  gsk_rounded_rect_init_from_rect (&circle,
                                   &GRAPHENE_RECT_INIT (x - DOT, y - DOT, 2 * DOT, 2 * DOT), DOT);
  gtk_snapshot_push_rounded_clip (snapshot, &circle);
  gtk_snapshot_append_color (snapshot, color, &circle.bounds);
  gtk_snapshot_pop (snapshot);
}

static void
draw_cursor (C2lPlot *self, GtkSnapshot *snapshot)
{
  GdkRGBA color = get_color (GTK_WIDGET (self), CURSOR);
  float x = roundf (get_x (self, self->cursor));
  float bottom = self->area.origin.y + self->area.size.height;

  for (float y = self->area.origin.y; y < bottom; y += 6)
    gtk_snapshot_append_color (snapshot, &color,
                               &GRAPHENE_RECT_INIT (x, y, 1, MIN (3, bottom - y)));
  for (guint n = 0; n < self->lines->len; n++)
    {
      C2lPlotLine *line = g_ptr_array_index (self->lines, n);
      C2lNumbers *numbers = line->smooth != NULL ? line->smooth : line->values;
      GdkRGBA line_color = c2l_plot_get_line_color (self, line->color);
      float line_x, line_y;
      gsize i;

      if (!c2l_plot_line_find_nearest (line, self->cursor, &i))
        continue;
      line_x = get_x (self, c2l_plot_line_get_x (line, i));
      line_y = get_y (self, numbers->values[i]);
      if (graphene_rect_contains_point (&self->area, &GRAPHENE_POINT_INIT (line_x, line_y)))
        draw_dot (self, snapshot, &line_color, line_x, line_y);
    }
}

static void
draw_frame (C2lPlot *self, GtkSnapshot *snapshot)
{
  graphene_rect_t frame = GRAPHENE_RECT_INIT (
      MIN (self->drag_x, self->drag_to_x), MIN (self->drag_y, self->drag_to_y),
      fabs (self->drag_to_x - self->drag_x), fabs (self->drag_to_y - self->drag_y));
  GdkRGBA fill = get_color (GTK_WIDGET (self), .08), edge = get_color (GTK_WIDGET (self), .5);
  GskRoundedRect outline;

  if (!graphene_rect_intersection (&frame, &self->area, &frame))
    return;
  gsk_rounded_rect_init_from_rect (&outline, &frame, 0);
  gtk_snapshot_append_color (snapshot, &fill, &frame);
  gtk_snapshot_append_border (snapshot, &outline, (const float[4]){ 1, 1, 1, 1 },
                              (const GdkRGBA[4]){ edge, edge, edge, edge });
}

void
c2l_plot_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  C2lPlot *self = C2L_PLOT (widget);

  c2l_plot_compute_area (self, gtk_widget_get_width (widget), gtk_widget_get_height (widget));
  draw_axes (self, snapshot);
  draw_lines (self, snapshot);
  if (self->drag == C2L_PLOT_FRAME)
    draw_frame (self, snapshot);
  else if (!isnan (self->cursor))
    draw_cursor (self, snapshot);
  gtk_widget_snapshot_child (widget, self->readout, snapshot);
}
