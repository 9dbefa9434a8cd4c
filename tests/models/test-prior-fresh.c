/* New priors: drawn as torch draws them, of every configuration, and what cannot be trained. */
#include "train-fixture.h"

#include <math.h>
#include <string.h>

static JsonObject *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = json_from_string (text, &error);

  g_assert_no_error (error);
  return json_object_ref (json_node_get_object (node));
}

/* Mean and deviation of an array, and its largest magnitude. */
static void
check_distribution (C2lWeights *weights,
                    const char *name,
                    double mean,
                    double deviation,
                    double largest)
{
  g_autofree char *full = g_strconcat ("diffusion_prior.net.", name, NULL);
  const C2lArray *array = c2l_weights_lookup (weights, full);
  const float *x;
  double sum = 0, squares = 0;

  g_assert_nonnull (array);
  x = array->data;
  for (gsize i = 0; i < array->length; i++)
    {
      sum += x[i];
      squares += (double) x[i] * x[i];
      g_assert_cmpfloat (fabsf (x[i]), <=, largest);
    }
  sum /= (double) array->length;
  squares = sqrt (squares / (double) array->length - sum * sum);
  g_assert_cmpfloat_with_epsilon (sum, mean,
                                  5 * MAX (deviation, 1e-9) / sqrt ((double) array->length));
  g_assert_cmpfloat_with_epsilon (squares, deviation, 0.05 * deviation + 1e-6);
}

static const char *const fresh_configs[] = {
  "{\"model\": {\"network\": {\"dim\": 64, \"depth\": 2, \"heads\": 3, \"dim_head\": 16, "
  "\"num_timesteps\": 100}, \"diffusion\": {\"timesteps\": 100, \"image_embed_scale\": 1}}}",
  "{\"model\": {\"network\": {\"dim\": 32, \"depth\": 1, \"heads\": 2, \"dim_head\": 48, "
  "\"num_timesteps\": null, \"num_time_embeds\": 2, \"ff_mult\": 2, \"normformer\": true}, "
  "\"diffusion\": {\"timesteps\": 50}}, \"data\": {\"n_latents\": 3, \"latent_repeats\": [4, 4, "
  "10]}}",
  "{\"model\": {\"network\": {\"dim\": 32, \"depth\": 1, \"heads\": 2, \"dim_head\": 16, "
  "\"num_timesteps\": 60, \"num_text_embeds\": 2, \"num_image_embeds\": 3, \"rotary_emb\": false}, "
  "\"diffusion\": {\"timesteps\": 50, \"beta_schedule\": \"linear\"}}, "
  "\"train\": {\"znorm_latent\": false}}",
};

/* They load, sample with the right train_shapes, and train. */
static void
test_fresh_priors_train (gconstpointer data)
{
  g_autoptr (JsonObject) config = parse (data);
  C2lPriorTrainOptions options = train_quick_options ();
  g_autofree float *mean = g_new0 (float, 3 * 64), *std = g_new (float, 3 * 64);
  g_autoptr (GError) error = NULL;
  g_auto (TrainData) numbers = { 0 };
  double first;

  for (int i = 0; i < 3 * 64; i++)
    std[i] = 1 + i % 5;

  g_autoptr (C2lWeights) weights = c2l_prior_fresh_new (config, mean, std, 9, &error);

  g_assert_no_error (error);

  g_autoptr (C2lPriorTrain) train
      = c2l_prior_train_new (weights, config, &options, mean, std, train_device, &error);

  g_assert_no_error (error);
  train_data_init (&numbers, c2l_prior_train_get_info (train), 5, FALSE);
  first = train_step_once (train, &numbers.batch);
  for (int i = 0; i < 3; i++)
    train_step_once (train, &numbers.batch);

  /* The same seed, the same prior. */
  g_autoptr (C2lWeights) again = c2l_prior_fresh_new (config, mean, std, 9, &error);

  train_assert_same_bits (weights, again);

  g_autoptr (C2lPriorTrain) twin
      = c2l_prior_train_new (again, config, &options, mean, std, train_device, &error);

  g_assert_no_error (error);
  g_assert_cmpfloat (train_step_once (twin, &numbers.batch), ==, first);
}

static void
test_fresh_weights_are_drawn_as_torch_does (void)
{
  g_autoptr (JsonObject) config = parse (fresh_configs[0]);
  g_autoptr (GError) error = NULL;
  g_autofree float *mean = g_new0 (float, 64), *std = g_new0 (float, 64);
  g_autoptr (C2lWeights) weights = c2l_prior_fresh_new (config, mean, std, 9, &error);
  const double bound = 1 / sqrt (64), inner = 1 / sqrt (48), wide = 1 / sqrt (256);

  g_assert_no_error (error);
  check_distribution (weights, "to_time_embeds.0.weight", 0, 1, 6);
  check_distribution (weights, "causal_transformer.layers.0.0.to_q.weight", 0, bound / sqrt (3),
                      bound);
  check_distribution (weights, "causal_transformer.layers.1.0.to_out.0.weight", 0, inner / sqrt (3),
                      inner);
  check_distribution (weights, "causal_transformer.layers.1.1.5.weight", 0, wide / sqrt (3), wide);
  check_distribution (weights, "causal_transformer.layers.0.0.norm.gamma", 1, 0, 1);
  check_distribution (weights, "causal_transformer.layers.0.0.norm.beta", 0, 0, 0);
  g_assert_nonnull (c2l_weights_lookup (weights, "diffusion_prior.latent_std"));
  g_assert_nonnull (c2l_weights_lookup (weights, "diffusion_prior.posterior_mean_coef2"));
}

static void
test_refuses (gconstpointer data)
{
  g_autofree char *text = g_strdup_printf (
      "{\"model\": {\"network\": {\"dim\": 16, \"depth\": 1, \"heads\": 1, \"dim_head\": 8, "
      "\"num_timesteps\": 10%s}, \"diffusion\": {\"timesteps\": 10%s}}}",
      strstr (data, "dropout") != NULL ? (const char *) data : "",
      strstr (data, "dropout") != NULL ? "" : (const char *) data);
  g_autoptr (JsonObject) config = parse (text);
  C2lPriorTrainOptions options = train_quick_options ();
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lWeights) weights = c2l_prior_fresh_new (config, NULL, NULL, 1, &error);
  g_autofree char *setting
      = g_strndup (strchr (data, '"') + 1, strcspn (strchr (data, '"') + 1, "\""));

  if (weights != NULL)
    g_assert_null (
        c2l_prior_train_new (weights, config, &options, NULL, NULL, train_device, &error));
  g_assert_nonnull (error);
  g_assert_cmpint (error->domain, ==, C2L_FORMAT_ERROR);
  g_assert_nonnull (strstr (error->message, setting));
}

static void
add_tests (void)
{
  g_test_add_func ("/prior-fresh/drawn-as-torch-does", test_fresh_weights_are_drawn_as_torch_does);
  for (gsize i = 0; i < G_N_ELEMENTS (fresh_configs); i++)
    {
      g_autofree char *name = g_strdup_printf ("/prior-fresh/trains/%d", (int) i);

      g_test_add_data_func (name, fresh_configs[i], test_fresh_priors_train);
    }
  g_test_add_data_func ("/prior-fresh/refuses/attention-dropout", ", \"attn_dropout\": 0.1",
                        test_refuses);
  g_test_add_data_func ("/prior-fresh/refuses/other-dropout", ", \"ff_dropout\": 0.1",
                        test_refuses);
  g_test_add_data_func ("/prior-fresh/refuses/clamped-training",
                        ", \"training_clamp_l2norm\": true", test_refuses);
  g_test_add_data_func ("/prior-fresh/refuses/unknown-losses", ", \"loss_type\": \"l3\"",
                        test_refuses);
}

int
main (int argc, char **argv)
{
  return train_main (argc, argv, add_tests);
}
