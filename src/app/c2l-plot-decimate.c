/* Four values a column (first, least, greatest, last) are what a line needs to look the same. The
 * values of a column are found by its edges, and its extremes by the pyramid of the numbers, so the
 * time is that of the columns, not of the values. */
#include "app/c2l-plot-decimate.h"

#include <math.h>

#define FEW 1 /* value a column: up to that all of them are drawn */

typedef struct
{
  const C2lPlotLine *line;
  const C2lNumbers *numbers;
  const C2lPlotScale *x, *y;
  int width, height;
  GArray *points;
  gsize last; /* the value that was added last; G_MAXSIZE: none */
} Work;

/* Far outside is as good as very far, and fits what draws it. */
static float
limit (double place, int size)
{
  return (float) CLAMP (place * size, -2. * size - 100, 3. * size + 100);
}

/* A value that is no number is left out and leaves a gap. @after: the value that the line comes
 * from, if all between are drawn by their extremes. */
static void
add (Work *work, gsize i, gboolean is_joined)
{
  C2lPlotPoint point = {
    .x
    = limit (c2l_plot_scale_get_place (work->x, c2l_plot_line_get_x (work->line, i)), work->width),
    .y = limit (1 - c2l_plot_scale_get_place (work->y, work->numbers->values[i]), work->height),
    .i = (guint) i,
    .begins = work->last == G_MAXSIZE || !(is_joined || i == work->last + 1),
  };

  if (i == work->last)
    return;
  g_array_append_val (work->points, point);
  work->last = i;
}

static void
add_all (Work *work, gsize from, gsize to)
{
  for (gsize i = from; i < to; i++)
    if (!isnan (work->numbers->values[i]))
      add (work, i, FALSE);
}

/* The values [@from, @to) of one column. Gaps inside of it are narrower than a pixel. */
static void
add_column (Work *work, gsize from, gsize to)
{
  gsize least, greatest;

  if (to - from <= 4)
    {
      add_all (work, from, to);
      return;
    }
  if (!c2l_numbers_find_extremes (work->numbers, from, to, &least, &greatest))
    return;
  while (isnan (work->numbers->values[from]))
    from++;
  while (isnan (work->numbers->values[to - 1]))
    to--;
  add (work, from, FALSE);
  add (work, MIN (least, greatest), TRUE);
  add (work, MAX (least, greatest), TRUE);
  add (work, to - 1, TRUE);
}

gsize
c2l_plot_decimate (const C2lPlotLine *line,
                   const C2lNumbers *numbers,
                   const C2lPlotScale *x,
                   const C2lPlotScale *y,
                   int width,
                   int height,
                   GArray *points)
{
  Work work = { line, numbers, x, y, width, height, points, G_MAXSIZE };
  gsize from = c2l_plot_line_find (line, x->from, FALSE);
  gsize to = MAX (from, c2l_plot_line_find (line, x->to, TRUE)), at;
  gsize n_shown = to - from;
  /* A logarithmic axis has no place for what stands before 0. */
  gsize first = x->is_log ? c2l_plot_line_find (line, 0, TRUE)
                          : c2l_plot_line_find (line, -INFINITY, FALSE);

  if (from > first)
    add_all (&work, from - 1, from);
  if (n_shown <= (gsize) width * FEW)
    add_all (&work, from, to);
  else
    for (int column = 0; column < width && from < to; column++, from = at)
      {
        double edge = c2l_plot_scale_get_value (x, (column + 1.) / width);

        at = column == width - 1 ? to : MIN (to, c2l_plot_line_find_from (line, from, edge, FALSE));
        if (at > from)
          add_column (&work, from, at);
        else
          at = from;
      }
  if (to < line->rows->n)
    add_all (&work, to, to + 1);
  return n_shown;
}
