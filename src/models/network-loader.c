/* See network-loader.h. Policy: an array is checked as a whole before a model gets to see it, so
 * that a damaged file ends in a message that names the tensor and never in a picture of noise. */
#include "models/network-loader.h"

#include <math.h>
#include <string.h>


#define FULL_NAME(self, name, format)                                                              \
  g_autofree char *name = NULL;                                                                    \
  {                                                                                                \
    va_list args_;                                                                                 \
    va_start (args_, format);                                                                      \
    g_autofree char *tail_ = g_strdup_vprintf (format, args_);                                     \
    va_end (args_);                                                                                \
    name = g_strconcat ((self)->prefix, tail_, NULL);                                              \
  }

void
c2l_network_loader_init (C2lNetworkLoader *self,
                         C2lWeights *weights,
                         C2lDevice *device,
                         const char *prefix,
                         GPtrArray *tensors)
{
  c2l_loader_init (&self->loader, weights, device);
  self->prefix = prefix;
  self->tensors = tensors;
}

gboolean
c2l_network_loader_finish (C2lNetworkLoader *self, GError **error)
{
  return c2l_loader_finish (&self->loader, error);
}

gboolean
c2l_network_loader_has (C2lNetworkLoader *self, const char *format, ...)
{
  FULL_NAME (self, name, format);
  return c2l_loader_find (&self->loader, "%s", name) != NULL;
}

static gboolean
is_float (C2lDtype dtype)
{
  return dtype == C2L_F32 || dtype == C2L_F16 || dtype == C2L_BF16 || dtype == C2L_F64;
}

static gboolean
check_finite (C2lNetworkLoader *self, const char *name, const float *values, gsize n)
{
  /* Infinities and NaN have all bits of the exponent set; a loop without exits, so that it is
   * vectorised. */
  const guint32 exponent = 0x7f800000;
  guint32 bad = 0;

  for (gsize i = 0; i < n; i++)
    {
      guint32 bits;

      memcpy (&bits, &values[i], sizeof bits);
      bad |= (bits & exponent) == exponent;
    }
  if (!bad)
    return TRUE;

  gsize i = 0;

  while (i < n - 1 && isfinite (values[i]))
    i++;
  c2l_loader_fail (&self->loader, C2L_FORMAT_ERROR_DAMAGED,
                   "tensor “%s” holds a number that is not finite (element %" G_GSIZE_FORMAT
                   "): the file is damaged, or its "
                   "training had diverged",
                   name, i);
  return FALSE;
}

/* Array and, where they need conversion, its elements as float32 in @converted. */
static const C2lArray *
need (C2lNetworkLoader *self, int n_dims, const gint64 *dims, const char *name, float **converted)
{
  const C2lArray *array = c2l_loader_need (&self->loader, n_dims, dims, "%s", name);

  *converted = NULL;
  if (array == NULL)
    return NULL;

  if (!is_float (array->dtype))
    {
      c2l_loader_fail (&self->loader, C2L_FORMAT_ERROR_UNSUPPORTED,
                       "tensor “%s” is %s; weights must be floating-point numbers", name,
                       c2l_dtype_get_name (array->dtype));
      return NULL;
    }

  if (array->dtype != C2L_F32 || (gsize) array->data % sizeof (float) != 0)
    *converted = c2l_array_dup_f32 (array);
  if (!check_finite (self, name, *converted != NULL ? *converted : array->data, array->length))
    {
      g_clear_pointer (converted, g_free);
      return NULL;
    }

  return array;
}

const C2lArray *
c2l_network_loader_need (C2lNetworkLoader *self,
                         int n_dims,
                         const gint64 *dims,
                         const char *format,
                         ...)
{
  g_autofree float *converted = NULL;

  FULL_NAME (self, name, format);
  return need (self, n_dims, dims, name, &converted);
}

float *
c2l_network_loader_dup (C2lNetworkLoader *self,
                        int n_dims,
                        const gint64 *dims,
                        const char *format,
                        ...)
{
  float *converted;

  FULL_NAME (self, name, format);

  const C2lArray *array = need (self, n_dims, dims, name, &converted);

  if (array == NULL)
    return NULL;
  return converted != NULL ? converted : c2l_array_dup_f32 (array);
}

static C2lTensor *
keep (C2lNetworkLoader *self, C2lTensor *tensor)
{
  if (tensor != NULL)
    g_ptr_array_add (self->tensors, tensor);
  return tensor;
}

/* The array as it lies in the file, F32 or F16. */
static C2lTensor *
keep_mapped (C2lNetworkLoader *self, const C2lArray *array)
{
  return keep (
      self, c2l_device_wrap_weight (self->loader.device, array->dtype, array->n_dims, array->dims,
                                    array->data, c2l_weights_ref (self->loader.weights),
                                    (GDestroyNotify) c2l_weights_unref, &self->loader.error));
}

C2lTensor *
c2l_network_loader_take (C2lNetworkLoader *self, int n_dims, const gint64 *dims, float *data)
{
  if (data == NULL || c2l_loader_has_failed (&self->loader))
    {
      g_free (data);
      return NULL;
    }

  return keep (self, c2l_device_wrap_weight (self->loader.device, C2L_F32, n_dims, dims, data, data,
                                             g_free, &self->loader.error));
}

C2lTensor *
c2l_network_loader_get (C2lNetworkLoader *self,
                        int n_dims,
                        const gint64 *dims,
                        const char *format,
                        ...)
{
  float *converted;

  FULL_NAME (self, name, format);

  const C2lArray *array = need (self, n_dims, dims, name, &converted);

  if (array == NULL)
    return NULL;
  if (converted != NULL)
    return c2l_network_loader_take (self, n_dims, array->dims, converted);

  return keep_mapped (self, array);
}

C2lTensor *
c2l_network_loader_get_matrix (C2lNetworkLoader *self,
                               gint64 n_out,
                               gint64 n_in,
                               const char *format,
                               ...)
{
  g_autofree float *converted = NULL;

  FULL_NAME (self, name, format);

  const C2lArray *array = need (self, 2, (gint64[]){ n_out, n_in }, name, &converted);

  if (array == NULL)
    return NULL;
  if (converted == NULL || (array->dtype == C2L_F16 && (gsize) array->data % sizeof (guint16) == 0))
    return keep_mapped (self, array);
  return c2l_network_loader_take (self, 2, array->dims, g_steal_pointer (&converted));
}

C2lTensor *
c2l_norm_apply (const C2lNorm *norm, C2lPass *pass, C2lTensor *x, C2lDtype out_dtype)
{
  return c2l_layer_norm (pass, x, norm->gain, norm->bias, C2L_NORM_EPS, out_dtype);
}
