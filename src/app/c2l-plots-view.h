/* C2lPlotsView: the plots of some trainings over each other, followed while they run: training loss first, then what else they
 * measure. How they are drawn is remembered in the settings. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define C2L_TYPE_PLOTS_VIEW (c2l_plots_view_get_type ())
G_DECLARE_FINAL_TYPE (C2lPlotsView, c2l_plots_view, C2L, PLOTS_VIEW, GtkBox)

/* One training to be shown. */
typedef struct
{
  const char *folder, *name;
  guint color;
} C2lPlotsRun;

/* Trainings that were shown already stay as they are. */
void c2l_plots_view_set_runs (C2lPlotsView *view, const C2lPlotsRun *runs, guint n);

G_END_DECLS
