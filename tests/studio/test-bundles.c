/* Installed models: what is listed, what is broken, and how one comes in. Folders of the user are
 * temporary. */
#include "studio/bundles.h"
#include "studio/install.h"
#include "studio/paths.h"

#include <glib/gstdio.h>
#include <string.h>

static char *
add_model (const char *name, const char *model_json)
{
  g_autofree char *models = c2l_paths_dup_models ();
  char *folder = g_build_filename (models, name, NULL);
  g_autofree char *model = g_build_filename (folder, "model.json", NULL);
  g_autofree char *generator = g_build_filename (folder, "g", NULL);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
  if (model_json != NULL)
    g_assert_true (g_file_set_contents (model, model_json, -1, NULL));
  g_assert_true (g_file_set_contents (generator, "12345", -1, NULL));
  return folder;
}

static GPtrArray *
list (void)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *models = c2l_bundles_list (NULL, &error);

  g_assert_no_error (error);
  return models;
}

static void
test_lists_the_starter (void)
{
  g_autoptr (GPtrArray) models = list ();
  C2lInstalled *starter = g_ptr_array_index (models, 0);

  g_assert_cmpuint (models->len, ==, 1);
  g_assert_no_error (starter->error);
  g_assert_true (starter->is_starter && starter->has_clip && starter->has_prior);
  g_assert_cmpstr (starter->id, ==, "");
  g_assert_cmpstr (starter->name, ==, "Cartoon portraits");
  g_assert_cmpuint (g_strv_length (starter->attributions), ==, 3);
  g_assert_cmpuint (g_strv_length (starter->licences), ==, 1);
  g_assert_cmpuint (starter->n_directions, ==, 11);
  g_assert_cmpuint (starter->size, >, 1000000);
}

static void
test_finds_by_name (void)
{
  g_autofree char *starter = c2l_paths_dup_data ("starter"), *ours = c2l_bundles_find ("starter");
  g_autofree char *mine = add_model ("mine", "{}"), *users = c2l_bundles_find ("mine");
  g_autofree char *path = c2l_bundles_find (mine), *nothing = c2l_bundles_find ("sg2-ffhq-1024");

  g_assert_cmpstr (ours, ==, starter);
  g_assert_cmpstr (users, ==, mine);
  g_assert_cmpstr (path, ==, mine);
  g_assert_cmpstr (nothing, ==, "sg2-ffhq-1024");
}

static void
test_renames (void)
{
  g_autofree char *folder = add_model (
      "old",
      "{\"format\": 1, \"name\": \"Old\", \"origin\": \"x\", \"generator\": {\"file\": \"g\", "
      "\"sha256\": \"abc\"}, \"mine\": {\"kept\": [1, 2]}}");
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (folder, "model.json", NULL), *text = NULL,
                  *found = NULL;
  g_autoptr (GPtrArray) models = NULL;
  C2lInstalled *renamed;

  g_assert_true (c2l_bundles_rename (folder, "Grün “2”", &error));
  g_assert_no_error (error);
  models = list ();
  renamed = g_ptr_array_index (models, models->len - 1);
  g_assert_cmpstr (renamed->id, ==, "old");
  g_assert_cmpstr (renamed->name, ==, "Grün “2”");
  g_assert_cmpstr (renamed->generator, ==, "abc");
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "kept"));
  found = c2l_bundles_find_origin ("x");
  g_assert_cmpstr (found, ==, folder);
  g_assert_null (c2l_bundles_find_origin ("y"));
  g_assert_false (c2l_bundles_rename ("/nowhere", "A", &error));
  g_assert_nonnull (error);
}

static void
test_lists_others_behind_it (void)
{
  g_autofree char *b
      = add_model ("b", "{\"format\": 1, \"name\": \"Äpfel\", \"generator\": {\"file\": \"g\"}}");
  g_autofree char *a = add_model ("a", "{\"format\": 1, \"generator\": {\"file\": \"g\"}}");
  g_autofree char *writing = add_model ("c.part-aBcDeF", "{}");
  g_autoptr (GPtrArray) models = list ();
  C2lInstalled *first = g_ptr_array_index (models, 1), *second = g_ptr_array_index (models, 2);

  g_assert_cmpuint (models->len, ==, 3);
  g_assert_cmpstr (first->id, ==, "a");
  g_assert_cmpstr (first->name, ==, "a");
  g_assert_false (first->is_starter || first->has_prior);
  g_assert_cmpstr (second->id, ==, "b");
  g_assert_cmpstr (second->name, ==, "Äpfel");
  g_assert_cmpuint (
      second->size, ==,
      5 + strlen ("{\"format\": 1, \"name\": \"Äpfel\", \"generator\": {\"file\": \"g\"}}"));
}

static void
test_lists_broken_ones_with_what_is_wrong (void)
{
  g_autofree char *empty = add_model ("empty", NULL);
  g_autofree char *lies
      = add_model ("lies", "{\"format\": 1, \"generator\": {\"file\": \"gone\"}}");
  g_autoptr (GPtrArray) models = list ();

  g_assert_cmpuint (models->len, ==, 3);
  for (guint i = 1; i < 3; i++)
    {
      C2lInstalled *model = g_ptr_array_index (models, i);

      g_assert_nonnull (model->error);
      g_assert_nonnull (strstr (model->error->message, model->folder));
      g_assert_cmpuint (model->size, >=, 5);
    }
}

static void
test_ids_and_folders_agree (void)
{
  static const char *const ids[] = { "", "ffhq", "Bäume 木", "/somewhere/else" };

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      g_autofree char *folder = c2l_bundles_dup_folder (ids[i]);
      g_autofree char *id = c2l_bundles_dup_id (folder);

      g_assert_cmpstr (id, ==, ids[i]);
    }
}

static void
assert_new_folder (const char *name, const char *expected)
{
  g_autofree char *folder = c2l_bundles_dup_new_folder (name);
  g_autofree char *base = g_path_get_basename (folder);
  g_autofree char *parent = g_path_get_dirname (folder), *models = c2l_paths_dup_models ();

  g_assert_cmpstr (base, ==, expected);
  g_assert_cmpstr (parent, ==, models);
}

static void
test_new_folders_are_safe_and_new (void)
{
  g_autofree char *taken = add_model ("木", NULL);

  assert_new_folder ("Portraits", "Portraits");
  assert_new_folder ("../../etc/passwd", "etcpasswd");
  assert_new_folder ("...", "model");
  assert_new_folder ("", "model");
  assert_new_folder ("木", "木 2");
}

/* --- coming in --- */

typedef struct
{
  GMainLoop *loop;
  GAsyncResult *result;
  GCancellable *cancel_at_first; /* (nullable): cancelled by the first report of progress */
  double fraction;
  GString *parts;
} Waiting;

static void
finished (GObject *source, GAsyncResult *result, gpointer data)
{
  Waiting *waiting = data;

  waiting->result = g_object_ref (result);
  g_main_loop_quit (waiting->loop);
}

static void
progressed (double fraction, const char *part, gpointer data)
{
  Waiting *waiting = data;

  g_assert_null (waiting->result);
  g_assert_cmpfloat (fraction, >=, waiting->fraction);
  g_assert_cmpfloat (fraction, <=, 1);
  waiting->fraction = fraction;
  g_string_append_printf (waiting->parts, "%s ", part);
  if (waiting->cancel_at_first != NULL)
    g_cancellable_cancel (waiting->cancel_at_first);
}

static char *
install (const char *folder, GCancellable *cancellable, Waiting *waiting, GError **error)
{
  g_autofree char *clip = g_test_build_filename (G_TEST_DIST, "fixtures", "e2e", "clip.pt", NULL);
  g_autofree char *files = g_test_build_filename (G_TEST_DIST, "fixtures", "e2e", "w", NULL);
  g_autofree char *prior = g_build_filename (files, "prior.ckpt", NULL);
  g_autofree char *config = g_build_filename (files, "prior.yaml", NULL);
  g_autofree char *generator = g_build_filename (files, "generator.pkl", NULL);
  C2lModelFiles model = { .clip = clip, .prior = prior, .config = config, .generator = generator };
  char *installed;

  waiting->loop = g_main_loop_new (NULL, FALSE);
  waiting->parts = g_string_new (NULL);
  waiting->cancel_at_first = cancellable;
  if (folder != NULL)
    c2l_install_folder_async (folder, progressed, waiting, cancellable, finished, waiting);
  else
    c2l_install_async (&model, "Kleine Bäume", progressed, waiting, cancellable, finished, waiting);
  g_main_loop_run (waiting->loop);
  installed = c2l_install_finish (waiting->result, error);
  g_clear_object (&waiting->result);
  g_main_loop_unref (waiting->loop);
  return installed;
}

static void
test_installs_the_originals_files (void)
{
  g_autoptr (GError) error = NULL;
  Waiting waiting = { 0 };
  g_autofree char *folder = install (NULL, NULL, &waiting, &error);
  g_autoptr (GPtrArray) models = list ();
  C2lInstalled *model;

  g_assert_no_error (error);
  g_assert_cmpstr (waiting.parts->str, ==, "check clip prior generator ");
  g_assert_cmpuint (models->len, ==, 2);
  model = g_ptr_array_index (models, 1);
  g_assert_no_error (model->error);
  g_assert_cmpstr (model->folder, ==, folder);
  g_assert_cmpstr (model->id, ==, "Kleine Bäume");
  g_assert_true (model->has_clip && model->has_prior);
  g_string_free (waiting.parts, TRUE);
}

static void
test_cancelled_leaves_nothing (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  Waiting waiting = { 0 };
  g_autofree char *models = c2l_paths_dup_models ();
  g_autofree char *starter = c2l_paths_dup_data ("starter");
  g_autofree char *folder = NULL;
  g_autoptr (GDir) dir = NULL;

  g_cancellable_cancel (cancellable);
  folder = install (NULL, cancellable, &waiting, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (folder);
  g_clear_error (&error);
  g_string_free (waiting.parts, TRUE);

  waiting = (Waiting){ 0 };
  folder = install (starter, cancellable, &waiting, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_string_free (waiting.parts, TRUE);
  dir = g_dir_open (models, 0, NULL);
  g_assert_nonnull (dir);
  g_assert_null (g_dir_read_name (dir));
}

static void
test_copies_a_folder (void)
{
  g_autofree char *starter = c2l_paths_dup_data ("starter");
  g_autoptr (GError) error = NULL;
  Waiting waiting = { 0 };
  g_autofree char *folder = install (starter, NULL, &waiting, &error);
  g_autoptr (C2lBundle) bundle = NULL;

  g_assert_no_error (error);
  bundle = c2l_bundle_open (folder, &error);
  g_assert_no_error (error);
  g_assert_true (c2l_bundle_verify (bundle, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (c2l_bundle_get_directions (bundle)->len, ==, 11);
  g_string_free (waiting.parts, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/bundles/lists/the-starter", test_lists_the_starter);
  g_test_add_func ("/bundles/lists/others-behind-it", test_lists_others_behind_it);
  g_test_add_func ("/bundles/lists/broken-ones-with-what-is-wrong",
                   test_lists_broken_ones_with_what_is_wrong);
  g_test_add_func ("/bundles/renames-and-finds-by-origin", test_renames);
  g_test_add_func ("/bundles/finds/by-name", test_finds_by_name);
  g_test_add_func ("/bundles/ids-and-folders-agree", test_ids_and_folders_agree);
  g_test_add_func ("/bundles/new-folders-are-safe-and-new", test_new_folders_are_safe_and_new);
  g_test_add_func ("/install/takes/the-originals-files", test_installs_the_originals_files);
  g_test_add_func ("/install/takes/a-folder", test_copies_a_folder);
  g_test_add_func ("/install/cancelled-leaves-nothing", test_cancelled_leaves_nothing);
  return g_test_run ();
}
