/* Generators in NVIDIA's pickles of the PyTorch era: { "G_ema": persistence object, … }. */
#pragma once

#include "formats/pickle.h"

G_BEGIN_DECLS

/* Whether @root is such a dictionary, or a persistence object itself. */
gboolean    c2l_stylegan_pickle_detect (C2lPickle *pickle, const C2lPickleValue *root);
/* G_ema's tensors and configuration as weights.h says. Takes @pickle, on errors too. */
C2lWeights *c2l_stylegan_pickle_read (C2lPickle *pickle, const char *path, GError **error);

G_END_DECLS
