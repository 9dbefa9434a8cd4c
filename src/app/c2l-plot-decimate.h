/* From a line of any length to what a screen can show of it. No widgets. */
#pragma once

#include "app/c2l-plot-axis.h"
#include "app/c2l-plot-line.h"

G_BEGIN_DECLS

typedef struct
{
  float x, y;      /* 0, 0 is the upper left corner */
  guint i;         /* which value it is */
  gboolean begins; /* nothing leads here from the point before: a value between them is missing */
} C2lPlotPoint;

/* c2l_plot_decimate:
 * @numbers: the line's values or their moving average   @width, @height: of the plot, in pixels of the screen
 * Appends to @points (of C2lPlotPoint), in the order of the line, at most four for each column of pixels: the first and the last value in
 * it, the least and the greatest. Lines drawn through them cover the same pixels as lines through all, so that no spike is lost. One
 * point on either side of the plot is among them. Returns how many values are shown. */
gsize c2l_plot_decimate (const C2lPlotLine *line, const C2lNumbers *numbers, const C2lPlotScale *x, const C2lPlotScale *y, int width,
                         int height, GArray *points);

G_END_DECLS
