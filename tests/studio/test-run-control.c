/* Starting trainers, asking things of them, and giving runs other names. Processes are real: “c2l”
 * of this build. Folders of the user are temporary. */
#include "studio/run-control.h"

#include "formats/json-text.h"
#include "studio/json.h"
#include "studio/paths.h"
#include "studio/recipe.h"
#include "studio/runs.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE (60 * G_USEC_PER_SEC)

static char *
get_folder (const char *name)
{
  g_autofree char *runs = c2l_paths_dup_runs ();

  return g_build_filename (runs, name, NULL);
}

static char *
make_run (const char *name)
{
  char *folder = get_folder (name);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
  return folder;
}

static int
hold_lock (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "lock", NULL);
  struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  int fd = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

  g_assert_cmpint (fcntl (fd, F_OFD_SETLK, &lock), ==, 0);
  return fd;
}

/* Waits until status.json says @state and the trainer is gone; returns the message. */
static char *
wait_for_state (const char *folder, const char *state)
{
  const gint64 deadline = g_get_monotonic_time () + PATIENCE;
  g_autofree char *path = g_build_filename (folder, "status.json", NULL);

  for (;;)
    {
      g_autofree char *text = NULL;
      gsize length;
      g_autoptr (JsonObject) status = g_file_get_contents (path, &text, &length, NULL)
                                          ? c2l_json_parse_object (text, length, path, NULL)
                                          : NULL;

      if (status != NULL && g_strcmp0 (c2l_json_get_string (status, "state", NULL), state) == 0
          && !c2l_run_is_alive (folder))
        return g_strdup (c2l_json_get_string (status, "message", ""));
      if (g_get_monotonic_time () > deadline)
        g_error ("%s never came; status.json: %s", state, text);
      g_usleep (G_USEC_PER_SEC / 50);
    }
}

static void
test_command (void)
{
  const char *const overrides[] = { "data=starter", "data.path='/my data/a.tar'", NULL };
  const char *const dataset[] = { "/my data", "-n", "10", NULL };
  C2lRunOrder order = { .folder = "/runs/it's", .overrides = overrides };
  g_autofree char *plain = c2l_run_order_to_text (&order);
  g_auto (GStrv) words = NULL;

  g_assert_true (g_shell_parse_argv (plain, NULL, &words, NULL));
  g_assert_cmpstrv (words,
                    ((const char *const[]){ "c2l", "train", "--run", "/runs/it's", "data=starter",
                                            "data.path='/my data/a.tar'", NULL }));
  order.resume = TRUE;
  order.overrides = NULL;
  order.dataset = dataset;

  g_autofree char *both = c2l_run_order_to_text (&order);

  g_assert_cmpstr (both, ==,
                   "c2l dataset '/my data' -n 10 && c2l train --run '/runs/it'\\''s' --resume");
}

static void
test_requests (void)
{
  g_autofree char *folder = make_run ("asked");
  g_autofree char *checkpoint = g_build_filename (folder, "checkpoint", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (c2l_run_is_asked_to_stop (folder));
  g_assert_true (c2l_run_ask_for_checkpoint (folder, &error));
  g_assert_true (g_file_test (checkpoint, G_FILE_TEST_EXISTS));
  g_assert_false (c2l_run_is_asked_to_stop (folder));
  g_assert_true (c2l_run_ask_to_stop (folder, &error));
  g_assert_true (c2l_run_ask_to_stop (folder, &error));
  g_assert_no_error (error);
  g_assert_true (c2l_run_is_asked_to_stop (folder));
  g_assert_false (c2l_run_ask_to_stop ("/nowhere/at/all", &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

static void
test_rename (void)
{
  g_autofree char *folder = make_run ("old"), *other = make_run ("other");
  g_autoptr (GError) error = NULL;
  int lock;

  g_assert_null (c2l_run_rename (folder, "other", &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_null (c2l_run_rename (folder, " /. ", &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
  g_clear_error (&error);

  lock = hold_lock (folder);
  g_assert_null (c2l_run_rename (folder, "new", &error));
  g_assert_nonnull (strstr (error->message, "running"));
  g_clear_error (&error);
  close (lock);

  g_autofree char *renamed = c2l_run_rename (folder, "../n/ew", &error);
  g_autofree char *expected = get_folder ("new");

  g_assert_no_error (error);
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (renamed, G_FILE_TEST_IS_DIR));
  /* It stays among the runs, whatever was typed. */
  g_autofree char *parent = g_path_get_dirname (renamed), *runs = g_path_get_dirname (expected);
  g_assert_cmpstr (parent, ==, runs);
}

static void
test_new_folders (void)
{
  g_autofree char *first = c2l_run_dup_new_folder ("a/b"), *taken = make_run ("ab");
  g_autofree char *second = c2l_run_dup_new_folder ("ab"),
                  *nameless = c2l_run_dup_new_folder ("///");
  g_autofree char *name = g_path_get_basename (second), *fallback = g_path_get_basename (nameless);

  g_assert_cmpstr (first, ==, taken);
  g_assert_cmpstr (name, ==, "ab 2");
  g_assert_cmpstr (fallback, ==, "training");
}

static void
test_overrides (void)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) none = c2l_run_parse_overrides (" \n\t", &error);
  g_auto (GStrv) some
      = c2l_run_parse_overrides ("data=starter\n train.lr=1e-4 \"name=my run\" +a.b-c_d=", &error);
  const char *const wrong[] = { "train.lr", "=1", "a b=1", "a'=1", "--resume", NULL };

  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (none), ==, 0);
  g_assert_cmpstrv (some, ((const char *const[]){ "data=starter", "train.lr=1e-4", "name=my run",
                                                  "+a.b-c_d=", NULL }));
  for (guint i = 0; wrong[i] != NULL; i++)
    {
      g_autoptr (GError) reason = NULL;

      g_assert_null (c2l_run_parse_overrides (wrong[i], &reason));
      g_assert_nonnull (reason);
    }
}

/* A trainer that finds no data says so in the folder. */
static void
test_start (void)
{
  const char *const overrides[] = { "data=starter", "data.path=/nowhere/{00000..00001}.tar", NULL };
  g_autofree char *folder = get_folder ("started"),
                  *log = g_build_filename (folder, "log.txt", NULL);
  const C2lRunOrder order = { .folder = folder, .overrides = overrides };
  g_autofree char *stop = g_build_filename (folder, "stop", NULL), *words = NULL, *message = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
  g_assert_true (g_file_set_contents (stop, "", 0, NULL));
  g_assert_true (c2l_run_start (&order, &error));
  g_assert_no_error (error);
  message = wait_for_state (folder, "failed");
  g_assert_nonnull (strstr (message, "/nowhere"));
  g_assert_true (g_file_get_contents (log, &words, NULL, NULL));
  g_assert_nonnull (strstr (words, "/nowhere"));
  g_assert_false (g_file_test (stop, G_FILE_TEST_EXISTS));
}

static void
test_start_without_data (void)
{
  const char *const dataset[] = { "/dev/null/nowhere", "-n", "5", NULL };
  g_autofree char *folder = get_folder ("no data"),
                  *config = g_build_filename (folder, "config.yaml", NULL);
  const C2lRunOrder order = { .folder = folder, .dataset = dataset };
  g_autofree char *message = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (c2l_run_start (&order, &error));
  g_assert_no_error (error);
  message = wait_for_state (folder, "failed");
  g_assert_cmpstr (message, ==, "The data could not be made");
  g_assert_false (g_file_test (config, G_FILE_TEST_EXISTS));
}

static void
test_start_twice (void)
{
  g_autofree char *folder = make_run ("alive");
  const char *const dataset[] = { "/dev/null/nowhere", NULL };
  C2lRunOrder order = { .folder = folder };
  g_autoptr (GError) error = NULL;
  int lock = hold_lock (folder);

  for (int i = 0; i < 2; i++)
    {
      g_assert_false (c2l_run_start (&order, &error));
      g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
      g_clear_error (&error);
      order.dataset = dataset;
    }
  close (lock);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/run-control/command", test_command);
  g_test_add_func ("/run-control/requests", test_requests);
  g_test_add_func ("/run-control/rename", test_rename);
  g_test_add_func ("/run-control/new-folders", test_new_folders);
  g_test_add_func ("/run-control/overrides", test_overrides);
  g_test_add_func ("/run-control/start/tells-in-the-folder", test_start);
  g_test_add_func ("/run-control/start/ends-where-data-fail", test_start_without_data);
  g_test_add_func ("/run-control/start/not-twice", test_start_twice);
  return g_test_run ();
}
