/* The steps of a run of the Winograd engine; each instruction set has its own. */
#pragma once

#include "compute/cpu/isa.h"
#include "compute/cpu/winograd-private.h"

#define c2l_winograd_transform_input C2L_ISA_NAME (c2l_winograd_transform_input)
#define c2l_winograd_multiply C2L_ISA_NAME (c2l_winograd_multiply)
#define c2l_winograd_transform_output C2L_ISA_NAME (c2l_winograd_transform_output)
#define c2l_winograd_expand_output C2L_ISA_NAME (c2l_winograd_expand_output)
#define c2l_winograd_filter C2L_ISA_NAME (c2l_winograd_filter)
#define c2l_winograd_run C2L_ISA_NAME (c2l_winograd_run)

/* Tile @t of @block into V; M serves as temporary memory. */
void c2l_winograd_transform_input (const C2lWinograd *plan, const C2lWinogradArgs *args,
                                   const C2lWinogradBlock *block, int t, float *v, float *m);

/* M of all tiles of a block and of the output channels of slab @slab. */
void c2l_winograd_multiply (const C2lWinograd *plan, const float *v, int n_tiles, int slab, float *m);

/* up = 1: M into the result. @scales: (nullable): of each tile, for integers */
void c2l_winograd_transform_output (const C2lWinograd *plan, const C2lWinogradArgs *args,
                                    const C2lWinogradBlock *block, int slab, const float *m,
                                    const float *scales);

/* up = 2: M into the up-sampled rows S of the slab, of which row @row is the block's first, and the filter along x. */
void c2l_winograd_expand_output (const C2lWinograd *plan, const C2lWinogradBlock *block, int slab, const float *m,
                                 float *s);

/* up = 2: rows [y0, y1) × columns [x0, x1) of the result of picture @b from S, whose column 0 is @x_origin − 1. */
typedef struct
{
  int b, tx;
  int x0, x1, y0, y1;
} C2lWinogradWindow;
void c2l_winograd_filter (const C2lWinograd *plan, const C2lWinogradArgs *args, const C2lWinogradWindow *window,
                          int slab, const float *s);
