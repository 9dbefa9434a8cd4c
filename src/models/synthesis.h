/* What a synthesis network is asked for beside its latents; shared by the generators and their
 * common face. */
#pragma once

#include "compute/ops.h"

G_BEGIN_DECLS

typedef enum
{
  C2L_NOISE_CONST,  /* the pictures of noise in the file: no variation */
  C2L_NOISE_RANDOM, /* drawn for each picture, as the original does by default */
  C2L_NOISE_NONE
} C2lNoiseMode;

/* One layer that takes noise: its name ("b8.conv0") and the size of the noise, [B, resolution,
 * resolution]. */
typedef struct
{
  const char *name;
  int resolution;
} C2lNoiseLayer;

/* Everything may be zero: constant noise, full size, the file's own transform.
 *
 * Random noise comes from @noise if that is given (an array of a tensor a noise layer, [1 or B, R,
 * R]; a NULL entry means none there), else it is drawn with @noise_keys (i32 [B, 4], see
 * c2l_random_normal) and stream C2L_STREAM_LAYER_NOISE + index of the layer. */
typedef struct
{
  C2lNoiseMode noise_mode;
  C2lTensor *const *noise;
  C2lTensor *noise_keys;
  /* stop at this size, for previews; 0, or where there are none: the full picture */
  int max_resolution;
  /* [3, 3], StyleGAN3: moves the picture, see c2l_generator_make_transform() */
  C2lTensor *transform;
} C2lSynthesis;

G_END_DECLS
