/* .npy files. The header is a Python dictionary literal; only the form that NumPy writes is read:
 * the three keys, strings, True or False, and a tuple of integers. Nothing is evaluated. */
#include "formats/npy.h"

#include "formats/output.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static const char magic[6] = { '\x93', 'N', 'U', 'M', 'P', 'Y' };

/* The longest header that is looked at; NumPy's are around 100 bytes. */
#define MAX_HEADER (1u << 16)

typedef struct
{
  const char *p;
  const char *end;
} Cursor;

typedef struct
{
  char descr[16];
  gboolean is_fortran;
  gint64 dims[C2L_MAX_DIMS];
  int n_dims;
  gboolean has_descr;
  gboolean has_order;
  gboolean has_shape;
} Header;

static const struct
{
  const char *code; /* without the byte order */
  C2lDtype dtype;
} types[] = {
  { "f4", C2L_F32 }, { "f2", C2L_F16 }, { "f8", C2L_F64 }, { "i8", C2L_I64 },  { "i4", C2L_I32 },
  { "i2", C2L_I16 }, { "i1", C2L_I8 },  { "u1", C2L_U8 },  { "b1", C2L_BOOL },
};

static gboolean
fail (GError **error, C2lFormatError code, const char *name, const char *what)
{
  g_set_error (error, C2L_FORMAT_ERROR, code, "%s: %s", name, what);
  return FALSE;
}

static void
skip_space (Cursor *cursor)
{
  while (cursor->p < cursor->end && (*cursor->p == ' ' || *cursor->p == '\n' || *cursor->p == '\t'))
    cursor->p++;
}

static gboolean
take_char (Cursor *cursor, char c)
{
  skip_space (cursor);
  if (cursor->p == cursor->end || *cursor->p != c)
    return FALSE;
  cursor->p++;
  return TRUE;
}

static gboolean
take_word (Cursor *cursor, const char *word)
{
  gsize length = strlen (word);

  skip_space (cursor);
  if ((gsize) (cursor->end - cursor->p) < length || memcmp (cursor->p, word, length) != 0)
    return FALSE;
  cursor->p += length;
  return TRUE;
}

/* A quoted string without escapes into @out. */
static gboolean
take_string (Cursor *cursor, char *out, gsize out_size)
{
  const char *start;
  char quote;

  skip_space (cursor);
  if (cursor->p == cursor->end || (*cursor->p != '\'' && *cursor->p != '"'))
    return FALSE;
  quote = *cursor->p++;
  start = cursor->p;
  while (cursor->p < cursor->end && *cursor->p != quote && *cursor->p != '\\')
    cursor->p++;
  if (cursor->p == cursor->end || *cursor->p != quote || (gsize) (cursor->p - start) >= out_size)
    return FALSE;
  memcpy (out, start, cursor->p - start);
  out[cursor->p - start] = '\0';
  cursor->p++;
  return TRUE;
}

static gboolean
take_dim (Cursor *cursor, gint64 *dim)
{
  const char *start;

  skip_space (cursor);
  start = cursor->p;
  *dim = 0;
  for (; cursor->p < cursor->end && g_ascii_isdigit (*cursor->p); cursor->p++)
    {
      if (*dim > (G_MAXINT64 - 9) / 10)
        return FALSE;
      *dim = *dim * 10 + (*cursor->p - '0');
    }
  /* Python 2 wrote long integers with an L. */
  if (cursor->p > start && cursor->p < cursor->end && *cursor->p == 'L')
    cursor->p++;
  return cursor->p > start;
}

static gboolean
take_shape (Cursor *cursor, Header *header)
{
  if (!take_char (cursor, '('))
    return FALSE;
  while (!take_char (cursor, ')'))
    {
      if (header->n_dims == C2L_MAX_DIMS || !take_dim (cursor, &header->dims[header->n_dims]))
        return FALSE;
      header->n_dims++;
      if (!take_char (cursor, ','))
        return take_char (cursor, ')');
    }
  return TRUE;
}

static gboolean
take_order (Cursor *cursor, Header *header)
{
  if (take_word (cursor, "True"))
    header->is_fortran = TRUE;
  else if (!take_word (cursor, "False"))
    return FALSE;
  return TRUE;
}

static gboolean
parse_header (Cursor cursor, Header *header, const char *name, GError **error)
{
  const char *what = _ ("damaged header; make the file again with numpy.save");

  if (!take_char (&cursor, '{'))
    return fail (error, C2L_FORMAT_ERROR_DAMAGED, name, what);
  while (!take_char (&cursor, '}'))
    {
      char key[16];
      gboolean is_good;

      if (!take_string (&cursor, key, sizeof key) || !take_char (&cursor, ':'))
        return fail (error, C2L_FORMAT_ERROR_DAMAGED, name, what);
      if (strcmp (key, "descr") == 0 && !header->has_descr)
        {
          skip_space (&cursor);
          if (cursor.p < cursor.end && *cursor.p == '[')
            return fail (error, C2L_FORMAT_ERROR_UNSUPPORTED, name,
                         _ ("an array of records; save its columns as arrays of numbers"));
          is_good = header->has_descr = take_string (&cursor, header->descr, sizeof header->descr);
        }
      else if (strcmp (key, "fortran_order") == 0 && !header->has_order)
        is_good = header->has_order = take_order (&cursor, header);
      else if (strcmp (key, "shape") == 0 && !header->has_shape)
        is_good = header->has_shape = take_shape (&cursor, header);
      else
        is_good = FALSE;
      if (!is_good)
        return fail (error, C2L_FORMAT_ERROR_DAMAGED, name, what);
      if (!take_char (&cursor, ',') && !(cursor.p < cursor.end && *cursor.p == '}'))
        return fail (error, C2L_FORMAT_ERROR_DAMAGED, name, what);
    }
  skip_space (&cursor);
  if (cursor.p != cursor.end || !header->has_descr || !header->has_order || !header->has_shape)
    return fail (error, C2L_FORMAT_ERROR_DAMAGED, name, what);
  return TRUE;
}

/* The type that @descr ("<f4") names, and whether its bytes must be swapped. */
static gboolean
find_type (const char *descr,
           C2lDtype *dtype,
           gboolean *is_swapped,
           const char *name,
           GError **error)
{
  char order = descr[0];

  if (strchr (descr, 'O') != NULL)
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_FORBIDDEN,
                   _ ("%s: an array of Python objects (dtype “%s”), which would run code; save "
                      "numbers only"),
                   name, descr);
      return FALSE;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (types) && order != '\0'; i++)
    {
      if (strcmp (descr + 1, types[i].code) == 0 && strchr ("<>|=", order) != NULL)
        {
          *dtype = types[i].dtype;
          *is_swapped = order == (G_BYTE_ORDER == G_LITTLE_ENDIAN ? '>' : '<');
          return TRUE;
        }
    }
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
               _ ("%s: elements of type “%s” are not supported; save as float32"), name, descr);
  return FALSE;
}

static gboolean
set_shape (C2lArray *array, const Header *header, gsize available, const char *name, GError **error)
{
  gsize bytes = c2l_dtype_get_size (array->dtype);

  array->n_dims = header->n_dims;
  array->length = 1;
  for (int i = 0; i < header->n_dims; i++)
    {
      array->dims[i] = header->dims[i];
      if (!g_size_checked_mul (&array->length, array->length, header->dims[i]))
        return fail (error, C2L_FORMAT_ERROR_DAMAGED, name,
                     _ ("the shape is larger than any memory"));
    }
  if (!g_size_checked_mul (&bytes, bytes, array->length) || bytes > available)
    return fail (error, C2L_FORMAT_ERROR_DAMAGED, name,
                 _ ("fewer data than the shape says; the file is cut off"));
  return TRUE;
}

static void
copy_element (guint8 *to, const guint8 *from, gsize size, gboolean is_swapped)
{
  for (gsize i = 0; i < size; i++)
    to[i] = from[is_swapped ? size - 1 - i : i];
}

/* A row-major copy in this machine's byte order. */
static gpointer
convert (const C2lArray *array, gboolean is_fortran, gboolean is_swapped)
{
  gsize size = c2l_dtype_get_size (array->dtype);
  guint8 *out = g_malloc (MAX (array->length * size, 1));
  const guint8 *in = array->data;
  gint64 index[C2L_MAX_DIMS] = { 0 };

  for (gsize i = 0; i < array->length; i++)
    {
      gsize from = i;

      if (is_fortran)
        {
          from = 0;
          for (int axis = array->n_dims - 1; axis >= 0; axis--)
            from = from * array->dims[axis] + index[axis];
        }
      copy_element (out + i * size, in + from * size, size, is_swapped);
      for (int axis = array->n_dims - 1; axis >= 0 && ++index[axis] == array->dims[axis]; axis--)
        index[axis] = 0;
    }
  return out;
}

/* Finds the header's text and where the data begin. */
static gboolean
locate_header (const guint8 *data, gsize size, Cursor *header, const char *name, GError **error)
{
  gsize start = 10;
  gsize length;

  if (size < 10 || memcmp (data, magic, sizeof magic) != 0)
    return fail (error, C2L_FORMAT_ERROR_UNKNOWN, name, _ ("not a NumPy file"));
  if (data[6] < 1 || data[6] > 3)
    return fail (error, C2L_FORMAT_ERROR_UNSUPPORTED, name,
                 _ ("written by a newer NumPy format than 3; save it again"));
  length = data[8] | data[9] << 8;
  if (data[6] > 1)
    {
      if (size < 12)
        return fail (error, C2L_FORMAT_ERROR_DAMAGED, name, _ ("the header is cut off"));
      length |= (gsize) data[10] << 16 | (gsize) data[11] << 24;
      start = 12;
    }
  if (length > size - start || length > MAX_HEADER)
    return fail (error, C2L_FORMAT_ERROR_DAMAGED, name, _ ("the header is longer than the file"));
  header->p = (const char *) data + start;
  header->end = header->p + length;
  return TRUE;
}

C2lNpy *
c2l_npy_parse (gconstpointer data, gsize size, const char *name, GError **error)
{
  g_autoptr (C2lNpy) npy = g_new0 (C2lNpy, 1);
  const guint8 *end = (const guint8 *) data + size;
  Header header = { 0 };
  Cursor text;
  gboolean is_swapped;

  if (!locate_header (data, size, &text, name, error) || !parse_header (text, &header, name, error)
      || !find_type (header.descr, &npy->array.dtype, &is_swapped, name, error)
      || !set_shape (&npy->array, &header, end - (const guint8 *) text.end, name, error))
    return NULL;

  npy->array.data = text.end;
  is_swapped = is_swapped && c2l_dtype_get_size (npy->array.dtype) > 1;
  if (is_swapped || (header.is_fortran && header.n_dims > 1))
    {
      npy->storage = convert (&npy->array, header.is_fortran, is_swapped);
      npy->array.data = npy->storage;
    }
  return g_steal_pointer (&npy);
}

C2lNpy *
c2l_npy_load (const char *path, GError **error)
{
  g_autoptr (C2lNpy) npy = NULL;
  g_autofree char *contents = NULL;
  gsize size;

  g_return_val_if_fail (path != NULL, NULL);

  if (!g_file_get_contents (path, &contents, &size, error))
    return NULL;
  npy = c2l_npy_parse (contents, size, path, error);
  if (npy != NULL && npy->storage == NULL)
    npy->storage = g_steal_pointer (&contents);
  return g_steal_pointer (&npy);
}

void
c2l_npy_free (C2lNpy *npy)
{
  if (npy == NULL)
    return;
  g_free (npy->storage);
  g_free (npy);
}

GBytes *
c2l_npy_write_bytes (const float *values, const gint64 *dims, int n_dims)
{
  g_autoptr (GString) out = g_string_new (NULL);
  gsize length = 1;
  gsize header_start = 10;
  guint16 header_length;

  g_return_val_if_fail (n_dims >= 0 && n_dims <= C2L_MAX_DIMS, NULL);

  g_string_append_len (out, magic, sizeof magic);
  g_string_append_len (out, "\1\0\0\0", 4);
  g_string_append (out, "{'descr': '<f4', 'fortran_order': False, 'shape': (");
  for (int i = 0; i < n_dims; i++)
    {
      g_string_append_printf (out, i == 0 ? "%" G_GINT64_FORMAT : ", %" G_GINT64_FORMAT, dims[i]);
      length *= dims[i];
    }
  g_string_append (out, n_dims == 1 ? ",), }" : "), }");
  /* NumPy aligns the data to 64 bytes and ends the header with a line break. */
  while ((out->len + 1) % 64 != 0)
    g_string_append_c (out, ' ');
  g_string_append_c (out, '\n');

  header_length = GUINT16_TO_LE (out->len - header_start);
  memcpy (out->str + 8, &header_length, sizeof header_length);
  for (gsize i = 0; i < length && G_BYTE_ORDER == G_BIG_ENDIAN; i++)
    {
      guint8 swapped[4];

      copy_element (swapped, (const guint8 *) &values[i], sizeof swapped, TRUE);
      g_string_append_len (out, (const char *) swapped, sizeof swapped);
    }
  if (G_BYTE_ORDER == G_LITTLE_ENDIAN)
    g_string_append_len (out, (const char *) values, length * sizeof (float));
  return g_string_free_to_bytes (g_steal_pointer (&out));
}

gboolean
c2l_npy_save (const char *path, const float *values, const gint64 *dims, int n_dims, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  gconstpointer data;
  gsize size;

  g_return_val_if_fail (path != NULL && values != NULL && dims != NULL, FALSE);

  bytes = c2l_npy_write_bytes (values, dims, n_dims);
  data = g_bytes_get_data (bytes, &size);
  return c2l_output_save (path, data, size, error);
}
