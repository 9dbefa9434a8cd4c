/* C2lPlotLine: a series of a training, as a plot draws it. Does not change once a plot has it. No widgets. */
#pragma once

#include "studio/metrics.h"

G_BEGIN_DECLS

typedef enum
{
  C2L_PLOT_BY_STEP,
  C2L_PLOT_BY_TIME, /* seconds since the run's first line */
  C2L_PLOT_BY_EPOCH
} C2lPlotBy;

/* A colour for each of so many runs at once; further ones share. */
#define C2L_PLOT_N_COLORS 8

typedef struct
{
  char *label;          /* of the legend: "portraits", or "portraits · g1" where a plot has several series of a run */
  guint color;          /* below C2L_PLOT_N_COLORS */
  guint dash;           /* 0: whole; series of one run have one each */
  C2lNumbers *xs;       /* by row; never fall */
  double origin;        /* taken off each x */
  C2lNumbers *rows;     /* of its values: positions in xs */
  C2lNumbers *values;   /* as many */
  C2lNumbers *smooth;   /* (nullable): as many; NULL where smoothing changes nothing */
} C2lPlotLine;

/* Of @series of the run that @view tells of; takes nothing. NULL where it has no place on this axis. */
C2lPlotLine *c2l_plot_line_new (const C2lMetricsView *view, const C2lMetricsSeries *series, C2lPlotBy by, gboolean is_smooth,
                                const char *label, guint color, guint dash);
void         c2l_plot_line_free (C2lPlotLine *line);

/* The first value whose x is not below @x (or, with @after, above it); as many as there are where there is none. */
gsize        c2l_plot_line_find (const C2lPlotLine *line, double x, gboolean after);
/* The same from @from on, which costs the less the nearer it is to there. */
gsize        c2l_plot_line_find_from (const C2lPlotLine *line, gsize from, double x, gboolean after);
/* The value whose x is nearest to @x, of those that are numbers; FALSE where there is none. */
gboolean     c2l_plot_line_find_nearest (const C2lPlotLine *line, double x, gsize *i);

/* The x of its value at @i. */
static inline double
c2l_plot_line_get_x (const C2lPlotLine *line, gsize i)
{
  return line->xs->values[(gsize) line->rows->values[i]] - line->origin;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lPlotLine, c2l_plot_line_free)

G_END_DECLS
