/* Pictures in memory, and the choice of the reader by a file's first bytes. */
#include "formats/image.h"

#include "formats/jpeg.h"
#include "formats/png.h"
#include "formats/weights.h"

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

C2lImage *
c2l_image_load (const char *path, GError **error)
{
  g_autofree char *contents = NULL;
  gsize size;

  g_return_val_if_fail (path != NULL, NULL);

  if (!g_file_get_contents (path, &contents, &size, error))
    return NULL;
  if (c2l_png_is_png (contents, size))
    return c2l_png_parse (contents, size, path, error);
  if (c2l_jpeg_is_jpeg (contents, size))
    return c2l_jpeg_parse (contents, size, path, error);
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNKNOWN,
               "%s: neither a PNG nor a JPEG picture; convert it first", path);
  return NULL;
}
