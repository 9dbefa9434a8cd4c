/* C2lPrior: the network that predicts a generator's latent from a text embedding (Ramesh et al.
 * 2022; DiffusionPriorNetwork of dalle2-pytorch 0.2.38, and clip2latent's WPlusPriorNetwork for
 * several latents). Sizes come from the checkpoint, the rest from the configuration beside it. The
 * loop over time steps is in sampler.h.
 *
 *   g_autoptr (C2lPrior) prior = c2l_prior_load (weights, C2L_PRIOR_EMA, config, device, &error);
 *   C2lTensor *x0 = c2l_prior_forward (prior, pass, x_t, t, text, NULL);
 *
 * A loaded prior does not change; it must outlive the passes that were recorded with it. */
#pragma once

#include "compute/pass.h"
#include "formats/weights.h"
#include "models/schedule.h"

G_BEGIN_DECLS

typedef struct _C2lPrior C2lPrior;

/* Which of a checkpoint's two sets of weights. */
typedef enum
{
  C2L_PRIOR_EMA,   /* ema_diffusion_prior.ema_model.*: what the original draws with */
  C2L_PRIOR_ONLINE /* diffusion_prior.*: what is being trained */
} C2lPriorSet;

typedef struct
{
  int dim;       /* D: of embeddings, latents and the network */
  int depth, heads, head_dim;
  int n_latents; /* L */
  /* tokens of text, time step and noisy latents */
  int n_text_tokens, n_time_tokens, n_image_tokens;
  int n_tokens;  /* T: those, and L learned queries */
  int n_timesteps;
  int num_ws;    /* rows of a finished latent: the sum of latent_repeats */
  const int *latent_repeats; /* [L] */
  C2lScheduleKind beta_schedule;
  gboolean predict_x_start; /* else ε */
  gboolean has_stats;       /* latents are z-scored, hence truncation is possible */
  double cond_drop_prob;    /* 0: trained without dropping the text, so guidance is impossible */
  double image_embed_scale, text_embed_scale;
} C2lPriorInfo;

/* @config: (nullable): the configuration (model.network, model.diffusion, data, train); without
 * one, the `cfg` in the checkpoint, and without that the values of the published models. What it
 * says about sizes must agree with the file. NULL and a message that names the tensor or the
 * setting where something is missing, damaged or contradictory. */
C2lPrior           *c2l_prior_load (C2lWeights *weights, C2lPriorSet set, JsonObject *config,
                                    C2lDevice *device, GError **error);
void                c2l_prior_free (C2lPrior *prior);

const C2lPriorInfo *c2l_prior_get_info (const C2lPrior *prior);
const C2lSchedule  *c2l_prior_get_schedule (const C2lPrior *prior);
/* [L, D], weights; NULL without has_stats. */
C2lTensor          *c2l_prior_get_latent_mean (const C2lPrior *prior);
C2lTensor          *c2l_prior_get_latent_std (const C2lPrior *prior);

/* c2l_prior_forward:
 * @x_t: [B, L, D] noisy latents   @t: i32 [B] (or [1]) time steps   @text: [B, D] embeddings, times
 * text_embed_scale
 * @key_mask: (nullable): u8 [B, T], see c2l_prior_fill_key_mask()
 * Returns x₀ or ε, [B, L, D]. Taps act.layerN.attn and act.layerN.ff (before the residual), [B, T,
 * D]. */
C2lTensor          *c2l_prior_forward (const C2lPrior *prior, C2lPass *pass, C2lTensor *x_t, C2lTensor *t,
                                       C2lTensor *text, C2lTensor *key_mask);

/* Fills @mask [B, T] so that the text of row b is seen where keep[b], and dropped elsewhere. */
void                c2l_prior_fill_key_mask (const C2lPrior *prior, int batch, const gboolean *keep,
                                             guint8 *mask);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lPrior, c2l_prior_free)

G_END_DECLS
