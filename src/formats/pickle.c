/* The pickle machine: opcodes of the protocols 0 to 5 over a stack of values. It knows no class
 * (pickle-classes.c does) and calls nothing; opcodes that could reach outside (extension registry,
 * out-of-band buffers, text persistent ids) are refused. Every length is checked against what is
 * left of the source before it is believed; the loop stops when the arena passes its limit. There
 * is no recursion, so nesting costs nothing here. This file has the stack, the memo and the loop;
 * pickle-scalars.c and pickle-objects.c have the opcodes that make values. */
#include "formats/pickle-machine.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define HIGHEST_PROTOCOL 5
/* Writers count memo entries from zero, so an index beyond the number of values is nonsense. */
#define MAX_MEMO (4u << 20)

const guint8 *
c2l_machine_take (C2lPickleMachine *machine, guint64 n, GError **error)
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

gboolean
c2l_machine_take_number (C2lPickleMachine *machine, guint n_bytes, guint64 *number, GError **error)
{
  const guint8 *bytes = c2l_machine_take (machine, n_bytes, error);
  if (bytes == NULL)
    return FALSE;
  *number = c2l_machine_little_endian (bytes, n_bytes);
  return TRUE;
}

/* A line without its end. */
const char *
c2l_machine_take_line (C2lPickleMachine *machine, gsize *length, GError **error)
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

gboolean
c2l_machine_push (C2lPickleMachine *machine, C2lPickleValue *value, GError **error)
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
available (C2lPickleMachine *machine)
{
  guint fence
      = machine->marks->len ? g_array_index (machine->marks, guint, machine->marks->len - 1) : 0;
  return machine->length - fence;
}

gboolean
c2l_machine_require (C2lPickleMachine *machine, guint n, GError **error)
{
  if (available (machine) >= n)
    return TRUE;
  return c2l_pickle_damaged (error, "an operation at byte %" G_GSIZE_FORMAT " lacks its operands",
                             machine->at - 1);
}

C2lPickleValue *
c2l_machine_pop (C2lPickleMachine *machine)
{
  return machine->stack[--machine->length];
}

C2lPickleValue *
c2l_machine_top (C2lPickleMachine *machine)
{
  return machine->stack[machine->length - 1];
}

/* Removes the last mark; the values above it stay readable at the returned place until the next
 * push. */
gboolean
c2l_machine_pop_mark (C2lPickleMachine *machine, C2lPickleValue ***items, guint *n, GError **error)
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

static gboolean
op_proto (C2lPickleMachine *machine, guint8 code, GError **error)
{
  const guint8 *version = c2l_machine_take (machine, 1, error);
  if (version == NULL)
    return FALSE;
  if (*version > HIGHEST_PROTOCOL)
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
                   _ ("pickle protocol %u is not known here; save the file again with protocol 4"),
                   *version);
      return FALSE;
    }
  return TRUE;
}

static gboolean
op_frame (C2lPickleMachine *machine, guint8 code, GError **error)
{
  guint64 length;
  if (!c2l_machine_take_number (machine, 8, &length, error))
    return FALSE;
  if (length > machine->size - machine->at)
    return c2l_pickle_damaged (error, "a frame reaches past the end");
  return TRUE;
}

static gboolean
op_stop (C2lPickleMachine *machine, guint8 code, GError **error)
{
  if (!c2l_machine_require (machine, 1, error))
    return FALSE;
  machine->stopped = TRUE;
  return TRUE;
}

static gboolean
op_refused (C2lPickleMachine *machine, guint8 code, GError **error)
{
  g_set_error (
      error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_FORBIDDEN,
      _ ("pickle operation 0x%02x reaches for things outside of the file; nothing was run"), code);
  return FALSE;
}

static gboolean
op_mark (C2lPickleMachine *machine, guint8 code, GError **error)
{
  if (machine->marks->len >= C2L_PICKLE_MAX_STACK)
    return c2l_pickle_damaged (error, "it opens more than %u containers at once",
                               C2L_PICKLE_MAX_STACK);
  g_array_append_val (machine->marks, machine->length);
  return TRUE;
}

static gboolean
op_pop (C2lPickleMachine *machine, guint8 code, GError **error)
{
  C2lPickleValue **items = NULL;
  guint n = 0;

  if (available (machine) == 0 && machine->marks->len > 0)
    return c2l_machine_pop_mark (machine, &items, &n, error);
  if (!c2l_machine_require (machine, 1, error))
    return FALSE;
  c2l_machine_pop (machine);
  return TRUE;
}

static gboolean
op_pop_mark (C2lPickleMachine *machine, guint8 code, GError **error)
{
  C2lPickleValue **items = NULL;
  guint n = 0;
  return c2l_machine_pop_mark (machine, &items, &n, error);
}

static gboolean
op_dup (C2lPickleMachine *machine, guint8 code, GError **error)
{
  return c2l_machine_require (machine, 1, error)
         && c2l_machine_push (machine, c2l_machine_top (machine), error);
}

static gboolean
memo_put (C2lPickleMachine *machine, guint64 index, GError **error)
{
  if (!c2l_machine_require (machine, 1, error))
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
  machine->memo[index] = c2l_machine_top (machine);
  return TRUE;
}

static gboolean
memo_get (C2lPickleMachine *machine, guint64 index, GError **error)
{
  if (index >= machine->memo_length || machine->memo[index] == NULL)
    return c2l_pickle_damaged (
        error, "memo entry %" G_GUINT64_FORMAT " is used before it is written", index);
  return c2l_machine_push (machine, machine->memo[index], error);
}

static gboolean
op_memoize (C2lPickleMachine *machine, guint8 code, GError **error)
{
  return memo_put (machine, machine->memo_next, error);
}

static gboolean
take_decimal (C2lPickleMachine *machine, guint64 *number, GError **error)
{
  gsize length;
  const char *line = c2l_machine_take_line (machine, &length, error);
  if (line == NULL)
    return FALSE;
  g_autofree char *text = g_strndup (line, length);
  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32, number, NULL))
    return c2l_pickle_damaged (error, "a memo index is no number");
  return TRUE;
}

static gboolean
op_put (C2lPickleMachine *machine, guint8 code, GError **error)
{
  guint64 index;
  gboolean read = code == 'p'
                      ? take_decimal (machine, &index, error)
                      : c2l_machine_take_number (machine, code == 'q' ? 1 : 4, &index, error);
  return read && memo_put (machine, index, error);
}

static gboolean
op_get (C2lPickleMachine *machine, guint8 code, GError **error)
{
  guint64 index;
  gboolean read = code == 'g'
                      ? take_decimal (machine, &index, error)
                      : c2l_machine_take_number (machine, code == 'h' ? 1 : 4, &index, error);
  return read && memo_get (machine, index, error);
}

static const C2lPickleOperation operations[256]
    = { [0x80] = op_proto,   [0x95] = op_frame,   ['.'] = op_stop,     ['('] = op_mark,
        ['0'] = op_pop,      ['1'] = op_pop_mark, ['2'] = op_dup,      ['p'] = op_put,
        ['q'] = op_put,      ['r'] = op_put,      [0x94] = op_memoize, ['g'] = op_get,
        ['h'] = op_get,      ['j'] = op_get,      ['P'] = op_refused,  [0x82] = op_refused,
        [0x83] = op_refused, [0x84] = op_refused, [0x97] = op_refused, [0x98] = op_refused };

static C2lPickleOperation
find_operation (guint8 code)
{
  return operations[code] != NULL                     ? operations[code]
         : c2l_pickle_scalar_operations[code] != NULL ? c2l_pickle_scalar_operations[code]
                                                      : c2l_pickle_object_operations[code];
}

static gboolean
run (C2lPickleMachine *machine, GError **error)
{
  while (!machine->stopped)
    {
      if (machine->at >= machine->size)
        return c2l_pickle_damaged (error, "it ends before its end mark");
      guint8 code = machine->data[machine->at++];
      C2lPickleOperation operation = find_operation (code);
      if (operation == NULL)
        return c2l_pickle_damaged (error, "0x%02x at byte %" G_GSIZE_FORMAT " is no operation",
                                   code, machine->at - 1);
      if (!operation (machine, code, error))
        return FALSE;
      if (machine->pickle->memory > C2L_PICKLE_MAX_MEMORY)
        return c2l_pickle_damaged (error, "its values need more than %u MiB",
                                   C2L_PICKLE_MAX_MEMORY >> 20);
    }
  machine->pickle->root = c2l_machine_top (machine);
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

  C2lPickleMachine machine
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
