/* From a text embedding to a generator's latent: the loop over the prior's time steps, recorded as
 * a whole in one pass.
 *
 *   C2lSamplerParams params = { .kind = C2L_SAMPLER_REFERENCE, .steps = 4, .guided = TRUE,
 *                               .n_pictures = 16, .text = text, .guidance = guidance,
 *                               .truncation = psi, .keys = keys };
 *   if (!c2l_sampler_check (prior, &params, &error)) …
 *   C2lTensor *ws = c2l_sampler_forward (prior, pass, &params);
 *
 * Guidance and truncation are inputs of the pass, so they may change between runs. */
#pragma once

#include "models/prior.h"

G_BEGIN_DECLS

typedef enum
{
  /* clip2latent's ancestral steps, quirks included: starts at T − skip, noise of the unspaced
   * chain */
  C2L_SAMPLER_REFERENCE,
  C2L_SAMPLER_DDPM, /* ancestral steps with the variance of the spaced chain (Ho et al. 2020) */
  C2L_SAMPLER_DDIM,      /* deterministic (Song et al. 2021, η = 0) */
  C2L_SAMPLER_DPMPP_2M,  /* deterministic, second order (Lu et al. 2022, DPM-Solver++ 2M) */
  C2L_N_SAMPLERS
} C2lSamplerKind;

typedef struct
{
  C2lSamplerKind kind;
  int steps; /* N; 0: T / skip. `reference` needs a divisor of T, the others any from 1 to T */
  int skip;              /* clip2latent's measure; only looked at where steps is 0 */
  gboolean guided;       /* FALSE: guidance scale 1 exactly, half of the work */
  int n_pictures;        /* B; 0: P */
  C2lTensor *text; /* [P, D], not normalised; P divides B, picture b is of prompt b / (B / P) */
  C2lTensor *guidance;   /* [1], where guided: null + (cond − null) · guidance */
  /* (nullable): [1] ψ: mean + (latent − mean) · ψ; the original ignores ψ ≥ 1 */
  C2lTensor *truncation;
  C2lTensor *keys;       /* i32 [B, 4] of c2l_random_normal(), or NULL with draws */
  /* (nullable): recorded noise [n, B, L, D], n ≥ c2l_sampler_get_n_draws(): the start, then one a
   * step */
  C2lTensor *draws;
} C2lSamplerParams;

/* One step of the loop: x' = x0·c_x0 + previous x0·c_previous + x·c_x + noise·sigma. */
typedef struct
{
  int t;
  float c_x0, c_previous, c_x, sigma;
  float recip, recipm1; /* x0 = x·recip − ε·recipm1 */
} C2lSamplerStep;

/* Says what is wrong with @params (kind, steps, guided; the tensors are not looked at), and what to
 * choose instead. */
gboolean        c2l_sampler_check (const C2lPrior *prior, const C2lSamplerParams *params, GError **error);

/* For params that c2l_sampler_check() accepts: N, and how many recorded draws a run reads at
 * most. */
int             c2l_sampler_get_n_steps (const C2lPrior *prior, const C2lSamplerParams *params);
int             c2l_sampler_get_n_draws (const C2lPrior *prior, const C2lSamplerParams *params);
C2lSamplerStep *c2l_sampler_plan (const C2lPrior *prior, const C2lSamplerParams *params);

/* Returns latents for the generator: [B, num_ws, D]. */
C2lTensor      *c2l_sampler_forward (const C2lPrior *prior, C2lPass *pass, const C2lSamplerParams *params);

/* "reference", "ddpm", "ddim", "dpm++2m" */
gboolean        c2l_sampler_kind_from_name (const char *name, C2lSamplerKind *kind);
const char     *c2l_sampler_kind_get_name (C2lSamplerKind kind);

G_END_DECLS
