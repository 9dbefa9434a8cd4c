/* Priors with made-up weights, in shapes that no fixture has. */
#pragma once

#include "models/prior.h"

G_BEGIN_DECLS

typedef struct
{
  const char *name;
  int dim, depth, heads, head_dim;
  int n_latents;                 /* 0: a plain prior with one latent */
  int n_text, n_time, n_image;   /* 0: 1 */
  int n_timesteps;
  gboolean sinusoidal;           /* no table of time steps */
  gboolean normformer;
  gboolean no_rotary;
  const char *diffusion;         /* (nullable): more members of model.diffusion */
} MadePrior;

/* Tensors under "ema_diffusion_prior.ema_model.". */
C2lWeights *made_prior_weights (const MadePrior *shape);
JsonObject *made_prior_config (const MadePrior *shape);
C2lPrior   *made_prior_load (const MadePrior *shape, C2lDevice *device);

G_END_DECLS
