/* Writing a torch archive: the pickle by hand in protocol 2, a zip without compression. Members start at multiples of 64 bytes, as
 * PyTorch's own do, so that it can map them. Sizes are 32 bits throughout, hence the limit of 4 GiB. */
#include "formats/torch-save.h"

#include <gio/gio.h>
#include <string.h>
#include <zlib.h>

#define ALIGNMENT 64
#define LOCAL_HEADER_SIZE 30
#define TOP "archive/"

typedef struct
{
  char *name;
  guint32 crc, size, offset;
} Member;

typedef struct
{
  GOutputStream *stream;
  GArray *members; /* of Member */
  guint64 offset;
} Archive;

static const char *
storage_name (C2lDtype dtype)
{
  static const char *const names[C2L_N_DTYPES] = {
    [C2L_F32] = "FloatStorage", [C2L_F16] = "HalfStorage", [C2L_BF16] = "BFloat16Storage", [C2L_I32] = "IntStorage",
    [C2L_U8] = "ByteStorage",   [C2L_F64] = "DoubleStorage", [C2L_I64] = "LongStorage",    [C2L_I16] = "ShortStorage",
    [C2L_I8] = "CharStorage",   [C2L_BOOL] = "BoolStorage",
  };
  return names[dtype];
}

/* --- the pickle --- */

static void
put (GByteArray *out, const char *opcodes)
{
  g_byte_array_append (out, (const guint8 *) opcodes, strlen (opcodes));
}

static void
put_u32 (GByteArray *out, guint32 value)
{
  value = GUINT32_TO_LE (value);
  g_byte_array_append (out, (const guint8 *) &value, sizeof value);
}

static void
put_u16 (GByteArray *out, guint16 value)
{
  value = GUINT16_TO_LE (value);
  g_byte_array_append (out, (const guint8 *) &value, sizeof value);
}

static void
put_string (GByteArray *out, const char *text)
{
  put (out, "X");
  put_u32 (out, strlen (text));
  put (out, text);
}

static void
put_int (GByteArray *out, gint64 value)
{
  put (out, "J");
  put_u32 (out, (guint32) value);
}

/* torch._utils._rebuild_tensor_v2 (storage, 0, size, stride, False, OrderedDict ()) */
static void
put_tensor (GByteArray *out, const C2lArray *array, guint index)
{
  g_autofree char *key = g_strdup_printf ("%u", index);
  gint64 strides[C2L_MAX_DIMS], stride = 1;

  for (int i = array->n_dims - 1; i >= 0; i--)
    {
      strides[i] = stride;
      stride *= array->dims[i];
    }
  put (out, "ctorch._utils\n_rebuild_tensor_v2\n((");
  put_string (out, "storage");
  put (out, "ctorch\n");
  put (out, storage_name (array->dtype));
  put (out, "\n");
  put_string (out, key);
  put_string (out, "cpu");
  put_int (out, array->length);
  put (out, "tQ");
  put_int (out, 0);
  put (out, "(");
  for (int i = 0; i < array->n_dims; i++)
    put_int (out, array->dims[i]);
  put (out, "t(");
  for (int i = 0; i < array->n_dims; i++)
    put_int (out, strides[i]);
  put (out, "t\x89" "ccollections\nOrderedDict\n)RtR");
}

static GBytes *
make_pickle (C2lWeights *weights, const char **names)
{
  GByteArray *out = g_byte_array_new ();

  put (out, "\x80\x02}(");
  put_string (out, "state_dict");
  put (out, "ccollections\nOrderedDict\n)R(");
  for (guint i = 0; names[i] != NULL; i++)
    {
      put_string (out, names[i]);
      put_tensor (out, c2l_weights_lookup (weights, names[i]), i);
    }
  put (out, "uu.");
  return g_byte_array_free_to_bytes (out);
}

/* --- the zip --- */

static gboolean
write_bytes (Archive *archive, gconstpointer data, gsize size, GError **error)
{
  archive->offset += size;
  return g_output_stream_write_all (archive->stream, data, size, NULL, NULL, error);
}

/* What local and central headers share: from the version needed up to the length of the name. */
static void
put_common (GByteArray *out, const Member *member)
{
  put_u16 (out, 20); /* version needed: 2.0 */
  put_u16 (out, 0);  /* flags */
  put_u16 (out, 0);  /* stored */
  put_u16 (out, 0);  /* time: none, so that the same weights give the same file */
  put_u16 (out, 0x21); /* date: 1980-01-01 */
  put_u32 (out, member->crc);
  put_u32 (out, member->size);
  put_u32 (out, member->size);
  put_u16 (out, strlen (member->name));
}

static gboolean
add_member (Archive *archive, const char *name, gconstpointer data, gsize size, GError **error)
{
  Member member = { g_strconcat (TOP, name, NULL), crc32_z (0, data, size), size, archive->offset };
  g_autoptr (GByteArray) header = g_byte_array_new ();
  gsize start = archive->offset + LOCAL_HEADER_SIZE + strlen (member.name);
  gsize padding = (ALIGNMENT - (start + 4) % ALIGNMENT) % ALIGNMENT;

  g_array_append_val (archive->members, member);
  put_u32 (header, 0x04034b50);
  put_common (header, &member);
  put_u16 (header, padding + 4);
  put (header, member.name);
  put (header, "FB"); /* the extra field that PyTorch pads with */
  put_u16 (header, padding);
  for (gsize i = 0; i < padding; i++)
    put (header, "Z");
  return write_bytes (archive, header->data, header->len, error) && write_bytes (archive, data, size, error);
}

static gboolean
add_directory (Archive *archive, GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  guint64 start = archive->offset;
  guint32 size;

  for (guint i = 0; i < archive->members->len; i++)
    {
      const Member *member = &g_array_index (archive->members, Member, i);

      put_u32 (out, 0x02014b50);
      put_u16 (out, 20); /* made by: 2.0, DOS */
      put_common (out, member);
      put_u16 (out, 0); /* extra field */
      put_u16 (out, 0); /* comment */
      put_u16 (out, 0); /* disk */
      put_u16 (out, 0); /* internal attributes */
      put_u32 (out, 0); /* external attributes */
      put_u32 (out, member->offset);
      put (out, member->name);
    }
  size = out->len;
  put_u32 (out, 0x06054b50);
  put_u16 (out, 0);
  put_u16 (out, 0);
  put_u16 (out, archive->members->len);
  put_u16 (out, archive->members->len);
  put_u32 (out, size);
  put_u32 (out, start);
  put_u16 (out, 0);
  return write_bytes (archive, out->data, out->len, error);
}

static gboolean
write_archive (Archive *archive, C2lWeights *weights, const char **names, GError **error)
{
  g_autoptr (GBytes) pickle = make_pickle (weights, names);

  if (!add_member (archive, "data.pkl", g_bytes_get_data (pickle, NULL), g_bytes_get_size (pickle), error)
      || !add_member (archive, "byteorder", "little", strlen ("little"), error))
    return FALSE;
  for (guint i = 0; names[i] != NULL; i++)
    {
      const C2lArray *array = c2l_weights_lookup (weights, names[i]);
      g_autofree char *name = g_strdup_printf ("data/%u", i);

      if (!add_member (archive, name, array->data, array->length * c2l_dtype_get_size (array->dtype), error))
        return FALSE;
    }
  return add_member (archive, "version", "3\n", strlen ("3\n"), error) && add_directory (archive, error)
         && g_output_stream_close (archive->stream, NULL, error);
}

static void
member_clear (gpointer data)
{
  g_free (((Member *) data)->name);
}

gboolean
c2l_torch_save (C2lWeights *weights, const char *path, GError **error)
{
  g_autofree const char **names = c2l_weights_list_names (weights);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileOutputStream) stream = NULL;
  g_autoptr (GOutputStream) buffered = NULL;
  g_autoptr (GArray) members = g_array_new (FALSE, FALSE, sizeof (Member));
  guint64 total = 0;
  guint n = 0;

  for (; names[n] != NULL; n++)
    {
      const C2lArray *array = c2l_weights_lookup (weights, names[n]);
      total += array->length * c2l_dtype_get_size (array->dtype) + 256;
    }
  if (total > G_MAXUINT32 - (1 << 24) || n > G_MAXUINT16 - 8)
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED, "%s: over 4 GiB or 65,000 arrays, which is not written", path);
      return FALSE;
    }
  g_array_set_clear_func (members, member_clear);
  /* GIO writes a file that replaces another one aside and renames it when it is closed. */
  stream = g_file_replace (file, NULL, FALSE, G_FILE_CREATE_REPLACE_DESTINATION, NULL, error);
  if (stream == NULL)
    return FALSE;
  buffered = g_buffered_output_stream_new_sized (G_OUTPUT_STREAM (stream), 1 << 16);
  if (write_archive (&(Archive) { buffered, members, 0 }, weights, names, error))
    return TRUE;
  {
    /* Closing with a cancelled cancellable throws away what was written so far. */
    g_autoptr (GCancellable) cancelled = g_cancellable_new ();

    g_cancellable_cancel (cancelled);
    g_output_stream_close (G_OUTPUT_STREAM (stream), cancelled, NULL);
  }
  return FALSE;
}
