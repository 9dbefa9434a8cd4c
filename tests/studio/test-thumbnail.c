/* Thumbnails: means of areas, small files, and nothing of a broken one. */
#include "studio/thumbnail.h"

#include <math.h>
#include <string.h>

/* A quadrant each of black, red, green and blue, with a soft gradient over it. */
static guint8 *
new_pixels (int size)
{
  guint8 *pixels = g_malloc ((gsize) size * size * 3);

  for (int y = 0; y < size; y++)
    for (int x = 0; x < size; x++)
      for (int c = 0; c < 3; c++)
        pixels[((gsize) y * size + x) * 3 + c]
            = (x * 2 / size + y * 2 / size * 2 == c + 1 ? 180 : 20) + 40 * x / size;
  return pixels;
}

/* The mean of what pixel (@x, @y) covers, in double. */
static double
mean (const guint8 *pixels, int size, int new_size, int x, int y, int c)
{
  double scale = (double) size / new_size, sum = 0;

  for (int i = floor (y * scale); i < MIN (size, ceil ((y + 1) * scale)); i++)
    for (int j = floor (x * scale); j < MIN (size, ceil ((x + 1) * scale)); j++)
      sum += (MIN (i + 1, (y + 1) * scale) - MAX (i, y * scale)) * (MIN (j + 1, (x + 1) * scale) - MAX (j, x * scale))
             * pixels[((gsize) i * size + j) * 3 + c];
  return sum / (scale * scale);
}

static void
test_shrink (void)
{
  static const int sizes[][2] = { { 256, 128 }, { 256, 160 }, { 1024, 160 }, { 129, 128 }, { 7, 1 }, { 5, 5 }, { 333, 17 } };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      int size = sizes[i][0], new_size = sizes[i][1];
      g_autofree guint8 *pixels = new_pixels (size), *small = c2l_pixels_shrink (pixels, size, new_size);

      for (int y = 0; y < new_size; y++)
        for (int x = 0; x < new_size; x++)
          for (int c = 0; c < 3; c++)
            g_assert_cmpfloat (fabs (small[(y * new_size + x) * 3 + c] - mean (pixels, size, new_size, x, y, c)), <=, 1.3);
    }
}

/* White stays white, through sums of any length. */
static void
test_white (void)
{
  g_autofree guint8 *pixels = g_malloc (1000 * 1000 * 3), *small = NULL;

  memset (pixels, 255, 1000 * 1000 * 3);
  small = c2l_pixels_shrink (pixels, 1000, 160);
  for (int i = 0; i < 160 * 160 * 3; i++)
    g_assert_cmpint (small[i], ==, 255);
}

static void
test_round_trip (void)
{
  static const int sizes[] = { 1024, 160, 64, 1 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree guint8 *pixels = new_pixels (sizes[i]), *expected = NULL, *back = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = c2l_thumbnail_encode (pixels, sizes[i], C2L_THUMBNAIL_SIZE, &error);
      int size = 0, side = MIN (sizes[i], C2L_THUMBNAIL_SIZE);
      double sum = 0;

      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (bytes), <, 8192);
      back = c2l_thumbnail_decode (bytes, &size, &error);
      g_assert_no_error (error);
      g_assert_cmpint (size, ==, side);
      expected = c2l_pixels_shrink (pixels, sizes[i], side);
      for (int p = 0; p < side * side * 3; p++)
        sum += ABS (expected[p] - back[p]);
      g_assert_cmpfloat (sum / (side * side * 3), <, 6);
    }
}

static void
test_refuses (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("RIFF", 4);
  g_autoptr (GError) error = NULL;
  int size = 0;

  g_assert_null (c2l_thumbnail_decode (bytes, &size, &error));
  g_assert_nonnull (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/thumbnail/pixels-are-means-of-areas", test_shrink);
  g_test_add_func ("/thumbnail/white-stays-white", test_white);
  g_test_add_func ("/thumbnail/comes-back-from-few-bytes", test_round_trip);
  g_test_add_func ("/thumbnail/refuses-what-is-none", test_refuses);
  return g_test_run ();
}
