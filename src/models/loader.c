/* Checked tensors out of a file's arrays. Knows nothing of any model; every size is compared before
 * an element is read. Arrays are lent by the weights, tensors made here are owned by the caller. */
#include "models/loader.h"

#include <math.h>
#include <string.h>

#define MAX_FILTER_TAPS 256

void
c2l_loader_init (C2lLoader *loader, C2lWeights *weights, C2lDevice *device)
{
  const char *path = c2l_weights_get_path (weights);

  *loader = (C2lLoader){
    .weights = weights,
    .device = device,
    .file = g_strdup (path != NULL ? path : "weights"),
  };
}

gboolean
c2l_loader_finish (C2lLoader *loader, GError **error)
{
  g_clear_pointer (&loader->file, g_free);
  if (loader->error == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&loader->error));
  return FALSE;
}

void
c2l_loader_fail (C2lLoader *loader, C2lFormatError code, const char *format, ...)
{
  va_list args;

  if (loader->error != NULL)
    return;

  va_start (args, format);
  g_autofree char *what = g_strdup_vprintf (format, args);
  va_end (args);
  loader->error = g_error_new (C2L_FORMAT_ERROR, code, "%s: %s", loader->file, what);
}

gboolean
c2l_loader_has_failed (const C2lLoader *loader)
{
  return loader->error != NULL;
}

#define FORMAT_NAME(name, format)                                                                  \
  g_autofree char *name = NULL;                                                                    \
  {                                                                                                \
    va_list args;                                                                                  \
    va_start (args, format);                                                                       \
    name = g_strdup_vprintf (format, args);                                                        \
    va_end (args);                                                                                 \
  }

const C2lArray *
c2l_loader_find (C2lLoader *loader, const char *format, ...)
{
  FORMAT_NAME (name, format);
  return c2l_weights_lookup (loader->weights, name);
}

static char *
shape_to_string (int n_dims, const gint64 *dims)
{
  GString *text = g_string_new ("[");

  for (int i = 0; i < n_dims; i++)
    {
      g_string_append (text, i == 0 ? "" : ", ");
      if (dims[i] == 0)
        g_string_append (text, "any");
      else
        g_string_append_printf (text, "%" G_GINT64_FORMAT, dims[i]);
    }
  g_string_append (text, "]");
  return g_string_free (text, FALSE);
}

static gboolean
shape_fits (const C2lArray *array, int n_dims, const gint64 *dims)
{
  if (array->n_dims != n_dims || array->length == 0)
    return FALSE;

  for (int i = 0; i < n_dims; i++)
    if (dims[i] != 0 && dims[i] != array->dims[i])
      return FALSE;
  return TRUE;
}

static const C2lArray *
need (C2lLoader *loader, int n_dims, const gint64 *dims, const char *name)
{
  if (loader->error != NULL)
    return NULL;

  const C2lArray *array = c2l_weights_lookup (loader->weights, name);
  if (array == NULL)
    {
      c2l_loader_fail (loader, C2L_FORMAT_ERROR_DAMAGED, "tensor “%s” is missing", name);
      return NULL;
    }

  if (!shape_fits (array, n_dims, dims))
    {
      g_autofree char *found = c2l_array_to_string (array);
      g_autofree char *wanted = shape_to_string (n_dims, dims);

      c2l_loader_fail (loader, C2L_FORMAT_ERROR_DAMAGED,
                       "tensor “%s” is %s, but the sizes of the other tensors ask for %s", name,
                       found, wanted);
      return NULL;
    }

  return array;
}

const C2lArray *
c2l_loader_need (C2lLoader *loader, int n_dims, const gint64 *dims, const char *format, ...)
{
  FORMAT_NAME (name, format);
  return need (loader, n_dims, dims, name);
}

C2lTensor *
c2l_loader_make_tensor (C2lLoader *loader, int n_dims, const gint64 *dims, const float *data)
{
  if (loader->error != NULL)
    return NULL;
  return c2l_device_new_weight (loader->device, C2L_F32, n_dims, dims, data, &loader->error);
}

/* @array as a weight: mapped where its bytes are already what is wanted. */
static C2lTensor *
tensor_from_array (C2lLoader *loader, const C2lArray *array, float gain)
{
  if (loader->error != NULL || array == NULL)
    return NULL;

  gboolean aligned = (gsize) array->data % sizeof (float) == 0;
  if (array->dtype == C2L_F32 && gain == 1 && aligned && array->n_dims > 0)
    return c2l_device_wrap_weight (loader->device, C2L_F32, array->n_dims, array->dims, array->data,
                                   c2l_weights_ref (loader->weights),
                                   (GDestroyNotify) c2l_weights_unref, &loader->error);

  g_autofree float *data = c2l_array_dup_f32 (array);
  if (gain != 1)
    for (gsize i = 0; i < array->length; i++)
      data[i] *= gain;
  return c2l_loader_make_tensor (loader, array->n_dims, array->dims, data);
}

C2lTensor *
c2l_loader_get_tensor (C2lLoader *loader,
                       float gain,
                       int n_dims,
                       const gint64 *dims,
                       const char *format,
                       ...)
{
  FORMAT_NAME (name, format);
  return tensor_from_array (loader, need (loader, n_dims, dims, name), gain);
}

float
c2l_loader_get_scalar (C2lLoader *loader, const char *format, ...)
{
  FORMAT_NAME (name, format);
  if (loader->error != NULL)
    return 0;

  const C2lArray *array = c2l_weights_lookup (loader->weights, name);
  if (array == NULL || array->length != 1)
    {
      c2l_loader_fail (loader, C2L_FORMAT_ERROR_DAMAGED, "tensor “%s” is %s", name,
                       array == NULL ? "missing" : "not a single number");
      return 0;
    }

  g_autofree float *value = c2l_array_dup_f32 (array);
  if (!isfinite (value[0]))
    {
      c2l_loader_fail (loader, C2L_FORMAT_ERROR_DAMAGED, "tensor “%s” is not a finite number",
                       name);
      return 0;
    }
  return value[0];
}

C2lTensor *
c2l_loader_get_filter (C2lLoader *loader, const char *format, ...)
{
  FORMAT_NAME (name, format);
  if (loader->error != NULL)
    return NULL;

  const C2lArray *array = c2l_weights_lookup (loader->weights, name);
  if (array == NULL)
    return NULL;

  gboolean square = array->n_dims == 1 || (array->n_dims == 2 && array->dims[0] == array->dims[1]);
  if (!square || array->length == 0 || array->dims[0] > MAX_FILTER_TAPS)
    {
      g_autofree char *found = c2l_array_to_string (array);

      c2l_loader_fail (
          loader, C2L_FORMAT_ERROR_UNSUPPORTED,
          "filter “%s” is %s; filters of [n] or [n, n] with at most %d taps are supported", name,
          found, MAX_FILTER_TAPS);
      return NULL;
    }

  g_autofree float *data = c2l_array_dup_f32 (array);
  for (gsize i = 0; i < array->length; i++)
    if (!isfinite (data[i]))
      {
        c2l_loader_fail (loader, C2L_FORMAT_ERROR_DAMAGED,
                         "filter “%s” holds a number that is not finite", name);
        return NULL;
      }

  if (array->length == 1 && data[0] == 1)
    return NULL;
  return c2l_loader_make_tensor (loader, array->n_dims, array->dims, data);
}

C2lDense
c2l_loader_get_dense (C2lLoader *loader,
                      float lr,
                      float gain,
                      gint64 n_out,
                      gint64 n_in,
                      const char *format,
                      ...)
{
  FORMAT_NAME (name, format);
  g_autofree char *weight = g_strconcat (name, ".weight", NULL);
  g_autofree char *bias = g_strconcat (name, ".bias", NULL);
  C2lDense dense = { NULL, NULL };

  const C2lArray *array = need (loader, 2, (gint64[]){ n_out, n_in }, weight);
  if (array == NULL)
    return dense;

  dense.weight
      = tensor_from_array (loader, array, (float) (lr * gain / sqrt ((double) array->dims[1])));
  if (c2l_weights_lookup (loader->weights, bias) != NULL)
    dense.bias = tensor_from_array (loader, need (loader, 1, &array->dims[0], bias), lr * gain);
  return dense;
}

void
c2l_dense_clear (C2lDense *dense)
{
  g_clear_pointer (&dense->weight, c2l_tensor_unref);
  g_clear_pointer (&dense->bias, c2l_tensor_unref);
}

double
c2l_loader_get_number (C2lLoader *loader,
                       JsonObject *object,
                       const char *member,
                       double fallback,
                       double low,
                       double high)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, member) : NULL;

  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return fallback;

  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  double value = type == G_TYPE_INT64 || type == G_TYPE_DOUBLE ? json_node_get_double (node) : NAN;
  if (!(value >= low && value <= high))
    {
      c2l_loader_fail (loader, C2L_FORMAT_ERROR_DAMAGED, "“%s” should be a number from %g to %g",
                       member, low, high);
      return fallback;
    }
  return value;
}

int
c2l_loader_get_integer (C2lLoader *loader,
                        JsonObject *object,
                        const char *member,
                        int fallback,
                        int low,
                        int high)
{
  double value = c2l_loader_get_number (loader, object, member, fallback, low, high);

  if (value != floor (value))
    {
      c2l_loader_fail (loader, C2L_FORMAT_ERROR_DAMAGED, "“%s” should be a whole number, not %g",
                       member, value);
      return fallback;
    }
  return (int) value;
}

void
c2l_loader_check_stated (C2lLoader *loader, JsonObject *config, const char *member, int value)
{
  int stated = c2l_loader_get_integer (loader, config, member, value, 0, G_MAXINT);

  if (stated != value)
    c2l_loader_fail (loader, C2L_FORMAT_ERROR_DAMAGED,
                     "it says that %s is %d, but its tensors make it %d", member, stated, value);
}

JsonObject *
c2l_config_get_object (JsonObject *object, const char *member)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, member) : NULL;

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

const char *
c2l_config_get_string (JsonObject *object, const char *member, const char *fallback)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, member) : NULL;
  gboolean is_string = node != NULL && JSON_NODE_HOLDS_VALUE (node)
                       && json_node_get_value_type (node) == G_TYPE_STRING;

  return is_string ? json_node_get_string (node) : fallback;
}
