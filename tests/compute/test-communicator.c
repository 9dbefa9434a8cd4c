/* What a communicator promises, whatever carries it: waiting that ends when others are gone or this
 * process is to stop, errors that stay; and the sums of the module for MPI, in three processes that
 * mpirun starts. C2L_MPI_MODULE names the module; without it, or without mpirun, that part is
 * skipped. */
#include "compute/communicator-module.h"

#include <stdlib.h>
#include <string.h>

#define N_PROCESSES 3
#define MANY 1000003

/* --- a communicator that does as it is told --- */

typedef struct
{
  C2lCommunicator parent;
  int n_waits, lost_after; /* −1: never */
  gboolean is_done, fails;
  const float *summed;
  gsize n_summed;
  int n_closed_whole, n_closed_torn;
} Fake;

static void
fake_start_sum (C2lCommunicator *parent, C2lDtype dtype, gpointer values, gsize n)
{
  Fake *fake = (Fake *) parent;

  fake->summed = values;
  fake->n_summed = n;
}

static gboolean
fake_wait_until (C2lCommunicator *parent, gint64 deadline, GError **error)
{
  Fake *fake = (Fake *) parent;

  fake->n_waits++;
  if (fake->fails)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "the cable is cut");
  else if (!fake->is_done)
    g_usleep (G_USEC_PER_SEC / 200);
  return fake->is_done && !fake->fails;
}

static int
fake_find_lost (C2lCommunicator *parent)
{
  Fake *fake = (Fake *) parent;

  return fake->lost_after >= 0 && fake->n_waits > fake->lost_after ? 2 : -1;
}

static void
fake_close (C2lCommunicator *parent, gboolean is_whole)
{
  Fake *fake = (Fake *) parent;

  if (is_whole)
    fake->n_closed_whole++;
  else
    fake->n_closed_torn++;
}

static const C2lCommunicatorClass fake_class = { .start_sum = fake_start_sum,
                                                 .wait_until = fake_wait_until,
                                                 .find_lost = fake_find_lost,
                                                 .close = fake_close };

static Fake
make_fake (void)
{
  return (Fake){ .parent = { .klass = &fake_class, .rank = 1, .size = 4, .local_size = 4 },
                 .lost_after = -1 };
}

static void
test_done (void)
{
  Fake fake = make_fake ();
  C2lCommunicator *all = &fake.parent;
  g_autoptr (GError) error = NULL;
  float values[] = { 1, 2 };

  fake.is_done = TRUE;
  g_assert_true (c2l_communicator_sum (all, C2L_F32, values, 2, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (fake.summed == values && fake.n_summed == 2);
  /* What is shared is rank 0's: others add nothing to it. */
  g_assert_true (c2l_communicator_share (all, C2L_F32, values, 2, NULL, &error));
  g_assert_cmpfloat (values[0], ==, 0);
  g_assert_cmpfloat (values[1], ==, 0);
  g_assert_false (c2l_communicator_is_torn (all));
  c2l_communicator_free (all);
  g_assert_cmpint (fake.n_closed_whole, ==, 1);
}

static void
test_lost (void)
{
  Fake fake = make_fake ();
  C2lCommunicator *all = &fake.parent;
  g_autoptr (GError) error = NULL;

  fake.lost_after = 3;
  g_assert_true (c2l_communicator_is_whole (all, &error));
  g_assert_false (c2l_communicator_wait (all, NULL, &error));
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_PEER_ENDED);
  g_assert_nonnull (strstr (error->message, "process 3 of 4"));
  g_assert_true (c2l_communicator_is_torn (all));
  c2l_communicator_free (all);
  g_assert_cmpint (fake.n_closed_torn, ==, 1);
}

/* Cancelled, it still waits a moment, in which the others may come. */
static void
test_cancelled (void)
{
  Fake fake = make_fake ();
  C2lCommunicator *all = &fake.parent;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_false (c2l_communicator_wait (all, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (fake.n_waits, >, 1);
  g_assert_true (c2l_communicator_is_torn (all));

  fake = make_fake ();
  fake.is_done = TRUE;
  g_assert_true (c2l_communicator_wait (all, cancellable, NULL));
  g_assert_false (c2l_communicator_is_torn (all));
}

static void
test_failed (void)
{
  Fake fake = make_fake ();
  g_autoptr (GError) error = NULL;

  fake.fails = TRUE;
  g_assert_false (c2l_communicator_barrier (&fake.parent, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_true (c2l_communicator_is_torn (&fake.parent));
}

static void
test_no_module (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_communicator_open ("/nowhere/libc2l-mpi.so", &error));
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_NO_DEVICE);
  g_assert_nonnull (strstr (error->message, "/nowhere/libc2l-mpi.so"));
}

/* --- the module for MPI --- */

/* Many sums under way at a time, of sizes that travel in different ways. */
static void
check_sums (C2lCommunicator *all)
{
  static const gsize sizes[] = { 1, 7, 1000, MANY };
  const int rank = c2l_communicator_get_rank (all);
  float *values[G_N_ELEMENTS (sizes)];
  double more[3] = { 1e-9 * (rank + 1), 1e300, rank };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      values[i] = g_new (float, sizes[i]);
      for (gsize j = 0; j < sizes[i]; j++)
        values[i][j] = (float) (j % 1000) + 1000 * rank;
      c2l_communicator_start_sum (all, C2L_F32, values[i], sizes[i]);
    }
  c2l_communicator_start_sum (all, C2L_F64, more, G_N_ELEMENTS (more));
  g_assert_true (c2l_communicator_wait (all, NULL, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      for (gsize j = 0; j < sizes[i]; j++)
        g_assert_cmpfloat (values[i][j], ==, N_PROCESSES * (j % 1000) + 3000);
      g_free (values[i]);
    }
  g_assert_cmpfloat_with_epsilon (more[0], 6e-9, 1e-20);
  g_assert_cmpfloat (more[1], >, 2.9e300);
  g_assert_cmpfloat (more[2], ==, 3);
}

static void
check_sharing (C2lCommunicator *all)
{
  double value = 5 + c2l_communicator_get_rank (all);
  g_autoptr (GError) error = NULL;

  g_assert_true (c2l_communicator_share (all, C2L_F64, &value, 1, NULL, &error));
  g_assert_cmpfloat (value, ==, 5);
  for (int i = 0; i < 1000; i++)
    g_assert_true (c2l_communicator_barrier (all, NULL, &error));
  g_assert_true (c2l_communicator_is_whole (all, &error));
}

static int
be_one_of_many (void)
{
  g_autoptr (GError) error = NULL;
  C2lCommunicator *all = c2l_communicator_open (g_getenv ("C2L_MPI_MODULE"), &error);

  g_assert_no_error (error);
  g_assert_cmpint (c2l_communicator_get_size (all), ==, N_PROCESSES);
  g_assert_cmpint (c2l_communicator_get_local_size (all), ==, N_PROCESSES);
  check_sums (all);
  check_sharing (all);
  c2l_communicator_free (all);
  return 0;
}

static void
test_mpi (void)
{
  const char *module = g_getenv ("C2L_MPI_MODULE");
  g_autofree char *mpirun = g_find_program_in_path ("mpirun");
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  const char *const argv[]
      = { mpirun, "--oversubscribe", "--bind-to", "none", "-n", "3", self, "--one-of-many", NULL };
  g_autofree char *output = NULL, *sanitizer = NULL;
  const char *options;
  g_autoptr (GError) error = NULL;
  int status;

  if (mpirun == NULL || module == NULL || !g_file_test (module, G_FILE_TEST_EXISTS))
    {
      g_test_skip (mpirun == NULL ? "there is no mpirun" : "the module was not built");
      return;
    }
  /* Open MPI never frees some of its memory, which a leak detector would take for ours. */
  options = g_getenv ("ASAN_OPTIONS");
  sanitizer = g_strconcat (options != NULL ? options : "", ":detect_leaks=0", NULL);
  g_setenv ("ASAN_OPTIONS", sanitizer, TRUE);
  g_setenv ("OMPI_ALLOW_RUN_AS_ROOT", "1", TRUE);
  g_setenv ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", TRUE);
  g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL,
                               &output, &status, &error));
  g_assert_no_error (error);
  if (!g_spawn_check_wait_status (status, &error))
    g_error ("%s\n%s", error->message, output);
}

int
main (int argc, char **argv)
{
  if (argc > 1 && strcmp (argv[1], "--one-of-many") == 0)
    return be_one_of_many ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/communicator/done", test_done);
  g_test_add_func ("/communicator/lost", test_lost);
  g_test_add_func ("/communicator/cancelled", test_cancelled);
  g_test_add_func ("/communicator/failed", test_failed);
  g_test_add_func ("/communicator/no-module", test_no_module);
  g_test_add_func ("/communicator/mpi/sums", test_mpi);
  return g_test_run ();
}
