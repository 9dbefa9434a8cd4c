/* The gradients of reference-train.h, which every device is held against, are those of the forward
 * loops of reference.h: each against central differences of Σ c · y, in double precision. */
#include "reference-train.h"

#include <math.h>
#include <string.h>

#define STEP 1e-5
/* Differences have an error of STEP² times a third derivative, and of 1e-16 / STEP times the
 * values. */
#define TOLERANCE 1e-7

static RefArray *
random_array (double scale, int n_dims, const gint64 *dims)
{
  RefArray *array = ref_array_new (n_dims, dims);

  for (gsize i = 0; i < array->length; i++)
    array->values[i] = g_test_rand_double_range (-scale, scale);
  return array;
}

#define DIMS(...)                                                                                  \
  (int) (sizeof ((gint64[]){ __VA_ARGS__ }) / sizeof (gint64)), (const gint64[]) { __VA_ARGS__ }
#define RANDOM(name, ...) g_autoptr (RefArray) name = random_array (1.5, DIMS (__VA_ARGS__))

typedef RefArray *(*Forward) (gpointer data);

/* Σ c · forward () */
static double
project (Forward forward, gpointer data, const RefArray *c)
{
  g_autoptr (RefArray) y = forward (data);
  double sum = 0;

  g_assert_cmpuint (y->length, ==, c->length);
  for (gsize i = 0; i < y->length; i++)
    sum += y->values[i] * c->values[i];
  return sum;
}

/* @gradient of Σ c · forward () with respect to @x, which the forward reads. */
static void
check (const char *what,
       Forward forward,
       gpointer data,
       const RefArray *c,
       RefArray *x,
       const RefArray *gradient)
{
  double largest = 1e-3;

  g_assert_cmpuint (x->length, ==, gradient->length);
  for (gsize i = 0; i < x->length; i++)
    largest = MAX (largest, fabs (gradient->values[i]));
  for (gsize i = 0; i < x->length; i++)
    {
      const double kept = x->values[i];
      double above, below, difference;

      x->values[i] = kept + STEP;
      above = project (forward, data, c);
      x->values[i] = kept - STEP;
      below = project (forward, data, c);
      x->values[i] = kept;
      difference = (above - below) / (2 * STEP);
      if (!(fabs (difference - gradient->values[i]) <= TOLERANCE * largest))
        {
          g_test_message ("%s: element %" G_GSIZE_FORMAT " is %.12g instead of %.12g", what, i,
                          gradient->values[i], difference);
          g_test_fail ();
          return;
        }
    }
}

/* What the forwards of all tests read. */
typedef struct
{
  RefArray *x, *gain, *bias, *residual, *target;
  RefAttentionInputs in;
  C2lAttention p;
  C2lActivation act;
  C2lLossKind kind;
  gboolean transpose_a, transpose_b;
} Data;

/* --- products: the gradient is again one, as training records it */

static RefArray *
forward_matmul (gpointer data)
{
  const Data *d = data;
  const RefArray *a = d->x, *b = d->gain;

  return ref_matmul (a, b, d->bias, d->residual, d->transpose_a, d->transpose_b,
                     DIMS (d->residual->dims[0], d->residual->dims[1]));
}

static void
test_products (void)
{
  RANDOM (x, 5, 7);
  RANDOM (weight, 3, 7);
  RANDOM (bias, 3);
  RANDOM (residual, 5, 3);
  RANDOM (c, 5, 3);
  Data d = { .x = x, .gain = weight, .bias = bias, .residual = residual, .transpose_b = TRUE };
  /* y = x · weightᵀ: dx = dy · weight, dweight = dyᵀ · x, dbias = Σ dy */
  g_autoptr (RefArray) dx = ref_matmul (c, weight, NULL, NULL, FALSE, FALSE, DIMS (5, 7));
  g_autoptr (RefArray) dweight = ref_matmul (c, x, NULL, NULL, TRUE, FALSE, DIMS (3, 7));
  g_autoptr (RefArray) dbias = ref_column_sums (c);

  check ("dx", forward_matmul, &d, c, x, dx);
  check ("dweight", forward_matmul, &d, c, weight, dweight);
  check ("dbias", forward_matmul, &d, c, bias, dbias);
}

/* --- layer norm */

static RefArray *
forward_norm (gpointer data)
{
  const Data *d = data;

  return ref_layer_norm (d->x, d->gain, NULL, 1e-5f);
}

static void
test_layer_norm (void)
{
  RANDOM (x, 3, 2, 9);
  RANDOM (gain, 9);
  RANDOM (c, 3, 2, 9);
  Data d = { .x = x, .gain = gain };
  g_autoptr (RefArray) dx = ref_layer_norm_backward (x, gain, c, 1e-5f, NULL);
  g_autoptr (RefArray) dgain = ref_layer_norm_gain_backward (x, c, 1e-5f);

  check ("dx", forward_norm, &d, c, x, dx);
  check ("dgain", forward_norm, &d, c, gain, dgain);
}

/* --- attention */

static RefArray *
forward_attention (gpointer data)
{
  const Data *d = data;

  return ref_attention (&d->in, &d->p);
}

static RefArray *
zeros_like (const RefArray *array)
{
  return ref_array_new (array->n_dims, array->dims);
}

/* One array of [B, T, (heads + 2) · d], with null key and value, bias, mask and causality. */
static void
test_attention_of_one_array (void)
{
  RANDOM (qkv, 2, 4, 3 * 5 + 2 * 5 + 1);
  RANDOM (null_kv, 2, 5);
  RANDOM (bias, 3, 4, 5);
  RANDOM (c, 2, 4, 15);
  g_autoptr (RefArray) mask = ref_array_new (DIMS (2, 4));
  Data d = { .in = { qkv, qkv, qkv, null_kv, bias, mask },
             .p = { .n_heads = 3,
                    .n_kv_heads = 1,
                    .head_dim = 5,
                    .k_offset = 16,
                    .v_offset = 21,
                    .scale = 0.4f,
                    .causal = TRUE } };
  g_autoptr (RefArray) dqkv = zeros_like (qkv);
  g_autoptr (RefArray) dnull = zeros_like (null_kv);
  g_autoptr (RefArray) dbias = zeros_like (bias);

  for (gsize i = 0; i < mask->length; i++)
    mask->values[i] = i != 0; /* the first picture's condition is dropped */
  ref_attention_backward (&d.in, &d.p, c,
                          &(RefAttentionGradients){ dqkv, dqkv, dqkv, dnull, dbias });
  check ("dqkv", forward_attention, &d, c, qkv, dqkv);
  check ("dnull", forward_attention, &d, c, null_kv, dnull);
  check ("dbias", forward_attention, &d, c, bias, dbias);
}

/* Queries of their own, as in the last layer; keys and values a head each. */
static void
test_attention_of_three_arrays (void)
{
  RANDOM (q, 2, 3, 8);
  RANDOM (k, 2, 5, 8);
  RANDOM (v, 2, 5, 8);
  RANDOM (c, 2, 3, 8);
  Data d
      = { .in = { q, k, v }, .p = { .n_heads = 2, .n_kv_heads = 2, .head_dim = 4, .scale = 0.5f } };
  g_autoptr (RefArray) dq = zeros_like (q);
  g_autoptr (RefArray) dk = zeros_like (k);
  g_autoptr (RefArray) dv = zeros_like (v);

  ref_attention_backward (&d.in, &d.p, c, &(RefAttentionGradients){ .q = dq, .k = dk, .v = dv });
  check ("dq", forward_attention, &d, c, q, dq);
  check ("dk", forward_attention, &d, c, k, dk);
  check ("dv", forward_attention, &d, c, v, dv);
}

/* --- rotary: turning back is the backward, as training records it */

static RefArray *
forward_rotary (gpointer data)
{
  const Data *d = data;

  return ref_rotary (d->x, d->gain, 1, 2, 5);
}

static void
test_rotary (void)
{
  RANDOM (x, 2, 3, 12);
  RANDOM (angles, 3, 2);
  RANDOM (c, 2, 3, 12);
  Data d = { .x = x, .gain = angles };
  g_autoptr (RefArray) back = zeros_like (angles);

  for (gsize i = 0; i < angles->length; i++)
    back->values[i] = -angles->values[i];

  g_autoptr (RefArray) dx = ref_rotary (c, back, 1, 2, 5);

  check ("dx", forward_rotary, &d, c, x, dx);
}

/* --- the rest */

static RefArray *
forward_swiglu (gpointer data)
{
  return ref_swiglu (((const Data *) data)->x);
}

static void
test_swiglu (void)
{
  RANDOM (x, 3, 14);
  RANDOM (c, 3, 7);
  Data d = { .x = x };
  g_autoptr (RefArray) dx = ref_swiglu_backward (x, c);

  check ("dx", forward_swiglu, &d, c, x, dx);
}

static RefArray *
forward_activate (gpointer data)
{
  const Data *d = data;

  return ref_activate (d->x, d->act, 1);
}

static void
test_activations (void)
{
  static const C2lActivation acts[] = { C2L_ACT_LINEAR, C2L_ACT_RELU, C2L_ACT_SILU };

  for (gsize i = 0; i < G_N_ELEMENTS (acts); i++)
    {
      RANDOM (x, 40);
      RANDOM (c, 40);
      Data d = { .x = x, .act = acts[i] };
      g_autoptr (RefArray) dx = ref_activate_backward (x, c, acts[i]);

      check ("dx", forward_activate, &d, c, x, dx);
    }
}

static RefArray *
forward_gather (gpointer data)
{
  const Data *d = data;

  return ref_gather (d->x, 0, d->target);
}

static void
test_gather (void)
{
  RANDOM (table, 4, 3);
  RANDOM (c, 6, 3);
  g_autoptr (RefArray) indices = ref_array_new (DIMS (6));
  Data d = { .x = table, .target = indices };

  for (gsize i = 0; i < 6; i++)
    indices->values[i] = (gdouble) (i * i % 4);

  g_autoptr (RefArray) dtable = ref_scatter_add (c, indices, 4);

  check ("dtable", forward_gather, &d, c, table, dtable);
}

static RefArray *
forward_loss (gpointer data)
{
  const Data *d = data;

  return ref_loss (d->x, d->target, d->kind, 0.7);
}

static void
test_losses (void)
{
  for (C2lLossKind kind = 0; kind < C2L_N_LOSSES; kind++)
    {
      RANDOM (x, 5, 2, 4);
      RANDOM (target, 5, 2, 4);
      g_autoptr (RefArray) c = ref_array_new (DIMS (1));
      Data d = { .x = x, .target = target, .kind = kind };
      g_autoptr (RefArray) dx = ref_loss_backward (x, target, kind, 0.7);

      c->values[0] = 1;
      check (c2l_loss_get_name (kind), forward_loss, &d, c, x, dx);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train-gradients/products", test_products);
  g_test_add_func ("/train-gradients/layer-norm", test_layer_norm);
  g_test_add_func ("/train-gradients/attention-of-one-array", test_attention_of_one_array);
  g_test_add_func ("/train-gradients/attention-of-three-arrays", test_attention_of_three_arrays);
  g_test_add_func ("/train-gradients/rotary", test_rotary);
  g_test_add_func ("/train-gradients/swiglu", test_swiglu);
  g_test_add_func ("/train-gradients/activations", test_activations);
  g_test_add_func ("/train-gradients/gather", test_gather);
  g_test_add_func ("/train-gradients/losses", test_losses);
  return g_test_run ();
}
