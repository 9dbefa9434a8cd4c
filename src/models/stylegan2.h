/* StyleGAN2's synthesis network (Karras et al. 2020; NVIDIA's PyTorch networks of 2021,
 * architectures skip, orig and resnet): latents ws [B, num_ws, w_dim] become a picture [B, R, R,
 * C].
 *
 * stylegan2-load.c reads it from a file, stylegan2.c records it. The convolution's weights are
 * those of the file: modulation and demodulation scale what goes in and comes out (c2l_conv). */
#pragma once

#include "models/loader.h"
#include "models/synthesis.h"

G_BEGIN_DECLS

typedef enum
{
  C2L_STYLEGAN2_SKIP,   /* every block adds to a running picture: previews are possible */
  C2L_STYLEGAN2_ORIG,   /* only the last block makes a picture */
  C2L_STYLEGAN2_RESNET  /* the same, with residual blocks */
} C2lStylegan2Architecture;

/* A modulated convolution with noise, bias and leaky ReLU. */
typedef struct
{
  char *name;           /* "b8.conv0"; NULL: the block has no such layer */
  int resolution;       /* of its result */
  int up;               /* 1 or 2 */
  int kernel;           /* 1 or 3 */
  /* its filter is not the usual 4×4: the picture is up-sampled first, and @weight is kept flipped */
  gboolean presampled;
  C2lDense affine;      /* w → styles */
  C2lTensor *weight;    /* [O, I, k, k] */
  C2lTensor *bias;      /* [O] */
  C2lTensor *filter;    /* (nullable): of up-sampling; NULL is one tap */
  gint64 n_taps;
  C2lTensor *noise_const; /* [1, R, R] (nullable) */
  float noise_strength;
  int noise_index;      /* among the network's noise layers; −1: takes none */
} C2lStylegan2Conv;

typedef struct
{
  int resolution;
  C2lStylegan2Conv conv0, conv1; /* conv0 is empty in the first block */
  gboolean has_torgb;
  C2lDense torgb_affine;         /* 1/√in is applied */
  C2lTensor *torgb_weight;       /* [C, I, 1, 1] */
  C2lTensor *torgb_bias;
  C2lTensor *filter;             /* (nullable): up-samples the running picture */
  gint64 n_taps;
  C2lTensor *skip_weight;        /* resnet: [O, I, 1, 1], gain √½/√in applied */
  C2lTensor *skip_filter;
  gint64 n_skip_taps;
} C2lStylegan2Block;

typedef struct
{
  C2lStylegan2Architecture architecture;
  gint64 w_dim;
  int num_ws, img_resolution, img_channels;
  C2lActivation act;      /* of every convolution but toRGB */
  float act_gain;
  float clamp;            /* of every convolution and toRGB; 0: none */
  C2lTensor *constant;    /* [1, 4, 4, C] */
  GPtrArray *blocks;      /* of C2lStylegan2Block, from 4×4 up */
  GArray *noise_layers;   /* of C2lNoiseLayer, names lent by the blocks */
} C2lStylegan2;

/* Remembers errors in @loader; the result is never NULL and freed by the caller even then. */
C2lStylegan2 *c2l_stylegan2_load (C2lLoader *loader, JsonObject *config, gint64 w_dim);
void          c2l_stylegan2_free (C2lStylegan2 *network);

C2lTensor *c2l_stylegan2_forward (C2lStylegan2 *network, C2lPass *pass, C2lTensor *ws,
                                  const C2lSynthesis *options);

G_END_DECLS
