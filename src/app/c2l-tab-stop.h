/* One stop for Tab: the arrows walk within a grid of pictures, and Tab goes on to what stands behind it, as in other lists of a hundred
 * things. GtkGridView itself would stop at every picture. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* @view lies in a GtkScrolledWindow. */
void c2l_tab_stop_add (GtkWidget *view);

G_END_DECLS
