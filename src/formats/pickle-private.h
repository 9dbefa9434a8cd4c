/* What the parts of the pickle reader share: pickle.c, pickle-scalars.c and pickle-objects.c are the
 * machine that runs opcodes, pickle-value.c holds memory and values, pickle-classes.c knows the
 * constructors, pickle-array.c makes arrays of tensors. */
#pragma once

#include "formats/pickle.h"

G_BEGIN_DECLS

/* A real model's tree has some twenty thousand values; the limits leave room for a thousand times
 * as much. */
#define C2L_PICKLE_MAX_MEMORY (256u << 20)
#define C2L_PICKLE_MAX_STACK (4u << 20)

typedef struct
{
  gpointer owner;
  GDestroyNotify destroy;
} C2lPickleOwner;

struct _C2lPickle
{
  GBytes *source;
  gsize end;
  C2lPickleValue *root;
  C2lPickleStorageFunc find_storage;
  gpointer find_storage_data;
  GHashTable *storages; /* key text → C2lPickleStorage */
  gboolean nested;      /* itself inside _load_from_bytes */

  /* The arena: every value lives here, so freeing is flat whatever the tree's shape. */
  GPtrArray *chunks;
  guint8 *chunk_next;
  gsize chunk_left;
  gsize memory;
  GArray *owners; /* C2lPickleOwner */
  gsize copied; /* bytes in copies made by get_array */
};

/* Arena memory, zeroed, 16-aligned. Always succeeds; the machine looks at pickle->memory after each
 * opcode. */
gpointer        c2l_pickle_alloc (C2lPickle *pickle, gsize size);
C2lPickleValue *c2l_pickle_value_new (C2lPickle *pickle, C2lPickleKind kind);
C2lPickleValue *c2l_pickle_text_new (C2lPickle *pickle, C2lPickleKind kind, const char *data, gsize length);
C2lPickleValue *c2l_pickle_int_new (C2lPickle *pickle, gint64 integer);
C2lPickleValue *c2l_pickle_float_new (C2lPickle *pickle, double number);
void            c2l_pickle_append (C2lPickle *pickle, C2lPickleValue *sequence, C2lPickleValue *const *items, gsize n);
/* The text of BYTES as plain bytes; decodes Latin-1 into a block that @pickle owns. */
const guint8   *c2l_pickle_get_bytes (C2lPickle *pickle, const C2lPickleText *text, gsize *length, GError **error);
/* @text's characters, each 0…255, as bytes; (transfer full). */
guint8         *c2l_pickle_decode_latin1 (const C2lPickleText *text, gsize *length, GError **error);

guint           c2l_pickle_text_hash (gconstpointer text);
gboolean        c2l_pickle_text_equal (gconstpointer a, gconstpointer b);

/* As c2l_pickle_parse; @nested says that this already is a file inside a pickle, which holds no
 * further one. */
C2lPickle      *c2l_pickle_parse_full (GBytes *bytes, gsize offset, C2lPickleStorageFunc find_storage, gpointer user_data,
                                       gboolean nested, GError **error);

/* Finds a constructor; an error names what was refused. @module, @name need not end in NUL. */
C2lPickleValue *c2l_pickle_class_lookup (C2lPickle *pickle, const char *module, gsize module_length,
                                         const char *name, gsize name_length, GError **error);
/* REDUCE, NEWOBJ, BUILD and BINPERSID as far as they make data. */
C2lPickleValue *c2l_pickle_reduce (C2lPickle *pickle, C2lPickleValue *callable, C2lPickleValue *args, GError **error);
C2lPickleValue *c2l_pickle_new_object (C2lPickle *pickle, C2lPickleValue *type, C2lPickleValue *args, GError **error);
gboolean        c2l_pickle_build (C2lPickle *pickle, C2lPickleValue *object, C2lPickleValue *state, GError **error);
C2lPickleValue *c2l_pickle_persistent (C2lPickle *pickle, C2lPickleValue *id, GError **error);

/* torch's and numpy's constructors (pickle-array.c). */
C2lPickleValue *c2l_pickle_rebuild_tensor (C2lPickle *pickle, C2lPickleValue *args, GError **error);
C2lPickleValue *c2l_pickle_load_nested (C2lPickle *pickle, C2lPickleValue *args, GError **error);
C2lPickleValue *c2l_pickle_numpy_scalar (C2lPickle *pickle, C2lPickleValue *args, GError **error);
C2lPickleValue *c2l_pickle_numpy_dtype (C2lPickle *pickle, C2lPickleValue *args, GError **error);
gboolean        c2l_pickle_build_ndarray (C2lPickle *pickle, C2lPickleNdarray *ndarray, C2lPickleValue *state, GError **error);

/* Sets DAMAGED with "damaged pickle: …"; returns FALSE. */
gboolean        c2l_pickle_damaged (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

G_END_DECLS
