/* The button that marks a picture as a favourite: its star and its name, which says what a click does. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void c2l_star_show (GtkButton *button, gboolean favourite);

G_END_DECLS
