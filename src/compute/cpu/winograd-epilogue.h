/* What happens to 16 channels of one pixel on the way out: demodulation, noise, bias, activation, gain, clamp, residual,
 * rounding. The gain is multiplied into the others: the activations allowed here commute with it. */
#pragma once

#include "compute/cpu/winograd-private.h"
#include "compute/cpu/winograd-simd.h"

#include <math.h>

typedef struct
{
  int n;                /* channels that exist, ≤ 16 */
  gsize channels;       /* of the result */
  C2lLanes demod, bias, slope, limit;
  float noise_strength;
  const float *noise;   /* (nullable): of this picture */
  const float *residual;/* (nullable): of this picture, at the first of the channels */
  gpointer y;           /* the same place of the result */
  gboolean to_bf16;
} C2lEpilogueLanes;

static inline C2lEpilogueLanes
epilogue_new (const C2lWinograd *plan, const C2lWinogradArgs *args, int b, int channel)
{
  const C2lWinogradShape *shape = &plan->shape;
  gsize channels = shape->out_channels, picture = (gsize) plan->out_height * plan->out_width * channels;
  int n = CLAMP (shape->out_channels - channel, 0, 16);
  C2lEpilogueLanes e = { .n = n, .channels = channels, .to_bf16 = shape->out_dtype == C2L_BF16 };

  e.demod = lanes_set (plan->gain);
  if (args->demod)
    e.demod *= lanes_load_some (args->demod + b * channels + channel, n);
  e.bias = lanes_set (0);
  if (args->bias)
    e.bias = lanes_load_some (args->bias + channel, n) * plan->gain;
  e.slope = lanes_set (plan->slope);
  e.limit = lanes_set (shape->clamp > 0 ? shape->clamp : INFINITY);
  e.noise_strength = args->noise_strength * plan->gain;
  e.noise = args->noise ? args->noise + b * args->noise_stride : NULL;
  e.residual = args->residual ? args->residual + b * picture + channel : NULL;
  e.y = (char *) args->y + (b * picture + channel) * c2l_dtype_get_size (shape->out_dtype);
  return e;
}

/* Stores what becomes of @sum at @pixel (row · width + column). */
C2L_INLINE void
epilogue_store (const C2lEpilogueLanes *e, C2lLanes sum, gsize pixel)
{
  C2lLanes offset = e->bias, value;

  if (e->noise)
    offset += lanes_set (e->noise[pixel] * e->noise_strength);
  value = sum * e->demod + offset;
  value = lanes_max (value, value * e->slope);
  value = lanes_max (lanes_min (value, e->limit), -e->limit);
  if (G_LIKELY (e->n == 16))
    {
      if (e->residual)
        value += lanes_load (e->residual + pixel * e->channels);
      if (e->to_bf16)
        lanes_store_bf16 ((guint16 *) e->y + pixel * e->channels, value);
      else
        lanes_store ((float *) e->y + pixel * e->channels, value);
      return;
    }
  for (int c = 0; c < e->n; c++)
    {
      float v = value[c] + (e->residual ? e->residual[pixel * e->channels + c] : 0);

      if (e->to_bf16)
        ((guint16 *) e->y)[pixel * e->channels + c] = c2l_f32_to_bf16 (v);
      else
        ((float *) e->y)[pixel * e->channels + c] = v;
    }
}
