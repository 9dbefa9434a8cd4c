/* See check.h. */
#include "models/check.h"

C2lTensor *
c2l_check_add_input (C2lPass *pass,
                     C2lExpected *expected,
                     const char *name,
                     C2lDtype dtype,
                     int n_dims)
{
  const C2lArray *array = c2l_expected_lookup (expected, name);

  if (array == NULL || array->n_dims != n_dims || array->length == 0)
    {
      c2l_pass_fail (pass, C2L_COMPUTE_ERROR_SHAPE,
                     "%s: the input “%s” is missing or has not %d dimensions",
                     c2l_expected_get_folder (expected), name, n_dims);
      return NULL;
    }

  C2lTensor *tensor = c2l_pass_add_input (pass, name, dtype, n_dims, array->dims);
  g_autofree float *values = c2l_array_dup_f32 (array);
  g_autofree gint32 *integers = g_new (gint32, array->length);

  for (gsize i = 0; i < array->length; i++)
    integers[i] = CLAMP (values[i], -1e9f, 1e9f);
  if (tensor != NULL)
    c2l_tensor_write (tensor, dtype == C2L_I32 ? (gpointer) integers : (gpointer) values,
                      c2l_tensor_get_size (tensor));

  return tensor;
}

float *
c2l_check_dup (C2lTensor *tensor)
{
  float *values = g_malloc (c2l_tensor_get_size (tensor));

  c2l_tensor_read (tensor, values, c2l_tensor_get_size (tensor));
  return values;
}

gboolean
c2l_check_run (C2lPass *pass,
               C2lExpected *expected,
               C2lCheckReport report,
               gpointer user_data,
               GError **error)
{
  if (!c2l_pass_compile (pass, error) || !c2l_pass_run (pass, NULL, error))
    return FALSE;

  g_autofree const char **names = c2l_pass_list_kept (pass);

  for (int i = 0; names[i] != NULL; i++)
    if (c2l_expected_lookup (expected, names[i]) != NULL)
      {
        C2lTensor *tensor = c2l_pass_lookup (pass, names[i]);
        g_autofree float *values = c2l_check_dup (tensor);

        report (names[i], values, c2l_tensor_get_length (tensor), user_data);
      }

  return TRUE;
}
