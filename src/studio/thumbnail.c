/* Thumbnails. Means are taken of the sRGB values as they are, as GTK does where it shows a large
 * picture small: a thumbnail that is replaced by its picture must not change its brightness. Knows
 * nothing of where they are kept. */
#include "studio/thumbnail.h"

#include "formats/weights.h"
#include "formats/webp.h"

#include <string.h>

/* Of the starter a thumbnail takes 2 KiB; docs/performance.md. */
#define QUALITY 90

/* Weights are in 1/256 of a pixel, so that a whole row or column adds up to 2³² at most. */
#define UNIT 256

/* The part of the source pixels from @from to @to (in units) that lies in pixel @i. */
static guint
overlap (guint from, guint to, guint i)
{
  return MIN (to, (i + 1) * UNIT) - MAX (from, i * UNIT);
}

/* Rows first: [@size, @new_size, 3] sums of @size units each, 16 bits of them kept. */
static guint16 *
shrink_rows (const guint8 *pixels, int size, int new_size)
{
  guint16 *sums = g_new (guint16, (gsize) size * new_size * 3);
  guint whole = (guint) size * UNIT / new_size;

  for (int y = 0; y < size; y++)
    for (int x = 0; x < new_size; x++)
      {
        guint from = (guint64) size * UNIT * x / new_size, to = from + whole;
        guint32 sum[3] = { 0 };

        for (guint i = from / UNIT; i * UNIT < to; i++)
          for (int c = 0; c < 3; c++)
            sum[c] += overlap (from, to, i) * pixels[((gsize) y * size + i) * 3 + c];
        for (int c = 0; c < 3; c++)
          sums[((gsize) y * new_size + x) * 3 + c] = (guint64) sum[c] * UNIT / whole;
      }
  return sums;
}

guint8 *
c2l_pixels_shrink (const guint8 *pixels, int size, int new_size)
{
  g_autofree guint16 *sums = NULL;
  guint8 *out;
  guint whole;
  gsize width;

  g_return_val_if_fail (pixels != NULL && new_size > 0 && new_size <= size, NULL);

  if (new_size == size)
    return g_memdup2 (pixels, (gsize) size * size * 3);
  sums = shrink_rows (pixels, size, new_size);
  width = (gsize) new_size * 3;
  out = g_malloc (width * new_size);
  whole = (guint) size * UNIT / new_size;
  for (int y = 0; y < new_size; y++)
    {
      guint from = (guint64) size * UNIT * y / new_size, to = from + whole;

      for (gsize x = 0; x < width; x++)
        {
          guint64 sum = 0;

          for (guint i = from / UNIT; i * UNIT < to; i++)
            sum += (guint64) overlap (from, to, i) * sums[i * width + x];
          out[y * width + x] = (sum + (guint64) whole * UNIT / 2) / ((guint64) whole * UNIT);
        }
    }
  return out;
}

GBytes *
c2l_thumbnail_encode (const guint8 *pixels, int size, int max_size, GError **error)
{
  g_autofree guint8 *small = NULL;

  g_return_val_if_fail (pixels != NULL && size > 0 && max_size > 0, NULL);

  max_size = MIN (size, max_size);
  if (max_size < size)
    small = c2l_pixels_shrink (pixels, size, max_size);
  return c2l_webp_encode (small != NULL ? small : pixels, max_size, max_size, QUALITY,
                          C2L_WEBP_FAST, NULL, 0, error);
}

guint8 *
c2l_thumbnail_decode (GBytes *bytes, int *size, GError **error)
{
  gsize length;
  gconstpointer data = g_bytes_get_data (bytes, &length);
  g_autoptr (C2lImage) image = c2l_webp_parse (data, length, "thumbnail", error);

  if (image == NULL)
    return NULL;
  if (image->width != image->height || image->n_channels != 3)
    {
      g_set_error_literal (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
                           "thumbnail: not square, or transparent; it will be made again");
      return NULL;
    }
  *size = image->width;
  return g_steal_pointer (&image->pixels);
}
