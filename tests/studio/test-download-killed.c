/* A program that downloads is killed at random moments, again and again: under the final name stands nothing or the whole file, and
 * what had come is built upon. The first argument is the number of kills; "--fetch URL FILE SHA256" is the program that is killed. */
#include "studio/download.h"

#include "http-server.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE (8 << 20)
#define LONGEST_LIFE_MS 200

static int n_kills = 10;

typedef struct
{
  const char *program;
  char *url, *folder, *path, *part;
  guint8 *data;
  char *sha256;
} Fixture;

static int
fetch (char **arguments)
{
  C2lDownloadOptions options;

  c2l_download_options_init (&options);
  options.sha256 = arguments[2];
  return c2l_download (arguments[0], arguments[1], &options, NULL, NULL) ? 0 : 1;
}

static GSubprocess *
start_fetch (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  GSubprocess *child = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, f->program, "--fetch", f->url, f->path, f->sha256, NULL);

  g_assert_no_error (error);
  return child;
}

static goffset
get_size (const char *path)
{
  GStatBuf status;

  return g_stat (path, &status) == 0 ? status.st_size : 0;
}

/* Whether the file is there; if so, it is whole. */
static gboolean
check_file (Fixture *f)
{
  g_autofree char *contents = NULL;
  gsize size;

  if (!g_file_get_contents (f->path, &contents, &size, NULL))
    return FALSE;
  g_assert_cmpuint (size, ==, SIZE);
  g_assert_true (memcmp (contents, f->data, SIZE) == 0);
  return TRUE;
}

/* Returns whether the child was killed in the middle of the file. */
static gboolean
kill_one (Fixture *f)
{
  goffset before = get_size (f->part), after;
  g_autoptr (GSubprocess) child = start_fetch (f);

  g_usleep (g_random_int_range (0, LONGEST_LIFE_MS * 1000));
  g_subprocess_force_exit (child);
  g_assert_true (g_subprocess_wait (child, NULL, NULL));
  if (check_file (f))
    {
      g_unlink (f->path);
      return FALSE;
    }
  after = get_size (f->part);
  g_assert_cmpint (after, >=, before);
  return after > before;
}

static void
test_killed (gconstpointer data)
{
  Fixture f = { .program = data };
  int n_in_the_middle = 0;
  g_autoptr (HttpServer) server = NULL;
  g_autoptr (GSubprocess) last = NULL;

  f.data = g_malloc (SIZE);
  for (int i = 0; i < SIZE; i++)
    f.data[i] = (i * 31 + i / 251) % 255;
  f.sha256 = g_compute_checksum_for_data (G_CHECKSUM_SHA256, f.data, SIZE);
  server = http_server_new (f.data, SIZE);
  f.url = http_server_dup_url (server, "/slow");
  f.folder = g_dir_make_tmp ("c2l-killed-XXXXXX", NULL);
  f.path = g_build_filename (f.folder, "model.bin", NULL);
  f.part = g_strconcat (f.path, ".part", NULL);

  for (int i = 0; i < n_kills; i++)
    n_in_the_middle += kill_one (&f);
  g_test_message ("%d kills, %d of them in the middle of the file", n_kills, n_in_the_middle);
  last = start_fetch (&f);
  g_assert_true (g_subprocess_wait_check (last, NULL, NULL));
  g_assert_true (check_file (&f));
  g_assert_cmpint (get_size (f.part), ==, 0);

  g_unlink (f.path);
  g_rmdir (f.folder);
  g_free (f.url);
  g_free (f.folder);
  g_free (f.path);
  g_free (f.part);
  g_free (f.sha256);
  g_free (f.data);
}

int
main (int argc, char **argv)
{
  if (argc == 5 && strcmp (argv[1], "--fetch") == 0)
    return fetch (argv + 2);

  g_unsetenv ("http_proxy");
  g_unsetenv ("all_proxy");
  g_unsetenv ("ALL_PROXY");
  g_test_init (&argc, &argv, NULL);
  if (argc > 1)
    n_kills = atoi (argv[1]);
  g_test_add_data_func ("/download/killed/leaves-nothing-or-the-whole-file", argv[0], test_killed);
  return g_test_run ();
}
