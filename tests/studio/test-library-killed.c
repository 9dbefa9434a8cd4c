/* A program that fills the library is killed at random moments, again and again: what it was told
 * of as stored is there, whole, and the file is sound. The first argument is the number of kills;
 * "--add FILE" is the program that is killed. */
#include "library-fixture.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_IN_A_BATCH 8
#define LONGEST_LIFE_MS 150

static int n_kills = 6;

/* --- the program that is killed --- */

static GPtrArray *
add_batch (C2lLibrary *library, int n, GError **error)
{
  GPtrArray *entries = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_library_entry_unref);
  g_autoptr (GPtrArray) recipes
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);
  g_autofree guint8 *bytes = g_malloc0 (6000);
  g_autoptr (GBytes) thumbnail = g_bytes_new (bytes, 6000);
  GAsyncResult *result = NULL;

  for (int i = 0; i < n; i++)
    {
      g_ptr_array_add (recipes, library_new_recipe ("a happy man", "faces", 0.5));
      g_ptr_array_add (entries, c2l_library_entry_new (recipes->pdata[i], thumbnail));
    }
  c2l_library_add_async (library, entries, recipes, NULL, library_answer, &result);
  if (!library_write (library, &result, error))
    g_clear_pointer (&entries, g_ptr_array_unref);
  return entries;
}

/* One line a batch, once it is stored. */
static int
add_for_ever (const char *path)
{
  g_autofree char *notice = NULL;
  C2lLibrary *library = c2l_library_open (path, &notice);
  g_autoptr (GError) error = NULL;
  GPtrArray *entries;

  while (notice == NULL
         && (entries = add_batch (library, g_random_int_range (1, MOST_IN_A_BATCH + 1), &error))
                != NULL)
    {
      g_autoptr (GString) line = g_string_new (NULL);

      for (guint i = 0; i < entries->len; i++)
        g_string_append_printf (line, "%s ", ((C2lLibraryEntry *) entries->pdata[i])->uid);
      g_string_append_c (line, '\n');
      if (write (STDOUT_FILENO, line->str, line->len) != (gssize) line->len)
        break;
      /* Some of it moves, too: pages are freed and used again. */
      library_trash (library, ((C2lLibraryEntry *) entries->pdata[0])->uid, TRUE);
      g_ptr_array_unref (entries);
    }
  return 1;
}

/* --- the test --- */

/* What the child said before it was killed; a line without an end is no word. */
static void
read_reported (GSubprocess *child, GPtrArray *uids)
{
  GInputStream *stream = g_subprocess_get_stdout_pipe (child);
  g_autoptr (GString) text = g_string_new (NULL);
  char buffer[4096];
  gssize n;
  char *end;

  while ((n = g_input_stream_read (stream, buffer, sizeof buffer, NULL, NULL)) > 0)
    g_string_append_len (text, buffer, n);
  end = strrchr (text->str, '\n');
  if (end == NULL)
    return;
  *end = '\0';
  g_auto (GStrv) words = g_strsplit_set (text->str, " \n", -1);
  for (guint i = 0; words[i] != NULL; i++)
    if (*words[i] != '\0')
      g_ptr_array_add (uids, g_strdup (words[i]));
}

static void
kill_one (const char *program, const char *path, int longest_ms, GPtrArray *uids)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) child
      = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, program, "--add", path, NULL);

  g_assert_no_error (error);
  g_usleep (g_random_int_range (0, longest_ms * 1000));
  g_subprocess_force_exit (child);
  read_reported (child, uids);
  g_assert_true (g_subprocess_wait (child, NULL, NULL));
  g_assert_false (g_subprocess_get_if_exited (child));
}

static void
check_all_are_there (LibraryFixture *f, GPtrArray *uids)
{
  g_autoptr (C2lRecipe) recipe = library_new_recipe ("a happy man", "faces", 0.5);

  for (guint i = 0; i < uids->len; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (C2lRecipe) back = library_load_recipe (f->library, uids->pdata[i], &error);

      g_assert_no_error (error);
      g_assert_true (c2l_recipe_equal (back, recipe));
    }
}

static void
test_killed (LibraryFixture *f, gconstpointer program)
{
  static const char *const pairs[] = {
    "SELECT count (*) FROM pictures p LEFT JOIN recipes r ON r.picture = p.id WHERE r.json IS NULL",
    "SELECT count (*) FROM pictures p LEFT JOIN thumbnails t ON t.picture = p.id WHERE t.bytes IS "
    "NULL",
    "SELECT count (*) FROM recipes WHERE picture NOT IN (SELECT id FROM pictures)"
  };
  g_autoptr (GPtrArray) uids = g_ptr_array_new_with_free_func (g_free);
  guint n_before_last = 0;

  for (int i = 0; i < n_kills || uids->len == 0; i++)
    {
      g_autofree char *sound = NULL, *notice = NULL;

      library_close (f);
      n_before_last = uids->len;
      /* On a slow machine none gets that far, until one does. */
      kill_one (program, f->path, LONGEST_LIFE_MS * (uids->len == 0 ? i + 1 : 1), uids);
      notice = library_open (f);
      g_assert_null (notice);
      check_all_are_there (f, uids);
      sound = library_read_sql (f->path, "PRAGMA integrity_check");
      g_assert_cmpstr (sound, ==, "ok");
    }
  library_run_sql (f->path, "INSERT INTO prompts (prompts, rank) VALUES ('integrity-check', 1)");
  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      g_autofree char *n = library_read_sql (f->path, pairs[i]);

      g_assert_cmpstr (n, ==, "0");
    }
  g_test_message ("%d kills, %u pictures were reported, %u by the last", n_kills, uids->len,
                  uids->len - n_before_last);
}

int
main (int argc, char **argv)
{
  if (argc == 3 && strcmp (argv[1], "--add") == 0)
    return add_for_ever (argv[2]);
  g_test_init (&argc, &argv, NULL);
  if (argc > 1)
    n_kills = atoi (argv[1]);
  g_test_add ("/library/survives/kill-9", LibraryFixture, argv[0], library_set_up, test_killed,
              library_tear_down);
  return g_test_run ();
}
