/* C2lFilmBar: in-betweens of two or more pictures: how long, looped or not, smooth or even; playing, and exporting. The film itself is a
 * paintable for whoever shows it.
 *
 * Signal ::closed: the artist wants the pictures again. */
#pragma once

#include "app/c2l-board.h"

G_BEGIN_DECLS

#define C2L_TYPE_FILM_BAR (c2l_film_bar_get_type ())
G_DECLARE_FINAL_TYPE (C2lFilmBar, c2l_film_bar, C2L, FILM_BAR, GtkWidget)

void          c2l_film_bar_set_board (C2lFilmBar *bar, C2lBoard *board);
/* Begins with @items (of C2lPictureItem, two or more with recipes) and plays what there is as it is drawn. */
void          c2l_film_bar_start (C2lFilmBar *bar, GPtrArray *items);
/* Cancels what is being drawn or exported and lets the frames go. */
void          c2l_film_bar_stop (C2lFilmBar *bar);
/* Pauses it, or lets it go on. */
void          c2l_film_bar_toggle (C2lFilmBar *bar);
/* Lent. */
GdkPaintable *c2l_film_bar_get_film (C2lFilmBar *bar);

G_END_DECLS
