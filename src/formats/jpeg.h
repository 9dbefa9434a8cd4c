/* JPEG files, read only: pictures that people have, to be scored and understood. */
#pragma once

#include "formats/image.h"

G_BEGIN_DECLS

gboolean  c2l_jpeg_is_jpeg (gconstpointer data, gsize size);

/* The picture in @data as RGB; @name is what messages call it. Orientation tags are not
 * followed. */
C2lImage *c2l_jpeg_parse (gconstpointer data, gsize size, const char *name, GError **error);

G_END_DECLS
