/* The operations of compute/ops-train.h as plain loops in double precision, as reference.h has the others. Gradients are
 * written down as formulas; test-ops-train.c holds each against differences of the forward's loop. */
#pragma once

#include "compute/ops-train.h"
#include "reference.h"

G_BEGIN_DECLS

/* op (a) · op (b) + bias + residual in the shape @n_dims, @dims. */
RefArray *ref_matmul (const RefArray *a, const RefArray *b, const RefArray *bias, const RefArray *residual,
                      gboolean transpose_a, gboolean transpose_b, int n_dims, const gint64 *dims);

RefArray *ref_layer_norm_backward (const RefArray *x, const RefArray *gain, const RefArray *dy, float eps,
                                   const RefArray *residual);
RefArray *ref_layer_norm_gain_backward (const RefArray *x, const RefArray *dy, float eps);

/* Adds to the gradients that are not NULL; those of queries, keys and values may be one array. */
typedef struct
{
  RefArray *q, *k, *v, *null_kv, *bias;
} RefAttentionGradients;
void      ref_attention_backward (const RefAttentionInputs *in, const C2lAttention *p, const RefArray *dy,
                                  const RefAttentionGradients *gradients);

RefArray *ref_swiglu_backward (const RefArray *x, const RefArray *dy);
RefArray *ref_activate_backward (const RefArray *x, const RefArray *dy, C2lActivation act);
RefArray *ref_column_sums (const RefArray *x);
RefArray *ref_scatter_add (const RefArray *dy, const RefArray *indices, gint64 n_rows);
RefArray *ref_embed_noise (const RefArray *x, const RefArray *noise, float scale);
RefArray *ref_loss (const RefArray *prediction, const RefArray *target, C2lLossKind kind, double scale);
RefArray *ref_loss_backward (const RefArray *prediction, const RefArray *target, C2lLossKind kind, double scale);
RefArray *ref_sum_squares (const RefArray *x);

G_END_DECLS
