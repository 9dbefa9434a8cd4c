/* FIR filters with up- and down-sampling (upfirdn2d of NVIDIA's networks), and what follows an up-convolution fused behind them.
 *
 *   fir4:  4×4 taps without resampling, which every up-convolution needs: a thread has 4 channels and 4 rows of results and reads
 *          7×4 values for them instead of 4·16
 *   fir:   everything else: a thread an element; of the taps only those that meet a pixel are walked */
#include "kernels/conv.h"

#include <type_traits>

namespace
{
__device__ __forceinline__ float
filter_at (const CuFir &f, int row, int column)
{
  /* Correlation with the flipped filter. */
  if (!f.filter)
    return 1.0f;
  return f.is_square ? f.filter[(f.n - 1 - row) * f.n + f.n - 1 - column] : f.filter[f.n - 1 - row] * f.filter[f.n - 1 - column];
}

__global__ void
fir_kernel (CuFir f, CuFinish finish, int64_t n)
{
  const int64_t i = cu_thread ();

  if (i >= n)
    return;

  const int c = (int) (i % f.C), column = (int) (i / f.C % f.out_w), row = (int) (i / f.C / f.out_w % f.out_h);
  const int b = (int) (i / f.C / f.out_w / f.out_h);
  const int top = row * f.down - f.top, left = column * f.down - f.left; /* in the up-sampled picture */
  /* The first taps that fall on pixels. */
  const int first_v = ((-top) % f.up + f.up) % f.up, first_u = ((-left) % f.up + f.up) % f.up;
  float sum = 0;

  for (int v = first_v; v < f.n; v += f.up)
    for (int u = first_u; u < f.n; u += f.up)
      {
        const int y = (top + v) / f.up, x = (left + u) / f.up;

        if (top + v >= 0 && y < f.H && left + u >= 0 && x < f.W)
          sum += filter_at (f, v, u) * cu_read (f.x, f.x_type, (((int64_t) b * f.H + y) * f.W + x) * f.C + c);
      }
  cu_write (f.y, f.y_type, i,
            cu_finish (finish, sum * f.gain, b, (int64_t) row * f.out_w + column, (int64_t) f.out_h * f.out_w, c, f.C));
}

constexpr int ROWS = 4, TAPS = 4;

template <class X, class Y>
__global__ void
__launch_bounds__ (CU_BLOCK)
fir4_kernel (CuFir f, CuFinish finish, int64_t n)
{
  __shared__ float taps[TAPS * TAPS];
  const int64_t i = cu_thread ();

  if (threadIdx.x < TAPS * TAPS)
    taps[threadIdx.x] = filter_at (f, threadIdx.x / TAPS, threadIdx.x % TAPS) * f.gain;
  __syncthreads ();
  if (i >= n)
    return;

  const int groups = f.C / 4, n_bands = CU_CEIL_DIV (f.out_h, ROWS);
  const int c = (int) (i % groups) * 4, column = (int) (i / groups % f.out_w), first = (int) (i / groups / f.out_w % n_bands) * ROWS;
  const int b = (int) (i / groups / f.out_w / n_bands);
  float sums[ROWS][4] = {};

#pragma unroll
  for (int v = 0; v < ROWS + TAPS - 1; v++)
    {
      const int y = first - f.top + v;

      if (y < 0 || y >= f.H)
        continue;
#pragma unroll
      for (int u = 0; u < TAPS; u++)
        {
          const int x = column - f.left + u;

          if (x < 0 || x >= f.W)
            continue;

          const float4 p = cu_load4 ((const X *) f.x + (((int64_t) b * f.H + y) * f.W + x) * f.C + c);

#pragma unroll
          for (int row = 0; row < ROWS; row++)
            if (v - row >= 0 && v - row < TAPS)
              {
                const float tap = taps[(v - row) * TAPS + u];

                sums[row][0] += tap * p.x;
                sums[row][1] += tap * p.y;
                sums[row][2] += tap * p.z;
                sums[row][3] += tap * p.w;
              }
        }
    }

  const int64_t n_pixels = (int64_t) f.out_h * f.out_w;

#pragma unroll
  for (int row = 0; row < ROWS; row++)
    if (first + row < f.out_h)
      {
        const int64_t pixel = (int64_t) (first + row) * f.out_w + column;
        float y[4];

#pragma unroll
        for (int j = 0; j < 4; j++)
          y[j] = cu_finish (finish, sums[row][j], b, pixel, n_pixels, c + j, f.C);
        cu_store4 ((Y *) f.y + (b * n_pixels + pixel) * f.C + c, make_float4 (y[0], y[1], y[2], y[3]));
      }
}

template <class X>
void
launch_fir4 (CuStream stream, const CuFir *f, const CuFinish &finish)
{
  const int64_t n = (int64_t) f->B * CU_CEIL_DIV (f->out_h, ROWS) * f->out_w * (f->C / 4);

  if (f->y_type == CU_F32)
    CU_LAUNCH ((fir4_kernel<X, float>), cu_blocks (n), CU_BLOCK, 0, stream, *f, finish, n);
  else if (f->y_type == CU_F16)
    CU_LAUNCH ((fir4_kernel<X, CuF16>), cu_blocks (n), CU_BLOCK, 0, stream, *f, finish, n);
  else
    CU_LAUNCH ((fir4_kernel<X, CuBf16>), cu_blocks (n), CU_BLOCK, 0, stream, *f, finish, n);
}

bool
is_aligned (const void *at, int type)
{
  return (uintptr_t) at % (type == CU_F32 ? 16 : 8) == 0;
}
}

void
cu_fir (CuStream stream, const CuFir *f)
{
  const CuFinish finish
      = { f->demod, f->noise, f->bias, f->residual, f->noise_strength, f->act_gain, f->clamp, f->noise_each, f->act };
  const int64_t n = (int64_t) f->B * f->out_h * f->out_w * f->C;

  if (n == 0)
    return;
  if (f->up == 1 && f->down == 1 && f->n == TAPS && f->filter && f->C % 4 == 0 && is_aligned (f->x, f->x_type)
      && is_aligned (f->y, f->y_type))
    cu_with_type (f->x_type, [&] (auto *x) {
      typedef typename std::remove_reference<decltype (*x)>::type X;
      launch_fir4<X> (stream, f, finish);
    });
  else
    CU_LAUNCH (fir_kernel, cu_blocks (n), CU_BLOCK, 0, stream, *f, finish, n);
}
