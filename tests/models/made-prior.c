/* See made-prior.h. Weights are uniform and scaled by their fan-in, so that activations stay of order 1. */
#include "made-prior.h"

#include <math.h>

typedef struct
{
  C2lWeights *weights;
  GRand *random;
} Maker;

static void add (Maker *maker, int n_dims, gint64 d0, gint64 d1, double centre, double spread,
                 const char *format, ...) G_GNUC_PRINTF (7, 8);

static void
add (Maker *maker, int n_dims, gint64 d0, gint64 d1, double centre, double spread, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *tail = g_strdup_vprintf (format, args);
  va_end (args);

  g_autofree char *name = g_strconcat ("ema_diffusion_prior.ema_model.", tail, NULL);
  gsize n = d0 * (n_dims == 2 ? d1 : 1);
  g_autofree float *data = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    data[i] = centre + g_rand_double_range (maker->random, -spread, spread);

  c2l_weights_add (maker->weights, name,
                   &(C2lArray){ .dtype = C2L_F32,
                                .n_dims = n_dims,
                                .dims = { d0, n_dims == 2 ? d1 : 0 },
                                .length = n,
                                .data = data });
}

static void
add_linear (Maker *maker, gint64 n_out, gint64 n_in, const char *name)
{
  add (maker, 2, n_out, n_in, 0, sqrt (3.0 / n_in), "%s.weight", name);
}

static void
add_biased (Maker *maker, gint64 n_out, gint64 n_in, const char *name)
{
  add_linear (maker, n_out, n_in, name);
  add (maker, 1, n_out, 0, 0, 0.2, "%s.bias", name);
}

static void
add_layer (Maker *maker, const MadePrior *shape, int index)
{
  g_autofree char *attention = g_strdup_printf ("net.causal_transformer.layers.%d.0", index);
  g_autofree char *ff = g_strdup_printf ("net.causal_transformer.layers.%d.1", index);
  g_autofree char *q = g_strconcat (attention, ".to_q", NULL);
  g_autofree char *kv = g_strconcat (attention, ".to_kv", NULL);
  g_autofree char *out = g_strconcat (attention, ".to_out.0", NULL);
  g_autofree char *ff_in = g_strconcat (ff, ".1", NULL);
  g_autofree char *ff_out = g_strconcat (ff, ".5", NULL);
  gint64 dim = shape->dim, inner = (gint64) shape->heads * shape->head_dim;
  int n_freqs = MIN (32, shape->head_dim) / 2;

  add (maker, 1, dim, 0, 1, 0.3, "%s.norm.gamma", attention);
  add (maker, 1, dim, 0, 0, 0.1, "%s.norm.beta", attention);
  add (maker, 2, 2, shape->head_dim, 0, 1, "%s.null_kv", attention);
  add_linear (maker, inner, dim, q);
  add_linear (maker, 2 * shape->head_dim, dim, kv);
  add_linear (maker, dim, inner, out);
  add (maker, 1, dim, 0, 1, 0.3, "%s.to_out.1.gamma", attention);
  if (!shape->no_rotary)
    add (maker, 1, n_freqs, 0, 0.5, 0.5, "%s.rotary_emb.freqs", attention);
  add (maker, 1, dim, 0, 1, 0.3, "%s.0.gamma", ff);
  if (shape->normformer)
    add (maker, 1, 4 * dim, 0, 1, 0.3, "%s.3.gamma", ff);
  add_linear (maker, 8 * dim, dim, ff_in);
  add_linear (maker, dim, 4 * dim, ff_out);
}

static void
add_time (Maker *maker, const MadePrior *shape)
{
  gint64 n_out = (gint64) shape->dim * MAX (1, shape->n_time);

  if (!shape->sinusoidal)
    {
      add (maker, 2, shape->n_timesteps, n_out, 0, 1, "net.to_time_embeds.0.weight");
      return;
    }

  add_biased (maker, 2 * n_out, shape->dim, "net.to_time_embeds.0.1.net.0.0");
  add_biased (maker, 2 * n_out, 2 * n_out, "net.to_time_embeds.0.1.net.1.0");
  add_biased (maker, n_out, 2 * n_out, "net.to_time_embeds.0.1.net.2");
}

C2lWeights *
made_prior_weights (const MadePrior *shape)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (11);
  Maker maker = { c2l_weights_new (C2L_WEIGHTS_PRIOR, "made.ckpt", "test"), random };
  gint64 dim = shape->dim;
  int n_dims = shape->n_latents > 0 ? 2 : 1;
  gint64 first = n_dims == 2 ? shape->n_latents : dim;

  add (&maker, n_dims, first, dim, 0, 1, "net.learned_query");
  add (&maker, n_dims, first, dim, 0, 1, "latent_mean");
  add (&maker, n_dims, first, dim, 1, 0.5, "latent_std");
  add_time (&maker, shape);
  if (shape->n_text > 1)
    add_biased (&maker, dim * shape->n_text, dim, "net.to_text_embeds.0");
  if (shape->n_image > 1)
    add_biased (&maker, dim * shape->n_image, dim, "net.to_image_embeds.0");
  add (&maker, 2, 32, shape->heads, 0, 1,
       "net.causal_transformer.rel_pos_bias.relative_attention_bias.weight");
  for (int i = 0; i < shape->depth; i++)
    add_layer (&maker, shape, i);
  add (&maker, 1, dim, 0, 1, 0.3, "net.causal_transformer.norm.gamma");
  add_linear (&maker, dim, dim, "net.causal_transformer.project_out");
  return maker.weights;
}

JsonObject *
made_prior_config (const MadePrior *shape)
{
  g_autofree char *text
      = g_strdup_printf ("{\"model\": {\"network\": {\"dim\": %d, \"rotary_emb\": %s}, \"diffusion\": "
                         "{\"timesteps\": %d, \"image_embed_scale\": 1.0, "
                         "\"cond_drop_prob\": 0.2%s}}}",
                         shape->dim, shape->no_rotary ? "false" : "true", shape->n_timesteps,
                         shape->diffusion != NULL ? shape->diffusion : "");
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = json_from_string (text, &error);

  g_assert_no_error (error);
  return json_object_ref (json_node_get_object (node));
}

C2lPrior *
made_prior_load (const MadePrior *shape, C2lDevice *device)
{
  g_autoptr (C2lWeights) weights = made_prior_weights (shape);
  g_autoptr (JsonObject) config = made_prior_config (shape);
  g_autoptr (GError) error = NULL;
  C2lPrior *prior = c2l_prior_load (weights, C2L_PRIOR_EMA, config, device, &error);

  g_assert_no_error (error);
  return prior;
}
