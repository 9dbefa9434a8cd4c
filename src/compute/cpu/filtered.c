/* StyleGAN3's filtered leaky ReLU, streamed: rows of the up-sampled picture are made one after the
 * other (columns up, rows up, leaky ReLU, rows down) and kept in a ring just long enough for the
 * columns' down-sampling filter, for 16 channels and a strip of output rows at a time, so that the
 * large intermediate picture never exists. A filter that is not separable is applied to whole rows
 * at once: of the input (up), or of the ring, which keeps up-sampled rows then (down, StyleGAN3-R).
 * Rows carry margins of zeros as wide as the filters need, and rows above and below the picture are
 * one row of zeros, so the loops in filtered-rows.h meet no edge. */
#include "compute/cpu/filtered-rows.h"

#include <math.h>

#define STRIP 64     /* output rows of one piece of work */
#define MAX_TAPS 256 /* ops-picture.c refuses longer filters */
#define PREFETCH 16  /* pixels */

enum
{
  X,
  BIAS,
  UP_FILTER,
  DOWN_FILTER
};

/* Along an axis, up-sampled position u = s·up − p + before has the phase p and sums n_taps samples
 * from s on. */
typedef struct
{
  gsize up, down, n_taps, down_taps;
  gboolean up_is_2d, down_is_2d;
  float *up_weights; /* [up][n_taps] by phase, with gain up; 2d: [up][n_taps] (rows) × [up][n_taps],
                        with gain up² */
  float *down_weights; /* [down_taps] (2d: squared), flipped */
  gint64 pad_left, pad_top;
  gint64 first_sample;        /* s of a row's first phases */
  gsize n_samples, row_width; /* s in a row; vectors of an input row with its margins */
  gsize up_margin, up_width,
      ring_width; /* vectors: before position 0 of an up-sampled row, in it, in a row of the ring */
  gsize size;     /* scratch of a thread, bytes */
} Plan;

static gboolean
is_2d (const C2lTensor *filter)
{
  return filter && filter->n_dims == 2;
}

/* Tap @i of a filter as it meets samples in their order: convolution flips it. */
static float
get_tap (const C2lTensor *filter, gsize i)
{
  return filter ? ((const float *) filter->data)[c2l_tensor_get_length (filter) - 1 - i] : 1.0f;
}

/* Tap @tap of row @row, either past the end where the last phases have fewer. */
static float
get_up_tap (const C2lTensor *filter, gsize row, gsize tap)
{
  const gsize n = filter ? (gsize) filter->dims[0] : 1;

  if (row >= n || tap >= n)
    return 0;
  return get_tap (filter, is_2d (filter) ? row * n + tap : tap);
}

static float *
new_up_weights (const Plan *plan, const C2lTensor *filter)
{
  const gsize n_rows = plan->up_is_2d ? plan->up * plan->n_taps : 1, up = plan->up;
  const float gain = plan->up_is_2d ? (float) (up * up) : (float) up;
  float *weights = g_new (float, n_rows *up * plan->n_taps), *to = weights;

  for (gsize r = 0; r < n_rows; r++)
    for (gsize phase = 0; phase < up; phase++)
      for (gsize l = 0; l < plan->n_taps; l++)
        *to++ = gain
                * get_up_tap (filter, r / plan->n_taps + up * (r % plan->n_taps), phase + up * l);
  return weights;
}

static float *
new_down_weights (const C2lTensor *filter)
{
  const gsize n = filter ? c2l_tensor_get_length (filter) : 1;
  float *weights = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    weights[i] = get_tap (filter, i);
  return weights;
}

static gint64
divide_up (gint64 a, gint64 b)
{
  return a >= 0 ? (a + b - 1) / b : -(-a / b);
}

/* Where an axis begins that has @before zeros in front: the sample of up-sampled position @u, and
 * its phase. */
static gint64
find_sample (const Plan *plan, gint64 u, gint64 before, gsize *phase)
{
  const gint64 sample = divide_up (u - before, (gint64) plan->up);

  *phase = (gsize) (sample * (gint64) plan->up - (u - before));
  return sample;
}

/* In vectors: input rows and one of zeros, the sums of columns for each phase, an up-sampled row,
 * the ring, a row of results. */
static gsize
count_scratch (const Plan *plan)
{
  return plan->row_width * (plan->n_taps + 1 + plan->up) + plan->up_width
         + (plan->down_taps + 1) * plan->ring_width;
}

gboolean
C2L_ISA_NAME (c2l_cpu_filtered_prepare) (C2lDevice *device,
                                         C2lPrecision precision,
                                         C2lOp *op,
                                         GError **error)
{
  const C2lFilteredLeakyRelu *params = &op->p.filtered;
  const C2lTensor *up_filter = op->in[UP_FILTER], *down_filter = op->in[DOWN_FILTER];
  const gsize up_taps = up_filter ? (gsize) up_filter->dims[0] : 1;
  Plan *plan = g_new0 (Plan, 1);
  gsize phase;

  plan->up = (gsize) params->up;
  plan->down = (gsize) params->down;
  plan->n_taps = (up_taps + plan->up - 1) / plan->up;
  plan->down_taps = down_filter ? (gsize) down_filter->dims[0] : 1;
  plan->up_is_2d = is_2d (up_filter);
  plan->down_is_2d = is_2d (down_filter);
  plan->up_weights = new_up_weights (plan, up_filter);
  plan->down_weights = new_down_weights (down_filter);
  plan->pad_left = params->padding[0];
  plan->pad_top = params->padding[2];

  const gsize n_up = ((gsize) op->out->dims[2] - 1) * plan->down + plan->down_taps;
  const gsize n_results = round_up ((gsize) op->out->dims[2], BLOCK);

  plan->first_sample = find_sample (plan, 0, plan->pad_left, &phase);
  plan->n_samples = (gsize) (find_sample (plan, (gint64) n_up - 1, plan->pad_left, &phase)
                             - plan->first_sample + 1);
  plan->row_width = round_up (plan->n_samples, BLOCK) + plan->n_taps - 1;
  plan->up_margin = plan->up - 1;
  plan->up_width = plan->up_margin
                   + MAX ((round_up (plan->n_samples, BLOCK) + 1) * plan->up,
                          n_results * plan->down + plan->down_taps);
  plan->ring_width = plan->down_is_2d ? plan->up_width : n_results;
  plan->size = count_scratch (plan) * sizeof (Vec);
  op->plan = plan;
  op->scratch_size = all_threads_scratch (plan->size);
  return TRUE;
}

void
C2L_ISA_NAME (c2l_cpu_filtered_release) (C2lDevice *device, C2lOp *op)
{
  Plan *plan = op->plan;

  g_free (plan->up_weights);
  g_free (plan->down_weights);
  g_clear_pointer (&op->plan, g_free);
}

/* A piece of work: 16 channels of one picture, and where its memory is. */
typedef struct
{
  const C2lOp *op;
  const Plan *plan;
  gsize batch, channel, n_channels;
  float *in_rows, *zero_row, *column_sums, *up_row, *ring, *out_row;
  gint64 loaded; /* input rows below this one are in in_rows */
  gint64 summed; /* the sample whose column_sums there are; separable filters */
  const float *up_rows[MAX_TAPS], *ring_rows[MAX_TAPS];
  Activation act;
  Vec bias;
} Piece;

static Vec
load_pixel (const C2lTensor *tensor, gsize offset, gsize n)
{
  float pixel[VEC] = { 0 };

  if (n == VEC && tensor->dtype == C2L_F32)
    return *(const Vec *) ((const float *) tensor->data + offset);
  if (n == VEC && tensor->dtype == C2L_BF16)
    return bf16_load_vec ((const guint16 *) tensor->data + offset);
  row_load (pixel, tensor, offset, n);
  return *(const Vec *) pixel;
}

static void
store_pixel (C2lTensor *tensor, gsize offset, const float *pixel, gsize n)
{
  if (n == VEC && tensor->dtype == C2L_F32)
    *(Vec *) ((float *) tensor->data + offset) = *(const Vec *) pixel;
  else if (n == VEC && tensor->dtype == C2L_BF16)
    bf16_store_vec ((guint16 *) tensor->data + offset, *(const Vec *) pixel);
  else
    row_store (tensor, offset, pixel, n);
}

/* Input row @y, biased, its channels side by side and padded with zeros to a whole vector. */
static void
piece_load_row (Piece *piece, gint64 y)
{
  const Plan *plan = piece->plan;
  const C2lTensor *x = piece->op->in[X];
  const gsize channels = (gsize) x->dims[3], size = c2l_dtype_get_size (x->dtype);
  const gint64 first = MAX (plan->first_sample, 0);
  const gint64 end = MIN (plan->first_sample + (gint64) plan->row_width, x->dims[2]);
  const gsize start = (gsize) ((gint64) piece->batch * x->dims[1] + y) * (gsize) x->dims[2];
  float *to = piece->in_rows + (gsize) y % plan->n_taps * plan->row_width * VEC;

  for (gint64 i = first; i < end; i++)
    {
      const gsize offset = (start + (gsize) i) * channels + piece->channel;

      /* Pixels are far apart in a picture of many channels: more than the processor looks ahead by
       * itself. */
      __builtin_prefetch ((const char *) x->data + (offset + PREFETCH * channels) * size);
      *(Vec *) (to + (i - plan->first_sample) * VEC)
          = load_pixel (x, offset, piece->n_channels) + piece->bias;
    }
}

/* Gathers the input rows from @sample on in piece->up_rows. */
static void
piece_find_rows (Piece *piece, gint64 sample)
{
  const Plan *plan = piece->plan;
  const gint64 height = piece->op->in[X]->dims[1], end = sample + (gint64) plan->n_taps;

  for (gint64 y = MAX (piece->loaded, MAX (sample, 0)); y < MIN (end, height); y++)
    {
      piece_load_row (piece, y);
      piece->loaded = y + 1;
    }
  for (gint64 y = sample; y < end; y++)
    piece->up_rows[y - sample]
        = y < 0 || y >= height ? piece->zero_row
                               : piece->in_rows + (gsize) y % plan->n_taps * plan->row_width * VEC;
}

/* Sums of columns for all phases that begin at @sample. */
static void
piece_sum_columns (Piece *piece, gint64 sample)
{
  const Plan *plan = piece->plan;
  const gsize n = plan->n_taps, size = plan->row_width * VEC;
  gsize phase = 0;

  piece_find_rows (piece, sample);
  for (; phase + 2 <= plan->up; phase += 2)
    rows_sum2 (piece->column_sums + phase * size, piece->column_sums + (phase + 1) * size,
               piece->up_rows, plan->up_weights + phase * n, plan->up_weights + (phase + 1) * n, n,
               plan->row_width);
  if (phase < plan->up)
    rows_sum (piece->column_sums + phase * size, piece->up_rows, plan->up_weights + phase * n, n,
              plan->row_width);
  piece->summed = sample;
}

/* Makes row @v of the up-sampled, activated picture; position 0 lies at @to. */
static void
piece_make_up_row (Piece *piece, gint64 v, float *to)
{
  const Plan *plan = piece->plan;
  const gsize n = plan->n_taps, weights_row = plan->up * n;
  const float *weights = plan->up_weights, *sums;
  gsize phase, step;
  const gint64 sample = find_sample (plan, v, plan->pad_top, &phase);
  const float *const *rows = piece->up_rows;
  gsize n_rows = n;

  if (plan->up_is_2d)
    {
      piece_find_rows (piece, sample);
      weights += phase * n * weights_row;
    }
  else
    {
      if (sample != piece->summed)
        piece_sum_columns (piece, sample);
      sums = piece->column_sums + phase * plan->row_width * VEC;
      rows = &sums;
      n_rows = 1;
    }
  to += (plan->first_sample * (gint64) plan->up + plan->pad_left) * VEC;
  for (phase = 0; phase < plan->up; phase += step)
    {
      step = MIN (2, plan->up - phase);
      row_up (to - phase * VEC, plan->up, rows, n_rows, weights + phase * n, weights_row, n, step,
              plan->n_samples, &piece->act);
    }
}

/* Makes row @v where the columns' filter will find it. */
static void
piece_push_row (Piece *piece, gint64 v)
{
  const Plan *plan = piece->plan;
  float *slot = piece->ring + (gsize) v % plan->down_taps * plan->ring_width * VEC;
  const float *up_row = piece->up_row + plan->up_margin * VEC;

  if (plan->down_is_2d)
    {
      piece_make_up_row (piece, v, slot + plan->up_margin * VEC);
      return;
    }
  piece_make_up_row (piece, v, piece->up_row + plan->up_margin * VEC);
  row_down (slot, &up_row, 1, plan->down_weights, plan->down_taps, plan->down,
            (gsize) piece->op->out->dims[2]);
}

static void
piece_emit_row (Piece *piece, gsize y)
{
  const Plan *plan = piece->plan;
  C2lTensor *out = piece->op->out;
  const gsize channels = (gsize) out->dims[3], width = (gsize) out->dims[2];
  const gsize start = (piece->batch * (gsize) out->dims[1] + y) * width;
  const gsize margin = plan->down_is_2d ? plan->up_margin : 0;

  for (gsize tap = 0; tap < plan->down_taps; tap++)
    piece->ring_rows[tap]
        = piece->ring
          + ((y * plan->down + tap) % plan->down_taps * plan->ring_width + margin) * VEC;
  if (plan->down_is_2d)
    row_down (piece->out_row, piece->ring_rows, plan->down_taps, plan->down_weights,
              plan->down_taps, plan->down, width);
  else
    rows_sum (piece->out_row, piece->ring_rows, plan->down_weights, plan->down_taps, width);
  for (gsize i = 0; i < width; i++)
    store_pixel (out, (start + i) * channels + piece->channel, piece->out_row + i * VEC,
                 piece->n_channels);
}

static void
run_piece (const C2lOp *op, gsize batch, gsize block, gsize strip, float *memory)
{
  const Plan *plan = op->plan;
  const C2lFilteredLeakyRelu *params = &op->p.filtered;
  const gsize channel = block * VEC;
  Piece piece
      = { .op = op,
          .plan = plan,
          .batch = batch,
          .channel = channel,
          .n_channels = MIN ((gsize) op->out->dims[3] - channel, VEC),
          .summed = G_MININT64,
          .act = { params->gain, params->slope, params->clamp > 0 ? params->clamp : INFINITY } };

  piece.in_rows = memory;
  piece.zero_row = piece.in_rows + plan->n_taps * plan->row_width * VEC;
  piece.column_sums = piece.zero_row + plan->row_width * VEC;
  piece.up_row = piece.column_sums + plan->up * plan->row_width * VEC;
  piece.ring = piece.up_row + plan->up_width * VEC;
  piece.out_row = piece.ring + plan->down_taps * plan->ring_width * VEC;
  memset (memory, 0, plan->size);
  if (op->in[BIAS])
    memcpy (&piece.bias, (const float *) op->in[BIAS]->data + channel,
            piece.n_channels * sizeof (float));

  const gsize end = MIN ((strip + 1) * STRIP, (gsize) op->out->dims[1]);
  gint64 next = (gint64) (strip * STRIP * plan->down);

  for (gsize y = strip * STRIP; y < end; y++)
    {
      for (; next < (gint64) (y * plan->down + plan->down_taps); next++)
        piece_push_row (&piece, next);
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
