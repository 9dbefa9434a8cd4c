/* StyleGAN3's synthesis network, T and R (Karras et al. 2021): Fourier features, then layers of
 * modulated convolution and filtered leaky ReLU on pictures with a margin. ws [B, num_ws, w_dim]
 * become a picture [B, R, R, C].
 *
 * stylegan3-load.c reads it from a file, stylegan3.c records it. T and R differ in the tensors only
 * (kernels of 1×1, filters of two dimensions), and so does every other choice of layers. It takes
 * no noise. */
#pragma once

#include "models/loader.h"
#include "models/synthesis.h"

G_BEGIN_DECLS

typedef struct
{
  char *name;            /* "L0_36_512" */
  int index;
  gboolean is_torgb; /* the last one: no demodulation, no activation, gains in the affine layer */
  int kernel;            /* 1 or 3 */
  int up, down;
  int padding[4];        /* left, right, top, bottom */
  int in_size, out_size;
  float input_gain;      /* rsqrt (magnitude_ema) */
  float clamp;           /* 0: none */
  C2lDense affine;
  C2lTensor *weight;     /* [O, I, k, k]; of unit mean square for each output but in toRGB */
  C2lTensor *bias;       /* [O] */
  C2lTensor *up_filter;  /* (nullable): one tap */
  C2lTensor *down_filter;
} C2lStylegan3Layer;

typedef struct
{
  gint64 w_dim;
  int num_ws, img_resolution, img_channels;
  float output_scale;
  int input_size;
  float sampling_rate, bandwidth;
  C2lDense input_affine; /* w → rotation and translation, [4, w_dim] */
  C2lTensor *transform;  /* [3, 3]: the file's user transform */
  C2lTensor *freqs;      /* [C, 2] */
  C2lTensor *phases;     /* [C] */
  C2lTensor *mixing;     /* [C, C], 1/√C applied */
  GPtrArray *layers;     /* of C2lStylegan3Layer */
} C2lStylegan3;

/* Remembers errors in @loader; the result is never NULL and freed by the caller even then. */
C2lStylegan3 *c2l_stylegan3_load (C2lLoader *loader, JsonObject *config, gint64 w_dim);
void          c2l_stylegan3_free (C2lStylegan3 *network);

C2lTensor *c2l_stylegan3_forward (C2lStylegan3 *network, C2lPass *pass, C2lTensor *ws,
                                  const C2lSynthesis *options);

G_END_DECLS
