/* Mean and spread of many vectors. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* c2l_moments:
 * @x: [@n, @width]   @mean, @std: (nullable): [@width], the arithmetic mean and the standard deviation (of the population) of each channel.
 * Summed in double precision. */
void c2l_moments (const float *x, gsize n, gsize width, float *mean, float *std);

G_END_DECLS
