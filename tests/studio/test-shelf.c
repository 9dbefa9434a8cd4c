/* The shelf: what an artist arranged is there again, and no file, however broken, loses anything or keeps the shelf from opening. */
#include "studio/shelf.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static C2lBundle *bundle;
static char *folder, *path;

static C2lShelf *
open_shelf (void)
{
  g_autofree char *notice = NULL;
  C2lShelf *shelf = c2l_shelf_open_file (bundle, path, &notice);

  g_assert_cmpstr (notice, ==, NULL);
  return shelf;
}

static const C2lShelfDirection *
add (C2lShelf *shelf, const char *name, float first)
{
  const float values[] = { first, -0.0f, 3e-42f };
  C2lFound *found = c2l_found_new (name, &(C2lRows) { 1, 3, (float *) values }, 0.75);
  const C2lShelfDirection *direction;

  found->first_layer = 2;
  found->last_layer = 6;
  direction = c2l_shelf_add (shelf, C2L_SHELF_FOUND, found);
  c2l_found_free (found);
  return direction;
}

static void
save (C2lShelf *shelf)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (c2l_shelf_save (shelf, &error));
  g_assert_no_error (error);
  g_assert_true (c2l_shelf_is_saved (shelf));
}

static void
clean (void)
{
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", folder);

  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
  g_assert_cmpint (g_mkdir (folder, 0755), ==, 0);
}

static void
test_begins_with_the_bundle (void)
{
  g_autoptr (C2lShelf) shelf = open_shelf ();
  GPtrArray *own = c2l_bundle_get_directions (bundle), *all = c2l_shelf_get_directions (shelf);

  g_assert_cmpuint (all->len, ==, own->len);
  for (guint i = 0; i < all->len; i++)
    {
      const C2lShelfDirection *direction = all->pdata[i];

      g_assert_cmpstr (direction->id, ==, ((C2lDirection *) own->pdata[i])->id);
      g_assert_cmpstr (direction->name, ==, ((C2lDirection *) own->pdata[i])->name);
      g_assert_cmpint (direction->origin, ==, C2L_SHELF_MODEL);
      g_assert_null (direction->rows.data);
    }
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

static void
count (C2lShelf *shelf, gpointer data)
{
  ++*(int *) data;
}

/* Everything that an artist can do. */
static void
arrange (C2lShelf *shelf)
{
  GPtrArray *edits = c2l_recipe_edits_new ();
  g_autofree char *pca = g_strdup (add (shelf, "PCA 1", 1)->id);

  c2l_shelf_rename (shelf, pca, "  Licht von links ☀ ");
  c2l_shelf_set_inverted (shelf, pca, TRUE);
  c2l_shelf_set_pinned (shelf, "glasses", TRUE);
  c2l_shelf_set_hidden (shelf, "beard", TRUE);
  c2l_shelf_rename (shelf, "glasses", "Brille");
  c2l_shelf_set_layers (shelf, "laugh", 3, C2L_LAST_LAYER);
  c2l_shelf_set_scale (shelf, "laugh", 2.5);
  c2l_shelf_move (shelf, pca, 0);
  g_ptr_array_add (edits, c2l_shelf_direction_make_edit (c2l_shelf_lookup (shelf, pca), 2));
  g_ptr_array_add (edits, c2l_shelf_direction_make_edit (c2l_shelf_lookup (shelf, "laugh"), -1));
  c2l_shelf_set_preset (shelf, "Sommer", edits);
  g_ptr_array_unref (edits);
}

static void
assert_arranged (C2lShelf *shelf)
{
  const C2lShelfDirection *pca = c2l_shelf_get_directions (shelf)->pdata[0], *laugh = c2l_shelf_lookup (shelf, "laugh");
  const C2lPreset *preset = c2l_shelf_lookup_preset (shelf, "Sommer");
  const C2lRecipeEdit *edit;

  g_assert_cmpstr (pca->name, ==, "Licht von links ☀");
  g_assert_true (g_str_has_prefix (pca->id, "pca-1-"));
  g_assert_cmpint (pca->origin, ==, C2L_SHELF_FOUND);
  g_assert_cmpfloat (pca->scale, ==, 0.75);
  g_assert_true (pca->inverted && !pca->pinned && !pca->hidden);
  g_assert_cmpint (pca->first_layer, ==, 2);
  g_assert_cmpint (pca->last_layer, ==, 6);
  g_assert_cmpmem (pca->rows.data, 12, ((float[]) { 1, -0.0f, 3e-42f }), 12);
  g_assert_true (c2l_shelf_lookup (shelf, "glasses")->pinned);
  g_assert_cmpstr (c2l_shelf_lookup (shelf, "glasses")->name, ==, "Brille");
  g_assert_true (c2l_shelf_lookup (shelf, "beard")->hidden);
  g_assert_cmpint (laugh->first_layer, ==, 3);
  g_assert_cmpint (laugh->last_layer, ==, C2L_LAST_LAYER);
  g_assert_cmpfloat (laugh->scale, ==, 2.5);
  g_assert_cmpuint (preset->edits->len, ==, 2);
  edit = preset->edits->pdata[0];
  g_assert_cmpstr (edit->direction, ==, pca->id);
  g_assert_cmpstr (edit->name, ==, pca->name);
  g_assert_cmpfloat (edit->amount, ==, -1.5);
  g_assert_cmpfloat (c2l_shelf_direction_get_value (pca, edit->amount), ==, 2);
  g_assert_cmpint (edit->last_layer, ==, 6);
  g_assert_true (c2l_rows_equal (&edit->rows, &pca->rows));
  edit = preset->edits->pdata[1];
  g_assert_null (edit->rows.data);
  g_assert_cmpfloat (edit->amount, ==, -2.5);
}

static void
test_is_there_again (void)
{
  guint n;

  clean ();
  {
    g_autoptr (C2lShelf) shelf = open_shelf ();

    arrange (shelf);
    assert_arranged (shelf);
    g_assert_false (c2l_shelf_is_saved (shelf));
    save (shelf);
    n = c2l_shelf_get_directions (shelf)->len;
  }
  {
    g_autoptr (C2lShelf) shelf = open_shelf ();

    assert_arranged (shelf);
    g_assert_cmpuint (c2l_shelf_get_directions (shelf)->len, ==, n);
    /* A bundle's direction gets its own name back. */
    c2l_shelf_rename (shelf, "glasses", " ");
    g_assert_cmpstr (c2l_shelf_lookup (shelf, "glasses")->name, ==, "Glasses");
  }
}

static void
test_tells_of_changes_only (void)
{
  g_autoptr (C2lShelf) shelf = NULL;
  int n = 0;
  guint version;

  clean ();
  shelf = open_shelf ();
  arrange (shelf);
  c2l_shelf_set_changed (shelf, count, &n);
  version = c2l_shelf_get_version (shelf);
  c2l_shelf_set_pinned (shelf, "glasses", TRUE);
  c2l_shelf_set_hidden (shelf, "beard", TRUE);
  c2l_shelf_set_layers (shelf, "laugh", 3, C2L_LAST_LAYER);
  c2l_shelf_rename (shelf, "glasses", "Brille");
  c2l_shelf_rename (shelf, "no-such", "Brille");
  c2l_shelf_move (shelf, "glasses", 1000);
  add (shelf, "PCA 1", 1);
  g_assert_false (c2l_shelf_remove (shelf, "glasses"));
  g_assert_cmpint (n, ==, 0);
  c2l_shelf_set_pinned (shelf, "glasses", FALSE);
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpuint (c2l_shelf_get_version (shelf), ==, version + 1);
}

static void
test_no_two_are_the_same (void)
{
  g_autoptr (C2lShelf) shelf = NULL;
  g_autofree char *first = NULL;
  const C2lShelfDirection *second;

  clean ();
  shelf = open_shelf ();
  first = g_strdup (add (shelf, "PCA 1", 1)->id);
  second = add (shelf, "PCA 1", 2);
  g_assert_cmpstr (second->id, !=, first);
  g_assert_cmpstr (second->name, ==, "PCA 1 (2)");
  /* One that is removed does not give its id to another. */
  g_assert_true (c2l_shelf_remove (shelf, first));
  g_assert_cmpstr (add (shelf, "PCA 1", 3)->id, !=, first);
  g_assert_cmpstr (add (shelf, "PCA 1", 1)->id, ==, first);
}

static void
test_presets (void)
{
  g_autoptr (C2lShelf) shelf = NULL;
  g_autoptr (GPtrArray) none = c2l_recipe_edits_new ();

  clean ();
  shelf = open_shelf ();
  arrange (shelf);
  c2l_shelf_set_preset (shelf, "Leer", none);
  g_assert_false (c2l_shelf_rename_preset (shelf, "Leer", "Sommer"));
  g_assert_false (c2l_shelf_rename_preset (shelf, "Leer", ""));
  g_assert_true (c2l_shelf_rename_preset (shelf, "Leer", "Winter"));
  c2l_shelf_set_preset (shelf, "Sommer", none);
  g_assert_cmpuint (c2l_shelf_get_presets (shelf)->len, ==, 2);
  g_assert_cmpuint (c2l_shelf_lookup_preset (shelf, "Sommer")->edits->len, ==, 0);
  g_assert_true (c2l_shelf_remove_preset (shelf, "Sommer"));
  g_assert_false (c2l_shelf_remove_preset (shelf, "Sommer"));
}

static void
test_imports_files (void)
{
  g_autoptr (C2lShelf) shelf = NULL;
  g_autofree char *smile = g_build_filename (g_getenv ("C2L_FIXTURES"), "edits", "smile.npy", NULL);
  g_autofree char *broken = g_build_filename (g_getenv ("C2L_FIXTURES"), "hostile", "npy-10-bytes.npy", NULL);
  g_autoptr (GError) error = NULL;
  const C2lShelfDirection *direction;

  clean ();
  shelf = open_shelf ();
  direction = c2l_shelf_import (shelf, smile, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (direction->name, ==, "smile");
  g_assert_cmpint (direction->origin, ==, C2L_SHELF_FILE);
  g_assert_cmpint (direction->rows.width, ==, 512);
  g_assert_null (c2l_shelf_import (shelf, smile, 128, &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH);
  g_clear_error (&error);
  g_assert_null (c2l_shelf_import (shelf, broken, 0, &error));
  g_assert_nonnull (error);
}

#define VALUES "\"values\": {\"rows\": 1, \"width\": 1, \"float32\": \"AAAAAA==\"}"
#define FOUND "\"id\": \"a\", \"origin\": \"found\", \"name\": \"A\", \"scale\": 1, "

static const char *const broken_files[] = {
  "",
  "{",
  "[]",
  "nonsense",
  "{}",
  "{\"shelf\": 2, \"directions\": []}",
  "{\"shelf\": \"1\", \"directions\": []}",
  "{\"shelf\": 1}",
  "{\"shelf\": 1, \"directions\": 7}",
  "{\"shelf\": 1, \"directions\": [7]}",
  "{\"shelf\": 1, \"directions\": [{}]}",
  "{\"shelf\": 1, \"directions\": [{\"id\": \"\", \"origin\": \"model\"}]}",
  "{\"shelf\": 1, \"directions\": [{\"id\": \"glasses\", \"origin\": \"moon\"}]}",
  "{\"shelf\": 1, \"directions\": [{\"id\": \"glasses\", \"origin\": \"model\"}, {\"id\": \"glasses\", \"origin\": \"model\"}]}",
  "{\"shelf\": 1, \"directions\": [{\"id\": \"glasses\", \"origin\": \"model\", \"scale\": 0}]}",
  "{\"shelf\": 1, \"directions\": [{\"id\": \"glasses\", \"origin\": \"model\", \"scale\": 1e999}]}",
  "{\"shelf\": 1, \"directions\": [{\"id\": \"glasses\", \"origin\": \"model\", \"name\": \"\"}]}",
  "{\"shelf\": 1, \"directions\": [{\"id\": \"glasses\", \"origin\": \"model\", \"hidden\": 1}]}",
  "{\"shelf\": 1, \"directions\": [{\"id\": \"glasses\", \"origin\": \"model\", \"first_layer\": -1}]}",
  "{\"shelf\": 1, \"directions\": [{\"id\": \"a\", \"origin\": \"found\", \"scale\": 1, " VALUES "}]}",
  "{\"shelf\": 1, \"directions\": [{\"id\": \"a\", \"origin\": \"found\", \"name\": \"A\", " VALUES "}]}",
  "{\"shelf\": 1, \"directions\": [{" FOUND "\"pinned\": true}]}",
  "{\"shelf\": 1, \"directions\": [{" FOUND "\"values\": {\"rows\": 1, \"width\": 1, \"float32\": \"AADAfw==\"}}]}",
  "{\"shelf\": 1, \"directions\": [], \"presets\": [{\"edits\": []}]}",
  "{\"shelf\": 1, \"directions\": [], \"presets\": [{\"name\": \"a\"}, {\"name\": \"a\"}]}",
  "{\"shelf\": 1, \"directions\": [], \"presets\": [{\"name\": \"a\", \"edits\": [{\"direction\": \"x\"}]}]}",
};

static void
test_broken_files_are_set_aside (void)
{
  clean ();
  for (guint i = 0; i < G_N_ELEMENTS (broken_files); i++)
    {
      g_autoptr (C2lShelf) shelf = NULL;
      g_autofree char *notice = NULL, *kept = NULL;
      g_autofree char *aside = i == 0 ? g_strdup_printf ("%s.broken", path) : g_strdup_printf ("%s.broken-%u", path, i + 1);

      g_test_message ("%s", broken_files[i]);
      g_assert_true (g_file_set_contents (path, broken_files[i], -1, NULL));
      shelf = c2l_shelf_open_file (bundle, path, &notice);
      g_assert_nonnull (strstr (notice, aside));
      g_assert_cmpuint (c2l_shelf_get_directions (shelf)->len, ==, c2l_bundle_get_directions (bundle)->len);
      g_assert_cmpuint (c2l_shelf_get_presets (shelf)->len, ==, 0);
      g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
      g_assert_true (g_file_get_contents (aside, &kept, NULL, NULL));
      g_assert_cmpstr (kept, ==, broken_files[i]);
      arrange (shelf);
      save (shelf);
    }
}

static void
test_directions_that_left_the_bundle_are_forgotten (void)
{
  g_autoptr (C2lShelf) shelf = NULL;

  clean ();
  g_assert_true (g_file_set_contents (path, "{\"shelf\": 1, \"directions\": [{\"id\": \"wings\", \"origin\": \"model\"}]}", -1, NULL));
  shelf = open_shelf ();
  g_assert_null (c2l_shelf_lookup (shelf, "wings"));
}

static void
test_what_cannot_be_read_is_left_alone (void)
{
  g_autoptr (C2lShelf) shelf = NULL;
  g_autofree char *notice = NULL;
  g_autoptr (GError) error = NULL;

  /* A folder in the file's place cannot be read, by root neither. */
  clean ();
  g_assert_cmpint (g_mkdir (path, 0755), ==, 0);
  shelf = c2l_shelf_open_file (bundle, path, &notice);
  g_assert_nonnull (notice);
  arrange (shelf);
  g_assert_false (c2l_shelf_save (shelf, &error));
  g_assert_nonnull (error);
  g_assert_true (g_file_test (path, G_FILE_TEST_IS_DIR));
}

static C2lShelf *saving;

static void
saved (GObject *source, GAsyncResult *result, gpointer data)
{
  int *n = data;
  g_autoptr (GError) error = NULL;

  g_assert_true (c2l_shelf_save_finish (saving, result, &error));
  g_assert_no_error (error);
  ++*n;
}

/* Whichever thread comes last: what is on the disk is the newest state. */
static void
test_the_newest_state_stays (void)
{
  g_autoptr (C2lShelf) shelf = NULL, again = NULL;
  int n = 0;

  clean ();
  shelf = saving = open_shelf ();
  for (int i = 1; i <= 40; i++)
    {
      g_autofree char *name = g_strdup_printf ("Name %d", i);

      c2l_shelf_rename (shelf, "glasses", name);
      c2l_shelf_save_async (shelf, NULL, saved, &n);
    }
  while (n < 40)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (c2l_shelf_is_saved (shelf));
  again = open_shelf ();
  g_assert_cmpstr (c2l_shelf_lookup (again, "glasses")->name, ==, "Name 40");
}

static void
test_lies_in_the_users_folder (void)
{
  g_autofree char *sum = c2l_bundle_dup_sha256 (bundle, C2L_ROLE_GENERATOR, NULL), *notice = NULL;
  g_autofree char *name = g_strdup_printf ("%s.json", sum);
  g_autofree char *file = g_build_filename (g_get_user_data_dir (), "clip2latent", "directions", name, NULL);
  g_autoptr (C2lShelf) shelf = c2l_shelf_open (bundle, &notice);

  c2l_shelf_set_pinned (shelf, "glasses", TRUE);
  save (shelf);
  g_assert_true (g_file_test (file, G_FILE_TEST_IS_REGULAR));
}

int
main (int argc, char **argv)
{
  g_autofree char *starter = g_build_filename (g_getenv ("C2L_DATA"), "starter", NULL);
  int result;

  /* Before GLib looks at it. Its own way of isolating a test leaks. */
  folder = g_dir_make_tmp ("c2l-test-XXXXXX", NULL);
  g_setenv ("XDG_DATA_HOME", folder, TRUE);
  g_test_init (&argc, &argv, NULL);
  bundle = c2l_bundle_open (starter, NULL);
  path = g_build_filename (folder, "shelf.json", NULL);
  g_test_add_func ("/shelf/begins-with-the-bundle", test_begins_with_the_bundle);
  g_test_add_func ("/shelf/is-there-again", test_is_there_again);
  g_test_add_func ("/shelf/tells-of-changes-only", test_tells_of_changes_only);
  g_test_add_func ("/shelf/no-two-are-the-same", test_no_two_are_the_same);
  g_test_add_func ("/shelf/presets", test_presets);
  g_test_add_func ("/shelf/imports-files", test_imports_files);
  g_test_add_func ("/shelf/survives/broken-files", test_broken_files_are_set_aside);
  g_test_add_func ("/shelf/survives/another-bundle", test_directions_that_left_the_bundle_are_forgotten);
  g_test_add_func ("/shelf/survives/what-cannot-be-read", test_what_cannot_be_read_is_left_alone);
  g_test_add_func ("/shelf/the-newest-state-stays", test_the_newest_state_stays);
  g_test_add_func ("/shelf/lies-in-the-users-folder", test_lies_in_the_users_folder);
  result = g_test_run ();
  clean ();
  g_rmdir (folder);
  g_free (folder);
  g_free (path);
  c2l_bundle_unref (bundle);
  return result;
}
