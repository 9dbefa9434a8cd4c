/* WebP, still pictures. libwebp is told nothing of a file before its frame has been checked here:
 * it believes the sizes in headers and takes memory for them. Moving pictures are written by
 * webp-writer.c. */
#include "formats/webp.h"

#include "formats/webp-private.h"
#include "formats/weights.h"
#include "formats/xmp.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>

#define RIFF_HEADER 12 /* "RIFF", size, "WEBP" */
#define MAX_CHUNKS 65536

static gboolean
damaged (GError **error, const char *name, const char *what)
{
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
               _ ("%s: damaged WebP picture: %s; fetch or save it again"), name, what);
  return FALSE;
}

static guint32
read_u32 (const guint8 *data)
{
  return data[0] | data[1] << 8 | data[2] << 16 | (guint32) data[3] << 24;
}

gboolean
c2l_webp_is_webp (gconstpointer data, gsize size)
{
  return size >= RIFF_HEADER && memcmp (data, "RIFF", 4) == 0
         && memcmp ((const guint8 *) data + 8, "WEBP", 4) == 0;
}

/* Whether each chunk lies within the file. */
static gboolean
has_whole_chunks (const guint8 *data, gsize size)
{
  gsize end = (gsize) read_u32 (data + 4) + 8, offset = RIFF_HEADER;

  if (end > size || end < RIFF_HEADER + 8)
    return FALSE;
  for (int n = 0; end - offset >= 8; n++)
    {
      gsize length = read_u32 (data + offset + 4);

      if (length > end - offset - 8 || n == MAX_CHUNKS)
        return FALSE;
      offset += 8 + length;
      offset += (offset & 1) != 0 && offset < end ? 1 : 0;
    }
  return offset == end;
}

static void
take_texts (C2lImage *image, const WebPDemuxer *demuxer)
{
  WebPChunkIterator chunk;

  if ((WebPDemuxGetI (demuxer, WEBP_FF_FORMAT_FLAGS) & XMP_FLAG) == 0
      || !WebPDemuxGetChunk (demuxer, "XMP ", 1, &chunk))
    return;
  g_free (c2l_xmp_parse ((const char *) chunk.chunk.bytes, chunk.chunk.size, image->texts));
  WebPDemuxReleaseChunkIterator (&chunk);
}

static C2lImage *
read_still (const guint8 *data, gsize size, const WebPBitstreamFeatures *features)
{
  int n_channels = features->has_alpha ? 4 : 3;
  g_autoptr (C2lImage) image = c2l_image_new (features->width, features->height, n_channels);
  gsize length = (gsize) image->width * image->height * n_channels;
  guint8 *pixels = n_channels == 4
                       ? WebPDecodeRGBAInto (data, size, image->pixels, length, image->width * 4)
                       : WebPDecodeRGBInto (data, size, image->pixels, length, image->width * 3);

  return pixels != NULL ? g_steal_pointer (&image) : NULL;
}

/* The first frame, on its canvas. */
static C2lImage *
read_first (const guint8 *data, gsize size, const WebPBitstreamFeatures *features)
{
  g_autoptr (C2lImage) image = NULL;
  WebPAnimDecoderOptions options;
  WebPAnimDecoder *decoder;
  guint8 *pixels = NULL;
  int end;

  if (!WebPAnimDecoderOptionsInit (&options))
    return NULL;
  options.color_mode = MODE_RGBA;
  decoder = WebPAnimDecoderNew (&(WebPData){ data, size }, &options);
  if (decoder != NULL && WebPAnimDecoderGetNext (decoder, &pixels, &end))
    {
      image = c2l_image_new (features->width, features->height, 4);
      memcpy (image->pixels, pixels, (gsize) image->width * image->height * 4);
    }
  WebPAnimDecoderDelete (decoder);
  return g_steal_pointer (&image);
}

C2lImage *
c2l_webp_parse (gconstpointer data, gsize size, const char *name, GError **error)
{
  g_autoptr (C2lImage) image = NULL;
  WebPBitstreamFeatures features;
  WebPDemuxer *demuxer;
  gboolean fits;

  if (!c2l_webp_is_webp (data, size))
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNKNOWN, _ ("%s: not a WebP picture"),
                   name);
      return NULL;
    }
  if (!has_whole_chunks (data, size))
    {
      damaged (error, name, "the file is cut off");
      return NULL;
    }
  demuxer = WebPDemux (&(WebPData){ data, size });
  if (demuxer == NULL || WebPGetFeatures (data, size, &features) != VP8_STATUS_OK)
    {
      WebPDemuxDelete (demuxer);
      damaged (error, name, "its parts do not fit together");
      return NULL;
    }
  /* The canvas of a moving picture; a still one whose canvas is another than its picture is refused
   * by the reader. */
  fits = features.width <= C2L_IMAGE_MAX_SIDE && features.height <= C2L_IMAGE_MAX_SIDE
         && (guint64) features.width * features.height <= C2L_IMAGE_MAX_PIXELS;
  if (fits)
    image = features.has_animation ? read_first (data, size, &features)
                                   : read_still (data, size, &features);
  if (image != NULL)
    take_texts (image, demuxer);
  else
    damaged (error, name, fits ? "its data are broken" : "more pixels than can be used here");
  WebPDemuxDelete (demuxer);
  return g_steal_pointer (&image);
}

gboolean
c2l_webp_configure (WebPConfig *config, int quality, C2lWebpEffort effort)
{
  if (!WebPConfigPreset (config, WEBP_PRESET_PHOTO, CLAMP (quality, 1, 100)))
    return FALSE;
  /* docs/performance.md has times and sizes of these. */
  if (effort == C2L_WEBP_LOSSLESS)
    return WebPConfigLosslessPreset (config, 4);
  config->method = effort == C2L_WEBP_FAST ? 2 : 4;
  config->use_sharp_yuv = effort == C2L_WEBP_FINE;
  return WebPValidateConfig (config);
}

void
c2l_webp_set_error (GError **error, WebPEncodingError code)
{
  if (code == VP8_ENC_ERROR_OUT_OF_MEMORY || code == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY)
    g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
                 _ ("the picture cannot be stored as WebP: there is not enough memory"));
  else if (code == VP8_ENC_ERROR_BAD_DIMENSION)
    g_set_error (
        error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
        _ ("the picture cannot be stored as WebP: no side can be longer than %d; choose PNG"),
        C2L_WEBP_MAX_SIDE);
  else
    g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
                 _ ("the picture cannot be stored as WebP (libwebp's error %d)"), code);
}

/* The file in @data with @texts in it. */
GBytes *
c2l_webp_add_texts (const WebPData *data, const C2lImageText *texts, int n_texts, GError **error)
{
  g_autofree char *packet = n_texts > 0 ? c2l_xmp_build (texts, n_texts) : NULL;
  WebPData out = { 0 };
  GBytes *bytes = NULL;
  WebPMux *mux;

  if (packet == NULL)
    return g_bytes_new (data->bytes, data->size);
  mux = WebPMuxCreate (data, FALSE);
  if (mux != NULL
      && WebPMuxSetChunk (mux, "XMP ", &(WebPData){ (guint8 *) packet, strlen (packet) }, FALSE)
             == WEBP_MUX_OK
      && WebPMuxAssemble (mux, &out) == WEBP_MUX_OK)
    bytes = g_bytes_new (out.bytes, out.size);
  else
    c2l_webp_set_error (error, VP8_ENC_ERROR_OUT_OF_MEMORY);
  WebPDataClear (&out);
  WebPMuxDelete (mux);
  return bytes;
}

GBytes *
c2l_webp_encode (const guint8 *pixels,
                 int width,
                 int height,
                 int quality,
                 C2lWebpEffort effort,
                 const C2lImageText *texts,
                 int n_texts,
                 GError **error)
{
  WebPMemoryWriter writer;
  WebPPicture picture = { 0 };
  WebPConfig config;
  GBytes *bytes = NULL;

  g_return_val_if_fail (pixels != NULL && width > 0 && height > 0, NULL);

  if (!c2l_webp_configure (&config, quality, effort) || !WebPPictureInit (&picture))
    {
      c2l_webp_set_error (error, VP8_ENC_ERROR_INVALID_CONFIGURATION);
      return NULL;
    }
  WebPMemoryWriterInit (&writer);
  picture.width = width;
  picture.height = height;
  picture.use_argb = config.lossless || config.use_sharp_yuv;
  picture.writer = WebPMemoryWrite;
  picture.custom_ptr = &writer;
  if (width > C2L_WEBP_MAX_SIDE || height > C2L_WEBP_MAX_SIDE)
    c2l_webp_set_error (error, VP8_ENC_ERROR_BAD_DIMENSION);
  else if (!WebPPictureImportRGB (&picture, pixels, width * 3) || !WebPEncode (&config, &picture))
    c2l_webp_set_error (error, picture.error_code);
  else
    bytes = c2l_webp_add_texts (&(WebPData){ writer.mem, writer.size }, texts, n_texts, error);
  WebPPictureFree (&picture);
  WebPMemoryWriterClear (&writer);
  return bytes;
}
