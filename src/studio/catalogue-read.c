/* Catalogues, read and checked entry by entry: whatever may end as a name of a file, an address or
 * a text on the screen is looked at first, and one entry that is wrong refuses the whole file, so
 * that nobody acts on half of it. */
#include "studio/catalogue-private.h"

#include "formats/json-text.h"
#include "models/clip.h"
#include "models/sampler.h"
#include "studio/digest.h"
#include "studio/json.h"
#include "studio/paths.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#define MAX_FILE (1 << 20)
#define MAX_ENTRIES 1000
#define MAX_LINES 32  /* examples, attributions, pictures, licences */
#define MAX_TEXT 1000 /* bytes of a text for people */
#define MAX_NAME 100  /* bytes of a name of a file */
#define MAX_SIZE ((gint64) 1 << 45)

/* What reading one needs. */
typedef struct
{
  C2lCatalogue *catalogue;
  const char *path;
  const char *called;       /* for errors: the path, or where it came from */
  JsonObject *translations; /* (nullable) */
  char *where;              /* the entry that is being read, for errors */
} Reader;

/* --- what may stand in one --- */

static gboolean refuse (const Reader *reader, GError **error, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static gboolean
refuse (const Reader *reader, GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
               _ ("%s: not a usable catalogue: %s: %s"), reader->called, reader->where, what);
  return FALSE;
}

/* Text that can be shown: no control characters, which could hide or imitate something. */
static gboolean
is_plain (const char *text)
{
  if (*text == '\0' || strlen (text) > MAX_TEXT || !g_utf8_validate (text, -1, NULL))
    return FALSE;
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    {
      GUnicodeType type = g_unichar_type (g_utf8_get_char (at));

      if (type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT || type == G_UNICODE_LINE_SEPARATOR
          || type == G_UNICODE_PARAGRAPH_SEPARATOR)
        return FALSE;
    }
  return TRUE;
}

/* A name that any disk takes as it is, in one folder, and no unfinished download has. */
static gboolean
is_file_name (const char *name)
{
  gsize length = strlen (name);

  return length > 0 && length <= MAX_NAME && g_ascii_isalnum (*name)
         && strspn (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-") == length
         && !g_str_has_suffix (name, ".part") && !g_str_has_suffix (name, ".part.json");
}

/* The same without capitals and points, so that a folder and a word on the command line can be
 * called so. */
static gboolean
is_id (const char *id)
{
  gsize length = strlen (id);

  return length > 0 && length <= MAX_NAME && g_ascii_isalnum (*id)
         && strspn (id, G_CSET_a_2_z G_CSET_DIGITS "_-") == length;
}

/* An address without a name or password in it. @schemes: ending with NULL. */
static gboolean
is_address (const char *text, const char *const *schemes)
{
  g_autoptr (GUri) uri
      = is_plain (text) ? g_uri_parse (text, G_URI_FLAGS_HAS_PASSWORD, NULL) : NULL;
  const char *host = uri != NULL ? g_uri_get_host (uri) : NULL;

  return host != NULL && *host != '\0' && g_uri_get_userinfo (uri) == NULL
         && g_strv_contains (schemes, g_uri_get_scheme (uri));
}

/* http is checked once more by the download, which takes it from this machine only. */
static const char *const schemes[] = { "https", "http", NULL };

/* --- members --- */

static gboolean
is_null (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node == NULL || JSON_NODE_HOLDS_NULL (node);
}

static gboolean
read_text (const Reader *reader,
           JsonObject *object,
           const char *name,
           gboolean is_needed,
           char **text,
           GError **error)
{
  const char *value = c2l_json_get_string (object, name, NULL);

  if (!is_needed && is_null (object, name))
    return TRUE;
  if (value == NULL || !is_plain (value))
    return refuse (reader, error, _ ("“%s” is no line of text"), name);
  *text = g_strdup (c2l_json_translate (reader->translations, value));
  if (is_plain (*text))
    return TRUE;
  return refuse (reader, error, _ ("the translation of “%s” is no line of text"), name);
}

/* Where the member is missing, there are none. */
static gboolean
read_lines (const Reader *reader,
            JsonObject *object,
            const char *name,
            char ***lines,
            GError **error)
{
  JsonArray *array = c2l_json_get_array (object, name);
  guint n = array != NULL ? json_array_get_length (array) : 0;
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (g_free);

  if ((array == NULL && !is_null (object, name)) || n > MAX_LINES)
    return refuse (reader, error, _ ("“%s” is no list of at most %d lines"), name, MAX_LINES);
  for (guint i = 0; i < n; i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      const char *line
          = JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
                ? json_node_get_string (node)
                : NULL;

      if (line == NULL || !is_plain (line))
        return refuse (reader, error, _ ("“%s” is no list of at most %d lines"), name, MAX_LINES);
      g_ptr_array_add (list, g_strdup (c2l_json_translate (reader->translations, line)));
    }
  g_ptr_array_add (list, NULL);
  *lines = (char **) g_ptr_array_free (g_steal_pointer (&list), FALSE);
  return TRUE;
}

/* The entries of a list, each an object; @read is called for each. */
static gboolean
read_entries (Reader *reader,
              JsonObject *root,
              const char *name,
              gboolean (*read) (Reader *reader, JsonObject *object, GError **error),
              GError **error)
{
  JsonArray *array = c2l_json_get_array (root, name);
  guint n = array != NULL ? json_array_get_length (array) : 0;

  g_free (reader->where);
  reader->where = g_strdup (name);
  if ((array == NULL && !is_null (root, name)) || n > MAX_ENTRIES)
    return refuse (reader, error, _ ("not a list of at most %d entries"), MAX_ENTRIES);
  for (guint i = 0; i < n; i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      g_free (reader->where);
      reader->where = g_strdup_printf ("%s %u", name, i + 1);
      if (!JSON_NODE_HOLDS_OBJECT (node))
        return refuse (reader, error, _ ("it is no object"));
      if (!read (reader, json_node_get_object (node), error))
        return FALSE;
    }
  return TRUE;
}

/* --- files --- */

static gboolean
read_kind (const Reader *reader, JsonObject *object, C2lPublishedKind *kind, GError **error)
{
  const char *name = c2l_json_get_string (object, "kind", "");

  for (guint i = 0; i < C2L_N_PUBLISHED_KINDS; i++)
    if (strcmp (c2l_published_kind_get_name (i), name) == 0)
      {
        *kind = i;
        return TRUE;
      }
  return refuse (reader, error,
                 _ ("“%s” is no kind of file; clip, prior, config and generator are"), name);
}

static gboolean
check_names (const Reader *reader, const C2lPublished *file, GError **error)
{
  if (file->names[0] == NULL)
    return refuse (reader, error, _ ("it has no name"));
  for (int i = 0; file->names[i] != NULL; i++)
    if (c2l_catalogue_find_file (reader->catalogue, file->names[i], file->kind) != NULL)
      return refuse (reader, error, _ ("another file is called “%s” already"), file->names[i]);
  return TRUE;
}

/* Files of the program's own catalogue lie under their own names, where the command line has always
 * put them; others could be called the same. */
static gboolean
read_path (const Reader *reader, JsonObject *object, C2lPublished *file, GError **error)
{
  const char *name = c2l_json_get_string (object, "file", "");
  g_autofree char *cache = c2l_paths_dup_cache ();

  if (reader->catalogue->base != NULL)
    {
      file->path = c2l_catalogue_dup_cache_path (file->url, file->sha256);
      return TRUE;
    }
  if (!is_file_name (name))
    return refuse (reader, error, _ ("“%s” cannot be the name of a file"), name);
  file->path = g_build_filename (cache, name, NULL);
  for (guint i = 0; i < reader->catalogue->files->len; i++)
    {
      const C2lPublished *other = g_ptr_array_index (reader->catalogue->files, i);

      if (g_ascii_strcasecmp (other->path, file->path) == 0)
        return refuse (reader, error, _ ("another file is called “%s” already"), name);
    }
  return TRUE;
}

static gboolean
read_size (const Reader *reader, JsonObject *object, goffset *size, GError **error)
{
  if (is_null (object, "size"))
    return TRUE;
  *size = c2l_json_get_int (object, "size", 0);
  return (*size > 0 && *size <= MAX_SIZE)
         || refuse (reader, error, _ ("its size is no number of bytes"));
}

static gboolean
read_sha256 (const Reader *reader, JsonObject *object, char **sha256, GError **error)
{
  const char *text = c2l_json_get_string (object, "sha256", "");

  if (is_null (object, "sha256"))
    return TRUE;
  if (!c2l_digest_is_sha256 (text))
    return refuse (reader, error, _ ("its SHA-256 is not 64 hexadecimal digits"));
  *sha256 = g_ascii_strdown (text, -1);
  return TRUE;
}

static gboolean
fill_file (const Reader *reader, JsonObject *object, C2lPublished *file, GError **error)
{
  const char *url = c2l_json_get_string (object, "url", "");

  if (!read_kind (reader, object, &file->kind, error)
      || !read_lines (reader, object, "names", &file->names, error)
      || !check_names (reader, file, error))
    return FALSE;
  if (!is_address (url, schemes))
    return refuse (reader, error, _ ("“%s” is no address of the web"), url);
  file->url = g_strdup (url);
  return read_size (reader, object, &file->size, error)
         && read_sha256 (reader, object, &file->sha256, error)
         && read_path (reader, object, file, error);
}

static gboolean
read_file (Reader *reader, JsonObject *object, GError **error)
{
  C2lPublished *file = g_new0 (C2lPublished, 1);

  if (!fill_file (reader, object, file, error))
    {
      c2l_published_free (file);
      return FALSE;
    }
  g_ptr_array_add (reader->catalogue->files, file);
  return TRUE;
}

/* --- models --- */

static gboolean
read_licence (const Reader *reader, JsonObject *object, C2lLicence *licence, GError **error)
{
  if (!read_text (reader, object, "covers", TRUE, &licence->covers, error)
      || !read_text (reader, object, "name", TRUE, &licence->name, error)
      || !read_text (reader, object, "url", FALSE, &licence->url, error)
      || !read_text (reader, object, "note", FALSE, &licence->note, error))
    return FALSE;
  if (licence->url == NULL || is_address (licence->url, schemes))
    return TRUE;
  return refuse (reader, error, _ ("“%s” is no address of the web"), licence->url);
}

static gboolean
read_licences (const Reader *reader, JsonObject *object, GPtrArray *licences, GError **error)
{
  JsonArray *array = c2l_json_get_array (object, "licences");
  guint n = array != NULL ? json_array_get_length (array) : 0;

  if (n == 0 || n > MAX_LINES)
    return refuse (reader, error, _ ("it has no licences, or too many"));
  for (guint i = 0; i < n; i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      C2lLicence *licence = g_new0 (C2lLicence, 1);

      g_ptr_array_add (licences, licence);
      if (!JSON_NODE_HOLDS_OBJECT (node))
        return refuse (reader, error, _ ("one of its licences is no object"));
      if (!read_licence (reader, json_node_get_object (node), licence, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_defaults (const Reader *reader, JsonObject *object, C2lDefaults *defaults, GError **error)
{
  JsonObject *settings = c2l_json_get_object (object, "defaults");
  C2lSamplerKind kind;

  if (settings == NULL)
    return TRUE;
  defaults->guidance = c2l_json_get_double (settings, "guidance", 2);
  defaults->steps = (int) CLAMP (c2l_json_get_int (settings, "steps", 0), 0, 1000);
  defaults->truncation = c2l_json_get_double (settings, "truncation", 1);
  if (!c2l_guidance_check (defaults->guidance, NULL) || defaults->steps < 1
      || !(defaults->truncation >= 0) || !(defaults->truncation <= 2)
      || !c2l_sampler_kind_from_name (c2l_json_get_string (settings, "sampler", ""), &kind))
    return refuse (reader, error, _ ("its “defaults” cannot be drawn with"));
  defaults->sampler = c2l_sampler_kind_get_name (kind);
  return TRUE;
}

static gboolean
read_preprocess (const Reader *reader, JsonObject *object, char **name, GError **error)
{
  C2lClipPreprocess preprocess;

  if (is_null (object, "preprocess"))
    return TRUE;
  *name = g_strdup (c2l_json_get_string (object, "preprocess", ""));
  return c2l_clip_preprocess_from_name (*name, &preprocess)
         || refuse (reader, error, _ ("“%s” is no way in which CLIP sees pictures"), *name);
}

static gboolean
read_parts (const Reader *reader, JsonObject *object, C2lCatalogueModel *model, GError **error)
{
  for (int kind = 0; kind < C2L_N_PUBLISHED_KINDS; kind++)
    {
      const char *name = c2l_json_get_string (object, c2l_published_kind_get_name (kind), "");

      if (is_null (object, c2l_published_kind_get_name (kind)))
        continue;
      model->files[kind] = c2l_catalogue_find_file (reader->catalogue, name, kind);
      if (model->files[kind] == NULL)
        return refuse (reader, error, _ ("no %s is called “%s”"),
                       c2l_published_kind_get_name (kind), name);
    }
  if (model->files[C2L_PUBLISHED_GENERATOR] == NULL)
    return refuse (reader, error, _ ("it has no generator"));
  if (model->files[C2L_PUBLISHED_PRIOR] != NULL && model->files[C2L_PUBLISHED_CLIP] == NULL)
    return refuse (reader, error, _ ("it has a prior, but no CLIP to read prompts with"));
  if (model->files[C2L_PUBLISHED_CONFIG] != NULL && model->files[C2L_PUBLISHED_PRIOR] == NULL)
    return refuse (reader, error, _ ("it has a configuration, but no prior"));
  return read_preprocess (reader, object, &model->preprocess, error)
         && read_defaults (reader, object, &model->defaults, error)
         && read_licences (reader, object, model->licences, error);
}

/* "examples/starter-1.png", beside the catalogue. */
static gboolean
place_pictures (const Reader *reader, C2lCatalogueModel *model, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (reader->path);

  for (int i = 0; model->pictures[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (model->pictures[i], "/", -1);
      g_autofree char *inside = g_strjoinv (G_DIR_SEPARATOR_S, parts);

      for (int j = 0; parts[j] != NULL; j++)
        if (!is_file_name (parts[j]))
          return refuse (reader, error, _ ("“%s” cannot be the name of a file"),
                         model->pictures[i]);
      g_free (model->pictures[i]);
      model->pictures[i] = g_build_filename (folder, inside, NULL);
    }
  return TRUE;
}

/* What only the program's own catalogue may say. */
static gboolean
read_own (const Reader *reader, JsonObject *object, C2lCatalogueModel *model, GError **error)
{
  const char *bundle = c2l_json_get_string (object, "bundle", NULL);

  if (reader->catalogue->base != NULL)
    {
      if (!is_null (object, "bundle") || !is_null (object, "pictures"))
        return refuse (reader, error, _ ("only the program's own catalogue can name its files"));
      model->pictures = g_new0 (char *, 1);
      return TRUE;
    }
  if (bundle != NULL && !is_file_name (bundle))
    return refuse (reader, error, _ ("“%s” cannot be the name of a file"), bundle);
  model->bundle = g_strdup (bundle);
  return read_lines (reader, object, "pictures", &model->pictures, error)
         && place_pictures (reader, model, error);
}

static gboolean
fill_model (const Reader *reader, JsonObject *object, C2lCatalogueModel *model, GError **error)
{
  const char *id = c2l_json_get_string (object, "id", "");

  if (!is_id (id))
    return refuse (reader, error,
                   _ ("its id “%s” must be small letters, digits and hyphens, as a folder's name"),
                   id);
  if (c2l_catalogue_find_model (reader->catalogue, id) != NULL)
    return refuse (reader, error, _ ("another model has the id “%s” already"), id);
  model->id = g_strdup (id);
  return read_text (reader, object, "name", TRUE, &model->name, error)
         && read_text (reader, object, "draws", TRUE, &model->draws, error)
         && read_text (reader, object, "network", FALSE, &model->network, error)
         && read_lines (reader, object, "examples", &model->examples, error)
         && read_lines (reader, object, "attributions", &model->attributions, error)
         && read_own (reader, object, model, error)
         && (model->bundle != NULL || read_parts (reader, object, model, error));
}

static gboolean
read_model (Reader *reader, JsonObject *object, GError **error)
{
  C2lCatalogueModel *model = g_new0 (C2lCatalogueModel, 1);

  model->licences = g_ptr_array_new_with_free_func (c2l_licence_free);
  if (!fill_model (reader, object, model, error))
    {
      c2l_catalogue_model_free (model);
      return FALSE;
    }
  g_ptr_array_add (reader->catalogue->models, model);
  return TRUE;
}

/* --- the whole --- */

static char *
read_small_file (const char *path, gsize *length, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) in = g_file_read (file, NULL, error);
  g_autofree char *text = g_malloc (MAX_FILE + 1);

  if (in == NULL
      || !g_input_stream_read_all (G_INPUT_STREAM (in), text, MAX_FILE + 1, length, NULL, error))
    {
      g_prefix_error (error, "%s: ", path);
      return NULL;
    }
  if (*length <= MAX_FILE)
    return g_steal_pointer (&text);
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
               _ ("%s: too large to be a catalogue"), path);
  return NULL;
}

C2lCatalogue *
c2l_catalogue_load (const char *path, const char *where, C2lCatalogue *base, GError **error)
{
  gsize length = 0;
  const char *called = where != NULL ? where : path;
  g_autofree char *text = read_small_file (path, &length, error);
  g_autoptr (JsonObject) root
      = text != NULL ? c2l_json_parse_object (text, length, called, error) : NULL;
  g_autoptr (C2lCatalogue) self = NULL;
  Reader reader = { .path = path, .called = called };
  gboolean ok;

  if (root == NULL)
    return NULL;
  self = c2l_catalogue_new (base);
  reader.catalogue = self;
  reader.translations = c2l_json_get_object (root, "translations");
  reader.where = g_strdup ("format");
  ok = c2l_json_get_int (root, "format", 0) == C2L_CATALOGUE_FORMAT
       || refuse (&reader, error, _ ("this program reads format %d"), C2L_CATALOGUE_FORMAT);
  ok = ok && read_entries (&reader, root, "files", read_file, error)
       && read_entries (&reader, root, "models", read_model, error);
  g_free (reader.where);
  return ok ? g_steal_pointer (&self) : NULL;
}
