/* c2l info --devices: what this computer can compute with, and why not with the rest. */
#include "cli/info-devices.h"

#include "cli/cli.h"
#include "studio/devices.h"
#include "studio/json.h"

#include <stdio.h>

static void
show_json (const C2lDeviceChoice *choice)
{
  g_autoptr (JsonObject) object = json_object_new ();
  JsonArray *precisions = json_array_new ();
  g_autofree char *text = NULL;

  for (int i = 0; choice->precisions[i] != NULL; i++)
    json_array_add_string_element (precisions, choice->precisions[i]);
  json_object_set_string_member (object, "device", choice->name);
  if (choice->model != NULL)
    json_object_set_string_member (object, "model", choice->model);
  if (choice->description != NULL)
    json_object_set_string_member (object, "description", choice->description);
  json_object_set_array_member (object, "precisions", precisions);
  json_object_set_boolean_member (object, "trains", choice->trains);
  if (choice->obstacle != NULL)
    json_object_set_string_member (object, "obstacle", choice->obstacle);
  text = c2l_json_object_to_string (object, FALSE);
  printf ("%s\n", text);
}

static void
show_text (const C2lDeviceChoice *choice)
{
  g_autofree char *precisions = g_strjoinv (", ", choice->precisions);

  if (choice->obstacle != NULL)
    {
      c2l_cli_describe (choice->name, "cannot be used: %s", choice->obstacle);
      return;
    }
  c2l_cli_describe (choice->name, "%s", choice->description);
  c2l_cli_describe ("", "computes in %s; %s", precisions,
                    choice->trains ? "trains" : "does not train");
}

void
c2l_info_show_devices (gboolean json)
{
  g_autoptr (GPtrArray) devices = c2l_devices_list (TRUE);

  for (guint i = 0; i < devices->len; i++)
    (json ? show_json : show_text) (g_ptr_array_index (devices, i));
}
