/* From the library's WebP to what GTK draws. */
#include "app/c2l-thumbnails.h"

#include "studio/thumbnail.h"

GdkTexture *
c2l_thumbnail_texture_new (GBytes *encoded)
{
  int size = 0;
  guint8 *pixels = c2l_thumbnail_decode (encoded, &size, NULL);
  g_autoptr (GBytes) bytes = NULL;

  if (pixels == NULL)
    return NULL;
  bytes = g_bytes_new_take (pixels, (gsize) size * size * 3);
  return gdk_memory_texture_new (size, size, GDK_MEMORY_R8G8B8, bytes, (gsize) size * 3);
}
