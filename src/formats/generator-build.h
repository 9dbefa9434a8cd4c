/* Building the state dict and config of NVIDIA's PyTorch StyleGAN2 from a file that spells them
 * differently. */
#pragma once

#include "formats/weights.h"

G_BEGIN_DECLS

/* What a StyleGAN2 is beside its tensors; see weights.h. */
typedef struct
{
  int z_dim;
  int c_dim;
  int w_dim;
  int img_resolution;
  int img_channels;
  int mapping_layers;
  double lr_multiplier;
  double w_avg_beta;
  const char *architecture;
  double conv_clamp; /* 0: none */
  gboolean use_noise;
  const float *filter; /* separable */
  int n_taps;
} C2lGeneratorShape;

/* Sets @weights' config, and adds the resample_filter buffers of all blocks. FALSE for impossible
 * sizes. */
gboolean c2l_generator_build_config (C2lWeights *weights, const C2lGeneratorShape *shape, GError **error);

/* Adds @values, @length of them, as float32 under @name. */
gboolean c2l_generator_add (C2lWeights *weights, const char *name, int n_dims, const gint64 *dims, const float *values,
                            GError **error);

G_END_DECLS
