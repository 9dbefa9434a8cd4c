/* What files are: each kind by a file of it, whatever its name; the rest is refused with what it is. */
#include "formats/npy.h"
#include "studio/identify.h"
#include "studio/picture.h"
#include "scratch.h"

#include <glib/gstdio.h>
#include <string.h>

static char *folder;

static char *
in_folder (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static void
assert_kind (const char *path, C2lFileKind kind, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lFileInfo) info = c2l_identify (path, &error);

  g_assert_no_error (error);
  g_assert_cmpint (info->kind, ==, kind);
  g_assert_cmpstr (info->path, ==, path);
  g_assert_nonnull (strstr (info->what, words));
  g_assert_nonnull (info->use);
  g_assert_true ((info->recipe != NULL) == (kind == C2L_FILE_PICTURE));
  g_assert_true ((info->image != NULL) == (kind == C2L_FILE_PICTURE || kind == C2L_FILE_IMAGE));
  g_assert_true ((info->bundle != NULL) == (kind == C2L_FILE_BUNDLE));
  g_assert_true ((info->weights != NULL) == (kind >= C2L_FILE_GENERATOR && kind <= C2L_FILE_ARRAYS));
}

static void
test_fixtures (void)
{
  static const struct { const char *variable, *path; C2lFileKind kind; const char *words; } cases[] = {
    { "C2L_DATA", "starter", C2L_FILE_BUNDLE, "bundle" },
    { "C2L_DATA", "starter/generator.safetensors", C2L_FILE_GENERATOR, "StyleGAN" },
    { "C2L_DATA", "starter/prior.safetensors", C2L_FILE_PRIOR, "prior" },
    { "C2L_DATA", "starter/clip.safetensors", C2L_FILE_CLIP, "CLIP" },
    { "C2L_DATA", "starter/merges.txt", C2L_FILE_MERGES, "merges" },
    { "C2L_DATA", "merges.txt.gz", C2L_FILE_MERGES, "merges" },
    { "C2L_DATA", "starter/directions/beard.npy", C2L_FILE_DIRECTION, "direction" },
    { "C2L_FIXTURES", "e2e/w/generator.pkl", C2L_FILE_GENERATOR, "StyleGAN" },
    { "C2L_FIXTURES", "e2e/w/prior.ckpt", C2L_FILE_PRIOR, "prior" },
    { "C2L_FIXTURES", "e2e/w/prior.yaml", C2L_FILE_CONFIG, "a prior's configuration" },
    { "C2L_FIXTURES", "clip/jit-fp16.pt", C2L_FILE_CLIP, "CLIP" },
    { "C2L_FIXTURES", "edits/age.npy", C2L_FILE_DIRECTION, "direction" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_build_filename (g_getenv (cases[i].variable), cases[i].path, NULL);

      assert_kind (path, cases[i].kind, cases[i].words);
    }
}

/* Under names that say something else. */
static void
test_pictures (void)
{
  for (int format = 0; format < C2L_N_IMAGE_FORMATS; format++)
    {
      g_autoptr (C2lRecipe) recipe = c2l_recipe_new ();
      g_autofree char *own = in_folder ("own.pkl"), *other = in_folder ("other.txt");
      g_autoptr (C2lPicture) picture = c2l_picture_new (recipe, 8, g_malloc0 (8 * 8 * 3));
      g_autoptr (GBytes) with = NULL, without = NULL;

      c2l_rows_set (&recipe->latent, 1, 1, &(float) { 1 });
      with = c2l_picture_encode (picture, format, 90, NULL);
      without = c2l_image_encode (format, 90, picture->pixels, 8, 8, NULL, 0, NULL);
      g_file_set_contents (own, g_bytes_get_data (with, NULL), g_bytes_get_size (with), NULL);
      g_file_set_contents (other, g_bytes_get_data (without, NULL), g_bytes_get_size (without), NULL);
      assert_kind (own, C2L_FILE_PICTURE, "a picture of 8 × 8");
      assert_kind (other, C2L_FILE_IMAGE, "a picture of 8 × 8");
    }
}

static void
test_run (void)
{
  g_autofree char *run = in_folder ("run"), *config = in_folder ("run/config.yaml"), *status = in_folder ("run/status.json");

  g_mkdir (run, 0755);
  g_file_set_contents (config, "a: 1\n", -1, NULL);
  g_assert_null (c2l_identify (run, NULL));
  g_file_set_contents (status, "{}", -1, NULL);
  assert_kind (run, C2L_FILE_RUN, "training");
}

static void
test_arrays (void)
{
  g_autofree char *path = in_folder ("many.npy"), *yaml = in_folder ("some.yaml");
  const float values[300 * 2] = { 0 };

  g_assert_true (c2l_npy_save (path, values, (gint64[]) { 300, 2 }, 2, NULL));
  assert_kind (path, C2L_FILE_ARRAY, "no shape");
  g_assert_true (c2l_npy_save (path, values, (gint64[]) { 2, 10, 30 }, 3, NULL));
  assert_kind (path, C2L_FILE_LATENTS, "latents");
  g_assert_true (c2l_npy_save (path, values, (gint64[]) { 1, 300, 2 }, 3, NULL));
  assert_kind (path, C2L_FILE_ARRAY, "no shape");
  g_assert_true (c2l_npy_save (path, values, (gint64[]) { 1, 20, 30 }, 3, NULL));
  assert_kind (path, C2L_FILE_DIRECTION, "direction");
  g_file_set_contents (yaml, "colour: red\n", -1, NULL);
  assert_kind (yaml, C2L_FILE_CONFIG, "YAML");
}

static void
assert_refused (const char *path, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_identify (path, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_refuses (void)
{
  static const struct { const char *name, *contents; gsize length; const char *words; } cases[] = {
    { "deep.yaml", "a: {b: [1, 2}\n", 14, "line 1" },
    { "b.pkl", "<!doctype html><html>", 21, "web page" },
    { "c.ckpt", "version https://git-lfs.github.com/spec/v1\n", 43, "Git LFS" },
    { "d.png", "\x89PNG\r\n\x1a\n", 8, "cut off" },
    { "e", "", 0, "empty" },
    { "f", "\1\2\3\4garbage", 11, "not a model file" },
  };
  g_autofree char *nowhere = in_folder ("nowhere"), *empty = in_folder ("empty-folder");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = in_folder (cases[i].name);

      g_file_set_contents (path, cases[i].contents, cases[i].length, NULL);
      assert_refused (path, cases[i].words);
    }
  g_mkdir (empty, 0755);
  assert_refused (empty, "model.json");
  assert_refused (nowhere, "no such file");
  assert_refused ("/dev/null", "neither a file nor a folder");
}

/* Said as what it is, whatever the desktop calls its type. */
static void
test_refuses_damaged_tar (void)
{
  g_autofree char *path = in_folder ("shard.tar");
  char header[512] = "00000.img_feat.npy";

  memcpy (header + 257, "ustar", 6);
  memcpy (header + 148, "000001", 7);
  g_file_set_contents (path, header, sizeof header, NULL);
  assert_refused (path, "shard.tar");
  assert_refused (path, "checksum");
}

/* The desktop's knowledge of types may be missing; then it is just no model file. */
static void
test_refuses_other_kinds (void)
{
  static const char gif[] = "GIF89a\4\0\4\0\0\0\0,\0\0\0\0\4\0\4\0\0\2\0;";
  g_autofree char *path = in_folder ("picture.png");
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, gif, sizeof gif - 1, NULL);
  g_assert_null (c2l_identify (path, &error));
  g_assert_true (strstr (error->message, "directions (.npy, .pt)") != NULL
                 || strstr (error->message, "not a model file") != NULL);
}

static void
on_identified (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  *(C2lFileInfo **) data = c2l_identify_finish (result, &error);
  g_assert_no_error (error);
}

static void
test_async (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("C2L_DATA"), "starter", NULL);
  g_autoptr (C2lFileInfo) info = NULL;

  c2l_identify_async (path, NULL, on_identified, &info);
  while (info == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (info->kind, ==, C2L_FILE_BUNDLE);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("c2l-test-XXXXXX", NULL);
  g_test_add_func ("/identify/models-and-their-parts", test_fixtures);
  g_test_add_func ("/identify/pictures-with-and-without-a-recipe", test_pictures);
  g_test_add_func ("/identify/a-training", test_run);
  g_test_add_func ("/identify/arrays-and-configurations", test_arrays);
  g_test_add_func ("/identify/refuses-with-what-it-is", test_refuses);
  g_test_add_func ("/identify/refuses-damaged-archives", test_refuses_damaged_tar);
  g_test_add_func ("/identify/refuses-other-kinds-of-files", test_refuses_other_kinds);
  g_test_add_func ("/identify/in-the-background", test_async);
  result = g_test_run ();
  scratch_remove (folder);
  g_free (folder);
  return result;
}
