/* Real files of every kind through c2l_weights_load: names, shapes, values and configuration. */
#include "weights-fixture.h"

#include <math.h>

static void
assert_listed (C2lWeights *weights, JsonObject *tensors)
{
  g_autofree const char **names = c2l_weights_list_names (weights);
  g_autoptr (GList) expected = json_object_get_members (tensors);

  g_assert_cmpuint (g_strv_length ((char **) names), ==, json_object_get_size (tensors));
  for (GList *name = expected; name != NULL; name = name->next)
    {
      const C2lArray *array = c2l_weights_lookup (weights, name->data);
      JsonArray *dims = json_object_get_array_member (tensors, name->data);
      if (array == NULL)
        g_error ("“%s” is missing", (const char *) name->data);
      g_assert_cmpint (array->n_dims, ==, json_array_get_length (dims));
      for (int i = 0; i < array->n_dims; i++)
        g_assert_cmpint (array->dims[i], ==, json_array_get_int_element (dims, i));
    }
}

/* All generators that are there, against the listing in their info.json. */
static void
test_generators_match_listing (void)
{
  static const char *const families[] = { "stylegan2", "stylegan3" };
  guint n = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    {
      g_autofree char *path = fixture (families[i]);
      g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
      const char *name;
      while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
        {
          g_autofree char *network = g_build_filename (families[i], name, "network.pkl", NULL);
          g_autofree char *info_name = g_build_filename (families[i], name, "info.json", NULL);
          g_autofree char *full = fixture (network);
          if (!g_file_test (full, G_FILE_TEST_EXISTS))
            continue;
          g_autoptr (JsonObject) info = load_json (info_name);
          g_autoptr (C2lWeights) weights = load_fixture (network);
          JsonObject *config = c2l_weights_get_config (weights);
          g_assert_cmpint (c2l_weights_get_kind (weights), ==, C2L_WEIGHTS_GENERATOR);
          g_assert_cmpstr (json_object_get_string_member (config, "class"), ==, families[i]);
          g_assert_cmpint (json_object_get_int_member (config, "num_ws"), ==, json_object_get_int_member (info, "num_ws"));
          if (json_object_has_member (info, "tensors"))
            assert_listed (weights, json_object_get_object_member (info, "tensors"));
          n++;
        }
    }
  g_assert_cmpuint (n, >=, 3);
}

static void
test_stylegan2_config (void)
{
  g_autoptr (C2lWeights) weights = load_fixture ("stylegan2/arch-resnet/network.pkl");
  JsonObject *config = c2l_weights_get_config (weights);
  JsonObject *synthesis = json_object_get_object_member (config, "synthesis");
  JsonArray *filter = json_object_get_array_member (synthesis, "resample_filter");

  g_assert_cmpstr (json_object_get_string_member (synthesis, "architecture"), ==, "resnet");
  g_assert_cmpfloat (json_object_get_double_member (synthesis, "conv_clamp"), ==, 256);
  g_assert_true (json_object_get_boolean_member (synthesis, "use_noise"));
  g_assert_cmpuint (json_array_get_length (filter), ==, 4);
  g_assert_cmpfloat (json_array_get_double_element (filter, 1), ==, 3);
  g_assert_cmpfloat_with_epsilon (
      json_object_get_double_member (json_object_get_object_member (config, "mapping"), "lr_multiplier"), 0.01, 1e-9);
}

static void
test_stylegan3_config (void)
{
  g_autoptr (C2lWeights) weights = load_fixture ("stylegan3/r/network.pkl");
  g_autoptr (JsonObject) info = load_json ("stylegan3/r/info.json");
  JsonObject *synthesis = json_object_get_object_member (c2l_weights_get_config (weights), "synthesis");
  JsonObject *layers = json_object_get_object_member (synthesis, "layers");
  JsonObject *expected = json_object_get_object_member (info, "layers");
  g_autoptr (GList) names = json_object_get_members (expected), found = json_object_get_members (layers);

  g_assert_cmpuint (g_list_length (names), ==, g_list_length (found));
  for (GList *name = names, *ours = found; name != NULL; name = name->next, ours = ours->next)
    {
      JsonObject *theirs = json_object_get_object_member (expected, name->data);
      JsonObject *layer = json_object_get_object_member (layers, name->data);
      g_autoptr (GList) keys = json_object_get_members (theirs);
      g_assert_cmpstr (ours->data, ==, name->data);
      for (GList *key = keys; key != NULL; key = key->next)
        g_assert_true (json_node_equal (json_object_get_member (theirs, key->data), json_object_get_member (layer, key->data)));
    }
  g_assert_cmpfloat (json_object_get_double_member (synthesis, "output_scale"), ==, 0.25);
  g_assert_true (json_object_has_member (json_object_get_object_member (synthesis, "input"), "bandwidth"));
}

static void
test_tensorflow_era (void)
{
  g_autoptr (C2lWeights) weights = load_fixture ("stylegan2/tf-era/network.pkl");
  g_autoptr (C2lWeights) expected = load_fixture ("stylegan2/tf-era/expected.safetensors");
  g_autofree const char **names = c2l_weights_list_names (expected);
  guint n = 0;

  for (guint i = 0; names[i] != NULL; i++)
    if (g_str_has_prefix (names[i], "tensor."))
      {
        const C2lArray *array = c2l_weights_lookup (weights, names[i] + strlen ("tensor."));
        if (array == NULL)
          g_error ("“%s” is missing", names[i]);
        assert_same_array (array, c2l_weights_lookup (expected, names[i]));
        n++;
      }
  g_autofree const char **ours = c2l_weights_list_names (weights);
  g_assert_cmpuint (g_strv_length ((char **) ours), ==, n);
}

static void
test_rosinality (void)
{
  g_autoptr (C2lWeights) weights = load_fixture ("stylegan2/rosinality/network.pt");
  g_autoptr (C2lWeights) expected = load_fixture ("stylegan2/rosinality/expected.safetensors");
  const C2lArray *filter = c2l_weights_lookup (weights, "synthesis.b32.conv0.resample_filter");
  JsonObject *config = c2l_weights_get_config (weights);

  g_assert_cmpint (c2l_weights_get_kind (weights), ==, C2L_WEIGHTS_GENERATOR);
  g_assert_cmpint (json_object_get_int_member (config, "img_resolution"), ==, 32);
  g_assert_cmpint (json_object_get_int_member (config, "num_ws"), ==, 8);
  assert_same_array (c2l_weights_lookup (weights, "mapping.w_avg"), c2l_weights_lookup (expected, "latent_avg"));
  g_assert_cmpint (c2l_weights_lookup (weights, "synthesis.b4.conv1.noise_strength")->n_dims, ==, 0);
  g_assert_cmpint (c2l_weights_lookup (weights, "synthesis.b16.conv0.noise_const")->dims[1], ==, 16);

  g_autofree float *taps = c2l_array_dup_f32 (filter);
  float sum = 0;
  for (gsize i = 0; i < filter->length; i++)
    sum += taps[i];
  g_assert_cmpfloat_with_epsilon (sum, 1, 1e-6);
}

static void
test_clip_archives_agree (void)
{
  static const char *const files[] = { "clip/jit-fp16.pt", "clip/hf/model.safetensors" };
  g_autoptr (C2lWeights) plain = load_fixture ("clip/state-fp16.pt");
  g_autofree const char **names = c2l_weights_list_names (plain);

  g_assert_cmpint (c2l_weights_get_kind (plain), ==, C2L_WEIGHTS_CLIP);
  g_assert_null (c2l_weights_lookup (plain, "vocab_size"));
  for (gsize f = 0; f < G_N_ELEMENTS (files); f++)
    {
      g_autoptr (C2lWeights) other = load_fixture (files[f]);
      g_autofree const char **others = c2l_weights_list_names (other);
      g_assert_cmpint (c2l_weights_get_kind (other), ==, C2L_WEIGHTS_CLIP);
      g_assert_cmpuint (g_strv_length ((char **) others), ==, g_strv_length ((char **) names));
      for (guint i = 0; names[i] != NULL; i++)
        assert_same_array (c2l_weights_lookup (other, names[i]), c2l_weights_lookup (plain, names[i]));
    }
}

static void
test_legacy_prior (void)
{
  g_autoptr (C2lWeights) weights = load_fixture ("prior/w-legacy-file/prior.ckpt");
  const C2lArray *query = c2l_weights_lookup (weights, "ema_diffusion_prior.ema_model.net.learned_query");

  g_assert_cmpint (c2l_weights_get_kind (weights), ==, C2L_WEIGHTS_PRIOR);
  g_assert_nonnull (query);
  g_autofree char *shape = c2l_array_to_string (query);
  g_assert_cmpstr (shape, ==, "f32 [16]");
  g_autofree float *values = c2l_array_dup_f32 (query);
  for (gsize i = 0; i < query->length; i++)
    g_assert_true (isfinite (values[i]) && fabsf (values[i]) < 100);
}

static void
test_direction (void)
{
  g_autoptr (C2lWeights) age = load_fixture ("upstream-data/directions/age.pt");
  g_autoptr (C2lWeights) pose = load_fixture ("upstream-data/directions/pose.pt");
  g_autofree char *shape = c2l_array_to_string (c2l_weights_lookup (pose, ""));
  g_autofree float *values = c2l_array_dup_f32 (c2l_weights_lookup (age, ""));
  double norm = 0;

  for (int i = 0; i < 512; i++)
    norm += values[i] * (double) values[i];
  g_assert_cmpint (c2l_weights_get_kind (age), ==, C2L_WEIGHTS_TENSOR);
  g_assert_cmpfloat_with_epsilon (norm, 1, 1e-5);
  g_assert_cmpstr (shape, ==, "f32 [1, 18, 512]");
}

static void
test_added_arrays_are_copies (void)
{
  g_autoptr (C2lWeights) weights = c2l_weights_new (C2L_WEIGHTS_PLAIN, "here", "made up");
  float values[] = { 1, 2, 3 };
  C2lArray array = { .dtype = C2L_F32, .n_dims = 1, .dims = { 3 }, .length = 3, .data = values };

  c2l_weights_add (weights, "a", &array);
  const C2lArray *added = c2l_weights_lookup (weights, "a");
  values[0] = 9;
  g_assert_cmpfloat (((const float *) added->data)[0], ==, 1);
  c2l_weights_add (weights, "a", &array);
  g_assert_true (c2l_weights_lookup (weights, "a") == added);
  g_assert_cmpfloat (((const float *) added->data)[0], ==, 9);
  g_assert_cmpuint (c2l_weights_get_length (weights), ==, 1);
}

static void
test_names_missing_file (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (c2l_weights_load ("/nowhere/at-all.pkl", &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "at-all.pkl"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/weights/generators/match-their-listing", test_generators_match_listing);
  g_test_add_func ("/weights/generators/stylegan2-config", test_stylegan2_config);
  g_test_add_func ("/weights/generators/stylegan3-config", test_stylegan3_config);
  g_test_add_func ("/weights/generators/tensorflow-era-converts-exactly", test_tensorflow_era);
  g_test_add_func ("/weights/generators/rosinality-takes-nvidia-names", test_rosinality);
  g_test_add_func ("/weights/clip/archives-agree", test_clip_archives_agree);
  g_test_add_func ("/weights/prior/legacy-file", test_legacy_prior);
  g_test_add_func ("/weights/tensor/direction", test_direction);
  g_test_add_func ("/weights/add/copies", test_added_arrays_are_copies);
  g_test_add_func ("/weights/load/names-the-missing-file", test_names_missing_file);
  return g_test_run ();
}
