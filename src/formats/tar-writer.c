/* tar archives into memory, as POSIX.1-1988 (ustar) has them and nothing newer, so that every
 * reader takes them. What would differ from run to run (times, owners) is left at nothing. */
#include "formats/tar-private.h"
#include "formats/weights.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Archives are as long as so many whole records, as tapes wanted it. */
#define RECORD (20 * C2L_TAR_BLOCK)

#define MODE "0000644"

/* Puts @name into the header, its beginning into the prefix where it is long; FALSE where it does
 * not fit. */
static gboolean
set_name (C2lTarHeader *header, const char *name)
{
  gsize length = strlen (name);
  const char *slash;

  if (length == 0)
    return FALSE;
  if (length <= sizeof header->name)
    {
      memcpy (header->name, name, length);
      return TRUE;
    }
  for (slash = strchr (name, '/'); slash != NULL; slash = strchr (slash + 1, '/'))
    {
      gsize before = slash - name, behind = length - before - 1;

      if (before == 0 || before > sizeof header->prefix || behind == 0
          || behind > sizeof header->name)
        continue;
      memcpy (header->prefix, name, before);
      memcpy (header->name, slash + 1, behind);
      return TRUE;
    }
  return FALSE;
}

static void
set_checksum (C2lTarHeader *header)
{
  const guchar *bytes = (const guchar *) header;
  guint sum = 0;

  memset (header->checksum, ' ', sizeof header->checksum);
  for (gsize i = 0; i < C2L_TAR_BLOCK; i++)
    sum += bytes[i];
  /* Six digits, a zero byte and the space that is there. */
  g_snprintf (header->checksum, sizeof header->checksum - 1, "%06o", sum);
}

static void
append_zeros (GByteArray *archive, gsize n)
{
  guint start = archive->len;

  g_byte_array_set_size (archive, start + n);
  memset (archive->data + start, 0, n);
}

gboolean
c2l_tar_append (GByteArray *archive,
                const char *name,
                gconstpointer data,
                gsize size,
                GError **error)
{
  C2lTarHeader header = { 0 };

  if (size > C2L_TAR_MAX_MEMBER || !set_name (&header, name))
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
                   size > C2L_TAR_MAX_MEMBER ? _ ("%s: too large for an archive of samples")
                                             : _ ("%s: a name that tar archives cannot hold"),
                   name);
      return FALSE;
    }
  memcpy (header.mode, MODE, sizeof header.mode);
  memcpy (header.uid, "0000000", sizeof header.uid);
  memcpy (header.gid, "0000000", sizeof header.gid);
  g_snprintf (header.size, sizeof header.size, "%011" G_GINT64_MODIFIER "o", (guint64) size);
  memcpy (header.mtime, "00000000000", sizeof header.mtime);
  header.type = '0';
  memcpy (header.magic, "ustar", sizeof header.magic);
  memcpy (header.version, "00", sizeof header.version);
  set_checksum (&header);
  g_byte_array_append (archive, (const guint8 *) &header, sizeof header);
  if (size > 0)
    g_byte_array_append (archive, data, size);
  append_zeros (archive, (C2L_TAR_BLOCK - size % C2L_TAR_BLOCK) % C2L_TAR_BLOCK);
  return TRUE;
}

void
c2l_tar_append_end (GByteArray *archive, guint64 length)
{
  guint64 end = length + 2 * C2L_TAR_BLOCK;

  append_zeros (archive, 2 * C2L_TAR_BLOCK + (RECORD - end % RECORD) % RECORD);
}
