/* Training the prior against runs of the original, and the gradient of the whole network against
 * differences of its loss. */
#include "fixture.h"
#include "models/prior-train-check.h"
#include "reference-prior.h"
#include "train-fixture.h"

#include <math.h>
#include <string.h>

static const struct
{
  const char *folder;
  gboolean (*check) (C2lExpected *expected,
                     C2lDevice *device,
                     C2lPrecision precision,
                     C2lCheckReport report,
                     gpointer user_data,
                     GError **error);
} folders[] = {
  { "training/loss-l1", c2l_training_loss_check },
  { "training/loss-huber", c2l_training_loss_check },
  { "training/loss-l2-epsilon", c2l_training_loss_check },
  { "training/loss-l2-w3", c2l_training_loss_check },
  { "training/adamw-ema", c2l_training_trajectory_check },
  { "training/adamw-ema-w3", c2l_training_trajectory_check },
  { "training/embed-noise", c2l_training_noise_check },
};

typedef struct
{
  C2lExpected *expected;
  guint n_compared;
} Comparison;

static void
on_result (const char *name, const float *values, gsize n, gpointer data)
{
  Comparison *comparison = data;

  fixture_compare (comparison->expected, name, values, n);
  comparison->n_compared++;
}

static void
test_matches_original (gconstpointer data)
{
  const gsize i = GPOINTER_TO_SIZE (data);
  g_autoptr (C2lExpected) expected = fixture_load (folders[i].folder);
  g_autoptr (GError) error = NULL;
  Comparison comparison = { expected, 0 };

  folders[i].check (expected, train_device, C2L_PRECISION_F32, on_result, &comparison, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (comparison.n_compared, >=,
                    folders[i].check == c2l_training_noise_check ? 3 : 23);
}

/* --- the gradient of the whole network --- */

#define N_SAMPLES 10

/* Some elements of one array against differences of the loss in double precision. */
static void
check_array (RefPrior *reference,
             const char *name,
             const C2lArray *gradient,
             const TrainData *data,
             double noise_scale,
             C2lLossKind kind)
{
  const double h = 1e-5;
  gsize n;
  double *values = ref_prior_get (reference, name, &n);
  const float *g = gradient->data;
  double largest = 1e-4;

  g_assert_cmpuint (n, ==, gradient->length);
  for (gsize i = 0; i < n; i++)
    largest = MAX (largest, fabsf (g[i]));
  for (gsize k = 0; k < MIN (n, N_SAMPLES); k++)
    {
      const gsize i = n <= N_SAMPLES ? k : (gsize) g_test_rand_int_range (0, (gint32) n);
      const double kept = values[i];
      double above, below;

      values[i] = kept + h;
      above = ref_prior_loss (reference, &data->batch, data->mean, data->std, noise_scale, kind);
      values[i] = kept - h;
      below = ref_prior_loss (reference, &data->batch, data->mean, data->std, noise_scale, kind);
      values[i] = kept;
      if (!(fabs ((above - below) / (2 * h) - g[i]) <= 3e-5 * largest))
        {
          g_test_message ("%s, element %" G_GSIZE_FORMAT ": %.9g instead of %.9g; largest %.3g",
                          name, i, g[i], (above - below) / (2 * h), largest);
          g_test_fail ();
        }
    }
}

static void
test_gradients (gconstpointer data)
{
  const MadePrior *shape = data;
  g_autoptr (C2lWeights) weights = made_prior_weights (shape);
  g_autoptr (JsonObject) config = made_prior_config (shape);
  C2lPriorTrainOptions options = train_quick_options ();
  g_autoptr (GError) error = NULL;
  g_auto (TrainData) numbers = { 0 };
  const C2lLossKind kind = g_str_has_suffix (shape->name, "l1")      ? C2L_LOSS_L1
                           : g_str_has_suffix (shape->name, "huber") ? C2L_LOSS_HUBER
                                                                     : C2L_LOSS_L2;
  guint n_arrays = 0;
  double loss, expected;

  g_autoptr (C2lPrior) prior = made_prior_load (shape, train_device);

  train_data_init (&numbers, c2l_prior_get_info (prior), 5, TRUE);
  options.beta1 = 0; /* first moments are the gradient then */
  options.embed_noise_scale = 0.75;

  g_autoptr (C2lPriorTrain) train = c2l_prior_train_new (weights, config, &options, numbers.mean,
                                                         numbers.std, train_device, &error);

  g_assert_no_error (error);
  c2l_prior_train_step (train, &numbers.batch, 0, &loss, NULL, NULL, &error);
  g_assert_no_error (error);

  g_autoptr (RefPrior) reference
      = ref_prior_new (weights, "ema_diffusion_prior.ema_model.", c2l_prior_train_get_info (train));
  g_autoptr (C2lWeights) saved = c2l_prior_train_save (train, FALSE);
  g_autofree const char **names = c2l_weights_list_names (saved);

  expected = ref_prior_loss (reference, &numbers.batch, numbers.mean, numbers.std, 0.75, kind);
  g_assert_cmpfloat_with_epsilon (loss, expected, 2e-6 * expected);
  for (int i = 0; names[i] != NULL; i++)
    if (g_str_has_prefix (names[i], TRAIN_MOMENT))
      {
        check_array (reference, names[i] + strlen (TRAIN_MOMENT),
                     c2l_weights_lookup (saved, names[i]), &numbers, 0.75, kind);
        n_arrays++;
      }
  g_assert_cmpuint (n_arrays, >=, 4 + 9 * shape->depth);
}

static void
add_tests (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *name = g_strdup_printf ("/prior-train/matches-original/%s",
                                               strchr (folders[i].folder, '/') + 1);

      g_test_add_data_func (name, GSIZE_TO_POINTER (i), test_matches_original);
    }
  train_add_for_shapes ("/prior-train/gradients-are-differences-of-the-loss/", test_gradients);
}

int
main (int argc, char **argv)
{
  return train_main (argc, argv, add_tests);
}
