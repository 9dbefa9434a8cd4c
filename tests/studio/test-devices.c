/* What a person chooses a device from, and which one a training takes by itself. Runs with the CUDA
 * module whose kernels run on the host (C2L_CUDA_MODULE). */
#include "cuda-faults.h"
#include "studio/devices.h"
#include "studio/train-models.h"

#include <string.h>

static const char *const expected[] = { "cuda:0", "cuda:1", "cpu" };

static void
check (GPtrArray *list)
{
  g_assert_cmpuint (list->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < list->len; i++)
    {
      const C2lDeviceChoice *choice = g_ptr_array_index (list, i);

      g_assert_cmpstr (choice->name, ==, expected[i]);
      g_assert_cmpstr (choice->precisions[0], ==, "f32");
      g_assert_cmpint (choice->is_gpu, ==, i < 2);
      g_assert_cmpint (choice->model != NULL, ==, i < 2);
      g_assert_null (choice->obstacle);
    }
}

static void
test_list (void)
{
  g_autoptr (GPtrArray) usable = c2l_devices_list (FALSE);
  g_autoptr (GPtrArray) all = c2l_devices_list (TRUE);

  check (usable);
  check (all);
}

static void
keep_result (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

/* Answers in the main context, and does not answer before. */
static void
test_list_async (void)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GError) error = NULL;

  c2l_devices_list_async (NULL, keep_result, &result);
  g_assert_null (result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  list = c2l_devices_list_finish (result, &error);
  g_assert_no_error (error);
  check (list);
}

static void
test_list_cancelled (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  c2l_devices_list_async (cancellable, keep_result, &result);
  g_cancellable_cancel (cancellable);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (c2l_devices_list_finish (result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* --- training --- */

static void
check_training (const char *name, const char *kind, const char *description, const char *in_note)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *note = NULL;
  g_autoptr (C2lDevice) device = c2l_train_open_device (name, &note, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (c2l_device_get_kind (device), ==, kind);
  g_assert_nonnull (strstr (c2l_device_get_description (device), description));
  if (in_note == NULL)
    g_assert_null (note);
  else
    g_assert_nonnull (strstr (note, in_note));
}

static void
test_training_takes_a_gpu (void)
{
  check_training (NULL, "cuda", "on the host 0", NULL);
  check_training ("cuda:1", "cuda", "on the host 1", NULL);
  check_training ("cpu", "cpu", "CPU", NULL);
}

/* Processes of one job on one machine share out its GPUs. */
static void
test_training_in_several_processes (void)
{
  g_setenv ("OMPI_COMM_WORLD_SIZE", "3", TRUE);
  g_setenv ("OMPI_COMM_WORLD_LOCAL_RANK", "1", TRUE);
  check_training (NULL, "cuda", "on the host 1", NULL);
  g_setenv ("OMPI_COMM_WORLD_LOCAL_RANK", "2", TRUE);
  check_training (NULL, "cuda", "on the host 0", NULL);
  g_unsetenv ("OMPI_COMM_WORLD_SIZE");
  g_unsetenv ("OMPI_COMM_WORLD_LOCAL_RANK");
}

/* A GPU that is there and cannot be opened is no reason not to train; one that was asked for is. */
static void
test_training_passes_over_a_broken_gpu (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *note = NULL;
  g_autoptr (C2lDevice) device = c2l_device_open ("cuda:0", NULL);
  C2lPass *pass = c2l_pass_new (device, C2L_PRECISION_F32, "nothing");

  g_assert_true (c2l_pass_compile (pass, NULL));
  cuda_faults_set (&(CuFaults){ .lost = 1 });
  g_assert_false (c2l_pass_run (pass, NULL, NULL));
  check_training (NULL, "cpu", "CPU",
                  "cuda:0 (kernels on the host 0, for tests): The GPU has stopped");
  g_assert_null (c2l_train_open_device ("cuda:0", &note, &error));
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_LOST);
  g_assert_null (note);
  cuda_faults_set (NULL);
  c2l_pass_free (pass);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/devices/list", test_list);
  g_test_add_func ("/devices/list/async", test_list_async);
  g_test_add_func ("/devices/list/cancelled", test_list_cancelled);
  g_test_add_func ("/devices/training/takes-a-gpu", test_training_takes_a_gpu);
  g_test_add_func ("/devices/training/shares-out-gpus", test_training_in_several_processes);
  g_test_add_func ("/devices/training/passes-over-a-broken-gpu",
                   test_training_passes_over_a_broken_gpu);
  return g_test_run ();
}
