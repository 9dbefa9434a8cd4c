/* The inner loops of the filtered leaky ReLU: weighted sums of vectors of 16 channels along rows and across them. A block of
 * neighbouring results stays in registers, so that an input vector is loaded once for all of them. Knows rows and weights only: what
 * lies outside the picture is zeros in the rows themselves, and nothing here checks bounds. The sum of a result has the same order
 * wherever it is made. */
#pragma once

#include "compute/cpu/native.h"
#include "compute/cpu/vec.h"

/* Results of a block along a row; twice as many accumulators where a row has two phases. */
#define BLOCK 4

/* Functions below take sizes that are constants in the published networks: inlined, the loops over taps unroll. */
#define ROW_KERNEL static inline __attribute__ ((always_inline)) void

/* to[i] = Σ weights[row] · rows[row][i], of @n_vecs vectors. */
ROW_KERNEL
rows_sum_n (float *to, const float *const *rows, const float *weights, gsize n_rows, gsize n_vecs)
{
  for (gsize i = 0; i < n_vecs * VEC; i += C2L_NATIVE_WIDTH)
    {
      C2lNative sum = weights[0] * *(const C2lNative *) (rows[0] + i);

#pragma GCC unroll 12
      for (gsize row = 1; row < n_rows; row++)
        sum += weights[row] * *(const C2lNative *) (rows[row] + i);
      *(C2lNative *) (to + i) = sum;
    }
}

static void
rows_sum (float *to, const float *const *rows, const float *weights, gsize n_rows, gsize n_vecs)
{
  if (n_rows == 6)
    rows_sum_n (to, rows, weights, 6, n_vecs);
  else if (n_rows == 12)
    rows_sum_n (to, rows, weights, 12, n_vecs);
  else
    rows_sum_n (to, rows, weights, n_rows, n_vecs);
}

/* The same for two sums over the same rows. */
ROW_KERNEL
rows_sum2_n (float *to_a, float *to_b, const float *const *rows, const float *a, const float *b, gsize n_rows, gsize n_vecs)
{
  for (gsize i = 0; i < n_vecs * VEC; i += C2L_NATIVE_WIDTH)
    {
      C2lNative x = *(const C2lNative *) (rows[0] + i), sum_a = a[0] * x, sum_b = b[0] * x;

#pragma GCC unroll 12
      for (gsize row = 1; row < n_rows; row++)
        {
          x = *(const C2lNative *) (rows[row] + i);
          sum_a += a[row] * x;
          sum_b += b[row] * x;
        }
      *(C2lNative *) (to_a + i) = sum_a;
      *(C2lNative *) (to_b + i) = sum_b;
    }
}

static void
rows_sum2 (float *to_a, float *to_b, const float *const *rows, const float *a, const float *b, gsize n_rows, gsize n_vecs)
{
  if (n_rows == 6)
    rows_sum2_n (to_a, to_b, rows, a, b, 6, n_vecs);
  else
    rows_sum2_n (to_a, to_b, rows, a, b, n_rows, n_vecs);
}

/* What happens to an up-sampled value. */
typedef struct
{
  float gain, slope, clamp; /* clamp is infinity where there is none */
} Activation;

static inline C2lNative
activate (C2lNative value, const Activation *act)
{
  const C2lNative zero = { 0 };
  const C2lNative high = zero + act->clamp, low = zero - act->clamp;

  value = native_select (value < zero, value * act->slope, value) * act->gain;
  value = native_select (value > high, high, value);
  return native_select (value < low, low, value);
}

/* @n_phases neighbouring results for each of @n samples (rounded up to whole blocks): result s·step − p, p = 0…n_phases − 1, sums
 * weights[p · n_taps + l] · row[s + l]. For a filter that is not separable, @n_rows rows of @weights_row weights each. */
ROW_KERNEL
row_up_n (float *to, gsize step, const float *const *rows, gsize n_rows, const float *weights, gsize weights_row, gsize n_taps,
          gsize n_phases, gsize n, const Activation *act)
{
  for (gsize s = 0; s < n; s += BLOCK)
#pragma GCC unroll 4
    for (gsize part = 0; part < VEC; part += C2L_NATIVE_WIDTH)
      {
        C2lNative sums[BLOCK][2] = { 0 };

        for (gsize r = 0; r < n_rows; r++)
          {
            const float *row = rows[r] + s * VEC + part, *w = weights + r * weights_row;

#pragma GCC unroll 12
            for (gsize l = 0; l < n_taps; l++)
#pragma GCC unroll 4
              for (gsize i = 0; i < BLOCK; i++)
                {
                  const C2lNative x = *(const C2lNative *) (row + (i + l) * VEC);

                  sums[i][0] += w[l] * x;
                  if (n_phases == 2)
                    sums[i][1] += w[n_taps + l] * x;
                }
          }
#pragma GCC unroll 4
        for (gsize i = 0; i < BLOCK; i++)
          {
            float *at = to + (s + i) * step * VEC + part;

            *(C2lNative *) at = activate (sums[i][0], act);
            if (n_phases == 2)
              *(C2lNative *) (at - VEC) = activate (sums[i][1], act);
          }
      }
}

static void
row_up (float *to, gsize step, const float *const *rows, gsize n_rows, const float *weights, gsize weights_row, gsize n_taps,
        gsize n_phases, gsize n, const Activation *act)
{
  if (n_taps == 6 && n_phases == 2 && n_rows == 1)
    row_up_n (to, step, rows, 1, weights, weights_row, 6, 2, n, act);
  else if (n_phases == 2)
    row_up_n (to, step, rows, n_rows, weights, weights_row, n_taps, 2, n, act);
  else
    row_up_n (to, step, rows, n_rows, weights, weights_row, n_taps, 1, n, act);
}

/* to[i] = Σ weights[row · n_taps + l] · rows[row][i · down + l], for @n results (rounded up to whole blocks). */
ROW_KERNEL
row_down_n (float *to, const float *const *rows, gsize n_rows, const float *weights, gsize n_taps, gsize down, gsize n)
{
  for (gsize i = 0; i < n; i += BLOCK)
#pragma GCC unroll 4
    for (gsize part = 0; part < VEC; part += C2L_NATIVE_WIDTH)
      {
        C2lNative sums[BLOCK] = { 0 };

        for (gsize r = 0; r < n_rows; r++)
          {
            const float *row = rows[r] + i * down * VEC + part, *w = weights + r * n_taps;

#pragma GCC unroll 12
            for (gsize l = 0; l < n_taps; l++)
#pragma GCC unroll 4
              for (gsize j = 0; j < BLOCK; j++)
                sums[j] += w[l] * *(const C2lNative *) (row + (j * down + l) * VEC);
          }
#pragma GCC unroll 4
        for (gsize j = 0; j < BLOCK; j++)
          *(C2lNative *) (to + (i + j) * VEC + part) = sums[j];
      }
}

static void
row_down (float *to, const float *const *rows, gsize n_rows, const float *weights, gsize n_taps, gsize down, gsize n)
{
  if (n_taps == 12 && down == 2 && n_rows == 1)
    row_down_n (to, rows, 1, weights, 12, 2, n);
  else if (n_taps == 12 && down == 2)
    row_down_n (to, rows, n_rows, weights, 12, 2, n);
  else
    row_down_n (to, rows, n_rows, weights, n_taps, down, n);
}
