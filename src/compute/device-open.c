/* Devices by their names: the one place that knows which kinds there are. */
#include "compute/cuda-module.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* --- what there is --- */

void
c2l_device_info_free (C2lDeviceInfo *info)
{
  g_free (info->name);
  g_free (info->model);
  g_free (info->description);
  g_free (info->obstacle);
  g_free (info);
}

static C2lDeviceInfo *
info_new (const char *kind, char *name)
{
  C2lDeviceInfo *info = g_new0 (C2lDeviceInfo, 1);

  info->kind = kind;
  info->name = name;
  return info;
}

static guint
find_precisions (C2lDevice *device)
{
  guint precisions = 0;

  for (C2lPrecision precision = 0; precision < C2L_N_PRECISIONS; precision++)
    if (c2l_device_supports (device, precision))
      precisions |= 1u << precision;
  return precisions;
}

/* Opening the processor takes nothing away from anybody. */
static C2lDeviceInfo *
describe_cpu (void)
{
  C2lDeviceInfo *info = info_new ("cpu", g_strdup ("cpu"));
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lDevice) device = c2l_cpu_device_open (NULL, &error);

  if (!device)
    {
      info->obstacle = g_strdup (error->message);
      return info;
    }
  info->description = g_strdup (c2l_device_get_description (device));
  info->precisions = find_precisions (device);
  info->trains = c2l_ops_train (device->ops);
  return info;
}

static void
describe_gpus (GPtrArray *list)
{
  g_autoptr (GError) error = NULL;
  const int n = c2l_cuda_count (&error);

  for (int i = 0; i < n; i++)
    {
      C2lDeviceInfo *info = info_new ("cuda", g_strdup_printf ("cuda:%d", i));

      c2l_cuda_describe (i, info);
      g_ptr_array_add (list, info);
    }
  if (n > 0)
    return;

  C2lDeviceInfo *none = info_new ("cuda", g_strdup ("cuda"));

  none->obstacle = g_strdup (error ? error->message : c2l_cuda_get_absence ());
  g_ptr_array_add (list, none);
}

static int
usable_first (gconstpointer a, gconstpointer b)
{
  const C2lDeviceInfo *first = *(C2lDeviceInfo *const *) a, *second = *(C2lDeviceInfo *const *) b;

  return (first->obstacle != NULL) - (second->obstacle != NULL);
}

GPtrArray *
c2l_device_list (void)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_device_info_free);

  describe_gpus (list);
  g_ptr_array_add (list, describe_cpu ());
  g_ptr_array_sort (list, usable_first); /* which is stable */
  return list;
}

/* --- opening --- */

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
