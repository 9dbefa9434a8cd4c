/* The prior's forward pass as training records it: the same network as prior.c's, over parameters
 * that change, keeping what the backward needs. Knows no data and no optimiser. Policy: the
 * residual stream and gradients along it are F32, operands of products have the pass's compute
 * type; in the last layer only the learned queries, whose outcome is all that counts, are computed.
 */
#include "models/prior-load-private.h"
#include "models/prior-train-private.h"

#include <math.h>

/* --- parameters and tables --- */

C2lTensor *
c2l_prior_train_view (const C2lPriorParameters *parameters,
                      C2lPass *pass,
                      C2lTensor *vector,
                      int index)
{
  const C2lPriorParameter *parameter = c2l_prior_parameters_get (parameters, index);

  return c2l_reshape (
      pass, c2l_slice (pass, vector, 0, (gint64) parameter->offset, (gint64) parameter->length),
      parameter->n_dims, parameter->dims);
}

C2lTensor *
c2l_prior_graph_get (const C2lPriorGraph *graph, int index)
{
  return c2l_prior_train_view (graph->train->parameters, graph->pass, graph->values, index);
}

/* The queries' and keys' matrices lie one behind the other. */
static C2lTensor *
get_qkv (const C2lPriorGraph *graph, const C2lPriorLayerParameters *p)
{
  const C2lPriorParameter *q = c2l_prior_parameters_get (graph->train->parameters, p->q);
  const C2lPriorParameter *kv = c2l_prior_parameters_get (graph->train->parameters, p->kv);

  g_assert (kv->offset == q->offset + q->length);
  return c2l_reshape (graph->pass,
                      c2l_slice (graph->pass, graph->values, 0, (gint64) q->offset,
                                 (gint64) (q->length + kv->length)),
                      2, (gint64[]){ q->dims[0] + kv->dims[0], q->dims[1] });
}

/* [32, n_q · (n_k + 1)]: 1 where a query and a key are in that bucket, so that a product with the
 * table gives their bias, and one with the bias's gradient that of the table. */
static C2lTensor *
make_one_hot (C2lPass *pass, int first, int n_q, int n_k)
{
  const gsize n = (gsize) n_q * (n_k + 1);
  g_autofree float *values = g_new0 (float, C2L_PRIOR_N_BUCKETS *n);

  for (int q = 0; q < n_q; q++)
    for (int k = 0; k <= n_k; k++)
      values[c2l_prior_bucket_of (MAX (first + q - k, 0)) * n + q * (n_k + 1) + k] = 1;

  return c2l_pass_add_constant (pass, C2L_F32, 2, (gint64[]){ C2L_PRIOR_N_BUCKETS, (gint64) n },
                                values);
}

/* [H, n_q, n_k + 1]; with @hides tokens behind a query are hidden from it. */
static C2lTensor *
make_bias (C2lPriorGraph *graph, C2lTensor *one_hot, int first, int n_q, int n_k, gboolean hides)
{
  C2lPass *pass = graph->pass;
  const gint64 heads = graph->train->prior->info.heads;
  C2lTensor *bias
      = c2l_matmul (pass, c2l_prior_graph_get (graph, graph->train->parameters->buckets), one_hot,
                    &(C2lMatmul){ .transpose_a = TRUE });

  if (hides)
    {
      g_autofree float *hidden = g_new0 (float, (gsize) n_q *(n_k + 1));

      for (int q = 0; q < n_q; q++)
        for (int k = first + q + 2; k <= n_k; k++)
          hidden[q * (n_k + 1) + k] = C2L_PRIOR_HIDDEN;
      bias = c2l_add (
          pass, bias,
          c2l_pass_add_constant (pass, C2L_F32, 1, (gint64[]){ (gint64) n_q * (n_k + 1) }, hidden));
    }
  return c2l_reshape (pass, bias, 3, (gint64[]){ heads, n_q, n_k + 1 });
}

/* The angles of @n rows from @first on, times @sign: turning back is the rotation's backward. */
static C2lTensor *
make_angles (C2lPriorGraph *graph, int first, int n, float sign)
{
  C2lTensor *all = graph->train->prior->all.angles;

  if (all == NULL)
    return NULL;

  C2lTensor *rows = c2l_slice (graph->pass, all, 0, first, n);

  return sign > 0 ? rows : c2l_combine (graph->pass, 1, &rows, &sign);
}

void
c2l_prior_graph_init (C2lPriorGraph *graph,
                      const C2lPriorTrain *train,
                      C2lPass *pass,
                      C2lPriorTrainPurpose purpose,
                      gint64 n_rows,
                      C2lTensor *key_mask)
{
  const C2lPriorInfo *info = &train->prior->info;
  const int n = info->n_tokens, first = n - info->n_latents;

  *graph = (C2lPriorGraph){
    .train = train,
    .pass = pass,
    .values = purpose == C2L_TRAIN_LOSS_EMA ? train->average : train->online,
    .gradients = purpose == C2L_TRAIN_GRADIENTS ? train->gradients : NULL,
    .n_rows = n_rows,
    .key_mask = key_mask,
  };
  graph->one_hot = make_one_hot (pass, 0, n, n);
  graph->query_one_hot = make_one_hot (pass, first, info->n_latents, n);
  graph->bias = make_bias (graph, graph->one_hot, 0, n, n, FALSE);
  graph->query_bias = make_bias (graph, graph->query_one_hot, first, info->n_latents, n, TRUE);
  graph->angles = make_angles (graph, 0, n, 1);
  graph->back_angles = make_angles (graph, 0, n, -1);
  graph->query_angles = make_angles (graph, first, info->n_latents, 1);
  graph->query_back_angles = make_angles (graph, first, info->n_latents, -1);
}

/* --- tokens --- */

/* [rows, n · D] as [rows, n, D] */
static C2lTensor *
split_tokens (C2lPriorGraph *graph, C2lTensor *x, gint64 n)
{
  return c2l_reshape (graph->pass, x, 3,
                      (gint64[]){ graph->n_rows, n, graph->train->prior->info.dim });
}

static C2lTensor *
apply_linear (C2lPriorGraph *graph, C2lTensor *x, int weight, int bias)
{
  return c2l_matmul (
      graph->pass, x, c2l_prior_graph_get (graph, weight),
      &(C2lMatmul){ .transpose_b = TRUE, .bias = c2l_prior_graph_get (graph, bias) });
}

static C2lTensor *
embed_time (C2lPriorGraph *graph, C2lTensor *t, C2lPriorState *state)
{
  const C2lPriorParameters *p = graph->train->parameters;
  C2lPass *pass = graph->pass;

  if (p->time_table >= 0)
    return c2l_gather (pass, c2l_prior_graph_get (graph, p->time_table), 0, t);

  C2lTensor *x = state->time_rows = c2l_gather (pass, graph->train->prior->time_table, 0, t);

  for (int i = 0; i < 2; i++)
    {
      state->time_linear[i] = apply_linear (graph, x, p->time_weights[i], p->time_biases[i]);
      x = state->time_active[i] = c2l_activate (pass, state->time_linear[i], C2L_ACT_SILU, 1);
    }
  return apply_linear (graph, x, p->time_weights[2], p->time_biases[2]);
}

static C2lTensor *
make_tokens (C2lPriorGraph *graph, C2lPriorState *state)
{
  const C2lPriorParameters *p = graph->train->parameters;
  const C2lPriorInfo *info = &graph->train->prior->info;
  C2lTensor *text = state->text, *image = state->x_t;

  if (p->text_weight >= 0)
    text = apply_linear (graph, text, p->text_weight, p->text_bias);
  if (p->image_weight >= 0)
    image = apply_linear (graph, image, p->image_weight, p->image_bias);

  C2lTensor *query = c2l_reshape (graph->pass, c2l_prior_graph_get (graph, p->query), 3,
                                  (gint64[]){ 1, info->n_latents, info->dim });

  return c2l_concat (
      graph->pass, 1, 4,
      (C2lTensor *[]){
          split_tokens (graph, text, info->n_text_tokens),
          split_tokens (graph, embed_time (graph, state->t, state), info->n_time_tokens),
          split_tokens (graph, image, info->n_image_tokens),
          c2l_expand (graph->pass, query, 3,
                      (gint64[]){ graph->n_rows, info->n_latents, info->dim }),
      });
}

/* --- layers --- */

static C2lTensor *
apply_norm (C2lPriorGraph *graph, C2lTensor *x, int gain, const C2lNorm *norm, C2lDtype dtype)
{
  return c2l_layer_norm (graph->pass, x, c2l_prior_graph_get (graph, gain), norm->bias,
                         C2L_NORM_EPS, dtype);
}

C2lTensor *
c2l_prior_graph_rotate (C2lPriorGraph *graph, C2lTensor *x, int n_heads, C2lTensor *angles)
{
  if (angles == NULL)
    return x;
  return c2l_rotary (graph->pass, x,
                     &(C2lRotary){ .n_heads = n_heads,
                                   .head_dim = graph->train->prior->info.head_dim,
                                   .angles = angles });
}

static C2lTensor *
take_queries (C2lPriorGraph *graph, C2lTensor *x)
{
  const C2lPriorInfo *info = &graph->train->prior->info;

  return c2l_slice (graph->pass, x, 1, info->n_tokens - info->n_latents, info->n_latents);
}

static void
attend (C2lPriorGraph *graph, int index, gboolean is_last, C2lPriorLayerState *s)
{
  const C2lPriorLayerParameters *p = &graph->train->parameters->layers[index];
  const C2lPriorInfo *info = &graph->train->prior->info;
  const int d = info->head_dim, n_q = info->heads * d;
  C2lPass *pass = graph->pass;
  const C2lDtype dtype = c2l_pass_get_compute_dtype (pass);
  const C2lMatmul to_rows = { .transpose_b = TRUE, .out_dtype = dtype };

  if (is_last)
    {
      s->normed_query = take_queries (graph, s->normed);
      s->q = c2l_matmul (pass, s->normed_query, c2l_prior_graph_get (graph, p->q), &to_rows);
      s->q = c2l_prior_graph_rotate (graph, s->q, info->heads, graph->query_angles);
      s->kv = c2l_matmul (pass, s->normed, c2l_prior_graph_get (graph, p->kv), &to_rows);
      s->kv = c2l_prior_graph_rotate (graph, s->kv, 1, graph->angles);
    }
  else
    {
      /* The shared key stands right behind the queries, as one more head. */
      s->q = c2l_matmul (pass, s->normed, get_qkv (graph, p), &to_rows);
      s->q = s->kv = c2l_prior_graph_rotate (graph, s->q, info->heads + 1, graph->angles);
    }

  s->attention = (C2lAttention){
    .q = s->q,
    .k = s->kv,
    .v = s->kv,
    .k_offset = is_last ? 0 : n_q,
    .v_offset = is_last ? d : n_q + d,
    .n_heads = info->heads,
    .n_kv_heads = 1,
    .head_dim = d,
    .scale = 1 / sqrtf ((float) d),
    .null_kv = c2l_prior_graph_get (graph, p->null_kv),
    .bias = is_last ? graph->query_bias : graph->bias,
    .causal = !is_last, /* the last layer's bias hides what is behind */
    .key_mask = graph->key_mask,
    .out_dtype = dtype,
  };
  s->heads = c2l_attention (pass, &s->attention);
}

static C2lTensor *
forward_layer (C2lPriorGraph *graph, int index, C2lTensor *x, C2lPriorLayerState *s)
{
  const C2lPriorLayerParameters *p = &graph->train->parameters->layers[index];
  const C2lPrior *prior = graph->train->prior;
  const C2lPriorLayer *layer = &prior->layers[index];
  const gboolean is_last = index == prior->info.depth - 1;
  C2lPass *pass = graph->pass;
  const C2lDtype dtype = c2l_pass_get_compute_dtype (pass);

  s->x = x;
  s->normed = apply_norm (graph, x, p->attn_norm, &layer->attn_norm, dtype);
  attend (graph, index, is_last, s);
  s->projected = c2l_matmul (pass, s->heads, c2l_prior_graph_get (graph, p->out),
                             &(C2lMatmul){ .transpose_b = TRUE });
  s->middle
      = c2l_add (pass, apply_norm (graph, s->projected, p->out_norm, &layer->out_norm, C2L_F32),
                 is_last ? take_queries (graph, x) : x);

  s->ff_normed = apply_norm (graph, s->middle, p->ff_norm, &layer->ff_norm, dtype);
  s->ff_hidden = c2l_matmul (pass, s->ff_normed, c2l_prior_graph_get (graph, p->ff_in),
                             &(C2lMatmul){ .transpose_b = TRUE, .out_dtype = dtype });
  s->ff_gated = s->ff_operand = c2l_swiglu (pass, s->ff_hidden, p->ff_mid >= 0 ? C2L_F32 : dtype);
  if (p->ff_mid >= 0)
    s->ff_operand = apply_norm (graph, s->ff_gated, p->ff_mid, &layer->ff_mid, dtype);
  return c2l_matmul (pass, s->ff_operand, c2l_prior_graph_get (graph, p->ff_out),
                     &(C2lMatmul){ .transpose_b = TRUE, .residual = s->middle });
}

C2lTensor *
c2l_prior_graph_forward (C2lPriorGraph *graph,
                         C2lTensor *x_t,
                         C2lTensor *t,
                         C2lTensor *text,
                         C2lPriorState *state)
{
  const C2lPrior *prior = graph->train->prior;
  const C2lPriorParameters *p = graph->train->parameters;
  C2lDtype dtype = c2l_pass_get_compute_dtype (graph->pass);

  state->text = text;
  state->t = t;
  state->x_t = x_t;

  C2lTensor *x = make_tokens (graph, state);

  for (int i = 0; i < prior->info.depth; i++)
    x = forward_layer (graph, i, x, &state->layers[i]);

  state->last = state->last_normed = x;
  if (p->norm >= 0)
    state->last_normed
        = apply_norm (graph, x, p->norm, &prior->norm, p->project_out >= 0 ? dtype : C2L_F32);
  if (p->project_out < 0)
    return state->last_normed;
  return c2l_matmul (graph->pass, state->last_normed, c2l_prior_graph_get (graph, p->project_out),
                     &(C2lMatmul){ .transpose_b = TRUE });
}
