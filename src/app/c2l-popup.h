/* Where a popover comes up: at a point of a widget, where the hand is, or at the whole of it. What it points to is told to GTK in the
 * coordinates of the popover's parent, which @at lies in. Nothing happens where that has no place yet. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void c2l_popup_at_point (GtkPopover *popover, GtkWidget *at, double x, double y);
void c2l_popup_at_widget (GtkPopover *popover, GtkWidget *at);

G_END_DECLS
