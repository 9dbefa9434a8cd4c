/* Made-up weights load as the models they stand for, and the same seed makes the same ones. The large ones run in `c2l bench`. */
#include "generator-fixture.h"
#include "models/clip.h"
#include "models/prior.h"
#include "models/synthetic.h"

static void
test_generator_loads (gconstpointer data)
{
  static const struct { int resolution, num_ws; } sizes[] = {
    [C2L_SYNTHETIC_STYLEGAN2_1024] = { 1024, 18 },
    [C2L_SYNTHETIC_STYLEGAN3_T_256] = { 256, 16 },
  };
  C2lSyntheticKind kind = GPOINTER_TO_INT (data);
  g_autoptr (C2lDevice) device = generator_fixture_open_device ();
  g_autoptr (C2lWeights) weights = c2l_synthetic_new (kind, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lGenerator) generator = c2l_generator_load (weights, device, &error);

  g_assert_no_error (error);
  g_assert_cmpint (c2l_generator_get_img_resolution (generator), ==, sizes[kind].resolution);
  g_assert_cmpint (c2l_generator_get_num_ws (generator), ==, sizes[kind].num_ws);
  g_assert_cmpint (c2l_generator_get_w_dim (generator), ==, 512);
}

static void
test_prior_loads (void)
{
  g_autoptr (C2lDevice) device = generator_fixture_open_device ();
  g_autoptr (C2lWeights) weights = c2l_synthetic_new (C2L_SYNTHETIC_PRIOR_MID, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lPrior) prior = c2l_prior_load (weights, C2L_PRIOR_EMA, NULL, device, &error);

  g_assert_no_error (error);
  g_assert_nonnull (prior);
}

static void
test_clip_loads (void)
{
  g_autoptr (C2lDevice) device = generator_fixture_open_device ();
  g_autoptr (C2lWeights) weights = c2l_synthetic_new (C2L_SYNTHETIC_CLIP_VIT_B_32, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lClip) clip = c2l_clip_load (weights, device, &error);

  g_assert_no_error (error);
  g_assert_nonnull (clip);
}

static void
test_preview_has_sensible_scale (void)
{
  g_autoptr (C2lDevice) device = generator_fixture_open_device ();
  g_autoptr (C2lWeights) weights = c2l_synthetic_new (C2L_SYNTHETIC_STYLEGAN2_1024, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lGenerator) generator = c2l_generator_load (weights, device, &error);
  double sum = 0;
  gsize n;

  g_assert_no_error (error);
  g_autofree float *ws = generator_fixture_make_ws (generator, 1);
  g_autofree float *picture = generator_fixture_draw (generator, device, 1, ws, &(Drawing) { .options.max_resolution = 32 }, &n);
  g_assert_cmpuint (n, ==, 32 * 32 * 3);
  for (gsize i = 0; i < n; i++)
    sum += picture[i] * picture[i];
  g_assert_cmpfloat (sum / (double) n, >, 0.01);
  g_assert_cmpfloat (sum / (double) n, <, 100);
}

static void
test_seed_decides (void)
{
  g_autoptr (C2lWeights) one = c2l_synthetic_new (C2L_SYNTHETIC_PRIOR_MID, 1);
  g_autoptr (C2lWeights) again = c2l_synthetic_new (C2L_SYNTHETIC_PRIOR_MID, 1);
  g_autoptr (C2lWeights) other = c2l_synthetic_new (C2L_SYNTHETIC_PRIOR_MID, 2);
  const char *name = "ema_diffusion_prior.ema_model.net.learned_query";
  const C2lArray *a = c2l_weights_lookup (one, name), *b = c2l_weights_lookup (again, name), *c = c2l_weights_lookup (other, name);

  g_assert_cmpmem (a->data, a->length * sizeof (float), b->data, b->length * sizeof (float));
  g_assert_cmpfloat (generator_fixture_difference (a->data, c->data, a->length), >, 0.1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/synthetic/loads/stylegan2", GINT_TO_POINTER (C2L_SYNTHETIC_STYLEGAN2_1024), test_generator_loads);
  g_test_add_data_func ("/synthetic/loads/stylegan3", GINT_TO_POINTER (C2L_SYNTHETIC_STYLEGAN3_T_256), test_generator_loads);
  g_test_add_func ("/synthetic/loads/prior", test_prior_loads);
  g_test_add_func ("/synthetic/loads/clip", test_clip_loads);
  g_test_add_func ("/synthetic/preview-has-sensible-scale", test_preview_has_sensible_scale);
  g_test_add_func ("/synthetic/seed-decides", test_seed_decides);
  return g_test_run ();
}
