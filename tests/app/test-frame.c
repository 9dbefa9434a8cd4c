/* The frame of the window, widget by widget: keys, files that are opened, rows of models and
 * trainings, the import dialog. */
#include "app-test.h"

#include "app/c2l-file-row.h"
#include "app/c2l-import-dialog.h"
#include "app/c2l-model-row.h"
#include "app/c2l-opener.h"
#include "app/c2l-preferences.h"
#include "app/c2l-run-row.h"
#include "app/c2l-settings.h"
#include "app/c2l-shortcuts.h"
#include "studio/bundles.h"
#include "studio/devices.h"

#include <glib/gstdio.h>
#include <string.h>

/* --- keys --- */

static void
test_keys_are_keys (void)
{
  for (const C2lShortcut *each = c2l_shortcuts_get (); each->action != NULL; each++)
    {
      g_autofree char *name = NULL;
      g_autoptr (GVariant) target = NULL;
      g_autoptr (GError) error = NULL;

      if (each->scope == C2L_SCOPE_WIDGET)
        g_assert_cmpstr (each->action, ==, "");
      else
        g_action_parse_detailed_name (each->action, &name, &target, &error);
      g_assert_no_error (error);
      g_assert_nonnull (each->keys[0]);
      g_assert_true (*each->title != '\0' && *each->group != '\0');
      for (int i = 0; each->keys[i] != NULL; i++)
        {
          guint key;
          GdkModifierType modifiers;

          g_assert_true (gtk_accelerator_parse (each->keys[i], &key, &modifiers));
        }
    }
}

static void
test_no_key_means_two_things (void)
{
  g_autoptr (GHashTable) taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (const C2lShortcut *each = c2l_shortcuts_get (); each->action != NULL; each++)
    for (int i = 0; each->keys[i] != NULL; i++)
      {
        char *key = g_strdup_printf ("%d %s", each->scope, each->keys[i]);

        if (!g_hash_table_add (taken, key))
          g_error ("%s is taken twice", each->keys[i]);
      }
}

static void
test_keys_are_listed (void)
{
  GtkWidget *window = c2l_shortcuts_window_new (NULL);

  g_assert_true (GTK_IS_SHORTCUTS_WINDOW (window));
  gtk_window_destroy (GTK_WINDOW (window));
}

/* --- files --- */

typedef struct
{
  C2lSorted *sorted;
} Sorting;

static void
on_sorted (GObject *source, GAsyncResult *result, gpointer data)
{
  ((Sorting *) data)->sorted = c2l_opener_sort_finish (result);
}

static gboolean
is_sorted (gpointer data)
{
  return ((Sorting *) data)->sorted != NULL;
}

static C2lSorted *
sort (const char *const *paths)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  Sorting sorting = { 0 };

  for (int i = 0; paths[i] != NULL; i++)
    g_ptr_array_add (files, g_file_new_for_path (paths[i]));
  c2l_opener_sort_async (files, NULL, on_sorted, &sorting);
  c2l_app_test_wait (is_sorted, &sorting);
  return sorting.sorted;
}

static char *
write_file (const char *name, const char *content, gssize length)
{
  char *path = g_build_filename (g_get_user_data_dir (), name, NULL);

  g_mkdir_with_parents (g_get_user_data_dir (), 0755);
  g_assert_true (g_file_set_contents (path, content, length, NULL));
  return path;
}

static char *
find_fixture (const char *name)
{
  return g_test_build_filename (G_TEST_DIST, "fixtures", name, NULL);
}

static void
test_files_are_sorted_by_what_they_are (void)
{
  /* A picture is one whatever it is called, and a letter stays one. */
  g_autofree char *picture = write_file ("Bild ohne Namen.pkl", "\x89PNG\r\n\x1a\nrest", -1);
  g_autofree char *photo = write_file ("木.jpg", "\xff\xd8\xff\xe0rest", -1);
  g_autofree char *web = write_file ("a.webp", "RIFF\1\1\1\1WEBPVP8 ", -1);
  g_autofree char *prior = find_fixture ("prior/w/prior.ckpt");
  g_autofree char *generator = find_fixture ("stylegan2/uncond/network.pkl");
  g_autofree char *laugh
      = g_build_filename (g_getenv ("C2L_DATA"), "starter", "directions", "laugh.npy", NULL);
  g_autofree char *broken = write_file ("model.ckpt", "PK\3\4rest", -1);
  g_autofree char *letter = write_file ("letter.pdf", "%PDF-1.4 rest", -1);
  g_autofree char *empty = write_file ("empty.pkl", "", 0);
  g_autofree char *folder = g_path_get_dirname (letter);
  g_autofree char *starter = c2l_bundles_dup_folder ("");
  const char *const paths[] = { picture, photo,  web,   prior,  generator, laugh,
                                broken,  letter, empty, folder, starter,   "/there/is/no/such.png",
                                NULL };
  g_autoptr (C2lSorted) sorted = sort (paths);

  g_assert_cmpuint (sorted->pictures->len, ==, 3);
  g_assert_cmpuint (sorted->models->len, ==, 3);
  g_assert_cmpuint (sorted->directions->len, ==, 1);
  g_assert_cmpuint (sorted->refused->len, ==, 5);
  g_assert_nonnull (strstr (g_ptr_array_index (sorted->refused, 0), "model.ckpt"));
  g_assert_nonnull (strstr (g_ptr_array_index (sorted->refused, 1), "letter.pdf"));
  g_assert_nonnull (strstr (g_ptr_array_index (sorted->refused, 2), "empty"));
  g_assert_nonnull (strstr (g_ptr_array_index (sorted->refused, 3), "model.json"));
  g_assert_nonnull (strstr (g_ptr_array_index (sorted->refused, 4), "such.png"));
}

/* Nobody is told that what he has is what was expected. */
static void
test_damaged_files_are_called_so (void)
{
  g_autofree char *picture = write_file ("photo.png", "\x89PNG and then nothing that fits", -1);
  g_autofree char *cut = write_file ("cut.jpg", "\x01\x02\x03\x04", -1);
  g_autofree char *model = write_file ("x.pkl", "\x01\x02\x03\x04 no pickle", -1);
  const char *const paths[] = { picture, cut, model, NULL };
  g_autoptr (C2lSorted) sorted = sort (paths);

  g_assert_cmpuint (sorted->refused->len, ==, 3);
  for (guint i = 0; i < sorted->refused->len; i++)
    {
      const char *text = g_ptr_array_index (sorted->refused, i);

      g_assert_nonnull (strstr (text, "damaged"));
      g_assert_null (strstr (text, "can be opened"));
      g_assert_null (strstr (text, "expected"));
    }
}

/* --- rows --- */

/* What is read below the title; libadwaita 1.2 gives the text, later versions the markup. */
static void
assert_subtitle (gpointer row, const char *expected)
{
  const char *subtitle = adw_action_row_get_subtitle (row);
  g_autofree char *text = NULL;

  if (!pango_parse_markup (subtitle, -1, 0, NULL, &text, NULL, NULL))
    text = g_strdup (subtitle);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_names_are_no_markup (void)
{
  C2lInstalled installed = { .id = (char *) "<b>",
                             .folder = (char *) "/<b>",
                             .name = (char *) "<b>&",
                             .draws = (char *) "<i>",
                             .network = (char *) "<u>",
                             .size = 5 };
  GtkWidget *row = g_object_ref_sink (GTK_WIDGET (c2l_model_row_new (&installed, NULL)));
  C2lRunInfo run = { .folder = (char *) "/<b>",
                     .name = (char *) "<b>&",
                     .state = C2L_RUN_FAILED,
                     .message = (char *) "<nonsense",
                     .step = 3 };
  C2lRunRow *run_row = g_object_ref_sink (c2l_run_row_new (run.folder));

  c2l_run_row_update (run_row, &run);
  g_assert_cmpstr (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)), ==, "&lt;b&gt;&amp;");
  g_assert_cmpstr (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (run_row)), ==,
                   "&lt;b&gt;&amp;");
  assert_subtitle (run_row, "failed at step 3");
  g_object_unref (row);
  g_object_unref (run_row);
}

static void
test_a_file_row_holds_a_file (void)
{
  C2lFileRow *row = g_object_ref_sink (
      g_object_new (C2L_TYPE_FILE_ROW, "title", "Prior", "hint", "none", NULL));
  g_autoptr (GFile) file = g_file_new_for_path ("/tmp/a <b>.pkl");

  assert_subtitle (row, "none");
  c2l_file_row_set_file (row, file);
  g_assert_cmpstr (c2l_file_row_get_path (row), ==, "/tmp/a <b>.pkl");
  assert_subtitle (row, "a <b>.pkl");
  gtk_widget_activate_action (GTK_WIDGET (row), "file.clear", NULL);
  g_assert_null (c2l_file_row_get_file (row));
  assert_subtitle (row, "none");
  g_object_unref (row);
}

static void
test_preferences_are_the_settings (void)
{
  GtkWidget *window = c2l_preferences_new (NULL);

  g_settings_set_int (c2l_settings_get (), "threads", 3);
  g_assert_cmpint (g_settings_get_int (c2l_settings_get (), "threads"), ==, 3);
  gtk_window_destroy (GTK_WINDOW (window));
  /* Opening and closing the window is no choice. */
  g_assert_null (g_settings_get_user_value (c2l_settings_get (), "precision"));
  g_assert_null (g_settings_get_user_value (c2l_settings_get (), "device"));
  g_assert_null (g_settings_get_user_value (c2l_settings_get (), "theme"));
  /* It was closed before the devices were known. */
  c2l_devices_settle ();
}

int
main (int argc, char **argv)
{
  c2l_app_test_init (&argc, &argv);
  g_test_add_func ("/shortcuts/keys-are-keys", test_keys_are_keys);
  g_test_add_func ("/shortcuts/no-key-means-two-things", test_no_key_means_two_things);
  g_test_add_func ("/shortcuts/are-listed", test_keys_are_listed);
  g_test_add_func ("/opener/sorts-by-what-files-are", test_files_are_sorted_by_what_they_are);
  g_test_add_func ("/opener/says-what-is-damaged", test_damaged_files_are_called_so);
  g_test_add_func ("/rows/names-are-no-markup", test_names_are_no_markup);
  g_test_add_func ("/file-row/holds-a-file", test_a_file_row_holds_a_file);
  g_test_add_func ("/preferences/are-the-settings", test_preferences_are_the_settings);
  return g_test_run ();
}
