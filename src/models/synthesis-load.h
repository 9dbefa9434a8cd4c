/* What the loaders of StyleGAN2's and StyleGAN3's synthesis networks share. */
#pragma once

#include "models/loader.h"

G_BEGIN_DECLS

#define C2L_SYNTHESIS_MAX_SIZE 4096 /* of pictures: four times the largest published network */

/* The weight "synthesis.NAME.weight" [O, @n_in, k, k] of a convolution, k 1 or 3; NULL and a mistake of
 * @loader for anything else. */
const C2lArray *c2l_synthesis_need_kernel (C2lLoader *loader, const char *name, gint64 n_in);

/* Taps along one axis of a filter from c2l_loader_get_filter(); 1 for NULL. */
int             c2l_synthesis_count_taps (C2lTensor *filter);

/* "conv_clamp" of a configuration object (nullable). */
float           c2l_synthesis_load_clamp (C2lLoader *loader, JsonObject *config, float fallback);

/* What the whole network's configuration says of its sizes must be what its tensors make them. */
void            c2l_synthesis_check_stated (C2lLoader *loader, JsonObject *config, int num_ws,
                                            int img_resolution, int img_channels);

G_END_DECLS
