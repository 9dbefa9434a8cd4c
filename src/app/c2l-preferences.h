/* C2lPreferences: the window in which the settings are changed. Every change is in effect at once.
 *
 * Its buttons are actions of the program: app.release-memory, app.clear-history. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define C2L_TYPE_PREFERENCES (c2l_preferences_get_type ())
G_DECLARE_FINAL_TYPE (C2lPreferences, c2l_preferences, C2L, PREFERENCES, AdwPreferencesWindow)

GtkWidget *c2l_preferences_new (GtkWindow *parent);

G_END_DECLS
