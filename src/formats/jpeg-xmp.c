/* XMP in JPEG. A segment holds 64 KiB; a recipe of a large model with edits is longer. What does
 * not fit goes into extension segments: a signature, the MD5 of the whole extension, its length,
 * the offset of this part, the part. The main packet names the MD5. Nothing of a segment is
 * believed before it is checked against the others. */
#include "formats/jpeg-xmp.h"

#include "formats/xmp.h"

#include <string.h>

#define MAIN "http://ns.adobe.com/xap/1.0/"
#define EXTENSION "http://ns.adobe.com/xmp/extension/"
#define MD5_LENGTH 32
#define EXTENSION_HEADER (sizeof EXTENSION + MD5_LENGTH + 4 + 4)
#define MAX_SEGMENT 65533 /* after the marker's own length */
#define MAX_PART 65000

static void
append_u32 (GByteArray *bytes, guint32 value)
{
  guint32 big = GUINT32_TO_BE (value);

  g_byte_array_append (bytes, (const guint8 *) &big, sizeof big);
}

static GBytes *
new_main_segment (const char *packet)
{
  GByteArray *bytes = g_byte_array_new ();

  g_byte_array_append (bytes, (const guint8 *) MAIN, sizeof MAIN);
  g_byte_array_append (bytes, (const guint8 *) packet, strlen (packet));
  return g_byte_array_free_to_bytes (bytes);
}

static void
add_extension (GPtrArray *segments, const char *packet, const char *md5)
{
  gsize length = strlen (packet);

  for (gsize offset = 0; offset < length; offset += MAX_PART)
    {
      GByteArray *bytes = g_byte_array_new ();

      g_byte_array_append (bytes, (const guint8 *) EXTENSION, sizeof EXTENSION);
      g_byte_array_append (bytes, (const guint8 *) md5, MD5_LENGTH);
      append_u32 (bytes, length);
      append_u32 (bytes, offset);
      g_byte_array_append (bytes, (const guint8 *) packet + offset,
                           MIN (length - offset, MAX_PART));
      g_ptr_array_add (segments, g_byte_array_free_to_bytes (bytes));
    }
}

GPtrArray *
c2l_jpeg_new_segments (const C2lImageText *texts, int n_texts)
{
  g_autoptr (GPtrArray) segments = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autofree char *packet = n_texts > 0 ? c2l_xmp_build (texts, n_texts) : NULL;

  if (packet == NULL)
    return g_steal_pointer (&segments);
  if (sizeof MAIN + strlen (packet) <= MAX_SEGMENT)
    g_ptr_array_add (segments, new_main_segment (packet));
  else
    {
      g_autofree char *md5 = g_compute_checksum_for_string (G_CHECKSUM_MD5, packet, -1);
      g_autofree char *upper = g_ascii_strup (md5, -1), *main_packet = NULL;

      main_packet = c2l_xmp_build_reference (upper);
      g_ptr_array_add (segments, new_main_segment (main_packet));
      add_extension (segments, packet, upper);
    }
  return g_steal_pointer (&segments);
}

static guint32
read_u32 (const guint8 *data)
{
  return (guint32) data[0] << 24 | data[1] << 16 | data[2] << 8 | data[3];
}

static gboolean
starts_with (jpeg_saved_marker_ptr marker, const char *signature, gsize size)
{
  return marker->marker == JPEG_APP0 + 1 && marker->data_length >= size
         && memcmp (marker->data, signature, size) == 0;
}

/* The extension of @md5, whose parts must follow each other without gaps; NULL where they do not.
 */
static GByteArray *
join_extension (jpeg_saved_marker_ptr markers, const char *md5)
{
  g_autoptr (GByteArray) joined = g_byte_array_new ();
  guint32 length = 0;

  for (jpeg_saved_marker_ptr m = markers; m != NULL; m = m->next)
    {
      const guint8 *header;
      gsize size;

      if (!starts_with (m, EXTENSION, sizeof EXTENSION) || m->data_length < EXTENSION_HEADER)
        continue;
      header = m->data + sizeof EXTENSION;
      size = m->data_length - EXTENSION_HEADER;
      if (memcmp (header, md5, MD5_LENGTH) != 0)
        continue;
      if (joined->len == 0)
        length = read_u32 (header + MD5_LENGTH);
      if (length > C2L_XMP_MAX_SIZE || read_u32 (header + MD5_LENGTH) != length
          || read_u32 (header + MD5_LENGTH + 4) != joined->len || size > length - joined->len)
        return NULL;
      g_byte_array_append (joined, m->data + EXTENSION_HEADER, size);
    }
  return length > 0 && joined->len == length ? g_steal_pointer (&joined) : NULL;
}

void
c2l_jpeg_take_texts (j_decompress_ptr jpeg, GHashTable *texts)
{
  for (jpeg_saved_marker_ptr m = jpeg->marker_list; m != NULL; m = m->next)
    {
      g_autofree char *md5 = NULL;
      g_autoptr (GByteArray) extension = NULL;

      if (!starts_with (m, MAIN, sizeof MAIN))
        continue;
      md5 = c2l_xmp_parse ((const char *) m->data + sizeof MAIN, m->data_length - sizeof MAIN,
                           texts);
      if (md5 != NULL && strlen (md5) == MD5_LENGTH)
        extension = join_extension (jpeg->marker_list, md5);
      if (extension != NULL)
        g_free (c2l_xmp_parse ((const char *) extension->data, extension->len, texts));
      return;
    }
}
