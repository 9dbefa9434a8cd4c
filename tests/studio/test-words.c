/* Directions from words: what they do to pictures that the search never saw, as CLIP sees them. */
#include "studio/words.h"

#include "studio-fixture.h"

#include <math.h>

static C2lSession *session;

static void
count (double fraction, gpointer data)
{
  double *last = data;

  g_assert_cmpfloat (fraction, >=, *last);
  *last = fraction;
}

/* The mean score with @words of @n pictures for "a person", moved by @amount. */
static double
mean_score (const C2lFound *direction, double amount, const char *words)
{
  g_autoptr (GPtrArray) recipes = studio_fixture_sample (session, "a person", 12, 4711);
  double sum = 0;

  for (guint i = 0; i < recipes->len; i++)
    {
      c2l_recipe_add_edit (recipes->pdata[i], "words", amount, &direction->rows);
      sum += studio_fixture_score (session, recipes->pdata[i], words);
    }
  return sum / recipes->len;
}

static void
test_glasses (void)
{
  C2lSampling sampling = studio_fixture_sampling (session, 1, 0);
  const C2lWords words = { "a person", "a person with glasses", &sampling };
  g_autoptr (GError) error = NULL;
  double last = 0;
  g_autoptr (C2lWordsResult) result = c2l_words_find (session, &words, &(C2lProgress) { count, &last }, NULL, &error);
  double before, after, back;

  g_assert_no_error (error);
  g_assert_cmpfloat (last, ==, 1);
  g_assert_true (result->is_clear);
  g_assert_cmpfloat (result->direction->scale, ==, 1);
  g_assert_cmpstr (result->direction->name, ==, "a person with glasses");
  for (int i = 0; i < result->n_points; i++)
    g_test_message ("%6.3f: %.3f %.3f", result->amounts[i], result->from_scores[i], result->to_scores[i]);
  before = mean_score (result->direction, 0, "a person with glasses");
  after = mean_score (result->direction, 1, "a person with glasses");
  back = mean_score (result->direction, -1, "a person with glasses");
  g_test_message ("score for glasses: %.3f, moved by 1 %.3f, by −1 %.3f", before, after, back);
  g_assert_cmpfloat (after, >, before + 0.03);
  g_assert_cmpfloat (back, <, after - 0.03);
}

static void
test_the_same_words_are_refused (void)
{
  C2lSampling sampling = studio_fixture_sampling (session, 1, 0);
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_words_find (session, &(C2lWords) { "a man", "a man", &sampling, .n_samples = 16 }, NULL, NULL, &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
}

static void
test_without_a_prior_it_is_refused (void)
{
  g_autoptr (C2lSession) alone = studio_fixture_open_generator ("stylegan2/uncond");
  C2lSampling sampling = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_words_find (alone, &(C2lWords) { "a", "b", &sampling }, NULL, NULL, &error));
  g_assert_nonnull (error);
}

static void
stop_half_way (double fraction, gpointer data)
{
  if (fraction > 0.5)
    g_cancellable_cancel (data);
}

static void
test_stops_when_told (void)
{
  C2lSampling sampling = studio_fixture_sampling (session, 1, 0);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_words_find (session, &(C2lWords) { "a man", "a woman", &sampling, 16 }, &(C2lProgress) { stop_half_way, cancellable },
                                 cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_amounts_of_curves (void)
{
  static const double x[] = { -1, 0, 1, 2, 4 };
  static const struct { double curve[5], goal, amount; gboolean is_clear; } cases[] = {
    { { -0.1, 0, 0.1, 0.2, 0.4 }, 0.2, 1.5, TRUE },    /* three quarters of the way */
    { { 0, 0, 0.4, 0.4, 0.4 }, 0.4, 0.75, TRUE },
    { { 0, 0, 0.05, 0.1, 0.09 }, 0.2, 2, TRUE },       /* never there, but half way */
    { { 0, 0, 0.01, 0.02, 0.01 }, 0.2, 1, FALSE },     /* nearly nothing */
    { { 0, 0, -0.1, -0.2, -0.3 }, 0.2, 1, FALSE },     /* the wrong way */
    { { 0, 0, 0.1, 0.2, 0.3 }, 0.001, 1, FALSE },      /* CLIP sees no difference between the two */
    { { 0, 0, 0.1, 0.2, 0.3 }, NAN, 1, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gboolean is_clear;
      double amount = c2l_words_find_amount (x, cases[i].curve, G_N_ELEMENTS (x), cases[i].goal, &is_clear);

      g_assert_cmpfloat_with_epsilon (amount, cases[i].amount, 1e-9);
      g_assert_cmpint (is_clear, ==, cases[i].is_clear);
    }
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  session = studio_fixture_open_starter ();
  g_test_add_func ("/words/glasses", test_glasses);
  g_test_add_func ("/words/the-same-words-are-refused", test_the_same_words_are_refused);
  g_test_add_func ("/words/without-a-prior-it-is-refused", test_without_a_prior_it_is_refused);
  g_test_add_func ("/words/stops-when-told", test_stops_when_told);
  g_test_add_func ("/words/amounts-of-curves", test_amounts_of_curves);
  result = g_test_run ();
  c2l_session_free (session);
  return result;
}
