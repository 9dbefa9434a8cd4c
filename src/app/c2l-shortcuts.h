/* The keys of the program, in one table: which action, which keys, where they count, and how the window that lists them calls it. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef enum
{
  C2L_SCOPE_PROGRAM, /* everywhere */
  C2L_SCOPE_PAGE,    /* while the Create page is shown */
  C2L_SCOPE_GRID,    /* while the grid of pictures is shown: keys that would be letters in a prompt */
  C2L_SCOPE_TRAIN,   /* while the Train page is shown */
  C2L_SCOPE_VIEWER,  /* while a picture is shown large */
  C2L_SCOPE_WIDGET   /* of the widget that has the keyboard: listed here and done there, without an action */
} C2lScope;

typedef struct
{
  C2lScope scope;
  const char *group;   /* under which it is listed; not yet translated, context “shortcuts” */
  const char *title;   /* likewise */
  const char *action;  /* detailed: "win.page::create"; "" where the widget has its own way */
  const char *keys[4]; /* as gtk_accelerator_parse() reads them; NULL behind the last */
} C2lShortcut;

/* All of them, in the order in which they are listed; the last has no action. */
const C2lShortcut *c2l_shortcuts_get (void);

/* The keys that count everywhere. */
void               c2l_shortcuts_install (GtkApplication *application);
/* Those of @scope, while @widget is shown, wherever in its window the keyboard is; but what has the keyboard takes its own keys first, and
 * keys without a modifier are left to whoever types, and to lists of other things. */
void               c2l_shortcuts_add_to_widget (GtkWidget *widget, C2lScope scope);

/* A window that lists all of them, for @parent. */
GtkWidget         *c2l_shortcuts_window_new (GtkWindow *parent);

G_END_DECLS
