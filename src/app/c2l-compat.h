/* What newer versions of GTK and libadwaita have a better call for, so that a later version of the program has one file to change. Built
 * for GTK 4.8 and libadwaita 1.2. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef enum
{
  C2L_CHOOSE_FILE,
  C2L_CHOOSE_FILES,
  C2L_CHOOSE_FOLDER,
  C2L_CHOOSE_NAME /* of a file to be written; the dialog asks before one is overwritten */
} C2lChoose;

/* Asks for files (GtkFileDialog from 4.10 on). @initial (nullable): the folder, or for C2L_CHOOSE_NAME a file, to begin with. @filters
 * (nullable): of GtkFileFilter, the first one is in effect. */
void        c2l_compat_choose_async (GtkWindow *parent, C2lChoose what, const char *title, GFile *initial, GListModel *filters,
                                     GAsyncReadyCallback callback, gpointer data);
/* Of GFile; NULL and G_IO_ERROR_CANCELLED where nothing was chosen. */
GListModel *c2l_compat_choose_finish (GAsyncResult *result, GError **error);

/* Opens @file's folder in the file manager with the file selected, or the folder itself where @file is one (GtkFileLauncher from 4.10 on). */
void        c2l_compat_show_in_files_async (GtkWindow *parent, GFile *file, GAsyncReadyCallback callback, gpointer data);
gboolean    c2l_compat_show_in_files_finish (GAsyncResult *result, GError **error);

/* Keeps the pages of a stack (GtkStack or AdwViewStack) that are not shown away from screen readers, which GTK 4.8 leaves to the program. */
void        c2l_compat_hide_other_pages (GtkWidget *stack);

/* For grab_focus() of a widget whose @child shall have the keyboard. GTK 4.8 also asks a widget that Shift+Tab is about to leave to take the
 * keyboard, and would never leave one that does: FALSE where the keyboard is in @widget already. */
gboolean    c2l_compat_grab_focus_of (GtkWidget *widget, gpointer child);

/* Gives the button inside a GtkDropDown or GtkMenuButton the name of the whole: GTK 4.8 leaves it without one, and that is where a screen
 * reader arrives. */
void        c2l_compat_name_inner_button (gpointer widget);

G_END_DECLS
