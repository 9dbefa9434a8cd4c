/* Moving pictures: frames and times come back; what ends early leaves nothing behind, and what was there before stays. */
#include "formats/webp.h"
#include "studio/animate.h"
#include "scratch.h"

#include <glib/gstdio.h>
#include <string.h>
#include <webp/demux.h>

#define SIZE 24

typedef struct
{
  char *folder, *path;
  guint n_drawn, n_told, fail_at, cancel_at, other_size_at;
  GCancellable *cancellable;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("c2l-test-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->folder, "out", NULL);
  fixture->cancellable = g_cancellable_new ();
  fixture->fail_at = fixture->cancel_at = fixture->other_size_at = G_MAXUINT;
}

static guint
empty (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  guint n = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        empty (path);
      g_remove (path);
      n++;
    }
  return n;
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  scratch_remove (fixture->folder);
  g_object_unref (fixture->cancellable);
  g_free (fixture->path);
  g_free (fixture->folder);
}

static C2lPicture *
draw (guint i, gpointer data, GCancellable *cancellable, GError **error)
{
  Fixture *fixture = data;
  g_autoptr (C2lRecipe) recipe = c2l_recipe_new ();
  int size = i == fixture->other_size_at ? SIZE * 2 : SIZE;
  guint8 *pixels;

  g_assert_cmpuint (i, ==, fixture->n_drawn++);
  if (i == fixture->fail_at)
    {
      g_set_error_literal (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH, "the model is gone");
      return NULL;
    }
  if (i == fixture->cancel_at)
    g_cancellable_cancel (cancellable);
  recipe->prompt = g_strdup ("a cat");
  recipe->seed = i;
  c2l_rows_set (&recipe->latent, 1, 1, &(float) { i });
  pixels = g_malloc (size * size * 3);
  memset (pixels, 30 + 20 * i, size * size * 3);
  return c2l_picture_new (recipe, size, pixels);
}

static void
on_progress (guint done, guint n_frames, gpointer data)
{
  Fixture *fixture = data;

  g_assert_cmpuint (done, ==, ++fixture->n_told);
  g_assert_cmpuint (n_frames, ==, 7);
}

static gboolean
animate (Fixture *fixture, const C2lAnimation *animation, GError **error)
{
  return c2l_animate (fixture->path, animation, 7, draw, on_progress, fixture, fixture->cancellable, error);
}

static void
test_webp (Fixture *fixture, gconstpointer data)
{
  static const int ends[] = { 33, 67, 100, 133, 167, 200, 233 };
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lRecipe) recipe = NULL;
  g_autofree char *contents = NULL;
  WebPAnimDecoder *decoder;
  WebPAnimInfo info;
  guint8 *frame;
  gsize length;
  int end;

  animate (fixture, &(C2lAnimation) { .fps = 30, .loops = 2 }, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fixture->n_told, ==, 7);
  g_assert_true (g_file_get_contents (fixture->path, &contents, &length, NULL));
  decoder = WebPAnimDecoderNew (&(WebPData) { (guint8 *) contents, length }, NULL);
  g_assert_true (decoder != NULL && WebPAnimDecoderGetInfo (decoder, &info));
  g_assert_cmpuint (info.frame_count, ==, 7);
  g_assert_cmpuint (info.loop_count, ==, 2);
  for (int i = 0; i < 7; i++)
    {
      g_assert_true (WebPAnimDecoderGetNext (decoder, &frame, &end));
      g_assert_cmpint (end, ==, ends[i]);
      g_assert_cmpint (ABS (frame[0] - (30 + 20 * i)), <=, 3);
    }
  WebPAnimDecoderDelete (decoder);
  recipe = c2l_picture_load_recipe (fixture->path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (recipe->prompt, ==, "a cat");
}

static void
test_files (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_mkdir (fixture->path, 0755); /* empty: is used */
  animate (fixture, &(C2lAnimation) { .as_files = TRUE }, &error);
  g_assert_no_error (error);
  for (int i = 0; i < 7; i++)
    {
      g_autofree char *name = g_strdup_printf ("frame-%04d.png", i + 1);
      g_autofree char *path = g_build_filename (fixture->path, name, NULL);
      g_autoptr (C2lImage) image = c2l_image_load (path, &error);
      g_autoptr (C2lRecipe) recipe = c2l_picture_load_recipe (path, NULL);

      g_assert_no_error (error);
      g_assert_cmpint (image->pixels[0], ==, 30 + 20 * i);
      g_assert_cmpuint (recipe->seed, ==, i);
    }
  g_assert_cmpuint (empty (fixture->path), ==, 7);
  g_rmdir (fixture->path);
  g_assert_cmpuint (empty (fixture->folder), ==, 0);
}

static void
test_ends_early (Fixture *fixture, gconstpointer data)
{
  for (int as_files = 0; as_files < 2; as_files++)
    for (int way = 0; way < 3; way++)
      {
        g_autoptr (GError) error = NULL;

        fixture->n_drawn = fixture->n_told = 0;
        fixture->fail_at = way == 0 ? 3 : G_MAXUINT;
        fixture->cancel_at = way == 1 ? 3 : G_MAXUINT;
        fixture->other_size_at = way == 2 ? 3 : G_MAXUINT;
        g_assert_false (animate (fixture, &(C2lAnimation) { .as_files = as_files }, &error));
        if (way == 1)
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
        else
          g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH);
        g_assert_cmpuint (fixture->n_told, ==, 3);
        g_assert_cmpuint (empty (fixture->folder), ==, 0);
        g_cancellable_reset (fixture->cancellable);
      }
}

static void
test_keeps_old_file (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *contents = NULL;

  g_file_set_contents (fixture->path, "old", -1, NULL);
  fixture->fail_at = 3;
  g_assert_false (animate (fixture, &(C2lAnimation) { 0 }, &error));
  g_assert_true (g_file_get_contents (fixture->path, &contents, NULL, NULL));
  g_assert_cmpstr (contents, ==, "old");
}

/* Before anything is drawn. */
static void
test_refuses_places (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) taken = NULL, folder = NULL, nowhere = NULL;
  g_autofree char *inside = g_build_filename (fixture->path, "x", NULL);

  g_mkdir (fixture->path, 0755);
  g_assert_false (animate (fixture, &(C2lAnimation) { 0 }, &folder));
  g_assert_error (folder, G_FILE_ERROR, G_FILE_ERROR_ISDIR);
  g_file_set_contents (inside, "mine", -1, NULL);
  g_assert_false (animate (fixture, &(C2lAnimation) { .as_files = TRUE }, &taken));
  g_assert_error (taken, G_FILE_ERROR, G_FILE_ERROR_EXIST);
  g_assert_true (g_file_test (inside, G_FILE_TEST_EXISTS));
  empty (fixture->path);
  g_rmdir (fixture->path);
  g_free (fixture->path);
  fixture->path = g_build_filename (fixture->folder, "nowhere", "out", NULL);
  g_assert_false (animate (fixture, &(C2lAnimation) { 0 }, &nowhere));
  g_assert_error (nowhere, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_cmpuint (fixture->n_drawn, ==, 0);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/animate/webp-has-frames-times-and-recipe", test_webp);
  ADD ("/animate/files-have-numbers-and-recipes", test_files);
  ADD ("/animate/what-ends-early-leaves-nothing", test_ends_early);
  ADD ("/animate/what-fails-keeps-the-old-file", test_keeps_old_file);
  ADD ("/animate/refuses-places-before-drawing", test_refuses_places);
  return g_test_run ();
}
