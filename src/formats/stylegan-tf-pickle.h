/* Generators in NVIDIA's pickles of the TensorFlow era: a tuple (G, D, Gs) of
 * dnnlib.tflib.network.Network. */
#pragma once

#include "formats/pickle.h"

G_BEGIN_DECLS

gboolean    c2l_stylegan_tf_pickle_detect (const C2lPickleValue *root);
/* Gs under the names of the PyTorch era. Takes @pickle, on errors too. */
C2lWeights *c2l_stylegan_tf_pickle_read (C2lPickle *pickle, const char *path, GError **error);

G_END_DECLS
