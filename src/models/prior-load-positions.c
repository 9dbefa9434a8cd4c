/* The tables of positions of a prior: relative-position biases out of the learned buckets, and the
 * angles of the rotary embedding, for each run of queries that the forward passes use. */
#include "models/prior-load-private.h"

#include <math.h>

/* Distance from which on all fall into the last bucket (dalle2-pytorch 0.2.38). */
#define MAX_DISTANCE 128

int
c2l_prior_bucket_of (int distance)
{
  const int exact = C2L_PRIOR_N_BUCKETS / 2;

  if (distance < exact)
    return distance;

  /* In float32, as the original computes it: the borders between buckets depend on it. */
  float ratio = logf ((float) distance / exact) / (float) log ((double) MAX_DISTANCE / exact);

  return MIN (exact + (int) (ratio * (C2L_PRIOR_N_BUCKETS - exact)), C2L_PRIOR_N_BUCKETS - 1);
}

void
c2l_prior_fill_bias (float *bias,
                     const float *table,
                     int heads,
                     int first,
                     int n_q,
                     int n_k,
                     gboolean causal)
{
  for (int h = 0; h < heads; h++)
    for (int q = first; q < first + n_q; q++)
      for (int k = 0; k <= n_k; k++)
        *bias++ = causal && k > q + 1 ? C2L_PRIOR_HIDDEN
                                      : table[c2l_prior_bucket_of (MAX (q - k, 0)) * heads + h];
}

static C2lTensor *
make_bias (C2lPriorReader *self, const float *table, int first, int n_q, int n_k, gboolean causal)
{
  int heads = self->prior->info.heads;
  float *bias = g_new (float, (gsize) heads *n_q *(n_k + 1));

  c2l_prior_fill_bias (bias, table, heads, first, n_q, n_k, causal);
  return c2l_network_loader_take (&self->loader, 3, (gint64[]){ heads, n_q, n_k + 1 }, bias);
}

static C2lTensor *
make_angles (C2lPriorReader *self, const float *freqs, int n_freqs, int first, int n)
{
  if (freqs == NULL)
    return NULL;

  float *angles = g_new (float, (gsize) n *n_freqs);

  for (int i = 0; i < n; i++)
    for (int j = 0; j < n_freqs; j++)
      angles[i * n_freqs + j] = (first + i) * freqs[j];

  return c2l_network_loader_take (&self->loader, 2, (gint64[]){ n, n_freqs }, angles);
}

/* The frequencies of the rotary embedding, one tensor that every layer repeats. */
static float *
read_freqs (C2lPriorReader *self, int *n_freqs)
{
  const char *name = "net.causal_transformer.layers.0.0.rotary_emb.freqs";

  *n_freqs = 0;
  if (!self->config->has_rotary)
    return NULL;

  const C2lArray *freqs = c2l_network_loader_need (&self->loader, 1, (gint64[]){ 0 }, "%s", name);

  if (freqs == NULL)
    return NULL;
  if (freqs->dims[0] > self->prior->info.head_dim / 2)
    {
      c2l_loader_fail (&self->loader.loader, C2L_FORMAT_ERROR_DAMAGED,
                       "tensor “%s%s” has %" G_GINT64_FORMAT
                       " frequencies, too many for heads of width %d",
                       self->loader.prefix, name, freqs->dims[0], self->prior->info.head_dim);
      return NULL;
    }

  *n_freqs = freqs->dims[0];
  return c2l_network_loader_dup (&self->loader, 1, freqs->dims, "%s", name);
}

void
c2l_prior_read_positions (C2lPriorReader *self)
{
  C2lPrior *prior = self->prior;
  const C2lPriorInfo *info = &prior->info;
  int n_prefix = info->n_text_tokens + info->n_time_tokens;
  int n_suffix = info->n_tokens - n_prefix;
  int n_freqs;
  g_autofree float *freqs = read_freqs (self, &n_freqs);
  g_autofree float *table = c2l_network_loader_dup (
      &self->loader, 2, (gint64[]){ C2L_PRIOR_N_BUCKETS, info->heads },
      "net.causal_transformer.rel_pos_bias.relative_attention_bias.weight");

  c2l_prior_reader_check_table (self, (double) info->heads * info->n_tokens * (info->n_tokens + 1));
  if (c2l_prior_reader_has_failed (self) || table == NULL)
    return;

  prior->all.angles = make_angles (self, freqs, n_freqs, 0, info->n_tokens);
  prior->prefix.angles = make_angles (self, freqs, n_freqs, 0, n_prefix);
  prior->suffix.angles = make_angles (self, freqs, n_freqs, n_prefix, n_suffix);
  prior->all.bias = make_bias (self, table, 0, info->n_tokens, info->n_tokens, FALSE);
  prior->prefix.bias = make_bias (self, table, 0, n_prefix, n_prefix, FALSE);
  prior->suffix.bias = make_bias (self, table, n_prefix, n_suffix, info->n_tokens, TRUE);
  prior->query_bias = make_bias (self, table, info->n_tokens - info->n_latents, info->n_latents,
                                 info->n_tokens, TRUE);
}
