/* What clip.c (forward) and clip-load.c share. All tensors are owned by `tensors`. */
#pragma once

#include "models/clip.h"
#include "models/network-loader.h"

G_BEGIN_DECLS

typedef struct
{
  C2lTensor *weight, *bias;
} C2lLinear;

typedef struct
{
  C2lNorm ln_1, ln_2;
  C2lLinear in, out; /* attention: joint projection of queries, keys and values, and the way back */
  C2lLinear fc, proj;  /* multi-layer perceptron */
} C2lClipBlock;

typedef struct
{
  int width, heads, depth;
  C2lClipBlock *blocks;
} C2lClipTower;

struct _C2lClip
{
  C2lClipInfo info;
  GPtrArray *tensors;

  C2lClipTower text;
  C2lTensor *token_embedding; /* [V, W] */
  C2lTensor *text_positions;  /* [context, W] */
  C2lNorm ln_final;
  C2lTensor *text_projection; /* [D, W], the file's transposed */

  C2lClipTower vision;
  C2lTensor *patch_weight;     /* [W, 3·p·p] */
  C2lTensor *class_embedding;  /* [1, 1, W] */
  C2lTensor *vision_positions; /* [1 + patches, W] */
  C2lNorm ln_pre, ln_post;
  C2lTensor *vision_projection; /* [D, W], the file's transposed */
};

G_END_DECLS
