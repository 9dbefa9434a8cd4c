/* C2lSelectionBar: how many of the board's pictures are selected, and what can be done with several; hidden while fewer than two are.
 *
 * Its buttons send actions of the group “create” (c2l-create-actions.h). */
#pragma once

#include "app/c2l-board.h"

G_BEGIN_DECLS

#define C2L_TYPE_SELECTION_BAR (c2l_selection_bar_get_type ())
G_DECLARE_FINAL_TYPE (C2lSelectionBar, c2l_selection_bar, C2L, SELECTION_BAR, GtkWidget)

void c2l_selection_bar_set_board (C2lSelectionBar *bar, C2lBoard *board);

G_END_DECLS
