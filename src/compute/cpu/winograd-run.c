/* A run of the Winograd engine: cuts the pictures into blocks and takes each through input
 * transform, products and output transform while it is in cache. Compiled once for each instruction
 * set. Small weights: each thread has blocks of its own. Large weights: all threads transform one
 * large block together and then take slabs of output channels, so that the weights are read once a
 * block. Nothing that is computed depends on who computes it. */
#include "compute/cpu/winograd-parts.h"
#include "compute/cpu/winograd-simd.h"

#include <omp.h>

/* Buffers of one thread, or of the team when they share a block; M is each thread's own. */
typedef struct
{
  gboolean shared;
  float *v, *m, *s;
} Buffers;

static Buffers
get_buffers (const C2lWinograd *plan, const C2lWinogradArgs *args, int thread, int n_threads)
{
  gsize v_size = c2l_winograd_get_v_size (plan), m_size = plan->m_stride * plan->n_products;
  gsize s_size = c2l_winograd_get_rows_size (plan);
  int n_teams = plan->shared ? 1 : n_threads, team = plan->shared ? 0 : thread;
  float *memory = args->scratch;

  return (Buffers){ .shared = plan->shared,
                    .v = memory + team * v_size,
                    .m = memory + n_teams * v_size + thread * m_size,
                    .s = memory + n_teams * v_size + n_threads * m_size + team * s_size };
}

static void
transform_input (const C2lWinograd *plan,
                 const C2lWinogradArgs *args,
                 const Buffers *buffers,
                 const C2lWinogradBlock *block)
{
  if (buffers->shared)
    {
#pragma omp for schedule(dynamic, 4)
      for (int t = 0; t < block->n_tiles; t++)
        c2l_winograd_transform_input (plan, args, block, t, buffers->v, buffers->m);
      return;
    }
  for (int t = 0; t < block->n_tiles; t++)
    c2l_winograd_transform_input (plan, args, block, t, buffers->v, buffers->m);
}

/* --- without up-sampling --- */

static void
do_slab (const C2lWinograd *plan,
         const C2lWinogradArgs *args,
         const Buffers *buffers,
         const C2lWinogradBlock *block,
         int slab)
{
  c2l_winograd_multiply (plan, buffers->v, block->n_tiles, slab, buffers->m);
  c2l_winograd_transform_output (plan, args, block, slab, buffers->m,
                                 plan->scales ? buffers->v + plan->v_stride * plan->n_products
                                              : NULL);
}

static C2lWinogradBlock
get_block (const C2lWinograd *plan, const C2lWinogradArgs *args, int index)
{
  int n = args->batch * plan->tiles_y * plan->tiles_x, first = index * plan->block_tiles;

  return (C2lWinogradBlock){ .first = first, .n_tiles = MIN (plan->block_tiles, n - first) };
}

static void
run_plain (const C2lWinograd *plan, const C2lWinogradArgs *args, const Buffers *buffers)
{
  gint64 n_tiles = (gint64) args->batch * plan->tiles_y * plan->tiles_x;
  int n_blocks = (n_tiles + plan->block_tiles - 1) / plan->block_tiles;

  if (buffers->shared)
    {
      for (int i = 0; i < n_blocks; i++)
        {
          C2lWinogradBlock block = get_block (plan, args, i);

          transform_input (plan, args, buffers, &block);
#pragma omp for schedule(dynamic)
          for (int slab = 0; slab < plan->n_slabs; slab++)
            do_slab (plan, args, buffers, &block, slab);
        }
      return;
    }
#pragma omp for schedule(dynamic)
  for (int i = 0; i < n_blocks; i++)
    {
      C2lWinogradBlock block = get_block (plan, args, i);

      transform_input (plan, args, buffers, &block);
      for (int slab = 0; slab < plan->n_slabs; slab++)
        do_slab (plan, args, buffers, &block, slab);
    }
}

/* --- with up-sampling --- */

/* A strip of tile columns, walked down from one tile row to another. The filter needs three rows
 * and columns more than it gives, so neighbours overlap by one tile. */
typedef struct
{
  int b, tx, width;
  int x0, x1; /* columns of the result */
  int ty, ty_end;
  int y0; /* first row of the result */
} Strip;

static int
count_parts (int n_tiles, int part)
{
  return n_tiles <= part ? 1 : (n_tiles - 1 + part - 2) / (part - 1);
}

/* Part @i of @n_tiles: its tiles, and which of @size results are its own. */
static void
get_part (int n_tiles,
          int part,
          int n_out,
          int size,
          int i,
          int *first,
          int *end,
          int *from,
          int *to)
{
  *first = i * (part - 1);
  *end = MIN (n_tiles, *first + part);
  *from = i == 0 ? 0 : *first * n_out + n_out - 2;
  *to = *end == n_tiles ? size : *end * n_out - 2;
}

static void
do_strip_slab (const C2lWinograd *plan,
               const C2lWinogradArgs *args,
               const Buffers *buffers,
               const C2lWinogradBlock *block,
               const C2lWinogradWindow *window,
               int slab)
{
  gsize row = (gsize) plan->n_columns * plan->slab;
  float *s = buffers->s + slab * row * plan->n_rows;

  /* Above the picture there is nothing. */
  if (block->ty == 0)
    memset (s, 0, sizeof (float) * row);
  c2l_winograd_multiply (plan, buffers->v, block->n_tiles, slab, buffers->m);
  c2l_winograd_expand_output (plan, block, slab, buffers->m, s);
  c2l_winograd_filter (plan, args, window, slab, s);
}

static void
run_strip (const C2lWinograd *plan,
           const C2lWinogradArgs *args,
           const Buffers *buffers,
           const Strip *strip)
{
  C2lWinogradWindow window
      = { .b = strip->b, .tx = strip->tx, .x0 = strip->x0, .x1 = strip->x1, .y1 = strip->y0 };

  for (int ty = strip->ty; ty < strip->ty_end; ty += plan->band_tiles)
    {
      int n = MIN (plan->band_tiles, strip->ty_end - ty), end = (ty + n) * plan->scheme->n_out;
      C2lWinogradBlock block = {
        .n_tiles = n * strip->width, .b = strip->b, .ty = ty, .tx = strip->tx, .width = strip->width
      };

      window.y0 = window.y1;
      window.y1 = ty + n == plan->tiles_y ? plan->out_height : end - 2;
      transform_input (plan, args, buffers, &block);
      if (buffers->shared)
        {
#pragma omp for schedule(dynamic)
          for (int slab = 0; slab < plan->n_slabs; slab++)
            do_strip_slab (plan, args, buffers, &block, &window, slab);
        }
      else
        for (int slab = 0; slab < plan->n_slabs; slab++)
          do_strip_slab (plan, args, buffers, &block, &window, slab);
    }
}

static void
run_strips (const C2lWinograd *plan, const C2lWinogradArgs *args, const Buffers *buffers)
{
  int n_x = count_parts (plan->tiles_x, plan->strip_tiles),
      n_y = count_parts (plan->tiles_y, plan->segment_tiles);
  int n = args->batch * n_x * n_y, n_out = plan->scheme->n_out, y_end;

  if (buffers->shared)
    {
      for (int i = 0; i < n; i++)
        {
          Strip strip = { .b = i / (n_x * n_y) };

          get_part (plan->tiles_x, plan->strip_tiles, n_out, plan->out_width, i % n_x, &strip.tx,
                    &strip.width, &strip.x0, &strip.x1);
          strip.width -= strip.tx;
          get_part (plan->tiles_y, plan->segment_tiles, n_out, plan->out_height, i / n_x % n_y,
                    &strip.ty, &strip.ty_end, &strip.y0, &y_end);
          run_strip (plan, args, buffers, &strip);
        }
      return;
    }
#pragma omp for schedule(dynamic)
  for (int i = 0; i < n; i++)
    {
      Strip strip = { .b = i / (n_x * n_y) };

      get_part (plan->tiles_x, plan->strip_tiles, n_out, plan->out_width, i % n_x, &strip.tx,
                &strip.width, &strip.x0, &strip.x1);
      strip.width -= strip.tx;
      get_part (plan->tiles_y, plan->segment_tiles, n_out, plan->out_height, i / n_x % n_y,
                &strip.ty, &strip.ty_end, &strip.y0, &y_end);
      run_strip (plan, args, buffers, &strip);
    }
}

void
c2l_winograd_run (const C2lWinograd *plan, const C2lWinogradArgs *args)
{
#pragma omp parallel num_threads(args->n_threads)
  {
    Buffers buffers = get_buffers (plan, args, omp_get_thread_num (), omp_get_num_threads ());

    if (plan->shape.up == 2)
      run_strips (plan, args, &buffers);
    else
      run_plain (plan, args, &buffers);
    lanes_fence ();
  }
}
