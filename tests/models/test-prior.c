/* The prior's network and its loading against results of the original, and what it refuses. */
#include "fixture.h"
#include "formats/yaml.h"
#include "made-prior.h"
#include "models/prior-check.h"

#include <math.h>
#include <string.h>

static C2lDevice *device;

static const char *const folders[] = {
  "prior/w", "prior/w3", "prior/w-epsilon", "prior/w-extra-embeds", "prior/w-legacy-file",
};

static void
on_result (const char *name, const float *values, gsize n, gpointer expected)
{
  fixture_compare (expected, name, values, n);
}

static C2lPrior *
load_with (const char *path, C2lPriorSet set, const char *config_path, GError **error)
{
  g_autoptr (C2lWeights) weights = c2l_weights_load (path, error);
  g_autoptr (JsonObject) config = config_path != NULL ? c2l_yaml_load (config_path, error) : NULL;

  if (weights == NULL || (config_path != NULL && config == NULL))
    return NULL;
  return c2l_prior_load (weights, set, config, device, error);
}

static C2lPrior *
load (C2lExpected *expected)
{
  g_autofree char *path = c2l_expected_dup_file (expected, "prior");
  g_autofree char *config = c2l_expected_dup_file (expected, "config");
  g_autoptr (GError) error = NULL;
  C2lPrior *prior = load_with (path, C2L_PRIOR_EMA, config, &error);

  g_assert_no_error (error);
  return prior;
}

static void
test_matches_original (gconstpointer folder)
{
  g_autoptr (C2lExpected) expected = fixture_load (folder);
  g_autoptr (C2lPrior) prior = load (expected);
  g_autoptr (GError) error = NULL;

  c2l_prior_check (expected, prior, device, C2L_PRECISION_F32, on_result, expected, &error);
  g_assert_no_error (error);
}

static void
test_takes_sizes_from_file (gconstpointer folder)
{
  g_autoptr (C2lExpected) expected = fixture_load (folder);
  g_autofree char *path = c2l_expected_dup_file (expected, "prior");
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lPrior) prior = load_with (path, C2L_PRIOR_EMA, NULL, &error);
  JsonObject *said = c2l_expected_get_info (expected);

  g_assert_no_error (error);

  const C2lPriorInfo *info = c2l_prior_get_info (prior);

  g_assert_cmpint (info->dim, ==, json_object_get_int_member (said, "dim"));
  g_assert_cmpint (info->depth, ==, json_object_get_int_member (said, "depth"));
  g_assert_cmpint (info->heads, ==, json_object_get_int_member (said, "heads"));
  g_assert_cmpint (info->head_dim, ==, json_object_get_int_member (said, "dim_head"));
  g_assert_cmpint (info->n_latents, ==, json_object_get_int_member (said, "n_latents"));
}

static float *
predict (const C2lPrior *prior)
{
  gint64 dim = c2l_prior_get_info (prior)->dim;
  g_autoptr (C2lPass) pass = c2l_pass_new (device, C2L_PRECISION_F32, "predict");
  C2lTensor *x = c2l_pass_add_input (pass, "x", C2L_F32, 3, (gint64[]){ 1, 1, dim });
  C2lTensor *t = c2l_pass_add_input (pass, "t", C2L_I32, 1, (gint64[]){ 1 });
  C2lTensor *text = c2l_pass_add_input (pass, "text", C2L_F32, 2, (gint64[]){ 1, dim });
  C2lTensor *result = c2l_prior_forward (prior, pass, x, t, text, NULL);
  g_autofree float *zeros = g_new0 (float, dim);
  gint32 step = 7;
  g_autoptr (GError) error = NULL;

  c2l_tensor_write (x, zeros, dim * sizeof (float));
  c2l_tensor_write (text, zeros, dim * sizeof (float));
  c2l_tensor_write (t, &step, sizeof step);
  c2l_pass_keep (pass, "result", result);
  c2l_pass_compile (pass, &error);
  g_assert_no_error (error);
  c2l_pass_run (pass, NULL, &error);
  g_assert_no_error (error);
  return c2l_check_dup (result);
}

static void
test_has_two_sets (void)
{
  g_autoptr (C2lExpected) expected = fixture_load ("prior/w-legacy-file");
  g_autofree char *path = c2l_expected_dup_file (expected, "prior");
  g_autoptr (C2lPrior) ema = load_with (path, C2L_PRIOR_EMA, NULL, NULL);
  g_autoptr (C2lPrior) online = load_with (path, C2L_PRIOR_ONLINE, NULL, NULL);
  g_autofree float *a = predict (ema);
  g_autofree float *b = predict (online);

  g_assert_cmpfloat (fabsf (a[0] - b[0]), >, 1e-6);
}

/* --- configurations --------------------------------------------------------------------------------- */

static C2lPrior *
load_json (const char *text, GError **error)
{
  g_autoptr (C2lExpected) expected = fixture_load ("prior/w");
  g_autofree char *path = c2l_expected_dup_file (expected, "prior");
  g_autoptr (C2lWeights) weights = c2l_weights_load (path, NULL);
  g_autoptr (JsonNode) node = json_from_string (text, NULL);

  g_assert_nonnull (node);
  return c2l_prior_load (weights, C2L_PRIOR_EMA, json_node_get_object (node), device, error);
}

static void
take_mean (const char *name, const float *values, gsize n, gpointer data)
{
  if (strcmp (name, "step1.mean") == 0)
    memcpy (data, values, n * sizeof (float));
}

/* With sampling_clamp_l2norm the x₀ of a step, which is found back from its mean, has the length of an
 * embedding. */
static void
test_brings_steps_to_length (void)
{
  g_autoptr (C2lExpected) expected = fixture_load ("prior/w");
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lPrior) prior = load_json ("{\"model\": {\"network\": {\"dim\": 32}, \"diffusion\": "
                                          "{\"cond_drop_prob\": 0.2, \"image_embed_scale\": 3.0, "
                                          "\"sampling_clamp_l2norm\": true}}}",
                                          &error);
  g_assert_no_error (error);

  float *const *buffers = c2l_prior_get_schedule (prior)->buffers;
  g_autofree float *x = fixture_dup_f32 (expected, "x");
  g_autofree gint32 *t = fixture_dup_i32 (expected, "t");
  gint64 n_rows = fixture_get (expected, "x")->dims[0], dim = fixture_get (expected, "x")->dims[1];
  g_autofree float *mean = g_new0 (float, n_rows * dim);

  c2l_prior_check (expected, prior, device, C2L_PRECISION_F32, take_mean, mean, &error);
  g_assert_no_error (error);
  for (gint64 row = 0; row < n_rows; row++)
    {
      double squares = 0;

      for (gint64 i = row * dim; i < (row + 1) * dim; i++)
        {
          double x0 = (mean[i] - (double) buffers[C2L_BUFFER_POSTERIOR_MEAN_COEF2][t[row]] * x[i])
                      / buffers[C2L_BUFFER_POSTERIOR_MEAN_COEF1][t[row]];

          squares += x0 * x0;
        }
      g_assert_cmpfloat_with_epsilon (sqrt (squares), 3, 0.01);
    }
}

static void
test_has_defaults_of_the_original (void)
{
  g_autoptr (C2lPrior) prior = load_json ("{\"model\": {\"network\": {\"dim\": 32}}}", NULL);
  const C2lPriorInfo *info = c2l_prior_get_info (prior);

  g_assert_cmpfloat_with_epsilon (info->image_embed_scale, sqrt (32), 1e-9);
  g_assert_cmpfloat (info->cond_drop_prob, ==, 0);
  g_assert_true (info->predict_x_start);
  g_assert_cmpint (info->num_ws, ==, 1);
}

static void
test_follows_references (void)
{
  g_autoptr (C2lPrior) prior = load_json ("{\"model\": {\"network\": {\"dim\": 32}, \"diffusion\": "
                                          "{\"image_embed_dim\": \"${model.network.dim}\"}}}",
                                          NULL);

  g_assert_nonnull (prior);
}

static void
test_leaves_statistics_out_when_told (void)
{
  g_autoptr (C2lPrior) prior = load_json ("{\"train\": {\"znorm_latent\": false}}", NULL);

  g_assert_false (c2l_prior_get_info (prior)->has_stats);
  g_assert_null (c2l_prior_get_latent_mean (prior));
}

static void
test_refuses_configurations (void)
{
  static const struct
  {
    const char *text, *said;
  } cases[] = {
    { "{\"model\": {\"network\": {\"dim\": 64}}}", "model.network.dim" },
    { "{\"model\": {\"network\": {\"depth\": 12}}}", "depth" },
    { "{\"model\": {\"network\": {\"heads\": 5}}}", "heads" },
    { "{\"model\": {\"network\": {\"dim_head\": 16}}}", "dim_head" },
    { "{\"model\": {\"network\": {\"num_timesteps\": 100}}}", "num_timesteps" },
    { "{\"model\": {\"network\": {\"depth\": \"deep\"}}}", "depth" },
    { "{\"model\": {\"diffusion\": {\"timesteps\": 100}}}", "timesteps" },
    { "{\"model\": {\"diffusion\": {\"timesteps\": 1e30}}}", "timesteps" },
    { "{\"model\": {\"diffusion\": {\"beta_schedule\": \"cubic\"}}}", "beta_schedule" },
    { "{\"model\": {\"diffusion\": {\"predict_x_start\": 3}}}", "predict_x_start" },
    { "{\"model\": {\"diffusion\": {\"image_embed_scale\": 0}}}", "image_embed_scale" },
    { "{\"data\": {\"n_latents\": 3}}", "n_latents" },
    { "{\"data\": {\"n_latents\": 1, \"latent_repeats\": [4, 4, 10]}}", "latent_repeats" },
    { "{\"data\": {\"latent_repeats\": [4, 4, 10]}}", "latent_repeats" },
    { "{\"data\": {\"latent_repeats\": [0]}}", "latent_repeats" },
    { "{\"data\": {\"latent_repeats\": 18}}", "latent_repeats" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (C2lPrior) prior = load_json (cases[i].text, &error);

      g_assert_null (prior);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, cases[i].said));
    }
}

/* --- hostile files ---------------------------------------------------------------------------------- */

/* Some are stored, all are tried where $C2L_FIXTURES holds the complete set; test_refuses_damage() has
 * the same mistakes. */
static void
test_refuses_hostile_files (void)
{
  /* What the message must name. */
  static const struct
  {
    const char *file, *said;
  } cases[] = {
    { "prior-missing-key.ckpt", "learned_query” is missing" },
    { "prior-wrong-shape.ckpt",
      "to_q.weight” is f32 [8, 8], but the sizes of the other tensors ask for [32, 16]" },
    { "prior-nan-weights.ckpt", "not finite" },
    { "prior-int-weights.ckpt", "floating-point" },
    { "prior-depth-hole.ckpt", "is missing, but later ones are there" },
    { "prior-zero-std.ckpt", "not finite" }, /* it has a NaN, too */
    { "prior-empty-dict.ckpt", "no tensors" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_build_filename (g_getenv ("C2L_FIXTURES"), "hostile", cases[i].file, NULL);
      g_autoptr (GError) error = NULL;

      if (!g_file_test (path, G_FILE_TEST_EXISTS))
        continue;

      g_autoptr (C2lPrior) prior = load_with (path, C2L_PRIOR_EMA, NULL, &error);

      g_assert_null (prior);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, cases[i].said));
      g_assert_nonnull (strstr (error->message, cases[i].file));
    }
}

/* One damaged tensor in an otherwise good file. */
static void
test_refuses_damage (void)
{
  static const MadePrior shape = { "made", 16, 2, 2, 8, .n_timesteps = 60 };
  static const float zeros[32];
  static const float nan[16] = { [3] = NAN };
  static const gint64 integers[16];
  static const struct
  {
    const char *name;
    C2lArray array;
    const char *said;
  } cases[] = {
    { "latent_std", { C2L_F32, 1, { 16 }, 16, zeros }, "above zero" },
    { "latent_std", { C2L_F32, 1, { 32 }, 32, zeros }, "latent_std" },
    { "net.causal_transformer.norm.gamma", { C2L_F32, 1, { 16 }, 16, nan }, "(element 3)" },
    { "net.causal_transformer.norm.gamma", { C2L_I64, 1, { 16 }, 16, integers }, "floating-point" },
    { "betas", { C2L_F32, 1, { 32 }, 32, zeros }, "timesteps" },
    { "net.to_time_embeds.0.weight", { C2L_F32, 2, { 2, 16 }, 32, zeros }, "60 time steps" },
    { "net.causal_transformer.layers.0.0.to_kv.weight", { C2L_F32, 2, { 1, 16 }, 16, zeros }, "odd" },
    { "net.causal_transformer.layers.0.0.rotary_emb.freqs",
      { C2L_F32, 1, { 5 }, 5, zeros },
      "frequencies" },
    { "net.causal_transformer.layers.1.1.1.weight", { C2L_F32, 2, { 2, 16 }, 32, zeros }, "[128, 16]" },
    { "net.causal_transformer.layers.7.0.null_kv", { C2L_F32, 2, { 2, 8 }, 16, zeros }, "layers.2" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (C2lWeights) weights = made_prior_weights (&shape);
      g_autoptr (JsonObject) config = made_prior_config (&shape);
      g_autofree char *name = g_strconcat ("ema_diffusion_prior.ema_model.", cases[i].name, NULL);
      g_autoptr (GError) error = NULL;

      c2l_weights_add (weights, name, &cases[i].array);

      g_autoptr (C2lPrior) prior = c2l_prior_load (weights, C2L_PRIOR_EMA, config, device, &error);

      g_assert_null (prior);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, "made.ckpt"));
      g_assert_nonnull (strstr (error->message, cases[i].said));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  device = c2l_device_open ("cpu", NULL);
  g_assert_nonnull (device);

  for (gsize i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *matches
          = g_strdup_printf ("/prior/matches-original/%s", strchr (folders[i], '/') + 1);
      g_autofree char *sizes
          = g_strdup_printf ("/prior/takes-sizes-from-file/%s", strchr (folders[i], '/') + 1);

      g_test_add_data_func (matches, folders[i], test_matches_original);
      g_test_add_data_func (sizes, folders[i], test_takes_sizes_from_file);
    }
  g_test_add_func ("/prior/check/brings-steps-to-length", test_brings_steps_to_length);
  g_test_add_func ("/prior/has-averaged-and-online-weights", test_has_two_sets);
  g_test_add_func ("/prior/configuration/has-defaults-of-the-original", test_has_defaults_of_the_original);
  g_test_add_func ("/prior/configuration/follows-references", test_follows_references);
  g_test_add_func ("/prior/configuration/leaves-statistics-out-when-told",
                   test_leaves_statistics_out_when_told);
  g_test_add_func ("/prior/refuses/configurations-of-other-priors", test_refuses_configurations);
  g_test_add_func ("/prior/refuses/damage", test_refuses_damage);
  g_test_add_func ("/prior/refuses/hostile-files", test_refuses_hostile_files);

  int result = g_test_run ();

  c2l_device_unref (device);
  return result;
}
