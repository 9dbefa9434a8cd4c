/* What changes in place: sums, AdamW and averages against torch's formulas in double precision; and
 * weights that are written between runs. The device is that of C2L_TEST_DEVICE. */
#include "op-harness.h"

#include "compute/ops-train.h"

#include <math.h>
#include <string.h>

static C2lTensor *
new_variable (gint64 n, const float *values)
{
  g_autoptr (GError) error = NULL;
  C2lTensor *variable = c2l_device_new_variable (op_get_device (), 1, &n, &error);

  g_assert_no_error (error);
  if (values != NULL)
    c2l_tensor_write (variable, values, n * sizeof (float));
  return variable;
}

static float *
random_floats (gint64 n, double low, double high)
{
  float *values = g_new (float, n);

  for (gint64 i = 0; i < n; i++)
    values[i] = (float) g_test_rand_double_range (low, high);
  return values;
}

static float *
read_values (C2lTensor *tensor)
{
  float *values = g_malloc (c2l_tensor_get_size (tensor));

  c2l_tensor_read (tensor, values, c2l_tensor_get_size (tensor));
  return values;
}

static void
test_variables_begin_with_zeros (void)
{
  g_autoptr (C2lTensor) variable = new_variable (1000, NULL);
  g_autofree float *values = read_values (variable);

  for (int i = 0; i < 1000; i++)
    g_assert_cmpfloat (values[i], ==, 0);
}

static void
test_sums_accumulate_over_runs (void)
{
  g_autoptr (C2lTensor) variable = new_variable (40000, NULL);
  g_autoptr (C2lPass) pass = op_new_pass ();
  g_autofree float *values = random_floats (30000, -1, 1), *sum = NULL;
  C2lTensor *x = op_add_input (pass, "x", OP_DIMS (300, 100));

  /* Into a part of it, twice a run. Nobody reads the result. */
  for (int i = 0; i < 2; i++)
    c2l_accumulate (pass, c2l_slice (pass, variable, 0, 5000, 30000), x);
  op_compile_pass (pass);
  c2l_tensor_write (x, values, 30000 * sizeof (float));
  op_run_pass (pass);
  op_run_pass (pass);
  sum = read_values (variable);
  for (int i = 0; i < 40000; i++)
    g_assert_cmpfloat (sum[i], ==, i >= 5000 && i < 35000 ? 4 * values[i - 5000] : 0);
}

#define N 20000
#define N_DECAYED 12345

static void
adamw_step (double *p, double g, double *m, double *v, int step, double lr, double decay)
{
  *p -= lr * decay * *p;
  *m = 0.9 * *m + 0.1 * g;
  *v = 0.999 * *v + 0.001 * g * g;
  *p -= lr * (*m / (1 - pow (0.9, step))) / (sqrt (*v / (1 - pow (0.999, step))) + 1e-6);
}

static void
check_adamw (double weight_decay)
{
  g_autofree float *values = random_floats (N, -1, 1);
  g_autoptr (C2lTensor) parameters = new_variable (N, values);
  g_autoptr (C2lTensor) gradients = new_variable (N, NULL);
  g_autoptr (C2lTensor) first = new_variable (N, NULL);
  g_autoptr (C2lTensor) second = new_variable (N, NULL);
  g_autoptr (C2lPass) pass = op_new_pass ();
  C2lTensor *scalars = op_add_input (pass, "scalars", OP_DIMS (C2L_N_ADAMW_SCALARS));
  g_autofree double *p = g_new (double, N), *m = g_new0 (double, N), *v = g_new0 (double, N);
  g_autofree float *result = NULL;

  for (int i = 0; i < N; i++)
    p[i] = values[i];
  c2l_adamw (pass, &(C2lAdamw){ parameters, gradients, first, second, scalars, N_DECAYED, 0.9,
                                0.999, 1e-6, weight_decay });
  op_compile_pass (pass);
  for (int step = 1; step <= 5; step++)
    {
      g_autofree float *g = random_floats (N, -0.01, 0.01), *after = NULL;
      const float numbers[] = { 1e-2f, 1 - powf (0.9f, step), 1 - powf (0.999f, step), 0.5f };

      c2l_tensor_write (gradients, g, N * sizeof (float));
      c2l_tensor_write (scalars, numbers, sizeof numbers);
      op_run_pass (pass);
      after = read_values (gradients);
      for (int i = 0; i < N; i++)
        {
          adamw_step (&p[i], 0.5 * g[i], &m[i], &v[i], step, 1e-2,
                      i < N_DECAYED ? weight_decay : 0);
          g_assert_cmpfloat (after[i], ==, 0);
        }
    }
  result = read_values (parameters);
  for (int i = 0; i < N; i++)
    g_assert_cmpfloat_with_epsilon (result[i], p[i], 2e-5);
}

static void
test_adamw (void)
{
  check_adamw (0.1);
}

static void
test_adam (void)
{
  check_adamw (0);
}

static void
test_average (void)
{
  g_autofree float *a = random_floats (N, -1, 1), *x = random_floats (N, -1, 1), *result = NULL;
  g_autoptr (C2lTensor) average = new_variable (N, a);
  g_autoptr (C2lTensor) values = new_variable (N, x);
  g_autoptr (C2lPass) pass = op_new_pass ();

  c2l_moving_average (pass, average, values, 0.9);
  op_compile_pass (pass);
  op_run_pass (pass);
  op_run_pass (pass);
  result = read_values (average);
  for (int i = 0; i < N; i++)
    g_assert_cmpfloat_with_epsilon (result[i], 0.81 * a[i] + 0.19 * x[i], 1e-6);
}

/* A product is added to a part of a variable, as to a gradient. */
static void
test_products_add_in_place (void)
{
  g_autofree float *before = random_floats (500, -1, 1), *result = NULL;
  g_autofree float *a = random_floats (7 * 30, -1, 1), *b = random_floats (7 * 9, -1, 1);
  g_autoptr (C2lTensor) variable = new_variable (500, before);
  g_autoptr (C2lPass) pass = op_new_pass ();
  C2lTensor *x = op_add_input (pass, "x", OP_DIMS (7, 30)),
            *y = op_add_input (pass, "y", OP_DIMS (7, 9));

  c2l_matmul (pass, x, y,
              &(C2lMatmul){ .transpose_a = TRUE, .into = c2l_slice (pass, variable, 0, 100, 270) });
  op_compile_pass (pass);
  c2l_tensor_write (x, a, 7 * 30 * sizeof (float));
  c2l_tensor_write (y, b, 7 * 9 * sizeof (float));
  op_run_pass (pass);
  result = read_values (variable);
  for (int i = 0; i < 500; i++)
    {
      double sum = before[i];

      for (int k = 0; k < 7 && i >= 100 && i < 370; k++)
        sum += (double) a[k * 30 + (i - 100) / 9] * b[k * 9 + (i - 100) % 9];
      g_assert_cmpfloat_with_epsilon (result[i], sum, 1e-5);
    }
}

/* --- mistakes of a recording: each is named, with a shape --- */

typedef struct
{
  C2lTensor *x, *row, *tokens, *indices, *variable; /* [2, 3], [9], [1, 2, 6], i32 [5], [6] */
} Operands;

static void
bad_matmul (C2lPass *pass, const Operands *o)
{
  c2l_matmul (pass, o->x, o->x, NULL);
}

static void
bad_matmul_into (C2lPass *pass, const Operands *o)
{
  c2l_matmul (pass, o->x, o->x, &(C2lMatmul){ .transpose_a = TRUE, .into = o->variable });
}

static void
bad_norm_backward (C2lPass *pass, const Operands *o)
{
  c2l_layer_norm_backward (pass, o->x, o->row, o->x, 1e-5f, NULL);
}

static void
bad_norm_gain (C2lPass *pass, const Operands *o)
{
  c2l_layer_norm_gain_backward (pass, o->x, o->row, 1e-5f);
}

static void
bad_attention_backward (C2lPass *pass, const Operands *o)
{
  const C2lAttention p = { .q = o->tokens,
                           .k = o->tokens,
                           .v = o->tokens,
                           .n_heads = 1,
                           .n_kv_heads = 1,
                           .head_dim = 2,
                           .k_offset = 2,
                           .v_offset = 4 };

  c2l_attention_backward (pass, &p, o->tokens, o->tokens, C2L_F32);
}

static void
bad_attention_operand (C2lPass *pass, const Operands *o)
{
  const C2lAttention p = {
    .q = o->tokens, .k = o->tokens, .v = o->tokens, .n_heads = 3, .n_kv_heads = 3, .head_dim = 2
  };

  c2l_attention_backward (pass, &p, o->tokens, o->row, C2L_F32);
}

static void
bad_swiglu_backward (C2lPass *pass, const Operands *o)
{
  c2l_swiglu_backward (pass, o->x, o->x, C2L_F32);
}

static void
bad_activation (C2lPass *pass, const Operands *o)
{
  c2l_activate_backward (pass, o->x, o->x, C2L_ACT_GELU);
}

static void
bad_scatter (C2lPass *pass, const Operands *o)
{
  c2l_scatter_add (pass, o->x, o->indices, 4);
}

static void
bad_noise (C2lPass *pass, const Operands *o)
{
  c2l_embed_noise (pass, o->x, o->row, 1);
}

static void
bad_loss (C2lPass *pass, const Operands *o)
{
  c2l_loss (pass, o->x, o->x, C2L_LOSS_L2, o->row);
}

static void
bad_adamw (C2lPass *pass, const Operands *o)
{
  c2l_adamw (pass, &(C2lAdamw){ o->variable, o->variable, o->variable, o->row, o->row });
}

static void
bad_average (C2lPass *pass, const Operands *o)
{
  c2l_moving_average (pass, o->variable, o->row, 0.9);
}

static const struct
{
  void (*record) (C2lPass *pass, const Operands *operands);
  const char *name, *shape; /* must stand in the message */
} mistakes[] = {
  { bad_matmul, "matrix product", "[2, 3]" },
  { bad_matmul_into, "matrix product", "[6]" },
  { bad_norm_backward, "layer norm, backward", "[9]" },
  { bad_norm_gain, "gain", "[9]" },
  { bad_attention_backward, "attention, backward", "[1, 2, 6]" },
  { bad_attention_operand, "attention, backward", "[9]" },
  { bad_swiglu_backward, "swiglu, backward", "[2, 3]" },
  { bad_activation, "activate, backward", "[2, 3]" },
  { bad_scatter, "scatter", "i32 [5]" },
  { bad_noise, "embedding noise", "[9]" },
  { bad_loss, "loss", "[9]" },
  { bad_adamw, "adamw", "[9]" },
  { bad_average, "moving average", "[9]" },
};

static void
test_mistakes_are_named (void)
{
  g_autoptr (C2lTensor) variable = new_variable (6, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (mistakes); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (C2lPass) pass = op_new_pass ();
      const Operands o = { .x = op_add_input (pass, "x", OP_DIMS (2, 3)),
                           .row = op_add_input (pass, "row", OP_DIMS (9)),
                           .tokens = op_add_input (pass, "tokens", OP_DIMS (1, 2, 6)),
                           .indices = c2l_pass_add_input (pass, "i", C2L_I32, OP_DIMS (5)),
                           .variable = variable };

      mistakes[i].record (pass, &o);
      g_assert_false (c2l_pass_compile (pass, &error));
      g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_SHAPE);
      if (strstr (error->message, mistakes[i].name) == NULL
          || strstr (error->message, mistakes[i].shape) == NULL)
        {
          g_test_message ("%s, %s: %s", mistakes[i].name, mistakes[i].shape, error->message);
          g_test_fail ();
        }
    }
}

/* Inputs, and weights that promise to stay as they are. */
static void
test_only_variables_are_changed (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lPass) pass = op_new_pass ();
  C2lTensor *x = op_add_input (pass, "x", OP_DIMS (3)), *y = op_add_input (pass, "y", OP_DIMS (3));

  g_assert_null (c2l_accumulate (pass, x, y));
  g_assert_false (c2l_pass_compile (pass, &error));
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_SHAPE);
}

static void
expect_product (C2lPass *pass, C2lTensor *y, const float *x, const float *w)
{
  g_autofree float *result = NULL;

  op_run_pass (pass);
  result = read_values (y);
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 40; j++)
      {
        double sum = 0;

        for (int k = 0; k < 70; k++)
          sum += (double) x[i * 70 + k] * w[j * 70 + k];
        g_assert_cmpfloat_with_epsilon (result[i * 40 + j], sum, 1e-4);
      }
}

/* Products pack their weights once, and again when those were written or changed in place. */
static void
test_products_see_new_weights (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lPass) pass = op_new_pass ();
  g_autoptr (C2lPass) change = op_new_pass ();
  g_autofree float *x = random_floats (3 * 70, -1, 1), *w = random_floats (40 * 70, -1, 1);
  g_autoptr (C2lTensor) weight
      = c2l_device_new_variable (op_get_device (), 2, (gint64[]){ 40, 70 }, &error);
  C2lTensor *input = op_add_input (pass, "x", OP_DIMS (3, 70)), *y, *more;

  g_assert_no_error (error);
  c2l_tensor_write (weight, w, 40 * 70 * sizeof (float));
  y = c2l_gemm (pass, input, weight, NULL);
  c2l_pass_keep (pass, "y", y);
  op_compile_pass (pass);
  c2l_tensor_write (input, x, 3 * 70 * sizeof (float));
  expect_product (pass, y, x, w);

  for (int i = 0; i < 40 * 70; i++)
    w[i] = -2 * w[i];
  c2l_tensor_write (weight, w, 40 * 70 * sizeof (float));
  expect_product (pass, y, x, w);

  more = op_add_input (change, "more", OP_DIMS (40, 70));
  c2l_accumulate (change, weight, more);
  op_compile_pass (change);
  c2l_tensor_write (more, w, 40 * 70 * sizeof (float));
  op_run_pass (change);
  for (int i = 0; i < 40 * 70; i++)
    w[i] = 2 * w[i];
  expect_product (pass, y, x, w);
}

/* A weight that was lent may be written once it has memory of its own; what was lent stays as it
 * is. */
static void
test_lent_weights_become_own (void)
{
  g_autoptr (GError) error = NULL;
  float *lent = random_floats (8, 1, 2);
  g_autofree float *before = g_memdup2 (lent, 8 * sizeof (float)), *after = NULL;
  const float zeros[8] = { 0 };
  g_autoptr (GBytes) bytes = g_bytes_new_take (lent, 8 * sizeof (float));
  g_autoptr (C2lTensor) weight
      = c2l_device_wrap_weight (op_get_device (), C2L_F32, 1, (gint64[]){ 8 }, lent,
                                g_bytes_ref (bytes), (GDestroyNotify) g_bytes_unref, &error);

  g_assert_no_error (error);
  g_assert_true (c2l_tensor_own (weight));
  g_assert_true (c2l_tensor_own (weight));
  c2l_tensor_write (weight, zeros, sizeof zeros);
  after = read_values (weight);
  for (int i = 0; i < 8; i++)
    {
      g_assert_cmpfloat (after[i], ==, 0);
      g_assert_cmpfloat (lent[i], ==, before[i]);
    }
}

/* Marks are called where they stand, with what was computed up to there. */
static void
note_value (gpointer data)
{
  gpointer *place = data;
  g_autofree float *values = read_values (place[0]);

  g_array_append_val ((GArray *) place[1], values[0]);
}

static void
test_marks_are_called_in_between (void)
{
  g_autoptr (C2lTensor) variable = new_variable (1, NULL);
  g_autoptr (C2lPass) pass = op_new_pass ();
  g_autoptr (GArray) seen = g_array_new (FALSE, FALSE, sizeof (float));
  gpointer place[] = { variable, seen };
  C2lTensor *one = c2l_pass_add_constant (pass, C2L_F32, 1, (gint64[]){ 1 }, (float[]){ 1 });

  for (int i = 0; i < 3; i++)
    {
      c2l_accumulate (pass, variable, one);
      if (i != 1)
        c2l_pass_mark (pass, note_value, place);
    }
  op_compile_pass (pass);
  op_run_pass (pass);
  g_assert_cmpuint (seen->len, ==, 2);
  g_assert_cmpfloat (g_array_index (seen, float, 0), ==, 1);
  g_assert_cmpfloat (g_array_index (seen, float, 1), ==, 3);
}

static void
add_tests (void)
{
  g_test_add_func ("/variables/begin-with-zeros", test_variables_begin_with_zeros);
  g_test_add_func ("/variables/sums-accumulate-over-runs", test_sums_accumulate_over_runs);
  g_test_add_func ("/variables/adamw-is-torch's", test_adamw);
  g_test_add_func ("/variables/adam-is-torch's", test_adam);
  g_test_add_func ("/variables/moving-average", test_average);
  g_test_add_func ("/variables/products-add-in-place", test_products_add_in_place);
  g_test_add_func ("/train-operations/mistakes-are-named", test_mistakes_are_named);
  g_test_add_func ("/variables/nothing-else-is-changed", test_only_variables_are_changed);
  g_test_add_func ("/variables/products-see-new-weights", test_products_see_new_weights);
  g_test_add_func ("/variables/lent-weights-become-own", test_lent_weights_become_own);
  g_test_add_func ("/variables/marks-are-called-in-between", test_marks_are_called_in_between);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (op_harness_init ())
    add_tests ();
  return op_harness_run ();
}
