/* What the tests of src/formats/weights.h share: where the fixtures are, and loading them. */
#pragma once

#include "formats/weights-private.h"

/* A file below tests/fixtures. */
static inline char *
fixture (const char *name)
{
  return g_build_filename (g_getenv ("C2L_FIXTURES"), name, NULL);
}

static inline C2lWeights *
load_fixture (const char *name)
{
  g_autofree char *path = fixture (name);
  g_autoptr (GError) error = NULL;
  C2lWeights *weights = c2l_weights_load (path, &error);
  g_assert_no_error (error);
  return weights;
}

static inline JsonObject *
load_json (const char *name)
{
  g_autofree char *path = fixture (name);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  return json_object_ref (json_node_get_object (json_parser_get_root (parser)));
}

static inline void
assert_same_array (const C2lArray *a, const C2lArray *b)
{
  g_assert_nonnull (a);
  g_assert_nonnull (b);
  g_assert_cmpint (a->n_dims, ==, b->n_dims);
  for (int i = 0; i < a->n_dims; i++)
    g_assert_cmpint (a->dims[i], ==, b->dims[i]);

  g_autofree float *left = c2l_array_dup_f32 (a);
  g_autofree float *right = c2l_array_dup_f32 (b);
  for (gsize i = 0; i < a->length; i++)
    g_assert_cmpfloat (left[i], ==, right[i]);
}
