/* Menus of pictures, and what tells how one was made. */
#include "app/c2l-popup.h"

static void
popup (GtkPopover *popover, const GdkRectangle *place)
{
  gtk_popover_set_pointing_to (popover, place);
  gtk_popover_popup (popover);
}

void
c2l_popup_at_point (GtkPopover *popover, GtkWidget *at, double x, double y)
{
  GtkWidget *parent = gtk_widget_get_parent (GTK_WIDGET (popover));
  graphene_point_t point;

  if (gtk_widget_compute_point (at, parent, &GRAPHENE_POINT_INIT ((float) x, (float) y), &point))
    popup (popover, &(GdkRectangle){ (int) point.x, (int) point.y, 1, 1 });
}

void
c2l_popup_at_widget (GtkPopover *popover, GtkWidget *at)
{
  GtkWidget *parent = gtk_widget_get_parent (GTK_WIDGET (popover));
  graphene_rect_t bounds;

  if (gtk_widget_compute_bounds (at, parent, &bounds))
    popup (popover,
           &(GdkRectangle){ (int) bounds.origin.x, (int) bounds.origin.y, (int) bounds.size.width,
                            (int) bounds.size.height });
}
