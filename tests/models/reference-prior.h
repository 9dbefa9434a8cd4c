/* The loss of a training step once more, in double precision and with plain loops (tests/compute/reference.h): the original's
 * network to the letter, every token in every layer. */
#pragma once

#include "models/prior-train.h"

G_BEGIN_DECLS

typedef struct _RefPrior RefPrior;

/* @prefix: of the arrays' names, "diffusion_prior.". What is not in the arrays comes from @info. */
RefPrior *ref_prior_new (C2lWeights *weights, const char *prefix, const C2lPriorInfo *info);
void      ref_prior_free (RefPrior *prior);

/* An array's numbers, to be changed for differences. */
double   *ref_prior_get (RefPrior *prior, const char *name, gsize *n);

/* @batch has all draws. @mean, @std: (nullable) [L, D]. */
double    ref_prior_loss (RefPrior *prior, const C2lPriorTrainBatch *batch, const float *mean, const float *std,
                          double embed_noise_scale, C2lLossKind kind);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RefPrior, ref_prior_free)

G_END_DECLS
