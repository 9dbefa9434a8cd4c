/* Convolution on tensor cores: an implicit matrix product of 128 pixels by 32, 64 or 128 outputs, over taps and channels.
 *
 *   block  = 8 warps, 4 along pixels × 2 along outputs; a warp has 32 pixels × NT · 8 outputs in fragments of 16×8
 *   step   = one tap, 32 channels: pixels [128, 32] and weights [outputs, 32] in shared memory, rows 80 bytes apart, so that
 *            the eight rows that a matrix load reads lie in different banks
 *   thread = loads 16 channels of one pixel into registers while the step before is multiplied, then scales them with the picture's
 *            styles, rounds and stores them; weights come by asynchronous copies
 *
 * In CU_CONV_SPLIT a float32 is a sum of two bfloat16, and three of the four products are made: 16 bits of mantissa. A sum's order is
 * that of taps and channels, whatever the batch. */
#include "kernels/conv.h"
#include "kernels/fragment.h"

namespace
{
constexpr int PIXELS = 128, CHUNK = CU_CONV_CHUNK, THREADS = 256;
constexpr int ROW = CHUNK + 8;       /* halves from one row to the next */
constexpr int PER_THREAD = 16;       /* channels of a pixel that a thread loads */

template <class X>
struct Raw
{
  uint4 parts[PER_THREAD * sizeof (X) / sizeof (uint4)];
};

/* Channel @i of what a thread has loaded. */
static __device__ __forceinline__ float
raw_get (const Raw<float> &raw, int i)
{
  const uint4 part = raw.parts[i / 4];

  return __uint_as_float (i % 4 == 0 ? part.x : i % 4 == 1 ? part.y : i % 4 == 2 ? part.z : part.w);
}

template <class X>
static __device__ __forceinline__ float
raw_get (const Raw<X> &raw, int i)
{
  const uint4 part = raw.parts[i / 8];
  const unsigned word = i % 8 < 2 ? part.x : i % 8 < 4 ? part.y : i % 8 < 6 ? part.z : part.w;

  return cu_to_float (X { (unsigned short) (word >> 16 * (i % 2)) });
}

static __device__ __forceinline__ void
raw_set (Raw<float> &raw, int i, float x)
{
  uint4 &part = raw.parts[i / 4];
  const unsigned bits = __float_as_uint (x);

  (i % 4 == 0 ? part.x : i % 4 == 1 ? part.y : i % 4 == 2 ? part.z : part.w) = bits;
}

template <class X>
static __device__ __forceinline__ void
raw_set (Raw<X> &raw, int i, X x)
{
  uint4 &part = raw.parts[i / 8];
  unsigned &word = i % 8 < 2 ? part.x : i % 8 < 4 ? part.y : i % 8 < 6 ? part.z : part.w;

  word = i % 2 ? (word & 0xffff) | (unsigned) x.bits << 16 : (word & 0xffff0000) | x.bits;
}

/* The pixel that a thread loads, and a step's part of it. */
template <class X>
struct Loader
{
  const X *x;
  int b, row, column;
  bool is_inside;
  int first; /* channel, within a chunk */
};

template <class X>
static __device__ __forceinline__ Raw<X>
load (const CuConv &c, const Loader<X> &from, int dy, int dx, int channel, bool is_aligned)
{
  Raw<X> raw = {};
  const int row = from.row + dy, column = from.column + dx, n = min (PER_THREAD, c.I - channel);

  if (!from.is_inside || row < 0 || row >= c.H || column < 0 || column >= c.W || n <= 0)
    return raw;

  const X *at = from.x + (((int64_t) from.b * c.H + row) * c.W + column) * c.I + channel;

  if (is_aligned && n == PER_THREAD)
    {
#pragma unroll
      for (int i = 0; i < (int) (sizeof raw / sizeof (uint4)); i++)
        raw.parts[i] = ((const uint4 *) at)[i];
    }
  else
    {
#pragma unroll
      for (int i = 0; i < PER_THREAD; i++)
        if (i < n)
          raw_set (raw, i, at[i]);
    }
  return raw;
}

template <class T>
static __device__ __forceinline__ uint32_t
pack2 (float low, float high)
{
  T a, b;

  cu_from_float (&a, low);
  cu_from_float (&b, high);
  return a.bits | (uint32_t) b.bits << 16;
}

/* Scaled, rounded, to shared memory; @low gets what rounding left over. */
template <class X, class T, bool SPLIT>
static __device__ __forceinline__ void
store (const CuConv &c, const Loader<X> &from, const Raw<X> &raw, int channel, unsigned short *high, unsigned short *low)
{
  const float *styles = c.styles && from.is_inside ? c.styles + (int64_t) from.b * c.I + channel : nullptr;
  const int n = c.I - channel;

#pragma unroll
  for (int i = 0; i < PER_THREAD; i += 8)
    {
      uint32_t words[4], rest[4];

#pragma unroll
      for (int j = 0; j < 4; j++)
        {
          const int at = i + 2 * j;
          float u = raw_get (raw, at), v = raw_get (raw, at + 1);

          if (styles)
            {
              u *= at < n ? styles[at] : 0.0f;
              v *= at + 1 < n ? styles[at + 1] : 0.0f;
            }
          words[j] = pack2<T> (u, v);
          if (SPLIT)
            {
              T a, b;

              a.bits = (unsigned short) words[j];
              b.bits = (unsigned short) (words[j] >> 16);
              rest[j] = pack2<T> (u - cu_to_float (a), v - cu_to_float (b));
            }
        }
      *(uint4 *) (high + i) = make_uint4 (words[0], words[1], words[2], words[3]);
      if (SPLIT)
        *(uint4 *) (low + i) = make_uint4 (rest[0], rest[1], rest[2], rest[3]);
    }
}

template <class X, class T, bool SPLIT, int NT>
__global__ void
__launch_bounds__ (THREADS, 2)
conv_mma_kernel (CuConv c, CuFinish finish, int is_aligned)
{
  constexpr int OUTPUTS = 16 * NT, PARTS = SPLIT ? 2 : 1;
  constexpr int STAGE = (PIXELS + OUTPUTS) * ROW * PARTS; /* halves */
  CU_DYNAMIC_SHARED (unsigned short, shared);
  const CuConvPlace place = cu_conv_place (c, blockIdx.z);
  const int n_pixels = place.rows * place.columns, n_all = c.B * n_pixels;
  const int first_pixel = blockIdx.x * PIXELS, first_output = blockIdx.y * OUTPUTS;
  const int thread = threadIdx.x, lane = thread % 32, warp = thread / 32, warp_m = warp % 4, warp_n = warp / 4;
  const int n_chunks = CU_CEIL_DIV (c.I, CHUNK), n_steps = place.n_taps * n_chunks, padded_i = n_chunks * CHUNK;
  const int padded_o = CU_CEIL_DIV (c.O, CU_CONV_OUTPUTS) * CU_CONV_OUTPUTS;
  const int64_t part_size = (int64_t) c.k * c.k * padded_o * padded_i;

  if (first_pixel >= n_all)
    return;

  Loader<X> loader;
  {
    const int pixel = first_pixel + thread / 2;

    loader.x = (const X *) c.x;
    loader.is_inside = pixel < n_all;
    loader.b = pixel / n_pixels;
    loader.row = pixel % n_pixels / place.columns;
    loader.column = pixel % n_pixels % place.columns;
    loader.first = thread % 2 * PER_THREAD;
  }

  /* Where each pixel's results go, behind both stages: −1 for those that are not there. */
  int *pictures = (int *) (shared + 2 * STAGE), *pixels = pictures + PIXELS;

  if (thread % 2 == 0)
    {
      pictures[thread / 2] = loader.is_inside ? loader.b : -1;
      pixels[thread / 2] = (loader.row * place.step + place.parity_y) * place.out_w + loader.column * place.step + place.parity_x;
    }

  float sums[2][NT][4];

#pragma unroll
  for (int i = 0; i < 2; i++)
#pragma unroll
    for (int j = 0; j < NT; j++)
#pragma unroll
      for (int k = 0; k < 4; k++)
        sums[i][j][k] = 0;

  /* Shared memory of stage s: pixels, weights; in SPLIT then the rests of both. */
  auto pixels_at = [&] (int stage, int part) { return shared + stage * STAGE + part * (STAGE / PARTS); };
  auto weights_at = [&] (int stage, int part) { return pixels_at (stage, part) + PIXELS * ROW; };
  auto begin_weights = [&] (int stage, int element, int chunk) {
    for (int i = thread; i < OUTPUTS * (CHUNK / 8) * PARTS; i += THREADS)
      {
        const int part = i / (OUTPUTS * (CHUNK / 8)), at = i % (OUTPUTS * (CHUNK / 8)), o = at / (CHUNK / 8), k = at % (CHUNK / 8) * 8;
        const unsigned short *from = (const unsigned short *) c.packed + part * part_size
                                     + ((int64_t) element * padded_o + first_output + o) * padded_i + chunk * CHUNK + k;

        cu_copy16 (weights_at (stage, part) + o * ROW + k, from);
      }
    cu_copy_commit ();
  };
  auto store_pixels = [&] (int stage, const Raw<X> &raw, int chunk) {
    const int at = thread / 2 * ROW + loader.first;

    store<X, T, SPLIT> (c, loader, raw, chunk * CHUNK + loader.first, pixels_at (stage, 0) + at,
                        SPLIT ? pixels_at (stage, 1) + at : nullptr);
  };
  auto locate = [&] (int step, int *dy, int *dx, int *element) { cu_conv_tap (c, place, step / n_chunks, dy, dx, element); };

  int dy, dx, element;

  locate (0, &dy, &dx, &element);
  begin_weights (0, element, 0);
  store_pixels (0, load (c, loader, dy, dx, loader.first, is_aligned), 0);
  cu_copy_wait<0> ();
  __syncthreads ();

  for (int step = 0; step < n_steps; step++)
    {
      const int stage = step % 2, next = step + 1, next_chunk = next % n_chunks;
      Raw<X> raw = {};

      if (next < n_steps)
        {
          locate (next, &dy, &dx, &element);
          begin_weights (1 - stage, element, next_chunk);
          raw = load (c, loader, dy, dx, next_chunk * CHUNK + loader.first, is_aligned);
        }

#pragma unroll
      for (int k = 0; k < CHUNK; k += 16)
        {
          uint32_t a[PARTS][2][4];

#pragma unroll
          for (int part = 0; part < PARTS; part++)
#pragma unroll
            for (int i = 0; i < 2; i++)
              cu_load_matrices (a[part][i],
                                pixels_at (stage, part) + (warp_m * 32 + i * 16 + lane % 16) * ROW + k + lane / 16 * 8);
#pragma unroll
          for (int j = 0; j < NT; j += 2)
            {
              uint32_t b[PARTS][4];

#pragma unroll
              for (int part = 0; part < PARTS; part++)
                cu_load_matrices (b[part], weights_at (stage, part) + (warp_n * NT * 8 + j * 8 + lane % 8 + lane / 16 * 8) * ROW + k
                                               + lane / 8 % 2 * 8);
#pragma unroll
              for (int i = 0; i < 2; i++)
#pragma unroll
                for (int n = 0; n < 2; n++)
                  {
                    if (SPLIT)
                      {
                        cu_mma (sums[i][j + n], a[PARTS - 1][i], b[0] + 2 * n, T ());
                        cu_mma (sums[i][j + n], a[0][i], b[PARTS - 1] + 2 * n, T ());
                      }
                    cu_mma (sums[i][j + n], a[0][i], b[0] + 2 * n, T ());
                  }
            }
        }

      if (next < n_steps)
        store_pixels (1 - stage, raw, next_chunk);
      cu_copy_wait<0> ();
      __syncthreads ();
    }

  /* Sixteen pixels of each warp at a time go through its part of the shared memory: lanes side by side then write outputs side by side,
   * and what follows a sum is compiled twice instead of for each of a thread's. Rows are as far apart as keeps a fragment's eight
   * in different banks. */
  constexpr int WIDTH = 8 * NT, STRIDE = WIDTH + 8, WARPS = THREADS / 32;
  static_assert (WARPS * 16 * STRIDE * sizeof (float) <= 2 * STAGE * sizeof (unsigned short), "it fits where the operands were");
  float *tile = (float *) shared + warp * 16 * STRIDE;
  /* Computed anew: there is no register to keep it in meanwhile. */
  const CuConvPlace any = cu_conv_place (c, 0);
  const int64_t n_out = (int64_t) any.out_h * any.out_w;

#pragma unroll
  for (int i = 0; i < 2; i++)
    {
#pragma unroll
      for (int j = 0; j < NT; j++)
#pragma unroll
        for (int half = 0; half < 2; half++)
          *(float2 *) (tile + (half * 8 + lane / 4) * STRIDE + j * 8 + lane % 4 * 2) = make_float2 (sums[i][j][2 * half], sums[i][j][2 * half + 1]);
      __syncwarp ();
#pragma unroll 1
      for (int at = lane; at < 16 * WIDTH; at += 32)
        {
          const int row = at / WIDTH, column = at % WIDTH, o = first_output + warp_n * WIDTH + column;
          const int b = pictures[warp_m * 32 + i * 16 + row], pixel = pixels[warp_m * 32 + i * 16 + row];

          if (b >= 0 && o < c.O)
            cu_write (c.y, c.y_type, (b * n_out + pixel) * c.O + o, cu_finish (finish, tile[row * STRIDE + column], b, pixel, n_out, o, c.O));
        }
      __syncwarp ();
    }
}

template <class X, class T, bool SPLIT, int NT>
void
launch (CuStream stream, const CuConv *c)
{
  constexpr int OUTPUTS = 16 * NT;
  const size_t shared = 2 * sizeof (unsigned short) * (PIXELS + OUTPUTS) * ROW * (SPLIT ? 2 : 1) + 2 * PIXELS * sizeof (int);
  const CuConvPlace place = cu_conv_place (*c, 0); /* the largest of the four */
  const int is_aligned = (uintptr_t) c->x % 16 == 0 && c->I % (16 / (int) sizeof (X)) == 0;
  const unsigned n_blocks = CU_CEIL_DIV (c->B * place.rows * place.columns, PIXELS);

  CU_ALLOW_SHARED ((conv_mma_kernel<X, T, SPLIT, NT>), shared);
  CU_LAUNCH ((conv_mma_kernel<X, T, SPLIT, NT>), dim3 (n_blocks, CU_CEIL_DIV (c->O, OUTPUTS), c->up == 2 ? 4 : 1), THREADS, shared,
             stream, *c, cu_conv_finish (c), is_aligned);
}

template <class X, class T, bool SPLIT>
void
launch_by_outputs (CuStream stream, const CuConv *c)
{
  if (c->O <= 32)
    launch<X, T, SPLIT, 2> (stream, c);
  else if (c->O <= 64 || SPLIT)
    launch<X, T, SPLIT, 4> (stream, c);
  else
    launch<X, T, SPLIT, SPLIT ? 4 : 8> (stream, c);
}
}

void
cu_conv_mma (CuStream stream, const CuConv *c)
{
  if (c->mode == CU_CONV_SPLIT)
    launch_by_outputs<float, CuBf16, true> (stream, c);
  else if (c->mode == CU_CONV_BF16 && c->x_type == CU_F32)
    launch_by_outputs<float, CuBf16, false> (stream, c);
  else if (c->mode == CU_CONV_BF16)
    launch_by_outputs<CuBf16, CuBf16, false> (stream, c);
  else if (c->x_type == CU_F32)
    launch_by_outputs<float, CuF16, false> (stream, c);
  else
    launch_by_outputs<CuF16, CuF16, false> (stream, c);
}
