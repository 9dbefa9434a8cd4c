/* Input transform of the Winograd engine: a tile of the picture times the styles, into the
 * coefficients V. Compiled once for each instruction set. Tiles that reach over the picture's edge,
 * and channels that do not fill 16 lanes, are first copied into a patch with zeros around. */
#include "compute/cpu/native.h"
#include "compute/cpu/winograd-parts.h"
#include "compute/cpu/winograd-simd.h"

#define MAX_IN 6
/* Bytes along a row; a few tiles. */
#define FETCH_AHEAD 2048

/* --- one axis --- */

C2L_INLINE void
forward_f43 (const C2lNative *d, C2lNative *c)
{
  const float a = C2L_WINOGRAD_F43_A, b = C2L_WINOGRAD_F43_B, a2 = a * a, b2 = b * b;
  C2lNative even_a = d[4] - d[2] * b2, odd_a = (d[3] - d[1] * b2) * a;
  C2lNative even_b = d[4] - d[2] * a2, odd_b = (d[3] - d[1] * a2) * b;

  c[0] = d[0] * (a2 * b2) + (d[4] - d[2] * (a2 + b2));
  c[1] = even_a + odd_a;
  c[2] = even_a - odd_a;
  c[3] = even_b + odd_b;
  c[4] = even_b - odd_b;
  c[5] = d[1] * (a2 * b2) + (d[5] - d[3] * (a2 + b2));
}

C2L_INLINE void
forward_f23 (const C2lNative *d, C2lNative *c)
{
  c[0] = d[0] - d[2];
  c[1] = d[1] + d[2];
  c[2] = d[2] - d[1];
  c[3] = d[1] - d[3];
}

C2L_INLINE void
forward_up3 (const C2lNative *d, C2lNative *c)
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
forward (C2lWinogradSchemeKind kind, const C2lNative *d, C2lNative *c)
{
  if (kind == C2L_SCHEME_F43)
    forward_f43 (d, c);
  else if (kind == C2L_SCHEME_F23)
    forward_f23 (d, c);
  else
    forward_up3 (d, c);
}

/* --- both axes --- */

/* One coefficient of 16 channels, or of as many as a vector holds. Only instruction sets whose
 * vectors hold 16 have narrower elements. */
C2L_INLINE C2lLanes
store_coefficient (C2lWinogradElement element, float *destination, C2lNative value, C2lLanes peak)
{
#if C2L_NATIVE_WIDTH == 16
  if (element == C2L_ELEMENT_BF16)
    {
      lanes_store_bf16 ((guint16 *) destination, (C2lLanes) value);
      return peak;
    }
  if (element == C2L_ELEMENT_I16)
    peak = lanes_max (peak, lanes_absolute ((C2lLanes) value));
#endif
  *(C2lNative *) destination = value;
  return peak;
}

/* 16 channels of a tile: @row and @column are the strides of @source in elements; V's products are
 * @stride apart. What a later tile needs, @ahead bytes away, is fetched meanwhile: a tile's rows
 * are too many streams for the hardware to follow. Returns the largest magnitudes, and @peak, where
 * they are to become integers, which are floats here still. */
C2L_INLINE C2lLanes
transform (C2lWinogradSchemeKind kind,
           int n_in,
           int n_coef,
           C2lDtype dtype,
           C2lWinogradElement element,
           gconstpointer source,
           gsize row,
           gsize column,
           gsize ahead,
           const float *styles,
           C2lLanes peak,
           float *v,
           gsize stride)
{
  int step = kind == C2L_SCHEME_F43 ? 4 : kind == C2L_SCHEME_F23 ? 2 : 3;
  gsize size = dtype == C2L_F32 ? 4 : 2;

  if (ahead)
#pragma GCC unroll 6
    for (int y = 0; y < n_in; y++)
#pragma GCC unroll 4
      for (int x = 0; x < step; x++)
        __builtin_prefetch ((const char *) source + ahead + (y * row + x * column) * size, 0, 2);

#pragma GCC unroll 4
  for (int part = 0; part < 16; part += C2L_NATIVE_WIDTH)
    {
      const C2lNative style = *(const C2lNativeUnaligned *) (styles + part);
      C2lNative half[MAX_IN][C2L_WINOGRAD_MAX_COEF];

#pragma GCC unroll 6
      for (int y = 0; y < n_in; y++)
        {
          C2lNative d[MAX_IN];

#pragma GCC unroll 6
          for (int x = 0; x < n_in; x++)
            {
              const gsize at = y * row + x * column + part;

              d[x] = style
                     * (dtype == C2L_F32
                            ? *(const C2lNativeUnaligned *) ((const float *) source + at)
                            : native_load_bf16 ((const guint16 *) source + at));
            }
          forward (kind, d, half[y]);
        }
#pragma GCC unroll 7
      for (int x = 0; x < n_coef; x++)
        {
          C2lNative d[MAX_IN], c[C2L_WINOGRAD_MAX_COEF];

#pragma GCC unroll 6
          for (int y = 0; y < n_in; y++)
            d[y] = half[y][x];
          forward (kind, d, c);
#pragma GCC unroll 7
          for (int y = 0; y < n_coef; y++)
            peak = store_coefficient (element, v + (gsize) (y * n_coef + x) * stride + part, c[y],
                                      peak);
        }
    }
  return peak;
}

typedef C2lLanes (*Transform) (gconstpointer source,
                               gsize row,
                               gsize column,
                               gsize ahead,
                               const float *styles,
                               C2lLanes peak,
                               float *v,
                               gsize stride);

#define DEFINE(name, kind, n_in, n_coef, dtype, element)                                           \
  static C2lLanes name (gconstpointer source, gsize row, gsize column, gsize ahead,                \
                        const float *styles, C2lLanes peak, float *v, gsize stride)                \
  {                                                                                                \
    return transform (kind, n_in, n_coef, dtype, element, source, row, column, ahead, styles,      \
                      peak, v, stride);                                                            \
  }
#define DEFINE_BOTH(name, kind, n_in, n_coef, element)                                             \
  DEFINE (name##_f32, kind, n_in, n_coef, C2L_F32, element)                                        \
  DEFINE (name##_bf16, kind, n_in, n_coef, C2L_BF16, element)

DEFINE_BOTH (f43_to_f32, C2L_SCHEME_F43, 6, 6, C2L_ELEMENT_F32)
DEFINE_BOTH (f23_to_f32, C2L_SCHEME_F23, 4, 4, C2L_ELEMENT_F32)
DEFINE_BOTH (up3_to_f32, C2L_SCHEME_UP3, 4, 7, C2L_ELEMENT_F32)
#if C2L_NATIVE_WIDTH == 16
DEFINE_BOTH (f43_to_i16, C2L_SCHEME_F43, 6, 6, C2L_ELEMENT_I16)
DEFINE_BOTH (f23_to_i16, C2L_SCHEME_F23, 4, 4, C2L_ELEMENT_I16)
DEFINE_BOTH (up3_to_bf16, C2L_SCHEME_UP3, 4, 7, C2L_ELEMENT_BF16)
#endif

/* By element and whether the input is bf16; NULL for what no plan has here. */
static const Transform transforms[C2L_N_SCHEMES][3][2] = {
  [C2L_SCHEME_F43][C2L_ELEMENT_F32] = { f43_to_f32_f32, f43_to_f32_bf16 },
  [C2L_SCHEME_F23][C2L_ELEMENT_F32] = { f23_to_f32_f32, f23_to_f32_bf16 },
  [C2L_SCHEME_UP3][C2L_ELEMENT_F32] = { up3_to_f32_f32, up3_to_f32_bf16 },
#if C2L_NATIVE_WIDTH == 16
  [C2L_SCHEME_F43][C2L_ELEMENT_I16] = { f43_to_i16_f32, f43_to_i16_bf16 },
  [C2L_SCHEME_F23][C2L_ELEMENT_I16] = { f23_to_i16_f32, f23_to_i16_bf16 },
  [C2L_SCHEME_UP3][C2L_ELEMENT_BF16] = { up3_to_bf16_f32, up3_to_bf16_bf16 },
#endif
};

/* Copies what lies inside the picture of @n channels of the tile at (@y0, @x0), with zeros
 * elsewhere, as f32. */
static void
copy_patch (const C2lWinograd *plan,
            gconstpointer picture,
            int y0,
            int x0,
            int c0,
            int n,
            float *patch)
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

/* Floats of a tile, [16 channels][product][16], into integers of V; @peak is the largest of their
 * magnitudes. */
static void
round_tile (const C2lWinograd *plan, const float *floats, float peak, float *v, int n_tiles)
{
  C2lLanes scale = lanes_set (peak > 0 ? plan->input_limit / peak : 0);
  gsize half = (gsize) plan->n_products * 16;

  for (int c = 0; c < plan->n_chunks; c++, floats += 2 * half, v += (gsize) n_tiles * 16)
    for (int p = 0; p < plan->n_products; p++)
      lanes_store_pair_i16 ((gint16 *) (v + p * plan->v_stride),
                            lanes_load (floats + p * 16) * scale,
                            lanes_load (floats + half + p * 16) * scale);
}

/* Where one 16-channel part of a tile's coefficients goes. */
static float *
get_destination (const C2lWinograd *plan,
                 int c,
                 int t,
                 int n_tiles,
                 float *v,
                 float *m,
                 gsize *stride)
{
  int per_chunk = plan->chunk / 16;

  if (plan->element == C2L_ELEMENT_I16)
    {
      *stride = 16;
      return m + (gsize) c * plan->n_products * 16;
    }
  *stride = plan->v_stride;
  return v + ((gsize) (c / per_chunk) * n_tiles + t) * 16 + c % per_chunk * 8;
}

void
c2l_winograd_transform_input (const C2lWinograd *plan,
                              const C2lWinogradArgs *args,
                              const C2lWinogradBlock *block,
                              int t,
                              float *v,
                              float *m)
{
  const C2lWinogradShape *shape = &plan->shape;
  const C2lWinogradScheme *s = plan->scheme;
  Transform run = transforms[plan->kind][plan->element][shape->in_dtype == C2L_BF16];
  Transform run_patch = transforms[plan->kind][plan->element][0];
  gsize size = c2l_dtype_get_size (shape->in_dtype), column = shape->in_channels,
        row = column * shape->width;
  gsize tile_size = s->step * column * size, ahead = MAX (1, FETCH_AHEAD / tile_size) * tile_size;
  int b, ty, tx, y0, x0;
  const char *picture;
  gboolean inside;
  C2lLanes peak = lanes_set (0);
  float ones[16], patch[MAX_IN * MAX_IN * 16], style[16];

  c2l_winograd_locate (plan, block, t, &b, &ty, &tx);
  picture = (const char *) args->x + b * row * shape->height * size;
  y0 = ty * s->step - (shape->up == 2 ? 1 : shape->padding);
  x0 = tx * s->step - (shape->up == 2 ? 1 : shape->padding);
  inside = y0 >= 0 && x0 >= 0 && y0 + s->n_in <= shape->height && x0 + s->n_in <= shape->width;
  lanes_store (ones, lanes_set (1));

  for (int c = 0; c < plan->n_chunks * plan->chunk / 16; c++)
    {
      int n = MIN (16, shape->in_channels - 16 * c);
      const float *styles
          = args->styles ? args->styles + (gsize) b * shape->in_channels + 16 * c : ones;
      gsize stride;
      float *destination = get_destination (plan, c, t, block->n_tiles, v, m, &stride);

      if (n < 16)
        {
          lanes_store (style, lanes_load_some (styles, n));
          styles = style;
        }
      if (inside && n == 16)
        peak = run (picture + (y0 * row + x0 * column + 16 * c) * size, row, column,
                    16 * c * size % 64 ? 0 : ahead, styles, peak, destination, stride);
      else
        {
          copy_patch (plan, picture, y0, x0, 16 * c, MAX (n, 0), patch);
          peak = run_patch (patch, 16 * s->n_in, 16, 0, styles, peak, destination, stride);
        }
    }
  if (plan->element == C2L_ELEMENT_I16)
    {
      float largest = lanes_get_largest (peak);

      v[plan->v_stride * plan->n_products + t] = largest / plan->input_limit;
      round_tile (plan, m, largest, v + (gsize) t * 16, block->n_tiles);
    }
}
