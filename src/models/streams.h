/* Streams of the counter-based generator (c2l_random_normal) that the models draw from. A picture's seed and index say
 * which picture, the stream says what for; two uses must never share one. Recipes depend on these numbers: they do not
 * change. The low 16 bits count steps or layers. */
#pragma once

#define C2L_STREAM_LAYER_NOISE 0x30000 /* + index of the noise layer, lowest resolution first */
#define C2L_STREAM_Z 0x40000           /* z of pictures without a prompt */
