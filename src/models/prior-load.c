/* Reads a prior from a checkpoint. Knows nothing of how it computes. Policy: sizes are read off the
 * tensors that define them, every other tensor must then fit, and what the configuration says about them
 * must agree: a checkpoint with another's configuration is an error, not a picture of noise. The
 * projections of queries, keys and values are joined into one weight here. */
#include "models/prior-private.h"

#include <math.h>
#include <string.h>

/* Buckets of the relative-position bias, and the distance from which on all are the last one
 * (dalle2-pytorch 0.2.38). */
#define N_BUCKETS 32
#define MAX_DISTANCE 128

/* More of anything than this is a damaged file. */
#define MAX_DEPTH 1024
#define MAX_SIZE (1 << 16)
#define MAX_TOKENS 4096
#define MAX_STEPS 1000000

/* Elements of the tables that are computed here, whose sizes a small file could claim: 256 MiB. */
#define MAX_TABLE (1 << 26)

/* Numbers of repeats without a configuration: one row for each latent. */
#define DEFAULT_REPEAT 1

/* Base of the sinusoidal time embedding. */
#define SINUSOID_BASE 10000.0

typedef struct
{
  C2lNetworkLoader loader;
  C2lPrior *prior;
  const C2lPriorConfig *config;
} Reader;

static gboolean
failed (Reader *self)
{
  return c2l_loader_has_failed (&self->loader.loader);
}

/* What the configuration says (0: nothing) must be what the file has. */
static void
check_agrees (Reader *self, const char *setting, int said, int found)
{
  if (said != 0 && said != found)
    c2l_loader_fail (&self->loader.loader, C2L_FORMAT_ERROR_DAMAGED,
                     "the configuration's “%s” is %d, this checkpoint has %d; give it the configuration it "
                     "was trained with",
                     setting, said, found);
}

static int
take_size (Reader *self, gint64 size, gint64 max, const char *what)
{
  if (size < 1 || size > max)
    {
      c2l_loader_fail (&self->loader.loader, C2L_FORMAT_ERROR_DAMAGED,
                       "%s of %" G_GINT64_FORMAT " is beyond belief", what, size);
      return 0;
    }

  return size;
}

static void
check_table (Reader *self, double n_elements)
{
  if (n_elements > MAX_TABLE)
    c2l_loader_fail (
        &self->loader.loader, C2L_FORMAT_ERROR_UNSUPPORTED,
        "its tables of positions or time steps would take %.1f GiB; the file's sizes are damaged",
        n_elements * sizeof (float) / (1 << 30));
}

/* --- which tensors ---------------------------------------------------------------------------------- */

static gboolean
has_prefix (C2lWeights *weights, const char *prefix)
{
  g_autofree const char **names = c2l_weights_list_names (weights);
  g_autofree char *net = g_strconcat (prefix, "net.", NULL);

  for (int i = 0; names[i] != NULL; i++)
    if (g_str_has_prefix (names[i], net))
      return TRUE;

  return FALSE;
}

/* The first prefix that the file knows; a bare prior, as bundles hold it, has none. NULL where there is
 * no prior. */
static const char *
find_prefix (C2lWeights *weights, C2lPriorSet set)
{
  static const char *const prefixes[][2] = {
    [C2L_PRIOR_EMA] = { "ema_diffusion_prior.ema_model.", "" },
    [C2L_PRIOR_ONLINE] = { "diffusion_prior.", "ema_diffusion_prior.online_model." },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (prefixes[set]); i++)
    if (has_prefix (weights, prefixes[set][i]))
      return prefixes[set][i];

  return NULL;
}

/* Number of layers: one more than the largest index, and none may be missing before it. */
static int
count_layers (Reader *self)
{
  g_autofree const char **names = c2l_weights_list_names (self->loader.loader.weights);
  g_autofree char *prefix = g_strconcat (self->loader.prefix, "net.causal_transformer.layers.", NULL);
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  guint64 depth = 0;

  for (int i = 0; names[i] != NULL; i++)
    if (g_str_has_prefix (names[i], prefix))
      {
        guint64 index = g_ascii_strtoull (names[i] + strlen (prefix), NULL, 10);

        depth = MAX (depth, MIN (index, MAX_DEPTH) + 1);
        g_hash_table_add (seen, GUINT_TO_POINTER ((guint) MIN (index, MAX_DEPTH)));
      }

  for (guint i = 0; i < depth; i++)
    if (!g_hash_table_contains (seen, GUINT_TO_POINTER (i)))
      c2l_loader_fail (&self->loader.loader, C2L_FORMAT_ERROR_DAMAGED,
                       "layer “%s%u” is missing, but later ones are there: the file is damaged", prefix, i);

  return take_size (self, depth, MAX_DEPTH, "a number of layers");
}

/* --- sizes ------------------------------------------------------------------------------------------ */

static void
read_query (Reader *self)
{
  C2lPriorInfo *info = &self->prior->info;
  const C2lArray *any = c2l_loader_find (&self->loader.loader, "%snet.learned_query", self->loader.prefix);
  int n_dims = any != NULL && any->n_dims == 2 ? 2 : 1;
  const C2lArray *query
      = c2l_network_loader_need (&self->loader, n_dims, (gint64[]){ 0, 0 }, "net.learned_query");

  if (query == NULL)
    return;

  info->n_latents
      = n_dims == 2 ? take_size (self, query->dims[0], MAX_TOKENS / 4, "a number of latents") : 1;
  info->dim = take_size (self, query->dims[n_dims - 1], MAX_SIZE, "a width");
  self->prior->learned_query = c2l_network_loader_take (
      &self->loader, 3, (gint64[]){ 1, info->n_latents, info->dim },
      c2l_network_loader_dup (&self->loader, n_dims, query->dims, "net.learned_query"));
}

static void
read_heads (Reader *self)
{
  C2lPriorInfo *info = &self->prior->info;
  const C2lArray *table
      = c2l_network_loader_need (&self->loader, 2, (gint64[]){ N_BUCKETS, 0 },
                                 "net.causal_transformer.rel_pos_bias.relative_attention_bias.weight");
  const C2lArray *kv = c2l_network_loader_need (&self->loader, 2, (gint64[]){ 0, info->dim },
                                                "net.causal_transformer.layers.0.0.to_kv.weight");

  if (table == NULL || kv == NULL)
    return;

  if (kv->dims[0] % 2 != 0)
    c2l_loader_fail (&self->loader.loader, C2L_FORMAT_ERROR_DAMAGED,
                     "tensor “%snet.causal_transformer.layers.0.0.to_kv.weight” has an odd number of rows, "
                     "%" G_GINT64_FORMAT,
                     self->loader.prefix, kv->dims[0]);
  info->heads = take_size (self, table->dims[1], MAX_SIZE, "a number of heads");
  info->head_dim = take_size (self, kv->dims[0] / 2, MAX_SIZE, "a head width");
}

/* A Linear that makes several tokens, or nothing where one token is the input itself. Returns their
 * number. */
static int
read_tokens (Reader *self, const char *name, C2lPriorLinear *linear)
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
                       "tensor “%s%s.weight” has %" G_GINT64_FORMAT " rows, not a multiple of the width %d",
                       self->loader.prefix, name, weight->dims[0], (int) dim);
      return 1;
    }

  linear->weight = c2l_network_loader_get (&self->loader, 2, weight->dims, "%s.weight", name);
  linear->bias = c2l_network_loader_get (&self->loader, 1, weight->dims, "%s.bias", name);
  return take_size (self, weight->dims[0] / dim, MAX_TOKENS / 4, "a number of tokens");
}

/* sin and cos of t times a falling frequency, [T, D]; in float32, as the original computes them. */
static float *
make_sinusoids (int n_steps, int dim)
{
  float *table = g_new0 (float, (gsize) n_steps * dim);
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
read_time_mlp (Reader *self, int n_steps)
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
      const C2lArray *weight = c2l_network_loader_need (&self->loader, 2, (gint64[]){ 0, n_in },
                                                        "net.to_time_embeds.0.1.net.%s.weight", names[i]);

      if (weight == NULL)
        return 1;
      n_in = weight->dims[0];
      prior->time_mlp[i].weight = c2l_network_loader_get (&self->loader, 2, weight->dims,
                                                          "net.to_time_embeds.0.1.net.%s.weight", names[i]);
      prior->time_mlp[i].bias = c2l_network_loader_get (&self->loader, 1, &n_in,
                                                        "net.to_time_embeds.0.1.net.%s.bias", names[i]);
    }

  if (n_in % dim != 0)
    c2l_loader_fail (&self->loader.loader, C2L_FORMAT_ERROR_DAMAGED,
                     "the time embedding has %d columns, not a multiple of %d", (int) n_in, (int) dim);
  check_table (self, (double) n_steps * dim);
  if (failed (self))
    return 1;
  prior->time_table = c2l_network_loader_take (&self->loader, 2, (gint64[]){ n_steps, dim },
                                               make_sinusoids (n_steps, dim));
  return take_size (self, n_in / dim, MAX_TOKENS / 4, "a number of time tokens");
}

static void
read_time (Reader *self)
{
  C2lPriorInfo *info = &self->prior->info;
  const char *name = "net.to_time_embeds.0.weight";

  if (!c2l_network_loader_has (&self->loader, "%s", name)
      && c2l_network_loader_has (&self->loader, "net.to_time_embeds.0.1.net.0.0.weight"))
    {
      info->n_time_tokens = read_time_mlp (self, info->n_timesteps);
      return;
    }

  const C2lArray *table = c2l_network_loader_need (&self->loader, 2, (gint64[]){ 0, 0 }, "%s", name);

  if (table == NULL)
    return;

  check_agrees (self, "model.network.num_timesteps", self->config->num_timesteps,
                MIN (table->dims[0], G_MAXINT));
  if (table->dims[1] % info->dim != 0 || table->dims[0] < info->n_timesteps)
    {
      g_autofree char *shape = c2l_array_to_string (table);

      c2l_loader_fail (&self->loader.loader, C2L_FORMAT_ERROR_DAMAGED,
                       "tensor “%s%s” is %s; it should have a row for each of %d time steps and a multiple "
                       "of %d columns",
                       self->loader.prefix, name, shape, info->n_timesteps, info->dim);
      return;
    }

  info->n_time_tokens
      = take_size (self, table->dims[1] / info->dim, MAX_TOKENS / 4, "a number of time tokens");
  self->prior->time_table = c2l_network_loader_get (&self->loader, 2, table->dims, "%s", name);
}

/* --- the transformer -------------------------------------------------------------------------------- */

/* A LayerNorm's learned gain; its `beta` is a buffer of zeros, which is added only where a file has
 * something else in it. */
static C2lNorm
read_norm (Reader *self, gint64 width, const char *name)
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
read_qkv (Reader *self, const char *prefix)
{
  const C2lPriorInfo *info = &self->prior->info;
  gint64 n_q = (gint64) info->heads * info->head_dim;
  gint64 n_kv = 2 * (gint64) info->head_dim;
  g_autofree float *q
      = c2l_network_loader_dup (&self->loader, 2, (gint64[]){ n_q, info->dim }, "%s.to_q.weight", prefix);
  g_autofree float *kv
      = c2l_network_loader_dup (&self->loader, 2, (gint64[]){ n_kv, info->dim }, "%s.to_kv.weight", prefix);

  if (q == NULL || kv == NULL)
    return NULL;

  float *joint = g_new (float, (n_q + n_kv) * info->dim);

  memcpy (joint, q, n_q * info->dim * sizeof (float));
  memcpy (joint + n_q * info->dim, kv, n_kv * info->dim * sizeof (float));
  return c2l_network_loader_take (&self->loader, 2, (gint64[]){ n_q + n_kv, info->dim }, joint);
}

static void
read_attention (Reader *self, const char *prefix, C2lPriorLayer *layer)
{
  const C2lPriorInfo *info = &self->prior->info;
  g_autofree char *norm = g_strconcat (prefix, ".norm", NULL);
  g_autofree char *out_norm = g_strconcat (prefix, ".to_out.1", NULL);

  layer->attn_norm = read_norm (self, info->dim, norm);
  layer->qkv = read_qkv (self, prefix);
  layer->null_kv
      = c2l_network_loader_get (&self->loader, 2, (gint64[]){ 2, info->head_dim }, "%s.null_kv", prefix);
  layer->out = c2l_network_loader_get (&self->loader, 2,
                                       (gint64[]){ info->dim, (gint64) info->heads * info->head_dim },
                                       "%s.to_out.0.weight", prefix);
  layer->out_norm = read_norm (self, info->dim, out_norm);
}

static void
read_feed_forward (Reader *self, const char *prefix, C2lPriorLayer *layer)
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
  layer->ff_in
      = c2l_network_loader_get (&self->loader, 2, (gint64[]){ 2 * inner, dim }, "%s.1.weight", prefix);
  layer->ff_out = c2l_network_loader_get (&self->loader, 2, out->dims, "%s.5.weight", prefix);
  if (c2l_network_loader_has (&self->loader, "%s.gamma", mid))
    layer->ff_mid = read_norm (self, inner, mid);
}

static void
read_transformer (Reader *self)
{
  C2lPrior *prior = self->prior;
  gint64 dim = prior->info.dim;

  prior->layers = g_new0 (C2lPriorLayer, prior->info.depth);
  for (int i = 0; i < prior->info.depth && !failed (self); i++)
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

/* --- positions -------------------------------------------------------------------------------------- */

static int
bucket_of (int distance)
{
  const int exact = N_BUCKETS / 2;

  if (distance < exact)
    return distance;

  /* In float32, as the original computes it: the borders between buckets depend on it. */
  float ratio = logf ((float) distance / exact) / (float) log ((double) MAX_DISTANCE / exact);

  return MIN (exact + (int) (ratio * (N_BUCKETS - exact)), N_BUCKETS - 1);
}

/* Bias of the queries first … first + n_q − 1 of the sequence over the null key and the first n_k
 * tokens; a query's distance to a key counts the null key as position 0. With @causal later tokens are
 * hidden. */
static C2lTensor *
make_bias (Reader *self, const float *table, int first, int n_q, int n_k, gboolean causal)
{
  int heads = self->prior->info.heads;
  float *bias = g_new (float, (gsize) heads * n_q * (n_k + 1));
  float *cell = bias;

  for (int h = 0; h < heads; h++)
    for (int q = first; q < first + n_q; q++)
      for (int k = 0; k <= n_k; k++)
        *cell++ = causal && k > q + 1 ? C2L_PRIOR_HIDDEN : table[bucket_of (MAX (q - k, 0)) * heads + h];

  return c2l_network_loader_take (&self->loader, 3, (gint64[]){ heads, n_q, n_k + 1 }, bias);
}

static C2lTensor *
make_angles (Reader *self, const float *freqs, int n_freqs, int first, int n)
{
  if (freqs == NULL)
    return NULL;

  float *angles = g_new (float, (gsize) n * n_freqs);

  for (int i = 0; i < n; i++)
    for (int j = 0; j < n_freqs; j++)
      angles[i * n_freqs + j] = (first + i) * freqs[j];

  return c2l_network_loader_take (&self->loader, 2, (gint64[]){ n, n_freqs }, angles);
}

/* The frequencies of the rotary embedding, one tensor that every layer repeats. */
static float *
read_freqs (Reader *self, int *n_freqs)
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
                       "tensor “%s%s” has %" G_GINT64_FORMAT " frequencies, too many for heads of width %d",
                       self->loader.prefix, name, freqs->dims[0], self->prior->info.head_dim);
      return NULL;
    }

  *n_freqs = freqs->dims[0];
  return c2l_network_loader_dup (&self->loader, 1, freqs->dims, "%s", name);
}

static void
make_positions (Reader *self)
{
  C2lPrior *prior = self->prior;
  const C2lPriorInfo *info = &prior->info;
  int n_prefix = info->n_text_tokens + info->n_time_tokens;
  int n_suffix = info->n_tokens - n_prefix;
  int n_freqs;
  g_autofree float *freqs = read_freqs (self, &n_freqs);
  g_autofree float *table
      = c2l_network_loader_dup (&self->loader, 2, (gint64[]){ N_BUCKETS, info->heads },
                                "net.causal_transformer.rel_pos_bias.relative_attention_bias.weight");

  check_table (self, (double) info->heads * info->n_tokens * (info->n_tokens + 1));
  if (failed (self) || table == NULL)
    return;

  prior->all.angles = make_angles (self, freqs, n_freqs, 0, info->n_tokens);
  prior->prefix.angles = make_angles (self, freqs, n_freqs, 0, n_prefix);
  prior->suffix.angles = make_angles (self, freqs, n_freqs, n_prefix, n_suffix);
  prior->all.bias = make_bias (self, table, 0, info->n_tokens, info->n_tokens, FALSE);
  prior->prefix.bias = make_bias (self, table, 0, n_prefix, n_prefix, FALSE);
  prior->suffix.bias = make_bias (self, table, n_prefix, n_suffix, info->n_tokens, TRUE);
  prior->query_bias
      = make_bias (self, table, info->n_tokens - info->n_latents, info->n_latents, info->n_tokens, TRUE);
}

/* --- statistics and schedule ------------------------------------------------------------------------ */

/* [L, D]; a file with several latents may store one row for all of them. */
static C2lTensor *
read_statistic (Reader *self, const char *name, gboolean is_std)
{
  const C2lPriorInfo *info = &self->prior->info;
  const C2lArray *any = c2l_loader_find (&self->loader.loader, "%s%s", self->loader.prefix, name);
  int n_dims = any != NULL && any->n_dims == 2 ? 2 : 1;
  gint64 dims[] = { info->n_latents, info->dim };
  gsize n_all = (gsize) info->n_latents * info->dim;
  gsize n_given = n_dims == 2 ? n_all : (gsize) info->dim;
  g_autofree float *given = c2l_network_loader_dup (&self->loader, n_dims, dims + 2 - n_dims, "%s", name);

  if (given == NULL)
    return NULL;

  float *data = g_new (float, n_all);

  for (gsize i = 0; i < n_all; i++)
    {
      data[i] = given[i % n_given];
      if (is_std && data[i] <= 0)
        c2l_loader_fail (&self->loader.loader, C2L_FORMAT_ERROR_DAMAGED,
                         "tensor “%s%s” has %g at element %d; a standard deviation must be above zero",
                         self->loader.prefix, name, data[i], (int) i);
    }

  return c2l_network_loader_take (&self->loader, 2, dims, data);
}

static void
read_statistics (Reader *self)
{
  C2lPrior *prior = self->prior;
  gboolean in_file = c2l_network_loader_has (&self->loader, "latent_mean")
                     || c2l_network_loader_has (&self->loader, "latent_std");

  prior->info.has_stats = self->config->knows_znorm ? self->config->znorm_latent : in_file;
  if (!prior->info.has_stats)
    return;

  prior->latent_mean = read_statistic (self, "latent_mean", FALSE);
  prior->latent_std = read_statistic (self, "latent_std", TRUE);
}

/* The checkpoint's buffers are what the original computes with; what it lacks is computed. */
static void
read_schedule (Reader *self)
{
  C2lPrior *prior = self->prior;
  const char *betas = c2l_schedule_buffer_get_name (C2L_BUFFER_BETAS);
  const C2lArray *array = c2l_loader_find (&self->loader.loader, "%s%s", self->loader.prefix, betas);
  int said = self->config->timesteps;
  int n_steps = said != 0 ? said : 1000;

  if (array != NULL && array->n_dims == 1)
    {
      n_steps = take_size (self, array->dims[0], MAX_STEPS, "a number of time steps");
      check_agrees (self, "model.diffusion.timesteps", said, n_steps);
    }
  if (failed (self))
    return;

  prior->info.n_timesteps = n_steps;
  prior->info.beta_schedule = self->config->beta_schedule;
  prior->schedule = c2l_schedule_new (self->config->beta_schedule, n_steps);

  for (int i = 0; i < C2L_N_BUFFERS; i++)
    {
      const char *name = c2l_schedule_buffer_get_name (i);

      if (!c2l_network_loader_has (&self->loader, "%s", name))
        continue;

      /* Derived buffers may hold infinities (jsd), so only the two that all others follow from must be
       * finite. */
      gboolean is_source = i == C2L_BUFFER_BETAS || i == C2L_BUFFER_ALPHAS_CUMPROD;
      const C2lArray *buffer = c2l_loader_need (&self->loader.loader, 1, (gint64[]){ n_steps }, "%s%s",
                                                self->loader.prefix, name);
      g_autofree float *values
          = is_source        ? c2l_network_loader_dup (&self->loader, 1, (gint64[]){ n_steps }, "%s", name)
            : buffer != NULL ? c2l_array_dup_f32 (buffer)
                             : NULL;

      if (values != NULL)
        memcpy (prior->schedule->buffers[i], values, n_steps * sizeof (float));
    }
}

/* --- all of it -------------------------------------------------------------------------------------- */

static void
read_sizes (Reader *self)
{
  C2lPriorInfo *info = &self->prior->info;
  const C2lPriorConfig *config = self->config;

  info->depth = count_layers (self);
  read_query (self);
  if (failed (self))
    return;

  read_heads (self);
  info->n_text_tokens = read_tokens (self, "net.to_text_embeds.0", &self->prior->text_embed);
  info->n_image_tokens = read_tokens (self, "net.to_image_embeds.0", &self->prior->image_embed);
  read_time (self);
  if (failed (self))
    return;

  check_agrees (self, "model.network.dim", config->dim, info->dim);
  check_agrees (self, "model.diffusion.image_embed_dim", config->image_embed_dim, info->dim);
  check_agrees (self, "model.network.depth", config->depth, info->depth);
  check_agrees (self, "model.network.heads", config->heads, info->heads);
  check_agrees (self, "model.network.dim_head", config->dim_head, info->head_dim);
  check_agrees (self, "model.network.num_text_embeds", config->num_text_embeds, info->n_text_tokens);
  check_agrees (self, "model.network.num_time_embeds", config->num_time_embeds, info->n_time_tokens);
  check_agrees (self, "model.network.num_image_embeds", config->num_image_embeds, info->n_image_tokens);
  check_agrees (self, "data.n_latents", config->n_latents, info->n_latents);

  if (info->n_latents > 1 && self->prior->image_embed.weight != NULL)
    c2l_loader_fail (
        &self->loader.loader, C2L_FORMAT_ERROR_UNSUPPORTED,
        "several tokens for each of several latents, which no version of the original can run");
  if (info->n_latents > 1)
    info->n_image_tokens = info->n_latents;

  info->n_tokens = info->n_text_tokens + info->n_time_tokens + info->n_image_tokens + info->n_latents;
}

static void
apply_config (Reader *self)
{
  C2lPrior *prior = self->prior;
  C2lPriorInfo *info = &prior->info;
  C2lPriorConfig *config = prior->config;

  info->predict_x_start = config->predict_x_start;
  info->cond_drop_prob = config->cond_drop_prob;
  info->text_embed_scale = config->text_embed_scale;
  info->image_embed_scale = config->image_embed_scale > 0 ? config->image_embed_scale : sqrt (info->dim);

  if (config->latent_repeats == NULL && info->n_latents > 0)
    {
      config->n_repeats = info->n_latents;
      config->latent_repeats = g_new (int, info->n_latents);
      for (int i = 0; i < info->n_latents; i++)
        config->latent_repeats[i] = DEFAULT_REPEAT;
    }
  check_agrees (self, "data.latent_repeats", config->n_repeats, info->n_latents);

  info->latent_repeats = config->latent_repeats;
  for (int i = 0; i < config->n_repeats; i++)
    info->num_ws += config->latent_repeats[i];
}

static void
read_prior (Reader *self)
{
  read_schedule (self);
  if (failed (self))
    return;

  read_sizes (self);
  if (failed (self))
    return;

  apply_config (self);
  read_transformer (self);
  make_positions (self);
  read_statistics (self);
}

C2lPrior *
c2l_prior_load (C2lWeights *weights, C2lPriorSet set, JsonObject *config, C2lDevice *device, GError **error)
{
  g_autoptr (C2lPrior) prior = g_new0 (C2lPrior, 1);
  const char *prefix = find_prefix (weights, set);
  Reader self = { .prior = prior };

  prior->tensors = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_tensor_unref);
  prior->config = c2l_prior_config_new (config != NULL ? config : c2l_weights_get_config (weights), error);
  if (prior->config == NULL)
    return NULL;

  self.config = prior->config;
  c2l_network_loader_init (&self.loader, weights, device, prefix != NULL ? prefix : "", prior->tensors);
  if (prefix == NULL)
    c2l_loader_fail (&self.loader.loader, C2L_FORMAT_ERROR_UNSUPPORTED,
                     "not a prior: no tensor “%snet.…” in it",
                     set == C2L_PRIOR_EMA ? "ema_diffusion_prior.ema_model." : "diffusion_prior.");
  else
    read_prior (&self);

  if (!c2l_network_loader_finish (&self.loader, error))
    return NULL;

  return g_steal_pointer (&prior);
}

void
c2l_prior_free (C2lPrior *prior)
{
  if (prior == NULL)
    return;

  g_clear_pointer (&prior->config, c2l_prior_config_free);
  g_clear_pointer (&prior->schedule, c2l_schedule_free);
  g_free (prior->layers);
  g_ptr_array_unref (prior->tensors);
  g_free (prior);
}
