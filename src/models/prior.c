/* The prior's network over the operations of a device: its tokens, the parts of a layer, and the
 * forward pass over all tokens of all pictures. Knows no file and no sampler. Policy: the residual
 * stream is F32, operands of products have the pass's compute type. prior-batch.c puts the same
 * parts together for many pictures of few prompts. */
#include "models/prior-private.h"

#include "compute/ops.h"

#include <math.h>
#include <string.h>

const C2lPriorInfo *
c2l_prior_get_info (const C2lPrior *prior)
{
  return &prior->info;
}

const C2lSchedule *
c2l_prior_get_schedule (const C2lPrior *prior)
{
  return prior->schedule;
}

C2lTensor *
c2l_prior_get_latent_mean (const C2lPrior *prior)
{
  return prior->latent_mean;
}

C2lTensor *
c2l_prior_get_latent_std (const C2lPrior *prior)
{
  return prior->latent_std;
}

void
c2l_prior_fill_key_mask (const C2lPrior *prior, int batch, const gboolean *keep, guint8 *mask)
{
  int n_tokens = prior->info.n_tokens;

  memset (mask, 1, (gsize) batch * n_tokens);
  for (int b = 0; b < batch; b++)
    if (!keep[b])
      memset (mask + (gsize) b * n_tokens, 0, prior->info.n_text_tokens);
}

/* --- tokens --- */

/* [rows, n·D] as [rows, n, D] */
static C2lTensor *
split_tokens (const C2lPrior *prior, C2lPass *pass, C2lTensor *x)
{
  if (x == NULL)
    return NULL;

  gint64 rows = c2l_tensor_get_dim (x, 0);
  gint64 n = (gint64) (c2l_tensor_get_length (x) / rows) / prior->info.dim;

  return c2l_reshape (pass, x, 3, (gint64[]){ rows, n, prior->info.dim });
}

static C2lTensor *
apply_linear (const C2lPriorLinear *linear, C2lPass *pass, C2lTensor *x, C2lActivation act)
{
  return c2l_gemm (pass, x, linear->weight, &(C2lEpilogue){ .bias = linear->bias, .act = act });
}

C2lTensor *
c2l_prior_text_tokens (const C2lPrior *prior, C2lPass *pass, C2lTensor *text)
{
  if (prior->text_embed.weight != NULL)
    text = apply_linear (&prior->text_embed, pass, text, C2L_ACT_LINEAR);

  return split_tokens (prior, pass, text);
}

C2lTensor *
c2l_prior_time_tokens (const C2lPrior *prior, C2lPass *pass, C2lTensor *t)
{
  C2lTensor *x = c2l_gather (pass, prior->time_table, 0, t);

  if (prior->time_mlp[0].weight != NULL)
    {
      x = apply_linear (&prior->time_mlp[0], pass, x, C2L_ACT_SILU);
      x = apply_linear (&prior->time_mlp[1], pass, x, C2L_ACT_SILU);
      x = apply_linear (&prior->time_mlp[2], pass, x, C2L_ACT_LINEAR);
    }

  return split_tokens (prior, pass, x);
}

C2lTensor *
c2l_prior_image_tokens (const C2lPrior *prior, C2lPass *pass, C2lTensor *x_t)
{
  if (prior->image_embed.weight != NULL)
    x_t = apply_linear (&prior->image_embed, pass, x_t, C2L_ACT_LINEAR);

  return split_tokens (prior, pass, x_t);
}

C2lTensor *
c2l_prior_query_tokens (const C2lPrior *prior, C2lPass *pass, gint64 batch)
{
  return c2l_expand (pass, prior->learned_query, 3,
                     (gint64[]){ batch, prior->info.n_latents, prior->info.dim });
}

/* --- parts of a layer --- */

C2lTensor *
c2l_prior_project_qkv (const C2lPriorLayer *layer, C2lPass *pass, C2lTensor *x)
{
  C2lDtype dtype = c2l_pass_get_compute_dtype (pass);
  C2lTensor *y = c2l_norm_apply (&layer->attn_norm, pass, x, dtype);

  return c2l_gemm (pass, y, layer->qkv, &(C2lEpilogue){ .out_dtype = dtype });
}

C2lTensor *
c2l_prior_rotate (const C2lPrior *prior,
                  C2lPass *pass,
                  C2lTensor *qkv,
                  const C2lPriorPositions *positions)
{
  if (positions->angles == NULL)
    return qkv;

  /* The shared key stands right behind the queries, as one more head. */
  return c2l_rotary (pass, qkv,
                     &(C2lRotary){
                         .n_heads = prior->info.heads + 1,
                         .head_dim = prior->info.head_dim,
                         .angles = positions->angles,
                     });
}

C2lTensor *
c2l_prior_attend (const C2lPrior *prior,
                  const C2lPriorLayer *layer,
                  C2lPass *pass,
                  C2lTensor *q,
                  C2lTensor *kv,
                  int k_offset,
                  C2lTensor *bias,
                  gboolean causal,
                  C2lTensor *key_mask)
{
  int head_dim = prior->info.head_dim;

  return c2l_attention (pass, &(C2lAttention){
                                  .q = q,
                                  .k = kv,
                                  .v = kv,
                                  .k_offset = k_offset,
                                  .v_offset = k_offset + head_dim,
                                  .n_heads = prior->info.heads,
                                  .n_kv_heads = 1,
                                  .head_dim = head_dim,
                                  .scale = 1 / sqrtf (head_dim),
                                  .null_kv = layer->null_kv,
                                  .bias = bias,
                                  .causal = causal,
                                  .key_mask = key_mask,
                                  .out_dtype = c2l_pass_get_compute_dtype (pass),
                              });
}

C2lTensor *
c2l_prior_project_heads (const C2lPriorLayer *layer, C2lPass *pass, C2lTensor *heads)
{
  return c2l_norm_apply (&layer->out_norm, pass, c2l_gemm (pass, heads, layer->out, NULL), C2L_F32);
}

C2lTensor *
c2l_prior_feed_forward (const C2lPriorLayer *layer,
                        C2lPass *pass,
                        C2lTensor *x,
                        C2lTensor *residual)
{
  C2lDtype dtype = c2l_pass_get_compute_dtype (pass);
  C2lTensor *y = c2l_norm_apply (&layer->ff_norm, pass, x, dtype);

  y = c2l_gemm (pass, y, layer->ff_in, &(C2lEpilogue){ .out_dtype = dtype });
  if (layer->ff_mid.gain != NULL)
    y = c2l_norm_apply (&layer->ff_mid, pass, c2l_swiglu (pass, y, C2L_F32), dtype);
  else
    y = c2l_swiglu (pass, y, dtype);

  return c2l_gemm (pass, y, layer->ff_out, &(C2lEpilogue){ .residual = residual });
}

C2lTensor *
c2l_prior_finish (const C2lPrior *prior, C2lPass *pass, C2lTensor *x)
{
  if (prior->norm.gain != NULL)
    x = c2l_norm_apply (&prior->norm, pass, x,
                        prior->project_out != NULL ? c2l_pass_get_compute_dtype (pass) : C2L_F32);
  if (prior->project_out != NULL)
    x = c2l_gemm (pass, x, prior->project_out, NULL);

  return x;
}

/* --- forward --- */

static C2lTensor *
forward_layer (const C2lPrior *prior, int index, C2lPass *pass, C2lTensor *x, C2lTensor *key_mask)
{
  const C2lPriorLayer *layer = &prior->layers[index];
  C2lTensor *qkv
      = c2l_prior_rotate (prior, pass, c2l_prior_project_qkv (layer, pass, x), &prior->all);
  int k_offset = prior->info.heads * prior->info.head_dim;
  C2lTensor *y
      = c2l_prior_attend (prior, layer, pass, qkv, qkv, k_offset, prior->all.bias, TRUE, key_mask);

  y = c2l_prior_project_heads (layer, pass, y);
  c2l_pass_tap (pass, y, "act.layer%d.attn", index);
  x = c2l_add (pass, y, x);

  y = c2l_prior_feed_forward (layer, pass, x, NULL);
  c2l_pass_tap (pass, y, "act.layer%d.ff", index);
  return c2l_add (pass, y, x);
}

C2lTensor *
c2l_prior_forward (const C2lPrior *prior,
                   C2lPass *pass,
                   C2lTensor *x_t,
                   C2lTensor *t,
                   C2lTensor *text,
                   C2lTensor *key_mask)
{
  if (x_t == NULL || t == NULL || text == NULL)
    return NULL;

  const C2lPriorInfo *info = &prior->info;
  gint64 batch = c2l_tensor_get_dim (x_t, 0);
  C2lTensor *time = c2l_prior_time_tokens (prior, pass, t);

  if (c2l_tensor_get_dim (t, 0) == 1 && batch != 1)
    time = c2l_expand (pass, time, 3, (gint64[]){ batch, info->n_time_tokens, info->dim });

  C2lTensor *x = c2l_concat (pass, 1, 4,
                             (C2lTensor *[]){
                                 c2l_prior_text_tokens (prior, pass, text),
                                 time,
                                 c2l_prior_image_tokens (prior, pass, x_t),
                                 c2l_prior_query_tokens (prior, pass, batch),
                             });

  for (int i = 0; i < info->depth; i++)
    x = forward_layer (prior, i, pass, x, key_mask);

  return c2l_prior_finish (
      prior, pass, c2l_slice (pass, x, 1, info->n_tokens - info->n_latents, info->n_latents));
}
