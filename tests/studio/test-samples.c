/* The stream of training samples: every sample once an epoch, the same order whatever the batches and ranks, positions that go on bit for
 * bit, statistics as the original's, and errors that say where. */
#include "studio/samples.h"

#include "formats/expected.h"
#include "../formats/sample-tar.h"
#include "studio/recipe.h"
#include "scratch.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define DIM 3
#define PER_FILE 40
#define N_FILES 3
#define N_SAMPLES (N_FILES * PER_FILE)

typedef struct
{
  char *folder;
  char *pattern; /* of all three tars */
} Fixture;

static void
write_tar (Fixture *fixture, int file, GByteArray *archive)
{
  g_autofree char *path = g_strdup_printf ("%s/%05d.tar", fixture->folder, file);
  g_autoptr (GError) error = NULL;

  c2l_tar_append_end (archive, archive->len);
  g_file_set_contents (path, (const char *) archive->data, archive->len, &error);
  g_assert_no_error (error);
}

/* Samples with the numbers from @first on. */
static void
append_numbered (GByteArray *archive, int file, int first, int n)
{
  for (int i = 0; i < n; i++)
    {
      g_autofree char *key = g_strdup_printf ("%05d%04d", file, i);

      append_sample (archive, key, DIM, first + i);
    }
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("samples-XXXXXX", NULL);
  fixture->pattern = g_strconcat (fixture->folder, "/{00000..2}.tar", NULL);
  for (int file = 0; file < N_FILES; file++)
    {
      g_autoptr (GByteArray) archive = g_byte_array_new ();

      append_numbered (archive, file, file * PER_FILE, PER_FILE);
      write_tar (fixture, file, archive);
    }
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  scratch_remove (fixture->folder);
  g_free (fixture->pattern);
  g_free (fixture->folder);
}

static C2lSamples *
open_with (const Fixture *fixture, guint shuffle, guint64 seed, guint rank, guint n_ranks)
{
  const char *const paths[] = { fixture->pattern, NULL };
  C2lSamplesOptions options;
  g_autoptr (GError) error = NULL;
  C2lSamples *samples;

  c2l_samples_options_init (&options);
  g_assert_cmpuint (options.shuffle, ==, 5000);
  options.paths = paths;
  options.shuffle = shuffle;
  options.seed = seed;
  options.rank = rank;
  options.n_ranks = n_ranks;
  samples = c2l_samples_open (&options, &error);
  g_assert_no_error (error);
  return samples;
}

/* The numbers of the next @n samples. */
static int *
take (C2lSamples *samples, gsize n)
{
  g_autofree float *latents = g_new (float, n * DIM), *features = g_new (float, n * DIM);
  g_autoptr (GError) error = NULL;
  int *numbers = g_new (int, n);

  g_assert_true (c2l_samples_next (samples, n, latents, features, NULL, &error));
  g_assert_no_error (error);
  for (gsize i = 0; i < n; i++)
    {
      numbers[i] = (int) latents[i * DIM];
      for (int j = 0; j < DIM; j++)
        {
          g_assert_cmpfloat (latents[i * DIM + j], ==, numbers[i]);
          g_assert_cmpfloat (features[i * DIM + j], ==, -numbers[i]);
        }
    }
  return numbers;
}

static void
assert_all_once (const int *numbers)
{
  gboolean seen[N_SAMPLES] = { FALSE };

  for (int i = 0; i < N_SAMPLES; i++)
    {
      g_assert_cmpint (numbers[i], >=, 0);
      g_assert_cmpint (numbers[i], <, N_SAMPLES);
      g_assert_false (seen[numbers[i]]);
      seen[numbers[i]] = TRUE;
    }
}

static void
test_says_its_shape (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lSamples) samples = open_with (fixture, 10, 1, 0, 1);
  const C2lSampleShape *shape = c2l_samples_get_shape (samples);

  g_assert_cmpuint (shape->n_latents, ==, 1);
  g_assert_cmpuint (shape->latent_dim, ==, DIM);
  g_assert_cmpuint (shape->feature_dim, ==, DIM);
  g_assert_cmpuint (c2l_samples_get_n_files (samples), ==, N_FILES);
}

static void
test_every_sample_once_an_epoch (Fixture *fixture, gconstpointer data)
{
  const guint buffers[] = { 0, 1, 2, 17, N_SAMPLES, 5000 };

  for (guint i = 0; i < G_N_ELEMENTS (buffers); i++)
    {
      g_autoptr (C2lSamples) samples = open_with (fixture, buffers[i], 5, 0, 1);

      for (int epoch = 0; epoch < 4; epoch++)
        {
          g_autofree int *numbers = take (samples, N_SAMPLES);

          assert_all_once (numbers);
          g_assert_cmpfloat (c2l_samples_get_epoch (samples), ==, epoch + 1);
        }
    }
}

static void
test_without_a_buffer_as_the_tars_have_them (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lSamples) samples = open_with (fixture, 0, 5, 0, 1);
  g_autofree int *numbers = take (samples, N_SAMPLES + 1);

  for (int i = 0; i < N_SAMPLES; i++)
    g_assert_cmpint (numbers[i], ==, i);
  g_assert_cmpint (numbers[N_SAMPLES], ==, 0);
}

/* A buffer of 20 is filled before it gives anything, and mixes no more than it holds. */
static void
test_shuffles_within_the_buffer (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lSamples) samples = open_with (fixture, 20, 5, 0, 1);
  g_autofree int *numbers = take (samples, N_SAMPLES);
  int n_in_place = 0;

  for (int i = 0; i < N_SAMPLES; i++)
    {
      g_assert_cmpint (numbers[i], <, i + 20);
      n_in_place += numbers[i] == i;
    }
  g_assert_cmpint (n_in_place, <, N_SAMPLES / 4);
}

/* With all of them in the buffer every order is as likely: where sample 0 comes is spread evenly over the epoch. */
static void
test_shuffles_evenly (Fixture *fixture, gconstpointer data)
{
  double sum = 0, squares = 0;
  const int n = 300;

  for (int seed = 0; seed < n; seed++)
    {
      g_autoptr (C2lSamples) samples = open_with (fixture, 5000, seed, 0, 1);
      g_autofree int *numbers = take (samples, N_SAMPLES);
      int at = 0;

      while (numbers[at] != 0)
        at++;
      sum += at;
      squares += (double) at * at;
    }
  /* Uniform over 0 … 119: mean 59.5, standard deviation 34.6; four standard errors of either. */
  g_assert_cmpfloat (fabs (sum / n - 59.5), <, 4 * 34.6 / sqrt (n));
  g_assert_cmpfloat (fabs (sqrt (squares / n - sum * sum / n / n) - 34.6), <, 4 * 34.6 * 0.45 / sqrt (n));
}

static void
test_the_seed_decides (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lSamples) one = open_with (fixture, 50, 5, 0, 1), same = open_with (fixture, 50, 5, 0, 1),
                         other = open_with (fixture, 50, 6, 0, 1);
  g_autofree int *a = take (one, 2 * N_SAMPLES), *b = take (same, 2 * N_SAMPLES), *c = take (other, 2 * N_SAMPLES);

  g_assert_cmpmem (a, 2 * N_SAMPLES * sizeof (int), b, 2 * N_SAMPLES * sizeof (int));
  g_assert_cmpint (memcmp (a, c, 2 * N_SAMPLES * sizeof (int)), !=, 0);
  g_assert_cmpint (memcmp (a, a + N_SAMPLES, N_SAMPLES * sizeof (int)), !=, 0);
}

static void
test_batches_do_not_matter (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lSamples) one = open_with (fixture, 30, 5, 0, 1), other = open_with (fixture, 30, 5, 0, 1);
  g_autofree int *all = take (one, 5 * N_SAMPLES);

  for (int at = 0, n = 1; at + n <= 5 * N_SAMPLES; at += n, n = n % 97 + 1)
    {
      g_autofree int *batch = take (other, n);
      g_assert_cmpmem (batch, n * sizeof (int), all + at, n * sizeof (int));
    }
}

/* The ranks' batches side by side are those of one process. */
static void
test_ranks_share_a_batch (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lSamples) alone = open_with (fixture, 30, 5, 0, 1);
  C2lSamples *ranks[3];

  for (guint rank = 0; rank < 3; rank++)
    ranks[rank] = open_with (fixture, 30, 5, rank, 3);
  for (int step = 0; step < 20; step++)
    {
      g_autofree int *all = take (alone, 3 * 7);

      for (int rank = 0; rank < 3; rank++)
        {
          g_autofree int *own = take (ranks[rank], 7);

          g_assert_cmpmem (own, 7 * sizeof (int), all + rank * 7, 7 * sizeof (int));
          g_assert_cmpfloat (c2l_samples_get_epoch (ranks[rank]), ==, c2l_samples_get_epoch (alone));
        }
    }
  for (int rank = 0; rank < 3; rank++)
    c2l_samples_free (ranks[rank]);
}

/* From any position of two and a half epochs, in another object, what follows is the same, and so are the epochs. */
static void
test_positions_go_on_bit_for_bit (Fixture *fixture, gconstpointer data)
{
  const guint buffers[] = { 1, 16, 5000 };

  for (guint i = 0; i < G_N_ELEMENTS (buffers); i++)
    {
      g_autoptr (C2lSamples) samples = open_with (fixture, buffers[i], 5, 0, 1);

      for (int taken = 0; taken < 5 * N_SAMPLES / 2; taken += 13)
        {
          g_autoptr (GBytes) position = c2l_samples_save (samples);
          g_autoptr (C2lSamples) other = open_with (fixture, buffers[i], 5, 0, 1);
          g_autoptr (GError) error = NULL;
          g_autofree int *next = NULL, *expected = NULL;
          double epoch = c2l_samples_get_epoch (samples);

          g_assert_true (c2l_samples_restore (other, position, NULL, &error));
          g_assert_no_error (error);
          g_assert_cmpfloat (c2l_samples_get_epoch (other), ==, epoch);
          next = take (other, 2 * N_SAMPLES);
          /* And back in the first one. */
          expected = take (samples, 2 * N_SAMPLES);
          g_assert_cmpmem (next, 2 * N_SAMPLES * sizeof (int), expected, 2 * N_SAMPLES * sizeof (int));
          g_assert_cmpfloat (c2l_samples_get_epoch (other), ==, c2l_samples_get_epoch (samples));
          g_assert_true (c2l_samples_restore (samples, position, NULL, &error));
          g_free (take (samples, 13));
        }
    }
}

/* A position that was restored can be saved again before anything was taken. */
static void
test_positions_are_kept (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lSamples) samples = open_with (fixture, 16, 5, 0, 1), other = open_with (fixture, 16, 5, 0, 1);
  g_autoptr (GBytes) position = NULL, again = NULL;
  g_autofree int *first = take (samples, 31), *expected = NULL, *next = NULL;

  position = c2l_samples_save (samples);
  g_assert_true (c2l_samples_restore (other, position, NULL, NULL));
  again = c2l_samples_save (other);
  g_assert_true (c2l_samples_restore (other, again, NULL, NULL));
  expected = take (samples, 50);
  next = take (other, 50);
  g_assert_cmpmem (next, 50 * sizeof (int), expected, 50 * sizeof (int));
}

static void
test_positions_serve_other_ranks (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lSamples) alone = open_with (fixture, 30, 5, 0, 1), second = open_with (fixture, 30, 5, 1, 2);
  g_autoptr (GBytes) position = NULL;
  g_autofree int *before = take (alone, 44), *all = NULL, *own = NULL;

  position = c2l_samples_save (alone);
  g_assert_true (c2l_samples_restore (second, position, NULL, NULL));
  all = take (alone, 20);
  own = take (second, 10);
  g_assert_cmpmem (own, 10 * sizeof (int), all + 10, 10 * sizeof (int));
}

static void
assert_refused (C2lSamples *samples, GBytes *position)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (c2l_samples_restore (samples, position, NULL, &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH);
}

static void
test_refuses_positions_of_other_streams (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lSamples) samples = open_with (fixture, 30, 5, 0, 1), seed = open_with (fixture, 30, 6, 0, 1),
                         buffer = open_with (fixture, 31, 5, 0, 1), changed = NULL;
  g_autoptr (GByteArray) archive = g_byte_array_new ();
  g_autoptr (GBytes) position = NULL;
  g_autofree int *taken = take (samples, 44);

  position = c2l_samples_save (samples);
  assert_refused (seed, position);
  assert_refused (buffer, position);
  append_numbered (archive, 1, 0, 2 * PER_FILE);
  write_tar (fixture, 1, archive);
  changed = open_with (fixture, 30, 5, 0, 1);
  assert_refused (changed, position);
}

/* Whatever a checkpoint holds: it is refused, or the stream goes on somewhere; and a stream that refused is where it was. */
static void
test_survives_damaged_positions (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lSamples) samples = open_with (fixture, 30, 5, 0, 1);
  g_autofree int *taken = take (samples, 77), *expected = NULL;
  g_autoptr (GBytes) position = c2l_samples_save (samples);
  gsize size = g_bytes_get_size (position);
  g_autoptr (GRand) random = g_rand_new_with_seed (3);

  expected = take (samples, 5);
  for (gsize length = 0; length < size; length += 7)
    {
      g_autoptr (GBytes) cut = g_bytes_new_from_bytes (position, 0, length);

      assert_refused (samples, cut);
    }
  for (int i = 0; i < 2000; i++)
    {
      g_autofree guint8 *bytes = g_memdup2 (g_bytes_get_data (position, NULL), size);
      g_autoptr (GBytes) changed = NULL;

      for (int j = g_rand_int_range (random, 1, 4); j > 0; j--)
        bytes[g_rand_int_range (random, 0, size)] = g_rand_int_range (random, 0, 256);
      changed = g_bytes_new (bytes, size);
      if (c2l_samples_restore (samples, changed, NULL, NULL))
        {
          float latents[8 * DIM];

          c2l_samples_next (samples, 8, latents, NULL, NULL, NULL);
        }
    }
  g_assert_true (c2l_samples_restore (samples, position, NULL, NULL));
  for (gsize length = 0; length < size; length += 50)
    {
      g_autoptr (GBytes) cut = g_bytes_new_from_bytes (position, 0, length);
      assert_refused (samples, cut);
    }
  g_free (taken);
  taken = take (samples, 5);
  g_assert_cmpmem (taken, 5 * sizeof (int), expected, 5 * sizeof (int));
}

static void
test_epochs_are_estimated_at_first (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lSamples) samples = open_with (fixture, 30, 5, 0, 1);

  g_assert_cmpfloat (c2l_samples_get_epoch (samples), ==, 0);
  g_free (take (samples, N_SAMPLES / 2));
  g_assert_cmpfloat (c2l_samples_get_epoch (samples), ==, 0.5);
  g_free (take (samples, N_SAMPLES));
  g_assert_cmpfloat (c2l_samples_get_epoch (samples), ==, 1.5);
}

static void
test_measures_all (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lSamples) samples = open_with (fixture, 30, 5, 0, 1);
  g_auto (C2lSampleStatistics) statistics = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree int *before = take (samples, 10), *next = NULL, *expected = NULL;
  g_autoptr (GBytes) position = c2l_samples_save (samples);

  g_assert_true (c2l_samples_measure (samples, C2L_SAMPLES_MEASURED, &statistics, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (statistics.n, ==, N_SAMPLES);
  for (int i = 0; i < DIM; i++)
    {
      /* Of 0 … 119: unbiased, √(n (n + 1) / 12). */
      g_assert_cmpfloat_with_epsilon (statistics.latent_mean[i], 59.5, 1e-5);
      g_assert_cmpfloat_with_epsilon (statistics.feature_mean[i], -59.5, 1e-5);
      g_assert_cmpfloat_with_epsilon (statistics.latent_std[i], sqrt (120 * 121 / 12.0), 1e-5);
      g_assert_cmpfloat_with_epsilon (statistics.feature_std[i], sqrt (120 * 121 / 12.0), 1e-5);
    }
  next = take (samples, 20);
  g_assert_true (c2l_samples_restore (samples, position, NULL, NULL));
  expected = take (samples, 20);
  g_assert_cmpmem (next, 20 * sizeof (int), expected, 20 * sizeof (int));
}

/* Over the first ones as the buffer gives them: every rank the same, wherever it is. */
static void
test_measures_the_first (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lSamples) samples = open_with (fixture, 30, 5, 0, 1), rank = open_with (fixture, 30, 5, 1, 2);
  g_auto (C2lSampleStatistics) statistics = { 0 }, same = { 0 };
  g_autofree int *first = take (samples, 7), *other = take (rank, 9);
  double sum = 0;

  g_assert_true (c2l_samples_measure (samples, 7, &statistics, NULL, NULL));
  g_assert_true (c2l_samples_measure (rank, 7, &same, NULL, NULL));
  for (int i = 0; i < 7; i++)
    sum += first[i];
  g_assert_cmpuint (statistics.n, ==, 7);
  g_assert_cmpfloat_with_epsilon (statistics.latent_mean[0], sum / 7, 1e-5);
  g_assert_cmpmem (statistics.latent_mean, sizeof (float) * DIM, same.latent_mean, sizeof (float) * DIM);
  g_assert_cmpmem (statistics.feature_std, sizeof (float) * DIM, same.feature_std, sizeof (float) * DIM);
}

static void
assert_like (const C2lWeights *expected, const char *name, const float *values, gsize n)
{
  const C2lArray *array = c2l_weights_lookup ((C2lWeights *) expected, name);
  g_autofree float *wanted = NULL;

  g_assert_nonnull (array);
  g_assert_cmpuint (array->length, ==, n);
  wanted = c2l_array_dup_f32 (array);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat (fabsf (wanted[i] - values[i]), <=, 1e-5f * fabsf (wanted[i]) + 1e-6f);
}

/* The original's tars, and what its make_data_stats() says of them. */
static void
test_measures_as_the_original (gconstpointer data)
{
  g_autofree char *folder = g_build_filename (g_getenv ("C2L_FIXTURES"), "dataset", data, NULL);
  g_autofree char *pattern = g_build_filename (folder, "{00000..1}.tar", NULL);
  g_autofree char *path = g_build_filename (folder, "stats.safetensors", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lWeights) expected = c2l_weights_load (path, &error);
  const Fixture fixture = { NULL, pattern };
  g_autoptr (C2lSamples) samples = open_with (&fixture, 5000, 0, 0, 1);
  const C2lSampleShape *shape = c2l_samples_get_shape (samples);
  g_auto (C2lSampleStatistics) statistics = { 0 };

  g_assert_no_error (error);
  g_assert_true (c2l_samples_measure (samples, C2L_SAMPLES_MEASURED, &statistics, NULL, &error));
  g_assert_cmpuint (statistics.n, ==, 24);
  assert_like (expected, "w.mean", statistics.latent_mean, shape->n_latents * shape->latent_dim);
  assert_like (expected, "w.std", statistics.latent_std, shape->n_latents * shape->latent_dim);
  assert_like (expected, "clip_features.mean", statistics.feature_mean, shape->feature_dim);
  assert_like (expected, "clip_features.std", statistics.feature_std, shape->feature_dim);
}

static void
assert_does_not_open (const char *path, const char *words)
{
  const char *const paths[] = { path, NULL };
  C2lSamplesOptions options;
  g_autoptr (GError) error = NULL;

  c2l_samples_options_init (&options);
  options.paths = paths;
  g_assert_null (c2l_samples_open (&options, &error));
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_names_what_is_not_there (Fixture *fixture, gconstpointer data)
{
  g_autofree char *range = g_strconcat (fixture->folder, "/{00000..99}.tar", NULL);
  g_autofree char *empty = g_build_filename (fixture->folder, "empty.tar", NULL);

  assert_does_not_open (range, "00003.tar");
  assert_does_not_open (fixture->folder, "folder");
  assert_does_not_open (NULL, "no training data");
  g_file_set_contents (empty, "", 0, NULL);
  assert_does_not_open (empty, "empty.tar");
  g_file_set_contents (empty, "no archive, but text; " "................................................................", -1, NULL);
  assert_does_not_open (empty, "empty.tar");
}

/* What was good comes; then the error, and it stays. */
static void
test_names_the_broken_member (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GByteArray) archive = g_byte_array_new ();
  g_autoptr (C2lSamples) samples = NULL;
  g_autofree int *numbers = NULL;
  float latents[DIM * PER_FILE];

  append_numbered (archive, 1, PER_FILE, 5);
  append_array (archive, "000010005", "latent.npy", (float[]) { 1, NAN, 1 }, 1, (gint64[]) { DIM });
  write_tar (fixture, 1, archive);
  samples = open_with (fixture, 1, 5, 0, 1);
  numbers = take (samples, PER_FILE + 4);
  for (int i = 0; i < 3; i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (c2l_samples_next (samples, i == 0 ? PER_FILE : 1, latents, NULL, NULL, &error));
      g_assert_nonnull (strstr (error->message, "00001.tar: 000010005.latent.npy"));
    }
}

static void
test_refuses_a_mixture (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GByteArray) archive = g_byte_array_new ();
  g_autoptr (C2lSamples) samples = NULL;
  g_autoptr (GError) error = NULL;
  float latents[DIM * N_SAMPLES];

  append_sample (archive, "other", DIM + 1, 0);
  write_tar (fixture, 1, archive);
  samples = open_with (fixture, 1, 5, 0, 1);
  g_assert_false (c2l_samples_next (samples, N_SAMPLES, latents, NULL, NULL, &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH);
  g_assert_nonnull (strstr (error->message, "00001.tar: other"));
}

static void
test_one_sample_has_no_spread (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GByteArray) archive = g_byte_array_new ();
  g_autoptr (C2lSamples) samples = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (C2lSampleStatistics) statistics = { 0 };

  append_sample (archive, "alone", DIM, 4);
  write_tar (fixture, 0, archive);
  g_free (fixture->pattern);
  fixture->pattern = g_build_filename (fixture->folder, "00000.tar", NULL);
  samples = open_with (fixture, 5000, 5, 0, 1);
  g_assert_false (c2l_samples_measure (samples, 10, &statistics, NULL, &error));
  g_assert_nonnull (strstr (error->message, "one sample"));
  /* A stream of one is a stream all the same. */
  for (int i = 0; i < 3; i++)
    {
      g_autofree int *numbers = take (samples, 5);
      g_assert_cmpint (numbers[4], ==, 4);
    }
}

/* A cancelled call takes nothing. */
static void
test_cancelling_takes_nothing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (C2lSamples) samples = open_with (fixture, 30, 5, 0, 1), same = open_with (fixture, 30, 5, 0, 1);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autofree int *before = take (samples, 10), *expected = NULL, *next = NULL;

  g_free (take (same, 10));
  g_cancellable_cancel (cancellable);
  /* More than is ever read ahead. */
  g_assert_false (c2l_samples_next (samples, 100000, NULL, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  next = take (samples, 3 * N_SAMPLES);
  expected = take (same, 3 * N_SAMPLES);
  g_assert_cmpmem (next, 3 * N_SAMPLES * sizeof (int), expected, 3 * N_SAMPLES * sizeof (int));
}

#define ADD(name, function) g_test_add ("/samples/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("says-its-shape", test_says_its_shape);
  ADD ("every-sample-once-an-epoch", test_every_sample_once_an_epoch);
  ADD ("without-a-buffer-as-the-tars-have-them", test_without_a_buffer_as_the_tars_have_them);
  ADD ("shuffles/within-the-buffer", test_shuffles_within_the_buffer);
  ADD ("shuffles/evenly", test_shuffles_evenly);
  ADD ("the-seed-decides", test_the_seed_decides);
  ADD ("batches-do-not-matter", test_batches_do_not_matter);
  ADD ("ranks-share-a-batch", test_ranks_share_a_batch);
  ADD ("positions/go-on-bit-for-bit", test_positions_go_on_bit_for_bit);
  ADD ("positions/are-kept", test_positions_are_kept);
  ADD ("positions/serve-other-ranks", test_positions_serve_other_ranks);
  ADD ("positions/of-other-streams-are-refused", test_refuses_positions_of_other_streams);
  ADD ("positions/damaged-ones-do-no-harm", test_survives_damaged_positions);
  ADD ("epochs-are-estimated-at-first", test_epochs_are_estimated_at_first);
  ADD ("measures/all", test_measures_all);
  ADD ("measures/the-first", test_measures_the_first);
  g_test_add_data_func ("/samples/measures/as-the-original/w", "w", test_measures_as_the_original);
  g_test_add_data_func ("/samples/measures/as-the-original/w3", "w3", test_measures_as_the_original);
  ADD ("names-what-is-not-there", test_names_what_is_not_there);
  ADD ("names-the-broken-member", test_names_the_broken_member);
  ADD ("refuses-a-mixture", test_refuses_a_mixture);
  ADD ("one-sample-has-no-spread", test_one_sample_has_no_spread);
  ADD ("cancelling-takes-nothing", test_cancelling_takes_nothing);
  return g_test_run ();
}
