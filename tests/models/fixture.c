/* See fixture.h. */
#include "fixture.h"

char *
fixture_dup_path (const char *relative)
{
  const char *root = g_getenv ("C2L_FIXTURES");

  g_assert_nonnull (root);
  return g_build_filename (root, relative, NULL);
}

C2lExpected *
fixture_load (const char *relative)
{
  g_autofree char *path = fixture_dup_path (relative);
  g_autoptr (GError) error = NULL;
  C2lExpected *expected = c2l_expected_load (path, &error);

  g_assert_no_error (error);
  return expected;
}

void
fixture_foreach_prompt (FixtureCase test, gpointer data)
{
  g_autofree char *path = fixture_dup_path ("tokenizer/cases.jsonl");
  g_autofree char *contents = NULL;
  g_auto (GStrv) lines = NULL;
  guint n = 0;

  g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
  lines = g_strsplit (contents, "\n", -1);
  for (; lines[n] != NULL && *lines[n] != '\0'; n++)
    {
      g_autoptr (JsonNode) node = json_from_string (lines[n], NULL);

      test (n, json_node_get_object (node), data);
    }
  g_assert_cmpuint (n, >=, 240);
}

gboolean
fixture_has (C2lExpected *expected, const char *name)
{
  return c2l_expected_lookup (expected, name) != NULL;
}

const C2lArray *
fixture_get (C2lExpected *expected, const char *name)
{
  const C2lArray *array = c2l_expected_lookup (expected, name);

  if (array == NULL)
    g_error ("%s has no “%s”", c2l_expected_get_folder (expected), name);
  return array;
}

float *
fixture_dup_f32 (C2lExpected *expected, const char *name)
{
  return c2l_array_dup_f32 (fixture_get (expected, name));
}

gint32 *
fixture_dup_i32 (C2lExpected *expected, const char *name)
{
  g_autofree float *values = fixture_dup_f32 (expected, name);
  gsize n = fixture_get (expected, name)->length;
  gint32 *integers = g_new (gint32, n);

  for (gsize i = 0; i < n; i++)
    integers[i] = values[i];

  return integers;
}

void
fixture_compare (C2lExpected *expected, const char *name, const float *values, gsize n)
{
  g_autoptr (GError) error = NULL;
  C2lComparison comparison;

  c2l_expected_compare (expected, name, values, n, &comparison, &error);
  g_assert_no_error (error);

  g_autofree char *text = c2l_comparison_to_string (&comparison);

  g_test_message ("%s: %s", name, text);
  if (!comparison.ok)
    {
      g_test_message ("%s differs most at %" G_GSIZE_FORMAT ": %.9g", name, comparison.worst,
                      values[comparison.worst]);
      g_test_fail ();
    }
}

void
fixture_compare_tensor (C2lExpected *expected, const char *name, C2lTensor *tensor)
{
  g_assert_nonnull (tensor);

  g_autofree float *values = g_malloc (c2l_tensor_get_size (tensor));

  c2l_tensor_read (tensor, values, c2l_tensor_get_size (tensor));
  fixture_compare (expected, name, values, c2l_tensor_get_length (tensor));
}

void
fixture_write (C2lExpected *expected, const char *name, C2lTensor *tensor)
{
  g_assert_nonnull (tensor);
  g_assert_cmpuint (fixture_get (expected, name)->length, ==, c2l_tensor_get_length (tensor));

  g_autofree gpointer data = c2l_tensor_get_dtype (tensor) == C2L_I32
                                 ? (gpointer) fixture_dup_i32 (expected, name)
                                 : (gpointer) fixture_dup_f32 (expected, name);

  c2l_tensor_write (tensor, data, c2l_tensor_get_size (tensor));
}
