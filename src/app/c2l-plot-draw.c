/* Chooses how each line is drawn. A dense line that goes up and down in every column of pixels
 * would be thousands of segments over each other: its columns are drawn as upright bars instead,
 * each reaching to where the one before it ended. */
#include "app/c2l-plot-draw.h"

#include "app/c2l-plot-raster.h"

#include <math.h>

#define THIN 1.f
#define STRONG 2.f
#define FAINT .32f /* of raw values behind their average */
#define DENSE 3    /* values a column of pixels */
#define RESTLESS 2 /* pixels up and down for each column: above, a dense line is drawn as bars */
#define NEAR .5f   /* pixels: a place so near to the last is no other place */
#define SMALLEST_DASH 1e-6 /* pixels: what rounding leaves of one is none */
#define N_MARKED 30        /* so few values have a dot each */
#define DOT 2.5f

typedef struct
{
  C2lPlotRaster *raster;
  const C2lPlotScale *x, *y;
  int width, height, factor;
  GArray *points;
} Work;

static float
measure_unrest (GArray *points)
{
  float way = 0;

  for (guint i = 1; i < points->len; i++)
    {
      C2lPlotPoint *point = &g_array_index (points, C2lPlotPoint, i);

      if (!point->begins)
        way += fabsf (point->y - point[-1].y);
    }
  return way;
}

/* --- ways of drawing --- */

static void
add_segments (Work *work, float radius)
{
  C2lPlotPoint *from = NULL;

  for (guint i = 0; i < work->points->len; i++)
    {
      C2lPlotPoint *point = &g_array_index (work->points, C2lPlotPoint, i);
      gboolean ends = i + 1 == work->points->len || point[1].begins;

      if (point->begins)
        from = point;
      else if (!ends && fabsf (point->x - from->x) < NEAR && fabsf (point->y - from->y) < NEAR)
        continue;
      c2l_plot_raster_add_segment (work->raster, from->x, from->y, point->x, point->y, radius);
      from = point;
    }
}

static void
add_dots (Work *work)
{
  for (guint i = 0; i < work->points->len; i++)
    {
      C2lPlotPoint *point = &g_array_index (work->points, C2lPlotPoint, i);

      c2l_plot_raster_add_segment (work->raster, point->x, point->y, point->x, point->y,
                                   DOT * work->factor);
    }
}

/* Lengths that are drawn and left out in turn, in pixels. */
static const float dashes[][4] = { { 0 }, { 7, 5, 7, 5 }, { 2, 4, 2, 4 }, { 9, 4, 2, 4 } };

static void
add_dashed (Work *work, const float *pattern, float radius)
{
  double left = pattern[0] * work->factor; /* of the present dash or gap */
  int at = 0;

  for (guint i = 1; i < work->points->len; i++)
    {
      C2lPlotPoint *to = &g_array_index (work->points, C2lPlotPoint, i), *from = to - 1;
      double length = hypot (to->x - from->x, to->y - from->y), done = 0;

      if (to->begins || length == 0)
        continue;
      while (done < length)
        {
          double next = MIN (length, done + left);
          float a = (float) (done / length), b = (float) (next / length);

          if (at % 2 == 0)
            c2l_plot_raster_add_segment (
                work->raster, from->x + a * (to->x - from->x), from->y + a * (to->y - from->y),
                from->x + b * (to->x - from->x), from->y + b * (to->y - from->y), radius);
          left -= next - done;
          done = next;
          if (left < SMALLEST_DASH)
            {
              at = (at + 1) % 4;
              left = pattern[at] * work->factor;
            }
        }
    }
}

static void
add_bar (Work *work, int column, float top, float bottom, float thickness)
{
  float missing = MAX (0, thickness - (bottom - top)) / 2;

  c2l_plot_raster_add_bar (work->raster, column, top - missing, bottom + missing);
}

static void
add_bars (Work *work, float thickness)
{
  int column = -1;
  float top = 0, bottom = 0;

  for (guint i = 0; i < work->points->len; i++)
    {
      C2lPlotPoint *point = &g_array_index (work->points, C2lPlotPoint, i);
      int at = (int) floorf (point->x);

      if (i == 0 || at != column)
        {
          if (i > 0)
            add_bar (work, column, top, bottom, thickness);
          column = at;
          top = bottom = point->begins ? point->y : point[-1].y;
        }
      top = MIN (top, point->y);
      bottom = MAX (bottom, point->y);
    }
  add_bar (work, column, top, bottom, thickness);
}

/* --- lines --- */

static void
draw (Work *work, const C2lPlotLine *line, const C2lNumbers *numbers, float thickness)
{
  const float *dash = dashes[line->dash % G_N_ELEMENTS (dashes)];
  gsize n_shown;

  g_array_set_size (work->points, 0);
  n_shown = c2l_plot_decimate (line, numbers, work->x, work->y, work->width, work->height,
                               work->points);
  if (n_shown > (gsize) work->width * DENSE
      && measure_unrest (work->points) > (float) RESTLESS * work->width)
    add_bars (work, thickness);
  else if (dash[0] > 0)
    add_dashed (work, dash, thickness / 2);
  else
    add_segments (work, thickness / 2);
  if (n_shown <= N_MARKED && thickness > work->factor && line->dash == 0)
    add_dots (work);
}

GdkTexture *
c2l_plot_draw_lines (GPtrArray *lines,
                     const C2lPlotScale *x,
                     const C2lPlotScale *y,
                     int width,
                     int height,
                     int factor,
                     const GdkRGBA *colors)
{
  g_autoptr (GArray) points = g_array_new (FALSE, FALSE, sizeof (C2lPlotPoint));
  Work work = { c2l_plot_raster_new (width * factor, height * factor),
                x,
                y,
                width * factor,
                height * factor,
                factor,
                points };

  for (guint i = 0; i < lines->len; i++)
    {
      C2lPlotLine *line = g_ptr_array_index (lines, i);
      GdkRGBA color = colors[line->color];

      if (line->smooth == NULL)
        continue;
      color.alpha *= FAINT;
      draw (&work, line, line->values, THIN * factor);
      c2l_plot_raster_paint (work.raster, &color);
    }
  for (guint i = 0; i < lines->len; i++)
    {
      C2lPlotLine *line = g_ptr_array_index (lines, i);

      draw (&work, line, line->smooth != NULL ? line->smooth : line->values, STRONG * factor);
      c2l_plot_raster_paint (work.raster, &colors[line->color]);
    }
  return c2l_plot_raster_finish (work.raster);
}
