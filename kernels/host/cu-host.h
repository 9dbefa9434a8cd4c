/* CUDA's device language for the compiler of the host, as far as our kernels use it. Every thread of a block is a fibre; barriers,
 * shuffles and the other warp operations switch between them, and a barrier that not all reach is found and ends the program.
 * Blocks run one after another. What a GPU would leave open is made to differ: odd blocks start their threads in the opposite order,
 * dynamic shared memory begins as NaNs, asynchronous copies arrive when they are waited for and not before.
 *
 * Kernels of all threads of the program take turns (launch() holds a lock), so that shared memory can be static. Not covered: two
 * different masks of one warp under way at once. */
#pragma once

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define __global__ static
#define __device__
#define __host__
#define __forceinline__ inline __attribute__ ((always_inline))
#define __launch_bounds__(...)
#define __restrict__ __restrict
#define __shared__ static
#define __constant__ static const
#define __align__(n) __attribute__ ((aligned (n)))

struct dim3
{
  unsigned x, y, z;
  constexpr dim3 (unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x (x_), y (y_), z (z_) {}
};
struct __align__ (8) float2 { float x, y; };
struct __align__ (16) float4 { float x, y, z, w; };
struct __align__ (8) uint2 { unsigned x, y; };
struct __align__ (16) uint4 { unsigned x, y, z, w; };
static inline float2 make_float2 (float x, float y) { return { x, y }; }
static inline float4 make_float4 (float x, float y, float z, float w) { return { x, y, z, w }; }
static inline uint2 make_uint2 (unsigned x, unsigned y) { return { x, y }; }
static inline uint4 make_uint4 (unsigned x, unsigned y, unsigned z, unsigned w) { return { x, y, z, w }; }

namespace cu_host
{
struct Thread
{
  dim3 index;
  unsigned lane, warp;
};

/* Bytes that one lane can hand to its warp at once. */
constexpr size_t SLOT = 64;

extern Thread *current;
extern dim3 grid, block, block_index;
extern char *dynamic_shared;

void launch (dim3 grid_size, dim3 block_size, size_t shared, void (*body) (void *), void *data);
void sync_block ();
/* All lanes of @mask hand over @size bytes; returns theirs, SLOT bytes a lane, valid until the lane's next exchange. */
const char *exchange (unsigned mask, const void *mine, size_t size);
void copy_later (void *to, const void *from, size_t size);
void copy_commit ();
void copy_wait (unsigned n_left);

template <class F>
static inline void
launch (dim3 grid_size, dim3 block_size, size_t shared, F body)
{
  launch (grid_size, block_size, shared, [] (void *data) { (*(F *) data) (); }, &body);
}

template <class T>
static inline T
shuffle (unsigned mask, T value, unsigned source, unsigned width)
{
  static_assert (sizeof (T) <= SLOT, "too large for a shuffle");
  const unsigned base = current->lane & ~(width - 1);
  const char *slots = exchange (mask, &value, sizeof value);

  if (source >= base && source < base + width)
    memcpy (&value, slots + source * SLOT, sizeof value);
  return value;
}
}

#define threadIdx (cu_host::current->index)
#define blockIdx (cu_host::block_index)
#define blockDim (cu_host::block)
#define gridDim (cu_host::grid)

#define CU_LAUNCH(kernel, grid, block, shared, stream, ...)                                                             \
  ((void) (stream), cu_host::launch ((grid), (block), (shared), [&] { kernel (__VA_ARGS__); }))
#define CU_DYNAMIC_SHARED(type, name) type *name = (type *) cu_host::dynamic_shared
#define CU_ALLOW_SHARED(kernel, bytes) ((void) (bytes))

static inline void __syncthreads () { cu_host::sync_block (); }
static inline void __syncwarp (unsigned mask = ~0u) { cu_host::exchange (mask, &mask, 0); }

template <class T>
static inline T
__shfl_sync (unsigned mask, T value, int source, int width = 32)
{
  const unsigned lane = cu_host::current->lane;
  return cu_host::shuffle (mask, value, (lane & ~(width - 1u)) + ((unsigned) source & (width - 1u)), width);
}

template <class T>
static inline T
__shfl_xor_sync (unsigned mask, T value, int bits, int width = 32)
{
  return cu_host::shuffle (mask, value, cu_host::current->lane ^ (unsigned) bits, width);
}

template <class T>
static inline T
__shfl_down_sync (unsigned mask, T value, unsigned delta, int width = 32)
{
  return cu_host::shuffle (mask, value, cu_host::current->lane + delta, width);
}

template <class T>
static inline T
__ldg (const T *at)
{
  return *at;
}

static inline float rsqrtf (float x) { return 1.0f / sqrtf (x); }
static inline double rsqrt (double x) { return 1.0 / sqrt (x); }
static inline unsigned __umulhi (unsigned a, unsigned b) { return (unsigned) ((uint64_t) a * b >> 32); }
static inline unsigned __float_as_uint (float x) { unsigned bits; memcpy (&bits, &x, sizeof bits); return bits; }
static inline float __uint_as_float (unsigned bits) { float x; memcpy (&x, &bits, sizeof x); return x; }
static inline int min (int a, int b) { return a < b ? a : b; }
static inline int max (int a, int b) { return a > b ? a : b; }
static inline int64_t min (int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t max (int64_t a, int64_t b) { return a > b ? a : b; }
