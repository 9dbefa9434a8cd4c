/* A strict reader of safetensors headers. It is written for this one grammar instead of a general
 * JSON parser because the header comes from outside: depth is fixed by the grammar (so nothing
 * recurses), duplicate keys, NULs, fractions and numbers over 63 bits are errors, and every shape
 * is checked against its byte range here. */
#include "formats/safetensors-header.h"

#include "formats/array.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct
{
  const char *at;
  const char *end;
  GError **error;
} Reader;

static const struct
{
  const char *name;
  C2lDtype dtype;
} dtypes[] = {
  { "F32", C2L_F32 }, { "F16", C2L_F16 },   { "BF16", C2L_BF16 }, { "F64", C2L_F64 },
  { "I64", C2L_I64 }, { "I32", C2L_I32 },   { "I16", C2L_I16 },   { "I8", C2L_I8 },
  { "U8", C2L_U8 },   { "BOOL", C2L_BOOL },
};

const char *
c2l_safetensors_dtype_name (C2lDtype dtype)
{
  for (gsize i = 0; i < G_N_ELEMENTS (dtypes); i++)
    if (dtypes[i].dtype == dtype)
      return dtypes[i].name;
  return NULL;
}

void
c2l_safetensor_clear (gpointer tensor)
{
  g_free (((C2lSafetensor *) tensor)->name);
}

static gboolean G_GNUC_PRINTF (2, 3) fail (Reader *reader, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (reader->error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
               _ ("damaged safetensors header: %s; fetch the file again"), what);
  return FALSE;
}

static void
skip_space (Reader *reader)
{
  while (reader->at < reader->end && strchr (" \t\r\n", *reader->at) && *reader->at != '\0')
    reader->at++;
}

/* Takes @c if it comes next. */
static gboolean
accept (Reader *reader, char c)
{
  skip_space (reader);
  if (reader->at >= reader->end || *reader->at != c)
    return FALSE;
  reader->at++;
  return TRUE;
}

static gboolean
expect (Reader *reader, char c)
{
  return accept (reader, c) || fail (reader, "“%c” is missing", c);
}

static gboolean
read_hex4 (Reader *reader, gunichar *value)
{
  *value = 0;
  for (int i = 0; i < 4; i++, reader->at++)
    {
      if (reader->at >= reader->end || !g_ascii_isxdigit (*reader->at))
        return fail (reader, "a text has a bad escape in it");
      *value = *value << 4 | (gunichar) g_ascii_xdigit_value (*reader->at);
    }
  return TRUE;
}

/* What follows "\u": one unit, or a surrogate pair. */
static gboolean
read_unicode_escape (Reader *reader, GString *out)
{
  gunichar high, low;
  if (!read_hex4 (reader, &high))
    return FALSE;
  if (high >= 0xd800 && high < 0xdc00)
    {
      if (reader->end - reader->at < 2 || reader->at[0] != '\\' || reader->at[1] != 'u')
        return fail (reader, "a text has half a character in it");
      reader->at += 2;
      if (!read_hex4 (reader, &low))
        return FALSE;
      if (low < 0xdc00 || low > 0xdfff)
        return fail (reader, "a text has half a character in it");
      high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
  if (high == 0 || !g_unichar_validate (high))
    return fail (reader, "a text has a character in it that is none");
  g_string_append_unichar (out, high);
  return TRUE;
}

static gboolean
read_escape (Reader *reader, GString *out)
{
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

  if (reader->at >= reader->end)
    return fail (reader, "it ends in a text");
  char c = *reader->at++;
  if (c == 'u')
    return read_unicode_escape (reader, out);
  const char *found = c ? strchr (from, c) : NULL;
  if (found == NULL)
    return fail (reader, "a text has a bad escape in it");
  g_string_append_c (out, to[found - from]);
  return TRUE;
}

/* A JSON string; NULL on error. */
static char *
read_string (Reader *reader)
{
  if (!expect (reader, '"'))
    return NULL;

  g_autoptr (GString) out = g_string_new (NULL);
  while (reader->at < reader->end && *reader->at != '"')
    {
      char c = *reader->at++;
      if ((guint8) c < 0x20)
        {
          fail (reader, "a text has a control character in it");
          return NULL;
        }
      if (c != '\\')
        g_string_append_c (out, c);
      else if (!read_escape (reader, out))
        return NULL;
    }
  if (!expect (reader, '"'))
    return NULL;
  if (!g_utf8_validate_len (out->str, out->len, NULL))
    {
      fail (reader, "a text is not UTF-8");
      return NULL;
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static gboolean
read_integer (Reader *reader, gint64 *value)
{
  skip_space (reader);
  const char *start = reader->at;
  *value = 0;
  for (; reader->at < reader->end && g_ascii_isdigit (*reader->at); reader->at++)
    if (__builtin_mul_overflow (*value, 10, value)
        || __builtin_add_overflow (*value, *reader->at - '0', value))
      return fail (reader, "a number is too large");
  if (reader->at == start
      || (reader->at < reader->end && strchr (".eE", *reader->at) && *reader->at))
    return fail (reader, "a size is not a whole number");
  return TRUE;
}

/* [ integer, … ] with at most @max of them. */
static gboolean
read_integers (Reader *reader, gint64 *values, int max, int *n)
{
  *n = 0;
  if (!expect (reader, '['))
    return FALSE;
  if (accept (reader, ']'))
    return TRUE;
  do
    {
      if (*n >= max)
        return fail (reader, "a list has more than %d numbers", max);
      if (!read_integer (reader, &values[(*n)++]))
        return FALSE;
    }
  while (accept (reader, ','));
  return expect (reader, ']');
}

static gboolean
read_dtype (Reader *reader, C2lDtype *dtype)
{
  g_autofree char *name = read_string (reader);
  if (name == NULL)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (dtypes); i++)
    if (g_str_equal (name, dtypes[i].name))
      {
        *dtype = dtypes[i].dtype;
        return TRUE;
      }
  g_set_error (reader->error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
               _ ("the element type “%s” is not known here; convert the file to F32 or F16"), name);
  return FALSE;
}

/* One member of a tensor's description; each may come once. */
static gboolean
read_field (Reader *reader,
            guint *seen,
            C2lDtype *dtype,
            gint64 *dims,
            int *n_dims,
            gint64 *offsets)
{
  static const char *const fields[] = { "dtype", "shape", "data_offsets" };
  g_autofree char *key = read_string (reader);
  int n_offsets;
  guint field = 0;

  if (key == NULL || !expect (reader, ':'))
    return FALSE;
  while (field < G_N_ELEMENTS (fields) && !g_str_equal (key, fields[field]))
    field++;
  if (field == G_N_ELEMENTS (fields) || *seen & 1u << field)
    return fail (reader, "a tensor has “%s” where its type, shape or place belongs", key);
  *seen |= 1u << field;
  if (field == 0)
    return read_dtype (reader, dtype);
  if (field == 1)
    return read_integers (reader, dims, C2L_MAX_DIMS, n_dims);
  return read_integers (reader, offsets, 2, &n_offsets)
         && (n_offsets == 2 || fail (reader, "a tensor's place is not two numbers"));
}

static gboolean
read_tensor (Reader *reader, const char *name, C2lSafetensor *tensor)
{
  gint64 dims[C2L_MAX_DIMS], offsets[2];
  C2lDtype dtype = C2L_F32;
  int n_dims = 0;
  guint seen = 0;

  if (!expect (reader, '{'))
    return FALSE;
  do
    if (!read_field (reader, &seen, &dtype, dims, &n_dims, offsets))
      return FALSE;
  while (accept (reader, ','));
  if (!expect (reader, '}'))
    return FALSE;
  if (seen != 7)
    return fail (reader, "“%s” lacks its type, shape or place", name);
  if (!c2l_array_init (&tensor->array, dtype, n_dims, dims))
    return fail (reader, "“%s” has a shape that no memory could hold", name);
  if (offsets[1] < offsets[0]
      || (guint64) (offsets[1] - offsets[0]) != c2l_array_get_size (&tensor->array))
    return fail (reader, "“%s” has a place that does not fit its shape", name);
  tensor->begin = (guint64) offsets[0];
  tensor->end = (guint64) offsets[1];
  return TRUE;
}

static gboolean
read_metadata (Reader *reader, GHashTable *metadata)
{
  if (!expect (reader, '{'))
    return FALSE;
  if (accept (reader, '}'))
    return TRUE;
  do
    {
      g_autofree char *key = read_string (reader);
      if (key == NULL || !expect (reader, ':'))
        return FALSE;
      char *value = read_string (reader);
      if (value == NULL)
        return FALSE;
      g_hash_table_replace (metadata, g_steal_pointer (&key), value);
    }
  while (accept (reader, ','));
  return expect (reader, '}');
}

static gboolean
read_member (Reader *reader, GHashTable *names, GArray *tensors, GHashTable *metadata)
{
  g_autofree char *name = read_string (reader);
  if (name == NULL || !expect (reader, ':'))
    return FALSE;
  if (!g_hash_table_add (names, g_strdup (name)))
    return fail (reader, "“%s” comes twice", name);
  if (g_str_equal (name, "__metadata__"))
    return read_metadata (reader, metadata);

  C2lSafetensor tensor;
  if (!read_tensor (reader, name, &tensor))
    return FALSE;
  tensor.name = g_steal_pointer (&name);
  g_array_append_val (tensors, tensor);
  return TRUE;
}

gboolean
c2l_safetensors_read_header (const char *text,
                             gsize length,
                             GArray *tensors,
                             GHashTable *metadata,
                             GError **error)
{
  Reader reader = { text, text + length, error };
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  if (!expect (&reader, '{'))
    return FALSE;
  if (!accept (&reader, '}'))
    {
      do
        if (!read_member (&reader, names, tensors, metadata))
          return FALSE;
      while (accept (&reader, ','));
      if (!expect (&reader, '}'))
        return FALSE;
    }
  skip_space (&reader);
  return reader.at == reader.end || fail (&reader, "something follows it");
}
