/* JPEG through libjpeg, whose errors are jumps: see png.c for the rule that follows. */
#include "formats/jpeg.h"

#include "formats/jpeg-xmp.h"
#include "formats/weights.h"

#include <glib/gi18n-lib.h>
#include <jerror.h>
#include <jpeglib.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Passes over a progressive picture; files with thousands of them keep a reader busy for hours. */
#define MAX_SCANS 100

typedef struct
{
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf jump;
  C2lImage *image;
  char message[JMSG_LENGTH_MAX];
} Jpeg;

static void
on_error (j_common_ptr common)
{
  Jpeg *self = common->client_data;

  common->err->format_message (common, self->message);
  longjmp (self->jump, 1);
}

/* libjpeg paints what is missing of a file grey, however much that is; here it is damage. */
static void
on_warning (j_common_ptr common, int level)
{
  Jpeg *self = common->client_data;
  int code = common->err->msg_code;

  if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER)
      && self->jpeg.output_scanline < self->jpeg.output_height)
    on_error (common);
}

static void
on_progress (j_common_ptr common)
{
  Jpeg *self = common->client_data;

  if (self->jpeg.input_scan_number <= MAX_SCANS)
    return;
  g_strlcpy (self->message, "too many passes", sizeof self->message);
  longjmp (self->jump, 1);
}

gboolean
c2l_jpeg_is_jpeg (gconstpointer data, gsize size)
{
  return size >= 3 && memcmp (data, "\xff\xd8\xff", 3) == 0;
}

static void
read_picture (Jpeg *self, gconstpointer data, gsize size)
{
  jpeg_create_decompress (&self->jpeg);
  self->jpeg.progress = &self->progress;
  jpeg_mem_src (&self->jpeg, data, size);
  jpeg_save_markers (&self->jpeg, JPEG_APP0 + 1, 0xffff);
  jpeg_read_header (&self->jpeg, TRUE);
  if (self->jpeg.image_width > C2L_IMAGE_MAX_SIDE || self->jpeg.image_height > C2L_IMAGE_MAX_SIDE
      || (guint64) self->jpeg.image_width * self->jpeg.image_height > C2L_IMAGE_MAX_PIXELS)
    {
      g_strlcpy (self->message, "more pixels than can be used here", sizeof self->message);
      longjmp (self->jump, 1);
    }

  self->jpeg.out_color_space = JCS_RGB;
  jpeg_start_decompress (&self->jpeg);
  self->image = c2l_image_new (self->jpeg.output_width, self->jpeg.output_height, 3);
  while (self->jpeg.output_scanline < self->jpeg.output_height)
    {
      JSAMPROW row
          = self->image->pixels + (gsize) self->jpeg.output_scanline * self->jpeg.output_width * 3;

      jpeg_read_scanlines (&self->jpeg, &row, 1);
    }
  /* The segments end with the decompression. */
  c2l_jpeg_take_texts (&self->jpeg, self->image->texts);
  jpeg_finish_decompress (&self->jpeg);
}

C2lImage *
c2l_jpeg_parse (gconstpointer data, gsize size, const char *name, GError **error)
{
  g_autofree Jpeg *self = g_new0 (Jpeg, 1);
  C2lImage *image;

  self->jpeg.err = jpeg_std_error (&self->errors);
  self->jpeg.client_data = self;
  self->errors.error_exit = on_error;
  self->errors.emit_message = on_warning;
  self->progress.progress_monitor = on_progress;
  if (setjmp (self->jump) != 0)
    {
      jpeg_destroy_decompress (&self->jpeg);
      g_clear_pointer (&self->image, c2l_image_free);
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
                   _ ("%s: damaged JPEG picture: %s"), name, self->message);
      return NULL;
    }
  read_picture (self, data, size);
  jpeg_destroy_decompress (&self->jpeg);
  image = g_steal_pointer (&self->image);
  return image;
}

typedef struct
{
  struct jpeg_compress_struct jpeg;
  struct jpeg_error_mgr errors;
  jmp_buf jump;
  unsigned char *out; /* libjpeg's, of malloc */
  unsigned long size;
  char message[JMSG_LENGTH_MAX];
} Writer;

static void
on_write_error (j_common_ptr common)
{
  Writer *self = common->client_data;

  common->err->format_message (common, self->message);
  longjmp (self->jump, 1);
}

static void
write_picture (Writer *self,
               const guint8 *pixels,
               int width,
               int height,
               int quality,
               GPtrArray *segments)
{
  jpeg_create_compress (&self->jpeg);
  jpeg_mem_dest (&self->jpeg, &self->out, &self->size);
  self->jpeg.image_width = width;
  self->jpeg.image_height = height;
  self->jpeg.input_components = 3;
  self->jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults (&self->jpeg);
  jpeg_set_quality (&self->jpeg, CLAMP (quality, 1, 100), TRUE);
  self->jpeg.optimize_coding = TRUE;
  /* Halved colours show at the edges of lips and eyes. */
  self->jpeg.comp_info[0].h_samp_factor = self->jpeg.comp_info[0].v_samp_factor = 1;
  jpeg_start_compress (&self->jpeg, TRUE);
  for (guint i = 0; i < segments->len; i++)
    {
      GBytes *segment = g_ptr_array_index (segments, i);

      jpeg_write_marker (&self->jpeg, JPEG_APP0 + 1, g_bytes_get_data (segment, NULL),
                         g_bytes_get_size (segment));
    }
  while (self->jpeg.next_scanline < self->jpeg.image_height)
    {
      JSAMPROW row = (JSAMPROW) pixels + (gsize) self->jpeg.next_scanline * width * 3;

      jpeg_write_scanlines (&self->jpeg, &row, 1);
    }
  jpeg_finish_compress (&self->jpeg);
}

GBytes *
c2l_jpeg_encode (const guint8 *pixels,
                 int width,
                 int height,
                 int quality,
                 const C2lImageText *texts,
                 int n_texts,
                 GError **error)
{
  g_autofree Writer *self = g_new0 (Writer, 1);
  g_autoptr (GPtrArray) segments = c2l_jpeg_new_segments (texts, n_texts);
  GBytes *volatile bytes = NULL;

  g_return_val_if_fail (pixels != NULL && width > 0 && height > 0, NULL);

  self->jpeg.err = jpeg_std_error (&self->errors);
  self->jpeg.client_data = self;
  self->errors.error_exit = on_write_error;
  if (setjmp (self->jump) == 0)
    {
      write_picture (self, pixels, width, height, quality, segments);
      bytes = g_bytes_new (self->out, self->size);
    }
  else
    g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
                 _ ("the picture cannot be stored as JPEG: %s"), self->message);
  jpeg_destroy_compress (&self->jpeg);
  free (self->out);
  return bytes;
}
