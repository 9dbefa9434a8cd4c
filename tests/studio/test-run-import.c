/* A checkpoint of a run as a model: what it takes from the model that the run was for. */
#include "studio/run-import.h"

#include "studio/export.h"
#include "studio/json.h"
#include "studio/paths.h"
#include "studio/train-config.h"
#include "scratch.h"

#include <glib/gstdio.h>

typedef struct
{
  char *run, *checkpoint, *folder;
  C2lDevice *device;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  const char *const overrides[] = { "data=starter", NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *starter = c2l_paths_dup_data ("starter");
  g_autoptr (C2lBundle) bundle = c2l_bundle_open (starter, &error);
  g_autoptr (JsonObject) config = c2l_train_config_compose (NULL, overrides, &error);
  g_autofree char *path = NULL;

  g_assert_no_error (error);
  fixture->run = g_dir_make_tmp ("c2l-run-import-XXXXXX", NULL);
  fixture->checkpoint = g_build_filename (fixture->run, "00000001.ckpt", NULL);
  fixture->folder = g_build_filename (fixture->run, "model", NULL);
  path = g_build_filename (fixture->run, "config.yaml", NULL);
  g_assert_true (c2l_train_config_save (config, path, &error));
  g_assert_true (c2l_export_prior (bundle, fixture->checkpoint, FALSE, &error));
  fixture->device = c2l_device_open ("cpu", &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  c2l_device_unref (fixture->device);
  scratch_remove (fixture->run);
  g_free (fixture->run);
  g_free (fixture->checkpoint);
  g_free (fixture->folder);
}

static void
test_takes_what_belongs_to_it (Fixture *fixture, gconstpointer data)
{
  const C2lImport import = { .name = "Mine" };
  g_autoptr (GError) error = NULL;
  g_autofree char *starter = c2l_paths_dup_data ("starter");
  g_autoptr (C2lBundle) original = c2l_bundle_open (starter, &error);
  g_autoptr (C2lBundle) made = NULL;
  const char *const lists[] = { "licences", "attributions" };
  C2lDefaults defaults, expected;

  g_assert_true (c2l_run_import (fixture->run, fixture->checkpoint, &import, fixture->folder,
                                 fixture->device, NULL, &error));
  g_assert_no_error (error);
  made = c2l_bundle_open (fixture->folder, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (c2l_bundle_get_name (made), ==, "Mine");
  for (C2lRole role = 0; role < C2L_N_ROLES; role++)
    g_assert_nonnull (c2l_bundle_get_file (made, role));
  g_assert_cmpstr (c2l_bundle_get_preprocess (made), ==, c2l_bundle_get_preprocess (original));
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      JsonArray *ours = c2l_json_get_array (c2l_bundle_get_info (made), lists[i]);
      JsonArray *theirs = c2l_json_get_array (c2l_bundle_get_info (original), lists[i]);

      g_assert_cmpuint (json_array_get_length (theirs), >, 0);
      g_assert_cmpuint (json_array_get_length (ours), ==, json_array_get_length (theirs));
      g_assert_cmpstr (json_array_get_string_element (ours, 0), ==,
                       json_array_get_string_element (theirs, 0));
    }
  c2l_bundle_get_defaults (made, &defaults);
  c2l_bundle_get_defaults (original, &expected);
  g_assert_cmpint (defaults.steps, ==, expected.steps);
  g_assert_cmpfloat (defaults.guidance, ==, expected.guidance);

  g_autofree char *directions = g_build_filename (fixture->folder, "directions", NULL);
  g_assert_true (g_file_test (directions, G_FILE_TEST_IS_DIR));
}

static void
test_nothing_of_what_fails (Fixture *fixture, gconstpointer data)
{
  const C2lImport import = { .name = "Mine" };
  g_autoptr (GError) error = NULL;

  g_assert_false (c2l_run_import (fixture->run, "/nowhere/at/all.ckpt", &import, fixture->folder,
                                  fixture->device, NULL, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_false (g_file_test (fixture->folder, G_FILE_TEST_EXISTS));

  g_assert_false (c2l_run_import ("/nowhere/at/all", fixture->checkpoint, &import, fixture->folder,
                                  fixture->device, NULL, &error));
  g_assert_nonnull (error);
  g_assert_false (g_file_test (fixture->folder, G_FILE_TEST_EXISTS));
}

static void
test_cancelled (Fixture *fixture, gconstpointer data)
{
  const C2lImport import = { .name = "Mine" };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_false (c2l_run_import (fixture->run, fixture->checkpoint, &import, fixture->folder,
                                  fixture->device, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (g_file_test (fixture->folder, G_FILE_TEST_EXISTS));
}

#define ADD(name, function)                                                                        \
  g_test_add ("/run-import/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("takes-what-belongs-to-it", test_takes_what_belongs_to_it);
  ADD ("nothing-of-what-fails", test_nothing_of_what_fails);
  ADD ("cancelled", test_cancelled);
  return g_test_run ();
}
