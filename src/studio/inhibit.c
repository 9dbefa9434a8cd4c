/* One call to logind, which answers with a file descriptor: sleep is inhibited until the last copy
 * of it is closed, so a killed program inhibits nothing. */
#include "studio/inhibit.h"

#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <unistd.h>

#define LOGIND "org.freedesktop.login1"
#define TIMEOUT_MS 2000

int
c2l_inhibit_sleep (const char *why)
{
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, NULL);
  g_autoptr (GUnixFDList) descriptors = NULL;
  g_autoptr (GVariant) answer = NULL;
  gint32 index;

  if (bus == NULL)
    return -1;
  /* A bus that goes away shall not take the program with it, as it would by default. */
  g_dbus_connection_set_exit_on_close (bus, FALSE);
  answer = g_dbus_connection_call_with_unix_fd_list_sync (
      bus, LOGIND, "/org/freedesktop/login1", LOGIND ".Manager", "Inhibit",
      g_variant_new ("(ssss)", "sleep:idle", "Clip2Latent", why, "block"), G_VARIANT_TYPE ("(h)"),
      G_DBUS_CALL_FLAGS_NO_AUTO_START, TIMEOUT_MS, NULL, &descriptors, NULL, NULL);
  if (answer == NULL || descriptors == NULL)
    return -1;
  g_variant_get (answer, "(h)", &index);
  return g_unix_fd_list_get (descriptors, index, NULL);
}

void
c2l_inhibit_end (int inhibitor)
{
  if (inhibitor >= 0)
    close (inhibitor);
}
