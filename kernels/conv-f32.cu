/* Convolution in float32, the yardstick of the other ways, and the narrow one of toRGB.
 *
 *   conv_f32:     a block has 64 pixels × 64 outputs, a thread 4 × 4 of them; a step is one tap and 16 channels in shared memory
 *   conv_narrow:  eight lanes a pixel, each a share of the channels, then three shuffles; weights times styles in shared memory */
#include "kernels/conv.h"

namespace
{
constexpr int TILE = 64, DEPTH = 16, THREADS = 256;

__global__ void
__launch_bounds__ (THREADS)
conv_f32_kernel (CuConv c, CuFinish finish)
{
  __shared__ float pixels[DEPTH][TILE + 4], weights[DEPTH][TILE + 4];
  const CuConvPlace place = cu_conv_place (c, blockIdx.z);
  const int n_pixels = place.rows * place.columns, n_all = c.B * n_pixels;
  const int first_pixel = blockIdx.x * TILE, first_output = blockIdx.y * TILE, thread = threadIdx.x;
  const int n_chunks = CU_CEIL_DIV (c.I, DEPTH), n_steps = place.n_taps * n_chunks;
  float sums[4][4] = {};

  if (first_pixel >= n_all)
    return;

  /* A thread loads four channels of one pixel and of one output. */
  const int load_row = thread / 4, load_k = thread % 4 * 4, pixel = first_pixel + load_row, output = first_output + load_row;
  const int b = pixel / n_pixels, row = pixel % n_pixels / place.columns, column = pixel % n_pixels % place.columns;

  for (int step = 0; step < n_steps; step++)
    {
      const int channel = step % n_chunks * DEPTH + load_k;
      int dy, dx, element;

      cu_conv_tap (c, place, step / n_chunks, &dy, &dx, &element);

      const int y = row + dy, x = column + dx;
      const bool is_inside = pixel < n_all && y >= 0 && y < c.H && x >= 0 && x < c.W;

      for (int i = 0; i < 4; i++)
        {
          float value = 0, weight = 0;

          if (is_inside && channel + i < c.I)
            {
              value = cu_read (c.x, c.x_type, (((int64_t) b * c.H + y) * c.W + x) * c.I + channel + i);
              if (c.styles)
                value *= c.styles[(int64_t) b * c.I + channel + i];
            }
          if (output < c.O && channel + i < c.I)
            weight = ((const float *) c.packed)[((int64_t) element * c.O + output) * c.I + channel + i];
          pixels[load_k + i][load_row] = value;
          weights[load_k + i][load_row] = weight;
        }
      __syncthreads ();

#pragma unroll
      for (int k = 0; k < DEPTH; k++)
        {
          const float4 p = *(const float4 *) &pixels[k][thread / 16 * 4], w = *(const float4 *) &weights[k][thread % 16 * 4];
          const float ps[4] = { p.x, p.y, p.z, p.w }, ws[4] = { w.x, w.y, w.z, w.w };

#pragma unroll
          for (int i = 0; i < 4; i++)
#pragma unroll
            for (int j = 0; j < 4; j++)
              sums[i][j] += ps[i] * ws[j];
        }
      __syncthreads ();
    }

  for (int i = 0; i < 4; i++)
    {
      const int at = first_pixel + thread / 16 * 4 + i;

      if (at >= n_all)
        continue;

      const int picture = at / n_pixels, in_picture = at % n_pixels;
      const int out_row = in_picture / place.columns * place.step + place.parity_y;
      const int out_column = in_picture % place.columns * place.step + place.parity_x;
      const int64_t out_pixel = (int64_t) out_row * place.out_w + out_column, n_out = (int64_t) place.out_h * place.out_w;

      for (int j = 0; j < 4; j++)
        {
          const int o = first_output + thread % 16 * 4 + j;

          if (o < c.O)
            cu_write (c.y, c.y_type, (picture * n_out + out_pixel) * c.O + o,
                      cu_finish (finish, sums[i][j], picture, out_pixel, n_out, o, c.O));
        }
    }
}

constexpr int LANES = 8, PIXELS_PER_BLOCK = THREADS / LANES, ROUNDS = 8;

__global__ void
__launch_bounds__ (THREADS)
conv_narrow_kernel (CuConv c, CuFinish finish, int is_aligned)
{
  CU_DYNAMIC_SHARED (float, weights); /* [O, I], times styles */
  const int b = blockIdx.y, lane = threadIdx.x % LANES;
  const CuConvPlace place = cu_conv_place (c, 0);
  const int n_pixels = place.rows * place.columns;

  for (int i = threadIdx.x; i < c.O * c.I; i += THREADS)
    weights[i] = ((const float *) c.packed)[i] * (c.styles ? c.styles[(int64_t) b * c.I + i % c.I] : 1.0f);
  __syncthreads ();

  for (int round = 0; round < ROUNDS; round++)
    {
      const int pixel = (blockIdx.x * ROUNDS + round) * PIXELS_PER_BLOCK + threadIdx.x / LANES;
      const int y = pixel / place.columns - c.padding, x = pixel % place.columns - c.padding;
      const bool is_inside = pixel < n_pixels && y >= 0 && y < c.H && x >= 0 && x < c.W;
      const int64_t at = (((int64_t) b * c.H + y) * c.W + x) * c.I;
      float sums[CU_CONV_NARROW] = { 0, 0, 0, 0 };

      if (is_inside && is_aligned)
        for (int i = 4 * lane; i < c.I; i += 4 * LANES)
          {
            const float4 v = c.x_type == CU_F32   ? cu_load4 ((const float *) c.x + at + i)
                             : c.x_type == CU_F16 ? cu_load4 ((const CuF16 *) c.x + at + i)
                                                  : cu_load4 ((const CuBf16 *) c.x + at + i);

#pragma unroll
            for (int o = 0; o < CU_CONV_NARROW; o++)
              if (o < c.O)
                {
                  const float4 w = *(const float4 *) (weights + o * c.I + i);
                  sums[o] += v.x * w.x + v.y * w.y + v.z * w.z + v.w * w.w;
                }
          }
      else if (is_inside)
        for (int i = lane; i < c.I; i += LANES)
          {
            const float v = cu_read (c.x, c.x_type, at + i);

#pragma unroll
            for (int o = 0; o < CU_CONV_NARROW; o++)
              if (o < c.O)
                sums[o] += v * weights[o * c.I + i];
          }
#pragma unroll
      for (int o = 0; o < CU_CONV_NARROW; o++)
        for (int bits = LANES / 2; bits > 0; bits >>= 1)
          sums[o] += __shfl_xor_sync (~0u, sums[o], bits);
      if (pixel < n_pixels)
#pragma unroll
        for (int o = 0; o < CU_CONV_NARROW; o++)
          if (o < c.O && lane == o)
            cu_write (c.y, c.y_type, ((int64_t) b * n_pixels + pixel) * c.O + o,
                      cu_finish (finish, sums[o], b, pixel, n_pixels, o, c.O));
    }
}
}

void
cu_conv_f32 (CuStream stream, const CuConv *c)
{
  const CuConvPlace place = cu_conv_place (*c, 0);
  const unsigned n_blocks = CU_CEIL_DIV (c->B * place.rows * place.columns, TILE);

  CU_LAUNCH (conv_f32_kernel, dim3 (n_blocks, CU_CEIL_DIV (c->O, TILE), c->up == 2 ? 4 : 1), THREADS, 0, stream, *c,
             cu_conv_finish (c));
}

void
cu_conv_narrow (CuStream stream, const CuConv *c)
{
  const CuConvPlace place = cu_conv_place (*c, 0);
  const size_t shared = sizeof (float) * (size_t) c->O * c->I;
  const size_t four = 4 * (c->x_type == CU_F32 ? sizeof (float) : sizeof (CuF16));
  const int is_aligned = c->I % 4 == 0 && (uintptr_t) c->x % four == 0;

  CU_ALLOW_SHARED (conv_narrow_kernel, shared);
  CU_LAUNCH (conv_narrow_kernel, dim3 (CU_CEIL_DIV (place.rows * place.columns, PIXELS_PER_BLOCK * ROUNDS), c->B), THREADS, shared,
             stream, *c, cu_conv_finish (c), is_aligned);
}
