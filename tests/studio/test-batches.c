/* Batches that are made ready ahead: the numbers of the stream itself, whatever device they travel to; positions of what was taken, not
 * of what was read; errors and cancelling at their place; an end at any moment. On the processor, and on a GPU whose kernels run on
 * the host. */
#include "studio/batches.h"

#include "compute/pass.h"
#include "formats/expected.h"
#include "../formats/sample-tar.h"
#include "scratch.h"

#include <string.h>

#define DIM 3
#define PER_FILE 40
#define N_FILES 3
#define ROWS 7

typedef struct
{
  char *folder, *pattern;
  C2lDevice *device;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer name)
{
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("batches-XXXXXX", NULL);
  fixture->pattern = g_strconcat (fixture->folder, "/{00000..2}.tar", NULL);
  for (int file = 0; file < N_FILES; file++)
    {
      g_autoptr (GByteArray) archive = g_byte_array_new ();
      g_autofree char *path = g_strdup_printf ("%s/%05d.tar", fixture->folder, file);

      for (int i = 0; i < PER_FILE; i++)
        {
          g_autofree char *key = g_strdup_printf ("%05d%04d", file, i);

          append_sample (archive, key, DIM, file * PER_FILE + i);
        }
      c2l_tar_append_end (archive, archive->len);
      g_file_set_contents (path, (const char *) archive->data, archive->len, &error);
      g_assert_no_error (error);
    }
  fixture->device = c2l_device_open (name, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer name)
{
  c2l_device_unref (fixture->device);
  scratch_remove (fixture->folder);
  g_free (fixture->pattern);
  g_free (fixture->folder);
}

static C2lSamples *
open_samples (const Fixture *fixture, guint rank, guint n_ranks)
{
  const char *const paths[] = { fixture->pattern, NULL };
  C2lSamplesOptions options;
  g_autoptr (GError) error = NULL;
  C2lSamples *samples;

  c2l_samples_options_init (&options);
  options.paths = paths;
  options.shuffle = 25;
  options.seed = 8;
  options.rank = rank;
  options.n_ranks = n_ranks;
  samples = c2l_samples_open (&options, &error);
  g_assert_no_error (error);
  return samples;
}

static void
assert_same (const float *a, const float *b)
{
  g_assert_cmpmem (a, ROWS * DIM * sizeof *a, b, ROWS * DIM * sizeof *b);
}

/* What a pass finds in its inputs when both were written by the feed. */
static void
assert_arrives (const Fixture *fixture, const C2lPriorTrainBatch *batch, const float *latents, const float *features)
{
  g_autoptr (C2lPass) pass = c2l_pass_new (fixture->device, C2L_PRECISION_F32, "test");
  C2lTensor *x = c2l_pass_add_input (pass, "x", C2L_F32, 2, (gint64[]){ ROWS, DIM }),
            *y = c2l_pass_add_input (pass, "y", C2L_F32, 2, (gint64[]){ ROWS, DIM }), *sum;
  float values[ROWS * DIM];
  g_autoptr (GError) error = NULL;

  sum = c2l_add (pass, c2l_add (pass, x, x), y);
  c2l_pass_keep (pass, "sum", sum);
  g_assert_true (c2l_pass_compile (pass, &error));
  c2l_feed_write (batch->feed, batch->place, batch->latents, x);
  c2l_feed_write (batch->feed, batch->place, batch->features, y);
  g_assert_true (c2l_pass_run (pass, NULL, &error));
  c2l_tensor_read (sum, values, sizeof values);
  for (int i = 0; i < ROWS * DIM; i++)
    g_assert_cmpfloat (values[i], ==, 2 * latents[i] + features[i]);
}

static void
test_same_as_the_stream (Fixture *fixture, gconstpointer name)
{
  for (guint rank = 0; rank < 2; rank++)
    {
      g_autoptr (C2lSamples) samples = open_samples (fixture, rank, 2), same = open_samples (fixture, rank, 2);
      g_autoptr (C2lBatches) batches = c2l_batches_new (samples, ROWS, fixture->device);
      float latents[ROWS * DIM], features[ROWS * DIM];
      g_autoptr (GError) error = NULL;

      for (int i = 0; i < 40; i++)
        {
          C2lPriorTrainBatch batch = { .n_total = 3 };

          g_assert_cmpfloat (c2l_batches_get_epoch (batches), ==, c2l_samples_get_epoch (same));
          g_assert_true (c2l_batches_next (batches, &batch, NULL, &error));
          g_assert_no_error (error);
          g_assert_true (c2l_samples_next (same, ROWS, latents, features, NULL, &error));
          g_assert_cmpint (batch.n_rows, ==, ROWS);
          g_assert_cmpint (batch.n_total, ==, 3);
          assert_same (batch.latents, latents);
          assert_same (batch.features, features);
          if (i % 8 == 0)
            assert_arrives (fixture, &batch, latents, features);
        }
    }
}

/* Whatever was read meanwhile, what follows a saved position is the batch after the last one taken. */
static void
test_positions_are_of_what_was_taken (Fixture *fixture, gconstpointer name)
{
  g_autoptr (C2lSamples) samples = open_samples (fixture, 0, 1), other = open_samples (fixture, 0, 1);
  g_autoptr (C2lBatches) batches = c2l_batches_new (samples, ROWS, fixture->device);
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 25; i++)
    {
      g_autoptr (GBytes) position = c2l_batches_save (batches);
      float latents[ROWS * DIM];
      C2lPriorTrainBatch batch = { 0 };

      g_assert_true (c2l_samples_restore (other, position, NULL, &error));
      g_assert_no_error (error);
      g_assert_cmpfloat (c2l_samples_get_epoch (other), ==, c2l_batches_get_epoch (batches));
      g_assert_true (c2l_batches_next (batches, &batch, NULL, &error));
      g_assert_true (c2l_samples_next (other, ROWS, latents, NULL, NULL, &error));
      assert_same (batch.latents, latents);
      /* In the middle of the stream too. */
      if (i == 12)
        {
          g_autoptr (GBytes) here = c2l_batches_save (batches);
          g_autoptr (C2lSamples) third = open_samples (fixture, 0, 1);
          g_autoptr (C2lBatches) goes_on = NULL;
          C2lPriorTrainBatch next = { 0 };

          g_assert_true (c2l_samples_restore (third, here, NULL, &error));
          goes_on = c2l_batches_new (third, ROWS, fixture->device);
          g_assert_true (c2l_batches_next (goes_on, &next, NULL, &error));
          g_assert_true (c2l_samples_next (other, ROWS, latents, NULL, NULL, &error));
          assert_same (next.latents, latents);
        }
    }
}

static void
test_cancelling_takes_nothing (Fixture *fixture, gconstpointer name)
{
  g_autoptr (C2lSamples) samples = open_samples (fixture, 0, 1), same = open_samples (fixture, 0, 1);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  float latents[ROWS * DIM];
  guint n_cancelled = 0;

  g_cancellable_cancel (cancellable);
  /* A batch that is ready comes all the same; one that is not does not. */
  for (int i = 0; i < 20; i++)
    {
      g_autoptr (C2lSamples) again = open_samples (fixture, 0, 1);
      g_autoptr (C2lBatches) batches = c2l_batches_new (again, ROWS, fixture->device);
      C2lPriorTrainBatch batch = { 0 };
      g_autoptr (GError) error = NULL;

      if (!c2l_batches_next (batches, &batch, cancellable, &error))
        {
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
          n_cancelled++;
          g_clear_error (&error);
          g_assert_true (c2l_batches_next (batches, &batch, NULL, &error));
        }
      if (i == 0)
        g_assert_true (c2l_samples_next (same, ROWS, latents, NULL, NULL, &error));
      assert_same (batch.latents, latents);
    }
  g_test_message ("%u of 20 were cancelled", n_cancelled);
}

/* What is whole before it is still given; from then on each call fails. */
static void
test_errors_come_at_their_place (Fixture *fixture, gconstpointer name)
{
  g_autofree char *last = g_build_filename (fixture->folder, "00002.tar", NULL);
  g_autoptr (C2lSamples) samples = NULL;
  g_autoptr (C2lBatches) batches = NULL;
  C2lPriorTrainBatch batch = { 0 };
  g_autoptr (GError) error = NULL;
  int n = 0;

  g_assert_true (g_file_set_contents (last, "no tar", -1, NULL));
  samples = open_samples (fixture, 0, 1);
  batches = c2l_batches_new (samples, ROWS, fixture->device);
  while (c2l_batches_next (batches, &batch, NULL, &error))
    n++;
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "00002.tar"));
  g_assert_cmpint (n, ==, (2 * PER_FILE - 25 + 1) / ROWS);
  for (int i = 0; i < 3; i++)
    {
      g_autoptr (GError) again = NULL;

      g_assert_false (c2l_batches_next (batches, &batch, NULL, &again));
      g_assert_cmpstr (again->message, ==, error->message);
    }
}

static void
test_ends_at_any_moment (Fixture *fixture, gconstpointer name)
{
  for (int n = 0; n < 30; n++)
    {
      g_autoptr (C2lSamples) samples = open_samples (fixture, 0, 1);
      g_autoptr (C2lBatches) batches = c2l_batches_new (samples, n % 2 == 0 ? ROWS : 1000, fixture->device);
      C2lPriorTrainBatch batch = { 0 };

      for (int i = 0; i < n % 4; i++)
        g_assert_true (c2l_batches_next (batches, &batch, NULL, NULL));
      g_usleep ((gulong) (n * 37 % 500));
    }
}

int
main (int argc, char **argv)
{
  const char *const devices[] = { "cpu:portable", "cuda:0" };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (devices); i++)
    {
      const struct
      {
        const char *name;
        void (*function) (Fixture *, gconstpointer);
      } tests[] = { { "same-as-the-stream", test_same_as_the_stream },
                    { "positions-are-of-what-was-taken", test_positions_are_of_what_was_taken },
                    { "cancelling-takes-nothing", test_cancelling_takes_nothing },
                    { "errors-come-at-their-place", test_errors_come_at_their_place },
                    { "ends-at-any-moment", test_ends_at_any_moment } };

      for (guint k = 0; k < G_N_ELEMENTS (tests); k++)
        {
          g_autofree char *path = g_strdup_printf ("/batches/%s/%s", i == 0 ? "cpu" : "cuda-on-host", tests[k].name);

          g_test_add (path, Fixture, devices[i], set_up, tests[k].function, tear_down);
        }
    }
  return g_test_run ();
}
