/* The FIR filter of up-sampling convolutions along y (and along x too where it is not separable), and the epilogue, over
 * rows that winograd-output.c made. Compiled once for each instruction set. */
#include "compute/cpu/winograd-epilogue.h"
#include "compute/cpu/winograd-parts.h"

/* Rows of S that are needed for row @y of the result: y − 1 … y + 2, of which −1 lies in row 0. */
static void
find_rows (const C2lWinograd *plan, const float *s, int y, const float *rows[4])
{
  for (int k = 0; k < 4; k++)
    rows[k] = s + (gsize) ((y + k) % plan->n_rows) * plan->n_columns * plan->slab;
}

static void
filter_separable (const C2lWinograd *plan, const C2lEpilogueLanes *e, const float *const rows[4], gsize pixel, int n)
{
  const float *r0 = rows[0], *r1 = rows[1], *r2 = rows[2], *r3 = rows[3];
  C2lLanes f0 = lanes_set (plan->fir_y[0]), f1 = lanes_set (plan->fir_y[1]);
  C2lLanes f2 = lanes_set (plan->fir_y[2]), f3 = lanes_set (plan->fir_y[3]);
  gsize step = plan->slab, offset = 0;

  for (int x = 0; x < n; x++, offset += step)
    {
      C2lLanes sum = (lanes_load (r0 + offset) * f0 + lanes_load (r1 + offset) * f1) +
                     (lanes_load (r2 + offset) * f2 + lanes_load (r3 + offset) * f3);

      epilogue_store (e, sum, pixel + x);
    }
}

static void
filter_any (const C2lWinograd *plan, const C2lEpilogueLanes *e, const float *const rows[4], gsize pixel, int n)
{
  gsize step = plan->slab;

  for (int x = 0; x < n; x++)
    {
      C2lLanes sum = lanes_set (0);

      for (int j = 0; j < 4; j++)
        for (int i = 0; i < 4; i++)
          sum += lanes_load (rows[j] + (x + i) * step) * plan->fir[j][i];
      epilogue_store (e, sum, pixel + x);
    }
}

void
c2l_winograd_filter (const C2lWinograd *plan, const C2lWinogradArgs *args, const C2lWinogradWindow *window, int slab,
                     const float *s)
{
  int first = slab * plan->slab, last = MIN (plan->shape.out_channels, first + plan->slab);

  for (int y = window->y0; y < window->y1; y++)
    for (int channel = first; channel < last; channel += 16)
      {
        C2lEpilogueLanes e = epilogue_new (plan, args, window->b, channel);
        gsize pixel = (gsize) y * plan->out_width + window->x0;
        const float *rows[4];

        find_rows (plan, s, y, rows);
        for (int k = 0; k < 4; k++)
          rows[k] += (gsize) (window->x0 - window->tx * plan->scheme->n_out) * plan->slab + channel - first;
        if (plan->separable)
          filter_separable (plan, &e, rows, pixel, window->x1 - window->x0);
        else
          filter_any (plan, &e, rows, pixel, window->x1 - window->x0);
      }
}
