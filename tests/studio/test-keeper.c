/* Favourites get a full-size PNG by themselves, and other pictures do not. */
#include "studio/bundles.h"
#include "studio/keep-all.h"
#include "studio/keeper.h"
#include "studio/picture.h"

#include <glib/gstdio.h>

typedef struct
{
  C2lWorker *worker;
  C2lLibrary *library;
  C2lKeeper *keeper;
  char *folder, *path, *generator, *failed;
  GPtrArray *recipes;
} Fixture;

static void
on_failed (Fixture *fixture, const char *text)
{
  g_free (fixture->failed);
  fixture->failed = g_strdup (text);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (C2lModelInfo) info = c2l_worker_open_finish (C2L_WORKER (source), result, NULL);

  g_assert_nonnull (info);
  fixture->generator = c2l_bundle_dup_sha256 (info->bundle, C2L_ROLE_GENERATOR, NULL);
}

static void
on_arrived (const C2lArrival *arrival, gpointer data)
{
  g_ptr_array_add (((Fixture *) data)->recipes, c2l_recipe_ref (arrival->picture->recipe));
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *starter = c2l_bundles_dup_folder ("");
  g_autofree char *notice = NULL;
  const C2lOrder order = { .sampling = { .n = 2, .truncation = 1, .noise = C2L_NOISE_KIND_CONST } };
  const C2lWorkerEvents events = { .arrived = on_arrived, .data = fixture };

  fixture->folder = g_dir_make_tmp ("c2l-keeper-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->folder, "library.sqlite", NULL);
  fixture->recipes = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);
  fixture->worker = c2l_worker_new ();
  fixture->library = c2l_library_open (fixture->path, &notice);
  fixture->keeper = c2l_keeper_new (fixture->worker, fixture->library);
  g_signal_connect_swapped (fixture->keeper, "failed", G_CALLBACK (on_failed), fixture);
  c2l_worker_open_async (fixture->worker, starter, NULL, on_opened, fixture);
  c2l_worker_generate_async (fixture->worker, &order, &events, NULL, NULL, NULL);
  while (fixture->generator == NULL || fixture->recipes->len < 2)
    g_main_context_iteration (NULL, TRUE);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  c2l_keeper_close (fixture->keeper);
  c2l_worker_stop (fixture->worker);
  c2l_library_close (fixture->library);
  g_object_unref (fixture->keeper);
  g_object_unref (fixture->worker);
  g_object_unref (fixture->library);
  g_ptr_array_unref (fixture->recipes);
  g_free (fixture->folder);
  g_free (fixture->path);
  g_free (fixture->generator);
  g_free (fixture->failed);
}

static char *
add (Fixture *fixture, guint i, gboolean favourite)
{
  C2lRecipe *recipe = g_ptr_array_index (fixture->recipes, i);
  g_autoptr (C2lLibraryEntry) entry = c2l_library_entry_new (recipe, NULL);
  g_autoptr (GPtrArray) entries = g_ptr_array_new (), recipes = g_ptr_array_new ();

  entry->favourite = favourite;
  g_ptr_array_add (entries, entry);
  g_ptr_array_add (recipes, recipe);
  c2l_library_add_async (fixture->library, entries, recipes, NULL, NULL, NULL);
  return g_strdup (entry->uid);
}

/* Waits until the file is there and the library knows. */
static char *
wait_for_picture (Fixture *fixture, const char *uid)
{
  g_autofree char *path = c2l_library_dup_picture_path (fixture->library, uid);

  while (!g_file_test (path, G_FILE_TEST_EXISTS))
    g_main_context_iteration (NULL, TRUE);
  return g_steal_pointer (&path);
}

static void
test_keeps_favourites_and_no_others (Fixture *fixture, gconstpointer data)
{
  g_autofree char *plain = add (fixture, 0, FALSE), *favourite = add (fixture, 1, TRUE);
  g_autofree char *plain_path = c2l_library_dup_picture_path (fixture->library, plain);
  g_autofree char *path = NULL;
  g_autoptr (C2lRecipe) recipe = NULL;

  c2l_keeper_set_generator (fixture->keeper, fixture->generator);
  path = wait_for_picture (fixture, favourite);
  recipe = c2l_picture_load_recipe (path, NULL);
  g_assert_nonnull (recipe);
  g_assert_cmpmem (recipe->latent.data, 16, ((C2lRecipe *) fixture->recipes->pdata[1])->latent.data,
                   16);
  g_assert_false (g_file_test (plain_path, G_FILE_TEST_EXISTS));
  g_assert_null (fixture->failed);
}

static void
test_keeps_what_becomes_a_favourite (Fixture *fixture, gconstpointer data)
{
  g_autofree char *uid = add (fixture, 0, FALSE);
  const char *const uids[] = { uid, NULL };

  c2l_keeper_set_generator (fixture->keeper, fixture->generator);
  c2l_library_set_favourite_async (fixture->library, uids, TRUE, NULL, NULL, NULL);
  g_free (wait_for_picture (fixture, uid));
}

static void
test_tells_what_cannot_be_kept_once (Fixture *fixture, gconstpointer data)
{
  g_autofree char *uid = add (fixture, 0, TRUE);
  g_autofree char *path = c2l_library_dup_picture_path (fixture->library, uid);

  /* A folder in its place. */
  g_mkdir_with_parents (path, 0700);
  c2l_keeper_set_generator (fixture->keeper, fixture->generator);
  while (fixture->failed == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_nonnull (strstr (fixture->failed, uid));
}

typedef struct
{
  GAsyncResult *result;
  guint done, n;
} Farewell;

static void
on_farewell (GObject *source, GAsyncResult *result, gpointer data)
{
  ((Farewell *) data)->result = g_object_ref (result);
}

static void
on_progress (guint done, guint n, gpointer data)
{
  ((Farewell *) data)->done = done;
  ((Farewell *) data)->n = n;
}

static gboolean
keep_all (Fixture *fixture, const char *generator, Farewell *farewell, GError **error)
{
  g_autofree char *starter = c2l_bundles_dup_folder ("");
  gboolean ok;

  *farewell = (Farewell){ 0 };
  c2l_keep_all_async (fixture->library, starter, generator, on_progress, farewell, NULL,
                      on_farewell, farewell);
  while (farewell->result == NULL)
    g_main_context_iteration (NULL, TRUE);
  ok = c2l_keep_all_finish (farewell->result, error);
  g_clear_object (&farewell->result);
  return ok;
}

static void
test_keeps_all_before_a_farewell (Fixture *fixture, gconstpointer data)
{
  g_autofree char *first = add (fixture, 0, FALSE), *second = add (fixture, 1, FALSE);
  g_autofree char *path = c2l_library_dup_picture_path (fixture->library, first);
  g_autofree char *second_path = c2l_library_dup_picture_path (fixture->library, second);
  g_autoptr (C2lRecipe) recipe = NULL;
  g_autoptr (GError) error = NULL;
  Farewell farewell;

  g_assert_true (keep_all (fixture, "of another model", &farewell, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (farewell.n, ==, 0);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));

  g_assert_true (keep_all (fixture, fixture->generator, &farewell, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (farewell.done, ==, 2);
  g_assert_cmpuint (farewell.n, ==, 2);
  recipe = c2l_picture_load_recipe (path, NULL);
  g_assert_nonnull (recipe);
  g_assert_true (g_file_test (second_path, G_FILE_TEST_EXISTS));

  /* Then there is nothing more to do. */
  g_assert_true (keep_all (fixture, fixture->generator, &farewell, &error));
  g_assert_cmpuint (farewell.n, ==, 0);
}

static void
test_farewell_says_what_cannot_be_kept (Fixture *fixture, gconstpointer data)
{
  g_autofree char *uid = add (fixture, 0, FALSE);
  g_autofree char *path = c2l_library_dup_picture_path (fixture->library, uid);
  g_autoptr (GError) error = NULL;
  Farewell farewell;

  g_mkdir_with_parents (path, 0700);
  g_assert_false (keep_all (fixture, fixture->generator, &farewell, &error));
  g_assert_nonnull (strstr (error->message, uid));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/keeper/keeps/favourites-and-no-others", test_keeps_favourites_and_no_others);
  ADD ("/keeper/keeps/what-becomes-a-favourite", test_keeps_what_becomes_a_favourite);
  ADD ("/keeper/tells/what-cannot-be-kept", test_tells_what_cannot_be_kept_once);
  ADD ("/keep-all/keeps/every-picture-of-the-model", test_keeps_all_before_a_farewell);
  ADD ("/keep-all/tells/what-cannot-be-kept", test_farewell_says_what_cannot_be_kept);
  return g_test_run ();
}
