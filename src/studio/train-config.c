/* From groups and overrides to one configuration. Knows the files of data/config and Hydra's
 * grammar; which keys there are, and what they may be, stands in train-schema.c. Nothing is
 * resolved before all overrides are in, so that ${data.latent_dim} follows what was chosen. */
#include "studio/train-config.h"

#include "formats/yaml.h"
#include "formats/yaml-writer.h"
#include "studio/json.h"
#include "studio/paths.h"
#include "studio/recipe.h"
#include "studio/train-schema.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define FOLDER "config"
#define DEFAULTS "defaults"
#define OVERRIDE_PREFIX "override /"

typedef struct
{
  char *folder;         /* of the groups */
  JsonObject *root;     /* unresolved */
  JsonObject *defaults; /* of the root, before any group */
  GHashTable *groups; /* name → chosen file, as the root's defaults say and overrides change it */
  GHashTable *chosen; /* names that an override chose */
} Composer;

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

static JsonObject *
read_yaml (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  gsize size;

  return g_file_get_contents (path, &text, &size, error) ? c2l_yaml_parse (text, size, path, error)
                                                         : NULL;
}

/* Lays the members of @from over those of @into, mapping by mapping. */
static void
merge (JsonObject *into, JsonObject *from)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, from);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      JsonObject *inner = c2l_json_get_object (into, name);

      if (inner != NULL && JSON_NODE_HOLDS_OBJECT (node))
        merge (inner, json_node_get_object (node));
      else
        json_object_set_member (into, name, json_node_copy (node));
    }
}

static char *
find_folder (GError **error)
{
  char *folder = c2l_paths_dup_data (FOLDER);

  if (folder == NULL)
    g_set_error (
        error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
        _ ("the training's configuration is not installed; set C2L_DATA to the folder that "
           "holds “%s”"),
        FOLDER);
  return folder;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

char **
c2l_train_config_list_group (const char *group)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autofree char *folder = find_folder (NULL);
  g_autofree char *path = folder != NULL ? g_build_filename (folder, group, NULL) : NULL;
  g_autoptr (GDir) dir = path != NULL ? g_dir_open (path, 0, NULL) : NULL;
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".yaml"))
      g_ptr_array_add (names, g_strndup (name, strlen (name) - strlen (".yaml")));
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_steal (names, NULL);
}

/* The group's file: one of ours by name, or any by path. */
static JsonObject *
read_group (Composer *composer, const char *group, const char *name, GError **error)
{
  g_autofree char *file = g_strconcat (name, ".yaml", NULL);
  g_autofree char *path = g_build_filename (composer->folder, group, file, NULL);
  g_auto (GStrv) names = NULL;
  g_autofree char *list = NULL;

  if (g_str_has_suffix (name, ".yaml"))
    return read_yaml (name, error);
  if (strchr (name, G_DIR_SEPARATOR) == NULL && g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return read_yaml (path, error);
  names = c2l_train_config_list_group (group);
  list = g_strjoinv (", ", names);
  refuse (error,
          _ ("%s=%s: there is no such group; choose one of: %s; or name a file that ends in .yaml"),
          group, name, list);
  return NULL;
}

/* "- model: mid" of the root's defaults, "- override /model: starter" of a group's. */
static void
take_defaults (Composer *composer, JsonObject *object)
{
  JsonArray *list = c2l_json_get_array (object, DEFAULTS);

  for (guint i = 0; list != NULL && i < json_array_get_length (list); i++)
    {
      JsonNode *node = json_array_get_element (list, i);
      JsonObject *entry = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      g_autoptr (GList) members = entry != NULL ? json_object_get_members (entry) : NULL;
      const char *group = members != NULL ? members->data : NULL;
      const char *name = group != NULL ? c2l_json_get_string (entry, group, NULL) : NULL;

      if (name == NULL)
        continue;
      if (g_str_has_prefix (group, OVERRIDE_PREFIX))
        group += strlen (OVERRIDE_PREFIX);
      if (!g_hash_table_contains (composer->chosen, group))
        g_hash_table_insert (composer->groups, g_strdup (group), g_strdup (name));
    }
  json_object_remove_member (object, DEFAULTS);
}

static gboolean
is_group (Composer *composer, const char *key)
{
  return g_hash_table_contains (composer->groups, key);
}

/* Splits "key=value"; Hydra's "+" and "++" in front mean the same here. */
static gboolean
split_override (const char *override, char **key, const char **value, GError **error)
{
  const char *equals = strchr (override, '=');

  if (*override == '~')
    return refuse (error, _ ("%s: settings cannot be taken away; give it another value"), override);
  override += strspn (override, "+");
  if (equals == NULL || equals == override)
    return refuse (
        error,
        _ ("%s: not an override; write group=name or key.sub=value, such as train.lr=3.0e-4"),
        override);
  *key = g_strndup (override, equals - override);
  *value = equals + 1;
  return TRUE;
}

static gboolean
choose_groups (Composer *composer, const char *const *overrides, GError **error)
{
  for (guint i = 0; overrides != NULL && overrides[i] != NULL; i++)
    {
      g_autofree char *key = NULL;
      const char *value = NULL;

      if (!split_override (overrides[i], &key, &value, error))
        return FALSE;
      if (!is_group (composer, key))
        continue;
      g_hash_table_insert (composer->groups, g_strdup (key), g_strdup (value));
      g_hash_table_add (composer->chosen, g_strdup (key));
    }
  return TRUE;
}

/* What the root has for all groups of this kind, with @group over it (transfer full). */
static JsonObject *
lay_over_defaults (Composer *composer, const char *name, JsonObject *group)
{
  JsonObject *object = json_object_new ();
  JsonObject *defaults = c2l_json_get_object (composer->defaults, name);

  merge (object, group);
  if (defaults == NULL)
    return object;
  /* Those that the group lacks come last, as they would in a file. */
  g_autoptr (GList) members = json_object_get_members (defaults);
  for (GList *member = members; member != NULL; member = member->next)
    if (!json_object_has_member (object, member->data))
      json_object_set_member (object, member->data,
                              json_node_copy (json_object_get_member (defaults, member->data)));
  return object;
}

/* Reads the groups' files into the root. What a data group says about others is heard before those
 * are read. */
static gboolean
add_groups (Composer *composer, gboolean chosen_only, GError **error)
{
  const char *const order[] = { "data", "model" };

  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    {
      const char *name = g_hash_table_lookup (composer->groups, order[i]);
      g_autoptr (JsonObject) group = NULL;

      if (name == NULL || (chosen_only && !g_hash_table_contains (composer->chosen, order[i])))
        continue;
      group = read_group (composer, order[i], name, error);
      if (group == NULL)
        return FALSE;
      take_defaults (composer, group);
      json_object_set_object_member (composer->root, order[i],
                                     lay_over_defaults (composer, order[i], group));
    }
  return TRUE;
}

static gboolean
set_value (JsonObject *root, const char *path, JsonNode *node)
{
  g_auto (GStrv) parts = g_strsplit (path, ".", -1);
  guint n = g_strv_length (parts);

  for (guint i = 0; i + 1 < n; i++)
    {
      JsonObject *inner = c2l_json_get_object (root, parts[i]);

      if (inner == NULL)
        {
          inner = json_object_new ();
          json_object_set_object_member (root, parts[i], inner);
        }
      root = inner;
    }
  json_object_set_member (root, parts[n - 1], node);
  return TRUE;
}

static gboolean
apply_override (Composer *composer, const char *override, GError **error)
{
  g_autofree char *key = NULL;
  const char *value = NULL;
  g_autoptr (JsonNode) node = NULL;
  gboolean is_branch, is_leaf;

  if (!split_override (override, &key, &value, error))
    return FALSE;
  if (is_group (composer, key))
    return TRUE;
  is_leaf = c2l_train_schema_has (key, &is_branch);
  if (is_branch)
    return refuse (error, _ ("%s: several settings; set one of them, such as %s.…=…"), override,
                   key);
  if (!is_leaf)
    return c2l_train_schema_refuse (key, error);
  node = c2l_yaml_parse_value (value, error);
  if (node == NULL)
    {
      g_prefix_error (error, _ ("%s: put the value in quotes: "), override);
      return FALSE;
    }
  if (*value == '\0') /* as Hydra has it, and no null */
    json_node_init_string (node, "");
  return set_value (composer->root, key, g_steal_pointer (&node));
}

/* A shell without quotes makes several words of braces, of which only the last would count. */
static gboolean
check_paths (const char *const *overrides, GError **error)
{
  const char *const keys[] = { "data.path=", "data.val_path=" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      guint n = 0;

      for (guint j = 0; overrides != NULL && overrides[j] != NULL; j++)
        n += g_str_has_prefix (overrides[j], keys[i]);
      if (n > 1)
        return refuse (
            error,
            _ ("%s…: given %u times; put a path with braces in quotes, so that the shell "
               "leaves it alone"),
            keys[i], n);
    }
  return TRUE;
}

static gboolean
compose (Composer *composer, JsonObject *base, const char *const *overrides, GError **error)
{
  g_autofree char *path = NULL;

  composer->folder = find_folder (error);
  if (composer->folder == NULL || !check_paths (overrides, error))
    return FALSE;
  path = g_build_filename (composer->folder, "config.yaml", NULL);
  composer->root = read_yaml (path, error);
  composer->defaults = read_yaml (path, NULL);
  if (composer->root == NULL || composer->defaults == NULL)
    return FALSE;
  take_defaults (composer, composer->root);
  if (!choose_groups (composer, overrides, error) || !add_groups (composer, FALSE, error))
    return FALSE;
  if (base != NULL)
    {
      merge (composer->root, base);
      if (!add_groups (composer, TRUE, error))
        return FALSE;
    }
  for (guint i = 0; overrides != NULL && overrides[i] != NULL; i++)
    if (!apply_override (composer, overrides[i], error))
      return FALSE;
  return TRUE;
}

JsonObject *
c2l_train_config_compose (JsonObject *base, const char *const *overrides, GError **error)
{
  Composer composer = {
    .groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free),
    .chosen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
  };
  g_autoptr (JsonObject) config = NULL;

  if (compose (&composer, base, overrides, error))
    config = c2l_yaml_resolve (composer.root, "configuration", error);
  if (config != NULL && !c2l_train_schema_check (config, error))
    g_clear_pointer (&config, json_object_unref);
  g_clear_pointer (&composer.root, json_object_unref);
  g_clear_pointer (&composer.defaults, json_object_unref);
  g_hash_table_unref (composer.groups);
  g_hash_table_unref (composer.chosen);
  g_free (composer.folder);
  return g_steal_pointer (&config);
}

JsonObject *
c2l_train_config_load (const char *path, const char *const *overrides, GError **error)
{
  g_autoptr (JsonObject) base = read_yaml (path, error);
  JsonObject *config;

  if (base == NULL)
    return NULL;
  config = c2l_train_config_compose (base, overrides, error);
  if (config == NULL)
    g_prefix_error (error, "%s: ", path);
  return config;
}

gboolean
c2l_train_config_save (JsonObject *config, const char *path, GError **error)
{
  return c2l_yaml_save (config, path, error);
}
