/* What happens to 32 channels of one pixel on the way out: demodulation, noise, bias, activation, gain, clamp, residual,
 * rounding. The gain is multiplied into the others: the activations allowed here commute with it.
 *
 * Pictures that no cache holds are stored past the caches: reading the lines before they are overwritten would cost as
 * much as the writing. */
#pragma once

#include "compute/cpu/winograd-private.h"
#include "compute/cpu/winograd-simd.h"

#include <math.h>

typedef enum
{
  STORE_F32,
  STORE_F32_PAST_CACHES,
  STORE_BF16,
  STORE_BF16_PAST_CACHES,
  N_STORES
} Store;

typedef struct
{
  int n;                /* channels that exist, ≤ 32 */
  gsize channels;       /* of the result */
  C2lLanes demod[2], bias[2], slope, limit;
  float noise_strength;
  const float *noise;   /* (nullable): of this picture */
  const float *residual;/* (nullable): of this picture, at the first of the channels */
  gpointer y;           /* the same place of the result */
} Epilogue;

static inline Store
epilogue_get_store (const C2lWinograd *plan, const C2lWinogradArgs *args)
{
  gboolean bf16 = plan->shape.out_dtype == C2L_BF16;
  gboolean past = plan->stores_past_caches && ((gsize) args->y & 63) == 0;

  return (bf16 ? STORE_BF16 : STORE_F32) + past;
}

static inline Epilogue
epilogue_new (const C2lWinograd *plan, const C2lWinogradArgs *args, int b, int channel)
{
  const C2lWinogradShape *shape = &plan->shape;
  gsize channels = shape->out_channels, picture = (gsize) plan->out_height * plan->out_width * channels;
  Epilogue e = { .n = CLAMP (shape->out_channels - channel, 0, 32), .channels = channels };

  for (int k = 0; k < 2; k++)
    {
      int n = CLAMP (e.n - 16 * k, 0, 16);

      e.demod[k] = lanes_set (plan->gain);
      if (args->demod)
        e.demod[k] *= lanes_load_some (args->demod + b * channels + channel + 16 * k, n);
      e.bias[k] = lanes_set (0);
      if (args->bias)
        e.bias[k] = lanes_load_some (args->bias + channel + 16 * k, n) * plan->gain;
    }
  e.slope = lanes_set (plan->slope);
  e.limit = lanes_set (shape->clamp > 0 ? shape->clamp : INFINITY);
  e.noise_strength = args->noise_strength * plan->gain;
  e.noise = args->noise ? args->noise + b * args->noise_stride : NULL;
  e.residual = args->residual ? args->residual + b * picture + channel : NULL;
  e.y = (char *) args->y + (b * picture + channel) * c2l_dtype_get_size (shape->out_dtype);
  return e;
}

C2L_INLINE C2lLanes
epilogue_finish (const Epilogue *e, int k, C2lLanes sum, C2lLanes demod, C2lLanes noise)
{
  C2lLanes value = sum * demod + (e->bias[k] + noise);

  value = lanes_max (value, value * e->slope);
  return lanes_max (lanes_min (value, e->limit), -e->limit);
}

/* The channels of one pixel that do not fill 32. */
static void __attribute__ ((noinline))
epilogue_store_some (const Epilogue *e, gboolean to_bf16, C2lLanes left, C2lLanes right, gsize pixel)
{
  float values[32];

  lanes_store (values, left);
  lanes_store (values + 16, right);
  for (int c = 0; c < e->n; c++)
    {
      gsize index = pixel * e->channels + c;
      float value = values[c] + (e->residual ? e->residual[index] : 0);

      if (to_bf16)
        ((guint16 *) e->y)[index] = c2l_f32_to_bf16 (value);
      else
        ((float *) e->y)[index] = value;
    }
}

/* Stores what becomes of the sums @left and @right at @pixel (row · width + column). @demod: e->demod, times the scale of
 * the sums. */
C2L_INLINE void
epilogue_store (const Epilogue *e, Store store, const C2lLanes demod[2], C2lLanes left, C2lLanes right, gsize pixel)
{
  C2lLanes noise = lanes_set (e->noise ? e->noise[pixel] * e->noise_strength : 0);
  gsize index = pixel * e->channels;

  left = epilogue_finish (e, 0, left, demod[0], noise);
  right = epilogue_finish (e, 1, right, demod[1], noise);
  if (G_UNLIKELY (e->n < 32))
    {
      epilogue_store_some (e, store >= STORE_BF16, left, right, pixel);
      return;
    }
  if (e->residual)
    {
      left += lanes_load (e->residual + index);
      right += lanes_load (e->residual + index + 16);
    }
  if (store == STORE_F32)
    {
      lanes_store ((float *) e->y + index, left);
      lanes_store ((float *) e->y + index + 16, right);
    }
  else if (store == STORE_F32_PAST_CACHES)
    {
      lanes_stream ((float *) e->y + index, left);
      lanes_stream ((float *) e->y + index + 16, right);
    }
  else
    lanes_store_pair_bf16 ((guint16 *) e->y + index, left, right, store == STORE_BF16_PAST_CACHES);
}
