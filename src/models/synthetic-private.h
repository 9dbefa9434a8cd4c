/* How synthetic weights are filled; shared by the files that know the models' names. */
#pragma once

#include "models/synthetic.h"

G_BEGIN_DECLS

typedef struct
{
  C2lWeights *weights;
  guint64 state;
  /* quantiles of the normal distribution: one look-up a weight is all there is time for */
  float normals[4096];
  guint16 normals_f16[4096];
} C2lFiller;

/* Adds normal numbers of the given mean and deviation; @dtype is F32 or F16. */
void c2l_filler_add_normal (C2lFiller *filler, C2lDtype dtype, float mean, float deviation, int n_dims,
                            const gint64 *dims, const char *format, ...) G_GNUC_PRINTF (7, 8);
void c2l_filler_add_values (C2lFiller *filler, const float *values, int n_dims, const gint64 *dims,
                            const char *format, ...) G_GNUC_PRINTF (5, 6);

/* synthetic-generators.c and synthetic-transformers.c; the configuration is set too. */
void c2l_synthetic_fill_stylegan2 (C2lFiller *filler);
void c2l_synthetic_fill_stylegan3 (C2lFiller *filler);
void c2l_synthetic_fill_prior (C2lFiller *filler);
void c2l_synthetic_fill_clip (C2lFiller *filler);

G_END_DECLS
