/* Runs: what their folders tell, also while somebody writes them and when they lie. Folders of the
 * user are temporary. */
#include "studio/paths.h"
#include "studio/runs.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static char *
add_run (const char *name, const char *metrics, const char *status)
{
  g_autofree char *runs = c2l_paths_dup_runs ();
  char *folder = g_build_filename (runs, name, NULL);
  const char *const contents[][2] = {
    { "config.yaml", "name: x\n" },
    { "metrics.jsonl", metrics },
    { "status.json", status },
    { "lock", "" },
  };

  g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (contents); i++)
    {
      g_autofree char *path = g_build_filename (folder, contents[i][0], NULL);

      if (contents[i][1] != NULL)
        g_assert_true (g_file_set_contents (path, contents[i][1], -1, NULL));
    }
  return folder;
}

static GPtrArray *
list (void)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *runs = c2l_runs_list (NULL, &error);

  g_assert_no_error (error);
  return runs;
}

static int
hold_lock (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "lock", NULL);
  struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  int fd = g_open (path, O_RDWR, 0);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (fcntl (fd, F_OFD_SETLK, &lock), ==, 0);
  return fd;
}

static void
test_none_without_a_folder (void)
{
  g_autoptr (GPtrArray) runs = list ();

  g_assert_cmpuint (runs->len, ==, 0);
}

static void
test_reads_the_last_whole_line (void)
{
  g_autofree char *folder = add_run (
      "a", "{\"step\": 1, \"loss\": 2}\n{\"step\": 20, \"loss\": 0.5}\n{\"step\": 30, \"lo", NULL);
  g_autoptr (GPtrArray) runs = list ();
  C2lRunInfo *run = g_ptr_array_index (runs, 0);

  g_assert_cmpint (run->step, ==, 20);
  g_assert_cmpfloat (json_object_get_double_member (run->last, "loss"), ==, 0.5);
}

static void
test_reads_the_end_of_a_long_log (void)
{
  g_autoptr (GString) metrics = g_string_new (NULL);
  g_autofree char *folder = NULL;
  g_autoptr (GPtrArray) runs = NULL;

  for (int step = 0; step < 20000; step++)
    g_string_append_printf (metrics, "{\"step\": %d, \"loss\": %d}\n", step, step);
  folder = add_run ("a", metrics->str, NULL);
  runs = list ();
  g_assert_cmpint (((C2lRunInfo *) g_ptr_array_index (runs, 0))->step, ==, 19999);
}

static void
test_nonsense_is_left_out (void)
{
  g_autofree char *folder
      = add_run ("a", "\n[]\nnonsense\n{\"step\": \"x\"}\n{\"loss\": 1}\n", "[1]");
  g_autoptr (GPtrArray) runs = list ();
  C2lRunInfo *run = g_ptr_array_index (runs, 0);

  g_assert_cmpint (run->step, ==, -1);
  g_assert_null (run->last);
  g_assert_null (run->message);
  g_assert_cmpint (run->state, ==, C2L_RUN_INTERRUPTED);
}

static void
test_folders_that_are_no_runs_are_left_out (void)
{
  g_autofree char *runs_folder = c2l_paths_dup_runs ();
  g_autofree char *folder = g_build_filename (runs_folder, "pictures", NULL);
  g_autoptr (GPtrArray) runs = NULL;

  g_mkdir_with_parents (folder, 0755);
  runs = list ();
  g_assert_cmpuint (runs->len, ==, 0);
}

static void
assert_state (const char *status, C2lRunState expected)
{
  g_autofree char *folder = add_run ("a", NULL, status);
  g_autoptr (GPtrArray) runs = list ();
  C2lRunInfo *run = g_ptr_array_index (runs, 0);

  g_assert_cmpint (run->state, ==, expected);
}

static void
test_state_is_what_the_trainer_said (void)
{
  assert_state ("{\"state\": \"finished\"}", C2L_RUN_FINISHED);
  assert_state ("{\"state\": \"stopped\"}", C2L_RUN_STOPPED);
  assert_state ("{\"state\": \"failed\", \"message\": \"no room\"}", C2L_RUN_FAILED);
}

static void
test_without_the_lock_nobody_trains (void)
{
  assert_state ("{\"state\": \"running\"}", C2L_RUN_INTERRUPTED);
}

static void
test_with_the_lock_somebody_does (void)
{
  g_autofree char *older = add_run ("older", NULL, "{\"state\": \"finished\", \"steps\": 100}");
  g_autofree char *newer = add_run ("newer", NULL, "{\"state\": \"finished\"}");
  int fd = hold_lock (older);
  g_autoptr (GPtrArray) runs = list ();
  C2lRunInfo *first = g_ptr_array_index (runs, 0);

  g_assert_cmpstr (first->name, ==, "older");
  g_assert_cmpint (first->state, ==, C2L_RUN_RUNNING);
  g_assert_cmpint (first->steps, ==, 100);
  close (fd);
  g_assert_false (c2l_run_is_alive (older));
}

static void
test_asking_does_not_take_the_lock (void)
{
  g_autofree char *folder = add_run ("a", NULL, NULL);

  g_assert_false (c2l_run_is_alive (folder));
  close (hold_lock (folder));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/runs/none-without-a-folder", test_none_without_a_folder);
  g_test_add_func ("/runs/metrics/the-last-whole-line", test_reads_the_last_whole_line);
  g_test_add_func ("/runs/metrics/the-end-of-a-long-log", test_reads_the_end_of_a_long_log);
  g_test_add_func ("/runs/nonsense-is-left-out", test_nonsense_is_left_out);
  g_test_add_func ("/runs/folders-that-are-no-runs-are-left-out",
                   test_folders_that_are_no_runs_are_left_out);
  g_test_add_func ("/runs/state/what-the-trainer-said", test_state_is_what_the_trainer_said);
  g_test_add_func ("/runs/state/without-the-lock-nobody-trains",
                   test_without_the_lock_nobody_trains);
  g_test_add_func ("/runs/state/with-the-lock-somebody-does", test_with_the_lock_somebody_does);
  g_test_add_func ("/runs/state/asking-does-not-take-the-lock", test_asking_does_not_take_the_lock);
  return g_test_run ();
}
