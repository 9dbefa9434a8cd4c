/* What the kernels of convolution share: which pixels a product is of, and what happens to it at the end. */
#pragma once

#include "kernels/number.h"

/* Channels are cut and padded to this for the tensor cores, outputs of packed weights to the other. */
#define CU_CONV_CHUNK 32
#define CU_CONV_OUTPUTS 128

/* A convolution is a sum of products with shifted pictures. Its taps: where a pixel of the result, counted as @place says, reads, and
 * with which element of the kernel. With up = 2 the result falls into four kinds of pixels by parity, and each has its own taps:
 * of two along an axis where it is even, of one where it is odd. */
struct CuConvPlace
{
  int rows, columns;   /* of one kind of pixel */
  int n_taps;
  int parity_y, parity_x, step;
  int out_h, out_w;
};

static __host__ __device__ inline CuConvPlace
cu_conv_place (const CuConv &c, int parity)
{
  CuConvPlace p;

  p.step = c.up;
  p.parity_y = parity / 2;
  p.parity_x = parity % 2;
  if (c.up == 2)
    {
      p.out_h = 2 * c.H + 1;
      p.out_w = 2 * c.W + 1;
      p.rows = c.H + 1 - p.parity_y;
      p.columns = c.W + 1 - p.parity_x;
      p.n_taps = (2 - p.parity_y) * (2 - p.parity_x);
    }
  else
    {
      p.out_h = p.rows = c.H + 2 * c.padding - c.k + 1;
      p.out_w = p.columns = c.W + 2 * c.padding - c.k + 1;
      p.n_taps = c.k * c.k;
    }
  return p;
}

/* Tap @i: what is added to a pixel's row and column, and its element of the kernel. */
static __device__ __forceinline__ void
cu_conv_tap (const CuConv &c, const CuConvPlace &p, int i, int *dy, int *dx, int *element)
{
  if (c.up == 2)
    {
      const int n_x = 2 - p.parity_x, y = i / n_x, x = i % n_x;

      /* x[p] lands on 2p + tap: an even pixel has taps 0 of its own and 2 of the one before, an odd one tap 1. */
      *dy = -y;
      *dx = -x;
      *element = (p.parity_y ? 1 : 2 * y) * 3 + (p.parity_x ? 1 : 2 * x);
    }
  else
    {
      *dy = i / c.k - c.padding;
      *dx = i % c.k - c.padding;
      *element = i;
    }
}

/* What follows a sum, in C2lConv's order; all but @gain may be absent. */
struct CuFinish
{
  const float *demod, *noise, *bias, *residual;
  float noise_strength, gain, clamp;
  int noise_each, act;
};

/* @pixel: of a picture of @n_pixels, @o of @O channels. */
static __device__ __forceinline__ float
cu_finish (const CuFinish &f, float value, int b, int64_t pixel, int64_t n_pixels, int o, int O)
{
  if (f.demod)
    value *= f.demod[(int64_t) b * O + o];
  if (f.noise)
    value += f.noise_strength * f.noise[(f.noise_each ? b * n_pixels : 0) + pixel];
  if (f.bias)
    value += f.bias[o];
  value = cu_clamp (cu_activate (value, f.act) * f.gain, f.clamp);
  if (f.residual)
    value += f.residual[((int64_t) b * n_pixels + pixel) * O + o];
  return value;
}

static inline CuFinish
cu_conv_finish (const CuConv *c)
{
  return CuFinish { c->demod, c->noise, c->bias, c->residual, c->noise_strength, c->gain, c->clamp, c->noise_each, c->act };
}

void cu_conv_mma (CuStream stream, const CuConv *c);
void cu_conv_f32 (CuStream stream, const CuConv *c);
/* For 1×1 of up to CU_CONV_NARROW outputs; its weights are those of CU_CONV_F32. */
#define CU_CONV_NARROW 4
void cu_conv_narrow (CuStream stream, const CuConv *c);
