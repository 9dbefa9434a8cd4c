/* StyleGAN3's non-linearity in one pass over the picture (Karras et al. 2021, filtered_lrelu): bias, up-sampling, leaky ReLU, clamp,
 * down-sampling. A block has a tile of results of a few channels; all between is in shared memory, as float32:
 *
 *   input [ih, iw]  →  along x  →  [ih, mw]  →  along y, leaky ReLU  →  middle [mh, mw]  →  along x  →  [mh, tw]  →  along y: [th, tw]
 *
 * Filters that are not separable take both axes at once. Channels vary fastest everywhere. */
#include "kernels/number.h"

namespace
{
constexpr int THREADS = 256;

/* A tile of @size² results, and what it needs. */
struct Tile
{
  int size, channels;
  int middle, input;       /* edges */
  int room_in, room_wide;  /* floats: input and what comes of its rows; the down-sampled rows use the second again */
};

__host__ __device__ inline int
floor_div (int a, int b)
{
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

Tile
tile_of (const CuFiltered &f, int size, int channels)
{
  Tile t;

  t.size = size;
  t.channels = channels;
  t.middle = (size - 1) * f.down + f.n_down;
  t.input = (t.middle + f.n_up - 2) / f.up + 2;
  t.room_in = t.input * t.input * channels;
  t.room_wide = (t.input > t.middle ? t.input : t.middle) * (t.middle > size ? t.middle : size) * channels;
  return t;
}

size_t
shared_size (const Tile &t)
{
  return sizeof (float) * ((size_t) t.room_in + t.room_wide + (size_t) t.middle * t.middle * t.channels);
}

/* The largest tile that leaves room for two blocks on a multiprocessor; false where none fits at all. */
bool
choose_tile (const CuFiltered &f, Tile *tile)
{
  for (int size = 16; size >= 1; size /= 2)
    for (int channels = 4; channels >= 1; channels /= 2)
      {
        *tile = tile_of (f, size, channels);
        if (shared_size (*tile) <= (size == 1 && channels == 1 ? 99 : 96) * (size_t) 1024)
          return true;
      }
  return false;
}

__device__ __forceinline__ float
tap_at (const float *filter, int n, int i)
{
  return filter ? filter[n - 1 - i] : 1.0f;
}

/* Σ of the taps that meet pixels along one axis of the up-sampled picture from @at on; @first: the first pixel in the tile. */
template <class F>
__device__ __forceinline__ float
up_sum (const float *filter, int n, int up, int at, int first, F pixel)
{
  const int start = ((-at) % up + up) % up;
  float sum = 0;

  for (int i = start; i < n; i += up)
    sum += tap_at (filter, n, i) * pixel (floor_div (at + i, up) - first);
  return sum * (float) up;
}

__global__ void
__launch_bounds__ (THREADS)
filtered_kernel (CuFiltered f, Tile t, int n_tiles_x)
{
  CU_DYNAMIC_SHARED (float, shared);
  float *input = shared, *wide = input + t.room_in, *middle = wide + t.room_wide;
  const int cc = t.channels, c0 = blockIdx.y * cc, b = blockIdx.z;
  const int out_y = blockIdx.x / n_tiles_x * t.size, out_x = blockIdx.x % n_tiles_x * t.size;
  const int up_y = out_y * f.down - f.top, up_x = out_x * f.down - f.left; /* of the middle's first element */
  const int first_y = floor_div (up_y, f.up), first_x = floor_div (up_x, f.up);

  for (int i = threadIdx.x; i < t.input * t.input * cc; i += THREADS)
    {
      const int c = c0 + i % cc, x = first_x + i / cc % t.input, y = first_y + i / cc / t.input;
      float value = 0;

      if (c < f.C && x >= 0 && x < f.W && y >= 0 && y < f.H)
        value = cu_read (f.x, f.x_type, (((int64_t) b * f.H + y) * f.W + x) * f.C + c) + (f.bias ? f.bias[c] : 0.0f);
      input[i] = value;
    }
  __syncthreads ();

  if (!f.up_is_square)
    {
      for (int i = threadIdx.x; i < t.input * t.middle * cc; i += THREADS)
        {
          const int c = i % cc, u = i / cc % t.middle, y = i / cc / t.middle;

          wide[i] = up_sum (f.up_filter, f.n_up, f.up, up_x + u, first_x,
                            [&] (int x) { return input[(y * t.input + x) * cc + c]; });
        }
      __syncthreads ();
    }
  for (int i = threadIdx.x; i < t.middle * t.middle * cc; i += THREADS)
    {
      const int c = i % cc, u = i / cc % t.middle, v = i / cc / t.middle;
      float value = 0;

      if (!f.up_is_square)
        value = up_sum (f.up_filter, f.n_up, f.up, up_y + v, first_y,
                        [&] (int y) { return wide[(y * t.middle + u) * cc + c]; });
      else
        {
          const int start_y = ((-(up_y + v)) % f.up + f.up) % f.up;

          for (int k = start_y; k < f.n_up; k += f.up)
            {
              const int y = floor_div (up_y + v + k, f.up) - first_y;

              value += (float) f.up
                       * up_sum (f.up_filter + (f.n_up - 1 - k) * f.n_up, f.n_up, f.up, up_x + u, first_x,
                                 [&] (int x) { return input[(y * t.input + x) * cc + c]; });
            }
        }
      middle[i] = cu_clamp (value * (value < 0 ? f.slope : 1.0f) * f.gain, f.clamp);
    }
  __syncthreads ();

  if (!f.down_is_square)
    {
      for (int i = threadIdx.x; i < t.middle * t.size * cc; i += THREADS)
        {
          const int c = i % cc, x = i / cc % t.size, v = i / cc / t.size;
          float sum = 0;

          for (int k = 0; k < f.n_down; k++)
            sum += tap_at (f.down_filter, f.n_down, k) * middle[(v * t.middle + x * f.down + k) * cc + c];
          wide[i] = sum;
        }
      __syncthreads ();
    }
  for (int i = threadIdx.x; i < t.size * t.size * cc; i += THREADS)
    {
      const int c = i % cc, x = i / cc % t.size, y = i / cc / t.size;
      float sum = 0;

      if (c0 + c >= f.C || out_x + x >= f.out_w || out_y + y >= f.out_h)
        continue;
      if (!f.down_is_square)
        for (int k = 0; k < f.n_down; k++)
          sum += tap_at (f.down_filter, f.n_down, k) * wide[((y * f.down + k) * t.size + x) * cc + c];
      else
        for (int k = 0; k < f.n_down * f.n_down; k++)
          sum += f.down_filter[f.n_down * f.n_down - 1 - k]
                 * middle[((y * f.down + k / f.n_down) * t.middle + x * f.down + k % f.n_down) * cc + c];
      cu_write (f.y, f.y_type, (((int64_t) b * f.out_h + out_y + y) * f.out_w + out_x + x) * f.C + c0 + c, sum);
    }
}
}

int
cu_filtered_fits (const CuFiltered *f)
{
  Tile tile;

  return choose_tile (*f, &tile);
}

void
cu_filtered (CuStream stream, const CuFiltered *f)
{
  Tile tile;

  if ((int64_t) f->B * f->C * f->out_h * f->out_w == 0 || !choose_tile (*f, &tile))
    return;

  const int n_tiles_x = CU_CEIL_DIV (f->out_w, tile.size), n_tiles_y = CU_CEIL_DIV (f->out_h, tile.size);
  const size_t shared = shared_size (tile);

  CU_ALLOW_SHARED (filtered_kernel, shared);
  CU_LAUNCH (filtered_kernel, dim3 (n_tiles_x * n_tiles_y, CU_CEIL_DIV (f->C, tile.channels), f->B), THREADS, shared, stream, *f,
             tile, n_tiles_x);
}
