/* Brace ranges: as Python's braceexpand, which webdataset uses, expands them; what does not end is refused. */
#include "formats/braces.h"

#include "formats/weights.h"

static void
check (const char *pattern, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) names = c2l_braces_expand (pattern, &error);
  g_autofree char *all = NULL;

  g_assert_no_error (error);
  all = g_strjoinv (" ", names);
  g_assert_cmpstr (all, ==, expected);
}

static void
test_ranges (void)
{
  check ("{8..11}.tar", "8.tar 9.tar 10.tar 11.tar");
  check ("a/{00008..11}.tar", "a/00008.tar a/00009.tar a/00010.tar a/00011.tar");
  check ("{8..011}", "008 009 010 011");
  check ("{0..6..3}", "0 3 6");
  check ("{0..7..3}", "0 3 6");
  check ("{3..1}", "3 2 1");
  check ("{5..5}", "5");
  check ("{1..2}x{1..2}", "1x1 1x2 2x1 2x2");
}

static void
test_the_originals_range (void)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) names = c2l_braces_expand ("data/{00000..99}.tar", &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (names), ==, 100);
  g_assert_cmpstr (names[0], ==, "data/00000.tar");
  g_assert_cmpstr (names[99], ==, "data/00099.tar");
}

static void
test_words (void)
{
  check ("encoded/{ffhq,celeba}-clip.tar", "encoded/ffhq-clip.tar encoded/celeba-clip.tar");
  check ("{a,{1..2}}", "a 1 2");
  check ("{a{x,y},b}", "ax ay b");
  check ("a{,b}", "a ab");
}

static void
test_other_braces_stay (void)
{
  check ("plain.tar", "plain.tar");
  check ("", "");
  check ("{}", "{}");
  check ("{a}", "{a}");
  check ("{1..}", "{1..}");
  check ("{1..x}", "{1..x}");
  check ("{1..3", "{1..3");
  check ("1..3}", "1..3}");
  check ("{a{1..2}", "{a1 {a2");
  check ("{{1..2}}", "{1} {2}");
  check ("{99999999999999999999..1}", "{99999999999999999999..1}");
}

static void
check_refused (const char *pattern)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_braces_expand (pattern, &error));
  g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED);
}

static void
test_too_many_are_refused (void)
{
  g_autofree char *braces = g_strnfill (100000, '{');

  check_refused ("{0..999999999}");
  check_refused ("{0..999}{0..999}{0..999}");
  check_refused ("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}");
  check_refused (braces);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/braces/ranges", test_ranges);
  g_test_add_func ("/braces/the-originals-range", test_the_originals_range);
  g_test_add_func ("/braces/words", test_words);
  g_test_add_func ("/braces/others-stay", test_other_braces_stay);
  g_test_add_func ("/braces/too-many-are-refused", test_too_many_are_refused);
  return g_test_run ();
}
