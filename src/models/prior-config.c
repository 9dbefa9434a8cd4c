/* Reads the settings of a prior out of a configuration. Knows neither the file format nor the
 * weights. Policy: the configuration comes from outside; a table lists each setting with its range,
 * everything else in it is ignored. Defaults of settings that a configuration leaves out are those
 * of the original's classes; without any configuration they are those of its published models. */
#include "models/prior-config.h"

#include "formats/weights.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#define MAX_SIZE (1 << 16)
#define MAX_LATENTS 1024
#define MAX_STEPS 1000000

/* ${a.b} may stand for another reference, but not for ever. */
#define MAX_REFERENCES 8

/* Of the published models, whose configurations say so. */
#define PUBLISHED_COND_DROP_PROB 0.2
#define PUBLISHED_IMAGE_EMBED_SCALE 1.0

typedef struct
{
  JsonObject *root;
  GError *error; /* the first mistake */
} Reader;

static void
reader_fail (Reader *reader, const char *path, const char *what)
{
  if (reader->error == NULL)
    reader->error = g_error_new (C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
                                 _ ("configuration: “%s” %s"), path, what);
}

/* The node at "a.b.c", or NULL; null counts as absent. */
static JsonNode *
lookup_path (JsonObject *object, const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, ".", 16);
  JsonNode *node = NULL;

  for (int i = 0; parts[i] != NULL; i++)
    {
      node = object != NULL ? json_object_get_member (object, parts[i]) : NULL;
      if (node == NULL)
        return NULL;
      object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
    }

  return node != NULL && !JSON_NODE_HOLDS_NULL (node) ? node : NULL;
}

static JsonNode *
reader_lookup (Reader *reader, const char *path)
{
  JsonNode *node = lookup_path (reader->root, path);

  for (int i = 0; i < MAX_REFERENCES && node != NULL; i++)
    {
      const char *text = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;

      if (text == NULL || !g_str_has_prefix (text, "${") || !g_str_has_suffix (text, "}"))
        return node;

      g_autofree char *target = g_strndup (text + 2, strlen (text) - 3);

      node = lookup_path (reader->root, target);
    }

  return node;
}

static gboolean
node_get_number (JsonNode *node, double *value)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;

  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return FALSE;

  *value = json_node_get_double (node);
  return isfinite (*value);
}

static gboolean
node_get_count (JsonNode *node, int max, int *value)
{
  double number;

  if (!node_get_number (node, &number) || number < 1 || number > max || number != floor (number))
    return FALSE;

  *value = number;
  return TRUE;
}

static void
read_count (Reader *reader, const char *path, int max, int *value)
{
  JsonNode *node = reader_lookup (reader, path);

  if (node != NULL && !node_get_count (node, max, value))
    reader_fail (reader, path, "is not a whole number in its range");
}

static void
read_number (Reader *reader, const char *path, double low, double high, double *value)
{
  JsonNode *node = reader_lookup (reader, path);

  if (node != NULL && (!node_get_number (node, value) || *value < low || *value > high))
    reader_fail (reader, path, "is not a number in its range");
}

static void
read_boolean (Reader *reader, const char *path, gboolean *value)
{
  JsonNode *node = reader_lookup (reader, path);

  if (node == NULL)
    return;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    reader_fail (reader, path, "is neither true nor false");
  else
    *value = json_node_get_boolean (node);
}

static void
read_schedule (Reader *reader, const char *path, C2lScheduleKind *kind)
{
  JsonNode *node = reader_lookup (reader, path);

  if (node != NULL
      && (!JSON_NODE_HOLDS_VALUE (node)
          || !c2l_schedule_kind_from_name (json_node_get_string (node), kind)))
    reader_fail (reader, path, "is none of cosine, linear, quadratic, jsd and sigmoid");
}

static void
read_loss (Reader *reader, const char *path, C2lLossKind *kind)
{
  JsonNode *node = reader_lookup (reader, path);

  if (node != NULL
      && (!JSON_NODE_HOLDS_VALUE (node) || !c2l_loss_from_name (json_node_get_string (node), kind)))
    reader_fail (reader, path, "is none of l2, l1 and huber");
}

static void
read_repeats (Reader *reader, const char *path, C2lPriorConfig *config)
{
  JsonNode *node = reader_lookup (reader, path);

  if (node == NULL)
    return;

  JsonArray *list = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  guint n = list != NULL ? json_array_get_length (list) : 0;

  if (n < 1 || n > MAX_LATENTS)
    {
      reader_fail (reader, path, "is not a list of counts");
      return;
    }

  config->n_repeats = n;
  config->latent_repeats = g_new0 (int, n);
  for (guint i = 0; i < n; i++)
    if (!node_get_count (json_array_get_element (list, i), MAX_LATENTS, &config->latent_repeats[i]))
      reader_fail (reader, path, "is not a list of counts");
}

static void
read_all (Reader *reader, C2lPriorConfig *config)
{
  static const struct
  {
    const char *path;
    int max;
    gsize offset;
  } counts[] = {
    { "model.network.dim", MAX_SIZE, offsetof (C2lPriorConfig, dim) },
    { "model.network.depth", MAX_SIZE, offsetof (C2lPriorConfig, depth) },
    { "model.network.heads", MAX_SIZE, offsetof (C2lPriorConfig, heads) },
    { "model.network.dim_head", MAX_SIZE, offsetof (C2lPriorConfig, dim_head) },
    { "model.network.num_timesteps", MAX_STEPS, offsetof (C2lPriorConfig, num_timesteps) },
    { "model.network.num_time_embeds", MAX_LATENTS, offsetof (C2lPriorConfig, num_time_embeds) },
    { "model.network.num_image_embeds", MAX_LATENTS, offsetof (C2lPriorConfig, num_image_embeds) },
    { "model.network.num_text_embeds", MAX_LATENTS, offsetof (C2lPriorConfig, num_text_embeds) },
    { "model.diffusion.timesteps", MAX_STEPS, offsetof (C2lPriorConfig, timesteps) },
    { "model.diffusion.image_embed_dim", MAX_SIZE, offsetof (C2lPriorConfig, image_embed_dim) },
    { "data.n_latents", MAX_LATENTS, offsetof (C2lPriorConfig, n_latents) },
  };
  static const struct
  {
    const char *path;
    gsize offset;
  } booleans[] = {
    { "model.network.rotary_emb", offsetof (C2lPriorConfig, has_rotary) },
    { "model.network.norm_out", offsetof (C2lPriorConfig, has_norm_out) },
    { "model.network.final_proj", offsetof (C2lPriorConfig, has_project_out) },
    { "model.diffusion.predict_x_start", offsetof (C2lPriorConfig, predict_x_start) },
    { "model.diffusion.sampling_clamp_l2norm", offsetof (C2lPriorConfig, sampling_clamp_l2norm) },
    { "model.diffusion.init_image_embed_l2norm",
      offsetof (C2lPriorConfig, init_image_embed_l2norm) },
    { "model.diffusion.training_clamp_l2norm", offsetof (C2lPriorConfig, training_clamp_l2norm) },
    { "model.network.normformer", offsetof (C2lPriorConfig, normformer) },
    { "train.znorm_latent", offsetof (C2lPriorConfig, znorm_latent) },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
    read_count (reader, counts[i].path, counts[i].max,
                G_STRUCT_MEMBER_P (config, counts[i].offset));
  for (gsize i = 0; i < G_N_ELEMENTS (booleans); i++)
    read_boolean (reader, booleans[i].path, G_STRUCT_MEMBER_P (config, booleans[i].offset));

  config->knows_znorm = reader_lookup (reader, "train.znorm_latent") != NULL;
  read_schedule (reader, "model.diffusion.beta_schedule", &config->beta_schedule);
  read_number (reader, "model.diffusion.cond_drop_prob", 0, 1, &config->cond_drop_prob);
  read_number (reader, "model.diffusion.image_embed_scale", 1e-6, 1e6, &config->image_embed_scale);
  read_number (reader, "model.diffusion.text_embed_scale", 1e-6, 1e6, &config->text_embed_scale);
  read_number (reader, "model.network.ff_mult", 0.125, 64, &config->ff_mult);
  read_number (reader, "model.network.attn_dropout", 0, 1, &config->attn_dropout);
  read_number (reader, "model.network.ff_dropout", 0, 1, &config->ff_dropout);
  read_loss (reader, "model.diffusion.loss_type", &config->loss);
  read_repeats (reader, "data.latent_repeats", config);

  if (config->latent_repeats != NULL && config->n_latents != 0
      && config->n_repeats != config->n_latents)
    reader_fail (reader, "data.latent_repeats",
                 "has another number of entries than “data.n_latents” says");
}

C2lPriorConfig *
c2l_prior_config_new (JsonObject *root, GError **error)
{
  g_autoptr (C2lPriorConfig) config = g_new0 (C2lPriorConfig, 1);
  Reader reader = { .root = root };
  gboolean is_empty = root == NULL || json_object_get_size (root) == 0;

  config->has_rotary = config->has_norm_out = config->has_project_out = TRUE;
  config->predict_x_start = TRUE;
  config->beta_schedule = C2L_SCHEDULE_COSINE;
  config->text_embed_scale = 1;
  config->ff_mult = 4;
  config->cond_drop_prob = is_empty ? PUBLISHED_COND_DROP_PROB : 0;
  config->image_embed_scale = is_empty ? PUBLISHED_IMAGE_EMBED_SCALE : 0;

  if (!is_empty)
    read_all (&reader, config);

  if (reader.error != NULL)
    {
      g_propagate_error (error, reader.error);
      return NULL;
    }

  return g_steal_pointer (&config);
}

void
c2l_prior_config_free (C2lPriorConfig *config)
{
  if (config == NULL)
    return;

  g_free (config->latent_repeats);
  g_free (config);
}
