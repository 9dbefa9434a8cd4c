/* What a plot shows of a line: no spike is lost, the order is kept, gaps stay gaps; and where marks
 * stand. Needs no display. */
#include "app/c2l-plot-decimate.h"

#include <math.h>

#define WIDTH 300
#define HEIGHT 200

static C2lPlotLine *
make_line (gsize n, double (*get_value) (gsize i))
{
  g_autoptr (C2lColumn) xs = c2l_column_new ();
  g_autoptr (C2lColumn) rows = c2l_column_new ();
  g_autoptr (C2lColumn) values = c2l_column_new ();
  C2lPlotLine *line = g_new0 (C2lPlotLine, 1);

  for (gsize i = 0; i < n; i++)
    {
      c2l_column_append (xs, (double) i);
      c2l_column_append (rows, (double) i);
      c2l_column_append (values, get_value (i));
    }
  line->label = g_strdup ("line");
  line->xs = c2l_column_view (xs);
  line->rows = c2l_column_view (rows);
  line->values = c2l_column_view (values);
  return line;
}

static GArray *
decimate (const C2lPlotLine *line, double from, double to, gboolean is_log)
{
  C2lPlotScale x = { from, to, is_log }, y = { -2, 2, FALSE };
  GArray *points = g_array_new (FALSE, FALSE, sizeof (C2lPlotPoint));

  c2l_plot_decimate (line, line->values, &x, &y, WIDTH, HEIGHT, points);
  return points;
}

static C2lPlotPoint *
get_point (GArray *points, guint i)
{
  return &g_array_index (points, C2lPlotPoint, i);
}

static gboolean
has_value (GArray *points, gsize i)
{
  for (guint n = 0; n < points->len; n++)
    if (get_point (points, n)->i == i)
      return TRUE;
  return FALSE;
}

static double
noise (gsize i)
{
  return sin (i * 12.9898) * .5;
}

static double
spikes (gsize i)
{
  return i % 9973 == 17 ? 1.5 : i % 7919 == 3 ? -1.5 : noise (i);
}

static double
gaps (gsize i)
{
  return i % 10000 >= 5000 ? NAN : noise (i);
}

static void
test_no_spike_is_lost (void)
{
  g_autoptr (C2lPlotLine) line = make_line (200000, spikes);
  g_autoptr (GArray) points = decimate (line, 0, 199999, FALSE);

  g_assert_cmpuint (points->len, <=, 4 * WIDTH + 2);
  for (gsize i = 0; i < 200000; i++)
    if (i % 9973 == 17 || (i % 7919 == 3 && i % 9973 != 17))
      g_assert_true (has_value (points, i));
}

static void
test_columns_reach_as_far_as_their_values (void)
{
  g_autoptr (C2lPlotLine) line = make_line (100000, noise);

  for (int is_log = 0; is_log < 2; is_log++)
    {
      C2lPlotScale x = { is_log ? 1 : 1000, 90000, is_log };
      g_autoptr (GArray) points = decimate (line, x.from, x.to, is_log);

      for (int column = 0; column < WIDTH; column++)
        {
          double least = INFINITY, greatest = -INFINITY, shown_least = INFINITY,
                 shown_greatest = -INFINITY;

          for (gsize i = (gsize) x.from; i < 90000; i++)
            if ((int) floor (c2l_plot_scale_get_place (&x, i) * WIDTH) == column)
              {
                least = MIN (least, noise (i));
                greatest = MAX (greatest, noise (i));
              }
          for (guint n = 0; n < points->len; n++)
            if ((int) floor (c2l_plot_scale_get_place (&x, get_point (points, n)->i) * WIDTH)
                == column)
              {
                shown_least = MIN (shown_least, noise (get_point (points, n)->i));
                shown_greatest = MAX (shown_greatest, noise (get_point (points, n)->i));
              }
          g_assert_cmpfloat (least, ==, shown_least);
          g_assert_cmpfloat (greatest, ==, shown_greatest);
        }
    }
}

static void
test_points_keep_their_order (void)
{
  g_autoptr (C2lPlotLine) line = make_line (100000, spikes);
  g_autoptr (GArray) points = decimate (line, 500, 99000, FALSE);

  for (guint n = 1; n < points->len; n++)
    {
      g_assert_cmpuint (get_point (points, n)->i, >, get_point (points, n - 1)->i);
      g_assert_cmpfloat (get_point (points, n)->x, >=, get_point (points, n - 1)->x);
      g_assert_false (get_point (points, n)->begins);
    }
  /* One on either side, so that the line goes on to the edges. */
  g_assert_cmpuint (get_point (points, 0)->i, ==, 499);
  g_assert_cmpuint (get_point (points, points->len - 1)->i, ==, 99001);
}

static void
test_few_values_are_all_shown (void)
{
  g_autoptr (C2lPlotLine) line = make_line (100, noise);
  g_autoptr (GArray) points = decimate (line, 0, 99, FALSE);

  g_assert_cmpuint (points->len, ==, 100);
}

static void
test_gaps_stay_gaps (void)
{
  const gsize sizes[] = { 290, 100000 };

  for (guint k = 0; k < G_N_ELEMENTS (sizes); k++)
    {
      g_autoptr (C2lPlotLine) line = make_line (sizes[k], k == 0 ? noise : gaps);
      g_autoptr (GArray) points = decimate (line, 0, sizes[k] - 1., FALSE);
      guint n_begins = 0;

      for (guint n = 0; n < points->len; n++)
        {
          g_assert_false (isnan (get_point (points, n)->y));
          n_begins += get_point (points, n)->begins;
        }
      g_assert_cmpuint (n_begins, ==, k == 0 ? 1 : 10);
    }
}

static void
test_lines_without_numbers_show_nothing (void)
{
  g_autoptr (C2lPlotLine) line = make_line (0, noise);
  g_autoptr (GArray) points = decimate (line, 0, 1, FALSE);

  g_assert_cmpuint (points->len, ==, 0);
}

/* --- marks --- */

static void
assert_labels (C2lPlotScale scale, C2lPlotUnit unit, int n, const char *expected)
{
  g_autoptr (GArray) ticks = c2l_plot_axis_list_ticks (&scale, unit, n);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < ticks->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? " | " : "",
                            g_array_index (ticks, C2lPlotTick, i).label);
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_marks_are_round (void)
{
  assert_labels ((C2lPlotScale){ .13, .52, FALSE }, C2L_PLOT_VALUE, 4, "0.2 | 0.3 | 0.4 | 0.5");
  assert_labels ((C2lPlotScale){ 0, 500000, FALSE }, C2L_PLOT_COUNT, 5,
                 "0 | 100k | 200k | 300k | 400k | 500k");
  assert_labels ((C2lPlotScale){ 0, 3, FALSE }, C2L_PLOT_COUNT, 8, "0 | 1 | 2 | 3");
  assert_labels ((C2lPlotScale){ 0, 14400, FALSE }, C2L_PLOT_TIME, 4,
                 "0 s | 1 h | 2 h | 3 h | 4 h");
  assert_labels ((C2lPlotScale){ 0, 5400, FALSE }, C2L_PLOT_TIME, 3,
                 "0 s | 30 min | 1 h | 1 h 30 min");
}

static void
test_marks_of_decades (void)
{
  assert_labels ((C2lPlotScale){ .001, 100, TRUE }, C2L_PLOT_VALUE, 5,
                 "0.001 | 0.01 | 0.1 | 1 | 10 | 100");
  assert_labels ((C2lPlotScale){ 1, 10, TRUE }, C2L_PLOT_VALUE, 4, "1 | 2 | 5 | 10");
}

static void
test_marks_of_no_axis (void)
{
  assert_labels ((C2lPlotScale){ 1, 1, FALSE }, C2L_PLOT_VALUE, 4, "");
  assert_labels ((C2lPlotScale){ NAN, 1, FALSE }, C2L_PLOT_VALUE, 4, "");
  assert_labels ((C2lPlotScale){ 0, INFINITY, FALSE }, C2L_PLOT_VALUE, 4, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plot/decimate/no-spike-is-lost", test_no_spike_is_lost);
  g_test_add_func ("/plot/decimate/columns-reach-as-far-as-their-values",
                   test_columns_reach_as_far_as_their_values);
  g_test_add_func ("/plot/decimate/points-keep-their-order", test_points_keep_their_order);
  g_test_add_func ("/plot/decimate/few-values-are-all-shown", test_few_values_are_all_shown);
  g_test_add_func ("/plot/decimate/gaps-stay-gaps", test_gaps_stay_gaps);
  g_test_add_func ("/plot/decimate/nothing-of-nothing", test_lines_without_numbers_show_nothing);
  g_test_add_func ("/plot/marks/are-round", test_marks_are_round);
  g_test_add_func ("/plot/marks/of-decades", test_marks_of_decades);
  g_test_add_func ("/plot/marks/none-without-an-axis", test_marks_of_no_axis);
  return g_test_run ();
}
