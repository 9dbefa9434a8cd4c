/* Attention of the prior (4 to 40 tokens) and of CLIP (50 to 257): a block a head of a picture and up to 16 queries.
 *
 *   shared:  keys [tile, d | 1]   values [tile, d | 1]   a warp each: queries [2, d], results [2, d], scores [tile]
 *   a warp has two queries; in each tile of keys: a lane a key for the scores, then a lane a column for the results
 *
 * Keys and values are read once a block, a tile at a time, as float32. A query keeps the highest score that it has met, and the sum of
 * the exponentials below it; where a tile has a higher one, what was summed before is scaled down (Milakov and Gimelshein 2018). */
#include "kernels/attention.h"

namespace
{
constexpr int WARPS = 8, EACH = 2, QUERIES = WARPS * EACH;
/* Of 64 numbers, so many keys and values leave a block below the 48 KiB that every GPU grants without being asked. */
constexpr int MAX_TILE = 64;

__host__ __device__ inline size_t
shared_size (int head_dim, int tile)
{
  return sizeof (float) * (2 * (size_t) tile * cu_padded (head_dim) + WARPS * (2 * EACH * (size_t) head_dim + tile));
}

int
choose_tile (const CuAttention *a)
{
  int tile = a->S + (a->null_kv ? 1 : 0);

  tile = tile < MAX_TILE ? tile : MAX_TILE;
  while (tile > 1 && shared_size (a->head_dim, tile) > CU_MAX_SHARED)
    tile = (tile + 1) / 2;
  return tile;
}

/* What a warp knows of one of its queries after some tiles. */
struct Running
{
  float highest, sum;
};

/* Takes the @n staged keys from @first on into @result [d] and @running of the query @t. */
__device__ __forceinline__ void
take_tile (const CuAttention &a, int b, int head, int t, int first, int n, const float *keys, const float *values, const float *q,
           float *scores, float *result, Running &running)
{
  const int lane = threadIdx.x % 32, d = a.head_dim, row = cu_padded (d);
  float highest = running.highest, sum = 0;

  for (int j = lane; j < n; j += 32)
    {
      scores[j] = cu_score (a, b, head, t, first + j, q, keys + j * row);
      highest = fmaxf (highest, scores[j]);
    }
  highest = cu_warp_max (highest);
  /* Nothing is seen so far. */
  if (highest == -INFINITY)
    return;

  const float shrink = expf (running.highest - highest);

  for (int j = lane; j < n; j += 32)
    sum += scores[j] = expf (scores[j] - highest);
  running.sum = running.sum * shrink + cu_warp_sum (sum);
  running.highest = highest;
  __syncwarp ();
  for (int i = lane; i < d; i += 32)
    {
      float total = result[i] * shrink;

      for (int j = 0; j < n; j++)
        total += scores[j] * values[j * row + i];
      result[i] = total;
    }
  __syncwarp ();
}

/* Four blocks a multiprocessor leave a thread 64 registers; ptxas, left alone, takes 48 and spills. */
__global__ void
__launch_bounds__ (32 * WARPS, 4)
attention_kernel (CuAttention a, int tile, void *y, int y_type)
{
  CU_DYNAMIC_SHARED (float, shared);
  const int head = blockIdx.x, b = blockIdx.z, d = a.head_dim, n_null = cu_n_null (a);
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int begin = blockIdx.y * QUERIES, end = min (a.T, begin + QUERIES);
  /* The last query of the block sees the most. */
  const int n = n_null + (a.causal ? min (a.S, end) : a.S);
  float *keys = shared, *values = keys + tile * cu_padded (d);
  float *queries = values + tile * cu_padded (d) + warp * (2 * EACH * d + tile), *results = queries + EACH * d;
  float *scores = results + EACH * d;
  Running running[EACH];

#pragma unroll
  for (int r = 0; r < EACH; r++)
    {
      const int t = begin + r * WARPS + warp;

      running[r] = { -INFINITY, 0 };
      for (int i = lane; i < d && t < end; i += 32)
        {
          queries[r * d + i] = cu_read (a.q, a.q_type, cu_q_at (a, b, t, head) + i);
          results[r * d + i] = 0;
        }
    }
  for (int first = 0; first < n; first += tile)
    {
      const int count = min (tile, n - first);

      __syncthreads ();
      cu_stage (a, keys, first, count, [&] (int s, int i) { return cu_key (a, b, s, head, i); });
      cu_stage (a, values, first, count, [&] (int s, int i) { return cu_value (a, b, s, head, i); });
      __syncthreads ();
#pragma unroll
      for (int r = 0; r < EACH; r++)
        if (begin + r * WARPS + warp < end)
          take_tile (a, b, head, begin + r * WARPS + warp, first, count, keys, values, queries + r * d, scores, results + r * d,
                     running[r]);
    }
#pragma unroll
  for (int r = 0; r < EACH; r++)
    {
      const int t = begin + r * WARPS + warp;

      for (int i = lane; i < d && t < end; i += 32)
        cu_write (y, y_type, (((int64_t) b * a.T + t) * a.n_heads + head) * d + i, results[r * d + i] / running[r].sum);
    }
}
}

size_t
cu_attention_shared (const CuAttention *a)
{
  return shared_size (a->head_dim, choose_tile (a));
}

void
cu_attention (CuStream stream, const CuAttention *a, void *y, int y_type)
{
  const int tile = choose_tile (a);
  const size_t shared = shared_size (a->head_dim, tile);

  if ((int64_t) a->B * a->T * a->n_heads == 0)
    return;
  CU_ALLOW_SHARED (attention_kernel, shared);
  CU_LAUNCH (attention_kernel, dim3 (a->n_heads, CU_CEIL_DIV (a->T, QUERIES), a->B), 32 * WARPS, shared, stream, *a, tile, y, y_type);
}
