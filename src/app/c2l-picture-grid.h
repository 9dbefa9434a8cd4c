/* C2lPictureGrid: the board's pictures as a grid that is walked with the arrow keys: as many
 * columns as fit, or a row a prompt.
 *
 * What can be done with pictures are actions of the group “create” (c2l-create-actions.h); the
 * grid activates them by keys, its menu and its buttons, and knows none of them. */
#pragma once

#include "app/c2l-board.h"

G_BEGIN_DECLS

#define C2L_TYPE_PICTURE_GRID (c2l_picture_grid_get_type ())
G_DECLARE_FINAL_TYPE (C2lPictureGrid, c2l_picture_grid, C2L, PICTURE_GRID, GtkWidget)

/* Properties:
 *   cell-size   int, pixels that a cell should have; it gets a little more or less, so that
 *                columns fill the width */
GtkWidget *c2l_picture_grid_new (void);

void       c2l_picture_grid_set_board (C2lPictureGrid *grid, C2lBoard *board);
/* Puts the keyboard on the current picture, or the first. */
void       c2l_picture_grid_focus (C2lPictureGrid *grid);
/* Shows @item as soon as it has its place, and puts the keyboard there. */
void       c2l_picture_grid_reveal (C2lPictureGrid *grid, C2lPictureItem *item);
/* Opens the menu where the keyboard is. */
void       c2l_picture_grid_popup_menu (C2lPictureGrid *grid);
/* Shows how @item was made, beside its cell. */
void       c2l_picture_grid_show_recipe (C2lPictureGrid *grid,
                                         C2lPictureItem *item,
                                         C2lRecipe *recipe);
/* The cell that shows @item (nullable), lent; NULL while none does. */
GtkWidget *c2l_picture_grid_get_cell (C2lPictureGrid *grid, C2lPictureItem *item);
/* Columns for @n_fixed pictures of a prompt (0: one prompt) in @width pixels, at @cell_size
 * pixels a cell. */
guint      c2l_picture_grid_count_columns (int width, int cell_size, guint n_fixed);

G_END_DECLS
