/* Output transform of the Winograd engine: the products M of a tile, back into pixels. Without
 * up-sampling they go through the epilogue into the result; with it they are rows for the FIR
 * filter of winograd-filter.c. Compiled once for each instruction set. */
#include "compute/cpu/native.h"
#include "compute/cpu/winograd-epilogue.h"
#include "compute/cpu/winograd-parts.h"

#define MAX_OUT 6

/* --- one axis --- */

C2L_INLINE void
back_f43 (const C2lNative *m, C2lNative *y)
{
  const float a = C2L_WINOGRAD_F43_A, b = C2L_WINOGRAD_F43_B;
  C2lNative sum_a = m[1] + m[2], difference_a = m[1] - m[2];
  C2lNative sum_b = m[3] + m[4], difference_b = m[3] - m[4];

  y[0] = m[0] + sum_a + sum_b;
  y[1] = difference_a * a + difference_b * b;
  y[2] = sum_a * (a * a) + sum_b * (b * b);
  y[3] = difference_a * (a * a * a) + difference_b * (b * b * b) + m[5];
}

C2L_INLINE void
back_f23 (const C2lNative *m, C2lNative *y)
{
  y[0] = m[0] + m[1] + m[2];
  y[1] = m[1] - m[2] - m[3];
}

C2L_INLINE void
back_up3 (const C2lNative *m, C2lNative *y)
{
  C2lNative sum = m[1] + m[2];

  y[0] = m[0] + sum;
  y[1] = m[4];
  y[2] = m[1] - m[2];
  y[3] = m[5];
  y[4] = sum + m[3];
  y[5] = m[6];
}

C2L_INLINE void
back (C2lWinogradSchemeKind kind, const C2lNative *m, C2lNative *y)
{
  if (kind == C2L_SCHEME_F43)
    back_f43 (m, y);
  else if (kind == C2L_SCHEME_F23)
    back_f23 (m, y);
  else
    back_up3 (m, y);
}

/* --- both axes --- */

/* 16 channels of one tile: products are @stride apart. */
C2L_INLINE void
transform (C2lWinogradSchemeKind kind,
           int n_coef,
           int n_out,
           const float *m,
           gsize stride,
           C2lLanes y[MAX_OUT][MAX_OUT])
{
#pragma GCC unroll 4
  for (int part = 0; part < C2L_NATIVE_VECTORS; part++, m += C2L_NATIVE_WIDTH)
    {
      C2lNative half[MAX_OUT][C2L_WINOGRAD_MAX_COEF];

#pragma GCC unroll 7
      for (int x = 0; x < n_coef; x++)
        {
          C2lNative column[C2L_WINOGRAD_MAX_COEF], out[MAX_OUT];

#pragma GCC unroll 7
          for (int k = 0; k < n_coef; k++)
            column[k] = *(const C2lNative *) (m + (gsize) (k * n_coef + x) * stride);
          back (kind, column, out);
#pragma GCC unroll 6
          for (int k = 0; k < n_out; k++)
            half[k][x] = out[k];
        }
#pragma GCC unroll 6
      for (int k = 0; k < n_out; k++)
        {
          C2lNative row[MAX_OUT];

          back (kind, half[k], row);
#pragma GCC unroll 6
          for (int x = 0; x < n_out; x++)
            ((C2lNative *) &y[k][x])[part] = row[x];
        }
    }
}

/* 32 channels of one tile into the result. */
C2L_INLINE void
store_tile (C2lWinogradSchemeKind kind,
            int n_coef,
            int n_out,
            Store store,
            const C2lWinograd *plan,
            const Epilogue *e,
            const float *m,
            float scale,
            int y0,
            int x0)
{
  C2lLanes demod[2] = { e->demod[0] * scale, e->demod[1] * scale };
  C2lLanes left[MAX_OUT][MAX_OUT], right[MAX_OUT][MAX_OUT];
  gsize pixel = (gsize) y0 * plan->out_width + x0;

  transform (kind, n_coef, n_out, m, plan->m_stride, left);
  transform (kind, n_coef, n_out, m + 16, plan->m_stride, right);
  if (y0 + n_out <= plan->out_height && x0 + n_out <= plan->out_width)
    {
#pragma GCC unroll 6
      for (int r = 0; r < n_out; r++, pixel += plan->out_width)
#pragma GCC unroll 6
        for (int c = 0; c < n_out; c++)
          epilogue_store (e, store, demod, left[r][c], right[r][c], pixel + c);
      return;
    }
  for (int r = 0; r < n_out && y0 + r < plan->out_height; r++, pixel += plan->out_width)
    for (int c = 0; c < n_out && x0 + c < plan->out_width; c++)
      epilogue_store (e, store, demod, left[r][c], right[r][c], pixel + c);
}

typedef void (*StoreTile) (const C2lWinograd *plan,
                           const Epilogue *e,
                           const float *m,
                           float scale,
                           int y0,
                           int x0);

#define DEFINE(name, kind, n_coef, n_out, store)                                                   \
  static void name (const C2lWinograd *plan, const Epilogue *e, const float *m, float scale,       \
                    int y0, int x0)                                                                \
  {                                                                                                \
    store_tile (kind, n_coef, n_out, store, plan, e, m, scale, y0, x0);                            \
  }
#define DEFINE_ALL(name, kind, n_coef, n_out)                                                      \
  DEFINE (name##_f32, kind, n_coef, n_out, STORE_F32)                                              \
  DEFINE (name##_f32_past, kind, n_coef, n_out, STORE_F32_PAST_CACHES)                             \
  DEFINE (name##_bf16, kind, n_coef, n_out, STORE_BF16)                                            \
  DEFINE (name##_bf16_past, kind, n_coef, n_out, STORE_BF16_PAST_CACHES)

DEFINE_ALL (f43, C2L_SCHEME_F43, 6, 4)
DEFINE_ALL (f23, C2L_SCHEME_F23, 4, 2)

static const StoreTile store_tiles[2][N_STORES] = {
  [C2L_SCHEME_F43] = { f43_f32, f43_f32_past, f43_bf16, f43_bf16_past },
  [C2L_SCHEME_F23] = { f23_f32, f23_f32_past, f23_bf16, f23_bf16_past },
};

void
c2l_winograd_transform_output (const C2lWinograd *plan,
                               const C2lWinogradArgs *args,
                               const C2lWinogradBlock *block,
                               int slab,
                               const float *m,
                               const float *scales)
{
  int first = slab * plan->slab, last = MIN (plan->shape.out_channels, first + plan->slab);
  int n_out = plan->scheme->n_out;
  StoreTile run = store_tiles[plan->kind][epilogue_get_store (plan, args)];

  for (int channel = first; channel < last; channel += 32)
    {
      int current, ty, tx;
      Epilogue e;

      c2l_winograd_locate (plan, block, 0, &current, &ty, &tx);
      e = epilogue_new (plan, args, current, channel);
      for (int t = 0; t < block->n_tiles; t++)
        {
          int b;

          c2l_winograd_locate (plan, block, t, &b, &ty, &tx);
          if (b != current)
            e = epilogue_new (plan, args, current = b, channel);
          run (plan, &e, m + (gsize) t * plan->slab + channel - first, scales ? scales[t] : 1,
               n_out * ty, n_out * tx);
        }
    }
}

/* --- up-sampled rows --- */

/* The filter along x over one row of S, in place: what is computed from columns c … c + 3 goes to
 * column c. */
static void
filter_row (const C2lWinograd *plan, float *row, int n_columns)
{
  const float f0 = plan->fir_x[0], f1 = plan->fir_x[1], f2 = plan->fir_x[2], f3 = plan->fir_x[3];
  const gsize step = plan->slab;

  for (gsize c = 0; c < step; c += C2L_NATIVE_WIDTH)
    {
      float *pixel = row + c;
      C2lNative a = *(C2lNative *) pixel, b = *(C2lNative *) (pixel + step),
                d = *(C2lNative *) (pixel + 2 * step);

      for (int x = 0; x + 3 < n_columns; x++, pixel += step)
        {
          C2lNative next = *(C2lNative *) (pixel + 3 * step);

          *(C2lNative *) pixel = (a * f0 + b * f1) + (d * f2 + next * f3);
          a = b, b = d, d = next;
        }
    }
}

void
c2l_winograd_expand_output (const C2lWinograd *plan,
                            const C2lWinogradBlock *block,
                            int slab,
                            const float *m,
                            float *s)
{
  enum
  {
    N_COEF = 7,
    N_OUT = 6
  };
  gsize column = plan->slab, row = column * plan->n_columns;
  int n_rows = block->n_tiles / block->width * N_OUT, n_columns = block->width * N_OUT + 1;

  for (int t = 0; t < block->n_tiles; t++)
    for (int c = 0; c < plan->slab; c += 16)
      {
        /* Row 0 and column 0 of S stand for −1. */
        int y0 = (block->ty + t / block->width) * N_OUT + 1, x0 = t % block->width * N_OUT + 1;
        C2lLanes y[MAX_OUT][MAX_OUT];

        transform (C2L_SCHEME_UP3, N_COEF, N_OUT, m + (gsize) t * plan->slab + c, plan->m_stride,
                   y);
#pragma GCC unroll 6
        for (int r = 0; r < N_OUT; r++)
          {
            float *destination = s + (y0 + r) % plan->n_rows * row + x0 * column + c;

#pragma GCC unroll 6
            for (int k = 0; k < N_OUT; k++)
              *(C2lLanes *) (destination + k * column) = y[r][k];
          }
      }

  for (int r = 0; r < n_rows; r++)
    {
      float *start = s + (block->ty * N_OUT + 1 + r) % plan->n_rows * row;

      /* Left of the picture there is nothing; left of another strip this column is not used. */
      memset (start, 0, sizeof (float) * column);
      if (plan->separable)
        filter_row (plan, start, n_columns);
    }
}
