/* The tokenizer against openai/CLIP's own answers, and what it says about text that does not fit. */
#include "fixture.h"
#include "formats/weights.h"
#include "models/tokenizer.h"

#include <string.h>

#define CONTEXT 77
#define VOCAB 49408

static C2lTokenizer *
load_published (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("C2L_DATA"), "merges.txt.gz", NULL);
  g_autoptr (GError) error = NULL;
  C2lTokenizer *tokenizer = c2l_tokenizer_load (path, VOCAB, &error);

  g_assert_no_error (error);
  return tokenizer;
}

static C2lTokenizer *
parse_small (int vocab_size, GError **error)
{
  static const char merges[] = "#version: small\nr e\nre d</w>\nh a\ni r</w>\nha ir</w>\n";

  return c2l_tokenizer_parse (merges, strlen (merges), "small", vocab_size, error);
}

static void
assert_same_ids (guint line, JsonArray *expected, const gint32 *ids, guint n)
{
  if (json_array_get_length (expected) != n)
    g_test_message ("case %u: %u tokens instead of %u", line, n, json_array_get_length (expected));
  g_assert_cmpuint (n, ==, json_array_get_length (expected));
  for (guint i = 0; i < n; i++)
    {
      if (ids[i] != json_array_get_int_element (expected, i))
        g_test_message ("case %u: token %u differs", line, i);
      g_assert_cmpint (ids[i], ==, json_array_get_int_element (expected, i));
    }
}

/* json-glib gives texts with U+0000 cut short; the one case that has it is put right here. */
static const char *
text_of (JsonObject *object, gssize *length)
{
  static const char with_nul[] = "nul\0char";
  const char *text = json_object_get_string_member (object, "text");

  *length = -1;
  if (strcmp (json_object_get_string_member (object, "clean"), "nulchar") != 0)
    return text;
  *length = sizeof with_nul - 1;
  return with_nul;
}

static void
compare_case (guint n, JsonObject *object, gpointer tokenizer)
{
  g_autoptr (GArray) all = NULL;
  g_autofree char *dropped = NULL;
  gint32 ids[CONTEXT];
  gssize length;
  const char *text = text_of (object, &length);

  all = c2l_tokenizer_encode_all (tokenizer, text, length);
  assert_same_ids (n, json_object_get_array_member (object, "ids"), (gint32 *) all->data, all->len);
  if (length >= 0)
    return;
  c2l_tokenizer_encode (tokenizer, text, ids, CONTEXT, &dropped);
  assert_same_ids (n, json_object_get_array_member (object, "tokens77"), ids, CONTEXT);
  g_assert_cmpint (dropped != NULL, ==, json_object_get_boolean_member (object, "too_long"));
}

static void
test_matches_original (void)
{
  g_autoptr (C2lTokenizer) tokenizer = load_published ();

  fixture_foreach_prompt (compare_case, tokenizer);
}

static void
test_vocabulary_order (void)
{
  g_autoptr (C2lTokenizer) tokenizer = load_published ();
  g_autofree char *path = fixture_dup_path ("tokenizer/vocab.json");
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *object;
  JsonArray *first;

  g_assert_true (json_parser_load_from_file (parser, path, NULL));
  object = json_node_get_object (json_parser_get_root (parser));
  g_assert_cmpint (c2l_tokenizer_get_vocab_size (tokenizer), ==, json_object_get_int_member (object, "size"));
  first = json_object_get_array_member (object, "first_260");
  for (guint i = 0; i < json_array_get_length (first); i++)
    g_assert_cmpstr (c2l_tokenizer_get_symbol (tokenizer, i), ==, json_array_get_string_element (first, i));
  g_assert_cmpstr (c2l_tokenizer_get_symbol (tokenizer, VOCAB - 2), ==, "<|startoftext|>");
  g_assert_cmpstr (c2l_tokenizer_get_symbol (tokenizer, VOCAB - 1), ==, "<|endoftext|>");
  g_assert_null (c2l_tokenizer_get_symbol (tokenizer, VOCAB));
  g_assert_null (c2l_tokenizer_get_symbol (tokenizer, -1));
}

static void
test_sizes_from_file (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lTokenizer) whole = parse_small (0, &error);
  g_autoptr (C2lTokenizer) part = parse_small (512 + 2 + 2, &error);
  g_autoptr (GArray) ids = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (c2l_tokenizer_get_vocab_size (whole), ==, 512 + 5 + 2);
  g_assert_cmpint (c2l_tokenizer_get_end (part), ==, 512 + 2 + 1);
  ids = c2l_tokenizer_encode_all (whole, "red hair", -1);
  g_assert_cmpuint (ids->len, ==, 2);
  g_assert_cmpint (g_array_index (ids, gint32, 0), ==, 512 + 1);
  g_assert_cmpint (g_array_index (ids, gint32, 1), ==, 512 + 4);
}

static void
test_knows_what_was_left_over (void)
{
  static const char spaced[] = "#version: small\nr e\nre d</w>\n\n \r\n";
  g_autoptr (C2lTokenizer) whole = parse_small (0, NULL), exact = parse_small (512 + 5 + 2, NULL);
  g_autoptr (C2lTokenizer) part = parse_small (512 + 4 + 2, NULL);
  g_autoptr (C2lTokenizer) published = load_published ();
  g_autoptr (C2lTokenizer) blank = c2l_tokenizer_parse (spaced, strlen (spaced), "spaced", 512 + 2 + 2, NULL);

  g_assert_false (c2l_tokenizer_is_part (whole));
  g_assert_false (c2l_tokenizer_is_part (exact));
  g_assert_false (c2l_tokenizer_is_part (blank));
  g_assert_true (c2l_tokenizer_is_part (part));
  g_assert_true (c2l_tokenizer_is_part (published));
}

static void
test_says_what_was_dropped (void)
{
  g_autoptr (C2lTokenizer) tokenizer = parse_small (0, NULL);
  g_autofree char *dropped = NULL;
  gint32 ids[6];
  int n = c2l_tokenizer_encode (tokenizer, "Red hair  RED hair, Hat &amp; beard", ids, 6, &dropped);

  g_assert_cmpint (n, ==, 6);
  g_assert_cmpint (ids[5], ==, c2l_tokenizer_get_end (tokenizer));
  g_assert_cmpstr (dropped, ==, ", hat & beard");
}

static void
test_empty_text (void)
{
  g_autoptr (C2lTokenizer) tokenizer = parse_small (0, NULL);
  gint32 ids[4];
  int n = c2l_tokenizer_encode (tokenizer, " \t", ids, 4, NULL);

  g_assert_cmpint (n, ==, 2);
  g_assert_cmpint (ids[0], ==, c2l_tokenizer_get_start (tokenizer));
  g_assert_cmpint (ids[1], ==, c2l_tokenizer_get_end (tokenizer));
  g_assert_cmpint (ids[2], ==, 0);
}

static void
test_unknown_words (void)
{
  g_autoptr (C2lTokenizer) tokenizer = parse_small (0, NULL);
  g_auto (GStrv) words = c2l_tokenizer_list_unknown_words (tokenizer, "red zebra hair, zebra 12 дом");

  g_assert_cmpuint (g_strv_length (words), ==, 2);
  g_assert_cmpstr (words[0], ==, "zebra");
  g_assert_cmpstr (words[1], ==, "дом");
}

static void
test_refuses_bad_merges (void)
{
  static const struct
  {
    const char *text;
    int vocab_size;
    const char *says;
  } cases[] = {
    { "#version\na b\n", 0x1000, "1 merges" },
    { "#version\na b\n", 100, "514" },
    { "#version\na\n", 0, "line 2" },
    { "#version\na b\na b c\n", 0, "line 3" },
    { "\x1f\x8b\x08 nothing", 0, "gzip" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (c2l_tokenizer_parse (cases[i].text, strlen (cases[i].text), "merges", cases[i].vocab_size, &error));
      g_assert_true (error != NULL && error->domain == C2L_FORMAT_ERROR);
      g_assert_nonnull (strstr (error->message, cases[i].says));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tokenizer/matches-original", test_matches_original);
  g_test_add_func ("/tokenizer/vocabulary-order-is-the-original's", test_vocabulary_order);
  g_test_add_func ("/tokenizer/takes-sizes-from-the-file", test_sizes_from_file);
  g_test_add_func ("/tokenizer/knows-what-was-left-over", test_knows_what_was_left_over);
  g_test_add_func ("/tokenizer/says-what-was-dropped", test_says_what_was_dropped);
  g_test_add_func ("/tokenizer/empty-text-is-start-and-end", test_empty_text);
  g_test_add_func ("/tokenizer/lists-unknown-words", test_unknown_words);
  g_test_add_func ("/tokenizer/refuses-bad-merges", test_refuses_bad_merges);
  return g_test_run ();
}
