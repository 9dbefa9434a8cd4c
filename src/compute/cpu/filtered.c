/* StyleGAN3's filtered leaky ReLU, streamed: rows of the up-sampled picture are made one after the other (columns up, rows up,
 * leaky ReLU, rows down) and kept in a ring just long enough for the columns' down-sampling filter, for 16 channels and a strip of
 * output rows at a time, so that the large intermediate picture never exists. A down filter that is not separable (StyleGAN3-R)
 * keeps full rows in the ring instead. */
#include "compute/cpu/vec.h"

#include <math.h>

#define STRIP 32 /* output rows of one piece of work */

enum { X, BIAS, UP_FILTER, DOWN_FILTER };

typedef struct
{
  gsize up, down, up_taps, down_taps;
  float *up_filter;   /* flipped, with gain up */
  float *up_filter_2d, *down_filter_2d; /* (nullable): flipped, instead of the separable ones */
  float *down_filter; /* flipped */
  gint64 pad_left, pad_top;
  gsize up_height, up_width; /* of the activated picture */
  gsize size;                /* scratch of a thread, bytes */
} Plan;

static float *
flip (const C2lTensor *filter, float gain)
{
  const gsize n = filter ? c2l_tensor_get_length (filter) : 1;
  float *flipped = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    flipped[i] = gain * (filter ? ((const float *) filter->data)[n - 1 - i] : 1.0f);
  return flipped;
}

static gboolean
is_2d (const C2lTensor *filter)
{
  return filter && filter->n_dims == 2 && filter->dims[0] > 1;
}

/* In floats: the input rows, one up-sampled row (after columns only, then whole), the ring. */
static gsize
count_scratch (const C2lOp *op, const Plan *plan)
{
  const gsize in_row = (gsize) op->in[X]->dims[2] * VEC, up_row = plan->up_width * VEC;
  const gsize out_row = (gsize) op->out->dims[2] * VEC;

  return in_row * (plan->up_taps / plan->up + 2) + in_row + up_row
         + plan->down_taps * (plan->down_filter_2d ? up_row : out_row) + out_row;
}

gboolean
C2L_ISA_NAME (c2l_cpu_filtered_prepare) (C2lDevice *device, C2lPrecision precision, C2lOp *op, GError **error)
{
  const C2lFilteredLeakyRelu *params = &op->p.filtered;
  const C2lTensor *x = op->in[X], *up_filter = op->in[UP_FILTER], *down_filter = op->in[DOWN_FILTER];
  Plan *plan = g_new0 (Plan, 1);
  const float gain = (float) params->up;

  plan->up = (gsize) params->up;
  plan->down = (gsize) params->down;
  plan->up_taps = up_filter ? (gsize) up_filter->dims[0] : 1;
  plan->down_taps = down_filter ? (gsize) down_filter->dims[0] : 1;
  if (is_2d (up_filter))
    plan->up_filter_2d = flip (up_filter, gain * gain);
  else
    plan->up_filter = flip (up_filter, gain);
  if (is_2d (down_filter))
    plan->down_filter_2d = flip (down_filter, 1);
  else
    plan->down_filter = flip (down_filter, 1);
  plan->pad_left = params->padding[0];
  plan->pad_top = params->padding[2];
  plan->up_height = (gsize) (x->dims[1] * params->up + params->padding[2] + params->padding[3]) + 1 - plan->up_taps;
  plan->up_width = (gsize) (x->dims[2] * params->up + params->padding[0] + params->padding[1]) + 1 - plan->up_taps;
  plan->size = count_scratch (op, plan) * sizeof (float);
  op->plan = plan;
  op->scratch_size = all_threads_scratch (plan->size);
  return TRUE;
}

void
C2L_ISA_NAME (c2l_cpu_filtered_release) (C2lDevice *device, C2lOp *op)
{
  Plan *plan = op->plan;

  g_free (plan->up_filter);
  g_free (plan->up_filter_2d);
  g_free (plan->down_filter);
  g_free (plan->down_filter_2d);
  g_clear_pointer (&op->plan, g_free);
}

/* A piece of work: 16 channels of one picture, and where its memory is. */
typedef struct
{
  const C2lOp *op;
  const Plan *plan;
  gsize batch, channel, n_channels;
  gsize in_width, out_width, n_in_rows;
  float *in_rows, *column_sums, *up_row, *ring, *out_row;
  gint64 loaded; /* input rows below this one are in in_rows */
  Vec bias;
} Piece;

static float *
piece_get_in_row (const Piece *piece, gint64 y)
{
  return piece->in_rows + (gsize) y % piece->n_in_rows * piece->in_width * VEC;
}

/* Input row @y, biased, its channels side by side and padded with zeros to a whole vector. */
static void
piece_load_row (Piece *piece, gint64 y)
{
  const C2lTensor *x = piece->op->in[X];
  const gsize channels = (gsize) x->dims[3];
  const gsize start
      = ((piece->batch * (gsize) x->dims[1] + (gsize) y) * piece->in_width) * channels + piece->channel;
  float *to = piece_get_in_row (piece, y);

  for (gsize i = 0; i < piece->in_width; i++)
    {
      float pixel[VEC] = { 0 };

      row_load (pixel, x, start + i * channels, piece->n_channels);
      *(Vec *) (to + i * VEC) = *(Vec *) pixel + piece->bias;
    }
}

/* First tap of an up-sampling filter that meets an input sample for up-sampled position @i, and that sample. */
static void
first_tap (gint64 i, gint64 before, gsize up, gsize *tap, gint64 *sample)
{
  const gint64 position = i - before; /* of tap 0 in the unpadded up-sampled picture */
  const gint64 step = (gint64) up;
  const gint64 phase = ((position % step) + step) % step;

  *tap = phase ? up - (gsize) phase : 0;
  *sample = (position + (gint64) *tap) / step; /* exact */
}

static Vec
activate (Vec value, float gain, float slope, float clamp)
{
  const Vec zero = { 0 };

  value = vec_select (value < zero, value * slope, value) * gain;
  if (clamp > 0)
    {
      const Vec high = zero + clamp, low = zero - clamp;
      value = vec_select (value > high, high, value);
      value = vec_select (value < low, low, value);
    }
  return value;
}

/* Makes row @v of the up-sampled, activated picture in piece->up_row. */
static void
piece_make_up_row (Piece *piece, gint64 v)
{
  const Plan *plan = piece->plan;
  const C2lFilteredLeakyRelu *params = &piece->op->p.filtered;
  const gint64 height = piece->op->in[X]->dims[1];
  gsize first_y, first_x;
  gint64 y0, x0;

  first_tap (v, plan->pad_top, plan->up, &first_y, &y0);

  const gint64 last = y0 + (gint64) ((plan->up_taps - 1 - MIN (first_y, plan->up_taps - 1)) / plan->up);

  for (gint64 y = MAX (piece->loaded, MAX (y0, 0)); y <= MIN (last, height - 1); y++)
    {
      piece_load_row (piece, y);
      piece->loaded = y + 1;
    }
  if (plan->up_filter)
    {
      memset (piece->column_sums, 0, piece->in_width * VEC * sizeof (float));
      for (gsize tap = first_y, k = 0; tap < plan->up_taps; tap += plan->up, k++)
        {
          const gint64 y = y0 + (gint64) k;
          if (y < 0 || y >= height)
            continue;
          const float *row = piece_get_in_row (piece, y), weight = plan->up_filter[tap];
          for (gsize i = 0; i < piece->in_width * VEC; i += VEC)
            *(Vec *) (piece->column_sums + i) += weight * *(const Vec *) (row + i);
        }
    }
  for (gsize u = 0; u < plan->up_width; u++)
    {
      Vec sum = { 0 };

      first_tap ((gint64) u, plan->pad_left, plan->up, &first_x, &x0);
      for (gsize tap = first_x, l = 0; tap < plan->up_taps; tap += plan->up, l++)
        {
          const gint64 x = x0 + (gint64) l;
          if (x < 0 || x >= (gint64) piece->in_width)
            continue;
          if (plan->up_filter)
            {
              sum += plan->up_filter[tap] * *(const Vec *) (piece->column_sums + (gsize) x * VEC);
              continue;
            }
          for (gsize tap_y = first_y, k = 0; tap_y < plan->up_taps; tap_y += plan->up, k++)
            {
              const gint64 y = y0 + (gint64) k;
              if (y >= 0 && y < height)
                sum += plan->up_filter_2d[tap_y * plan->up_taps + tap]
                       * *(const Vec *) (piece_get_in_row (piece, y) + (gsize) x * VEC);
            }
        }
      *(Vec *) (piece->up_row + u * VEC) = activate (sum, params->gain, params->slope, params->clamp);
    }
}

/* Puts the activated row @v where the columns' filter will find it. */
static void
piece_push_row (Piece *piece, gint64 v)
{
  const Plan *plan = piece->plan;
  const gsize slot = (gsize) v % plan->down_taps;

  if (plan->down_filter_2d)
    {
      memcpy (piece->ring + slot * plan->up_width * VEC, piece->up_row, plan->up_width * VEC * sizeof (float));
      return;
    }
  float *to = piece->ring + slot * piece->out_width * VEC;
  for (gsize i = 0; i < piece->out_width; i++)
    {
      Vec sum = { 0 };
      for (gsize tap = 0; tap < plan->down_taps; tap++)
        sum += plan->down_filter[tap] * *(const Vec *) (piece->up_row + (i * plan->down + tap) * VEC);
      *(Vec *) (to + i * VEC) = sum;
    }
}

static void
piece_emit_row (Piece *piece, gsize y)
{
  const Plan *plan = piece->plan;
  const gsize channels = (gsize) piece->op->out->dims[3];
  const gsize start = ((piece->batch * (gsize) piece->op->out->dims[1] + y) * piece->out_width) * channels + piece->channel;

  for (gsize i = 0; i < piece->out_width; i++)
    {
      Vec sum = { 0 };

      for (gsize tap = 0; tap < plan->down_taps; tap++)
        {
          const gsize slot = (y * plan->down + tap) % plan->down_taps;
          if (plan->down_filter)
            {
              sum += plan->down_filter[tap] * *(const Vec *) (piece->ring + (slot * piece->out_width + i) * VEC);
              continue;
            }
          const float *row = piece->ring + (slot * plan->up_width + i * plan->down) * VEC;
          const float *weights = plan->down_filter_2d + tap * plan->down_taps;
          for (gsize l = 0; l < plan->down_taps; l++)
            sum += weights[l] * *(const Vec *) (row + l * VEC);
        }
      row_store (piece->op->out, start + i * channels, (const float *) &sum, piece->n_channels);
    }
}

static void
run_piece (const C2lOp *op, gsize batch, gsize block, gsize strip, float *memory)
{
  const Plan *plan = op->plan;
  const C2lTensor *x = op->in[X], *out = op->out;
  const gsize channel = block * VEC, n_channels = MIN ((gsize) x->dims[3] - channel, VEC);
  Piece piece = { .op = op,
                  .plan = plan,
                  .batch = batch,
                  .channel = channel,
                  .n_channels = n_channels,
                  .in_width = (gsize) x->dims[2],
                  .out_width = (gsize) out->dims[2],
                  .n_in_rows = plan->up_taps / plan->up + 2 };

  piece.in_rows = memory;
  piece.column_sums = piece.in_rows + piece.n_in_rows * piece.in_width * VEC;
  piece.up_row = piece.column_sums + piece.in_width * VEC;
  piece.ring = piece.up_row + plan->up_width * VEC;
  if (op->in[BIAS])
    memcpy (&piece.bias, (const float *) op->in[BIAS]->data + channel, n_channels * sizeof (float));

  const gsize end = MIN ((strip + 1) * STRIP, (gsize) out->dims[1]);
  gint64 next = (gint64) (strip * STRIP * plan->down);

  for (gsize y = strip * STRIP; y < end; y++)
    {
      for (; next < (gint64) (y * plan->down + plan->down_taps); next++)
        {
          piece_make_up_row (&piece, next);
          piece_push_row (&piece, next);
        }
      piece_emit_row (&piece, y);
    }
}

void
C2L_ISA_NAME (c2l_cpu_filtered_run) (C2lDevice *device, C2lOp *op)
{
  const Plan *plan = op->plan;
  const gsize n_blocks = ((gsize) op->out->dims[3] + VEC - 1) / VEC;
  const gsize n_strips = ((gsize) op->out->dims[1] + STRIP - 1) / STRIP;
  const gsize n = (gsize) op->out->dims[0] * n_blocks * n_strips;

#pragma omp parallel for schedule(dynamic)
  for (gsize i = 0; i < n; i++)
    run_piece (op, i / (n_blocks * n_strips), i / n_strips % n_blocks, i % n_strips,
               thread_scratch (op, plan->size));
}
