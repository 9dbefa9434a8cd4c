/* PNG: texts and pixels come back, other kinds of PNG are read, damage is refused, and a file appears whole or not. */
#include "formats/png.h"
#include "formats/weights.h"

#include <glib/gstdio.h>
#include <string.h>

#define SIZE 37

static guint8 *
new_pixels (void)
{
  guint8 *pixels = g_malloc (SIZE * SIZE * 3);

  for (int i = 0; i < SIZE * SIZE * 3; i++)
    pixels[i] = (i * 7 + i / 31) & 0xff;
  return pixels;
}

static void
test_round_trip (void)
{
  static const C2lImageText texts[] = {
    { "Software", "Clip2Latent" },
    { "Clip2Latent:recipe", "{\"prompt\":\"une personne âgée — 日本語 😀\"}" },
    { "Description", "" },
  };
  g_autofree guint8 *pixels = new_pixels ();

  for (int effort = C2L_PNG_FAST; effort <= C2L_PNG_SMALL; effort++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = c2l_png_encode (pixels, SIZE, SIZE, texts, G_N_ELEMENTS (texts), effort, &error);
      g_autoptr (C2lImage) image = NULL;

      g_assert_no_error (error);
      image = c2l_png_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "test", &error);
      g_assert_no_error (error);
      g_assert_cmpint (image->width, ==, SIZE);
      g_assert_cmpint (image->n_channels, ==, 3);
      g_assert_cmpmem (image->pixels, SIZE * SIZE * 3, pixels, SIZE * SIZE * 3);
      for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
        g_assert_cmpstr (g_hash_table_lookup (image->texts, texts[i].keyword), ==, texts[i].text);
    }
}

/* A palette with transparency, 2×1. */
static const guint8 palette_png[] = {
  0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00,
  0x00, 0x02, 0x00, 0x00, 0x00, 0x01, 0x08, 0x03, 0x00, 0x00, 0x00, 0xc3, 0xfc, 0x8f, 0xb8, 0x00, 0x00, 0x00,
  0x06, 0x50, 0x4c, 0x54, 0x45, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0x6c, 0xa1, 0xfd, 0x8e, 0x00, 0x00, 0x00,
  0x01, 0x74, 0x52, 0x4e, 0x53, 0x80, 0xad, 0x5e, 0x5b, 0x46, 0x00, 0x00, 0x00, 0x0b, 0x49, 0x44, 0x41, 0x54,
  0x78, 0x9c, 0x63, 0x60, 0x60, 0x04, 0x00, 0x00, 0x04, 0x00, 0x02, 0xbf, 0x7a, 0x3f, 0x4a, 0x00, 0x00, 0x00,
  0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
};

static void
test_reads_palette (void)
{
  static const guint8 expected[8] = { 255, 0, 0, 0x80, 0, 0, 255, 255 };
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lImage) image = c2l_png_parse (palette_png, sizeof palette_png, "palette", &error);

  g_assert_no_error (error);
  g_assert_cmpint (image->n_channels, ==, 4);
  g_assert_cmpmem (image->pixels, 8, expected, 8);
}

static void
test_refuses_damage (void)
{
  g_autofree guint8 *pixels = new_pixels ();
  g_autoptr (GBytes) bytes = c2l_png_encode (pixels, SIZE, SIZE, NULL, 0, C2L_PNG_FAST, NULL);
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  for (gsize cut = 0; cut + 12 < size; cut += 13)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (c2l_png_parse (data, cut, "cut", &error));
      g_assert_true (error->domain == C2L_FORMAT_ERROR);
    }
}

static void
test_refuses_huge_size (void)
{
  g_autoptr (GError) error = NULL;
  guint8 huge[sizeof palette_png];

  memcpy (huge, palette_png, sizeof huge);
  /* 65,536 × 65,536, with the checksum of that header. */
  memcpy (huge + 16, "\000\001\000\000\000\001\000\000\010\002\000\000\000\343\346\247\264", 17);
  g_assert_null (c2l_png_parse (huge, sizeof huge, "huge", &error));
  g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED);
}

static void
test_refuses_bad_texts (void)
{
  static const C2lImageText bad[] = { { "", "x" }, { "é", "x" }, { "key", "\xff" } };
  g_autofree guint8 *pixels = new_pixels ();

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (c2l_png_encode (pixels, SIZE, SIZE, &bad[i], 1, C2L_PNG_FAST, &error));
      g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED);
    }
}

static void
test_save_is_whole (void)
{
  g_autofree char *folder = g_dir_make_tmp ("c2l-png-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "picture.png", NULL);
  g_autofree char *nowhere = g_build_filename (folder, "no-folder", "picture.png", NULL);
  g_autofree guint8 *pixels = new_pixels ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) load_error = NULL;
  g_autoptr (C2lImage) image = NULL;
  g_autoptr (GDir) dir = NULL;
  int n_files = 0;

  g_assert_true (c2l_png_save (path, pixels, SIZE, SIZE, NULL, 0, C2L_PNG_FAST, NULL));
  g_assert_true (c2l_png_save (path, pixels, SIZE, SIZE, NULL, 0, C2L_PNG_FAST, NULL));
  g_assert_false (c2l_png_save (nowhere, pixels, SIZE, SIZE, NULL, 0, C2L_PNG_FAST, &error));
  g_assert_nonnull (error);
  image = c2l_image_load (path, &load_error);
  g_assert_no_error (load_error);
  g_assert_cmpint (image->height, ==, SIZE);

  dir = g_dir_open (folder, 0, NULL);
  while (g_dir_read_name (dir) != NULL)
    n_files++;
  g_assert_cmpint (n_files, ==, 1);
  g_unlink (path);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/png/pixels-and-texts-come-back", test_round_trip);
  g_test_add_func ("/png/reads-a-palette-with-transparency", test_reads_palette);
  g_test_add_func ("/png/refuses-every-cut", test_refuses_damage);
  g_test_add_func ("/png/refuses-a-huge-size", test_refuses_huge_size);
  g_test_add_func ("/png/refuses-texts-it-cannot-store", test_refuses_bad_texts);
  g_test_add_func ("/png/save-leaves-one-whole-file", test_save_is_whole);
  return g_test_run ();
}
