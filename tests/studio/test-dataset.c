/* Training data: what is in the tars, that it depends on the seed alone, what stays and what is made again, and what can go wrong. */
#include "dataset-fixture.h"

#include "formats/image.h"
#include "formats/tar.h"
#include "studio/dataset-private.h"
#include "scratch.h"

#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define WIDTH 32 /* of latents and embeddings */

typedef struct
{
  char *folder, *other;
  C2lSession *session;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("dataset-XXXXXX", NULL);
  fixture->other = g_dir_make_tmp ("dataset-XXXXXX", NULL);
  fixture->session = dataset_fixture_open_session (C2L_PRECISION_F32, TRUE);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  scratch_remove (fixture->folder);
  scratch_remove (fixture->other);
  c2l_session_free (fixture->session);
  g_free (fixture->folder);
  g_free (fixture->other);
}

static void
assert_same_file (const Fixture *fixture, const char *name)
{
  g_autoptr (GBytes) a = dataset_fixture_read (fixture->folder, name), b = dataset_fixture_read (fixture->other, name);

  g_assert_true (g_bytes_equal (a, b));
}

/* --- content --- */

/* Each number again, by the functions that draw pictures for people. */
static void
test_is_what_it_says (Fixture *fixture, gconstpointer data)
{
  C2lDatasetOptions options = dataset_fixture_options (fixture->folder, 24, 12);
  const C2lSampling sampling = { .seed = 7, .first_index = 12, .n = 12, .truncation = 1 };
  g_autofree float *latents = NULL, *features = NULL, *w = g_new (float, 12 * WIDTH), *styles = g_new (float, 8 * WIDTH);
  g_autofree float *pictures = g_new0 (float, C2L_EMBED_BATCH * 16 * 16 * 3), *embeddings = g_new (float, 12 * WIDTH);
  g_autofree char *list = NULL;

  dataset_fixture_make (fixture->session, &options);
  list = dataset_fixture_list (fixture->folder);
  g_assert_cmpstr (list, ==, "00000.tar 00001.tar dataset.json");
  g_assert_cmpuint (dataset_fixture_load (fixture->folder, "00001.tar", &latents, &features), ==, 12);
  g_assert_true (c2l_session_find_w (fixture->session, &sampling, w, NULL, NULL));
  g_assert_cmpmem (latents, 12 * WIDTH * sizeof (float), w, 12 * WIDTH * sizeof (float));
  for (int i = 0; i < 12; i++)
    {
      for (int j = 0; j < 8; j++)
        memcpy (styles + j * WIDTH, w + i * WIDTH, WIDTH * sizeof (float));
      g_assert_true (c2l_session_draw_small (fixture->session, styles, C2L_NOISE_KIND_RANDOM, 7, 12 + i, 16,
                                             pictures + i * 16 * 16 * 3, NULL, NULL, NULL));
    }
  g_assert_true (c2l_session_embed_pictures (fixture->session, pictures, 12, 16, embeddings, NULL, NULL));
  g_assert_cmpmem (features, 12 * WIDTH * sizeof (float), embeddings, 12 * WIDTH * sizeof (float));
}

/* Members, keys and order are the original's; pictures are what CLIP saw, as good as JPEG of quality 95. */
static void
test_members_are_the_originals (Fixture *fixture, gconstpointer data)
{
  static const char *const suffixes[] = { "gen.jpg", "img_feat.npy", "latent.npy" };
  C2lDatasetOptions options = dataset_fixture_options (fixture->folder, 15, 10);
  g_autofree char *path = dataset_fixture_path (fixture->folder, "00001.tar");
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lTar) tar = NULL;

  options.save_images = TRUE;
  dataset_fixture_make (fixture->session, &options);
  tar = c2l_tar_open (path, &error);
  for (int i = 0; i < 5; i++)
    for (int j = 0; j < 3; j++)
      {
        const C2lTarEntry *entry = c2l_tar_read_next (tar, &error);
        g_autofree char *name = g_strdup_printf ("00001%04d.%s", i, suffixes[j]);

        g_assert_no_error (error);
        g_assert_cmpstr (entry->name, ==, name);
        if (j == 0)
          {
            g_autoptr (C2lImage) image = c2l_image_parse (entry->data, entry->size, name, &error);

            g_assert_no_error (error);
            g_assert_cmpint (image->width, ==, 16);
            g_assert_cmpint (image->height, ==, 16);
          }
      }
  g_assert_null (c2l_tar_read_next (tar, &error));
  g_assert_no_error (error);
}

static void
test_saves_what_clip_saw (Fixture *fixture, gconstpointer data)
{
  C2lDatasetOptions options = dataset_fixture_options (fixture->folder, 3, 3);
  g_autofree char *path = dataset_fixture_path (fixture->folder, "00000.tar");
  g_autofree float *w = g_new (float, 3 * WIDTH), *styles = g_new (float, 8 * WIDTH), *picture = g_new (float, 32 * 32 * 3);
  const C2lSampling sampling = { .seed = 7, .n = 3, .truncation = 1 };
  g_autofree guint8 *pixels = g_malloc (32 * 32 * 3);
  g_autoptr (C2lTar) tar = NULL;
  double sum = 0;

  options.save_images = TRUE;
  options.image_size = 32;
  dataset_fixture_make (fixture->session, &options);
  g_assert_true (c2l_session_find_w (fixture->session, &sampling, w, NULL, NULL));
  tar = c2l_tar_open (path, NULL);
  for (int i = 0; i < 3; i++)
    {
      const C2lTarEntry *entry = c2l_tar_read_next (tar, NULL);
      g_autoptr (C2lImage) image = c2l_image_parse (entry->data, entry->size, "gen.jpg", NULL);

      for (int j = 0; j < 8; j++)
        memcpy (styles + j * WIDTH, w + i * WIDTH, WIDTH * sizeof (float));
      g_assert_true (c2l_session_draw_small (fixture->session, styles, C2L_NOISE_KIND_RANDOM, 7, i, 32, picture, pixels, NULL, NULL));
      for (int j = 0; j < 32 * 32 * 3; j++)
        sum += ABS (image->pixels[j] - pixels[j]);
      c2l_tar_read_next (tar, NULL);
      c2l_tar_read_next (tar, NULL);
    }
  /* These pictures are noise, which JPEG likes least. */
  g_assert_cmpfloat (sum / (3 * 32 * 32 * 3), <, 4);
}

/* Each latent is so many times as far from the generator's average, and its picture is of that. */
static void
test_truncates (Fixture *fixture, gconstpointer data)
{
  C2lDatasetOptions options = dataset_fixture_options (fixture->folder, 4, 4);
  const C2lSampling sampling = { .seed = 7, .n = 4, .truncation = 1 };
  C2lGenerator *generator = c2l_engine_get_generator (c2l_session_get_engine (fixture->session), NULL);
  const float *average = c2l_generator_get_w_avg (generator);
  g_autofree float *latents = NULL, *features = NULL, *w = g_new (float, 4 * WIDTH), *styles = g_new (float, 8 * WIDTH);
  g_autofree float *pictures = g_new0 (float, C2L_EMBED_BATCH * 16 * 16 * 3), *embeddings = g_new (float, 4 * WIDTH);

  options.truncation = 1.5;
  dataset_fixture_make (fixture->session, &options);
  dataset_fixture_load (fixture->folder, "00000.tar", &latents, &features);
  g_assert_true (c2l_session_find_w (fixture->session, &sampling, w, NULL, NULL));
  for (int i = 0; i < 4 * WIDTH; i++)
    g_assert_cmpfloat_with_epsilon (latents[i] - average[i % WIDTH], 1.5 * (w[i] - average[i % WIDTH]), 1e-5);
  for (int i = 0; i < 4; i++)
    {
      for (int j = 0; j < 8; j++)
        memcpy (styles + j * WIDTH, latents + i * WIDTH, WIDTH * sizeof (float));
      g_assert_true (c2l_session_draw_small (fixture->session, styles, C2L_NOISE_KIND_RANDOM, 7, i, 16, pictures + i * 16 * 16 * 3, NULL,
                                             NULL, NULL));
    }
  g_assert_true (c2l_session_embed_pictures (fixture->session, pictures, 4, 16, embeddings, NULL, NULL));
  g_assert_cmpmem (features, 4 * WIDTH * sizeof (float), embeddings, 4 * WIDTH * sizeof (float));
}

/* Three styles of the sample's own batch, evenly chosen, and stored in their order. */
static void
test_mixes_within_the_batch (void)
{
  g_autofree char *folder = g_dir_make_tmp ("dataset-XXXXXX", NULL);
  g_autoptr (C2lSession) session = dataset_fixture_open_starter ();
  C2lDatasetOptions options = dataset_fixture_options (folder, 20, 10);
  g_autofree float *latents = NULL, *features = NULL, *w = NULL;
  const C2lSampling sampling = { .seed = 7, .first_index = 10, .n = 10, .truncation = 1 };
  gsize width;

  options.space = C2L_SPACE_W3;
  dataset_fixture_make (session, &options);
  width = c2l_generator_get_w_dim (c2l_engine_get_generator (c2l_session_get_engine (session), NULL));
  w = g_new (float, 10 * width);
  g_assert_true (c2l_session_find_w (session, &sampling, w, NULL, NULL));
  g_assert_cmpuint (dataset_fixture_load (folder, "00001.tar", &latents, &features), ==, 10);
  for (guint i = 0; i < 10; i++)
    {
      const guint first = i / 4 * 4, n = MIN (4, 10 - first);
      guint rows[3];

      c2l_dataset_mix (7, 10 + i, n, rows);
      for (int row = 0; row < 3; row++)
        {
          g_assert_cmpuint (rows[row], <, n);
          g_assert_cmpmem (latents + (3 * i + row) * width, width * sizeof (float), w + (first + rows[row]) * width,
                           width * sizeof (float));
        }
    }
  scratch_remove (folder);
}

static void
test_mixes_evenly (void)
{
  guint counts[3][8] = { 0 };

  for (guint i = 0; i < 8000; i++)
    {
      guint rows[3];

      c2l_dataset_mix (5, i, 8, rows);
      for (int j = 0; j < 3; j++)
        counts[j][rows[j]]++;
    }
  /* 1000 each, give or take four standard deviations of 30. */
  for (int j = 0; j < 3; j++)
    for (int k = 0; k < 8; k++)
      g_assert_cmpint (ABS ((int) counts[j][k] - 1000), <, 120);
}

static void
test_repeats_make_the_styles (void)
{
  int repeats[3];

  g_assert_cmpint (c2l_dataset_get_repeats (C2L_SPACE_W, 18, repeats), ==, 1);
  g_assert_cmpint (repeats[0], ==, 18);
  g_assert_cmpint (c2l_dataset_get_repeats (C2L_SPACE_W3, 18, repeats), ==, 3);
  g_assert_cmpint (repeats[0], ==, 4);
  g_assert_cmpint (repeats[1], ==, 4);
  g_assert_cmpint (repeats[2], ==, 10);
  g_assert_cmpint (c2l_dataset_get_repeats (C2L_SPACE_W3, 8, repeats), ==, 0);
}

/* --- what numbers depend on --- */

static void
test_batches_and_threads_do_not_matter (Fixture *fixture, gconstpointer data)
{
  C2lDatasetOptions options = dataset_fixture_options (fixture->folder, 70, 35);

  options.save_images = TRUE;
  dataset_fixture_make (fixture->session, &options);
  options.folder = fixture->other;
  options.batch_size = 31;
  options.n_save_workers = 5;
  c2l_device_set_n_threads (c2l_engine_get_device (c2l_session_get_engine (fixture->session)), 1);
  dataset_fixture_make (fixture->session, &options);
  assert_same_file (fixture, "00000.tar");
  assert_same_file (fixture, "00001.tar");
}

/* The size of tars does not change a sample's latent, and its embedding only by the place it has among others. */
static void
test_samples_are_numbered_through (Fixture *fixture, gconstpointer data)
{
  C2lDatasetOptions options = dataset_fixture_options (fixture->folder, 40, 40);
  g_autofree float *all = NULL, *features = NULL, *half = NULL, *half_features = NULL;

  dataset_fixture_make (fixture->session, &options);
  options = dataset_fixture_options (fixture->other, 40, 20);
  dataset_fixture_make (fixture->session, &options);
  dataset_fixture_load (fixture->folder, "00000.tar", &all, &features);
  g_assert_cmpuint (dataset_fixture_load (fixture->other, "00001.tar", &half, &half_features), ==, 20);
  g_assert_cmpmem (all + 20 * WIDTH, 20 * WIDTH * sizeof (float), half, 20 * WIDTH * sizeof (float));
  for (int i = 0; i < 20 * WIDTH; i++)
    g_assert_cmpfloat_with_epsilon (features[20 * WIDTH + i], half_features[i], 1e-5);
}

static void
test_seeds_differ (Fixture *fixture, gconstpointer data)
{
  C2lDatasetOptions options = dataset_fixture_options (fixture->folder, 4, 4);
  g_autofree float *a = NULL, *b = NULL, *features_a = NULL, *features_b = NULL;

  dataset_fixture_make (fixture->session, &options);
  options.folder = fixture->other;
  options.seed = 8;
  dataset_fixture_make (fixture->session, &options);
  dataset_fixture_load (fixture->folder, "00000.tar", &a, &features_a);
  dataset_fixture_load (fixture->other, "00000.tar", &b, &features_b);
  for (int i = 0; i < 4; i++)
    g_assert_cmpint (memcmp (a + i * WIDTH, b + i * WIDTH, WIDTH * sizeof (float)), !=, 0);
}

/* --- going on --- */

static void
test_finished_tars_stay (Fixture *fixture, gconstpointer data)
{
  C2lDatasetOptions options = dataset_fixture_options (fixture->folder, 55, 20);
  g_autofree char *first = dataset_fixture_path (fixture->folder, "00000.tar"), *second = dataset_fixture_path (fixture->folder, "00001.tar"),
                  *part = dataset_fixture_path (fixture->folder, ".00001.tar.part"), *list = NULL;
  GStatBuf before, after;
  C2lDatasetResult result = dataset_fixture_make (fixture->session, &options);

  g_assert_cmpuint (result.n_files, ==, 3);
  g_assert_cmpuint (result.n_samples, ==, 55);
  g_stat (first, &before);
  /* As a killed program leaves it: half a tar, under its hidden name. */
  g_assert_cmpint (g_rename (second, part), ==, 0);
  g_assert_cmpint (truncate (part, 3000), ==, 0);
  result = dataset_fixture_make (fixture->session, &options);
  g_assert_cmpuint (result.n_before, ==, 2);
  g_assert_cmpuint (result.n_files, ==, 1);
  g_assert_cmpuint (result.n_samples, ==, 20);
  g_stat (first, &after);
  g_assert_cmpint (before.st_ino, ==, after.st_ino);
  g_assert_cmpint (before.st_mtim.tv_nsec, ==, after.st_mtim.tv_nsec);
  list = dataset_fixture_list (fixture->folder);
  g_assert_cmpstr (list, ==, "00000.tar 00001.tar 00002.tar dataset.json");
  options.folder = fixture->other;
  dataset_fixture_make (fixture->session, &options);
  for (int i = 0; i < 3; i++)
    {
      g_autofree char *name = g_strdup_printf ("%05d.tar", i);
      assert_same_file (fixture, name);
    }
}

typedef struct
{
  GCancellable *cancellable;
  guint64 stop_at, last;
  guint n_finished;
} Watch;

static void
watch_progress (const C2lDatasetProgress *progress, gpointer data)
{
  Watch *watch = data;

  g_assert_cmpuint (progress->n_done, >=, watch->last);
  g_assert_cmpuint (progress->n_done, <=, progress->n_total);
  watch->last = progress->n_done;
  if (progress->n_done >= watch->stop_at)
    g_cancellable_cancel (watch->cancellable);
}

static void
watch_finished (const char *path, gpointer data)
{
  Watch *watch = data;

  g_assert_true (g_file_test (path, G_FILE_TEST_IS_REGULAR));
  watch->n_finished++;
}

static void
test_goes_on_after_stopping (Fixture *fixture, gconstpointer data)
{
  C2lDatasetOptions options = dataset_fixture_options (fixture->folder, 120, 40);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Watch watch = { cancellable, 60 };
  const C2lDatasetCallbacks callbacks = { watch_progress, watch_finished, NULL, &watch };
  g_autoptr (GError) error = NULL;
  g_autofree char *list = NULL;
  C2lDatasetResult result;

  g_assert_false (c2l_dataset_make (fixture->session, &options, &callbacks, &result, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (watch.n_finished, ==, 1);
  list = dataset_fixture_list (fixture->folder);
  g_assert_cmpstr (list, ==, "00000.tar dataset.json");
  result = dataset_fixture_make (fixture->session, &options);
  g_assert_cmpuint (result.n_before, ==, 1);
  options.folder = fixture->other;
  dataset_fixture_make (fixture->session, &options);
  for (int i = 0; i < 3; i++)
    {
      g_autofree char *name = g_strdup_printf ("%05d.tar", i);
      assert_same_file (fixture, name);
    }
}

static void
test_grows_behind_whole_tars (Fixture *fixture, gconstpointer data)
{
  C2lDatasetOptions options = dataset_fixture_options (fixture->folder, 20, 10);
  g_autoptr (GError) error = NULL;

  dataset_fixture_make (fixture->session, &options);
  options.n_samples = 35;
  g_assert_cmpuint (dataset_fixture_make (fixture->session, &options).n_files, ==, 2);
  options.n_samples = 40;
  g_assert_false (c2l_dataset_make (fixture->session, &options, NULL, NULL, NULL, &error));
  g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH);
  g_assert_nonnull (strstr (error->message, "35"));
}

/* --- several processes --- */

static void
test_one_makes_a_tar (Fixture *fixture, gconstpointer data)
{
  C2lDatasetFile *first = NULL, *second = NULL;
  g_autoptr (GByteArray) members = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (c2l_dataset_file_claim (fixture->folder, 3, &first, &error), ==, C2L_CLAIM_OURS);
  g_assert_cmpint (c2l_dataset_file_claim (fixture->folder, 3, &second, &error), ==, C2L_CLAIM_ELSEWHERE);
  g_assert_cmpint (c2l_dataset_file_claim (fixture->folder, 4, &second, &error), ==, C2L_CLAIM_OURS);
  /* Given up, it is free again. */
  c2l_dataset_file_free (second);
  g_assert_cmpint (c2l_dataset_file_claim (fixture->folder, 4, &second, &error), ==, C2L_CLAIM_OURS);
  c2l_dataset_file_free (second);
  c2l_tar_append (members, "0.latent.npy", "x", 1, NULL);
  g_assert_true (c2l_dataset_file_append (first, members, &error));
  g_assert_true (c2l_dataset_file_publish (first, &error));
  c2l_dataset_file_free (first);
  g_assert_cmpint (c2l_dataset_file_claim (fixture->folder, 3, &second, &error), ==, C2L_CLAIM_THERE);
  g_assert_no_error (error);
}

/* What another process has taken is left to it, and said. */
static void
test_leaves_others_their_tars (Fixture *fixture, gconstpointer data)
{
  C2lDatasetOptions options = dataset_fixture_options (fixture->folder, 30, 10);
  C2lDatasetFile *other = NULL;
  C2lDatasetResult result;
  g_autofree char *list = NULL;

  g_assert_cmpint (c2l_dataset_file_claim (fixture->folder, 1, &other, NULL), ==, C2L_CLAIM_OURS);
  result = dataset_fixture_make (fixture->session, &options);
  g_assert_cmpuint (result.n_files, ==, 2);
  g_assert_cmpuint (result.n_elsewhere, ==, 1);
  c2l_dataset_file_free (other);
  result = dataset_fixture_make (fixture->session, &options);
  g_assert_cmpuint (result.n_files, ==, 1);
  list = dataset_fixture_list (fixture->folder);
  g_assert_cmpstr (list, ==, "00000.tar 00001.tar 00002.tar dataset.json");
}

/* --- what cannot be --- */

static void
assert_refused (Fixture *fixture, const C2lDatasetOptions *options, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (c2l_dataset_make (fixture->session, options, NULL, NULL, NULL, &error));
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_refuses_other_options (Fixture *fixture, gconstpointer data)
{
  const C2lDatasetOptions options = dataset_fixture_options (fixture->folder, 4, 4);
  C2lDatasetOptions changed = options;
  g_autoptr (C2lSession) session = dataset_fixture_open_session (C2L_PRECISION_FAST, TRUE);

  dataset_fixture_make (fixture->session, &options);
  changed.seed = 8;
  assert_refused (fixture, &changed, "--seed");
  changed = options;
  changed.samples_per_file = 5;
  assert_refused (fixture, &changed, "--samples-per-folder");
  changed = options;
  changed.image_size = 17;
  assert_refused (fixture, &changed, "--out-image-size");
  changed = options;
  changed.save_images = TRUE;
  assert_refused (fixture, &changed, "--save-im");
  changed = options;
  changed.truncation = 1.2;
  assert_refused (fixture, &changed, "--truncation");
  /* Of no effect on the numbers. */
  changed = options;
  changed.batch_size = 9;
  dataset_fixture_make (fixture->session, &changed);
  c2l_session_free (fixture->session);
  fixture->session = g_steal_pointer (&session);
  assert_refused (fixture, &options, "--precision");
}

static void
test_refuses_impossible_options (Fixture *fixture, gconstpointer data)
{
  const C2lDatasetOptions options = dataset_fixture_options (fixture->folder, 4, 4);
  C2lDatasetOptions changed = options;

  changed.n_samples = 0;
  assert_refused (fixture, &changed, "--n-samples");
  changed.n_samples = G_MAXUINT64;
  assert_refused (fixture, &changed, "--n-samples");
  changed.n_samples = 1000001;
  changed.samples_per_file = 10;
  assert_refused (fixture, &changed, "larger --samples-per-folder");
  changed.samples_per_file = 1000000;
  assert_refused (fixture, &changed, "--samples-per-folder");
  changed = options;
  changed.image_size = 100000;
  assert_refused (fixture, &changed, "--out-image-size");
  changed = options;
  changed.truncation = 2.5;
  assert_refused (fixture, &changed, "--truncation");
  changed.truncation = NAN;
  assert_refused (fixture, &changed, "--truncation");
  changed = options;
  changed.batch_size = 0;
  assert_refused (fixture, &changed, "--batch-size");
  changed = options;
  changed.space = C2L_SPACE_W3;
  assert_refused (fixture, &changed, "w3");
}

static void
test_refuses_folders_of_others (Fixture *fixture, gconstpointer data)
{
  const C2lDatasetOptions options = dataset_fixture_options (fixture->folder, 4, 4);
  g_autofree char *tar = dataset_fixture_path (fixture->folder, "00012.tar"), *json = dataset_fixture_path (fixture->folder, "dataset.json"),
                  *list = NULL;

  g_file_set_contents (tar, "somebody's", -1, NULL);
  assert_refused (fixture, &options, "00012.tar");
  g_file_set_contents (json, "{}", -1, NULL);
  assert_refused (fixture, &options, "dataset.json");
  g_file_set_contents (json, "[", -1, NULL);
  assert_refused (fixture, &options, "dataset.json");
  list = dataset_fixture_list (fixture->folder);
  g_assert_cmpstr (list, ==, "00012.tar dataset.json");
}

static void
test_needs_clip (Fixture *fixture, gconstpointer data)
{
  const C2lDatasetOptions options = dataset_fixture_options (fixture->folder, 4, 4);

  c2l_session_free (fixture->session);
  fixture->session = dataset_fixture_open_session (C2L_PRECISION_F32, FALSE);
  assert_refused (fixture, &options, "CLIP");
}

/* --- full disks and closed folders --- */

static void
limit_files (rlim_t size)
{
  const struct rlimit limit = { size, RLIM_INFINITY };

  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

/* What was finished stays, what cannot be finished is gone, and the next run goes on. */
static void
test_full_disk (Fixture *fixture, gconstpointer data)
{
  C2lDatasetOptions options = dataset_fixture_options (fixture->folder, 60, 20);
  g_autoptr (GError) error = NULL;
  g_autofree char *list = NULL;
  gboolean ok;

  options.n_samples = 20;
  dataset_fixture_make (fixture->session, &options);
  options.n_samples = 60;
  /* Enough for dataset.json, not for a tar. */
  limit_files (16384);
  ok = c2l_dataset_make (fixture->session, &options, NULL, NULL, NULL, &error);
  limit_files (RLIM_INFINITY);
  g_assert_false (ok);
  g_test_message ("%s", error->message);
  g_assert_true (error->domain == G_FILE_ERROR);
  g_assert_nonnull (strstr (error->message, "00001.tar"));
  g_assert_nonnull (strstr (error->message, "choose another folder"));
  list = dataset_fixture_list (fixture->folder);
  g_assert_cmpstr (list, ==, "00000.tar dataset.json");
  g_assert_cmpuint (dataset_fixture_make (fixture->session, &options).n_files, ==, 2);
}

static void
test_folder_that_cannot_be (Fixture *fixture, gconstpointer data)
{
  g_autofree char *file = dataset_fixture_path (fixture->folder, "file"), *below = dataset_fixture_path (file, "folder");
  C2lDatasetOptions options = dataset_fixture_options (below, 4, 4);

  g_file_set_contents (file, "", 0, NULL);
  assert_refused (fixture, &options, "cannot be written");
}

static void
test_read_only_folder (Fixture *fixture, gconstpointer data)
{
  const C2lDatasetOptions options = dataset_fixture_options (fixture->folder, 4, 4);

  if (geteuid () == 0)
    {
      g_test_skip ("nothing is read-only to root");
      return;
    }
  g_assert_cmpint (g_chmod (fixture->folder, 0555), ==, 0);
  assert_refused (fixture, &options, "choose a folder that you may write to");
  g_assert_cmpint (g_chmod (fixture->folder, 0755), ==, 0);
}

#define ADD(name, function) g_test_add ("/dataset/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("is-what-it-says", test_is_what_it_says);
  ADD ("members-are-the-originals", test_members_are_the_originals);
  ADD ("saves-what-clip-saw", test_saves_what_clip_saw);
  ADD ("truncates", test_truncates);
  g_test_add_func ("/dataset/mixes/within-the-batch", test_mixes_within_the_batch);
  g_test_add_func ("/dataset/mixes/evenly", test_mixes_evenly);
  g_test_add_func ("/dataset/repeats-make-the-styles", test_repeats_make_the_styles);
  ADD ("batches-and-threads-do-not-matter", test_batches_and_threads_do_not_matter);
  ADD ("samples-are-numbered-through", test_samples_are_numbered_through);
  ADD ("seeds-differ", test_seeds_differ);
  ADD ("goes-on/finished-tars-stay", test_finished_tars_stay);
  ADD ("goes-on/after-stopping", test_goes_on_after_stopping);
  ADD ("goes-on/grows-behind-whole-tars", test_grows_behind_whole_tars);
  ADD ("processes/one-makes-a-tar", test_one_makes_a_tar);
  ADD ("processes/leave-others-their-tars", test_leaves_others_their_tars);
  ADD ("refuses/other-options", test_refuses_other_options);
  ADD ("refuses/impossible-options", test_refuses_impossible_options);
  ADD ("refuses/folders-of-others", test_refuses_folders_of_others);
  ADD ("refuses/models-without-clip", test_needs_clip);
  ADD ("full-disk", test_full_disk);
  ADD ("folder-that-cannot-be", test_folder_that_cannot_be);
  ADD ("read-only-folder", test_read_only_folder);
  return g_test_run ();
}
