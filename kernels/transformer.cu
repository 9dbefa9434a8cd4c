/* SwiGLU and rotary embeddings: an element, or a pair, a thread. */
#include "kernels/number.h"

namespace
{
__global__ void
swiglu_kernel (const void *x, int x_type, void *y, int y_type, int64_t n, int64_t width)
{
  const int64_t i = cu_thread ();

  if (i >= n)
    return;

  const int64_t at = i / width * 2 * width + i % width;
  const float a = cu_read (x, x_type, at), g = cu_read (x, x_type, at + width);

  cu_write (y, y_type, i, a * (g * cu_sigmoid (g)));
}

/* @W columns a row, two to a thread of those that are turned, one of the rest: thread j of a row has columns 2j and 2j + 1 counted
 * from the first head where that is in a turned part. Simplest is a thread a column that reads its partner too. */
__global__ void
rotary_kernel (const void *x, int type, const float *angles, void *y, int64_t n, int64_t T, int64_t W, int offset, int n_heads,
               int head_dim, int n_pairs)
{
  const int64_t i = cu_thread ();

  if (i >= n)
    return;

  const int64_t row = i / W;
  const int column = (int) (i % W) - offset, in_head = column >= 0 ? column % head_dim : 0;
  const float value = cu_read (x, type, i);

  if (column < 0 || column >= n_heads * head_dim || in_head >= 2 * n_pairs)
    {
      cu_write (y, type, i, value);
      return;
    }

  const bool is_odd = in_head % 2 != 0;
  const float other = cu_read (x, type, is_odd ? i - 1 : i + 1), angle = angles[row % T * n_pairs + in_head / 2];
  float sine, cosine;

  sincosf (angle, &sine, &cosine);
  cu_write (y, type, i, is_odd ? value * cosine + other * sine : value * cosine - other * sine);
}
}

void
cu_swiglu (CuStream stream, const void *x, int x_type, void *y, int y_type, int64_t n_rows, int64_t width)
{
  const int64_t n = n_rows * width;

  if (n > 0)
    CU_LAUNCH (swiglu_kernel, cu_blocks (n), CU_BLOCK, 0, stream, x, x_type, y, y_type, n, width);
}

void
cu_rotary (CuStream stream, const void *x, int type, const float *angles, void *y, int64_t n_rows, int64_t T, int64_t W, int offset,
           int n_heads, int head_dim, int n_pairs)
{
  const int64_t n = n_rows * W;

  if (n > 0)
    CU_LAUNCH (rotary_kernel, cu_blocks (n), CU_BLOCK, 0, stream, x, type, angles, y, n, T, W, offset, n_heads, head_dim, n_pairs);
}
