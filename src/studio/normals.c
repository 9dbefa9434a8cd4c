/* Philox and Box–Muller as compute/philox.h describes them, in plain double precision. */
#include "studio/normals.h"

#include "compute/philox.h"

#include <math.h>

void
c2l_normals_fill (guint64 seed, guint32 index, guint32 stream, float *normals, gsize n)
{
  const guint32 key[2] = { (guint32) seed, (guint32) (seed >> 32) };

  for (gsize i = 0; i < n; i += 4)
    {
      const guint32 counter[4] = { (guint32) (i / 4), stream, index, 0 };
      guint32 words[4];

      c2l_philox (key, counter, words);
      for (gsize j = i; j < MIN (i + 4, n); j++)
        {
          gsize pair = (j - i) / 2;
          double radius = sqrt (-2 * log ((words[2 * pair] + 0.5) * 0x1p-32));
          double angle = 2 * G_PI * ((words[2 * pair + 1] + 0.5) * 0x1p-32);

          normals[j] = (float) (radius * ((j - i) % 2 == 0 ? cos (angle) : sin (angle)));
        }
    }
}
