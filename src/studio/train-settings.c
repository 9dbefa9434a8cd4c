/* What a finished configuration says: its paths, its learning rate, and what of it has no effect
 * here. */
#include "studio/train-schema.h"

#include <math.h>
#include <string.h>

/* Whether the file is there, or the folder of files that braces name. */
static gboolean
is_there (const char *path)
{
  g_autofree char *plain = g_strndup (path, strcspn (path, "{"));
  g_autofree char *folder = g_path_get_dirname (plain);

  return g_file_test (strchr (path, '{') != NULL ? folder : path, G_FILE_TEST_EXISTS);
}

static void
make_node_absolute (JsonNode *node)
{
  const char *path = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
  g_autofree char *absolute = NULL;

  if (path == NULL || *path == '\0' || g_path_is_absolute (path) || !is_there (path))
    return;
  absolute = g_canonicalize_filename (path, NULL);
  json_node_set_string (node, absolute);
}

void
c2l_train_config_make_absolute (JsonObject *config)
{
  const char *const keys[]
      = { "resume",      "data.path",         "data.val_path",        "data.sg_pkl",
          "data.bundle", "data.clip_variant", "data.val_text_samples" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      JsonNode *node = c2l_train_schema_lookup (config, keys[i]);
      JsonArray *list
          = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

      if (node != NULL && list == NULL)
        make_node_absolute (node);
      for (guint j = 0; list != NULL && j < json_array_get_length (list); j++)
        make_node_absolute (json_array_get_element (list, j));
    }
}

static gboolean
is_set (JsonObject *config, const char *path)
{
  JsonNode *node = c2l_train_schema_lookup (config, path);
  return node != NULL && !JSON_NODE_HOLDS_NULL (node);
}

char **
c2l_train_config_list_notes (JsonObject *config)
{
  g_autoptr (GPtrArray) notes = g_ptr_array_new ();
  JsonNode *power = c2l_train_schema_lookup (config, "train.ema_power");
  JsonNode *znorm = c2l_train_schema_lookup (config, "train.znorm_embed");

  if (is_set (config, "logging") || is_set (config, "wandb_entity"))
    g_ptr_array_add (notes,
                     g_strdup ("logging, wandb_*: nothing is sent anywhere; metrics go to the "
                               "run's folder, for TensorBoard too"));
  if (power != NULL && !JSON_NODE_HOLDS_NULL (power) && json_node_get_double (power) != 0.75)
    g_ptr_array_add (notes, g_strdup ("train.ema_power: without effect, as in the original"));
  if (znorm != NULL && json_node_get_boolean (znorm))
    g_ptr_array_add (notes,
                     g_strdup ("train.znorm_embed: without effect; the original computes the "
                               "z-score of embeddings and discards it"));
  g_ptr_array_add (notes, NULL);
  return (char **) g_ptr_array_steal (notes, NULL);
}

char **
c2l_train_config_list_paths (JsonObject *config, const char *key)
{
  JsonNode *node = c2l_train_schema_lookup (config, key);
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();

  if (JSON_NODE_HOLDS_ARRAY (node))
    for (guint i = 0; i < json_array_get_length (json_node_get_array (node)); i++)
      g_ptr_array_add (paths,
                       g_strdup (json_array_get_string_element (json_node_get_array (node), i)));
  else if (JSON_NODE_HOLDS_VALUE (node))
    g_ptr_array_add (paths, g_strdup (json_node_get_string (node)));
  g_ptr_array_add (paths, NULL);
  return (char **) g_ptr_array_steal (paths, NULL);
}

double
c2l_train_settings_get_lr (const C2lTrainSettings *settings, gint64 step)
{
  double warmed = settings->warmup > 0 ? MIN (1, (double) step / settings->warmup) : 1;
  gint64 length = MAX (settings->max_it - settings->warmup, 1);
  double done = CLAMP ((double) (step - settings->warmup) / length, 0, 1);

  if (strcmp (settings->lr_schedule, "cosine") != 0)
    return settings->lr * warmed;
  return warmed
         * (settings->lr_min + (settings->lr - settings->lr_min) * (1 + cos (G_PI * done)) / 2);
}
