/* C2lWindow: header bar, pages, and how the program speaks: toasts for what passes, the banner for what stays.
 *
 * Actions: win.page ("create", "train", "models"), win.history-visible and win.panel-visible (whether the history and the panel that edits
 * are shown; remembered in the settings),
 * win.say (a sentence that passes), for pages that do not know the window; win.open, win.shortcuts. */
#pragma once

#include "app/c2l-application.h"
#include "app/c2l-create-page.h"

G_BEGIN_DECLS

#define C2L_TYPE_WINDOW (c2l_window_get_type ())
G_DECLARE_FINAL_TYPE (C2lWindow, c2l_window, C2L, WINDOW, AdwApplicationWindow)

C2lWindow *c2l_window_new (C2lApplication *application);

/* Lent. */
C2lCreatePage *c2l_window_get_create_page (C2lWindow *window);

/* The page "create", "train" or "models". */
void       c2l_window_show_page (C2lWindow *window, const char *name);

/* Does what is sensible with each of @files (of GFile), or says what it is and what would fit. */
void       c2l_window_open_files (C2lWindow *window, GPtrArray *files);

/* A sentence that passes; a newer one with the same button, or as this one without any, takes its place. @button, @action and @target (taken if floating) may be NULL. */
void       c2l_window_show_toast (C2lWindow *window, const char *text, const char *button, const char *action, GVariant *target);
/* What could not be done, and what to do: stays until it is dismissed, something else is, or NULL. */
void       c2l_window_show_failure (C2lWindow *window, const char *text);
/* What stays wrong until it is mended; NULL when it is over. */
void       c2l_window_show_trouble (C2lWindow *window, const char *text);

G_END_DECLS
