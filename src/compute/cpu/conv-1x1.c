/* Convolution 1×1 to very few channels; see conv-1x1.h. Compiled once for each instruction set.
 * As many pixels at a time as a vector has lanes: lanes are input channels while a pixel is read,
 * and become pixels when the vectors of partial sums, here of sixteen lanes, are folded into one.
 *
 *   pixel 0: Σ over chunks of x · w → 16 lanes ┐
 *   …                                           ├ fold → lane p = sum of pixel p
 *   pixel 15:                                   ┘ */
#include "compute/cpu/conv-1x1.h"

#include "compute/cpu/isa.h"
#include "compute/cpu/native.h"

#include <math.h>
#include <string.h>

#define LANES C2L_NATIVE_WIDTH
#define PIXELS LANES
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

static inline C2lNative
load_floats (const float *source)
{
  return *(const C2lNativeUnaligned *) source;
}

static inline C2lNative
load (gboolean bf16, gconstpointer x, gsize index)
{
  return bf16 ? native_load_bf16 ((const guint16 *) x + index)
              : load_floats ((const float *) x + index);
}

/* The last channels of a pixel, fewer than a vector holds. */
static C2lNative __attribute__ ((noinline))
load_rest (gboolean bf16, gconstpointer x, gsize index, int n)
{
  float lanes[LANES] = { 0 };

  for (int i = 0; i < n; i++)
    lanes[i] = bf16 ? c2l_bf16_to_f32 (((const guint16 *) x)[index + i])
                    : ((const float *) x)[index + i];
  return load_floats (lanes);
}

/* Partial sums of GROUP pixels from @pixels (indices of their first channels). */
static inline __attribute__ ((always_inline)) void
sum_group (const C2lConv1x1 *conv,
           gboolean bf16,
           int n_out,
           const float *weights,
           const gsize pixels[GROUP],
           C2lNative *sums)
{
  gsize row = ((gsize) conv->in_channels + 15) / 16 * 16;
  C2lNative sum[MAX_OUT][GROUP] = { 0 };
  int whole = conv->in_channels / LANES * LANES;

  for (int i = 0; i < whole; i += LANES)
#pragma GCC unroll 4
    for (int p = 0; p < GROUP; p++)
      {
        C2lNative x = load (bf16, conv->x, pixels[p] + i);

#pragma GCC unroll 4
        for (int o = 0; o < n_out; o++)
          sum[o][p] += x * load_floats (weights + o * row + i);
      }
  if (whole < conv->in_channels)
    for (int p = 0; p < GROUP; p++)
      {
        C2lNative x = load_rest (bf16, conv->x, pixels[p] + whole, conv->in_channels - whole);

        for (int o = 0; o < n_out; o++)
          sum[o][p] += x * load_floats (weights + o * row + whole);
      }
#pragma GCC unroll 4
  for (int o = 0; o < n_out; o++)
#pragma GCC unroll 4
    for (int p = 0; p < GROUP; p++)
      sums[o * PIXELS + p] = sum[o][p];
}

typedef gint32 Places __attribute__ ((vector_size (LANES * sizeof (gint32))));

/* Lanes of two vectors by number, those of the second from LANES on. */
#ifdef __clang__
static C2lNative
pick (C2lNative a, C2lNative b, Places which)
{
  C2lNative from[2] = { a, b }, picked;

  for (int i = 0; i < LANES; i++)
    picked[i] = from[which[i] / LANES][which[i] % LANES];
  return picked;
}
#else
#define pick __builtin_shuffle
#endif

/* Vectors → one, whose lane p is the sum of vector p. Each level halves the lanes of a vector that
 * are left to add. */
static inline C2lNative
fold (const C2lNative *v)
{
#if LANES == 16
  static const Places firsts[] = {
    { 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23 },
    { 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27 },
    { 0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29 },
    { 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30 },
  };
#elif LANES == 8
  static const Places firsts[] = {
    { 0, 1, 2, 3, 8, 9, 10, 11 },
    { 0, 1, 4, 5, 8, 9, 12, 13 },
    { 0, 2, 4, 6, 8, 10, 12, 14 },
  };
#else
  static const Places firsts[] = { { 0, 1, 4, 5 }, { 0, 2, 4, 6 } };
#endif
  C2lNative w[LANES];

  memcpy (w, v, sizeof w);
#pragma GCC unroll 4
  for (int level = 0; level < (int) G_N_ELEMENTS (firsts); level++)
#pragma GCC unroll 8
    for (int i = 0; i < LANES >> (level + 1); i++)
      w[i] = pick (w[2 * i], w[2 * i + 1], firsts[level])
             + pick (w[2 * i], w[2 * i + 1], firsts[level] + (LANES >> (level + 1)));
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

/* Up to PIXELS pixels from @first of all pixels of the batch. */
static inline __attribute__ ((always_inline)) void
do_pixels (const C2lConv1x1 *conv,
           gboolean bf16,
           int n_out,
           const float *weights,
           gsize first,
           int n)
{
  C2lNative sums[MAX_OUT * PIXELS];
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
    *(C2lNative *) results[o] = fold (sums + o * PIXELS);
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
