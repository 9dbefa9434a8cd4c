/* Generators of rosinality's StyleGAN2: { "g_ema": state dict, "latent_avg": tensor }. */
#pragma once

#include "formats/pickle.h"

G_BEGIN_DECLS

gboolean    c2l_rosinality_detect (C2lPickle *pickle, const C2lPickleValue *root);
/* The generator under NVIDIA's names. Takes @pickle, on errors too. */
C2lWeights *c2l_rosinality_read (C2lPickle *pickle, const char *path, GError **error);

G_END_DECLS
