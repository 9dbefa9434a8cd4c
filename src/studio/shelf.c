/* The shelf's values. Every change goes through changed(), which counts it and tells of it; what
 * does not change anything is not told. */
#include "studio/shelf-private.h"

#include "studio/digest.h"
#include "studio/paths.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* Digits of the checksum in an id: recipes that were edited along a direction that is gone must not
 * meet another one. */
#define ID_DIGITS 8

#define MAX_SLUG 40

C2lShelfDirection *
c2l_shelf_direction_new (const char *id, C2lShelfOrigin origin)
{
  C2lShelfDirection *direction = g_new0 (C2lShelfDirection, 1);

  direction->id = g_strdup (id);
  direction->origin = origin;
  direction->last_layer = C2L_LAST_LAYER;
  return direction;
}

void
c2l_shelf_direction_free (C2lShelfDirection *direction)
{
  g_free (direction->id);
  g_free (direction->name);
  c2l_rows_clear (&direction->rows);
  g_free (direction);
}

C2lPreset *
c2l_preset_new (const char *name)
{
  C2lPreset *preset = g_new0 (C2lPreset, 1);

  preset->name = g_strdup (name);
  preset->edits = c2l_recipe_edits_new ();
  return preset;
}

static void
preset_free (gpointer data)
{
  C2lPreset *preset = data;

  g_free (preset->name);
  g_ptr_array_unref (preset->edits);
  g_free (preset);
}

/* --- the shelf --- */

/* The bundle's directions that the file does not name, at the end. */
static void
add_bundle (C2lShelf *shelf)
{
  GPtrArray *own = c2l_bundle_get_directions (shelf->bundle);

  for (guint i = 0; i < own->len; i++)
    {
      const C2lDirection *direction = g_ptr_array_index (own, i);
      C2lShelfDirection *added;

      if (c2l_shelf_lookup (shelf, direction->id) != NULL)
        continue;
      added = c2l_shelf_direction_new (direction->id, C2L_SHELF_MODEL);
      added->name = g_strdup (direction->name);
      added->scale = direction->scale;
      g_ptr_array_add (shelf->directions, added);
    }
}

C2lShelf *
c2l_shelf_open_file (C2lBundle *bundle, const char *path, char **notice)
{
  C2lShelf *shelf = g_new0 (C2lShelf, 1);

  g_atomic_ref_count_init (&shelf->refs);
  shelf->bundle = c2l_bundle_ref (bundle);
  shelf->file = c2l_shelf_file_new (path);
  shelf->directions = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_shelf_direction_free);
  shelf->presets = g_ptr_array_new_with_free_func (preset_free);
  *notice = NULL;
  c2l_shelf_load (shelf, notice);
  add_bundle (shelf);
  return shelf;
}

C2lShelf *
c2l_shelf_open (C2lBundle *bundle, char **notice)
{
  g_autofree char *sum = c2l_bundle_dup_sha256 (bundle, C2L_ROLE_GENERATOR, NULL);
  /* The sum comes from the bundle's model.json, and a path is made of it. */
  g_autofree char *lower = c2l_digest_is_sha256 (sum) ? g_ascii_strdown (sum, -1) : NULL;
  g_autofree char *user = c2l_paths_dup_user ();
  g_autofree char *name = lower != NULL ? g_strdup_printf ("%s.json", lower) : NULL;
  g_autofree char *path = name != NULL ? g_build_filename (user, "directions", name, NULL) : NULL;

  return c2l_shelf_open_file (bundle, path, notice);
}

C2lShelf *
c2l_shelf_ref (C2lShelf *shelf)
{
  g_atomic_ref_count_inc (&shelf->refs);
  return shelf;
}

void
c2l_shelf_unref (C2lShelf *shelf)
{
  if (!g_atomic_ref_count_dec (&shelf->refs))
    return;
  g_ptr_array_unref (shelf->directions);
  g_ptr_array_unref (shelf->presets);
  c2l_shelf_file_unref (shelf->file);
  c2l_bundle_unref (shelf->bundle);
  g_free (shelf);
}

void
c2l_shelf_set_changed (C2lShelf *shelf,
                       void (*func) (C2lShelf *shelf, gpointer data),
                       gpointer data)
{
  shelf->changed = func;
  shelf->changed_data = data;
}

guint
c2l_shelf_get_version (C2lShelf *shelf)
{
  return shelf->version;
}

gboolean
c2l_shelf_is_saved (C2lShelf *shelf)
{
  return shelf->saved_version == shelf->version;
}

static void
changed (C2lShelf *shelf)
{
  shelf->version++;
  if (shelf->changed != NULL)
    shelf->changed (shelf, shelf->changed_data);
}

/* --- saving --- */

gboolean
c2l_shelf_save (C2lShelf *shelf, GError **error)
{
  g_autofree char *text = c2l_shelf_to_json (shelf);

  /* Versions of the file begin at 1, so that a shelf can be saved unchanged. */
  if (!c2l_shelf_file_write (shelf->file, text, shelf->version + 1, error))
    return FALSE;
  shelf->saved_version = shelf->version;
  return TRUE;
}

typedef struct
{
  C2lShelfFile *file;
  char *text;
  guint version;
} Saving;

static void
saving_free (gpointer data)
{
  Saving *saving = data;

  c2l_shelf_file_unref (saving->file);
  g_free (saving->text);
  g_free (saving);
}

static void
save_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Saving *saving = data;
  GError *error = NULL;

  if (c2l_shelf_file_write (saving->file, saving->text, saving->version + 1, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
c2l_shelf_save_async (C2lShelf *shelf,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  Saving *saving = g_new0 (Saving, 1);

  saving->file = c2l_shelf_file_ref (shelf->file);
  saving->text = c2l_shelf_to_json (shelf);
  saving->version = shelf->version;
  g_task_set_task_data (task, saving, saving_free);
  g_task_run_in_thread (task, save_in_thread);
}

gboolean
c2l_shelf_save_finish (C2lShelf *shelf, GAsyncResult *result, GError **error)
{
  const Saving *saving = g_task_get_task_data (G_TASK (result));

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  shelf->saved_version = MAX (shelf->saved_version, saving->version);
  return TRUE;
}

/* --- directions --- */

GPtrArray *
c2l_shelf_get_directions (C2lShelf *shelf)
{
  return shelf->directions;
}

static C2lShelfDirection *
find (C2lShelf *shelf, const char *id, guint *position)
{
  for (guint i = 0; i < shelf->directions->len; i++)
    {
      C2lShelfDirection *direction = g_ptr_array_index (shelf->directions, i);

      if (g_strcmp0 (direction->id, id) != 0)
        continue;
      if (position != NULL)
        *position = i;
      return direction;
    }
  return NULL;
}

const C2lShelfDirection *
c2l_shelf_lookup (C2lShelf *shelf, const char *id)
{
  return find (shelf, id, NULL);
}

static gboolean
is_name_taken (C2lShelf *shelf, const char *name)
{
  for (guint i = 0; i < shelf->directions->len; i++)
    if (g_strcmp0 (((C2lShelfDirection *) g_ptr_array_index (shelf->directions, i))->name, name)
        == 0)
      return TRUE;
  return FALSE;
}

/* "PCA 1", or "PCA 1 (2)" where that is there already. */
static char *
dup_free_name (C2lShelf *shelf, const char *name)
{
  g_autofree char *own = g_strstrip (g_strdup (name));

  if (*own == '\0')
    {
      g_free (own);
      own = g_strdup ("?");
    }
  if (!is_name_taken (shelf, own))
    return g_steal_pointer (&own);
  for (int i = 2;; i++)
    {
      g_autofree char *numbered = g_strdup_printf ("%s (%d)", own, i);

      if (!is_name_taken (shelf, numbered))
        return g_steal_pointer (&numbered);
    }
}

/* "pca-1-3fa9c2d1": the name when it came, and a checksum of the values. */
static char *
make_id (const char *name, const C2lRows *rows, int first_layer, int last_layer)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *layers = c2l_layers_to_string (first_layer, last_layer);
  g_autofree char *ascii = g_str_to_ascii (name, "C");
  g_autoptr (GString) id = g_string_new (NULL);

  for (const char *c = ascii; *c != '\0' && id->len < MAX_SLUG; c++)
    if (g_ascii_isalnum (*c))
      g_string_append_c (id, g_ascii_tolower (*c));
    else if (id->len > 0 && id->str[id->len - 1] != '-')
      g_string_append_c (id, '-');
  if (id->len > 0 && id->str[id->len - 1] != '-')
    g_string_append_c (id, '-');
  g_checksum_update (sum, (const guchar *) layers, strlen (layers));
  g_checksum_update (sum, (const guchar *) rows->data,
                     (gsize) rows->n_rows * rows->width * sizeof (float));
  g_string_append_len (id, g_checksum_get_string (sum), ID_DIGITS);
  return g_string_free (g_steal_pointer (&id), FALSE);
}

const C2lShelfDirection *
c2l_shelf_add (C2lShelf *shelf, C2lShelfOrigin origin, const C2lFound *found)
{
  g_autofree char *id = make_id (found->name, &found->rows, found->first_layer, found->last_layer);
  C2lShelfDirection *direction = find (shelf, id, NULL);

  g_return_val_if_fail (origin != C2L_SHELF_MODEL, NULL);
  /* The same numbers again: it is on the shelf already. */
  if (direction != NULL)
    return direction;
  direction = c2l_shelf_direction_new (id, origin);
  direction->name = dup_free_name (shelf, found->name);
  direction->scale = found->scale != 0 && isfinite (found->scale) ? found->scale : 1;
  direction->first_layer = found->first_layer;
  direction->last_layer = found->last_layer;
  c2l_rows_set (&direction->rows, found->rows.n_rows, found->rows.width, found->rows.data);
  g_ptr_array_add (shelf->directions, direction);
  changed (shelf);
  return direction;
}

const C2lShelfDirection *
c2l_shelf_import (C2lShelf *shelf, const char *file, int width, GError **error)
{
  C2lRows rows = { 0 };
  g_autofree char *base = g_filename_display_basename (file);
  char *dot = strrchr (base, '.');
  const C2lShelfDirection *direction = NULL;

  if (dot != NULL && dot != base)
    *dot = '\0';
  if (!c2l_direction_load (file, &rows, error))
    return NULL;
  if (width > 0 && rows.width != width)
    g_set_error (
        error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
        _ ("%s: a direction of width %d, and the model takes %d numbers a style; it was made for "
           "another generator"),
        file, rows.width, width);
  else
    {
      C2lFound *found = c2l_found_new (base, &rows, 1);

      direction = c2l_shelf_add (shelf, C2L_SHELF_FILE, found);
      c2l_found_free (found);
    }
  c2l_rows_clear (&rows);
  return direction;
}

gboolean
c2l_shelf_remove (C2lShelf *shelf, const char *id)
{
  guint position;
  const C2lShelfDirection *direction = find (shelf, id, &position);

  if (direction == NULL || direction->origin == C2L_SHELF_MODEL)
    return FALSE;
  g_ptr_array_remove_index (shelf->directions, position);
  changed (shelf);
  return TRUE;
}

void
c2l_shelf_rename (C2lShelf *shelf, const char *id, const char *name)
{
  C2lShelfDirection *direction = find (shelf, id, NULL);
  g_autofree char *own = g_strstrip (g_strdup (name));

  if (direction == NULL)
    return;
  if (*own == '\0' && direction->origin == C2L_SHELF_MODEL)
    {
      g_free (own);
      own = g_strdup (c2l_bundle_lookup_direction (shelf->bundle, id)->name);
    }
  if (*own == '\0' || g_strcmp0 (own, direction->name) == 0)
    return;
  g_free (direction->name);
  direction->name = g_steal_pointer (&own);
  changed (shelf);
}

static void
set_flag (C2lShelf *shelf, gboolean *flag, gboolean value)
{
  if (flag == NULL || *flag == !!value)
    return;
  *flag = !!value;
  changed (shelf);
}

void
c2l_shelf_set_hidden (C2lShelf *shelf, const char *id, gboolean hidden)
{
  C2lShelfDirection *direction = find (shelf, id, NULL);
  set_flag (shelf, direction != NULL ? &direction->hidden : NULL, hidden);
}

void
c2l_shelf_set_inverted (C2lShelf *shelf, const char *id, gboolean inverted)
{
  C2lShelfDirection *direction = find (shelf, id, NULL);
  set_flag (shelf, direction != NULL ? &direction->inverted : NULL, inverted);
}

void
c2l_shelf_set_pinned (C2lShelf *shelf, const char *id, gboolean pinned)
{
  C2lShelfDirection *direction = find (shelf, id, NULL);
  set_flag (shelf, direction != NULL ? &direction->pinned : NULL, pinned);
}

void
c2l_shelf_set_scale (C2lShelf *shelf, const char *id, double scale)
{
  C2lShelfDirection *direction = find (shelf, id, NULL);

  g_return_if_fail (isfinite (scale) && scale != 0);
  if (direction == NULL || direction->scale == scale)
    return;
  direction->scale = scale;
  changed (shelf);
}

void
c2l_shelf_set_layers (C2lShelf *shelf, const char *id, int first_layer, int last_layer)
{
  C2lShelfDirection *direction = find (shelf, id, NULL);

  g_return_if_fail (first_layer >= 0
                    && (last_layer == C2L_LAST_LAYER || last_layer >= first_layer));
  if (direction == NULL
      || (direction->first_layer == first_layer && direction->last_layer == last_layer))
    return;
  direction->first_layer = first_layer;
  direction->last_layer = last_layer;
  changed (shelf);
}

void
c2l_shelf_move (C2lShelf *shelf, const char *id, guint position)
{
  guint old;
  C2lShelfDirection *direction = find (shelf, id, &old);

  if (direction == NULL || position >= shelf->directions->len || position == old)
    return;
  g_ptr_array_steal_index (shelf->directions, old);
  g_ptr_array_insert (shelf->directions, position, direction);
  changed (shelf);
}

C2lRecipeEdit *
c2l_shelf_direction_make_edit (const C2lShelfDirection *direction, double value)
{
  double amount = (direction->inverted ? -value : value) * direction->scale;
  C2lRecipeEdit *edit = c2l_recipe_edit_new (direction->id, amount, &direction->rows);

  edit->name = g_strdup (direction->name);
  edit->first_layer = direction->first_layer;
  edit->last_layer = direction->last_layer;
  return edit;
}

double
c2l_shelf_direction_get_value (const C2lShelfDirection *direction, double amount)
{
  return (direction->inverted ? -amount : amount) / direction->scale;
}

/* --- presets --- */

GPtrArray *
c2l_shelf_get_presets (C2lShelf *shelf)
{
  return shelf->presets;
}

static C2lPreset *
find_preset (C2lShelf *shelf, const char *name, guint *position)
{
  for (guint i = 0; i < shelf->presets->len; i++)
    {
      C2lPreset *preset = g_ptr_array_index (shelf->presets, i);

      if (g_strcmp0 (preset->name, name) != 0)
        continue;
      if (position != NULL)
        *position = i;
      return preset;
    }
  return NULL;
}

const C2lPreset *
c2l_shelf_lookup_preset (C2lShelf *shelf, const char *name)
{
  return find_preset (shelf, name, NULL);
}

void
c2l_shelf_set_preset (C2lShelf *shelf, const char *name, GPtrArray *edits)
{
  C2lPreset *preset = find_preset (shelf, name, NULL);
  GPtrArray *copies = c2l_recipe_edits_new ();

  for (guint i = 0; i < edits->len; i++)
    g_ptr_array_add (copies, c2l_recipe_edit_copy (g_ptr_array_index (edits, i)));
  if (preset == NULL)
    {
      preset = c2l_preset_new (name);
      g_ptr_array_add (shelf->presets, preset);
    }
  g_ptr_array_unref (preset->edits);
  preset->edits = copies;
  changed (shelf);
}

gboolean
c2l_shelf_rename_preset (C2lShelf *shelf, const char *name, const char *new_name)
{
  C2lPreset *preset = find_preset (shelf, name, NULL);

  if (preset == NULL || *new_name == '\0' || find_preset (shelf, new_name, NULL) != NULL)
    return FALSE;
  g_free (preset->name);
  preset->name = g_strdup (new_name);
  changed (shelf);
  return TRUE;
}

gboolean
c2l_shelf_remove_preset (C2lShelf *shelf, const char *name)
{
  guint position;

  if (find_preset (shelf, name, &position) == NULL)
    return FALSE;
  g_ptr_array_remove_index (shelf->presets, position);
  changed (shelf);
  return TRUE;
}
