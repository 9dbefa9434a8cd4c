/* What is promised of the CUDA module, whatever it computes: how it is found, what is said of its
 * devices before they are opened, and what happens when memory is full, a kernel cannot be started
 * or the GPU is lost. Runs with the module whose kernels run on the host (C2L_CUDA_MODULE). */
#include "compute/cuda-module.h"
#include "compute/ops-train.h"
#include "compute/pass.h"
#include "cuda-faults.h"

#include <string.h>

#define N 32

/* --- what there is --- */

static C2lDeviceInfo *
find (GPtrArray *list, const char *name)
{
  for (guint i = 0; i < list->len; i++)
    {
      C2lDeviceInfo *info = g_ptr_array_index (list, i);

      if (strcmp (info->name, name) == 0)
        return info;
    }
  return NULL;
}

static void
test_lists_devices (void)
{
  g_autoptr (GPtrArray) list = c2l_device_list ();

  g_assert_cmpuint (list->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      const char *const names[] = { "cuda:0", "cuda:1", "cpu" };
      const C2lDeviceInfo *info = g_ptr_array_index (list, i);
      g_autoptr (GError) error = NULL;
      g_autoptr (C2lDevice) device = c2l_device_open (info->name, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (info->name, ==, names[i]);
      g_assert_cmpstr (info->kind, ==, c2l_device_get_kind (device));
      g_assert_cmpstr (info->description, ==, c2l_device_get_description (device));
      g_assert_null (info->obstacle);
      g_assert_true (info->trains);
      for (C2lPrecision precision = 0; precision < C2L_N_PRECISIONS; precision++)
        g_assert_cmpint (info->precisions >> precision & 1, ==,
                         c2l_device_supports (device, precision));
    }
  g_assert_cmpstr (find (list, "cuda:0")->model, ==, "Kernels on the host 0");
}

/* What nothing can be allocated on is described all the same: nothing of it is used. */
static void
test_describes_without_memory (void)
{
  g_autoptr (GPtrArray) list = NULL;

  cuda_faults_set (&(CuFaults){ .memory = 1 });
  list = c2l_device_list ();
  cuda_faults_set (NULL);
  g_assert_cmpuint (list->len, ==, 3);
  g_assert_nonnull (find (list, "cuda:1")->description);
}

static void
test_refuses_others (gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_device_open (data, &error));
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_NO_DEVICE);
  g_assert_nonnull (strstr (error->message, data));
}

/* In a process of its own: a module that was found stays. */
static void
test_says_what_is_missing (gconstpointer data)
{
  const char *module = data;

  if (g_test_subprocess ())
    {
      g_autoptr (GPtrArray) list = NULL;

      g_setenv ("C2L_CUDA_MODULE", module, TRUE);
      list = c2l_device_list ();
      g_assert_cmpuint (list->len, ==, 2);
      g_assert_cmpstr (((C2lDeviceInfo *) g_ptr_array_index (list, 0))->name, ==, "cpu");

      const C2lDeviceInfo *cuda = g_ptr_array_index (list, 1);

      g_assert_cmpstr (cuda->kind, ==, "cuda");
      g_assert_null (cuda->description);
      g_assert_cmpuint (cuda->precisions, ==, 0);
      g_print ("%s\n", cuda->obstacle);
      return;
    }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stdout ("*The CUDA module cannot be opened*use *cpu*");
}

/* --- a small model --- */

typedef struct
{
  C2lTensor *weight;
  C2lPass *pass;
  C2lTensor *x, *y;
} Model;

static void
model_clear (Model *model)
{
  g_clear_pointer (&model->pass, c2l_pass_free);
  g_clear_pointer (&model->weight, c2l_tensor_unref);
}

static gboolean
model_make (Model *model, C2lDevice *device, GError **error)
{
  g_autofree float *numbers = g_new (float, N *N);
  const gint64 dims[] = { N, N };

  for (int i = 0; i < N * N; i++)
    numbers[i] = i % 7 - 3;
  model->weight = c2l_device_new_weight (device, C2L_F32, 2, dims, numbers, error);
  if (!model->weight)
    return FALSE;
  model->pass = c2l_pass_new (device, C2L_PRECISION_F32, "small model");
  model->x = c2l_pass_add_input (model->pass, "x", C2L_F32, 2, dims);
  C2lTensor *hidden = c2l_gemm (model->pass, model->x, model->weight, NULL);
  model->y = c2l_gemm (model->pass, c2l_activate (model->pass, hidden, C2L_ACT_SILU, 1),
                       model->weight, NULL);
  c2l_pass_keep (model->pass, "y", model->y);
  return c2l_pass_compile (model->pass, error);
}

static gboolean
model_run (Model *model, float *y, GError **error)
{
  float x[N * N];

  for (int i = 0; i < N * N; i++)
    x[i] = i % 5 - 2;
  c2l_tensor_write (model->x, x, sizeof x);
  if (!c2l_pass_run (model->pass, NULL, error))
    return FALSE;
  c2l_tensor_read (model->y, y, sizeof x);
  return TRUE;
}

/* --- memory --- */

/* Whichever allocation fails, it is said so, nothing is left behind, and the next try works. */
static void
test_any_allocation_may_fail (void)
{
  gint64 n = 1;

  for (gboolean done = FALSE; !done; n++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (C2lDevice) device = c2l_device_open ("cuda:0", NULL);
      Model model = { 0 }, again = { 0 };
      float y[N * N];

      cuda_faults_set (&(CuFaults){ .allocation = n });
      done = model_make (&model, device, &error) && model_run (&model, y, &error);
      cuda_faults_set (NULL);
      if (!done)
        {
          g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_MEMORY);
          g_assert_nonnull (strstr (error->message, "emory"));
          g_clear_error (&error);
        }
      model_clear (&model);
      g_assert_true (model_make (&again, device, &error) && model_run (&again, y, &error));
      g_assert_no_error (error);
      model_clear (&again);
    }
  g_assert_cmpint (n, >, 4);
}

/* --- what is too large for it --- */

static gboolean
compile_attention_backward (const char *device_name, gint64 n_tokens, GError **error)
{
  g_autoptr (C2lDevice) device = c2l_device_open (device_name, NULL);
  g_autoptr (C2lPass) pass = c2l_pass_new (device, C2L_PRECISION_F32, "attention");
  C2lTensor *qkv = c2l_pass_add_input (pass, "qkv", C2L_F32, 3, (gint64[]){ 1, n_tokens, 192 });
  C2lTensor *dy = c2l_pass_add_input (pass, "dy", C2L_F32, 3, (gint64[]){ 1, n_tokens, 64 });
  const C2lAttention params = { .q = qkv,
                                .k = qkv,
                                .v = qkv,
                                .k_offset = 64,
                                .v_offset = 128,
                                .n_heads = 1,
                                .n_kv_heads = 1,
                                .head_dim = 64,
                                .scale = 0.125f };

  c2l_pass_keep (pass, "dqkv", c2l_attention_backward (pass, &params, dy, qkv, C2L_F32));
  return c2l_pass_compile (pass, error);
}

/* The backward of attention keeps all keys in the shared memory of a block: what does not fit is
 * refused by name when the pass is compiled, not computed wrongly. */
static void
test_too_many_keys (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (compile_attention_backward ("cuda:0", 100, &error));
  g_assert_no_error (error);
  g_assert_true (compile_attention_backward ("cpu", 400, &error));
  g_assert_no_error (error);
  g_assert_false (compile_attention_backward ("cuda:0", 400, &error));
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "400 keys"));
}

/* --- failures while it computes --- */

static void
test_a_kernel_that_does_not_start (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lDevice) device = c2l_device_open ("cuda:0", NULL);
  Model model = { 0 };
  float before[N * N], after[N * N];

  g_assert_true (model_make (&model, device, &error) && model_run (&model, before, &error));
  cuda_faults_set (&(CuFaults){ .launch = 1 });
  g_assert_false (model_run (&model, after, &error));
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_true (model_run (&model, after, &error));
  g_assert_cmpmem (before, sizeof before, after, sizeof after);
  model_clear (&model);
}

/* Nothing works after it, and everything can be let go of. */
static void
test_a_lost_gpu (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lDevice) device = c2l_device_open ("cuda:0", NULL);
  Model model = { 0 }, late = { 0 };
  float y[N * N];

  g_assert_true (model_make (&model, device, &error) && model_run (&model, y, &error));
  C2lPass *half = c2l_pass_new (device, C2L_PRECISION_F32, "half recorded");
  c2l_pass_keep (half, "y", c2l_gemm (half, model.weight, model.weight, NULL));
  cuda_faults_set (&(CuFaults){ .lost = 1 });
  for (int i = 0; i < 2; i++)
    {
      g_assert_false (model_run (&model, y, &error));
      g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_LOST);
      g_assert_nonnull (strstr (error->message, "stopped working"));
      g_clear_error (&error);
    }
  g_assert_null (c2l_device_open ("cuda:1", &error));
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_LOST);
  g_clear_error (&error);
  /* Not for want of memory. */
  g_assert_false (model_make (&late, device, &error));
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_LOST);
  g_clear_error (&error);
  model_clear (&late);
  g_assert_false (c2l_pass_compile (half, &error));
  g_assert_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_LOST);
  c2l_pass_free (half);
  model_clear (&model);
  cuda_faults_set (NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cuda-module/lists-devices", test_lists_devices);
  g_test_add_func ("/cuda-module/describes-without-memory", test_describes_without_memory);
  g_test_add_data_func ("/cuda-module/refuses/unknown-index", "cuda:2", test_refuses_others);
  g_test_add_data_func ("/cuda-module/refuses/other-kind", "vulkan:0", test_refuses_others);
  g_test_add_data_func ("/cuda-module/says-what-is-missing/file", "/nonexistent/libc2l-cuda.so",
                        test_says_what_is_missing);
  g_test_add_data_func ("/cuda-module/says-what-is-missing/symbol", "libm.so.6",
                        test_says_what_is_missing);
  g_test_add_func ("/cuda-module/memory/any-allocation-may-fail", test_any_allocation_may_fail);
  g_test_add_func ("/cuda-module/refuses/too-many-keys", test_too_many_keys);
  g_test_add_func ("/cuda-module/launch-fails", test_a_kernel_that_does_not_start);
  g_test_add_func ("/cuda-module/lost", test_a_lost_gpu);
  return g_test_run ();
}
