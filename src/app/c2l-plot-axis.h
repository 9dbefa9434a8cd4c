/* What a value's place on an axis is, and where its marks stand. No widgets. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A part of an axis. Where it is logarithmic, @from is above 0. */
typedef struct
{
  double from, to;
  gboolean is_log;
} C2lPlotScale;

typedef enum
{
  C2L_PLOT_VALUE, /* 0.25, 1e-4 */
  C2L_PLOT_COUNT, /* 120k: steps */
  C2L_PLOT_TIME   /* seconds, as 3 h 40 min */
} C2lPlotUnit;

typedef struct
{
  double value;
  char *label; /* (nullable): of a mark between those that matter */
} C2lPlotTick;

/* 0 at @from, 1 at @to; beyond for values outside; far below 0 where a logarithmic axis has no place. */
double  c2l_plot_scale_get_place (const C2lPlotScale *scale, double value);
double  c2l_plot_scale_get_value (const C2lPlotScale *scale, double place);
/* The part of @scale between two places. */
C2lPlotScale c2l_plot_scale_get_part (const C2lPlotScale *scale, double from, double to);

/* Of C2lPlotTick, at round values (1, 2, 5; decades; minutes, hours, days), about @n of them and never more than twice that. */
GArray *c2l_plot_axis_list_ticks (const C2lPlotScale *scale, C2lPlotUnit unit, int n);

/* A value for people, as precisely as a part of the axis of this @span needs it; 0: five digits. */
char   *c2l_plot_axis_format (C2lPlotUnit unit, double value, double span);

G_END_DECLS
