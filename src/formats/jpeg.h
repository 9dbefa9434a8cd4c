/* JPEG files through libjpeg: any picture in, as RGB with its texts; RGB out, colours at full resolution, with texts as XMP. */
#pragma once

#include "formats/image.h"

G_BEGIN_DECLS

gboolean  c2l_jpeg_is_jpeg (gconstpointer data, gsize size);

/* The picture in @data as RGB; @name is what messages call it. Orientation tags are not
 * followed. */
C2lImage *c2l_jpeg_parse (gconstpointer data, gsize size, const char *name, GError **error);

/* c2l_jpeg_encode:
 * @pixels: [@height, @width, 3] 8-bit RGB   @quality: 1 to 100   @texts: [@n_texts]
 * Returns the bytes of the file. */
GBytes   *c2l_jpeg_encode (const guint8 *pixels, int width, int height, int quality, const C2lImageText *texts,
                           int n_texts, GError **error);

G_END_DECLS
