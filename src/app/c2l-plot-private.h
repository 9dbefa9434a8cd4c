/* What the files of C2lPlot share. */
#pragma once

#include "app/c2l-plot-axis.h"
#include "app/c2l-plot.h"

G_BEGIN_DECLS

typedef enum
{
  C2L_PLOT_NO_DRAG,
  C2L_PLOT_FRAME,
  C2L_PLOT_PAN
} C2lPlotDrag;

struct _C2lPlot
{
  GtkWidget parent_instance;

  GPtrArray *lines; /* of C2lPlotLine */
  C2lPlotBy by;
  gboolean log_x, log_y;
  double range_from, range_to; /* of y; NaN: open */

  /* What somebody zoomed to; y is left open by zooming with the wheel. */
  gboolean has_zoom_x, has_zoom_y;
  C2lPlotScale zoom_x, zoom_y;

  /* As it was drawn last. */
  C2lPlotScale x, y;
  graphene_rect_t area; /* of the lines, in the widget */
  GdkTexture *texture;  /* NULL: to be drawn */


  GtkWidget *readout;
  double cursor;     /* an x; NaN: none */
  double pointer_y;  /* in the widget; NaN: the keyboard put the cursor there */
  C2lPlotDrag drag;
  double drag_x, drag_y, drag_to_x, drag_to_y; /* in the widget */
  C2lPlotScale drag_from_x, drag_from_y;       /* when a pan began */
};

/* c2l-plot.c: another view, or other lines. */
void     c2l_plot_update (C2lPlot *self);
/* Only the read-out is another. */
void     c2l_plot_update_cursor (C2lPlot *self);
C2lPlotUnit c2l_plot_get_unit (C2lPlot *self);

/* c2l-plot-view.c */
void     c2l_plot_compute_scales (C2lPlot *self);
/* Zooms x around a place in 0…1 of the plot, and moves the view by such a part of it. */
void     c2l_plot_zoom (C2lPlot *self, double place, double factor);
void     c2l_plot_move (C2lPlot *self, const C2lPlotScale *from_x, const C2lPlotScale *from_y, double by_x, double by_y);
/* To a part of the plot, places in 0…1 from the lower left. */
void     c2l_plot_zoom_to (C2lPlot *self, double left, double right, double bottom, double top, gboolean y_too);

/* c2l-plot-input.c */
void     c2l_plot_class_add_keys (GtkWidgetClass *klass);
void     c2l_plot_add_controllers (C2lPlot *self);

/* c2l-plot-snapshot.c */
void     c2l_plot_snapshot (GtkWidget *widget, GtkSnapshot *snapshot);
/* Where the lines have room beside the axes. */
void     c2l_plot_compute_area (C2lPlot *self, int width, int height);
GdkRGBA  c2l_plot_get_line_color (C2lPlot *self, guint color);

G_END_DECLS
