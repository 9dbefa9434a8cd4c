/* Bundles: a folder that says about itself what it draws, or the original's files taken together.
 * Knows files and JSON, not what the models compute. model.json is hostile until checked: names of
 * files must stay inside the folder, numbers must be possible. The bundle owns all strings that it
 * lends. */
#include "studio/bundle.h"

#include "formats/json-text.h"
#include "formats/yaml.h"
#include "studio/digest.h"
#include "studio/json.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define MAX_MODEL_JSON (4 << 20)
#define MAX_DIRECTIONS 4096
#define MAX_DIRECTION_ROWS 256
#define MAX_DIRECTION_WIDTH 65536

struct _C2lBundle
{
  gatomicrefcount refs;
  char *folder;
  char *name;
  JsonObject *info;
  JsonObject *prior_config;
  char *config_file;
  char *preprocess;
  char *merges;
  char *files[C2L_N_ROLES];
  char *given[C2L_N_ROLES];
  char *sums[C2L_N_ROLES];
  C2lWeights *weights[C2L_N_ROLES]; /* NULL: loaded from the file */
  GPtrArray *directions;
};

static const char *const role_names[C2L_N_ROLES] = { "clip", "prior", "generator" };

static const char *const preprocess_names[] = { "reference", "openai", "openai-clamped" };

const char *
c2l_role_get_name (C2lRole role)
{
  return role_names[role];
}

static void
direction_free (gpointer data)
{
  C2lDirection *direction = data;

  g_free (direction->id);
  g_free (direction->name);
  g_free (direction->original);
  g_free (direction->file);
  g_free (direction);
}

static C2lBundle *
bundle_new (void)
{
  C2lBundle *bundle = g_new0 (C2lBundle, 1);

  g_atomic_ref_count_init (&bundle->refs);
  bundle->directions = g_ptr_array_new_with_free_func (direction_free);
  return bundle;
}

C2lBundle *
c2l_bundle_ref (C2lBundle *bundle)
{
  g_atomic_ref_count_inc (&bundle->refs);
  return bundle;
}

void
c2l_bundle_unref (C2lBundle *bundle)
{
  if (!g_atomic_ref_count_dec (&bundle->refs))
    return;
  g_free (bundle->folder);
  g_free (bundle->name);
  g_clear_pointer (&bundle->info, json_object_unref);
  g_clear_pointer (&bundle->prior_config, json_object_unref);
  g_free (bundle->config_file);
  g_free (bundle->preprocess);
  g_free (bundle->merges);
  for (int role = 0; role < C2L_N_ROLES; role++)
    {
      g_free (bundle->files[role]);
      g_free (bundle->given[role]);
      g_free (bundle->sums[role]);
      g_clear_pointer (&bundle->weights[role], c2l_weights_unref);
    }
  g_ptr_array_unref (bundle->directions);
  g_free (bundle);
}

gboolean
c2l_bundle_is_bundle (const char *path)
{
  g_autofree char *model = g_build_filename (path, "model.json", NULL);
  return g_file_test (model, G_FILE_TEST_IS_REGULAR);
}

static gboolean broken (GError **error, C2lBundle *bundle, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static gboolean
broken (GError **error, C2lBundle *bundle, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_BUNDLE, _ ("%s: not a usable model: %s"),
               bundle->folder, what);
  return FALSE;
}

/* The path of a file of the bundle, or NULL where the name would leave its folder. */
static char *
dup_inside (C2lBundle *bundle, const char *name)
{
  g_auto (GStrv) parts = NULL;

  if (name == NULL || *name == '\0' || g_path_is_absolute (name) || strchr (name, '\\') != NULL)
    return NULL;
  parts = g_strsplit (name, "/", -1);
  for (int i = 0; parts[i] != NULL; i++)
    if (*parts[i] == '\0' || strcmp (parts[i], "..") == 0 || strcmp (parts[i], ".") == 0)
      return NULL;
  return g_build_filename (bundle->folder, name, NULL);
}

static gboolean
take_file (C2lBundle *bundle,
           JsonObject *object,
           const char *member,
           const char *of,
           char **path,
           GError **error)
{
  const char *name = c2l_json_get_string (object, member, NULL);

  if (name == NULL)
    return broken (error, bundle, _ ("model.json: “%s” of “%s” is missing"), member, of);
  *path = dup_inside (bundle, name);
  if (*path == NULL)
    return broken (error, bundle, _ ("model.json: “%s” would leave the folder"), name);
  if (!g_file_test (*path, G_FILE_TEST_IS_REGULAR))
    return broken (error, bundle, _ ("“%s” is missing; get the model again"), name);
  return TRUE;
}

static gboolean
read_roles (C2lBundle *bundle, GError **error)
{
  for (int role = 0; role < C2L_N_ROLES; role++)
    {
      JsonObject *object = c2l_json_get_object (bundle->info, role_names[role]);

      if (object == NULL)
        continue;
      if (!take_file (bundle, object, "file", role_names[role], &bundle->files[role], error))
        return FALSE;
      bundle->sums[role] = g_strdup (c2l_json_get_string (object, "sha256", NULL));
    }
  if (bundle->files[C2L_ROLE_GENERATOR] == NULL)
    return broken (error, bundle, _ ("model.json names no generator"));
  return TRUE;
}

/* The vocabulary that lies beside a CLIP, under the names that it is published by; NULL where none
 * does. */
static char *
find_merges (const char *clip)
{
  static const char *const names[]
      = { "merges.txt", "merges.txt.gz", "bpe_simple_vocab_16e6.txt.gz" };
  g_autofree char *folder = g_path_get_dirname (clip);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);

      if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
        return g_steal_pointer (&path);
    }
  return NULL;
}

static gboolean
read_clip_and_prior (C2lBundle *bundle, GError **error)
{
  JsonObject *clip = c2l_json_get_object (bundle->info, "clip");
  JsonObject *prior = c2l_json_get_object (bundle->info, "prior");
  JsonObject *config = prior != NULL ? c2l_json_get_object (prior, "config") : NULL;

  bundle->preprocess = g_strdup (
      clip != NULL ? c2l_json_get_string (clip, "preprocess", "reference") : "reference");
  if (clip != NULL && json_object_has_member (clip, "merges")
      && !take_file (bundle, clip, "merges", "clip", &bundle->merges, error))
    return FALSE;
  if (bundle->merges == NULL && bundle->files[C2L_ROLE_CLIP] != NULL)
    bundle->merges = find_merges (bundle->files[C2L_ROLE_CLIP]);
  if (config != NULL)
    bundle->prior_config = json_object_ref (config);
  for (guint i = 0; i < G_N_ELEMENTS (preprocess_names); i++)
    if (strcmp (bundle->preprocess, preprocess_names[i]) == 0)
      return TRUE;
  return broken (
      error, bundle,
      _ ("model.json: “%s” is no preprocessing of pictures for CLIP; reference, openai and "
         "openai-clamped are"),
      bundle->preprocess);
}

static gboolean
read_directions (C2lBundle *bundle, GError **error)
{
  JsonArray *array = c2l_json_get_array (bundle->info, "directions");
  guint n = array != NULL ? json_array_get_length (array) : 0;

  if (n > MAX_DIRECTIONS)
    return broken (error, bundle, _ ("model.json lists too many directions"));
  for (guint i = 0; i < n; i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      g_autofree char *file = NULL, *stem = NULL;
      C2lDirection *direction;

      if (!JSON_NODE_HOLDS_OBJECT (node))
        return broken (error, bundle, _ ("model.json: a direction is no object"));
      if (!take_file (bundle, json_node_get_object (node), "file", "directions", &file, error))
        return FALSE;
      stem = g_path_get_basename (file);
      if (strrchr (stem, '.') != NULL)
        *strrchr (stem, '.') = '\0';
      direction = g_new0 (C2lDirection, 1);
      direction->original
          = g_strdup (c2l_json_get_string (json_node_get_object (node), "name", stem));
      direction->name = g_strdup (c2l_bundle_translate (bundle, direction->original));
      direction->scale = c2l_json_get_double (json_node_get_object (node), "scale", 1);
      direction->id = g_steal_pointer (&stem);
      direction->file = g_steal_pointer (&file);
      g_ptr_array_add (bundle->directions, direction);
      if (!isfinite (direction->scale))
        return broken (error, bundle, _ ("model.json: the scale of “%s” is no number to draw with"),
                       direction->id);
    }
  return TRUE;
}

static gboolean
check_defaults (C2lBundle *bundle, GError **error)
{
  C2lDefaults defaults;

  c2l_bundle_get_defaults (bundle, &defaults);
  if (c2l_guidance_check (defaults.guidance, NULL)
      && c2l_truncation_check (defaults.truncation, NULL))
    return TRUE;
  return broken (error, bundle,
                 _ ("model.json: its default guidance or truncation is no number to draw with"));
}

C2lBundle *
c2l_bundle_open (const char *folder, GError **error)
{
  g_autoptr (C2lBundle) bundle = bundle_new ();
  g_autofree char *path = g_build_filename (folder, "model.json", NULL);
  g_autofree char *text = NULL, *base = NULL;
  gsize length;
  gint64 format;

  bundle->folder = g_strdup (folder);
  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
    {
      broken (error, bundle,
              g_file_test (folder, G_FILE_TEST_IS_DIR)
                  ? _ ("it has no model.json; name a folder that “c2l import” made")
              : g_file_test (folder, G_FILE_TEST_EXISTS)
                  ? _ ("it is not a folder; name the folder that “c2l import” made")
                  : _ ("there is no such folder"));
      return NULL;
    }
  if (!g_file_get_contents (path, &text, &length, error))
    return NULL;
  if (length > MAX_MODEL_JSON)
    {
      broken (error, bundle, _ ("model.json is too large to be one"));
      return NULL;
    }
  bundle->info = c2l_json_parse_object (text, length, path, error);
  if (bundle->info == NULL)
    return NULL;
  format = c2l_json_get_int (bundle->info, "format", 0);
  if (format != C2L_BUNDLE_FORMAT)
    {
      broken (error, bundle, _ ("model.json is of format %" PRId64 ", this program reads %d"),
              format, C2L_BUNDLE_FORMAT);
      return NULL;
    }
  if (!read_roles (bundle, error) || !read_clip_and_prior (bundle, error)
      || !read_directions (bundle, error) || !check_defaults (bundle, error))
    return NULL;
  base = g_path_get_basename (folder);
  bundle->name = g_strdup (c2l_json_get_string (bundle->info, "name", base));
  return g_steal_pointer (&bundle);
}

/* @what: in which role @path (may be NULL) was named. */
static gboolean
check_file (const char *path, const char *what, GError **error)
{
  if (path == NULL || g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return TRUE;
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_BUNDLE,
               g_file_test (path, G_FILE_TEST_EXISTS)
                   ? _ ("%s: not an ordinary file; it was named as the %s")
                   : _ ("%s: there is no such file; it was named as the %s"),
               path, what);
  return FALSE;
}

/* @name for recipes, which are given away with pictures: without folders, and without what opens a
 * server's door. */
static char *
dup_given (const char *name)
{
  if (name == NULL || g_file_test (name, G_FILE_TEST_EXISTS))
    return name != NULL ? g_filename_display_basename (name) : NULL;
  if (strstr (name, "://") == NULL)
    return g_filename_display_name (name);

  g_autoptr (GUri) uri = g_uri_parse (name, G_URI_FLAGS_ENCODED, NULL);

  return uri != NULL ? g_uri_to_string_partial (uri, G_URI_HIDE_USERINFO | G_URI_HIDE_QUERY) : NULL;
}

C2lBundle *
c2l_bundle_open_files (const C2lModelFiles *files, GError **error)
{
  const C2lModelFiles *named = files->named != NULL ? files->named : files;
  const char *const paths[C2L_N_ROLES] = { files->clip, files->prior, files->generator };
  const char *const names[C2L_N_ROLES] = { named->clip, named->prior, named->generator };
  g_autoptr (C2lBundle) bundle = bundle_new ();

  const char *first = files->prior != NULL       ? files->prior
                      : files->generator != NULL ? files->generator
                                                 : files->clip;

  g_return_val_if_fail (first != NULL, NULL);
  for (int role = 0; role < C2L_N_ROLES; role++)
    {
      if (!check_file (paths[role], role_names[role], error))
        return NULL;
      bundle->files[role] = g_strdup (paths[role]);
      bundle->given[role] = dup_given (names[role]);
    }
  if (files->config != NULL)
    {
      bundle->config_file = g_strdup (files->config);
      bundle->prior_config = c2l_yaml_load (files->config, error);
      if (bundle->prior_config == NULL)
        return NULL;
    }
  bundle->info = json_object_new ();
  if (!check_file (files->merges, "vocabulary", error))
    return NULL;
  if (files->merges != NULL || files->clip == NULL)
    bundle->merges = g_strdup (files->merges);
  else
    bundle->merges = find_merges (files->clip);
  bundle->preprocess = g_strdup (files->preprocess != NULL ? files->preprocess : "reference");
  bundle->name = g_path_get_basename (first);
  if (strrchr (bundle->name, '.') != NULL)
    *strrchr (bundle->name, '.') = '\0';
  return g_steal_pointer (&bundle);
}

C2lBundle *
c2l_bundle_new_from_weights (const char *name, C2lWeights *const weights[C2L_N_ROLES])
{
  C2lBundle *bundle = bundle_new ();

  for (int role = 0; role < C2L_N_ROLES; role++)
    if (weights[role] != NULL)
      {
        bundle->weights[role] = c2l_weights_ref (weights[role]);
        bundle->files[role] = g_strdup (c2l_weights_get_path (weights[role]));
      }
  bundle->info = json_object_new ();
  bundle->preprocess = g_strdup ("reference");
  bundle->name = g_strdup (name);
  return bundle;
}

const char *
c2l_bundle_get_name (C2lBundle *bundle)
{
  return bundle->name;
}

const char *
c2l_bundle_translate (C2lBundle *bundle, const char *text)
{
  return c2l_json_translate (c2l_json_get_object (bundle->info, "translations"), text);
}

const char *
c2l_bundle_get_folder (C2lBundle *bundle)
{
  return bundle->folder;
}

JsonObject *
c2l_bundle_get_info (C2lBundle *bundle)
{
  return bundle->info;
}

JsonObject *
c2l_bundle_get_prior_config (C2lBundle *bundle)
{
  return bundle->prior_config;
}

const char *
c2l_bundle_get_config_file (C2lBundle *bundle)
{
  return bundle->config_file;
}

const char *
c2l_bundle_get_preprocess (C2lBundle *bundle)
{
  return bundle->preprocess;
}

/* The original's demo: four steps of its own sampler, guidance 2. */
void
c2l_bundle_get_defaults (C2lBundle *bundle, C2lDefaults *defaults)
{
  JsonObject *object = c2l_json_get_object (bundle->info, "defaults");

  *defaults = (C2lDefaults){ .guidance = 2, .steps = 4, .sampler = "reference", .truncation = 1 };
  if (object == NULL)
    return;
  defaults->guidance = c2l_json_get_double (object, "guidance", defaults->guidance);
  defaults->steps = CLAMP (c2l_json_get_int (object, "steps", defaults->steps), 1, G_MAXINT);
  defaults->sampler = c2l_json_get_string (object, "sampler", defaults->sampler);
  defaults->truncation = c2l_json_get_double (object, "truncation", defaults->truncation);
}

const char *
c2l_bundle_get_merges (C2lBundle *bundle)
{
  return bundle->merges;
}

GPtrArray *
c2l_bundle_get_directions (C2lBundle *bundle)
{
  return bundle->directions;
}

const C2lDirection *
c2l_bundle_lookup_direction (C2lBundle *bundle, const char *name)
{
  for (guint i = 0; i < bundle->directions->len; i++)
    {
      const C2lDirection *direction = g_ptr_array_index (bundle->directions, i);

      if (g_ascii_strcasecmp (direction->id, name) == 0
          || g_ascii_strcasecmp (direction->original, name) == 0
          || g_ascii_strcasecmp (direction->name, name) == 0)
        return direction;
    }
  return NULL;
}

const char *
c2l_bundle_get_file (C2lBundle *bundle, C2lRole role)
{
  return bundle->files[role];
}

const char *
c2l_bundle_get_given (C2lBundle *bundle, C2lRole role)
{
  return bundle->given[role];
}

C2lWeights *
c2l_bundle_load_weights (C2lBundle *bundle, C2lRole role, GError **error)
{
  static const C2lWeightsKind kinds[C2L_N_ROLES]
      = { C2L_WEIGHTS_CLIP, C2L_WEIGHTS_PRIOR, C2L_WEIGHTS_GENERATOR };
  static const char *const wanted[C2L_N_ROLES]
      = { N_ ("a CLIP model"), N_ ("a prior's checkpoint"), N_ ("a StyleGAN generator") };
  g_autoptr (C2lWeights) weights = NULL;

  if (bundle->files[role] == NULL && bundle->folder == NULL)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_BUNDLE,
                   _ ("this model of single files has no %s, which this needs; name one with --%s"),
                   role_names[role], role_names[role]);
      return NULL;
    }
  if (bundle->files[role] == NULL)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_BUNDLE,
                   _ ("the model “%s” has no %s, which this needs; name one with --%s"),
                   bundle->folder, role_names[role], role_names[role]);
      return NULL;
    }
  if (bundle->weights[role] != NULL)
    return c2l_weights_ref (bundle->weights[role]);
  weights = c2l_weights_load (bundle->files[role], error);
  if (weights == NULL)
    return NULL;
  if (c2l_weights_get_kind (weights) != kinds[role])
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
                   _ ("%s: not %s, but %s; see “c2l info” for what it is"), bundle->files[role],
                   _ (wanted[role]), c2l_weights_get_format (weights));
      return NULL;
    }
  return g_steal_pointer (&weights);
}

char *
c2l_bundle_dup_sha256 (C2lBundle *bundle, C2lRole role, GError **error)
{
  if (bundle->sums[role] != NULL)
    return g_strdup (bundle->sums[role]);
  if (bundle->weights[role] != NULL)
    return NULL;
  return c2l_digest_file (bundle->files[role], NULL, error);
}

gboolean
c2l_bundle_verify (C2lBundle *bundle, GCancellable *cancellable, GError **error)
{
  for (int role = 0; role < C2L_N_ROLES; role++)
    {
      g_autofree char *sum = NULL;

      if (bundle->files[role] == NULL || bundle->sums[role] == NULL)
        continue;
      sum = c2l_digest_compute (bundle->files[role], cancellable, error);
      if (sum == NULL)
        return FALSE;
      if (g_ascii_strcasecmp (sum, bundle->sums[role]) != 0)
        return broken (
            error, bundle,
            _ ("the %s's file is not the one that model.json describes; get the model again"),
            role_names[role]);
    }
  return TRUE;
}

gboolean
c2l_direction_fits (const C2lArray *array)
{
  gint64 width = array->n_dims > 0 ? array->dims[array->n_dims - 1] : 0, n_rows = 1;

  if (array->n_dims > 3 || (array->n_dims == 3 && array->dims[0] != 1) || array->length == 0)
    return FALSE;
  for (int i = 0; i < array->n_dims - 1; i++)
    n_rows *= array->dims[i];
  return width > 0 && width <= MAX_DIRECTION_WIDTH && n_rows <= MAX_DIRECTION_ROWS;
}

gboolean
c2l_direction_load (const char *file, C2lRows *rows, GError **error)
{
  g_autoptr (C2lWeights) weights = c2l_weights_load (file, error);
  const C2lArray *array;
  g_autofree float *data = NULL;

  if (weights == NULL)
    return FALSE;
  array = c2l_weights_lookup (weights, "");
  if (c2l_weights_get_kind (weights) != C2L_WEIGHTS_TENSOR || array == NULL)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
                   _ ("%s: not a direction: %s, where one bare array is expected"), file,
                   c2l_weights_get_format (weights));
      return FALSE;
    }
  if (!c2l_direction_fits (array))
    {
      g_autofree char *shape = c2l_array_to_string (array);
      g_set_error (
          error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
          _ ("%s: not a direction: %s, where [D], [1, D] or [number of styles, D] is expected"),
          file, shape);
      return FALSE;
    }
  data = c2l_array_dup_f32 (array);
  for (gsize i = 0; i < array->length; i++)
    if (!isfinite (data[i]))
      {
        g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
                     _ ("%s: not a usable direction: it holds numbers that are not finite"), file);
        return FALSE;
      }
  c2l_rows_clear (rows);
  rows->width = array->dims[array->n_dims - 1];
  rows->n_rows = array->length / rows->width;
  rows->data = g_steal_pointer (&data);
  return TRUE;
}
