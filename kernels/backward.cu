/* The backward of what rows go through, and sums over rows. Those are made in pieces that the number of rows alone decides, each by
 * one thread a column from top to bottom, then the pieces in their order: the same bits in every run. */
#include "kernels/number.h"

namespace
{
/* A block a row. With g = dy · gain: dx = scale · (g - mean (g) - x̂ · mean (g · x̂)) + residual. */
__global__ void
layer_norm_backward_kernel (const float *x, const float *gain, const void *dy, int dy_type, float eps, const float *residual,
                            float *dx, int64_t width)
{
  __shared__ float room[32];
  const int64_t first = blockIdx.x * width;
  const float n = (float) width;
  const float2 of = cu_block_statistics (x + first, width, eps, room);
  const float mean = of.x, scale = of.y;
  float gs = 0, along = 0;

  for (int64_t i = threadIdx.x; i < width; i += blockDim.x)
    {
      const float g = cu_read (dy, dy_type, first + i) * gain[i];

      gs += g;
      along += g * (x[first + i] - mean) * scale;
    }
  gs = cu_block_sum (gs, room) / n;
  along = cu_block_sum (along, room) / n;
  for (int64_t i = threadIdx.x; i < width; i += blockDim.x)
    {
      const float g = cu_read (dy, dy_type, first + i) * gain[i], normed = (x[first + i] - mean) * scale;

      dx[first + i] = scale * (g - gs - normed * along) + (residual ? residual[first + i] : 0.0f);
    }
}

/* Mean and scale of each row, for the sums over rows that need them. */
__global__ void
row_statistics_kernel (const float *x, float eps, float2 *statistics, int64_t width)
{
  __shared__ float room[32];
  const float2 of = cu_block_statistics (x + blockIdx.x * width, width, eps, room);

  if (threadIdx.x == 0)
    statistics[blockIdx.x] = of;
}

/* Rows of a piece: blockIdx.y of gridDim.y. With @x: Σ y · x̂, else Σ y. */
__global__ void
column_sums_kernel (const void *y, int y_type, const float *x, const float2 *statistics, float *sums, int64_t n_rows, int64_t width,
                    int64_t piece)
{
  const int64_t i = cu_thread (), begin = blockIdx.y * piece, end = begin + piece < n_rows ? begin + piece : n_rows;
  float sum = 0;

  if (i >= width)
    return;
  for (int64_t row = begin; row < end; row++)
    {
      const float value = cu_read (y, y_type, row * width + i);

      sum += x ? value * (x[row * width + i] - statistics[row].x) * statistics[row].y : value;
    }
  sums[blockIdx.y * width + i] = sum;
}

__global__ void
add_pieces_kernel (const float *sums, int n_pieces, float *y, int64_t width)
{
  const int64_t i = cu_thread ();
  float sum = 0;

  if (i >= width)
    return;
  for (int piece = 0; piece < n_pieces; piece++)
    sum += sums[piece * width + i];
  y[i] = sum;
}

__global__ void
swiglu_backward_kernel (const void *x, int x_type, const void *dy, int dy_type, void *dx, int dx_type, int64_t n, int64_t width)
{
  const int64_t i = cu_thread ();

  if (i >= n)
    return;

  const int64_t at = i / width * 2 * width + i % width;
  const float a = cu_read (x, x_type, at), g = cu_read (x, x_type, at + width), d = cu_read (dy, dy_type, i), s = cu_sigmoid (g);

  cu_write (dx, dx_type, at, d * g * s);
  cu_write (dx, dx_type, at + width, d * a * (s + g * s * (1.0f - s)));
}

__global__ void
activate_backward_kernel (const float *x, const float *dy, int act, float *dx, int64_t n)
{
  const int64_t i = cu_thread ();

  if (i >= n)
    return;

  const float s = cu_sigmoid (x[i]);

  dx[i] = dy[i] * (act == CU_SILU ? s * (1.0f + x[i] * (1.0f - s)) : act == CU_RELU ? (x[i] > 0 ? 1.0f : 0.0f) : 1.0f);
}

/* A thread an element of the table, which looks for its row among the indices: they are few, and rows that meet are added in order. */
__global__ void
scatter_add_kernel (const float *dy, const int32_t *indices, float *y, int64_t n, int64_t n_rows, int64_t width)
{
  const int64_t i = cu_thread (), row = i / width;
  float sum = 0;

  if (i >= n_rows * width)
    return;
  for (int64_t j = 0; j < n; j++)
    {
      const int64_t index = indices[j] < 0 ? 0 : indices[j] >= n_rows ? n_rows - 1 : indices[j];

      if (index == row)
        sum += dy[j * width + i % width];
    }
  y[i] = sum;
}

int64_t
rows_of_piece (int64_t n_rows)
{
  const int64_t wanted = CU_CEIL_DIV (n_rows, (int64_t) CU_ROW_CHUNKS);

  return wanted < 16 ? 16 : wanted;
}

void
launch_column_sums (CuStream stream, const void *y, int y_type, const float *x, const float2 *statistics, float *to, float *scratch,
                    int64_t n_rows, int64_t width)
{
  const int64_t piece = rows_of_piece (n_rows);
  const int n_pieces = (int) CU_CEIL_DIV (n_rows, piece);

  if (width == 0)
    return;
  if (n_pieces > 0)
    CU_LAUNCH (column_sums_kernel, dim3 (cu_blocks (width), n_pieces), CU_BLOCK, 0, stream, y, y_type, x, statistics, scratch, n_rows,
               width, piece);
  CU_LAUNCH (add_pieces_kernel, cu_blocks (width), CU_BLOCK, 0, stream, scratch, n_pieces, to, width);
}
}

void
cu_layer_norm_backward (CuStream stream, const float *x, const float *gain, const void *dy, int dy_type, float eps,
                        const float *residual, float *dx, int64_t n_rows, int64_t width)
{
  if (n_rows * width > 0)
    CU_LAUNCH (layer_norm_backward_kernel, (unsigned) n_rows, width > 512 ? 256 : 128, 0, stream, x, gain, dy, dy_type, eps, residual,
               dx, width);
}

void
cu_layer_norm_gain_backward (CuStream stream, const float *x, const void *dy, int dy_type, float eps, float *dgain, float *scratch,
                             int64_t n_rows, int64_t width)
{
  float2 *statistics = (float2 *) scratch;

  if (n_rows * width > 0)
    CU_LAUNCH (row_statistics_kernel, (unsigned) n_rows, width > 512 ? 256 : 128, 0, stream, x, eps, statistics, width);
  launch_column_sums (stream, dy, dy_type, x, statistics, dgain, scratch + 2 * n_rows, n_rows, width);
}

void
cu_column_sums (CuStream stream, const void *x, int x_type, float *y, float *scratch, int64_t n_rows, int64_t width)
{
  launch_column_sums (stream, x, x_type, nullptr, nullptr, y, scratch, n_rows, width);
}

void
cu_swiglu_backward (CuStream stream, const void *x, int x_type, const void *dy, int dy_type, void *dx, int dx_type, int64_t n_rows,
                    int64_t width)
{
  const int64_t n = n_rows * width;

  if (n > 0)
    CU_LAUNCH (swiglu_backward_kernel, cu_blocks (n), CU_BLOCK, 0, stream, x, x_type, dy, dy_type, dx, dx_type, n, width);
}

void
cu_activate_backward (CuStream stream, const float *x, const float *dy, int act, float *dx, int64_t n)
{
  if (n > 0)
    CU_LAUNCH (activate_backward_kernel, cu_blocks (n), CU_BLOCK, 0, stream, x, dy, act, dx, n);
}

void
cu_scatter_add (CuStream stream, const float *dy, const int32_t *indices, float *y, int64_t n, int64_t n_rows, int64_t width)
{
  if (n_rows * width > 0)
    CU_LAUNCH (scatter_add_kernel, cu_blocks (n_rows * width), CU_BLOCK, 0, stream, dy, indices, y, n, n_rows, width);
}
