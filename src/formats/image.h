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

/* What a file says beside its pixels: @keyword of ASCII letters, @text of any UTF-8. PNG keeps it in text chunks, JPEG and WebP in XMP. */
typedef struct
{
  const char *keyword;
  const char *text;
} C2lImageText;

typedef enum
{
  C2L_IMAGE_PNG,
  C2L_IMAGE_JPEG,
  C2L_IMAGE_WEBP
} C2lImageFormat;
#define C2L_N_IMAGE_FORMATS (C2L_IMAGE_WEBP + 1)

/* 1 to 100, of JPEG and WebP. Pictures by this one can hardly be told from those in the PNG. */
#define C2L_IMAGE_QUALITY 92

/* "png", "jpeg", "webp"; the end of a file's name is ".png", ".jpg", ".webp". */
const char *c2l_image_format_get_name (C2lImageFormat format);
const char *c2l_image_format_get_suffix (C2lImageFormat format);
gboolean    c2l_image_format_from_name (const char *name, C2lImageFormat *format);
/* By the end of a file's name ("jpeg" and "jpg" both, of any case). */
gboolean    c2l_image_format_from_path (const char *path, C2lImageFormat *format);

C2lImage *c2l_image_new (int width, int height, int n_channels);
void      c2l_image_free (C2lImage *image);

/* Whether @data begins as PNG, JPEG or WebP does; C2L_IMAGE_SIGNATURE bytes are enough. */
gboolean  c2l_image_is_image (gconstpointer data, gsize size);
#define C2L_IMAGE_SIGNATURE 16

/* Reads a PNG, JPEG or WebP picture, whatever its name ends with; @name is what messages call it. */
C2lImage *c2l_image_parse (gconstpointer data, gsize size, const char *name, GError **error);
C2lImage *c2l_image_load (const char *path, GError **error);

/* c2l_image_encode:
 * @pixels: [@height, @width, 3] 8-bit RGB   @quality: 1 to 100, of no effect on PNG   @texts: [@n_texts]
 * Returns the bytes of a file, PNG ones packed for speed (png.h has the choice); NULL and an error where the format cannot hold it. */
GBytes   *c2l_image_encode (C2lImageFormat format, int quality, const guint8 *pixels, int width, int height,
                            const C2lImageText *texts, int n_texts, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lImage, c2l_image_free)

G_END_DECLS
