/* StyleGAN3 against the original's pictures and activations, and what the folders cannot show: transforms, neighbours in the batch, files
 * that leave things out or contradict themselves. */
#include "generator-fixture.h"

#include <math.h>
#include <string.h>

#define FOLDER "stylegan3/t"

static void
test_transform_is_the_original_s (void)
{
  static const struct
  {
    const char *name;
    double x, y, degrees;
  } cases[] = {
    { "transform.translate0.1", 0.1, 0, 0 },
    { "transform.rotate20", 0, 0, 20 },
    { "transform.translate0.1_-0.25_rotate20", 0.1, -0.25, 20 },
  };
  g_autoptr (C2lExpected) expected = fixture_load (FOLDER);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      float matrix[9];

      c2l_generator_make_transform (cases[i].x, cases[i].y, cases[i].degrees, matrix);
      fixture_compare (expected, cases[i].name, matrix, 9);
    }
}

static void
test_transform_moves_the_picture (void)
{
  g_autoptr (C2lDevice) device = generator_fixture_open_device ();
  g_autoptr (C2lGenerator) generator = generator_fixture_open_folder (FOLDER, device);
  g_autofree float *ws = generator_fixture_make_ws (generator, 1);
  float still[9], moved[9];
  gsize n;

  c2l_generator_make_transform (0, 0, 0, still);
  c2l_generator_make_transform (0.25, 0, 0, moved);
  g_autofree float *stored = generator_fixture_draw (generator, device, 1, ws, &(Drawing) { 0 }, &n);
  g_autofree float *same = generator_fixture_draw (generator, device, 1, ws, &(Drawing) { .transform = still }, &n);
  g_autofree float *other = generator_fixture_draw (generator, device, 1, ws, &(Drawing) { .transform = moved }, &n);
  g_assert_cmpfloat (generator_fixture_difference (same, stored, n), ==, 0);
  g_assert_cmpfloat (generator_fixture_difference (other, stored, n), >, 0.01);
}

static void
test_picture_does_not_depend_on_neighbours (void)
{
  g_autoptr (C2lDevice) device = generator_fixture_open_device ();
  g_autoptr (C2lGenerator) generator = generator_fixture_open_folder (FOLDER, device);
  g_autofree float *ws = generator_fixture_make_ws (generator, 3);
  gsize n_ws = (gsize) c2l_generator_get_num_ws (generator) * (gsize) c2l_generator_get_w_dim (generator);
  gsize n_three, n_one;
  g_autofree float *three = generator_fixture_draw (generator, device, 3, ws, &(Drawing) { 0 }, &n_three);
  g_autofree float *last = generator_fixture_draw (generator, device, 1, ws + 2 * n_ws, &(Drawing) { 0 }, &n_one);

  g_assert_cmpfloat (generator_fixture_difference (three + 2 * n_one, last, n_one), <, 1e-5);
}

static void
test_sizes_are_those_of_the_file (void)
{
  g_autoptr (C2lDevice) device = generator_fixture_open_device ();
  g_autoptr (C2lGenerator) generator = generator_fixture_open_folder (FOLDER, device);
  gsize n_layers;
  int w_index;

  c2l_generator_get_noise_layers (generator, &n_layers);
  g_assert_cmpint (c2l_generator_get_kind (generator), ==, C2L_GENERATOR_STYLEGAN3);
  g_assert_cmpint (c2l_generator_get_num_ws (generator), ==, 8);
  g_assert_cmpint (c2l_generator_get_img_resolution (generator), ==, 32);
  g_assert_cmpuint (n_layers, ==, 0);
  g_assert_false (c2l_generator_has_previews (generator));
  g_assert_cmpint (c2l_generator_get_preview_resolution (generator, 8), ==, 32);
  g_assert_cmpint (c2l_generator_get_n_style_layers (generator), ==, 7);
  g_assert_nonnull (c2l_generator_get_style_weight (generator, 0, &w_index));
  g_assert_cmpint (w_index, ==, 1);
}

static JsonObject *
get_synthesis (C2lWeights *weights)
{
  return json_object_get_object_member (c2l_weights_get_config (weights), "synthesis");
}

/* Factors and paddings follow from the filters and the names of the layers. */
static void
test_layers_need_no_attributes (void)
{
  g_autoptr (C2lDevice) device = generator_fixture_open_device ();
  g_autoptr (C2lWeights) whole = generator_fixture_load (FOLDER);
  g_autoptr (C2lWeights) bare = generator_fixture_copy (whole, NULL);
  JsonObject *synthesis = get_synthesis (bare);
  gsize n;

  json_object_remove_member (synthesis, "layers");
  json_object_set_int_member (synthesis, "conv_clamp", 256);
  g_autoptr (C2lGenerator) told = generator_fixture_open (whole, device);
  g_autoptr (C2lGenerator) guessed = generator_fixture_open (bare, device);
  g_autofree float *ws = generator_fixture_make_ws (told, 1);
  g_autofree float *a = generator_fixture_draw (told, device, 1, ws, &(Drawing) { 0 }, &n);
  g_autofree float *b = generator_fixture_draw (guessed, device, 1, ws, &(Drawing) { 0 }, &n);
  g_assert_cmpfloat (generator_fixture_difference (a, b, n), ==, 0);
}

typedef struct
{
  const char *path;
  const char *layer;  /* "" for the synthesis network itself, "input", or a layer */
  const char *member;
  const char *json;   /* NULL: removed */
  const char *text;
} WrongConfig;

static const WrongConfig wrong_configs[] = {
  { "zero-factor", "L2_52_20", "up_factor", "0", "up_factor" },
  { "other-factor", "L2_52_20", "up_factor", "2", "L2_52_20" },
  { "huge-factor", "L2_52_20", "down_factor", "1e9", "down_factor" },
  { "absurd-padding", "L2_52_20", "padding", "[60000, 9, 60000, 9]", "60" },
  { "padding-length", "L0_36_20", "padding", "[9, 8]", "padding" },
  { "padding-text", "L0_36_20", "padding", "[9, 8, \"x\", 8]", "L0_36_20" },
  { "padding-size", "L0_36_20", "padding", "[9, 8, 9, 7]", "L0_36_20" },
  { "padding-crops-all", "L0_36_20", "padding", "[-60000, 0, -60000, 0]", "L0_36_20" },
  { "out-size", "L3_52_20", "out_size", "[52, 48]", "out_size" },
  { "huge-out-size", "L3_52_20", "out_size", "1000000000", "out_size" },
  { "input-size", "input", "size", "[40, 40]", "L0_36_20" },
  { "no-input-size", "input", "size", NULL, "Fourier" },
  { "sampling-rate", "input", "sampling_rate", "-16", "sampling_rate" },
  { "no-bandwidth", "input", "bandwidth", NULL, "bandwidth" },
  { "output-scale", "", "output_scale", "\"much\"", "output_scale" },
};

static void
test_refuses_wrong_config (gconstpointer data)
{
  const WrongConfig *wrong = data;
  g_autoptr (C2lWeights) whole = generator_fixture_load (FOLDER);
  g_autoptr (C2lWeights) weights = generator_fixture_copy (whole, NULL);
  JsonObject *object = get_synthesis (weights);

  if (strcmp (wrong->layer, "input") == 0)
    object = json_object_get_object_member (object, "input");
  else if (*wrong->layer != '\0')
    object = json_object_get_object_member (json_object_get_object_member (object, "layers"), wrong->layer);
  if (wrong->json != NULL)
    json_object_set_member (object, wrong->member, json_from_string (wrong->json, NULL));
  else
    json_object_remove_member (object, wrong->member);
  generator_fixture_assert_refused (weights, wrong->text);
}

static void
test_refuses_magnitude_of_zero (void)
{
  static const float zero = 0;
  g_autoptr (C2lWeights) whole = generator_fixture_load (FOLDER);
  g_autoptr (C2lWeights) weights = generator_fixture_copy (whole, NULL);

  c2l_weights_add (weights, "synthesis.L1_36_20.magnitude_ema", &(C2lArray) { .dtype = C2L_F32, .length = 1, .data = &zero });
  generator_fixture_assert_refused (weights, "magnitude_ema");
}

static void
test_refuses_two_layers_of_one_index (void)
{
  g_autoptr (C2lWeights) whole = generator_fixture_load (FOLDER);
  g_autoptr (C2lWeights) weights = generator_fixture_copy (whole, NULL);

  c2l_weights_add (weights, "synthesis.L1_48_20.weight", c2l_weights_lookup (whole, "synthesis.L1_36_20.weight"));
  generator_fixture_assert_refused (weights, "layer 2");
}

int
main (int argc, char **argv)
{
  static const char *const needed[] = {
    "synthesis.input.phases", "synthesis.input.transform", "synthesis.input.weight", "synthesis.input.affine.weight",
    "synthesis.L0_36_20.weight", "synthesis.L3_52_20.weight", "synthesis.L3_52_20.bias", "synthesis.L3_52_20.affine.weight",
    "synthesis.L6_32_3.weight",
  };

  g_test_init (&argc, &argv, NULL);
  generator_fixture_add_tests ("stylegan3", "/stylegan3");
  g_test_add_func ("/stylegan3/sizes-are-those-of-the-file", test_sizes_are_those_of_the_file);
  g_test_add_func ("/stylegan3/transform/is-the-original-s", test_transform_is_the_original_s);
  g_test_add_func ("/stylegan3/transform/moves-the-picture", test_transform_moves_the_picture);
  g_test_add_func ("/stylegan3/picture-does-not-depend-on-neighbours", test_picture_does_not_depend_on_neighbours);
  g_test_add_data_func ("/stylegan3/bf16-stays-close", FOLDER, generator_fixture_test_bf16);
  g_test_add_func ("/stylegan3/layers-need-no-attributes", test_layers_need_no_attributes);
  g_test_add_func ("/stylegan3/refuses/magnitude-of-zero", test_refuses_magnitude_of_zero);
  g_test_add_func ("/stylegan3/refuses/two-layers-of-one-index", test_refuses_two_layers_of_one_index);
  generator_fixture_add_missing ("/stylegan3", FOLDER, needed, G_N_ELEMENTS (needed));
  for (gsize i = 0; i < G_N_ELEMENTS (wrong_configs); i++)
    {
      g_autofree char *path = g_strconcat ("/stylegan3/refuses/config/", wrong_configs[i].path, NULL);
      g_test_add_data_func (path, &wrong_configs[i], test_refuses_wrong_config);
    }
  return g_test_run ();
}
