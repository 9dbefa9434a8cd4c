/* The trainer's side of a run's folder: what a crash, a full disk and a second trainer meet there.
 */
#include "studio/json.h"
#include "studio/recipe.h"
#include "studio/run-folder.h"
#include "studio/runs.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char *
new_path (void)
{
  g_autofree char *folder = g_dir_make_tmp ("c2l-test-XXXXXX", NULL);
  return g_build_filename (folder, "run", NULL);
}

static C2lRunFolder *
open_folder (const char *path, gboolean resume)
{
  g_autoptr (GError) error = NULL;
  C2lRunFolder *folder = c2l_run_folder_open (path, resume, &error);

  g_assert_no_error (error);
  return folder;
}

static void
put_file (const char *path, const char *name, const char *text)
{
  g_autofree char *file = g_build_filename (path, name, NULL);
  g_assert_true (g_file_set_contents (file, text, -1, NULL));
}

static char *
get_file (const char *path, const char *name)
{
  g_autofree char *file = g_build_filename (path, name, NULL);
  char *text = NULL;

  g_file_get_contents (file, &text, NULL, NULL);
  return text;
}

static guint
count_files (const char *path, const char *name)
{
  g_autofree char *folder = g_build_filename (path, name, NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static gboolean
has_file (const char *path, const char *name)
{
  g_autofree char *file = g_build_filename (path, name, NULL);
  return g_file_test (file, G_FILE_TEST_EXISTS);
}

static void
add_line (C2lRunFolder *folder, gint64 step, const char *key)
{
  g_autoptr (JsonObject) line = json_object_new ();
  g_autoptr (GError) error = NULL;

  json_object_set_int_member (line, "step", step);
  json_object_set_double_member (line, key, 0.5);
  g_assert_true (c2l_run_folder_add_metrics (folder, line, &error));
}

static C2lWeights *
make_weights (float value)
{
  C2lWeights *weights = c2l_weights_new (C2L_WEIGHTS_PRIOR, "x", "x");
  const C2lArray array = { C2L_F32, 1, { 1 }, 1, &value };

  c2l_weights_add (weights, "diffusion_prior.net.x", &array);
  c2l_weights_add (weights, "c2l.train.x", &array);
  return weights;
}

static void
save (C2lRunFolder *folder, gint64 step, guint keep)
{
  g_autoptr (C2lWeights) weights = make_weights (step);
  g_autoptr (GError) error = NULL;
  g_autofree char *file = c2l_run_folder_save_checkpoint (folder, weights, step, keep, &error);

  g_assert_no_error (error);
  g_assert_true (g_file_test (file, G_FILE_TEST_EXISTS));
}

static float
load (const char *path, gint64 *step)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lWeights) weights = c2l_run_load_checkpoint (path, step, &error);

  g_assert_no_error (error);
  return *(const float *) c2l_weights_lookup (weights, "c2l.train.x")->data;
}

static void
test_two_trainers (void)
{
  g_autofree char *path = new_path ();
  g_autoptr (C2lRunFolder) first = open_folder (path, FALSE);
  g_autoptr (GError) error = NULL;

  g_assert_true (c2l_run_is_alive (path));
  g_assert_null (c2l_run_folder_open (path, FALSE, &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "a trainer works in this folder"));
  g_clear_pointer (&first, c2l_run_folder_close);
  g_assert_false (c2l_run_is_alive (path));
  first = open_folder (path, FALSE);
}

static void
test_runs_are_not_overwritten (void)
{
  g_autofree char *path = new_path ();
  g_autoptr (C2lRunFolder) folder = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_run_folder_open (path, TRUE, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_clear_error (&error);
  folder = open_folder (path, FALSE);
  put_file (path, "config.yaml", "name: x\n");
  /* Nothing was computed, so nothing is lost by beginning again. */
  g_clear_pointer (&folder, c2l_run_folder_close);
  folder = open_folder (path, FALSE);
  add_line (folder, 1, "loss");
  g_clear_pointer (&folder, c2l_run_folder_close);
  g_assert_null (c2l_run_folder_open (path, FALSE, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
  folder = open_folder (path, TRUE);
}

static void
test_cut (void)
{
  g_autofree char *path = new_path ();
  g_autoptr (C2lRunFolder) folder = open_folder (path, FALSE);
  g_autofree char *cut = NULL, *whole = NULL, *broken = NULL;
  g_autoptr (GError) error = NULL;

  add_line (folder, 10, "loss");
  add_line (folder, 20, "loss");
  add_line (folder, 20, "val/text2im");
  add_line (folder, 30, "loss");
  g_assert_true (c2l_run_folder_cut (folder, 20, FALSE, &error));
  whole = get_file (path, "metrics.jsonl");
  g_assert_cmpstr (whole, ==,
                   "{\"step\":10,\"loss\":0.5}\n{\"step\":20,\"loss\":0.5}\n{\"step\":20,\"val/"
                   "text2im\":0.5}\n");
  g_assert_true (c2l_run_folder_cut (folder, 20, TRUE, &error));
  cut = get_file (path, "metrics.jsonl");
  g_assert_cmpstr (cut, ==, "{\"step\":10,\"loss\":0.5}\n{\"step\":20,\"loss\":0.5}\n");

  /* Half a line, as a kill leaves it. */
  put_file (path, "metrics.jsonl", "{\"step\":10,\"loss\":0.5}\n{\"step\":20,\"lo");
  g_clear_pointer (&folder, c2l_run_folder_close);
  put_file (path, "config.yaml", "{}");
  folder = open_folder (path, TRUE);
  g_assert_true (c2l_run_folder_cut (folder, 99, FALSE, &error));
  add_line (folder, 11, "loss");
  broken = get_file (path, "metrics.jsonl");
  g_assert_cmpstr (broken, ==, "{\"step\":10,\"loss\":0.5}\n{\"step\":11,\"loss\":0.5}\n");
}

static void
test_requests (void)
{
  g_autofree char *path = new_path ();
  g_autoptr (C2lRunFolder) folder = NULL;

  /* One from before this trainer counts for the one before. */
  g_assert_cmpint (g_mkdir_with_parents (path, 0755), ==, 0);
  put_file (path, "stop", "");
  folder = open_folder (path, FALSE);
  g_assert_cmpint (c2l_run_folder_take_request (folder), ==, C2L_RUN_REQUEST_NONE);
  put_file (path, "checkpoint", "");
  g_assert_cmpint (c2l_run_folder_take_request (folder), ==, C2L_RUN_REQUEST_CHECKPOINT);
  g_assert_false (has_file (path, "checkpoint"));
  put_file (path, "checkpoint", "");
  put_file (path, "stop", "");
  g_assert_cmpint (c2l_run_folder_take_request (folder), ==, C2L_RUN_REQUEST_STOP);
  g_assert_cmpint (c2l_run_folder_take_request (folder), ==, C2L_RUN_REQUEST_NONE);
}

static void
test_checkpoints (void)
{
  g_autofree char *path = new_path ();
  g_autoptr (C2lRunFolder) folder = open_folder (path, FALSE);
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lWeights) best = NULL;
  gint64 step;

  g_assert_null (c2l_run_load_checkpoint (path, NULL, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_clear_error (&error);
  save (folder, 5, 2);
  g_assert_true (c2l_run_folder_keep_best (folder, 5, &error));
  save (folder, 10, 2);
  put_file (path, "checkpoints/.clip2latent-a1b2c3", "what a kill left");
  save (folder, 100000000, 2);
  g_assert_false (has_file (path, "checkpoints/00000005.ckpt"));
  g_assert_true (has_file (path, "checkpoints/00000010.ckpt"));
  g_assert_true (has_file (path, "checkpoints/100000000.ckpt"));
  g_assert_true (has_file (path, "checkpoints/best.ckpt"));
  g_assert_false (has_file (path, "checkpoints/.clip2latent-a1b2c3"));
  g_assert_cmpfloat (load (path, &step), ==, 100000000);
  g_assert_cmpint (step, ==, 100000000);
  best = c2l_run_load_best (path, &error);
  g_assert_cmpfloat (*(const float *) c2l_weights_lookup (best, "c2l.train.x")->data, ==, 5);

  /* A damaged one is passed over. */
  put_file (path, "checkpoints/100000000.ckpt", "damaged");
  g_assert_cmpfloat (load (path, &step), ==, 10);
  g_assert_cmpint (step, ==, 10);
  /* And taken away by a run that goes on from before it. */
  g_assert_true (c2l_run_folder_cut (folder, 10, FALSE, &error));
  g_assert_false (has_file (path, "checkpoints/100000000.ckpt"));
  g_assert_true (has_file (path, "checkpoints/00000010.ckpt"));
}

static void
test_full_disk (void)
{
  g_autofree char *path = new_path ();
  g_autoptr (C2lRunFolder) folder = NULL;
  g_autofree char *metrics = g_build_filename (path, "metrics.jsonl", NULL);
  g_autoptr (JsonObject) line = json_object_new ();
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (path, 0755), ==, 0);
  if (symlink ("/dev/full", metrics) != 0 || !g_file_test ("/dev/full", G_FILE_TEST_EXISTS))
    {
      g_test_skip ("there is no /dev/full");
      return;
    }
  folder = open_folder (path, FALSE);
  g_assert_false (c2l_run_folder_add_metrics (folder, line, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
  g_assert_nonnull (strstr (error->message, "make room"));
}

/* A limit on files does what a full disk does, in the middle of a checkpoint. */
static void
test_checkpoint_does_not_fit (void)
{
  g_autofree char *path = new_path ();
  g_autoptr (C2lRunFolder) folder = open_folder (path, FALSE);
  g_autoptr (C2lWeights) weights = make_weights (2);
  g_autofree float *large = g_new0 (float, 1 << 20);
  const C2lArray array = { C2L_F32, 1, { 1 << 20 }, 1 << 20, large };
  struct rlimit before, limit;
  g_autoptr (GError) error = NULL;
  g_autofree char *file = NULL;
  gint64 step;

  save (folder, 1, 3);
  c2l_weights_add (weights, "diffusion_prior.net.large", &array);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  limit = before;
  limit.rlim_cur = 1 << 20;
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  file = c2l_run_folder_save_checkpoint (folder, weights, 2, 3, &error);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  g_assert_null (file);
  g_assert_nonnull (strstr (error->message, "the checkpoint of step 2"));
  g_assert_false (has_file (path, "checkpoints/00000002.ckpt"));
  g_assert_cmpuint (count_files (path, "checkpoints"), ==, 1);
  g_assert_cmpfloat (load (path, &step), ==, 1);
}

static void
test_read_only (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_run_folder_open ("/proc/c2l-run", FALSE, &error));
  g_assert_nonnull (strstr (error->message, "/proc/c2l-run"));
}

static void
test_status (void)
{
  g_autofree char *path = new_path ();
  g_autoptr (C2lRunFolder) folder = open_folder (path, FALSE);
  g_autoptr (JsonObject) status = json_object_new ();
  g_autofree char *text = NULL, *log = NULL;
  g_autoptr (GError) error = NULL;

  json_object_set_string_member (status, "state", "running");
  g_assert_true (c2l_run_folder_write_status (folder, status, &error));
  g_assert_true (c2l_run_folder_write_status (folder, status, &error));
  text = get_file (path, "status.json");
  g_assert_nonnull (strstr (text, "\"running\""));
  c2l_run_folder_say (folder, "one");
  c2l_run_folder_say (folder, "two");
  log = get_file (path, "log.txt");
  g_assert_true (g_str_has_suffix (log, " two\n"));
  g_assert_nonnull (strstr (log, " one\n"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/run-folder/belongs-to-one-trainer", test_two_trainers);
  g_test_add_func ("/run-folder/runs-are-not-overwritten", test_runs_are_not_overwritten);
  g_test_add_func ("/run-folder/metrics-are-cut-back", test_cut);
  g_test_add_func ("/run-folder/requests-are-files", test_requests);
  g_test_add_func ("/run-folder/keeps-the-best-and-the-last-checkpoints", test_checkpoints);
  g_test_add_func ("/run-folder/a-full-disk-is-said", test_full_disk);
  g_test_add_func ("/run-folder/a-checkpoint-appears-whole-or-not-at-all",
                   test_checkpoint_does_not_fit);
  g_test_add_func ("/run-folder/a-place-that-cannot-be-written-is-said", test_read_only);
  g_test_add_func ("/run-folder/status-and-log-are-written", test_status);
  return g_test_run ();
}
