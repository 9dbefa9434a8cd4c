/* Which part of the axes a plot shows: all of its lines, what somebody zoomed to, or a range that
 * was set. */
#include "app/c2l-plot-private.h"

#include <math.h>

#define MARGIN .05      /* above and below the values, of their span */
#define SMALLEST 1e-9   /* part of the values' own size that can still be told apart */
#define DECADES_BELOW 4 /* of a logarithmic axis whose values reach 0 */

static gboolean
widen (double value, double *from, double *to)
{
  if (!isfinite (value))
    return FALSE;
  *from = isnan (*from) ? value : MIN (*from, value);
  *to = isnan (*to) ? value : MAX (*to, value);
  return TRUE;
}

/* Everything from the first to the last step; the beginning of a training is part of it even where
 * it has no values. */
static void
find_x (C2lPlot *self, double *from, double *to)
{
  *from = *to = NAN;
  for (guint n = 0; n < self->lines->len; n++)
    {
      C2lPlotLine *line = g_ptr_array_index (self->lines, n);
      gsize first = c2l_plot_line_find (line, self->log_x ? 0 : -INFINITY, self->log_x);

      if (first == line->rows->n)
        continue;
      widen (c2l_plot_line_get_x (line, first), from, to);
      widen (c2l_plot_line_get_x (line, line->rows->n - 1), from, to);
    }
  if (!self->log_x)
    widen (0, from, to);
}

static void
find_y (C2lPlot *self, double *from, double *to)
{
  *from = *to = NAN;
  for (guint n = 0; n < self->lines->len; n++)
    {
      C2lPlotLine *line = g_ptr_array_index (self->lines, n);
      gsize first = c2l_plot_line_find (line, self->x.from, FALSE);
      gsize end = c2l_plot_line_find (line, self->x.to, TRUE), least, greatest;

      if (first >= end || !c2l_numbers_find_extremes (line->values, first, end, &least, &greatest))
        continue;
      widen (line->values->values[least], from, to);
      widen (line->values->values[greatest], from, to);
    }
}

/* An axis needs two ends that differ, and above 0 where it is logarithmic. */
static C2lPlotScale
make_scale (double from, double to, gboolean is_log)
{
  if (isnan (from) || isnan (to))
    from = is_log ? 1 : 0, to = is_log ? 10 : 1;
  if (is_log && to <= 0)
    from = 1, to = 10;
  if (is_log && from <= 0)
    from = to * pow (10, -DECADES_BELOW);
  if (!(to - from > fabs (to) * SMALLEST))
    {
      double around = to != 0 ? fabs (to) * .05 : 1;

      from = is_log ? to / 2 : to - around;
      to = is_log ? to * 2 : to + around;
    }
  return (C2lPlotScale){ from, to, is_log };
}

void
c2l_plot_compute_scales (C2lPlot *self)
{
  double from, to;

  find_x (self, &from, &to);
  self->x = self->has_zoom_x ? self->zoom_x : make_scale (from, to, self->log_x);
  if (self->has_zoom_y)
    {
      self->y = self->zoom_y;
      return;
    }
  find_y (self, &from, &to);
  self->y = make_scale (from, to, self->log_y);
  self->y = c2l_plot_scale_get_part (&self->y, -MARGIN, 1 + MARGIN);
  if (isfinite (self->range_from) && (!self->log_y || self->range_from > 0))
    self->y.from = self->range_from;
  if (isfinite (self->range_to) && self->range_to > self->y.from)
    self->y.to = self->range_to;
  if (!(self->y.to > self->y.from))
    self->y = make_scale (self->y.from, self->y.from, self->log_y);
}

static gboolean
is_sensible (const C2lPlotScale *scale)
{
  return isfinite (scale->from) && isfinite (scale->to) && (!scale->is_log || scale->from > 0)
         && scale->to - scale->from > MAX (fabs (scale->from), fabs (scale->to)) * SMALLEST;
}

static void
set_zoom_x (C2lPlot *self, C2lPlotScale scale)
{
  if (!is_sensible (&scale))
    return;
  self->zoom_x = scale;
  self->has_zoom_x = TRUE;
}

static void
set_zoom_y (C2lPlot *self, C2lPlotScale scale)
{
  if (!is_sensible (&scale))
    return;
  self->zoom_y = scale;
  self->has_zoom_y = TRUE;
}

void
c2l_plot_zoom (C2lPlot *self, double place, double factor)
{
  C2lPlotScale all, wanted;
  double from, to;

  find_x (self, &from, &to);
  all = make_scale (from, to, self->log_x);
  wanted = c2l_plot_scale_get_part (&self->x, place - place / factor, place + (1 - place) / factor);
  wanted.from = MAX (wanted.from, all.from);
  wanted.to = MIN (wanted.to, all.to);
  if (wanted.from <= all.from && wanted.to >= all.to)
    self->has_zoom_x = FALSE;
  else
    set_zoom_x (self, wanted);
  c2l_plot_update (self);
}

void
c2l_plot_move (C2lPlot *self,
               const C2lPlotScale *from_x,
               const C2lPlotScale *from_y,
               double by_x,
               double by_y)
{
  set_zoom_x (self, c2l_plot_scale_get_part (from_x, by_x, 1 + by_x));
  if (by_y != 0 && self->has_zoom_y)
    set_zoom_y (self, c2l_plot_scale_get_part (from_y, by_y, 1 + by_y));
  c2l_plot_update (self);
}

void
c2l_plot_zoom_to (C2lPlot *self,
                  double left,
                  double right,
                  double bottom,
                  double top,
                  gboolean y_too)
{
  C2lPlotScale x = c2l_plot_scale_get_part (&self->x, left, right);
  C2lPlotScale y = c2l_plot_scale_get_part (&self->y, bottom, top);

  set_zoom_x (self, x);
  if (y_too)
    set_zoom_y (self, y);
  c2l_plot_update (self);
}
