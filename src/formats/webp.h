/* WebP files through libwebp: any still picture in, or the first of a moving one; RGB out, still or moving, with texts as XMP. */
#pragma once

#include "formats/image.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* The longest side that the format can hold. */
#define C2L_WEBP_MAX_SIDE 16383

typedef enum
{
  C2L_WEBP_FAST, /* thumbnails and frames */
  C2L_WEBP_FINE, /* pictures that are kept: colour edges are looked after */
  C2L_WEBP_LOSSLESS
} C2lWebpEffort;

gboolean  c2l_webp_is_webp (gconstpointer data, gsize size);

/* The picture in @data; @name is what messages call it. Pictures over the limits of image.h are refused. */
C2lImage *c2l_webp_parse (gconstpointer data, gsize size, const char *name, GError **error);

/* c2l_webp_encode:
 * @pixels: [@height, @width, 3] 8-bit RGB   @quality: 1 to 100, of no effect where nothing is lost   @texts: [@n_texts]
 * Returns the bytes of the file. */
GBytes   *c2l_webp_encode (const guint8 *pixels, int width, int height, int quality, C2lWebpEffort effort,
                           const C2lImageText *texts, int n_texts, GError **error);

/* C2lWebpWriter: a moving picture, a frame at a time. Frames are packed as they come, so that only their files and two frames of
 * pixels are in memory. One thread at a time. */
typedef struct _C2lWebpWriter C2lWebpWriter;

/* @loops: how often it is played, 0 for ever. NULL and an error where the format cannot hold that size. */
C2lWebpWriter *c2l_webp_writer_new (int width, int height, int quality, int loops, GError **error);
void           c2l_webp_writer_free (C2lWebpWriter *writer);

/* @pixels: [height, width, 3], shown for @duration milliseconds. Cancelling ends it within a frame. */
gboolean       c2l_webp_writer_add (C2lWebpWriter *writer, const guint8 *pixels, int duration, GCancellable *cancellable,
                                    GError **error);
/* The bytes of the file, of at least one frame. The writer has then nothing more to do but be freed. */
GBytes        *c2l_webp_writer_finish (C2lWebpWriter *writer, const C2lImageText *texts, int n_texts, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lWebpWriter, c2l_webp_writer_free)

G_END_DECLS
