/* Matrix products and the operations of transformers, over the shapes of CLIP, of the prior and of
 * the starter model, and odd ones. */
#include "op-harness.h"

#include <math.h>

enum
{
  BIAS = 1 << 0,
  RESIDUAL = 1 << 1
};

typedef struct
{
  gint64 B, T, K, N;
  int operands;
  C2lActivation act;
  float gain;
} GemmShape;

static const GemmShape gemm_shapes[] = {
  { 2, 7, 512, 1536, BIAS },            /* CLIP ViT-B/32, text: joint projection */
  { 1, 50, 768, 768, BIAS | RESIDUAL }, /* its image side: attention's output */
  { 1, 5, 768, 3072, BIAS, C2L_ACT_QUICK_GELU },
  { 2, 4, 512, 768, 0 }, /* prior mid: queries, keys and values, feed-forward */
  { 2, 4, 512, 128, 0 },
  { 2, 4, 512, 4096, 0 },
  { 2, 4, 2048, 512, RESIDUAL },
  { 3, 4, 128, 1024, 0 },   /* the starter's prior */
  { 3, 1, 512, 512, BIAS }, /* StyleGAN2: affine, mapping */
  { 2, 1, 512, 512, BIAS, C2L_ACT_LEAKY_RELU, (float) G_SQRT2 },
  { 7, 1, 512, 512, BIAS },
  { 2, 34, 2048, 512, RESIDUAL }, /* sums long enough to be cut, by numbers of rows and threads */
  { 3, 1, 3072, 200, BIAS },
  { 1, 197, 1024, 260, BIAS | RESIDUAL },
  { 2, 3, 5003, 37, 0 },
  { 1, 1, 1, 1, BIAS | RESIDUAL },
  { 1, 1, 1, 17, BIAS },
  { 3, 1, 33, 1, 0 },
  { 1, 3, 5, 7, BIAS, C2L_ACT_GELU },
  { 2, 11, 13, 17, BIAS | RESIDUAL, C2L_ACT_SILU, 0.5f },
  { 3, 5, 31, 33, RESIDUAL, C2L_ACT_RELU, 3 },
  { 1, 67, 129, 65, BIAS, C2L_ACT_LEAKY_RELU },
  { 1, 257, 3, 3, BIAS },
};

static void
gemm_case (OpCase *c, gconstpointer data)
{
  const GemmShape *s = data;
  const OpArray *x = op_add (c, "x", OP_ACTIVATION, 1, OP_DIMS (s->B, s->T, s->K));
  const OpArray *weight = op_add (c, "weight", OP_MATRIX, 1 / sqrt (s->K), OP_DIMS (s->N, s->K));
  const OpArray *bias
      = s->operands & BIAS ? op_add (c, "bias", OP_WEIGHT, 1, OP_DIMS (s->N)) : NULL;
  const OpArray *residual = s->operands & RESIDUAL
                                ? op_add (c, "residual", OP_BATCHED, 1, OP_DIMS (s->B, s->T, s->N))
                                : NULL;
  C2lTensor *y;

  op_note (c, "act %d, gain %g", s->act, s->gain);
  y = c2l_gemm (c->pass, x->tensor, weight->tensor,
                &(C2lEpilogue){
                    .bias = bias != NULL ? bias->tensor : NULL,
                    .residual = residual != NULL ? residual->tensor : NULL,
                    .act = s->act,
                    .gain = s->gain,
                    .out_dtype = c->out,
                });
  if (op_run (c, y, c->out))
    op_compare (c,
                ref_gemm (&x->ref, &weight->ref, bias != NULL ? &bias->ref : NULL,
                          residual != NULL ? &residual->ref : NULL, s->act, s->gain),
                s->K);
}

/* Rows of any rank, and no epilogue at all. */
static const int gemm_ranks[] = { 1, 2, 4, 5 };

static void
gemm_rank_case (OpCase *c, gconstpointer data)
{
  static const gint64 dims[] = { 2, 3, 1, 5, 7 };
  int n_dims = *(const int *) data;
  const OpArray *x = op_add (c, "x", OP_ACTIVATION, 1, n_dims, dims + 5 - n_dims);
  const OpArray *weight = op_add (c, "weight", OP_MATRIX, 0.4, OP_DIMS (9, 7));

  if (op_run (c, c2l_gemm (c->pass, x->tensor, weight->tensor, NULL), C2L_F32))
    op_compare (c, ref_gemm (&x->ref, &weight->ref, NULL, NULL, C2L_ACT_LINEAR, 0), 7);
}

typedef struct
{
  gint64 B, T, D;
  gboolean bias;
  double scale, offset;
} NormShape;

static const NormShape norm_shapes[] = {
  { 2, 7, 512, TRUE, 1, 0 },    { 1, 50, 768, TRUE, 3, 0 }, { 2, 4, 512, FALSE, 1, 0 },
  { 3, 4, 128, FALSE, 0.1, 0 }, { 1, 1, 1, TRUE, 1, 0 },    { 2, 3, 2, FALSE, 1, 0 },
  { 3, 1, 3, TRUE, 1, 0 },      { 1, 5, 17, TRUE, 1, 0 },   { 2, 2, 33, FALSE, 50, 0 },
  { 1, 3, 2053, TRUE, 1, 0.5 }, { 2, 2, 64, TRUE, 1, 10 },  { 1, 301, 7, FALSE, 1, 0 },
};

static void
layer_norm_case (OpCase *c, gconstpointer data)
{
  const NormShape *s = data;
  g_autofree double *values = g_new (double, s->B * s->T * s->D);
  const OpArray *x, *gain, *bias;

  for (gint64 i = 0; i < s->B * s->T * s->D; i++)
    values[i] = s->offset + (2 * op_random (c) - 1) * s->scale;
  x = op_add_values (c, "x", OP_BATCHED, values, OP_DIMS (s->B, s->T, s->D));
  gain = op_add (c, "gain", OP_WEIGHT, 1, OP_DIMS (s->D));
  bias = s->bias ? op_add (c, "bias", OP_WEIGHT, 1, OP_DIMS (s->D)) : NULL;
  /* The mean is rounded as the values are, so its error grows with offset / scale. */
  if (op_run (c,
              c2l_layer_norm (c->pass, x->tensor, gain->tensor, bias != NULL ? bias->tensor : NULL,
                              1e-5f, c->out),
              c->out))
    op_compare (c, ref_layer_norm (&x->ref, &gain->ref, bias != NULL ? &bias->ref : NULL, 1e-5f),
                1 + 50 * s->offset);
}

typedef struct
{
  gint64 B, T, W;
  int offset, n_heads, head_dim;
  gint64 n_pairs;
} RotaryShape;

static const RotaryShape rotary_shapes[] = {
  { 2, 4, 768, 0, 12, 64, 16 }, /* prior mid: queries; the shared key in front of the value */
  { 2, 4, 128, 0, 1, 64, 16 },  { 3, 38, 256, 0, 4, 64, 16 }, /* W+ */
  { 1, 4, 64, 0, 4, 16, 8 },    { 1, 1, 2, 0, 1, 2, 1 },      { 2, 3, 29, 5, 2, 7, 3 },
  { 3, 5, 40, 7, 3, 11, 1 },    { 1, 7, 20, 18, 1, 2, 1 },
};

static void
rotary_case (OpCase *c, gconstpointer data)
{
  const RotaryShape *s = data;
  const OpArray *x = op_add (c, "x", OP_ACTIVATION, 1, OP_DIMS (s->B, s->T, s->W));
  const OpArray *angles = op_add (c, "angles", OP_SHARED, 10, OP_DIMS (s->T, s->n_pairs));
  C2lRotary params = { s->offset, s->n_heads, s->head_dim, angles->tensor };

  op_note (c, "offset %d, %d heads of %d", s->offset, s->n_heads, s->head_dim);
  if (op_run (c, c2l_rotary (c->pass, x->tensor, &params), c->operand))
    op_compare (c, ref_rotary (&x->ref, &angles->ref, s->offset, s->n_heads, s->head_dim), 4);
}

enum
{
  CAUSAL = 1 << 0,
  NULL_KV = 1 << 1,
  SCORE_BIAS = 1 << 2,
  KEY_MASK = 1 << 3,
  JOINT = 1 << 4,    /* q, k, v are columns of one tensor */
  JOINT_KV = 1 << 5, /* k, v are */
  LARGE = 1 << 6     /* scores in the hundreds */
};

typedef struct
{
  gint64 B, T, S;
  int n_heads, n_kv_heads, head_dim, options;
} AttentionShape;

static const AttentionShape attention_shapes[] = {
  { 1, 77, 77, 8, 8, 64, CAUSAL | JOINT }, /* CLIP text, image */
  { 2, 50, 50, 12, 12, 64, JOINT },
  { 2, 4, 4, 12, 1, 64,
    CAUSAL | NULL_KV | SCORE_BIAS | KEY_MASK | JOINT_KV }, /* prior mid, W+, small heads */
  { 3, 38, 38, 4, 1, 64, CAUSAL | NULL_KV | SCORE_BIAS | KEY_MASK | JOINT_KV },
  { 3, 4, 4, 4, 1, 16, CAUSAL | NULL_KV | SCORE_BIAS | JOINT_KV },
  { 1, 1, 1, 1, 1, 1, 0 },
  { 1, 1, 1, 1, 1, 1, NULL_KV | CAUSAL },
  { 2, 5, 5, 3, 3, 5, SCORE_BIAS },
  { 3, 3, 7, 2, 2, 17, KEY_MASK },
  { 1, 7, 3, 5, 1, 33, KEY_MASK | NULL_KV },
  { 2, 13, 13, 1, 1, 3, CAUSAL },
  { 1, 11, 11, 3, 1, 31, SCORE_BIAS | CAUSAL | JOINT_KV },
  { 1, 9, 131, 2, 2, 8, JOINT_KV },
  { 2, 6, 6, 2, 2, 64, LARGE | JOINT },
  { 1, 6, 6, 2, 1, 16, LARGE | NULL_KV | CAUSAL },
  /* CLIP's larger image sides, and what reaches beyond one tile of keys */
  { 1, 197, 197, 2, 2, 64, JOINT },
  { 1, 257, 257, 2, 2, 64, JOINT },
  { 2, 67, 130, 2, 1, 17, KEY_MASK | NULL_KV },
  { 1, 131, 131, 1, 1, 5, CAUSAL | NULL_KV | LARGE },
  { 1, 3, 70, 1, 1, 300, 0 },
};

/* Columns that belong to nothing stand in front of each range, so that an offset which is forgotten
 * shows. */
#define MARGIN 3

typedef struct
{
  const OpArray *q, *k, *v;
} AttentionOperands;

static AttentionOperands
add_attention_operands (OpCase *c, const AttentionShape *s, C2lAttention *p)
{
  gint64 q_width = s->n_heads * s->head_dim, kv_width = s->n_kv_heads * s->head_dim;
  /* Rounding large scores changes what they attend to, so only where nobody has to round. */
  gboolean may_be_rounded
      = c->operand == C2L_F32 && c2l_pass_get_compute_dtype (c->pass) != C2L_F32;
  double scale = (s->options & LARGE) != 0 && !may_be_rounded ? 20 : 1;
  AttentionOperands operands;

  p->q_offset = p->k_offset = p->v_offset = MARGIN;
  if (s->options & JOINT)
    {
      operands.q = operands.k = operands.v = op_add (
          c, "qkv", OP_ACTIVATION, scale, OP_DIMS (s->B, s->T, MARGIN + q_width + 2 * kv_width));
      p->k_offset += q_width;
      p->v_offset += q_width + kv_width;
      return operands;
    }
  operands.q = op_add (c, "q", OP_ACTIVATION, scale, OP_DIMS (s->B, s->T, MARGIN + q_width));
  if (s->options & JOINT_KV)
    {
      operands.k = operands.v
          = op_add (c, "kv", OP_ACTIVATION, scale, OP_DIMS (s->B, s->S, MARGIN + 2 * kv_width));
      p->v_offset += kv_width;
      return operands;
    }
  operands.k = op_add (c, "k", OP_ACTIVATION, scale, OP_DIMS (s->B, s->S, MARGIN + kv_width));
  operands.v = op_add (c, "v", OP_ACTIVATION, scale, OP_DIMS (s->B, s->S, MARGIN + kv_width));
  return operands;
}

/* Hides keys here and there, never key 0: without a null key a query must see something. */
static const OpArray *
add_key_mask (OpCase *c, gint64 B, gint64 S, gboolean may_hide_all)
{
  g_autofree double *values = g_new (double, (gsize) B *S);

  for (gint64 i = 0; i < B * S; i++)
    values[i] = (i % S == 0 && !may_hide_all) || op_random (c) < 0.5;
  return op_add_typed (c, "mask", OP_BATCHED, C2L_U8, values, OP_DIMS (B, S));
}

static void
attention_case (OpCase *c, gconstpointer data)
{
  const AttentionShape *s = data;
  int n_null = s->options & NULL_KV ? 1 : 0;
  C2lAttention p = { .n_heads = s->n_heads,
                     .n_kv_heads = s->n_kv_heads,
                     .head_dim = s->head_dim,
                     .scale = 1 / sqrtf (s->head_dim),
                     .causal = (s->options & CAUSAL) != 0,
                     .out_dtype = c->out };
  AttentionOperands operands = add_attention_operands (c, s, &p);
  const OpArray *null_kv
      = n_null ? op_add (c, "null", OP_WEIGHT, 1, OP_DIMS (2, s->head_dim)) : NULL;
  const OpArray *bias = s->options & SCORE_BIAS ? op_add (c, "bias", OP_SHARED, 1,
                                                          OP_DIMS (s->n_heads, s->T, s->S + n_null))
                                                : NULL;
  const OpArray *mask = s->options & KEY_MASK ? add_key_mask (c, s->B, s->S, n_null) : NULL;
  RefAttentionInputs in = { &operands.q->ref,
                            &operands.k->ref,
                            &operands.v->ref,
                            null_kv != NULL ? &null_kv->ref : NULL,
                            bias != NULL ? &bias->ref : NULL,
                            mask != NULL ? &mask->ref : NULL };

  p.q = operands.q->tensor;
  p.k = operands.k->tensor;
  p.v = operands.v->tensor;
  p.null_kv = null_kv != NULL ? null_kv->tensor : NULL;
  p.bias = bias != NULL ? bias->tensor : NULL;
  p.key_mask = mask != NULL ? mask->tensor : NULL;
  op_note (c, "%d/%d heads of %d, options 0x%x", s->n_heads, s->n_kv_heads, s->head_dim,
           s->options);
  /* An error of a score is one of its exponential, so large scores cost digits. */
  if (op_run (c, c2l_attention (c->pass, &p), c->out))
    op_compare (c, ref_attention (&in, &p), s->options & LARGE ? 1e6 : s->head_dim + s->S);
}

typedef struct
{
  gint64 B, T, D;
  double scale;
} RowShape;

static const RowShape row_shapes[] = {
  { 2, 4, 2048, 1 }, { 3, 4, 512, 1 },    { 1, 1, 1, 1 },    { 2, 3, 5, 3 }, { 3, 1, 17, 0.01 },
  { 1, 7, 33, 10 },  { 1, 2, 1021, 100 }, { 3, 18, 512, 1 }, /* enough for several threads */
};

static void
swiglu_case (OpCase *c, gconstpointer data)
{
  const RowShape *s = data;
  const OpArray *x = op_add (c, "x", OP_ACTIVATION, s->scale, OP_DIMS (s->B, s->T, 2 * s->D));

  if (op_run (c, c2l_swiglu (c->pass, x->tensor, c->out), c->out))
    op_compare (c, ref_swiglu (&x->ref), 1);
}

static void
rms_normalize_case (OpCase *c, gconstpointer data)
{
  const RowShape *s = data;
  const OpArray *x = op_add (c, "x", OP_BATCHED, s->scale, OP_DIMS (s->B, s->T, s->D));

  if (op_run (c, c2l_rms_normalize (c->pass, x->tensor, 1e-8f), C2L_F32))
    op_compare (c, ref_rms_normalize (&x->ref, 1e-8f), 1);
}

static void
cosine_similarity_case (OpCase *c, gconstpointer data)
{
  const RowShape *s = data;
  gint64 B = s->B * s->T;
  const OpArray *a = op_add (c, "a", OP_BATCHED, s->scale, OP_DIMS (B, s->D));
  const OpArray *b = s->B % 2 == 0 ? op_add (c, "b", OP_SHARED, 1, OP_DIMS (1, s->D))
                                   : op_add (c, "b", OP_BATCHED, 3, OP_DIMS (B, s->D));

  if (op_run (c, c2l_cosine_similarity (c->pass, a->tensor, b->tensor), C2L_F32))
    op_compare (c, ref_cosine_similarity (&a->ref, &b->ref), 1);
}

static const OpSuite suites[] = {
  OP_SUITE ("gemm", gemm_case, gemm_shapes, .bf16_tolerance = 2e-4),
  OP_SUITE ("gemm-of-any-rank",
            gemm_rank_case,
            gemm_ranks,
            .bf16_tolerance = 2e-4,
            .flags = OP_NO_BATCH),
  OP_SUITE ("layer-norm", layer_norm_case, norm_shapes),
  OP_SUITE ("rotary", rotary_case, rotary_shapes),
  OP_SUITE ("attention", attention_case, attention_shapes, .bf16_tolerance = 1e-2),
  OP_SUITE ("swiglu", swiglu_case, row_shapes),
  OP_SUITE ("rms-normalize", rms_normalize_case, row_shapes, .flags = OP_FIXED_TYPES),
  OP_SUITE ("cosine-similarity", cosine_similarity_case, row_shapes, .flags = OP_FIXED_TYPES),
};

int
main (int argc, char **argv)
{
  return op_harness_main (argc, argv, suites, G_N_ELEMENTS (suites));
}
