/* Elementwise operations with NumPy's broadcasting, copies into other shapes, normalisations,
 * random numbers. */
#include "compute/cpu/vec.h"
#include "compute/philox.h"

#include <math.h>

/* --- broadcasting --- */

/* Rows of the result (its last dimension) and where an operand's row begins; `step` is 0 where the
 * operand repeats along it. */
typedef struct
{
  const float *data;
  gsize strides[C2L_MAX_DIMS];
  gsize step;
} Operand;

static Operand
operand_new (const C2lTensor *tensor, const C2lTensor *out)
{
  Operand operand = { .data = tensor->data };
  gsize stride = 1;

  for (int axis = tensor->n_dims - 1, to = out->n_dims - 1; axis >= 0; axis--, to--)
    {
      operand.strides[to] = tensor->dims[axis] == 1 ? 0 : stride;
      stride *= (gsize) tensor->dims[axis];
    }
  operand.step = out->n_dims > 0 ? operand.strides[out->n_dims - 1] : 0;
  return operand;
}

static const float *
operand_get_row (const Operand *operand, const C2lTensor *out, gsize row)
{
  const float *data = operand->data;

  for (int axis = out->n_dims - 2; axis >= 0; axis--)
    {
      data += row % (gsize) out->dims[axis] * operand->strides[axis];
      row /= (gsize) out->dims[axis];
    }
  return data;
}

void
C2L_ISA_NAME (c2l_cpu_broadcast_run) (C2lDevice *device, C2lOp *op)
{
  const C2lTensor *out = op->out;
  const gsize width = out->n_dims ? (gsize) c2l_tensor_get_dim (out, -1) : 1;
  const gsize n_rows = width ? c2l_tensor_get_length (out) / width : 0;
  const Operand a = operand_new (op->in[0], out), b = operand_new (op->in[1], out);
  const Operand w = op->kind == C2L_OP_LERP ? operand_new (op->in[2], out) : a;

#pragma omp parallel for schedule(static) if (n_rows * width > PARALLEL_MIN)
  for (gsize r = 0; r < n_rows; r++)
    {
      const float *x = operand_get_row (&a, out, r), *y = operand_get_row (&b, out, r);
      float *to = (float *) out->data + r * width;

      if (op->kind == C2L_OP_ADD)
        for (gsize i = 0; i < width; i++)
          to[i] = x[i * a.step] + y[i * b.step];
      else if (op->kind == C2L_OP_MULTIPLY)
        for (gsize i = 0; i < width; i++)
          to[i] = x[i * a.step] * y[i * b.step];
      else
        {
          const float *weight = operand_get_row (&w, out, r);
          for (gsize i = 0; i < width; i++)
            to[i] = x[i * a.step] + (y[i * b.step] - x[i * a.step]) * weight[i * w.step];
        }
    }
}

void
C2L_ISA_NAME (c2l_cpu_combine_run) (C2lDevice *device, C2lOp *op)
{
  const gsize n = c2l_tensor_get_length (op->out);
  const float *c = op->p.combine.coefficients;
  float *to = op->out->data;

#pragma omp parallel for simd schedule(static) if (n > PARALLEL_MIN)
  for (gsize i = 0; i < n; i++)
    {
      float sum = c[0] * ((const float *) op->in[0]->data)[i];
      for (int term = 1; term < op->n_in; term++)
        sum += c[term] * ((const float *) op->in[term]->data)[i];
      to[i] = sum;
    }
}

void
C2L_ISA_NAME (c2l_cpu_clamp_run) (C2lDevice *device, C2lOp *op)
{
  const gsize n = c2l_tensor_get_length (op->out);
  const float low = op->p.clamp.low, high = op->p.clamp.high;
  const float *x = op->in[0]->data;
  float *to = op->out->data;

#pragma omp parallel for simd schedule(static) if (n > PARALLEL_MIN)
  for (gsize i = 0; i < n; i++)
    to[i] = x[i] < low ? low : x[i] > high ? high : x[i];
}

void
C2L_ISA_NAME (c2l_cpu_activate_run) (C2lDevice *device, C2lOp *op)
{
  const gsize n = c2l_tensor_get_length (op->out);
  const C2lActivation act = op->p.activate.act;
  const float gain = op->p.activate.gain;
  const float *x = op->in[0]->data;
  float *to = op->out->data;

#pragma omp parallel for schedule(static) if (n > PARALLEL_MIN)
  for (gsize i = 0; i < n; i++)
    to[i] = apply_activation (x[i], act) * gain;
}

void
C2L_ISA_NAME (c2l_cpu_cast_run) (C2lDevice *device, C2lOp *op)
{
  enum
  {
    BLOCK = 4096
  };
  const gsize n = c2l_tensor_get_length (op->out), n_blocks = (n + BLOCK - 1) / BLOCK;

#pragma omp parallel for schedule(static) if (n > PARALLEL_MIN)
  for (gsize block = 0; block < n_blocks; block++)
    {
      float values[BLOCK];
      const gsize start = block * BLOCK, length = MIN (n - start, BLOCK);

      row_load (values, op->in[0], start, length);
      row_store (op->out, start, values, length);
    }
}

/* --- copies: everything in bytes --- */

/* Bytes of one step along @axis, and of the whole block from @axis on. */
static gsize
bytes_after (const C2lTensor *tensor, int axis)
{
  gsize size = c2l_dtype_get_size (tensor->dtype);

  for (int i = axis + 1; i < tensor->n_dims; i++)
    size *= (gsize) tensor->dims[i];
  return size;
}

static gsize
count_before (const C2lTensor *tensor, int axis)
{
  gsize count = 1;

  for (int i = 0; i < axis; i++)
    count *= (gsize) tensor->dims[i];
  return count;
}

void
C2L_ISA_NAME (c2l_cpu_expand_run) (C2lDevice *device, C2lOp *op)
{
  const C2lTensor *x = op->in[0], *out = op->out;
  const gsize size = c2l_dtype_get_size (out->dtype);
  gsize strides[C2L_MAX_DIMS] = { 0 }, stride = 1, block = 1;
  int outer = out->n_dims; /* dimensions from here on are one block, the same in both */

  for (int axis = x->n_dims - 1, to = out->n_dims - 1; axis >= 0; axis--, to--)
    {
      strides[to] = x->dims[axis] == 1 ? 0 : stride;
      stride *= (gsize) x->dims[axis];
    }
  while (outer > 0 && outer - 1 >= out->n_dims - x->n_dims
         && out->dims[outer - 1] == x->dims[outer - 1 - (out->n_dims - x->n_dims)])
    block *= (gsize) out->dims[--outer];

  const gsize n_blocks = count_before (out, outer);

  for (gsize i = 0; i < n_blocks; i++)
    {
      gsize from = 0, rest = i;

      for (int axis = outer - 1; axis >= 0; axis--)
        {
          from += rest % (gsize) out->dims[axis] * strides[axis];
          rest /= (gsize) out->dims[axis];
        }
      memcpy ((char *) out->data + i * block * size, (const char *) x->data + from * size,
              block * size);
    }
}

void
C2L_ISA_NAME (c2l_cpu_concat_run) (C2lDevice *device, C2lOp *op)
{
  const int axis = op->p.shape.axis;
  const gsize n = count_before (op->out, axis),
              out_size = bytes_after (op->out, axis) * (gsize) op->out->dims[axis];
  gsize offset = 0;

  for (int part = 0; part < op->n_in; part++)
    {
      const C2lTensor *x = op->in[part];
      const gsize size = bytes_after (x, axis) * (gsize) x->dims[axis];

      for (gsize i = 0; i < n && size > 0; i++)
        memcpy ((char *) op->out->data + i * out_size + offset, (const char *) x->data + i * size,
                size);
      offset += size;
    }
}

void
C2L_ISA_NAME (c2l_cpu_slice_run) (C2lDevice *device, C2lOp *op)
{
  const C2lTensor *x = op->in[0];
  const int axis = op->p.shape.axis;
  const gsize step = bytes_after (x, axis), n = count_before (x, axis);
  const gsize size = step * (gsize) op->out->dims[axis];

  for (gsize i = 0; i < n && size > 0; i++)
    memcpy ((char *) op->out->data + i * size,
            (const char *) x->data + (i * (gsize) x->dims[axis] + (gsize) op->p.shape.start) * step,
            size);
}

void
C2L_ISA_NAME (c2l_cpu_gather_run) (C2lDevice *device, C2lOp *op)
{
  const C2lTensor *x = op->in[0], *indices = op->in[1];
  const int axis = op->p.shape.axis;
  const gsize step = bytes_after (x, axis), n = count_before (x, axis),
              n_indices = (gsize) indices->dims[0];
  const gint32 *index = indices->data;

  for (gsize i = 0; i < n; i++)
    for (gsize j = 0; j < n_indices; j++)
      {
        const gint64 row = CLAMP ((gint64) index[j], 0, x->dims[axis] - 1);

        memcpy ((char *) op->out->data + (i * n_indices + j) * step,
                (const char *) x->data + (i * (gsize) x->dims[axis] + (gsize) row) * step, step);
      }
}

/* --- rows --- */

void
C2L_ISA_NAME (c2l_cpu_rms_normalize_run) (C2lDevice *device, C2lOp *op)
{
  const gsize width = (gsize) c2l_tensor_get_dim (op->out, -1);
  const gsize n_rows = width ? c2l_tensor_get_length (op->out) / width : 0;

  for (gsize r = 0; r < n_rows; r++)
    {
      const float *x = (const float *) op->in[0]->data + r * width;
      float *to = (float *) op->out->data + r * width, squares = 0;

#pragma omp simd reduction(+ : squares)
      for (gsize i = 0; i < width; i++)
        squares += x[i] * x[i];
      const float scale = 1.0f / sqrtf (squares / (float) width + op->p.norm.eps);
      for (gsize i = 0; i < width; i++)
        to[i] = x[i] * scale;
    }
}

void
C2L_ISA_NAME (c2l_cpu_cosine_similarity_run) (C2lDevice *device, C2lOp *op)
{
  const C2lTensor *a = op->in[0], *b = op->in[1];
  const gsize width = (gsize) a->dims[1];
  float *to = op->out->data;

  for (gsize r = 0; r < (gsize) a->dims[0]; r++)
    {
      const float *x = (const float *) a->data + r * width;
      const float *y = (const float *) b->data + (b->dims[0] == 1 ? 0 : r * width);
      double xy = 0, xx = 0, yy = 0;

      for (gsize i = 0; i < width; i++)
        {
          xy += (double) x[i] * y[i];
          xx += (double) x[i] * x[i];
          yy += (double) y[i] * y[i];
        }
      /* A zero embedding is similar to nothing. */
      to[r] = xx > 0 && yy > 0 ? (float) (xy / sqrt (xx * yy)) : 0.0f;
    }
}

/* --- random numbers --- */

/* ln x for 0 < x < 1 in double, within 1e-13. */
static inline double
unit_log (double x)
{
  union
  {
    double value;
    guint64 bits;
  } u = { x };
  /* x = m · 2^e with m in [√½, √2): ln m = 2 artanh ((m − 1) / (m + 1)). */
  gint64 e = (gint64) ((u.bits - 0x3FE6A09E667F3BCDull) >> 52);
  e = (e ^ 0x800) - 0x800; /* the difference's twelve bits, with their sign */
  u.bits -= (guint64) e << 52;
  const double s = (u.value - 1.0) / (u.value + 1.0), q = s * s;

  return (double) (gint32) e * 0.693147180559945309
         + 2.0 * s
               * (1.0
                  + q
                        * (1.0 / 3
                           + q
                                 * (1.0 / 5
                                    + q
                                          * (1.0 / 7
                                             + q
                                                   * (1.0 / 9
                                                      + q
                                                            * (1.0 / 11
                                                               + q * (1.0 / 13 + q / 15)))))));
}

/* cos and sin of 2π x for 0 < x < 1, within 1e-13. */
static inline void
unit_circle (double x, double *cosine, double *sine)
{
  const gint32 quadrant = (gint32) (4.0 * x + 0.5);
  const double r = (x - 0.25 * quadrant) * 6.28318530717958648, q = r * r; /* |r| ≤ π/4 */
  const double c
      = 1.0
        + q
              * (-1.0 / 2
                 + q
                       * (1.0 / 24
                          + q
                                * (-1.0 / 720
                                   + q * (1.0 / 40320 + q * (-1.0 / 3628800 + q / 479001600)))));
  const double s
      = r
        * (1.0
           + q
                 * (-1.0 / 6
                    + q
                          * (1.0 / 120
                             + q
                                   * (-1.0 / 5040
                                      + q
                                            * (1.0 / 362880
                                               + q * (-1.0 / 39916800 + q / 6227020800.0))))));
  const gboolean swap = quadrant & 1;
  const double x0 = swap ? s : c, y0 = swap ? c : s;

  *cosine = (quadrant + 1) & 2 ? -x0 : x0;
  *sine = quadrant & 2 ? -y0 : y0;
}

/* Normals of @n consecutive counters, 4 each. */
static void
fill_normals (float *to,
              const guint32 key[2],
              guint32 first,
              guint32 stream,
              guint32 picture,
              gsize n)
{
#pragma omp simd
  for (gsize i = 0; i < n; i++)
    {
      const guint32 counter[4] = { first + (guint32) i, stream, picture, 0 };
      guint32 words[4];

      c2l_philox (key, counter, words);
      for (int pair = 0; pair < 2; pair++)
        {
          const double radius = sqrt (-2.0 * unit_log (((double) words[2 * pair] + 0.5) * 0x1p-32));
          double cosine, sine;

          unit_circle (((double) words[2 * pair + 1] + 0.5) * 0x1p-32, &cosine, &sine);
          to[4 * i + 2 * (gsize) pair] = (float) (radius * cosine);
          to[4 * i + 2 * (gsize) pair + 1] = (float) (radius * sine);
        }
    }
}

void
C2L_ISA_NAME (c2l_cpu_random_normal_run) (C2lDevice *device, C2lOp *op)
{
  enum
  {
    BLOCK = 256
  }; /* counters */
  const gsize n_rows = (gsize) op->out->dims[0];
  const gsize width = n_rows ? c2l_tensor_get_length (op->out) / n_rows : 0;
  const gsize n_blocks = (width + 4 * BLOCK - 1) / (4 * BLOCK);

#pragma omp parallel for collapse(2) schedule(static) if (n_rows * width > PARALLEL_MIN)
  for (gsize r = 0; r < n_rows; r++)
    for (gsize block = 0; block < n_blocks; block++)
      {
        const guint32 *keys = (const guint32 *) op->in[0]->data + 4 * r;
        const gsize start = block * 4 * BLOCK, length = MIN (width - start, 4 * BLOCK);
        float *to = (float *) op->out->data + r * width + start, rest[4];

        fill_normals (to, keys, (guint32) (block * BLOCK), op->p.random.stream, keys[2],
                      length / 4);
        if (length % 4)
          {
            fill_normals (rest, keys, (guint32) (block * BLOCK + length / 4), op->p.random.stream,
                          keys[2], 1);
            memcpy (to + length / 4 * 4, rest, length % 4 * sizeof (float));
          }
      }
}
