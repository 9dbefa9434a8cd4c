/* Tensors and NumPy arrays in a pickle: their constructors check every size when they are met,
 * get_array turns them into C2lArrays. A view may not hold more elements than its storage, so
 * nothing is ever expanded, and copies (of strided, byte-swapped or text-encoded data) share a
 * budget of a few times the source, so that a small file cannot fill the memory. */
#include "formats/pickle-private.h"

#include "formats/array.h"
#include "formats/torch-legacy.h"
#include "formats/torch-zip.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define COPY_BUDGET_FACTOR 4
#define COPY_BUDGET_BASE (64u << 20)

static C2lPickleValue *
argument (C2lPickleValue *args, guint i)
{
  return i < args->sequence.length ? args->sequence.items[i] : NULL;
}

static gboolean
is_int (const C2lPickleValue *value)
{
  return value != NULL && value->kind == C2L_PICKLE_INT;
}

/* The view's last element must lie inside its storage; all in gint64 with overflow checked. */
static gboolean
check_view (const C2lPickleTensor *tensor, GError **error)
{
  gint64 last = tensor->offset, length = 1;
  gboolean fits = tensor->offset >= 0;

  for (int i = 0; fits && i < tensor->n_dims; i++)
    {
      gint64 span;
      fits = tensor->dims[i] >= 0 && tensor->strides[i] >= 0
             && !__builtin_mul_overflow (length, tensor->dims[i], &length)
             && !__builtin_mul_overflow (MAX (tensor->dims[i] - 1, 0), tensor->strides[i], &span)
             && !__builtin_add_overflow (last, span, &last);
    }
  if (!fits)
    return c2l_pickle_damaged (error, "a tensor's size, stride or offset is impossible");
  if (length > tensor->storage->length || (length > 0 && last >= tensor->storage->length))
    return c2l_pickle_damaged (
        error, "a tensor reaches past the end of its storage of %" G_GINT64_FORMAT " elements",
        tensor->storage->length);
  return TRUE;
}

C2lPickleValue *
c2l_pickle_rebuild_tensor (C2lPickle *pickle, C2lPickleValue *args, GError **error)
{
  C2lPickleValue *storage = argument (args, 0), *offset = argument (args, 1);
  C2lPickleTensor *tensor = c2l_pickle_alloc (pickle, sizeof *tensor);
  gint64 strides[C2L_MAX_DIMS];
  C2lArray shape;

  if (storage == NULL || storage->kind != C2L_PICKLE_STORAGE || !is_int (offset))
    {
      c2l_pickle_damaged (error, "a tensor is made from %s", c2l_pickle_describe (storage));
      return NULL;
    }
  tensor->storage = storage->storage;
  tensor->offset = offset->integer;
  tensor->n_dims = c2l_pickle_get_ints (argument (args, 2), tensor->dims, C2L_MAX_DIMS);
  if (tensor->n_dims < 0
      || c2l_pickle_get_ints (argument (args, 3), strides, C2L_MAX_DIMS) != tensor->n_dims
      || !c2l_array_init (&shape, tensor->storage->dtype, tensor->n_dims, tensor->dims))
    {
      c2l_pickle_damaged (error, "a tensor's shape is not one of at most %d dimensions",
                          C2L_MAX_DIMS);
      return NULL;
    }
  memcpy (tensor->strides, strides, sizeof strides);
  if (!check_view (tensor, error))
    return NULL;

  C2lPickleValue *value = c2l_pickle_value_new (pickle, C2L_PICKLE_TENSOR);
  value->tensor = tensor;
  return value;
}

/* Reads the torch file inside @bytes, which outlive @pickle's tree unless @temporary. */
static C2lPickleStorage *
read_nested (C2lPickle *pickle,
             const guint8 *data,
             gsize length,
             gboolean *keeps_source,
             GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, length);
  gboolean zip = c2l_torch_zip_detect (bytes);
  g_autoptr (C2lPickle) nested = zip ? c2l_torch_zip_parse (bytes, TRUE, error)
                                     : c2l_torch_legacy_parse (bytes, TRUE, error);
  if (nested == NULL)
    return NULL;
  if (nested->root->kind != C2L_PICKLE_STORAGE)
    {
      c2l_pickle_damaged (error, "a nested torch file holds %s where a storage belongs",
                          c2l_pickle_describe (nested->root));
      return NULL;
    }
  C2lPickleStorage *storage = c2l_pickle_alloc (pickle, sizeof *storage);
  *storage = *nested->root->storage;
  storage->key = (C2lPickleText){ 0 };
  /* An archive may have inflated members of its own. */
  *keeps_source = zip;
  if (zip)
    c2l_pickle_own (pickle, g_steal_pointer (&nested), (GDestroyNotify) c2l_pickle_free);
  return storage;
}

C2lPickleValue *
c2l_pickle_load_nested (C2lPickle *pickle, C2lPickleValue *args, GError **error)
{
  C2lPickleValue *bytes = argument (args, 0);
  gboolean keeps_source;

  if (pickle->nested || bytes == NULL || bytes->kind != C2L_PICKLE_BYTES)
    {
      c2l_pickle_damaged (error, "a nested torch file is made from %s",
                          c2l_pickle_describe (bytes));
      return NULL;
    }

  C2lPickleStorage *storage;
  if (!bytes->text.latin1)
    storage = read_nested (pickle, (const guint8 *) bytes->text.data, bytes->text.length,
                           &keeps_source, error);
  else
    {
      gsize length;
      g_autofree guint8 *decoded = c2l_pickle_decode_latin1 (&bytes->text, &length, error);
      storage = decoded ? read_nested (pickle, decoded, length, &keeps_source, error) : NULL;
      if (storage != NULL && keeps_source)
        c2l_pickle_own (pickle, g_steal_pointer (&decoded), g_free);
      else if (storage != NULL)
        {
          /* Checked now, decoded again when somebody wants it: half of such a file is never looked
           * at. */
          storage->nested = bytes->text;
          storage->nested_offset = (gsize) (storage->data - decoded);
          storage->data = NULL;
        }
    }
  if (storage == NULL)
    return NULL;

  C2lPickleValue *value = c2l_pickle_value_new (pickle, C2L_PICKLE_STORAGE);
  value->storage = storage;
  return value;
}

static gboolean
dtype_from_numpy (const char *code, gsize length, C2lDtype *dtype)
{
  static const struct
  {
    const char *code;
    C2lDtype dtype;
  } codes[] = {
    { "f4", C2L_F32 }, { "f2", C2L_F16 }, { "f8", C2L_F64 }, { "i8", C2L_I64 },  { "i4", C2L_I32 },
    { "i2", C2L_I16 }, { "i1", C2L_I8 },  { "u1", C2L_U8 },  { "b1", C2L_BOOL },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (codes); i++)
    if (length == 2 && memcmp (code, codes[i].code, 2) == 0)
      {
        *dtype = codes[i].dtype;
        return TRUE;
      }
  return FALSE;
}

C2lPickleValue *
c2l_pickle_numpy_dtype (C2lPickle *pickle, C2lPickleValue *args, GError **error)
{
  C2lPickleValue *code = argument (args, 0);
  C2lPickleValue *value = c2l_pickle_value_new (pickle, C2L_PICKLE_DTYPE);

  if (code == NULL || code->kind != C2L_PICKLE_STRING
      || !dtype_from_numpy (code->text.data, code->text.length, &value->dtype.dtype))
    {
      g_autofree char *name = c2l_pickle_dup_string (code);
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_FORBIDDEN,
                   _ ("NumPy elements of type “%s” are not numbers that model files are made of"),
                   name ? name : "?");
      return NULL;
    }
  return value;
}

/* numpy.core.multiarray.scalar (dtype, bytes): a Python number here. */
C2lPickleValue *
c2l_pickle_numpy_scalar (C2lPickle *pickle, C2lPickleValue *args, GError **error)
{
  C2lPickleValue *dtype = argument (args, 0), *bytes = argument (args, 1);
  C2lPickleNdarray ndarray = { 0 };
  C2lPickleValue wrapped = { .kind = C2L_PICKLE_NDARRAY, .ndarray = &ndarray };
  C2lArray array;

  if (dtype == NULL || dtype->kind != C2L_PICKLE_DTYPE || bytes == NULL
      || (bytes->kind != C2L_PICKLE_BYTES && bytes->kind != C2L_PICKLE_STRING))
    {
      c2l_pickle_damaged (error, "a NumPy number is made from %s", c2l_pickle_describe (bytes));
      return NULL;
    }
  ndarray.dtype = dtype->dtype.dtype;
  ndarray.swap = dtype->dtype.swap;
  ndarray.bytes = bytes->text;
  if (!c2l_pickle_get_array (pickle, &wrapped, &array, error))
    return NULL;

  if (array.dtype == C2L_F64)
    {
      double number;
      memcpy (&number, array.data, sizeof number);
      return c2l_pickle_float_new (pickle, number);
    }
  if (array.dtype == C2L_I64)
    {
      gint64 integer;
      memcpy (&integer, array.data, sizeof integer);
      return c2l_pickle_int_new (pickle, integer);
    }
  g_autofree float *number = c2l_array_dup_f32 (&array);
  if (array.dtype == C2L_F32 || array.dtype == C2L_F16)
    return c2l_pickle_float_new (pickle, *number);
  if (array.dtype == C2L_BOOL)
    {
      C2lPickleValue *value = c2l_pickle_value_new (pickle, C2L_PICKLE_BOOL);
      value->boolean = *number != 0;
      return value;
    }
  return c2l_pickle_int_new (pickle, (gint64) *number);
}

/* The state of an ndarray: (version, shape, dtype, Fortran order, bytes). */
gboolean
c2l_pickle_build_ndarray (C2lPickle *pickle,
                          C2lPickleNdarray *ndarray,
                          C2lPickleValue *state,
                          GError **error)
{
  gint64 dims[C2L_MAX_DIMS];
  C2lArray shape;

  if (state->kind != C2L_PICKLE_TUPLE || state->sequence.length != 5)
    return c2l_pickle_damaged (error, "a NumPy array is made from %s", c2l_pickle_describe (state));

  C2lPickleValue **items = state->sequence.items;
  int n_dims = c2l_pickle_get_ints (items[1], dims, C2L_MAX_DIMS);
  if (n_dims < 0 || items[2]->kind != C2L_PICKLE_DTYPE || items[3]->kind != C2L_PICKLE_BOOL
      || (items[4]->kind != C2L_PICKLE_BYTES && items[4]->kind != C2L_PICKLE_STRING)
      || !c2l_array_init (&shape, items[2]->dtype.dtype, n_dims, dims))
    return c2l_pickle_damaged (error, "a NumPy array has a shape or data of the wrong kind");

  ndarray->dtype = items[2]->dtype.dtype;
  ndarray->swap = items[2]->dtype.swap;
  ndarray->fortran = items[3]->boolean;
  ndarray->n_dims = n_dims;
  memcpy (ndarray->dims, shape.dims, sizeof ndarray->dims);
  ndarray->bytes = items[4]->text;
  return TRUE;
}

static gboolean
is_contiguous (const C2lArray *array, const gint64 *strides)
{
  gint64 expected = 1;
  for (int i = array->n_dims - 1; i >= 0; i--)
    {
      if (array->dims[i] != 1 && strides[i] != expected)
        return FALSE;
      expected *= array->dims[i];
    }
  return TRUE;
}

static void
copy_element (guint8 *out, const guint8 *in, gsize size, gboolean swap)
{
  if (!swap)
    memcpy (out, in, size);
  else
    for (gsize i = 0; i < size; i++)
      out[i] = in[size - 1 - i];
}

/* Walks @array's indices as an odometer; strides count elements. */
static void
gather (guint8 *out,
        const C2lArray *array,
        const guint8 *base,
        const gint64 *strides,
        gboolean swap)
{
  gsize size = c2l_dtype_get_size (array->dtype);
  gint64 index[C2L_MAX_DIMS] = { 0 };
  gint64 position = 0;

  for (gsize n = 0; n < array->length; n++)
    {
      copy_element (out + n * size, base + (gsize) position * size, size, swap);
      for (int i = array->n_dims - 1; i >= 0; i--)
        {
          position += strides[i];
          if (++index[i] < array->dims[i])
            break;
          position -= array->dims[i] * strides[i];
          index[i] = 0;
        }
    }
}

/* Sets @array's data to the elements at @base, in place where nothing has to change. */
static gboolean
place (C2lPickle *pickle,
       C2lArray *array,
       const guint8 *base,
       const gint64 *strides,
       gboolean swap,
       GError **error)
{
  gsize size = c2l_array_get_size (array);

  if (array->length == 0
      || (is_contiguous (array, strides) && !(swap && c2l_dtype_get_size (array->dtype) > 1)))
    {
      array->data = base;
      return TRUE;
    }
  pickle->copied += size;
  if (pickle->copied / COPY_BUDGET_FACTOR > g_bytes_get_size (pickle->source) + COPY_BUDGET_BASE)
    return c2l_pickle_damaged (error,
                               "its tensors overlap so often that they would not fit into memory");

  guint8 *copy = g_try_malloc (size);
  if (copy == NULL)
    return c2l_pickle_damaged (
        error, "a tensor of %" G_GSIZE_FORMAT " bytes does not fit into memory", size);
  c2l_pickle_own (pickle, copy, g_free);
  gather (copy, array, base, strides, swap);
  array->data = copy;
  return TRUE;
}

static gboolean
find_storage_data (C2lPickle *pickle, C2lPickleStorage *storage, GError **error)
{
  if (storage->data == NULL && storage->nested.data != NULL)
    {
      gsize length;
      const guint8 *decoded = c2l_pickle_get_bytes (pickle, &storage->nested, &length, error);
      if (decoded == NULL)
        return FALSE;
      storage->data = decoded + storage->nested_offset;
    }
  if (storage->data == NULL
      || storage->size / c2l_dtype_get_size (storage->dtype) < (gsize) storage->length)
    return c2l_pickle_damaged (error, "the data of a tensor is missing");
  return TRUE;
}

static gboolean
array_from_tensor (C2lPickle *pickle,
                   const C2lPickleTensor *tensor,
                   C2lArray *array,
                   GError **error)
{
  C2lPickleStorage *storage = tensor->storage;

  if (!find_storage_data (pickle, storage, error))
    return FALSE;
  if (!c2l_array_init (array, storage->dtype, tensor->n_dims, tensor->dims))
    return c2l_pickle_damaged (error, "a tensor has an impossible shape");
  gsize offset
      = array->length > 0 ? (gsize) tensor->offset * c2l_dtype_get_size (storage->dtype) : 0;
  return place (pickle, array, storage->data + offset, tensor->strides, storage->swap, error);
}

static gboolean
array_from_ndarray (C2lPickle *pickle,
                    const C2lPickleNdarray *ndarray,
                    C2lArray *array,
                    GError **error)
{
  gint64 strides[C2L_MAX_DIMS], step = 1;
  gsize length;

  const guint8 *data = c2l_pickle_get_bytes (pickle, &ndarray->bytes, &length, error);
  if (data == NULL)
    return FALSE;
  if (!c2l_array_init (array, ndarray->dtype, ndarray->n_dims, ndarray->dims)
      || c2l_array_get_size (array) != length)
    return c2l_pickle_damaged (
        error, "a NumPy array has %" G_GSIZE_FORMAT " bytes, which is not what its shape says",
        length);

  for (int i = 0; i < ndarray->n_dims; i++)
    {
      int dim = ndarray->fortran ? i : ndarray->n_dims - 1 - i;
      strides[dim] = step;
      step *= ndarray->dims[dim];
    }
  return place (pickle, array, data, strides, ndarray->swap, error);
}

gboolean
c2l_pickle_get_array (C2lPickle *pickle,
                      const C2lPickleValue *value,
                      C2lArray *array,
                      GError **error)
{
  if (value != NULL && value->kind == C2L_PICKLE_TENSOR)
    return array_from_tensor (pickle, value->tensor, array, error);
  if (value != NULL && value->kind == C2L_PICKLE_NDARRAY)
    return array_from_ndarray (pickle, value->ndarray, array, error);
  return c2l_pickle_damaged (error, "%s where a tensor belongs", c2l_pickle_describe (value));
}
