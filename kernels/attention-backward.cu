/* The backward of attention. Without atomic additions, so that a step has the same bits in every run: a warp has one key (or the null
 * key) of one head of keys and walks all queries that see it, which makes dk and dv; for dq a warp has a query. Where several heads
 * share a key, one warp walks them all. What is common to both is worked out first, a block a head of a picture:
 *
 *   weights [B, H, T, n]   the softmax            slopes [B, H, T, n]   dL/dscore
 *
 * Networks that are trained have few tokens, so these are small. */
#include "kernels/attention.h"

namespace
{
constexpr int WARPS = 8;

__device__ __forceinline__ int64_t
pair_at (const CuAttention &a, int b, int head, int t)
{
  return (((int64_t) b * a.n_heads + head) * a.T + t) * (a.S + cu_n_null (a));
}

__device__ __forceinline__ float
dy_at (const CuAttention &a, const void *dy, int type, int b, int head, int t, int i)
{
  return cu_read (dy, type, (((int64_t) b * a.T + t) * a.n_heads + head) * a.head_dim + i);
}

/* The attention of one query to all n keys, by a warp: scores[0 … n) sum up to 1 afterwards. @q and @keys are in shared memory. */
__device__ __forceinline__ void
attend (const CuAttention &a, int b, int head, int t, const float *q, const float *keys, float *scores)
{
  const int lane = threadIdx.x % 32, n = a.S + cu_n_null (a);
  float highest = -INFINITY, sum = 0;

  for (int j = lane; j < n; j += 32)
    {
      scores[j] = cu_score (a, b, head, t, j, q, keys + j * cu_padded (a.head_dim));
      highest = fmaxf (highest, scores[j]);
    }
  highest = cu_warp_max (highest);
  for (int j = lane; j < n; j += 32)
    sum += scores[j] = expf (scores[j] - highest);
  sum = cu_warp_sum (sum);
  for (int j = lane; j < n; j += 32)
    scores[j] /= sum;
  __syncwarp ();
}

__global__ void
__launch_bounds__ (32 * WARPS)
pairs_kernel (CuAttention a, const void *dy, int dy_type, float *weights, float *slopes)
{
  CU_DYNAMIC_SHARED (float, shared);
  const int head = blockIdx.x, b = blockIdx.z, d = a.head_dim, n = a.S + cu_n_null (a), row = cu_padded (d);
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  float *keys = shared, *values = keys + n * row, *q = values + n * row + warp * (2 * d + 2 * n), *g = q + d, *scores = g + d;
  float *along = scores + n;

  cu_stage (a, keys, 0, n, [&] (int s, int i) { return cu_key (a, b, s, head, i); });
  cu_stage (a, values, 0, n, [&] (int s, int i) { return cu_value (a, b, s, head, i); });
  __syncthreads ();

  for (int t = warp; t < a.T; t += WARPS)
    {
      float mean = 0;

      for (int i = lane; i < d; i += 32)
        {
          q[i] = cu_read (a.q, a.q_type, cu_q_at (a, b, t, head) + i);
          g[i] = dy_at (a, dy, dy_type, b, head, t, i);
        }
      __syncwarp ();
      attend (a, b, head, t, q, keys, scores);
      for (int j = lane; j < n; j += 32)
        {
          float sum = 0;

          for (int i = 0; i < d; i++)
            sum += g[i] * values[j * row + i];
          along[j] = sum;
          mean += scores[j] * sum;
        }
      mean = cu_warp_sum (mean);
      for (int j = lane; j < n; j += 32)
        {
          weights[pair_at (a, b, head, t) + j] = scores[j];
          slopes[pair_at (a, b, head, t) + j] = scores[j] * (along[j] - mean);
        }
      __syncwarp ();
    }
}

/* A warp a query of one head. @gradient: where the first head's columns begin. */
__global__ void
query_kernel (CuAttention a, const float *slopes, void *gradient, int type)
{
  const int64_t warp = (int64_t) blockIdx.x * WARPS + threadIdx.x / 32;
  const int lane = threadIdx.x % 32, n_null = cu_n_null (a), n = a.S + n_null;

  if (warp >= (int64_t) a.B * a.n_heads * a.T)
    return;

  const int t = (int) (warp % a.T), head = (int) (warp / a.T % a.n_heads), b = (int) (warp / a.T / a.n_heads);
  const float *slope = slopes + pair_at (a, b, head, t);

  for (int i = lane; i < a.head_dim; i += 32)
    {
      float sum = 0;

      for (int j = 0; j < n; j++)
        sum += slope[j] * cu_key (a, b, j - n_null, head, i);
      cu_write (gradient, type, cu_q_at (a, b, t, head) + i, sum * a.scale);
    }
}

/* A warp a key of one head of keys: Σ over the heads that share it and over queries, of slopes · q or of weights · dy. */
__global__ void
key_kernel (CuAttention a, const float *pairs, const void *dy, int dy_type, int is_value, void *gradient, int type)
{
  const int64_t warp = (int64_t) blockIdx.x * WARPS + threadIdx.x / 32;
  const int lane = threadIdx.x % 32, n_null = cu_n_null (a);

  if (warp >= (int64_t) a.B * a.n_kv_heads * a.S)
    return;

  const int s = (int) (warp % a.S), kv_head = (int) (warp / a.S % a.n_kv_heads), b = (int) (warp / a.S / a.n_kv_heads);
  const int first = a.n_kv_heads == 1 ? 0 : kv_head, end = a.n_kv_heads == 1 ? a.n_heads : kv_head + 1;

  for (int i = lane; i < a.head_dim; i += 32)
    {
      float sum = 0;

      for (int head = first; head < end; head++)
        for (int t = 0; t < a.T; t++)
          sum += pairs[pair_at (a, b, head, t) + s + n_null]
                 * (is_value ? dy_at (a, dy, dy_type, b, head, t, i) : cu_read (a.q, a.q_type, cu_q_at (a, b, t, head) + i));
      if (is_value)
        cu_write (gradient, type, cu_v_at (a, b, s, kv_head) + i, sum);
      else
        cu_write (gradient, type, cu_k_at (a, b, s, kv_head) + i, sum * a.scale);
    }
}

/* The null key and value of each picture, [B, 2, d], by a warp a picture; added up over pictures afterwards. */
__global__ void
null_kernel (CuAttention a, const float *weights, const float *slopes, const void *dy, int dy_type, float *partial)
{
  const int b = blockIdx.x * WARPS + threadIdx.x / 32, lane = threadIdx.x % 32;

  if (b >= a.B)
    return;
  for (int i = lane; i < a.head_dim; i += 32)
    {
      float key = 0, value = 0;

      for (int head = 0; head < a.n_heads; head++)
        for (int t = 0; t < a.T; t++)
          {
            key += slopes[pair_at (a, b, head, t)] * cu_read (a.q, a.q_type, cu_q_at (a, b, t, head) + i);
            value += weights[pair_at (a, b, head, t)] * dy_at (a, dy, dy_type, b, head, t, i);
          }
      partial[(int64_t) b * 2 * a.head_dim + i] = key * a.scale;
      partial[((int64_t) b * 2 + 1) * a.head_dim + i] = value;
    }
}

/* Σ over pictures of [B, n], in their order. */
__global__ void
over_pictures_kernel (const float *x, int B, float *y, int64_t n)
{
  const int64_t i = cu_thread ();
  float sum = 0;

  if (i >= n)
    return;
  for (int b = 0; b < B; b++)
    sum += x[b * n + i];
  y[i] = sum;
}

int64_t
n_pairs (const CuAttention *a)
{
  return (int64_t) a->B * a->n_heads * a->T * (a->S + (a->null_kv ? 1 : 0));
}

void
launch_pairs (CuStream stream, const CuAttention *a, const void *dy, int dy_type, float *scratch)
{
  const size_t shared = cu_attention_backward_shared (a);

  CU_ALLOW_SHARED (pairs_kernel, shared);
  CU_LAUNCH (pairs_kernel, dim3 (a->n_heads, 1, a->B), 32 * WARPS, shared, stream, *a, dy, dy_type, scratch, scratch + n_pairs (a));
}

unsigned
warp_blocks (int64_t n)
{
  return (unsigned) CU_CEIL_DIV (n, (int64_t) WARPS);
}
}

size_t
cu_attention_backward_shared (const CuAttention *a)
{
  const int n = a->S + (a->null_kv ? 1 : 0);

  return sizeof (float) * (2 * (size_t) n * cu_padded (a->head_dim) + WARPS * (2 * (size_t) a->head_dim + 2 * n));
}

size_t
cu_attention_backward_scratch (const CuAttention *a)
{
  return sizeof (float) * (2 * (size_t) n_pairs (a) + 2 * (size_t) a->B * a->head_dim);
}

void
cu_attention_backward (CuStream stream, const CuAttention *a, const void *dy, int dy_type, const CuAttentionGradients *gradients,
                       float *scratch)
{
  const float *weights = scratch, *slopes = scratch + n_pairs (a);

  if (n_pairs (a) == 0)
    return;
  launch_pairs (stream, a, dy, dy_type, scratch);
  if (gradients->dq)
    CU_LAUNCH (query_kernel, warp_blocks ((int64_t) a->B * a->n_heads * a->T), 32 * WARPS, 0, stream, *a, slopes, gradients->dq,
               gradients->type);
  if (gradients->dk)
    CU_LAUNCH (key_kernel, warp_blocks ((int64_t) a->B * a->n_kv_heads * a->S), 32 * WARPS, 0, stream, *a, slopes, dy, dy_type, 0,
               gradients->dk, gradients->type);
  if (gradients->dv)
    CU_LAUNCH (key_kernel, warp_blocks ((int64_t) a->B * a->n_kv_heads * a->S), 32 * WARPS, 0, stream, *a, weights, dy, dy_type, 1,
               gradients->dv, gradients->type);
}

void
cu_attention_parameters_backward (CuStream stream, const CuAttention *a, const void *dy, int dy_type, float *null, float *bias,
                                  float *scratch)
{
  float *weights = scratch, *slopes = scratch + n_pairs (a), *partial = slopes + n_pairs (a);
  const int64_t n_bias = n_pairs (a) / (a->B > 0 ? a->B : 1);

  if (n_pairs (a) == 0)
    return;
  launch_pairs (stream, a, dy, dy_type, scratch);
  if (null)
    {
      CU_LAUNCH (null_kernel, warp_blocks (a->B), 32 * WARPS, 0, stream, *a, weights, slopes, dy, dy_type, partial);
      CU_LAUNCH (over_pictures_kernel, cu_blocks (2 * a->head_dim), CU_BLOCK, 0, stream, partial, a->B, null,
                 (int64_t) 2 * a->head_dim);
    }
  if (bias)
    CU_LAUNCH (over_pictures_kernel, cu_blocks (n_bias), CU_BLOCK, 0, stream, slopes, a->B, bias, n_bias);
}
