/* Devices by their names: the one place that knows which kinds there are. */
#include "compute/cuda-module.h"

#include <glib/gi18n-lib.h>
#include <string.h>

C2lDevice *
c2l_device_open (const char *name, GError **error)
{
  guint64 index;

  g_return_val_if_fail (name != NULL, NULL);
  if (strcmp (name, "cpu") == 0)
    return c2l_cpu_device_open (NULL, error);
  if (g_str_has_prefix (name, "cpu:"))
    return c2l_cpu_device_open (name + strlen ("cpu:"), error);
  if (strcmp (name, "cuda") == 0)
    return c2l_cuda_device_open (0, error);
  if (g_str_has_prefix (name, "cuda:") && g_ascii_string_to_unsigned (name + strlen ("cuda:"), 10, 0, 1023, &index, NULL))
    return c2l_cuda_device_open ((int) index, error);
  g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_NO_DEVICE,
               _ ("There is no device “%s”: use “cpu”, or “cuda:0” for the first NVIDIA GPU"), name);
  return NULL;
}
