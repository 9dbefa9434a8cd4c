/* Moving WebP pictures. libwebp finds what has changed between two frames and stores only that; a
 * time is the end of a frame, so the last one needs a time behind it. */
#include "formats/webp-private.h"
#include "formats/weights.h"

#include <glib/gi18n-lib.h>
#include <string.h>

struct _C2lWebpWriter
{
  WebPAnimEncoder *encoder;
  WebPConfig config;
  int width, height;
  int time; /* in milliseconds, of the next frame's start */
};

C2lWebpWriter *
c2l_webp_writer_new (int width, int height, int quality, int loops, GError **error)
{
  g_autoptr (C2lWebpWriter) self = g_new0 (C2lWebpWriter, 1);
  WebPAnimEncoderOptions options;

  g_return_val_if_fail (width > 0 && height > 0, NULL);

  if (width > C2L_WEBP_MAX_SIDE || height > C2L_WEBP_MAX_SIDE)
    {
      c2l_webp_set_error (error, VP8_ENC_ERROR_BAD_DIMENSION);
      return NULL;
    }
  self->width = width;
  self->height = height;
  if (c2l_webp_configure (&self->config, quality, C2L_WEBP_FAST)
      && WebPAnimEncoderOptionsInit (&options))
    {
      options.anim_params.loop_count = CLAMP (loops, 0, 65535);
      self->encoder = WebPAnimEncoderNew (width, height, &options);
    }
  if (self->encoder == NULL)
    {
      c2l_webp_set_error (error, VP8_ENC_ERROR_OUT_OF_MEMORY);
      return NULL;
    }
  return g_steal_pointer (&self);
}

void
c2l_webp_writer_free (C2lWebpWriter *self)
{
  if (self == NULL)
    return;
  WebPAnimEncoderDelete (self->encoder);
  g_free (self);
}

static int
on_progress (int percent, const WebPPicture *picture)
{
  return !g_cancellable_is_cancelled (picture->user_data);
}

gboolean
c2l_webp_writer_add (C2lWebpWriter *self,
                     const guint8 *pixels,
                     int duration,
                     GCancellable *cancellable,
                     GError **error)
{
  WebPPicture picture = { 0 };
  gboolean added = FALSE;

  g_return_val_if_fail (self != NULL && pixels != NULL, FALSE);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (WebPPictureInit (&picture))
    {
      picture.width = self->width;
      picture.height = self->height;
      picture.use_argb = TRUE;
      picture.progress_hook = on_progress;
      picture.user_data = cancellable;
      added = WebPPictureImportRGB (&picture, pixels, self->width * 3)
              && WebPAnimEncoderAdd (self->encoder, &picture, self->time, &self->config);
    }
  if (!added && !g_cancellable_set_error_if_cancelled (cancellable, error))
    c2l_webp_set_error (error, picture.error_code);
  WebPPictureFree (&picture);
  self->time += MAX (duration, 1);
  return added;
}

GBytes *
c2l_webp_writer_finish (C2lWebpWriter *self, const C2lImageText *texts, int n_texts, GError **error)
{
  WebPData data = { 0 };
  GBytes *bytes = NULL;

  g_return_val_if_fail (self != NULL && self->time > 0, NULL);

  if (WebPAnimEncoderAdd (self->encoder, NULL, self->time, NULL)
      && WebPAnimEncoderAssemble (self->encoder, &data))
    bytes = c2l_webp_add_texts (&data, texts, n_texts, error);
  else
    g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
                 _ ("the frames cannot be stored as WebP: %s"),
                 WebPAnimEncoderGetError (self->encoder));
  WebPDataClear (&data);
  return bytes;
}
