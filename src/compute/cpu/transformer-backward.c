/* Backward of layer norm, attention and SwiGLU. What the forward operation made in between is made
 * again from its operands: that is quicker than keeping it. A row, or a picture with all its heads,
 * belongs to one thread; sums over rows are cut into chunks that the shapes alone decide about. */
#include "compute/cpu/vec.h"

/* --- layer norm --- */

typedef struct
{
  float mean, scale; /* x̂ = (x − mean) · scale */
} RowStatistics;

static RowStatistics
measure_row (const float *x, gsize width, float eps)
{
  float sum = 0, squares = 0;

#pragma omp simd reduction(+ : sum)
  for (gsize i = 0; i < width; i++)
    sum += x[i];
  const float mean = sum / (float) width;
#pragma omp simd reduction(+ : squares)
  for (gsize i = 0; i < width; i++)
    squares += (x[i] - mean) * (x[i] - mean);
  return (RowStatistics){ mean, 1.0f / sqrtf (squares / (float) width + eps) };
}

gboolean
C2L_ISA_NAME (c2l_cpu_layer_norm_backward_prepare) (C2lDevice *device,
                                                    C2lPrecision precision,
                                                    C2lOp *op,
                                                    GError **error)
{
  op->scratch_size
      = all_threads_scratch ((gsize) c2l_tensor_get_dim (op->in[0], -1) * sizeof (float));
  return TRUE;
}

/* dx = scale · (g − mean (g) − x̂ · mean (g · x̂)) with g = dy · gain. Never inlined: a compiler that
 * peels the loop over rows makes two versions of these sums, with different bits. */
static __attribute__ ((noinline)) void
layer_norm_row_backward (float *dx,
                         const float *x,
                         const float *gain,
                         const float *dy,
                         const float *residual,
                         gsize width,
                         float eps)
{
  const RowStatistics row = measure_row (x, width, eps);
  float sum = 0, product = 0;

#pragma omp simd reduction(+ : sum, product)
  for (gsize i = 0; i < width; i++)
    {
      const float g = dy[i] * gain[i];

      sum += g;
      product += g * (x[i] - row.mean);
    }
  const float mean_g = sum / (float) width, along = product * row.scale * row.scale / (float) width;

#pragma omp simd
  for (gsize i = 0; i < width; i++)
    dx[i] = row.scale * (dy[i] * gain[i] - mean_g - (x[i] - row.mean) * along);
  if (residual)
#pragma omp simd
    for (gsize i = 0; i < width; i++)
      dx[i] += residual[i];
}

void
C2L_ISA_NAME (c2l_cpu_layer_norm_backward_run) (C2lDevice *device, C2lOp *op)
{
  const float *x = op->in[0]->data, *gain = op->in[1]->data,
              *residual = op->in[3] ? op->in[3]->data : NULL;
  const gsize width = (gsize) c2l_tensor_get_dim (op->in[0], -1);
  const gsize n_rows = width ? c2l_tensor_get_length (op->in[0]) / width : 0;

#pragma omp parallel if (n_rows * width > PARALLEL_MIN)
  {
    float *buffer = thread_scratch (op, width * sizeof (float));

#pragma omp for schedule(static)
    for (gsize r = 0; r < n_rows; r++)
      layer_norm_row_backward ((float *) op->out->data + r * width, x + r * width, gain,
                               row_get (buffer, op->in[2], r * width, width),
                               residual ? residual + r * width : NULL, width, op->p.norm.eps);
  }
}

gboolean
C2L_ISA_NAME (c2l_cpu_layer_norm_gain_backward_prepare) (C2lDevice *device,
                                                         C2lPrecision precision,
                                                         C2lOp *op,
                                                         GError **error)
{
  const gsize width = (gsize) c2l_tensor_get_dim (op->in[0], -1);

  /* the chunks' sums, then a row a thread */
  op->scratch_size = round_up (MAX_CHUNKS * width * sizeof (float), 64)
                     + all_threads_scratch (width * sizeof (float));
  return TRUE;
}

void
C2L_ISA_NAME (c2l_cpu_layer_norm_gain_backward_run) (C2lDevice *device, C2lOp *op)
{
  const float *x = op->in[0]->data;
  const gsize width = (gsize) c2l_tensor_get_dim (op->in[0], -1);
  const gsize n_rows = width ? c2l_tensor_get_length (op->in[0]) / width : 0;
  const gsize chunk_rows = get_chunk_rows (n_rows), n_chunks = get_n_chunks (n_rows);
  float *sums = op->scratch;
  char *rows = (char *) op->scratch + round_up (MAX_CHUNKS * width * sizeof (float), 64);

#pragma omp parallel for schedule(static) if (n_rows * width > PARALLEL_MIN)
  for (gsize chunk = 0; chunk < n_chunks; chunk++)
    {
      float *sum = sums + chunk * width;
      float *buffer
          = (float *) (rows
                       + (gsize) omp_get_thread_num () * round_up (width * sizeof (float), 64));

      memset (sum, 0, width * sizeof (float));
      for (gsize r = chunk * chunk_rows; r < MIN (n_rows, (chunk + 1) * chunk_rows); r++)
        {
          const RowStatistics row = measure_row (x + r * width, width, op->p.norm.eps);
          const float *dy = row_get (buffer, op->in[1], r * width, width);

#pragma omp simd
          for (gsize i = 0; i < width; i++)
            sum[i] += dy[i] * ((x[r * width + i] - row.mean) * row.scale);
        }
    }
  add_chunks (op->out->data, sums, n_chunks, width);
}

/* --- attention --- */

/* One head of a picture: queries and gradients of the results [T][d], keys and values [S][d], where
 * S counts the null key; attention and the gradients of the scores, before they are scaled [T][S].
 */
typedef struct
{
  gsize n_queries, n_keys, first, head_dim;
  float *q, *dy, *k, *v, *attention, *dscores;
} Head;

static gsize
get_head_size (const C2lOp *op)
{
  const gsize t = (gsize) op->in[0]->dims[1], s = (gsize) op->in[1]->dims[1] + 1;
  const gsize d = (gsize) op->p.attention_backward.params.head_dim;

  return (2 * t * d + 2 * s * d + 2 * t * s) * sizeof (float);
}

static Head
head_new (const C2lOp *op, float *memory)
{
  Head head = { .n_queries = (gsize) op->in[0]->dims[1],
                .first = op->in[3] ? 1 : 0,
                .head_dim = (gsize) op->p.attention_backward.params.head_dim };

  head.n_keys = (gsize) op->in[1]->dims[1] + head.first;
  head.q = memory;
  head.dy = head.q + head.n_queries * head.head_dim;
  head.k = head.dy + head.n_queries * head.head_dim;
  head.v = head.k + head.n_keys * head.head_dim;
  head.attention = head.v + head.n_keys * head.head_dim;
  head.dscores = head.attention + head.n_queries * head.n_keys;
  return head;
}

/* Rows of @n columns from @column on, of picture @batch. */
static void
load_rows (float *to, const C2lTensor *from, gsize batch, gsize column, gsize n)
{
  const gsize n_rows = (gsize) from->dims[1], width = (gsize) from->dims[2];

  for (gsize i = 0; i < n_rows; i++)
    row_load (to + i * n, from, (batch * n_rows + i) * width + column, n);
}

static inline float
dot (const float *a, const float *b, gsize n)
{
  float sum = 0;

#pragma omp simd reduction(+ : sum)
  for (gsize i = 0; i < n; i++)
    sum += a[i] * b[i];
  return sum;
}

static inline void
add_scaled (float *to, const float *x, float scale, gsize n)
{
#pragma omp simd
  for (gsize i = 0; i < n; i++)
    to[i] += x[i] * scale;
}

static void
load_keys (const C2lOp *op, gsize batch, gsize kv_head, Head *head)
{
  const C2lAttention *params = &op->p.attention_backward.params;
  const gsize d = head->head_dim;

  if (head->first)
    {
      memcpy (head->k, op->in[3]->data, d * sizeof (float));
      memcpy (head->v, (const float *) op->in[3]->data + d, d * sizeof (float));
    }
  load_rows (head->k + head->first * d, op->in[1], batch, (gsize) params->k_offset + kv_head * d,
             d);
  load_rows (head->v + head->first * d, op->in[2], batch, (gsize) params->v_offset + kv_head * d,
             d);
}

/* The attention as it was, and the gradients of the scores. Keys and values of the head are loaded.
 */
static void
differentiate_head (const C2lOp *op, gsize batch, gsize index, Head *head)
{
  const C2lAttention *params = &op->p.attention_backward.params;
  const float *bias = op->in[4] ? op->in[4]->data : NULL;
  const guint8 *mask
      = op->in[5] ? (const guint8 *) op->in[5]->data + batch * (gsize) op->in[1]->dims[1] : NULL;
  const gsize d = head->head_dim, n_keys = head->n_keys;

  load_rows (head->q, op->in[0], batch, (gsize) params->q_offset + index * d, d);
  load_rows (head->dy, op->in[6], batch, index * d, d);
  for (gsize i = 0; i < head->n_queries; i++)
    {
      const gsize seen = params->causal ? MIN (n_keys, i + 1 + head->first) : n_keys;
      float *attention = head->attention + i * n_keys, *dscore = head->dscores + i * n_keys;
      float sum = 0;

      for (gsize j = 0; j < seen; j++)
        {
          attention[j] = dot (head->q + i * d, head->k + j * d, d) * params->scale;
          if (bias)
            attention[j] += bias[(index * head->n_queries + i) * n_keys + j];
          if (mask && j >= head->first && !mask[j - head->first])
            attention[j] = -INFINITY;
        }
      softmax_row (attention, seen, n_keys);
      for (gsize j = 0; j < seen; j++)
        {
          dscore[j] = dot (head->dy + i * d, head->v + j * d, d);
          sum += attention[j] * dscore[j];
        }
      for (gsize j = 0; j < seen; j++)
        dscore[j] = attention[j] * (dscore[j] - sum);
      for (gsize j = seen; j < n_keys; j++)
        dscore[j] = 0;
    }
}

/* --- attention: of queries, keys and values --- */

enum
{
  OF_Q = 1 << 0,
  OF_K = 1 << 1,
  OF_V = 1 << 2
};

gboolean
C2L_ISA_NAME (c2l_cpu_attention_backward_prepare) (C2lDevice *device,
                                                   C2lPrecision precision,
                                                   C2lOp *op,
                                                   GError **error)
{
  /* a head, and the gradient of a picture's rows */
  op->scratch_size = all_threads_scratch (
      get_head_size (op) + (gsize) (op->out->dims[1] * op->out->dims[2]) * sizeof (float));
  return TRUE;
}

static void
add_head_gradients (const C2lOp *op, gsize index, const Head *head, float *rows)
{
  const C2lAttention *params = &op->p.attention_backward.params;
  const int of = op->p.attention_backward.of;
  const gsize d = head->head_dim, width = (gsize) op->out->dims[2];
  const gsize kv_column = params->n_kv_heads == 1 ? 0 : index * d;

  for (gsize i = 0; i < head->n_queries; i++)
    for (gsize j = 0; j < head->n_keys; j++)
      {
        const float dscore = head->dscores[i * head->n_keys + j] * params->scale;
        const float attention = head->attention[i * head->n_keys + j];

        if (attention == 0)
          continue;
        if (of & OF_Q)
          add_scaled (rows + i * width + (gsize) params->q_offset + index * d, head->k + j * d,
                      dscore, d);
        if (j < head->first)
          continue;

        float *key_row = rows + (j - head->first) * width + kv_column;

        if (of & OF_K)
          add_scaled (key_row + params->k_offset, head->q + i * d, dscore, d);
        if (of & OF_V)
          add_scaled (key_row + params->v_offset, head->dy + i * d, attention, d);
      }
}

void
C2L_ISA_NAME (c2l_cpu_attention_backward_run) (C2lDevice *device, C2lOp *op)
{
  const gsize n_heads = (gsize) op->p.attention_backward.params.n_heads;
  const gsize n_kv_heads = (gsize) op->p.attention_backward.params.n_kv_heads;
  const gsize n_rows = (gsize) op->out->dims[1], width = (gsize) op->out->dims[2];
  const gsize n_batch = (gsize) op->out->dims[0], head_size = get_head_size (op);

#pragma omp parallel for schedule(static) if (n_batch * n_rows * width > PARALLEL_MIN)
  for (gsize b = 0; b < n_batch; b++)
    {
      float *memory = thread_scratch (op, head_size + n_rows * width * sizeof (float));
      float *rows = memory + head_size / sizeof (float);
      Head head = head_new (op, memory);

      memset (rows, 0, n_rows * width * sizeof (float));
      for (gsize h = 0; h < n_heads; h++)
        {
          if (h < n_kv_heads)
            load_keys (op, b, h, &head);
          differentiate_head (op, b, h, &head);
          add_head_gradients (op, h, &head, rows);
        }
      row_store (op->out, b * n_rows * width, rows, n_rows * width);
    }
}

/* --- attention: of the null key and value, and of the bias --- */

gboolean
C2L_ISA_NAME (c2l_cpu_attention_parameters_backward_prepare) (C2lDevice *device,
                                                              C2lPrecision precision,
                                                              C2lOp *op,
                                                              GError **error)
{
  op->scratch_size = round_up (MAX_CHUNKS * c2l_tensor_get_size (op->out), 64)
                     + all_threads_scratch (get_head_size (op));
  return TRUE;
}

static void
add_parameter_gradients (const C2lOp *op, gsize index, const Head *head, float *sum)
{
  const C2lAttention *params = &op->p.attention_backward.params;
  const gsize d = head->head_dim, n_scores = head->n_queries * head->n_keys;
  float *bias = sum + (head->first ? 2 * d : 0);

  for (gsize i = 0; head->first && i < head->n_queries; i++)
    {
      add_scaled (sum, head->q + i * d, head->dscores[i * head->n_keys] * params->scale, d);
      add_scaled (sum + d, head->dy + i * d, head->attention[i * head->n_keys], d);
    }
  if (op->in[4])
    for (gsize i = 0; i < n_scores; i++)
      bias[index * n_scores + i] += head->dscores[i];
}

void
C2L_ISA_NAME (c2l_cpu_attention_parameters_backward_run) (C2lDevice *device, C2lOp *op)
{
  const gsize n_heads = (gsize) op->p.attention_backward.params.n_heads;
  const gsize n_kv_heads = (gsize) op->p.attention_backward.params.n_kv_heads;
  const gsize n_batch = (gsize) op->in[0]->dims[0], width = c2l_tensor_get_length (op->out);
  const gsize chunk_rows = get_chunk_rows (n_batch), n_chunks = get_n_chunks (n_batch);
  const gsize head_size = round_up (get_head_size (op), 64);
  float *sums = op->scratch;
  char *heads = (char *) op->scratch + round_up (MAX_CHUNKS * c2l_tensor_get_size (op->out), 64);

#pragma omp parallel for schedule(static) if (n_batch * n_heads * width > PARALLEL_MIN)
  for (gsize chunk = 0; chunk < n_chunks; chunk++)
    {
      float *sum = sums + chunk * width;
      Head head = head_new (op, (float *) (heads + (gsize) omp_get_thread_num () * head_size));

      memset (sum, 0, width * sizeof (float));
      for (gsize b = chunk * chunk_rows; b < MIN (n_batch, (chunk + 1) * chunk_rows); b++)
        for (gsize h = 0; h < n_heads; h++)
          {
            if (h < n_kv_heads)
              load_keys (op, b, h, &head);
            differentiate_head (op, b, h, &head);
            add_parameter_gradients (op, h, &head, sum);
          }
    }
  add_chunks (op->out->data, sums, n_chunks, width);
}

/* --- SwiGLU --- */

gboolean
C2L_ISA_NAME (c2l_cpu_swiglu_backward_prepare) (C2lDevice *device,
                                                C2lPrecision precision,
                                                C2lOp *op,
                                                GError **error)
{
  const gsize width = (gsize) c2l_tensor_get_dim (op->in[0], -1);

  /* x, dy and the result */
  op->scratch_size = all_threads_scratch ((2 * width + width / 2) * sizeof (float));
  return TRUE;
}

void
C2L_ISA_NAME (c2l_cpu_swiglu_backward_run) (C2lDevice *device, C2lOp *op)
{
  const gsize width = (gsize) c2l_tensor_get_dim (op->in[0], -1), half = width / 2;
  const gsize n_rows = width ? c2l_tensor_get_length (op->in[0]) / width : 0;

#pragma omp parallel if (n_rows * width > PARALLEL_MIN)
  {
    float *x_buffer = thread_scratch (op, (2 * width + half) * sizeof (float));
    float *dy_buffer = x_buffer + width, *dx = dy_buffer + half;

#pragma omp for schedule(static)
    for (gsize r = 0; r < n_rows; r++)
      {
        const float *x = row_get (x_buffer, op->in[0], r * width, width);
        const float *dy = row_get (dy_buffer, op->in[1], r * half, half);

#pragma omp simd
        for (gsize i = 0; i < half; i++)
          {
            const float gate = x[half + i], sigmoid = vec_sigmoid (gate);

            dx[i] = dy[i] * (gate * sigmoid);
            dx[half + i] = dy[i] * x[i] * (sigmoid * (1.0f + gate * (1.0f - sigmoid)));
          }
        row_store (op->out, r * width, dx, width);
      }
  }
}
