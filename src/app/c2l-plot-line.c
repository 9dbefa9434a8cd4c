/* A line looks its x up through the row of each value: columns are shared by all series of a run.
 */
#include "app/c2l-plot-line.h"

#include <math.h>

static C2lNumbers *
get_xs (const C2lMetricsView *view, C2lPlotBy by)
{
  switch (by)
    {
    case C2L_PLOT_BY_TIME:
      return view->times;
    case C2L_PLOT_BY_EPOCH:
      return view->epochs;
    default:
      return view->steps;
    }
}

/* The first value that is known: rows in front of it have no place. */
static double
get_origin (const C2lNumbers *times)
{
  for (gsize i = 0; i < times->n; i++)
    if (!isnan (times->values[i]))
      return times->values[i];
  return NAN;
}

C2lPlotLine *
c2l_plot_line_new (const C2lMetricsView *view,
                   const C2lMetricsSeries *series,
                   C2lPlotBy by,
                   gboolean is_smooth,
                   const char *label,
                   guint color,
                   guint dash)
{
  C2lNumbers *xs = get_xs (view, by);
  double origin = by == C2L_PLOT_BY_STEP ? 0 : get_origin (xs);
  C2lPlotLine *line;

  if (isnan (origin))
    return NULL;
  line = g_new0 (C2lPlotLine, 1);
  line->label = g_strdup (label);
  line->color = color % C2L_PLOT_N_COLORS;
  line->dash = dash;
  line->xs = c2l_numbers_ref (xs);
  line->origin = by == C2L_PLOT_BY_TIME ? origin : 0;
  line->rows = c2l_numbers_ref (series->rows);
  line->values = c2l_numbers_ref (series->values);
  line->smooth = is_smooth ? c2l_numbers_ref (series->smooth) : NULL;
  return line;
}

void
c2l_plot_line_free (C2lPlotLine *line)
{
  g_free (line->label);
  c2l_numbers_unref (line->xs);
  c2l_numbers_unref (line->rows);
  c2l_numbers_unref (line->values);
  g_clear_pointer (&line->smooth, c2l_numbers_unref);
  g_free (line);
}

/* Unknown ones stand in front of all others. */
static inline gboolean
is_before (const C2lPlotLine *line, gsize i, double x, gboolean after)
{
  double at = c2l_plot_line_get_x (line, i);

  return isnan (at) || at < x || (after && at == x);
}

static gsize
search (const C2lPlotLine *line, gsize low, gsize high, double x, gboolean after)
{
  while (low < high)
    {
      gsize middle = low + (high - low) / 2;

      if (is_before (line, middle, x, after))
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

gsize
c2l_plot_line_find (const C2lPlotLine *line, double x, gboolean after)
{
  return search (line, 0, line->rows->n, x, after);
}

gsize
c2l_plot_line_find_from (const C2lPlotLine *line, gsize from, double x, gboolean after)
{
  gsize n = line->rows->n, reach = 1;

  while (reach < n - from && is_before (line, from + reach, x, after))
    reach *= 2;
  return search (line, from + reach / 2, MIN (n, from + reach), x, after);
}

gboolean
c2l_plot_line_find_nearest (const C2lPlotLine *line, double x, gsize *i)
{
  gsize right = c2l_plot_line_find (line, x, FALSE), left = right;

  while (right < line->values->n && isnan (line->values->values[right]))
    right++;
  while (
      left > 0
      && (isnan (line->values->values[left - 1]) || isnan (c2l_plot_line_get_x (line, left - 1))))
    left--;
  if (left == 0 && right == line->values->n)
    return FALSE;
  if (left == 0)
    *i = right;
  else if (right == line->values->n)
    *i = left - 1;
  else
    *i = x - c2l_plot_line_get_x (line, left - 1) < c2l_plot_line_get_x (line, right) - x ? left - 1
                                                                                          : right;
  return TRUE;
}
