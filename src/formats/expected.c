/* Reads a folder of expected results and compares arrays with it. Knows nothing of models: who
 * computes what, and with which of the folder's files, is the caller's business. Policy: the folder
 * is input like any other, so every member of info.json is checked before it is used; whatever is
 * wrong there is an error that names the folder. */
#include "formats/expected.h"

#include <math.h>

typedef struct
{
  GPatternSpec *pattern;
  C2lToleranceKind kind;
  double value;
} Tolerance;

struct _C2lExpected
{
  char *folder;
  char *type;
  JsonParser *parser;
  JsonObject *info;  /* lent by the parser */
  JsonObject *files; /* lent by the parser */
  GArray *tolerances;
  C2lWeights *arrays; /* (nullable) */
};

static void
tolerance_clear (gpointer data)
{
  Tolerance *tolerance = data;

  g_pattern_spec_free (tolerance->pattern);
}

void
c2l_expected_free (C2lExpected *expected)
{
  if (expected == NULL)
    return;

  g_free (expected->folder);
  g_free (expected->type);
  g_clear_object (&expected->parser);
  g_array_unref (expected->tolerances);
  g_clear_pointer (&expected->arrays, c2l_weights_unref);
  g_free (expected);
}

static gboolean
fail (C2lExpected *expected, GError **error, const char *what)
{
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED, "%s/info.json: %s",
               expected->folder, what);
  return FALSE;
}

static JsonObject *
get_object (JsonObject *object, const char *member)
{
  JsonNode *node = json_object_get_member (object, member);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static const char *
get_text (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
}

static gboolean
add_tolerance (C2lExpected *expected, JsonNode *node, GError **error)
{
  static const struct
  {
    const char *name;
    C2lToleranceKind kind;
  } kinds[] = {
    { "rel", C2L_TOLERANCE_REL },
    { "abs", C2L_TOLERANCE_ABS },
    { "exact", C2L_TOLERANCE_EXACT },
  };

  if (!JSON_NODE_HOLDS_ARRAY (node) || json_array_get_length (json_node_get_array (node)) != 3)
    return fail (expected, error, "a tolerance is not a list of pattern, kind and value");

  JsonArray *entry = json_node_get_array (node);
  const char *pattern = get_text (json_array_get_element (entry, 0));
  const char *kind = get_text (json_array_get_element (entry, 1));
  JsonNode *value = json_array_get_element (entry, 2);
  GType type = JSON_NODE_HOLDS_VALUE (value) ? json_node_get_value_type (value) : G_TYPE_INVALID;

  if (pattern == NULL || kind == NULL || (type != G_TYPE_DOUBLE && type != G_TYPE_INT64))
    return fail (expected, error, "a tolerance is not a list of pattern, kind and value");

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_equal (kind, kinds[i].name))
      {
        Tolerance tolerance
            = { g_pattern_spec_new (pattern), kinds[i].kind, json_node_get_double (value) };

        g_array_append_val (expected->tolerances, tolerance);
        return TRUE;
      }

  return fail (expected, error, "a tolerance is neither “rel” nor “abs” nor “exact”");
}

static gboolean
read_info (C2lExpected *expected, GError **error)
{
  g_autofree char *path = g_build_filename (expected->folder, "info.json", NULL);

  expected->parser = json_parser_new_immutable ();
  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
                   "%s: no folder of expected results: it has no info.json; "
                   "name one that has",
                   expected->folder);
      return FALSE;
    }
  if (!json_parser_load_from_file (expected->parser, path, error))
    {
      g_prefix_error (error, "%s: not JSON: ", path);
      return FALSE;
    }

  JsonNode *root = json_parser_get_root (expected->parser);

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return fail (expected, error, "not a JSON object");
  expected->info = json_node_get_object (root);

  JsonObject *fixture = get_object (expected->info, "fixture");

  if (fixture == NULL)
    return fail (expected, error, "no “fixture” that says what the folder is");

  expected->type = g_strdup (get_text (json_object_get_member (fixture, "type")));
  expected->files = get_object (fixture, "files");
  if (expected->type == NULL)
    return fail (expected, error, "“fixture” has no “type”");

  JsonNode *tolerances = json_object_get_member (fixture, "tolerance");

  if (tolerances == NULL || !JSON_NODE_HOLDS_ARRAY (tolerances))
    return fail (expected, error, "“fixture” has no list of tolerances");

  for (guint i = 0; i < json_array_get_length (json_node_get_array (tolerances)); i++)
    if (!add_tolerance (expected, json_array_get_element (json_node_get_array (tolerances), i),
                        error))
      return FALSE;

  return TRUE;
}

C2lExpected *
c2l_expected_load (const char *folder, GError **error)
{
  g_return_val_if_fail (folder != NULL, NULL);

  g_autoptr (C2lExpected) expected = g_new0 (C2lExpected, 1);

  expected->folder = g_strdup (folder);
  expected->tolerances = g_array_new (FALSE, FALSE, sizeof (Tolerance));
  g_array_set_clear_func (expected->tolerances, tolerance_clear);

  if (!read_info (expected, error))
    return NULL;

  g_autofree char *path = g_build_filename (folder, "expected.safetensors", NULL);

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    {
      expected->arrays = c2l_weights_load (path, error);
      if (expected->arrays == NULL)
        return NULL;
    }

  return g_steal_pointer (&expected);
}

const char *
c2l_expected_get_folder (C2lExpected *expected)
{
  return expected->folder;
}

const char *
c2l_expected_get_type (C2lExpected *expected)
{
  return expected->type;
}

JsonObject *
c2l_expected_get_info (C2lExpected *expected)
{
  return expected->info;
}

char **
c2l_expected_dup_files (C2lExpected *expected, const char *role)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  JsonNode *node = expected->files != NULL ? json_object_get_member (expected->files, role) : NULL;
  JsonArray *list
      = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  guint n = list != NULL ? json_array_get_length (list) : 1;

  for (guint i = 0; i < n; i++)
    {
      const char *name = get_text (list != NULL ? json_array_get_element (list, i) : node);

      if (name != NULL)
        {
          g_autofree char *path = g_build_filename (expected->folder, name, NULL);

          g_strv_builder_add (builder, path);
        }
    }

  return g_strv_builder_end (builder);
}

char *
c2l_expected_dup_file (C2lExpected *expected, const char *role)
{
  g_auto (GStrv) files = c2l_expected_dup_files (expected, role);

  return g_strdup (files[0]);
}

const C2lArray *
c2l_expected_lookup (C2lExpected *expected, const char *name)
{
  return expected->arrays != NULL ? c2l_weights_lookup (expected->arrays, name) : NULL;
}

const char **
c2l_expected_list_names (C2lExpected *expected)
{
  return expected->arrays != NULL ? c2l_weights_list_names (expected->arrays)
                                  : g_new0 (const char *, 1);
}

static const Tolerance *
find_tolerance (C2lExpected *expected, const char *name)
{
  for (guint i = 0; i < expected->tolerances->len; i++)
    {
      const Tolerance *tolerance = &g_array_index (expected->tolerances, Tolerance, i);

      if (g_pattern_spec_match_string (tolerance->pattern, name))
        return tolerance;
    }

  return NULL;
}

static double
difference (float a, float b)
{
  if (a == b || (isnan (a) && isnan (b)))
    return 0;
  if (!isfinite (a) || !isfinite (b))
    return INFINITY;
  return fabs ((double) a - b);
}

gboolean
c2l_expected_compare (C2lExpected *expected,
                      const char *name,
                      const float *values,
                      gsize n,
                      C2lComparison *comparison,
                      GError **error)
{
  const C2lArray *array = c2l_expected_lookup (expected, name);
  const Tolerance *tolerance = find_tolerance (expected, name);

  if (array == NULL || array->length != n)
    {
      g_autofree char *shape = array != NULL ? c2l_array_to_string (array) : g_strdup ("nothing");

      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
                   "%s: “%s” has %" G_GSIZE_FORMAT " elements here, the folder has %s",
                   expected->folder, name, n, shape);
      return FALSE;
    }
  if (tolerance == NULL)
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
                   "%s/info.json: no tolerance fits “%s”", expected->folder, name);
      return FALSE;
    }

  g_autofree float *wanted = c2l_array_dup_f32 (array);

  *comparison = (C2lComparison){ .kind = tolerance->kind, .value = tolerance->value };
  for (gsize i = 0; i < n; i++)
    {
      double d = difference (values[i], wanted[i]);

      if (isfinite (wanted[i]))
        comparison->largest = MAX (comparison->largest, fabs (wanted[i]));
      if (d > comparison->max_abs)
        {
          comparison->max_abs = d;
          comparison->worst = i;
        }
    }

  comparison->max_rel
      = comparison->largest > 0 ? comparison->max_abs / comparison->largest : comparison->max_abs;
  if (tolerance->kind != C2L_TOLERANCE_EXACT)
    comparison->limit
        = tolerance->value * (tolerance->kind == C2L_TOLERANCE_REL ? comparison->largest : 1);
  comparison->ok = comparison->max_abs <= comparison->limit;
  return TRUE;
}

char *
c2l_comparison_to_string (const C2lComparison *comparison)
{
  return g_strdup_printf ("max abs %.2e, rel %.2e of %.4g (limit %.2e)", comparison->max_abs,
                          comparison->max_rel, comparison->largest, comparison->limit);
}
