/* The mapping network of StyleGAN2 and StyleGAN3: z [B, z_dim] and a class label [B, c_dim] become
 * w [B, w_dim] (Karras et al. 2019, 2020). Layers, widths and the kind of embedding come from the
 * file's tensors. */
#pragma once

#include "compute/ops.h"
#include "models/loader.h"

G_BEGIN_DECLS

typedef struct
{
  gint64 z_dim;      /* 0: the label alone */
  gint64 c_dim;      /* 0: no labels */
  gint64 w_dim;
  C2lActivation act;
  float act_gain;
  C2lDense embed;    /* empty where c_dim is 0 */
  GArray *layers;    /* of C2lDense */
  C2lTensor *w_avg;  /* [w_dim] (nullable): truncation is impossible then */
  float *w_avg_host; /* the same */
} C2lMapping;

/* Remembers errors in @loader; the result is never NULL and freed by the caller even then. */
C2lMapping *c2l_mapping_load (C2lLoader *loader, JsonObject *config);
void        c2l_mapping_free (C2lMapping *mapping);

/* The activation that a configuration object (nullable) names, leaky ReLU by default, with the gain
 * that belongs to it: in the mapping network and in StyleGAN2's convolutions. */
void        c2l_mapping_load_activation (C2lLoader *loader, JsonObject *config, C2lActivation *act,
                                         float *gain);

/* c2l_mapping_forward:
 * @z: [B, z_dim] (nullable where z_dim is 0)   @c: [B, c_dim], NULL where c_dim is 0
 * @psi: [1] truncation, or NULL for none
 * @cutoff: the first so many of the @num_ws latents are truncated; negative: all
 * Returns ws, [B, num_ws, w_dim]. */
C2lTensor  *c2l_mapping_forward (C2lMapping *mapping, C2lPass *pass, C2lTensor *z, C2lTensor *c,
                                 C2lTensor *psi, int cutoff, int num_ws);

G_END_DECLS
