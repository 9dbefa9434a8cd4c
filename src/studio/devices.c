/* The devices of this computer: each kind is opened to see whether it is there, and let go. */
#include "studio/devices.h"

#include "compute/device.h"

static const char *const names[] = { "cpu" };

void
c2l_device_choice_free (C2lDeviceChoice *choice)
{
  g_free (choice->description);
  g_strfreev (choice->precisions);
  g_free (choice);
}

static char **
list_precisions (C2lDevice *device)
{
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();

  for (C2lPrecision precision = 0; precision < C2L_N_PRECISIONS; precision++)
    if (c2l_device_supports (device, precision))
      g_strv_builder_add (list, c2l_precision_get_name (precision));
  return g_strv_builder_end (list);
}

GPtrArray *
c2l_devices_list (void)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_device_choice_free);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (C2lDevice) device = c2l_device_open (names[i], NULL);
      C2lDeviceChoice *choice;

      if (device == NULL)
        continue;
      choice = g_new0 (C2lDeviceChoice, 1);
      choice->name = names[i];
      choice->description = g_strdup (c2l_device_get_description (device));
      choice->precisions = list_precisions (device);
      g_ptr_array_add (list, choice);
    }
  return list;
}
