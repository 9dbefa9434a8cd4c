/* C2lEmptyState: what stands where the pictures will be: what the model can draw, and prompts to
 * begin with. */
#pragma once

#include "app/c2l-board.h"

G_BEGIN_DECLS

#define C2L_TYPE_EMPTY_STATE (c2l_empty_state_get_type ())
G_DECLARE_FINAL_TYPE (C2lEmptyState, c2l_empty_state, C2L, EMPTY_STATE, GtkWidget)

/* Signals:
 *   ::prompt-chosen (prompt) */
GtkWidget *c2l_empty_state_new (void);

void       c2l_empty_state_set_board (C2lEmptyState *state, C2lBoard *board);

G_END_DECLS
