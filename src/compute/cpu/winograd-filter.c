/* The FIR filter of up-sampling convolutions along y (and along x too where it is not separable),
 * and the epilogue, over rows that winograd-output.c made. Compiled once for each instruction set.
 */
#include "compute/cpu/winograd-epilogue.h"
#include "compute/cpu/winograd-parts.h"

/* Rows of S that are needed for row @y of the result: y − 1 … y + 2, of which −1 lies in row 0. */
static void
find_rows (const C2lWinograd *plan, const float *s, int y, const float *rows[4])
{
  for (int k = 0; k < 4; k++)
    rows[k] = s + (gsize) ((y + k) % plan->n_rows) * plan->n_columns * plan->slab;
}

/* Four rows → 16 channels of one pixel. */
C2L_INLINE C2lLanes
filter_pixel (const C2lWinograd *plan, gboolean separable, const float *const rows[4], gsize offset)
{
  C2lLanes sum = lanes_set (0);

  if (separable)
    return (lanes_load (rows[0] + offset) * lanes_set (plan->fir_y[0])
            + lanes_load (rows[1] + offset) * lanes_set (plan->fir_y[1]))
           + (lanes_load (rows[2] + offset) * lanes_set (plan->fir_y[2])
              + lanes_load (rows[3] + offset) * lanes_set (plan->fir_y[3]));
  for (int j = 0; j < 4; j++)
    for (int i = 0; i < 4; i++)
      sum += lanes_load (rows[j] + offset + i * plan->slab) * lanes_set (plan->fir[j][i]);
  return sum;
}

C2L_INLINE void
filter_row (const C2lWinograd *plan,
            gboolean separable,
            Store store,
            const Epilogue *e,
            const float *const rows[4],
            gsize pixel,
            int n)
{
  for (int x = 0; x < n; x++)
    epilogue_store (e, store, e->demod,
                    filter_pixel (plan, separable, rows, x * (gsize) plan->slab),
                    filter_pixel (plan, separable, rows, x * (gsize) plan->slab + 16), pixel + x);
}

typedef void (*FilterRow) (const C2lWinograd *plan,
                           const Epilogue *e,
                           const float *const rows[4],
                           gsize pixel,
                           int n);

#define DEFINE(name, separable, store)                                                             \
  static void name (const C2lWinograd *plan, const Epilogue *e, const float *const rows[4],        \
                    gsize pixel, int n)                                                            \
  {                                                                                                \
    filter_row (plan, separable, store, e, rows, pixel, n);                                        \
  }
#define DEFINE_ALL(name, separable)                                                                \
  DEFINE (name##_f32, separable, STORE_F32)                                                        \
  DEFINE (name##_f32_past, separable, STORE_F32_PAST_CACHES)                                       \
  DEFINE (name##_bf16, separable, STORE_BF16)                                                      \
  DEFINE (name##_bf16_past, separable, STORE_BF16_PAST_CACHES)

DEFINE_ALL (any, FALSE)
DEFINE_ALL (separable, TRUE)

static const FilterRow filter_rows[2][N_STORES] = {
  { any_f32, any_f32_past, any_bf16, any_bf16_past },
  { separable_f32, separable_f32_past, separable_bf16, separable_bf16_past },
};

void
c2l_winograd_filter (const C2lWinograd *plan,
                     const C2lWinogradArgs *args,
                     const C2lWinogradWindow *window,
                     int slab,
                     const float *s)
{
  int first = slab * plan->slab, last = MIN (plan->shape.out_channels, first + plan->slab);
  FilterRow run = filter_rows[plan->separable][epilogue_get_store (plan, args)];

  for (int channel = first; channel < last; channel += 32)
    {
      Epilogue e = epilogue_new (plan, args, window->b, channel);

      for (int y = window->y0; y < window->y1; y++)
        {
          const float *rows[4];

          find_rows (plan, s, y, rows);
          for (int k = 0; k < 4; k++)
            rows[k] += (gsize) (window->x0 - window->tx * plan->scheme->n_out) * plan->slab
                       + channel - first;
          run (plan, &e, rows, (gsize) y * plan->out_width + window->x0, window->x1 - window->x0);
        }
    }
}
