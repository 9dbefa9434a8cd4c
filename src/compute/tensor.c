#include "compute/op.h"

#include <string.h>

typedef struct
{
  gpointer data;
  GDestroyNotify release;
  guint generation; /* of the numbers that were packed */
} Packed;

static void
packed_free (gpointer data)
{
  Packed *packed = data;

  if (packed->release)
    packed->release (packed->data);
  g_free (packed);
}

C2lDtype
c2l_tensor_get_dtype (const C2lTensor *tensor)
{
  return tensor->dtype;
}

int
c2l_tensor_get_n_dims (const C2lTensor *tensor)
{
  return tensor->n_dims;
}

gint64
c2l_tensor_get_dim (const C2lTensor *tensor, int axis)
{
  if (axis < 0)
    axis += tensor->n_dims;
  g_return_val_if_fail (axis >= 0 && axis < tensor->n_dims, 0);
  return tensor->dims[axis];
}

const gint64 *
c2l_tensor_get_dims (const C2lTensor *tensor)
{
  return tensor->dims;
}

gsize
c2l_tensor_get_length (const C2lTensor *tensor)
{
  gsize length = 1;

  for (int i = 0; i < tensor->n_dims; i++)
    length *= (gsize) tensor->dims[i];
  return length;
}

gsize
c2l_tensor_get_size (const C2lTensor *tensor)
{
  return c2l_tensor_get_length (tensor) * c2l_dtype_get_size (tensor->dtype);
}

gint64
c2l_tensor_get_n_rows (const C2lTensor *tensor)
{
  gint64 n = 1;

  for (int i = 0; i < tensor->n_dims - 1; i++)
    n *= tensor->dims[i];
  return n;
}

void
c2l_tensor_write (C2lTensor *tensor, gconstpointer data, gsize size)
{
  g_return_if_fail (tensor != NULL && tensor->data != NULL);
  g_return_if_fail (tensor->kind == C2L_TENSOR_INPUT
                    || (tensor->kind == C2L_TENSOR_WEIGHT && !tensor->release));
  g_return_if_fail (size == c2l_tensor_get_size (tensor));
  tensor->device->klass->upload (tensor->device, tensor->data, data, size);
  tensor->generation++;
}

gboolean
c2l_tensor_own (C2lTensor *weight)
{
  g_return_val_if_fail (weight->kind == C2L_TENSOR_WEIGHT, FALSE);

  const gsize size = c2l_tensor_get_size (weight);
  gpointer data = weight->release ? weight->device->klass->alloc (weight->device, size) : NULL;

  if (!weight->release)
    return TRUE;
  if (!data)
    return FALSE;
  weight->device->klass->upload (weight->device, data, weight->data, size);
  weight->release (weight->owner);
  weight->data = data;
  weight->owner = NULL;
  weight->release = NULL;
  return TRUE;
}

gpointer
c2l_tensor_get_host_data (C2lTensor *weight)
{
  g_return_val_if_fail (weight->kind == C2L_TENSOR_WEIGHT && !weight->release, NULL);
  return weight->device->klass->shares_memory ? weight->data : NULL;
}

gpointer
c2l_tensor_get_device_data (C2lTensor *weight)
{
  g_return_val_if_fail (weight->kind == C2L_TENSOR_WEIGHT && !weight->release, NULL);
  return weight->data;
}

void
c2l_tensor_read (C2lTensor *tensor, gpointer data, gsize size)
{
  g_return_if_fail (tensor != NULL && tensor->data != NULL);
  g_return_if_fail (size == c2l_tensor_get_size (tensor));
  tensor->device->klass->download (tensor->device, data, tensor->data, size);
}

void
c2l_tensor_read_part (C2lTensor *tensor, gsize offset, gpointer data, gsize size)
{
  g_return_if_fail (tensor != NULL && tensor->data != NULL);
  g_return_if_fail (offset <= c2l_tensor_get_size (tensor)
                    && size <= c2l_tensor_get_size (tensor) - offset);
  tensor->device->klass->download (tensor->device, data, (char *) tensor->data + offset, size);
}

gconstpointer
c2l_tensor_peek (C2lTensor *weight, gpointer *copy)
{
  gconstpointer data = c2l_tensor_get_host_data (weight);

  *copy = NULL;
  if (data)
    return data;
  *copy = g_malloc (c2l_tensor_get_size (weight));
  c2l_tensor_read (weight, *copy, c2l_tensor_get_size (weight));
  return *copy;
}

char *
c2l_tensor_to_string (const C2lTensor *tensor)
{
  GString *text = g_string_new (c2l_dtype_get_name (tensor->dtype));

  g_string_append (text, " [");
  for (int i = 0; i < tensor->n_dims; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i ? ", " : "", tensor->dims[i]);
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

C2lTensor *
c2l_tensor_ref (C2lTensor *tensor)
{
  g_return_val_if_fail (tensor != NULL && tensor->kind == C2L_TENSOR_WEIGHT, NULL);
  g_atomic_ref_count_inc (&tensor->refs);
  return tensor;
}

void
c2l_tensor_unref (C2lTensor *tensor)
{
  g_return_if_fail (tensor != NULL && tensor->kind == C2L_TENSOR_WEIGHT);
  if (!g_atomic_ref_count_dec (&tensor->refs))
    return;
  g_clear_pointer (&tensor->packed, g_hash_table_unref);
  if (tensor->release)
    tensor->release (tensor->owner);
  else
    tensor->device->klass->free (tensor->device, tensor->data);
  c2l_device_unref (tensor->device);
  g_free (tensor);
}

gpointer
c2l_tensor_get_packed (C2lTensor *weight, const char *key)
{
  Packed *packed = weight->packed ? g_hash_table_lookup (weight->packed, key) : NULL;

  return packed ? packed->data : NULL;
}

void
c2l_tensor_take_packed (C2lTensor *weight, const char *key, gpointer data, GDestroyNotify release)
{
  Packed *packed = g_new (Packed, 1);

  *packed = (Packed){ data, release, weight->generation };
  if (!weight->packed)
    weight->packed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, packed_free);
  g_hash_table_replace (weight->packed, g_strdup (key), packed);
}

gboolean
c2l_tensor_renew_packed (C2lTensor *weight, const char *key)
{
  Packed *packed = g_hash_table_lookup (weight->packed, key);

  if (packed->generation == weight->generation)
    return FALSE;
  packed->generation = weight->generation;
  return TRUE;
}
