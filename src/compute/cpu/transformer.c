/* Layer norm, rotary embedding, attention, SwiGLU. Rows are converted to float, worked on and
 * stored in the wanted type; a row, or a head of a picture, belongs to one thread, so results do
 * not depend on how many there are. */
#include "compute/cpu/native.h"
#include "compute/cpu/vec.h"

#include <math.h>

gboolean
C2L_ISA_NAME (c2l_cpu_layer_norm_prepare) (C2lDevice *device,
                                           C2lPrecision precision,
                                           C2lOp *op,
                                           GError **error)
{
  op->scratch_size
      = all_threads_scratch ((gsize) c2l_tensor_get_dim (op->in[0], -1) * sizeof (float));
  return TRUE;
}

void
C2L_ISA_NAME (c2l_cpu_layer_norm_run) (C2lDevice *device, C2lOp *op)
{
  const float *x = op->in[0]->data, *gain = op->in[1]->data,
              *bias = op->in[2] ? op->in[2]->data : NULL;
  const gsize width = (gsize) c2l_tensor_get_dim (op->in[0], -1);
  const gsize n_rows = width ? c2l_tensor_get_length (op->in[0]) / width : 0;
  const float eps = op->p.norm.eps;

#pragma omp parallel if (n_rows * width > PARALLEL_MIN)
  {
    float *row = thread_scratch (op, width * sizeof (float));

#pragma omp for schedule(static)
    for (gsize r = 0; r < n_rows; r++)
      {
        const float *from = x + r * width;
        float sum = 0, squares = 0;

#pragma omp simd reduction(+ : sum)
        for (gsize i = 0; i < width; i++)
          sum += from[i];
        const float mean = sum / (float) width;
#pragma omp simd reduction(+ : squares)
        for (gsize i = 0; i < width; i++)
          squares += (from[i] - mean) * (from[i] - mean);
        const float scale = 1.0f / sqrtf (squares / (float) width + eps);

        if (bias)
          for (gsize i = 0; i < width; i++)
            row[i] = (from[i] - mean) * scale * gain[i] + bias[i];
        else
          for (gsize i = 0; i < width; i++)
            row[i] = (from[i] - mean) * scale * gain[i];
        row_store (op->out, r * width, row, width);
      }
  }
}

/* --- rotary embedding --- */

typedef struct
{
  gsize row_size; /* bytes of scratch a thread */
} RotaryPlan;

gboolean
C2L_ISA_NAME (c2l_cpu_rotary_prepare) (C2lDevice *device,
                                       C2lPrecision precision,
                                       C2lOp *op,
                                       GError **error)
{
  RotaryPlan *plan = g_new (RotaryPlan, 1);

  /* a row, then cosines and sines of the row's angles */
  plan->row_size = (gsize) (op->in[0]->dims[2] + 2 * op->in[1]->dims[1]) * sizeof (float);
  op->plan = plan;
  op->scratch_size = all_threads_scratch (plan->row_size);
  return TRUE;
}

void
C2L_ISA_NAME (c2l_cpu_rotary_run) (C2lDevice *device, C2lOp *op)
{
  const C2lTensor *x = op->in[0], *angles = op->in[1];
  const C2lRotary *params = &op->p.rotary;
  const gsize n_tokens = (gsize) x->dims[1], width = (gsize) x->dims[2];
  const gsize n_rows = (gsize) x->dims[0] * n_tokens, n_pairs = (gsize) angles->dims[1];
  const RotaryPlan *plan = op->plan;

#pragma omp parallel if (n_rows * width > PARALLEL_MIN)
  {
    float *row = thread_scratch (op, plan->row_size);
    float *cosines = row + width, *sines = cosines + n_pairs;

#pragma omp for schedule(static)
    for (gsize r = 0; r < n_rows; r++)
      {
        const float *angle = (const float *) angles->data + r % n_tokens * n_pairs;

        row_load (row, x, r * width, width);
        for (gsize i = 0; i < n_pairs; i++)
          {
            cosines[i] = cosf (angle[i]);
            sines[i] = sinf (angle[i]);
          }
        for (int head = 0; head < params->n_heads; head++)
          {
            float *pairs = row + params->offset + head * params->head_dim;

            for (gsize i = 0; i < n_pairs; i++)
              {
                float a = pairs[2 * i], b = pairs[2 * i + 1];
                pairs[2 * i] = a * cosines[i] - b * sines[i];
                pairs[2 * i + 1] = b * cosines[i] + a * sines[i];
              }
          }
        row_store (op->out, r * width, row, width);
      }
  }
}

void
C2L_ISA_NAME (c2l_cpu_rotary_release) (C2lDevice *device, C2lOp *op)
{
  g_clear_pointer (&op->plan, g_free);
}

/* --- attention --- */

/* One head's operands as float: queries [T][d], keys transposed [d][S'], values [S][d'], scores
 * [T][S'], result [T][d'], where a prime is a size rounded up to whole vectors (the surplus is
 * zero) and S counts the null key. */
typedef struct
{
  gsize n_queries, n_keys, head_dim, n_keys_padded, head_dim_padded;
  gsize size; /* bytes */
} HeadSizes;

static HeadSizes
head_sizes (const C2lOp *op)
{
  HeadSizes sizes = { .n_queries = (gsize) op->in[0]->dims[1],
                      .n_keys = (gsize) op->in[1]->dims[1] + (op->in[3] ? 1 : 0),
                      .head_dim = (gsize) op->p.attention.head_dim };

  sizes.n_keys_padded = round_up (sizes.n_keys, VEC);
  sizes.head_dim_padded = round_up (sizes.head_dim, VEC);
  sizes.size = sizeof (float)
               * (sizes.n_queries * sizes.head_dim + sizes.head_dim * sizes.n_keys_padded
                  + sizes.n_keys * sizes.head_dim_padded + sizes.n_queries * sizes.n_keys_padded
                  + sizes.n_queries * sizes.head_dim_padded
                  + MAX (sizes.head_dim_padded, sizes.n_keys_padded));
  return sizes;
}

gboolean
C2L_ISA_NAME (c2l_cpu_attention_prepare) (C2lDevice *device,
                                          C2lPrecision precision,
                                          C2lOp *op,
                                          GError **error)
{
  op->scratch_size = all_threads_scratch (head_sizes (op).size);
  return TRUE;
}

/* Vectors beside each other that a block of four rows keeps in registers. */
#ifdef __AVX512F__
#define BLOCK_VECS 2
#else
#define BLOCK_VECS 1
#endif

/* @n_vecs vectors of up to four rows of c; @a: the rows of a, b and c begin at the first column of
 * the block. */
static inline __attribute__ ((always_inline)) void
product_block (float *c,
               const float *const a[4],
               const float *b,
               gsize n_rows,
               gsize n,
               gsize k,
               gsize n_vecs)
{
  const gsize n_native = n_vecs * C2L_NATIVE_VECTORS;
  C2lNative sums[4][BLOCK_VECS * C2L_NATIVE_VECTORS] = { 0 };

  for (gsize l = 0; l < k; l++)
#pragma GCC unroll 4
    for (gsize v = 0; v < n_native; v++)
      {
        const C2lNative row = *(const C2lNativeUnaligned *) (b + l * n + v * C2L_NATIVE_WIDTH);

#pragma GCC unroll 4
        for (gsize i = 0; i < 4; i++)
          sums[i][v] += a[i][l] * row;
      }
#pragma GCC unroll 4
  for (gsize i = 0; i < 4; i++)
#pragma GCC unroll 4
    for (gsize v = 0; v < n_native; v++)
      if (i < n_rows)
        *(C2lNativeUnaligned *) (c + i * n + v * C2L_NATIVE_WIDTH) = sums[i][v];
}

/* c [m][n] = a [m][k] · b [k][n]; n is a multiple of VEC; rows of c and b are n apart, of a
 * @a_stride. */
static void
small_product (float *c, const float *a, gsize a_stride, const float *b, gsize m, gsize n, gsize k)
{
  for (gsize i = 0; i < m; i += 4)
    {
      const gsize n_rows = MIN (m - i, 4);
      const float *rows[4];
      gsize j = 0;

      for (gsize r = 0; r < 4; r++)
        rows[r] = a + (i + MIN (r, n_rows - 1)) * a_stride;
      for (; j + BLOCK_VECS * VEC <= n; j += BLOCK_VECS * VEC)
        product_block (c + i * n + j, rows, b + j, n_rows, n, k, BLOCK_VECS);
      for (; j < n; j += VEC)
        product_block (c + i * n + j, rows, b + j, n_rows, n, k, 1);
    }
}

/* Rows of one head lie a whole token apart, too far for the processor to look ahead by itself. */
static void
prefetch_head (const C2lTensor *tensor, gsize batch, gsize column, gsize n)
{
  const gsize size = c2l_dtype_get_size (tensor->dtype), n_tokens = (gsize) tensor->dims[1],
              width = (gsize) tensor->dims[2];
  const char *row = (const char *) tensor->data + (batch * n_tokens * width + column) * size;

  for (gsize i = 0; i < n_tokens; i++, row += width * size)
    for (gsize offset = 0; offset < n * size; offset += 64)
      __builtin_prefetch (row + offset);
}

/* Asks for the operands of head @index, of all pictures' heads. */
static void
prefetch_operands (const C2lOp *op, gsize index)
{
  const C2lAttention *params = &op->p.attention;
  const gsize n_heads = (gsize) params->n_heads, d = (gsize) params->head_dim;
  const gsize batch = index / n_heads, head = index % n_heads,
              kv_head = params->n_kv_heads == 1 ? 0 : head;

  if (batch >= (gsize) op->in[0]->dims[0])
    return;
  prefetch_head (op->in[0], batch, (gsize) params->q_offset + head * d, d);
  prefetch_head (op->in[1], batch, (gsize) params->k_offset + kv_head * d, d);
  prefetch_head (op->in[2], batch, (gsize) params->v_offset + kv_head * d, d);
}

static void
attend_one_head (const C2lOp *op, const HeadSizes *sizes, gsize batch, gsize head, float *memory)
{
  const C2lAttention *params = &op->p.attention;
  const C2lTensor *q = op->in[0], *k = op->in[1], *v = op->in[2];
  const float *null_kv = op->in[3] ? op->in[3]->data : NULL;
  const float *bias = op->in[4] ? op->in[4]->data : NULL;
  const guint8 *mask
      = op->in[5] ? (const guint8 *) op->in[5]->data + batch * (gsize) k->dims[1] : NULL;
  const gsize d = sizes->head_dim, n_keys = sizes->n_keys, first = null_kv ? 1 : 0;
  const gsize kv_head = params->n_kv_heads == 1 ? 0 : head;
  float *queries = memory;
  float *keys = queries + sizes->n_queries * d;
  float *values = keys + d * sizes->n_keys_padded;
  float *scores = values + n_keys * sizes->head_dim_padded;
  float *result = scores + sizes->n_queries * sizes->n_keys_padded;
  float *row = result + sizes->n_queries * sizes->head_dim_padded;

  for (gsize i = 0; i < sizes->n_queries; i++)
    row_load (queries + i * d, q,
              (batch * sizes->n_queries + i) * (gsize) q->dims[2] + (gsize) params->q_offset
                  + head * d,
              d);
  memset (keys, 0, d * sizes->n_keys_padded * sizeof (float));
  memset (values, 0, n_keys * sizes->head_dim_padded * sizeof (float));
  for (gsize j = 0; j < n_keys; j++)
    {
      const gsize token = batch * (gsize) k->dims[1] + j - first;
      const gboolean is_null = j < first;
      const float *key
          = is_null
                ? null_kv
                : row_get (row, k,
                           token * (gsize) k->dims[2] + (gsize) params->k_offset + kv_head * d, d);

      for (gsize l = 0; l < d; l++)
        keys[l * sizes->n_keys_padded + j] = key[l];
      if (is_null)
        memcpy (values, null_kv + d, d * sizeof (float));
      else
        row_load (values + j * sizes->head_dim_padded, v,
                  token * (gsize) v->dims[2] + (gsize) params->v_offset + kv_head * d, d);
    }
  prefetch_operands (op, batch * (gsize) params->n_heads + head + 1);
  small_product (scores, queries, d, keys, sizes->n_queries, sizes->n_keys_padded, d);
  for (gsize i = 0; i < sizes->n_queries; i++)
    {
      float *score = scores + i * sizes->n_keys_padded;
      const gsize seen = params->causal ? MIN (n_keys, i + 1 + first) : n_keys;

      for (gsize j = 0; j < seen; j++)
        score[j] *= params->scale;
      if (bias)
        for (gsize j = 0; j < seen; j++)
          score[j] += bias[(head * sizes->n_queries + i) * n_keys + j];
      if (mask)
        for (gsize j = first; j < seen; j++)
          score[j] = mask[j - first] ? score[j] : -INFINITY;
      softmax_row (score, seen, sizes->n_keys_padded);
    }
  small_product (result, scores, sizes->n_keys_padded, values, sizes->n_queries,
                 sizes->head_dim_padded, n_keys);
  for (gsize i = 0; i < sizes->n_queries; i++)
    row_store (op->out, (batch * sizes->n_queries + i) * (gsize) op->out->dims[2] + head * d,
               result + i * sizes->head_dim_padded, d);
}

void
C2L_ISA_NAME (c2l_cpu_attention_run) (C2lDevice *device, C2lOp *op)
{
  const HeadSizes sizes = head_sizes (op);
  const gsize n_heads = (gsize) op->p.attention.n_heads, n = (gsize) op->in[0]->dims[0] * n_heads;

#pragma omp parallel for schedule(static) if (n * sizes.n_queries * sizes.head_dim > PARALLEL_MIN)
  for (gsize i = 0; i < n; i++)
    attend_one_head (op, &sizes, i / n_heads, i % n_heads, thread_scratch (op, sizes.size));
}

/* --- SwiGLU --- */

gboolean
C2L_ISA_NAME (c2l_cpu_swiglu_prepare) (C2lDevice *device,
                                       C2lPrecision precision,
                                       C2lOp *op,
                                       GError **error)
{
  op->scratch_size
      = all_threads_scratch (2 * (gsize) c2l_tensor_get_dim (op->in[0], -1) * sizeof (float));
  return TRUE;
}

void
C2L_ISA_NAME (c2l_cpu_swiglu_run) (C2lDevice *device, C2lOp *op)
{
  const gsize width = (gsize) c2l_tensor_get_dim (op->in[0], -1), half = width / 2;
  const gsize n_rows = width ? c2l_tensor_get_length (op->in[0]) / width : 0;

#pragma omp parallel if (n_rows * width > PARALLEL_MIN)
  {
    float *buffer = thread_scratch (op, 2 * width * sizeof (float));
    float *result = buffer + width;

#pragma omp for schedule(static)
    for (gsize r = 0; r < n_rows; r++)
      {
        const float *row = row_get (buffer, op->in[0], r * width, width);

#pragma omp simd
        for (gsize i = 0; i < half; i++)
          result[i] = row[i] * (row[half + i] * vec_sigmoid (row[half + i]));
        row_store (op->out, r * half, result, half);
      }
  }
}
