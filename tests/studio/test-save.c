/* Saving: whole files under free names, each with its recipe; failures name the file and what to do, and leave nothing behind. */
#include "formats/png.h"
#include "studio/save.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define SIZE 32

typedef struct
{
  char *folder;
  C2lSaveOptions options;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("c2l-test-XXXXXX", NULL);
  c2l_save_options_init (&fixture->options, fixture->folder);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Names in the folder, sorted; hidden ones too. */
static char *
dup_names (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return g_strjoinv (", ", (char **) names->pdata);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
      g_unlink (path);
    }
  g_rmdir (fixture->folder);
  g_free (fixture->folder);
}

static C2lPicture *
new_picture (const char *prompt)
{
  const float latent[] = { 0.25f, -1.5f };
  g_autoptr (C2lRecipe) recipe = c2l_recipe_new ();
  guint8 *pixels = g_malloc (SIZE * SIZE * 3);

  for (int i = 0; i < SIZE * SIZE * 3; i++)
    pixels[i] = 60 + i / 3 % SIZE * 4;
  recipe->prompt = g_strdup (prompt);
  recipe->seed = G_MAXUINT64;
  c2l_rows_set (&recipe->latent, 1, 2, latent);
  return c2l_picture_new (recipe, SIZE, pixels);
}

static void
test_formats (Fixture *fixture, gconstpointer data)
{
  g_autofree char *names = NULL;

  for (int format = 0; format < C2L_N_IMAGE_FORMATS; format++)
    {
      g_autoptr (C2lPicture) picture = new_picture ("ein <Bärtiger> & 日本語");
      g_autoptr (C2lRecipe) recipe = NULL;
      g_autoptr (C2lImage) image = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree char *path = NULL, *before = NULL, *after = NULL;
      double sum = 0;

      fixture->options.format = format;
      path = c2l_save_picture (picture, &fixture->options, &error);
      g_assert_no_error (error);
      g_assert_true (g_str_has_suffix (path, c2l_image_format_get_suffix (format)));
      recipe = c2l_picture_load_recipe (path, &error);
      g_assert_no_error (error);
      before = c2l_recipe_to_json (picture->recipe);
      after = c2l_recipe_to_json (recipe);
      g_assert_cmpstr (after, ==, before);
      image = c2l_image_load (path, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (g_hash_table_lookup (image->texts, "Description"), ==, picture->recipe->prompt);
      for (int i = 0; i < SIZE * SIZE * 3; i++)
        sum += ABS (image->pixels[i] - picture->pixels[i]);
      g_assert_cmpfloat (sum / (SIZE * SIZE * 3), <=, format == C2L_IMAGE_PNG ? 0 : 3);
    }
  names = dup_names (fixture->folder);
  g_assert_cmpstr (names, ==,
                   "ein -Bärtiger- & 日本語-18446744073709551615-01.jpg, ein -Bärtiger- & 日本語-18446744073709551615-01.png, "
                   "ein -Bärtiger- & 日本語-18446744073709551615-01.webp");
}

static void
test_collisions (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lPicture) picture = new_picture ("x");
  g_autofree char *names = NULL, *first = NULL;
  GStatBuf before, after;

  fixture->options.name_template = "{prompt}";
  first = c2l_save_picture (picture, &fixture->options, NULL);
  g_assert_cmpint (g_stat (first, &before), ==, 0);
  for (int i = 0; i < 2; i++)
    g_free (c2l_save_picture (picture, &fixture->options, NULL));
  fixture->options.plain = TRUE;
  g_free (c2l_save_picture (picture, &fixture->options, NULL));
  names = dup_names (fixture->folder);
  g_assert_cmpstr (names, ==, "x (2).png, x (3).png, x-2.png, x.png");
  g_assert_cmpint (g_stat (first, &after), ==, 0);
  g_assert_cmpuint (after.st_ino, ==, before.st_ino);

  fixture->options.replace = TRUE;
  g_clear_pointer (&first, g_free);
  first = c2l_save_picture (picture, &fixture->options, NULL);
  g_assert_true (g_str_has_suffix (first, "/x.png"));
  g_assert_cmpint (g_stat (first, &after), ==, 0);
  g_assert_cmpuint (after.st_ino, !=, before.st_ino);
}

/* By the end of the name; a file of that name is replaced, and a name without an end is a PNG. */
static void
test_save_as (Fixture *fixture, gconstpointer data)
{
  static const struct { const char *name; const char *start; int length; } cases[]
      = { { "a.JPG", "\xff\xd8\xff", 3 }, { "b.webp", "RIFF", 4 }, { "c", "\x89PNG", 4 }, { "d.1", "\x89PNG", 4 }, { "a.JPG", "\xff\xd8\xff", 3 } };
  g_autoptr (C2lPicture) picture = new_picture ("x");
  g_autofree char *names = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_build_filename (fixture->folder, cases[i].name, NULL), *contents = NULL;
      g_autoptr (GError) error = NULL;

      c2l_save_picture_as (picture, path, 90, &error);
      g_assert_no_error (error);
      g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
      g_assert_cmpint (memcmp (contents, cases[i].start, cases[i].length), ==, 0);
    }
  names = dup_names (fixture->folder);
  g_assert_cmpstr (names, ==, "a.JPG, b.webp, c, d.1");
}

static void
test_vanished_folder (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lPicture) picture = new_picture ("x");
  g_autoptr (GError) error = NULL;

  g_rmdir (fixture->folder);
  g_assert_null (c2l_save_picture (picture, &fixture->options, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_true (g_str_has_prefix (error->message, fixture->folder));
  g_assert_nonnull (strstr (error->message, "x-18446744073709551615-01.png: cannot be written"));
  g_assert_nonnull (strstr (error->message, "choose another"));
}

static void
test_file_as_folder (Fixture *fixture, gconstpointer data)
{
  g_autofree char *file = g_build_filename (fixture->folder, "file", NULL);
  g_autoptr (C2lPicture) picture = new_picture ("x");
  g_autoptr (GError) error = NULL;

  g_file_set_contents (file, "", 0, NULL);
  fixture->options.folder = file;
  g_assert_null (c2l_save_picture (picture, &fixture->options, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOTDIR);
  g_assert_nonnull (strstr (error->message, "choose another"));
}

/* A small disk of memory over the folder, seen by this process and its children alone; FALSE where the system forbids it. */
static gboolean
mount_small (const char *folder, const char *settings, gulong flags)
{
  if (unshare (CLONE_NEWNS) != 0 && unshare (CLONE_NEWUSER | CLONE_NEWNS) != 0)
    return FALSE;
  return mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mount ("tmpfs", folder, "tmpfs", flags, settings) == 0;
}

static void
test_full_disk (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lPicture) picture = new_picture ("x");
  g_autoptr (GError) error = NULL;
  g_autofree char *names = NULL, *filler = g_build_filename (fixture->folder, "filler", NULL), *bytes = g_malloc0 (1 << 16);

  if (!mount_small (fixture->folder, "size=64k", 0))
    {
      g_test_skip ("no small disk can be mounted here");
      return;
    }
  g_assert_true (g_file_set_contents_full (filler, bytes, 1 << 16, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  g_assert_null (c2l_save_picture (picture, &fixture->options, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
  g_assert_nonnull (strstr (error->message, "make room"));
  names = dup_names (fixture->folder);
  g_assert_cmpstr (names, ==, "filler");
  umount (fixture->folder);
}

static void
test_read_only (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lPicture) picture = new_picture ("x");
  g_autoptr (GError) error = NULL;

  if (!mount_small (fixture->folder, "size=64k", MS_RDONLY))
    {
      g_test_skip ("no small disk can be mounted here");
      return;
    }
  g_assert_null (c2l_save_picture (picture, &fixture->options, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_ROFS);
  g_assert_nonnull (strstr (error->message, "that you may write to"));
  umount (fixture->folder);
}

typedef struct
{
  GMainLoop *loop;
  GCancellable *cancellable;
  guint n_told, cancel_after;
  GPtrArray *paths;
  GError *error;
} Set;

static void
on_progress (guint done, guint n_pictures, const char *path, gpointer data)
{
  Set *set = data;

  g_assert_cmpuint (done, ==, ++set->n_told);
  g_assert_cmpuint (n_pictures, ==, 40);
  g_assert_true (g_file_test (path, G_FILE_TEST_IS_REGULAR));
  if (done == set->cancel_after)
    g_cancellable_cancel (set->cancellable);
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer data)
{
  Set *set = data;

  c2l_save_pictures_finish (result, &set->paths, &set->error);
  g_main_loop_quit (set->loop);
}

static void
save_set (Fixture *fixture, Set *set)
{
  g_autoptr (GPtrArray) pictures = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);

  for (int i = 0; i < 40; i++)
    {
      C2lPicture *picture = new_picture ("set");

      picture->recipe->index = i;
      g_ptr_array_add (pictures, picture);
    }
  set->loop = g_main_loop_new (NULL, FALSE);
  set->cancellable = g_cancellable_new ();
  c2l_save_pictures_async (pictures, &fixture->options, on_progress, set, set->cancellable, on_saved, set);
  g_clear_pointer (&pictures, g_ptr_array_unref);
  g_main_loop_run (set->loop);
  g_main_loop_unref (set->loop);
  g_object_unref (set->cancellable);
}

static void
test_set (Fixture *fixture, gconstpointer data)
{
  Set set = { 0 };

  save_set (fixture, &set);
  g_assert_no_error (set.error);
  g_assert_cmpuint (set.n_told, ==, 40);
  g_assert_cmpuint (set.paths->len, ==, 40);
  g_assert_true (g_str_has_suffix (g_ptr_array_index (set.paths, 0), "/set-18446744073709551615-01.png"));
  g_assert_true (g_str_has_suffix (g_ptr_array_index (set.paths, 39), "/set-18446744073709551615-40.png"));
  g_ptr_array_unref (set.paths);
}

static void
test_cancelled_set (Fixture *fixture, gconstpointer data)
{
  Set set = { .cancel_after = 1 };

  save_set (fixture, &set);
  /* The thread may have been through before it heard of it. */
  if (set.error != NULL)
    g_assert_error (set.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  else
    g_assert_cmpuint (set.paths->len, ==, 40);
  for (guint i = 0; i < set.paths->len; i++)
    g_assert_true (g_file_test (g_ptr_array_index (set.paths, i), G_FILE_TEST_IS_REGULAR));
  g_assert_cmpuint (set.paths->len, ==, set.n_told);
  g_ptr_array_unref (set.paths);
  g_clear_error (&set.error);
}

static void
test_cancelled_before (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) pictures = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *names = NULL;

  g_ptr_array_add (pictures, new_picture ("x"));
  g_cancellable_cancel (cancellable);
  g_assert_false (c2l_save_pictures (pictures, &fixture->options, NULL, NULL, paths, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  names = dup_names (fixture->folder);
  g_assert_cmpstr (names, ==, "");
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/save/every-format-keeps-the-recipe", test_formats);
  ADD ("/save/a-taken-name-gets-a-number", test_collisions);
  ADD ("/save/as-the-name-says", test_save_as);
  ADD ("/save/says-that-the-folder-vanished", test_vanished_folder);
  ADD ("/save/says-that-the-folder-is-a-file", test_file_as_folder);
  ADD ("/save/a-set-in-the-background", test_set);
  ADD ("/save/a-cancelled-set-keeps-what-is-saved", test_cancelled_set);
  ADD ("/save/a-cancelled-set-saves-nothing-more", test_cancelled_before);
  ADD ("/save/says-that-the-disk-is-full", test_full_disk);
  ADD ("/save/says-that-the-folder-is-read-only", test_read_only);
  return g_test_run ();
}
