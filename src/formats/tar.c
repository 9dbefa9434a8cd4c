/* tar archives: blocks of 512 bytes, a header before each member. Each header's checksum is
 * verified and each size bounded before it is believed; one buffer, which belongs to the reader,
 * holds one member at a time. */
#include "formats/tar.h"

#include "formats/tar-private.h"
#include "formats/weights.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Long names and pax records are short texts. */
#define MAX_META (1u << 20)

struct _C2lTar
{
  GInputStream *stream;
  char *name;
  GByteArray *buffer;
  GString *member_name;
  char *next_name;  /* from a GNU or pax record, for the next member */
  gint64 next_size; /* the same, or -1 */
  gboolean has_members;
  gboolean is_at_end;
  C2lTarFilter wanted; /* (nullable) */
  gpointer wanted_data;
  C2lTarEntry entry;
};

static gboolean
fail (C2lTar *self, C2lFormatError code, const char *what, GError **error)
{
  self->is_at_end = TRUE;
  g_set_error (error, C2L_FORMAT_ERROR, code, "%s: %s", self->name, what);
  return FALSE;
}

C2lTar *
c2l_tar_new (GInputStream *stream, const char *name)
{
  C2lTar *self = g_new0 (C2lTar, 1);

  self->stream = g_buffered_input_stream_new_sized (stream, 1 << 18);
  self->name = g_strdup (name);
  self->buffer = g_byte_array_new ();
  self->member_name = g_string_new (NULL);
  self->next_size = -1;
  return self;
}

C2lTar *
c2l_tar_open (const char *path, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, error);

  return stream != NULL ? c2l_tar_new (G_INPUT_STREAM (stream), path) : NULL;
}

void
c2l_tar_free (C2lTar *self)
{
  if (self == NULL)
    return;
  g_object_unref (self->stream);
  g_byte_array_unref (self->buffer);
  g_string_free (self->member_name, TRUE);
  g_free (self->next_name);
  g_free (self->name);
  g_free (self);
}

void
c2l_tar_set_filter (C2lTar *self, C2lTarFilter wanted, gpointer data)
{
  self->wanted = wanted;
  self->wanted_data = data;
}

/* A number as tar writes it: octal digits, or base 256 where the first bit is set. */
static gboolean
parse_number (const char *field, gsize length, gint64 *value)
{
  const guchar *bytes = (const guchar *) field;
  gsize i = 0;

  *value = 0;
  if (bytes[0] & 0x80)
    {
      if (bytes[0] != 0x80)
        return FALSE; /* negative, or far too large */
      for (i = 1; i < length; i++)
        {
          if (*value > G_MAXINT64 >> 8)
            return FALSE;
          *value = *value << 8 | bytes[i];
        }
      return *value <= G_MAXINT64 - C2L_TAR_BLOCK; /* so that it can be rounded up */
    }

  while (i < length && field[i] == ' ')
    i++;
  for (; i < length && field[i] >= '0' && field[i] <= '7'; i++)
    *value = *value << 3 | (field[i] - '0');
  return i == length || field[i] == ' ' || field[i] == '\0';
}

static guint
sum_bytes (const char *bytes, gsize n)
{
  guint sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += (guchar) bytes[i];
  return sum;
}

/* All bytes, with spaces in the place of the checksum itself. */
static gboolean
has_right_checksum (const C2lTarHeader *header)
{
  const gsize length = sizeof header->checksum;
  gint64 expected;

  if (!parse_number (header->checksum, length, &expected) || expected > G_MAXUINT)
    return FALSE;
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  return TRUE;
#endif
  return (guint) expected
         == sum_bytes ((const char *) header, C2L_TAR_BLOCK) - sum_bytes (header->checksum, length)
                + (guint) length * ' ';
}

static gboolean
is_zero (const C2lTarHeader *header)
{
  const char *bytes = (const char *) header;

  return bytes[0] == 0 && memcmp (bytes, bytes + 1, C2L_TAR_BLOCK - 1) == 0;
}

/* Reads the next header; sets is_at_end and returns FALSE without an error where there is none. */
static gboolean
read_header (C2lTar *self, C2lTarHeader *header, GError **error)
{
  gsize n;

  if (!g_input_stream_read_all (self->stream, header, C2L_TAR_BLOCK, &n, NULL, error))
    return FALSE;
  if (n == 0 || (n == C2L_TAR_BLOCK && is_zero (header)))
    {
      self->is_at_end = TRUE;
      if (!self->has_members)
        return fail (self, C2L_FORMAT_ERROR_DAMAGED, _ ("the archive is empty"), error);
      return FALSE;
    }
  if (n < C2L_TAR_BLOCK)
    return fail (self, C2L_FORMAT_ERROR_DAMAGED, _ ("the archive is cut off"), error);
  if (!has_right_checksum (header))
    return self->has_members || memcmp (header->magic, "ustar", 5) == 0
               ? fail (self, C2L_FORMAT_ERROR_DAMAGED,
                       _ ("damaged archive: the checksum of a header is wrong"), error)
               : fail (self, C2L_FORMAT_ERROR_UNKNOWN, _ ("not a tar archive"), error);
  return TRUE;
}

static gboolean
find_size (C2lTar *self, const C2lTarHeader *header, gint64 *size, GError **error)
{
  if (!parse_number (header->size, sizeof header->size, size))
    return fail (self, C2L_FORMAT_ERROR_DAMAGED,
                 _ ("damaged archive: a member's size is no number"), error);
  return TRUE;
}

static gint64
padded (gint64 size)
{
  return (size + C2L_TAR_BLOCK - 1) / C2L_TAR_BLOCK * C2L_TAR_BLOCK;
}

/* Fills the buffer with @size bytes, as they come: a size that lies costs no more memory than the
 * file has bytes. */
static gboolean
read_data (C2lTar *self, gint64 size, gint64 limit, GError **error)
{
  gint64 left = size;

  if (size > limit)
    return fail (self, C2L_FORMAT_ERROR_UNSUPPORTED, _ ("a member is larger than any sample is"),
                 error);
  g_byte_array_set_size (self->buffer, 0);
  while (left > 0)
    {
      gsize chunk = MIN (left, 1 << 20);
      guint start = self->buffer->len;
      gsize n;

      g_byte_array_set_size (self->buffer, start + chunk);
      if (!g_input_stream_read_all (self->stream, self->buffer->data + start, chunk, &n, NULL,
                                    error))
        return FALSE;
      if (n < chunk)
        return fail (self, C2L_FORMAT_ERROR_DAMAGED, _ ("the archive is cut off within a member"),
                     error);
      left -= n;
    }
  return TRUE;
}

/* Passes over @n bytes; FALSE where there are fewer. */
static gboolean
skip_bytes (C2lTar *self, gint64 n, GError **error)
{
  while (n > 0)
    {
      gssize skipped = g_input_stream_skip (self->stream, MIN (n, 1 << 20), NULL, error);

      if (skipped < 0)
        return FALSE;
      if (skipped == 0)
        return fail (self, C2L_FORMAT_ERROR_DAMAGED, _ ("the archive is cut off within a member"),
                     error);
      n -= skipped;
    }
  return TRUE;
}

/* The filler up to the next block; at the very end of a file it may be missing. */
static gboolean
skip_padding (C2lTar *self, gint64 size, GError **error)
{
  gint64 n = padded (size) - size;

  while (n > 0)
    {
      gssize skipped = g_input_stream_skip (self->stream, n, NULL, error);

      if (skipped < 0)
        return FALSE;
      if (skipped == 0)
        break;
      n -= skipped;
    }
  return TRUE;
}

/* A pax record is "LENGTH KEY=VALUE\n", where LENGTH counts all of it. */
static gboolean
parse_pax (C2lTar *self, GError **error)
{
  const char *p = self->buffer->len > 0 ? (const char *) self->buffer->data : "";
  const char *end = p + self->buffer->len;
  const char *what = _ ("damaged archive: an extended header is no list of records");

  while (p < end && *p != '\0')
    {
      const char *record = p;
      gint64 length = 0;
      const char *equals;
      gsize value_length;

      for (; p < end && g_ascii_isdigit (*p) && length <= MAX_META; p++)
        length = length * 10 + (*p - '0');
      if (p == record || p == end || *p != ' ' || length > end - record || length < p + 3 - record
          || record[length - 1] != '\n')
        return fail (self, C2L_FORMAT_ERROR_DAMAGED, what, error);
      p++;
      equals = memchr (p, '=', record + length - p);
      if (equals == NULL)
        return fail (self, C2L_FORMAT_ERROR_DAMAGED, what, error);
      value_length = record + length - 1 - (equals + 1);

      if (equals - p == 4 && memcmp (p, "path", 4) == 0)
        {
          g_free (self->next_name);
          self->next_name = g_strndup (equals + 1, value_length);
        }
      else if (equals - p == 4 && memcmp (p, "size", 4) == 0)
        {
          g_autofree char *value = g_strndup (equals + 1, value_length);
          guint64 size;

          if (!g_ascii_string_to_unsigned (value, 10, 0, G_MAXINT64 - C2L_TAR_BLOCK, &size, NULL))
            return fail (self, C2L_FORMAT_ERROR_DAMAGED,
                         _ ("damaged archive: a member's size is no number"), error);
          self->next_size = size;
        }
      p = record + length;
    }
  return TRUE;
}

static void
append_field (GString *out, const char *field, gsize length)
{
  g_string_append_len (out, field, strnlen (field, length));
}

static void
set_member_name (C2lTar *self, const C2lTarHeader *header)
{
  g_autofree char *valid = NULL;

  g_string_truncate (self->member_name, 0);
  if (self->next_name != NULL)
    {
      g_string_append (self->member_name, self->next_name);
      g_clear_pointer (&self->next_name, g_free);
    }
  else
    {
      if (memcmp (header->magic, "ustar", 6) == 0 && header->prefix[0] != '\0')
        {
          append_field (self->member_name, header->prefix, sizeof header->prefix);
          g_string_append_c (self->member_name, '/');
        }
      append_field (self->member_name, header->name, sizeof header->name);
    }
  valid = g_utf8_make_valid (self->member_name->str, self->member_name->len);
  g_string_assign (self->member_name, valid);
}

/* Takes the text in front of a member that carries its long name or its attributes. */
static gboolean
read_meta (C2lTar *self, char type, gint64 size, GError **error)
{
  if (!read_data (self, size, MAX_META, error) || !skip_padding (self, size, error))
    return FALSE;
  if (type == 'x')
    return parse_pax (self, error);
  if (type == 'L')
    {
      g_free (self->next_name);
      self->next_name = g_strndup ((const char *) self->buffer->data, self->buffer->len);
    }
  return TRUE;
}

const C2lTarEntry *
c2l_tar_read_next (C2lTar *self, GError **error)
{
  g_return_val_if_fail (self != NULL, NULL);

  while (!self->is_at_end)
    {
      C2lTarHeader header;
      gint64 size;

      if (!read_header (self, &header, error) || !find_size (self, &header, &size, error))
        return NULL;
      self->has_members = TRUE;
      if (header.type == 'x' || header.type == 'L' || header.type == 'K' || header.type == 'g')
        {
          if (!read_meta (self, header.type, size, error))
            return NULL;
          continue;
        }

      if (self->next_size >= 0)
        size = self->next_size;
      self->next_size = -1;
      set_member_name (self, &header);
      if (header.type == '0' || header.type == '\0' || header.type == '7')
        {
          if (self->wanted != NULL && !self->wanted (self->member_name->str, self->wanted_data))
            {
              if (!skip_bytes (self, size, error) || !skip_padding (self, size, error))
                return NULL;
              continue;
            }
          if (!read_data (self, size, C2L_TAR_MAX_MEMBER, error)
              || !skip_padding (self, size, error))
            return NULL;
          self->entry.name = self->member_name->str;
          /* An array that never held anything has no memory. */
          self->entry.data = self->buffer->data != NULL ? self->buffer->data : (const guint8 *) "";
          self->entry.size = self->buffer->len;
          return &self->entry;
        }
      if (header.type == 'S')
        {
          fail (self, C2L_FORMAT_ERROR_UNSUPPORTED,
                _ ("the archive holds sparse files; pack it without them"), error);
          return NULL;
        }
      /* Links, folders and devices have no data, whatever their size field says; other types do. */
      if ((header.type < '1' || header.type > '6') && !skip_bytes (self, padded (size), error))
        return NULL;
    }
  return NULL;
}
