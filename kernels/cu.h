/* What every kernel file includes first. A kernel file is CUDA C++ for nvcc and plain C++ for the compiler of the host: there
 * host/cu-host.h runs the threads of a block as fibres, so that kernels are tested where no GPU is. The few things that the two
 * spell differently are macros here:
 *
 *   CU_LAUNCH (kernel, grid, block, bytes of dynamic shared memory, stream, arguments…)
 *   CU_DYNAMIC_SHARED (float, tile);            in a kernel: its dynamic shared memory
 *   CU_ALLOW_SHARED (kernel, bytes);            before a launch with more than 48 KiB of it
 *
 * A kernel of a template with several parameters stands in parentheses: CU_LAUNCH ((scale<T, U>), …). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __CUDACC__
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#define CU_LAUNCH(kernel, grid, block, shared, stream, ...)                                                             \
  kernel<<<(grid), (block), (shared), (cudaStream_t) (stream)>>> (__VA_ARGS__)
#define CU_DYNAMIC_SHARED(type, name)                                                                                   \
  extern __shared__ __align__ (16) unsigned char cu_dynamic_shared[];                                                   \
  type *name = (type *) cu_dynamic_shared
#define CU_ALLOW_SHARED(kernel, bytes)                                                                                  \
  cudaFuncSetAttribute ((const void *) (kernel), cudaFuncAttributeMaxDynamicSharedMemorySize, (int) (bytes))
#else
#include "kernels/host/cu-host.h"
#endif

/* Threads of a block where nothing speaks for another number: eight warps hide latency well, and leave registers. */
#define CU_BLOCK 256

#define CU_CEIL_DIV(a, b) (((a) + (b) -1) / (b))

/* Blocks of CU_BLOCK threads for @n elements, one a thread. */
static inline unsigned
cu_blocks (int64_t n)
{
  return (unsigned) CU_CEIL_DIV (n, (int64_t) CU_BLOCK);
}

/* Index of this thread in a grid of one dimension. */
static __device__ __forceinline__ int64_t
cu_thread ()
{
  return (int64_t) blockIdx.x * blockDim.x + threadIdx.x;
}
