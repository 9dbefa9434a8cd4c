/* StyleGAN2's modulated 3×3 convolution on the CPU by Winograd's minimal filtering (Lavin & Gray 2016), fused from the
 * styles on its input to noise, bias, activation, clamp and residual on its output.
 *
 * A plan holds the transformed and packed weights of one convolution at one size; it does not change after it was made
 * and serves any batch. A run allocates nothing and gives the same bits for any number of threads and any neighbours
 * in the batch.
 *
 *   y = clamp (act (demod · conv (x · styles, weights) + noise_strength · noise + bias) · gain) + residual
 *
 * up = 1 is a correlation. up = 2 is zero-insertion by 2, a true convolution and a FIR filter with gain 4: its even and odd
 * output phases are small convolutions of the unexpanded input, and the filter runs over them while they are in cache. */
#pragma once

#include "compute/ops.h"

G_BEGIN_DECLS

typedef struct _C2lWinograd C2lWinograd;

typedef enum
{
  C2L_WINOGRAD_F32,  /* float32 products */
  /* bfloat16 pairs, or 16-bit integers with a scale a tile where bfloat16 would round too much: products with an error like
   * that of a direct bfloat16 convolution; wants AVX512_BF16 and AVX512_VNNI */
  C2L_WINOGRAD_BF16,
} C2lWinogradProducts;

typedef struct
{
  int in_channels, out_channels;
  int height, width;      /* of the input */
  int up;                 /* 1 or 2 */
  int padding;            /* 0, 1 or 2; for up = 1 */
  C2lWinogradProducts products;
  C2lDtype in_dtype, out_dtype; /* C2L_F32 or C2L_BF16 */
  C2lActivation act;      /* LINEAR, LEAKY_RELU or RELU */
  float gain;             /* after the activation, > 0; 0 means 1 */
  float clamp;            /* 0 means none */
} C2lWinogradShape;

typedef struct
{
  int batch;
  gconstpointer x;        /* [B, height, width, I], in_dtype */
  gpointer y;             /* [B, R', R', O], out_dtype; 64-byte aligned */
  const float *styles;    /* (nullable) [B, I] */
  const float *demod;     /* (nullable) [B, O] */
  const float *noise;     /* (nullable) [1 or B, R', R'] */
  gsize noise_stride;     /* floats from one picture's noise to the next; 0 shares it */
  float noise_strength;
  const float *bias;      /* (nullable) [O] */
  const float *residual;  /* (nullable) [B, R', R', O] */
  gpointer scratch;       /* c2l_winograd_get_scratch_size() bytes, 64-byte aligned */
  int n_threads;
} C2lWinogradArgs;

/* c2l_winograd_new:
 * @weights: [O, I, 3, 3]   @filter: [4, 4], for up = 2
 * Returns NULL with C2L_COMPUTE_ERROR_UNSUPPORTED for what this engine does not do, _MEMORY where it cannot be packed. */
C2lWinograd *c2l_winograd_new (const C2lWinogradShape *shape, const float *weights, const float *filter,
                               GError **error);
void         c2l_winograd_free (C2lWinograd *plan);

/* Bytes that a run with @n_threads needs, and bytes of packed weights. */
gsize        c2l_winograd_get_scratch_size (const C2lWinograd *plan, int n_threads);
gsize        c2l_winograd_get_packed_size (const C2lWinograd *plan);

/* One a instruction set; C2L_WINOGRAD_BF16 plans run with the last only. */
void         c2l_winograd_run_portable (const C2lWinograd *plan, const C2lWinogradArgs *args);
void         c2l_winograd_run_avx2 (const C2lWinograd *plan, const C2lWinogradArgs *args);
void         c2l_winograd_run_avx512 (const C2lWinograd *plan, const C2lWinogradArgs *args);
void         c2l_winograd_run_avx512bf16 (const C2lWinograd *plan, const C2lWinogradArgs *args);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lWinograd, c2l_winograd_free)

G_END_DECLS
