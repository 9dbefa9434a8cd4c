/* The mapping network against a plain loop in double precision, with sizes that the folders of the original's results do not have; those
 * are compared by the tests of the generators. */
#include "generator-fixture.h"
#include "models/mapping.h"

#include <math.h>

enum { B = 3, NUM_WS = 5 };

typedef struct
{
  const char *path;
  int z_dim, c_dim, n_embed, n_layers, width, w_dim;
  double lr;
} Shape;

static const Shape shapes[] = {
  { "one-layer", 5, 0, 0, 1, 0, 7, 0.01 },
  { "widths-differ", 6, 0, 0, 3, 9, 4, 0.01 },
  { "label", 5, 3, 4, 2, 8, 6, 0.1 },
  { "label-alone", 0, 4, 5, 2, 6, 6, 1 },
};

static float
number (int seed, int i)
{
  return (float) sin (seed * 12.9898 + i * 78.233 + 0.3 * i * (i % 7));
}

static void
add_made_up (C2lWeights *weights,
             int         seed,
             double      scale,
             int         n_dims,
             gint64      n,
             gint64      k,
             const char *name)
{
  C2lArray array = { .dtype = C2L_F32, .n_dims = n_dims, .dims = { n, k }, .length = (gsize) (n_dims == 2 ? n * k : n) };
  g_autofree float *values = g_new (float, array.length);

  for (gsize i = 0; i < array.length; i++)
    values[i] = (float) (scale * number (seed, (int) i));
  array.data = values;
  c2l_weights_add (weights, name, &array);
}

static C2lWeights *
make_weights (const Shape *shape)
{
  C2lWeights *weights = c2l_weights_new (C2L_WEIGHTS_GENERATOR, "made-up.pkl", "made up");
  g_autofree char *json = g_strdup_printf ("{ \"mapping\": { \"lr_multiplier\": %g } }", shape->lr);
  g_autoptr (JsonNode) config = json_from_string (json, NULL);
  int width = shape->z_dim + shape->n_embed;

  for (int i = 0; i < shape->n_layers; i++)
    {
      g_autofree char *weight = g_strdup_printf ("mapping.fc%d.weight", i), *bias = g_strdup_printf ("mapping.fc%d.bias", i);
      int n_out = i + 1 == shape->n_layers ? shape->w_dim : shape->width;

      add_made_up (weights, 10 + i, 1 / shape->lr, 2, n_out, width, weight);
      add_made_up (weights, 20 + i, 0.5 / shape->lr, 1, n_out, 0, bias);
      width = n_out;
    }
  if (shape->c_dim > 0)
    {
      add_made_up (weights, 30, 1, 2, shape->n_embed, shape->c_dim, "mapping.embed.weight");
      add_made_up (weights, 31, 1, 1, shape->n_embed, 0, "mapping.embed.bias");
    }
  add_made_up (weights, 32, 1, 1, shape->w_dim, 0, "mapping.w_avg");
  c2l_weights_set_config (weights, json_node_get_object (config));
  return weights;
}

static C2lMapping *
load (C2lWeights *weights,
      C2lDevice  *device)
{
  g_autoptr (GError) error = NULL;
  C2lLoader loader;

  c2l_loader_init (&loader, weights, device);
  C2lMapping *mapping = c2l_mapping_load (&loader, c2l_weights_get_config (weights));
  c2l_loader_finish (&loader, &error);
  g_assert_no_error (error);
  return mapping;
}

static void
normalize (double *x, int n)
{
  double sum = 0;

  for (int i = 0; i < n; i++)
    sum += x[i] * x[i];
  for (int i = 0; i < n; i++)
    x[i] /= sqrt (sum / n + 1e-8);
}

/* y = weight · x · lr / √k + bias · lr, for one picture. */
static void
apply_dense (C2lWeights *weights, const char *name, double lr, const double *x, int k, double *y, int n)
{
  g_autofree char *weight_name = g_strconcat (name, ".weight", NULL), *bias_name = g_strconcat (name, ".bias", NULL);
  const float *weight = c2l_weights_lookup (weights, weight_name)->data, *bias = c2l_weights_lookup (weights, bias_name)->data;

  for (int o = 0; o < n; o++)
    {
      y[o] = bias[o] * lr;
      for (int i = 0; i < k; i++)
        y[o] += x[i] * weight[o * k + i] * lr / sqrt (k);
    }
}

static void
reference (const Shape *shape, C2lWeights *weights, const float *z, const float *c, double *w)
{
  double x[64], y[64], label[64];
  int width = shape->z_dim + shape->n_embed;

  for (int i = 0; i < shape->z_dim; i++)
    x[i] = z[i];
  if (shape->z_dim > 0)
    normalize (x, shape->z_dim);
  if (shape->c_dim > 0)
    {
      for (int i = 0; i < shape->c_dim; i++)
        label[i] = c[i];
      apply_dense (weights, "mapping.embed", 1, label, shape->c_dim, x + shape->z_dim, shape->n_embed);
      normalize (x + shape->z_dim, shape->n_embed);
    }
  for (int i = 0; i < shape->n_layers; i++)
    {
      g_autofree char *name = g_strdup_printf ("mapping.fc%d", i);
      int n_out = i + 1 == shape->n_layers ? shape->w_dim : shape->width;

      apply_dense (weights, name, shape->lr, x, width, y, n_out);
      width = n_out;
      for (int o = 0; o < width; o++)
        x[o] = (y[o] < 0 ? 0.2 * y[o] : y[o]) * G_SQRT2;
    }
  for (int o = 0; o < width; o++)
    w[o] = x[o];
}

static void
test_matches_plain_loop (gconstpointer data)
{
  const Shape *shape = data;
  const float psi = 0.6f;
  const int cutoff = 2;
  g_autoptr (C2lDevice) device = generator_fixture_open_device ();
  g_autoptr (C2lWeights) weights = make_weights (shape);
  C2lMapping *mapping = load (weights, device);
  g_autoptr (C2lPass) pass = c2l_pass_new (device, C2L_PRECISION_F32, "test");
  g_autoptr (GError) error = NULL;
  float z[B * 8], c[B * 8];

  g_assert_cmpint (mapping->z_dim, ==, shape->z_dim);
  g_assert_cmpint (mapping->c_dim, ==, shape->c_dim);
  g_assert_cmpint (mapping->w_dim, ==, shape->w_dim);
  for (int i = 0; i < B * 8; i++)
    {
      z[i] = number (1, i);
      c[i] = number (2, i);
    }

  C2lTensor *z_in = NULL, *c_in = NULL;
  if (shape->z_dim > 0)
    z_in = c2l_pass_add_constant (pass, C2L_F32, 2, (gint64[]) { B, shape->z_dim }, z);
  if (shape->c_dim > 0)
    c_in = c2l_pass_add_constant (pass, C2L_F32, 2, (gint64[]) { B, shape->c_dim }, c);
  C2lTensor *psi_in = c2l_pass_add_constant (pass, C2L_F32, 1, (gint64[]) { 1 }, &psi);
  C2lTensor *ws = c2l_mapping_forward (mapping, pass, z_in, c_in, psi_in, cutoff, NUM_WS);
  c2l_pass_keep (pass, "ws", ws);
  c2l_pass_compile (pass, &error);
  g_assert_no_error (error);
  c2l_pass_run (pass, NULL, &error);
  g_assert_no_error (error);

  g_autofree float *result = g_malloc (c2l_tensor_get_size (ws));
  c2l_tensor_read (ws, result, c2l_tensor_get_size (ws));
  for (int b = 0; b < B; b++)
    {
      double w[64];

      reference (shape, weights, z + b * shape->z_dim, c + b * shape->c_dim, w);
      for (int i = 0; i < NUM_WS * shape->w_dim; i++)
        {
          double average = mapping->w_avg_host[i % shape->w_dim], full = w[i % shape->w_dim];
          double wanted = i / shape->w_dim < cutoff ? average + (full - average) * psi : full;

          g_assert_cmpfloat_with_epsilon (result[b * NUM_WS * shape->w_dim + i], wanted, 1e-5);
        }
    }
  c2l_mapping_free (mapping);
}

/* @z_width and @c_width of 0: not given. */
static void
assert_cannot_record (const Shape *shape,
                      gint64       z_width,
                      gint64       c_width)
{
  g_autoptr (C2lDevice) device = generator_fixture_open_device ();
  g_autoptr (C2lWeights) weights = make_weights (shape);
  C2lMapping *mapping = load (weights, device);
  g_autoptr (C2lPass) pass = c2l_pass_new (device, C2L_PRECISION_F32, "test");
  g_autoptr (GError) error = NULL;
  C2lTensor *z = z_width > 0 ? c2l_pass_add_input (pass, "z", C2L_F32, 2, (gint64[]) { B, z_width }) : NULL;
  C2lTensor *c = c_width > 0 ? c2l_pass_add_input (pass, "c", C2L_F32, 2, (gint64[]) { B, c_width }) : NULL;

  g_assert_null (c2l_mapping_forward (mapping, pass, z, c, NULL, -1, NUM_WS));
  g_assert_false (c2l_pass_compile (pass, &error));
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_SHAPE);
  c2l_mapping_free (mapping);
}

static void
test_label_must_be_given (void)
{
  assert_cannot_record (&shapes[2], 5, 0);
}

static void
test_latent_must_have_its_width (void)
{
  assert_cannot_record (&shapes[0], 6, 0);
}

static void
test_batches_must_agree (void)
{
  g_autoptr (C2lDevice) device = generator_fixture_open_device ();
  g_autoptr (C2lWeights) weights = make_weights (&shapes[2]);
  C2lMapping *mapping = load (weights, device);
  g_autoptr (C2lPass) pass = c2l_pass_new (device, C2L_PRECISION_F32, "test");
  g_autoptr (GError) error = NULL;
  C2lTensor *z = c2l_pass_add_input (pass, "z", C2L_F32, 2, (gint64[]) { 2, 5 });
  C2lTensor *c = c2l_pass_add_input (pass, "c", C2L_F32, 2, (gint64[]) { 3, 3 });

  c2l_mapping_forward (mapping, pass, z, c, NULL, -1, NUM_WS);
  g_assert_false (c2l_pass_compile (pass, &error));
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_SHAPE);
  c2l_mapping_free (mapping);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      g_autofree char *path = g_strconcat ("/mapping/matches-plain-loop/", shapes[i].path, NULL);
      g_test_add_data_func (path, &shapes[i], test_matches_plain_loop);
    }
  g_test_add_func ("/mapping/label-must-be-given", test_label_must_be_given);
  g_test_add_func ("/mapping/latent-must-have-its-width", test_latent_must_have_its_width);
  g_test_add_func ("/mapping/batches-must-agree", test_batches_must_agree);
  return g_test_run ();
}
