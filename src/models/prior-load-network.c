/* Reads the tensors of a prior's network: token embeddings, then the layers. Knows nothing of how
 * it computes. The projections of queries, keys and values are joined into one weight here. */
#include "models/prior-load-private.h"

#include <math.h>
#include <string.h>

/* Base of the sinusoidal time embedding. */
#define SINUSOID_BASE 10000.0

void
c2l_prior_read_query (C2lPriorReader *self)
{
  C2lPriorInfo *info = &self->prior->info;
  const C2lArray *any
      = c2l_loader_find (&self->loader.loader, "%snet.learned_query", self->loader.prefix);
  int n_dims = any != NULL && any->n_dims == 2 ? 2 : 1;
  const C2lArray *query
      = c2l_network_loader_need (&self->loader, n_dims, (gint64[]){ 0, 0 }, "net.learned_query");

  if (query == NULL)
    return;

  info->n_latents = 1;
  if (n_dims == 2)
    info->n_latents = c2l_prior_reader_take_size (self, query->dims[0], C2L_PRIOR_MAX_TOKENS / 4,
                                                  "a number of latents");
  info->dim
      = c2l_prior_reader_take_size (self, query->dims[n_dims - 1], C2L_PRIOR_MAX_SIZE, "a width");
  self->prior->learned_query = c2l_network_loader_take (
      &self->loader, 3, (gint64[]){ 1, info->n_latents, info->dim },
      c2l_network_loader_dup (&self->loader, n_dims, query->dims, "net.learned_query"));
}

void
c2l_prior_read_heads (C2lPriorReader *self)
{
  C2lPriorInfo *info = &self->prior->info;
  const C2lArray *table = c2l_network_loader_need (
      &self->loader, 2, (gint64[]){ C2L_PRIOR_N_BUCKETS, 0 },
      "net.causal_transformer.rel_pos_bias.relative_attention_bias.weight");
  const C2lArray *kv = c2l_network_loader_need (&self->loader, 2, (gint64[]){ 0, info->dim },
                                                "net.causal_transformer.layers.0.0.to_kv.weight");

  if (table == NULL || kv == NULL)
    return;

  if (kv->dims[0] % 2 != 0)
    c2l_loader_fail (
        &self->loader.loader, C2L_FORMAT_ERROR_DAMAGED,
        "tensor “%snet.causal_transformer.layers.0.0.to_kv.weight” has an odd number of rows, "
        "%" G_GINT64_FORMAT,
        self->loader.prefix, kv->dims[0]);
  info->heads
      = c2l_prior_reader_take_size (self, table->dims[1], C2L_PRIOR_MAX_SIZE, "a number of heads");
  info->head_dim
      = c2l_prior_reader_take_size (self, kv->dims[0] / 2, C2L_PRIOR_MAX_SIZE, "a head width");
}

int
c2l_prior_read_tokens (C2lPriorReader *self, const char *name, C2lPriorLinear *linear)
{
  gint64 dim = self->prior->info.dim;

  if (!c2l_network_loader_has (&self->loader, "%s.weight", name))
    return 1;

  const C2lArray *weight
      = c2l_network_loader_need (&self->loader, 2, (gint64[]){ 0, dim }, "%s.weight", name);

  if (weight == NULL)
    return 1;
  if (weight->dims[0] % dim != 0)
    {
      c2l_loader_fail (&self->loader.loader, C2L_FORMAT_ERROR_DAMAGED,
                       "tensor “%s%s.weight” has %" G_GINT64_FORMAT
                       " rows, not a multiple of the width %d",
                       self->loader.prefix, name, weight->dims[0], (int) dim);
      return 1;
    }

  linear->weight = c2l_network_loader_get (&self->loader, 2, weight->dims, "%s.weight", name);
  linear->bias = c2l_network_loader_get (&self->loader, 1, weight->dims, "%s.bias", name);
  return c2l_prior_reader_take_size (self, weight->dims[0] / dim, C2L_PRIOR_MAX_TOKENS / 4,
                                     "a number of tokens");
}

/* sin and cos of t times a falling frequency, [T, D]; in float32, as the original computes them. */
static float *
make_sinusoids (int n_steps, int dim)
{
  float *table = g_new0 (float, (gsize) n_steps *dim);
  int half = dim / 2;
  float falling = -(log (SINUSOID_BASE) / (half - 1));

  for (int t = 0; t < n_steps; t++)
    for (int j = 0; j < half; j++)
      {
        float angle = t * expf (j * falling);

        table[(gsize) t * dim + j] = sinf (angle);
        table[(gsize) t * dim + half + j] = cosf (angle);
      }

  return table;
}

/* Sinusoids and a perceptron with two hidden layers stand in for the table where the network has no
 * num_timesteps. */
static int
read_time_mlp (C2lPriorReader *self, int n_steps)
{
  static const char *const names[] = { "0.0", "1.0", "2" };

  C2lPrior *prior = self->prior;
  gint64 dim = prior->info.dim;
  gint64 n_in = dim;

  if (dim % 2 != 0 || dim < 4)
    {
      c2l_loader_fail (&self->loader.loader, C2L_FORMAT_ERROR_UNSUPPORTED,
                       "no sinusoidal time embedding has width %d", (int) dim);
      return 1;
    }

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const C2lArray *weight
          = c2l_network_loader_need (&self->loader, 2, (gint64[]){ 0, n_in },
                                     "net.to_time_embeds.0.1.net.%s.weight", names[i]);

      if (weight == NULL)
        return 1;
      n_in = weight->dims[0];
      prior->time_mlp[i].weight = c2l_network_loader_get (
          &self->loader, 2, weight->dims, "net.to_time_embeds.0.1.net.%s.weight", names[i]);
      prior->time_mlp[i].bias = c2l_network_loader_get (
          &self->loader, 1, &n_in, "net.to_time_embeds.0.1.net.%s.bias", names[i]);
    }

  if (n_in % dim != 0)
    c2l_loader_fail (&self->loader.loader, C2L_FORMAT_ERROR_DAMAGED,
                     "the time embedding has %d columns, not a multiple of %d", (int) n_in,
                     (int) dim);
  c2l_prior_reader_check_table (self, (double) n_steps * dim);
  if (c2l_prior_reader_has_failed (self))
    return 1;
  prior->time_table = c2l_network_loader_take (&self->loader, 2, (gint64[]){ n_steps, dim },
                                               make_sinusoids (n_steps, dim));
  return c2l_prior_reader_take_size (self, n_in / dim, C2L_PRIOR_MAX_TOKENS / 4,
                                     "a number of time tokens");
}

void
c2l_prior_read_time (C2lPriorReader *self)
{
  C2lPriorInfo *info = &self->prior->info;
  const char *name = "net.to_time_embeds.0.weight";

  if (!c2l_network_loader_has (&self->loader, "%s", name)
      && c2l_network_loader_has (&self->loader, "net.to_time_embeds.0.1.net.0.0.weight"))
    {
      info->n_time_tokens = read_time_mlp (self, info->n_timesteps);
      return;
    }

  const C2lArray *table
      = c2l_network_loader_need (&self->loader, 2, (gint64[]){ 0, 0 }, "%s", name);

  if (table == NULL)
    return;

  c2l_prior_reader_check_agrees (self, "model.network.num_timesteps", self->config->num_timesteps,
                                 MIN (table->dims[0], G_MAXINT));
  if (table->dims[1] % info->dim != 0 || table->dims[0] < info->n_timesteps)
    {
      g_autofree char *shape = c2l_array_to_string (table);

      c2l_loader_fail (
          &self->loader.loader, C2L_FORMAT_ERROR_DAMAGED,
          "tensor “%s%s” is %s; it should have a row for each of %d time steps and a multiple "
          "of %d columns",
          self->loader.prefix, name, shape, info->n_timesteps, info->dim);
      return;
    }

  info->n_time_tokens = c2l_prior_reader_take_size (
      self, table->dims[1] / info->dim, C2L_PRIOR_MAX_TOKENS / 4, "a number of time tokens");
  self->prior->time_table = c2l_network_loader_get (&self->loader, 2, table->dims, "%s", name);
}

/* --- layers --- */

/* A LayerNorm's learned gain; its `beta` is a buffer of zeros, which is added only where a file has
 * something else in it. */
static C2lNorm
read_norm (C2lPriorReader *self, gint64 width, const char *name)
{
  C2lNorm norm = { .gain = c2l_network_loader_get (&self->loader, 1, &width, "%s.gamma", name) };

  if (!c2l_network_loader_has (&self->loader, "%s.beta", name))
    return norm;

  float *beta = c2l_network_loader_dup (&self->loader, 1, &width, "%s.beta", name);
  gboolean is_zero = TRUE;

  for (gint64 i = 0; beta != NULL && i < width; i++)
    is_zero &= beta[i] == 0;
  if (is_zero)
    g_free (beta);
  else
    norm.bias = c2l_network_loader_take (&self->loader, 1, &width, beta);

  return norm;
}

static C2lTensor *
read_qkv (C2lPriorReader *self, const char *prefix)
{
  const C2lPriorInfo *info = &self->prior->info;
  gint64 n_q = (gint64) info->heads * info->head_dim;
  gint64 n_kv = 2 * (gint64) info->head_dim;
  g_autofree float *q = c2l_network_loader_dup (&self->loader, 2, (gint64[]){ n_q, info->dim },
                                                "%s.to_q.weight", prefix);
  g_autofree float *kv = c2l_network_loader_dup (&self->loader, 2, (gint64[]){ n_kv, info->dim },
                                                 "%s.to_kv.weight", prefix);

  if (q == NULL || kv == NULL)
    return NULL;

  float *joint = g_new (float, (n_q + n_kv) * info->dim);

  memcpy (joint, q, n_q * info->dim * sizeof (float));
  memcpy (joint + n_q * info->dim, kv, n_kv * info->dim * sizeof (float));
  return c2l_network_loader_take (&self->loader, 2, (gint64[]){ n_q + n_kv, info->dim }, joint);
}

static void
read_attention (C2lPriorReader *self, const char *prefix, C2lPriorLayer *layer)
{
  const C2lPriorInfo *info = &self->prior->info;
  g_autofree char *norm = g_strconcat (prefix, ".norm", NULL);
  g_autofree char *out_norm = g_strconcat (prefix, ".to_out.1", NULL);

  layer->attn_norm = read_norm (self, info->dim, norm);
  layer->qkv = read_qkv (self, prefix);
  layer->null_kv = c2l_network_loader_get (&self->loader, 2, (gint64[]){ 2, info->head_dim },
                                           "%s.null_kv", prefix);
  layer->out = c2l_network_loader_get (
      &self->loader, 2, (gint64[]){ info->dim, (gint64) info->heads * info->head_dim },
      "%s.to_out.0.weight", prefix);
  layer->out_norm = read_norm (self, info->dim, out_norm);
}

static void
read_feed_forward (C2lPriorReader *self, const char *prefix, C2lPriorLayer *layer)
{
  gint64 dim = self->prior->info.dim;
  g_autofree char *norm = g_strconcat (prefix, ".0", NULL);
  g_autofree char *mid = g_strconcat (prefix, ".3", NULL);
  const C2lArray *out
      = c2l_network_loader_need (&self->loader, 2, (gint64[]){ dim, 0 }, "%s.5.weight", prefix);

  if (out == NULL)
    return;

  gint64 inner = out->dims[1];

  layer->ff_norm = read_norm (self, dim, norm);
  layer->ff_in = c2l_network_loader_get (&self->loader, 2, (gint64[]){ 2 * inner, dim },
                                         "%s.1.weight", prefix);
  layer->ff_out = c2l_network_loader_get (&self->loader, 2, out->dims, "%s.5.weight", prefix);
  if (c2l_network_loader_has (&self->loader, "%s.gamma", mid))
    layer->ff_mid = read_norm (self, inner, mid);
}

void
c2l_prior_read_transformer (C2lPriorReader *self)
{
  C2lPrior *prior = self->prior;
  gint64 dim = prior->info.dim;

  prior->layers = g_new0 (C2lPriorLayer, prior->info.depth);
  for (int i = 0; i < prior->info.depth && !c2l_prior_reader_has_failed (self); i++)
    {
      g_autofree char *attention = g_strdup_printf ("net.causal_transformer.layers.%d.0", i);
      g_autofree char *feed_forward = g_strdup_printf ("net.causal_transformer.layers.%d.1", i);

      read_attention (self, attention, &prior->layers[i]);
      read_feed_forward (self, feed_forward, &prior->layers[i]);
    }

  if (self->config->has_norm_out)
    prior->norm = read_norm (self, dim, "net.causal_transformer.norm");
  if (self->config->has_project_out)
    prior->project_out = c2l_network_loader_get (&self->loader, 2, (gint64[]){ dim, dim },
                                                 "net.causal_transformer.project_out.weight");
}
