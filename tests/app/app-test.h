/* For tests that make widgets in their own process: a display, settings in memory, folders of their own, and no tolerance for warnings. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* In place of g_test_init() and gtk_init(). Where there is no display it skips everything and ends the program. Warnings and criticals of
 * GLib*, GTK, GDK, GSK, libadwaita and this program abort the test, unless tests/app/allowed-messages.txt lets them pass. */
void c2l_app_test_init (int *argc, char ***argv);

/* Runs the main loop until @condition is true; what must happen and does not is ended by the test's time limit. */
void c2l_app_test_wait (gboolean (*condition) (gpointer data), gpointer data);

G_END_DECLS
