/* PNG. libpng reports errors by a jump: everything that a jump may leave behind lives in a struct
 * that is cleaned up by the function that set the jump, and the code between allocates nothing
 * else. */
#include "formats/png.h"

#include "formats/output.h"
#include "formats/weights.h"

#include <glib/gi18n-lib.h>
#include <png.h>
#include <string.h>
#include <zlib.h>

/* Texts of a picture, unpacked: a recipe is a few kilobytes. */
#define MAX_TEXT_SIZE (8u << 20)

/* Chunks beside the pixels that are kept. */
#define MAX_CHUNKS 256

typedef struct
{
  png_structp png;
  png_infop info;
  const guint8 *data;
  gsize size;
  gsize offset;
  GByteArray *out;
  C2lImage *image;
  png_bytep *rows;
  png_text *texts;
  gboolean is_done;
  char message[128];
} Png;

static void
on_error (png_structp png, png_const_charp message)
{
  Png *self = png_get_error_ptr (png);

  g_strlcpy (self->message, message, sizeof self->message);
  png_longjmp (png, 1);
}

static void
on_warning (png_structp png, png_const_charp message)
{
}

static void
on_read (png_structp png, png_bytep bytes, size_t length)
{
  Png *self = png_get_io_ptr (png);

  if (length > self->size - self->offset)
    png_error (png, "the file is cut off");
  memcpy (bytes, self->data + self->offset, length);
  self->offset += length;
}

static void
on_write (png_structp png, png_bytep bytes, size_t length)
{
  Png *self = png_get_io_ptr (png);

  g_byte_array_append (self->out, bytes, length);
}

static void
on_flush (png_structp png)
{
}

gboolean
c2l_png_is_png (gconstpointer data, gsize size)
{
  return size >= 8 && png_sig_cmp (data, 0, 8) == 0;
}

/* Whether each chunk up to the last lies within the file. libpng takes memory for what a chunk says
 * it holds before it reads that. */
static gboolean
has_whole_chunks (const guint8 *data, gsize size)
{
  gsize offset = 8;

  while (size - offset >= 12)
    {
      gsize length = (gsize) data[offset] << 24 | data[offset + 1] << 16 | data[offset + 2] << 8
                     | data[offset + 3];

      if (length > size - offset - 12)
        return FALSE;
      if (memcmp (data + offset + 4, "IEND", 4) == 0)
        return TRUE;
      offset += length + 12;
    }
  return FALSE;
}

/* Sets the conversions that lead from any kind of PNG to 8-bit RGB or RGBA; returns the number of
 * channels. */
static int
set_conversions (Png *self)
{
  int colour = png_get_color_type (self->png, self->info);
  gboolean has_transparency = png_get_valid (self->png, self->info, PNG_INFO_tRNS) != 0;

  png_set_expand (self->png);
  png_set_scale_16 (self->png);
  if ((colour & PNG_COLOR_MASK_COLOR) == 0)
    png_set_gray_to_rgb (self->png);
  png_set_interlace_handling (self->png);
  png_read_update_info (self->png, self->info);
  return (colour & PNG_COLOR_MASK_ALPHA) != 0 || has_transparency ? 4 : 3;
}

static void
take_texts (Png *self)
{
  png_textp texts = NULL;
  int n = 0;

  png_get_text (self->png, self->info, &texts, &n);
  for (int i = 0; i < n; i++)
    {
      char *text;

      if (texts[i].text == NULL)
        continue;
      if (texts[i].compression >= PNG_ITXT_COMPRESSION_NONE)
        text = g_utf8_make_valid (texts[i].text, -1);
      else
        text = g_convert (texts[i].text, -1, "UTF-8", "ISO-8859-1", NULL, NULL, NULL);
      if (text != NULL)
        g_hash_table_replace (self->image->texts,
                              g_convert (texts[i].key, -1, "UTF-8", "ISO-8859-1", NULL, NULL, NULL),
                              text);
    }
}

/* Reads the whole picture into self->image. Jumps where libpng finds a fault. */
static void
read_picture (Png *self)
{
  png_uint_32 width;
  png_uint_32 height;
  int n_channels;

  png_set_read_fn (self->png, self, on_read);
  png_set_user_limits (self->png, C2L_IMAGE_MAX_SIDE, C2L_IMAGE_MAX_SIDE);
  png_set_chunk_malloc_max (self->png, MAX_TEXT_SIZE);
  png_set_chunk_cache_max (self->png, MAX_CHUNKS);
  png_read_info (self->png, self->info);
  width = png_get_image_width (self->png, self->info);
  height = png_get_image_height (self->png, self->info);
  if ((guint64) width * height > C2L_IMAGE_MAX_PIXELS)
    png_error (self->png, "more pixels than can be used here");

  n_channels = set_conversions (self);
  if (png_get_rowbytes (self->png, self->info) != (gsize) width * n_channels)
    png_error (self->png, "an unusual kind of pixels");
  self->image = c2l_image_new (width, height, n_channels);
  self->rows = g_new (png_bytep, height);
  for (png_uint_32 y = 0; y < height; y++)
    self->rows[y] = self->image->pixels + (gsize) y * width * n_channels;
  png_read_image (self->png, self->rows);
  png_read_end (self->png, self->info);
  take_texts (self);
}

C2lImage *
c2l_png_parse (gconstpointer data, gsize size, const char *name, GError **error)
{
  Png self = { .data = data, .size = size };

  if (!c2l_png_is_png (data, size))
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNKNOWN, _ ("%s: not a PNG picture"),
                   name);
      return NULL;
    }
  if (!has_whole_chunks (data, size))
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
                   _ ("%s: damaged PNG picture: the file is cut off; fetch or save it again"),
                   name);
      return NULL;
    }

  self.png = png_create_read_struct (PNG_LIBPNG_VER_STRING, &self, on_error, on_warning);
  self.info = png_create_info_struct (self.png);
  if (setjmp (png_jmpbuf (self.png)) == 0)
    {
      read_picture (&self);
      self.is_done = TRUE;
    }
  png_destroy_read_struct (&self.png, &self.info, NULL);
  g_free (self.rows);

  if (!self.is_done)
    {
      g_clear_pointer (&self.image, c2l_image_free);
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
                   _ ("%s: damaged PNG picture: %s"), name, self.message);
    }
  return self.image;
}

C2lImage *
c2l_png_load (const char *path, GError **error)
{
  g_autofree char *contents = NULL;
  gsize size;

  g_return_val_if_fail (path != NULL, NULL);

  if (!g_file_get_contents (path, &contents, &size, error))
    return NULL;
  return c2l_png_parse (contents, size, path, error);
}

/* Row filters and zlib settings: measured on drawn pictures, see docs/performance.md. */
static void
set_effort (png_structp png, C2lPngEffort effort)
{
  if (effort == C2L_PNG_SMALL)
    {
      png_set_compression_level (png, 6);
      png_set_filter (png, PNG_FILTER_TYPE_BASE, PNG_ALL_FILTERS);
      return;
    }
  png_set_compression_level (png, 1);
  png_set_compression_strategy (png, Z_RLE);
  png_set_filter (png, PNG_FILTER_TYPE_BASE, PNG_FILTER_UP);
}

static void
write_picture (Png *self, int width, int height, int n_texts, C2lPngEffort effort)
{
  png_set_write_fn (self->png, self, on_write, on_flush);
  png_set_IHDR (self->png, self->info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_buffer_size (self->png, 1 << 17);
  set_effort (self->png, effort);
  png_set_sRGB (self->png, self->info, PNG_sRGB_INTENT_PERCEPTUAL);
  png_set_text (self->png, self->info, self->texts, n_texts);
  png_write_info (self->png, self->info);
  png_write_image (self->png, self->rows);
  png_write_end (self->png, NULL);
}

static gboolean
check_texts (const C2lImageText *texts, int n_texts, GError **error)
{
  for (int i = 0; i < n_texts; i++)
    {
      gsize length = strlen (texts[i].keyword);

      if (length >= 1 && length <= 79 && g_str_is_ascii (texts[i].keyword)
          && g_utf8_validate (texts[i].text, -1, NULL))
        continue;
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
                   _ ("the text “%.80s” cannot be stored in a PNG: its name must be 1 to 79 ASCII "
                      "letters, its text UTF-8"),
                   texts[i].keyword);
      return FALSE;
    }
  return TRUE;
}

GBytes *
c2l_png_encode (const guint8 *pixels,
                int width,
                int height,
                const C2lImageText *texts,
                int n_texts,
                C2lPngEffort effort,
                GError **error)
{
  Png self = { .out = g_byte_array_new () };

  g_return_val_if_fail (pixels != NULL && width > 0 && height > 0, NULL);

  if (!check_texts (texts, n_texts, error))
    {
      g_byte_array_unref (self.out);
      return NULL;
    }
  self.rows = g_new (png_bytep, height);
  for (int y = 0; y < height; y++)
    self.rows[y] = (png_bytep) pixels + (gsize) y * width * 3;
  self.texts = g_new0 (png_text, MAX (n_texts, 1));
  for (int i = 0; i < n_texts; i++)
    {
      self.texts[i].compression = PNG_ITXT_COMPRESSION_NONE;
      self.texts[i].key = (png_charp) texts[i].keyword;
      self.texts[i].text = (png_charp) texts[i].text;
      self.texts[i].itxt_length = strlen (texts[i].text);
    }

  self.png = png_create_write_struct (PNG_LIBPNG_VER_STRING, &self, on_error, on_warning);
  self.info = png_create_info_struct (self.png);
  if (setjmp (png_jmpbuf (self.png)) == 0)
    {
      write_picture (&self, width, height, n_texts, effort);
      self.is_done = TRUE;
    }
  png_destroy_write_struct (&self.png, &self.info);
  g_free (self.rows);
  g_free (self.texts);

  if (self.is_done)
    return g_byte_array_free_to_bytes (self.out);
  g_byte_array_unref (self.out);
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
               _ ("the picture cannot be stored as PNG: %s"), self.message);
  return NULL;
}

gboolean
c2l_png_save (const char *path,
              const guint8 *pixels,
              int width,
              int height,
              const C2lImageText *texts,
              int n_texts,
              C2lPngEffort effort,
              GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  gconstpointer data;
  gsize size;

  g_return_val_if_fail (path != NULL, FALSE);

  bytes = c2l_png_encode (pixels, width, height, texts, n_texts, effort, error);
  if (bytes == NULL)
    return FALSE;
  data = g_bytes_get_data (bytes, &size);
  return c2l_output_save (path, data, size, error);
}
