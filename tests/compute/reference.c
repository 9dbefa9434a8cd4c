/* Reference loops of the operations on rows and arrays: matrix products, transformers, elementwise,
 * shapes, random numbers. See reference.h; pictures are in reference-picture.c. */
#include "reference.h"

#include <math.h>
#include <string.h>

RefArray *
ref_array_new (int n_dims, const gint64 *dims)
{
  RefArray *array = g_new0 (RefArray, 1);

  array->n_dims = n_dims;
  array->length = 1;
  for (int i = 0; i < n_dims; i++)
    {
      array->dims[i] = dims[i];
      array->length *= dims[i];
    }
  array->values = g_new0 (double, array->length);
  return array;
}

void
ref_array_free (RefArray *array)
{
  g_free (array->values);
  g_free (array);
}

char *
ref_array_to_string (const RefArray *array)
{
  GString *text = g_string_new ("[");

  for (int i = 0; i < array->n_dims; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i > 0 ? ", " : "", array->dims[i]);
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

static gint64
last_dim (const RefArray *array)
{
  return array->dims[array->n_dims - 1];
}

static double
sigmoid (double x)
{
  return 1 / (1 + exp (-x));
}

double
ref_activation (C2lActivation act, double x)
{
  switch (act)
    {
    case C2L_ACT_LEAKY_RELU:
      return x < 0 ? 0.2 * x : x;
    case C2L_ACT_RELU:
      return x < 0 ? 0 : x;
    case C2L_ACT_SILU:
      return x * sigmoid (x);
    case C2L_ACT_QUICK_GELU:
      return x * sigmoid (1.702 * x);
    case C2L_ACT_GELU:
      return x * 0.5 * erfc (-x / sqrt (2));
    case C2L_ACT_LINEAR:
    default:
      return x;
    }
}

static double
gain_or_one (float gain)
{
  return gain == 0 ? 1 : gain;
}

RefArray *
ref_gemm (const RefArray *x,
          const RefArray *weight,
          const RefArray *bias,
          const RefArray *residual,
          C2lActivation act,
          float gain)
{
  gint64 N = weight->dims[0], K = weight->dims[1];
  gint64 dims[C2L_MAX_DIMS];
  RefArray *y;

  memcpy (dims, x->dims, sizeof dims);
  dims[x->n_dims - 1] = N;
  y = ref_array_new (x->n_dims, dims);
  for (gsize i = 0; i < y->length; i++)
    {
      const double *row = x->values + i / N * K, *column = weight->values + i % N * K;
      double sum = bias != NULL ? bias->values[i % N] : 0;

      for (gint64 k = 0; k < K; k++)
        sum += row[k] * column[k];
      y->values[i] = ref_activation (act, sum) * gain_or_one (gain)
                     + (residual != NULL ? residual->values[i] : 0);
    }
  return y;
}

RefArray *
ref_layer_norm (const RefArray *x, const RefArray *gain, const RefArray *bias, float eps)
{
  RefArray *y = ref_array_new (x->n_dims, x->dims);
  gint64 D = last_dim (x);

  for (gsize row = 0; row < x->length; row += D)
    {
      double mean = 0, variance = 0;

      for (gint64 i = 0; i < D; i++)
        mean += x->values[row + i] / D;
      for (gint64 i = 0; i < D; i++)
        variance += pow (x->values[row + i] - mean, 2) / D;
      for (gint64 i = 0; i < D; i++)
        y->values[row + i] = (x->values[row + i] - mean) / sqrt (variance + eps) * gain->values[i]
                             + (bias != NULL ? bias->values[i] : 0);
    }
  return y;
}

RefArray *
ref_rotary (const RefArray *x, const RefArray *angles, int offset, int n_heads, int head_dim)
{
  RefArray *y = ref_array_new (x->n_dims, x->dims);
  gint64 B = x->dims[0], T = x->dims[1], W = x->dims[2], n_pairs = angles->dims[1];

  memcpy (y->values, x->values, x->length * sizeof (double));
  for (gint64 row = 0; row < B * T; row++)
    for (int head = 0; head < n_heads; head++)
      for (gint64 i = 0; i < n_pairs; i++)
        {
          gint64 at = row * W + offset + head * head_dim + 2 * i;
          double angle = angles->values[row % T * n_pairs + i];
          double even = x->values[at], odd = x->values[at + 1];

          y->values[at] = even * cos (angle) - odd * sin (angle);
          y->values[at + 1] = odd * cos (angle) + even * sin (angle);
        }
  return y;
}

RefArray *
ref_swiglu (const RefArray *x)
{
  gint64 D = last_dim (x) / 2;
  gint64 dims[C2L_MAX_DIMS];
  RefArray *y;

  memcpy (dims, x->dims, sizeof dims);
  dims[x->n_dims - 1] = D;
  y = ref_array_new (x->n_dims, dims);
  for (gsize i = 0; i < y->length; i++)
    {
      const double *row = x->values + i / D * 2 * D;
      y->values[i] = row[i % D] * ref_activation (C2L_ACT_SILU, row[D + i % D]);
    }
  return y;
}

/* Element 0 of the @head_dim numbers of key or value @s (−1: the null one). */
static const double *
attention_row (const RefArray *array,
               const RefArray *null_kv,
               int which,
               gint64 b,
               gint64 s,
               gint64 column,
               int head_dim)
{
  if (s < 0)
    return null_kv->values + which * head_dim;
  return array->values + (b * array->dims[1] + s) * array->dims[2] + column;
}

static void
attend (const RefAttentionInputs *in,
        const C2lAttention *p,
        gint64 b,
        gint64 t,
        int head,
        double *out)
{
  gint64 T = in->q->dims[1], S = in->k->dims[1];
  gint64 kv_column = p->n_kv_heads == 1 ? 0 : head * p->head_dim;
  const double *q
      = attention_row (in->q, NULL, 0, b, t, p->q_offset + head * p->head_dim, p->head_dim);
  int n_null = in->null_kv != NULL ? 1 : 0;
  g_autofree double *scores = g_new0 (double, S + n_null);
  double largest = -INFINITY, sum = 0;

  for (gint64 s = -n_null; s < S; s++)
    {
      const double *k
          = attention_row (in->k, in->null_kv, 0, b, s, p->k_offset + kv_column, p->head_dim);
      double *score = &scores[s + n_null];

      for (int i = 0; i < p->head_dim; i++)
        *score += q[i] * k[i];
      *score *= p->scale;
      if (in->bias != NULL)
        *score += in->bias->values[(head * T + t) * (S + n_null) + s + n_null];
      if ((p->causal && s > t)
          || (s >= 0 && in->key_mask != NULL && in->key_mask->values[b * S + s] == 0))
        *score = -INFINITY;
      largest = MAX (largest, *score);
    }
  for (gint64 s = 0; s < S + n_null; s++)
    sum += scores[s] = exp (scores[s] - largest);
  for (gint64 s = -n_null; s < S; s++)
    {
      const double *v
          = attention_row (in->v, in->null_kv, 1, b, s, p->v_offset + kv_column, p->head_dim);
      for (int i = 0; i < p->head_dim; i++)
        out[i] += scores[s + n_null] / sum * v[i];
    }
}

RefArray *
ref_attention (const RefAttentionInputs *in, const C2lAttention *p)
{
  gint64 B = in->q->dims[0], T = in->q->dims[1];
  RefArray *y = ref_array_new (3, (gint64[]){ B, T, (gint64) p->n_heads * p->head_dim });

  for (gint64 row = 0; row < B * T; row++)
    for (int head = 0; head < p->n_heads; head++)
      attend (in, p, row / T, row % T, head, y->values + (row * p->n_heads + head) * p->head_dim);
  return y;
}

/* --- elementwise and shapes */

/* Offset into @array of the element that broadcasting puts at position @at of a @y-shaped result.
 */
static gsize
broadcast_offset (const RefArray *array, const RefArray *y, gsize at)
{
  gsize offset = 0, stride = 1;

  for (int i = 1; i <= array->n_dims; i++)
    {
      gint64 size = array->dims[array->n_dims - i], position = at % y->dims[y->n_dims - i];

      at /= y->dims[y->n_dims - i];
      offset += (size == 1 ? 0 : position) * stride;
      stride *= size;
    }
  return offset;
}

static RefArray *
new_broadcast (int n, const RefArray *const *arrays)
{
  gint64 dims[C2L_MAX_DIMS];
  int n_dims = 0;

  for (int i = 0; i < n; i++)
    n_dims = MAX (n_dims, arrays[i]->n_dims);
  for (int d = 1; d <= n_dims; d++)
    {
      dims[n_dims - d] = 1;
      for (int i = 0; i < n; i++)
        if (d <= arrays[i]->n_dims && arrays[i]->dims[arrays[i]->n_dims - d] != 1)
          dims[n_dims - d] = arrays[i]->dims[arrays[i]->n_dims - d];
    }
  return ref_array_new (n_dims, dims);
}

RefArray *
ref_add (const RefArray *a, const RefArray *b)
{
  RefArray *y = new_broadcast (2, (const RefArray *[]){ a, b });

  for (gsize i = 0; i < y->length; i++)
    y->values[i] = a->values[broadcast_offset (a, y, i)] + b->values[broadcast_offset (b, y, i)];
  return y;
}

RefArray *
ref_multiply (const RefArray *a, const RefArray *b)
{
  RefArray *y = new_broadcast (2, (const RefArray *[]){ a, b });

  for (gsize i = 0; i < y->length; i++)
    y->values[i] = a->values[broadcast_offset (a, y, i)] * b->values[broadcast_offset (b, y, i)];
  return y;
}

RefArray *
ref_lerp (const RefArray *a, const RefArray *b, const RefArray *weight)
{
  RefArray *y = new_broadcast (3, (const RefArray *[]){ a, b, weight });

  for (gsize i = 0; i < y->length; i++)
    {
      double from = a->values[broadcast_offset (a, y, i)],
             to = b->values[broadcast_offset (b, y, i)];
      y->values[i] = from + (to - from) * weight->values[broadcast_offset (weight, y, i)];
    }
  return y;
}

RefArray *
ref_combine (int n, const RefArray *const *terms, const float *coefficients)
{
  RefArray *y = ref_array_new (terms[0]->n_dims, terms[0]->dims);

  for (gsize i = 0; i < y->length; i++)
    for (int term = 0; term < n; term++)
      y->values[i] += (double) coefficients[term] * terms[term]->values[i];
  return y;
}

RefArray *
ref_clamp (const RefArray *x, float low, float high)
{
  RefArray *y = ref_array_new (x->n_dims, x->dims);

  for (gsize i = 0; i < y->length; i++)
    y->values[i] = CLAMP (x->values[i], low, high);
  return y;
}

RefArray *
ref_activate (const RefArray *x, C2lActivation act, float gain)
{
  RefArray *y = ref_array_new (x->n_dims, x->dims);

  for (gsize i = 0; i < y->length; i++)
    y->values[i] = ref_activation (act, x->values[i]) * gain_or_one (gain);
  return y;
}

RefArray *
ref_expand (const RefArray *x, int n_dims, const gint64 *dims)
{
  RefArray *y = ref_array_new (n_dims, dims);

  for (gsize i = 0; i < y->length; i++)
    y->values[i] = x->values[broadcast_offset (x, y, i)];
  return y;
}

/* Elements of one step along @axis: the product of the dimensions behind it. */
static gsize
axis_stride (const RefArray *array, int axis)
{
  gsize stride = 1;

  for (int i = axis + 1; i < array->n_dims; i++)
    stride *= array->dims[i];
  return stride;
}

/* Copies position @from along @axis of @x to position @to of @y. */
static void
copy_position (const RefArray *x, gint64 from, RefArray *y, gint64 to, int axis)
{
  gsize stride = axis_stride (x, axis);
  gsize n_outer = x->length / stride / x->dims[axis];

  for (gsize outer = 0; outer < n_outer; outer++)
    memcpy (y->values + (outer * y->dims[axis] + to) * stride,
            x->values + (outer * x->dims[axis] + from) * stride, stride * sizeof (double));
}

static RefArray *
new_with_axis (const RefArray *x, int axis, gint64 size)
{
  gint64 dims[C2L_MAX_DIMS];

  memcpy (dims, x->dims, sizeof dims);
  dims[axis] = size;
  return ref_array_new (x->n_dims, dims);
}

RefArray *
ref_concat (int axis, int n, const RefArray *const *parts)
{
  gint64 size = 0, at = 0;
  RefArray *y;

  for (int part = 0; part < n; part++)
    size += parts[part]->dims[axis];
  y = new_with_axis (parts[0], axis, size);
  for (int part = 0; part < n; part++)
    for (gint64 i = 0; i < parts[part]->dims[axis]; i++)
      copy_position (parts[part], i, y, at++, axis);
  return y;
}

RefArray *
ref_slice (const RefArray *x, int axis, gint64 start, gint64 length)
{
  RefArray *y = new_with_axis (x, axis, length);

  for (gint64 i = 0; i < length; i++)
    copy_position (x, start + i, y, i, axis);
  return y;
}

RefArray *
ref_gather (const RefArray *x, int axis, const RefArray *indices)
{
  RefArray *y = new_with_axis (x, axis, indices->length);

  for (gsize i = 0; i < indices->length; i++)
    copy_position (x, CLAMP ((gint64) indices->values[i], 0, x->dims[axis] - 1), y, i, axis);
  return y;
}

RefArray *
ref_rms_normalize (const RefArray *x, float eps)
{
  RefArray *y = ref_array_new (x->n_dims, x->dims);
  gint64 D = last_dim (x);

  for (gsize row = 0; row < x->length; row += D)
    {
      double mean = 0;

      for (gint64 i = 0; i < D; i++)
        mean += x->values[row + i] * x->values[row + i] / D;
      for (gint64 i = 0; i < D; i++)
        y->values[row + i] = x->values[row + i] / sqrt (mean + eps);
    }
  return y;
}

RefArray *
ref_cosine_similarity (const RefArray *a, const RefArray *b)
{
  gint64 B = a->dims[0], D = a->dims[1];
  RefArray *y = ref_array_new (1, &B);

  for (gint64 row = 0; row < B; row++)
    {
      const double *u = a->values + row * D, *v = b->values + (b->dims[0] == 1 ? 0 : row) * D;
      double uv = 0, uu = 0, vv = 0;

      for (gint64 i = 0; i < D; i++)
        {
          uv += u[i] * v[i];
          uu += u[i] * u[i];
          vv += v[i] * v[i];
        }
      y->values[row] = uv / sqrt (uu * vv);
    }
  return y;
}

/* --- random numbers: Salmon et al. 2011, sections 3.3 and 5, and Box–Muller on pairs of words */

void
ref_philox (const guint32 key[2], const guint32 counter[4], guint32 out[4])
{
  guint32 c[4], k0 = key[0], k1 = key[1];

  memcpy (c, counter, sizeof c);
  for (int round = 0; round < 10; round++)
    {
      guint64 product0 = (guint64) 0xd2511f53 * c[0], product1 = (guint64) 0xcd9e8d57 * c[2];
      guint32 next[4] = { (guint32) (product1 >> 32) ^ c[1] ^ k0, (guint32) product1,
                          (guint32) (product0 >> 32) ^ c[3] ^ k1, (guint32) product0 };

      memcpy (c, next, sizeof c);
      k0 += 0x9e3779b9;
      k1 += 0xbb67ae85;
    }
  memcpy (out, c, sizeof c);
}

static double
normal_of_word (const guint32 words[4], int which)
{
  double u1 = (words[which & 2] + 0.5) * 0x1p-32, u2 = (words[(which & 2) + 1] + 0.5) * 0x1p-32;
  double radius = sqrt (-2 * log (u1));

  return (which & 1) != 0 ? radius * sin (2 * G_PI * u2) : radius * cos (2 * G_PI * u2);
}

RefArray *
ref_random_normal (const guint32 *keys, guint32 stream, int n_dims, const gint64 *dims)
{
  RefArray *y = ref_array_new (n_dims, dims);
  gsize row_length = y->length / dims[0];

  for (gsize i = 0; i < y->length; i++)
    {
      const guint32 *key = keys + i / row_length * 4;
      guint32 words[4];

      ref_philox (key, (guint32[]){ i % row_length / 4, stream, key[2], 0 }, words);
      y->values[i] = normal_of_word (words, i % row_length % 4);
    }
  return y;
}
