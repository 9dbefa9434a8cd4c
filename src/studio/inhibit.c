/* One call to logind, which answers with a file descriptor: sleep is inhibited until the last copy
 * of it is closed, so a killed program inhibits nothing. A sandbox has no way to logind; the
 * desktop's portal inhibits as long as the connection lives that asked, which is therefore one of
 * its own. */
#include "studio/inhibit.h"

#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <unistd.h>

#define LOGIND "org.freedesktop.login1"
#define PORTAL "org.freedesktop.portal"
#define PORTAL_SUSPEND 4u /* in the flags of its method */
#define TIMEOUT_MS 2000

struct _C2lInhibitor
{
  int logind;                     /* −1 where the portal was asked */
  GDBusConnection *to_the_portal; /* NULL where logind was */
};

static int
ask_logind (const char *why)
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

static GDBusConnection *
ask_portal (const char *why)
{
  const char *address = g_getenv ("DBUS_SESSION_BUS_ADDRESS");
  g_autoptr (GDBusConnection) bus = NULL;
  g_autoptr (GVariant) answer = NULL;
  GVariantDict options;

  /* Without an address GLib would start a bus. */
  if (address == NULL)
    return NULL;
  bus = g_dbus_connection_new_for_address_sync (
      address,
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
          | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, NULL);
  if (bus == NULL)
    return NULL;
  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "reason", "s", why);
  answer = g_dbus_connection_call_sync (
      bus, PORTAL ".Desktop", "/org/freedesktop/portal/desktop", PORTAL ".Inhibit", "Inhibit",
      g_variant_new ("(su@a{sv})", "", PORTAL_SUSPEND, g_variant_dict_end (&options)),
      G_VARIANT_TYPE ("(o)"), G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MS, NULL, NULL);
  return answer != NULL ? g_steal_pointer (&bus) : NULL;
}

C2lInhibitor *
c2l_inhibit_sleep (const char *why)
{
  const int logind = ask_logind (why);
  GDBusConnection *portal = logind < 0 ? ask_portal (why) : NULL;
  C2lInhibitor *inhibitor;

  if (logind < 0 && portal == NULL)
    return NULL;
  inhibitor = g_new0 (C2lInhibitor, 1);
  inhibitor->logind = logind;
  inhibitor->to_the_portal = portal;
  return inhibitor;
}

void
c2l_inhibit_end (C2lInhibitor *inhibitor)
{
  if (inhibitor == NULL)
    return;
  if (inhibitor->logind >= 0)
    close (inhibitor->logind);
  if (inhibitor->to_the_portal != NULL)
    {
      g_dbus_connection_close_sync (inhibitor->to_the_portal, NULL, NULL);
      g_object_unref (inhibitor->to_the_portal);
    }
  g_free (inhibitor);
}
