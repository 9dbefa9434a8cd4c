/* YAML as OmegaConf reads it, and everything a hostile file may try. */
#include "formats/yaml.h"

#include "hostile.h"

#include <string.h>

static char *
to_json (JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);

  return json_to_string (node, FALSE);
}

static char *
parse_to_json (const char *text, GError **error)
{
  g_autoptr (JsonObject) object = c2l_yaml_parse (text, strlen (text), "test", error);

  g_autoptr (JsonObject) resolved = object != NULL ? c2l_yaml_resolve (object, "test", error) : NULL;

  return resolved != NULL ? to_json (resolved) : NULL;
}

static void
check_hostile (const char *path, const char *file, const char *kind)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = c2l_yaml_load (path, &error);

  g_assert_null (object);
  g_assert_true (error != NULL && error->domain == C2L_FORMAT_ERROR);
  if (strcmp (kind, "refuse") == 0 || strcmp (file, "yaml-env-interpolation.yaml") == 0)
    g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_FORBIDDEN);
}

static void
test_hostile (void)
{
  for_each_hostile_file ("yaml-", check_hostile);
}

typedef struct
{
  const char *yaml;
  const char *json;
} Case;

static const Case scalar_cases[] = {
  { "a: 1_000_000", "{\"a\":1000000}" },
  { "a: -12\nb: +3\nc: 0x1F\nd: 0b11\ne: 017", "{\"a\":-12,\"b\":3,\"c\":31,\"d\":3,\"e\":15}" },
  { "a: 0.5\nb: .25\nc: -1.5e+3\nd: 1_0.5", "{\"a\":0.5,\"b\":0.25,\"c\":-1500.0,\"d\":10.5}" },
  { "a: 1e3\nb: 2.\nc: 1e\nd: 1.2.3", "{\"a\":1000.0,\"b\":2.0,\"c\":\"1e\",\"d\":\"1.2.3\"}" },
  { "a: True\nb: no\nc: ON", "{\"a\":true,\"b\":false,\"c\":true}" },
  { "a: null\nb: ~\nc:\nd: ''", "{\"a\":null,\"b\":null,\"c\":null,\"d\":\"\"}" },
  { "a: '1'\nb: \"True\"\nc: !!str 5", "{\"a\":\"1\",\"b\":\"True\",\"c\":\"5\"}" },
  { "a: ViT-B/32\nb: data/{00000..99}.tar", "{\"a\":\"ViT-B/32\",\"b\":\"data/{00000..99}.tar\"}" },
  { "a: [4, 4, 10]\nb:\n- 8\n- x", "{\"a\":[4,4,10],\"b\":[8,\"x\"]}" },
  { "a: &x {b: 1}\nc: *x", "{\"a\":{\"b\":1},\"c\":{\"b\":1}}" },
  { "", "{}" },
  { "# nothing but a comment\n", "{}" },
  { NULL, NULL },
};

static const Case reference_cases[] = {
  { "a: {b: 32}\nc: ${a.b}", "{\"a\":{\"b\":32},\"c\":32}" },
  { "c: ${a}\na: {b: [1, 2]}", "{\"c\":{\"b\":[1,2]},\"a\":{\"b\":[1,2]}}" },
  { "a: ${b}\nb: ${c}\nc: null", "{\"a\":null,\"b\":null,\"c\":null}" },
  { "a: x-${b}-${c}\nb: 0.0001\nc: True", "{\"a\":\"x-0.0001-True\",\"b\":0.0001,\"c\":true}" },
  { "a: {b: 1, c: '${.b}', d: {e: '${..b}'}}", "{\"a\":{\"b\":1,\"c\":1,\"d\":{\"e\":1}}}" },
  { "a: [5, 6]\nb: ${a[1]}\nc: ${a.0}", "{\"a\":[5,6],\"b\":6,\"c\":5}" },
  { "k: b\na: {b: 7}\nc: ${a.${k}}", "{\"k\":\"b\",\"a\":{\"b\":7},\"c\":7}" },
  { "a: \\${b}", "{\"a\":\"${b}\"}" },
  { NULL, NULL },
};

static void
test_table (gconstpointer data)
{
  for (const Case *c = data; c->yaml != NULL; c++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *json = parse_to_json (c->yaml, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (json, ==, c->json);
    }
}

static void
test_refuses (void)
{
  static const Case cases[] = {
    { "a: ${b}", "no key “b”" },
    { "a: ${a}", "refers to itself" },
    { "a: {b: '${a}'}", "refers to itself" },
    { "a: ${b", "closing brace" },
    { "a: ${env:HOME}", "not allowed" },
    { "a: ${now:%Y}", "not allowed" },
    { "a: x${b}\nb: [1]", "cannot stand within a text" },
    { "a: 1\na: 2", "twice" },
    { "a: {<<: {b: 1}}", "merge keys" },
    { "a: 1\n---\nb: 2", "several documents" },
    { "- 1\n- 2", "not a configuration" },
    { "a: .inf", "finite" },
    { "a: 1e999", "too large" },
    { "a: *b", "refers to nothing" },
    { "{[1]: 2}", "a key must be a word" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *json = parse_to_json (cases[i].yaml, &error);

      g_assert_null (json);
      g_assert_true (error != NULL && error->domain == C2L_FORMAT_ERROR);
      g_assert_nonnull (strstr (error->message, cases[i].json));
    }
}

/* Ten references to a list of ten references … : 10^8 values if nobody counts. */
static void
test_references_are_counted (void)
{
  g_autoptr (GString) text = g_string_new ("v0: [x, x, x, x, x, x, x, x, x, x]\n");
  g_autoptr (GString) deep = g_string_new ("a: ");
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) deep_error = NULL;
  g_autofree char *json = NULL;

  for (int level = 1; level < 8; level++)
    {
      g_string_append_printf (text, "v%d: [", level);
      for (int i = 0; i < 10; i++)
        g_string_append_printf (text, "'${v%d}', ", level - 1);
      g_string_append (text, "]\n");
    }
  json = parse_to_json (text->str, &error);
  g_assert_null (json);
  g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED);

  for (int i = 0; i < 10000; i++)
    g_string_append (deep, "${");
  for (int i = 0; i < 10000; i++)
    g_string_append (deep, "}");
  g_assert_null (parse_to_json (deep->str, &deep_error));
  g_assert_error (deep_error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED);
}

static void
test_value (void)
{
  g_autoptr (JsonNode) number = c2l_yaml_parse_value ("1.0e-4", NULL);
  g_autoptr (JsonNode) list = c2l_yaml_parse_value ("[4, 4, 10]", NULL);
  g_autoptr (JsonNode) nothing = c2l_yaml_parse_value ("", NULL);

  g_assert_cmpfloat (json_node_get_double (number), ==, 1.0e-4);
  g_assert_cmpuint (json_array_get_length (json_node_get_array (list)), ==, 3);
  g_assert_true (JSON_NODE_HOLDS_NULL (nothing));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/yaml/hostile-files", test_hostile);
  g_test_add_data_func ("/yaml/scalars-are-omegaconf's", scalar_cases, test_table);
  g_test_add_data_func ("/yaml/references", reference_cases, test_table);
  g_test_add_func ("/yaml/refuses", test_refuses);
  g_test_add_func ("/yaml/references-are-counted", test_references_are_counted);
  g_test_add_func ("/yaml/values-of-a-command-line", test_value);
  return g_test_run ();
}
