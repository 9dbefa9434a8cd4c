/* clip2latent: starts the application. */
#include "app/c2l-app.h"
#include "app/c2l-application.h"
#include "app/c2l-graphics.h"
#include "studio/devices.h"
#include "studio/paths.h"

#include <locale.h>

int
main (int argc, char **argv)
{
  g_autoptr (C2lApplication) application = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  setlocale (LC_ALL, "");
  c2l_graphics_choose ();
  c2l_app_init ();
  if (!c2l_paths_check (&error))
    {
      g_printerr ("clip2latent: %s\n", error->message);
      return 1;
    }
  application = c2l_application_new ();
  status = g_application_run (G_APPLICATION (application), argc, argv);
  c2l_devices_settle ();
  return status;
}
