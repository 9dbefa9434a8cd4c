/* See reference-train.h. */
#include "reference-train.h"

#include <math.h>

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

RefArray *
ref_matmul (const RefArray *a,
            const RefArray *b,
            const RefArray *bias,
            const RefArray *residual,
            gboolean transpose_a,
            gboolean transpose_b,
            int n_dims,
            const gint64 *dims)
{
  RefArray *y = ref_array_new (n_dims, dims);
  const gint64 a_columns = last_dim (a), b_columns = last_dim (b);
  const gint64 N = last_dim (y), K = transpose_b ? b_columns : (gint64) b->length / b_columns;

  for (gint64 i = 0; i < (gint64) y->length; i++)
    {
      const gint64 row = i / N, column = i % N;
      double sum = bias != NULL ? bias->values[column] : 0;

      for (gint64 k = 0; k < K; k++)
        sum += a->values[transpose_a ? k * a_columns + row : row * a_columns + k]
               * b->values[transpose_b ? column * b_columns + k : k * b_columns + column];
      y->values[i] = sum + (residual != NULL ? residual->values[i] : 0);
    }
  return y;
}

/* --- layer norm */

/* x̂ = (x − mean) / √(variance + eps) of a row. */
static double
normalise_row (const double *x, gint64 D, float eps, double *normed)
{
  double mean = 0, variance = 0;

  for (gint64 i = 0; i < D; i++)
    mean += x[i] / D;
  for (gint64 i = 0; i < D; i++)
    variance += (x[i] - mean) * (x[i] - mean) / D;
  for (gint64 i = 0; i < D; i++)
    normed[i] = (x[i] - mean) / sqrt (variance + eps);
  return 1 / sqrt (variance + eps);
}

RefArray *
ref_layer_norm_backward (const RefArray *x,
                         const RefArray *gain,
                         const RefArray *dy,
                         float eps,
                         const RefArray *residual)
{
  RefArray *dx = ref_array_new (x->n_dims, x->dims);
  const gint64 D = last_dim (x);
  g_autofree double *normed = g_new (double, D);

  for (gsize row = 0; row < x->length; row += D)
    {
      const double scale = normalise_row (x->values + row, D, eps, normed);
      double mean = 0, along = 0;

      for (gint64 i = 0; i < D; i++)
        {
          mean += dy->values[row + i] * gain->values[i] / D;
          along += dy->values[row + i] * gain->values[i] * normed[i] / D;
        }
      for (gint64 i = 0; i < D; i++)
        dx->values[row + i]
            = scale * (dy->values[row + i] * gain->values[i] - mean - normed[i] * along)
              + (residual != NULL ? residual->values[row + i] : 0);
    }
  return dx;
}

RefArray *
ref_layer_norm_gain_backward (const RefArray *x, const RefArray *dy, float eps)
{
  const gint64 D = last_dim (x);
  RefArray *dgain = ref_array_new (1, &D);
  g_autofree double *normed = g_new (double, D);

  for (gsize row = 0; row < x->length; row += D)
    {
      normalise_row (x->values + row, D, eps, normed);
      for (gint64 i = 0; i < D; i++)
        dgain->values[i] += dy->values[row + i] * normed[i];
    }
  return dgain;
}

/* --- attention */

/* Where queries, keys and values of one head of one picture begin; a negative key is the null key.
 */
typedef struct
{
  const RefAttentionInputs *in;
  const C2lAttention *p;
  gint64 batch;
  int head;
} Place;

static gsize
offset_of (const Place *place, const RefArray *array, gint64 token, int column, gboolean is_kv)
{
  const int head = is_kv && place->p->n_kv_heads == 1 ? 0 : place->head;

  return (place->batch * array->dims[1] + token) * array->dims[2] + column
         + head * place->p->head_dim;
}

static const double *
key_of (const Place *place, gint64 j)
{
  return j < 0
             ? place->in->null_kv->values
             : place->in->k->values + offset_of (place, place->in->k, j, place->p->k_offset, TRUE);
}

static const double *
value_of (const Place *place, gint64 j)
{
  return j < 0
             ? place->in->null_kv->values + place->p->head_dim
             : place->in->v->values + offset_of (place, place->in->v, j, place->p->v_offset, TRUE);
}

static double
dot (const double *a, const double *b, int n)
{
  double sum = 0;

  for (int i = 0; i < n; i++)
    sum += a[i] * b[i];
  return sum;
}

static void
add_scaled (RefArray *to, gsize offset, const double *x, double scale, int n)
{
  for (int i = 0; to != NULL && i < n; i++)
    to->values[offset + i] += x[i] * scale;
}

static gboolean
is_seen (const Place *place, gint64 i, gint64 j)
{
  const RefArray *mask = place->in->key_mask;

  if (j < 0)
    return TRUE;
  if (place->p->causal && j > i)
    return FALSE;
  return mask == NULL || mask->values[place->batch * place->in->k->dims[1] + j] != 0;
}

/* Attention of query @i to the keys −n_null …, which sums up to 1. */
static void
attend (const Place *place, gint64 i, int n_null, double *attention)
{
  const RefArray *bias = place->in->bias;
  const gint64 T = place->in->q->dims[1], n = place->in->k->dims[1] + n_null;
  const double *q
      = place->in->q->values + offset_of (place, place->in->q, i, place->p->q_offset, FALSE);
  double highest = -INFINITY, sum = 0;

  for (gint64 j = 0; j < n; j++)
    {
      attention[j] = dot (q, key_of (place, j - n_null), place->p->head_dim) * place->p->scale;
      if (bias != NULL)
        attention[j] += bias->values[(place->head * T + i) * n + j];
      if (!is_seen (place, i, j - n_null))
        attention[j] = -INFINITY;
      highest = MAX (highest, attention[j]);
    }
  for (gint64 j = 0; j < n; j++)
    sum += attention[j] = exp (attention[j] - highest);
  for (gint64 j = 0; j < n; j++)
    attention[j] /= sum;
}

static void
add_query_gradients (const Place *place,
                     gint64 i,
                     const RefArray *dy,
                     const RefAttentionGradients *gradients)
{
  const int d = place->p->head_dim, n_null = place->in->null_kv != NULL ? 1 : 0;
  const gint64 T = place->in->q->dims[1], n = place->in->k->dims[1] + n_null;
  const double *q
      = place->in->q->values + offset_of (place, place->in->q, i, place->p->q_offset, FALSE);
  const double *g = dy->values + (place->batch * T + i) * dy->dims[2] + place->head * d;
  g_autofree double *attention = g_new (double, n);
  double mean = 0;

  attend (place, i, n_null, attention);
  for (gint64 j = 0; j < n; j++)
    mean += attention[j] * dot (g, value_of (place, j - n_null), d);
  for (gint64 j = 0; j < n; j++)
    {
      const gint64 key = j - n_null;
      const double dscore = attention[j] * (dot (g, value_of (place, key), d) - mean);
      const double scaled = dscore * place->p->scale;

      add_scaled (gradients->q, offset_of (place, place->in->q, i, place->p->q_offset, FALSE),
                  key_of (place, key), scaled, d);
      if (gradients->bias != NULL)
        gradients->bias->values[(place->head * T + i) * n + j] += dscore;
      if (key < 0)
        {
          add_scaled (gradients->null_kv, 0, q, scaled, d);
          add_scaled (gradients->null_kv, d, g, attention[j], d);
          continue;
        }
      add_scaled (gradients->k, offset_of (place, place->in->k, key, place->p->k_offset, TRUE), q,
                  scaled, d);
      add_scaled (gradients->v, offset_of (place, place->in->v, key, place->p->v_offset, TRUE), g,
                  attention[j], d);
    }
}

void
ref_attention_backward (const RefAttentionInputs *in,
                        const C2lAttention *p,
                        const RefArray *dy,
                        const RefAttentionGradients *gradients)
{
  Place place = { .in = in, .p = p };

  for (place.batch = 0; place.batch < in->q->dims[0]; place.batch++)
    for (place.head = 0; place.head < p->n_heads; place.head++)
      for (gint64 i = 0; i < in->q->dims[1]; i++)
        add_query_gradients (&place, i, dy, gradients);
}

/* --- elementwise and sums */

RefArray *
ref_swiglu_backward (const RefArray *x, const RefArray *dy)
{
  RefArray *dx = ref_array_new (x->n_dims, x->dims);
  const gint64 D = last_dim (dy);

  for (gsize i = 0; i < dy->length; i++)
    {
      const gsize a = i / D * 2 * D + i % D, g = a + D;
      const double s = sigmoid (x->values[g]);

      dx->values[a] = dy->values[i] * x->values[g] * s;
      dx->values[g] = dy->values[i] * x->values[a] * (s + x->values[g] * s * (1 - s));
    }
  return dx;
}

RefArray *
ref_activate_backward (const RefArray *x, const RefArray *dy, C2lActivation act)
{
  RefArray *dx = ref_array_new (x->n_dims, x->dims);

  for (gsize i = 0; i < x->length; i++)
    {
      const double s = sigmoid (x->values[i]);
      const double slope = act == C2L_ACT_SILU   ? s + x->values[i] * s * (1 - s)
                           : act == C2L_ACT_RELU ? (x->values[i] > 0 ? 1 : 0)
                                                 : 1;

      dx->values[i] = dy->values[i] * slope;
    }
  return dx;
}

RefArray *
ref_column_sums (const RefArray *x)
{
  const gint64 N = last_dim (x);
  RefArray *y = ref_array_new (1, &N);

  for (gsize i = 0; i < x->length; i++)
    y->values[i % N] += x->values[i];
  return y;
}

RefArray *
ref_scatter_add (const RefArray *dy, const RefArray *indices, gint64 n_rows)
{
  gint64 dims[C2L_MAX_DIMS];
  const gsize width = dy->length / dy->dims[0];

  for (int i = 0; i < dy->n_dims; i++)
    dims[i] = i == 0 ? n_rows : dy->dims[i];

  RefArray *y = ref_array_new (dy->n_dims, dims);

  for (gsize i = 0; i < dy->length; i++)
    {
      const gint64 row = CLAMP ((gint64) indices->values[i / width], 0, n_rows - 1);

      y->values[row * width + i % width] += dy->values[i];
    }
  return y;
}

static double
length_of (const double *x, gint64 n)
{
  return sqrt (dot (x, x, (int) n));
}

RefArray *
ref_embed_noise (const RefArray *x, const RefArray *noise, float scale)
{
  RefArray *y = ref_array_new (x->n_dims, x->dims);
  const gint64 D = last_dim (x);

  for (gsize row = 0; row < x->length; row += D)
    {
      const double length = length_of (x->values + row, D),
                   other = length_of (noise->values + row, D);
      double turned;

      for (gint64 i = 0; i < D; i++)
        y->values[row + i] = x->values[row + i] / length + scale * noise->values[row + i] / other;
      turned = length_of (y->values + row, D);
      for (gint64 i = 0; i < D; i++)
        y->values[row + i] *= length / turned;
    }
  return y;
}

/* --- losses */

RefArray *
ref_loss (const RefArray *prediction, const RefArray *target, C2lLossKind kind, double scale)
{
  RefArray *loss = ref_array_new (1, (gint64[]){ 1 });

  for (gsize i = 0; i < prediction->length; i++)
    {
      const double d = fabs (prediction->values[i] - target->values[i]);

      loss->values[0] += (kind == C2L_LOSS_L2   ? d * d
                          : kind == C2L_LOSS_L1 ? d
                          : d < 1               ? d * d / 2
                                                : d - 0.5)
                         * scale / prediction->length;
    }
  return loss;
}

RefArray *
ref_loss_backward (const RefArray *prediction,
                   const RefArray *target,
                   C2lLossKind kind,
                   double scale)
{
  RefArray *dx = ref_array_new (prediction->n_dims, prediction->dims);

  for (gsize i = 0; i < prediction->length; i++)
    {
      const double d = prediction->values[i] - target->values[i];
      const double sign = (d > 0) - (d < 0);

      dx->values[i] = (kind == C2L_LOSS_L2                      ? 2 * d
                       : kind == C2L_LOSS_HUBER && fabs (d) < 1 ? d
                                                                : sign)
                      * scale / prediction->length;
    }
  return dx;
}

RefArray *
ref_sum_squares (const RefArray *x)
{
  RefArray *sum = ref_array_new (1, (gint64[]){ 1 });

  for (gsize i = 0; i < x->length; i++)
    sum->values[0] += x->values[i] * x->values[i];
  return sum;
}
