/* Where each parameter of a prior lies in the vectors of all parameters, gradients and moments, and
 * what it is called in a checkpoint. Knows no operation. Policy: what weight decay is for comes
 * first, and each layer's part of it is one piece, so that it can be sent away as soon as its
 * gradient is complete. */
#include "models/prior-load-private.h"
#include "models/prior-train-private.h"

#include <string.h>

#define LAYERS "net.causal_transformer.layers"
#define ABSENT -1

static int
add (C2lPriorParameters *self, C2lTensor *bound, int n_dims, gint64 d0, gint64 d1, char *name)
{
  const C2lPriorParameter parameter = {
    .name = name,
    .n_dims = n_dims,
    .dims = { d0, n_dims == 2 ? d1 : 0 },
    .length = (gsize) d0 * (n_dims == 2 ? (gsize) d1 : 1),
    .bound = bound,
  };

  g_array_append_val (self->list, parameter);
  return (int) self->list->len - 1;
}

static int
add_matrix (C2lPriorParameters *self, C2lTensor *matrix, char *name)
{
  return add (self, matrix, 2, c2l_tensor_get_dim (matrix, 0), c2l_tensor_get_dim (matrix, 1),
              name);
}

static int
add_row (C2lPriorParameters *self, C2lTensor *row, char *name)
{
  if (row == NULL)
    {
      g_free (name);
      return ABSENT;
    }
  return add (self, row, 1, c2l_tensor_get_dim (row, 0), 0, name);
}

static void
add_linear (C2lPriorParameters *self,
            const C2lPriorLinear *linear,
            const char *name,
            int *weight,
            int *bias)
{
  *weight = *bias = ABSENT;
  if (linear->weight == NULL)
    return;
  *weight = add_matrix (self, linear->weight, g_strconcat (name, ".weight", NULL));
  *bias = add_row (self, linear->bias, g_strconcat (name, ".bias", NULL));
}

static void
add_time (C2lPriorParameters *self, const C2lPrior *prior)
{
  static const char *const names[] = { "0.0", "1.0", "2" };

  self->time_table = ABSENT;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *name = g_strconcat ("net.to_time_embeds.0.1.net.", names[i], NULL);

      add_linear (self, &prior->time_mlp[i], name, &self->time_weights[i], &self->time_biases[i]);
    }
  if (prior->time_mlp[0].weight == NULL)
    self->time_table
        = add_matrix (self, prior->time_table, g_strdup ("net.to_time_embeds.0.weight"));
}

static void
add_layer (C2lPriorParameters *self, const C2lPrior *prior, int index)
{
  const C2lPriorLayer *layer = &prior->layers[index];
  C2lPriorLayerParameters *p = &self->layers[index];
  const gint64 dim = prior->info.dim, d = prior->info.head_dim;

  p->null_kv = add_matrix (self, layer->null_kv, g_strdup_printf (LAYERS ".%d.0.null_kv", index));
  /* Queries, keys and values are one matrix, of which the checkpoint has two parts. */
  p->q = add (self, layer->qkv, 2, prior->info.heads * d, dim,
              g_strdup_printf (LAYERS ".%d.0.to_q.weight", index));
  p->kv = add (self, NULL, 2, 2 * d, dim, g_strdup_printf (LAYERS ".%d.0.to_kv.weight", index));
  p->out = add_matrix (self, layer->out, g_strdup_printf (LAYERS ".%d.0.to_out.0.weight", index));
  p->ff_in = add_matrix (self, layer->ff_in, g_strdup_printf (LAYERS ".%d.1.1.weight", index));
  p->ff_out = add_matrix (self, layer->ff_out, g_strdup_printf (LAYERS ".%d.1.5.weight", index));

  p->attn_norm
      = add_row (self, layer->attn_norm.gain, g_strdup_printf (LAYERS ".%d.0.norm.gamma", index));
  p->out_norm = add_row (self, layer->out_norm.gain,
                         g_strdup_printf (LAYERS ".%d.0.to_out.1.gamma", index));
  p->ff_norm = add_row (self, layer->ff_norm.gain, g_strdup_printf (LAYERS ".%d.1.0.gamma", index));
  p->ff_mid = add_row (self, layer->ff_mid.gain, g_strdup_printf (LAYERS ".%d.1.3.gamma", index));
}

/* Offsets: parameters of @n_dims, in the order of the list, from @at on. */
static gsize
place (C2lPriorParameters *self, int first, int end, int n_dims, gsize at, C2lPriorRange *range)
{
  *range = (C2lPriorRange){ .first = at };
  for (int i = first; i < end; i++)
    {
      C2lPriorParameter *parameter = c2l_prior_parameters_get (self, i);

      if (parameter->n_dims != n_dims)
        continue;
      parameter->offset = at;
      at += parameter->length;
    }
  range->n = at - range->first;
  return at;
}

C2lPriorParameters *
c2l_prior_parameters_new (const C2lPrior *prior, int query_dims)
{
  C2lPriorParameters *self = g_new0 (C2lPriorParameters, 1);
  const C2lPriorInfo *info = &prior->info;
  g_autofree int *first = g_new (int, info->depth + 1);
  gsize at;

  self->list = g_array_new (FALSE, FALSE, sizeof (C2lPriorParameter));
  self->layers = g_new0 (C2lPriorLayerParameters, info->depth);
  self->layer_ranges = g_new0 (C2lPriorRange, info->depth);

  self->query
      = add (self, prior->learned_query, query_dims, query_dims == 2 ? info->n_latents : info->dim,
             info->dim, g_strdup ("net.learned_query"));
  add_time (self, prior);
  add_linear (self, &prior->text_embed, "net.to_text_embeds.0", &self->text_weight,
              &self->text_bias);
  add_linear (self, &prior->image_embed, "net.to_image_embeds.0", &self->image_weight,
              &self->image_bias);
  self->buckets
      = add (self, NULL, 2, C2L_PRIOR_N_BUCKETS, info->heads,
             g_strdup ("net.causal_transformer.rel_pos_bias.relative_attention_bias.weight"));
  for (int i = 0; i < info->depth; i++)
    {
      first[i] = (int) self->list->len;
      add_layer (self, prior, i);
    }
  first[info->depth] = (int) self->list->len;
  self->norm = add_row (self, prior->norm.gain, g_strdup ("net.causal_transformer.norm.gamma"));
  self->project_out = prior->project_out == NULL
                          ? ABSENT
                          : add_matrix (self, prior->project_out,
                                        g_strdup ("net.causal_transformer.project_out.weight"));

  at = place (self, 0, first[0], 2, 0, &self->head);
  for (int i = 0; i < info->depth; i++)
    at = place (self, first[i], first[i + 1], 2, at, &self->layer_ranges[i]);
  at = place (self, first[info->depth], (int) self->list->len, 2, at, &self->tail);
  self->n_decayed = at;
  self->n = place (self, 0, (int) self->list->len, 1, at, &self->rest);
  return self;
}

void
c2l_prior_parameters_free (C2lPriorParameters *self)
{
  if (self == NULL)
    return;

  for (guint i = 0; i < self->list->len; i++)
    g_free (c2l_prior_parameters_get (self, (int) i)->name);
  g_array_unref (self->list);
  g_free (self->layers);
  g_free (self->layer_ranges);
  g_free (self);
}

gboolean
c2l_prior_parameters_read (const C2lPriorParameters *self,
                           C2lWeights *weights,
                           C2lDevice *device,
                           const char *prefix,
                           C2lTensor *to,
                           GError **error)
{
  C2lNetworkLoader loader;
  float *reached = c2l_tensor_get_host_data (to);
  g_autofree float *sent = reached == NULL ? g_new (float, self->n) : NULL;
  float *vector = reached != NULL ? reached : sent;

  c2l_network_loader_init (&loader, weights, device, prefix, NULL);
  for (guint i = 0; i < self->list->len; i++)
    {
      const C2lPriorParameter *parameter = c2l_prior_parameters_get (self, (int) i);
      g_autofree float *values = c2l_network_loader_dup (&loader, parameter->n_dims,
                                                         parameter->dims, "%s", parameter->name);

      if (values != NULL)
        memcpy (vector + parameter->offset, values, parameter->length * sizeof (float));
    }
  if (!c2l_network_loader_finish (&loader, error))
    return FALSE;
  if (sent != NULL)
    c2l_tensor_write (to, sent, c2l_tensor_get_size (to));
  return TRUE;
}

void
c2l_prior_parameters_add (const C2lPriorParameters *self,
                          C2lWeights *weights,
                          const char *prefix,
                          C2lTensor *from)
{
  g_autofree gpointer copy = NULL;
  const float *vector = c2l_tensor_peek (from, &copy);

  for (guint i = 0; i < self->list->len; i++)
    {
      const C2lPriorParameter *parameter = c2l_prior_parameters_get (self, (int) i);
      g_autofree char *name = g_strconcat (prefix, parameter->name, NULL);

      c2l_weights_add (weights, name,
                       &(C2lArray){ .dtype = C2L_F32,
                                    .n_dims = parameter->n_dims,
                                    .dims = { parameter->dims[0], parameter->dims[1] },
                                    .length = parameter->length,
                                    .data = vector + parameter->offset });
    }
}

/* --- the sampling prior --- */

static void
apply_bias (C2lTensor *bias, const float *table, int first, gboolean causal)
{
  const gint64 *dims = c2l_tensor_get_dims (bias);
  g_autofree float *values = g_new (float, c2l_tensor_get_length (bias));

  c2l_prior_fill_bias (values, table, (int) dims[0], first, (int) dims[1], (int) dims[2] - 1,
                       causal);
  c2l_tensor_write (bias, values, c2l_tensor_get_size (bias));
}

void
c2l_prior_parameters_apply (const C2lPriorParameters *self, C2lPrior *prior, C2lTensor *from)
{
  const C2lPriorInfo *info = &prior->info;
  g_autofree gpointer copy = NULL;
  const float *vector = c2l_tensor_peek (from, &copy);
  const float *table = vector + c2l_prior_parameters_get (self, self->buckets)->offset;

  for (guint i = 0; i < self->list->len; i++)
    {
      const C2lPriorParameter *parameter = c2l_prior_parameters_get (self, (int) i);

      if (parameter->bound != NULL)
        c2l_tensor_write (parameter->bound, vector + parameter->offset,
                          c2l_tensor_get_size (parameter->bound));
    }
  apply_bias (prior->all.bias, table, 0, FALSE);
  apply_bias (prior->prefix.bias, table, 0, FALSE);
  apply_bias (prior->suffix.bias, table, info->n_text_tokens + info->n_time_tokens, TRUE);
  apply_bias (prior->query_bias, table, info->n_tokens - info->n_latents, TRUE);
}
