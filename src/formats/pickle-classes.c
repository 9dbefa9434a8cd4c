/* The constructors that a model file may name, and what each makes here: data, never a call.
 * Everything that is not in the table is refused by its name before any argument is looked at. */
#include "formats/pickle-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef C2lPickleValue *(*Construct) (C2lPickle *pickle,
                                      const C2lPickleValue *type,
                                      C2lPickleValue *args,
                                      GError **error);

struct _C2lPickleClass
{
  const char *module;
  const char *name;    /* NULL: any name in @module and below it */
  Construct construct; /* what calling it makes; NULL: it only stands for itself */
  int dtype;           /* of a storage class, else -1 */
};

static C2lPickleValue *
make_dict (C2lPickle *pickle, const C2lPickleValue *type, C2lPickleValue *args, GError **error)
{
  C2lPickleValue *dict = c2l_pickle_value_new (pickle, C2L_PICKLE_DICT);

  /* OrderedDict ([[key, value], …]) is how protocol 2 writes what is in it; defaultdict (factory)
   * has a class there. */
  C2lPickleValue *pairs = args->sequence.length > 0 ? args->sequence.items[0] : NULL;
  if (pairs == NULL || pairs->kind == C2L_PICKLE_CLASS || pairs->kind == C2L_PICKLE_NONE)
    return dict;
  if (pairs->kind == C2L_PICKLE_DICT)
    {
      c2l_pickle_append (pickle, dict, pairs->sequence.items, pairs->sequence.length);
      return dict;
    }
  for (guint i = 0; pairs->kind == C2L_PICKLE_LIST && i < pairs->sequence.length; i++)
    {
      C2lPickleValue *pair = pairs->sequence.items[i];
      if ((pair->kind != C2L_PICKLE_LIST && pair->kind != C2L_PICKLE_TUPLE)
          || pair->sequence.length != 2)
        {
          c2l_pickle_damaged (error, "a dictionary is made from %s", c2l_pickle_describe (pair));
          return NULL;
        }
      c2l_pickle_append (pickle, dict, pair->sequence.items, 2);
    }
  if (pairs->kind == C2L_PICKLE_LIST)
    return dict;
  c2l_pickle_damaged (error, "a dictionary is made from %s", c2l_pickle_describe (pairs));
  return NULL;
}

static C2lPickleValue *
make_sequence (C2lPickle *pickle, C2lPickleKind kind, C2lPickleValue *args, GError **error)
{
  C2lPickleValue *sequence = c2l_pickle_value_new (pickle, kind);
  C2lPickleValue *items = args->sequence.length > 0 ? args->sequence.items[0] : NULL;

  if (items == NULL)
    return sequence;
  if (items->kind != C2L_PICKLE_LIST && items->kind != C2L_PICKLE_TUPLE
      && items->kind != C2L_PICKLE_SET)
    {
      c2l_pickle_damaged (error, "a list or set is made from %s", c2l_pickle_describe (items));
      return NULL;
    }
  c2l_pickle_append (pickle, sequence, items->sequence.items, items->sequence.length);
  return sequence;
}

static C2lPickleValue *
make_set (C2lPickle *pickle, const C2lPickleValue *type, C2lPickleValue *args, GError **error)
{
  return make_sequence (pickle, C2L_PICKLE_SET, args, error);
}

static C2lPickleValue *
make_list (C2lPickle *pickle, const C2lPickleValue *type, C2lPickleValue *args, GError **error)
{
  return make_sequence (pickle, C2L_PICKLE_LIST, args, error);
}

static C2lPickleValue *
make_long (C2lPickle *pickle, const C2lPickleValue *type, C2lPickleValue *args, GError **error)
{
  C2lPickleValue *number = args->sequence.length == 1 ? args->sequence.items[0] : NULL;
  if (number != NULL && (number->kind == C2L_PICKLE_INT || number->kind == C2L_PICKLE_BIG_INT))
    return number;
  c2l_pickle_damaged (error, "a number is made from %s", c2l_pickle_describe (number));
  return NULL;
}

/* A record of its arguments or state, whose meaning the reader of the format knows. */
static C2lPickleValue *
make_record (C2lPickle *pickle, const C2lPickleValue *type, C2lPickleValue *args, GError **error)
{
  C2lPickleValue *object = c2l_pickle_value_new (pickle, C2L_PICKLE_OBJECT);
  object->object = type->object;
  object->object.state = args->sequence.length > 0 ? args->sequence.items[0] : NULL;
  return object;
}

static C2lPickleValue *
make_parameter (C2lPickle *pickle, const C2lPickleValue *type, C2lPickleValue *args, GError **error)
{
  C2lPickleValue *tensor = args->sequence.length > 0 ? args->sequence.items[0] : NULL;
  if (tensor != NULL && tensor->kind == C2L_PICKLE_TENSOR)
    return tensor;
  c2l_pickle_damaged (error, "a parameter is made from %s", c2l_pickle_describe (tensor));
  return NULL;
}

static C2lPickleValue *
make_tensor (C2lPickle *pickle, const C2lPickleValue *type, C2lPickleValue *args, GError **error)
{
  return c2l_pickle_rebuild_tensor (pickle, args, error);
}

static C2lPickleValue *
make_nested (C2lPickle *pickle, const C2lPickleValue *type, C2lPickleValue *args, GError **error)
{
  return c2l_pickle_load_nested (pickle, args, error);
}

static C2lPickleValue *
make_scalar (C2lPickle *pickle, const C2lPickleValue *type, C2lPickleValue *args, GError **error)
{
  return c2l_pickle_numpy_scalar (pickle, args, error);
}

static C2lPickleValue *
make_dtype (C2lPickle *pickle, const C2lPickleValue *type, C2lPickleValue *args, GError **error)
{
  return c2l_pickle_numpy_dtype (pickle, args, error);
}

/* _reconstruct (ndarray, (0,), b'b'): an empty array, which BUILD fills. */
static C2lPickleValue *
make_ndarray (C2lPickle *pickle, const C2lPickleValue *type, C2lPickleValue *args, GError **error)
{
  C2lPickleValue *of = args->sequence.length > 0 ? args->sequence.items[0] : NULL;
  if (of == NULL || of->kind != C2L_PICKLE_CLASS || strcmp (of->object.name, "numpy.ndarray") != 0)
    {
      c2l_pickle_damaged (error, "a NumPy array is made from %s", c2l_pickle_describe (of));
      return NULL;
    }
  C2lPickleValue *value = c2l_pickle_value_new (pickle, C2L_PICKLE_NDARRAY);
  value->ndarray = c2l_pickle_alloc (pickle, sizeof *value->ndarray);
  value->ndarray->dtype = C2L_U8;
  value->ndarray->n_dims = 1;
  value->ndarray->bytes.data = "";
  return value;
}

/* _codecs.encode (text, 'latin1'): bytes as protocol 2 writes them. Kept as text until somebody
 * needs them. */
static C2lPickleValue *
make_encoded (C2lPickle *pickle, const C2lPickleValue *type, C2lPickleValue *args, GError **error)
{
  C2lPickleValue *text = args->sequence.length == 2 ? args->sequence.items[0] : NULL;
  if (text == NULL || text->kind != C2L_PICKLE_STRING
      || (!c2l_pickle_is_string (args->sequence.items[1], "latin1")
          && !c2l_pickle_is_string (args->sequence.items[1], "latin-1")))
    {
      c2l_pickle_damaged (error, "bytes are encoded in a way that pickle does not write");
      return NULL;
    }
  C2lPickleValue *bytes
      = c2l_pickle_text_new (pickle, C2L_PICKLE_BYTES, text->text.data, text->text.length);
  bytes->text.latin1 = TRUE;
  return bytes;
}

static const C2lPickleClass classes[] = {
  { "collections", "OrderedDict", make_dict, -1 },
  { "collections", "defaultdict", make_dict, -1 },
  { "dnnlib.util", "EasyDict", make_dict, -1 },
  { "dnnlib.tflib.network", "Network", make_record, -1 },
  { "torch_utils.persistence", "_reconstruct_persistent_obj", make_record, -1 },
  { "torch._utils", "_rebuild_parameter", make_parameter, -1 },
  { "torch._utils", "_rebuild_tensor_v2", make_tensor, -1 },
  { "torch.storage", "_load_from_bytes", make_nested, -1 },
  { "torch", "FloatStorage", NULL, C2L_F32 },
  { "torch", "HalfStorage", NULL, C2L_F16 },
  { "torch", "BFloat16Storage", NULL, C2L_BF16 },
  { "torch", "DoubleStorage", NULL, C2L_F64 },
  { "torch", "LongStorage", NULL, C2L_I64 },
  { "torch", "IntStorage", NULL, C2L_I32 },
  { "torch", "ByteStorage", NULL, C2L_U8 },
  { "torch", "BoolStorage", NULL, C2L_BOOL },
  { "numpy", "dtype", make_dtype, -1 },
  { "numpy", "ndarray", NULL, -1 },
  { "numpy.core.multiarray", "scalar", make_scalar, -1 },
  { "numpy.core.multiarray", "_reconstruct", make_ndarray, -1 },
  { "numpy._core.multiarray", "scalar", make_scalar, -1 },
  { "numpy._core.multiarray", "_reconstruct", make_ndarray, -1 },
  { "_codecs", "encode", make_encoded, -1 },
  { "builtins", "set", make_set, -1 },
  { "__builtin__", "set", make_set, -1 },
  { "__builtin__", "dict", make_dict, -1 },
  { "__builtin__", "list", make_list, -1 },
  { "__builtin__", "long", make_long, -1 },
  { "typing", "Any", NULL, -1 },
  { "omegaconf", NULL, make_record, -1 },
  { "__torch__", NULL, make_record, -1 },
};

/* "omegaconf" covers omegaconf and omegaconf.nodes, not omegaconfig. */
static gboolean
module_is_below (const char *module, gsize length, const char *top)
{
  gsize n = strlen (top);
  return length >= n && memcmp (module, top, n) == 0 && (length == n || module[n] == '.');
}

static gboolean
class_matches (const C2lPickleClass *type,
               const char *module,
               gsize module_length,
               const char *name,
               gsize name_length)
{
  if (type->name == NULL)
    return module_is_below (module, module_length, type->module);
  return strlen (type->module) == module_length && memcmp (type->module, module, module_length) == 0
         && strlen (type->name) == name_length && memcmp (type->name, name, name_length) == 0;
}

/* @text for a message: made printable and short. */
static char *
quote (const char *text, gsize length)
{
  g_autofree char *valid = g_utf8_make_valid (text, (gssize) MIN (length, 80));
  for (char *c = valid; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = '?';
  return g_steal_pointer (&valid);
}

C2lPickleValue *
c2l_pickle_class_lookup (C2lPickle *pickle,
                         const char *module,
                         gsize module_length,
                         const char *name,
                         gsize name_length,
                         GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    if (class_matches (&classes[i], module, module_length, name, name_length))
      {
        char *full = c2l_pickle_alloc (pickle, module_length + name_length + 2);
        memcpy (full, module, module_length);
        full[module_length] = '.';
        memcpy (full + module_length + 1, name, name_length);

        C2lPickleValue *value = c2l_pickle_value_new (pickle, C2L_PICKLE_CLASS);
        value->object.type = &classes[i];
        value->object.name = full;
        return value;
      }

  g_autofree char *module_text = quote (module, module_length);
  g_autofree char *name_text = quote (name, name_length);
  g_set_error (
      error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_FORBIDDEN,
      _ ("it asks for “%s.%s”, which is no part of a model; nothing was run, and the file is "
         "better not trusted"),
      module_text, name_text);
  return NULL;
}

static C2lPickleValue *
construct (C2lPickle *pickle, C2lPickleValue *type, C2lPickleValue *args, GError **error)
{
  if (type->kind != C2L_PICKLE_CLASS || args->kind != C2L_PICKLE_TUPLE)
    {
      c2l_pickle_damaged (error, "%s is called with %s", c2l_pickle_describe (type),
                          c2l_pickle_describe (args));
      return NULL;
    }
  if (type->object.type->construct == NULL)
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_FORBIDDEN,
                   _ ("it calls “%s”, which model files only mention; nothing was run"),
                   type->object.name);
      return NULL;
    }
  return type->object.type->construct (pickle, type, args, error);
}

C2lPickleValue *
c2l_pickle_reduce (C2lPickle *pickle,
                   C2lPickleValue *callable,
                   C2lPickleValue *args,
                   GError **error)
{
  return construct (pickle, callable, args, error);
}

C2lPickleValue *
c2l_pickle_new_object (C2lPickle *pickle,
                       C2lPickleValue *type,
                       C2lPickleValue *args,
                       GError **error)
{
  return construct (pickle, type, args, error);
}

static gboolean
build_dtype (C2lPickleValue *dtype, const C2lPickleValue *state, GError **error)
{
  if (state->kind != C2L_PICKLE_TUPLE || state->sequence.length < 2)
    return c2l_pickle_damaged (error, "a NumPy element type has %s as its state",
                               c2l_pickle_describe (state));
  const C2lPickleValue *order = state->sequence.items[1];
  gboolean big = c2l_pickle_is_string (order, ">");
  if (!big && !c2l_pickle_is_string (order, "<") && !c2l_pickle_is_string (order, "|")
      && !c2l_pickle_is_string (order, "="))
    return c2l_pickle_damaged (error, "a NumPy element type has an unknown byte order");
  dtype->dtype.swap = c2l_pickle_is_string (order, G_BYTE_ORDER == G_LITTLE_ENDIAN ? ">" : "<");
  return TRUE;
}

gboolean
c2l_pickle_build (C2lPickle *pickle, C2lPickleValue *object, C2lPickleValue *state, GError **error)
{
  switch (object->kind)
    {
    case C2L_PICKLE_OBJECT:
      object->object.state = state;
      return TRUE;
    case C2L_PICKLE_NDARRAY:
      return c2l_pickle_build_ndarray (pickle, object->ndarray, state, error);
    case C2L_PICKLE_DTYPE:
      return build_dtype (object, state, error);
    case C2L_PICKLE_DICT:
      /* Attributes of an OrderedDict, such as torch's _metadata: nobody needs them. */
      if (state->kind == C2L_PICKLE_DICT || state->kind == C2L_PICKLE_NONE)
        return TRUE;
      return c2l_pickle_damaged (error, "a dictionary has %s as its state",
                                 c2l_pickle_describe (state));
    default:
      return c2l_pickle_damaged (error, "%s is given a state", c2l_pickle_describe (object));
    }
}

static C2lPickleStorage *
storage_new (C2lPickle *pickle,
             const C2lPickleValue *type,
             const C2lPickleValue *key,
             gint64 length,
             GError **error)
{
  C2lPickleStorage *storage = c2l_pickle_alloc (pickle, sizeof *storage);
  storage->dtype = (C2lDtype) type->object.type->dtype;
  storage->length = length;
  storage->key = key->text;
  if (!pickle->find_storage (storage, pickle->find_storage_data, error))
    return NULL;
  g_hash_table_insert (pickle->storages, &storage->key, storage);
  return storage;
}

/* torch's persistent id: ('storage', class, key, location, number of elements[, view]). */
C2lPickleValue *
c2l_pickle_persistent (C2lPickle *pickle, C2lPickleValue *id, GError **error)
{
  C2lPickleValue **items = id->sequence.items;

  if (pickle->find_storage == NULL || id->kind != C2L_PICKLE_TUPLE || id->sequence.length < 5
      || !c2l_pickle_is_string (items[0], "storage") || items[1]->kind != C2L_PICKLE_CLASS
      || items[1]->object.type->dtype < 0 || items[2]->kind != C2L_PICKLE_STRING
      || items[4]->kind != C2L_PICKLE_INT || items[4]->integer < 0)
    {
      c2l_pickle_damaged (error,
                          "it refers to something outside of itself that is no tensor storage");
      return NULL;
    }
  if (id->sequence.length > 5 && items[5]->kind != C2L_PICKLE_NONE)
    {
      g_set_error (
          error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
          _ ("its storages are views of each other, as torch before 0.4 wrote; save it again "
             "with a newer torch"));
      return NULL;
    }

  C2lPickleStorage *storage = g_hash_table_lookup (pickle->storages, &items[2]->text);
  if (storage == NULL)
    storage = storage_new (pickle, items[1], items[2], items[4]->integer, error);
  else if (storage->dtype != (C2lDtype) items[1]->object.type->dtype
           || storage->length != items[4]->integer)
    {
      c2l_pickle_damaged (error, "a storage is described in two different ways");
      return NULL;
    }
  if (storage == NULL)
    return NULL;

  C2lPickleValue *value = c2l_pickle_value_new (pickle, C2L_PICKLE_STORAGE);
  value->storage = storage;
  return value;
}
