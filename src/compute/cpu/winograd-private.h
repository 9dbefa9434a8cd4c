/* What the parts of the Winograd engine share: the schemes, the plan, and how its buffers are laid out.
 *
 * A tile is transformed into `n_coef` × `n_coef` coefficients a channel; coefficient p of all tiles is the left operand of a
 * matrix product with coefficient p of the weights. Buffers, each row of 16 lanes being 64 bytes:
 *
 *   V, transformed input   [product][chunk of input channels][tile][64 bytes: 16 f32, or 32 bf16 or 16-bit integers],
 *                          then [tile] what to multiply the tile's integer products by
 *   U, transformed weights [weight ][panel of 32 output channels][pair or channel][32 columns × 4 bytes]
 *   M, the products        [product][tile][column of the slab]
 *   S, the up-sampled rows [slab][row, modulo n_rows][column][column of the slab], for up = 2
 */
#pragma once

#include "compute/cpu/winograd.h"

G_BEGIN_DECLS

#define C2L_WINOGRAD_LANES 16
#define C2L_WINOGRAD_PANEL 32
#define C2L_WINOGRAD_MAX_COEF 7
/* Input channels over which integers are summed before the sum becomes a float: fewer leave more bits to each. */
#define C2L_WINOGRAD_EXACT_CHANNELS 128

/* F(4, 3) interpolates at 0, ±A, ±B and ∞. */
#define C2L_WINOGRAD_F43_A 0.625
#define C2L_WINOGRAD_F43_B 1.5

/* Output channels that are multiplied, transformed and stored together. */
#define C2L_WINOGRAD_SLAB 64
/* Threads with blocks of their own read all weights for each block; weights larger than this come from memory or a
 * cache that is far away, so the threads share larger blocks instead. */
#define C2L_WINOGRAD_SHARE_ABOVE (4 << 20)
/* The same where there are enough blocks that no thread waits for another. */
#define C2L_WINOGRAD_SHARE_MANY_ABOVE (12 << 20)
#define C2L_WINOGRAD_OWN_TILES 36
#define C2L_WINOGRAD_SHARED_TILES 288
/* Results of this many bytes a picture are gone from the caches before the next layer reads them. */
#define C2L_WINOGRAD_STORE_PAST_ABOVE (12 << 20)

typedef enum
{
  C2L_SCHEME_F43, /* F(4×4, 3×3): 36 products for 16 results */
  C2L_SCHEME_F23, /* F(2×2, 3×3): 16 products for 4 results, rounds least */
  C2L_SCHEME_UP3, /* up-sampling, 3 inputs a tile and axis: the even phase is F(3, 2), the odd one has one tap */
  C2L_N_SCHEMES
} C2lWinogradSchemeKind;

/* What V and U consist of. */
typedef enum
{
  C2L_ELEMENT_F32,
  C2L_ELEMENT_BF16,
  C2L_ELEMENT_I16, /* 16-bit integers, scaled by tile and by output channel and coefficient; exact 32-bit sums */
} C2lWinogradElement;

typedef struct
{
  int n_in, step;   /* inputs a tile and axis, and how far apart tiles are */
  int n_coef, n_out;
  int n_weight;     /* different weight coefficients an axis */
  int weight_of[C2L_WINOGRAD_MAX_COEF];
  double g[6][3];   /* weights → weight coefficients */
} C2lWinogradScheme;

extern const C2lWinogradScheme c2l_winograd_schemes[C2L_N_SCHEMES];

struct _C2lWinograd
{
  C2lWinogradShape shape;
  C2lWinogradSchemeKind kind;
  const C2lWinogradScheme *scheme;
  int out_height, out_width;
  int tiles_y, tiles_x;
  C2lWinogradElement element;
  int input_limit;    /* largest integer in V */
  float *scales;      /* (nullable): [product][output channel], for integers */
  int n_products;     /* n_coef² */
  int chunk;          /* input channels in 64 bytes */
  int n_chunks, n_panels;
  gpointer weights;
  gsize weight_stride; /* bytes from one weight coefficient to the next */
  gsize packed_size;
  float slope, gain;   /* of the activation */

  /* How the work is cut. */
  gboolean shared;     /* all threads work on one block, by output channels; else each has its own blocks */
  int block_tiles;     /* tiles a block, for up = 1 */
  int strip_tiles;     /* for up = 2: width of a strip, */
  int band_tiles;      /* height of what is transformed at once, */
  int segment_tiles;   /* and of what one thread walks down */
  int max_tiles;       /* largest block of either kind */
  int slab;            /* output channels at once */
  int n_slabs;
  gsize v_stride, m_stride; /* floats from one product to the next */
  int n_rows, n_columns;    /* of S */

  gboolean stores_past_caches;
  gboolean separable;
  float fir[4][4];     /* flipped, with the gain */
  float fir_y[4], fir_x[4];
};

/* Floats of the up-sampled rows of one team. */
static inline gsize
c2l_winograd_get_rows_size (const C2lWinograd *plan)
{
  return (gsize) plan->n_slabs * plan->n_rows * plan->n_columns * plan->slab;
}

/* Floats of V. */
static inline gsize
c2l_winograd_get_v_size (const C2lWinograd *plan)
{
  return plan->v_stride * plan->n_products + (plan->max_tiles + 15) / 16 * 16;
}

/* Within 32 input channels packing interleaves the halves four by four: the channel at place @i. */
static inline int
c2l_winograd_get_packed_channel (int i)
{
  return i / 8 * 4 + i % 4 + (i % 8 < 4 ? 0 : 16);
}

/* Where a block's tiles lie. */
typedef struct
{
  int n_tiles;
  int first;           /* up = 1: index of the first tile, counted over the batch */
  int b, ty, tx, width; /* up = 2: picture, first tile, tiles a row */
} C2lWinogradBlock;

static inline void
c2l_winograd_locate (const C2lWinograd *plan, const C2lWinogradBlock *block, int t, int *b, int *ty, int *tx)
{
  if (plan->shape.up == 2)
    {
      *b = block->b;
      *ty = block->ty + t / block->width;
      *tx = block->tx + t % block->width;
    }
  else
    {
      int tile = block->first + t, n = plan->tiles_y * plan->tiles_x;

      *b = tile / n;
      *ty = tile % n / plan->tiles_x;
      *tx = tile % plan->tiles_x;
    }
}

G_END_DECLS
