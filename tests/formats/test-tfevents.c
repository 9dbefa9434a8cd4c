/* Event files, read back by a small reader of its own that knows frames and protobuf's wire types
 * only. */
#include "formats/tfevents.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct
{
  const guint8 *data;
  gsize size;
} Span;

static guint64
get_fixed (const guint8 *data, int n)
{
  guint64 value = 0;

  for (int i = n - 1; i >= 0; i--)
    value = value << 8 | data[i];
  return value;
}

/* CRC-32C bit by bit, from its definition. */
static guint32
slow_crc (const guint8 *data, gsize size)
{
  guint32 crc = 0xffffffff;

  for (gsize i = 0; i < size; i++)
    for (int bit = 0; bit < 8; bit++)
      {
        gboolean one = (crc ^ (data[i] >> bit)) & 1;
        crc = (crc >> 1) ^ (one ? 0x82f63b78 : 0);
      }
  return ~crc;
}

static guint32
unmask (guint32 masked)
{
  guint32 rotated = masked - 0xa282ead8u;
  return rotated >> 17 | rotated << 15;
}

/* The next record of @file. */
static Span
take_record (Span *file)
{
  Span record;

  g_assert_cmpuint (file->size, >=, 12);
  record.size = get_fixed (file->data, 8);
  record.data = file->data + 12;
  g_assert_cmpuint (unmask (get_fixed (file->data + 8, 4)), ==, slow_crc (file->data, 8));
  g_assert_cmpuint (file->size, >=, record.size + 16);
  g_assert_cmpuint (unmask (get_fixed (record.data + record.size, 4)), ==,
                    slow_crc (record.data, record.size));
  file->data += record.size + 16;
  file->size -= record.size + 16;
  return record;
}

static guint64
take_varint (Span *span)
{
  guint64 value = 0;

  for (int shift = 0;; shift += 7)
    {
      guint8 byte = *span->data++;

      g_assert_cmpuint (span->size--, >, 0);
      value |= (guint64) (byte & 0x7f) << shift;
      if (byte < 0x80)
        return value;
    }
}

/* The value of @field in @message: its bytes, or @number where it is one. */
static gboolean
find_field (Span message, guint field, Span *bytes, guint64 *number)
{
  while (message.size > 0)
    {
      guint64 key = take_varint (&message);
      Span value = { message.data, 0 };
      guint64 n = 0;

      switch (key & 7)
        {
        case 0:
          n = take_varint (&message);
          break;
        case 1:
        case 5:
          value.size = (key & 7) == 1 ? 8 : 4;
          n = get_fixed (value.data, value.size);
          message.data += value.size;
          message.size -= value.size;
          break;
        case 2:
          value.size = take_varint (&message);
          value.data = message.data;
          message.data += value.size;
          message.size -= value.size;
          break;
        default:
          g_assert_not_reached ();
        }
      if (key >> 3 == field)
        {
          if (bytes != NULL)
            *bytes = value;
          if (number != NULL)
            *number = n;
          return TRUE;
        }
    }
  return FALSE;
}

static Span
find_value (Span event)
{
  Span summary, value;

  g_assert_true (find_field (event, 5, &summary, NULL));
  g_assert_true (find_field (summary, 1, &value, NULL));
  return value;
}

static char *
write_some (char **folder)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lTfevents) events = NULL;
  g_autoptr (GBytes) png = g_bytes_new_static ("not really", 10);
  g_autoptr (GDir) dir = NULL;

  *folder = g_dir_make_tmp ("c2l-test-XXXXXX", NULL);
  events = c2l_tfevents_open (*folder, 1234.5, 300, &error);
  g_assert_no_error (error);
  g_assert_true (c2l_tfevents_add_scalar (events, 1235.25, 70000, "train/loss", 0.125, &error));
  g_assert_true (c2l_tfevents_add_image (events, 1236, 70001, "val", png, 20, 10, &error));
  dir = g_dir_open (*folder, 0, NULL);
  return g_build_filename (*folder, g_dir_read_name (dir), NULL);
}

static void
test_bytes (void)
{
  g_autofree char *folder = NULL, *path = write_some (&folder), *text = NULL;
  Span file, event, field, image;
  guint64 number;
  double time;
  float value;

  g_assert_true (g_file_get_contents (path, &text, &file.size, NULL));
  file.data = (const guint8 *) text;

  event = take_record (&file);
  g_assert_true (find_field (event, 3, &field, NULL));
  g_assert_cmpmem (field.data, field.size, "brain.Event:2", 13);

  event = take_record (&file);
  g_assert_true (find_field (event, 2, NULL, &number));
  g_assert_cmpuint (number, ==, 300);
  g_assert_true (find_field (event, 7, &field, NULL));
  g_assert_true (find_field (field, 1, NULL, &number));
  g_assert_cmpuint (number, ==, 1);

  event = take_record (&file);
  g_assert_true (find_field (event, 1, NULL, &number));
  memcpy (&time, &number, sizeof time);
  g_assert_cmpfloat (time, ==, 1235.25);
  g_assert_true (find_field (event, 2, NULL, &number));
  g_assert_cmpuint (number, ==, 70000);
  g_assert_true (find_field (find_value (event), 1, &field, NULL));
  g_assert_cmpmem (field.data, field.size, "train/loss", 10);
  g_assert_true (find_field (find_value (event), 2, &field, NULL));
  memcpy (&value, field.data, sizeof value);
  g_assert_cmpfloat (value, ==, 0.125f);

  event = take_record (&file);
  g_assert_true (find_field (find_value (event), 4, &image, NULL));
  g_assert_true (find_field (image, 1, NULL, &number));
  g_assert_cmpuint (number, ==, 10);
  g_assert_true (find_field (image, 2, NULL, &number));
  g_assert_cmpuint (number, ==, 20);
  g_assert_true (find_field (image, 4, &field, NULL));
  g_assert_cmpmem (field.data, field.size, "not really", 10);
  g_assert_cmpuint (file.size, ==, 0);

  g_unlink (path);
  g_rmdir (folder);
}

static void
test_checksum (void)
{
  /* RFC 3720, B.4. */
  const guint8 zeros[32] = { 0 };
  guint8 rising[32];

  for (int i = 0; i < 32; i++)
    rising[i] = i;
  g_assert_cmphex (c2l_crc32c (zeros, 32), ==, 0x8a9136aa);
  g_assert_cmphex (c2l_crc32c (rising, 32), ==, 0x46dd794e);
  g_assert_cmphex (c2l_crc32c ("123456789", 9), ==, 0xe3069283);
}

/* TensorBoard's own reader, where it is installed. */
static void
test_tensorboard (void)
{
  static const char program[]
      = "import sys\n"
        "from tensorboard.backend.event_processing.event_accumulator import EventAccumulator\n"
        "a = EventAccumulator (sys.argv[1])\n"
        "a.Reload ()\n"
        "s = a.Scalars ('train/loss')\n"
        "i = a.Images ('val')\n"
        "assert [(x.step, x.value) for x in s] == [(70000, 0.125)], s\n"
        "assert (i[0].width, i[0].height, i[0].encoded_image_string) == (20, 10, b'not really'), "
        "i\n";
  const char *const present[] = { "python3", "-c", "import tensorboard", NULL };
  g_autofree char *folder = NULL, *path = write_some (&folder), *output = NULL;
  const char *const command[] = { "python3", "-c", program, folder, NULL };
  int status = -1;

  if (!g_spawn_sync (NULL, (char **) present, NULL,
                     G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL,
                     &status, NULL)
      || status != 0)
    g_test_skip ("Python has no tensorboard here");
  else
    {
      g_assert_true (g_spawn_sync (NULL, (char **) command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                                   NULL, &output, &status, NULL));
      g_test_message ("%s", output);
      g_assert_cmpint (status, ==, 0);
    }
  g_unlink (path);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/tfevents/checksums-are-castagnolis", test_checksum);
  g_test_add_func ("/tfevents/frames-and-messages-are-as-specified", test_bytes);
  g_test_add_func ("/tfevents/tensorboard-reads-them", test_tensorboard);
  return g_test_run ();
}
