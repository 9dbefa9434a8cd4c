/* Numbers as tensors hold them, and activations: what every family of kernels needs. Kernels compute in float32; bfloat16 and half
 * exist in memory and in fragments of tensor cores only. */
#pragma once

#include "kernels/cu.h"
#include "kernels/launch.h"

struct CuBf16
{
  unsigned short bits;
};

struct CuF16
{
  unsigned short bits;
};

#ifdef __CUDACC__
static __device__ __forceinline__ float
cu_to_float (CuBf16 x)
{
  return __uint_as_float ((unsigned) x.bits << 16);
}

static __device__ __forceinline__ float
cu_to_float (CuF16 x)
{
  return __half2float (__ushort_as_half (x.bits));
}

static __device__ __forceinline__ void
cu_from_float (CuBf16 *to, float x)
{
  to->bits = __bfloat16_as_ushort (__float2bfloat16_rn (x));
}

static __device__ __forceinline__ void
cu_from_float (CuF16 *to, float x)
{
  to->bits = __half_as_ushort (__float2half_rn (x));
}
#else
extern "C" float c2l_f16_to_f32 (unsigned short bits);
extern "C" unsigned short c2l_f32_to_f16 (float value);
extern "C" float c2l_bf16_to_f32 (unsigned short bits);
extern "C" unsigned short c2l_f32_to_bf16 (float value);

static inline float cu_to_float (CuBf16 x) { return c2l_bf16_to_f32 (x.bits); }
static inline float cu_to_float (CuF16 x) { return c2l_f16_to_f32 (x.bits); }
static inline void cu_from_float (CuBf16 *to, float x) { to->bits = c2l_f32_to_bf16 (x); }
static inline void cu_from_float (CuF16 *to, float x) { to->bits = c2l_f32_to_f16 (x); }
#endif

static __device__ __forceinline__ float
cu_to_float (float x)
{
  return x;
}

static __device__ __forceinline__ void
cu_from_float (float *to, float x)
{
  *to = x;
}

/* Four neighbours at once; @at is aligned to four elements. */
static __device__ __forceinline__ float4
cu_load4 (const float *at)
{
  return *(const float4 *) at;
}

template <class T>
static __device__ __forceinline__ float4
cu_load4 (const T *at)
{
  static_assert (sizeof (T) == 2, "half precision");
  const uint2 raw = *(const uint2 *) at;
  T x[4];

  x[0].bits = (unsigned short) raw.x;
  x[1].bits = (unsigned short) (raw.x >> 16);
  x[2].bits = (unsigned short) raw.y;
  x[3].bits = (unsigned short) (raw.y >> 16);
  return make_float4 (cu_to_float (x[0]), cu_to_float (x[1]), cu_to_float (x[2]), cu_to_float (x[3]));
}

static __device__ __forceinline__ void
cu_store4 (float *at, float4 x)
{
  *(float4 *) at = x;
}

template <class T>
static __device__ __forceinline__ void
cu_store4 (T *at, float4 x)
{
  static_assert (sizeof (T) == 2, "half precision");
  T y[4];

  cu_from_float (&y[0], x.x);
  cu_from_float (&y[1], x.y);
  cu_from_float (&y[2], x.z);
  cu_from_float (&y[3], x.w);
  *(uint2 *) at = make_uint2 (y[0].bits | (unsigned) y[1].bits << 16, y[2].bits | (unsigned) y[3].bits << 16);
}

/* Element @i of a tensor whose type is known at run time only: for what is read once and is not hot. */
static __device__ __forceinline__ float
cu_read (const void *data, int type, int64_t i)
{
  return type == CU_F32 ? ((const float *) data)[i]
         : type == CU_F16 ? cu_to_float (((const CuF16 *) data)[i])
                          : cu_to_float (((const CuBf16 *) data)[i]);
}

static __device__ __forceinline__ void
cu_write (void *data, int type, int64_t i, float x)
{
  if (type == CU_F32)
    ((float *) data)[i] = x;
  else if (type == CU_F16)
    cu_from_float ((CuF16 *) data + i, x);
  else
    cu_from_float ((CuBf16 *) data + i, x);
}

/* Calls @function with a null pointer of the element type, for a launch that is a template over it. */
template <class F>
static inline void
cu_with_type (int type, F function)
{
  if (type == CU_F32)
    function ((float *) nullptr);
  else if (type == CU_F16)
    function ((CuF16 *) nullptr);
  else
    function ((CuBf16 *) nullptr);
}

static __device__ __forceinline__ float
cu_sigmoid (float x)
{
  return 1.0f / (1.0f + expf (-x));
}

static __device__ __forceinline__ float
cu_activate (float x, int act)
{
  switch (act)
    {
    case CU_LEAKY_RELU:
      return x < 0 ? 0.2f * x : x;
    case CU_RELU:
      return x < 0 ? 0.0f : x;
    case CU_SILU:
      return x * cu_sigmoid (x);
    case CU_QUICK_GELU:
      return x * cu_sigmoid (1.702f * x);
    case CU_GELU:
      return 0.5f * x * erfcf (-x * 0.70710678f);
    default:
      return x;
    }
}

/* Clamps to ±@limit; 0 means no limit. */
static __device__ __forceinline__ float
cu_clamp (float x, float limit)
{
  return limit == 0 ? x : fminf (fmaxf (x, -limit), limit);
}

/* Sums over a warp and over a block of whole warps, in one order whatever else runs; every thread gets the sum. @room: of shared
 * memory, a number a warp. */
template <class T>
static __device__ __forceinline__ T
cu_warp_sum (T x)
{
  for (int bits = 16; bits > 0; bits >>= 1)
    x += __shfl_xor_sync (~0u, x, bits);
  return x;
}

static __device__ __forceinline__ float
cu_warp_max (float x)
{
  for (int bits = 16; bits > 0; bits >>= 1)
    x = fmaxf (x, __shfl_xor_sync (~0u, x, bits));
  return x;
}

template <class T>
static __device__ __forceinline__ T
cu_block_sum (T x, T *room)
{
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, n_warps = blockDim.x / 32;

  x = cu_warp_sum (x);
  __syncthreads ();
  if (lane == 0)
    room[warp] = x;
  __syncthreads ();

  T sum = room[0];

  for (int i = 1; i < n_warps; i++)
    sum += room[i];
  return sum;
}

/* Mean and 1 / √(variance + @eps) of a row that the block shares: the mean first, then the squares of what differs from it, as float32
 * wants it. */
static __device__ __forceinline__ float2
cu_block_statistics (const float *row, int64_t width, float eps, float *room)
{
  float sum = 0, squares = 0;

  for (int64_t i = threadIdx.x; i < width; i += blockDim.x)
    sum += row[i];

  const float mean = cu_block_sum (sum, room) / (float) width;

  for (int64_t i = threadIdx.x; i < width; i += blockDim.x)
    squares += (row[i] - mean) * (row[i] - mean);
  return make_float2 (mean, 1.0f / sqrtf (cu_block_sum (squares, room) / (float) width + eps));
}
