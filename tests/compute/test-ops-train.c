/* The operations of compute/ops-train.h against their loops in double precision, for each device.
 * test-train-gradients.c holds those loops against differences of the forward's. */
#include "op-harness.h"
#include "reference-train.h"

#include <math.h>
#include <string.h>

/* --- matrix products */

enum
{
  TRANSPOSE_A = 1 << 0,
  TRANSPOSE_B = 1 << 1,
  BIAS = 1 << 2,
  RESIDUAL = 1 << 3,
  NARROW_A = 1 << 4, /* bf16 in every precision */
  NARROW_B = 1 << 5,
  NARROW_RESULT = 1 << 6
};

typedef struct
{
  gint64 M, N, K;
  int options;
} MatmulShape;

/* Of the prior: forward, of the operand, of the weight; then sizes around those of blocks, panels
 * and parts, and odd ones. */
static const MatmulShape matmul_shapes[] = {
  { 64, 896, 512, TRANSPOSE_B },
  { 64, 512, 1024, TRANSPOSE_B | RESIDUAL },
  { 64, 512, 896, RESIDUAL },
  { 256, 512, 64, TRANSPOSE_A },
  { 32, 12, 1482, TRANSPOSE_B }, /* W+: gradient of the table of buckets */
  { 12, 1482, 32, TRANSPOSE_A },
  { 1, 1, 1, 0 },
  { 1, 1, 1, TRANSPOSE_A | TRANSPOSE_B | BIAS | RESIDUAL },
  { 5, 7, 3, BIAS },
  { 5, 7, 3, TRANSPOSE_A },
  { 5, 7, 3, TRANSPOSE_B },
  { 5, 7, 3, TRANSPOSE_A | TRANSPOSE_B },
  { 49, 1030, 257, 0 },
  { 49, 1030, 257, TRANSPOSE_A | RESIDUAL },
  { 97, 17, 513, TRANSPOSE_B | BIAS },
  { 23, 33, 31, TRANSPOSE_A | TRANSPOSE_B },
  { 3, 2, 2053, TRANSPOSE_A },
  { 131, 5, 6, BIAS },
};

static void
matmul_case (OpCase *c, gconstpointer data)
{
  const MatmulShape *s = data;
  const gboolean transpose_a = (s->options & TRANSPOSE_A) != 0,
                 transpose_b = (s->options & TRANSPOSE_B) != 0;
  const double scale = 1 / sqrt (s->K);
  const OpArray *a = transpose_a ? op_add (c, "a", OP_ACTIVATION, 1, OP_DIMS (s->K, s->M))
                                 : op_add (c, "a", OP_ACTIVATION, 1, OP_DIMS (s->M, s->K));
  const OpArray *b = transpose_b ? op_add (c, "b", OP_MATRIX, scale, OP_DIMS (s->N, s->K))
                                 : op_add (c, "b", OP_MATRIX, scale, OP_DIMS (s->K, s->N));
  const OpArray *bias = s->options & BIAS ? op_add (c, "bias", OP_WEIGHT, 1, OP_DIMS (s->N)) : NULL;
  const OpArray *residual
      = s->options & RESIDUAL ? op_add (c, "residual", OP_SHARED, 1, OP_DIMS (s->M, s->N)) : NULL;
  C2lTensor *y;

  op_note (c, "options 0x%x", s->options);
  y = c2l_matmul (c->pass, a->tensor, b->tensor,
                  &(C2lMatmul){
                      .transpose_a = transpose_a,
                      .transpose_b = transpose_b,
                      .bias = op_tensor (bias),
                      .residual = op_tensor (residual),
                      .out_dtype = c->out,
                  });
  if (op_run (c, y, c->out))
    op_compare (c,
                ref_matmul (&a->ref, &b->ref, op_ref (bias), op_ref (residual), transpose_a,
                            transpose_b, OP_DIMS (s->M, s->N)),
                s->K);
}

/* A row is a picture's: rows of a batch, and more dimensions than two. */
static void
matmul_rows_case (OpCase *c, gconstpointer data)
{
  const MatmulShape *s = data;
  const gint64 B = op_batch (c, s->M);
  const OpArray *a = op_add (c, "a", OP_ACTIVATION, 1, OP_DIMS (s->M, 3, s->K));
  const OpArray *b = op_add (c, "b", OP_MATRIX, 1 / sqrt (s->K), OP_DIMS (s->K, s->N));

  if (op_run (c, c2l_matmul (c->pass, a->tensor, b->tensor, &(C2lMatmul){ .out_dtype = c->out }),
              c->out))
    op_compare (c, ref_matmul (&a->ref, &b->ref, NULL, NULL, FALSE, FALSE, OP_DIMS (B, 3, s->N)),
                s->K);
}

static const MatmulShape matmul_rows_shapes[]
    = { { 4, 40, 300, 0 }, { 3, 5, 7, 0 }, { 25, 16, 256, 0 } };

static const OpArray *
add_narrow (OpCase *c,
            const char *name,
            gboolean is_narrow,
            double scale,
            int n_dims,
            const gint64 *dims)
{
  gsize length = 1;

  for (int i = 0; i < n_dims; i++)
    length *= dims[i];

  g_autofree double *values = g_new (double, length);

  for (gsize i = 0; i < length; i++)
    values[i] = (2 * op_random (c) - 1) * scale;
  return op_add_typed (c, name, OP_SHARED, is_narrow ? C2L_BF16 : C2L_F32, values, n_dims, dims);
}

static void
round_to_bf16 (RefArray *array)
{
  for (gsize i = 0; i < array->length; i++)
    array->values[i] = c2l_bf16_to_f32 (c2l_f32_to_bf16 ((float) array->values[i]));
}

/* Operands of two types: the wider is rounded as the narrow one is. */
static void
matmul_narrow_case (OpCase *c, gconstpointer data)
{
  const MatmulShape *s = data;
  const gboolean transpose_a = (s->options & TRANSPOSE_A) != 0,
                 transpose_b = (s->options & TRANSPOSE_B) != 0;
  const C2lDtype out = s->options & NARROW_RESULT ? C2L_BF16 : C2L_F32;
  const OpArray *a
      = transpose_a ? add_narrow (c, "a", (s->options & NARROW_A) != 0, 1, OP_DIMS (s->K, s->M))
                    : add_narrow (c, "a", (s->options & NARROW_A) != 0, 1, OP_DIMS (s->M, s->K));
  const OpArray *b
      = transpose_b ? add_narrow (c, "b", (s->options & NARROW_B) != 0, 1, OP_DIMS (s->N, s->K))
                    : add_narrow (c, "b", (s->options & NARROW_B) != 0, 1, OP_DIMS (s->K, s->N));
  C2lTensor *y = c2l_matmul (
      c->pass, a->tensor, b->tensor,
      &(C2lMatmul){ .transpose_a = transpose_a, .transpose_b = transpose_b, .out_dtype = out });

  op_note (c, "options 0x%x", s->options);
  if (!op_run (c, y, out))
    return;
  round_to_bf16 ((RefArray *) &a->ref);
  round_to_bf16 ((RefArray *) &b->ref);
  op_compare (
      c, ref_matmul (&a->ref, &b->ref, NULL, NULL, transpose_a, transpose_b, OP_DIMS (s->M, s->N)),
      s->K);
}

static const MatmulShape matmul_narrow_shapes[] = {
  { 50, 33, 300, NARROW_A | TRANSPOSE_B },
  { 50, 33, 300, NARROW_A },
  { 50, 33, 300, NARROW_B | TRANSPOSE_A },
  { 50, 33, 300, NARROW_A | NARROW_B | TRANSPOSE_A | NARROW_RESULT },
  { 50, 33, 300, NARROW_A | NARROW_B | TRANSPOSE_B | NARROW_RESULT },
  { 1, 1, 1, NARROW_B },
};

/* --- layer norm, SwiGLU, activations */

typedef struct
{
  gint64 B, T, D;
  gboolean residual;
  double scale, offset;
} RowShape;

static const RowShape row_shapes[] = {
  { 2, 4, 512, TRUE, 1, 0 },    { 3, 8, 128, FALSE, 3, 0.5 }, { 70, 4, 64, TRUE, 1, 0 },
  { 1, 3, 2, FALSE, 1, 0 },     { 5, 1, 17, TRUE, 1, 1 },     { 2, 3, 33, FALSE, 0.1, 0 },
  { 300, 7, 20, TRUE, 1, 0.3 }, { 1, 1, 2053, TRUE, 1, 0 },
};

static const OpArray *
add_rows (OpCase *c, const RowShape *s)
{
  const gsize n = s->B * s->T * s->D;
  g_autofree double *values = g_new (double, n);

  for (gsize i = 0; i < n; i++)
    values[i] = s->offset + (2 * op_random (c) - 1) * s->scale;
  return op_add_values (c, "x", OP_BATCHED, values, OP_DIMS (s->B, s->T, s->D));
}

static void
layer_norm_backward_case (OpCase *c, gconstpointer data)
{
  const RowShape *s = data;
  const OpArray *x = add_rows (c, s);
  const OpArray *gain = op_add (c, "gain", OP_WEIGHT, 1, OP_DIMS (s->D));
  const OpArray *dy = op_add (c, "dy", OP_ACTIVATION, 1, OP_DIMS (s->B, s->T, s->D));
  const OpArray *residual
      = s->residual ? op_add (c, "residual", OP_BATCHED, 1, OP_DIMS (s->B, s->T, s->D)) : NULL;

  if (op_run (c,
              c2l_layer_norm_backward (c->pass, x->tensor, gain->tensor, dy->tensor, 1e-5f,
                                       op_tensor (residual)),
              C2L_F32))
    op_compare (c,
                ref_layer_norm_backward (&x->ref, &gain->ref, &dy->ref, 1e-5f, op_ref (residual)),
                1000 + 5000 * s->offset);
}

static void
layer_norm_gain_case (OpCase *c, gconstpointer data)
{
  const RowShape *s = data;
  const OpArray *x = add_rows (c, s);
  const OpArray *dy = op_add (c, "dy", OP_ACTIVATION, 1, OP_DIMS (s->B, s->T, s->D));

  if (op_run (c, c2l_layer_norm_gain_backward (c->pass, x->tensor, dy->tensor, 1e-5f), C2L_F32))
    op_compare (c, ref_layer_norm_gain_backward (&x->ref, &dy->ref, 1e-5f),
                s->B * s->T + 5000 * s->offset);
}

static void
swiglu_backward_case (OpCase *c, gconstpointer data)
{
  const RowShape *s = data;
  const OpArray *x = op_add (c, "x", OP_ACTIVATION, 3 * s->scale, OP_DIMS (s->B, s->T, 2 * s->D));
  const OpArray *dy = op_add (c, "dy", OP_ACTIVATION, 1, OP_DIMS (s->B, s->T, s->D));

  if (op_run (c, c2l_swiglu_backward (c->pass, x->tensor, dy->tensor, c->out), c->out))
    op_compare (c, ref_swiglu_backward (&x->ref, &dy->ref), 4);
}

static void
activate_backward_case (OpCase *c, gconstpointer data)
{
  static const C2lActivation acts[] = { C2L_ACT_SILU, C2L_ACT_RELU, C2L_ACT_LINEAR };
  const RowShape *s = data;
  const C2lActivation act = acts[(s - row_shapes) % G_N_ELEMENTS (acts)];
  const OpArray *x = add_rows (c, s);
  const OpArray *dy = op_add (c, "dy", OP_BATCHED, 1, OP_DIMS (s->B, s->T, s->D));

  op_note (c, "act %d", act);
  if (op_run (c, c2l_activate_backward (c->pass, x->tensor, dy->tensor, act), C2L_F32))
    op_compare (c, ref_activate_backward (&x->ref, &dy->ref, act), 4);
}

static void
column_sums_case (OpCase *c, gconstpointer data)
{
  const RowShape *s = data;
  const OpArray *x = op_add (c, "x", OP_ACTIVATION, s->scale, OP_DIMS (s->B, s->T, s->D));

  if (op_run (c, c2l_column_sums (c->pass, x->tensor), C2L_F32))
    op_compare (c, ref_column_sums (&x->ref), s->B * s->T);
}

static void
embed_noise_case (OpCase *c, gconstpointer data)
{
  const RowShape *s = data;
  const OpArray *x = op_add (c, "x", OP_BATCHED, 10 * s->scale, OP_DIMS (s->B, s->T, s->D));
  const OpArray *noise = op_add (c, "noise", OP_BATCHED, 1, OP_DIMS (s->B, s->T, s->D));

  if (op_run (c, c2l_embed_noise (c->pass, x->tensor, noise->tensor, 0.75f), C2L_F32))
    op_compare (c, ref_embed_noise (&x->ref, &noise->ref, 0.75f), 10);
}

static void
sum_squares_case (OpCase *c, gconstpointer data)
{
  const RowShape *s = data;
  const OpArray *x = add_rows (c, s);

  if (op_run (c, c2l_sum_squares (c->pass, x->tensor), C2L_F32))
    op_compare (c, ref_sum_squares (&x->ref), 1);
}

/* --- attention */

enum
{
  CAUSAL = 1 << 0,
  NULL_KV = 1 << 1,
  SCORE_BIAS = 1 << 2,
  KEY_MASK = 1 << 3,
  JOINT = 1 << 4,   /* q, k, v are columns of one tensor */
  JOINT_KV = 1 << 5 /* k, v are */
};

typedef struct
{
  gint64 B, T, S;
  int n_heads, n_kv_heads, head_dim, options;
} AttentionShape;

static const AttentionShape attention_shapes[] = {
  { 3, 4, 4, 12, 1, 64, CAUSAL | NULL_KV | SCORE_BIAS | KEY_MASK | JOINT }, /* the prior's layers */
  { 3, 1, 4, 12, 1, 64, NULL_KV | SCORE_BIAS | KEY_MASK | JOINT_KV },       /* and its last */
  { 2, 38, 38, 3, 1, 16, CAUSAL | NULL_KV | SCORE_BIAS | KEY_MASK | JOINT },
  { 70, 4, 4, 2, 1, 16, CAUSAL | NULL_KV | SCORE_BIAS | JOINT },
  { 2, 5, 7, 3, 3, 5, KEY_MASK },
  { 1, 1, 1, 1, 1, 1, NULL_KV },
  { 2, 6, 6, 2, 2, 17, CAUSAL | JOINT },
  { 3, 3, 3, 2, 1, 7, SCORE_BIAS | JOINT_KV },
};

/* Columns that belong to nothing: their gradient is 0. */
#define MARGIN 3

typedef struct
{
  C2lAttention p;
  const OpArray *q, *k, *v, *null_kv, *bias, *mask, *dy;
  RefAttentionInputs in;
} AttentionCase;

static void
add_operands (OpCase *c, const AttentionShape *s, AttentionCase *a)
{
  const gint64 q_width = s->n_heads * s->head_dim, kv_width = s->n_kv_heads * s->head_dim;

  a->p.q_offset = a->p.k_offset = a->p.v_offset = MARGIN;
  if (s->options & JOINT)
    {
      a->q = a->k = a->v = op_add (c, "qkv", OP_ACTIVATION, 1,
                                   OP_DIMS (s->B, s->T, MARGIN + q_width + 2 * kv_width));
      a->p.k_offset += q_width;
      a->p.v_offset += q_width + kv_width;
      return;
    }
  a->q = op_add (c, "q", OP_ACTIVATION, 1, OP_DIMS (s->B, s->T, MARGIN + q_width));
  if (s->options & JOINT_KV)
    {
      a->k = a->v = op_add (c, "kv", OP_ACTIVATION, 1, OP_DIMS (s->B, s->S, MARGIN + 2 * kv_width));
      a->p.v_offset += kv_width;
      return;
    }
  a->k = op_add (c, "k", OP_ACTIVATION, 1, OP_DIMS (s->B, s->S, MARGIN + kv_width));
  a->v = op_add (c, "v", OP_ACTIVATION, 1, OP_DIMS (s->B, s->S, MARGIN + kv_width));
}

static void
attention_case_init (OpCase *c, const AttentionShape *s, AttentionCase *a)
{
  const int n_null = s->options & NULL_KV ? 1 : 0;

  *a = (AttentionCase){ .p = { .n_heads = s->n_heads,
                               .n_kv_heads = s->n_kv_heads,
                               .head_dim = s->head_dim,
                               .scale = 1 / sqrtf ((float) s->head_dim),
                               .causal = (s->options & CAUSAL) != 0 } };
  add_operands (c, s, a);
  if (n_null)
    a->null_kv = op_add (c, "null", OP_WEIGHT, 1, OP_DIMS (2, s->head_dim));
  if (s->options & SCORE_BIAS)
    a->bias = op_add (c, "bias", OP_SHARED, 1, OP_DIMS (s->n_heads, s->T, s->S + n_null));
  if (s->options & KEY_MASK)
    {
      g_autofree double *values = g_new (double, s->B * s->S);

      for (gint64 i = 0; i < s->B * s->S; i++)
        values[i] = (i % s->S == 0 && !n_null) || op_random (c) < 0.6;
      a->mask = op_add_typed (c, "mask", OP_BATCHED, C2L_U8, values, OP_DIMS (s->B, s->S));
    }
  a->dy = op_add (c, "dy", OP_ACTIVATION, 1, OP_DIMS (s->B, s->T, s->n_heads * s->head_dim));
  a->p.q = a->q->tensor;
  a->p.k = a->k->tensor;
  a->p.v = a->v->tensor;
  a->p.null_kv = op_tensor (a->null_kv);
  a->p.bias = op_tensor (a->bias);
  a->p.key_mask = op_tensor (a->mask);
  a->in = (RefAttentionInputs){ &a->q->ref,          &a->k->ref,       &a->v->ref,
                                op_ref (a->null_kv), op_ref (a->bias), op_ref (a->mask) };
  op_note (c, "%d/%d heads of %d, options 0x%x", s->n_heads, s->n_kv_heads, s->head_dim,
           s->options);
}

static void
compare_gradient (OpCase *c, const AttentionShape *s, AttentionCase *a, const OpArray *of)
{
  C2lTensor *y = c2l_attention_backward (c->pass, &a->p, a->dy->tensor, of->tensor, c->out);

  if (!op_run (c, y, c->out))
    return;

  RefArray *expected = ref_array_new (of->ref.n_dims, of->ref.dims);

  ref_attention_backward (&a->in, &a->p, &a->dy->ref,
                          &(RefAttentionGradients){ .q = of == a->q ? expected : NULL,
                                                    .k = of == a->k ? expected : NULL,
                                                    .v = of == a->v ? expected : NULL });
  op_compare (c, expected, 4 * s->head_dim + s->S + s->T * s->n_heads);
}

static void
attention_q_case (OpCase *c, gconstpointer shape)
{
  AttentionCase a;

  attention_case_init (c, shape, &a);
  compare_gradient (c, shape, &a, a.q);
}

static void
attention_k_case (OpCase *c, gconstpointer shape)
{
  AttentionCase a;

  attention_case_init (c, shape, &a);
  compare_gradient (c, shape, &a, a.k);
}

static void
attention_v_case (OpCase *c, gconstpointer shape)
{
  AttentionCase a;

  attention_case_init (c, shape, &a);
  compare_gradient (c, shape, &a, a.v);
}

/* Null key and value, or bias; shapes without one are passed over. */
static void
compare_parameter (OpCase *c, const AttentionShape *s, gboolean is_bias)
{
  AttentionCase a;
  C2lTensor *dnull, *dbias;

  attention_case_init (c, s, &a);
  c2l_attention_parameters_backward (c->pass, &a.p, a.dy->tensor, &dnull, &dbias);

  const OpArray *of = is_bias ? a.bias : a.null_kv;

  if (of == NULL)
    {
      g_assert_null (is_bias ? dbias : dnull);
      return;
    }
  if (!op_run (c, is_bias ? dbias : dnull, C2L_F32))
    return;

  RefArray *expected = ref_array_new (of->ref.n_dims, of->ref.dims);

  ref_attention_backward (&a.in, &a.p, &a.dy->ref,
                          &(RefAttentionGradients){ .null_kv = is_bias ? NULL : expected,
                                                    .bias = is_bias ? expected : NULL });
  op_compare (c, expected, s->B * s->T * s->n_heads + s->head_dim);
}

static void
attention_null_case (OpCase *c, gconstpointer shape)
{
  compare_parameter (c, shape, FALSE);
}

static void
attention_bias_case (OpCase *c, gconstpointer shape)
{
  compare_parameter (c, shape, TRUE);
}

/* --- tables and losses */

typedef struct
{
  gint64 M, N, n_rows;
} ScatterShape;

static const ScatterShape scatter_shapes[]
    = { { 64, 512, 40 }, { 5, 3, 1000 }, { 7, 1, 1 }, { 300, 33, 3 } };

static void
scatter_add_case (OpCase *c, gconstpointer data)
{
  const ScatterShape *s = data;
  const OpArray *dy = op_add (c, "dy", OP_SHARED, 1, OP_DIMS (s->M, s->N));
  g_autofree double *values = g_new (double, s->M);

  /* Outside, too: as gathering, it stays within the table. */
  for (gint64 i = 0; i < s->M; i++)
    values[i] = floor (op_random (c) * (s->n_rows + 4)) - 2;

  const OpArray *indices = op_add_typed (c, "indices", OP_SHARED, C2L_I32, values, OP_DIMS (s->M));

  if (op_run (c, c2l_scatter_add (c->pass, dy->tensor, indices->tensor, s->n_rows), C2L_F32))
    op_compare (c, ref_scatter_add (&dy->ref, &indices->ref, s->n_rows), s->M);
}

typedef struct
{
  gint64 B, L, D;
  C2lLossKind kind;
  double scale;
} LossShape;

static const LossShape loss_shapes[] = {
  { 4, 1, 512, C2L_LOSS_L2, 1 },     { 4, 3, 512, C2L_LOSS_L1, 1 },
  { 4, 18, 300, C2L_LOSS_HUBER, 1 }, { 60, 2, 300, C2L_LOSS_L2, 0.25 },
  { 1, 1, 1, C2L_LOSS_L1, 2 },       { 3, 1, 17, C2L_LOSS_HUBER, 0.5 },
};

typedef struct
{
  const OpArray *prediction, *target, *scale;
} LossCase;

static void
loss_case_init (OpCase *c, const LossShape *s, LossCase *l)
{
  l->prediction = op_add (c, "prediction", OP_SHARED, 1, OP_DIMS (s->B, s->L, s->D));
  l->target = op_add (c, "target", OP_SHARED, 1, OP_DIMS (s->B, s->L, s->D));
  l->scale = op_add_values (c, "scale", OP_SHARED, &s->scale, OP_DIMS (1));
  op_note (c, "%s", c2l_loss_get_name (s->kind));
}

static void
loss_case (OpCase *c, gconstpointer data)
{
  const LossShape *s = data;
  LossCase l;

  loss_case_init (c, s, &l);
  if (op_run (c,
              c2l_loss (c->pass, l.prediction->tensor, l.target->tensor, s->kind, l.scale->tensor),
              C2L_F32))
    op_compare (c, ref_loss (&l.prediction->ref, &l.target->ref, s->kind, s->scale), 1);
}

/* Differences of float32 numbers are exact enough that no sign turns. */
static void
loss_backward_case (OpCase *c, gconstpointer data)
{
  const LossShape *s = data;
  LossCase l;

  loss_case_init (c, s, &l);
  if (op_run (c,
              c2l_loss_backward (c->pass, l.prediction->tensor, l.target->tensor, s->kind,
                                 l.scale->tensor),
              C2L_F32))
    op_compare (c, ref_loss_backward (&l.prediction->ref, &l.target->ref, s->kind, s->scale), 1);
}

#define SUM_FLAGS .flags = OP_NO_BATCH
#define FIXED_SUM_FLAGS .flags = OP_NO_BATCH | OP_FIXED_TYPES

static const OpSuite suites[] = {
  OP_SUITE ("matmul", matmul_case, matmul_shapes, .bf16_tolerance = 2e-4, SUM_FLAGS),
  OP_SUITE ("matmul-of-rows", matmul_rows_case, matmul_rows_shapes, .bf16_tolerance = 2e-4),
  OP_SUITE ("matmul-of-narrow-operands", matmul_narrow_case, matmul_narrow_shapes, FIXED_SUM_FLAGS),
  OP_SUITE ("layer-norm-backward", layer_norm_backward_case, row_shapes),
  OP_SUITE ("layer-norm-gain-backward", layer_norm_gain_case, row_shapes, SUM_FLAGS),
  OP_SUITE ("attention-backward-of-queries", attention_q_case, attention_shapes),
  OP_SUITE ("attention-backward-of-keys", attention_k_case, attention_shapes),
  OP_SUITE ("attention-backward-of-values", attention_v_case, attention_shapes),
  OP_SUITE ("attention-backward-of-null", attention_null_case, attention_shapes, SUM_FLAGS),
  OP_SUITE ("attention-backward-of-bias", attention_bias_case, attention_shapes, SUM_FLAGS),
  OP_SUITE ("swiglu-backward", swiglu_backward_case, row_shapes),
  OP_SUITE ("activate-backward", activate_backward_case, row_shapes, .flags = OP_FIXED_TYPES),
  OP_SUITE ("column-sums", column_sums_case, row_shapes, SUM_FLAGS),
  OP_SUITE ("embed-noise", embed_noise_case, row_shapes, .flags = OP_FIXED_TYPES),
  OP_SUITE ("sum-squares", sum_squares_case, row_shapes, FIXED_SUM_FLAGS),
  OP_SUITE ("scatter-add", scatter_add_case, scatter_shapes, FIXED_SUM_FLAGS),
  OP_SUITE ("loss", loss_case, loss_shapes, FIXED_SUM_FLAGS),
  OP_SUITE ("loss-backward", loss_backward_case, loss_shapes, FIXED_SUM_FLAGS),
};

int
main (int argc, char **argv)
{
  return op_harness_main (argc, argv, suites, G_N_ELEMENTS (suites));
}
