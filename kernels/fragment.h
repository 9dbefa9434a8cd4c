/* Tensor cores, and the copies that feed them, behind a few functions: PTX for a GPU, and for the host a twin that computes from
 * the same fragments lane by lane, so that a wrong layout shows there.
 *
 *   mma of 16×8×16:  lane = 4·g + t
 *     a[0] row g,      k 2t, 2t + 1     a[1] row g + 8, the same k     a[2], a[3] the same rows, k + 8
 *     b[0] column g,   k 2t, 2t + 1     b[1] k + 8
 *     d[0], d[1] row g, columns 2t, 2t + 1                             d[2], d[3] row g + 8 */
#pragma once

#include "kernels/number.h"

#ifdef __CUDACC__
/* d += a · b */
static __device__ __forceinline__ void
cu_mma (float d[4], const uint32_t a[4], const uint32_t b[2], CuBf16)
{
  asm volatile ("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

static __device__ __forceinline__ void
cu_mma (float d[4], const uint32_t a[4], const uint32_t b[2], CuF16)
{
  asm volatile ("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

/* Four 8×8 matrices of halves from shared memory: lane l has the address of row l % 8 of matrix l / 8, 16 bytes, and receives of
 * each matrix j in r[j] row l / 4, columns 2 (l % 4) and the next. */
static __device__ __forceinline__ void
cu_load_matrices (uint32_t r[4], const void *row)
{
  const uint32_t at = (uint32_t) __cvta_generic_to_shared (row);

  asm volatile ("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                : "r"(at)
                : "memory");
}

/* Sixteen bytes to shared memory that arrive later; commit closes a group, wait leaves @n_left groups under way. */
static __device__ __forceinline__ void
cu_copy16 (void *to, const void *from)
{
  const uint32_t at = (uint32_t) __cvta_generic_to_shared (to);

  asm volatile ("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(at), "l"(from) : "memory");
}

static __device__ __forceinline__ void
cu_copy_commit ()
{
  asm volatile ("cp.async.commit_group;" ::: "memory");
}

template <int n_left>
static __device__ __forceinline__ void
cu_copy_wait ()
{
  asm volatile ("cp.async.wait_group %0;" ::"n"(n_left) : "memory");
}
#else
template <class T>
static inline void
cu_mma (float d[4], const uint32_t a[4], const uint32_t b[2], T)
{
  struct Fragment { float a[4][2], b[2][2]; } mine;
  const unsigned lane = cu_host::current->lane, g = lane / 4, t = lane % 4;

  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 2; j++)
      mine.a[i][j] = cu_to_float (T { (unsigned short) (a[i] >> 16 * j) });
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++)
      mine.b[i][j] = cu_to_float (T { (unsigned short) (b[i] >> 16 * j) });

  const char *slots = cu_host::exchange (~0u, &mine, sizeof mine);
  auto of = [&] (unsigned of_lane) { return (const Fragment *) (slots + of_lane * cu_host::SLOT); };

  for (unsigned half = 0; half < 2; half++)     /* rows g and g + 8 */
    for (unsigned column = 0; column < 2; column++)
      {
        float sum = 0;

        for (unsigned k = 0; k < 16; k++)
          sum += of (4 * g + k % 8 / 2)->a[half + k / 8 * 2][k % 2] * of (4 * (2 * t + column) + k % 8 / 2)->b[k / 8][k % 2];
        d[2 * half + column] += sum;
      }
}

static inline void
cu_load_matrices (uint32_t r[4], const void *row)
{
  const char *slots = cu_host::exchange (~0u, &row, sizeof row);
  const unsigned lane = cu_host::current->lane;

  for (unsigned j = 0; j < 4; j++)
    {
      const char *from;

      memcpy (&from, slots + (8 * j + lane / 4) * cu_host::SLOT, sizeof from);
      memcpy (&r[j], from + lane % 4 * sizeof r[j], sizeof r[j]);
    }
}

static inline void cu_copy16 (void *to, const void *from) { cu_host::copy_later (to, from, 16); }
static inline void cu_copy_commit () { cu_host::copy_commit (); }
template <int n_left> static inline void cu_copy_wait () { cu_host::copy_wait (n_left); }
#endif
