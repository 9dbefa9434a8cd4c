/* See reference-prior.h. */
#include "reference-prior.h"

#include "../compute/reference-train.h"

#include <math.h>
#include <string.h>

#define EPS 1e-5f
#define BUCKETS 32
#define MAX_DISTANCE 128

#define DIMS(...)                                                                                  \
  (int) (sizeof ((gint64[]){ __VA_ARGS__ }) / sizeof (gint64)), (const gint64[]) { __VA_ARGS__ }

struct _RefPrior
{
  C2lPriorInfo info;
  GHashTable *arrays; /* name → RefArray */
  C2lSchedule *schedule;
};

RefPrior *
ref_prior_new (C2lWeights *weights, const char *prefix, const C2lPriorInfo *info)
{
  RefPrior *prior = g_new0 (RefPrior, 1);
  g_autofree const char **names = c2l_weights_list_names (weights);

  prior->info = *info;
  prior->arrays
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) ref_array_free);
  prior->schedule = c2l_schedule_new (info->beta_schedule, info->n_timesteps);
  for (int i = 0; names[i] != NULL; i++)
    {
      const C2lArray *array = c2l_weights_lookup (weights, names[i]);
      g_autofree float *values = c2l_array_dup_f32 (array);

      if (!g_str_has_prefix (names[i], prefix))
        continue;

      RefArray *copy = ref_array_new (array->n_dims, array->dims);

      for (gsize j = 0; j < copy->length; j++)
        copy->values[j] = values[j];
      g_hash_table_replace (prior->arrays, g_strdup (names[i] + strlen (prefix)), copy);
    }
  return prior;
}

void
ref_prior_free (RefPrior *prior)
{
  g_hash_table_unref (prior->arrays);
  c2l_schedule_free (prior->schedule);
  g_free (prior);
}

static RefArray *find (RefPrior *prior, const char *format, ...) G_GNUC_PRINTF (2, 3);

static RefArray *
find (RefPrior *prior, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *name = g_strdup_vprintf (format, args);
  va_end (args);
  return g_hash_table_lookup (prior->arrays, name);
}

double *
ref_prior_get (RefPrior *prior, const char *name, gsize *n)
{
  RefArray *array = find (prior, "%s", name);

  g_assert_nonnull (array);
  *n = array->length;
  return array->values;
}

static RefArray *
copy_of (const RefArray *array)
{
  RefArray *copy = ref_array_new (array->n_dims, array->dims);

  memcpy (copy->values, array->values, array->length * sizeof *copy->values);
  return copy;
}

/* --- pieces; each takes what it reads and gives a new array --- */

static RefArray *
linear (RefPrior *prior, const RefArray *x, const char *name)
{
  return ref_gemm (x, find (prior, "%s.weight", name), find (prior, "%s.bias", name), NULL,
                   C2L_ACT_LINEAR, 1);
}

static RefArray *
norm (RefPrior *prior, const RefArray *x, const char *name)
{
  return ref_layer_norm (x, find (prior, "%s.gamma", name), find (prior, "%s.beta", name), EPS);
}

static int
bucket_of (int distance)
{
  const int exact = BUCKETS / 2;

  if (distance < exact)
    return distance;
  return MIN (BUCKETS - 1, exact
                               + (int) (logf ((float) distance / exact)
                                        / (float) log ((double) MAX_DISTANCE / exact) * exact));
}

/* [H, T, T + 1] */
static RefArray *
make_bias (RefPrior *prior)
{
  const RefArray *table
      = find (prior, "net.causal_transformer.rel_pos_bias.relative_attention_bias.weight");
  const int n = prior->info.n_tokens, heads = prior->info.heads;
  RefArray *bias = ref_array_new (DIMS (heads, n, n + 1));

  for (int h = 0; h < heads; h++)
    for (int q = 0; q < n; q++)
      for (int k = 0; k <= n; k++)
        bias->values[(h * n + q) * (n + 1) + k]
            = table->values[bucket_of (MAX (q - k, 0)) * heads + h];
  return bias;
}

/* Turns queries and keys, which lie side by side. */
static RefArray *
rotate (RefPrior *prior, const RefArray *x)
{
  const RefArray *freqs = find (prior, "net.causal_transformer.layers.0.0.rotary_emb.freqs");
  const int n = prior->info.n_tokens;

  if (freqs == NULL)
    return copy_of (x);

  g_autoptr (RefArray) angles = ref_array_new (DIMS (n, freqs->length));

  for (gsize i = 0; i < angles->length; i++)
    angles->values[i] = (double) (i / freqs->length) * freqs->values[i % freqs->length];
  return ref_rotary (x, angles, 0, prior->info.heads + 1, prior->info.head_dim);
}

static RefArray *
attention (RefPrior *prior,
           const RefArray *x,
           int layer,
           const RefArray *bias,
           const RefArray *mask)
{
  const int d = prior->info.head_dim, n_q = prior->info.heads * d;
  g_autofree char *name = g_strdup_printf ("net.causal_transformer.layers.%d.0", layer);
  g_autofree char *norm_name = g_strconcat (name, ".norm", NULL),
                  *q_name = g_strconcat (name, ".to_q", NULL),
                  *kv_name = g_strconcat (name, ".to_kv", NULL),
                  *out_name = g_strconcat (name, ".to_out.0", NULL),
                  *out_norm = g_strconcat (name, ".to_out.1", NULL);
  g_autoptr (RefArray) normed = norm (prior, x, norm_name);
  g_autoptr (RefArray) q = linear (prior, normed, q_name);
  g_autoptr (RefArray) kv = linear (prior, normed, kv_name);
  g_autoptr (RefArray) both = ref_concat (2, 2, (const RefArray *[]){ q, kv });
  g_autoptr (RefArray) turned = rotate (prior, both);
  const C2lAttention p = { .n_heads = prior->info.heads,
                           .n_kv_heads = 1,
                           .head_dim = d,
                           .k_offset = n_q,
                           .v_offset = n_q + d,
                           .scale = (float) (1 / sqrt (d)),
                           .causal = TRUE };
  const RefAttentionInputs in
      = { turned, turned, turned, find (prior, "%s.null_kv", name), bias, mask };
  g_autoptr (RefArray) heads = ref_attention (&in, &p);
  g_autoptr (RefArray) out = linear (prior, heads, out_name);

  return norm (prior, out, out_norm);
}

static RefArray *
feed_forward (RefPrior *prior, const RefArray *x, int layer)
{
  g_autofree char *name = g_strdup_printf ("net.causal_transformer.layers.%d.1", layer);
  g_autofree char *norm_name = g_strconcat (name, ".0", NULL),
                  *in_name = g_strconcat (name, ".1", NULL),
                  *mid_name = g_strconcat (name, ".3", NULL),
                  *out_name = g_strconcat (name, ".5", NULL);
  g_autoptr (RefArray) normed = norm (prior, x, norm_name);
  g_autoptr (RefArray) hidden = linear (prior, normed, in_name);
  g_autoptr (RefArray) gated = ref_swiglu (hidden);
  g_autoptr (RefArray) middle
      = find (prior, "%s.gamma", mid_name) != NULL ? norm (prior, gated, mid_name) : NULL;

  return linear (prior, middle != NULL ? middle : gated, out_name);
}

/* --- tokens --- */

/* Takes @x: the same numbers in the shape [B, n, D]. */
static RefArray *
split_tokens (RefPrior *prior, RefArray *x)
{
  const gint64 B = x->dims[0], D = prior->info.dim;

  x->n_dims = 3;
  x->dims[1] = (gint64) x->length / B / D;
  x->dims[2] = D;
  return x;
}

static RefArray *
embed_time (RefPrior *prior, const RefArray *t)
{
  const RefArray *table = find (prior, "net.to_time_embeds.0.weight");
  const gint64 B = t->dims[0], D = prior->info.dim, half = D / 2;

  if (table != NULL)
    return ref_gather (table, 0, t);

  RefArray *x = ref_array_new (DIMS (B, D));

  for (gint64 i = 0; i < B * half; i++)
    {
      const gint64 b = i / half, j = i % half;
      /* in float32, as the network's own table is */
      const float angle = (float) t->values[b] * expf (j * (float) -(log (10000.0) / (half - 1)));

      x->values[b * D + j] = sinf (angle);
      x->values[b * D + half + j] = cosf (angle);
    }
  for (int i = 0; i < 3; i++)
    {
      static const char *const names[] = { "0.0", "1.0", "2" };
      g_autofree char *name = g_strconcat ("net.to_time_embeds.0.1.net.", names[i], NULL);
      RefArray *y = linear (prior, x, name);

      ref_array_free (x);
      x = i < 2 ? ref_activate (y, C2L_ACT_SILU, 1) : y;
      if (i < 2)
        ref_array_free (y);
    }
  return x;
}

static RefArray *
embed (RefPrior *prior, const RefArray *x, const char *name)
{
  return split_tokens (prior, find (prior, "%s.weight", name) != NULL ? linear (prior, x, name)
                                                                      : copy_of (x));
}

static RefArray *
make_tokens (RefPrior *prior, const RefArray *x_t, const RefArray *t, const RefArray *text)
{
  const RefArray *query = find (prior, "net.learned_query");
  const gint64 B = x_t->dims[0], L = prior->info.n_latents, D = prior->info.dim;
  g_autoptr (RefArray) text_tokens = embed (prior, text, "net.to_text_embeds.0");
  g_autoptr (RefArray) time_tokens = split_tokens (prior, embed_time (prior, t));
  g_autoptr (RefArray) image_tokens = embed (prior, x_t, "net.to_image_embeds.0");
  g_autoptr (RefArray) queries = ref_array_new (DIMS (B, L, D));

  for (gsize i = 0; i < queries->length; i++)
    queries->values[i] = query->values[i % query->length];
  return ref_concat (1, 4, (const RefArray *[]){ text_tokens, time_tokens, image_tokens, queries });
}

/* --- the whole --- */

/* [B, L·D] */
static RefArray *
predict (RefPrior *prior,
         const RefArray *x_t,
         const RefArray *t,
         const RefArray *text,
         const RefArray *mask)
{
  const int n = prior->info.n_tokens, L = prior->info.n_latents;
  g_autoptr (RefArray) bias = make_bias (prior);
  RefArray *x = make_tokens (prior, x_t, t, text);

  for (int layer = 0; layer < prior->info.depth; layer++)
    {
      g_autoptr (RefArray) attended = attention (prior, x, layer, bias, mask);
      g_autoptr (RefArray) middle = ref_add (attended, x);
      g_autoptr (RefArray) fed = feed_forward (prior, middle, layer);

      ref_array_free (x);
      x = ref_add (fed, middle);
    }

  g_autoptr (RefArray) normed = norm (prior, x, "net.causal_transformer.norm");
  g_autoptr (RefArray) queries = ref_slice (normed, 1, n - L, L);

  ref_array_free (x);
  return linear (prior, queries, "net.causal_transformer.project_out");
}

/* @n rows of floats as an array of [B, …]. */
static RefArray *
array_of (const float *values, gint64 B, gint64 width)
{
  RefArray *array = ref_array_new (DIMS (B, width));

  for (gsize i = 0; i < array->length; i++)
    array->values[i] = values[i];
  return array;
}

double
ref_prior_loss (RefPrior *prior,
                const C2lPriorTrainBatch *batch,
                const float *mean,
                const float *std,
                double embed_noise_scale,
                C2lLossKind kind)
{
  const C2lPriorInfo *info = &prior->info;
  const gint64 B = batch->n_rows, width = (gint64) info->n_latents * info->dim;
  g_autoptr (RefArray) x0 = array_of (batch->latents, B, width);
  g_autoptr (RefArray) noise = array_of (batch->noise, B, width);
  g_autoptr (RefArray) x_t = ref_array_new (DIMS (B, width));
  g_autoptr (RefArray) t = ref_array_new (DIMS (B));
  g_autoptr (RefArray) mask = ref_array_new (DIMS (B, info->n_tokens));
  g_autoptr (RefArray) features = array_of (batch->features, B, info->dim);
  g_autoptr (RefArray) text = NULL, turn = NULL;

  if (embed_noise_scale > 0)
    {
      turn = array_of (batch->embed_noise, B, info->dim);
      text = ref_embed_noise (features, turn, (float) embed_noise_scale);
    }
  else
    text = copy_of (features);
  for (gsize i = 0; i < text->length; i++)
    text->values[i] *= info->text_embed_scale;

  for (gint64 i = 0; i < B * width; i++)
    {
      const gint64 b = i / width, step = batch->t[b];

      if (mean != NULL)
        x0->values[i] = (x0->values[i] - mean[i % width]) / std[i % width];
      x0->values[i] *= info->image_embed_scale;
      x_t->values[i]
          = prior->schedule->buffers[C2L_BUFFER_SQRT_ALPHAS_CUMPROD][step] * x0->values[i]
            + prior->schedule->buffers[C2L_BUFFER_SQRT_ONE_MINUS_ALPHAS_CUMPROD][step]
                  * noise->values[i];
    }
  for (gint64 i = 0; i < B * info->n_tokens; i++)
    mask->values[i]
        = i % info->n_tokens >= info->n_text_tokens
          || batch->drop_uniform[i / info->n_tokens] < (float) (1 - info->cond_drop_prob);
  for (gint64 b = 0; b < B; b++)
    t->values[b] = batch->t[b];

  g_autoptr (RefArray) prediction = predict (prior, x_t, t, text, mask);
  g_autoptr (RefArray) loss = ref_loss (prediction, info->predict_x_start ? x0 : noise, kind, 1);

  return loss->values[0];
}
