/* One table of all keys: what the original has, what is ours, and where each value goes in
 * C2lTrainSettings. A key of the original that has no meaning here is in the table too, so that its
 * configurations load. */
#include "studio/train-schema.h"

#include "studio/recipe.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef enum
{
  BOOLEAN,
  WHOLE,
  NUMBER,
  TEXT,
  COUNTS, /* a list of whole numbers, or one of them */
  PATHS   /* a text or a list of texts */
} Type;

#define NULLABLE 1
#define OPTIONAL 2 /* may be absent; the network's own default holds then */

typedef struct
{
  const char *path;
  Type type;
  int flags;
  double min, max;
  const char *choices; /* separated by spaces */
  gsize offset;        /* in C2lTrainSettings */
} Key;

#define NOWHERE G_MAXSIZE
#define AT(field) offsetof (C2lTrainSettings, field)

#define MAX_STEPS 1e12
#define MAX_SIZE 65536
#define MAX_ROWS 1048576

static const Key keys[] = {
  { "name", TEXT, NULLABLE, .offset = AT (name) },
  { "device", TEXT, NULLABLE, .offset = AT (device) },
  { "resume", TEXT, NULLABLE, .offset = AT (resume) },
  { "logging", TEXT, NULLABLE, .offset = NOWHERE },
  { "wandb_project", TEXT, NULLABLE, .offset = NOWHERE },
  { "wandb_entity", TEXT, NULLABLE, .offset = NOWHERE },

  { "train.znorm_embed", BOOLEAN, .offset = NOWHERE },
  { "train.znorm_latent", BOOLEAN, .offset = AT (znorm_latent) },
  { "train.max_it", WHOLE, 0, 1, MAX_STEPS, .offset = AT (max_it) },
  { "train.val_it", WHOLE, 0, 1, MAX_STEPS, .offset = AT (val_it) },
  { "train.lr", NUMBER, 0, 0, 1e6, .offset = AT (lr) },
  { "train.weight_decay", NUMBER, 0, 0, 1e3, .offset = AT (weight_decay) },
  { "train.ema_update_every", WHOLE, 0, 1, 1e9, .offset = AT (ema_update_every) },
  { "train.ema_beta", NUMBER, 0, 0, 1, .offset = AT (ema_beta) },
  { "train.ema_power", NUMBER, NULLABLE, 0, 1e3, .offset = NOWHERE },
  { "train.seed", WHOLE, 0, 0, 9e15, .offset = AT (seed) },
  { "train.precision", TEXT, 0, .choices = "f32 fast bf16 fp16", .offset = AT (precision) },
  { "train.ema_update_after", WHOLE, 0, 0, MAX_STEPS, .offset = AT (ema_update_after) },
  { "train.grad_accum", WHOLE, 0, 1, MAX_SIZE, .offset = AT (grad_accum) },
  { "train.max_grad_norm", NUMBER, 0, 0, 1e9, .offset = AT (max_grad_norm) },
  { "train.lr_schedule", TEXT, 0, .choices = "constant cosine", .offset = AT (lr_schedule) },
  { "train.lr_min", NUMBER, 0, 0, 1e6, .offset = AT (lr_min) },
  { "train.warmup", WHOLE, 0, 0, MAX_STEPS, .offset = AT (warmup) },
  { "train.max_rows", WHOLE, 0, 0, MAX_ROWS, .offset = AT (max_rows) },
  { "train.log_it", WHOLE, 0, 1, MAX_STEPS, .offset = AT (log_it) },
  { "train.checkpoint_it", WHOLE, 0, 0, MAX_STEPS, .offset = AT (checkpoint_it) },
  { "train.checkpoint_minutes", NUMBER, 0, 0, 1e6, .offset = AT (checkpoint_minutes) },
  { "train.keep", WHOLE, 0, 1, 1e6, .offset = AT (keep) },
  { "train.best_by", TEXT, 0, .choices = "text2im text2im-super2 image-similarity image-vars loss",
    .offset = AT (best_by) },
  { "train.early_stop", WHOLE, 0, 0, MAX_STEPS, .offset = AT (early_stop) },
  { "train.val_steps", WHOLE, 0, 0, 1e6, .offset = AT (val_steps) },
  { "train.max_loss", NUMBER, 0, 0, 1e9, .offset = AT (max_loss) },

  { "model.network.dim", WHOLE, 0, 1, MAX_SIZE, .offset = NOWHERE },
  { "model.network.num_timesteps", WHOLE, NULLABLE | OPTIONAL, 1, 1e6, .offset = NOWHERE },
  { "model.network.num_time_embeds", WHOLE, NULLABLE | OPTIONAL, 1, 1024, .offset = NOWHERE },
  { "model.network.num_image_embeds", WHOLE, NULLABLE | OPTIONAL, 1, 1024, .offset = NOWHERE },
  { "model.network.num_text_embeds", WHOLE, NULLABLE | OPTIONAL, 1, 1024, .offset = NOWHERE },
  { "model.network.depth", WHOLE, 0, 1, 1024, .offset = NOWHERE },
  { "model.network.dim_head", WHOLE, 0, 1, 4096, .offset = NOWHERE },
  { "model.network.heads", WHOLE, 0, 1, 4096, .offset = NOWHERE },
  { "model.network.rotary_emb", BOOLEAN, OPTIONAL, .offset = NOWHERE },
  { "model.network.norm_out", BOOLEAN, OPTIONAL, .offset = NOWHERE },
  { "model.network.final_proj", BOOLEAN, OPTIONAL, .offset = NOWHERE },
  { "model.network.normformer", BOOLEAN, OPTIONAL, .offset = NOWHERE },
  { "model.network.norm_in", BOOLEAN, OPTIONAL, .offset = NOWHERE },
  { "model.network.ff_mult", WHOLE, OPTIONAL, 1, 64, .offset = NOWHERE },
  { "model.network.attn_dropout", NUMBER, OPTIONAL, 0, 1, .offset = NOWHERE },
  { "model.network.ff_dropout", NUMBER, OPTIONAL, 0, 1, .offset = NOWHERE },
  { "model.diffusion.image_embed_dim", WHOLE, NULLABLE, 1, MAX_SIZE, .offset = NOWHERE },
  { "model.diffusion.timesteps", WHOLE, 0, 1, 1e6, .offset = AT (timesteps) },
  { "model.diffusion.cond_drop_prob", NUMBER, 0, 0, 1, .offset = NOWHERE },
  { "model.diffusion.image_embed_scale", NUMBER, NULLABLE | OPTIONAL, 1e-6, 1e6,
    .offset = NOWHERE },
  { "model.diffusion.text_embed_scale", NUMBER, NULLABLE | OPTIONAL, 1e-6, 1e6, .offset = NOWHERE },
  { "model.diffusion.beta_schedule", TEXT, 0, .choices = "cosine linear quadratic jsd sigmoid",
    .offset = NOWHERE },
  { "model.diffusion.predict_x_start", BOOLEAN, OPTIONAL, .offset = NOWHERE },
  { "model.diffusion.loss_type", TEXT, OPTIONAL, .choices = "l2 l1 huber", .offset = NOWHERE },
  { "model.diffusion.sampling_clamp_l2norm", BOOLEAN, OPTIONAL, .offset = NOWHERE },
  { "model.diffusion.training_clamp_l2norm", BOOLEAN, OPTIONAL, .offset = NOWHERE },
  { "model.diffusion.init_image_embed_l2norm", BOOLEAN, OPTIONAL, .offset = NOWHERE },

  { "data.bs", WHOLE, 0, 1, MAX_ROWS, .offset = AT (bs) },
  { "data.format", TEXT, 0, .choices = "webdataset", .offset = NOWHERE },
  { "data.path", PATHS, .offset = NOWHERE },
  { "data.val_path", PATHS, NULLABLE, .offset = NOWHERE },
  { "data.embed_noise_scale", NUMBER, 0, 0, 1e3, .offset = AT (embed_noise_scale) },
  { "data.sg_pkl", TEXT, NULLABLE, .offset = AT (sg_pkl) },
  { "data.clip_variant", TEXT, NULLABLE, .offset = AT (clip_variant) },
  { "data.n_latents", WHOLE, 0, 1, 1024, .offset = AT (n_latents) },
  { "data.latent_dim", WHOLE, 0, 1, MAX_SIZE, .offset = AT (latent_dim) },
  { "data.latent_repeats", COUNTS, 0, 1, 1024, .offset = NOWHERE },
  { "data.val_im_samples", WHOLE, 0, 0, MAX_SIZE, .offset = AT (val_im_samples) },
  { "data.val_text_samples", TEXT, NULLABLE, .offset = AT (val_text_samples) },
  { "data.val_samples_per_text", WHOLE, 0, 1, 1024, .offset = AT (val_samples_per_text) },
  { "data.bundle", TEXT, NULLABLE, .offset = AT (bundle) },
  { "data.clip_preprocess", TEXT, NULLABLE, .choices = "reference openai openai-clamped",
    .offset = AT (clip_preprocess) },
  { "data.shuffle", WHOLE, 0, 0, 1e7, .offset = AT (shuffle) },
  { "data.stats_samples", WHOLE, 0, 2, 1e8, .offset = AT (stats_samples) },
};

static gboolean G_GNUC_PRINTF (2, 3) refuse (GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID, text);
  return FALSE;
}

static const Key *
find_key (const char *path)
{
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    if (strcmp (keys[i].path, path) == 0)
      return &keys[i];
  return NULL;
}

gboolean
c2l_train_schema_has (const char *path, gboolean *is_branch)
{
  g_autofree char *prefix = g_strconcat (path, ".", NULL);

  *is_branch = FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (keys) && !*is_branch; i++)
    *is_branch = g_str_has_prefix (keys[i].path, prefix);
  return find_key (path) != NULL;
}

/* How many letters must be changed, added or taken away to make @a of @b (Levenshtein 1965). */
static guint
count_changes (const char *a, const char *b)
{
  gsize n = strlen (b);
  g_autofree guint *row = g_new (guint, n + 1);

  for (gsize j = 0; j <= n; j++)
    row[j] = j;
  for (gsize i = 1; a[i - 1] != '\0'; i++)
    {
      guint diagonal = row[0];

      row[0] = i;
      for (gsize j = 1; j <= n; j++)
        {
          guint above = row[j], changed = diagonal + (a[i - 1] != b[j - 1]);

          row[j] = MIN (changed, MIN (above, row[j - 1]) + 1);
          diagonal = above;
        }
    }
  return row[n];
}

static const char *
get_last_part (const char *path)
{
  const char *dot = strrchr (path, '.');
  return dot != NULL ? dot + 1 : path;
}

/* Whether @key ("lr") is made of the first letters of @words ("learning_rate"). */
static gboolean
are_initials (const char *key, const char *words)
{
  g_auto (GStrv) parts = g_strsplit (words, "_", -1);
  guint n = g_strv_length (parts);

  if (n < 2 || strlen (key) != n)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (parts[i][0] != key[i])
      return FALSE;
  return TRUE;
}

/* The known key that looks most like @path. The last part counts most: people leave the others out.
 */
static const char *
find_nearest (const char *path)
{
  const char *nearest = NULL;
  guint least = G_MAXUINT;

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      const char *asked = get_last_part (path), *known = get_last_part (keys[i].path);
      guint changes = (are_initials (known, asked) ? 0 : 4 * count_changes (asked, known))
                      + count_changes (path, keys[i].path);

      if (changes < least)
        {
          least = changes;
          nearest = keys[i].path;
        }
    }
  return nearest;
}

gboolean
c2l_train_schema_refuse (const char *path, GError **error)
{
  return refuse (error, _ ("there is no setting “%s”; the nearest is “%s”"), path,
                 find_nearest (path));
}

JsonNode *
c2l_train_schema_lookup (JsonObject *config, const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, ".", -1);
  JsonNode *node = NULL;

  for (int i = 0; parts[i] != NULL; i++)
    {
      node = config != NULL ? json_object_get_member (config, parts[i]) : NULL;
      config = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      if (node == NULL)
        return NULL;
    }
  return node;
}

static gboolean
is_number (JsonNode *node)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  return type == G_TYPE_INT64 || type == G_TYPE_DOUBLE;
}

static gboolean
is_text (JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING;
}

static gboolean
check_number (const Key *key, JsonNode *node, gboolean is_whole, GError **error)
{
  double value;

  if (!is_number (node))
    return refuse (error, _ ("%s: not a number, which it must be"), key->path);
  value = json_node_get_double (node);
  if (!(value >= key->min && value <= key->max))
    return refuse (error, _ ("%s: %.10g is out of range; choose from %.10g to %.10g"), key->path,
                   value, key->min, key->max);
  if (!is_whole)
    return TRUE;
  if (value != floor (value))
    return refuse (error, _ ("%s: %.10g is not a whole number, which it must be"), key->path,
                   value);
  json_node_set_int (node, value);
  return TRUE;
}

static gboolean
check_text (const Key *key, JsonNode *node, GError **error)
{
  g_auto (GStrv) choices = key->choices != NULL ? g_strsplit (key->choices, " ", -1) : NULL;
  g_autofree char *list = NULL;

  /* A name of digits ("name=510") is a number to YAML. */
  if (choices == NULL && is_number (node) && json_node_get_value_type (node) == G_TYPE_INT64)
    {
      g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));
      json_node_set_string (node, text);
    }
  if (!is_text (node))
    return refuse (error, _ ("%s: not a text, which it must be; put it in quotes"), key->path);
  if (choices == NULL
      || g_strv_contains ((const char *const *) choices, json_node_get_string (node)))
    return TRUE;
  list = g_strjoinv (", ", choices);
  return refuse (error, _ ("%s: there is no “%s”; choose one of: %s"), key->path,
                 json_node_get_string (node), list);
}

static gboolean
check_counts (const Key *key, JsonNode *node, GError **error)
{
  JsonArray *list = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  if (list == NULL || json_array_get_length (list) == 0)
    return refuse (error, _ ("%s: not a list of whole numbers such as [4, 4, 10]"), key->path);
  for (guint i = 0; i < json_array_get_length (list); i++)
    if (!check_number (key, json_array_get_element (list, i), TRUE, error))
      return FALSE;
  return TRUE;
}

static gboolean
check_paths (const Key *key, JsonNode *node, GError **error)
{
  JsonArray *list = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  if (is_text (node))
    return TRUE;
  for (guint i = 0; list != NULL && i < json_array_get_length (list); i++)
    if (!is_text (json_array_get_element (list, i)))
      return refuse (error, _ ("%s: a list of something else than paths"), key->path);
  return (list != NULL && json_array_get_length (list) > 0)
         || refuse (error, _ ("%s: neither a path nor a list of paths"), key->path);
}

static gboolean
check_value (const Key *key, JsonNode *node, GError **error)
{
  if (JSON_NODE_HOLDS_NULL (node))
    return (key->flags & NULLABLE)
           || refuse (error, _ ("%s: it must have a value, null is none"), key->path);
  switch (key->type)
    {
    case BOOLEAN:
      return (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_BOOLEAN)
             || refuse (error, _ ("%s: neither True nor False"), key->path);
    case WHOLE:
      return check_number (key, node, TRUE, error);
    case NUMBER:
      return check_number (key, node, FALSE, error);
    case TEXT:
      return check_text (key, node, error);
    case COUNTS:
      return check_counts (key, node, error);
    case PATHS:
    default:
      return check_paths (key, node, error);
    }
}

/* Refuses members that are not in the table. */
static gboolean
check_members (JsonObject *object, const char *path, GError **error)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &name, &node))
    {
      g_autofree char *full = *path != '\0' ? g_strconcat (path, ".", name, NULL) : g_strdup (name);
      gboolean is_branch, is_leaf = c2l_train_schema_has (full, &is_branch);

      if (!is_leaf && !is_branch)
        return c2l_train_schema_refuse (full, error);
      if (is_branch && !JSON_NODE_HOLDS_OBJECT (node))
        return refuse (error, _ ("%s: a single value where there must be several under it"), full);
      if (is_branch && !check_members (json_node_get_object (node), full, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
check_sizes (JsonObject *config, GError **error)
{
  JsonArray *repeats
      = json_node_get_array (c2l_train_schema_lookup (config, "data.latent_repeats"));
  gint64 n = json_node_get_int (c2l_train_schema_lookup (config, "data.n_latents"));

  return json_array_get_length (repeats) == n
         || refuse (error,
                    _ ("data.latent_repeats: %u entries for %" PRId64
                       " latents (data.n_latents); give one for each"),
                    json_array_get_length (repeats), n);
}

gboolean
c2l_train_schema_check (JsonObject *config, GError **error)
{
  if (!check_members (config, "", error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      JsonNode *node = c2l_train_schema_lookup (config, keys[i].path);

      if (node == NULL && !(keys[i].flags & OPTIONAL))
        return refuse (error, _ ("%s: missing; set it"), keys[i].path);
      if (node != NULL && !check_value (&keys[i], node, error))
        return FALSE;
    }
  return check_sizes (config, error);
}

void
c2l_train_settings_read (C2lTrainSettings *settings, JsonObject *config)
{
  *settings = (C2lTrainSettings){ .config = config };
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      JsonNode *node = c2l_train_schema_lookup (config, keys[i].path);
      gpointer field = G_STRUCT_MEMBER_P (settings, keys[i].offset);

      if (keys[i].offset == NOWHERE || node == NULL || JSON_NODE_HOLDS_NULL (node))
        continue;
      if (keys[i].type == BOOLEAN)
        *(gboolean *) field = json_node_get_boolean (node);
      else if (keys[i].type == WHOLE)
        *(gint64 *) field = json_node_get_int (node);
      else if (keys[i].type == NUMBER)
        *(double *) field = json_node_get_double (node);
      else
        *(const char **) field = json_node_get_string (node);
    }
}
