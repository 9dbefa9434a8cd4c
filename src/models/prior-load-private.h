/* What the files that read a prior from a checkpoint share: prior-load.c (which tensors, sizes,
 * statistics, schedule), prior-load-network.c (the network's tensors) and prior-load-positions.c
 * (its tables of positions). A mistake is remembered by the loader; what follows it does no
 * harm. */
#pragma once

#include "models/prior-private.h"

G_BEGIN_DECLS

/* Buckets of the relative-position bias (dalle2-pytorch 0.2.38). */
#define C2L_PRIOR_N_BUCKETS 32

/* More tokens than this is a damaged file. */
#define C2L_PRIOR_MAX_TOKENS 4096
#define C2L_PRIOR_MAX_SIZE (1 << 16)

typedef struct
{
  C2lNetworkLoader loader;
  C2lPrior *prior;
  const C2lPriorConfig *config;
} C2lPriorReader;

gboolean c2l_prior_reader_has_failed (C2lPriorReader *self);
/* What the configuration says (0: nothing) must be what the file has. */
void     c2l_prior_reader_check_agrees (C2lPriorReader *self, const char *setting, int said, int found);
/* @size where it is from 1 to @max, else 0 and a mistake that names @what. */
int      c2l_prior_reader_take_size (C2lPriorReader *self, gint64 size, gint64 max, const char *what);
/* A table that is computed here may have so many elements. */
void     c2l_prior_reader_check_table (C2lPriorReader *self, double n_elements);

/* In this order: each needs what those before it found. The width and the number of latents; */
void     c2l_prior_read_query (C2lPriorReader *self);
/* the heads and their width; */
void     c2l_prior_read_heads (C2lPriorReader *self);
/* a Linear that makes several tokens, or nothing where one token is the input itself: returns their
 * number; */
int      c2l_prior_read_tokens (C2lPriorReader *self, const char *name, C2lPriorLinear *linear);
/* the time steps' embedding; */
void     c2l_prior_read_time (C2lPriorReader *self);
/* the layers; */
void     c2l_prior_read_transformer (C2lPriorReader *self);
/* biases and rotations of the tokens' positions. */
void     c2l_prior_read_positions (C2lPriorReader *self);

/* What the tensors of @set begin with in a checkpoint; NULL where there are none. */
const char *c2l_prior_find_prefix (C2lWeights *weights, C2lPriorSet set);

/* The learned bucket of a query's distance to a key. */
int      c2l_prior_bucket_of (int distance);
/* Bias [heads, n_q, n_k + 1] of the queries first … first + n_q − 1 of the sequence over the null
 * key and the first n_k tokens, from the table of buckets; a query's distance to a key counts the
 * null key as position 0. With @causal later tokens are hidden. */
void     c2l_prior_fill_bias (float *bias, const float *table, int heads, int first, int n_q, int n_k,
                              gboolean causal);

G_END_DECLS
