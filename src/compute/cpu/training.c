/* What training needs beside products and transformers: sums over rows, the backward of gathering
 * and of activations, noise on embeddings, losses. Sums are cut by the shapes alone. */
#include "compute/cpu/vec.h"

void
C2L_ISA_NAME (c2l_cpu_activate_backward_run) (C2lDevice *device, C2lOp *op)
{
  const gsize n = c2l_tensor_get_length (op->out);
  const C2lActivation act = op->p.activate.act;
  const float *x = op->in[0]->data, *dy = op->in[1]->data;
  float *to = op->out->data;

#pragma omp parallel for simd schedule(static) if (n > PARALLEL_MIN)
  for (gsize i = 0; i < n; i++)
    {
      const float sigmoid = vec_sigmoid (x[i]);
      const float slope = act == C2L_ACT_SILU   ? sigmoid * (1.0f + x[i] * (1.0f - sigmoid))
                          : act == C2L_ACT_RELU ? (x[i] > 0 ? 1.0f : 0.0f)
                                                : 1.0f;

      to[i] = dy[i] * slope;
    }
}

/* --- sums over rows --- */

gboolean
C2L_ISA_NAME (c2l_cpu_column_sums_prepare) (C2lDevice *device,
                                            C2lPrecision precision,
                                            C2lOp *op,
                                            GError **error)
{
  op->scratch_size = round_up (MAX_CHUNKS * c2l_tensor_get_size (op->out), 64)
                     + all_threads_scratch (c2l_tensor_get_size (op->out));
  return TRUE;
}

void
C2L_ISA_NAME (c2l_cpu_column_sums_run) (C2lDevice *device, C2lOp *op)
{
  const gsize width = c2l_tensor_get_length (op->out);
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
          const float *row = row_get (buffer, op->in[0], r * width, width);

#pragma omp simd
          for (gsize i = 0; i < width; i++)
            sum[i] += row[i];
        }
    }
  add_chunks (op->out->data, sums, n_chunks, width);
}

void
C2L_ISA_NAME (c2l_cpu_scatter_add_run) (C2lDevice *device, C2lOp *op)
{
  const C2lTensor *dy = op->in[0];
  const gsize n = (gsize) dy->dims[0], width = n ? c2l_tensor_get_length (dy) / n : 0;
  const gint32 *indices = op->in[1]->data;

  memset (op->out->data, 0, c2l_tensor_get_size (op->out));
  for (gsize i = 0; i < n; i++)
    {
      const gint64 row = CLAMP ((gint64) indices[i], 0, op->out->dims[0] - 1);
      float *to = (float *) op->out->data + (gsize) row * width;
      const float *from = (const float *) dy->data + i * width;

#pragma omp simd
      for (gsize j = 0; j < width; j++)
        to[j] += from[j];
    }
}

/* --- noise on embeddings --- */

static float
get_length (const float *row, gsize n)
{
  float squares = 0;

#pragma omp simd reduction(+ : squares)
  for (gsize i = 0; i < n; i++)
    squares += row[i] * row[i];
  return sqrtf (squares);
}

void
C2L_ISA_NAME (c2l_cpu_embed_noise_run) (C2lDevice *device, C2lOp *op)
{
  const gsize width = (gsize) c2l_tensor_get_dim (op->out, -1);
  const gsize n_rows = width ? c2l_tensor_get_length (op->out) / width : 0;

#pragma omp parallel for schedule(static) if (n_rows * width > PARALLEL_MIN)
  for (gsize r = 0; r < n_rows; r++)
    {
      const float *x = (const float *) op->in[0]->data + r * width,
                  *noise = (const float *) op->in[1]->data + r * width;
      float *to = (float *) op->out->data + r * width;
      const float length = get_length (x, width), noise_length = get_length (noise, width);
      const float scale = op->p.embed_noise.scale;

      for (gsize i = 0; i < width; i++)
        to[i] = x[i] / length + scale * (noise[i] / noise_length);
      const float turned = get_length (to, width);
      for (gsize i = 0; i < width; i++)
        to[i] = to[i] / turned * length;
    }
}

/* --- losses --- */

/* Elements whose sum one thread makes, in double. */
#define SUM_BLOCK 16384

static gsize
get_n_sum_blocks (gsize n)
{
  return (n + SUM_BLOCK - 1) / SUM_BLOCK;
}

/* The blocks' sums, added in their order. */
static float
add_blocks (const double *sums, gsize n_blocks, double scale)
{
  double sum = 0;

  for (gsize i = 0; i < n_blocks; i++)
    sum += sums[i];
  return (float) (sum * scale);
}

static gboolean
prepare_sum_blocks (C2lOp *op)
{
  op->scratch_size
      = MAX (1, get_n_sum_blocks (c2l_tensor_get_length (op->in[0]))) * sizeof (double);
  return TRUE;
}

gboolean
C2L_ISA_NAME (c2l_cpu_loss_prepare) (C2lDevice *device,
                                     C2lPrecision precision,
                                     C2lOp *op,
                                     GError **error)
{
  return prepare_sum_blocks (op);
}

static inline double
loss_of (C2lLossKind kind, double d)
{
  const double magnitude = fabs (d);

  switch (kind)
    {
    case C2L_LOSS_L1:
      return magnitude;
    case C2L_LOSS_HUBER:
      return magnitude < 1 ? 0.5 * d * d : magnitude - 0.5;
    default:
      return d * d;
    }
}

void
C2L_ISA_NAME (c2l_cpu_loss_run) (C2lDevice *device, C2lOp *op)
{
  const gsize n = c2l_tensor_get_length (op->in[0]), n_blocks = get_n_sum_blocks (n);
  const float *x = op->in[0]->data, *y = op->in[1]->data;
  const C2lLossKind kind = op->p.loss.kind;
  double *sums = op->scratch;

#pragma omp parallel for schedule(static) if (n > PARALLEL_MIN)
  for (gsize block = 0; block < n_blocks; block++)
    {
      double sum = 0;

      for (gsize i = block * SUM_BLOCK; i < MIN (n, (block + 1) * SUM_BLOCK); i++)
        sum += loss_of (kind, (double) x[i] - y[i]);
      sums[block] = sum;
    }
  *(float *) op->out->data
      = add_blocks (sums, n_blocks, *(const float *) op->in[2]->data / (double) MAX (n, 1));
}

void
C2L_ISA_NAME (c2l_cpu_loss_backward_run) (C2lDevice *device, C2lOp *op)
{
  const gsize n = c2l_tensor_get_length (op->out);
  const float *x = op->in[0]->data, *y = op->in[1]->data;
  const float scale = *(const float *) op->in[2]->data / (float) MAX (n, 1);
  const C2lLossKind kind = op->p.loss.kind;
  float *to = op->out->data;

#pragma omp parallel for simd schedule(static) if (n > PARALLEL_MIN)
  for (gsize i = 0; i < n; i++)
    {
      const float d = x[i] - y[i], sign = d > 0 ? 1.0f : d < 0 ? -1.0f : d;
      const float slope = kind == C2L_LOSS_L2                         ? 2.0f * d
                          : kind == C2L_LOSS_HUBER && d * sign < 1.0f ? d
                                                                      : sign;

      to[i] = scale * slope;
    }
}

gboolean
C2L_ISA_NAME (c2l_cpu_sum_squares_prepare) (C2lDevice *device,
                                            C2lPrecision precision,
                                            C2lOp *op,
                                            GError **error)
{
  return prepare_sum_blocks (op);
}

void
C2L_ISA_NAME (c2l_cpu_sum_squares_run) (C2lDevice *device, C2lOp *op)
{
  const gsize n = c2l_tensor_get_length (op->in[0]), n_blocks = get_n_sum_blocks (n);
  const float *x = op->in[0]->data;
  double *sums = op->scratch;

#pragma omp parallel for schedule(static) if (n > PARALLEL_MIN)
  for (gsize block = 0; block < n_blocks; block++)
    {
      double sum = 0;

#pragma omp simd reduction(+ : sum)
      for (gsize i = block * SUM_BLOCK; i < MIN (n, (block + 1) * SUM_BLOCK); i++)
        sum += (double) x[i] * x[i];
      sums[block] = sum;
    }
  *(float *) op->out->data = add_blocks (sums, n_blocks, 1);
}
