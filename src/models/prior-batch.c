/* See prior-batch.h. All tokens of a step lie in one matrix, so that each weight is used by one
 * product:
 *
 *   rows 0 …         prompts (and the masked one), n_text + n_time tokens each: the prefix
 *   rows behind      pictures (twice when guided), their noisy latents and learned queries: the
 * suffix
 *
 * Attention runs on the two parts apart; the suffix sees its own keys behind those of its prompt.
 * In the last layer only the learned queries are still needed. */
#include "models/prior-batch.h"

#include "compute/ops.h"
#include "models/prior-private.h"

#include <string.h>

typedef struct
{
  const C2lPriorBatch *batch;
  const C2lPrior *prior;
  C2lPass *pass;
  gint64 n_groups;           /* rows of prefixes */
  gint64 n_suffixes;         /* rows of pictures */
  gint64 n_prefix, n_suffix; /* tokens of each */
  C2lTensor *x;              /* [n_groups·n_prefix + n_suffixes·n_suffix, D] */
} Step;

static C2lTensor *
make_mask (C2lPass *pass, gint64 n_rows, gint64 first_masked, gint64 n_tokens, gint64 n_text)
{
  g_autofree guint8 *mask = g_malloc (n_rows * n_tokens);

  memset (mask, 1, n_rows * n_tokens);
  for (gint64 row = first_masked; row < n_rows; row++)
    memset (mask + row * n_tokens, 0, n_text);

  return c2l_pass_add_constant (pass, C2L_U8, 2, (gint64[]){ n_rows, n_tokens }, mask);
}

void
c2l_prior_batch_init (C2lPriorBatch *batch,
                      const C2lPrior *prior,
                      C2lPass *pass,
                      C2lTensor *text,
                      int n_pictures,
                      gboolean guided)
{
  const C2lPriorInfo *info = &prior->info;
  int n_prompts = text != NULL ? c2l_tensor_get_dim (text, 0) : 1;
  int n_rows = guided ? 2 * n_pictures : n_pictures;
  g_autofree gint32 *rows = g_new (gint32, n_rows);

  *batch = (C2lPriorBatch){ .n_prompts = n_prompts, .n_pictures = n_pictures, .guided = guided };
  for (int i = 0; i < n_rows; i++)
    rows[i] = i < n_pictures ? i / (n_pictures / n_prompts) : n_prompts;
  batch->prefix_row = c2l_pass_add_constant (pass, C2L_I32, 1, (gint64[]){ n_rows }, rows);

  batch->text = c2l_prior_text_tokens (prior, pass, text);
  if (!guided)
    return;

  /* What stands under the mask has no influence; it must only be finite. */
  batch->text = c2l_concat (pass, 0, 2,
                            (C2lTensor *[]){ batch->text, c2l_slice (pass, batch->text, 0, 0, 1) });
  batch->prefix_mask = make_mask (pass, n_prompts + 1, n_prompts,
                                  info->n_text_tokens + info->n_time_tokens, info->n_text_tokens);
  batch->suffix_mask = make_mask (pass, n_rows, n_pictures, info->n_tokens, info->n_text_tokens);
}

static C2lTensor *
flatten (C2lPass *pass, C2lTensor *x, gint64 width)
{
  if (x == NULL)
    return NULL;
  return c2l_reshape (pass, x, 2, (gint64[]){ (gint64) c2l_tensor_get_length (x) / width, width });
}

/* The two parts of a matrix of all tokens; views. */
static C2lTensor *
get_prefix (const Step *step, C2lTensor *rows, gint64 width)
{
  C2lTensor *part = c2l_slice (step->pass, rows, 0, 0, step->n_groups * step->n_prefix);

  return c2l_reshape (step->pass, part, 3, (gint64[]){ step->n_groups, step->n_prefix, width });
}

static C2lTensor *
get_suffix (const Step *step, C2lTensor *rows, gint64 width)
{
  C2lTensor *part = c2l_slice (step->pass, rows, 0, step->n_groups * step->n_prefix,
                               step->n_suffixes * step->n_suffix);

  return c2l_reshape (step->pass, part, 3, (gint64[]){ step->n_suffixes, step->n_suffix, width });
}

/* Only the learned queries of the suffix. */
static C2lTensor *
get_queries (const Step *step, C2lTensor *suffix)
{
  int n_latents = step->prior->info.n_latents;

  return c2l_slice (step->pass, suffix, 1, step->n_suffix - n_latents, n_latents);
}

static void
assemble (Step *step, C2lTensor *x_t, C2lTensor *t)
{
  const C2lPriorInfo *info = &step->prior->info;
  C2lPass *pass = step->pass;
  C2lTensor *time = c2l_expand (pass, c2l_prior_time_tokens (step->prior, pass, t), 3,
                                (gint64[]){ step->n_groups, info->n_time_tokens, info->dim });
  C2lTensor *prefix = c2l_concat (pass, 1, 2, (C2lTensor *[]){ step->batch->text, time });
  C2lTensor *image = c2l_prior_image_tokens (step->prior, pass, x_t);

  if (step->batch->guided)
    image = c2l_concat (pass, 0, 2, (C2lTensor *[]){ image, image });

  C2lTensor *suffix = c2l_concat (
      pass, 1, 2,
      (C2lTensor *[]){ image, c2l_prior_query_tokens (step->prior, pass, step->n_suffixes) });

  step->x = c2l_concat (
      pass, 0, 2,
      (C2lTensor *[]){ flatten (pass, prefix, info->dim), flatten (pass, suffix, info->dim) });
}

/* Results of all heads, [rows of x, heads·head_dim]; of the learned queries alone in the last
 * layer. */
static C2lTensor *
attend (const Step *step, const C2lPriorLayer *layer, gboolean is_last)
{
  const C2lPrior *prior = step->prior;
  C2lPass *pass = step->pass;
  int n_q = prior->info.heads * prior->info.head_dim;
  int n_kv = 2 * prior->info.head_dim;
  C2lTensor *qkv = c2l_prior_project_qkv (layer, pass, step->x);
  C2lTensor *prefix
      = c2l_prior_rotate (prior, pass, get_prefix (step, qkv, n_q + n_kv), &prior->prefix);
  C2lTensor *suffix
      = c2l_prior_rotate (prior, pass, get_suffix (step, qkv, n_q + n_kv), &prior->suffix);
  C2lTensor *kv = c2l_concat (
      pass, 1, 2,
      (C2lTensor *[]){
          c2l_gather (pass, c2l_slice (pass, prefix, 2, n_q, n_kv), 0, step->batch->prefix_row),
          c2l_slice (pass, suffix, 2, n_q, n_kv),
      });

  if (is_last)
    return flatten (pass,
                    c2l_prior_attend (prior, layer, pass, get_queries (step, suffix), kv, 0,
                                      prior->query_bias, FALSE, step->batch->suffix_mask),
                    n_q);

  C2lTensor *prefix_heads = c2l_prior_attend (prior, layer, pass, prefix, prefix, n_q,
                                              prior->prefix.bias, TRUE, step->batch->prefix_mask);
  C2lTensor *suffix_heads = c2l_prior_attend (prior, layer, pass, suffix, kv, 0, prior->suffix.bias,
                                              FALSE, step->batch->suffix_mask);

  return c2l_concat (
      pass, 0, 2,
      (C2lTensor *[]){ flatten (pass, prefix_heads, n_q), flatten (pass, suffix_heads, n_q) });
}

C2lTensor *
c2l_prior_batch_predict (const C2lPriorBatch *batch,
                         const C2lPrior *prior,
                         C2lPass *pass,
                         C2lTensor *x_t,
                         C2lTensor *t)
{
  const C2lPriorInfo *info = &prior->info;
  Step step = {
    .batch = batch,
    .prior = prior,
    .pass = pass,
    .n_groups = batch->guided ? batch->n_prompts + 1 : batch->n_prompts,
    .n_suffixes = batch->guided ? 2 * batch->n_pictures : batch->n_pictures,
    .n_prefix = info->n_text_tokens + info->n_time_tokens,
    .n_suffix = info->n_image_tokens + info->n_latents,
  };

  assemble (&step, x_t, t);
  for (int i = 0; i < info->depth; i++)
    {
      const C2lPriorLayer *layer = &prior->layers[i];
      gboolean is_last = i == info->depth - 1;
      C2lTensor *y = c2l_prior_project_heads (layer, pass, attend (&step, layer, is_last));

      if (is_last)
        step.x
            = flatten (pass, get_queries (&step, get_suffix (&step, step.x, info->dim)), info->dim);
      step.x = c2l_add (pass, y, step.x);
      step.x = c2l_prior_feed_forward (layer, pass, step.x, step.x);
    }

  C2lTensor *result = c2l_prior_finish (prior, pass, step.x);

  return c2l_reshape (pass, result, 3, (gint64[]){ step.n_suffixes, info->n_latents, info->dim });
}
