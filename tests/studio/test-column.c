/* Columns: views keep what they saw, and extremes are those that reading everything would find. */
#include "studio/column.h"

#include <math.h>

static void
test_views_keep_what_they_saw (void)
{
  g_autoptr (C2lColumn) column = c2l_column_new ();
  g_autoptr (C2lNumbers) first = NULL, second = NULL;

  for (int i = 0; i < 1000; i++)
    c2l_column_append (column, i);
  first = c2l_column_view (column);
  c2l_column_cut (column, 500);
  for (int i = 0; i < 5000; i++)
    c2l_column_append (column, -i);
  second = c2l_column_view (column);
  g_assert_cmpuint (first->n, ==, 1000);
  for (int i = 0; i < 1000; i++)
    g_assert_cmpfloat (first->values[i], ==, i);
  g_assert_cmpuint (second->n, ==, 5500);
  g_assert_cmpfloat (second->values[499], ==, 499);
  g_assert_cmpfloat (second->values[5499], ==, -4999);
}

static void
test_views_outlive_the_column (void)
{
  C2lColumn *column = c2l_column_new ();
  g_autoptr (C2lNumbers) view = NULL;

  c2l_column_append (column, 3);
  view = c2l_column_view (column);
  c2l_column_free (column);
  g_assert_cmpfloat (view->values[0], ==, 3);
}

static void
assert_extremes (C2lNumbers *numbers, gsize from, gsize to)
{
  gsize least = 0, greatest = 0;
  double expected_least = INFINITY, expected_greatest = -INFINITY;
  gboolean found = c2l_numbers_find_extremes (numbers, from, to, &least, &greatest);

  for (gsize i = from; i < to; i++)
    if (!isnan (numbers->values[i]))
      {
        expected_least = MIN (expected_least, numbers->values[i]);
        expected_greatest = MAX (expected_greatest, numbers->values[i]);
      }
  g_assert_cmpint (found, ==, isfinite (expected_least));
  if (!found)
    return;
  g_assert_true (least >= from && least < to && greatest >= from && greatest < to);
  g_assert_cmpfloat (numbers->values[least], ==, expected_least);
  g_assert_cmpfloat (numbers->values[greatest], ==, expected_greatest);
}

static void
test_extremes_of_any_part (void)
{
  g_autoptr (C2lColumn) column = c2l_column_new ();
  g_autoptr (C2lNumbers) view = NULL;
  gsize n = 300000; /* more than the largest block */

  for (gsize i = 0; i < n; i++)
    c2l_column_append (column,
                       g_test_rand_int_range (0, 10) == 0 ? NAN : g_test_rand_double_range (-1, 1));
  view = c2l_column_view (column);
  for (int i = 0; i < 500; i++)
    {
      gsize a = g_test_rand_int_range (0, n + 1);
      gsize b = i % 2 == 0 ? (gsize) g_test_rand_int_range (0, n + 1) : MIN (n, a + (gsize) i);

      assert_extremes (view, MIN (a, b), MAX (a, b));
    }
  assert_extremes (view, 0, n);
}

static void
test_extremes_follow_a_cut (void)
{
  g_autoptr (C2lColumn) column = c2l_column_new ();

  for (int round = 0; round < 20; round++)
    {
      g_autoptr (C2lNumbers) view = NULL;

      for (int i = 0; i < 1000; i++)
        c2l_column_append (column, g_test_rand_double ());
      view = c2l_column_view (column);
      assert_extremes (view, 0, view->n);
      if (round % 2 == 0)
        g_clear_pointer (&view, c2l_numbers_unref);
      c2l_column_cut (column, g_test_rand_int_range (0, c2l_column_get_n (column)));
    }
}

static void
test_gaps_have_no_extremes (void)
{
  g_autoptr (C2lColumn) column = c2l_column_new ();
  g_autoptr (C2lNumbers) view = NULL;

  for (int i = 0; i < 10000; i++)
    c2l_column_append (column, i % 2 ? NAN : INFINITY);
  view = c2l_column_view (column);
  assert_extremes (view, 0, 10000);
  assert_extremes (view, 5, 5);
}

static void
test_finds_places (void)
{
  g_autoptr (C2lColumn) column = c2l_column_new ();
  g_autoptr (C2lNumbers) view = NULL;
  const double values[] = { 1, 2, 2, 2, 5 };

  c2l_column_append_many (column, values, G_N_ELEMENTS (values));
  view = c2l_column_view (column);
  g_assert_cmpuint (c2l_numbers_find (view, 0, FALSE), ==, 0);
  g_assert_cmpuint (c2l_numbers_find (view, 2, FALSE), ==, 1);
  g_assert_cmpuint (c2l_numbers_find (view, 2, TRUE), ==, 4);
  g_assert_cmpuint (c2l_numbers_find (view, 3, FALSE), ==, 4);
  g_assert_cmpuint (c2l_numbers_find (view, 6, FALSE), ==, 5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/column/views/keep-what-they-saw", test_views_keep_what_they_saw);
  g_test_add_func ("/column/views/outlive-the-column", test_views_outlive_the_column);
  g_test_add_func ("/column/extremes/of-any-part", test_extremes_of_any_part);
  g_test_add_func ("/column/extremes/follow-a-cut", test_extremes_follow_a_cut);
  g_test_add_func ("/column/extremes/not-in-gaps", test_gaps_have_no_extremes);
  g_test_add_func ("/column/finds-places", test_finds_places);
  return g_test_run ();
}
