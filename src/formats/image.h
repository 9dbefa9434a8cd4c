/* C2lImage: an 8-bit picture in memory, as files hold it. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The longest side, and the most pixels, that a file may ask for. */
#define C2L_IMAGE_MAX_SIDE 32768
#define C2L_IMAGE_MAX_PIXELS (64 * 1024 * 1024)

typedef struct
{
  int width;
  int height;
  int n_channels;    /* 3 (RGB) or 4 (RGBA, not premultiplied) */
  guint8 *pixels;    /* [height, width, n_channels], without padding */
  GHashTable *texts; /* keyword → text, both UTF-8, that the file carries; never NULL */
} C2lImage;

C2lImage *c2l_image_new (int width, int height, int n_channels);
void      c2l_image_free (C2lImage *image);

/* Reads the PNG or JPEG file at @path, whatever its name ends with. */
C2lImage *c2l_image_load (const char *path, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lImage, c2l_image_free)

G_END_DECLS
