/* C2lHistoryCell: a thumbnail of the history, square, with a star.
 *
 * Signal ::star-clicked. */
#pragma once

#include "app/c2l-history-item.h"

G_BEGIN_DECLS

#define C2L_TYPE_HISTORY_CELL (c2l_history_cell_get_type ())
G_DECLARE_FINAL_TYPE (C2lHistoryCell, c2l_history_cell, C2L, HISTORY_CELL, GtkWidget)

GtkWidget      *c2l_history_cell_new (void);
/* NULL: none. */
void            c2l_history_cell_set_item (C2lHistoryCell *cell, C2lHistoryItem *item);
C2lHistoryItem *c2l_history_cell_get_item (C2lHistoryCell *cell);

/* NULL: no day begins with it. */
void             c2l_history_cell_set_day (C2lHistoryCell *cell, const char *title);

G_END_DECLS
