/* Input transform of the Winograd engine: a tile of the picture times the styles, into the coefficients V. Compiled once for
 * each instruction set. Tiles that reach over the picture's edge, and channels that do not fill 16 lanes, are first
 * copied into a patch with zeros around. */
#include "compute/cpu/winograd-parts.h"
#include "compute/cpu/winograd-simd.h"

#define MAX_IN 6
/* Bytes along a row; a few tiles. */
#define FETCH_AHEAD 2048

/* --- one axis --------------------------------------------------------------------------------------- */

C2L_INLINE void
forward_f43 (const C2lLanes *d, C2lLanes *c)
{
  const float a = C2L_WINOGRAD_F43_A, b = C2L_WINOGRAD_F43_B, a2 = a * a, b2 = b * b;
  C2lLanes even_a = d[4] - d[2] * b2, odd_a = (d[3] - d[1] * b2) * a;
  C2lLanes even_b = d[4] - d[2] * a2, odd_b = (d[3] - d[1] * a2) * b;

  c[0] = d[0] * (a2 * b2) + (d[4] - d[2] * (a2 + b2));
  c[1] = even_a + odd_a;
  c[2] = even_a - odd_a;
  c[3] = even_b + odd_b;
  c[4] = even_b - odd_b;
  c[5] = d[1] * (a2 * b2) + (d[5] - d[3] * (a2 + b2));
}

C2L_INLINE void
forward_f23 (const C2lLanes *d, C2lLanes *c)
{
  c[0] = d[0] - d[2];
  c[1] = d[1] + d[2];
  c[2] = d[2] - d[1];
  c[3] = d[1] - d[3];
}

C2L_INLINE void
forward_up3 (const C2lLanes *d, C2lLanes *c)
{
  c[0] = d[0] - d[2];
  c[1] = d[1] + d[2];
  c[2] = d[2] - d[1];
  c[3] = d[3] - d[1];
  c[4] = d[1];
  c[5] = d[2];
  c[6] = d[3];
}

C2L_INLINE void
forward (C2lWinogradSchemeKind kind, const C2lLanes *d, C2lLanes *c)
{
  if (kind == C2L_SCHEME_F43)
    forward_f43 (d, c);
  else if (kind == C2L_SCHEME_F23)
    forward_f23 (d, c);
  else
    forward_up3 (d, c);
}

/* --- both axes -------------------------------------------------------------------------------------- */

/* 16 channels of a tile: @row and @column are the strides of @source in elements; V's products are @stride apart.
 * What a later tile needs, @ahead bytes away, is fetched meanwhile: a tile's rows are too many streams for the
 * hardware to follow. */
C2L_INLINE void
transform (C2lWinogradSchemeKind kind, int n_in, int n_coef, C2lDtype dtype, C2lWinogradProducts products,
           gconstpointer source, gsize row, gsize column, gsize ahead, C2lLanes style, float *v, gsize stride)
{
  C2lLanes half[MAX_IN][C2L_WINOGRAD_MAX_COEF];
  int step = kind == C2L_SCHEME_F43 ? 4 : kind == C2L_SCHEME_F23 ? 2 : 3;
  gsize size = dtype == C2L_F32 ? 4 : 2;

  if (ahead)
#pragma GCC unroll 6
    for (int y = 0; y < n_in; y++)
#pragma GCC unroll 4
      for (int x = 0; x < step; x++)
        __builtin_prefetch ((const char *) source + ahead + (y * row + x * column) * size, 0, 2);

#pragma GCC unroll 6
  for (int y = 0; y < n_in; y++)
    {
      C2lLanes d[MAX_IN];

#pragma GCC unroll 6
      for (int x = 0; x < n_in; x++)
        d[x] = style * (dtype == C2L_F32 ? lanes_load ((const float *) source + y * row + x * column)
                                         : lanes_load_bf16 ((const guint16 *) source + y * row + x * column));
      forward (kind, d, half[y]);
    }
#pragma GCC unroll 7
  for (int x = 0; x < n_coef; x++)
    {
      C2lLanes d[MAX_IN], c[C2L_WINOGRAD_MAX_COEF];

#pragma GCC unroll 6
      for (int y = 0; y < n_in; y++)
        d[y] = half[y][x];
      forward (kind, d, c);
#pragma GCC unroll 7
      for (int y = 0; y < n_coef; y++)
        {
          float *destination = v + (gsize) (y * n_coef + x) * stride;

          if (products == C2L_WINOGRAD_F32)
            *(C2lLanes *) destination = c[y];
          else
            lanes_store_bf16 ((guint16 *) destination, c[y]);
        }
    }
}

typedef void (*Transform) (gconstpointer source, gsize row, gsize column, gsize ahead, const float *style, float *v,
                           gsize stride);

#define DEFINE(name, kind, n_in, n_coef, dtype, products)                                                         \
  static void                                                                                                     \
  name (gconstpointer source, gsize row, gsize column, gsize ahead, const float *style, float *v, gsize stride)   \
  {                                                                                                               \
    transform (kind, n_in, n_coef, dtype, products, source, row, column, ahead, lanes_load (style), v, stride);   \
  }
#define DEFINE_ALL(suffix, dtype, products)                                                                       \
  DEFINE (f43_##suffix, C2L_SCHEME_F43, 6, 6, dtype, products)                                                    \
  DEFINE (f23_##suffix, C2L_SCHEME_F23, 4, 4, dtype, products)                                                    \
  DEFINE (up3_##suffix, C2L_SCHEME_UP3, 4, 7, dtype, products)

DEFINE_ALL (from_f32_to_f32, C2L_F32, C2L_WINOGRAD_F32)
DEFINE_ALL (from_f32_to_bf16, C2L_F32, C2L_WINOGRAD_BF16)
DEFINE_ALL (from_bf16_to_f32, C2L_BF16, C2L_WINOGRAD_F32)
DEFINE_ALL (from_bf16_to_bf16, C2L_BF16, C2L_WINOGRAD_BF16)

static const Transform transforms[C2L_N_SCHEMES][2][2] = {
  [C2L_SCHEME_F43] = { { f43_from_f32_to_f32, f43_from_f32_to_bf16 }, { f43_from_bf16_to_f32, f43_from_bf16_to_bf16 } },
  [C2L_SCHEME_F23] = { { f23_from_f32_to_f32, f23_from_f32_to_bf16 }, { f23_from_bf16_to_f32, f23_from_bf16_to_bf16 } },
  [C2L_SCHEME_UP3] = { { up3_from_f32_to_f32, up3_from_f32_to_bf16 }, { up3_from_bf16_to_f32, up3_from_bf16_to_bf16 } },
};

/* Copies what lies inside the picture of @n channels of the tile at (@y0, @x0), with zeros elsewhere, as f32. */
static void
copy_patch (const C2lWinograd *plan, gconstpointer picture, int y0, int x0, int c0, int n, float *patch)
{
  const C2lWinogradShape *shape = &plan->shape;
  int n_in = plan->scheme->n_in;

  memset (patch, 0, sizeof (float) * n_in * n_in * 16);
  for (int y = MAX (0, -y0); y < n_in && y0 + y < shape->height; y++)
    for (int x = MAX (0, -x0); x < n_in && x0 + x < shape->width; x++)
      {
        gsize offset = ((gsize) (y0 + y) * shape->width + x0 + x) * shape->in_channels + c0;
        float *pixel = patch + (y * n_in + x) * 16;

        if (shape->in_dtype == C2L_F32)
          memcpy (pixel, (const float *) picture + offset, sizeof (float) * n);
        else
          for (int c = 0; c < n; c++)
            pixel[c] = c2l_bf16_to_f32 (((const guint16 *) picture)[offset + c]);
      }
}

void
c2l_winograd_transform_input (const C2lWinograd *plan, const C2lWinogradArgs *args, const C2lWinogradBlock *block, int t,
                              float *v)
{
  const C2lWinogradShape *shape = &plan->shape;
  const C2lWinogradScheme *s = plan->scheme;
  gboolean to_bf16 = shape->products == C2L_WINOGRAD_BF16;
  Transform run = transforms[plan->kind][shape->in_dtype == C2L_BF16][to_bf16];
  Transform run_patch = transforms[plan->kind][0][to_bf16];
  gsize size = c2l_dtype_get_size (shape->in_dtype), column = shape->in_channels, row = column * shape->width;
  gsize tile_size = s->step * column * size, ahead = MAX (1, FETCH_AHEAD / tile_size) * tile_size;
  int b, ty, tx, y0, x0, per_chunk = plan->chunk / 16;
  const char *picture;
  gboolean inside;
  float ones[16], patch[MAX_IN * MAX_IN * 16], style[16];

  c2l_winograd_locate (plan, block, t, &b, &ty, &tx);
  picture = (const char *) args->x + b * row * shape->height * size;
  y0 = ty * s->step - (shape->up == 2 ? 1 : shape->padding);
  x0 = tx * s->step - (shape->up == 2 ? 1 : shape->padding);
  inside = y0 >= 0 && x0 >= 0 && y0 + s->n_in <= shape->height && x0 + s->n_in <= shape->width;
  lanes_store (ones, lanes_set (1));

  for (int c = 0; c < plan->n_chunks * per_chunk; c++)
    {
      int n = MIN (16, shape->in_channels - 16 * c);
      float *destination = v + ((gsize) (c / per_chunk) * block->n_tiles + t) * 16 + c % per_chunk * 8;
      const float *styles = args->styles ? args->styles + (gsize) b * shape->in_channels + 16 * c : ones;

      if (n < 16)
        {
          lanes_store (style, lanes_load_some (styles, n));
          styles = style;
        }
      if (inside && n == 16)
        run (picture + (y0 * row + x0 * column + 16 * c) * size, row, column, 16 * c * size % 64 ? 0 : ahead, styles,
             destination, plan->v_stride);
      else
        {
          copy_patch (plan, picture, y0, x0, 16 * c, MAX (n, 0), patch);
          run_patch (patch, 16 * s->n_in, 16, 0, styles, destination, plan->v_stride);
        }
    }
}
