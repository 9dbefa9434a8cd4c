/* Where the operands of an attention lie, for its forward and its backward. A key of -1 is the null key. */
#pragma once

#include "kernels/number.h"

static __device__ __forceinline__ int
cu_n_null (const CuAttention &a)
{
  return a.null_kv ? 1 : 0;
}

static __device__ __forceinline__ int64_t
cu_q_at (const CuAttention &a, int b, int t, int head)
{
  return ((int64_t) b * a.T + t) * a.q_step + head * a.head_dim;
}

static __device__ __forceinline__ int64_t
cu_k_at (const CuAttention &a, int b, int s, int head)
{
  return ((int64_t) b * a.S + s) * a.k_step + (a.n_kv_heads == 1 ? 0 : head * a.head_dim);
}

static __device__ __forceinline__ int64_t
cu_v_at (const CuAttention &a, int b, int s, int head)
{
  return ((int64_t) b * a.S + s) * a.v_step + (a.n_kv_heads == 1 ? 0 : head * a.head_dim);
}

static __device__ __forceinline__ float
cu_key (const CuAttention &a, int b, int s, int head, int i)
{
  return s < 0 ? a.null_kv[i] : cu_read (a.k, a.k_type, cu_k_at (a, b, s, head) + i);
}

static __device__ __forceinline__ float
cu_value (const CuAttention &a, int b, int s, int head, int i)
{
  return s < 0 ? a.null_kv[a.head_dim + i] : cu_read (a.v, a.v_type, cu_v_at (a, b, s, head) + i);
}

static __device__ __forceinline__ bool
cu_is_seen (const CuAttention &a, int b, int t, int s)
{
  return s < 0 || ((!a.causal || s <= t) && (!a.key_mask || a.key_mask[(int64_t) b * a.S + s] != 0));
}

/* What is added to the score of query @t and key @j, the null key counted. */
static __device__ __forceinline__ float
cu_score_bias (const CuAttention &a, int head, int t, int j)
{
  return a.bias ? a.bias[((int64_t) head * a.T + t) * (a.S + cu_n_null (a)) + j] : 0.0f;
}

/* Numbers between two rows of keys in shared memory: odd, so that lanes with a row each meet different banks. */
static __host__ __device__ inline int
cu_padded (int head_dim)
{
  return head_dim | 1;
}

/* Keys or values @first … @first + n of one head of one picture to shared memory, [n, cu_padded (head_dim)], by the whole block. */
template <class F>
static __device__ __forceinline__ void
cu_stage (const CuAttention &a, float *to, int first, int n, F read)
{
  for (int i = threadIdx.x; i < n * a.head_dim; i += blockDim.x)
    to[i / a.head_dim * cu_padded (a.head_dim) + i % a.head_dim] = read (first + i / a.head_dim - cu_n_null (a), i % a.head_dim);
}

/* The score of query @t, staged, and key @j, the null key counted. */
static __device__ __forceinline__ float
cu_score (const CuAttention &a, int b, int head, int t, int j, const float *q, const float *key)
{
  float score = 0;

  for (int i = 0; i < a.head_dim; i++)
    score += q[i] * key[i];
  return cu_is_seen (a, b, t, j - cu_n_null (a)) ? score * a.scale + cu_score_bias (a, head, t, j) : -INFINITY;
}
