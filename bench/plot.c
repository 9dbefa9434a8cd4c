/* How long a plot takes to be drawn, of lines with a million values each:
 *
 *   ninja -C build bench/plot && build/bench/plot [VALUES] [LINES]
 *
 * Processor time, which other programs disturb less. Draws frames of a zoom from everything to a
 * few values, into textures of 1200 × 320. */
#include "app/c2l-plot-draw.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#define WIDTH 1200
#define HEIGHT 320
#define N_FRAMES 200

static C2lPlotLine *
make_line (gsize n, guint color, gboolean is_smooth)
{
  g_autoptr (C2lColumn) xs = c2l_column_new ();
  g_autoptr (C2lColumn) rows = c2l_column_new ();
  g_autoptr (C2lColumn) values = c2l_column_new ();
  g_autoptr (C2lColumn) smooth = c2l_column_new ();
  C2lPlotLine *line = g_new0 (C2lPlotLine, 1);
  double average = .5;

  for (gsize i = 0; i < n; i++)
    {
      double value = .18 + .02 * color + .4 * exp (-6. * i / n) + .02 * (g_random_double () - .5)
                     + (i % 100003 == 50 ? .2 : 0);

      average = average * .99 + value * .01;
      c2l_column_append (xs, (double) i);
      c2l_column_append (rows, (double) i);
      c2l_column_append (values, value);
      c2l_column_append (smooth, average);
    }
  line->label = g_strdup ("");
  line->color = color;
  line->xs = c2l_column_view (xs);
  line->rows = c2l_column_view (rows);
  line->values = c2l_column_view (values);
  line->smooth = is_smooth ? c2l_column_view (smooth) : NULL;
  return line;
}

static double
get_ms (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const double *first = a, *second = b;

  return *first > *second ? 1 : -(*first < *second);
}

static void
measure (const char *what, gsize n, int n_lines, gboolean is_smooth, gboolean is_log)
{
  g_autoptr (GPtrArray) lines
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_plot_line_free);
  GdkRGBA colors[C2L_PLOT_N_COLORS];
  double ms[N_FRAMES];

  for (int i = 0; i < C2L_PLOT_N_COLORS; i++)
    colors[i] = (GdkRGBA){ .1f * i, .4f, .9f, 1 };
  for (int i = 0; i < n_lines; i++)
    g_ptr_array_add (lines, make_line (n, i, is_smooth));
  for (int frame = 0; frame < N_FRAMES; frame++)
    {
      double part = pow (.95, frame);
      C2lPlotScale x = { n * (1 - part) / 2 + 1, n * (1 + part) / 2, is_log };
      C2lPlotScale y = { .1, .8, is_log };
      double begin = get_ms ();
      g_autoptr (GdkTexture) texture
          = c2l_plot_draw_lines (lines, &x, &y, WIDTH, HEIGHT, 1, colors);

      ms[frame] = get_ms () - begin;
    }
  qsort (ms, N_FRAMES, sizeof *ms, compare);
  g_print ("%-42s median %5.2f ms   90 of 100 within %5.2f   longest %5.2f\n", what,
           ms[N_FRAMES / 2], ms[N_FRAMES * 9 / 10], ms[N_FRAMES - 1]);
}

int
main (int argc, char **argv)
{
  gsize n = argc > 1 ? strtoul (argv[1], NULL, 10) : 1000000;
  int n_lines = argc > 2 ? atoi (argv[2]) : 1;

  measure ("values alone", n, n_lines, FALSE, FALSE);
  measure ("values and their average", n, n_lines, TRUE, FALSE);
  measure ("the same, logarithmic in x and y", n, n_lines, TRUE, TRUE);
  return 0;
}
