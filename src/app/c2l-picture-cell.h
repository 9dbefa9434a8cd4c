/* C2lPictureCell: a square that shows one C2lPictureItem: its picture with rounded corners, its
 * score, its star; a calm empty square while it waits. Watches the item; decides nothing. */
#pragma once

#include "app/c2l-picture-item.h"

G_BEGIN_DECLS

#define C2L_TYPE_PICTURE_CELL (c2l_picture_cell_get_type ())
G_DECLARE_FINAL_TYPE (C2lPictureCell, c2l_picture_cell, C2L, PICTURE_CELL, GtkWidget)

/* Signals:
 *   ::star-clicked   the star was clicked
 *   ::menu-clicked   the button for the menu was clicked */
GtkWidget      *c2l_picture_cell_new (void);

/* @item (nullable) is held while it is shown. */
void            c2l_picture_cell_set_item (C2lPictureCell *cell, C2lPictureItem *item);
C2lPictureItem *c2l_picture_cell_get_item (C2lPictureCell *cell);
/* How far a waiting picture is, from 0 to 1; below 0: it is not its turn. */
void            c2l_picture_cell_set_progress (C2lPictureCell *cell, double fraction);

G_END_DECLS
