/* From a wish to a command: what is said of data and models, and that typed settings have the last
 * word. Folders of the user are temporary; the starter is the program's. */
#include "studio/run-plan.h"

#include "studio/paths.h"
#include "studio/recipe.h"
#include "studio/train-config.h"
#include "scratch.h"

#include <glib/gstdio.h>
#include <string.h>

static const C2lRunWish usual
    = { .name = "first", .data = "starter", .model = "starter", .settings = "" };

static char *top; /* all data are in there */

static char *
make_tars (const char *folder_name, const char *const *names)
{
  g_autofree char *parent = g_mkdtemp (g_build_filename (top, "data-XXXXXX", NULL));
  char *folder = g_build_filename (parent, folder_name, NULL);

  g_assert_cmpint (g_mkdir (folder, 0755), ==, 0);
  for (; *names != NULL; names++)
    {
      g_autofree char *path = g_build_filename (folder, *names, NULL);
      g_assert_true (g_file_set_contents (path, "", 0, NULL));
    }
  return folder;
}

static C2lRunPlan *
plan (const C2lRunWish *wish)
{
  g_autoptr (GError) error = NULL;
  C2lRunPlan *made = c2l_run_plan_new (wish, &error);

  g_assert_no_error (error);
  return made;
}

/* What the plan's overrides come to. */
static JsonObject *
compose (const C2lRunPlan *made)
{
  g_autoptr (GError) error = NULL;
  JsonObject *config = c2l_train_config_compose (NULL, made->order.overrides, &error);

  g_assert_no_error (error);
  return config;
}

static void
assert_paths (const C2lRunPlan *made, const char *const *expected)
{
  g_autoptr (JsonObject) config = compose (made);
  g_auto (GStrv) paths = c2l_train_config_list_paths (config, "data.path");

  g_assert_cmpstrv (paths, expected);
}

static void
test_presets_and_a_name (void)
{
  g_autoptr (C2lRunPlan) made = plan (&usual);
  g_autofree char *runs = c2l_paths_dup_runs ();
  g_autofree char *folder = g_build_filename (runs, "first", NULL);

  g_assert_cmpstr (made->order.folder, ==, folder);
  g_assert_false (made->order.resume);
  g_assert_null (made->order.dataset);
  g_assert_cmpstrv (made->order.overrides,
                    ((const char *const[]){ "data=starter", "model=starter", NULL }));
  g_assert_true (g_str_has_prefix (made->command, "c2l train --run "));
  g_assert_true (g_str_has_suffix (made->command, " data=starter model=starter"));
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
}

static void
test_a_name_that_is_taken (void)
{
  g_autofree char *runs = c2l_paths_dup_runs ();
  g_autofree char *taken = g_build_filename (runs, "taken", NULL);
  g_autofree char *next = g_build_filename (runs, "taken 2", NULL);
  C2lRunWish wish = usual;

  wish.name = "taken";
  g_assert_cmpint (g_mkdir_with_parents (taken, 0755), ==, 0);

  g_autoptr (C2lRunPlan) made = plan (&wish);

  g_assert_cmpstr (made->order.folder, ==, next);
  /* As a shell would have it. */
  g_assert_nonnull (strstr (made->command, "taken 2'"));
}

static void
test_numbered_tars_are_a_range (void)
{
  const char *const names[] = { "00001.tar", "00000.tar", ".00002.tar.part", "dataset.json", NULL };
  g_autofree char *folder = make_tars ("data", names);
  g_autofree char *range = g_build_filename (folder, "{00000..00001}.tar", NULL);
  C2lRunWish wish = usual;

  wish.data_folder = folder;

  g_autoptr (C2lRunPlan) made = plan (&wish);

  assert_paths (made, (const char *const[]){ range, NULL });
}

static void
test_other_tars_are_listed (void)
{
  const char *const names[] = { "b, of mine.tar", "a.tar", "it's.tar", NULL };
  g_autofree char *folder = make_tars ("my 'data': [all]", names);
  g_autofree char *a = g_build_filename (folder, "a.tar", NULL);
  g_autofree char *b = g_build_filename (folder, "b, of mine.tar", NULL);
  g_autofree char *c = g_build_filename (folder, "it's.tar", NULL);
  C2lRunWish wish = usual;

  wish.data_folder = folder;

  g_autoptr (C2lRunPlan) made = plan (&wish);

  assert_paths (made, (const char *const[]){ a, b, c, NULL });
}

static void
test_a_gap_is_no_range (void)
{
  const char *const names[] = { "00000.tar", "00002.tar", NULL };
  g_autofree char *folder = make_tars ("data", names);
  g_autofree char *first = g_build_filename (folder, "00000.tar", NULL);
  g_autofree char *last = g_build_filename (folder, "00002.tar", NULL);
  C2lRunWish wish = usual;

  wish.data_folder = folder;

  g_autoptr (C2lRunPlan) made = plan (&wish);

  assert_paths (made, (const char *const[]){ first, last, NULL });
}

static void
test_no_tars (void)
{
  g_autofree char *folder = make_tars ("data", (const char *const[]){ "notes.txt", NULL });
  g_autoptr (GError) error = NULL;
  C2lRunWish wish = usual;

  wish.data_folder = folder;
  g_assert_null (c2l_run_plan_new (&wish, &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
  g_assert_true (g_str_has_prefix (error->message, folder));
}

static void
test_data_are_made_first (void)
{
  g_autofree char *user = c2l_paths_dup_user ();
  g_autofree char *folder = g_build_filename (user, "data", "starter-25000", NULL);
  g_autofree char *range = g_build_filename (folder, "{00000..00002}.tar", NULL);
  g_autofree char *starter = c2l_paths_dup_data ("starter");
  C2lRunWish wish = usual;

  wish.n_samples = 25000;

  g_autoptr (C2lRunPlan) made = plan (&wish);

  assert_paths (made, (const char *const[]){ range, NULL });
  g_assert_cmpstrv (
      made->order.dataset,
      ((const char *const[]){ folder, "--n-samples", "25000", "--generator-name", starter, NULL }));
  g_assert_true (g_str_has_prefix (made->command, "c2l dataset "));
  g_assert_nonnull (strstr (made->command, " && c2l train "));
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));

  /* One more sample than three tars hold. */
  wish.n_samples = 30001;

  g_autoptr (C2lRunPlan) more = plan (&wish);

  g_assert_nonnull (strstr (more->command, "{00000..00003}.tar"));
}

static void
test_three_latents_want_their_space (void)
{
  C2lRunWish wish = usual;

  wish.data = "sg2-ffhq-w3";
  wish.model = "mid";
  wish.n_samples = 10;

  g_autoptr (C2lRunPlan) made = plan (&wish);

  g_assert_true (g_strv_contains (made->order.dataset, "--space"));
  g_assert_true (g_strv_contains (made->order.dataset, "w3"));
  g_assert_true (g_strv_contains (made->order.dataset, "--feature-extractor-name"));
}

static void
test_a_model_is_named (void)
{
  g_autofree char *starter = c2l_paths_dup_data ("starter");
  C2lRunWish wish = usual;
  g_autoptr (GError) error = NULL;

  wish.bundle = starter;

  g_autoptr (C2lRunPlan) made = plan (&wish);
  g_autoptr (JsonObject) config = compose (made);
  JsonObject *data = json_object_get_object_member (config, "data");

  g_assert_cmpstr (json_object_get_string_member (data, "bundle"), ==, starter);

  wish.bundle = "/nowhere/at/all";
  g_assert_null (c2l_run_plan_new (&wish, &error));
  g_assert_nonnull (error);
}

static void
test_typed_settings_come_last (void)
{
  const char *const names[] = { "00000.tar", NULL };
  g_autofree char *folder = make_tars ("data", names);
  C2lRunWish wish = usual;

  wish.data_folder = folder;
  wish.settings = " train.max_it=20_000\n data.bs=128  'data.path=mine, and more.tar' model=small";

  g_autoptr (C2lRunPlan) made = plan (&wish);
  g_autoptr (JsonObject) config = compose (made);

  g_assert_cmpint (
      json_object_get_int_member (json_object_get_object_member (config, "train"), "max_it"), ==,
      20000);
  g_assert_cmpint (
      json_object_get_int_member (json_object_get_object_member (config, "data"), "bs"), ==, 128);
  assert_paths (made, (const char *const[]){ "mine, and more.tar", NULL });
}

static void
test_settings_that_are_none (void)
{
  const struct
  {
    const char *settings, *words;
  } cases[] = { { "faster", "not a setting" },
                { "train.learning_rate=1", "train.lr" },
                { "train.max_it=many", "train.max_it" },
                { "data.bs='128", "quot" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      C2lRunWish wish = usual;

      wish.settings = cases[i].settings;
      g_assert_null (c2l_run_plan_new (&wish, &error));
      g_assert_nonnull (error);
      if (strstr (error->message, cases[i].words) == NULL)
        g_error ("“%s”: %s", cases[i].settings, error->message);
    }
}

static void
take_result (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static void
test_on_a_thread (void)
{
  g_autoptr (GAsyncResult) good = NULL, bad = NULL;
  g_autoptr (GError) error = NULL;
  C2lRunWish wish = usual;

  c2l_run_plan_new_async (&wish, NULL, take_result, &good);
  wish.settings = "faster";
  c2l_run_plan_new_async (&wish, NULL, take_result, &bad);
  while (good == NULL || bad == NULL)
    g_main_context_iteration (NULL, TRUE);

  g_autoptr (C2lRunPlan) made = c2l_run_plan_new_finish (good, &error);

  g_assert_no_error (error);
  g_assert_nonnull (made->order.folder);
  g_assert_null (c2l_run_plan_new_finish (bad, &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  top = g_dir_make_tmp ("c2l-run-plan-XXXXXX", NULL);
  g_test_add_func ("/run-plan/presets-and-a-name", test_presets_and_a_name);
  g_test_add_func ("/run-plan/a-name-that-is-taken", test_a_name_that_is_taken);
  g_test_add_func ("/run-plan/data/numbered-tars-are-a-range", test_numbered_tars_are_a_range);
  g_test_add_func ("/run-plan/data/other-tars-are-listed", test_other_tars_are_listed);
  g_test_add_func ("/run-plan/data/a-gap-is-no-range", test_a_gap_is_no_range);
  g_test_add_func ("/run-plan/data/no-tars", test_no_tars);
  g_test_add_func ("/run-plan/data/are-made-first", test_data_are_made_first);
  g_test_add_func ("/run-plan/data/three-latents-want-their-space",
                   test_three_latents_want_their_space);
  g_test_add_func ("/run-plan/a-model-is-named", test_a_model_is_named);
  g_test_add_func ("/run-plan/typed-settings-come-last", test_typed_settings_come_last);
  g_test_add_func ("/run-plan/settings-that-are-none", test_settings_that_are_none);
  g_test_add_func ("/run-plan/on-a-thread", test_on_a_thread);
  result = g_test_run ();
  scratch_remove (top);
  g_free (top);
  return result;
}
