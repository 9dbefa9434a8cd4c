/* C2lFilm: pictures that are shown one after the other, as a paintable. Grows while it plays.
 *
 * Properties, notified: playing (boolean, writable), position (double 0…1, writable: which frame shows), n-frames (uint). */
#pragma once

#include <gdk/gdk.h>

G_BEGIN_DECLS

#define C2L_TYPE_FILM (c2l_film_get_type ())
G_DECLARE_FINAL_TYPE (C2lFilm, c2l_film, C2L, FILM, GObject)

C2lFilm *c2l_film_new (double fps);
void     c2l_film_append (C2lFilm *film, GdkPaintable *frame);
void     c2l_film_clear (C2lFilm *film);

G_END_DECLS
