/* FIR resampling of pictures (upfirdn2d). For each output row and column the taps that meet an
 * input pixel are listed when the pass is compiled, so up-sampling's zeros and the padding cost
 * nothing. A filter that is an outer product is applied along columns, then along rows. */
#include "compute/cpu/vec.h"

#include <math.h>

/* The taps that output position i uses are n[i] consecutive input positions from first[i] on, with
 * weights taps[i * max …]. */
typedef struct
{
  gsize max;
  int *first, *n;
  float *taps;
} Axis;

typedef struct
{
  Axis y, x;
  float *outer; /* (nullable): [n, n], a filter that is no outer product: axes then hold tap numbers
                   only */
  gsize size;   /* of the filter */
  gsize scratch_a_thread;
} Plan;

/* @filter: the filter as stored (flipped here), or NULL for no weights. Position i of the result
 * sees, at tap k, the up-sampled padded position i · down + k. */
static Axis
axis_new (gsize n_out,
          gsize n_in,
          int up,
          int down,
          int before,
          gsize n_taps,
          const float *filter,
          float gain)
{
  Axis axis = { .max = (n_taps + (gsize) up - 1) / (gsize) up };

  axis.first = g_new0 (int, n_out);
  axis.n = g_new0 (int, n_out);
  axis.taps = g_new0 (float, n_out *axis.max);
  for (gsize i = 0; i < n_out; i++)
    for (gsize k = 0; k < n_taps; k++)
      {
        const gint64 position = (gint64) (i * (gsize) down + k) - before;

        if (position < 0 || position % up != 0 || position / up >= (gint64) n_in)
          continue;
        if (axis.n[i] == 0)
          axis.first[i] = (int) (position / up);
        /* without weights: which tap it is */
        axis.taps[i * axis.max + (gsize) axis.n[i]++]
            = filter ? filter[n_taps - 1 - k] * gain : (float) (n_taps - 1 - k);
      }
  return axis;
}

static void
axis_clear (Axis *axis)
{
  g_free (axis->first);
  g_free (axis->n);
  g_free (axis->taps);
}

/* f = column · row? Then the two are returned. */
static gboolean
split_filter (const C2lTensor *filter, float *column, float *row)
{
  const gsize n = (gsize) filter->dims[0];
  const float *f = filter->data;

  if (filter->n_dims == 1)
    {
      memcpy (column, f, n * sizeof (float));
      memcpy (row, f, n * sizeof (float));
      return TRUE;
    }

  gsize peak = 0;

  for (gsize i = 1; i < n * n; i++)
    if (fabsf (f[i]) > fabsf (f[peak]))
      peak = i;
  if (f[peak] == 0)
    return FALSE;

  const float root = sqrtf (fabsf (f[peak]));

  for (gsize i = 0; i < n; i++)
    {
      column[i] = f[i * n + peak % n] / root;
      row[i] = f[peak / n * n + i] / (f[peak] / root);
    }
  for (gsize y = 0; y < n; y++)
    for (gsize x = 0; x < n; x++)
      if (fabsf (column[y] * row[x] - f[y * n + x]) > 1e-6f * fabsf (f[peak]))
        return FALSE;
  return TRUE;
}

gboolean
C2L_ISA_NAME (c2l_cpu_resample_prepare) (C2lDevice *device,
                                         C2lPrecision precision,
                                         C2lOp *op,
                                         GError **error)
{
  static const float one[] = { 1 };
  const C2lTensor *x = op->in[0], *filter = op->in[1];
  const C2lResample *params = &op->p.resample;
  const gsize n = filter ? (gsize) filter->dims[0] : 1;
  g_autofree float *column = g_new (float, n), *row = g_new (float, n);
  Plan *plan = g_new0 (Plan, 1);
  const float gain = sqrtf (params->gain);

  const gboolean is_separable = !filter || split_filter (filter, column, row);

  if (!filter)
    memcpy (column, one, sizeof one), memcpy (row, one, sizeof one);
  if (!is_separable)
    plan->outer = g_memdup2 (filter->data, n * n * sizeof (float));
  plan->size = n;
  plan->y = axis_new ((gsize) op->out->dims[1], (gsize) x->dims[1], params->up, params->down,
                      params->padding[2], n, is_separable ? column : NULL, gain);
  plan->x = axis_new ((gsize) op->out->dims[2], (gsize) x->dims[2], params->up, params->down,
                      params->padding[0], n, is_separable ? row : NULL, gain);
  /* a row of sums, and a converted row of input */
  plan->scratch_a_thread = 2 * (gsize) (x->dims[2] * x->dims[3]) * sizeof (float);
  op->plan = plan;
  op->scratch_size = all_threads_scratch (plan->scratch_a_thread);
  return TRUE;
}

void
C2L_ISA_NAME (c2l_cpu_resample_release) (C2lDevice *device, C2lOp *op)
{
  Plan *plan = op->plan;

  axis_clear (&plan->y);
  axis_clear (&plan->x);
  g_free (plan->outer);
  g_clear_pointer (&op->plan, g_free);
}

/* to [W'][C] += filter along the row of @from [W][C] */
static void
filter_row (float *to, const float *from, const Axis *axis, gsize width, gsize channels)
{
  for (gsize i = 0; i < width; i++)
    {
      const float *taps = axis->taps + i * axis->max,
                  *pixel = from + (gsize) axis->first[i] * channels;

      for (int k = 0; k < axis->n[i]; k++)
        for (gsize c = 0; c < channels; c++)
          to[i * channels + c] += taps[k] * pixel[(gsize) k * channels + c];
    }
}

/* The same for three channels, whose loop the compiler would not unroll. */
static void
filter_row_rgb (float *to, const float *from, const Axis *axis, gsize width)
{
  for (gsize i = 0; i < width; i++)
    {
      const float *taps = axis->taps + i * axis->max, *pixel = from + (gsize) axis->first[i] * 3;
      float r = 0, g = 0, b = 0;

      for (int k = 0; k < axis->n[i]; k++, pixel += 3)
        {
          r += taps[k] * pixel[0];
          g += taps[k] * pixel[1];
          b += taps[k] * pixel[2];
        }
      to[3 * i] += r;
      to[3 * i + 1] += g;
      to[3 * i + 2] += b;
    }
}

static void
resample_row (const C2lOp *op, gsize batch, gsize y, float *to, float *memory)
{
  const Plan *plan = op->plan;
  const C2lTensor *x = op->in[0];
  const gsize channels = (gsize) x->dims[3], row_length = (gsize) x->dims[2] * channels;
  float *sums = memory, *buffer = memory + row_length;

  if (!plan->outer)
    memset (sums, 0, row_length * sizeof (float));
  for (int k = 0; k < plan->y.n[y]; k++)
    {
      const float tap = plan->y.taps[y * plan->y.max + (gsize) k];
      const gsize from_y = (gsize) (plan->y.first[y] + k);
      const float *from
          = row_get (buffer, x, (batch * (gsize) x->dims[1] + from_y) * row_length, row_length);

      if (!plan->outer)
        {
#pragma omp simd
          for (gsize i = 0; i < row_length; i++)
            sums[i] += tap * from[i];
          continue;
        }
      const float *weights = plan->outer + (gsize) tap * plan->size;
      for (gsize i = 0; i < (gsize) op->out->dims[2]; i++)
        for (int l = 0; l < plan->x.n[i]; l++)
          {
            const float weight
                = weights[(gsize) plan->x.taps[i * plan->x.max + (gsize) l]] * op->p.resample.gain;
            const float *pixel = from + (gsize) (plan->x.first[i] + l) * channels;

            for (gsize c = 0; c < channels; c++)
              to[i * channels + c] += weight * pixel[c];
          }
    }
  if (plan->outer)
    return;
  if (channels == 3)
    filter_row_rgb (to, sums, &plan->x, (gsize) op->out->dims[2]);
  else
    filter_row (to, sums, &plan->x, (gsize) op->out->dims[2], channels);
}

void
C2L_ISA_NAME (c2l_cpu_resample_run) (C2lDevice *device, C2lOp *op)
{
  const Plan *plan = op->plan;
  const gsize height = (gsize) op->out->dims[1], n_rows = (gsize) op->out->dims[0] * height;
  const gsize row_length = (gsize) (op->out->dims[2] * op->out->dims[3]);

#pragma omp parallel for schedule(static) if (n_rows * row_length > PARALLEL_MIN)
  for (gsize r = 0; r < n_rows; r++)
    {
      float *to = (float *) op->out->data + r * row_length;

      memset (to, 0, row_length * sizeof (float));
      resample_row (op, r / height, r % height, to, thread_scratch (op, plan->scratch_a_thread));
    }
}
