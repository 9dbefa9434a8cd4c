/* C2lHeadedCell: a cell of the grid with room above it where its line begins something: the heading of a prompt's pictures.
 *
 * GtkGridView of GTK 4.8 has no sections. A line is as high as its highest cell, so all cells of a line that begins a prompt get the room,
 * and the first one writes across the others. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define C2L_TYPE_HEADED_CELL (c2l_headed_cell_get_type ())
G_DECLARE_FINAL_TYPE (C2lHeadedCell, c2l_headed_cell, C2L, HEADED_CELL, GtkWidget)

/* Takes @cell (floating), which keeps its own measure. */
GtkWidget *c2l_headed_cell_new (GtkWidget *cell);
/* Lent. */
GtkWidget *c2l_headed_cell_get_cell (C2lHeadedCell *self);
/* @has_room: whether its line begins something. @text (nullable): what begins with this cell, written over the width of @n_cells. */
void       c2l_headed_cell_set_heading (C2lHeadedCell *self, gboolean has_room, const char *text, guint n_cells);

G_END_DECLS
