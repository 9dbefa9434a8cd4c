/* Look-alikes: pictures that CLIP finds nearer to the given one than others. */
#include "studio/look-alike.h"

#include "formats/png.h"
#include "studio-fixture.h"
#include "studio/similarity.h"

#include <glib/gstdio.h>
#include <string.h>

static C2lSession *session;
static char *folder;

static void
count (double fraction, gpointer data)
{
  double *last = data;

  g_assert_cmpfloat (fraction, >=, *last);
  *last = fraction;
}

static char *
save_picture (C2lRecipe *recipe, const char *name)
{
  g_autoptr (C2lPicture) picture = studio_fixture_draw (session, recipe);
  char *path = g_build_filename (folder, name, NULL);

  g_assert_true (c2l_picture_save (picture, path, NULL));
  return path;
}

static void
test_nearer_than_others (void)
{
  g_autoptr (GPtrArray) bearded = studio_fixture_sample (session, "a man with a beard", 1, 3), alike = NULL, women = NULL;
  g_autofree char *path = save_picture (bearded->pdata[0], "bearded.png");
  C2lSampling sampling = studio_fixture_sampling (session, 20, 11);
  g_autoptr (GError) error = NULL;
  double last = 0, with = 0, without = 0;

  alike = c2l_look_alikes_find (session, path, &sampling, TRUE, &(C2lProgress) { count, &last }, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (alike->len, ==, 20);
  g_assert_cmpfloat (last, ==, 1);
  women = studio_fixture_sample (session, "a woman with pink hair", 20, 11);
  for (guint i = 0; i < alike->len; i++)
    {
      C2lRecipe *recipe = alike->pdata[i];

      g_assert_null (recipe->prompt);
      g_assert_cmpstr (recipe->made_by, ==, C2L_MADE_BY_LOOK_ALIKE);
      g_assert_cmpstr (recipe->source, ==, "bearded.png");
      g_assert_true (recipe->has_score);
      g_assert_true (i == 0 || recipe->score <= ((C2lRecipe *) alike->pdata[i - 1])->score);
      with += studio_fixture_score (session, recipe, "a man with a beard") / alike->len;
      without += studio_fixture_score (session, women->pdata[i], "a man with a beard") / alike->len;
    }
  g_test_message ("look-alikes of a beard %.3f, others %.3f; best score %.3f", with, without, ((C2lRecipe *) alike->pdata[0])->score);
  g_assert_cmpfloat (with, >, without + 0.1);
  g_remove (path);
}

static void
test_sees_the_middle_on_white (void)
{
  g_autoptr (C2lImage) square = c2l_image_new (96, 96, 3), wide = c2l_image_new (160, 96, 4);
  int width = c2l_session_get_embed_width (session, NULL);
  g_autofree float *a = g_new (float, width), *b = g_new (float, width);

  for (int y = 0; y < 96; y++)
    for (int x = 0; x < 160; x++)
      {
        guint8 *to = wide->pixels + (y * 160 + x) * 4;
        guint8 colour[3] = { x * 7, y * 5, 128 };

        /* The lower half is transparent black, which is white on white. */
        memcpy (to, colour, 3);
        to[3] = y < 48 ? 255 : 0;
        if (x >= 32 && x < 128)
          for (int c = 0; c < 3; c++)
            square->pixels[(y * 96 + x - 32) * 3 + c] = y < 48 ? colour[c] : 255;
      }
  g_assert_true (c2l_session_embed_image (session, wide, a, NULL, NULL));
  g_assert_true (c2l_session_embed_image (session, square, b, NULL, NULL));
  g_assert_cmpmem (a, width * sizeof (float), b, width * sizeof (float));
}

/* A picture of its own, as the program scores it when it draws, and as a file. */
static void
test_a_file_is_seen_as_the_picture_was (void)
{
  g_autoptr (GPtrArray) recipes = studio_fixture_sample (session, "a woman", 1, 3);
  g_autofree char *path = save_picture (recipes->pdata[0], "own.png");
  g_autoptr (C2lImage) image = c2l_image_load (path, NULL);
  int width = c2l_session_get_embed_width (session, NULL);
  g_autofree float *embedding = g_new (float, width), *text = g_new (float, width);

  g_assert_true (c2l_session_embed_image (session, image, embedding, NULL, NULL));
  g_assert_true (c2l_session_embed_prompt (session, "a woman", text, NULL, NULL, NULL));
  g_assert_cmpfloat_with_epsilon (c2l_similarity_cosine (embedding, text, width),
                                  studio_fixture_score (session, recipes->pdata[0], "a woman"), 0.01);
  g_remove (path);
}

static void
test_what_is_no_picture_is_refused (void)
{
  g_autofree char *path = g_build_filename (folder, "x.png", NULL);
  C2lSampling sampling = studio_fixture_sampling (session, 1, 1);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, "\x89PNG\r\n\x1a\n and then nothing", -1, NULL));
  g_assert_null (c2l_look_alikes_find (session, path, &sampling, TRUE, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "x.png"));
  g_remove (path);
}

static void
test_stops_when_told (void)
{
  g_autoptr (GPtrArray) recipes = studio_fixture_sample (session, "a woman", 1, 3);
  g_autofree char *path = save_picture (recipes->pdata[0], "own.png");
  C2lSampling sampling = studio_fixture_sampling (session, 1000, 1);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (c2l_look_alikes_find (session, path, &sampling, TRUE, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_remove (path);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  session = studio_fixture_open_starter ();
  folder = g_dir_make_tmp ("c2l-test-XXXXXX", NULL);
  g_test_add_func ("/look-alike/nearer-than-others", test_nearer_than_others);
  g_test_add_func ("/look-alike/sees-the-middle-on-white", test_sees_the_middle_on_white);
  g_test_add_func ("/look-alike/a-file-is-seen-as-the-picture-was", test_a_file_is_seen_as_the_picture_was);
  g_test_add_func ("/look-alike/what-is-no-picture-is-refused", test_what_is_no_picture_is_refused);
  g_test_add_func ("/look-alike/stops-when-told", test_stops_when_told);
  result = g_test_run ();
  g_rmdir (folder);
  g_free (folder);
  c2l_session_free (session);
  return result;
}
