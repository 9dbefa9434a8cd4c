/* C2lSampling: the random part of pictures, where it starts and how it is sampled. Plain values without a model behind them, so that
 * a window may fill them in. */
#pragma once

#include "studio/recipe.h"

G_BEGIN_DECLS

typedef struct
{
  guint64 seed;
  guint32 first_index;
  int n;
  const char *sampler; /* lent */
  int steps;
  double guidance;
  double truncation;
  C2lNoiseKind noise;
  guint64 noise_seed;
  double move_x, move_y, turn; /* as in C2lRecipe */
  int label;           /* class for class-conditional generators, from z only */
} C2lSampling;

G_END_DECLS
