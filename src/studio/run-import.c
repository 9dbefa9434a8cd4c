/* Finds out what belongs to a training. Its prior alone is new: everything else is that of the
 * model it was trained for, the terms of its licence above all. */
#include "studio/run-import.h"

#include "studio/json.h"
#include "studio/train-models.h"

#include <string.h>

static GStrv
dup_strings (JsonObject *info, const char *name)
{
  JsonArray *array = c2l_json_get_array (info, name);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
        g_strv_builder_add (builder, json_node_get_string (node));
    }
  return g_strv_builder_end (builder);
}

/* A file of the bundle's folder, where both are there. */
static char *
dup_file (C2lBundle *bundle, const char *name)
{
  const char *folder = c2l_bundle_get_folder (bundle);
  g_autofree char *path = folder != NULL ? g_build_filename (folder, name, NULL) : NULL;

  return path != NULL && g_file_test (path, G_FILE_TEST_EXISTS) ? g_steal_pointer (&path) : NULL;
}

gboolean
c2l_run_import (const char *run,
                const char *checkpoint,
                const C2lImport *import,
                const char *folder,
                C2lDevice *device,
                GCancellable *cancellable,
                GError **error)
{
  g_autofree char *path = g_build_filename (run, "config.yaml", NULL);
  g_autoptr (JsonObject) config = c2l_train_config_load (path, NULL, error);
  g_autoptr (C2lBundle) bundle = NULL;
  g_autofree char *directions = NULL, *examples = NULL;
  g_auto (GStrv) licences = NULL, attributions = NULL;
  C2lTrainSettings settings;
  C2lImport filled = *import;

  if (config == NULL)
    return FALSE;
  c2l_train_settings_read (&settings, config);
  bundle = c2l_train_open_bundle (&settings, cancellable, error);
  if (bundle == NULL)
    return FALSE;
  directions = dup_file (bundle, "directions");
  examples = dup_file (bundle, "model.json");
  licences = dup_strings (c2l_bundle_get_info (bundle), "licences");
  attributions = dup_strings (c2l_bundle_get_info (bundle), "attributions");
  filled.files = (C2lModelFiles){ .clip = c2l_bundle_get_file (bundle, C2L_ROLE_CLIP),
                                  .prior = checkpoint,
                                  .config = path,
                                  .generator = c2l_bundle_get_file (bundle, C2L_ROLE_GENERATOR),
                                  .merges = c2l_bundle_get_merges (bundle),
                                  .preprocess = c2l_bundle_get_preprocess (bundle) };
  filled.directions = directions;
  filled.examples = examples;
  filled.licences = (const char *const *) licences;
  filled.attributions = (const char *const *) attributions;
  c2l_bundle_get_defaults (bundle, &filled.defaults);
  return c2l_import (&filled, folder, device, cancellable, error);
}
