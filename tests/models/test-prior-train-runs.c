/* What a run of training may rely on: that it can stop and go on, that threads and the cutting of
 * batches do not matter, that nothing is spoilt by what goes wrong. */
#include "cuda-faults.h"
#include "models/sampler.h"
#include "train-fixture.h"

#include <math.h>
#include <string.h>

/* Five steps, and the second time a stop after the second: saved, loaded, gone on. */
static void
test_resuming_gives_the_same_bits (gconstpointer data)
{
  const MadePrior *shape = data;
  C2lPriorTrainOptions options = train_quick_options ();
  g_autoptr (C2lPriorTrain) whole = train_new_made (shape, &options),
                            first = train_new_made (shape, &options);
  g_autoptr (JsonObject) config = made_prior_config (shape);
  g_autoptr (GError) error = NULL;
  g_auto (TrainData) numbers = { 0 };
  double losses[5];

  train_data_init (&numbers, c2l_prior_train_get_info (whole), 7, FALSE);
  for (int i = 0; i < 5; i++)
    losses[i] = train_step_once (whole, &numbers.batch);
  for (int i = 0; i < 2; i++)
    g_assert_cmpfloat (train_step_once (first, &numbers.batch), ==, losses[i]);

  g_autoptr (C2lWeights) checkpoint = c2l_prior_train_save (first, TRUE);
  g_autoptr (C2lPriorTrain) second
      = c2l_prior_train_new (checkpoint, config, &options, NULL, NULL, train_device, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (c2l_prior_train_get_step (second), ==, 2);
  for (int i = 2; i < 5; i++)
    g_assert_cmpfloat (train_step_once (second, &numbers.batch), ==, losses[i]);

  g_autoptr (C2lWeights) a = c2l_prior_train_save (whole, FALSE);
  g_autoptr (C2lWeights) b = c2l_prior_train_save (second, FALSE);

  train_assert_same_bits (a, b);
}

static void
test_threads_do_not_matter (void)
{
  const MadePrior shape = { "threads", 64, 2, 4, 16, 3, .n_timesteps = 1000 };
  C2lPriorTrainOptions options = train_quick_options ();
  C2lWeights *saved[2];

  for (int i = 0; i < 2; i++)
    {
      g_autoptr (C2lPriorTrain) train = NULL;
      g_auto (TrainData) numbers = { 0 };

      c2l_device_set_n_threads (train_device, i == 0 ? 1 : 2);
      train = train_new_made (&shape, &options);
      train_data_init (&numbers, c2l_prior_train_get_info (train), 100, FALSE);
      for (int k = 0; k < 3; k++)
        train_step_once (train, &numbers.batch);
      saved[i] = c2l_prior_train_save (train, FALSE);
    }
  c2l_device_set_n_threads (train_device, 0);
  train_assert_same_bits (saved[0], saved[1]);
  for (int i = 0; i < 2; i++)
    c2l_weights_unref (saved[i]);
}

/* The gradient of a batch, however it is cut up; draws belong to a row. */
static void
test_batches_may_be_cut (void)
{
  C2lPriorTrainOptions options = train_quick_options ();
  g_autoptr (C2lPriorTrain) whole = train_new_made (&train_shapes[0], &options);
  g_auto (TrainData) numbers = { 0 };
  const C2lPriorInfo *info = c2l_prior_train_get_info (whole);
  g_autoptr (GError) error = NULL;
  double loss, sum = 0;
  gsize n, unused;

  train_data_init (&numbers, info, 7, FALSE);
  c2l_prior_train_accumulate (whole, &numbers.batch, TRUE, &loss, NULL, &error);
  g_assert_no_error (error);

  /* Parts of at most two rows, given as batches of four and three. */
  options.max_rows = 2;

  g_autoptr (C2lPriorTrain) cut = train_new_made (&train_shapes[0], &options);

  for (int first = 0; first < 7; first += 4)
    {
      const C2lPriorTrainBatch part = { .n_rows = MIN (4, 7 - first),
                                        .latents = numbers.latents + first * info->dim,
                                        .features = numbers.features + first * info->dim,
                                        .first_row = first,
                                        .n_total = 7 };
      double some;

      c2l_prior_train_accumulate (cut, &part, first > 0, &some, NULL, &error);
      g_assert_no_error (error);
      sum += some;
    }
  g_assert_cmpfloat_with_epsilon (sum, loss, 1e-6 * loss);

  g_autofree float *a = c2l_prior_train_dup_gradients (whole, &n),
                   *b = c2l_prior_train_dup_gradients (cut, &unused);
  float largest = 0;

  for (gsize i = 0; i < n; i++)
    largest = MAX (largest, fabsf (a[i]));
  g_assert_cmpfloat (largest, >, 0);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (a[i], b[i], 1e-5f * largest);

  c2l_prior_train_clear (cut);

  g_autofree float *cleared = c2l_prior_train_dup_gradients (cut, &unused);

  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat (cleared[i], ==, 0);
}

/* A GPU on which half a batch fits and a whole one does not: fewer rows at a time, of the same
 * step. */
static void
test_batches_are_cut_where_memory_is_short (void)
{
  C2lPriorTrainOptions options = train_quick_options ();
  g_autoptr (C2lPriorTrain) roomy = train_new_made (&train_shapes[0], &options);
  g_autoptr (C2lPriorTrain) short_of_memory = NULL;
  g_auto (TrainData) numbers = { 0 };
  g_autoptr (GError) error = NULL;
  double loss, other = 0;
  gsize n, unused, before, pass;

  train_data_init (&numbers, c2l_prior_train_get_info (roomy), 64, FALSE);
  before = cuda_faults_get_memory ();
  c2l_prior_train_accumulate (roomy, &numbers.batch, TRUE, &loss, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (c2l_prior_train_get_max_rows (roomy), ==, 0);
  pass = cuda_faults_get_memory () - before;

  g_autofree float *whole = c2l_prior_train_dup_gradients (roomy, &n);

  short_of_memory = train_new_made (&train_shapes[0], &options);
  cuda_faults_set (&(CuFaults){ .memory = cuda_faults_get_memory () + pass * 3 / 4 });
  c2l_prior_train_accumulate (short_of_memory, &numbers.batch, TRUE, &other, NULL, &error);
  cuda_faults_set (NULL);
  g_assert_no_error (error);
  g_assert_cmpint (c2l_prior_train_get_max_rows (short_of_memory), ==, 32);
  g_assert_cmpfloat_with_epsilon (loss, other, 1e-6 * loss);

  g_autofree float *parts = c2l_prior_train_dup_gradients (short_of_memory, &unused);

  float largest = 0;

  for (gsize i = 0; i < n; i++)
    largest = MAX (largest, fabsf (whole[i]));
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (whole[i], parts[i], 1e-5f * largest);
}

/* Not even one row: a message, and nothing that cannot be gone on with. */
static void
test_no_memory_at_all (void)
{
  C2lPriorTrainOptions options = train_quick_options ();
  g_autoptr (C2lPriorTrain) train = train_new_made (&train_shapes[0], &options);
  g_auto (TrainData) numbers = { 0 };
  g_autoptr (GError) error = NULL;
  double loss;

  train_data_init (&numbers, c2l_prior_train_get_info (train), 16, FALSE);
  cuda_faults_set (&(CuFaults){ .memory = 1 });
  g_assert_false (c2l_prior_train_accumulate (train, &numbers.batch, TRUE, &loss, NULL, &error));
  cuda_faults_set (NULL);
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_MEMORY);
  c2l_prior_train_clear (train);
  train_step_once (train, &numbers.batch);
}

typedef struct
{
  C2lPriorTrain *train;
  guint8 *seen;
  float *values;
  guint n_calls;
} Announced;

static void
on_ready (gsize first, gsize n, float *gradients, gpointer data)
{
  Announced *announced = data;

  announced->n_calls++;
  for (gsize i = 0; i < n; i++)
    {
      announced->seen[first + i]++;
      announced->values[first + i] = gradients[i];
    }
}

/* Each element once, with the value that it has in the end, and only with the last part. */
static void
test_gradients_are_announced (gconstpointer data)
{
  const MadePrior *shape = data;
  C2lPriorTrainOptions options = train_quick_options ();
  g_autoptr (C2lPriorTrain) train = train_new_made (shape, &options);
  g_autoptr (GError) error = NULL;
  g_auto (TrainData) numbers = { 0 };
  double loss;
  gsize n;
  g_autofree float *none = c2l_prior_train_dup_gradients (train, &n);
  g_autofree guint8 *seen = g_new0 (guint8, n);
  g_autofree float *values = g_new (float, n);
  Announced announced = { train, seen, values, 0 };

  train_data_init (&numbers, c2l_prior_train_get_info (train), 3, FALSE);
  c2l_prior_train_set_ready (train, on_ready, FALSE, &announced);
  c2l_prior_train_accumulate (train, &numbers.batch, FALSE, &loss, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (announced.n_calls, ==, 0);
  c2l_prior_train_accumulate (train, &numbers.batch, TRUE, &loss, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (announced.n_calls, >=, 2 + shape->depth);

  g_autofree float *gradients = c2l_prior_train_dup_gradients (train, &n);

  for (gsize i = 0; i < n; i++)
    {
      g_assert_cmpuint (seen[i], ==, 1);
      g_assert_cmpfloat (values[i], ==, gradients[i]);
    }
}

static float *
predict (C2lPass *pass, C2lTensor *y)
{
  g_autoptr (GError) error = NULL;
  float *values = g_malloc (c2l_tensor_get_size (y));

  c2l_pass_run (pass, NULL, &error);
  g_assert_no_error (error);
  c2l_tensor_read (y, values, c2l_tensor_get_size (y));
  return values;
}

/* The sampling prior is the one that a fresh load of the checkpoint gives; passes go on to work. */
static void
test_sampling_follows (gconstpointer data)
{
  const MadePrior *shape = data;
  C2lPriorTrainOptions options = train_quick_options ();
  g_autoptr (C2lPriorTrain) train = train_new_made (shape, &options);
  g_autoptr (JsonObject) config = made_prior_config (shape);
  g_autoptr (GError) error = NULL;
  const C2lPriorInfo *info = c2l_prior_train_get_info (train);
  g_auto (TrainData) numbers = { 0 };
  g_autofree float *before = NULL;
  C2lTensor *results[3];
  C2lPass *passes[3];

  train_data_init (&numbers, info, 6, FALSE);
  for (int i = 0; i < 3; i++)
    {
      const C2lPriorSet set = i == 2 ? C2L_PRIOR_ONLINE : C2L_PRIOR_EMA;
      g_autoptr (C2lWeights) saved = NULL;
      g_autoptr (C2lPrior) loaded = NULL;
      const C2lPrior *prior = c2l_prior_train_get_prior (train);
      const C2lSamplerParams params
          = { .kind = C2L_SAMPLER_REFERENCE, .steps = 5, .n_pictures = 2 };
      C2lSamplerParams p = params;
      g_autofree float *values = NULL;

      if (i > 0)
        {
          for (int k = 0; k < 4; k++)
            train_step_once (train, &numbers.batch);
          saved = c2l_prior_train_save (train, FALSE);
          loaded = c2l_prior_load (saved, set, config, train_device, &error);
          g_assert_no_error (error);
          g_assert_true (c2l_prior_train_refresh (train, set, &error));
          prior = loaded;
        }
      passes[i] = c2l_pass_new (train_device, C2L_PRECISION_F32, "sample");
      p.text = c2l_pass_add_constant (passes[i], C2L_F32, 2, (gint64[]){ 2, info->dim },
                                      numbers.features);
      p.keys = c2l_pass_add_constant (passes[i], C2L_I32, 2, (gint64[]){ 2, 4 },
                                      (gint32[]){ 1, 0, 0, 0, 1, 0, 1, 0 });
      results[i] = c2l_sampler_forward (prior, passes[i], &p);
      c2l_pass_keep (passes[i], "ws", results[i]);
      g_assert_true (c2l_pass_compile (passes[i], &error));
      g_assert_no_error (error);
      values = predict (passes[i], results[i]);
      if (i == 0)
        before = g_steal_pointer (&values);
      else
        {
          /* the first pass, recorded with the prior that has been refreshed */
          g_autofree float *now = predict (passes[0], results[0]);

          g_assert_cmpmem (now, c2l_tensor_get_size (results[0]), values,
                           c2l_tensor_get_size (results[i]));
          g_assert_true (memcmp (now, before, c2l_tensor_get_size (results[0])) != 0);
        }
      if (i > 0)
        c2l_pass_free (passes[i]);
    }
  c2l_pass_free (passes[0]);
}

static void
test_draws_are_those_of_the_seed (void)
{
  C2lPriorTrainOptions options = train_quick_options ();
  g_autoptr (C2lPriorTrain) train = train_new_made (&train_shapes[0], &options);
  g_auto (TrainData) numbers = { 0 };
  g_autoptr (GError) error = NULL;
  double first, again, other, average;

  train_data_init (&numbers, c2l_prior_train_get_info (train), 50, FALSE);
  c2l_prior_train_evaluate (train, C2L_PRIOR_ONLINE, &numbers.batch, 3, &first, NULL, &error);
  c2l_prior_train_evaluate (train, C2L_PRIOR_ONLINE, &numbers.batch, 4, &other, NULL, &error);
  c2l_prior_train_evaluate (train, C2L_PRIOR_EMA, &numbers.batch, 3, &average, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (first, ==, average); /* a copy so far */
  g_assert_cmpfloat (first, !=, other);

  train_step_once (train, &numbers.batch);
  c2l_prior_train_evaluate (train, C2L_PRIOR_ONLINE, &numbers.batch, 3, &again, NULL, &error);
  c2l_prior_train_evaluate (train, C2L_PRIOR_EMA, &numbers.batch, 3, &average, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (again, !=, first);
  g_assert_cmpfloat (average, ==, first); /* stands still for the first step */

  options.seed = 78;

  g_autoptr (C2lPriorTrain) elsewhere = train_new_made (&train_shapes[0], &options);

  c2l_prior_train_evaluate (elsewhere, C2L_PRIOR_ONLINE, &numbers.batch, 3, &other, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (other, !=, first);
}

static void
test_training_lowers_the_loss (void)
{
  g_autoptr (JsonObject) config = made_prior_config (&train_shapes[0]);
  C2lPriorTrainOptions options = train_quick_options ();
  g_autoptr (C2lPriorTrain) train = train_new_made (&train_shapes[0], &options);
  g_auto (TrainData) numbers = { 0 };
  double first = 0, last = 0;

  train_data_init (&numbers, c2l_prior_train_get_info (train), 64, FALSE);
  for (int i = 0; i < 300; i++)
    {
      const double loss = train_step_once (train, &numbers.batch);

      if (i < 20)
        first += loss;
      if (i >= 280)
        last += loss;
    }
  g_assert_cmpfloat (last, <, 0.6 * first);
}

static void
assert_statistic (C2lWeights *weights, const char *prefix, const char *name, float value)
{
  g_autofree char *full = g_strconcat (prefix, name, NULL);
  const C2lArray *array = c2l_weights_lookup (weights, full);

  g_assert_nonnull (array);
  for (gsize i = 0; i < array->length; i++)
    g_assert_cmpfloat (((const float *) array->data)[i], ==, value);
}

/* A model that goes on with other data draws in the space of those: what it stores of the first
 * data is replaced, in what is drawn now and in what is saved. */
static void
test_statistics_are_those_of_the_data (gconstpointer data)
{
  static const char *const prefixes[] = { "diffusion_prior.", "ema_diffusion_prior.ema_model." };
  const MadePrior *shape = data;
  C2lPriorTrainOptions options = train_quick_options ();
  g_autoptr (C2lWeights) weights = made_prior_weights (shape);
  g_autoptr (JsonObject) config = made_prior_config (shape);
  const gsize n = (gsize) MAX (1, shape->n_latents) * shape->dim;
  g_autofree float *mean = g_new (float, n), *std = g_new (float, n);
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < n; i++)
    {
      mean[i] = 7;
      std[i] = 3;
    }

  g_autoptr (C2lPriorTrain) train
      = c2l_prior_train_new (weights, config, &options, mean, std, train_device, &error);

  g_assert_no_error (error);

  g_autoptr (C2lWeights) saved = c2l_prior_train_save (train, FALSE);

  for (gsize i = 0; i < G_N_ELEMENTS (prefixes); i++)
    {
      assert_statistic (saved, prefixes[i], "latent_mean", 7);
      assert_statistic (saved, prefixes[i], "latent_std", 3);
    }

  C2lTensor *stored = c2l_prior_get_latent_mean (c2l_prior_train_get_prior (train));

  g_assert_cmpuint (c2l_tensor_get_size (stored), ==, n * sizeof (float));
  c2l_tensor_read (stored, mean, n * sizeof (float));
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat (mean[i], ==, 7);

  /* and it is a model that can be loaded */
  g_autoptr (C2lPrior) loaded = c2l_prior_load (saved, C2L_PRIOR_EMA, config, train_device, &error);

  g_assert_no_error (error);
  g_assert_true (c2l_prior_get_info (loaded)->has_stats);
}

/* An embedding that is not a number: parameters stay as they were. */
static void
test_divergence_changes_nothing (void)
{
  C2lPriorTrainOptions options = train_quick_options ();
  g_autoptr (C2lPriorTrain) train = train_new_made (&train_shapes[0], &options);
  g_auto (TrainData) numbers = { 0 };
  g_autoptr (GError) error = NULL;
  gsize n;
  double loss;

  train_data_init (&numbers, c2l_prior_train_get_info (train), 4, FALSE);
  train_step_once (train, &numbers.batch);

  g_autoptr (C2lWeights) before = c2l_prior_train_save (train, FALSE);

  numbers.latents[3] = NAN;
  g_assert_false (c2l_prior_train_step (train, &numbers.batch, 1e-3, &loss, NULL, NULL, &error));
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_FAILED);
  g_assert_false (isfinite (loss));

  g_autoptr (C2lWeights) after = c2l_prior_train_save (train, FALSE);

  train_assert_same_bits (before, after);

  g_autofree float *gradients = c2l_prior_train_dup_gradients (train, &n);

  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat (gradients[i], ==, 0);
  numbers.latents[3] = 1;
  train_step_once (train, &numbers.batch);
}

/* A gradient that is shortened to a thousandth gives first moments of that length. */
static void
test_clipping (void)
{
  C2lPriorTrainOptions options = train_quick_options ();
  g_auto (TrainData) numbers = { 0 };
  g_autoptr (GError) error = NULL;
  double norm, squares = 0;

  options.beta1 = 0;
  options.max_grad_norm = 1e-3;

  g_autoptr (C2lPriorTrain) train = train_new_made (&train_shapes[0], &options);

  train_data_init (&numbers, c2l_prior_train_get_info (train), 4, FALSE);
  c2l_prior_train_step (train, &numbers.batch, 1e-3, NULL, &norm, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (norm, >, 1e-2);

  g_autoptr (C2lWeights) saved = c2l_prior_train_save (train, FALSE);
  g_autofree const char **names = c2l_weights_list_names (saved);

  for (int i = 0; names[i] != NULL; i++)
    {
      const C2lArray *array = c2l_weights_lookup (saved, names[i]);

      if (g_str_has_prefix (names[i], TRAIN_MOMENT))
        for (gsize k = 0; k < array->length; k++)
          squares += pow (((const float *) array->data)[k], 2);
    }
  g_assert_cmpfloat_with_epsilon (sqrt (squares), 1e-3, 1e-6);
}

static void
test_cancelling_is_an_error (void)
{
  C2lPriorTrainOptions options = train_quick_options ();
  g_autoptr (C2lPriorTrain) train = train_new_made (&train_shapes[0], &options);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (TrainData) numbers = { 0 };
  g_autoptr (GError) error = NULL;

  train_data_init (&numbers, c2l_prior_train_get_info (train), 4, FALSE);
  g_cancellable_cancel (cancellable);
  g_assert_false (
      c2l_prior_train_step (train, &numbers.batch, 1e-3, NULL, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (c2l_prior_train_get_step (train), ==, 0);
}

static void
test_refuses_damaged_checkpoints (void)
{
  C2lPriorTrainOptions options = train_quick_options ();
  g_autoptr (C2lPriorTrain) train = train_new_made (&train_shapes[0], &options);
  g_autoptr (JsonObject) config = made_prior_config (&train_shapes[0]);
  g_autoptr (C2lWeights) saved = c2l_prior_train_save (train, FALSE);
  const float wrong[] = { 1, 2 };
  g_autoptr (GError) error = NULL;

  c2l_weights_add (saved, TRAIN_MOMENT "net.learned_query",
                   &(C2lArray){ C2L_F32, 1, { 2 }, 2, wrong });
  g_assert_null (c2l_prior_train_new (saved, config, &options, NULL, NULL, train_device, &error));
  g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED);
  g_assert_nonnull (strstr (error->message, "first_moment.net.learned_query"));
  g_clear_error (&error);

  c2l_weights_add (saved, "c2l.train.step", &(C2lArray){ C2L_F32, 1, { 2 }, 2, wrong });
  g_assert_null (c2l_prior_train_new (saved, config, &options, NULL, NULL, train_device, &error));
  g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED);
  g_assert_nonnull (strstr (error->message, "c2l.train.step"));
}

static void
add_tests (void)
{
  train_add_for_shapes ("/prior-train/resuming-gives-the-same-bits/",
                        test_resuming_gives_the_same_bits);
  train_add_for_shapes ("/prior-train/gradients-are-announced-once/", test_gradients_are_announced);
  train_add_for_shapes ("/prior-train/sampling-follows-refreshing/", test_sampling_follows);
  train_add_for_shapes ("/prior-train/statistics-are-those-of-the-data/",
                        test_statistics_are_those_of_the_data);
  g_test_add_func ("/prior-train/threads-do-not-matter", test_threads_do_not_matter);
  g_test_add_func ("/prior-train/batches-may-be-cut", test_batches_may_be_cut);
  g_test_add_func ("/prior-train/draws-are-those-of-the-seed", test_draws_are_those_of_the_seed);
  g_test_add_func ("/prior-train/lowers-the-loss", test_training_lowers_the_loss);
  g_test_add_func ("/prior-train/divergence-changes-nothing", test_divergence_changes_nothing);
  g_test_add_func ("/prior-train/clips", test_clipping);
  g_test_add_func ("/prior-train/cancelling-is-an-error", test_cancelling_is_an_error);
  /* A processor's memory is the system's, which gives more than there is. */
  if (strcmp (c2l_device_get_kind (train_device), "cuda") == 0)
    {
      g_test_add_func ("/prior-train/memory/batches-are-cut",
                       test_batches_are_cut_where_memory_is_short);
      g_test_add_func ("/prior-train/memory/none", test_no_memory_at_all);
    }
  g_test_add_func ("/prior-train/refuses/damaged-checkpoints", test_refuses_damaged_checkpoints);
}

int
main (int argc, char **argv)
{
  return train_main (argc, argv, add_tests);
}
