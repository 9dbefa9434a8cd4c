/* C2lPlotCard: a plot with its title, its legend and what can be chosen for it alone.
 *
 * Signals: log-changed: the axis of values was made logarithmic or even; large-changed: it wants to be shown alone, or no longer. */
#pragma once

#include "app/c2l-plot.h"

G_BEGIN_DECLS

#define C2L_TYPE_PLOT_CARD (c2l_plot_card_get_type ())
G_DECLARE_FINAL_TYPE (C2lPlotCard, c2l_plot_card, C2L, PLOT_CARD, GtkBox)

/* @id: what it is remembered by. */
C2lPlotCard *c2l_plot_card_new (const char *id, const char *title);

const char  *c2l_plot_card_get_id (C2lPlotCard *card);
/* As c2l_plot_set_lines(). */
void         c2l_plot_card_set_lines (C2lPlotCard *card, GPtrArray *lines, C2lPlotBy by);
void         c2l_plot_card_set_log_x (C2lPlotCard *card, gboolean log_x);
void         c2l_plot_card_set_log (C2lPlotCard *card, gboolean log);
gboolean     c2l_plot_card_get_log (C2lPlotCard *card);
gboolean     c2l_plot_card_is_large (C2lPlotCard *card);
/* The height that it asks for. */
void         c2l_plot_card_set_height (C2lPlotCard *card, int height);

G_END_DECLS
