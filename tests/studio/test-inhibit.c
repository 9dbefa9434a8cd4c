/* Staying awake, with a logind and a portal of the test's own on buses of its own. */
#include "studio/inhibit.h"

#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <string.h>
#include <unistd.h>

static const char interface_xml[]
    = "<node><interface name='org.freedesktop.login1.Manager'><method name='Inhibit'>"
      "<arg name='what' type='s' direction='in'/><arg name='who' type='s' direction='in'/>"
      "<arg name='why' type='s' direction='in'/><arg name='mode' type='s' direction='in'/>"
      "<arg name='fd' type='h' direction='out'/></method></interface></node>";

static const char portal_xml[]
    = "<node><interface name='org.freedesktop.portal.Inhibit'><method name='Inhibit'>"
      "<arg name='window' type='s' direction='in'/><arg name='flags' type='u' direction='in'/>"
      "<arg name='options' type='a{sv}' direction='in'/>"
      "<arg name='handle' type='o' direction='out'/></method></interface></node>";

typedef struct
{
  const char *address, *name, *path, *xml;
  GDBusInterfaceMethodCallFunc answer;
  GMainLoop *loop;
  int ends[2]; /* of the pipe whose writing end is the inhibitor */
  char *what, *why;
  gboolean is_ready;
  GMutex mutex;
  GCond ready;
} Service;

static void
answer (GDBusConnection *connection,
        const char *sender,
        const char *path,
        const char *interface,
        const char *method,
        GVariant *arguments,
        GDBusMethodInvocation *invocation,
        gpointer data)
{
  Service *logind = data;
  g_autoptr (GUnixFDList) list = g_unix_fd_list_new ();

  g_variant_get (arguments, "(ssss)", &logind->what, NULL, &logind->why, NULL);
  g_unix_fd_list_append (list, logind->ends[1], NULL);
  close (logind->ends[1]);
  g_dbus_method_invocation_return_value_with_unix_fd_list (invocation, g_variant_new ("(h)", 0),
                                                           list);
}

/* What keeps the computer awake is the connection that asked. */
static void
on_asker_gone (GDBusConnection *connection, const char *name, gpointer data)
{
  Service *portal = data;

  close (portal->ends[1]);
}

static void
answer_as_portal (GDBusConnection *connection,
                  const char *sender,
                  const char *path,
                  const char *interface,
                  const char *method,
                  GVariant *arguments,
                  GDBusMethodInvocation *invocation,
                  gpointer data)
{
  Service *portal = data;
  g_autoptr (GVariant) options = g_variant_get_child_value (arguments, 2);
  guint flags;

  g_variant_get_child (arguments, 1, "u", &flags);
  portal->what = g_strdup_printf ("%u", flags);
  g_variant_lookup (options, "reason", "s", &portal->why);
  g_bus_watch_name_on_connection (connection, sender, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL,
                                  on_asker_gone, portal, NULL);
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(o)", "/a/request"));
}

static gpointer
serve (gpointer data)
{
  Service *logind = data;
  const GDBusInterfaceVTable table = { .method_call = logind->answer };
  g_autoptr (GMainContext) context = g_main_loop_get_context (logind->loop);
  g_autoptr (GDBusNodeInfo) info = g_dbus_node_info_new_for_xml (logind->xml, NULL);
  g_autoptr (GDBusConnection) bus = NULL;
  g_autoptr (GVariant) owned = NULL;

  g_main_context_ref (context);
  g_main_context_push_thread_default (context);
  bus = g_dbus_connection_new_for_address_sync (
      logind->address,
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
          | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, NULL);
  g_assert_nonnull (bus);
  g_assert_cmpuint (g_dbus_connection_register_object (bus, logind->path, info->interfaces[0],
                                                       &table, logind, NULL, NULL),
                    !=, 0);
  owned = g_dbus_connection_call_sync (
      bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
      g_variant_new ("(su)", logind->name, 0u), NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
  g_assert_nonnull (owned);
  g_mutex_lock (&logind->mutex);
  logind->is_ready = TRUE;
  g_cond_signal (&logind->ready);
  g_mutex_unlock (&logind->mutex);
  g_main_loop_run (logind->loop);
  g_main_context_pop_thread_default (context);
  return NULL;
}

/* Has @logind serve on a bus of its own, whose address goes into the variable @bus_variable, is
 * kept awake by it for a while, and sees that it ends. FALSE where there is no bus. */
static gboolean
check_asking (Service *logind, const char *bus_variable)
{
  g_autofree char *daemon = g_find_program_in_path ("dbus-daemon");
  g_autoptr (GTestDBus) bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_autoptr (GMainContext) context = g_main_context_new ();
  GThread *thread;
  char byte;
  C2lInhibitor *inhibitor;

  if (daemon == NULL)
    {
      g_test_skip ("there is no dbus-daemon");
      return FALSE;
    }
  g_test_dbus_up (bus);
  logind->loop = g_main_loop_new (context, FALSE);
  logind->address = g_test_dbus_get_bus_address (bus);
  g_setenv (bus_variable, logind->address, TRUE);
  g_assert_cmpint (pipe (logind->ends), ==, 0);
  thread = g_thread_new ("service", serve, logind);
  g_mutex_lock (&logind->mutex);
  while (!logind->is_ready)
    g_cond_wait (&logind->ready, &logind->mutex);
  g_mutex_unlock (&logind->mutex);

  inhibitor = c2l_inhibit_sleep ("a test");
  g_assert_nonnull (inhibitor);
  g_assert_cmpstr (logind->why, ==, "a test");
  c2l_inhibit_end (inhibitor);
  /* The last copy is closed, or the asker gone, so the pipe ends. */
  g_assert_cmpint (read (logind->ends[0], &byte, 1), ==, 0);

  g_main_loop_quit (logind->loop);
  g_thread_join (thread);
  g_main_loop_unref (logind->loop);
  g_free (logind->why);
  close (logind->ends[0]);
  g_test_dbus_stop (bus);
  return TRUE;
}

static void
test_logind_is_asked (void)
{
  Service logind = { .name = "org.freedesktop.login1",
                     .path = "/org/freedesktop/login1",
                     .xml = interface_xml,
                     .answer = answer };

  if (!check_asking (&logind, "DBUS_SYSTEM_BUS_ADDRESS"))
    return;
  g_assert_nonnull (strstr (logind.what, "sleep"));
  g_free (logind.what);
}

/* In a process of its own: GLib keeps the system's bus that it found first. */
static void
test_portal_is_asked_where_logind_is_not (void)
{
  Service portal = { .name = "org.freedesktop.portal.Desktop",
                     .path = "/org/freedesktop/portal/desktop",
                     .xml = portal_xml,
                     .answer = answer_as_portal };

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
      return;
    }
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere/at/all", TRUE);
  if (!check_asking (&portal, "DBUS_SESSION_BUS_ADDRESS"))
    return;
  g_assert_cmpstr (portal.what, ==, "4");
  g_free (portal.what);
}

static void
test_nobody_to_ask (void)
{
  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, 0);
      g_test_trap_assert_passed ();
      return;
    }
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere/at/all", TRUE);
  g_unsetenv ("DBUS_SESSION_BUS_ADDRESS");
  g_assert_null (c2l_inhibit_sleep ("a test"));
  c2l_inhibit_end (NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/inhibit/does-without-a-bus", test_nobody_to_ask);
  g_test_add_func ("/inhibit/logind-is-asked", test_logind_is_asked);
  g_test_add_func ("/inhibit/the-portal-is-asked-where-logind-is-not",
                   test_portal_is_asked_where_logind_is_not);
  return g_test_run ();
}
