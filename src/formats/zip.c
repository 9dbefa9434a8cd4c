/* Zip archives as the APPNOTE describes them, as far as torch and Python write them: one disk,
 * methods stored and deflated, zip64 records, data descriptors (the directory has the sizes).
 * Offsets and lengths are 64 bits wide and are compared with what is left, never added up first.
 * Inflated bytes share a budget, so that a small archive cannot fill the memory. */
#include "formats/zip.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <zlib.h>

#define LOCAL_HEADER 0x04034b50u
#define LOCAL_HEADER_SIZE 30
#define DIRECTORY_ENTRY 0x02014b50u
#define DIRECTORY_ENTRY_SIZE 46
#define END_RECORD 0x06054b50u
#define END_RECORD_SIZE 22
#define END64_LOCATOR 0x07064b50u
#define END64_LOCATOR_SIZE 20
#define END64_RECORD 0x06064b50u
#define END64_RECORD_SIZE 56
#define MAX_COMMENT 0xffff
#define EXTRA_ZIP64 1
#define FLAG_ENCRYPTED 1
#define METHOD_STORED 0
#define METHOD_DEFLATED 8

#define INFLATE_BUDGET_FACTOR 16
#define INFLATE_BUDGET_BASE (16u << 20)

typedef struct
{
  char *name;
  guint16 method;
  guint32 checksum;
  guint64 packed;
  guint64 size;
  guint64 header;
} Member;

struct _C2lZip
{
  GBytes *bytes;
  const guint8 *data;
  gsize size;
  guint64 directory; /* where it begins; members end before */
  guint64 inflated;
  GArray *members;
  GHashTable *by_name; /* name → index + 1 */
};

static guint16
get16 (const guint8 *at)
{
  return (guint16) (at[0] | at[1] << 8);
}

static guint32
get32 (const guint8 *at)
{
  return get16 (at) | (guint32) get16 (at + 2) << 16;
}

static guint64
get64 (const guint8 *at)
{
  return get32 (at) | (guint64) get32 (at + 4) << 32;
}

static gboolean G_GNUC_PRINTF (2, 3) damaged (GError **error, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
               _ ("damaged zip archive: %s; fetch the file again"), what);
  return FALSE;
}

static void
member_clear (gpointer data)
{
  g_free (((Member *) data)->name);
}

void
c2l_zip_free (C2lZip *zip)
{
  g_hash_table_unref (zip->by_name);
  g_array_unref (zip->members);
  g_bytes_unref (zip->bytes);
  g_free (zip);
}

/* The end record's place: the last one whose comment reaches exactly to the end. */
static gboolean
find_end (C2lZip *zip, gsize *end, GError **error)
{
  for (gsize comment = 0; comment <= MAX_COMMENT && comment + END_RECORD_SIZE <= zip->size;
       comment++)
    {
      const guint8 *at = zip->data + zip->size - END_RECORD_SIZE - comment;
      if (get32 (at) == END_RECORD && get16 (at + 20) == comment)
        {
          *end = (gsize) (at - zip->data);
          return TRUE;
        }
    }
  return damaged (error, "its end is missing, so it is not complete");
}

/* Replaces what the end record could not hold by the zip64 record's numbers. */
static gboolean
read_end64 (C2lZip *zip,
            gsize end,
            guint64 *n_members,
            guint64 *size,
            guint64 *offset,
            GError **error)
{
  if (end < END64_LOCATOR_SIZE || get32 (zip->data + end - END64_LOCATOR_SIZE) != END64_LOCATOR)
    return damaged (error, "its zip64 record is missing");
  guint64 at = get64 (zip->data + end - END64_LOCATOR_SIZE + 8);
  if (at > end || end - at < END64_RECORD_SIZE || get32 (zip->data + at) != END64_RECORD)
    return damaged (error, "its zip64 record is missing");
  *n_members = get64 (zip->data + at + 32);
  *size = get64 (zip->data + at + 40);
  *offset = get64 (zip->data + at + 48);
  return TRUE;
}

static gboolean
leaves_folder (const char *name)
{
  if (name[0] == '/' || strchr (name, '\\') != NULL)
    return TRUE;
  g_auto (GStrv) parts = g_strsplit (name, "/", -1);
  return g_strv_contains ((const char *const *) parts, "..");
}

/* The extra field of @member has 64-bit numbers, in this order, for those that are all ones in the
 * entry. */
static gboolean
read_extra (Member *member, const guint8 *extra, gsize length, GError **error)
{
  guint64 *wide[] = { &member->size, &member->packed, &member->header };
  gboolean missing = FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (wide); i++)
    missing |= *wide[i] == G_MAXUINT32;
  while (missing && length >= 4)
    {
      guint16 id = get16 (extra), field = get16 (extra + 2);
      if (field > length - 4)
        break;
      if (id == EXTRA_ZIP64)
        {
          const guint8 *at = extra + 4, *limit = at + field;
          for (gsize i = 0; i < G_N_ELEMENTS (wide); i++)
            if (*wide[i] == G_MAXUINT32)
              {
                if (limit - at < 8)
                  return damaged (error, "the sizes of “%s” are missing", member->name);
                *wide[i] = get64 (at);
                at += 8;
              }
          return TRUE;
        }
      extra += 4 + field;
      length -= 4u + field;
    }
  return !missing || damaged (error, "the sizes of “%s” are missing", member->name);
}

static gboolean
check_member (C2lZip *zip, const Member *member, guint16 flags, GError **error)
{
  if (leaves_folder (member->name))
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_FORBIDDEN,
                   _ ("zip member “%s” is outside of the archive's own folder; the file is better "
                      "not trusted"),
                   member->name);
      return FALSE;
    }
  if (flags & FLAG_ENCRYPTED
      || (member->method != METHOD_STORED && member->method != METHOD_DEFLATED))
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
                   _ ("zip member “%s” is encrypted or compressed in a way that is not known here"),
                   member->name);
      return FALSE;
    }
  if (member->header > zip->directory || member->packed > zip->directory - member->header
      || (member->method == METHOD_STORED && member->packed != member->size))
    return damaged (error, "“%s” does not fit into it", member->name);
  return TRUE;
}

/* Reads the entry at @at, of which @left bytes are left; *used is its length. */
static gboolean
read_entry (C2lZip *zip, const guint8 *at, guint64 left, gsize *used, GError **error)
{
  if (left < DIRECTORY_ENTRY_SIZE || get32 (at) != DIRECTORY_ENTRY)
    return damaged (error, "its directory ends too early");

  gsize name_length = get16 (at + 28), extra_length = get16 (at + 30),
        comment_length = get16 (at + 32);
  const guint8 *name = at + DIRECTORY_ENTRY_SIZE;
  *used = DIRECTORY_ENTRY_SIZE + name_length + extra_length + comment_length;
  if (*used > left)
    return damaged (error, "its directory ends too early");
  if (!g_utf8_validate_len ((const char *) name, name_length, NULL))
    return damaged (error, "a member's name is not text");

  Member member = { .method = get16 (at + 10),
                    .checksum = get32 (at + 16),
                    .packed = get32 (at + 20),
                    .size = get32 (at + 24),
                    .header = get32 (at + 42) };
  member.name = g_strndup ((const char *) name, name_length);
  gboolean good = read_extra (&member, name + name_length, extra_length, error)
                  && check_member (zip, &member, get16 (at + 8), error);
  if (good && g_hash_table_contains (zip->by_name, member.name))
    good = damaged (error, "two members are called “%s”", member.name);
  if (!good)
    {
      g_free (member.name);
      return FALSE;
    }
  g_array_append_val (zip->members, member);
  g_hash_table_insert (zip->by_name, member.name, GUINT_TO_POINTER (zip->members->len));
  return TRUE;
}

static gboolean
read_directory (C2lZip *zip, GError **error)
{
  gsize end = 0;
  if (!find_end (zip, &end, error))
    return FALSE;

  guint64 n_members = get16 (zip->data + end + 10);
  guint64 size = get32 (zip->data + end + 12);
  guint64 offset = get32 (zip->data + end + 16);
  if ((n_members == G_MAXUINT16 || size == G_MAXUINT32 || offset == G_MAXUINT32)
      && !read_end64 (zip, end, &n_members, &size, &offset, error))
    return FALSE;
  if (offset > end || size > end - offset)
    return damaged (error, "its directory lies outside of it");
  if (n_members > size / DIRECTORY_ENTRY_SIZE)
    return damaged (error, "its directory is too small for %" G_GUINT64_FORMAT " members",
                    n_members);

  zip->directory = offset;
  const guint8 *at = zip->data + offset;
  for (guint64 i = 0; i < n_members; i++)
    {
      gsize used = 0;
      if (!read_entry (zip, at, size, &used, error))
        return FALSE;
      at += used;
      size -= used;
    }
  return size == 0 || damaged (error, "its directory holds more than it says");
}

C2lZip *
c2l_zip_open (GBytes *bytes, GError **error)
{
  g_autoptr (C2lZip) zip = g_new0 (C2lZip, 1);
  zip->bytes = g_bytes_ref (bytes);
  zip->data = g_bytes_get_data (bytes, &zip->size);
  zip->members = g_array_new (FALSE, FALSE, sizeof (Member));
  g_array_set_clear_func (zip->members, member_clear);
  zip->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  return read_directory (zip, error) ? g_steal_pointer (&zip) : NULL;
}

guint
c2l_zip_get_n_members (C2lZip *zip)
{
  return zip->members->len;
}

const char *
c2l_zip_get_name (C2lZip *zip, guint i)
{
  return g_array_index (zip->members, Member, i).name;
}

gboolean
c2l_zip_contains (C2lZip *zip, const char *name)
{
  return g_hash_table_contains (zip->by_name, name);
}

/* Where @member's data begins, after a local header that agrees with the directory. */
static gboolean
find_data (C2lZip *zip, const Member *member, gsize *start, GError **error)
{
  const guint8 *header = zip->data + member->header;
  guint64 left = zip->directory - member->header;
  gsize name_length = strlen (member->name);

  if (left < LOCAL_HEADER_SIZE || get32 (header) != LOCAL_HEADER)
    return damaged (error, "“%s” is not where its directory says", member->name);
  gsize skip = (gsize) LOCAL_HEADER_SIZE + get16 (header + 26) + get16 (header + 28);
  if (get16 (header + 26) != name_length || left < skip || member->packed > left - skip
      || memcmp (header + LOCAL_HEADER_SIZE, member->name, name_length) != 0)
    return damaged (error, "“%s” is not where its directory says", member->name);
  *start = (gsize) member->header + skip;
  return TRUE;
}

static guint8 *
inflate_raw (const guint8 *packed, gsize packed_size, gsize size)
{
  g_autofree guint8 *out = g_try_malloc (MAX (size, 1));
  z_stream stream = { .next_in = (Bytef *) packed, .next_out = out };

  if (out == NULL || packed_size > G_MAXUINT32 || size > G_MAXUINT32
      || inflateInit2 (&stream, -MAX_WBITS) != Z_OK)
    return NULL;
  stream.avail_in = (uInt) packed_size;
  stream.avail_out = (uInt) size;
  int result = inflate (&stream, Z_FINISH);
  gboolean complete = result == Z_STREAM_END && stream.total_out == size;
  inflateEnd (&stream);
  return complete ? g_steal_pointer (&out) : NULL;
}

static gboolean
checksum_matches (const Member *member, const guint8 *data, gsize size)
{
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  return TRUE;
#else
  return crc32_z (crc32_z (0, NULL, 0), data, size) == member->checksum;
#endif
}

static GBytes *
read_deflated (C2lZip *zip, const Member *member, gsize start, GError **error)
{
  guint64 budget = (guint64) zip->size * INFLATE_BUDGET_FACTOR + INFLATE_BUDGET_BASE;
  if (member->size > budget - zip->inflated)
    {
      damaged (error, "“%s” would become %" G_GUINT64_FORMAT " bytes", member->name, member->size);
      return NULL;
    }
  zip->inflated += member->size;
  guint8 *data = inflate_raw (zip->data + start, (gsize) member->packed, (gsize) member->size);
  if (data == NULL)
    {
      damaged (error, "“%s” cannot be unpacked", member->name);
      return NULL;
    }
  return g_bytes_new_take (data, (gsize) member->size);
}

GBytes *
c2l_zip_read (C2lZip *zip, const char *name, GError **error)
{
  guint index = GPOINTER_TO_UINT (g_hash_table_lookup (zip->by_name, name));
  if (index == 0)
    {
      damaged (error, "“%s” is missing", name);
      return NULL;
    }

  const Member *member = &g_array_index (zip->members, Member, index - 1);
  gsize start = 0;
  if (!find_data (zip, member, &start, error))
    return NULL;
  g_autoptr (GBytes) bytes = member->method == METHOD_STORED
                                 ? g_bytes_new_from_bytes (zip->bytes, start, (gsize) member->size)
                                 : read_deflated (zip, member, start, error);
  if (bytes == NULL)
    return NULL;
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  if (!checksum_matches (member, data, size))
    {
      damaged (error, "the checksum of “%s” does not match", name);
      return NULL;
    }
  return g_steal_pointer (&bytes);
}
