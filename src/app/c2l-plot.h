/* C2lPlot: lines over steps, time or epochs. Shows everything until somebody zooms: by wheel (with Ctrl, or where the plot has the
 * keyboard), by drawing a frame with the mouse; drags with the middle button or Shift; a double click shows everything again. Under the
 * pointer, or where the arrow keys put it, stands what all lines have there.
 *
 * Keys: Left and Right move the read-out (with Shift the view), + and − zoom, 0 shows everything, Escape hides the read-out.
 * Signal: view-changed: is_zoomed may be another. */
#pragma once

#include "app/c2l-plot-line.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define C2L_TYPE_PLOT (c2l_plot_get_type ())
G_DECLARE_FINAL_TYPE (C2lPlot, c2l_plot, C2L, PLOT, GtkWidget)

GtkWidget *c2l_plot_new (void);

/* What it is called for screen readers. */
void       c2l_plot_set_title (C2lPlot *plot, const char *title);
/* @lines: of C2lPlotLine, not changed from now on. The view stays where it is. */
void       c2l_plot_set_lines (C2lPlot *plot, GPtrArray *lines, C2lPlotBy by);
/* Lent. */
GPtrArray *c2l_plot_get_lines (C2lPlot *plot);
void       c2l_plot_set_log (C2lPlot *plot, gboolean log_x, gboolean log_y);
/* Shows this part of the values and no other; NaN on either side: as far as the values go. */
void       c2l_plot_set_range (C2lPlot *plot, double from, double to);
void       c2l_plot_get_range (C2lPlot *plot, double *from, double *to);
gboolean   c2l_plot_is_zoomed (C2lPlot *plot);
void       c2l_plot_show_all (C2lPlot *plot);

G_END_DECLS
