/* StyleGAN2 against the original's pictures and activations, and what the folders cannot show: previews, random noise, files whose
 * sizes contradict each other. */
#include "generator-fixture.h"

#include <math.h>
#include <string.h>

#define SKIP_FOLDER "stylegan2/uncond"
#define RESNET_FOLDER "stylegan2/arch-resnet"

static void
test_preview_is_the_running_picture (void)
{
  g_autoptr (C2lDevice) device = generator_fixture_open_device ();
  g_autoptr (C2lGenerator) generator = generator_fixture_open_folder (SKIP_FOLDER, device);
  g_autofree float *ws = generator_fixture_make_ws (generator, 2);
  gsize n_preview, n_running;
  g_autofree float *preview =
    generator_fixture_draw (generator, device, 2, ws, &(Drawing) { .options.max_resolution = 8 }, &n_preview);
  g_autofree float *running =
    generator_fixture_draw (generator, device, 2, ws, &(Drawing) { .tap = "act.b8.img" }, &n_running);

  g_assert_true (c2l_generator_has_previews (generator));
  g_assert_cmpuint (n_preview, ==, 2 * 8 * 8 * 3);
  g_assert_cmpuint (n_preview, ==, n_running);
  g_assert_cmpfloat (generator_fixture_difference (preview, running, n_preview), <, 1e-6);
}

static void
test_preview_sizes_are_rounded_down (void)
{
  g_autoptr (C2lDevice) device = generator_fixture_open_device ();
  g_autoptr (C2lGenerator) generator = generator_fixture_open_folder (SKIP_FOLDER, device);

  g_assert_cmpint (c2l_generator_get_preview_resolution (generator, 0), ==, 32);
  g_assert_cmpint (c2l_generator_get_preview_resolution (generator, 1000), ==, 32);
  g_assert_cmpint (c2l_generator_get_preview_resolution (generator, 15), ==, 8);
  g_assert_cmpint (c2l_generator_get_preview_resolution (generator, 1), ==, 4);
}

static void
test_resnet_has_no_previews (void)
{
  g_autoptr (C2lDevice) device = generator_fixture_open_device ();
  g_autoptr (C2lGenerator) generator = generator_fixture_open_folder (RESNET_FOLDER, device);
  g_autofree float *ws = generator_fixture_make_ws (generator, 1);
  gsize n;
  g_autofree float *picture = generator_fixture_draw (generator, device, 1, ws, &(Drawing) { .options.max_resolution = 8 }, &n);

  g_assert_false (c2l_generator_has_previews (generator));
  g_assert_cmpint (c2l_generator_get_preview_resolution (generator, 8), ==, 16);
  g_assert_cmpuint (n, ==, 16 * 16 * 3);
}

static void
test_random_noise_depends_on_the_key_alone (void)
{
  static const gint32 both[] = { 7, 0, 3, 0, 9, 1, 4, 0 };

  g_autoptr (C2lDevice) device = generator_fixture_open_device ();
  g_autoptr (C2lGenerator) generator = generator_fixture_open_folder (SKIP_FOLDER, device);
  g_autofree float *ws = generator_fixture_make_ws (generator, 2);
  const C2lSynthesis random = { .noise_mode = C2L_NOISE_RANDOM };
  gsize n_ws = (gsize) c2l_generator_get_num_ws (generator) * (gsize) c2l_generator_get_w_dim (generator);
  gsize n_two, n_one;

  g_autofree float *two = generator_fixture_draw (generator, device, 2, ws, &(Drawing) { random, both }, &n_two);
  g_autofree float *second = generator_fixture_draw (generator, device, 1, ws + n_ws, &(Drawing) { random, both + 4 }, &n_one);
  g_autofree float *other = generator_fixture_draw (generator, device, 1, ws + n_ws, &(Drawing) { random, both }, &n_one);

  g_assert_cmpfloat (generator_fixture_difference (two + n_one, second, n_one), <, 1e-5);
  g_assert_cmpfloat (generator_fixture_difference (other, second, n_one), >, 1e-2);
}

static void
test_random_noise_needs_keys (void)
{
  g_autoptr (C2lDevice) device = generator_fixture_open_device ();
  g_autoptr (C2lGenerator) generator = generator_fixture_open_folder (RESNET_FOLDER, device);
  g_autoptr (C2lPass) pass = c2l_pass_new (device, C2L_PRECISION_F32, "test");
  const gint64 dims[] = { 1, c2l_generator_get_num_ws (generator), c2l_generator_get_w_dim (generator) };
  C2lTensor *ws = c2l_pass_add_input (pass, "ws", C2L_F32, 3, dims);
  g_autoptr (GError) error = NULL;

  c2l_pass_keep (pass, "picture",
                 c2l_generator_forward_synthesis (generator, pass, ws, &(C2lSynthesis) { .noise_mode = C2L_NOISE_RANDOM }));
  g_assert_false (c2l_pass_compile (pass, &error));
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_FAILED);
}

static void
test_latents_of_another_shape_are_an_error (void)
{
  g_autoptr (C2lDevice) device = generator_fixture_open_device ();
  g_autoptr (C2lGenerator) generator = generator_fixture_open_folder (RESNET_FOLDER, device);
  g_autoptr (C2lPass) pass = c2l_pass_new (device, C2L_PRECISION_F32, "test");
  C2lTensor *ws = c2l_pass_add_input (pass, "ws", C2L_F32, 3, (gint64[]) { 1, 5, 16 });
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_generator_forward_synthesis (generator, pass, ws, NULL));
  g_assert_false (c2l_pass_compile (pass, &error));
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_SHAPE);
}

static void
test_sizes_are_those_of_the_file (void)
{
  g_autoptr (C2lDevice) device = generator_fixture_open_device ();
  g_autoptr (C2lGenerator) generator = generator_fixture_open_folder (SKIP_FOLDER, device);
  gsize n_layers;
  const C2lNoiseLayer *layers = c2l_generator_get_noise_layers (generator, &n_layers);
  int w_index;

  g_assert_cmpint (c2l_generator_get_kind (generator), ==, C2L_GENERATOR_STYLEGAN2);
  g_assert_cmpint (c2l_generator_get_z_dim (generator), ==, 32);
  g_assert_cmpint (c2l_generator_get_c_dim (generator), ==, 0);
  g_assert_cmpint (c2l_generator_get_w_dim (generator), ==, 32);
  g_assert_cmpint (c2l_generator_get_num_ws (generator), ==, 8);
  g_assert_cmpint (c2l_generator_get_img_resolution (generator), ==, 32);
  g_assert_cmpint (c2l_generator_get_img_channels (generator), ==, 3);
  g_assert_nonnull (c2l_generator_get_w_avg (generator));
  g_assert_cmpuint (n_layers, ==, 7);
  g_assert_cmpstr (layers[1].name, ==, "b8.conv0");
  g_assert_cmpint (layers[6].resolution, ==, 32);
  g_assert_cmpint (c2l_generator_get_n_style_layers (generator), ==, 7);
  g_assert_cmpint (c2l_tensor_get_dim (c2l_generator_get_style_weight (generator, 6, &w_index), 0), ==, 16);
  g_assert_cmpint (w_index, ==, 6);
}

/* Files that contradict themselves. */

typedef struct
{
  const char *path; /* test */
  const char *name;
  int n_dims;
  gint64 dims[C2L_MAX_DIMS];
  float value;
  const char *text;
} WrongTensor;

static const WrongTensor wrong_tensors[] = {
  { "const", "synthesis.b4.const", 3, { 12, 3, 3 }, 1, "synthesis.b4.const" },
  { "const-channels", "synthesis.b4.const", 3, { 13, 4, 4 }, 1, "12" },
  { "kernel", "synthesis.b8.conv1.weight", 4, { 12, 12, 5, 5 }, 1, "5×5" },
  { "oblong-kernel", "synthesis.b8.conv1.weight", 4, { 12, 12, 3, 1 }, 1, "3×1" },
  { "dimensions", "synthesis.b8.conv0.weight", 2, { 12, 108 }, 1, "synthesis.b8.conv0.weight" },
  { "bias", "synthesis.b8.conv0.bias", 1, { 11 }, 1, "synthesis.b8.conv0.bias" },
  { "affine", "synthesis.b16.conv0.affine.weight", 2, { 16, 12 }, 1, "synthesis.b16.conv0.affine.weight" },
  { "noise", "synthesis.b16.conv0.noise_const", 2, { 8, 8 }, 1, "noise_const" },
  { "noise-strength-nan", "synthesis.b16.conv0.noise_strength", 0, { 0 }, NAN, "finite" },
  { "noise-strength-shape", "synthesis.b16.conv0.noise_strength", 1, { 2 }, 1, "single number" },
  { "filter", "synthesis.b16.conv0.resample_filter", 2, { 4, 3 }, 1, "resample_filter" },
  { "filter-nan", "synthesis.b16.conv0.resample_filter", 2, { 4, 4 }, NAN, "finite" },
  { "torgb", "synthesis.b16.torgb.weight", 4, { 3, 10, 3, 3 }, 1, "torgb" },
  { "skip", "synthesis.b16.skip.weight", 4, { 10, 10, 1, 1 }, 1, "skip" },
  { "w-avg", "mapping.w_avg", 1, { 15 }, 1, "w_avg" },
  { "mapping", "mapping.fc1.weight", 2, { 16, 17 }, 1, "mapping.fc1.weight" },
  { "w-dim", "mapping.fc1.weight", 2, { 18, 16 }, 1, "mapping.fc1.bias" },
  { "embedding", "mapping.embed.weight", 2, { 99, 3 }, 1, "mapping" },
};

static void
test_refuses_wrong_tensor (gconstpointer data)
{
  const WrongTensor *wrong = data;
  g_autoptr (C2lWeights) whole = generator_fixture_load (RESNET_FOLDER);
  g_autoptr (C2lWeights) weights = generator_fixture_copy (whole, NULL);
  C2lArray array = { .dtype = C2L_F32, .n_dims = wrong->n_dims, .length = 1 };

  for (int i = 0; i < wrong->n_dims; i++)
    {
      array.dims[i] = wrong->dims[i];
      array.length *= (gsize) wrong->dims[i];
    }
  g_autofree float *values = g_new (float, array.length);
  for (gsize i = 0; i < array.length; i++)
    values[i] = wrong->value;
  array.data = values;
  c2l_weights_add (weights, wrong->name, &array);
  generator_fixture_assert_refused (weights, wrong->text);
}

typedef struct
{
  const char *path;
  const char *member; /* of the configuration, or with a dot of its "synthesis" or "mapping" */
  const char *json;
  const char *text;
} WrongConfig;

static const WrongConfig wrong_configs[] = {
  { "resolution", "img_resolution", "64", "img_resolution" },
  { "channels", "img_channels", "4", "img_channels" },
  { "latents", "num_ws", "18", "num_ws" },
  { "fraction", "num_ws", "6.5", "whole" },
  { "w-dim", "w_dim", "512", "w_dim" },
  { "c-dim", "c_dim", "3", "c_dim" },
  { "z-dim-text", "z_dim", "\"many\"", "z_dim" },
  { "architecture", "synthesis.architecture", "\"skip\"", "skip" },
  { "negative-clamp", "synthesis.conv_clamp", "-1", "conv_clamp" },
  { "text-clamp", "synthesis.conv_clamp", "\"256\"", "conv_clamp" },
  { "activation", "mapping.activation", "\"selu\"", "selu" },
  { "multiplier", "mapping.lr_multiplier", "0", "lr_multiplier" },
};

static void
set_member (C2lWeights *weights,
            const char *path,
            const char *json)
{
  JsonObject *object = c2l_weights_get_config (weights);
  const char *dot = strchr (path, '.');

  if (dot != NULL)
    {
      g_autofree char *parent = g_strndup (path, (gsize) (dot - path));

      if (!json_object_has_member (object, parent))
        json_object_set_object_member (object, parent, json_object_new ());
      object = json_object_get_object_member (object, parent);
      path = dot + 1;
    }
  json_object_set_member (object, path, json_from_string (json, NULL));
}

static void
test_refuses_wrong_config (gconstpointer data)
{
  const WrongConfig *wrong = data;
  g_autoptr (C2lWeights) whole = generator_fixture_load (RESNET_FOLDER);
  g_autoptr (C2lWeights) weights = generator_fixture_copy (whole, NULL);

  set_member (weights, wrong->member, wrong->json);
  generator_fixture_assert_refused (weights, wrong->text);
}

static void
test_refuses_gap_between_blocks (void)
{
  g_autoptr (C2lWeights) whole = generator_fixture_load (RESNET_FOLDER);
  g_autoptr (C2lWeights) weights = generator_fixture_copy (whole, NULL);

  c2l_weights_add (weights, "synthesis.b64.conv1.weight", c2l_weights_lookup (whole, "synthesis.b16.conv1.weight"));
  generator_fixture_assert_refused (weights, "64");
}

static void
test_refuses_absurd_resolution (void)
{
  g_autoptr (C2lWeights) whole = generator_fixture_load (RESNET_FOLDER);
  g_autoptr (C2lWeights) weights = generator_fixture_copy (whole, NULL);

  c2l_weights_add (weights, "synthesis.b1048576.conv1.weight", c2l_weights_lookup (whole, "synthesis.b16.conv1.weight"));
  generator_fixture_assert_refused (weights, "at most 4096");
}

static void
test_refuses_file_of_something_else (void)
{
  g_autoptr (C2lWeights) weights = c2l_weights_new (C2L_WEIGHTS_PLAIN, "made-up.pkl", "empty");

  generator_fixture_assert_refused (weights, "not a StyleGAN2 or StyleGAN3 generator");
}

int
main (int argc, char **argv)
{
  static const char *const needed[] = {
    "synthesis.b4.conv1.weight", "synthesis.b8.conv0.weight", "synthesis.b8.conv1.weight", "synthesis.b8.conv1.bias",
    "synthesis.b8.conv1.affine.weight", "synthesis.b16.torgb.weight", "synthesis.b16.torgb.bias",
    "synthesis.b16.skip.weight", "mapping.fc0.weight",
  };

  g_test_init (&argc, &argv, NULL);
  generator_fixture_add_tests ("stylegan2", "/stylegan2");
  g_test_add_func ("/stylegan2/sizes-are-those-of-the-file", test_sizes_are_those_of_the_file);
  g_test_add_func ("/stylegan2/preview/is-the-running-picture", test_preview_is_the_running_picture);
  g_test_add_func ("/stylegan2/preview/sizes-are-rounded-down", test_preview_sizes_are_rounded_down);
  g_test_add_func ("/stylegan2/preview/resnet-has-none", test_resnet_has_no_previews);
  g_test_add_func ("/stylegan2/random-noise/depends-on-the-key-alone", test_random_noise_depends_on_the_key_alone);
  g_test_add_func ("/stylegan2/random-noise/needs-keys", test_random_noise_needs_keys);
  g_test_add_func ("/stylegan2/latents-of-another-shape-are-an-error", test_latents_of_another_shape_are_an_error);
  g_test_add_data_func ("/stylegan2/bf16-stays-close/skip", SKIP_FOLDER, generator_fixture_test_bf16);
  g_test_add_data_func ("/stylegan2/bf16-stays-close/resnet", RESNET_FOLDER, generator_fixture_test_bf16);
  g_test_add_func ("/stylegan2/refuses/gap-between-blocks", test_refuses_gap_between_blocks);
  g_test_add_func ("/stylegan2/refuses/absurd-resolution", test_refuses_absurd_resolution);
  g_test_add_func ("/stylegan2/refuses/file-of-something-else", test_refuses_file_of_something_else);
  generator_fixture_add_missing ("/stylegan2", RESNET_FOLDER, needed, G_N_ELEMENTS (needed));
  for (gsize i = 0; i < G_N_ELEMENTS (wrong_tensors); i++)
    {
      g_autofree char *path = g_strconcat ("/stylegan2/refuses/tensor/", wrong_tensors[i].path, NULL);
      g_test_add_data_func (path, &wrong_tensors[i], test_refuses_wrong_tensor);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (wrong_configs); i++)
    {
      g_autofree char *path = g_strconcat ("/stylegan2/refuses/config/", wrong_configs[i].path, NULL);
      g_test_add_data_func (path, &wrong_configs[i], test_refuses_wrong_config);
    }
  return g_test_run ();
}
