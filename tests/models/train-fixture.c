/* See train-fixture.h. */
#include "train-fixture.h"

#include <math.h>
#include <string.h>

C2lDevice *train_device;

const MadePrior train_shapes[TRAIN_N_SHAPES] = {
  { "plain", 8, 2, 2, 6, .n_timesteps = 50 },
  { "one-layer", 8, 1, 2, 6, .n_timesteps = 50 },
  { "three-latents", 8, 2, 2, 6, 3, .n_timesteps = 50 },
  { "eighteen-latents", 8, 2, 2, 4, 18, .n_timesteps = 50 },
  { "more-tokens", 8, 2, 2, 6, 0, 2, 3, 2, .n_timesteps = 50 },
  { "sinusoidal", 8, 2, 2, 6, 0, 1, 2, .n_timesteps = 50, .sinusoidal = TRUE },
  { "normformer", 8, 2, 2, 6, .n_timesteps = 50, .normformer = TRUE },
  { "no-rotary", 8, 2, 3, 6, .n_timesteps = 50, .no_rotary = TRUE },
  { "epsilon-l1", 8, 2, 2, 6, .n_timesteps = 50,
    .diffusion = ", \"predict_x_start\": false, \"loss_type\": \"l1\"" },
  { "scaled-huber", 8, 2, 2, 6, .n_timesteps = 50,
    .diffusion = ", \"text_embed_scale\": 1.5, \"loss_type\": \"huber\"" },
};

static float *
random_floats (GRand *random, gsize n, double low, double high)
{
  float *values = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    values[i] = (float) g_rand_double_range (random, low, high);
  return values;
}

void
train_data_init (TrainData *data, const C2lPriorInfo *info, int n_rows, gboolean has_draws)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (5);
  const gsize latent = (gsize) info->n_latents * info->dim;

  data->latents = random_floats (random, n_rows * latent, -2, 2);
  data->features = random_floats (random, (gsize) n_rows * info->dim, -3, 3);
  data->noise = random_floats (random, n_rows * latent, -2, 2);
  data->embed_noise = random_floats (random, (gsize) n_rows * info->dim, -2, 2);
  data->uniform = random_floats (random, n_rows, 0, 1);
  data->mean = random_floats (random, latent, -0.5, 0.5);
  data->std = random_floats (random, latent, 0.5, 1.5);
  data->t = g_new (gint32, n_rows);
  for (int i = 0; i < n_rows; i++)
    data->t[i] = g_rand_int_range (random, 0, info->n_timesteps);
  /* One of each at least. */
  data->uniform[0] = 0.95f;
  data->uniform[n_rows - 1] = 0.1f;
  data->batch = (C2lPriorTrainBatch){ .n_rows = n_rows,
                                      .latents = data->latents,
                                      .features = data->features };
  if (!has_draws)
    return;
  data->batch.t = data->t;
  data->batch.drop_uniform = data->uniform;
  data->batch.noise = data->noise;
  data->batch.embed_noise = data->embed_noise;
}

void
train_data_clear (TrainData *data)
{
  g_free (data->latents);
  g_free (data->features);
  g_free (data->noise);
  g_free (data->embed_noise);
  g_free (data->uniform);
  g_free (data->mean);
  g_free (data->std);
  g_free (data->t);
}

C2lPriorTrain *
train_new_made (const MadePrior *shape, const C2lPriorTrainOptions *options)
{
  g_autoptr (C2lWeights) weights = made_prior_weights (shape);
  g_autoptr (JsonObject) config = made_prior_config (shape);
  g_autoptr (GError) error = NULL;
  C2lPriorTrain *train
      = c2l_prior_train_new (weights, config, options, NULL, NULL, train_device, &error);

  g_assert_no_error (error);
  return train;
}

C2lPriorTrainOptions
train_quick_options (void)
{
  C2lPriorTrainOptions options;

  c2l_prior_train_options_init (&options);
  options.ema_update_after = 1;
  options.ema_update_every = 2;
  options.ema_beta = 0.9;
  options.seed = 77;
  return options;
}

double
train_step_once (C2lPriorTrain *train, const C2lPriorTrainBatch *batch)
{
  g_autoptr (GError) error = NULL;
  double loss, norm;

  c2l_prior_train_step (train, batch, 1e-3, &loss, &norm, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (isfinite (loss) && norm > 0);
  return loss;
}

void
train_assert_same_bits (C2lWeights *a, C2lWeights *b)
{
  g_autofree const char **names = c2l_weights_list_names (a);
  g_autofree const char **others = c2l_weights_list_names (b);

  for (int i = 0; names[i] != NULL || others[i] != NULL; i++)
    {
      const C2lArray *x, *y;

      g_assert_cmpstr (names[i], ==, others[i]);
      x = c2l_weights_lookup (a, names[i]);
      y = c2l_weights_lookup (b, names[i]);
      g_assert_cmpuint (x->length, ==, y->length);
      g_assert_cmpint (x->dtype, ==, y->dtype);
      if (memcmp (x->data, y->data, x->length * c2l_dtype_get_size (x->dtype)) != 0)
        {
          g_test_message ("%s differs", names[i]);
          g_test_fail ();
        }
    }
}

void
train_add_for_shapes (const char *path, GTestDataFunc function)
{
  for (gsize i = 0; i < TRAIN_N_SHAPES; i++)
    {
      g_autofree char *name = g_strconcat (path, train_shapes[i].name, NULL);

      g_test_add_data_func (name, &train_shapes[i], function);
    }
}

int
train_main (int argc, char **argv, void (*add_tests) (void))
{
  g_autoptr (GError) error = NULL;
  const char *name = g_getenv ("C2L_TEST_DEVICE");
  int status;

  g_test_init (&argc, &argv, NULL);
  train_device = c2l_device_open (name != NULL ? name : "cpu", &error);
  g_assert_no_error (error);
  add_tests ();
  status = g_test_run ();
  c2l_device_unref (train_device);
  return status;
}
