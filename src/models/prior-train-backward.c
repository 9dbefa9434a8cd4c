/* The backward of prior-train-forward.c, part for part in the opposite order. Every gradient of a
 * parameter is added to the vector of gradients as soon as it is there; gradients along the
 * residual stream are F32, those that products read have the pass's compute type. */
#include "models/prior-train-private.h"

/* --- gradients of parameters --- */

static C2lTensor *
get_gradient (C2lPriorGraph *graph, int index)
{
  return c2l_prior_train_view (graph->train->parameters, graph->pass, graph->gradients, index);
}

static void
add_gradient (C2lPriorGraph *graph, int index, C2lTensor *gradient)
{
  c2l_accumulate (graph->pass, get_gradient (graph, index), gradient);
}

/* Of y = x · weightᵀ + bias: returns dL/dx, of type @dtype, plus @residual. */
static C2lTensor *
linear_backward (C2lPriorGraph *graph,
                 C2lTensor *x,
                 C2lTensor *dy,
                 int weight,
                 int bias,
                 C2lTensor *residual,
                 C2lDtype dtype)
{
  c2l_matmul (graph->pass, dy, x,
              &(C2lMatmul){ .transpose_a = TRUE, .into = get_gradient (graph, weight) });
  if (bias >= 0)
    add_gradient (graph, bias, c2l_column_sums (graph->pass, dy));

  return c2l_matmul (graph->pass, dy, c2l_prior_graph_get (graph, weight),
                     &(C2lMatmul){ .residual = residual, .out_dtype = dtype });
}

/* Returns dL/dx + @residual. */
static C2lTensor *
norm_backward (C2lPriorGraph *graph, C2lTensor *x, C2lTensor *dy, int gain, C2lTensor *residual)
{
  add_gradient (graph, gain, c2l_layer_norm_gain_backward (graph->pass, x, dy, C2L_NORM_EPS));
  return c2l_layer_norm_backward (graph->pass, x, c2l_prior_graph_get (graph, gain), dy,
                                  C2L_NORM_EPS, residual);
}

/* What a product reads. */
static C2lTensor *
as_operand (C2lPriorGraph *graph, C2lTensor *x)
{
  return c2l_cast (graph->pass, x, c2l_pass_get_compute_dtype (graph->pass));
}

/* --- layers --- */

/* @x [B, L, D] at the learned queries' places, zeros at the others. */
static C2lTensor *
put_queries (C2lPriorGraph *graph, C2lTensor *x)
{
  const C2lPriorInfo *info = &graph->train->prior->info;
  g_autofree float *zeros = g_new0 (float, info->dim);
  C2lTensor *zero
      = c2l_pass_add_constant (graph->pass, C2L_F32, 3, (gint64[]){ 1, 1, info->dim }, zeros);

  return c2l_concat (
      graph->pass, 1, 2,
      (C2lTensor *[]){
          c2l_expand (graph->pass, zero, 3,
                      (gint64[]){ graph->n_rows, info->n_tokens - info->n_latents, info->dim }),
          x,
      });
}

static void
add_to_sum (C2lPriorGraph *graph, C2lTensor **sum, C2lTensor *x)
{
  *sum = *sum != NULL ? c2l_add (graph->pass, *sum, x) : x;
}

/* @dheads: of the heads' results. Returns dL/d(normed), F32. */
static C2lTensor *
attention_backward (C2lPriorGraph *graph, int index, const C2lPriorLayerState *s, C2lTensor *dheads)
{
  const C2lPriorParameters *parameters = graph->train->parameters;
  const C2lPriorLayerParameters *p = &parameters->layers[index];
  const int heads = graph->train->prior->info.heads;
  C2lPass *pass = graph->pass;
  const C2lDtype dtype = c2l_pass_get_compute_dtype (pass);
  C2lTensor *dnull_kv, *dbias;

  c2l_attention_parameters_backward (pass, &s->attention, dheads, &dnull_kv, &dbias);
  add_gradient (graph, p->null_kv, dnull_kv);
  add_to_sum (graph, s->normed_query != NULL ? &graph->dquery_bias : &graph->dbias, dbias);

  C2lTensor *dq = c2l_attention_backward (pass, &s->attention, dheads, s->q, dtype);

  if (s->normed_query != NULL)
    {
      C2lTensor *dkv = c2l_attention_backward (pass, &s->attention, dheads, s->kv, dtype);

      dq = c2l_prior_graph_rotate (graph, dq, heads, graph->query_back_angles);
      dkv = c2l_prior_graph_rotate (graph, dkv, 1, graph->back_angles);
      dq = linear_backward (graph, s->normed_query, dq, p->q, -1, NULL, C2L_F32);
      return linear_backward (graph, s->normed, dkv, p->kv, -1, put_queries (graph, dq), C2L_F32);
    }

  /* Queries, keys and values at once; the two parts of the matrix lie one behind the other. */
  const C2lPriorParameter *q = c2l_prior_parameters_get (parameters, p->q);
  const C2lPriorParameter *kv = c2l_prior_parameters_get (parameters, p->kv);
  const gint64 n = (gint64) (q->length + kv->length);
  const gint64 dims[] = { q->dims[0] + kv->dims[0], q->dims[1] };
  C2lTensor *weight
      = c2l_reshape (pass, c2l_slice (pass, graph->values, 0, (gint64) q->offset, n), 2, dims);

  dq = c2l_prior_graph_rotate (graph, dq, heads + 1, graph->back_angles);
  c2l_matmul (pass, dq, s->normed,
              &(C2lMatmul){ .transpose_a = TRUE,
                            .into = c2l_slice (pass, graph->gradients, 0, (gint64) q->offset, n) });
  return c2l_matmul (pass, dq, weight, NULL);
}

/* @dy: of the layer's result. Returns that of its input, [B, T, D]. */
static C2lTensor *
layer_backward (C2lPriorGraph *graph, int index, const C2lPriorLayerState *s, C2lTensor *dy)
{
  const C2lPriorLayerParameters *p = &graph->train->parameters->layers[index];
  C2lPass *pass = graph->pass;
  const C2lDtype dtype = c2l_pass_get_compute_dtype (pass);
  C2lTensor *d = linear_backward (graph, s->ff_operand, as_operand (graph, dy), p->ff_out, -1, NULL,
                                  p->ff_mid >= 0 ? C2L_F32 : dtype);

  if (p->ff_mid >= 0)
    d = norm_backward (graph, s->ff_gated, d, p->ff_mid, NULL);
  d = c2l_swiglu_backward (pass, s->ff_hidden, d, dtype);
  d = linear_backward (graph, s->ff_normed, d, p->ff_in, -1, NULL, C2L_F32);
  dy = norm_backward (graph, s->middle, d, p->ff_norm, dy);

  d = norm_backward (graph, s->projected, dy, p->out_norm, NULL);
  d = linear_backward (graph, s->heads, as_operand (graph, d), p->out, -1, NULL, dtype);
  d = attention_backward (graph, index, s, d);
  return norm_backward (graph, s->x, d, p->attn_norm,
                        s->normed_query != NULL ? put_queries (graph, dy) : dy);
}

/* --- tokens --- */

/* Tokens @first … of the gradient of all, as rows of what made them. */
static C2lTensor *
take_tokens (C2lPriorGraph *graph, C2lTensor *dtokens, int first, int n)
{
  return c2l_reshape (graph->pass, c2l_slice (graph->pass, dtokens, 1, first, n), 2,
                      (gint64[]){ graph->n_rows, (gint64) n * graph->train->prior->info.dim });
}

static void
time_backward (C2lPriorGraph *graph, const C2lPriorState *state, C2lTensor *dtime)
{
  const C2lPriorParameters *p = graph->train->parameters;
  C2lPass *pass = graph->pass;

  if (p->time_table >= 0)
    {
      gint64 n_rows = c2l_prior_parameters_get (p, p->time_table)->dims[0];

      add_gradient (graph, p->time_table, c2l_scatter_add (pass, dtime, state->t, n_rows));
      return;
    }
  for (int i = 2; i >= 0; i--)
    {
      C2lTensor *x = i > 0 ? state->time_active[i - 1] : state->time_rows;
      C2lTensor *dx
          = linear_backward (graph, x, dtime, p->time_weights[i], p->time_biases[i], NULL, C2L_F32);

      /* Nothing is learnt behind the first of them: its dx has no reader and is not computed. */
      if (i > 0)
        dtime = c2l_activate_backward (pass, state->time_linear[i - 1], dx, C2L_ACT_SILU);
    }
}

static void
tokens_backward (C2lPriorGraph *graph, const C2lPriorState *state, C2lTensor *dtokens)
{
  const C2lPriorParameters *p = graph->train->parameters;
  const C2lPriorInfo *info = &graph->train->prior->info;
  int at = 0;

  if (p->text_weight >= 0)
    linear_backward (graph, state->text, take_tokens (graph, dtokens, at, info->n_text_tokens),
                     p->text_weight, p->text_bias, NULL, C2L_F32);
  at += info->n_text_tokens;
  time_backward (graph, state, take_tokens (graph, dtokens, at, info->n_time_tokens));
  at += info->n_time_tokens;
  if (p->image_weight >= 0)
    linear_backward (graph, state->x_t, take_tokens (graph, dtokens, at, info->n_image_tokens),
                     p->image_weight, p->image_bias, NULL, C2L_F32);
  at += info->n_image_tokens;
  add_gradient (graph, p->query,
                c2l_column_sums (graph->pass, take_tokens (graph, dtokens, at, info->n_latents)));
}

/* The table of buckets, from the sums over all layers. */
static void
bias_backward (C2lPriorGraph *graph, C2lTensor *dbias, C2lTensor *one_hot)
{
  if (dbias == NULL)
    return;

  const gint64 heads = c2l_tensor_get_dim (dbias, 0);
  C2lTensor *rows = c2l_reshape (
      graph->pass, dbias, 2,
      (gint64[]){ heads, c2l_tensor_get_dim (dbias, 1) * c2l_tensor_get_dim (dbias, 2) });

  add_gradient (graph, graph->train->parameters->buckets,
                c2l_matmul (graph->pass, one_hot, rows, &(C2lMatmul){ .transpose_b = TRUE }));
}

/* --- all of it --- */

/* With what was added last these gradients are complete; @more: (nullable) these, too. */
static void
mark (C2lPriorGraph *graph,
      C2lPriorTrain *train,
      GPtrArray *marks,
      const C2lPriorRange *range,
      const C2lPriorRange *more)
{
  C2lPriorTrainMark *new_mark = g_new (C2lPriorTrainMark, 1);

  *new_mark = (C2lPriorTrainMark){ train, { *range } };
  if (more != NULL)
    new_mark->ranges[1] = *more;
  g_ptr_array_add (marks, new_mark);
  c2l_pass_mark (graph->pass, c2l_prior_train_announce, new_mark);
}

void
c2l_prior_graph_backward (C2lPriorGraph *graph,
                          const C2lPriorState *state,
                          C2lTensor *dy,
                          C2lPriorTrain *train,
                          GPtrArray *marks)
{
  const C2lPriorParameters *p = graph->train->parameters;

  if (p->project_out >= 0)
    dy = linear_backward (graph, state->last_normed, as_operand (graph, dy), p->project_out, -1,
                          NULL, C2L_F32);
  if (p->norm >= 0)
    dy = norm_backward (graph, state->last, dy, p->norm, NULL);
  mark (graph, train, marks, &p->tail, NULL);

  for (int i = train->prior->info.depth - 1; i >= 0; i--)
    {
      dy = layer_backward (graph, i, &state->layers[i], dy);
      mark (graph, train, marks, &p->layer_ranges[i], NULL);
    }

  tokens_backward (graph, state, dy);
  bias_backward (graph, graph->dbias, graph->one_hot);
  bias_backward (graph, graph->dquery_bias, graph->query_one_hot);
  mark (graph, train, marks, &p->head, &p->rest);
}
