/* The clean-up of prompts: the original's answers for the fixture's texts, and tables for each step. */
#include "fixture.h"
#include "models/html-unescape.h"
#include "models/mojibake.h"
#include "models/text-cleanup.h"

#include <string.h>

typedef struct
{
  const char *text;
  const char *expected;
} Case;

static void
compare_case (guint n, JsonObject *object, gpointer data)
{
  const char *expected = json_object_get_string_member (object, "clean");
  g_autofree char *clean = NULL;

  /* json-glib cuts the text with U+0000 short; see /text-cleanup/removes-nul. */
  if (strcmp (expected, "nulchar") == 0)
    return;
  clean = c2l_text_cleanup (json_object_get_string_member (object, "text"), -1);
  g_test_message ("case %u", n);
  g_assert_cmpstr (clean, ==, expected);
}

static void
test_matches_original (void)
{
  fixture_foreach_prompt (compare_case, NULL);
}

static void
test_table (gconstpointer data)
{
  for (const Case *c = data; c->text != NULL; c++)
    {
      g_autofree char *clean = c2l_text_cleanup (c->text, -1);

      g_assert_cmpstr (clean, ==, c->expected);
    }
}

static const Case case_cases[] = {
  { "ΌΣΟΣ ΟΔΟΣ. ΑΣ'", "όσος οδος. ας'" },
  { "Σ ΑΣ\xcc\x81 ΑΣΑ", "σ ας\xcc\x81 ασα" },
  { "İI ẞ ǅ", "i\xcc\x87i ß dž" },
  { NULL, NULL },
};

static const Case html_cases[] = {
  { "a &lt b &LT; c", "a < b < c" },
  { "&notit; &notin; &amp;amp;amp;", "¬it; ∉ &" },
  { "&#xD800; &#1114112; &#x1; &#; &#x;", "\xef\xbf\xbd \xef\xbf\xbd &#; &#x;" },
  { "<i>&EACUTE;</i> &EACUTE;", "<i>&eacute;</i> &eacute;" },
  { "P&EACUTE;REZ STRA&SZLIG;E", "pérez strasse" },
  { NULL, NULL },
};

static const Case mojibake_cases[] = {
  { "caf\xc3\x83\xc2\xa9", "café" },
  { "CAFÉ™ “MAÇÃ” ÄÖÜ", "café™ \"maçã\" äöü" },
  { "Ã la mode", "ã la mode" },
  { "Ð¿Ñ€Ð¸Ð²ÐµÑ‚ and café", "привет and café" },
  { NULL, NULL },
};

static const Case space_cases[] = {
  { "  a\t\r\n b\xe2\x80\xa8 c\xe3\x80\x80", "a b c" },
  { "\x1b[1;31mred\x1b[0m \x1b[", "red [" },
  { "ＦＵＬＬ ﾊﾞ oﬃce", "full バ office" },
  { "bad \xff byte", "bad \xef\xbf\xbd byte" },
  { "", "" },
  { NULL, NULL },
};

static void
test_removes_nul (void)
{
  g_autofree char *clean = c2l_text_cleanup ("nul\0char", 8);

  g_assert_cmpstr (clean, ==, "nulchar");
}

static void
test_ends_soon (void)
{
  g_autoptr (GString) nested = g_string_new ("&");
  g_autofree char *clean = NULL;

  for (int i = 0; i < 20000; i++)
    g_string_append (nested, "amp;");
  clean = c2l_text_cleanup (nested->str, nested->len);
  g_assert_nonnull (clean);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/text-cleanup/matches-original", test_matches_original);
  g_test_add_data_func ("/text-cleanup/lower-case", case_cases, test_table);
  g_test_add_data_func ("/text-cleanup/html", html_cases, test_table);
  g_test_add_data_func ("/text-cleanup/mojibake", mojibake_cases, test_table);
  g_test_add_data_func ("/text-cleanup/white-space-and-width", space_cases, test_table);
  g_test_add_func ("/text-cleanup/removes-nul", test_removes_nul);
  g_test_add_func ("/text-cleanup/ends-soon-on-nested-references", test_ends_soon);
  return g_test_run ();
}
