/* C2lHistoryPane: every picture that was kept, beside the table: searched, filtered, collected, and put on the table again.
 *
 * What can be done with its pictures are the actions of the group “history” (c2l-history-actions.c). Signal ::use-recipe (recipe, what): the
 * artist wants settings of a picture for new ones; @what as create.use-settings has it. */
#pragma once

#include "app/c2l-board.h"

G_BEGIN_DECLS

#define C2L_TYPE_HISTORY_PANE (c2l_history_pane_get_type ())
G_DECLARE_FINAL_TYPE (C2lHistoryPane, c2l_history_pane, C2L, HISTORY_PANE, GtkWidget)

/* Of the library behind @board. */
GtkWidget *c2l_history_pane_new (C2lBoard *board);
/* Whether the pane is in sight; out of it it takes no time. */
void       c2l_history_pane_set_seen (C2lHistoryPane *pane, gboolean is_seen);

G_END_DECLS
