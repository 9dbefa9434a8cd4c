/* C2lStatusLine: the line under the pictures: how far the board is, in a bar and in words, and
 * Stop. */
#pragma once

#include "app/c2l-board.h"

G_BEGIN_DECLS

#define C2L_TYPE_STATUS_LINE (c2l_status_line_get_type ())
G_DECLARE_FINAL_TYPE (C2lStatusLine, c2l_status_line, C2L, STATUS_LINE, GtkWidget)

GtkWidget *c2l_status_line_new (void);

void       c2l_status_line_set_board (C2lStatusLine *line, C2lBoard *board);

G_END_DECLS
