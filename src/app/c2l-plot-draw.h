/* Drawing lines into a picture. No widgets: snapshots show what comes out, the bench measures how long it takes. */
#pragma once

#include "app/c2l-plot-decimate.h"

#include <gdk/gdk.h>

G_BEGIN_DECLS

/* c2l_plot_draw_lines:
 * @lines: of C2lPlotLine   @width, @height: of the plot without its axes   @factor: pixels of the screen for each of these
 * @colors: [C2L_PLOT_N_COLORS]
 * Values are faint and their averages strong; without averages the values are strong. */
GdkTexture *c2l_plot_draw_lines (GPtrArray *lines, const C2lPlotScale *x, const C2lPlotScale *y, int width, int height, int factor,
                                 const GdkRGBA *colors);

G_END_DECLS
