/* TensorBoard's event files: TFRecord frames around Event messages in protobuf's encoding. Only
 * what is written here is known: Event (wall_time 1, step 2, file_version 3, summary 5, session_log
 * 7), Summary.Value (tag 1, simple_value 2, image 4), Image (height 1, width 2, colorspace 3, bytes
 * 4). */
#include "formats/tfevents.h"

#include "formats/output.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define CASTAGNOLI 0x82f63b78u /* reversed */
#define MASK_DELTA 0xa282ead8u /* of TFRecord: checksums of checksums shall not be trivial */
#define RGB 3
#define SESSION_START 1

struct _C2lTfevents
{
  int fd;
  char *path;
};

/* Wire types of protobuf. */
enum
{
  VARINT = 0,
  FIXED64 = 1,
  BYTES = 2,
  FIXED32 = 5
};

guint32
c2l_crc32c (gconstpointer data, gsize size)
{
  static gsize is_ready;
  static guint32 table[256];
  guint32 crc = ~0u;

  if (g_once_init_enter (&is_ready))
    {
      for (guint32 i = 0; i < 256; i++)
        {
          guint32 value = i;

          for (int bit = 0; bit < 8; bit++)
            value = (value >> 1) ^ ((value & 1) ? CASTAGNOLI : 0);
          table[i] = value;
        }
      g_once_init_leave (&is_ready, 1);
    }
  for (gsize i = 0; i < size; i++)
    crc = (crc >> 8) ^ table[(crc ^ ((const guint8 *) data)[i]) & 0xff];
  return ~crc;
}

static guint32
mask (guint32 crc)
{
  return ((crc >> 15) | (crc << 17)) + MASK_DELTA;
}

static void
put_fixed (GByteArray *out, guint64 value, int n_bytes)
{
  for (int i = 0; i < n_bytes; i++)
    g_byte_array_append (out, &(guint8){ (guint8) (value >> (8 * i)) }, 1);
}

static void
put_varint (GByteArray *out, guint64 value)
{
  for (; value > 0x7f; value >>= 7)
    g_byte_array_append (out, &(guint8){ (guint8) (value | 0x80) }, 1);
  g_byte_array_append (out, &(guint8){ (guint8) value }, 1);
}

static void
put_key (GByteArray *out, guint field, guint wire_type)
{
  put_varint (out, field << 3 | wire_type);
}

static void
put_bytes (GByteArray *out, guint field, gconstpointer data, gsize size)
{
  put_key (out, field, BYTES);
  put_varint (out, size);
  g_byte_array_append (out, data, size);
}

static void
put_number (GByteArray *out, guint field, guint64 value)
{
  put_key (out, field, VARINT);
  put_varint (out, value);
}

static void
put_double (GByteArray *out, guint field, double value)
{
  guint64 bits;

  memcpy (&bits, &value, sizeof bits);
  put_key (out, field, FIXED64);
  put_fixed (out, bits, 8);
}

static void
put_float (GByteArray *out, guint field, float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  put_key (out, field, FIXED32);
  put_fixed (out, bits, 4);
}

/* An Event with one more field of bytes. */
static GByteArray *
new_event (double time, gint64 step, guint field, gconstpointer data, gsize size)
{
  GByteArray *event = g_byte_array_new ();

  put_double (event, 1, time);
  put_number (event, 2, step);
  put_bytes (event, field, data, size);
  return event;
}

static gboolean
write_record (C2lTfevents *events, GByteArray *event, GError **error)
{
  g_autoptr (GByteArray) record = g_byte_array_new ();
  int code;

  put_fixed (record, event->len, 8);
  put_fixed (record, mask (c2l_crc32c (record->data, 8)), 4);
  g_byte_array_append (record, event->data, event->len);
  put_fixed (record, mask (c2l_crc32c (event->data, event->len)), 4);
  code = c2l_output_write_all (events->fd, record->data, record->len);
  return code == 0 || c2l_output_fail (events->path, code, error);
}

static gboolean
write_beginning (C2lTfevents *events, double time, gint64 step, GError **error)
{
  static const char version[] = "brain.Event:2";
  g_autoptr (GByteArray) session = g_byte_array_new ();
  g_autoptr (GByteArray) first = new_event (time, 0, 3, version, strlen (version));
  g_autoptr (GByteArray) start = NULL;

  put_number (session, 1, SESSION_START);
  start = new_event (time, step, 7, session->data, session->len);
  return write_record (events, first, error) && write_record (events, start, error);
}

C2lTfevents *
c2l_tfevents_open (const char *folder, double time, gint64 step, GError **error)
{
  g_autoptr (C2lTfevents) events = g_new0 (C2lTfevents, 1);
  g_autofree char *name = NULL;

  events->fd = -1;
  /* Files are read in the order of their names. Two of one second differ in the second part. */
  for (int i = 0; events->fd < 0; i++)
    {
      g_free (name);
      g_free (events->path);
      name = g_strdup_printf ("events.out.tfevents.%010" G_GINT64_FORMAT ".clip2latent.%03d",
                              (gint64) time, i);
      events->path = g_build_filename (folder, name, NULL);
      events->fd = g_open (events->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
      if (events->fd < 0 && errno != EEXIST)
        {
          c2l_output_fail (events->path, errno, error);
          return NULL;
        }
    }
  return write_beginning (events, time, step, error) ? g_steal_pointer (&events) : NULL;
}

void
c2l_tfevents_close (C2lTfevents *events)
{
  if (events->fd >= 0)
    close (events->fd);
  g_free (events->path);
  g_free (events);
}

/* Writes an Event whose summary holds the one @value. */
static gboolean
write_value (C2lTfevents *events, double time, gint64 step, GByteArray *value, GError **error)
{
  g_autoptr (GByteArray) summary = g_byte_array_new ();
  g_autoptr (GByteArray) event = NULL;

  put_bytes (summary, 1, value->data, value->len);
  event = new_event (time, step, 5, summary->data, summary->len);
  return write_record (events, event, error);
}

gboolean
c2l_tfevents_add_scalar (C2lTfevents *events,
                         double time,
                         gint64 step,
                         const char *tag,
                         double value,
                         GError **error)
{
  g_autoptr (GByteArray) message = g_byte_array_new ();

  put_bytes (message, 1, tag, strlen (tag));
  put_float (message, 2, value);
  return write_value (events, time, step, message, error);
}

gboolean
c2l_tfevents_add_image (C2lTfevents *events,
                        double time,
                        gint64 step,
                        const char *tag,
                        GBytes *png,
                        int width,
                        int height,
                        GError **error)
{
  g_autoptr (GByteArray) message = g_byte_array_new (), image = g_byte_array_new ();
  gsize size;
  const guint8 *data = g_bytes_get_data (png, &size);

  put_number (image, 1, height);
  put_number (image, 2, width);
  put_number (image, 3, RGB);
  put_bytes (image, 4, data, size);
  put_bytes (message, 1, tag, strlen (tag));
  put_bytes (message, 4, image->data, image->len);
  return write_value (events, time, step, message, error);
}
