/* JPEG through libjpeg, whose errors are jumps: see png.c for the rule that follows. */
#include "formats/jpeg.h"

#include "formats/weights.h"

#include <stdio.h>
#include <jpeglib.h>
#include <jerror.h>
#include <setjmp.h>
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
                   "%s: damaged JPEG picture: %s", name, self->message);
      return NULL;
    }
  read_picture (self, data, size);
  jpeg_destroy_decompress (&self->jpeg);
  image = g_steal_pointer (&self->image);
  return image;
}
