/* Losses and sums over everything, in double: CU_SUM_BLOCKS blocks at most, cut by the number of elements alone, then one block that
 * adds their sums. */
#include "kernels/number.h"

namespace
{
struct Terms
{
  const float *x, *y; /* y: NULL for squares of x */
  int kind;
};

__device__ __forceinline__ double
term (const Terms &t, int64_t i)
{
  const double d = t.y ? (double) t.x[i] - (double) t.y[i] : (double) t.x[i], magnitude = fabs (d);

  if (t.kind == CU_LOSS_L1)
    return magnitude;
  if (t.kind == CU_LOSS_HUBER)
    return magnitude < 1 ? 0.5 * d * d : magnitude - 0.5;
  return d * d;
}

__global__ void
partial_sums_kernel (Terms terms, double *sums, int64_t n)
{
  __shared__ double room[32];
  double sum = 0;

  for (int64_t i = cu_thread (); i < n; i += (int64_t) gridDim.x * blockDim.x)
    sum += term (terms, i);
  sum = cu_block_sum (sum, room);
  if (threadIdx.x == 0)
    sums[blockIdx.x] = sum;
}

/* @scale: of the mean, on the device; NULL: the sum is wanted. */
__global__ void
total_kernel (const double *sums, int n_sums, const float *scale, double n, float *total)
{
  __shared__ double room[32];
  const double sum = cu_block_sum (threadIdx.x < (unsigned) n_sums ? sums[threadIdx.x] : 0.0, room);

  if (threadIdx.x == 0)
    *total = (float) (scale ? sum * ((double) *scale / n) : sum);
}

__global__ void
loss_backward_kernel (const float *x, const float *y, int kind, const float *scale, float *dx, int64_t n)
{
  const int64_t i = cu_thread ();

  if (i >= n)
    return;

  const float d = x[i] - y[i], sign = d > 0 ? 1.0f : d < 0 ? -1.0f : d;
  const float slope = kind == CU_LOSS_L2 ? 2.0f * d : kind == CU_LOSS_HUBER && d * sign < 1.0f ? d : sign;

  dx[i] = *scale / (float) n * slope;
}

void
launch_sum (CuStream stream, const Terms &terms, const float *scale, float *total, double *scratch, int64_t n)
{
  const int64_t wanted = CU_CEIL_DIV (n, (int64_t) (4 * CU_BLOCK));
  const int n_blocks = (int) (wanted < 1 ? 1 : wanted > CU_SUM_BLOCKS ? CU_SUM_BLOCKS : wanted);

  CU_LAUNCH (partial_sums_kernel, n_blocks, CU_BLOCK, 0, stream, terms, scratch, n);
  CU_LAUNCH (total_kernel, 1, CU_SUM_BLOCKS, 0, stream, scratch, n_blocks, scale, (double) (n > 0 ? n : 1), total);
}
}

void
cu_loss (CuStream stream, const float *x, const float *y, int kind, const float *scale, float *loss, double *scratch, int64_t n)
{
  launch_sum (stream, Terms { x, y, kind }, scale, loss, scratch, n);
}

void
cu_loss_backward (CuStream stream, const float *x, const float *y, int kind, const float *scale, float *dx, int64_t n)
{
  if (n > 0)
    CU_LAUNCH (loss_backward_kernel, cu_blocks (n), CU_BLOCK, 0, stream, x, y, kind, scale, dx, n);
}

void
cu_sum_squares (CuStream stream, const float *x, float *sum, double *scratch, int64_t n)
{
  launch_sum (stream, Terms { x, nullptr, CU_LOSS_L2 }, nullptr, sum, scratch, n);
}
