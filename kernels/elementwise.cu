/* Elementwise operations with NumPy's broadcasting, casts, copies into other shapes, and what follows a matrix product. One element
 * a thread, neighbours in memory by neighbours of a warp; none of these is large in the networks. */
#include "kernels/number.h"

namespace
{
/* Offset of element @i of the result in operand @which. */
__device__ __forceinline__ int64_t
broadcast_offset (const CuBroadcast &shape, int which, int64_t i)
{
  int64_t offset = 0;

  for (int axis = shape.n_dims - 1; axis >= 0; axis--)
    {
      offset += i % shape.dims[axis] * shape.strides[which][axis];
      i /= shape.dims[axis];
    }
  return offset;
}

__global__ void
broadcast_kernel (int operation, CuBroadcast shape, const float *a, const float *b, const float *c, float *y, int64_t n)
{
  const int64_t i = cu_thread ();

  if (i >= n)
    return;

  const float from = a[broadcast_offset (shape, 0, i)], to = b[broadcast_offset (shape, 1, i)];

  y[i] = operation == CU_ADD        ? from + to
         : operation == CU_MULTIPLY ? from * to
                                    : from + (to - from) * c[broadcast_offset (shape, 2, i)];
}

struct Terms
{
  const float *data[4];
  float coefficients[4];
  int n;
};

__global__ void
combine_kernel (Terms terms, float *y, int64_t n)
{
  const int64_t i = cu_thread ();

  if (i >= n)
    return;

  float sum = terms.coefficients[0] * terms.data[0][i];

  for (int term = 1; term < terms.n; term++)
    sum += terms.coefficients[term] * terms.data[term][i];
  y[i] = sum;
}

__global__ void
clamp_kernel (const float *x, float low, float high, float *y, int64_t n)
{
  const int64_t i = cu_thread ();

  if (i < n)
    y[i] = x[i] < low ? low : x[i] > high ? high : x[i];
}

__global__ void
activation_kernel (const float *x, int act, float gain, float *y, int64_t n)
{
  const int64_t i = cu_thread ();

  if (i < n)
    y[i] = cu_activate (x[i], act) * gain;
}

/* @is_aligned: both to four elements; views may begin anywhere. */
template <class From, class To>
__global__ void
cast_kernel (const From *x, To *y, int64_t n, int is_aligned)
{
  const int64_t i = 4 * cu_thread ();

  if (is_aligned && i + 4 <= n)
    cu_store4 (y + i, cu_load4 (x + i));
  else
    for (int64_t j = i; j < n && j < i + 4; j++)
      cu_from_float (y + j, cu_to_float (x[j]));
}

template <class T>
__global__ void
copy_strided_kernel (CuBroadcast shape, const T *x, T *y, int64_t n)
{
  const int64_t i = cu_thread ();

  if (i < n)
    y[i] = x[broadcast_offset (shape, 0, i)];
}

template <class T>
__global__ void
copy_pieces_kernel (const T *x, int64_t from_step, T *y, int64_t to_step, int64_t n_outer, int64_t length)
{
  const int64_t i = cu_thread ();

  if (i < n_outer * length)
    y[i / length * to_step + i % length] = x[i / length * from_step + i % length];
}

template <class T>
__global__ void
gather_kernel (const T *x, const int32_t *indices, T *y, int64_t n_outer, int64_t n_rows, int64_t n_indices, int64_t length)
{
  const int64_t i = cu_thread ();

  if (i >= n_outer * n_indices * length)
    return;

  const int64_t row = i / length, outer = row / n_indices;
  int64_t index = indices[row % n_indices];

  index = index < 0 ? 0 : index >= n_rows ? n_rows - 1 : index;
  y[i] = x[(outer * n_rows + index) * length + i % length];
}

template <class T>
__global__ void
epilogue_kernel (const float *x, const float *bias, const float *residual, int act, float gain, T *y, int64_t n, int64_t width)
{
  const int64_t i = cu_thread ();

  if (i >= n)
    return;

  float value = x[i];

  if (bias)
    value += bias[i % width];
  value = cu_activate (value, act) * gain;
  if (residual)
    value += residual[i];
  cu_from_float (y + i, value);
}

/* Calls @function with a null pointer of the largest unit, up to 4 bytes, that all of @a, @b and @c are multiples of. */
template <class F>
void
with_unit (int64_t a, int64_t b, int64_t c, F function)
{
  const int64_t bits = a | b | c;

  if (bits % 4 == 0)
    function ((uint32_t *) nullptr);
  else if (bits % 2 == 0)
    function ((uint16_t *) nullptr);
  else
    function ((uint8_t *) nullptr);
}
}

int
cu_kernels_check (void)
{
#ifdef __CUDACC__
  cudaFuncAttributes attributes;
  const cudaError_t code = cudaFuncGetAttributes (&attributes, clamp_kernel);

  cudaGetLastError ();
  return (int) code;
#else
  return 0;
#endif
}

void
cu_broadcast (CuStream stream, int operation, const CuBroadcast *shape, const float *a, const float *b, const float *c, float *y,
              int64_t n)
{
  if (n > 0)
    CU_LAUNCH (broadcast_kernel, cu_blocks (n), CU_BLOCK, 0, stream, operation, *shape, a, b, c, y, n);
}

void
cu_combine (CuStream stream, int n_terms, const float *const *terms, const float *coefficients, float *y, int64_t n)
{
  Terms t = {};

  t.n = n_terms;
  for (int i = 0; i < n_terms; i++)
    {
      t.data[i] = terms[i];
      t.coefficients[i] = coefficients[i];
    }
  if (n > 0)
    CU_LAUNCH (combine_kernel, cu_blocks (n), CU_BLOCK, 0, stream, t, y, n);
}

void
cu_clamp_to (CuStream stream, const float *x, float low, float high, float *y, int64_t n)
{
  if (n > 0)
    CU_LAUNCH (clamp_kernel, cu_blocks (n), CU_BLOCK, 0, stream, x, low, high, y, n);
}

void
cu_activation (CuStream stream, const float *x, int act, float gain, float *y, int64_t n)
{
  if (n > 0)
    CU_LAUNCH (activation_kernel, cu_blocks (n), CU_BLOCK, 0, stream, x, act, gain, y, n);
}

template <class From>
static void
cast_from (CuStream stream, const From *x, void *y, int y_type, int64_t n)
{
  const unsigned grid = cu_blocks (CU_CEIL_DIV (n, (int64_t) 4));
  const int is_aligned
      = (uintptr_t) x % (4 * sizeof *x) == 0 && (uintptr_t) y % (4 * (y_type == CU_F32 ? sizeof (float) : 2)) == 0;

  if (y_type == CU_F32)
    CU_LAUNCH ((cast_kernel<From, float>), grid, CU_BLOCK, 0, stream, x, (float *) y, n, is_aligned);
  else if (y_type == CU_F16)
    CU_LAUNCH ((cast_kernel<From, CuF16>), grid, CU_BLOCK, 0, stream, x, (CuF16 *) y, n, is_aligned);
  else
    CU_LAUNCH ((cast_kernel<From, CuBf16>), grid, CU_BLOCK, 0, stream, x, (CuBf16 *) y, n, is_aligned);
}

void
cu_cast (CuStream stream, const void *x, int x_type, void *y, int y_type, int64_t n)
{
  if (n == 0)
    return;
  if (x_type == CU_F32)
    cast_from (stream, (const float *) x, y, y_type, n);
  else if (x_type == CU_F16)
    cast_from (stream, (const CuF16 *) x, y, y_type, n);
  else
    cast_from (stream, (const CuBf16 *) x, y, y_type, n);
}

void
cu_copy_strided (CuStream stream, const CuBroadcast *shape, const void *x, void *y, int64_t n, int size)
{
  if (n == 0)
    return;
  if (size == 4)
    CU_LAUNCH (copy_strided_kernel<uint32_t>, cu_blocks (n), CU_BLOCK, 0, stream, *shape, (const uint32_t *) x, (uint32_t *) y, n);
  else if (size == 2)
    CU_LAUNCH (copy_strided_kernel<uint16_t>, cu_blocks (n), CU_BLOCK, 0, stream, *shape, (const uint16_t *) x, (uint16_t *) y, n);
  else
    CU_LAUNCH (copy_strided_kernel<uint8_t>, cu_blocks (n), CU_BLOCK, 0, stream, *shape, (const uint8_t *) x, (uint8_t *) y, n);
}

template <class T>
static void
copy_pieces_of (CuStream stream, const T *x, int64_t from_step, T *y, int64_t to_step, int64_t n_outer, int64_t length)
{
  CU_LAUNCH (copy_pieces_kernel<T>, cu_blocks (n_outer * length), CU_BLOCK, 0, stream, x, from_step, y, to_step, n_outer, length);
}

void
cu_copy_pieces (CuStream stream, const void *x, int64_t from_step, void *y, int64_t to_step, int64_t n_outer, int64_t bytes)
{
  if (n_outer * bytes == 0)
    return;
  with_unit (from_step | (int64_t) (uintptr_t) x, to_step | (int64_t) (uintptr_t) y, bytes, [&] (auto *unit) {
    const int64_t size = sizeof *unit;
    decltype (unit) to = (decltype (unit)) y;

    copy_pieces_of (stream, (decltype (unit)) x, from_step / size, to, to_step / size, n_outer, bytes / size);
  });
}

template <class T>
static void
gather_of (CuStream stream, const T *x, const int32_t *indices, T *y, int64_t n_outer, int64_t n_rows, int64_t n_indices,
           int64_t length)
{
  CU_LAUNCH (gather_kernel<T>, cu_blocks (n_outer * n_indices * length), CU_BLOCK, 0, stream, x, indices, y, n_outer, n_rows,
             n_indices, length);
}

void
cu_gather (CuStream stream, const void *x, const int32_t *indices, void *y, int64_t n_outer, int64_t n_rows, int64_t n_indices,
           int64_t bytes)
{
  if (n_outer * n_indices * bytes == 0)
    return;
  with_unit (bytes, (int64_t) (uintptr_t) x, (int64_t) (uintptr_t) y, [&] (auto *unit) {
    decltype (unit) to = (decltype (unit)) y;

    gather_of (stream, (decltype (unit)) x, indices, to, n_outer, n_rows, n_indices, bytes / (int64_t) sizeof *unit);
  });
}

void
cu_epilogue (CuStream stream, const float *x, const float *bias, const float *residual, int act, float gain, void *y, int y_type,
             int64_t n, int64_t width)
{
  if (n == 0)
    return;
  if (y_type == CU_F32)
    CU_LAUNCH (epilogue_kernel<float>, cu_blocks (n), CU_BLOCK, 0, stream, x, bias, residual, act, gain, (float *) y, n, width);
  else if (y_type == CU_F16)
    CU_LAUNCH (epilogue_kernel<CuF16>, cu_blocks (n), CU_BLOCK, 0, stream, x, bias, residual, act, gain, (CuF16 *) y, n, width);
  else
    CU_LAUNCH (epilogue_kernel<CuBf16>, cu_blocks (n), CU_BLOCK, 0, stream, x, bias, residual, act, gain, (CuBf16 *) y, n, width);
}
