/* The operations that models are written over. Each records itself in the pass and returns its
 * result, an intermediate of that pass; shapes are checked here, once, so that the implementations
 * needn't. A NULL operand is a mistake made earlier in the same recording and yields NULL.
 *
 * Shapes: B batch, T tokens, S keys, D width, H heads, C channels, R resolution. Weights ([N, K],
 * [O, I, k, k]) keep the layout of the files; the device packs them. Operands that a comment marks
 * `any float` may be F32, BF16 or F16; all others are F32. Results are F32 unless an out_dtype says
 * otherwise. Optional members of a parameter struct are NULL or 0 when absent. */
#pragma once

#include "compute/pass.h"

G_BEGIN_DECLS

typedef enum
{
  C2L_ACT_LINEAR,
  C2L_ACT_LEAKY_RELU, /* slope 0.2; the gain is separate */
  C2L_ACT_RELU,
  C2L_ACT_SILU,       /* x·σ(x) */
  C2L_ACT_QUICK_GELU, /* x·σ(1.702x) */
  C2L_ACT_GELU        /* exact, with erf */
} C2lActivation;

/* --- matrix products --- */

typedef struct
{
  C2lTensor *bias;     /* [N], F32 */
  C2lTensor *residual; /* the shape of the result, F32: added last */
  C2lActivation act;
  float gain;          /* after the activation; 0 means 1 */
  C2lDtype out_dtype;  /* F32 (= 0), or the compute dtype */
} C2lEpilogue;

/* c2l_gemm:
 * @x: [..., K], any float   @weight: [N, K], a weight, F32 or F16   @epilogue: (nullable)
 * Returns act (x · weightᵀ + bias) · gain + residual, [..., N]. Products are in x's type: an F32
 * operand is multiplied in float32 in every precision. */
C2lTensor *c2l_gemm (C2lPass *pass, C2lTensor *x, C2lTensor *weight, const C2lEpilogue *epilogue);

/* --- transformers --- */

/* (x − mean) · rsqrt (var + eps) · gain + bias over the last dimension; @bias [D] (nullable), @gain
 * [D]. */
C2lTensor *c2l_layer_norm (C2lPass *pass, C2lTensor *x, C2lTensor *gain, C2lTensor *bias, float eps,
                           C2lDtype out_dtype);

/* Rotary position embedding, interleaved pairs (Su et al. 2021), of the @n_heads heads of @head_dim
 * that begin at column @offset of x [B, T, W] (any float, result of the same type); the other
 * columns are copied. @angles: [T, n/2] f32, angle of each pair; n ≤ head_dim. */
typedef struct
{
  int offset, n_heads, head_dim;
  C2lTensor *angles;
} C2lRotary;
C2lTensor *c2l_rotary (C2lPass *pass, C2lTensor *x, const C2lRotary *params);

/* Queries, keys and values (any float) are column ranges of tensors [B, T, …] and [B, S, …] (the
 * same tensor, or different ones), so a joint projection needs no splitting. Result [B, T, n_heads
 * · head_dim]. The softmax is over S keys, with the null key, if any, in front of them (so scores
 * are [T, S + 1] then). */
typedef struct
{
  C2lTensor *q, *k, *v;
  int q_offset, k_offset, v_offset;
  int n_heads, n_kv_heads; /* n_kv_heads is 1 (shared by all) or n_heads */
  int head_dim;
  float scale;             /* of the scores */
  C2lTensor *null_kv;      /* [2, head_dim] f32: a learned key and value, for n_kv_heads = 1 */
  C2lTensor *bias;         /* [H, T, S (+1)] f32, added to the scaled scores */
  gboolean causal;         /* query i sees keys 0…i (and the null key) */
  C2lTensor *key_mask;     /* [B, S] u8: 0 hides a key from every query */
  C2lDtype out_dtype;
} C2lAttention;
C2lTensor *c2l_attention (C2lPass *pass, const C2lAttention *params);

/* x [..., 2D], any float → a · silu (g) with a the first half, g the second: [..., D]. */
C2lTensor *c2l_swiglu (C2lPass *pass, C2lTensor *x, C2lDtype out_dtype);

/* --- elementwise and shapes --- */

/* NumPy broadcasting (dimensions equal or 1, aligned at the last). */
C2lTensor *c2l_add (C2lPass *pass, C2lTensor *a, C2lTensor *b);
C2lTensor *c2l_multiply (C2lPass *pass, C2lTensor *a, C2lTensor *b);

/* a + (b − a) · weight; a, b and weight broadcast. */
C2lTensor *c2l_lerp (C2lPass *pass, C2lTensor *a, C2lTensor *b, C2lTensor *weight);

/* Σ coefficients[i] · terms[i], 1 ≤ n ≤ 4, one shape. */
C2lTensor *c2l_combine (C2lPass *pass, int n, C2lTensor *const *terms, const float *coefficients);

C2lTensor *c2l_clamp (C2lPass *pass, C2lTensor *x, float low, float high);
/* @gain 0 means 1. */
C2lTensor *c2l_activate (C2lPass *pass, C2lTensor *x, C2lActivation act, float gain);
C2lTensor *c2l_cast (C2lPass *pass, C2lTensor *x, C2lDtype dtype);

/* The same elements in another shape; no copy. */
C2lTensor *c2l_reshape (C2lPass *pass, C2lTensor *x, int n_dims, const gint64 *dims);
/* The next four take any dtype and keep it.
 * Repeats dimensions of size 1 (and adds leading ones) until the shape is @dims. */
C2lTensor *c2l_expand (C2lPass *pass, C2lTensor *x, int n_dims, const gint64 *dims);
/* 1 ≤ n ≤ 8, one dtype. */
C2lTensor *c2l_concat (C2lPass *pass, int axis, int n, C2lTensor *const *parts);
C2lTensor *c2l_slice (C2lPass *pass, C2lTensor *x, int axis, gint64 start, gint64 length);
/* Rows of x along @axis (0 or 1) by @indices (i32, [M]): the size of that dimension becomes M.
 * Indices outside are clamped into it, so a hostile token cannot read elsewhere. */
C2lTensor *c2l_gather (C2lPass *pass, C2lTensor *x, int axis, C2lTensor *indices);

/* x · rsqrt (mean (x²) + eps) over the last dimension. */
C2lTensor *c2l_rms_normalize (C2lPass *pass, C2lTensor *x, float eps);
/* Cosine of the angle between rows: a [B, D], b [B, D] or [1, D] → [B]. */
C2lTensor *c2l_cosine_similarity (C2lPass *pass, C2lTensor *a, C2lTensor *b);

/* --- random numbers --- */

/* Philox 4×32-10 (Salmon et al. 2011) and Box–Muller. @keys: i32 [B, 4], a row a picture: seed low,
 * seed high, picture index, 0. The counter of four numbers is (offset / 4, stream, picture index,
 * 0), the key (seed low, seed high). Result [B, …] = @dims, standard normal; row b depends on
 * keys[b] only. */
C2lTensor *c2l_random_normal (C2lPass *pass, C2lTensor *keys, guint32 stream, int n_dims,
                              const gint64 *dims);

/* --- pictures, [B, R, R, C] --- */

/* x [B, R, R, I], any float. 2-D convolution as StyleGAN uses it (Karras et al. 2020, section 2.2,
 * in its equivalent form that scales the input and the output instead of the weights):
 *   y = clamp (act (demod · conv (x · styles, weight) + noise_strength · noise + bias) · gain)
 *       + residual
 * @up = 1: correlation, zero padding @padding on each side, result [B, R + 2·padding − k + 1, …].
 * @up = 2 (k = 3): zero-insert by 2, true convolution, FIR @filter with gain 4: result [B, 2R, 2R,
 * O]. */
typedef struct
{
  C2lTensor *weight;    /* [O, I, k, k], a weight; k = 1 or 3 */
  C2lTensor *styles;    /* [B, I] */
  C2lTensor *demod;     /* [B, O] */
  C2lTensor *noise;     /* [1 or B, R', R'] f32 */
  float noise_strength;
  C2lTensor *bias;      /* [O] */
  C2lTensor *residual;  /* [B, R', R', O] f32 */
  int up;               /* 1 or 2; 0 means 1 */
  int padding;          /* for up = 1 */
  C2lTensor *filter;    /* [4, 4], a weight; for up = 2 */
  C2lActivation act;
  float gain;           /* 0 means 1 */
  float clamp;          /* 0 means none */
  C2lDtype out_dtype;
} C2lConv;
C2lTensor *c2l_conv (C2lPass *pass, C2lTensor *x, const C2lConv *params);

/* rsqrt (Σ_{i,k} (weight · styles)² + 1e-8) per picture and output channel: styles [B, I], weight
 * [O, I, k, k] → [B, O]. */
C2lTensor *c2l_demodulation (C2lPass *pass, C2lTensor *styles, C2lTensor *weight);

/* x any float. Up-sample by zero-insertion, pad (negative crops), correlate with the FLIPPED
 * filter, scale, keep every down-th: upfirdn2d of NVIDIA's networks. @filter: a weight, [n]
 * (separable, used along both axes) or [n, n], or NULL (identity). */
typedef struct
{
  C2lTensor *filter;
  int up, down;
  int padding[4]; /* left, right, top, bottom, in up-sampled pixels */
  float gain;     /* 0 means 1; a separable filter applies √gain along each axis */
} C2lResample;
C2lTensor *c2l_resample (C2lPass *pass, C2lTensor *x, const C2lResample *params);

/* x any float. Bias, up-sample with gain up², leaky ReLU · gain, clamp, down-sample, in one pass
 * over the picture (Karras et al. 2021, filtered_lrelu). Filters: weights, [n] or [n, n], or NULL
 * for one tap. Result size (R · up + pad − (n_up − 1) − (n_down − 1) + (down − 1)) / down. */
typedef struct
{
  C2lTensor *bias; /* [C] */
  C2lTensor *up_filter, *down_filter;
  int up, down;
  int padding[4];
  float gain, slope, clamp; /* clamp 0 means none; gain as given (√2 usually) */
  C2lDtype out_dtype;
} C2lFilteredLeakyRelu;
C2lTensor *c2l_filtered_leaky_relu (C2lPass *pass, C2lTensor *x, const C2lFilteredLeakyRelu *params);

/* StyleGAN3's input before its channel mixing: [B, size, size, C] of amplitude · sin (2π (grid ·
 * freqs' + phases')), with freqs' and phases' moved by @transform · (rotation and translation in
 * @affine). */
typedef struct
{
  C2lTensor *affine;    /* [B, 4]: rotation cos, sin, translation x, y, not yet normalised */
  C2lTensor *transform; /* [3, 3], the user's */
  C2lTensor *freqs;     /* [C, 2] */
  C2lTensor *phases;    /* [C] */
  int size;
  float sampling_rate, bandwidth;
} C2lFourierFeatures;
C2lTensor *c2l_fourier_features (C2lPass *pass, const C2lFourierFeatures *params);

/* Area (adaptive average) resize of [B, R, R, 3] to [B, size, size, 3], then optionally, in this
 * order: 0.5x + 0.5, normalise, clamp to [0, 1], normalise; normalise is (x − mean) / std. */
typedef struct
{
  int size;
  gboolean to_unit, normalize_before, clamp, normalize_after;
  float mean[3], std[3];
} C2lAreaResize;
C2lTensor *c2l_area_resize (C2lPass *pass, C2lTensor *x, const C2lAreaResize *params);

/* Non-overlapping patches, [B, S, S, C] → [B, (S/p)², C·p·p], each in the order (channel, row,
 * column). */
C2lTensor *c2l_patches (C2lPass *pass, C2lTensor *x, int patch, C2lDtype out_dtype);

/* [-1, 1] → 8 bit, [B, R, R, C] u8; outside is clamped. */
typedef enum
{
  C2L_U8_TRUNCATE, /* 255 · (½x + ½), towards zero: the original's evaluation */
  C2L_U8_DEMO      /* 127.5x + 127.5, towards zero: its demo */
} C2lU8Rule;
C2lTensor *c2l_to_u8 (C2lPass *pass, C2lTensor *x, C2lU8Rule rule);

G_END_DECLS
