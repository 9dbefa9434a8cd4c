/* The pickle machine's opcodes for what is made of other values: tuples, lists, dictionaries and
 * sets, and objects, as far as pickle-classes.c knows how to make them. */
#include "formats/pickle-machine.h"

static C2lPickleValue *
sequence_new (C2lPickleMachine *machine, C2lPickleKind kind, C2lPickleValue *const *items, guint n)
{
  C2lPickleValue *value = c2l_pickle_value_new (machine->pickle, kind);
  if (n > 0)
    c2l_pickle_append (machine->pickle, value, items, n);
  return value;
}

static gboolean
op_empty (C2lPickleMachine *machine, guint8 code, GError **error)
{
  C2lPickleKind kind = code == ')'   ? C2L_PICKLE_TUPLE
                       : code == ']' ? C2L_PICKLE_LIST
                       : code == '}' ? C2L_PICKLE_DICT
                                     : C2L_PICKLE_SET;
  return c2l_machine_push (machine, c2l_pickle_value_new (machine->pickle, kind), error);
}

static gboolean
op_tuple_n (C2lPickleMachine *machine, guint8 code, GError **error)
{
  guint n = code - 0x84u; /* TUPLE1 is 0x85 */
  if (!c2l_machine_require (machine, n, error))
    return FALSE;
  machine->length -= n;
  return c2l_machine_push (
      machine, sequence_new (machine, C2L_PICKLE_TUPLE, machine->stack + machine->length, n),
      error);
}

static gboolean
op_from_mark (C2lPickleMachine *machine, guint8 code, GError **error)
{
  C2lPickleKind kind = code == 't'   ? C2L_PICKLE_TUPLE
                       : code == 'l' ? C2L_PICKLE_LIST
                       : code == 'd' ? C2L_PICKLE_DICT
                                     : C2L_PICKLE_SET;
  C2lPickleValue **items = NULL;
  guint n = 0;

  if (!c2l_machine_pop_mark (machine, &items, &n, error))
    return FALSE;
  if (kind == C2L_PICKLE_DICT && n % 2 != 0)
    return c2l_pickle_damaged (error, "a dictionary has a key without a value");
  return c2l_machine_push (machine, sequence_new (machine, kind, items, n), error);
}

static gboolean
extend (C2lPickleMachine *machine, guint8 code, C2lPickleValue **items, guint n, GError **error)
{
  C2lPickleKind kind = code == 's' || code == 'u' ? C2L_PICKLE_DICT
                       : code == 0x90             ? C2L_PICKLE_SET
                                                  : C2L_PICKLE_LIST;

  if (!c2l_machine_require (machine, 1, error))
    return FALSE;
  if (c2l_machine_top (machine)->kind != kind)
    return c2l_pickle_damaged (error, "items are added to %s",
                               c2l_pickle_describe (c2l_machine_top (machine)));
  if (kind == C2L_PICKLE_DICT && n % 2 != 0)
    return c2l_pickle_damaged (error, "a dictionary has a key without a value");
  c2l_pickle_append (machine->pickle, c2l_machine_top (machine), items, n);
  return TRUE;
}

static gboolean
op_extend_mark (C2lPickleMachine *machine, guint8 code, GError **error)
{
  C2lPickleValue **items = NULL;
  guint n = 0;
  return c2l_machine_pop_mark (machine, &items, &n, error)
         && extend (machine, code, items, n, error);
}

static gboolean
op_extend (C2lPickleMachine *machine, guint8 code, GError **error)
{
  guint n = code == 's' ? 2 : 1;
  if (!c2l_machine_require (machine, n + 1, error))
    return FALSE;
  machine->length -= n;
  return extend (machine, code, machine->stack + machine->length, n, error);
}

static gboolean
op_global (C2lPickleMachine *machine, guint8 code, GError **error)
{
  gsize module_length, name_length;
  const char *module = c2l_machine_take_line (machine, &module_length, error);
  const char *name = module ? c2l_machine_take_line (machine, &name_length, error) : NULL;
  return name
         && c2l_machine_push (machine,
                              c2l_pickle_class_lookup (machine->pickle, module, module_length, name,
                                                       name_length, error),
                              error);
}

static gboolean
op_stack_global (C2lPickleMachine *machine, guint8 code, GError **error)
{
  if (!c2l_machine_require (machine, 2, error))
    return FALSE;
  const C2lPickleValue *name = c2l_machine_pop (machine), *module = c2l_machine_pop (machine);
  if (name->kind != C2L_PICKLE_STRING || module->kind != C2L_PICKLE_STRING)
    return c2l_pickle_damaged (error, "a class is named by %s", c2l_pickle_describe (name));
  return c2l_machine_push (machine,
                           c2l_pickle_class_lookup (machine->pickle, module->text.data,
                                                    module->text.length, name->text.data,
                                                    name->text.length, error),
                           error);
}

static gboolean
op_reduce (C2lPickleMachine *machine, guint8 code, GError **error)
{
  if (!c2l_machine_require (machine, 2, error))
    return FALSE;
  C2lPickleValue *args = c2l_machine_pop (machine), *callable = c2l_machine_pop (machine);
  return c2l_machine_push (machine, c2l_pickle_reduce (machine->pickle, callable, args, error),
                           error);
}

static gboolean
op_newobj (C2lPickleMachine *machine, guint8 code, GError **error)
{
  guint n = code == 0x92 ? 3 : 2; /* NEWOBJ_EX has keyword arguments on top */
  if (!c2l_machine_require (machine, n, error))
    return FALSE;
  if (n == 3)
    {
      const C2lPickleValue *keywords = c2l_machine_pop (machine);
      if (keywords->kind != C2L_PICKLE_DICT || keywords->sequence.length > 0)
        return c2l_pickle_damaged (error, "an object is made with keyword arguments");
    }
  C2lPickleValue *args = c2l_machine_pop (machine), *type = c2l_machine_pop (machine);
  return c2l_machine_push (machine, c2l_pickle_new_object (machine->pickle, type, args, error),
                           error);
}

/* INST names its class on two lines, OBJ has it first after the mark. */
static gboolean
op_instance (C2lPickleMachine *machine, guint8 code, GError **error)
{
  C2lPickleValue **items = NULL, *type = NULL;
  guint n = 0;

  if (code == 'i')
    {
      if (!op_global (machine, code, error))
        return FALSE;
      type = c2l_machine_pop (machine);
    }
  if (!c2l_machine_pop_mark (machine, &items, &n, error))
    return FALSE;
  if (code == 'o')
    {
      if (n == 0)
        return c2l_pickle_damaged (error, "an object has no class");
      type = *items++;
      n--;
    }
  C2lPickleValue *args = sequence_new (machine, C2L_PICKLE_TUPLE, items, n);
  return c2l_machine_push (machine, c2l_pickle_new_object (machine->pickle, type, args, error),
                           error);
}

static gboolean
op_build (C2lPickleMachine *machine, guint8 code, GError **error)
{
  if (!c2l_machine_require (machine, 2, error))
    return FALSE;
  C2lPickleValue *state = c2l_machine_pop (machine);
  return c2l_pickle_build (machine->pickle, c2l_machine_top (machine), state, error);
}

static gboolean
op_persistent (C2lPickleMachine *machine, guint8 code, GError **error)
{
  if (!c2l_machine_require (machine, 1, error))
    return FALSE;
  C2lPickleValue *id = c2l_machine_pop (machine);
  return c2l_machine_push (machine, c2l_pickle_persistent (machine->pickle, id, error), error);
}

const C2lPickleOperation c2l_pickle_object_operations[256] = {
  [')'] = op_empty,     [']'] = op_empty,         ['}'] = op_empty,       [0x8f] = op_empty,
  [0x85] = op_tuple_n,  [0x86] = op_tuple_n,      [0x87] = op_tuple_n,    ['t'] = op_from_mark,
  ['l'] = op_from_mark, ['d'] = op_from_mark,     [0x91] = op_from_mark,  ['a'] = op_extend,
  ['s'] = op_extend,    ['e'] = op_extend_mark,   ['u'] = op_extend_mark, [0x90] = op_extend_mark,
  ['c'] = op_global,    [0x93] = op_stack_global, ['R'] = op_reduce,      [0x81] = op_newobj,
  [0x92] = op_newobj,   ['i'] = op_instance,      ['o'] = op_instance,    ['b'] = op_build,
  ['Q'] = op_persistent
};
