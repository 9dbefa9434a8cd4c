/* The shelf in memory and in its file. What the bundle brings is not written again, only how the artist uses it; a direction of the
 * bundle that the file does not know yet stands at the end of the bundle's. */
#include "studio/shelf.h"

#include "formats/json-text.h"
#include "formats/output.h"
#include "studio/json.h"
#include "studio/paths.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define SHELF_FORMAT 1
#define MAX_FILE (64 << 20)
#define MAX_DIRECTIONS 4096

struct _C2lShelf
{
  char *path;            /* NULL: the generator has no name to keep it under */
  GPtrArray *directions; /* of C2lShelfDirection */
  GPtrArray *presets;    /* of C2lPreset */
};

static const char *const kind_names[] = { "model", "words", "found", "file" };

static void
direction_free (gpointer data)
{
  C2lShelfDirection *direction = data;

  g_free (direction->id);
  g_free (direction->name);
  c2l_rows_clear (&direction->rows);
  g_free (direction);
}

static void
preset_free (gpointer data)
{
  C2lPreset *preset = data;

  g_free (preset->name);
  g_ptr_array_unref (preset->edits);
  g_free (preset);
}

static C2lShelfDirection *
direction_new (C2lShelfKind kind, const char *id, const char *name, double scale)
{
  C2lShelfDirection *direction = g_new0 (C2lShelfDirection, 1);

  direction->kind = kind;
  direction->id = g_strdup (id);
  direction->name = g_strdup (name);
  direction->scale = scale;
  direction->last_layer = C2L_LAST_LAYER;
  return direction;
}

static C2lShelfDirection *
find (C2lShelf *shelf, const char *id)
{
  for (guint i = 0; i < shelf->directions->len; i++)
    {
      C2lShelfDirection *direction = g_ptr_array_index (shelf->directions, i);

      if (g_strcmp0 (direction->id, id) == 0)
        return direction;
    }
  return NULL;
}

/* --- reading --- */

static gboolean
broken (GError **error, const char *path, const char *what)
{
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_RECIPE, "%s: %s", path, what);
  return FALSE;
}

static int
get_kind (JsonObject *object)
{
  const char *name = c2l_json_get_string (object, "kind", "");

  for (guint i = 0; i < G_N_ELEMENTS (kind_names); i++)
    if (g_str_equal (kind_names[i], name))
      return i;
  return -1;
}

/* A direction lies in the file as the edit that it is by its own scale. */
static gboolean
read_direction (C2lShelf *shelf, C2lBundle *bundle, JsonObject *object, GError **error)
{
  JsonArray *array = c2l_json_get_array (object, "edit");
  g_autoptr (GPtrArray) edits = c2l_recipe_edits_from_array (array, shelf->path, error);
  int kind = get_kind (object);
  const C2lRecipeEdit *edit;
  C2lShelfDirection *direction;

  if (edits == NULL)
    return FALSE;
  if (kind < 0 || edits->len != 1)
    return broken (error, shelf->path, "a direction is damaged");
  edit = g_ptr_array_index (edits, 0);
  /* One that the bundle does not bring any more is of no use. */
  if (find (shelf, edit->direction) != NULL
      || (kind == C2L_SHELF_MODEL
          && c2l_bundle_lookup_direction (bundle, edit->direction) == NULL))
    return TRUE;
  if (kind != C2L_SHELF_MODEL && edit->rows.data == NULL)
    return broken (error, shelf->path, "a direction lacks its values");
  direction = direction_new (kind, edit->direction,
                             edit->name != NULL ? edit->name : edit->direction, edit->amount);
  direction->first_layer = edit->first_layer;
  direction->last_layer = edit->last_layer;
  direction->hidden = c2l_json_get_boolean (object, "hidden", FALSE);
  direction->inverted = c2l_json_get_boolean (object, "inverted", FALSE);
  direction->pinned = c2l_json_get_boolean (object, "pinned", FALSE);
  if (kind != C2L_SHELF_MODEL)
    c2l_rows_set (&direction->rows, edit->rows.n_rows, edit->rows.width, edit->rows.data);
  g_ptr_array_add (shelf->directions, direction);
  return TRUE;
}

static gboolean
read_preset (C2lShelf *shelf, JsonObject *object, GError **error)
{
  const char *name = c2l_json_get_string (object, "name", NULL);
  g_autoptr (GPtrArray) edits = c2l_recipe_edits_from_array (c2l_json_get_array (object, "edits"),
                                                             shelf->path, error);

  if (edits == NULL)
    return FALSE;
  if (name == NULL)
    return broken (error, shelf->path, "a preset lacks its name");
  c2l_shelf_set_preset (shelf, name, edits);
  return TRUE;
}

static JsonObject *
get_element (JsonArray *array, guint i)
{
  JsonNode *node = json_array_get_element (array, i);

  return JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static gboolean
read_all (C2lShelf *shelf, C2lBundle *bundle, JsonObject *object, GError **error)
{
  JsonArray *directions = c2l_json_get_array (object, "directions");
  JsonArray *presets = c2l_json_get_array (object, "presets");
  guint n_directions = directions != NULL ? json_array_get_length (directions) : 0;
  guint n_presets = presets != NULL ? json_array_get_length (presets) : 0;

  if (c2l_json_get_int (object, "shelf", 0) != SHELF_FORMAT)
    return broken (error, shelf->path, "it was written by a newer program");
  if (n_directions > MAX_DIRECTIONS || n_presets > MAX_DIRECTIONS)
    return broken (error, shelf->path, "it holds more than anybody has");
  for (guint i = 0; i < n_directions; i++)
    {
      JsonObject *element = get_element (directions, i);

      if (element == NULL || !read_direction (shelf, bundle, element, error))
        return element != NULL ? FALSE : broken (error, shelf->path, "a direction is damaged");
    }
  for (guint i = 0; i < n_presets; i++)
    {
      JsonObject *element = get_element (presets, i);

      if (element == NULL || !read_preset (shelf, element, error))
        return element != NULL ? FALSE : broken (error, shelf->path, "a preset is damaged");
    }
  return TRUE;
}

static gboolean
read_file (C2lShelf *shelf, C2lBundle *bundle, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (JsonObject) object = NULL;
  GStatBuf status;
  gsize length;

  if (g_stat (shelf->path, &status) != 0 && errno == ENOENT)
    return TRUE;
  if (status.st_size > MAX_FILE)
    return broken (error, shelf->path, "it is too large to be a shelf of directions");
  if (!g_file_get_contents (shelf->path, &text, &length, error))
    return FALSE;
  object = c2l_json_parse_object (text, length, shelf->path, error);
  return object != NULL && read_all (shelf, bundle, object, error);
}

static void
add_bundles_own (C2lShelf *shelf, C2lBundle *bundle)
{
  GPtrArray *own = c2l_bundle_get_directions (bundle);
  guint at = 0;

  while (at < shelf->directions->len
         && ((C2lShelfDirection *) g_ptr_array_index (shelf->directions, at))->kind
                == C2L_SHELF_MODEL)
    at++;
  for (guint i = 0; i < own->len; i++)
    {
      const C2lDirection *direction = g_ptr_array_index (own, i);

      if (find (shelf, direction->id) == NULL)
        g_ptr_array_insert (
            shelf->directions, at++,
            direction_new (C2L_SHELF_MODEL, direction->id, direction->name, direction->scale));
    }
}

/* A damaged file is renamed, so that nothing the artist made is lost for good. */
static void
set_aside (C2lShelf *shelf, const GError *error, char **notice)
{
  g_autofree char *aside = g_strconcat (shelf->path, ".broken", NULL);

  if (g_rename (shelf->path, aside) == 0)
    *notice = g_strdup_printf ("Your directions for this model could not be read (%s). The file was kept as %s.",
                               error->message, aside);
  else
    *notice = g_strdup_printf ("Your directions for this model could not be read: %s",
                               error->message);
  g_ptr_array_set_size (shelf->directions, 0);
  g_ptr_array_set_size (shelf->presets, 0);
}

C2lShelf *
c2l_shelf_open (C2lBundle *bundle, char **notice)
{
  C2lShelf *shelf = g_new0 (C2lShelf, 1);
  g_autofree char *sum = c2l_bundle_dup_sha256 (bundle, C2L_ROLE_GENERATOR, NULL);
  g_autofree char *user = c2l_paths_dup_user ();
  g_autofree char *name = sum != NULL ? g_strconcat (sum, ".json", NULL) : NULL;
  g_autoptr (GError) error = NULL;

  *notice = NULL;
  shelf->directions = g_ptr_array_new_with_free_func (direction_free);
  shelf->presets = g_ptr_array_new_with_free_func (preset_free);
  if (name != NULL)
    shelf->path = g_build_filename (user, "directions", name, NULL);
  if (shelf->path != NULL && !read_file (shelf, bundle, &error))
    set_aside (shelf, error, notice);
  add_bundles_own (shelf, bundle);
  return shelf;
}

void
c2l_shelf_free (C2lShelf *shelf)
{
  g_free (shelf->path);
  g_ptr_array_unref (shelf->directions);
  g_ptr_array_unref (shelf->presets);
  g_free (shelf);
}

/* --- writing --- */

static JsonNode *
direction_to_node (const C2lShelfDirection *direction)
{
  g_autoptr (GPtrArray) edits = c2l_recipe_edits_new ();
  C2lRecipeEdit *edit = c2l_recipe_edit_new (direction->id, direction->scale, &direction->rows);
  JsonObject *object = json_object_new ();

  edit->name = g_strdup (direction->name);
  edit->first_layer = direction->first_layer;
  edit->last_layer = direction->last_layer;
  g_ptr_array_add (edits, edit);
  json_object_set_string_member (object, "kind", kind_names[direction->kind]);
  json_object_set_boolean_member (object, "hidden", direction->hidden);
  json_object_set_boolean_member (object, "inverted", direction->inverted);
  json_object_set_boolean_member (object, "pinned", direction->pinned);
  json_object_set_member (object, "edit", c2l_recipe_edits_to_node (edits));
  return json_node_init_object (json_node_alloc (), object);
}

static JsonNode *
preset_to_node (const C2lPreset *preset)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "name", preset->name);
  json_object_set_member (object, "edits", c2l_recipe_edits_to_node (preset->edits));
  return json_node_init_object (json_node_alloc (), object);
}

gboolean
c2l_shelf_save (C2lShelf *shelf, GError **error)
{
  g_autoptr (JsonObject) object = json_object_new ();
  JsonArray *directions = json_array_new (), *presets = json_array_new ();
  g_autofree char *folder = shelf->path != NULL ? g_path_get_dirname (shelf->path) : NULL;
  g_autofree char *text = NULL;

  json_object_set_int_member (object, "shelf", SHELF_FORMAT);
  json_object_set_array_member (object, "directions", directions);
  json_object_set_array_member (object, "presets", presets);
  for (guint i = 0; i < shelf->directions->len; i++)
    json_array_add_element (directions,
                            direction_to_node (g_ptr_array_index (shelf->directions, i)));
  for (guint i = 0; i < shelf->presets->len; i++)
    json_array_add_element (presets, preset_to_node (g_ptr_array_index (shelf->presets, i)));
  if (folder == NULL)
    return TRUE;
  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                   "%s: the folder cannot be made (%s); your directions are not kept", folder,
                   g_strerror (errno));
      return FALSE;
    }
  text = c2l_json_object_to_string (object, TRUE);
  return c2l_output_save (shelf->path, text, strlen (text), error);
}

/* --- what is on it --- */

GPtrArray *
c2l_shelf_get_directions (C2lShelf *shelf)
{
  return shelf->directions;
}

C2lShelfDirection *
c2l_shelf_add (C2lShelf *shelf, C2lShelfKind kind, const char *name, double scale, const C2lRows *rows)
{
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *id = g_strconcat (kind_names[kind], "-", uuid, NULL);
  C2lShelfDirection *direction = direction_new (kind, id, name, scale);

  g_return_val_if_fail (kind != C2L_SHELF_MODEL && isfinite (scale), NULL);
  c2l_rows_set (&direction->rows, rows->n_rows, rows->width, rows->data);
  g_ptr_array_add (shelf->directions, direction);
  return direction;
}

void
c2l_shelf_remove (C2lShelf *shelf, const char *id)
{
  C2lShelfDirection *direction = find (shelf, id);

  if (direction != NULL && direction->kind != C2L_SHELF_MODEL)
    g_ptr_array_remove (shelf->directions, direction);
}

GPtrArray *
c2l_shelf_get_presets (C2lShelf *shelf)
{
  return shelf->presets;
}

void
c2l_shelf_remove_preset (C2lShelf *shelf, const char *name)
{
  for (guint i = 0; i < shelf->presets->len; i++)
    if (g_strcmp0 (((C2lPreset *) g_ptr_array_index (shelf->presets, i))->name, name) == 0)
      {
        g_ptr_array_remove_index (shelf->presets, i);
        return;
      }
}

void
c2l_shelf_set_preset (C2lShelf *shelf, const char *name, GPtrArray *edits)
{
  C2lPreset *preset = g_new0 (C2lPreset, 1);

  c2l_shelf_remove_preset (shelf, name);
  preset->name = g_strdup (name);
  preset->edits = c2l_recipe_edits_new ();
  for (guint i = 0; i < edits->len; i++)
    g_ptr_array_add (preset->edits, c2l_recipe_edit_copy (g_ptr_array_index (edits, i)));
  g_ptr_array_add (shelf->presets, preset);
}
