/* C2lViewer: one picture as large as the window allows, or two beside or over each other.
 *
 * Follows the board's current picture. Signal ::closed: the artist wants the grid again. */
#pragma once

#include "app/c2l-board.h"

G_BEGIN_DECLS

#define C2L_TYPE_VIEWER (c2l_viewer_get_type ())
G_DECLARE_FINAL_TYPE (C2lViewer, c2l_viewer, C2L, VIEWER, GtkWidget)

GtkWidget *c2l_viewer_new (void);
void       c2l_viewer_set_board (C2lViewer *viewer, C2lBoard *board);
/* Compares with @item: beside, or wiped over. NULL: no longer. */
void       c2l_viewer_compare (C2lViewer *viewer, C2lPictureItem *item);
/* Shows what lies between @items (of C2lPictureItem, two or more that are drawn), as a film. */
void       c2l_viewer_play (C2lViewer *viewer, GPtrArray *items);

G_END_DECLS
