/* Files that change under the program's hands. */
#include "formats/mapped.h"

#include "formats/safetensors.h"
#include "formats/weights.h"
#include "scratch.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE (1 << 20)
#define SURVIVED 77

typedef struct
{
  char *folder, *path, *other;
} Fixture;

static void
put (const char *path, char value, gsize size)
{
  g_autofree char *data = g_malloc (size);

  memset (data, value, size);
  g_assert_true (g_file_set_contents (path, data, size, NULL));
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("c2l-mapped-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->folder, "one", NULL);
  fixture->other = g_build_filename (fixture->folder, "other", NULL);
  put (fixture->path, 'a', SIZE);
  put (fixture->other, 'b', SIZE);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  scratch_remove (fixture->folder);
  g_free (fixture->folder);
  g_free (fixture->path);
  g_free (fixture->other);
}

static const char *
get (GBytes *bytes)
{
  g_assert_nonnull (bytes);
  return g_bytes_get_data (bytes, NULL);
}

static void
test_cut_off (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) one = c2l_mapped_open (fixture->path, &error);
  g_autoptr (GBytes) other = c2l_mapped_open (fixture->other, &error);

  g_assert_no_error (error);
  g_assert_cmpint (get (one)[0], ==, 'a');
  g_assert_true (c2l_mapped_check (fixture->path, &error));
  g_assert_cmpint (truncate (fixture->path, SIZE / 2), ==, 0);
  g_assert_cmpint (get (one)[SIZE - 1], ==, 0);
  g_assert_cmpint (get (one)[SIZE / 2], ==, 0);
  g_assert_cmpint (get (one)[SIZE / 2 - 1], ==, 'a');
  g_assert_false (c2l_mapped_check (fixture->path, &error));
  g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED);
  g_assert_true (g_str_has_prefix (error->message, fixture->path));
  g_assert_true (c2l_mapped_check (fixture->other, NULL));
  g_assert_cmpint (get (other)[SIZE - 1], ==, 'b');
  g_assert_false (c2l_mapped_check (NULL, NULL));

  /* It is forgotten with the file, and a whole one in its place is as good as any. */
  g_clear_pointer (&one, g_bytes_unref);
  g_assert_true (c2l_mapped_check (NULL, NULL));
  put (fixture->path, 'c', SIZE);
  one = c2l_mapped_open (fixture->path, NULL);
  g_assert_cmpint (get (one)[SIZE - 1], ==, 'c');
  g_assert_true (c2l_mapped_check (fixture->path, NULL));
}

/* A page that is partly there reads as zeros without any signal. */
static void
test_cut_off_within_a_page (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) one = c2l_mapped_open (fixture->path, NULL);

  g_assert_cmpint (get (one)[SIZE - 1], ==, 'a');
  g_assert_cmpint (truncate (fixture->path, SIZE - 7), ==, 0);
  g_assert_cmpint (get (one)[SIZE - 1], ==, 0);
  g_assert_false (c2l_mapped_check (fixture->path, NULL));
}

static void
test_replaced (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) one = c2l_mapped_open (fixture->path, NULL);

  put (fixture->path, 'c', 10);
  g_assert_cmpint (get (one)[SIZE - 1], ==, 'a');
  g_assert_true (c2l_mapped_check (fixture->path, NULL));
}

/* Many are mapped at a time; more than can be guarded are still mapped. */
static void
test_many (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  for (int i = 0; i < 400; i++)
    g_ptr_array_add (all, c2l_mapped_open (i % 2 ? fixture->path : fixture->other, NULL));
  for (guint i = 0; i < all->len; i++)
    g_assert_cmpint (get (g_ptr_array_index (all, i))[i], ==, i % 2 ? 'a' : 'b');
  g_assert_true (c2l_mapped_check (NULL, NULL));
}

/* A fault that has nothing to do with it still ends the program. */
static void
test_other_faults (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) one = c2l_mapped_open (fixture->path, NULL);
  int status;
  pid_t child = fork ();

  if (child == 0)
    {
      int fd = open (fixture->other, O_RDWR);
      volatile char *mine = mmap (NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);

      if (ftruncate (fd, 0) == 0)
        (void) mine[SIZE - 1];
      _exit (SURVIVED);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  /* A sanitizer's handler ends it with a status of its own. */
  g_assert_false (WIFEXITED (status) && WEXITSTATUS (status) == SURVIVED);
}

static void
test_weights (Fixture *fixture, gconstpointer data)
{
  g_autofree float *numbers = g_new (float, SIZE);
  const C2lArray array = { C2L_F32, 1, { SIZE }, SIZE, numbers };
  g_autoptr (C2lWeights) made = c2l_weights_new (C2L_WEIGHTS_PLAIN, "made", "made");
  g_autoptr (C2lWeights) weights = NULL;
  g_autoptr (GError) error = NULL;
  const float *read;

  for (int i = 0; i < SIZE; i++)
    numbers[i] = i;
  c2l_weights_add (made, "x", &array);
  g_assert_true (c2l_safetensors_save (made, NULL, fixture->path, &error));
  weights = c2l_weights_load (fixture->path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (truncate (fixture->path, SIZE), ==, 0);
  read = c2l_weights_lookup (weights, "x")->data;
  g_assert_cmpfloat (read[SIZE - 1], ==, 0);

  /* What is gone cannot be saved again. */
  g_assert_false (c2l_safetensors_save (weights, NULL, fixture->other, &error));
  g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED);
}

static void
test_what_is_no_file (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_mapped_open ("/nowhere/at/all", &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_clear_error (&error);
  g_assert_null (c2l_mapped_open (fixture->folder, &error));
  g_assert_nonnull (error);
}

#define ADD(name, function) g_test_add ("/mapped/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("cut-off", test_cut_off);
  ADD ("cut-off-within-a-page", test_cut_off_within_a_page);
  ADD ("replaced", test_replaced);
  ADD ("many", test_many);
  ADD ("other-faults", test_other_faults);
  ADD ("weights", test_weights);
  ADD ("what-is-no-file", test_what_is_no_file);
  return g_test_run ();
}
