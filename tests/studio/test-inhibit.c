/* Staying awake, with a logind of the test's own on a bus of its own. */
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

typedef struct
{
  const char *address;
  GMainLoop *loop;
  int ends[2]; /* of the pipe whose writing end is the inhibitor */
  char *what, *why;
  gboolean is_ready;
  GMutex mutex;
  GCond ready;
} Logind;

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
  Logind *logind = data;
  g_autoptr (GUnixFDList) list = g_unix_fd_list_new ();

  g_variant_get (arguments, "(ssss)", &logind->what, NULL, &logind->why, NULL);
  g_unix_fd_list_append (list, logind->ends[1], NULL);
  close (logind->ends[1]);
  g_dbus_method_invocation_return_value_with_unix_fd_list (invocation, g_variant_new ("(h)", 0),
                                                           list);
}

static gpointer
serve (gpointer data)
{
  static const GDBusInterfaceVTable table = { .method_call = answer };
  Logind *logind = data;
  g_autoptr (GMainContext) context = g_main_loop_get_context (logind->loop);
  g_autoptr (GDBusNodeInfo) info = g_dbus_node_info_new_for_xml (interface_xml, NULL);
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
  g_assert_cmpuint (g_dbus_connection_register_object (bus, "/org/freedesktop/login1",
                                                       info->interfaces[0], &table, logind, NULL,
                                                       NULL),
                    !=, 0);
  owned = g_dbus_connection_call_sync (bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus", "RequestName",
                                       g_variant_new ("(su)", "org.freedesktop.login1", 0u), NULL,
                                       G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
  g_assert_nonnull (owned);
  g_mutex_lock (&logind->mutex);
  logind->is_ready = TRUE;
  g_cond_signal (&logind->ready);
  g_mutex_unlock (&logind->mutex);
  g_main_loop_run (logind->loop);
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
test_logind_is_asked (void)
{
  g_autofree char *daemon = g_find_program_in_path ("dbus-daemon");
  g_autoptr (GTestDBus) bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_autoptr (GMainContext) context = g_main_context_new ();
  Logind logind = { .loop = g_main_loop_new (context, FALSE) };
  GThread *thread;
  char byte;
  int inhibitor;

  if (daemon == NULL)
    {
      g_test_skip ("there is no dbus-daemon");
      return;
    }
  g_test_dbus_up (bus);
  logind.address = g_test_dbus_get_bus_address (bus);
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", logind.address, TRUE);
  g_assert_cmpint (pipe (logind.ends), ==, 0);
  thread = g_thread_new ("logind", serve, &logind);
  g_mutex_lock (&logind.mutex);
  while (!logind.is_ready)
    g_cond_wait (&logind.ready, &logind.mutex);
  g_mutex_unlock (&logind.mutex);

  inhibitor = c2l_inhibit_sleep ("a test");
  g_assert_cmpint (inhibitor, >=, 0);
  g_assert_nonnull (strstr (logind.what, "sleep"));
  g_assert_cmpstr (logind.why, ==, "a test");
  c2l_inhibit_end (inhibitor);
  /* The last copy is closed, so the pipe ends. */
  g_assert_cmpint (read (logind.ends[0], &byte, 1), ==, 0);

  g_main_loop_quit (logind.loop);
  g_thread_join (thread);
  g_main_loop_unref (logind.loop);
  g_free (logind.what);
  g_free (logind.why);
  close (logind.ends[0]);
  g_test_dbus_stop (bus);
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
  g_assert_cmpint (c2l_inhibit_sleep ("a test"), ==, -1);
  c2l_inhibit_end (-1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/inhibit/does-without-a-bus", test_nobody_to_ask);
  g_test_add_func ("/inhibit/logind-is-asked", test_logind_is_asked);
  return g_test_run ();
}
