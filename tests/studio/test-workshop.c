/* The workshop: requests to a worker are answered in the main context, with progress, and sliders do not wait for long ones. */
#include "studio/workshop.h"

#include <glib/gstdio.h>
#include <string.h>

static C2lWorker *worker;
static C2lRecipe *man, *woman;

static void
take_result (GObject *source, GAsyncResult *result, gpointer data)
{
  GAsyncResult **place = data;

  *place = g_object_ref (result);
}

static GAsyncResult *
wait_for (GAsyncResult **place)
{
  while (*place == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *place;
}

static C2lSampling
usual (C2lModelInfo *info, int n)
{
  C2lDefaults defaults;

  c2l_bundle_get_defaults (info->bundle, &defaults);
  return (C2lSampling) { .n = n, .sampler = defaults.sampler, .steps = defaults.steps, .guidance = defaults.guidance, .truncation = 1 };
}

static C2lModelInfo *info;

static void
arrived (const C2lArrival *arrival, gpointer data)
{
  C2lRecipe **place = arrival->position == 0 ? &man : &woman;

  g_clear_pointer (place, c2l_recipe_unref);
  *place = c2l_recipe_copy (arrival->picture->recipe);
}

static void
open_and_draw (void)
{
  g_autofree char *folder = g_build_filename (g_getenv ("C2L_DATA"), "starter", NULL);
  g_autoptr (GAsyncResult) opened = NULL, drawn = NULL;
  const char *const prompts[] = { "a man with a beard", "a woman with pink hair", NULL };
  C2lOrder order = { .prompts = prompts };
  g_autoptr (GError) error = NULL;

  worker = c2l_worker_new ();
  c2l_worker_configure (worker, "cpu", "f32", 2);
  c2l_worker_open_async (worker, folder, NULL, take_result, &opened);
  info = c2l_worker_open_finish (worker, wait_for (&opened), &error);
  g_assert_no_error (error);
  order.sampling = usual (info, 1);
  c2l_worker_generate_async (worker, &order, &(C2lWorkerEvents) { .arrived = arrived }, NULL, take_result, &drawn);
  g_assert_true (c2l_worker_generate_finish (worker, wait_for (&drawn), &error));
  g_assert_no_error (error);
}

static GPtrArray *
both (void)
{
  GPtrArray *recipes = g_ptr_array_new ();

  g_ptr_array_add (recipes, man);
  g_ptr_array_add (recipes, woman);
  return recipes;
}

static void
test_new_pictures (void)
{
  g_autoptr (GPtrArray) recipes = both (), frames = NULL, varied = NULL, more = NULL;
  g_autoptr (GAsyncResult) a = NULL, b = NULL, c = NULL, d = NULL;
  g_autoptr (GError) error = NULL;
  C2lRows *styles;

  c2l_workshop_in_betweens_async (worker, recipes, &(C2lInBetweens) { .n = 5 }, NULL, take_result, &a);
  c2l_workshop_vary_async (worker, man, 0.3, 1, 4, NULL, take_result, &b);
  c2l_workshop_more_like_async (worker, recipes, 1, 1, 3, NULL, take_result, &c);
  c2l_workshop_styles_async (worker, man, NULL, take_result, &d);
  frames = c2l_workshop_recipes_finish (worker, wait_for (&a), &error);
  g_assert_no_error (error);
  g_assert_true (c2l_recipe_equal (frames->pdata[4], woman));
  varied = c2l_workshop_recipes_finish (worker, wait_for (&b), &error);
  g_assert_cmpuint (varied->len, ==, 4);
  more = c2l_workshop_recipes_finish (worker, wait_for (&c), &error);
  g_assert_cmpuint (more->len, ==, 3);
  styles = c2l_workshop_styles_finish (worker, wait_for (&d), &error);
  g_assert_cmpint (styles->n_rows, ==, info->num_ws);
  c2l_rows_free (styles);
}

typedef struct
{
  int n;
  double last;
  GThread *thread;
  GAsyncResult *drawn; /* of a slider that is moved meanwhile */
} Watch;

static void
watch_progress (double fraction, gpointer data)
{
  Watch *watch = data;

  g_assert_true (g_thread_self () == watch->thread);
  g_assert_cmpfloat (fraction, >=, watch->last);
  watch->last = fraction;
  if (watch->n++ == 0)
    c2l_worker_draw_async (worker, man, 32, FALSE, NULL, NULL, take_result, &watch->drawn);
}

static void
test_words_give_way_to_sliders (void)
{
  C2lSampling sampling = usual (info, 1);
  const C2lWords words = { "a person", "a person with glasses", &sampling };
  g_autoptr (GAsyncResult) found = NULL;
  g_autoptr (GError) error = NULL;
  Watch watch = { .thread = g_thread_self () };
  g_autoptr (C2lWordsResult) result = NULL;
  g_autoptr (C2lPicture) picture = NULL;

  c2l_workshop_find_words_async (worker, &words, watch_progress, &watch, NULL, take_result, &found);
  wait_for (&watch.drawn);
  g_assert_null (found);
  picture = c2l_worker_draw_finish (worker, watch.drawn, NULL, &error);
  g_assert_no_error (error);
  g_object_unref (watch.drawn);
  result = c2l_workshop_words_finish (worker, wait_for (&found), &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (watch.last, ==, 1);
  g_assert_true (result->is_clear);
}

static void
test_found (void)
{
  g_autoptr (GAsyncResult) a = NULL, b = NULL;
  g_autoptr (GPtrArray) pca = NULL, styles = NULL;
  g_autoptr (GError) error = NULL;

  c2l_workshop_find_pca_async (worker, &(C2lFoundPca) { .n = 3, .n_samples = 300 }, NULL, NULL, NULL, take_result, &a);
  c2l_workshop_find_styles_async (worker, 0, 3, 2, NULL, take_result, &b);
  pca = c2l_workshop_found_finish (worker, wait_for (&a), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (pca->len, ==, 3);
  styles = c2l_workshop_found_finish (worker, wait_for (&b), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (styles->len, ==, 2);
}

static void
test_cancelled (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) a = NULL;
  g_autoptr (GError) error = NULL;

  c2l_workshop_find_pca_async (worker, &(C2lFoundPca) { .n = 3, .n_samples = 1000000 }, NULL, NULL, cancellable, take_result, &a);
  g_cancellable_cancel (cancellable);
  g_assert_null (c2l_workshop_found_finish (worker, wait_for (&a), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_look_alikes_and_errors (void)
{
  C2lSampling sampling = usual (info, 2);
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "c2l-no-such-picture.png", NULL);
  g_autoptr (GAsyncResult) a = NULL;
  g_autoptr (GError) error = NULL;

  c2l_workshop_look_alikes_async (worker, path, &sampling, TRUE, NULL, NULL, NULL, take_result, &a);
  g_assert_null (c2l_workshop_recipes_finish (worker, wait_for (&a), &error));
  g_assert_nonnull (strstr (error->message, "c2l-no-such-picture.png"));
}

static void
test_shelf (void)
{
  g_autoptr (GAsyncResult) a = NULL;
  g_autofree char *notice = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lShelf) shelf = NULL;

  c2l_workshop_open_shelf_async (worker, NULL, take_result, &a);
  shelf = c2l_workshop_open_shelf_finish (worker, wait_for (&a), &notice, &error);
  g_assert_no_error (error);
  g_assert_null (notice);
  g_assert_nonnull (c2l_shelf_lookup (shelf, "glasses"));
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = g_dir_make_tmp ("c2l-test-XXXXXX", NULL);
  int result;

  g_setenv ("XDG_DATA_HOME", folder, TRUE);
  g_test_init (&argc, &argv, NULL);
  open_and_draw ();
  g_test_add_func ("/workshop/new-pictures", test_new_pictures);
  g_test_add_func ("/workshop/words-give-way-to-sliders", test_words_give_way_to_sliders);
  g_test_add_func ("/workshop/found", test_found);
  g_test_add_func ("/workshop/cancelled", test_cancelled);
  g_test_add_func ("/workshop/look-alikes-and-errors", test_look_alikes_and_errors);
  g_test_add_func ("/workshop/shelf", test_shelf);
  result = g_test_run ();
  c2l_worker_stop (worker);
  g_object_unref (worker);
  c2l_model_info_unref (info);
  c2l_recipe_unref (man);
  c2l_recipe_unref (woman);
  g_rmdir (folder);
  return result;
}
