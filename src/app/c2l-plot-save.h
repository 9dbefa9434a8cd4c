/* Plots as files: a picture of what is seen, or a table of all values. */
#pragma once

#include "app/c2l-plot.h"

G_BEGIN_DECLS

/* Each asks for the file, and says in the window what became of it. */
void c2l_plot_save_picture (C2lPlot *plot, const char *name);
void c2l_plot_save_table (C2lPlot *plot, const char *name);

G_END_DECLS
