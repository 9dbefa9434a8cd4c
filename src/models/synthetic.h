/* Made-up weights of the published models' sizes, for benchmarks and memory checks on machines that
 * have none of the files. The same seed gives the same weights. They are of sensible scale, so that
 * nothing overflows or vanishes on the way; the pictures are noise. */
#pragma once

#include "formats/weights.h"

G_BEGIN_DECLS

typedef enum
{
  C2L_SYNTHETIC_STYLEGAN2_1024,   /* configuration F, 30 M parameters */
  C2L_SYNTHETIC_STYLEGAN3_T_256,  /* as lhq-256-stylegan3-t, 25 M */
  C2L_SYNTHETIC_PRIOR_MID,        /* EMA names of a checkpoint, 49 M */
  C2L_SYNTHETIC_CLIP_VIT_B_32,    /* OpenAI's names and types (matrices in float16), 151 M */
  C2L_N_SYNTHETIC
} C2lSyntheticKind;

/* "stylegan2-1024", … */
const char *c2l_synthetic_get_name (C2lSyntheticKind kind);
C2lWeights *c2l_synthetic_new (C2lSyntheticKind kind, guint64 seed);

G_END_DECLS
