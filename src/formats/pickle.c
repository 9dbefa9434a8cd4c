/* The pickle machine: opcodes of the protocols 0 to 5 over a stack of values. It knows no class
 * (pickle-classes.c does) and calls nothing; opcodes that could reach outside (extension registry,
 * out-of-band buffers, text persistent ids) are refused. Every length is checked against what is
 * left of the source before it is believed; the loop stops when the arena passes its limit. There
 * is no recursion, so nesting costs nothing here. */
#include "formats/pickle-private.h"

#include <stdlib.h>
#include <string.h>

#define HIGHEST_PROTOCOL 5
/* Writers count memo entries from zero, so an index beyond the number of values is nonsense. */
#define MAX_MEMO (4u << 20)

typedef struct
{
  C2lPickle *pickle;
  const guint8 *data;
  gsize size;
  gsize at;
  C2lPickleValue **stack;
  guint length;
  guint allocated;
  GArray *marks; /* guint: stack lengths */
  C2lPickleValue **memo;
  guint memo_length;
  guint memo_next; /* MEMOIZE's next index */
  gboolean stopped;
} Machine;

typedef gboolean (*Operation) (Machine *machine, guint8 code, GError **error);

static const guint8 *
take (Machine *machine, guint64 n, GError **error)
{
  if (n > machine->size - machine->at)
    {
      c2l_pickle_damaged (error, "it ends in the middle of a value");
      return NULL;
    }
  const guint8 *taken = machine->data + machine->at;
  machine->at += (gsize) n;
  return taken;
}

static guint64
little_endian (const guint8 *bytes, guint n)
{
  guint64 value = 0;
  for (guint i = 0; i < n; i++)
    value |= (guint64) bytes[i] << (8 * i);
  return value;
}

static gboolean
take_number (Machine *machine, guint n_bytes, guint64 *number, GError **error)
{
  const guint8 *bytes = take (machine, n_bytes, error);
  if (bytes == NULL)
    return FALSE;
  *number = little_endian (bytes, n_bytes);
  return TRUE;
}

/* A line without its end. */
static const char *
take_line (Machine *machine, gsize *length, GError **error)
{
  const guint8 *start = machine->data + machine->at;
  const guint8 *end = memchr (start, '\n', machine->size - machine->at);
  if (end == NULL)
    {
      c2l_pickle_damaged (error, "it ends in the middle of a line");
      return NULL;
    }
  *length = (gsize) (end - start);
  machine->at += *length + 1;
  return (const char *) start;
}

static gboolean
push (Machine *machine, C2lPickleValue *value, GError **error)
{
  if (value == NULL)
    return FALSE;
  if (machine->length == machine->allocated)
    {
      if (machine->length >= C2L_PICKLE_MAX_STACK)
        return c2l_pickle_damaged (error, "it keeps more than %u values at once",
                                   C2L_PICKLE_MAX_STACK);
      machine->allocated *= 2;
      machine->stack = g_renew (C2lPickleValue *, machine->stack, machine->allocated);
    }
  machine->stack[machine->length++] = value;
  return TRUE;
}

/* Values above the last mark can be popped; below it they belong to somebody else. */
static guint
available (Machine *machine)
{
  guint fence
      = machine->marks->len ? g_array_index (machine->marks, guint, machine->marks->len - 1) : 0;
  return machine->length - fence;
}

static gboolean
require (Machine *machine, guint n, GError **error)
{
  if (available (machine) >= n)
    return TRUE;
  return c2l_pickle_damaged (error, "an operation at byte %" G_GSIZE_FORMAT " lacks its operands",
                             machine->at - 1);
}

static C2lPickleValue *
pop (Machine *machine)
{
  return machine->stack[--machine->length];
}

static C2lPickleValue *
top (Machine *machine)
{
  return machine->stack[machine->length - 1];
}

/* Removes the last mark; the values above it stay readable at the returned place until the next
 * push. */
static gboolean
pop_mark (Machine *machine, C2lPickleValue ***items, guint *n, GError **error)
{
  if (machine->marks->len == 0)
    return c2l_pickle_damaged (error, "an operation at byte %" G_GSIZE_FORMAT " lacks its mark",
                               machine->at - 1);
  guint start = g_array_index (machine->marks, guint, machine->marks->len - 1);
  g_array_set_size (machine->marks, machine->marks->len - 1);
  *items = machine->stack + start;
  *n = machine->length - start;
  machine->length = start;
  return TRUE;
}

static C2lPickleValue *
bool_new (Machine *machine, gboolean boolean)
{
  C2lPickleValue *value = c2l_pickle_value_new (machine->pickle, C2L_PICKLE_BOOL);
  value->boolean = boolean;
  return value;
}

static C2lPickleValue *
sequence_new (Machine *machine, C2lPickleKind kind, C2lPickleValue *const *items, guint n)
{
  C2lPickleValue *value = c2l_pickle_value_new (machine->pickle, kind);
  if (n > 0)
    c2l_pickle_append (machine->pickle, value, items, n);
  return value;
}

static gboolean
op_proto (Machine *machine, guint8 code, GError **error)
{
  const guint8 *version = take (machine, 1, error);
  if (version == NULL)
    return FALSE;
  if (*version > HIGHEST_PROTOCOL)
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
                   "pickle protocol %u is not known here; save the file again with protocol 4",
                   *version);
      return FALSE;
    }
  return TRUE;
}

static gboolean
op_frame (Machine *machine, guint8 code, GError **error)
{
  guint64 length;
  if (!take_number (machine, 8, &length, error))
    return FALSE;
  if (length > machine->size - machine->at)
    return c2l_pickle_damaged (error, "a frame reaches past the end");
  return TRUE;
}

static gboolean
op_stop (Machine *machine, guint8 code, GError **error)
{
  if (!require (machine, 1, error))
    return FALSE;
  machine->stopped = TRUE;
  return TRUE;
}

static gboolean
op_refused (Machine *machine, guint8 code, GError **error)
{
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_FORBIDDEN,
               "pickle operation 0x%02x reaches for things outside of the file; nothing was run",
               code);
  return FALSE;
}

static gboolean
op_mark (Machine *machine, guint8 code, GError **error)
{
  if (machine->marks->len >= C2L_PICKLE_MAX_STACK)
    return c2l_pickle_damaged (error, "it opens more than %u containers at once",
                               C2L_PICKLE_MAX_STACK);
  g_array_append_val (machine->marks, machine->length);
  return TRUE;
}

static gboolean
op_pop (Machine *machine, guint8 code, GError **error)
{
  C2lPickleValue **items = NULL;
  guint n = 0;

  if (available (machine) == 0 && machine->marks->len > 0)
    return pop_mark (machine, &items, &n, error);
  if (!require (machine, 1, error))
    return FALSE;
  pop (machine);
  return TRUE;
}

static gboolean
op_pop_mark (Machine *machine, guint8 code, GError **error)
{
  C2lPickleValue **items = NULL;
  guint n = 0;
  return pop_mark (machine, &items, &n, error);
}

static gboolean
op_dup (Machine *machine, guint8 code, GError **error)
{
  return require (machine, 1, error) && push (machine, top (machine), error);
}

static gboolean
memo_put (Machine *machine, guint64 index, GError **error)
{
  if (!require (machine, 1, error))
    return FALSE;
  if (index >= MAX_MEMO)
    return c2l_pickle_damaged (error, "its memo index %" G_GUINT64_FORMAT " is beyond all reason",
                               index);
  if (index >= machine->memo_length)
    {
      guint grown = MAX ((guint) index + 1, MAX (1024, machine->memo_length * 2));
      machine->memo = g_renew (C2lPickleValue *, machine->memo, grown);
      memset (machine->memo + machine->memo_length, 0,
              (grown - machine->memo_length) * sizeof *machine->memo);
      machine->memo_length = grown;
    }
  /* MEMOIZE uses the number of entries as its index. */
  if (machine->memo[index] == NULL)
    machine->memo_next++;
  machine->memo[index] = top (machine);
  return TRUE;
}

static gboolean
memo_get (Machine *machine, guint64 index, GError **error)
{
  if (index >= machine->memo_length || machine->memo[index] == NULL)
    return c2l_pickle_damaged (
        error, "memo entry %" G_GUINT64_FORMAT " is used before it is written", index);
  return push (machine, machine->memo[index], error);
}

static gboolean
op_memoize (Machine *machine, guint8 code, GError **error)
{
  return memo_put (machine, machine->memo_next, error);
}

static gboolean
take_decimal (Machine *machine, guint64 *number, GError **error)
{
  gsize length;
  const char *line = take_line (machine, &length, error);
  if (line == NULL)
    return FALSE;
  g_autofree char *text = g_strndup (line, length);
  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32, number, NULL))
    return c2l_pickle_damaged (error, "a memo index is no number");
  return TRUE;
}

static gboolean
op_put (Machine *machine, guint8 code, GError **error)
{
  guint64 index;
  gboolean read = code == 'p' ? take_decimal (machine, &index, error)
                              : take_number (machine, code == 'q' ? 1 : 4, &index, error);
  return read && memo_put (machine, index, error);
}

static gboolean
op_get (Machine *machine, guint8 code, GError **error)
{
  guint64 index;
  gboolean read = code == 'g' ? take_decimal (machine, &index, error)
                              : take_number (machine, code == 'h' ? 1 : 4, &index, error);
  return read && memo_get (machine, index, error);
}

static gboolean
op_constant (Machine *machine, guint8 code, GError **error)
{
  if (code == 'N')
    return push (machine, c2l_pickle_value_new (machine->pickle, C2L_PICKLE_NONE), error);
  return push (machine, bool_new (machine, code == 0x88), error);
}

static gboolean
op_binary_int (Machine *machine, guint8 code, GError **error)
{
  guint64 number;
  guint n_bytes = code == 'K' ? 1 : code == 'M' ? 2 : 4;
  if (!take_number (machine, n_bytes, &number, error))
    return FALSE;
  gint64 value = n_bytes == 4 ? (gint32) (guint32) number : (gint64) number;
  return push (machine, c2l_pickle_int_new (machine->pickle, value), error);
}

static gboolean
op_long (Machine *machine, guint8 code, GError **error)
{
  guint64 length;
  if (!take_number (machine, code == 0x8a ? 1 : 4, &length, error))
    return FALSE;
  if (length > G_MAXINT32)
    return c2l_pickle_damaged (error, "a number has a negative length");
  const guint8 *bytes = take (machine, length, error);
  if (bytes == NULL)
    return FALSE;
  /* Some writers pad with the sign. */
  while (length > 8 && bytes[length - 1] == (bytes[length - 2] & 0x80 ? 0xff : 0))
    length--;
  if (length > 8)
    return push (
        machine,
        c2l_pickle_text_new (machine->pickle, C2L_PICKLE_BIG_INT, (const char *) bytes, length),
        error);

  guint64 value = little_endian (bytes, (guint) length);
  if (length > 0 && length < 8 && bytes[length - 1] & 0x80)
    value |= ~G_GUINT64_CONSTANT (0) << (8 * length);
  return push (machine, c2l_pickle_int_new (machine->pickle, (gint64) value), error);
}

/* Protocol 0: "I01", "I42", "L42L" on a line. */
static gboolean
op_text_int (Machine *machine, guint8 code, GError **error)
{
  gsize length;
  gint64 value;
  const char *line = take_line (machine, &length, error);
  if (line == NULL)
    return FALSE;

  g_autofree char *text = g_strndup (line, length);
  if (code == 'I' && (g_str_equal (text, "00") || g_str_equal (text, "01")))
    return push (machine, bool_new (machine, text[1] == '1'), error);
  if (code == 'L' && g_str_has_suffix (text, "L"))
    text[length - 1] = '\0';
  if (!g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &value, NULL))
    return c2l_pickle_damaged (error, "a number is not written as one");
  return push (machine, c2l_pickle_int_new (machine->pickle, value), error);
}

static gboolean
op_binary_float (Machine *machine, guint8 code, GError **error)
{
  const guint8 *bytes = take (machine, 8, error);
  if (bytes == NULL)
    return FALSE;
  guint64 bits;
  double number;
  memcpy (&bits, bytes, sizeof bits);
  bits = GUINT64_FROM_BE (bits);
  memcpy (&number, &bits, sizeof number);
  return push (machine, c2l_pickle_float_new (machine->pickle, number), error);
}

static gboolean
op_text_float (Machine *machine, guint8 code, GError **error)
{
  gsize length;
  const char *line = take_line (machine, &length, error);
  if (line == NULL)
    return FALSE;
  g_autofree char *text = g_strndup (line, length);
  char *end;
  double number = g_ascii_strtod (text, &end);
  if (end == text || *end != '\0')
    return c2l_pickle_damaged (error, "a number is not written as one");
  return push (machine, c2l_pickle_float_new (machine->pickle, number), error);
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
op_sized_text (Machine *machine, guint8 code, GError **error)
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
  if (!take_number (machine, forms[form].n_bytes, &length, error))
    return FALSE;
  const char *data = (const char *) take (machine, length, error);
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
  return push (machine, c2l_pickle_text_new (machine->pickle, kind, data, length), error);
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
op_line_text (Machine *machine, guint8 code, GError **error)
{
  gsize length;
  const char *line = take_line (machine, &length, error);
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
  return push (machine, c2l_pickle_text_new (machine->pickle, C2L_PICKLE_STRING, data, length),
               error);
}

static gboolean
op_empty (Machine *machine, guint8 code, GError **error)
{
  C2lPickleKind kind = code == ')'   ? C2L_PICKLE_TUPLE
                       : code == ']' ? C2L_PICKLE_LIST
                       : code == '}' ? C2L_PICKLE_DICT
                                     : C2L_PICKLE_SET;
  return push (machine, c2l_pickle_value_new (machine->pickle, kind), error);
}

static gboolean
op_tuple_n (Machine *machine, guint8 code, GError **error)
{
  guint n = code - 0x84u; /* TUPLE1 is 0x85 */
  if (!require (machine, n, error))
    return FALSE;
  machine->length -= n;
  return push (machine,
               sequence_new (machine, C2L_PICKLE_TUPLE, machine->stack + machine->length, n),
               error);
}

static gboolean
op_from_mark (Machine *machine, guint8 code, GError **error)
{
  C2lPickleKind kind = code == 't'   ? C2L_PICKLE_TUPLE
                       : code == 'l' ? C2L_PICKLE_LIST
                       : code == 'd' ? C2L_PICKLE_DICT
                                     : C2L_PICKLE_SET;
  C2lPickleValue **items = NULL;
  guint n = 0;

  if (!pop_mark (machine, &items, &n, error))
    return FALSE;
  if (kind == C2L_PICKLE_DICT && n % 2 != 0)
    return c2l_pickle_damaged (error, "a dictionary has a key without a value");
  return push (machine, sequence_new (machine, kind, items, n), error);
}

static gboolean
extend (Machine *machine, guint8 code, C2lPickleValue **items, guint n, GError **error)
{
  C2lPickleKind kind = code == 's' || code == 'u' ? C2L_PICKLE_DICT
                       : code == 0x90             ? C2L_PICKLE_SET
                                                  : C2L_PICKLE_LIST;

  if (!require (machine, 1, error))
    return FALSE;
  if (top (machine)->kind != kind)
    return c2l_pickle_damaged (error, "items are added to %s", c2l_pickle_describe (top (machine)));
  if (kind == C2L_PICKLE_DICT && n % 2 != 0)
    return c2l_pickle_damaged (error, "a dictionary has a key without a value");
  c2l_pickle_append (machine->pickle, top (machine), items, n);
  return TRUE;
}

static gboolean
op_extend_mark (Machine *machine, guint8 code, GError **error)
{
  C2lPickleValue **items = NULL;
  guint n = 0;
  return pop_mark (machine, &items, &n, error) && extend (machine, code, items, n, error);
}

static gboolean
op_extend (Machine *machine, guint8 code, GError **error)
{
  guint n = code == 's' ? 2 : 1;
  if (!require (machine, n + 1, error))
    return FALSE;
  machine->length -= n;
  return extend (machine, code, machine->stack + machine->length, n, error);
}

static gboolean
op_global (Machine *machine, guint8 code, GError **error)
{
  gsize module_length, name_length;
  const char *module = take_line (machine, &module_length, error);
  const char *name = module ? take_line (machine, &name_length, error) : NULL;
  return name
         && push (machine,
                  c2l_pickle_class_lookup (machine->pickle, module, module_length, name,
                                           name_length, error),
                  error);
}

static gboolean
op_stack_global (Machine *machine, guint8 code, GError **error)
{
  if (!require (machine, 2, error))
    return FALSE;
  const C2lPickleValue *name = pop (machine), *module = pop (machine);
  if (name->kind != C2L_PICKLE_STRING || module->kind != C2L_PICKLE_STRING)
    return c2l_pickle_damaged (error, "a class is named by %s", c2l_pickle_describe (name));
  return push (machine,
               c2l_pickle_class_lookup (machine->pickle, module->text.data, module->text.length,
                                        name->text.data, name->text.length, error),
               error);
}

static gboolean
op_reduce (Machine *machine, guint8 code, GError **error)
{
  if (!require (machine, 2, error))
    return FALSE;
  C2lPickleValue *args = pop (machine), *callable = pop (machine);
  return push (machine, c2l_pickle_reduce (machine->pickle, callable, args, error), error);
}

static gboolean
op_newobj (Machine *machine, guint8 code, GError **error)
{
  guint n = code == 0x92 ? 3 : 2; /* NEWOBJ_EX has keyword arguments on top */
  if (!require (machine, n, error))
    return FALSE;
  if (n == 3)
    {
      const C2lPickleValue *keywords = pop (machine);
      if (keywords->kind != C2L_PICKLE_DICT || keywords->sequence.length > 0)
        return c2l_pickle_damaged (error, "an object is made with keyword arguments");
    }
  C2lPickleValue *args = pop (machine), *type = pop (machine);
  return push (machine, c2l_pickle_new_object (machine->pickle, type, args, error), error);
}

/* INST names its class on two lines, OBJ has it first after the mark. */
static gboolean
op_instance (Machine *machine, guint8 code, GError **error)
{
  C2lPickleValue **items = NULL, *type = NULL;
  guint n = 0;

  if (code == 'i')
    {
      if (!op_global (machine, code, error))
        return FALSE;
      type = pop (machine);
    }
  if (!pop_mark (machine, &items, &n, error))
    return FALSE;
  if (code == 'o')
    {
      if (n == 0)
        return c2l_pickle_damaged (error, "an object has no class");
      type = *items++;
      n--;
    }
  C2lPickleValue *args = sequence_new (machine, C2L_PICKLE_TUPLE, items, n);
  return push (machine, c2l_pickle_new_object (machine->pickle, type, args, error), error);
}

static gboolean
op_build (Machine *machine, guint8 code, GError **error)
{
  if (!require (machine, 2, error))
    return FALSE;
  C2lPickleValue *state = pop (machine);
  return c2l_pickle_build (machine->pickle, top (machine), state, error);
}

static gboolean
op_persistent (Machine *machine, guint8 code, GError **error)
{
  if (!require (machine, 1, error))
    return FALSE;
  C2lPickleValue *id = pop (machine);
  return push (machine, c2l_pickle_persistent (machine->pickle, id, error), error);
}

static const Operation operations[256] = {
  [0x80] = op_proto,       [0x95] = op_frame,     ['.'] = op_stop,          ['('] = op_mark,
  ['0'] = op_pop,          ['1'] = op_pop_mark,   ['2'] = op_dup,           ['p'] = op_put,
  ['q'] = op_put,          ['r'] = op_put,        [0x94] = op_memoize,      ['g'] = op_get,
  ['h'] = op_get,          ['j'] = op_get,        ['N'] = op_constant,      [0x88] = op_constant,
  [0x89] = op_constant,    ['J'] = op_binary_int, ['K'] = op_binary_int,    ['M'] = op_binary_int,
  [0x8a] = op_long,        [0x8b] = op_long,      ['I'] = op_text_int,      ['L'] = op_text_int,
  ['G'] = op_binary_float, ['F'] = op_text_float, [0x8c] = op_sized_text,   ['X'] = op_sized_text,
  [0x8d] = op_sized_text,  ['C'] = op_sized_text, ['B'] = op_sized_text,    [0x8e] = op_sized_text,
  [0x96] = op_sized_text,  ['U'] = op_sized_text, ['T'] = op_sized_text,    ['S'] = op_line_text,
  ['V'] = op_line_text,    [')'] = op_empty,      [']'] = op_empty,         ['}'] = op_empty,
  [0x8f] = op_empty,       [0x85] = op_tuple_n,   [0x86] = op_tuple_n,      [0x87] = op_tuple_n,
  ['t'] = op_from_mark,    ['l'] = op_from_mark,  ['d'] = op_from_mark,     [0x91] = op_from_mark,
  ['a'] = op_extend,       ['s'] = op_extend,     ['e'] = op_extend_mark,   ['u'] = op_extend_mark,
  [0x90] = op_extend_mark, ['c'] = op_global,     [0x93] = op_stack_global, ['R'] = op_reduce,
  [0x81] = op_newobj,      [0x92] = op_newobj,    ['i'] = op_instance,      ['o'] = op_instance,
  ['b'] = op_build,        ['Q'] = op_persistent, ['P'] = op_refused,       [0x82] = op_refused,
  [0x83] = op_refused,     [0x84] = op_refused,   [0x97] = op_refused,      [0x98] = op_refused,
};

static gboolean
run (Machine *machine, GError **error)
{
  while (!machine->stopped)
    {
      if (machine->at >= machine->size)
        return c2l_pickle_damaged (error, "it ends before its end mark");
      guint8 code = machine->data[machine->at++];
      if (operations[code] == NULL)
        return c2l_pickle_damaged (error, "0x%02x at byte %" G_GSIZE_FORMAT " is no operation",
                                   code, machine->at - 1);
      if (!operations[code](machine, code, error))
        return FALSE;
      if (machine->pickle->memory > C2L_PICKLE_MAX_MEMORY)
        return c2l_pickle_damaged (error, "its values need more than %u MiB",
                                   C2L_PICKLE_MAX_MEMORY >> 20);
    }
  machine->pickle->root = top (machine);
  machine->pickle->end = machine->at;
  return TRUE;
}

C2lPickle *
c2l_pickle_parse_full (GBytes *bytes,
                       gsize offset,
                       C2lPickleStorageFunc find_storage,
                       gpointer user_data,
                       gboolean nested,
                       GError **error)
{
  g_autoptr (C2lPickle) pickle = g_new0 (C2lPickle, 1);
  pickle->source = g_bytes_ref (bytes);
  pickle->find_storage = find_storage;
  pickle->find_storage_data = user_data;
  pickle->nested = nested;
  pickle->storages = g_hash_table_new (c2l_pickle_text_hash, c2l_pickle_text_equal);
  pickle->chunks = g_ptr_array_new_with_free_func (g_free);
  pickle->owners = g_array_new (FALSE, FALSE, sizeof (C2lPickleOwner));

  Machine machine
      = { .pickle = pickle, .at = offset, .marks = g_array_new (FALSE, FALSE, sizeof (guint)) };
  machine.data = g_bytes_get_data (bytes, &machine.size);
  machine.allocated = 256;
  machine.stack = g_new (C2lPickleValue *, machine.allocated);
  gboolean done = offset <= machine.size && run (&machine, error);
  if (offset > machine.size)
    c2l_pickle_damaged (error, "it ends too early");
  g_array_unref (machine.marks);
  g_free (machine.stack);
  g_free (machine.memo);
  return done ? g_steal_pointer (&pickle) : NULL;
}

C2lPickle *
c2l_pickle_parse (GBytes *bytes,
                  gsize offset,
                  C2lPickleStorageFunc find_storage,
                  gpointer user_data,
                  GError **error)
{
  return c2l_pickle_parse_full (bytes, offset, find_storage, user_data, FALSE, error);
}
