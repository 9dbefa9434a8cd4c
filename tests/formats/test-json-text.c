/* JSON from outside: objects come through, and what json-glib would take or fall over is refused before it. */
#include "formats/json-text.h"
#include "formats/weights.h"

#include <string.h>

static void
test_reads_objects (void)
{
  const char *text = " {\"a\": [1, -2.5e+3, true, null], \"b [{' // /* \\\" \\\\\": \"ä\"}\r\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = c2l_json_parse_object (text, -1, "x.json", &error);

  g_assert_no_error (error);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (object, "a")), ==, 4);
  g_assert_cmpstr (json_object_get_string_member (object, "b [{' // /* \" \\"), ==, "ä");
}

static void
test_refuses (gconstpointer text)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_json_parse_object (text, -1, "x.json", &error));
  g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED);
  g_assert_nonnull (strstr (error->message, "x.json"));
}

/* 100,000 brackets, after which json-glib has no stack left, behind what could hide them. */
static void
test_refuses_depth (gconstpointer prefix)
{
  g_autofree char *deep = g_strnfill (100000, '[');
  g_autofree char *text = g_strconcat (prefix, deep, NULL);

  test_refuses (text);
}

static void
test_refuses_half_a_text (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_json_parse_object ("{\"a\": 1}", 4, "x.json", &error));
  g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-text/reads-objects", test_reads_objects);
  g_test_add_func ("/json-text/refuses/half-a-text", test_refuses_half_a_text);
  g_test_add_data_func ("/json-text/refuses/nothing", "", test_refuses);
  g_test_add_data_func ("/json-text/refuses/what-is-no-object", "[1]", test_refuses);
  g_test_add_data_func ("/json-text/refuses/what-is-not-utf-8", "{\"a\": \"\xff\"}", test_refuses);
  g_test_add_data_func ("/json-text/refuses/comments", "{} // a comment", test_refuses);
  g_test_add_data_func ("/json-text/refuses/single-quotes", "{'a': 1}", test_refuses);
  g_test_add_data_func ("/json-text/refuses/assignments", "var a = {};", test_refuses);
  g_test_add_data_func ("/json-text/refuses/depth", "{\"a\": ", test_refuses_depth);
  g_test_add_data_func ("/json-text/refuses/depth-behind-a-comment", "{/* \" */\"a\": ", test_refuses_depth);
  g_test_add_data_func ("/json-text/refuses/depth-behind-a-single-quote", "{'\"': ", test_refuses_depth);
  return g_test_run ();
}
