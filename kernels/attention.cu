/* Attention of the prior (4 to 40 tokens) and of CLIP (50 to 257): a block a head of a picture and up to 16 queries.
 *
 *   shared:  keys [n, d | 1]   values [n, d | 1]   a warp each: query [d], scores [n]
 *   a warp takes one query after another: a lane a key for the scores, then a lane a column for the result
 *
 * Keys and values are read once a block, as float32. Sizes that do not fit into shared memory do not occur in the networks and are
 * refused when a pass is prepared. */
#include "kernels/attention.h"

namespace
{
constexpr int WARPS = 8, QUERIES = 16;

size_t
shared_size (const CuAttention *a)
{
  const int n = a->S + (a->null_kv ? 1 : 0);

  return sizeof (float) * (2 * (size_t) n * cu_padded (a->head_dim) + WARPS * ((size_t) a->head_dim + n));
}

__global__ void
__launch_bounds__ (32 * WARPS)
attention_kernel (CuAttention a, void *y, int y_type)
{
  CU_DYNAMIC_SHARED (float, shared);
  const int head = blockIdx.x, b = blockIdx.z, d = a.head_dim, n = a.S + cu_n_null (a);
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  float *keys = shared, *values = keys + n * cu_padded (d);
  float *q = values + n * cu_padded (d) + warp * (d + n), *scores = q + d;

  cu_stage (a, keys, [&] (int s, int i) { return cu_key (a, b, s, head, i); });
  cu_stage (a, values, [&] (int s, int i) { return cu_value (a, b, s, head, i); });
  __syncthreads ();

  for (int t = blockIdx.y * QUERIES + warp; t < min (a.T, ((int) blockIdx.y + 1) * QUERIES); t += WARPS)
    {
      for (int i = lane; i < d; i += 32)
        q[i] = cu_read (a.q, a.q_type, cu_q_at (a, b, t, head) + i);
      __syncwarp ();
      cu_attend (a, b, head, t, q, keys, scores);
      for (int i = lane; i < d; i += 32)
        {
          float sum = 0;

          for (int j = 0; j < n; j++)
            sum += scores[j] * values[j * cu_padded (d) + i];
          cu_write (y, y_type, (((int64_t) b * a.T + t) * a.n_heads + head) * d + i, sum);
        }
      __syncwarp ();
    }
}
}

void
cu_attention (CuStream stream, const CuAttention *a, void *y, int y_type)
{
  const size_t shared = shared_size (a);

  if ((int64_t) a->B * a->T * a->n_heads == 0)
    return;
  CU_ALLOW_SHARED (attention_kernel, shared);
  CU_LAUNCH (attention_kernel, dim3 (a->n_heads, CU_CEIL_DIV (a->T, QUERIES), a->B), 32 * WARPS, shared, stream, *a, y, y_type);
}
