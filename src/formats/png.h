/* PNG files through libpng: any PNG in, as 8-bit RGB or RGBA with its texts; RGB out, with texts. */
#pragma once

#include "formats/image.h"

G_BEGIN_DECLS

/* How hard the pixels are packed; docs/performance.md has times and sizes. */
typedef enum
{
  C2L_PNG_FAST,  /* for pictures that are drawn by the dozen */
  C2L_PNG_SMALL  /* for pictures that are kept or sent */
} C2lPngEffort;

gboolean  c2l_png_is_png (gconstpointer data, gsize size);

/* The picture in @data; @name is what messages call it. Pictures over the limits of image.h are refused. */
C2lImage *c2l_png_parse (gconstpointer data, gsize size, const char *name, GError **error);
C2lImage *c2l_png_load (const char *path, GError **error);

/* c2l_png_encode:
 * @pixels: [@height, @width, 3] 8-bit RGB   @texts: [@n_texts], may be NULL where @n_texts is 0; keywords have 1 to 79 ASCII letters
 * Returns the bytes of the file, NULL and an error where a keyword or a text cannot be stored. */
GBytes   *c2l_png_encode (const guint8 *pixels, int width, int height, const C2lImageText *texts, int n_texts,
                          C2lPngEffort effort, GError **error);

/* The same into the file @path, which appears whole or not at all: written beside, synced, renamed. */
gboolean  c2l_png_save (const char *path, const guint8 *pixels, int width, int height, const C2lImageText *texts,
                        int n_texts, C2lPngEffort effort, GError **error);

G_END_DECLS
