/* Pictures in memory; the choice of the reader by a file's first bytes, and of the writer by name.
 */
#include "formats/image.h"

#include "formats/jpeg.h"
#include "formats/png.h"
#include "formats/weights.h"
#include "formats/webp.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static const struct
{
  const char *name, *suffix;
} formats[] = {
  [C2L_IMAGE_PNG] = { "png", ".png" },
  [C2L_IMAGE_JPEG] = { "jpeg", ".jpg" },
  [C2L_IMAGE_WEBP] = { "webp", ".webp" },
};

const char *
c2l_image_format_get_name (C2lImageFormat format)
{
  return formats[format].name;
}

const char *
c2l_image_format_get_suffix (C2lImageFormat format)
{
  return formats[format].suffix;
}

gboolean
c2l_image_format_from_name (const char *name, C2lImageFormat *format)
{
  for (int i = 0; i < C2L_N_IMAGE_FORMATS; i++)
    if (g_ascii_strcasecmp (name, formats[i].name) == 0
        || g_ascii_strcasecmp (name, formats[i].suffix + 1) == 0)
      {
        *format = i;
        return TRUE;
      }
  return FALSE;
}

gboolean
c2l_image_format_from_path (const char *path, C2lImageFormat *format)
{
  const char *dot = strrchr (path, '.');

  return dot != NULL && strchr (dot, '/') == NULL && c2l_image_format_from_name (dot + 1, format);
}

C2lImage *
c2l_image_new (int width, int height, int n_channels)
{
  C2lImage *image = g_new0 (C2lImage, 1);

  image->width = width;
  image->height = height;
  image->n_channels = n_channels;
  image->pixels = g_malloc0_n ((gsize) width * height, n_channels);
  image->texts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return image;
}

void
c2l_image_free (C2lImage *image)
{
  if (image == NULL)
    return;
  g_hash_table_unref (image->texts);
  g_free (image->pixels);
  g_free (image);
}

gboolean
c2l_image_is_image (gconstpointer data, gsize size)
{
  return c2l_png_is_png (data, size) || c2l_jpeg_is_jpeg (data, size)
         || c2l_webp_is_webp (data, size);
}

C2lImage *
c2l_image_parse (gconstpointer data, gsize size, const char *name, GError **error)
{
  if (c2l_png_is_png (data, size))
    return c2l_png_parse (data, size, name, error);
  if (c2l_jpeg_is_jpeg (data, size))
    return c2l_jpeg_parse (data, size, name, error);
  if (c2l_webp_is_webp (data, size))
    return c2l_webp_parse (data, size, name, error);
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNKNOWN,
               _ ("%s: not a PNG, JPEG or WebP picture; convert it first"), name);
  return NULL;
}

C2lImage *
c2l_image_load (const char *path, GError **error)
{
  g_autofree char *contents = NULL;
  gsize size;

  g_return_val_if_fail (path != NULL, NULL);

  if (!g_file_get_contents (path, &contents, &size, error))
    return NULL;
  return c2l_image_parse (contents, size, path, error);
}

GBytes *
c2l_image_encode (C2lImageFormat format,
                  int quality,
                  const guint8 *pixels,
                  int width,
                  int height,
                  const C2lImageText *texts,
                  int n_texts,
                  GError **error)
{
  switch (format)
    {
    case C2L_IMAGE_JPEG:
      return c2l_jpeg_encode (pixels, width, height, quality, texts, n_texts, error);
    case C2L_IMAGE_WEBP:
      return c2l_webp_encode (pixels, width, height, quality, C2L_WEBP_FINE, texts, n_texts, error);
    default:
      return c2l_png_encode (pixels, width, height, texts, n_texts, C2L_PNG_FAST, error);
    }
}
