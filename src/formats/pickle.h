/* C2lPickle: a Python pickle read as data. The machine builds values and runs nothing: it knows by
 * name the few constructors that model files use (pickle-classes.c) and refuses all others by name.
 * A tree belongs to its C2lPickle and is lent; strings and bytes point into the source wherever
 * they can.
 *
 *   g_autoptr (C2lPickle) pickle = c2l_pickle_parse (bytes, 0, NULL, NULL, &error);
 *   const C2lPickleValue *state = c2l_pickle_lookup (pickle, c2l_pickle_get_root (pickle),
 *     "state_dict");
 *
 * A tree may share parts and may contain itself; who walks it brings a limit (C2lPickleWalk). */
#pragma once

#include "formats/weights.h"

G_BEGIN_DECLS

typedef enum
{
  C2L_PICKLE_NONE,
  C2L_PICKLE_BOOL,
  C2L_PICKLE_INT,
  C2L_PICKLE_BIG_INT, /* over 64 bits: kept as its little-endian bytes, in text */
  C2L_PICKLE_FLOAT,
  C2L_PICKLE_STRING,
  C2L_PICKLE_BYTES,
  C2L_PICKLE_TUPLE,
  C2L_PICKLE_LIST,
  C2L_PICKLE_SET,
  C2L_PICKLE_DICT,
  C2L_PICKLE_CLASS,
  C2L_PICKLE_OBJECT,
  C2L_PICKLE_DTYPE,
  C2L_PICKLE_NDARRAY,
  C2L_PICKLE_STORAGE,
  C2L_PICKLE_TENSOR
} C2lPickleKind;

typedef struct _C2lPickle C2lPickle;
typedef struct _C2lPickleValue C2lPickleValue;
typedef struct _C2lPickleClass C2lPickleClass;

typedef struct
{
  const char *data;
  gsize length;
  /* Bytes only: written as UTF-8 text of the code points 0…255 (protocol ≤ 2), to be decoded when
   * needed. */
  gboolean latin1;
} C2lPickleText;

typedef struct
{
  C2lDtype dtype;
  gint64 length; /* elements */
  gboolean swap; /* other byte order than this machine's */
  C2lPickleText key;
  const guint8 *data;  /* NULL as long as it is not known */
  gsize size;          /* bytes at data */
  C2lPickleText nested; /* where data is NULL: Latin-1 text that holds it, … */
  gsize nested_offset;  /* … from this byte of its decoded form on */
} C2lPickleStorage;

typedef struct
{
  C2lPickleStorage *storage;
  gint64 offset;
  int n_dims;
  gint64 dims[C2L_MAX_DIMS];
  gint64 strides[C2L_MAX_DIMS];
} C2lPickleTensor;

typedef struct
{
  C2lDtype dtype;
  gboolean swap;
  gboolean fortran;
  int n_dims;
  gint64 dims[C2L_MAX_DIMS];
  C2lPickleText bytes;
} C2lPickleNdarray;

struct _C2lPickleValue
{
  C2lPickleKind kind;
  union
  {
    gboolean boolean;
    gint64 integer;
    double number;
    C2lPickleText text; /* STRING, BYTES, BIG_INT */
    struct
    {
      C2lPickleValue **items; /* DICT: key, value, key, value, … */
      guint length;           /* of items */
      guint allocated;
      GHashTable *index;      /* of a large DICT, made when it is first searched */
    } sequence;
    struct
    {
      const C2lPickleClass *type;
      const char *name;      /* "omegaconf.nodes.AnyNode" */
      C2lPickleValue *state; /* OBJECT: what BUILD set or the constructor got, or NULL */
    } object;                /* CLASS, OBJECT */
    struct
    {
      C2lDtype dtype;
      gboolean swap;
    } dtype;
    C2lPickleNdarray *ndarray;
    C2lPickleStorage *storage;
    C2lPickleTensor *tensor;
  };
};

/* Called once for every storage that a persistent id names: finds its data, or leaves that for
 * later. */
typedef gboolean (*C2lPickleStorageFunc) (C2lPickleStorage *storage, gpointer user_data, GError **error);

/* Reads the pickle that begins at @offset. @find_storage NULL: persistent ids are refused. */
C2lPickle            *c2l_pickle_parse (GBytes *bytes, gsize offset, C2lPickleStorageFunc find_storage,
                                        gpointer user_data, GError **error);
void                  c2l_pickle_free (C2lPickle *pickle);
const C2lPickleValue *c2l_pickle_get_root (C2lPickle *pickle);
/* Where the pickle ended in its source. */
gsize                 c2l_pickle_get_end (C2lPickle *pickle);

/* The value of a DICT at @key, the last one if there are several; NULL if there is none, or @dict
 * is no DICT (or NULL). */
const C2lPickleValue *c2l_pickle_lookup (C2lPickle *pickle, const C2lPickleValue *dict, const char *key);
gboolean              c2l_pickle_is_string (const C2lPickleValue *value, const char *string);
/* A new string, or NULL where @value is none or holds a NUL. */
char                 *c2l_pickle_dup_string (const C2lPickleValue *value);
/* Integers of a TUPLE or LIST; -1 where @value is neither, has others in it, or more than @max. */
int                   c2l_pickle_get_ints (const C2lPickleValue *value, gint64 *out, int max);
/* What @value is, for messages: "a list". */
const char           *c2l_pickle_describe (const C2lPickleValue *value);

/* The elements of a TENSOR or NDARRAY: in place if contiguous, else from a copy that @pickle
 * owns. */
gboolean              c2l_pickle_get_array (C2lPickle *pickle, const C2lPickleValue *value, C2lArray *array, GError **error);
/* Ties @owner's life to that of @pickle. */
void                  c2l_pickle_own (C2lPickle *pickle, gpointer owner, GDestroyNotify destroy);

/* Limits for whoever walks a tree: shared parts would make it endless. */
typedef struct
{
  guint depth;
  guint visited;
} C2lPickleWalk;
#define C2L_PICKLE_MAX_DEPTH 100
/* Enough for any model, and half a second; fuzzing would find little else but the way to it. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define C2L_PICKLE_MAX_VISITS 10000
#else
#define C2L_PICKLE_MAX_VISITS 1000000
#endif
/* Counts one step down; FALSE with an error where it is too deep or too long. leave() comes back
 * up. */
gboolean              c2l_pickle_walk_enter (C2lPickleWalk *walk, GError **error);
void                  c2l_pickle_walk_leave (C2lPickleWalk *walk);

/* Numbers, strings and whatever is made of them (small ndarrays and numpy scalars too) as JSON;
 * NULL for the rest. Members of a dictionary that are not plain are left out. */
JsonNode             *c2l_pickle_to_json (C2lPickle *pickle, const C2lPickleValue *value, C2lPickleWalk *walk);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lPickle, c2l_pickle_free)

G_END_DECLS
