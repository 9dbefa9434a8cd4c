/* dataset.json: what a folder of training data is made of. Everything that changes a number is in
 * it and must be the same when the work goes on; who made it on what is in it, too, and is only
 * compared to tell a person. Several processes may begin a folder at once: one of them writes. */
#include "studio/dataset-private.h"

#include "formats/output.h"
#include "studio/json.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <string.h>

#define FILE_NAME "dataset.json"
#define FORMAT "clip2latent data set"
#define VERSION 1

/* What must be the same, and how it is said on the command line. */
static const struct
{
  const char *name, *option;
} decisive[] = {
  { "generator_sha256", "--generator-name" },
  { "clip_sha256", "--feature-extractor-name" },
  { "clip_preprocess", "--preprocess" },
  { "space", "--space" },
  { "seed", "--seed" },
  { "noise", "the noise" },
  { "truncation", "--truncation" },
  { "samples_per_folder", "--samples-per-folder" },
  { "out_image_size", "--out-image-size" },
  { "save_im", "--save-im" },
  { "batch_size", "--batch-size, within which styles are mixed" },
  { "precision", "--precision" },
};

/* A member as text, whatever its type; "" where there is none. */
static char *
dup_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  g_autoptr (GBytes) text = NULL;

  if (node == NULL)
    return g_strdup ("");
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    return json_node_dup_string (node);
  return json_to_string (node, FALSE);
}

static void
add_model (C2lSession *session, JsonObject *object)
{
  C2lBundle *bundle = c2l_engine_get_bundle (c2l_session_get_engine (session));
  const struct
  {
    C2lRole role;
    const char *file, *sha256;
  } roles[] = { { C2L_ROLE_GENERATOR, "generator", "generator_sha256" },
                { C2L_ROLE_CLIP, "clip", "clip_sha256" } };

  for (guint i = 0; i < G_N_ELEMENTS (roles); i++)
    {
      const char *file = c2l_bundle_get_file (bundle, roles[i].role);
      g_autofree char *base = file != NULL ? g_path_get_basename (file) : g_strdup ("");
      g_autofree char *name = g_filename_display_name (base);
      g_autofree char *sum
          = file != NULL ? c2l_bundle_dup_sha256 (bundle, roles[i].role, NULL) : NULL;

      json_object_set_string_member (object, roles[i].file, name);
      json_object_set_string_member (object, roles[i].sha256, sum != NULL ? sum : "");
    }
  json_object_set_string_member (object, "clip_preprocess", c2l_bundle_get_preprocess (bundle));
}

/* What training on these data has to know. */
static void
add_shape (C2lSession *session, const C2lDatasetOptions *options, JsonObject *object)
{
  C2lGenerator *generator = c2l_engine_get_generator (c2l_session_get_engine (session), NULL);
  JsonArray *array = json_array_new ();
  int repeats[3],
      n = c2l_dataset_get_repeats (options->space, c2l_generator_get_num_ws (generator), repeats);

  for (int i = 0; i < n; i++)
    json_array_add_int_element (array, repeats[i]);
  json_object_set_int_member (object, "n_latents", n);
  json_object_set_int_member (object, "latent_dim", c2l_generator_get_w_dim (generator));
  json_object_set_array_member (object, "latent_repeats", array);
  json_object_set_int_member (object, "feature_dim", c2l_session_get_embed_width (session, NULL));
}

static JsonObject *
describe (C2lSession *session, const C2lDatasetOptions *options)
{
  JsonObject *object = json_object_new ();
  g_autofree char *details = c2l_session_dup_device_details (session);
  g_autofree char *seed = g_strdup_printf ("%" G_GUINT64_FORMAT, options->seed);

  json_object_set_string_member (object, "format", FORMAT);
  json_object_set_int_member (object, "version", VERSION);
  json_object_set_string_member (object, "program", C2L_VERSION);
  add_model (session, object);
  json_object_set_string_member (object, "space", c2l_dataset_space_get_name (options->space));
  /* JSON's numbers have 53 bits in many readers. */
  json_object_set_string_member (object, "seed", seed);
  json_object_set_string_member (object, "noise", c2l_noise_kind_get_name (options->noise));
  if (options->truncation != 1)
    json_object_set_double_member (object, "truncation", options->truncation);
  json_object_set_int_member (object, "n_samples", options->n_samples);
  json_object_set_int_member (object, "samples_per_folder", options->samples_per_file);
  json_object_set_int_member (object, "out_image_size", options->image_size);
  json_object_set_boolean_member (object, "save_im", options->save_images);
  if (options->space == C2L_SPACE_W3)
    json_object_set_int_member (object, "batch_size", options->batch_size);
  json_object_set_string_member (object, "precision",
                                 c2l_precision_get_name (c2l_session_get_precision (session)));
  json_object_set_string_member (
      object, "device",
      c2l_device_get_kind (c2l_engine_get_device (c2l_session_get_engine (session))));
  json_object_set_string_member (object, "device_details", details);
  add_shape (session, options, object);
  return object;
}

/* --- what is there already --- */

static gboolean refuse (const char *folder, GError **error, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static gboolean
refuse (const char *folder, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH, "%s: %s", folder, text);
  return FALSE;
}

static gboolean
is_tar_of_ours (const char *name)
{
  return strlen (name) == strlen ("00000.tar") && strspn (name, "0123456789") == 5
         && g_str_has_suffix (name, ".tar");
}

/* Tars without a description are somebody else's. */
static gboolean
check_new (const char *folder, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, error);
  const char *name;

  if (dir == NULL)
    return FALSE;
  while ((name = g_dir_read_name (dir)) != NULL)
    if (is_tar_of_ours (name))
      return refuse (folder, error,
                     _ ("holds %s, and no %s that says what it is; name a new folder"), name,
                     FILE_NAME);
  return TRUE;
}

static JsonObject *
load (const char *path, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  JsonNode *root;

  if (!json_parser_load_from_mapped_file (parser, path, error))
    return NULL;
  root = json_parser_get_root (parser);
  if (root != NULL && JSON_NODE_HOLDS_OBJECT (root)
      && strcmp (c2l_json_get_string (json_node_get_object (root), "format", ""), FORMAT) == 0
      && c2l_json_get_int (json_node_get_object (root), "version", 0) == VERSION)
    return json_object_ref (json_node_get_object (root));
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
               _ ("%s: not written by this version of the program; name a new folder"), path);
  return NULL;
}

/* More samples may be added behind whole tars. */
static gboolean
check_number (const C2lDatasetOptions *options, JsonObject *there, gboolean *grown, GError **error)
{
  const guint64 n = c2l_json_get_int (there, "n_samples", 0);

  *grown = options->n_samples > n;
  if (!*grown || n % options->samples_per_file == 0)
    return TRUE;
  return refuse (options->folder, error,
                 _ ("holds %" PRIu64 " samples, whose last tar is not full; more cannot be "
                    "added. Name a new folder, or --n-samples %" PRIu64),
                 n, n);
}

static gboolean
check_same (const C2lDatasetOptions *options,
            JsonObject *there,
            JsonObject *wanted,
            char **note,
            GError **error)
{
  g_autofree char *before = NULL, *now = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (decisive); i++)
    {
      g_autofree char *a = dup_member (there, decisive[i].name),
                      *b = dup_member (wanted, decisive[i].name);

      if (strcmp (a, b) != 0)
        return refuse (
            options->folder, error,
            _ ("was begun with another %s: %s, and now it is %s; use the same, or name a "
               "new folder"),
            decisive[i].option, a, b);
    }
  before = dup_member (there, "device_details");
  now = dup_member (wanted, "device_details");
  if (strcmp (before, now) != 0)
    *note
        = g_strdup_printf ("%s was begun on another device (%s); what follows may differ from what "
                           "that would have made in the last bits",
                           options->folder, before);
  return TRUE;
}

static gboolean
save (const char *path, JsonObject *object, gboolean replace, GError **error)
{
  g_autofree char *text = c2l_json_object_to_string (object, TRUE);
  g_autofree char *line = g_strconcat (text, "\n", NULL);
  g_autofree char *staged = c2l_output_stage (path, line, strlen (line), error);

  if (staged == NULL)
    return FALSE;
  if (c2l_output_publish (staged, path, replace, error))
    return TRUE;
  g_unlink (staged);
  return FALSE;
}

gboolean
c2l_dataset_describe (C2lSession *session,
                      const C2lDatasetOptions *options,
                      char **note,
                      GError **error)
{
  g_autofree char *path = g_build_filename (options->folder, FILE_NAME, NULL);
  g_autoptr (JsonObject) wanted = describe (session, options), there = NULL;
  g_autoptr (GError) local_error = NULL;
  gboolean grown = FALSE;

  *note = NULL;
  if (g_mkdir_with_parents (options->folder, 0755) != 0)
    return c2l_output_fail (options->folder, errno, error);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      if (!check_new (options->folder, error))
        return FALSE;
      if (save (path, wanted, FALSE, &local_error))
        return TRUE;
      if (!g_error_matches (local_error, G_FILE_ERROR, G_FILE_ERROR_EXIST))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
    }
  there = load (path, error);
  return there != NULL && check_same (options, there, wanted, note, error)
         && check_number (options, there, &grown, error)
         && (!grown || save (path, wanted, TRUE, error));
}
