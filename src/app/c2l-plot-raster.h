/* C2lPlotRaster: smooth lines of one colour after the other, into pixels. No widgets.
 *
 *   c2l_plot_raster_add_segment (raster, 10, 5, 11, 80, 1);
 *   c2l_plot_raster_paint (raster, &blue);   everything that was added since the last */
#pragma once

#include <gdk/gdk.h>

G_BEGIN_DECLS

typedef struct _C2lPlotRaster C2lPlotRaster;

C2lPlotRaster *c2l_plot_raster_new (int width, int height);

/* A segment with round ends; @radius is half of its thickness. Where both ends are one place it is a dot. Pixels that several segments
 * share are covered once. */
void           c2l_plot_raster_add_segment (C2lPlotRaster *raster, float x0, float y0, float x1, float y1, float radius);
/* A column of pixels from @top to @bottom. */
void           c2l_plot_raster_add_bar (C2lPlotRaster *raster, int column, float top, float bottom);
void           c2l_plot_raster_paint (C2lPlotRaster *raster, const GdkRGBA *color);

/* Frees @raster and returns what was painted. */
GdkTexture    *c2l_plot_raster_finish (C2lPlotRaster *raster);

G_END_DECLS
