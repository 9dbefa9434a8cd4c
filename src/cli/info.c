/* c2l info: what a file or a bundle is, found by content; and, on wish, this computer's devices. */
#include "cli/cli.h"
#include "cli/info-devices.h"
#include "cli/info-weights.h"
#include "formats/shard.h"
#include "studio/identify.h"
#include "studio/json.h"

#include <stdio.h>
#include <string.h>

typedef struct
{
  gboolean json, tensors, verify, devices;
} Options;

static void
print_object (JsonObject *object)
{
  g_autofree char *text = c2l_json_object_to_string (object, FALSE);
  printf ("%s\n", text);
}

static JsonObject *
new_object (const C2lFileInfo *info)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "file", info->path);
  json_object_set_string_member (object, "kind", c2l_file_kind_get_name (info->kind));
  return object;
}

static void
print_strings (JsonObject *info, const char *member, const char *title)
{
  JsonArray *array = c2l_json_get_array (info, member);

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
        c2l_cli_describe (i == 0 ? title : "", "%s", json_node_get_string (node));
    }
}

static void
add_member (JsonObject *from, const char *name, JsonNode *node, gpointer to)
{
  json_object_set_member (to, name, json_node_copy (node));
}

static gboolean
show_bundle (const C2lFileInfo *file, const Options *options, GError **error)
{
  C2lBundle *bundle = file->bundle;
  JsonObject *info;
  GPtrArray *directions;
  C2lDefaults defaults;

  if (options->verify && !c2l_bundle_verify (bundle, c2l_cli_get_cancellable (), error))
    return FALSE;
  info = c2l_bundle_get_info (bundle);
  if (options->json)
    {
      g_autoptr (JsonObject) object = new_object (file);

      json_object_foreach_member (info, add_member, object);
      print_object (object);
      return TRUE;
    }
  c2l_bundle_get_defaults (bundle, &defaults);
  c2l_cli_describe (NULL, "%s: %s%s", file->path, file->what,
                    options->verify ? ", its files are those that it describes" : "");
  c2l_cli_describe ("name", "%s", c2l_bundle_get_name (bundle));
  c2l_cli_describe (
      "draws", "%s",
      c2l_json_get_string (info, "draws",
                           c2l_json_get_string (info, "description", "it does not say")));
  c2l_cli_describe ("network", "%s", c2l_json_get_string (info, "network", "unknown"));
  c2l_cli_describe ("for CLIP", "%s", c2l_bundle_get_preprocess (bundle));
  c2l_cli_describe ("usually", "%s, %d steps, guidance %g, truncation %g", defaults.sampler,
                    defaults.steps, defaults.guidance, defaults.truncation);
  print_strings (info, "licences", "licences");
  print_strings (info, "attributions", "made with");
  directions = c2l_bundle_get_directions (bundle);
  for (guint i = 0; i < directions->len; i++)
    {
      const C2lDirection *direction = g_ptr_array_index (directions, i);
      c2l_cli_describe (i == 0 ? "directions" : "", "%-18s %s", direction->id, direction->name);
    }
  print_strings (info, "examples", "examples");
  return TRUE;
}

static void
show_weights (const C2lFileInfo *info, const Options *options)
{
  C2lWeights *weights = info->weights;
  JsonObject *config = c2l_weights_get_config (weights);
  gboolean with_arrays = c2l_weights_get_kind (weights) == C2L_WEIGHTS_TENSOR || options->tensors;

  if (options->json)
    {
      g_autoptr (JsonObject) object = new_object (info);

      json_object_set_string_member (object, "format", c2l_weights_get_format (weights));
      json_object_set_object_member (object, "config", json_object_ref (config));
      c2l_info_add_sizes (weights, object);
      if (with_arrays)
        c2l_info_add_arrays (weights, object);
      print_object (object);
      return;
    }
  c2l_cli_describe (NULL, "%s: %s", info->path, info->what);
  c2l_cli_describe ("format", "%s", c2l_weights_get_format (weights));
  c2l_info_show_sizes (weights);
  if (with_arrays)
    c2l_info_show_arrays (weights);
}

/* Of a latent that was not sampled. */
static const char *const origins[] = {
  [C2L_ORIGIN_PRIOR] = "made from other pictures",
  [C2L_ORIGIN_Z] = "random, through the mapping network",
  [C2L_ORIGIN_FILE] = "given",
};

/* A model of single files has no name to draw again by, but their names. */
static void
show_model (const C2lFileInfo *info, const C2lRecipe *recipe)
{
  g_autofree char *again = c2l_recipe_dup_file_options (recipe);
  g_autoptr (GString) names = g_string_new (NULL);

  for (C2lRole role = 0; role < C2L_N_ROLES; role++)
    {
      const char *name = g_hash_table_lookup (recipe->files, c2l_role_get_name (role));

      if (name != NULL)
        g_string_append_printf (names, "%s%s %s", names->len > 0 ? ", " : "",
                                c2l_role_get_name (role), name);
    }
  c2l_cli_describe ("model", "%s, seed %" G_GUINT64_FORMAT ", picture %u",
                    names->len > 0 ? names->str : recipe->model, recipe->seed, recipe->index);
  if (again != NULL)
    {
      g_autofree char *quoted = g_shell_quote (info->path);

      c2l_cli_describe ("again", "c2l generate --from %s %s",
                        strchr (info->path, ' ') != NULL ? quoted : info->path, again);
    }
}

static void
show_image (const C2lFileInfo *info, const Options *options)
{
  const C2lRecipe *recipe = info->recipe;

  if (options->json)
    {
      g_autoptr (JsonObject) object = new_object (info);

      json_object_set_int_member (object, "width", info->image->width);
      json_object_set_int_member (object, "height", info->image->height);
      if (recipe != NULL)
        json_object_set_member (object, "recipe", c2l_recipe_to_node (info->recipe));
      print_object (object);
      return;
    }
  c2l_cli_describe (NULL, "%s: %s", info->path, info->what);
  if (recipe == NULL)
    {
      c2l_cli_describe ("recipe", "none; it was not saved by this program, or was rewritten since");
      return;
    }
  c2l_cli_describe ("prompt", "%s", recipe->prompt != NULL ? recipe->prompt : "none");
  if (recipe->made_by != NULL)
    c2l_cli_describe ("made by", "%s%s%s", recipe->made_by, recipe->source != NULL ? " of " : "",
                      recipe->source != NULL ? recipe->source : "");
  show_model (info, recipe);
  if (recipe->sampler != NULL)
    c2l_cli_describe ("sampled", "%s, %d steps, guidance %g", recipe->sampler, recipe->steps,
                      recipe->guidance);
  else
    c2l_cli_describe ("latent", "%s", origins[recipe->origin]);
  if (recipe->label != C2L_NO_LABEL)
    c2l_cli_describe ("class", "%d", recipe->label);
  c2l_cli_describe ("drawn", "with truncation %g and %s noise", recipe->truncation,
                    c2l_noise_kind_get_name (recipe->noise));
  for (guint i = 0; i < recipe->edits->len; i++)
    {
      const C2lRecipeEdit *edit = g_ptr_array_index (recipe->edits, i);
      g_autofree char *layers = c2l_layers_to_string (edit->first_layer, edit->last_layer);
      gboolean all = edit->first_layer == 0 && edit->last_layer == C2L_LAST_LAYER;

      c2l_cli_describe (i == 0 ? "edits" : "", "%s%s%s = %g", edit->direction, all ? "" : "@",
                        all ? "" : layers, edit->amount);
    }
  for (guint i = 0; i < recipe->mixes->len; i++)
    {
      const C2lRecipeMix *mix = g_ptr_array_index (recipe->mixes, i);
      g_autofree char *layers = c2l_layers_to_string (mix->first_layer, mix->last_layer);

      c2l_cli_describe (i == 0 ? "mixed with" : "", "%s in layers %s, by %g",
                        mix->label != NULL ? mix->label : "another picture", layers, mix->amount);
    }
  if (c2l_recipe_is_placed (recipe))
    c2l_cli_describe ("moved", "by %g, %g, turned by %g°", recipe->move_x, recipe->move_y,
                      recipe->turn);
  c2l_cli_describe ("by", "version %s, %s, %s: %s", recipe->program, recipe->precision,
                    recipe->device, recipe->device_details);
}

static void
show_other (const C2lFileInfo *info, const Options *options)
{
  if (options->json)
    {
      g_autoptr (JsonObject) object = new_object (info);

      print_object (object);
    }
  else
    c2l_cli_describe (NULL, "%s: %s", info->path, info->what);
}

/* Goes through all of it: a person asks because training on it failed. */
static gboolean
show_tar (const C2lFileInfo *info, const Options *options, GError **error)
{
  g_autoptr (C2lShard) shard = c2l_shard_open (info->path, error);
  g_autoptr (JsonObject) object = new_object (info);
  g_autoptr (GError) local_error = NULL;
  const C2lSample *sample;
  C2lSample last = { 0 };
  guint n = 0;

  if (shard == NULL)
    return FALSE;
  for (; (sample = c2l_shard_read_next (shard, &local_error)) != NULL; n++)
    last = *sample;
  if (g_error_matches (local_error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED) && n == 0)
    {
      show_other (info, options);
      return TRUE;
    }
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  json_object_set_int_member (object, "n_samples", n);
  json_object_set_int_member (object, "n_latents", last.n_latents);
  json_object_set_int_member (object, "latent_dim", last.latent_dim);
  json_object_set_int_member (object, "feature_dim", last.feature_dim);
  if (options->json)
    {
      print_object (object);
      return TRUE;
    }
  c2l_cli_describe (NULL, "%s: training data", info->path);
  c2l_cli_describe ("samples", "%u", n);
  c2l_cli_describe ("latents", "%u × %u numbers", last.n_latents, last.latent_dim);
  c2l_cli_describe ("embeddings", "%u numbers", last.feature_dim);
  return TRUE;
}

static gboolean
show (const char *path, const Options *options, GError **error)
{
  g_autoptr (C2lFileInfo) info = c2l_identify (path, error);

  if (info == NULL)
    return FALSE;
  if (info->bundle != NULL)
    return show_bundle (info, options, error);
  if (info->kind == C2L_FILE_TAR)
    return show_tar (info, options, error);
  if (info->image != NULL)
    show_image (info, options);
  else if (info->weights != NULL)
    show_weights (info, options);
  else
    show_other (info, options);
  return TRUE;
}

static int
run (int argc, char **argv)
{
  Options options = { 0 };
  const GOptionEntry entries[]
      = { { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON, an object a line", NULL },
          { "tensors", 0, 0, G_OPTION_ARG_NONE, &options.tensors, "List the arrays of a file",
            NULL },
          { "verify", 0, 0, G_OPTION_ARG_NONE, &options.verify,
            "Compare a bundle's files with their SHA-256", NULL },
          { "devices", 0, 0, G_OPTION_ARG_NONE, &options.devices,
            "List what this computer can compute with", NULL },
          G_OPTION_ENTRY_NULL };
  int exit_code, result = C2L_EXIT_OK;

  if (!c2l_cli_parse (&c2l_command_info, &argc, &argv, entries, NULL, &exit_code))
    return exit_code;
  if (options.devices)
    c2l_info_show_devices (options.json);
  else if (argc < 2)
    return c2l_cli_usage (&c2l_command_info, "name a file or a bundle");
  for (int i = 1; i < argc; i++)
    {
      g_autoptr (GError) error = NULL;

      if (!show (argv[i], &options, &error))
        result = c2l_cli_fail (error);
    }
  return result;
}

const C2lCommand c2l_command_info = {
  .name = "info",
  .arguments = "FILE|FOLDER…",
  .summary = "Say what a file or a bundle is",
  .description
  = "Knows bundles, StyleGAN pickles, prior checkpoints, CLIP archives, safetensors, "
    "NumPy arrays, pictures,\n"
    "trainings, configurations, CLIP's merges and tar archives. --devices needs no file.\n",
  .run = run,
};
