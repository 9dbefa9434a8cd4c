/* The state of the pickle machine, and what its opcodes do with it; for pickle.c, pickle-scalars.c and
 * pickle-objects.c. */
#pragma once

#include "formats/pickle-private.h"

G_BEGIN_DECLS

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
} C2lPickleMachine;

/* Does what opcode @code says; a table's entry is NULL where it knows no such opcode. */
typedef gboolean (*C2lPickleOperation) (C2lPickleMachine *machine, guint8 code, GError **error);

extern const C2lPickleOperation c2l_pickle_scalar_operations[256];
extern const C2lPickleOperation c2l_pickle_object_operations[256];

/* The next @n bytes of the source; the next @n_bytes as a little-endian number; the next line without
 * its end. */
const guint8   *c2l_machine_take (C2lPickleMachine *machine, guint64 n, GError **error);
gboolean        c2l_machine_take_number (C2lPickleMachine *machine, guint n_bytes, guint64 *number, GError **error);
const char     *c2l_machine_take_line (C2lPickleMachine *machine, gsize *length, GError **error);

/* FALSE, without a further error, for a @value of NULL. */
gboolean        c2l_machine_push (C2lPickleMachine *machine, C2lPickleValue *value, GError **error);
/* Whether @n values can be popped: those below the last mark belong to somebody else. */
gboolean        c2l_machine_require (C2lPickleMachine *machine, guint n, GError **error);
/* Only for what was required. */
C2lPickleValue *c2l_machine_pop (C2lPickleMachine *machine);
C2lPickleValue *c2l_machine_top (C2lPickleMachine *machine);
/* Removes the last mark; the values above it stay readable at @items until the next push. */
gboolean        c2l_machine_pop_mark (C2lPickleMachine *machine, C2lPickleValue ***items, guint *n, GError **error);

/* @n up to 8. */
static inline guint64
c2l_machine_little_endian (const guint8 *bytes, guint n)
{
  guint64 value = 0;
  for (guint i = 0; i < n; i++)
    value |= (guint64) bytes[i] << (8 * i);
  return value;
}

G_END_DECLS
