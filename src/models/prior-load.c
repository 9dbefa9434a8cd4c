/* Reads a prior from a checkpoint. Knows nothing of how it computes. Policy: sizes are read off the
 * tensors that define them, every other tensor must then fit, and what the configuration says about
 * them must agree: a checkpoint with another's configuration is an error, not a picture of noise.
 */
#include "models/prior-load-private.h"

#include <math.h>
#include <string.h>

/* More of anything than this is a damaged file. */
#define MAX_DEPTH 1024
#define MAX_STEPS 1000000

/* Elements of the tables that are computed here, whose sizes a small file could claim: 256 MiB. */
#define MAX_TABLE (1 << 26)

/* Numbers of repeats without a configuration: one row for each latent. */
#define DEFAULT_REPEAT 1

gboolean
c2l_prior_reader_has_failed (C2lPriorReader *self)
{
  return c2l_loader_has_failed (&self->loader.loader);
}

void
c2l_prior_reader_check_agrees (C2lPriorReader *self, const char *setting, int said, int found)
{
  if (said != 0 && said != found)
    c2l_loader_fail (
        &self->loader.loader, C2L_FORMAT_ERROR_DAMAGED,
        "the configuration's “%s” is %d, this checkpoint has %d; give it the configuration it "
        "was trained with (--config)",
        setting, said, found);
}

int
c2l_prior_reader_take_size (C2lPriorReader *self, gint64 size, gint64 max, const char *what)
{
  if (size < 1 || size > max)
    {
      c2l_loader_fail (&self->loader.loader, C2L_FORMAT_ERROR_DAMAGED,
                       "%s of %" G_GINT64_FORMAT " is beyond belief", what, size);
      return 0;
    }

  return size;
}

void
c2l_prior_reader_check_table (C2lPriorReader *self, double n_elements)
{
  if (n_elements > MAX_TABLE)
    c2l_loader_fail (
        &self->loader.loader, C2L_FORMAT_ERROR_UNSUPPORTED,
        "its tables of positions or time steps would take %.1f GiB; the file's sizes are damaged",
        n_elements * sizeof (float) / (1 << 30));
}

/* --- which tensors --- */

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

/* The first prefix that the file knows; a bare prior, as bundles hold it, has none. */
const char *
c2l_prior_find_prefix (C2lWeights *weights, C2lPriorSet set)
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
count_layers (C2lPriorReader *self)
{
  g_autofree const char **names = c2l_weights_list_names (self->loader.loader.weights);
  g_autofree char *prefix
      = g_strconcat (self->loader.prefix, "net.causal_transformer.layers.", NULL);
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
                       "layer “%s%u” is missing, but later ones are there: the file is damaged",
                       prefix, i);

  return c2l_prior_reader_take_size (self, depth, MAX_DEPTH, "a number of layers");
}

/* --- statistics and schedule --- */

/* [L, D]; a file with several latents may store one row for all of them. */
static C2lTensor *
read_statistic (C2lPriorReader *self, const char *name, gboolean is_std)
{
  const C2lPriorInfo *info = &self->prior->info;
  const C2lArray *any = c2l_loader_find (&self->loader.loader, "%s%s", self->loader.prefix, name);
  int n_dims = any != NULL && any->n_dims == 2 ? 2 : 1;
  gint64 dims[] = { info->n_latents, info->dim };
  gsize n_all = (gsize) info->n_latents * info->dim;
  gsize n_given = n_dims == 2 ? n_all : (gsize) info->dim;
  g_autofree float *given
      = c2l_network_loader_dup (&self->loader, n_dims, dims + 2 - n_dims, "%s", name);

  if (given == NULL)
    return NULL;

  float *data = g_new (float, n_all);

  for (gsize i = 0; i < n_all; i++)
    {
      data[i] = given[i % n_given];
      if (is_std && data[i] <= 0)
        c2l_loader_fail (
            &self->loader.loader, C2L_FORMAT_ERROR_DAMAGED,
            "tensor “%s%s” has %g at element %d; a standard deviation must be above zero",
            self->loader.prefix, name, data[i], (int) i);
    }

  return c2l_network_loader_take (&self->loader, 2, dims, data);
}

static void
read_statistics (C2lPriorReader *self)
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
read_schedule (C2lPriorReader *self)
{
  C2lPrior *prior = self->prior;
  const char *betas = c2l_schedule_buffer_get_name (C2L_BUFFER_BETAS);
  const C2lArray *array
      = c2l_loader_find (&self->loader.loader, "%s%s", self->loader.prefix, betas);
  int said = self->config->timesteps;
  int n_steps = said != 0 ? said : 1000;

  if (array != NULL && array->n_dims == 1)
    {
      n_steps
          = c2l_prior_reader_take_size (self, array->dims[0], MAX_STEPS, "a number of time steps");
      c2l_prior_reader_check_agrees (self, "model.diffusion.timesteps", said, n_steps);
    }
  if (c2l_prior_reader_has_failed (self))
    return;

  prior->info.n_timesteps = n_steps;
  prior->info.beta_schedule = self->config->beta_schedule;
  prior->schedule = c2l_schedule_new (self->config->beta_schedule, n_steps);

  for (int i = 0; i < C2L_N_BUFFERS; i++)
    {
      const char *name = c2l_schedule_buffer_get_name (i);

      if (!c2l_network_loader_has (&self->loader, "%s", name))
        continue;

      /* Derived buffers may hold infinities (jsd), so only the two that all others follow from must
       * be finite. */
      gboolean is_source = i == C2L_BUFFER_BETAS || i == C2L_BUFFER_ALPHAS_CUMPROD;
      const C2lArray *buffer = c2l_loader_need (&self->loader.loader, 1, (gint64[]){ n_steps },
                                                "%s%s", self->loader.prefix, name);
      g_autofree float *values
          = is_source ? c2l_network_loader_dup (&self->loader, 1, (gint64[]){ n_steps }, "%s", name)
            : buffer != NULL ? c2l_array_dup_f32 (buffer)
                             : NULL;

      if (values != NULL)
        memcpy (prior->schedule->buffers[i], values, n_steps * sizeof (float));
    }
}

/* --- all of it --- */

static void
read_sizes (C2lPriorReader *self)
{
  C2lPriorInfo *info = &self->prior->info;
  const C2lPriorConfig *config = self->config;

  info->depth = count_layers (self);
  c2l_prior_read_query (self);
  if (c2l_prior_reader_has_failed (self))
    return;

  c2l_prior_read_heads (self);
  info->n_text_tokens
      = c2l_prior_read_tokens (self, "net.to_text_embeds.0", &self->prior->text_embed);
  info->n_image_tokens
      = c2l_prior_read_tokens (self, "net.to_image_embeds.0", &self->prior->image_embed);
  c2l_prior_read_time (self);
  if (c2l_prior_reader_has_failed (self))
    return;

  c2l_prior_reader_check_agrees (self, "model.network.dim", config->dim, info->dim);
  c2l_prior_reader_check_agrees (self, "model.diffusion.image_embed_dim", config->image_embed_dim,
                                 info->dim);
  c2l_prior_reader_check_agrees (self, "model.network.depth", config->depth, info->depth);
  c2l_prior_reader_check_agrees (self, "model.network.heads", config->heads, info->heads);
  c2l_prior_reader_check_agrees (self, "model.network.dim_head", config->dim_head, info->head_dim);
  c2l_prior_reader_check_agrees (self, "model.network.num_text_embeds", config->num_text_embeds,
                                 info->n_text_tokens);
  c2l_prior_reader_check_agrees (self, "model.network.num_time_embeds", config->num_time_embeds,
                                 info->n_time_tokens);
  c2l_prior_reader_check_agrees (self, "model.network.num_image_embeds", config->num_image_embeds,
                                 info->n_image_tokens);
  c2l_prior_reader_check_agrees (self, "data.n_latents", config->n_latents, info->n_latents);

  if (info->n_latents > 1 && self->prior->image_embed.weight != NULL)
    c2l_loader_fail (
        &self->loader.loader, C2L_FORMAT_ERROR_UNSUPPORTED,
        "several tokens for each of several latents, which no version of the original can run");
  if (info->n_latents > 1)
    info->n_image_tokens = info->n_latents;

  info->n_tokens
      = info->n_text_tokens + info->n_time_tokens + info->n_image_tokens + info->n_latents;
}

static void
apply_config (C2lPriorReader *self)
{
  C2lPrior *prior = self->prior;
  C2lPriorInfo *info = &prior->info;
  C2lPriorConfig *config = prior->config;

  info->predict_x_start = config->predict_x_start;
  info->cond_drop_prob = config->cond_drop_prob;
  info->text_embed_scale = config->text_embed_scale;
  info->image_embed_scale
      = config->image_embed_scale > 0 ? config->image_embed_scale : sqrt (info->dim);

  if (config->latent_repeats == NULL && info->n_latents > 0)
    {
      config->n_repeats = info->n_latents;
      config->latent_repeats = g_new (int, info->n_latents);
      for (int i = 0; i < info->n_latents; i++)
        config->latent_repeats[i] = DEFAULT_REPEAT;
    }
  c2l_prior_reader_check_agrees (self, "data.latent_repeats", config->n_repeats, info->n_latents);

  info->latent_repeats = config->latent_repeats;
  for (int i = 0; i < config->n_repeats; i++)
    info->num_ws += config->latent_repeats[i];
}

static void
read_prior (C2lPriorReader *self)
{
  read_schedule (self);
  if (c2l_prior_reader_has_failed (self))
    return;

  read_sizes (self);
  if (c2l_prior_reader_has_failed (self))
    return;

  apply_config (self);
  c2l_prior_read_transformer (self);
  c2l_prior_read_positions (self);
  read_statistics (self);
}

C2lPrior *
c2l_prior_load (C2lWeights *weights,
                C2lPriorSet set,
                JsonObject *config,
                C2lDevice *device,
                GError **error)
{
  g_autoptr (C2lPrior) prior = g_new0 (C2lPrior, 1);
  const char *prefix = c2l_prior_find_prefix (weights, set);
  C2lPriorReader self = { .prior = prior };

  prior->tensors = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_tensor_unref);
  prior->config
      = c2l_prior_config_new (config != NULL ? config : c2l_weights_get_config (weights), error);
  if (prior->config == NULL)
    return NULL;

  self.config = prior->config;
  c2l_network_loader_init (&self.loader, weights, device, prefix != NULL ? prefix : "",
                           prior->tensors);
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
