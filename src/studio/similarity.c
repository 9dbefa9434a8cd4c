/* How near two embeddings are, as the original scores a picture against its prompt. */
#include "studio/similarity.h"

#include <math.h>

double
c2l_similarity_cosine (const float *a, const float *b, int n)
{
  double ab = 0, aa = 0, bb = 0;

  for (int i = 0; i < n; i++)
    {
      ab += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
  return ab / MAX (sqrt (aa) * sqrt (bb), 1e-8);
}
