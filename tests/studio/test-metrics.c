/* Metrics: what a log's lines tell while it grows, is cut, is replaced and lies; and that the cache
 * changes nothing but the time it takes. */
#include "studio/metrics-follower.h"
#include "studio/metrics-private.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  char *folder, *log, *cache;
  C2lMetrics *metrics;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("c2l-metrics-XXXXXX", NULL);
  fixture->log = g_build_filename (fixture->folder, "metrics.jsonl", NULL);
  fixture->cache = g_build_filename (fixture->folder, "metrics.cache", NULL);
  fixture->metrics = c2l_metrics_new (fixture->folder);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  c2l_metrics_free (fixture->metrics);
  g_unlink (fixture->log);
  g_unlink (fixture->cache);
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->folder);
  g_free (fixture->log);
  g_free (fixture->cache);
}

static void
append (Fixture *fixture, const char *text)
{
  FILE *file = fopen (fixture->log, "ae");

  g_assert_nonnull (file);
  g_assert_cmpint (fputs (text, file), >=, 0);
  g_assert_cmpint (fclose (file), ==, 0);
}

static C2lMetricsView *
look (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (c2l_metrics_read (fixture->metrics, NULL, &error));
  g_assert_no_error (error);
  return c2l_metrics_view (fixture->metrics);
}

static void
assert_numbers (const C2lNumbers *numbers, gsize n, ...)
{
  va_list args;

  g_assert_cmpuint (numbers->n, ==, n);
  va_start (args, n);
  for (gsize i = 0; i < n; i++)
    {
      double expected = va_arg (args, double);

      if (isnan (expected))
        g_assert_true (isnan (numbers->values[i]));
      else
        g_assert_cmpfloat (numbers->values[i], ==, expected);
    }
  va_end (args);
}

/* --- lines --- */

static void
test_reads_a_log (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lMetricsView) view = NULL;
  C2lMetricsSeries *loss, *similarity;

  append (fixture, "{\"step\": 1, \"time\": 1000.5, \"epoch\": 0.25, \"loss\": 0.5, \"lr\": 1e-4}\n"
                   "{\"step\":1,\"time\":1001,\"epoch\":0.25,\"val/image-similarity\":0.125}\n"
                   "{\"step\": 2, \"time\": 1002, \"epoch\": 0.5, \"loss\": 0.25, \"lr\": 1e-4}\n");
  view = look (fixture);
  g_assert_cmpuint (view->series->len, ==, 3);
  assert_numbers (view->steps, 3, 1., 1., 2.);
  assert_numbers (view->times, 3, 1000.5, 1001., 1002.);
  assert_numbers (view->epochs, 3, .25, .25, .5);
  loss = c2l_metrics_view_lookup (view, "loss");
  assert_numbers (loss->rows, 2, 0., 2.);
  assert_numbers (loss->values, 2, .5, .25);
  similarity = c2l_metrics_view_lookup (view, "val/image-similarity");
  assert_numbers (similarity->rows, 1, 1.);
  assert_numbers (similarity->values, 1, .125);
}

static void
test_no_log_is_no_numbers (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lMetricsView) view = look (fixture);

  g_assert_cmpuint (view->steps->n, ==, 0);
  g_assert_cmpuint (view->series->len, ==, 0);
}

static void
test_nonsense_is_left_out (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lMetricsView) view = NULL;

  append (fixture, "\n[]\nnonsense\n{}\n{\"loss\": 1}\n{\"step\": \"x\", \"loss\": 1}\n"
                   "{\"step\": -1, \"loss\": 1}\n{\"step\": 1.5, \"loss\": 1}\n"
                   "{\"step\": 1e300, \"loss\": 1}\n{\"step\": 1, \"loss\": 1} more\n"
                   "{\"step\": 1, \"loss\": }\n{\"step\": 1 \"loss\": 1}\n{\"step\": 1, \"loss\n"
                   "{\"step\": NaN, \"loss\": 1}\n{\"step\": 7, \"loss\": 3}\n");
  view = look (fixture);
  assert_numbers (view->steps, 1, 7.);
  assert_numbers (c2l_metrics_view_lookup (view, "loss")->values, 1, 3.);
}

static void
test_values_that_are_no_numbers_are_gaps (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lMetricsView) view = NULL;
  C2lMetricsSeries *loss;

  c2l_metrics_set_smoothing (fixture->metrics, .5);
  append (fixture,
          "{\"step\": 1, \"loss\": 1}\n{\"step\": 2, \"loss\": NaN}\n"
          "{\"step\": 3, \"loss\": 1e400}\n{\"step\": 4, \"loss\": -Infinity}\n"
          "{\"step\": 5, \"loss\": \"none\"}\n{\"step\": 6, \"loss\": [1, {\"a\": \"]\"}]}\n"
          "{\"step\": 7, \"loss\": null}\n{\"step\": 8, \"loss\": 1}\n");
  view = look (fixture);
  loss = c2l_metrics_view_lookup (view, "loss");
  assert_numbers (loss->rows, 5, 0., 1., 2., 3., 7.);
  assert_numbers (loss->values, 5, 1., NAN, NAN, NAN, 1.);
  assert_numbers (loss->smooth, 5, 1., NAN, NAN, NAN, 1.);
}

static void
test_a_broken_last_line_waits_for_its_end (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lMetricsView) first = NULL, second = NULL;

  append (fixture, "{\"step\": 1, \"loss\": 2}\n{\"step\": 2, \"lo");
  first = look (fixture);
  assert_numbers (first->steps, 1, 1.);
  append (fixture, "ss\": 4}\n");
  second = look (fixture);
  assert_numbers (c2l_metrics_view_lookup (second, "loss")->values, 2, 2., 4.);
}

static void
test_a_line_without_end_is_passed_over (Fixture *fixture, gconstpointer data)
{
  g_autofree char *endless = g_strnfill (3 << 20, 'x');
  g_autoptr (C2lMetricsView) view = NULL;

  append (fixture, "{\"step\": 1, \"loss\": 2}\n");
  append (fixture, endless);
  append (fixture, "\n{\"step\": 2, \"loss\": 4}\n");
  view = look (fixture);
  assert_numbers (view->steps, 2, 1., 2.);
}

static void
test_a_million_names_make_no_million_series (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (C2lMetricsView) view = NULL;

  for (int step = 0; step < 1000; step++)
    {
      g_string_append_printf (text, "{\"step\": %d", step);
      for (int i = 0; i < 1000; i++)
        g_string_append_printf (text, ",\"k%d\":1", step * 1000 + i);
      g_string_append (text, "}\n");
    }
  append (fixture, text->str);
  view = look (fixture);
  g_assert_cmpuint (view->steps->n, ==, 1000);
  g_assert_cmpuint (view->series->len, ==, C2L_METRICS_MAX_SERIES);
}

static void
test_odd_names_do_no_harm (Fixture *fixture, gconstpointer data)
{
  g_autofree char *name = g_strnfill (C2L_METRICS_MAX_NAME + 1, 'x');
  g_autofree char *line = g_strdup_printf (
      "{\"step\": 1, \"%s\": 1, \"a\\\"b\": 2, \"\": 3, \"\xff\": 4, \"größe\": 5, \"größe\": 6}\n",
      name);
  g_autoptr (C2lMetricsView) view = NULL;

  append (fixture, line);
  view = look (fixture);
  g_assert_cmpuint (view->series->len, ==, 1);
  assert_numbers (c2l_metrics_view_lookup (view, "größe")->values, 1, 5.);
}

static void
test_clocks_that_go_back_do_not (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lMetricsView) view = NULL;

  append (fixture, "{\"step\": 1, \"loss\": 1}\n{\"step\": 2, \"time\": 20, \"loss\": 1}\n"
                   "{\"step\": 3, \"time\": 10, \"loss\": 1}\n{\"step\": 4, \"loss\": 1}\n"
                   "{\"step\": 5, \"time\": 30, \"loss\": 1}\n");
  view = look (fixture);
  assert_numbers (view->times, 5, NAN, 20., 20., 20., 30.);
}

/* --- files that change --- */

static void
test_a_lower_step_sets_the_training_back (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lMetricsView) before = NULL, after = NULL;

  append (fixture, "{\"step\": 1, \"loss\": 1}\n{\"step\": 2, \"loss\": 2, \"late\": 1}\n"
                   "{\"step\": 3, \"loss\": 3}\n");
  before = look (fixture);
  append (fixture, "{\"step\": 2, \"loss\": 4}\n");
  after = look (fixture);
  assert_numbers (before->steps, 3, 1., 2., 3.);
  assert_numbers (c2l_metrics_view_lookup (before, "loss")->values, 3, 1., 2., 3.);
  assert_numbers (after->steps, 2, 1., 2.);
  assert_numbers (c2l_metrics_view_lookup (after, "loss")->values, 2, 1., 4.);
  assert_numbers (c2l_metrics_view_lookup (after, "loss")->smooth, 2, 1., 4.);
  g_assert_null (c2l_metrics_view_lookup (after, "late"));
}

static void
test_a_cut_log_is_read_again (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lMetricsView) first = NULL, second = NULL, third = NULL;

  append (fixture, "{\"step\": 1, \"loss\": 1}\n{\"step\": 2, \"loss\": 2}\n");
  first = look (fixture);
  g_assert_cmpint (truncate (fixture->log, 23), ==, 0);
  second = look (fixture);
  assert_numbers (second->steps, 1, 1.);
  append (fixture, "{\"step\": 2, \"loss\": 5}\n{\"step\": 3, \"loss\": 6}\n");
  third = look (fixture);
  assert_numbers (c2l_metrics_view_lookup (third, "loss")->values, 3, 1., 5., 6.);
}

static void
test_a_log_that_was_cut_and_grew_again_is_noticed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lMetricsView) first = NULL, second = NULL;

  append (fixture, "{\"step\": 1, \"loss\": 1}\n{\"step\": 2, \"loss\": 2}\n");
  first = look (fixture);
  g_assert_cmpint (truncate (fixture->log, 23), ==, 0);
  append (fixture, "{\"step\": 2, \"loss\": 5}\n{\"step\": 3, \"loss\": 6}\n");
  second = look (fixture);
  assert_numbers (c2l_metrics_view_lookup (second, "loss")->values, 3, 1., 5., 6.);
}

static void
test_another_file_in_its_place_is_read_from_the_start (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lMetricsView) first = NULL, second = NULL, third = NULL;

  append (fixture, "{\"step\": 1, \"loss\": 1}\n");
  first = look (fixture);
  g_assert_true (g_file_set_contents (fixture->log, "{\"step\": 9, \"other\": 1}\n", -1, NULL));
  second = look (fixture);
  assert_numbers (second->steps, 1, 9.);
  g_assert_null (c2l_metrics_view_lookup (second, "loss"));
  g_unlink (fixture->log);
  third = look (fixture);
  g_assert_cmpuint (third->steps->n, ==, 0);
}

static void
test_a_pipe_is_no_log (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lMetricsView) view = NULL;

  g_assert_cmpint (mkfifo (fixture->log, 0600), ==, 0);
  view = look (fixture);
  g_assert_cmpuint (view->steps->n, ==, 0);
}

/* --- smoothing --- */

static void
test_smoothing_starts_at_the_first_value (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lMetricsView) view = NULL, flat = NULL;

  append (fixture, "{\"step\": 1, \"loss\": 4}\n{\"step\": 2, \"loss\": 4}\n");
  c2l_metrics_set_smoothing (fixture->metrics, .75);
  view = look (fixture);
  assert_numbers (c2l_metrics_view_lookup (view, "loss")->smooth, 2, 4., 4.);
  append (fixture, "{\"step\": 3, \"loss\": 0}\n");
  c2l_metrics_set_smoothing (fixture->metrics, 0);
  flat = look (fixture);
  assert_numbers (c2l_metrics_view_lookup (flat, "loss")->smooth, 3, 4., 4., 0.);
}

static void
test_smoothing_goes_on_as_if_it_had_seen_all (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lMetricsView) grown = NULL, whole = NULL;
  C2lMetrics *other = c2l_metrics_new (fixture->folder);

  c2l_metrics_set_smoothing (fixture->metrics, .9);
  for (int step = 0; step < 300; step++)
    {
      g_autofree char *line
          = g_strdup_printf ("{\"step\": %d, \"loss\": %d}\n", step, step * 7 % 11);

      append (fixture, line);
      if (step % 50 == 0)
        c2l_metrics_view_unref (look (fixture));
    }
  grown = look (fixture);
  c2l_metrics_set_smoothing (other, .9);
  g_assert_true (c2l_metrics_read (other, NULL, NULL));
  whole = c2l_metrics_view (other);
  for (int i = 0; i < 300; i++)
    g_assert_cmpfloat (c2l_metrics_view_lookup (grown, "loss")->smooth->values[i], ==,
                       c2l_metrics_view_lookup (whole, "loss")->smooth->values[i]);
  c2l_metrics_free (other);
}

/* --- the cache --- */

#define LONG_LOG 60000 /* lines: enough for a cache to be worthwhile */

static void
write_long_log (Fixture *fixture)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (int step = 0; step < LONG_LOG; step++)
    {
      g_string_append_printf (text, "{\"step\": %d, \"time\": %d.5, \"loss\": 0.%d", step, step,
                              step * 7 % 1000);
      g_string_append (text, step % 100 == 0 ? ", \"val/loss\": 1}\n" : "}\n");
    }
  append (fixture, text->str);
  c2l_metrics_view_unref (look (fixture));
  g_assert_true (g_file_test (fixture->cache, G_FILE_TEST_EXISTS));
}

static void
assert_same_numbers (const C2lNumbers *a, const C2lNumbers *b)
{
  g_assert_cmpmem (a->values, a->n * sizeof (double), b->values, b->n * sizeof (double));
}

/* A reader that starts now sees what the one that read everything sees. */
static void
assert_same_for_a_new_reader (Fixture *fixture, gboolean wants_cache)
{
  C2lMetrics *other = c2l_metrics_new (fixture->folder);
  g_autoptr (C2lMetricsView) expected = look (fixture), view = NULL;

  g_assert_true (c2l_metrics_read (other, NULL, NULL));
  g_assert_cmpint (other->cached > 0 && other->cached <= other->offset, ==, TRUE);
  if (wants_cache)
    g_assert_cmpint (other->cached, ==, fixture->metrics->cached);
  view = c2l_metrics_view (other);
  assert_same_numbers (view->steps, expected->steps);
  assert_same_numbers (view->times, expected->times);
  g_assert_cmpuint (view->series->len, ==, expected->series->len);
  for (guint i = 0; i < view->series->len; i++)
    {
      C2lMetricsSeries *a = g_ptr_array_index (view->series, i);
      C2lMetricsSeries *b = g_ptr_array_index (expected->series, i);

      g_assert_cmpstr (a->name, ==, b->name);
      assert_same_numbers (a->rows, b->rows);
      assert_same_numbers (a->values, b->values);
    }
  c2l_metrics_free (other);
}

static void
test_the_cache_tells_the_same (Fixture *fixture, gconstpointer data)
{
  write_long_log (fixture);
  append (fixture, "{\"step\": 70000, \"loss\": 17}\n");
  assert_same_for_a_new_reader (fixture, TRUE);
}

static void
test_the_cache_may_be_deleted (Fixture *fixture, gconstpointer data)
{
  write_long_log (fixture);
  g_unlink (fixture->cache);
  assert_same_for_a_new_reader (fixture, FALSE);
}

static void
test_a_cache_of_another_log_is_not_believed (Fixture *fixture, gconstpointer data)
{
  g_autofree char *text = NULL;
  gsize length;

  write_long_log (fixture);
  g_assert_true (g_file_get_contents (fixture->log, &text, &length, NULL));
  text[length - 4] = '9';
  g_assert_true (g_file_set_contents (fixture->log, text, length, NULL));
  assert_same_for_a_new_reader (fixture, FALSE);
}

static void
test_a_damaged_cache_is_not_believed (Fixture *fixture, gconstpointer data)
{
  g_autofree char *good = NULL;
  gsize length;

  write_long_log (fixture);
  g_assert_true (g_file_get_contents (fixture->cache, &good, &length, NULL));
  for (int i = 0; i < 40; i++)
    {
      g_autofree char *bad = g_memdup2 (good, length);
      gsize size = i % 4 == 0 ? (gsize) g_test_rand_int_range (0, length) : length;

      for (int j = 0; j < 3; j++)
        bad[g_test_rand_int_range (0, i < 20 ? 400 : length)] ^= 1 << g_test_rand_int_range (0, 8);
      g_assert_true (g_file_set_contents (fixture->cache, bad, size, NULL));
      assert_same_for_a_new_reader (fixture, FALSE);
    }
}

/* --- following --- */

static void
note (C2lMetricsFollower *follower, guint *n)
{
  *n += 1;
}

static void
test_is_followed_while_it_grows (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lMetricsFollower) follower = c2l_metrics_follower_new (fixture->folder, 0);
  guint n = 0;

  g_signal_connect (follower, "changed", G_CALLBACK (note), &n);
  for (int step = 0; step < 5; step++)
    {
      g_autofree char *line = g_strdup_printf ("{\"step\": %d, \"loss\": 1}\n", step);
      C2lMetricsView *view;

      append (fixture, line);
      while ((view = c2l_metrics_follower_get_view (follower)) == NULL
             || view->steps->n < (gsize) step + 1)
        g_main_context_iteration (NULL, TRUE);
    }
  g_assert_cmpuint (n, >=, 5);
}

static void
test_smoothing_is_changed_while_it_is_followed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lMetricsFollower) follower = NULL;
  C2lMetricsView *view;

  append (fixture, "{\"step\": 1, \"loss\": 4}\n{\"step\": 2, \"loss\": 0}\n");
  follower = c2l_metrics_follower_new (fixture->folder, 0);
  for (int i = 1; i < 20; i++)
    c2l_metrics_follower_set_smoothing (follower, i / 20.);
  c2l_metrics_follower_set_smoothing (follower, .5);
  while ((view = c2l_metrics_follower_get_view (follower)) == NULL
         || fabs (c2l_metrics_view_lookup (view, "loss")->smooth->values[1] - 4. / 3) > 1e-9)
    g_main_context_iteration (NULL, TRUE);
}

int
main (int argc, char **argv)
{
  const struct
  {
    const char *name;
    void (*test) (Fixture *, gconstpointer);
  } tests[] = {
    { "reads-a-log", test_reads_a_log },
    { "no-log-is-no-numbers", test_no_log_is_no_numbers },
    { "lines/nonsense-is-left-out", test_nonsense_is_left_out },
    { "lines/values-that-are-no-numbers-are-gaps", test_values_that_are_no_numbers_are_gaps },
    { "lines/a-broken-last-one-waits-for-its-end", test_a_broken_last_line_waits_for_its_end },
    { "lines/one-without-end-is-passed-over", test_a_line_without_end_is_passed_over },
    { "lines/a-million-names-make-no-million-series", test_a_million_names_make_no_million_series },
    { "lines/odd-names-do-no-harm", test_odd_names_do_no_harm },
    { "lines/clocks-that-go-back-do-not", test_clocks_that_go_back_do_not },
    { "file/a-lower-step-sets-the-training-back", test_a_lower_step_sets_the_training_back },
    { "file/cut-is-read-again", test_a_cut_log_is_read_again },
    { "file/cut-and-grown-again-is-noticed", test_a_log_that_was_cut_and_grew_again_is_noticed },
    { "file/another-in-its-place", test_another_file_in_its_place_is_read_from_the_start },
    { "file/a-pipe-is-no-log", test_a_pipe_is_no_log },
    { "smoothing/starts-at-the-first-value", test_smoothing_starts_at_the_first_value },
    { "smoothing/goes-on-as-if-it-had-seen-all", test_smoothing_goes_on_as_if_it_had_seen_all },
    { "cache/tells-the-same", test_the_cache_tells_the_same },
    { "cache/may-be-deleted", test_the_cache_may_be_deleted },
    { "cache/of-another-log-is-not-believed", test_a_cache_of_another_log_is_not_believed },
    { "cache/damaged-is-not-believed", test_a_damaged_cache_is_not_believed },
    { "follower/while-it-grows", test_is_followed_while_it_grows },
    { "follower/smoothing-is-changed", test_smoothing_is_changed_while_it_is_followed },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strdup_printf ("/metrics/%s", tests[i].name);

      g_test_add (path, Fixture, NULL, set_up, tests[i].test, tear_down);
    }
  return g_test_run ();
}
