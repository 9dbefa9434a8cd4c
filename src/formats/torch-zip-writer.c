/* The torch archive format as torch-zip.c reads it, in pickle protocol 2 with the constructors that
 * torch itself would write. Members are stored, their data aligned to 64 bytes as torch does, sizes
 * and checksums in front. Files stay below 4 GiB, so no zip64 records are needed; larger ones are
 * refused. */
#include "formats/torch-zip-writer.h"

#include "formats/array.h"
#include "formats/mapped.h"
#include "formats/output.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <zlib.h>

#define ALIGNMENT 64
#define LOCAL_HEADER_SIZE 30
#define EXTRA_PADDING 0x4246 /* the extra field that torch pads with */
#define VERSION_NEEDED 20
#define MAX_JSON_DEPTH 64
#define OWN_PREFIX C2L_TORCH_OWN "."

typedef struct
{
  GOutputStream *stream;
  GByteArray *directory;
  const char *folder;
  guint64 at;
  guint n_members;
  GError **error;
} Writer;

static const char *const storage_names[C2L_N_DTYPES] = {
  [C2L_F32] = "FloatStorage",  [C2L_F16] = "HalfStorage",  [C2L_BF16] = "BFloat16Storage",
  [C2L_F64] = "DoubleStorage", [C2L_I64] = "LongStorage",  [C2L_I32] = "IntStorage",
  [C2L_U8] = "ByteStorage",    [C2L_BOOL] = "BoolStorage",
};

static void
put (GByteArray *out, guint64 value, guint n_bytes)
{
  guint8 bytes[8];
  for (guint i = 0; i < n_bytes; i++)
    bytes[i] = (guint8) (value >> (8 * i));
  g_byte_array_append (out, bytes, n_bytes);
}

static void
put_code (GByteArray *out, char code)
{
  g_byte_array_append (out, (const guint8 *) &code, 1);
}

static void
put_global (GByteArray *out, const char *module, const char *name)
{
  g_autofree char *text = g_strdup_printf ("c%s\n%s\n", module, name);
  g_byte_array_append (out, (const guint8 *) text, (guint) strlen (text));
}

static void
put_string (GByteArray *out, const char *string)
{
  gsize length = strlen (string);
  put_code (out, 'X');
  put (out, length, 4);
  g_byte_array_append (out, (const guint8 *) string, (guint) length);
}

static void
put_int (GByteArray *out, gint64 value)
{
  if (value == (gint32) value)
    {
      put_code (out, 'J');
      put (out, (guint32) (gint32) value, 4);
      return;
    }
  put_code (out, (char) 0x8a);
  put (out, 8, 1);
  put (out, (guint64) value, 8);
}

static void
put_double (GByteArray *out, double value)
{
  guint64 bits;
  memcpy (&bits, &value, sizeof bits);
  put_code (out, 'G');
  put (out, GUINT64_SWAP_LE_BE (bits), 8);
}

static void put_json (GByteArray *out, JsonNode *node, guint depth);

static void
put_json_members (GByteArray *out, JsonObject *object, guint depth)
{
  g_autoptr (GList) keys = json_object_get_members (object);
  for (GList *key = keys; key != NULL; key = key->next)
    {
      put_string (out, key->data);
      put_json (out, json_object_get_member (object, key->data), depth);
    }
}

static void
put_json_container (GByteArray *out, JsonNode *node, guint depth)
{
  gboolean list = JSON_NODE_HOLDS_ARRAY (node);

  put_code (out, list ? ']' : '}');
  put_code (out, '(');
  if (!list)
    put_json_members (out, json_node_get_object (node), depth + 1);
  for (guint i = 0; list && i < json_array_get_length (json_node_get_array (node)); i++)
    put_json (out, json_array_get_element (json_node_get_array (node), i), depth + 1);
  put_code (out, list ? 'e' : 'u');
}

static void
put_json (GByteArray *out, JsonNode *node, guint depth)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;

  if (JSON_NODE_HOLDS_NULL (node) || depth > MAX_JSON_DEPTH)
    put_code (out, 'N');
  else if (!JSON_NODE_HOLDS_VALUE (node))
    put_json_container (out, node, depth);
  else if (type == G_TYPE_STRING)
    put_string (out, json_node_get_string (node));
  else if (type == G_TYPE_BOOLEAN)
    put_code (out, json_node_get_boolean (node) ? (char) 0x88 : (char) 0x89);
  else if (type == G_TYPE_DOUBLE)
    put_double (out, json_node_get_double (node));
  else
    put_int (out, json_node_get_int (node));
}

/* _rebuild_tensor_v2 (storage, 0, size, stride, False, OrderedDict ()) */
static void
put_tensor (GByteArray *out, const C2lArray *array, guint key)
{
  gint64 strides[C2L_MAX_DIMS], step = 1;
  char name[16];

  for (int i = array->n_dims - 1; i >= 0; i--)
    {
      strides[i] = step;
      step *= MAX (array->dims[i], 1);
    }
  g_snprintf (name, sizeof name, "%u", key);
  put_global (out, "torch._utils", "_rebuild_tensor_v2");
  put_code (out, '(');
  put_code (out, '(');
  put_string (out, "storage");
  put_global (out, "torch", storage_names[array->dtype]);
  put_string (out, name);
  put_string (out, "cpu");
  put_int (out, (gint64) array->length);
  put_code (out, 't');
  put_code (out, 'Q');
  put_int (out, 0);
  put_code (out, '(');
  for (int i = 0; i < array->n_dims; i++)
    put_int (out, array->dims[i]);
  put_code (out, 't');
  put_code (out, '(');
  for (int i = 0; i < array->n_dims; i++)
    put_int (out, strides[i]);
  put_code (out, 't');
  put_code (out, (char) 0x89);
  put_global (out, "collections", "OrderedDict");
  put_code (out, ')');
  put_code (out, 'R');
  put_code (out, 't');
  put_code (out, 'R');
}

static gboolean
is_own (const char *name)
{
  return g_str_has_prefix (name, OWN_PREFIX);
}

/* A dictionary of those tensors that are ours, or of those that are not. */
static void
put_tensors (GByteArray *out, C2lWeights *weights, const char **names, gboolean own)
{
  put_string (out, own ? C2L_TORCH_OWN : "state_dict");
  put_global (out, "collections", "OrderedDict");
  put_code (out, ')');
  put_code (out, 'R');
  put_code (out, '(');
  for (guint i = 0; names[i] != NULL; i++)
    if (is_own (names[i]) == own)
      {
        put_string (out, names[i] + (own ? strlen (OWN_PREFIX) : 0));
        put_tensor (out, c2l_weights_lookup (weights, names[i]), i);
      }
  put_code (out, 'u');
}

static gboolean
has_own (const char **names)
{
  for (guint i = 0; names[i] != NULL; i++)
    if (is_own (names[i]))
      return TRUE;
  return FALSE;
}

static GByteArray *
make_pickle (C2lWeights *weights, const char **names, JsonObject *extra)
{
  GByteArray *out = g_byte_array_new ();

  put (out, 0x0280, 2);
  put_code (out, '}');
  put_code (out, '(');
  put_tensors (out, weights, names, FALSE);
  if (has_own (names))
    put_tensors (out, weights, names, TRUE);
  if (extra != NULL)
    put_json_members (out, extra, 0);
  put_code (out, 'u');
  put_code (out, '.');
  return out;
}

static gboolean
write_bytes (Writer *writer, gconstpointer data, gsize size)
{
  writer->at += size;
  return size == 0
         || g_output_stream_write_all (writer->stream, data, size, NULL, NULL, writer->error);
}

/* The 26 bytes that the local header and the directory's entry share, up to the length of the extra
 * field. */
static void
put_common (GByteArray *out, guint32 checksum, gsize size, gsize name_length, gsize extra_length)
{
  put (out, VERSION_NEEDED, 2);
  put (out, 0, 2);    /* flags */
  put (out, 0, 2);    /* stored */
  put (out, 0, 2);    /* time: none, so that equal models make equal files */
  put (out, 0x21, 2); /* 1 January 1980 */
  put (out, checksum, 4);
  put (out, size, 4);
  put (out, size, 4);
  put (out, name_length, 2);
  put (out, extra_length, 2);
}

static gboolean
write_member (Writer *writer, const char *name, gconstpointer data, gsize size)
{
  g_autofree char *full = g_strconcat (writer->folder, "/", name, NULL);
  g_autoptr (GByteArray) header = g_byte_array_new ();
  gsize name_length = strlen (full);
  guint32 checksum = (guint32) crc32_z (crc32_z (0, NULL, 0), data, size);

  /* The padding is an extra field of its own, which takes four bytes for its head. */
  gsize plain = writer->at + LOCAL_HEADER_SIZE + name_length + 4;
  gsize padding = (ALIGNMENT - plain % ALIGNMENT) % ALIGNMENT;
  if (plain + padding + size > G_MAXUINT32 - (1u << 24))
    {
      g_set_error (
          writer->error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
          _ ("the model needs more than 4 GiB, which this torch file cannot hold; export it "
             "as float16"));
      return FALSE;
    }

  guint64 offset = writer->at;
  put (header, 0x04034b50, 4);
  put_common (header, checksum, size, name_length, 4 + padding);
  g_byte_array_append (header, (const guint8 *) full, (guint) name_length);
  put (header, EXTRA_PADDING, 2);
  put (header, padding, 2);
  for (gsize i = 0; i < padding; i++)
    put_code (header, 'Z');

  put (writer->directory, 0x02014b50, 4);
  put (writer->directory, VERSION_NEEDED, 2);
  put_common (writer->directory, checksum, size, name_length, 0);
  put (writer->directory, 0, 2); /* comment */
  put (writer->directory, 0, 2); /* disk */
  put (writer->directory, 0, 2); /* internal attributes */
  put (writer->directory, 0, 4); /* external attributes */
  put (writer->directory, offset, 4);
  g_byte_array_append (writer->directory, (const guint8 *) full, (guint) name_length);
  writer->n_members++;
  return write_bytes (writer, header->data, header->len) && write_bytes (writer, data, size);
}

static gboolean
write_end (Writer *writer)
{
  guint64 start = writer->at, size = writer->directory->len;

  put (writer->directory, 0x06054b50, 4);
  put (writer->directory, 0, 4); /* disks */
  put (writer->directory, writer->n_members, 2);
  put (writer->directory, writer->n_members, 2);
  put (writer->directory, size, 4);
  put (writer->directory, start, 4);
  put (writer->directory, 0, 2); /* comment */
  return write_bytes (writer, writer->directory->data, writer->directory->len);
}

static gboolean
write_all (Writer *writer, C2lWeights *weights, const char **names, JsonObject *extra)
{
  const char *order = G_BYTE_ORDER == G_LITTLE_ENDIAN ? "little" : "big";
  g_autoptr (GByteArray) pickle = make_pickle (weights, names, extra);

  if (!write_member (writer, "data.pkl", pickle->data, pickle->len)
      || !write_member (writer, "byteorder", order, strlen (order)))
    return FALSE;
  for (guint i = 0; names[i] != NULL; i++)
    {
      const C2lArray *array = c2l_weights_lookup (weights, names[i]);
      g_autofree char *name = g_strdup_printf ("data/%u", i);
      if (!write_member (writer, name, array->data, c2l_array_get_size (array)))
        return FALSE;
    }
  return write_member (writer, "version", "3\n", 2) && write_end (writer);
}

gboolean
c2l_torch_zip_save (C2lWeights *weights, JsonObject *extra, const char *path, GError **error)
{
  g_return_val_if_fail (weights != NULL && path != NULL, FALSE);

  g_autofree const char **names = c2l_weights_list_names (weights);
  for (guint i = 0; names[i] != NULL; i++)
    {
      const C2lArray *array = c2l_weights_lookup (weights, names[i]);
      if (storage_names[array->dtype] != NULL && i < G_MAXUINT16 - 8)
        continue;
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
                   _ ("“%s” (%s) cannot be part of a torch file; leave it out"), names[i],
                   c2l_dtype_get_name (array->dtype));
      return FALSE;
    }

  g_autoptr (GOutputStream) stream = c2l_output_open (path, error);
  g_autoptr (GByteArray) directory = g_byte_array_new ();
  Writer writer = { .stream = stream, .directory = directory, .folder = "archive", .error = error };
  return stream != NULL
         && c2l_output_close (
             stream, write_all (&writer, weights, names, extra) && c2l_mapped_check (NULL, error),
             error);
}
