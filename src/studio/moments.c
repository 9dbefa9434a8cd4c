/* Mean and standard deviation in two passes, so that a spread that is small beside the mean keeps
 * its digits. */
#include "studio/moments.h"

#include <math.h>

void
c2l_moments (const float *x, gsize n, gsize width, float *mean, float *std)
{
  g_autofree double *sum = g_new0 (double, width), *square = g_new0 (double, width);

  for (gsize i = 0; i < n; i++)
    for (gsize j = 0; j < width; j++)
      sum[j] += x[i * width + j];
  for (gsize j = 0; j < width; j++)
    sum[j] /= n;
  for (gsize i = 0; std != NULL && i < n; i++)
    for (gsize j = 0; j < width; j++)
      {
        double d = x[i * width + j] - sum[j];
        square[j] += d * d;
      }
  for (gsize j = 0; j < width; j++)
    {
      if (mean != NULL)
        mean[j] = sum[j];
      if (std != NULL)
        std[j] = sqrt (square[j] / n);
    }
}
