#include "app/c2l-shared-files.h"

#include <glib/gstdio.h>
#include <string.h>
#include <utime.h>

static char *
write_one (const char *content)
{
  g_autoptr (GBytes) bytes = g_bytes_new (content, strlen (content));
  g_autoptr (GError) error = NULL;
  g_autoptr (GFile) file = c2l_shared_files_write ("An image", "png", bytes, &error);

  g_assert_no_error (error);
  return g_file_get_path (file);
}

static void
assert_contains (const char *path, const char *content)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, content);
}

static void
test_each_gets_a_file_of_its_own (void)
{
  g_autofree char *first = write_one ("one"), *second = write_one ("two");
  g_autofree char *first_name = g_path_get_basename (first);
  g_autofree char *second_name = g_path_get_basename (second);

  g_assert_cmpstr (first_name, ==, "An image.png");
  g_assert_cmpstr (second_name, ==, "An image 2.png");
  assert_contains (first, "one");
  assert_contains (second, "two");
}

static void
test_old_ones_are_deleted (void)
{
  g_autofree char *kept = write_one ("today"), *old = write_one ("long ago"), *folder = NULL;
  g_autofree char *of_old = g_path_get_dirname (old);
  struct utimbuf times = { .actime = 1000000000, .modtime = 1000000000 };

  g_assert_cmpint (g_utime (old, &times), ==, 0);
  folder = c2l_shared_files_make_folder (NULL);
  g_assert_cmpstr (folder, ==, of_old);
  g_assert_false (g_file_test (old, G_FILE_TEST_EXISTS));
  assert_contains (kept, "today");
}

static void
test_says_where_it_cannot_write (void)
{
  g_autofree char *cache = g_build_filename (g_get_user_cache_dir (), "clip2latent", NULL);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (g_get_user_cache_dir (), 0700), ==, 0);
  g_assert_true (g_file_set_contents (cache, "a file, not a folder", -1, NULL));
  g_assert_null (c2l_shared_files_write ("An image", "png", bytes, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY);
  g_assert_nonnull (strstr (error->message, cache));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/shared-files/each-gets-a-file-of-its-own", test_each_gets_a_file_of_its_own);
  g_test_add_func ("/shared-files/old-ones-are-deleted", test_old_ones_are_deleted);
  g_test_add_func ("/shared-files/says-where-it-cannot-write", test_says_where_it_cannot_write);
  return g_test_run ();
}
