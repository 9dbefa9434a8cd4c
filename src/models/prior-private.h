/* What the files of the prior share: its tensors (all owned by `tensors`) and the parts of its
 * forward pass. */
#pragma once

#include "models/network-loader.h"
#include "models/prior.h"
#include "models/prior-config.h"

G_BEGIN_DECLS

typedef struct
{
  C2lTensor *weight, *bias; /* weight NULL: the layer is absent */
} C2lPriorLinear;

typedef struct
{
  C2lNorm attn_norm;
  /* [(heads + 2)·head_dim, D]: all heads' queries, the shared key, the shared value */
  C2lTensor *qkv;
  C2lTensor *null_kv; /* [2, head_dim] */
  C2lTensor *out;     /* [D, heads·head_dim] */
  C2lNorm out_norm;
  C2lNorm ff_norm;
  C2lTensor *ff_in;   /* [2·F, D] */
  C2lNorm ff_mid;     /* gain NULL: absent (“normformer”) */
  C2lTensor *ff_out;  /* [D, F] */
} C2lPriorLayer;

/* Angles of the rotary embedding [n, freqs] (NULL: none) and the relative-position bias [heads, n,
 * keys + 1] of n queries that follow one another in the sequence. */
typedef struct
{
  C2lTensor *angles;
  C2lTensor *bias;
} C2lPriorPositions;

struct _C2lPrior
{
  C2lPriorInfo info;
  C2lPriorConfig *config;
  C2lSchedule *schedule;
  GPtrArray *tensors;

  C2lTensor *time_table; /* [T, n_time·D] learned, or [T, D] sinusoids with the MLP behind them */
  C2lPriorLinear time_mlp[3];  /* weight NULL: the table is the embedding */
  C2lPriorLinear text_embed;   /* weight NULL: the embedding is the token */
  C2lPriorLinear image_embed;
  C2lTensor *learned_query;    /* [1, L, D] */
  C2lPriorLayer *layers;
  C2lNorm norm;                /* gain NULL: absent */
  C2lTensor *project_out;      /* NULL: absent */

  C2lPriorPositions all;       /* queries: all tokens; keys: all */
  C2lPriorPositions prefix;    /* queries: text and time tokens; keys: the same */
  C2lPriorPositions suffix;    /* queries: the others; keys: all. Causality is in the bias. */
  C2lTensor *query_bias;       /* the last L rows of the suffix's bias */

  C2lTensor *latent_mean, *latent_std; /* (nullable) [L, D] */
};

/* A bias that hides a key: e to this power is 0, and it is finite, so no infinities meet. */
#define C2L_PRIOR_HIDDEN -1e30f

/* Tokens, [rows, n, D]. */
C2lTensor *c2l_prior_text_tokens (const C2lPrior *prior, C2lPass *pass, C2lTensor *text);
C2lTensor *c2l_prior_time_tokens (const C2lPrior *prior, C2lPass *pass, C2lTensor *t);
C2lTensor *c2l_prior_image_tokens (const C2lPrior *prior, C2lPass *pass, C2lTensor *x_t);
C2lTensor *c2l_prior_query_tokens (const C2lPrior *prior, C2lPass *pass, gint64 batch);

/* Parts of a layer; x is [..., D]. */
C2lTensor *c2l_prior_project_qkv (const C2lPriorLayer *layer, C2lPass *pass, C2lTensor *x);
C2lTensor *c2l_prior_rotate (const C2lPrior *prior, C2lPass *pass, C2lTensor *qkv,
                             const C2lPriorPositions *positions);
/* Queries from columns 0… of @q; keys from column @k_offset of @kv, values behind them. */
C2lTensor *c2l_prior_attend (const C2lPrior *prior, const C2lPriorLayer *layer, C2lPass *pass, C2lTensor *q,
                             C2lTensor *kv, int k_offset, C2lTensor *bias, gboolean causal,
                             C2lTensor *key_mask);
C2lTensor *c2l_prior_project_heads (const C2lPriorLayer *layer, C2lPass *pass, C2lTensor *heads);
/* @residual: (nullable): added to the result */
C2lTensor *c2l_prior_feed_forward (const C2lPriorLayer *layer, C2lPass *pass, C2lTensor *x,
                                   C2lTensor *residual);
C2lTensor *c2l_prior_finish (const C2lPrior *prior, C2lPass *pass, C2lTensor *x);

G_END_DECLS
