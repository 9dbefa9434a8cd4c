/* Samples out of tars: the original's, those with other things beside them, and broken ones. */
#include "formats/shard.h"

#include "formats/expected.h"
#include "sample-tar.h"

#include <math.h>
#include <string.h>

static C2lShard *
open_bytes (GByteArray *archive)
{
  g_autoptr (GInputStream) stream = NULL;

  c2l_tar_append_end (archive, archive->len);
  stream = g_memory_input_stream_new_from_data (archive->data, archive->len, NULL);
  return c2l_shard_new (stream, "test.tar");
}

/* The message of what is wrong with @archive, which is. */
static char *
dup_complaint (GByteArray *archive)
{
  g_autoptr (C2lShard) shard = open_bytes (archive);
  g_autoptr (GError) error = NULL;

  while (c2l_shard_read_next (shard, &error) != NULL)
    ;
  g_assert_nonnull (error);
  g_assert_true (error->domain == C2L_FORMAT_ERROR);
  return g_strdup (error->message);
}

static void
assert_complains (GByteArray *archive, const char *member, const char *what)
{
  g_autofree char *message = dup_complaint (archive);

  g_test_message ("%s", message);
  g_assert_true (g_str_has_prefix (message, "test.tar: "));
  g_assert_nonnull (strstr (message, member));
  g_assert_nonnull (strstr (message, what));
}

static void
check_array (const C2lArray *expected, guint i, gsize n, const float *values)
{
  g_autofree float *all = c2l_array_dup_f32 (expected);

  for (gsize j = 0; j < n; j++)
    g_assert_cmpfloat (fabsf (all[i * n + j] - values[j]), <=, 1e-6f);
}

/* Both tars of the folder hold, under leading folders and with pictures between, what was recorded beside them. */
static void
test_reads_the_originals (gconstpointer data)
{
  g_autofree char *folder = g_build_filename (g_getenv ("C2L_FIXTURES"), "dataset", data, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lExpected) expected = c2l_expected_load (folder, &error);

  g_assert_no_error (error);
  for (int file = 0; file < 2; file++)
    {
      g_autofree char *path = g_strdup_printf ("%s/%05d.tar", folder, file);
      g_autofree char *latents = g_strdup_printf ("%05d.latent", file), *features = g_strdup_printf ("%05d.img_feat", file);
      g_autoptr (C2lShard) shard = c2l_shard_open (path, &error);
      const C2lSample *sample;
      guint n = 0;

      g_assert_no_error (error);
      while ((sample = c2l_shard_read_next (shard, &error)) != NULL)
        {
          g_autofree char *key = g_strdup_printf ("dataset/raw/%05d/%05d%04u", file, file, n);

          g_assert_cmpstr (sample->key, ==, key);
          g_assert_cmpuint (sample->latent_dim, ==, 32);
          g_assert_cmpuint (sample->feature_dim, ==, 32);
          check_array (c2l_expected_lookup (expected, latents), n, sample->n_latents * 32, sample->latent);
          check_array (c2l_expected_lookup (expected, features), n, 32, sample->feature);
          n++;
        }
      g_assert_no_error (error);
      g_assert_cmpuint (n, ==, 12);
    }
}

static void
test_passes_over_other_members (void)
{
  g_autoptr (GByteArray) archive = g_byte_array_new ();
  g_autoptr (C2lShard) shard = NULL;
  g_autoptr (GError) error = NULL;
  const C2lSample *sample;

  c2l_tar_append (archive, "README", "x", 1, NULL);
  c2l_tar_append (archive, "a/0.gen.jpg", "no picture", 10, NULL);
  append_sample (archive, "a/0", 3, 1);
  c2l_tar_append (archive, "a/0.txt", "behind", 6, NULL);
  c2l_tar_append (archive, "only-a-picture.jpg", "x", 1, NULL);
  append_sample (archive, "a.b/1", 3, 2);
  shard = open_bytes (archive);
  sample = c2l_shard_read_next (shard, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sample->key, ==, "a/0");
  g_assert_cmpfloat (sample->latent[2], ==, 1);
  g_assert_cmpfloat (sample->feature[2], ==, -1);
  sample = c2l_shard_read_next (shard, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sample->key, ==, "a.b/1");
  g_assert_null (c2l_shard_read_next (shard, &error));
  g_assert_no_error (error);
}

static void
test_names_what_is_missing (void)
{
  g_autoptr (GByteArray) archive = g_byte_array_new ();
  const gint64 dim = 2;

  append_sample (archive, "0", 2, 0);
  append_array (archive, "1", "latent.npy", (float[]) { 1, 2 }, 1, &dim);
  append_sample (archive, "2", 2, 0);
  assert_complains (archive, "“1”", "img_feat.npy");
}

static void
test_names_what_is_missing_at_the_end (void)
{
  g_autoptr (GByteArray) archive = g_byte_array_new ();
  const gint64 dim = 2;

  append_array (archive, "1", "img_feat.npy", (float[]) { 1, 2 }, 1, &dim);
  assert_complains (archive, "“1”", "latent.npy");
}

static void
test_refuses_an_array_twice (void)
{
  g_autoptr (GByteArray) archive = g_byte_array_new ();

  append_sample (archive, "0", 2, 0);
  append_sample (archive, "0", 2, 0);
  assert_complains (archive, "0.img_feat.npy", "twice");
}

static void
test_refuses_other_shapes (void)
{
  g_autoptr (GByteArray) cube = g_byte_array_new (), rows = g_byte_array_new (), nothing = g_byte_array_new ();
  const float eight[8] = { 0 };

  append_array (cube, "0", "latent.npy", eight, 3, (gint64[]) { 2, 2, 2 });
  assert_complains (cube, "0.latent.npy", "[2, 2, 2]");
  append_array (rows, "0", "img_feat.npy", eight, 2, (gint64[]) { 2, 4 });
  assert_complains (rows, "0.img_feat.npy", "[2, 4]");
  append_array (nothing, "0", "latent.npy", eight, 1, (gint64[]) { 0 });
  assert_complains (nothing, "0.latent.npy", "[0]");
}

static void
test_refuses_numbers_that_are_none (void)
{
  const float bad[] = { NAN, INFINITY, -INFINITY };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GByteArray) archive = g_byte_array_new ();

      append_array (archive, "0", "latent.npy", (float[]) { 1, bad[i], 2 }, 1, (gint64[]) { 3 });
      assert_complains (archive, "0.latent.npy", "not finite");
    }
}

static void
test_refuses_what_is_no_array (void)
{
  g_autoptr (GByteArray) archive = g_byte_array_new ();

  c2l_tar_append (archive, "0.latent.npy", "hello", 5, NULL);
  assert_complains (archive, "0.latent.npy", "NumPy");
  g_byte_array_set_size (archive, 0);
  c2l_tar_append (archive, "0.img_feat.npy", NULL, 0, NULL);
  assert_complains (archive, "0.img_feat.npy", "NumPy");
}

static void
test_refuses_tars_of_other_things (void)
{
  g_autoptr (GByteArray) archive = g_byte_array_new ();

  c2l_tar_append (archive, "photo.jpg", "hello", 5, NULL);
  assert_complains (archive, ".latent.npy", "no training data");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/shard/reads-the-originals/w", "w", test_reads_the_originals);
  g_test_add_data_func ("/shard/reads-the-originals/w3", "w3", test_reads_the_originals);
  g_test_add_func ("/shard/passes-over-other-members", test_passes_over_other_members);
  g_test_add_func ("/shard/names-what-is-missing", test_names_what_is_missing);
  g_test_add_func ("/shard/names-what-is-missing-at-the-end", test_names_what_is_missing_at_the_end);
  g_test_add_func ("/shard/refuses/an-array-twice", test_refuses_an_array_twice);
  g_test_add_func ("/shard/refuses/other-shapes", test_refuses_other_shapes);
  g_test_add_func ("/shard/refuses/numbers-that-are-none", test_refuses_numbers_that_are_none);
  g_test_add_func ("/shard/refuses/what-is-no-array", test_refuses_what_is_no_array);
  g_test_add_func ("/shard/refuses/tars-of-other-things", test_refuses_tars_of_other_things);
  return g_test_run ();
}
