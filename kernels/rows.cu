/* Operations on whole rows: normalisations, cosines, demodulation. A warp a row where rows are short or few, a block a row for layer
 * norm; sums are made in one order, which is the row's alone. */
#include "kernels/number.h"

namespace
{
constexpr int WARPS = 8;

/* Σ f (i) over a row by the lanes of a warp: lane 0 takes elements 0, 32, 64 … */
template <class F>
__device__ __forceinline__ float
row_sum (int64_t width, F f)
{
  float sum = 0;

  for (int64_t i = threadIdx.x % 32; i < width; i += 32)
    sum += f (i);
  return cu_warp_sum (sum);
}

/* The row of this warp, or -1. */
__device__ __forceinline__ int64_t
warp_row (int64_t n_rows)
{
  const int64_t row = (int64_t) blockIdx.x * WARPS + threadIdx.x / 32;

  return row < n_rows ? row : -1;
}

/* A block a row. */
__global__ void
layer_norm_kernel (const float *x, const float *gain, const float *bias, float eps, void *y, int y_type, int64_t width)
{
  __shared__ float room[32];
  const float *row = x + blockIdx.x * width;
  const float2 of = cu_block_statistics (row, width, eps, room);

  for (int64_t i = threadIdx.x; i < width; i += blockDim.x)
    cu_write (y, y_type, blockIdx.x * width + i, (row[i] - of.x) * of.y * gain[i] + (bias ? bias[i] : 0.0f));
}

__global__ void
rms_normalize_kernel (const float *x, float eps, float *y, int64_t n_rows, int64_t width)
{
  const int64_t row = warp_row (n_rows);

  if (row < 0)
    return;
  x += row * width;

  const float squares = row_sum (width, [&] (int64_t i) { return x[i] * x[i]; });
  const float scale = 1.0f / sqrtf (squares / (float) width + eps);

  for (int64_t i = threadIdx.x % 32; i < width; i += 32)
    y[row * width + i] = x[i] * scale;
}

__global__ void
cosine_similarity_kernel (const float *a, const float *b, int64_t b_step, float *y, int64_t n_rows, int64_t width)
{
  const int64_t row = warp_row (n_rows);

  if (row < 0)
    return;
  a += row * width;
  b += row * b_step;

  const float ab = row_sum (width, [&] (int64_t i) { return a[i] * b[i]; });
  const float aa = row_sum (width, [&] (int64_t i) { return a[i] * a[i]; });
  const float bb = row_sum (width, [&] (int64_t i) { return b[i] * b[i]; });

  if (threadIdx.x % 32 == 0)
    y[row] = ab / (sqrtf (aa) * sqrtf (bb));
}

__global__ void
embed_noise_kernel (const float *x, const float *noise, float scale, float *y, int64_t n_rows, int64_t width)
{
  const int64_t row = warp_row (n_rows);

  if (row < 0)
    return;
  x += row * width;
  noise += row * width;

  const float length = sqrtf (row_sum (width, [&] (int64_t i) { return x[i] * x[i]; }));
  const float other = sqrtf (row_sum (width, [&] (int64_t i) { return noise[i] * noise[i]; }));
  auto turned = [&] (int64_t i) { return x[i] / length + scale * (noise[i] / other); };
  const float turned_length = sqrtf (row_sum (width, [&] (int64_t i) { return turned (i) * turned (i); }));

  for (int64_t i = threadIdx.x % 32; i < width; i += 32)
    y[row * width + i] = turned (i) / turned_length * length;
}

constexpr int PICTURES = 4; /* that share a reading of the weights */

/* A warp an output channel and PICTURES pictures: Σ_i styles² Σ_taps weight². */
__global__ void
demodulation_kernel (const float *styles, const float *weight, float *y, int64_t B, int64_t O, int64_t I, int taps)
{
  const int64_t o = warp_row (O), first = (int64_t) blockIdx.y * PICTURES;
  float sums[PICTURES] = { 0, 0, 0, 0 };

  if (o < 0)
    return;
  for (int64_t i = threadIdx.x % 32; i < I; i += 32)
    {
      const float *w = weight + (o * I + i) * taps;
      float squares = 0;

      for (int tap = 0; tap < taps; tap++)
        squares += w[tap] * w[tap];
      for (int j = 0; j < PICTURES; j++)
        if (first + j < B)
          {
            const float style = styles[(first + j) * I + i];
            sums[j] += style * style * squares;
          }
    }
  for (int j = 0; j < PICTURES; j++)
    {
      const float sum = cu_warp_sum (sums[j]);

      if (first + j < B && threadIdx.x % 32 == 0)
        y[(first + j) * O + o] = 1.0f / sqrtf (sum + 1e-8f);
    }
}

unsigned
warp_blocks (int64_t n_rows)
{
  return (unsigned) CU_CEIL_DIV (n_rows, (int64_t) WARPS);
}
}

void
cu_layer_norm (CuStream stream, const float *x, const float *gain, const float *bias, float eps, void *y, int y_type, int64_t n_rows,
               int64_t width)
{
  const int threads = width > 512 ? 256 : 128;

  if (n_rows * width > 0)
    CU_LAUNCH (layer_norm_kernel, (unsigned) n_rows, threads, 0, stream, x, gain, bias, eps, y, y_type, width);
}

void
cu_rms_normalize (CuStream stream, const float *x, float eps, float *y, int64_t n_rows, int64_t width)
{
  if (n_rows * width > 0)
    CU_LAUNCH (rms_normalize_kernel, warp_blocks (n_rows), 32 * WARPS, 0, stream, x, eps, y, n_rows, width);
}

void
cu_cosine_similarity (CuStream stream, const float *a, const float *b, int64_t b_step, float *y, int64_t n_rows, int64_t width)
{
  if (n_rows > 0)
    CU_LAUNCH (cosine_similarity_kernel, warp_blocks (n_rows), 32 * WARPS, 0, stream, a, b, b_step, y, n_rows, width);
}

void
cu_embed_noise (CuStream stream, const float *x, const float *noise, float scale, float *y, int64_t n_rows, int64_t width)
{
  if (n_rows * width > 0)
    CU_LAUNCH (embed_noise_kernel, warp_blocks (n_rows), 32 * WARPS, 0, stream, x, noise, scale, y, n_rows, width);
}

void
cu_demodulation (CuStream stream, const float *styles, const float *weight, float *y, int64_t B, int64_t O, int64_t I, int taps)
{
  if (B * O > 0)
    CU_LAUNCH (demodulation_kernel, dim3 (warp_blocks (O), (unsigned) CU_CEIL_DIV (B, (int64_t) PICTURES)), 32 * WARPS, 0, stream,
               styles, weight, y, B, O, I, taps);
}
