/* A program that makes training data is killed at random moments, again and again: tars that were finished stay as they are, and in the
 * end all are what one uninterrupted run makes. The first argument is the number of kills; "--make FOLDER" is the program that is killed. */
#include "dataset-fixture.h"

#include "scratch.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define N_FILES 6
#define PER_FILE 120
#define LONGEST_LIFE_MS 700

static int n_kills = 5;

static int
make (const char *folder)
{
  g_autoptr (C2lSession) session = dataset_fixture_open_session (C2L_PRECISION_F32, TRUE);
  C2lDatasetOptions options = dataset_fixture_options (folder, N_FILES * PER_FILE, PER_FILE);
  g_autoptr (GError) error = NULL;

  options.save_images = TRUE;
  return c2l_dataset_make (session, &options, NULL, NULL, NULL, &error) ? 0 : 1;
}

/* TRUE if it was killed, FALSE if it was done before. */
static gboolean
kill_one (const char *program, const char *folder)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) child = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, program, "--make", folder, NULL);

  g_assert_no_error (error);
  g_usleep (g_random_int_range (0, LONGEST_LIFE_MS * 1000));
  g_subprocess_force_exit (child);
  g_assert_true (g_subprocess_wait (child, NULL, NULL));
  if (!g_subprocess_get_if_exited (child))
    return TRUE;
  g_assert_cmpint (g_subprocess_get_exit_status (child), ==, 0);
  return FALSE;
}

/* Every tar that has its name is the @right one, and those that were there before are the same file. Returns how many there are. */
static guint
check_finished (const char *folder, const char *right, guint64 *inodes)
{
  guint n = 0;

  for (int i = 0; i < N_FILES; i++)
    {
      g_autofree char *name = g_strdup_printf ("%05d.tar", i), *path = dataset_fixture_path (folder, name);
      g_autoptr (GBytes) made = NULL, wanted = NULL;
      GStatBuf info;

      if (g_stat (path, &info) != 0)
        {
          g_assert_cmpuint (inodes[i], ==, 0);
          continue;
        }
      g_assert_true (inodes[i] == 0 || inodes[i] == info.st_ino);
      inodes[i] = info.st_ino;
      made = dataset_fixture_read (folder, name);
      wanted = dataset_fixture_read (right, name);
      g_assert_true (g_bytes_equal (made, wanted));
      n++;
    }
  return n;
}

static void
test_killed (gconstpointer program)
{
  g_autofree char *right = g_dir_make_tmp ("dataset-XXXXXX", NULL);
  int n_killed = 0, n_rounds = 0;
  guint n_found = 0;

  g_assert_cmpint (make (right), ==, 0);
  while (n_killed < n_kills)
    {
      g_autofree char *folder = g_dir_make_tmp ("dataset-XXXXXX", NULL), *list = NULL, *wanted = NULL;
      guint64 inodes[N_FILES] = { 0 };
      gboolean killed = TRUE;

      while (killed && n_killed < n_kills)
        {
          killed = kill_one (program, folder);
          n_killed += killed;
          n_found += check_finished (folder, right, inodes);
        }
      g_assert_cmpint (make (folder), ==, 0);
      g_assert_cmpuint (check_finished (folder, right, inodes), ==, N_FILES);
      /* And nothing beside them. */
      list = dataset_fixture_list (folder);
      wanted = dataset_fixture_list (right);
      g_assert_cmpstr (list, ==, wanted);
      scratch_remove (folder);
      n_rounds++;
    }
  scratch_remove (right);
  g_test_message ("%d kills in %d rounds, which left %u finished tars in all", n_killed, n_rounds, n_found);
}

int
main (int argc, char **argv)
{
  if (argc == 3 && strcmp (argv[1], "--make") == 0)
    return make (argv[2]);
  g_test_init (&argc, &argv, NULL);
  if (argc > 1)
    n_kills = atoi (argv[1]);
  g_test_add_data_func ("/dataset/survives/kill-9", argv[0], test_killed);
  return g_test_run ();
}
