/* Thumbnails: a picture as a few kilobytes of WebP, for the library and for grids of thousands. Any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* As large as a picture of the grid is shown in the history. */
#define C2L_THUMBNAIL_SIZE 160

/* c2l_thumbnail_encode:
 * @pixels: [@size, @size, 3] 8-bit RGB   @max_size: the side of the thumbnail; smaller pictures keep their own
 * Returns WebP; NULL and an error where memory is short. */
GBytes *c2l_thumbnail_encode (const guint8 *pixels, int size, int max_size, GError **error);

/* Back to pixels, [@size, @size, 3], to be freed with g_free(). @bytes are hostile until parsed. */
guint8 *c2l_thumbnail_decode (GBytes *bytes, int *size, GError **error);

/* c2l_pixels_shrink:
 * @pixels: [@size, @size, 3]   Returns [@new_size, @new_size, 3], each pixel the mean of the area that it covers; @new_size ≤ @size. */
guint8 *c2l_pixels_shrink (const guint8 *pixels, int size, int new_size);

G_END_DECLS
