/* Convolution 1×1 to very few channels, as StyleGAN2's toRGB: each pixel's channels, times the styles, times a small matrix.
 * It reads the largest picture of the network once, so it must not do anything else with it.
 *
 *   y = clamp (weights · (x · styles) + bias) + residual */
#pragma once

#include "compute/dtype.h"

G_BEGIN_DECLS

#define C2L_CONV_1X1_MAX_OUT 4

typedef struct
{
  int batch, in_channels, out_channels; /* out_channels ≤ C2L_CONV_1X1_MAX_OUT */
  gsize n_pixels;         /* of a picture */
  C2lDtype in_dtype;      /* C2L_F32 or C2L_BF16 */
  gconstpointer x;        /* [B, n_pixels, I] */
  float *y;               /* [B, n_pixels, O] */
  const float *weights;   /* [O, I] */
  const float *styles;    /* (nullable) [B, I] */
  const float *bias;      /* (nullable) [O] */
  const float *residual;  /* (nullable) [B, n_pixels, O]; may be y */
  float clamp;            /* 0 means none */
  gpointer scratch;       /* c2l_conv_1x1_get_scratch_size() bytes, 64-byte aligned */
  int n_threads;
} C2lConv1x1;

/* Bytes that a run needs. */
static inline gsize
c2l_conv_1x1_get_scratch_size (int batch, int in_channels)
{
  return (gsize) batch * C2L_CONV_1X1_MAX_OUT * (((gsize) in_channels + 15) / 16 * 16) * sizeof (float);
}

/* One an instruction set. The result does not depend on threads or on other pictures of the batch. */
void c2l_conv_1x1_run_portable (const C2lConv1x1 *conv);
void c2l_conv_1x1_run_avx2 (const C2lConv1x1 *conv);
void c2l_conv_1x1_run_avx512 (const C2lConv1x1 *conv);
void c2l_conv_1x1_run_avx512bf16 (const C2lConv1x1 *conv);

G_END_DECLS
