/* What is written comes back: safetensors with kind and configuration, torch archives with plain values beside the tensors. */
#include "weights-fixture.h"

#include "formats/safetensors.h"
#include "formats/torch-zip-writer.h"

#include <glib/gstdio.h>

static C2lWeights *
make_weights (void)
{
  static const float values[] = { 0, 1, 2, 3, 4, 5 };
  static const guint16 halves[] = { 0x3c00, 0x4000, 0x4200 };
  static const gint64 step = 7;
  C2lWeights *weights = c2l_weights_new (C2L_WEIGHTS_PRIOR, "made-up", "made up");
  C2lArray matrix = { .dtype = C2L_F32, .n_dims = 2, .dims = { 2, 3 }, .length = 6, .data = values };
  C2lArray vector = { .dtype = C2L_F16, .n_dims = 1, .dims = { 3 }, .length = 3, .data = halves };
  C2lArray scalar = { .dtype = C2L_I64, .length = 1, .data = &step };
  C2lArray empty = { .dtype = C2L_F32, .n_dims = 2, .dims = { 0, 4 } };

  c2l_weights_add (weights, "diffusion_prior.net.weight", &matrix);
  c2l_weights_add (weights, "diffusion_prior.net.“quoted \"bias\"\\”", &vector);
  c2l_weights_add (weights, "diffusion_prior.step", &scalar);
  c2l_weights_add (weights, "diffusion_prior.nothing", &empty);
  return weights;
}

static void
assert_same (C2lWeights *a, C2lWeights *b)
{
  g_autofree const char **names = c2l_weights_list_names (a);
  g_autofree const char **others = c2l_weights_list_names (b);

  g_assert_cmpint (c2l_weights_get_kind (a), ==, c2l_weights_get_kind (b));
  g_assert_cmpstrv (names, others);
  for (guint i = 0; names[i] != NULL; i++)
    {
      g_assert_cmpint (c2l_weights_lookup (a, names[i])->dtype, ==, c2l_weights_lookup (b, names[i])->dtype);
      assert_same_array (c2l_weights_lookup (a, names[i]), c2l_weights_lookup (b, names[i]));
    }
}

static char *
temporary (const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("c2l-save-XXXXXX", &error);
  g_assert_no_error (error);
  return g_build_filename (folder, name, NULL);
}

static void
discard (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_remove (path);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_safetensors (void)
{
  g_autoptr (C2lWeights) weights = make_weights ();
  g_autoptr (JsonObject) config = json_object_new ();
  g_autoptr (GHashTable) metadata = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *path = temporary ("weights.safetensors");
  g_autoptr (GError) error = NULL;

  json_object_set_string_member (config, "name", "ein „Name“");
  c2l_weights_set_config (weights, config);
  g_hash_table_insert (metadata, (char *) "licence", (char *) "CC BY 4.0");
  c2l_safetensors_save (weights, metadata, path, &error);
  g_assert_no_error (error);

  g_autoptr (C2lWeights) loaded = c2l_weights_load (path, &error);
  g_assert_no_error (error);
  assert_same (weights, loaded);
  g_assert_cmpstr (json_object_get_string_member (c2l_weights_get_config (loaded), "name"), ==, "ein „Name“");
  /* In place and aligned, so that a mapped file serves as it is. */
  g_assert_cmpuint (GPOINTER_TO_SIZE (c2l_weights_lookup (loaded, "diffusion_prior.net.weight")->data) % 64, ==, 0);
  discard (path);
}

static void
test_torch_zip (void)
{
  g_autoptr (C2lWeights) weights = make_weights ();
  g_autoptr (JsonObject) extra = json_object_new ();
  g_autoptr (JsonNode) config = json_from_string ("{\"a\":[1,2.5,null,true,\"x\",5000000000],\"b\":{}}", NULL);
  g_autofree char *path = temporary ("weights.ckpt");
  g_autoptr (GError) error = NULL;

  json_object_set_member (extra, "cfg", json_node_copy (config));
  c2l_torch_zip_save (weights, extra, path, &error);
  g_assert_no_error (error);

  g_autoptr (C2lWeights) loaded = c2l_weights_load (path, &error);
  g_assert_no_error (error);
  assert_same (weights, loaded);
  g_autoptr (JsonNode) found = json_node_init_object (json_node_alloc (), c2l_weights_get_config (loaded));
  g_assert_true (json_node_equal (found, config));
  discard (path);
}

static void
test_real_prior_survives (void)
{
  g_autoptr (C2lWeights) weights = load_fixture ("prior/w-legacy-file/prior.ckpt");
  g_autofree char *path = temporary ("prior.ckpt");
  g_autoptr (GError) error = NULL;

  c2l_torch_zip_save (weights, NULL, path, &error);
  g_assert_no_error (error);
  g_autoptr (C2lWeights) loaded = c2l_weights_load (path, &error);
  g_assert_no_error (error);
  assert_same (weights, loaded);
  discard (path);
}

static void
test_unwritable_place (void)
{
  g_autoptr (C2lWeights) weights = make_weights ();
  g_autoptr (GError) error = NULL;
  g_assert_false (c2l_safetensors_save (weights, NULL, "/nowhere/at/all.safetensors", &error));
  g_assert_nonnull (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/save/safetensors/comes-back", test_safetensors);
  g_test_add_func ("/save/torch-zip/comes-back", test_torch_zip);
  g_test_add_func ("/save/torch-zip/real-prior-survives", test_real_prior_survives);
  g_test_add_func ("/save/safetensors/says-when-it-cannot", test_unwritable_place);
  return g_test_run ();
}
