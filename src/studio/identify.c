/* What a file is, by asking each reader whether it is one of its own, the cheap and certain ones
 * first. Knows nothing of what is done with the answer. */
#include "studio/identify.h"

#include "formats/tar.h"
#include "formats/yaml.h"
#include "models/tokenizer.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MERGES_START "#version" /* of a plain list of merges, whatever its length */
#define START_SIZE 4096         /* as much as content types are found by */

static const struct
{
  const char *name, *what, *use;
} kinds[] = {
  [C2L_FILE_PICTURE]
  = { "picture", NULL,
      N_ ("It can be drawn again, edited, and varied, with the model that drew it.") },
  [C2L_FILE_IMAGE] = { "picture", NULL, N_ ("CLIP can look for pictures like it.") },
  [C2L_FILE_BUNDLE] = { "bundle", N_ ("a model bundle"), N_ ("It can be drawn with.") },
  [C2L_FILE_RUN] = { "run", N_ ("a training run"), N_ ("Its progress can be watched.") },
  [C2L_FILE_GENERATOR]
  = { "generator", N_ ("a StyleGAN generator: from a latent to a picture"),
      N_ ("With a prior and a CLIP it makes a model that draws prompts; alone it "
          "draws random pictures.") },
  [C2L_FILE_PRIOR]
  = { "prior", N_ ("a prior: from a prompt's embedding to a latent"),
      N_ ("With the generator and the CLIP that it was trained for it makes a model.") },
  [C2L_FILE_CLIP] = { "clip", N_ ("CLIP: understands prompts and pictures"),
                      N_ ("With a prior and a generator it makes a model.") },
  [C2L_FILE_DIRECTION]
  = { "array", N_ ("one array: a latent or an edit direction"),
      N_ ("As a direction it edits pictures of the model that it was made for; as "
          "a latent, c2l draws it.") },
  [C2L_FILE_LATENTS] = { "array", N_ ("latents: one for each of several pictures"),
                         N_ ("c2l generate --latent draws them.") },
  [C2L_FILE_ARRAY] = { "array", N_ ("one array, of no shape that a latent or a direction has"),
                       N_ ("Directions have the shape [D], [1, D] or [number of styles, D].") },
  [C2L_FILE_ARRAYS] = { "arrays", N_ ("named arrays of no kind that the program draws with"),
                        N_ ("A StyleGAN generator, a prior or a CLIP would fit.") },
  [C2L_FILE_CONFIG] = { "configuration", NULL,
                        N_ ("It belongs to a prior: open the checkpoint that lies beside it.") },
  [C2L_FILE_MERGES] = { "merges", N_ ("a CLIP vocabulary: the merges of its tokenizer"),
                        N_ ("It belongs to a CLIP.") },
  [C2L_FILE_TAR] = { "tar", N_ ("a tar archive, such as a shard of training data"),
                     N_ ("A prior can be trained with such data.") },
};

const char *
c2l_file_kind_get_name (C2lFileKind kind)
{
  return kinds[kind].name;
}

/* Takes @what; NULL: what the kind is called. */
static C2lFileInfo *
new_info (C2lFileKind kind, const char *path, char *what)
{
  C2lFileInfo *info = g_new0 (C2lFileInfo, 1);

  info->kind = kind;
  info->path = g_strdup (path);
  info->what = what != NULL ? what : g_strdup (_ (kinds[kind].what));
  info->use = _ (kinds[kind].use);
  return info;
}

void
c2l_file_info_free (C2lFileInfo *info)
{
  if (info == NULL)
    return;
  g_free (info->path);
  g_free (info->what);
  g_clear_pointer (&info->image, c2l_image_free);
  g_clear_pointer (&info->recipe, c2l_recipe_unref);
  g_clear_pointer (&info->bundle, c2l_bundle_unref);
  g_clear_pointer (&info->weights, c2l_weights_unref);
  g_free (info);
}

static gboolean
has_file (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return g_file_test (path, G_FILE_TEST_IS_REGULAR);
}

static C2lFileInfo *
identify_folder (const char *path, GError **error)
{
  C2lBundle *bundle;
  C2lFileInfo *info;

  if (!c2l_bundle_is_bundle (path) && has_file (path, "config.yaml")
      && (has_file (path, "metrics.jsonl") || has_file (path, "status.json")))
    return new_info (C2L_FILE_RUN, path, NULL);
  /* A folder of neither kind is refused as a model, with what one would have. */
  bundle = c2l_bundle_open (path, error);
  if (bundle == NULL)
    return NULL;
  info = new_info (C2L_FILE_BUNDLE, path, NULL);
  info->bundle = bundle;
  return info;
}

static C2lFileInfo *
identify_image (const char *path, GError **error)
{
  g_autoptr (C2lImage) image = c2l_image_load (path, error);
  const char *json = image != NULL ? g_hash_table_lookup (image->texts, C2L_RECIPE_KEYWORD) : NULL;
  C2lRecipe *recipe = json != NULL ? c2l_recipe_from_json (json, path, error) : NULL;
  C2lFileInfo *info;

  if (image == NULL || (json != NULL && recipe == NULL))
    return NULL;
  info = new_info (recipe != NULL ? C2L_FILE_PICTURE : C2L_FILE_IMAGE, path,
                   g_strdup_printf (_ ("a picture of %d × %d"), image->width, image->height));
  info->recipe = recipe;
  info->image = g_steal_pointer (&image);
  return info;
}

/* [N, number of styles, D], as c2l generate --latent-out writes them: each of these is a shape of a
 * direction's. */
static gboolean
holds_latents (const C2lArray *array)
{
  C2lArray one = *array;

  if (array->n_dims != 3 || array->dims[0] < 1)
    return FALSE;
  one.dims[0] = 1;
  one.length = array->length / (gsize) array->dims[0];
  return c2l_direction_fits (&one);
}

static C2lFileKind
find_weights_kind (C2lWeights *weights)
{
  static const C2lFileKind of[] = {
    [C2L_WEIGHTS_PLAIN] = C2L_FILE_ARRAYS, [C2L_WEIGHTS_TENSOR] = C2L_FILE_DIRECTION,
    [C2L_WEIGHTS_PRIOR] = C2L_FILE_PRIOR,  [C2L_WEIGHTS_GENERATOR] = C2L_FILE_GENERATOR,
    [C2L_WEIGHTS_CLIP] = C2L_FILE_CLIP,
  };
  C2lFileKind kind = of[c2l_weights_get_kind (weights)];

  const C2lArray *array = kind == C2L_FILE_DIRECTION ? c2l_weights_lookup (weights, "") : NULL;

  if (array == NULL || c2l_direction_fits (array))
    return kind;
  return holds_latents (array) ? C2L_FILE_LATENTS : C2L_FILE_ARRAY;
}

/* What a text of names and values is. */
static const char *
describe_config (JsonObject *config)
{
  if (json_object_has_member (config, "model"))
    return _ ("a prior's configuration");
  if (json_object_has_member (config, "fixture"))
    return _ ("what to compute and to compare: name its folder to c2l selftest");
  if (json_object_has_member (config, "format") && json_object_has_member (config, "generator"))
    return _ ("the description of a model bundle: name its folder");
  return _ ("a configuration in YAML or JSON");
}

static gboolean
is_called_config (const char *path)
{
  return g_str_has_suffix (path, ".yaml") || g_str_has_suffix (path, ".yml")
         || g_str_has_suffix (path, ".json");
}

/* @start: START_SIZE bytes, zero where the file is shorter. */
static gboolean
has_tar_mark (const char *start)
{
  return memcmp (start + 257, "ustar", 5) == 0;
}

/* A file without weights. NULL where it is none that is known; with an error where its name or
 * its first bytes say what it should be. */
static C2lFileInfo *
identify_other (const char *path, const char *start, GError **error)
{
  g_autoptr (C2lTar) tar = NULL;
  g_autoptr (JsonObject) config = NULL;
  g_autoptr (GError) why = NULL;
  C2lTokenizer *merges = NULL;

  if (g_str_has_prefix (start, MERGES_START))
    return new_info (C2L_FILE_MERGES, path, NULL);
  tar = c2l_tar_open (path, NULL);
  if (tar != NULL && c2l_tar_read_next (tar, &why) != NULL)
    return new_info (C2L_FILE_TAR, path, NULL);
  if (tar != NULL && has_tar_mark (start))
    {
      if (why != NULL)
        g_propagate_error (error, g_steal_pointer (&why));
      else
        g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED, "%s: %s", path,
                     _ ("the archive is empty"));
      return NULL;
    }
  merges = c2l_tokenizer_load (path, C2L_TOKENIZER_PUBLISHED_SIZE, NULL);
  if (merges != NULL)
    {
      c2l_tokenizer_free (merges);
      return new_info (C2L_FILE_MERGES, path, NULL);
    }
  config = c2l_yaml_load (path, is_called_config (path) ? error : NULL);
  if (config == NULL)
    return NULL;
  return new_info (C2L_FILE_CONFIG, path, g_strdup (describe_config (config)));
}

/* What the desktop calls a file that starts so, or NULL where it knows no better than “text” or
 * “data”. */
static char *
dup_type (const char *start, gsize size)
{
  gboolean uncertain;
  g_autofree char *type = g_content_type_guess (NULL, (const guchar *) start, size, &uncertain);

  if (uncertain || g_content_type_is_unknown (type) || g_content_type_is_a (type, "text/plain"))
    return NULL;
  return g_content_type_get_description (type);
}

static gboolean
read_start (const char *path, char *start, gsize *size, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, error);

  return stream != NULL
         && g_input_stream_read_all (G_INPUT_STREAM (stream), start, START_SIZE, size, NULL, error);
}

static C2lFileInfo *
identify_file (const char *path, GError **error)
{
  char start[START_SIZE + 1] = "";
  g_autoptr (GError) why = NULL, why_not_other = NULL;
  g_autofree char *type = NULL;
  C2lWeights *weights;
  C2lFileInfo *info;
  gsize size;

  if (!read_start (path, start, &size, error))
    return NULL;
  if (c2l_image_is_image (start, size))
    return identify_image (path, error);
  weights = c2l_weights_load (path, &why);
  if (weights != NULL)
    {
      info = new_info (find_weights_kind (weights), path, NULL);
      info->weights = weights;
      return info;
    }
  /* An empty file would be an empty configuration. */
  info = size > 0 ? identify_other (path, start, &why_not_other) : NULL;
  if (info != NULL)
    return info;
  if (!g_error_matches (why, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNKNOWN))
    g_propagate_error (error, g_steal_pointer (&why));
  else if (why_not_other != NULL)
    g_propagate_error (error, g_steal_pointer (&why_not_other));
  else if ((type = dup_type (start, size)) != NULL)
    g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNKNOWN,
                 _ ("%s: a file of the kind “%s”, for which there is no use here; pictures (PNG, "
                    "JPEG, WebP), StyleGAN generators (.pkl), priors (.ckpt), CLIP models (.pt), "
                    "directions (.npy, .pt) and the folders of models and trainings can be opened"),
                 path, type);
  else
    g_propagate_error (error, g_steal_pointer (&why));
  return NULL;
}

C2lFileInfo *
c2l_identify (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return identify_folder (path, error);
  if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return identify_file (path, error);
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                 _ ("%s: neither a file nor a folder; name one"), path);
  else
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT, _ ("%s: there is no such file or folder"),
                 path);
  return NULL;
}

static void
identify_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  C2lFileInfo *info = c2l_identify (data, &error);

  if (info != NULL)
    g_task_return_pointer (task, info, (GDestroyNotify) c2l_file_info_free);
  else
    g_task_return_error (task, error);
}

void
c2l_identify_async (const char *path,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);

  g_task_set_source_tag (task, c2l_identify_async);
  g_task_set_task_data (task, g_strdup (path), g_free);
  g_task_run_in_thread (task, identify_in_thread);
}

C2lFileInfo *
c2l_identify_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, c2l_identify_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
