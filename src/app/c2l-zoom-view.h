/* C2lZoomView: a picture that can be enlarged and moved about, and wiped over by another one for comparison.
 *
 * Properties, all notified:
 *   paintable    GdkPaintable (nullable)
 *   other        GdkPaintable (nullable): shown to the right of the divider
 *   divider      double, 0…1 of the picture's width; 1 hides the other
 *   zoom         double ≥ 1: 1 shows the whole picture as large as fits
 *   centre-x, centre-y   double, 0…1: the place of the picture in the middle of the view
 * Two views follow each other when zoom and centre are bound. Wheel and pinch zoom where the pointer is, dragging moves the picture, or the
 * divider where it is taken hold of; + − 0 and arrows do the same. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define C2L_TYPE_ZOOM_VIEW (c2l_zoom_view_get_type ())
G_DECLARE_FINAL_TYPE (C2lZoomView, c2l_zoom_view, C2L, ZOOM_VIEW, GtkWidget)

GtkWidget *c2l_zoom_view_new (void);
void       c2l_zoom_view_set_paintable (C2lZoomView *view, GdkPaintable *paintable);
void       c2l_zoom_view_set_other (C2lZoomView *view, GdkPaintable *other);
void       c2l_zoom_view_zoom_by (C2lZoomView *view, double factor);
void       c2l_zoom_view_reset (C2lZoomView *view);
/* So that a pixel of the picture is a pixel of the screen. */
void       c2l_zoom_view_zoom_to_pixels (C2lZoomView *view);

G_END_DECLS
