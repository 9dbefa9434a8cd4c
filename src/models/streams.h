/* Streams of the counter-based generator (c2l_random_normal) that the models draw from. A picture's seed
 * and index say which picture, the stream says what for; two uses must never share one. Recipes depend
 * on these numbers: they do not change. The low 16 bits count steps or layers. */
#pragma once

#define C2L_STREAM_LATENT_START 0x10000 /* the noise that a sampler starts from */
#define C2L_STREAM_LATENT_STEP 0x20000  /* + index of the sampler's step, the first one 0 */
#define C2L_STREAM_LAYER_NOISE 0x30000  /* + index of the noise layer, lowest resolution first */
#define C2L_STREAM_Z 0x40000            /* z of pictures without a prompt */
#define C2L_STREAM_VARIATION 0x50000    /* steps away from a latent: variations, more like these */
#define C2L_STREAM_FRESH 0x60000        /* weights of a new prior */
/* Training. The first two give the key of a step, or of an evaluation, out of the seed; the others
 * belong to such keys, with the row of the batch in the picture's place. */
#define C2L_STREAM_TRAIN_STEP 0x70000
#define C2L_STREAM_TRAIN_EVALUATION 0x70001
#define C2L_STREAM_TRAIN_ROW 0x70002 /* time step, and whether the condition is dropped */
#define C2L_STREAM_TRAIN_NOISE 0x70003
#define C2L_STREAM_TRAIN_EMBED_NOISE 0x70004
#define C2L_STREAM_MIX 0x80000          /* which styles a sample of a data set mixes */
#define C2L_STREAM_SHUFFLE 0x90000      /* which sample leaves the shuffle buffer; counts samples instead of pictures */
