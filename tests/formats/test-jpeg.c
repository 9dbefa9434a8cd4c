/* JPEG: pixels come back closely and texts exactly, however long; grey is read as RGB, missing rows are refused. */
#include "formats/jpeg.h"
#include "formats/weights.h"

#include <string.h>

#define SIZE 40

/* Smooth, as pictures are: what is lossy must come close. */
static guint8 *
new_pixels (int phase)
{
  guint8 *pixels = g_malloc (SIZE * SIZE * 3);

  for (int y = 0; y < SIZE; y++)
    for (int x = 0; x < SIZE; x++)
      {
        guint8 *p = pixels + (y * SIZE + x) * 3;

        p[0] = 40 + 4 * x + phase;
        p[1] = 200 - 4 * y;
        p[2] = 100 + x - y;
      }
  return pixels;
}

static double
mean_difference (const guint8 *a, const guint8 *b, int n_channels)
{
  double sum = 0;

  for (int i = 0; i < SIZE * SIZE; i++)
    for (int c = 0; c < 3; c++)
      sum += ABS (a[i * n_channels + c] - b[i * 3 + c]);
  return sum / (SIZE * SIZE * 3);
}

static C2lImage *
round_trip (int quality, const C2lImageText *texts, int n_texts, gsize *length)
{
  g_autofree guint8 *pixels = new_pixels (0);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = c2l_jpeg_encode (pixels, SIZE, SIZE, quality, texts, n_texts, &error);
  C2lImage *image;

  g_assert_no_error (error);
  *length = g_bytes_get_size (bytes);
  image = c2l_image_parse (g_bytes_get_data (bytes, NULL), *length, "test", &error);
  g_assert_no_error (error);
  g_assert_cmpint (image->width, ==, SIZE);
  g_assert_cmpint (image->n_channels, ==, 3);
  return image;
}

static void
test_round_trip (void)
{
  g_autofree guint8 *pixels = new_pixels (0);
  gsize small, large;
  g_autoptr (C2lImage) coarse = round_trip (20, NULL, 0, &small), fine = round_trip (95, NULL, 0, &large);

  g_assert_cmpuint (small, <, large);
  g_assert_cmpfloat (mean_difference (coarse->pixels, pixels, 3), <, 8);
  g_assert_cmpfloat (mean_difference (fine->pixels, pixels, 3), <, 1.5);
  g_assert_cmpuint (g_hash_table_size (fine->texts), ==, 0);
}

/* Red and blue by turns: with halved colours both would become violet. */
static void
test_keeps_colour (void)
{
  guint8 pixels[16 * 16 * 3] = { 0 };
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (C2lImage) image = NULL;

  for (int i = 0; i < 16 * 16; i++)
    pixels[i * 3 + (i % 2 == 0 ? 0 : 2)] = 255;
  bytes = c2l_jpeg_encode (pixels, 16, 16, 95, NULL, 0, NULL);
  image = c2l_jpeg_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "test", NULL);
  g_assert_nonnull (image);
  g_assert_cmpint (image->pixels[0], >, 220);
  g_assert_cmpint (image->pixels[2], <, 35);
  g_assert_cmpint (image->pixels[5], >, 220);
}

/* One segment, and several: 64 KiB is the border. */
static void
test_texts_come_back (void)
{
  static const int lengths[] = { 10, 60000, 65000, 65536, 200000 };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autoptr (GString) recipe = g_string_new ("{\"prompt\":\"<&> 日本語\"}");
      const C2lImageText texts[] = { { "Software", "Clip2Latent" }, { "clip2latent", NULL }, { "Description", "ein <Mann> & mehr" } };
      C2lImageText mine[G_N_ELEMENTS (texts)];
      g_autoptr (C2lImage) image = NULL;
      gsize length;

      while (recipe->len < (gsize) lengths[i])
        g_string_append_printf (recipe, "%u,", (guint) recipe->len);
      memcpy (mine, texts, sizeof texts);
      mine[1].text = recipe->str;
      image = round_trip (90, mine, G_N_ELEMENTS (mine), &length);
      for (guint j = 0; j < G_N_ELEMENTS (mine); j++)
        g_assert_cmpstr (g_hash_table_lookup (image->texts, mine[j].keyword), ==, mine[j].text);
      g_assert_cmpuint (g_hash_table_size (image->texts), ==, G_N_ELEMENTS (mine));
    }
}

/* An extension with a part missing, or of another length, is no text; the picture is read all the same. */
static void
test_ignores_broken_extension (void)
{
  g_autofree guint8 *pixels = new_pixels (0);
  g_autofree char *text = g_strnfill (150000, 'x');
  g_autoptr (GBytes) bytes = c2l_jpeg_encode (pixels, SIZE, SIZE, 90, &(C2lImageText) { "clip2latent", text }, 1, NULL);
  gsize size;
  g_autofree guint8 *data = g_bytes_unref_to_data (g_steal_pointer (&bytes), &size);
  guint8 *at = data;
  static const char signature[] = "http://ns.adobe.com/xmp/extension/";

  for (int part = 0; part < 3; part++)
    {
      g_autoptr (C2lImage) image = NULL;

      at = memmem (at, size - (at - data), signature, sizeof signature);
      g_assert_nonnull (at);
      at[sizeof signature + 32 + 3] ^= 1;
      image = c2l_jpeg_parse (data, size, "test", NULL);
      g_assert_nonnull (image);
      g_assert_null (g_hash_table_lookup (image->texts, "clip2latent"));
      at[sizeof signature + 32 + 3] ^= 1;
      at[sizeof signature + 32 + 4 + 2] ^= 1;
      g_clear_pointer (&image, c2l_image_free);
      image = c2l_jpeg_parse (data, size, "test", NULL);
      g_assert_nonnull (image);
      g_assert_null (g_hash_table_lookup (image->texts, "clip2latent"));
      at[sizeof signature + 32 + 4 + 2] ^= 1;
      at++;
    }
}

static void
test_refuses_impossible_size (void)
{
  g_autofree guint8 *pixels = g_malloc0 (70000 * 3);
  g_autoptr (GError) error = NULL;

  g_assert_null (c2l_jpeg_encode (pixels, 70000, 1, 90, NULL, 0, &error));
  g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED);
}

/* A grey JPEG of 8×8 pixels. */
static guchar *
dup_jpeg (gsize *size)
{
  static const char base64[] = "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERX"
                               "RTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAA"
                               "AAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP//Z";

  return g_base64_decode (base64, size);
}

static void
test_reads_jpeg (void)
{
  gsize size;
  g_autofree guchar *data = dup_jpeg (&size);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) cut_error = NULL;
  g_autoptr (C2lImage) image = c2l_jpeg_parse (data, size, "grey", &error);

  g_assert_no_error (error);
  g_assert_cmpint (image->width, ==, 8);
  g_assert_cmpint (image->n_channels, ==, 3);
  g_assert_cmpint (ABS (image->pixels[0] - 128), <=, 2);
  g_assert_null (c2l_jpeg_parse (data, 20, "cut", &cut_error));
  g_assert_error (cut_error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED);
}

/* The data of 8 rows where the header says 16,384. */
static void
test_refuses_missing_rows (void)
{
  static const guchar frame[] = { 0xff, 0xc0, 0x00, 0x0b, 0x08 };
  gsize size;
  g_autofree guchar *data = dup_jpeg (&size);
  guchar *found = memmem (data, size, frame, sizeof frame);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (found);
  found[sizeof frame] = 0x40;
  g_assert_null (c2l_jpeg_parse (data, size, "short", &error));
  g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/jpeg/pixels-come-back-closely", test_round_trip);
  g_test_add_func ("/jpeg/colours-keep-their-resolution", test_keeps_colour);
  g_test_add_func ("/jpeg/texts-come-back-however-long", test_texts_come_back);
  g_test_add_func ("/jpeg/ignores-a-broken-extension", test_ignores_broken_extension);
  g_test_add_func ("/jpeg/refuses-sizes-it-cannot-store", test_refuses_impossible_size);
  g_test_add_func ("/jpeg/reads-grey-as-rgb", test_reads_jpeg);
  g_test_add_func ("/jpeg/refuses-missing-rows", test_refuses_missing_rows);
  return g_test_run ();
}
