/* From pixels to what GTK draws. */
#include "app/c2l-textures.h"

#include "studio/thumbnail.h"

/* Takes @pixels, [@size, @size, 3]. */
static GdkTexture *
texture_take (guint8 *pixels, int size)
{
  gsize stride = (gsize) size * 3;
  g_autoptr (GBytes) bytes = g_bytes_new_take (pixels, stride * size);

  return gdk_memory_texture_new (size, size, GDK_MEMORY_R8G8B8, bytes, stride);
}

GdkTexture *
c2l_texture_new_from_thumbnail (GBytes *encoded)
{
  int size = 0;
  guint8 *pixels = c2l_thumbnail_decode (encoded, &size, NULL);

  return pixels != NULL ? texture_take (pixels, size) : NULL;
}

GdkTexture *
c2l_texture_new_from_picture (C2lPicture *picture)
{
  if (picture->pixels == NULL)
    return NULL;
  return texture_take (g_memdup2 (picture->pixels, (gsize) picture->size * picture->size * 3),
                       picture->size);
}
