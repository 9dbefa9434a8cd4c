/* WebP: pixels and texts come back, still and moving; damage and hostile sizes are refused; writing can be cancelled. */
#include "formats/webp.h"
#include "formats/weights.h"

#include <string.h>
#include <webp/demux.h>

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

static const C2lImageText texts[] = {
  { "Software", "Clip2Latent" },
  { "clip2latent", "{\"prompt\":\"une personne âgée — 日本語 😀 <&>\"}" },
  { "Description", "two\nlines" },
};

static C2lImage *
parse (GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  C2lImage *image = c2l_image_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "test", &error);

  g_assert_no_error (error);
  g_assert_cmpint (image->width, ==, SIZE);
  g_assert_cmpint (image->height, ==, SIZE);
  return image;
}

static void
test_round_trip (void)
{
  g_autofree guint8 *pixels = new_pixels (0);

  for (int effort = C2L_WEBP_FAST; effort <= C2L_WEBP_LOSSLESS; effort++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = c2l_webp_encode (pixels, SIZE, SIZE, 92, effort, texts, G_N_ELEMENTS (texts), &error);
      g_autoptr (C2lImage) image = NULL;

      g_assert_no_error (error);
      image = parse (bytes);
      g_assert_cmpint (image->n_channels, ==, 3);
      if (effort == C2L_WEBP_LOSSLESS)
        g_assert_cmpmem (image->pixels, SIZE * SIZE * 3, pixels, SIZE * SIZE * 3);
      else
        g_assert_cmpfloat (mean_difference (image->pixels, pixels, 3), <, 3);
      for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
        g_assert_cmpstr (g_hash_table_lookup (image->texts, texts[i].keyword), ==, texts[i].text);
    }
}

static GBytes *
new_animation (int n_frames)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lWebpWriter) writer = c2l_webp_writer_new (SIZE, SIZE, 80, 3, &error);
  GBytes *bytes;

  g_assert_no_error (error);
  for (int i = 0; i < n_frames; i++)
    {
      g_autofree guint8 *pixels = new_pixels (i * 10);

      c2l_webp_writer_add (writer, pixels, 40 + i, NULL, &error);
      g_assert_no_error (error);
    }
  bytes = c2l_webp_writer_finish (writer, texts, G_N_ELEMENTS (texts), &error);
  g_assert_no_error (error);
  return bytes;
}

static void
test_moving (void)
{
  g_autoptr (GBytes) bytes = new_animation (4);
  WebPAnimDecoder *decoder
      = WebPAnimDecoderNew (&(WebPData) { g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes) }, NULL);
  WebPAnimInfo info;
  guint8 *frame;
  int end, expected_end = 0;

  g_assert_nonnull (decoder);
  g_assert_true (WebPAnimDecoderGetInfo (decoder, &info));
  g_assert_cmpuint (info.frame_count, ==, 4);
  g_assert_cmpuint (info.loop_count, ==, 3);
  g_assert_cmpuint (info.canvas_width, ==, SIZE);
  for (int i = 0; i < 4; i++)
    {
      g_autofree guint8 *pixels = new_pixels (i * 10);

      g_assert_true (WebPAnimDecoderGetNext (decoder, &frame, &end));
      g_assert_cmpint (end, ==, expected_end += 40 + i);
      g_assert_cmpfloat (mean_difference (frame, pixels, 4), <, 5);
    }
  WebPAnimDecoderDelete (decoder);
}

static void
test_reads_first_frame (void)
{
  g_autoptr (GBytes) bytes = new_animation (3);
  g_autoptr (C2lImage) image = parse (bytes);
  g_autofree guint8 *pixels = new_pixels (0);

  g_assert_cmpint (image->n_channels, ==, 4);
  g_assert_cmpfloat (mean_difference (image->pixels, pixels, 4), <, 5);
  g_assert_cmpstr (g_hash_table_lookup (image->texts, "clip2latent"), ==, texts[1].text);
}

static void
test_one_frame (void)
{
  g_autoptr (GBytes) bytes = new_animation (1);
  g_autoptr (C2lImage) image = parse (bytes);

  g_assert_cmpstr (g_hash_table_lookup (image->texts, "Software"), ==, "Clip2Latent");
}

static void
test_cancelled (void)
{
  g_autoptr (C2lWebpWriter) writer = c2l_webp_writer_new (SIZE, SIZE, 80, 0, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *pixels = new_pixels (0);

  g_assert_true (c2l_webp_writer_add (writer, pixels, 40, cancellable, NULL));
  g_cancellable_cancel (cancellable);
  g_assert_false (c2l_webp_writer_add (writer, pixels, 40, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Every cut of a file is refused, and none is read past its end. */
static void
test_refuses_cuts (void)
{
  g_autofree guint8 *pixels = new_pixels (0);
  GBytes *files[]
      = { c2l_webp_encode (pixels, SIZE, SIZE, 80, C2L_WEBP_FAST, texts, G_N_ELEMENTS (texts), NULL),
          c2l_webp_encode (pixels, SIZE, SIZE, 80, C2L_WEBP_LOSSLESS, NULL, 0, NULL), new_animation (2) };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (files[i], &size);

      for (gsize cut = 0; cut < size; cut++)
        {
          g_autofree guint8 *exact = g_memdup2 (data, MAX (cut, 1));
          g_autoptr (GError) error = NULL;

          g_assert_null (c2l_webp_parse (exact, cut, "cut", &error));
          g_assert_cmpint (error->domain, ==, C2L_FORMAT_ERROR);
          g_assert_nonnull (strstr (error->message, "cut: "));
        }
      g_bytes_unref (files[i]);
    }
}

/* A lossless picture of a few bytes that says it has 16384² pixels. */
static void
test_refuses_huge_size (void)
{
  static const guint8 data[] = { 'R', 'I', 'F', 'F', 0x16, 0, 0, 0, 'W', 'E', 'B', 'P', 'V', 'P', '8', 'L',
                                 10, 0, 0, 0, 0x2f, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 0, 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (c2l_webp_is_webp (data, sizeof data));
  g_assert_null (c2l_webp_parse (data, sizeof data, "huge", &error));
  g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED);
  g_assert_nonnull (strstr (error->message, "more pixels"));
}

/* A moving picture may say that its canvas is wider than any of its frames could be. */
static void
test_refuses_wide_canvas (void)
{
  g_autoptr (GBytes) bytes = new_animation (2);
  gsize size;
  g_autofree guint8 *data = g_bytes_unref_to_data (g_steal_pointer (&bytes), &size);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (memcmp (data + 12, "VP8X", 4), ==, 0);
  data[24 + 2] = 0x40; /* 4,194,343 */
  g_assert_null (c2l_webp_parse (data, size, "wide", &error));
  g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED);
  g_assert_nonnull (strstr (error->message, "more pixels"));
}

static void
test_refuses_to_write_huge_sizes (void)
{
  g_autofree guint8 *pixels = g_malloc0 (20000 * 3);
  g_autoptr (GError) error = NULL, moving_error = NULL;

  g_assert_null (c2l_webp_encode (pixels, 20000, 1, 90, C2L_WEBP_FAST, NULL, 0, &error));
  g_assert_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "16383"));
  g_assert_null (c2l_webp_writer_new (20000, 1, 90, 0, &moving_error));
  g_assert_error (moving_error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/webp/pixels-and-texts-come-back", test_round_trip);
  g_test_add_func ("/webp/frames-times-and-loops-come-back", test_moving);
  g_test_add_func ("/webp/reads-the-first-frame-of-a-moving-one", test_reads_first_frame);
  g_test_add_func ("/webp/one-frame-is-enough", test_one_frame);
  g_test_add_func ("/webp/writing-can-be-cancelled", test_cancelled);
  g_test_add_func ("/webp/refuses-every-cut", test_refuses_cuts);
  g_test_add_func ("/webp/refuses-a-huge-size", test_refuses_huge_size);
  g_test_add_func ("/webp/refuses-a-wide-canvas", test_refuses_wide_canvas);
  g_test_add_func ("/webp/refuses-to-write-huge-sizes", test_refuses_to_write_huge_sizes);
  return g_test_run ();
}
