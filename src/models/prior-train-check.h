/* Runs training on folders of expected results, as prior-check.h does for sampling. What a folder
 * holds is described by its info.json: sizes, loss, optimiser. */
#pragma once

#include "models/check.h"

G_BEGIN_DECLS

/* One batch: `param.NAME`, `buffer.NAME`, `latents` (already z-scored), `embeddings`, `t`, `noise`,
 * `drop_uniform` → `loss`, `grad.NAME`. */
gboolean c2l_training_loss_check (C2lExpected *expected, C2lDevice *device, C2lPrecision precision,
                                  C2lCheckReport report, gpointer user_data, GError **error);

/* A run of the original's train(): `init.*`, `latent_mean`, `latent_std`, `raw_latents`,
 * `embeddings`, `t`, `noise`, `drop_uniform` [steps, …] → `loss` [steps], `stepN.online.NAME`,
 * `stepN.ema.NAME`, `final.*`. */
gboolean c2l_training_trajectory_check (C2lExpected *expected, C2lDevice *device, C2lPrecision precision,
                                        C2lCheckReport report, gpointer user_data, GError **error);

/* `A.x`, `A.noise_raw` → `A.out` (A: the noise's scale). */
gboolean c2l_training_noise_check (C2lExpected *expected, C2lDevice *device, C2lPrecision precision,
                                   C2lCheckReport report, gpointer user_data, GError **error);

G_END_DECLS
