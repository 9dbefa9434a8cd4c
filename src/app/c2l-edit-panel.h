/* C2lEditPanel: what can be done to the board's current picture: sliders along directions, truncation, noise, placement, mixing with another one.
 * Everything it changes goes through the board, which draws and can take it back. */
#pragma once

#include "app/c2l-board.h"

G_BEGIN_DECLS

#define C2L_TYPE_EDIT_PANEL (c2l_edit_panel_get_type ())
G_DECLARE_FINAL_TYPE (C2lEditPanel, c2l_edit_panel, C2L, EDIT_PANEL, GtkWidget)

GtkWidget *c2l_edit_panel_new (C2lBoard *board);
/* Files of directions (of GFile), for sliders of the open model; says what became of them. */
void       c2l_edit_panel_add_directions (C2lEditPanel *panel, GPtrArray *files);

G_END_DECLS
