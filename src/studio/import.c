/* Making a bundle. Everything is written into a folder beside the wanted one, which takes its place
 * at the very end, so that a bundle is whole or not there. Arrays keep the type they have in the
 * file: half-precision weights stay half precision. */
#include "studio/import.h"

#include "formats/json-text.h"
#include "formats/npy.h"
#include "formats/safetensors.h"
#include "formats/yaml.h"
#include "models/sampler.h"
#include "studio/digest.h"
#include "studio/json.h"
#include "studio/paths.h"
#include "studio/recipe.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#define EMA_PREFIX "ema_diffusion_prior.ema_model."
#define MAX_TEXT_FILE (4 << 20)

/* What is only known once the parts are loaded. */
typedef struct
{
  int latents; /* 0: no prior */
  int resolution, styles, style_width;
  char *network;
} Facts;

typedef struct
{
  const C2lImport *import;
  const char *part; /* the folder being written */
  JsonObject *info; /* model.json */
  GCancellable *cancellable;
  gint64 bytes, all_bytes; /* of the files, read so far and altogether */
  Facts facts;
} Work;

static gboolean
fail_errno (GError **error, const char *path, const char *what)
{
  int code = errno;

  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s: %s", path, what,
               g_strerror (code));
  return FALSE;
}

/* A folder with all in it; symbolic links are removed, not followed. */
static void
remove_folder (const char *path)
{
  g_autoptr (GDir) dir
      = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      remove_folder (child);
    }
  g_remove (path);
}

/* The weights without what drawing does not need. */
static C2lWeights *
keep_ema (C2lWeights *weights)
{
  g_autofree const char **names = c2l_weights_list_names (weights);
  C2lWeights *kept = NULL;

  for (int i = 0; names[i] != NULL; i++)
    {
      if (!g_str_has_prefix (names[i], EMA_PREFIX))
        continue;
      if (kept == NULL)
        kept = c2l_weights_new (C2L_WEIGHTS_PRIOR, c2l_weights_get_path (weights),
                                c2l_weights_get_format (weights));
      c2l_weights_add (kept, names[i], c2l_weights_lookup (weights, names[i]));
    }
  if (kept == NULL)
    return c2l_weights_ref (weights);
  c2l_weights_set_config (kept, c2l_weights_get_config (weights));
  return kept;
}

/* Loading everything to see whether it fits takes about as long as a part. */
#define SHARE_OF_CHECK 0.2

static gint64
get_size (const char *path)
{
  GStatBuf info;
  return path != NULL && g_stat (path, &info) == 0 ? info.st_size : 0;
}

static void
report (const Work *work, const char *part)
{
  double done = work->all_bytes > 0 ? (double) work->bytes / work->all_bytes : 0;

  if (work->import->progress != NULL)
    work->import->progress (SHARE_OF_CHECK + done * (1 - SHARE_OF_CHECK), part,
                            work->import->progress_data);
}

/* Writes the role's file and its entry in model.json. */
static gboolean
add_role (Work *work, C2lBundle *source, C2lRole role, GError **error)
{
  g_autoptr (C2lWeights) weights = NULL, kept = NULL;
  g_autofree char *name = g_strdup_printf ("%s.safetensors", c2l_role_get_name (role));
  g_autofree char *path = g_build_filename (work->part, name, NULL);
  g_autofree char *sum = NULL;
  JsonObject *entry;

  if (c2l_bundle_get_file (source, role) == NULL)
    return TRUE;
  if (g_cancellable_set_error_if_cancelled (work->cancellable, error))
    return FALSE;
  report (work, c2l_role_get_name (role));
  weights = c2l_bundle_load_weights (source, role, error);
  if (weights == NULL)
    return FALSE;
  kept = role == C2L_ROLE_PRIOR && !work->import->online ? keep_ema (weights)
                                                         : c2l_weights_ref (weights);
  if (!c2l_safetensors_save (kept, NULL, path, error))
    return FALSE;
  sum = c2l_digest_compute (path, work->cancellable, error);
  if (sum == NULL)
    return FALSE;
  entry = json_object_new ();
  json_object_set_string_member (entry, "file", name);
  json_object_set_string_member (entry, "sha256", sum);
  json_object_set_object_member (work->info, c2l_role_get_name (role), entry);
  work->bytes += get_size (c2l_bundle_get_file (source, role));
  return TRUE;
}

static gboolean
copy_file (const char *from, const char *to, GCancellable *cancellable, GError **error)
{
  g_autoptr (GFile) source = g_file_new_for_path (from);
  g_autoptr (GFile) target = g_file_new_for_path (to);

  return g_file_copy (source, target, G_FILE_COPY_TARGET_DEFAULT_PERMS, cancellable, NULL, NULL,
                      error);
}

static gboolean
add_merges (Work *work, C2lBundle *source, GError **error)
{
  const char *merges = c2l_bundle_get_merges (source);
  JsonObject *clip = c2l_json_get_object (work->info, "clip");
  const char *name
      = merges != NULL && g_str_has_suffix (merges, ".gz") ? "merges.txt.gz" : "merges.txt";
  g_autofree char *path = g_build_filename (work->part, name, NULL);

  if (clip == NULL)
    return TRUE;
  json_object_set_string_member (
      clip, "preprocess",
      work->import->files.preprocess != NULL ? work->import->files.preprocess : "reference");
  if (merges == NULL)
    return TRUE;
  json_object_set_string_member (clip, "merges", name);
  return copy_file (merges, path, work->cancellable, error);
}

/* What is known of a file: its name for people and its scale. */
static JsonObject *
describe_direction (JsonArray *known, const char *file)
{
  g_autofree char *stem = g_strndup (file, strrchr (file, '.') - file);
  JsonObject *entry = json_object_new ();
  const char *name = stem;
  double scale = 1;

  for (guint i = 0; known != NULL && i < json_array_get_length (known); i++)
    {
      JsonNode *node = json_array_get_element (known, i);
      JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

      g_autofree char *base
          = object != NULL ? g_path_get_basename (c2l_json_get_string (object, "file", "")) : NULL;

      if (g_strcmp0 (base, file) != 0)
        continue;
      name = c2l_json_get_string (object, "name", stem);
      scale = c2l_json_get_double (object, "scale", 1);
    }
  json_object_set_string_member (entry, "name", name);
  json_object_set_double_member (entry, "scale", scale);
  return entry;
}

static gboolean
add_direction (Work *work,
               JsonArray *list,
               JsonArray *known,
               const char *folder,
               const char *file,
               GError **error)
{
  g_autofree char *source = g_build_filename (folder, file, NULL);
  g_autofree char *name
      = g_strdup_printf ("directions/%.*s.npy", (int) (strrchr (file, '.') - file), file);
  g_autofree char *target = g_build_filename (work->part, name, NULL);
  JsonObject *entry;
  C2lRows rows = { 0 };
  gboolean ok = c2l_direction_load (source, &rows, error);

  ok = ok
       && c2l_npy_save (target, rows.data,
                        rows.n_rows == 1 ? (gint64[]){ rows.width }
                                         : (gint64[]){ rows.n_rows, rows.width },
                        rows.n_rows == 1 ? 1 : 2, error);
  c2l_rows_clear (&rows);
  if (!ok)
    return FALSE;
  entry = describe_direction (known, file);
  json_object_set_string_member (entry, "file", name);
  json_array_add_object_element (list, entry);
  return TRUE;
}

/* The file's whole text as a JSON array: an array as it is, or one that a word “wrapped” holds. */
static JsonArray *
load_json_array (const char *path, GError **error)
{
  g_autofree char *text = NULL, *wrapped = NULL;
  g_autoptr (JsonObject) object = NULL;
  JsonArray *array;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, error))
    return NULL;
  wrapped = g_strdup_printf ("{\"list\": %s}", length < MAX_TEXT_FILE ? text : "");
  object = c2l_json_parse_object (wrapped, -1, path, error);
  array = object != NULL ? c2l_json_get_array (object, "list") : NULL;
  if (object != NULL && array == NULL)
    g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                 _ ("%s: a JSON list is expected"), path);
  return array != NULL ? json_array_ref (array) : NULL;
}

/* directions.json beside them, or what the model says whose folder this is in; NULL where there is
 * neither. */
static gboolean
load_known (const char *folder, JsonArray **known, GError **error)
{
  g_autofree char *index = g_build_filename (folder, "directions.json", NULL);
  g_autofree char *parent = g_path_get_dirname (folder);
  g_autoptr (C2lBundle) bundle = NULL;
  JsonArray *list;

  *known = NULL;
  if (g_file_test (index, G_FILE_TEST_EXISTS))
    return (*known = load_json_array (index, error)) != NULL;
  if (!c2l_bundle_is_bundle (parent))
    return TRUE;
  bundle = c2l_bundle_open (parent, error);
  list = bundle != NULL ? c2l_json_get_array (c2l_bundle_get_info (bundle), "directions") : NULL;
  *known = list != NULL ? json_array_ref (list) : NULL;
  return bundle != NULL;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static gboolean
add_directions (Work *work, GError **error)
{
  const char *folder = work->import->directions;
  g_autofree char *target = NULL;
  g_autoptr (JsonArray) known = NULL, list = json_array_new ();
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = NULL;
  const char *name;

  if (folder == NULL)
    return TRUE;
  dir = g_dir_open (folder, 0, error);
  if (dir == NULL)
    return FALSE;
  if (!load_known (folder, &known, error))
    return FALSE;
  target = g_build_filename (work->part, "directions", NULL);
  if (g_mkdir (target, 0755) != 0)
    return fail_errno (error, target, _ ("cannot be made"));
  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".npy") || g_str_has_suffix (name, ".pt"))
      g_ptr_array_add (files, g_strdup (name));
  g_ptr_array_sort (files, compare_names);
  for (guint i = 0; i < files->len; i++)
    if (!add_direction (work, list, known, folder, g_ptr_array_index (files, i), error))
      return FALSE;
  json_object_set_array_member (work->info, "directions", g_steal_pointer (&list));
  return TRUE;
}

static gboolean
add_examples (Work *work, GError **error)
{
  static const char *const members[] = { "first", "draws", "examples", "translations" };
  const char *path = work->import->examples;
  g_autofree char *text = NULL;
  gsize length;

  if (path == NULL)
    return TRUE;
  if (!g_file_get_contents (path, &text, &length, error))
    return FALSE;
  if (*g_strchug (text) == '{')
    {
      g_autoptr (JsonObject) object = c2l_json_parse_object (text, -1, path, error);

      for (guint i = 0; object != NULL && i < G_N_ELEMENTS (members); i++)
        if (json_object_has_member (object, members[i]))
          json_object_set_member (work->info, members[i],
                                  json_object_dup_member (object, members[i]));
      return object != NULL;
    }
  else
    {
      g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
      JsonArray *examples = json_array_new ();

      for (int i = 0; lines[i] != NULL; i++)
        if (*g_strstrip (lines[i]) != '\0')
          json_array_add_string_element (examples, lines[i]);
      json_object_set_array_member (work->info, "examples", examples);
      return TRUE;
    }
}

static void
add_strings (JsonObject *object, const char *name, const char *const *strings)
{
  JsonArray *array;

  if (strings == NULL)
    return;
  array = json_array_new ();
  for (int i = 0; strings[i] != NULL; i++)
    json_array_add_string_element (array, strings[i]);
  json_object_set_array_member (object, name, array);
}

static void
add_words (Work *work)
{
  const C2lImport *import = work->import;

  json_object_set_string_member (work->info, "name", import->name);
  if (import->description != NULL)
    json_object_set_string_member (work->info, "description", import->description);
  if (import->origin != NULL)
    json_object_set_string_member (work->info, "origin", import->origin);
  add_strings (work->info, "examples", import->prompts);
  add_strings (work->info, "licences", import->licences);
  add_strings (work->info, "attributions", import->attributions);
  if (import->defaults.steps > 0)
    {
      JsonObject *defaults = json_object_new ();

      json_object_set_double_member (defaults, "guidance", import->defaults.guidance);
      json_object_set_int_member (defaults, "steps", import->defaults.steps);
      json_object_set_string_member (defaults, "sampler", import->defaults.sampler);
      json_object_set_double_member (defaults, "truncation", import->defaults.truncation);
      json_object_set_object_member (work->info, "defaults", defaults);
    }
}

static gboolean
save_info (Work *work, GError **error)
{
  g_autofree char *path = g_build_filename (work->part, "model.json", NULL);
  g_autofree char *text = c2l_json_object_to_string (work->info, TRUE);
  g_autofree char *lines = g_strconcat (text, "\n", NULL);

  return g_file_set_contents (path, lines, -1, error);
}

/* TRUE if what is drawn with by default exists, and works with @prior (may be NULL). */
static gboolean
check_defaults (const C2lImport *import, const C2lPrior *prior, GError **error)
{
  C2lSamplerParams params = { .steps = import->defaults.steps,
                              .guided = import->defaults.guidance != 1,
                              .n_pictures = 1 };
  g_autoptr (GError) cause = NULL;

  if (params.steps == 0)
    return TRUE;
  if (c2l_sampler_kind_from_name (import->defaults.sampler, &params.kind))
    {
      if (prior == NULL || c2l_sampler_check (prior, &params, &cause))
        return TRUE;
      g_set_error_literal (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_DEFAULTS, cause->message);
      return FALSE;
    }
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_DEFAULTS,
               _ ("there is no sampler “%s”; reference, ddpm, ddim and dpm++2m are"),
               import->defaults.sampler);
  return FALSE;
}

static gboolean
check_directions (const Work *work, GError **error)
{
  g_autoptr (C2lBundle) bundle = c2l_bundle_open (work->part, error);
  GPtrArray *directions = bundle != NULL ? c2l_bundle_get_directions (bundle) : NULL;
  int num_ws = work->facts.styles, width = work->facts.style_width;

  for (guint i = 0; directions != NULL && i < directions->len; i++)
    {
      const C2lDirection *direction = g_ptr_array_index (directions, i);
      C2lRows rows = { 0 };
      gboolean loaded = c2l_direction_load (direction->file, &rows, error);
      gboolean fits = loaded && rows.width == width && (rows.n_rows == 1 || rows.n_rows == num_ws);

      if (loaded && !fits)
        g_set_error (
            error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
            _ ("direction “%s” is [%d, %d] and the generator takes styles of [%d, %d]; leave "
               "it out of the folder"),
            direction->id, rows.n_rows, rows.width, num_ws, width);
      c2l_rows_clear (&rows);
      if (!fits)
        return FALSE;
    }
  return bundle != NULL;
}

/* Whether @prior fits the other parts; @clip may be NULL. */
static gboolean
check_prior (Work *work,
             C2lEngine *engine,
             const C2lPrior *prior,
             const C2lClip *clip,
             C2lGenerator *generator,
             GError **error)
{
  const C2lPriorInfo *info = c2l_prior_get_info (prior);
  int width = c2l_generator_get_w_dim (generator);
  int embed_dim = clip != NULL ? c2l_clip_get_info (clip)->embed_dim : info->dim;
  g_autofree int *repeats = c2l_engine_dup_repeats (engine, info->n_latents,
                                                    c2l_generator_get_num_ws (generator), error);

  if (repeats == NULL)
    return FALSE;
  work->facts.latents = info->n_latents;
  if (info->dim == width && info->dim == embed_dim)
    return TRUE;
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
               _ ("the parts do not fit: the prior works on %d numbers, CLIP on %d, the "
                  "generator's latents have %d"),
               info->dim, embed_dim, width);
  return FALSE;
}

/* Loads all parts, as drawing will, before anything is written. */
static gboolean
check_parts (Work *work, C2lBundle *source, C2lDevice *device, GError **error)
{
  g_autofree char *merges = c2l_paths_dup_data ("merges.txt.gz");
  g_autoptr (C2lEngine) engine = c2l_engine_new (source, device, merges);
  C2lGenerator *generator;
  C2lClip *clip = NULL;
  C2lPrior *prior = NULL;

  if (g_cancellable_set_error_if_cancelled (work->cancellable, error))
    return FALSE;
  if (work->import->progress != NULL)
    work->import->progress (0, "check", work->import->progress_data);
  generator = c2l_engine_get_generator (engine, error);
  if (generator == NULL
      || (c2l_engine_has_clip (engine) && (clip = c2l_engine_get_clip (engine, error)) == NULL)
      || (clip != NULL && c2l_engine_get_tokenizer (engine, error) == NULL)
      || (c2l_engine_has_prior (engine) && (prior = c2l_engine_get_prior (engine, error)) == NULL)
      || !check_defaults (work->import, prior, error)
      || (prior != NULL && !check_prior (work, engine, prior, clip, generator, error)))
    return FALSE;
  work->facts.resolution = c2l_generator_get_img_resolution (generator);
  work->facts.styles = c2l_generator_get_num_ws (generator);
  work->facts.style_width = c2l_generator_get_w_dim (generator);
  work->facts.network = g_strdup (c2l_generator_get_description (generator));
  return !g_cancellable_set_error_if_cancelled (work->cancellable, error);
}

static void
add_facts (Work *work)
{
  const Facts *facts = &work->facts;

  if (facts->latents > 0)
    json_object_set_int_member (work->info, "latents", facts->latents);
  json_object_set_int_member (work->info, "resolution", facts->resolution);
  json_object_set_int_member (work->info, "styles", facts->styles);
  json_object_set_int_member (work->info, "style_width", facts->style_width);
  json_object_set_string_member (work->info, "network", facts->network);
}

static gboolean
write_parts (Work *work, C2lBundle *source, GError **error)
{
  JsonObject *config = c2l_bundle_get_prior_config (source), *prior;

  json_object_set_int_member (work->info, "format", C2L_BUNDLE_FORMAT);
  json_object_set_string_member (work->info, "made_by", "clip2latent " C2L_VERSION);
  add_words (work);
  for (int role = 0; role < C2L_N_ROLES; role++)
    work->all_bytes += get_size (c2l_bundle_get_file (source, role));
  for (int role = 0; role < C2L_N_ROLES; role++)
    if (!add_role (work, source, role, error))
      return FALSE;
  if (g_cancellable_set_error_if_cancelled (work->cancellable, error))
    return FALSE;
  prior = c2l_json_get_object (work->info, "prior");
  if (prior != NULL && config != NULL)
    json_object_set_object_member (prior, "config", json_object_ref (config));
  if (!add_merges (work, source, error) || !add_directions (work, error)
      || !add_examples (work, error))
    return FALSE;
  add_facts (work);
  return save_info (work, error) && check_directions (work, error);
}

/* The old bundle steps aside only when the new one is whole. */
static gboolean
put_in_place (const char *part, const char *folder, GError **error)
{
  g_autofree char *old = g_strconcat (folder, ".old", NULL);
  gboolean had_one = g_file_test (folder, G_FILE_TEST_EXISTS);

  if (had_one && g_rename (folder, old) != 0)
    return fail_errno (error, folder, _ ("cannot be moved aside"));
  if (g_rename (part, folder) != 0)
    {
      fail_errno (error, folder, _ ("cannot be put in place"));
      if (had_one)
        g_rename (old, folder);
      return FALSE;
    }
  if (had_one)
    remove_folder (old);
  return TRUE;
}

gboolean
c2l_import (const C2lImport *import,
            const char *folder,
            C2lDevice *device,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (C2lBundle) source = NULL;
  g_autoptr (JsonObject) info = json_object_new ();
  g_autofree char *plain = g_canonicalize_filename (folder, NULL);
  g_autofree char *part = g_strdup_printf ("%s.part-XXXXXX", plain),
                  *base = g_path_get_basename (plain);
  C2lImport named = *import;
  Work work = { .import = &named, .info = info, .cancellable = cancellable };
  gboolean ok;

  if (named.name == NULL)
    named.name = base;
  if (!c2l_truncation_check (import->defaults.truncation, error)
      || !c2l_guidance_check (import->defaults.guidance, error))
    return FALSE;
  if (g_file_test (plain, G_FILE_TEST_EXISTS) && !(import->replace && c2l_bundle_is_bundle (plain)))
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   _ ("%s: already there; choose another name%s"), folder,
                   c2l_bundle_is_bundle (plain) ? _ (", or --replace it") : "");
      return FALSE;
    }
  source = c2l_bundle_open_files (&import->files, error);
  ok = source != NULL && check_parts (&work, source, device, error);
  if (ok && g_mkdtemp_full (part, 0755) == NULL)
    ok = fail_errno (error, folder, _ ("a folder beside it cannot be made"));
  else if (ok)
    {
      work.part = part;
      ok = write_parts (&work, source, error) && put_in_place (part, plain, error);
      if (!ok)
        remove_folder (part);
    }
  g_free (work.facts.network);
  return ok;
}
