/* The pickle machine's opcodes for single values: constants, numbers and texts, in the binary forms
 * and in the lines of protocol 0. */
#include "formats/pickle-machine.h"

#include <string.h>

static C2lPickleValue *
bool_new (C2lPickleMachine *machine, gboolean boolean)
{
  C2lPickleValue *value = c2l_pickle_value_new (machine->pickle, C2L_PICKLE_BOOL);
  value->boolean = boolean;
  return value;
}

static gboolean
op_constant (C2lPickleMachine *machine, guint8 code, GError **error)
{
  if (code == 'N')
    return c2l_machine_push (machine, c2l_pickle_value_new (machine->pickle, C2L_PICKLE_NONE),
                             error);
  return c2l_machine_push (machine, bool_new (machine, code == 0x88), error);
}

static gboolean
op_binary_int (C2lPickleMachine *machine, guint8 code, GError **error)
{
  guint64 number;
  guint n_bytes = code == 'K' ? 1 : code == 'M' ? 2 : 4;
  if (!c2l_machine_take_number (machine, n_bytes, &number, error))
    return FALSE;
  gint64 value = n_bytes == 4 ? (gint32) (guint32) number : (gint64) number;
  return c2l_machine_push (machine, c2l_pickle_int_new (machine->pickle, value), error);
}

static gboolean
op_long (C2lPickleMachine *machine, guint8 code, GError **error)
{
  guint64 length;
  if (!c2l_machine_take_number (machine, code == 0x8a ? 1 : 4, &length, error))
    return FALSE;
  if (length > G_MAXINT32)
    return c2l_pickle_damaged (error, "a number has a negative length");
  const guint8 *bytes = c2l_machine_take (machine, length, error);
  if (bytes == NULL)
    return FALSE;
  /* Some writers pad with the sign. */
  while (length > 8 && bytes[length - 1] == (bytes[length - 2] & 0x80 ? 0xff : 0))
    length--;
  if (length > 8)
    return c2l_machine_push (
        machine,
        c2l_pickle_text_new (machine->pickle, C2L_PICKLE_BIG_INT, (const char *) bytes, length),
        error);

  guint64 value = c2l_machine_little_endian (bytes, (guint) length);
  if (length > 0 && length < 8 && bytes[length - 1] & 0x80)
    value |= ~G_GUINT64_CONSTANT (0) << (8 * length);
  return c2l_machine_push (machine, c2l_pickle_int_new (machine->pickle, (gint64) value), error);
}

/* Protocol 0: "I01", "I42", "L42L" on a line. */
static gboolean
op_text_int (C2lPickleMachine *machine, guint8 code, GError **error)
{
  gsize length;
  gint64 value;
  const char *line = c2l_machine_take_line (machine, &length, error);
  if (line == NULL)
    return FALSE;

  g_autofree char *text = g_strndup (line, length);
  if (code == 'I' && (g_str_equal (text, "00") || g_str_equal (text, "01")))
    return c2l_machine_push (machine, bool_new (machine, text[1] == '1'), error);
  if (code == 'L' && g_str_has_suffix (text, "L"))
    text[length - 1] = '\0';
  if (!g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &value, NULL))
    return c2l_pickle_damaged (error, "a number is not written as one");
  return c2l_machine_push (machine, c2l_pickle_int_new (machine->pickle, value), error);
}

static gboolean
op_binary_float (C2lPickleMachine *machine, guint8 code, GError **error)
{
  const guint8 *bytes = c2l_machine_take (machine, 8, error);
  if (bytes == NULL)
    return FALSE;
  guint64 bits;
  double number;
  memcpy (&bits, bytes, sizeof bits);
  bits = GUINT64_FROM_BE (bits);
  memcpy (&number, &bits, sizeof number);
  return c2l_machine_push (machine, c2l_pickle_float_new (machine->pickle, number), error);
}

static gboolean
op_text_float (C2lPickleMachine *machine, guint8 code, GError **error)
{
  gsize length;
  const char *line = c2l_machine_take_line (machine, &length, error);
  if (line == NULL)
    return FALSE;
  g_autofree char *text = g_strndup (line, length);
  char *end;
  double number = g_ascii_strtod (text, &end);
  if (end == text || *end != '\0')
    return c2l_pickle_damaged (error, "a number is not written as one");
  return c2l_machine_push (machine, c2l_pickle_float_new (machine->pickle, number), error);
}

/* UTF-8 that may hold NULs, which g_utf8_validate_len does not take. */
static gboolean
is_utf8 (const char *data, gsize length)
{
  while (length > 0)
    {
      const char *end;
      if (g_utf8_validate_len (data, length, &end))
        return TRUE;
      if (*end != '\0')
        return FALSE;
      length -= (gsize) (end - data) + 1;
      data = end + 1;
    }
  return TRUE;
}

static gboolean
op_sized_text (C2lPickleMachine *machine, guint8 code, GError **error)
{
  static const struct
  {
    guint8 code;
    guint8 n_bytes;
    C2lPickleKind kind;
  } forms[] = {
    { 0x8c, 1, C2L_PICKLE_STRING }, { 'X', 4, C2L_PICKLE_STRING }, { 0x8d, 8, C2L_PICKLE_STRING },
    { 'C', 1, C2L_PICKLE_BYTES },   { 'B', 4, C2L_PICKLE_BYTES },  { 0x8e, 8, C2L_PICKLE_BYTES },
    { 0x96, 8, C2L_PICKLE_BYTES },  { 'U', 1, C2L_PICKLE_STRING }, { 'T', 4, C2L_PICKLE_STRING },
  };
  guint form = 0;
  while (forms[form].code != code)
    form++;

  guint64 length;
  if (!c2l_machine_take_number (machine, forms[form].n_bytes, &length, error))
    return FALSE;
  const char *data = (const char *) c2l_machine_take (machine, length, error);
  if (data == NULL)
    return FALSE;

  C2lPickleKind kind = forms[form].kind;
  if (kind == C2L_PICKLE_STRING && !is_utf8 (data, length))
    {
      /* Python 2's strings may be either. */
      if (code != 'U' && code != 'T')
        return c2l_pickle_damaged (error, "a text is not UTF-8");
      kind = C2L_PICKLE_BYTES;
    }
  return c2l_machine_push (machine, c2l_pickle_text_new (machine->pickle, kind, data, length),
                           error);
}

/* The characters of an escaped text: \\, \', \", \n, \r, \t, \xHH, and with @unicode \uHHHH and
 * \UHHHHHHHH. */
static gboolean
unescape (const char *in, gsize length, gboolean unicode, GString *out)
{
  for (gsize i = 0; i < length; i++)
    {
      if (in[i] != '\\' || i + 1 >= length)
        {
          /* Protocol 0 writes Latin-1 as it is. */
          g_string_append_unichar (out, (guint8) in[i]);
          continue;
        }
      char c = in[++i];
      guint n_digits = c == 'x' && !unicode  ? 2
                       : c == 'u' && unicode ? 4
                       : c == 'U' && unicode ? 8
                                             : 0;
      if (n_digits == 0)
        {
          static const char from[] = "nrt", to[] = "\n\r\t";
          const char *found = unicode ? NULL : strchr (from, c);
          if (unicode)
            g_string_append_c (out, '\\');
          g_string_append_c (out, found && c ? to[found - from] : c);
          continue;
        }
      gunichar character = 0;
      for (guint d = 0; d < n_digits; d++)
        {
          if (++i >= length || !g_ascii_isxdigit (in[i]))
            return FALSE;
          character = character << 4 | (gunichar) g_ascii_xdigit_value (in[i]);
        }
      if (!g_unichar_validate (character))
        return FALSE;
      g_string_append_unichar (out, character);
    }
  return TRUE;
}

static gboolean
op_line_text (C2lPickleMachine *machine, guint8 code, GError **error)
{
  gsize length;
  const char *line = c2l_machine_take_line (machine, &length, error);
  if (line == NULL)
    return FALSE;
  if (code == 'S')
    {
      if (length < 2 || (line[0] != '\'' && line[0] != '"') || line[length - 1] != line[0])
        return c2l_pickle_damaged (error, "a text lacks its quotes");
      line++;
      length -= 2;
    }

  GString *text = g_string_sized_new (length);
  gboolean valid = unescape (line, length, code == 'V', text);
  char *data = c2l_pickle_alloc (machine->pickle, text->len + 1);
  memcpy (data, text->str, text->len);
  length = text->len;
  g_string_free (text, TRUE);
  if (!valid || !is_utf8 (data, length))
    return c2l_pickle_damaged (error, "a text has a bad escape in it");
  return c2l_machine_push (
      machine, c2l_pickle_text_new (machine->pickle, C2L_PICKLE_STRING, data, length), error);
}

const C2lPickleOperation c2l_pickle_scalar_operations[256] = {
  ['N'] = op_constant,    [0x88] = op_constant,   [0x89] = op_constant,    ['J'] = op_binary_int,
  ['K'] = op_binary_int,  ['M'] = op_binary_int,  [0x8a] = op_long,        [0x8b] = op_long,
  ['I'] = op_text_int,    ['L'] = op_text_int,    ['G'] = op_binary_float, ['F'] = op_text_float,
  [0x8c] = op_sized_text, ['X'] = op_sized_text,  [0x8d] = op_sized_text,  ['C'] = op_sized_text,
  ['B'] = op_sized_text,  [0x8e] = op_sized_text, [0x96] = op_sized_text,  ['U'] = op_sized_text,
  ['T'] = op_sized_text,  ['S'] = op_line_text,   ['V'] = op_line_text
};
