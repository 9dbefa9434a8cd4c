/* What is left of a file under its name and beside it, whenever the writing of it ends. */
#include "formats/output.h"

#include "scratch.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define OLD "what was there"

typedef struct
{
  char *folder, *path;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("c2l-output-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->folder, "model.ckpt", NULL);
}

static guint
count_files (const Fixture *fixture)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->folder, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  scratch_remove (fixture->folder);
  g_free (fixture->folder);
  g_free (fixture->path);
}

static void
put_old (const Fixture *fixture)
{
  g_assert_true (g_file_set_contents (fixture->path, OLD, -1, NULL));
}

static void
assert_old (const Fixture *fixture)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (fixture->path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, OLD);
}

/* More than any buffer holds. */
static gboolean
write_much (GOutputStream *stream, GError **error)
{
  g_autofree char *block = g_malloc0 (1 << 20);

  return g_output_stream_write_all (stream, block, 1 << 20, NULL, NULL, error);
}

static void
test_appears_when_complete (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GOutputStream) stream = c2l_output_open (fixture->path, &error);
  GStatBuf info;

  g_assert_no_error (error);
  g_assert_true (write_much (stream, &error));
  g_assert_false (g_file_test (fixture->path, G_FILE_TEST_EXISTS));
  g_assert_true (write_much (stream, &error));
  g_assert_true (c2l_output_close (stream, TRUE, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_stat (fixture->path, &info), ==, 0);
  g_assert_cmpint (info.st_size, ==, 2 << 20);
  g_assert_cmpuint (count_files (fixture), ==, 1);
}

static void
test_replaces_when_complete (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GOutputStream) stream = NULL;
  g_autofree char *text = NULL;

  put_old (fixture);
  stream = c2l_output_open (fixture->path, &error);
  g_assert_no_error (error);
  g_assert_true (g_output_stream_write_all (stream, "new", 3, NULL, NULL, &error));
  assert_old (fixture);
  g_assert_true (c2l_output_close (stream, TRUE, &error));
  g_assert_true (g_file_get_contents (fixture->path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "new");
  g_assert_cmpuint (count_files (fixture), ==, 1);
}

static void
test_gives_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GOutputStream) stream = NULL;

  put_old (fixture);
  stream = c2l_output_open (fixture->path, &error);
  g_assert_true (write_much (stream, &error));
  g_assert_false (c2l_output_close (stream, FALSE, &error));
  g_clear_object (&stream);
  assert_old (fixture);
  g_assert_cmpuint (count_files (fixture), ==, 1);
}

/* A child writes, and is killed in the middle. */
static void
test_survives_a_kill (Fixture *fixture, gconstpointer data)
{
  const gboolean replaces = GPOINTER_TO_INT (data);
  pid_t child;
  int status;

  if (replaces)
    put_old (fixture);
  child = fork ();
  if (child == 0)
    {
      GOutputStream *stream = c2l_output_open (fixture->path, NULL);

      if (stream != NULL && write_much (stream, NULL))
        raise (SIGKILL);
      _exit (1);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
  if (replaces)
    assert_old (fixture);
  else
    g_assert_false (g_file_test (fixture->path, G_FILE_TEST_EXISTS));
}

static void
test_says_that_the_disk_is_full (Fixture *fixture, gconstpointer data)
{
  struct rlimit before, limit;
  g_autoptr (GError) error = NULL;
  g_autoptr (GOutputStream) stream = NULL;
  gboolean written, closed;

  put_old (fixture);
  stream = c2l_output_open (fixture->path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  limit = before;
  limit.rlim_cur = 100000;
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  written = write_much (stream, &error);
  closed = c2l_output_close (stream, written, &error);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  g_assert_false (closed);
  g_assert_true (error != NULL && g_str_has_prefix (error->message, fixture->path));
  g_clear_object (&stream);
  assert_old (fixture);
  g_assert_cmpuint (count_files (fixture), ==, 1);
}

static void
test_refuses_what_is_no_file (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_output_open (fixture->folder, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_ISDIR);
  g_clear_error (&error);
  g_assert_null (c2l_output_open ("/nowhere/at/all", &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_true (strstr (error->message, "/nowhere/at/all") != NULL);
}

#define ADD(name, data, function)                                                                  \
  g_test_add ("/output/" name, Fixture, data, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("appears-when-complete", NULL, test_appears_when_complete);
  ADD ("replaces-when-complete", NULL, test_replaces_when_complete);
  ADD ("gives-up", NULL, test_gives_up);
  ADD ("survives-a-kill/new", GINT_TO_POINTER (FALSE), test_survives_a_kill);
  ADD ("survives-a-kill/replaced", GINT_TO_POINTER (TRUE), test_survives_a_kill);
  ADD ("says-that-the-disk-is-full", NULL, test_says_that_the_disk_is_full);
  ADD ("refuses-what-is-no-file", NULL, test_refuses_what_is_no_file);
  return g_test_run ();
}
