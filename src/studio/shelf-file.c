/* The shelf as JSON, and its file. What is read is hostile until checked; one thing wrong, and the
 * whole file is set aside under another name, because half a shelf that is saved again would be the
 * end of the other half. */
#include "studio/shelf-private.h"

#include "formats/json-text.h"
#include "formats/output.h"
#include "studio/json.h"
#include "studio/recipe-parts.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define SHELF_FORMAT 1

/* Far above what anyone collects, far below what would hurt. */
#define MAX_DIRECTIONS 4096
#define MAX_PRESETS 4096
#define MAX_SCALE 1e6
#define MAX_FILE_SIZE (256 << 20)

static const char *const origin_names[] = { "model", "words", "found", "file" };

/* --- the file --- */

C2lShelfFile *
c2l_shelf_file_new (const char *path)
{
  C2lShelfFile *file = g_new0 (C2lShelfFile, 1);

  g_atomic_ref_count_init (&file->refs);
  g_mutex_init (&file->lock);
  file->path = g_strdup (path);
  return file;
}

C2lShelfFile *
c2l_shelf_file_ref (C2lShelfFile *file)
{
  g_atomic_ref_count_inc (&file->refs);
  return file;
}

void
c2l_shelf_file_unref (C2lShelfFile *file)
{
  if (!g_atomic_ref_count_dec (&file->refs))
    return;
  g_mutex_clear (&file->lock);
  g_free (file->path);
  g_free (file->refusal);
  g_free (file);
}

gboolean
c2l_shelf_file_write (C2lShelfFile *file, const char *text, guint version, GError **error)
{
  g_autofree char *folder = NULL;
  gboolean ok = TRUE;

  if (file->path == NULL)
    return TRUE;
  if (file->refusal != NULL)
    {
      g_set_error_literal (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID, file->refusal);
      return FALSE;
    }
  folder = g_path_get_dirname (file->path);
  g_mutex_lock (&file->lock);
  if (version > file->written)
    {
      /* What is wrong with the folder is said by the writing. */
      g_mkdir_with_parents (folder, 0755);
      ok = c2l_output_save (file->path, text, strlen (text), error);
      if (ok)
        file->written = version;
    }
  g_mutex_unlock (&file->lock);
  return ok;
}

/* --- writing --- */

static void
add_flag (JsonBuilder *builder, const char *name, gboolean value)
{
  if (!value)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, TRUE);
}

static void
add_direction (JsonBuilder *builder, const C2lShelfDirection *direction, const C2lDirection *own)
{
  json_builder_begin_object (builder);
  c2l_json_add_string (builder, "id", direction->id);
  c2l_json_add_string (builder, "origin", origin_names[direction->origin]);
  /* What the bundle says and nobody changed stays with the bundle. */
  if (own == NULL || g_strcmp0 (direction->name, own->name) != 0)
    c2l_json_add_string (builder, "name", direction->name);
  if (own == NULL || direction->scale != own->scale)
    c2l_json_add_double (builder, "scale", direction->scale);
  add_flag (builder, "hidden", direction->hidden);
  add_flag (builder, "inverted", direction->inverted);
  add_flag (builder, "pinned", direction->pinned);
  c2l_json_add_layers (builder, direction->first_layer, direction->last_layer);
  c2l_json_add_rows (builder, "values", &direction->rows);
  json_builder_end_object (builder);
}

static void
add_presets (JsonBuilder *builder, GPtrArray *presets)
{
  json_builder_set_member_name (builder, "presets");
  json_builder_begin_array (builder);
  for (guint i = 0; i < presets->len; i++)
    {
      const C2lPreset *preset = g_ptr_array_index (presets, i);

      json_builder_begin_object (builder);
      c2l_json_add_string (builder, "name", preset->name);
      c2l_json_add_edits (builder, preset->edits);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

char *
c2l_shelf_to_json (C2lShelf *shelf)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "shelf");
  json_builder_add_int_value (builder, SHELF_FORMAT);
  c2l_json_add_string (builder, "model", c2l_bundle_get_name (shelf->bundle));
  json_builder_set_member_name (builder, "directions");
  json_builder_begin_array (builder);
  for (guint i = 0; i < shelf->directions->len; i++)
    {
      const C2lShelfDirection *direction = g_ptr_array_index (shelf->directions, i);

      add_direction (builder, direction,
                     direction->origin == C2L_SHELF_MODEL
                         ? c2l_bundle_lookup_direction (shelf->bundle, direction->id)
                         : NULL);
    }
  json_builder_end_array (builder);
  add_presets (builder, shelf->presets);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, TRUE);
}

/* --- reading --- */

static gboolean
broken (GError **error, const char *where, const char *what)
{
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_RECIPE,
               _ ("%s: the directions in it cannot be used: %s"), where, what);
  return FALSE;
}

/* A boolean where the member is there at all. */
static gboolean
read_flag (JsonObject *object, const char *name, gboolean *value)
{
  JsonNode *node = json_object_get_member (object, name);

  *value = c2l_json_get_boolean (object, name, FALSE);
  return node == NULL
         || (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_BOOLEAN);
}

static int
find_origin (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (origin_names); i++)
    if (g_strcmp0 (origin_names[i], name) == 0)
      return i;
  return -1;
}

/* @own: (nullable): what the bundle says of it. NULL where @values are no direction. */
static C2lShelfDirection *
read_direction (JsonObject *values, const char *id, C2lShelfOrigin origin, const C2lDirection *own)
{
  C2lShelfDirection *direction = c2l_shelf_direction_new (id, origin);
  double scale = c2l_json_get_double (values, "scale", own != NULL ? own->scale : NAN);
  const char *name = c2l_json_get_string (values, "name", own != NULL ? own->name : NULL);
  gboolean ok
      = name != NULL && *name != '\0' && isfinite (scale) && scale != 0 && fabs (scale) <= MAX_SCALE
        && read_flag (values, "hidden", &direction->hidden)
        && read_flag (values, "inverted", &direction->inverted)
        && read_flag (values, "pinned", &direction->pinned)
        && c2l_json_read_layers (values, &direction->first_layer, &direction->last_layer)
        && (origin == C2L_SHELF_MODEL || c2l_json_read_rows (values, "values", &direction->rows));

  direction->name = g_strdup (name);
  direction->scale = scale;
  if (ok)
    return direction;
  c2l_shelf_direction_free (direction);
  return NULL;
}

static gboolean
read_directions (C2lShelf *shelf, JsonObject *object, const char *where, GError **error)
{
  JsonArray *array = c2l_json_get_array (object, "directions");
  guint n = array != NULL ? json_array_get_length (array) : 0;

  if (array == NULL || n > MAX_DIRECTIONS)
    return broken (error, where, _ ("they are no list, or one that is too long"));
  for (guint i = 0; i < n; i++)
    {
      JsonObject *values = c2l_json_get_element (array, i);
      const char *id = values != NULL ? c2l_json_get_string (values, "id", NULL) : NULL;
      int origin = values != NULL ? find_origin (c2l_json_get_string (values, "origin", NULL)) : -1;
      const C2lDirection *own;
      C2lShelfDirection *direction;

      if (id == NULL || *id == '\0' || origin < 0 || c2l_shelf_lookup (shelf, id) != NULL)
        return broken (error, where, _ ("one lacks its name or its kind, or is there twice"));
      own = origin == C2L_SHELF_MODEL ? c2l_bundle_lookup_direction (shelf->bundle, id) : NULL;
      /* The bundle was made again and no longer has it. */
      if (origin == C2L_SHELF_MODEL && (own == NULL || g_strcmp0 (own->id, id) != 0))
        continue;
      direction = read_direction (values, id, origin, own);
      if (direction == NULL)
        return broken (error, where, _ ("one of them is damaged"));
      g_ptr_array_add (shelf->directions, direction);
    }
  return TRUE;
}

static gboolean
read_presets (C2lShelf *shelf, JsonObject *object, const char *where, GError **error)
{
  JsonArray *array = c2l_json_get_array (object, "presets");
  guint n = array != NULL ? json_array_get_length (array) : 0;

  if (n > MAX_PRESETS)
    return broken (error, where, _ ("there are too many presets"));
  for (guint i = 0; i < n; i++)
    {
      JsonObject *values = c2l_json_get_element (array, i);
      const char *name = values != NULL ? c2l_json_get_string (values, "name", NULL) : NULL;
      C2lPreset *preset;
      const char *what;

      if (name == NULL || *name == '\0' || c2l_shelf_lookup_preset (shelf, name) != NULL)
        return broken (error, where, _ ("a preset lacks its name, or is there twice"));
      preset = c2l_preset_new (name);
      g_ptr_array_add (shelf->presets, preset);
      if (!c2l_json_read_edits (values, preset->edits, &what))
        return broken (error, where, what);
    }
  return TRUE;
}

gboolean
c2l_shelf_read_json (C2lShelf *shelf,
                     const char *text,
                     gssize length,
                     const char *where,
                     GError **error)
{
  g_autoptr (JsonObject) object = c2l_json_parse_object (text, length, where, error);

  if (object == NULL)
    return FALSE;
  if (c2l_json_get_int (object, "shelf", 0) != SHELF_FORMAT)
    return broken (error, where, _ ("it was written by a newer program, or is another file"));
  return read_directions (shelf, object, where, error)
         && read_presets (shelf, object, where, error);
}

/* Gives the file another name, so that a new one can take its place. */
static void
set_aside (C2lShelfFile *file, const char *reason, char **notice)
{
  for (int i = 1; i < 1000; i++)
    {
      g_autofree char *aside = i == 1 ? g_strdup_printf ("%s.broken", file->path)
                                      : g_strdup_printf ("%s.broken-%d", file->path, i);

      if (g_file_test (aside, G_FILE_TEST_EXISTS))
        continue;
      if (g_rename (file->path, aside) != 0)
        break;
      *notice = g_strdup_printf ("%s; the file was set aside as %s", reason, aside);
      return;
    }
  file->refusal = g_strdup_printf ("%s, and it cannot be set aside; move it away", reason);
  *notice = g_strdup (file->refusal);
}

void
c2l_shelf_load (C2lShelf *shelf, char **notice)
{
  C2lShelfFile *file = shelf->file;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  GStatBuf info;
  gsize size;

  if (file->path == NULL || (g_stat (file->path, &info) != 0 && errno == ENOENT))
    return;
  if (g_stat (file->path, &info) == 0 && info.st_size > MAX_FILE_SIZE)
    {
      g_autofree char *reason
          = g_strdup_printf ("%s: too large for a list of directions", file->path);
      set_aside (file, reason, notice);
      return;
    }
  if (!g_file_get_contents (file->path, &text, &size, &error))
    {
      file->refusal = g_strdup_printf ("%s: the directions in it cannot be read: %s", file->path,
                                       error->message);
      *notice = g_strdup (file->refusal);
      return;
    }
  if (c2l_shelf_read_json (shelf, text, size, file->path, &error))
    return;
  g_ptr_array_set_size (shelf->directions, 0);
  g_ptr_array_set_size (shelf->presets, 0);
  set_aside (file, error->message, notice);
}
