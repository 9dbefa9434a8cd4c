/* Found directions: the axes of a network whose covariance is known, and what the layers' matrices say. */
#include "studio/found.h"

#include "studio-fixture.h"

#include <math.h>
#include <string.h>

#define WIDTH 128 /* of the starter's w */

/* Much variance along these axes, little along the rest. */
static const double deviations[] = { 3, 2, 1.4, 1 };
#define REST 0.1

static C2lSession *session;

/* Component @i of axis @k: the columns of a reflection, which stand at right angles. */
static double
axis (int k, int i)
{
  double v[WIDTH], length = 0;

  for (int j = 0; j < WIDTH; j++)
    {
      v[j] = sin (j + 1);
      length += v[j] * v[j];
    }
  return (i == k) - 2 * v[i] * v[k] / length;
}

/* The starter's generator with one linear layer for a mapping network: w = √2 (M z + b), b so large that no unit is ever below zero. z lies
 * on a sphere, where its covariance is 1, so that of w is 2 M Mᵀ: axes and deviations as above. */
static C2lSession *
open_known_network (void)
{
  g_autofree char *file = g_build_filename (g_getenv ("C2L_DATA"), "starter", "generator.safetensors", NULL);
  g_autoptr (C2lWeights) starter = c2l_weights_load (file, NULL), made = c2l_weights_new (C2L_WEIGHTS_GENERATOR, "made", "made");
  g_autofree const char **names = c2l_weights_list_names (starter);
  g_autofree float *weight = g_new (float, WIDTH *WIDTH), *bias = g_new (float, WIDTH);
  const double lr = 0.01;
  C2lWeights *all[C2L_N_ROLES] = { [C2L_ROLE_GENERATOR] = made };
  g_autoptr (C2lBundle) bundle = NULL;
  g_autoptr (C2lDevice) device = c2l_device_open ("cpu", NULL);
  g_autoptr (C2lEngine) engine = NULL;

  for (int i = 0; names[i] != NULL; i++)
    if (!g_str_has_prefix (names[i], "mapping.fc"))
      c2l_weights_add (made, names[i], c2l_weights_lookup (starter, names[i]));
  for (int i = 0; i < WIDTH; i++)
    {
      bias[i] = 60 / lr;
      for (int k = 0; k < WIDTH; k++)
        {
          double deviation = k < (int) G_N_ELEMENTS (deviations) ? deviations[k] : REST;
          weight[i * WIDTH + k] = axis (k, i) * deviation / sqrt (2) / lr * sqrt (WIDTH);
        }
    }
  c2l_weights_add (made, "mapping.fc0.weight", &(C2lArray) { C2L_F32, 2, { WIDTH, WIDTH }, WIDTH * WIDTH, weight });
  c2l_weights_add (made, "mapping.fc0.bias", &(C2lArray) { C2L_F32, 1, { WIDTH }, WIDTH, bias });
  json_object_set_int_member (json_object_get_object_member (c2l_weights_get_config (starter), "mapping"), "num_layers", 1);
  c2l_weights_set_config (made, json_object_ref (c2l_weights_get_config (starter)));
  bundle = c2l_bundle_new_from_weights ("made", all);
  engine = c2l_engine_new (bundle, device, NULL);
  return c2l_session_new (engine, C2L_PRECISION_F32);
}

static double
dot (const C2lFound *a, const C2lFound *b)
{
  double sum = 0;

  for (int i = 0; i < a->rows.width; i++)
    sum += (double) a->rows.data[i] * b->rows.data[i];
  return sum;
}

static void
assert_orthonormal (GPtrArray *all)
{
  for (guint i = 0; i < all->len; i++)
    for (guint j = 0; j <= i; j++)
      g_assert_cmpfloat_with_epsilon (dot (all->pdata[i], all->pdata[j]), i == j ? 1 : 0, 1e-5);
}

static void
count (double fraction, gpointer data)
{
  double *last = data;

  g_assert_cmpfloat (fraction, >=, *last);
  *last = fraction;
}

static void
test_axes_of_a_known_network (void)
{
  g_autoptr (C2lSession) known = open_known_network ();
  g_autoptr (GError) error = NULL;
  double last = 0;
  g_autoptr (GPtrArray) found = c2l_found_pca (known, &(C2lFoundPca) { .n = 5, .seed = 1 }, &(C2lProgress) { count, &last }, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (found->len, ==, 5);
  g_assert_cmpfloat (last, ==, 1);
  assert_orthonormal (found);
  for (guint k = 0; k < G_N_ELEMENTS (deviations); k++)
    {
      const C2lFound *one = found->pdata[k];
      g_autofree char *name = g_strdup_printf ("PCA %u", k + 1);
      double cosine = 0, largest = 0;

      for (int i = 0; i < WIDTH; i++)
        {
          cosine += one->rows.data[i] * axis (k, i);
          largest = fabs (one->rows.data[i]) > fabs (largest) ? one->rows.data[i] : largest;
        }
      g_test_message ("%s: cosine %.5f, deviation %.4f", one->name, cosine, one->scale);
      g_assert_cmpfloat (fabs (cosine), >, 0.998);
      g_assert_cmpfloat (largest, >, 0);
      g_assert_cmpfloat_with_epsilon (one->scale, deviations[k], 0.02 * deviations[k]);
      g_assert_cmpstr (one->name, ==, name);
    }
  g_assert_cmpfloat_with_epsilon (((C2lFound *) found->pdata[4])->scale, REST, 0.02);
}

static void
test_the_same_again (void)
{
  const C2lFoundPca options = { .n = 3, .n_samples = 500, .seed = 4 };
  g_autoptr (GPtrArray) a = c2l_found_pca (session, &options, NULL, NULL, NULL), b = c2l_found_pca (session, &options, NULL, NULL, NULL);

  for (int i = 0; i < 3; i++)
    g_assert_true (c2l_rows_equal (&((C2lFound *) a->pdata[i])->rows, &((C2lFound *) b->pdata[i])->rows));
}

static void
test_axes_of_a_prompt (void)
{
  C2lSampling sampling = studio_fixture_sampling (session, 1, 0);
  const C2lFoundPca options = { .n = 3, .n_samples = 400, .seed = 4, .prompt = "a man with a beard", .sampling = &sampling };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) found = c2l_found_pca (session, &options, NULL, NULL, &error), other = NULL, any = NULL;
  double along = 0;

  g_assert_no_error (error);
  assert_orthonormal (found);
  /* The latents of the prompt do vary by that much along the first axis. */
  other = studio_fixture_sample (session, "a man with a beard", 200, 99);
  {
    double mean = 0, square = 0;

    for (guint i = 0; i < other->len; i++)
      {
        const C2lRows *latent = &((C2lRecipe *) other->pdata[i])->latent;
        double x = 0;

        for (int j = 0; j < latent->width; j++)
          x += latent->data[j] * ((C2lFound *) found->pdata[0])->rows.data[j];
        mean += x / other->len;
        square += x * x / other->len;
      }
    along = sqrt (square - mean * mean);
  }
  g_assert_cmpfloat_with_epsilon (along, ((C2lFound *) found->pdata[0])->scale, 0.15 * along);
  any = c2l_found_pca (session, &(C2lFoundPca) { .n = 1, .n_samples = 400 }, NULL, NULL, NULL);
  g_assert_cmpfloat (fabs (dot (any->pdata[0], found->pdata[0])), <, 0.99);
}

/* Σ over the range's layers of ‖A v‖². */
static double
response (C2lSession *of, const C2lFound *found)
{
  C2lGenerator *generator = c2l_engine_get_generator (c2l_session_get_engine (of), NULL);
  double sum = 0;

  for (int i = 0; i < c2l_generator_get_n_style_layers (generator); i++)
    {
      int w_index;
      C2lTensor *weight = c2l_generator_get_style_weight (generator, i, &w_index);
      gint64 n = c2l_tensor_get_dim (weight, 0), width = c2l_tensor_get_dim (weight, 1);
      g_autofree float *a = g_malloc (c2l_tensor_get_size (weight));

      if (w_index < found->first_layer || (found->last_layer >= 0 && w_index > found->last_layer))
        continue;
      c2l_tensor_read (weight, a, c2l_tensor_get_size (weight));
      for (gint64 k = 0; k < n; k++)
        {
          double style = 0;

          for (gint64 j = 0; j < width; j++)
            style += a[k * width + j] * found->rows.data[j];
          sum += style * style;
        }
    }
  return sum;
}

static void
test_styles_react_most_to_the_first (gconstpointer name)
{
  const char *fixture = name;
  g_autoptr (C2lSession) own = fixture != NULL ? studio_fixture_open_generator (fixture) : NULL;
  C2lSession *of = own != NULL ? own : session;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) found = NULL;
  double before = INFINITY;

  /* After a picture was drawn the device has its own copies of the matrices. */
  if (fixture == NULL)
    {
      g_autoptr (GPtrArray) recipes = studio_fixture_sample_z (of, 1, 1);
      c2l_picture_unref (studio_fixture_draw (of, recipes->pdata[0]));
    }
  found = c2l_found_styles (of, 2, 5, 6, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (found->len, ==, 6);
  assert_orthonormal (found);
  for (guint i = 0; i < found->len; i++)
    {
      const C2lFound *one = found->pdata[i];
      double now = response (of, one);

      g_assert_cmpint (one->first_layer, ==, 2);
      g_assert_cmpint (one->last_layer, ==, 5);
      g_assert_cmpfloat (one->scale, >, 0);
      g_assert_cmpfloat (now, <=, before);
      g_assert_cmpfloat (now, >, 0);
      before = now;
      /* The best that any direction does: tiny turns towards others do not help. */
      for (int j = 0; i == 0 && j < one->rows.width; j++)
        {
          g_autoptr (C2lFound) other = c2l_found_copy (one);
          double length = 0;

          other->rows.data[j] += 0.1;
          for (int k = 0; k < other->rows.width; k++)
            length += other->rows.data[k] * other->rows.data[k];
          g_assert_cmpfloat (response (of, other) / length, <=, now * (1 + 1e-6));
        }
    }
  g_assert_cmpstr (((C2lFound *) found->pdata[0])->name, ==, "Style 1");
}

static void
test_layers_without_styles_are_refused (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_found_styles (session, 11, 11, 3, NULL, &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
}

static void
test_stops_when_told (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (c2l_found_pca (session, &(C2lFoundPca) { .n = 3 }, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (c2l_found_styles (session, 0, -1, 3, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  session = studio_fixture_open_starter ();
  g_test_add_func ("/found/pca/axes-of-a-known-network", test_axes_of_a_known_network);
  g_test_add_func ("/found/pca/the-same-again", test_the_same_again);
  g_test_add_func ("/found/pca/axes-of-a-prompt", test_axes_of_a_prompt);
  g_test_add_data_func ("/found/styles/react-most-to-the-first", NULL, test_styles_react_most_to_the_first);
  g_test_add_data_func ("/found/styles/react-most-to-the-first/stylegan3", "stylegan3/t", test_styles_react_most_to_the_first);
  g_test_add_func ("/found/styles/layers-without-styles-are-refused", test_layers_without_styles_are_refused);
  g_test_add_func ("/found/stops-when-told", test_stops_when_told);
  result = g_test_run ();
  c2l_session_free (session);
  return result;
}
