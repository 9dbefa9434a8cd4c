/* Convolution 1×1 to very few channels; see conv-1x1.h. Compiled once for each instruction set.
 * Sixteen pixels at a time: lanes are input channels while a pixel is read, and become pixels when
 * the sixteen vectors of partial sums are folded into one.
 *
 *   pixel 0: Σ over chunks of x · w → 16 lanes ┐
 *   …                                           ├ fold → lane p = sum of pixel p
 *   pixel 15:                                   ┘ */
#include "compute/cpu/conv-1x1.h"

#include "compute/cpu/isa.h"
#include "compute/cpu/winograd-simd.h"

#include <math.h>

#define PIXELS 16
/* Pixels whose sums are in registers together. */
#define GROUP 4
/* Pixels that a thread takes at once. */
#define SPAN 4096
#define MAX_OUT C2L_CONV_1X1_MAX_OUT

static float *
get_weights (const C2lConv1x1 *conv, int b)
{
  gsize row = ((gsize) conv->in_channels + 15) / 16 * 16;

  return (float *) conv->scratch + (gsize) b * MAX_OUT * row;
}

/* weights · styles, rows padded with zeros. */
static void
scale_weights (const C2lConv1x1 *conv, int b)
{
  gsize row = ((gsize) conv->in_channels + 15) / 16 * 16;
  float *scaled = get_weights (conv, b);

  memset (scaled, 0, sizeof (float) * MAX_OUT * row);
  for (int o = 0; o < conv->out_channels; o++)
    for (int i = 0; i < conv->in_channels; i++)
      scaled[o * row + i] = conv->weights[(gsize) o * conv->in_channels + i]
                            * (conv->styles ? conv->styles[(gsize) b * conv->in_channels + i] : 1);
}

C2L_INLINE C2lLanes
load (gboolean bf16, gconstpointer x, gsize index)
{
  return bf16 ? lanes_load_bf16 ((const guint16 *) x + index)
              : lanes_load ((const float *) x + index);
}

/* The last channels of a pixel, fewer than 16. */
static C2lLanes __attribute__ ((noinline))
load_rest (gboolean bf16, gconstpointer x, gsize index, int n)
{
  float lanes[16] = { 0 };

  for (int i = 0; i < n; i++)
    lanes[i] = bf16 ? c2l_bf16_to_f32 (((const guint16 *) x)[index + i])
                    : ((const float *) x)[index + i];
  return lanes_load (lanes);
}

/* Partial sums of GROUP pixels from @pixels (indices of their first channels). */
C2L_INLINE void
sum_group (const C2lConv1x1 *conv,
           gboolean bf16,
           int n_out,
           const float *weights,
           const gsize pixels[GROUP],
           C2lLanes *sums)
{
  gsize row = ((gsize) conv->in_channels + 15) / 16 * 16;
  C2lLanes sum[MAX_OUT][GROUP] = { 0 };
  int whole = conv->in_channels / 16 * 16;

  for (int i = 0; i < whole; i += 16)
#pragma GCC unroll 4
    for (int p = 0; p < GROUP; p++)
      {
        C2lLanes x = load (bf16, conv->x, pixels[p] + i);

#pragma GCC unroll 4
        for (int o = 0; o < n_out; o++)
          sum[o][p] += x * lanes_load (weights + o * row + i);
      }
  if (whole < conv->in_channels)
    for (int p = 0; p < GROUP; p++)
      {
        C2lLanes x = load_rest (bf16, conv->x, pixels[p] + whole, conv->in_channels - whole);

        for (int o = 0; o < n_out; o++)
          sum[o][p] += x * lanes_load (weights + o * row + whole);
      }
#pragma GCC unroll 4
  for (int o = 0; o < n_out; o++)
#pragma GCC unroll 4
    for (int p = 0; p < GROUP; p++)
      sums[o * PIXELS + p] = sum[o][p];
}

/* Lanes of two vectors by number, those of the second from 16 on. */
#ifdef __clang__
static C2lLanes
pick (C2lLanes a, C2lLanes b, C2lLanesInt which)
{
  C2lLanes from[2] = { a, b }, picked;

  for (int i = 0; i < 16; i++)
    picked[i] = from[which[i] / 16][which[i] % 16];
  return picked;
}
#else
#define pick __builtin_shuffle
#endif

/* Sixteen vectors → one, whose lane p is the sum of vector p. Each level halves the lanes of a
 * vector that are left to add. */
static C2lLanes
fold (const C2lLanes *v)
{
  static const C2lLanesInt firsts[4] = {
    { 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23 },
    { 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27 },
    { 0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29 },
    { 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30 },
  };
  static const int steps[4] = { 8, 4, 2, 1 };
  C2lLanes w[16];

  memcpy (w, v, sizeof w);
#pragma GCC unroll 4
  for (int level = 0; level < 4; level++)
#pragma GCC unroll 8
    for (int i = 0; i < steps[level]; i++)
      w[i] = pick (w[2 * i], w[2 * i + 1], firsts[level])
             + pick (w[2 * i], w[2 * i + 1], firsts[level] + steps[level]);
  return w[0];
}

static float
finish (const C2lConv1x1 *conv, float sum, int o, gsize index)
{
  float limit = conv->clamp > 0 ? conv->clamp : INFINITY,
        value = sum + (conv->bias ? conv->bias[o] : 0);

  value = value > limit ? limit : value < -limit ? -limit : value;
  return value + (conv->residual ? conv->residual[index] : 0);
}

/* Up to sixteen pixels from @first of all pixels of the batch. */
C2L_INLINE void
do_pixels (const C2lConv1x1 *conv,
           gboolean bf16,
           int n_out,
           const float *weights,
           gsize first,
           int n)
{
  C2lLanes sums[MAX_OUT * PIXELS];
  float results[MAX_OUT][PIXELS] __attribute__ ((aligned (64)));

  for (int p = 0; p < PIXELS; p += GROUP)
    {
      gsize pixels[GROUP];

      /* Behind the last pixel it is read again. */
      for (int k = 0; k < GROUP; k++)
        pixels[k] = (first + MIN (p + k, n - 1)) * conv->in_channels;
      sum_group (conv, bf16, n_out, weights, pixels, sums + p);
    }
#pragma GCC unroll 4
  for (int o = 0; o < n_out; o++)
    lanes_store (results[o], fold (sums + o * PIXELS));
  for (int p = 0; p < n; p++)
#pragma GCC unroll 4
    for (int o = 0; o < n_out; o++)
      {
        gsize index = (first + p) * n_out + o;

        conv->y[index] = finish (conv, results[o][p], o, index);
      }
}

typedef void (*DoPixels) (const C2lConv1x1 *conv, const float *weights, gsize first, int n);

#define DEFINE(n_out)                                                                              \
  static void from_f32_##n_out (const C2lConv1x1 *conv, const float *weights, gsize first, int n)  \
  {                                                                                                \
    do_pixels (conv, FALSE, n_out, weights, first, n);                                             \
  }                                                                                                \
  static void from_bf16_##n_out (const C2lConv1x1 *conv, const float *weights, gsize first, int n) \
  {                                                                                                \
    do_pixels (conv, TRUE, n_out, weights, first, n);                                              \
  }
DEFINE (1)
DEFINE (2)
DEFINE (3)
DEFINE (4)

void
C2L_ISA_NAME (c2l_conv_1x1_run) (const C2lConv1x1 *conv)
{
  static const DoPixels all[2][MAX_OUT + 1] = {
    { NULL, from_f32_1, from_f32_2, from_f32_3, from_f32_4 },
    { NULL, from_bf16_1, from_bf16_2, from_bf16_3, from_bf16_4 },
  };
  DoPixels run = all[conv->in_dtype == C2L_BF16][conv->out_channels];
  gsize spans = (conv->n_pixels + SPAN - 1) / SPAN;

  for (int b = 0; b < conv->batch; b++)
    scale_weights (conv, b);
#pragma omp parallel for num_threads(conv->n_threads) schedule(dynamic, 4)
  for (gsize i = 0; i < spans * conv->batch; i++)
    {
      int b = i / spans;
      gsize start = i % spans * SPAN, end = MIN (conv->n_pixels, start + SPAN);

      for (gsize p = start; p < end; p += PIXELS)
        run (conv, get_weights (conv, b), b * conv->n_pixels + p, MIN (PIXELS, end - p));
    }
}
