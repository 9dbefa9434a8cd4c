#include "compute/op.h"

#include <glib/gi18n-lib.h>
#include <string.h>

G_DEFINE_QUARK (c2l - compute - error - quark, c2l_compute_error)

static const char *const precision_names[C2L_N_PRECISIONS] = {
  [C2L_PRECISION_F32] = "f32",
  [C2L_PRECISION_FAST] = "fast",
  [C2L_PRECISION_BF16] = "bf16",
  [C2L_PRECISION_FP16] = "fp16",
};

C2lDevice *
c2l_device_ref (C2lDevice *device)
{
  g_return_val_if_fail (device != NULL, NULL);
  g_atomic_ref_count_inc (&device->refs);
  return device;
}

void
c2l_device_unref (C2lDevice *device)
{
  g_return_if_fail (device != NULL);
  if (!g_atomic_ref_count_dec (&device->refs))
    return;
  g_free (device->description);
  device->klass->finalize (device);
}

const char *
c2l_device_get_kind (C2lDevice *device)
{
  return device->klass->kind;
}

const char *
c2l_device_get_description (C2lDevice *device)
{
  return device->description;
}

gboolean
c2l_device_supports (C2lDevice *device, C2lPrecision precision)
{
  return device->klass->supports (device, precision);
}

void
c2l_device_set_n_threads (C2lDevice *device, int n_threads)
{
  g_return_if_fail (n_threads >= 0);
  if (device->klass->set_n_threads)
    device->klass->set_n_threads (device, n_threads);
}

const char *
c2l_precision_get_name (C2lPrecision precision)
{
  g_return_val_if_fail ((guint) precision < C2L_N_PRECISIONS, NULL);
  return precision_names[precision];
}

gboolean
c2l_precision_from_name (const char *name, C2lPrecision *precision)
{
  for (guint i = 0; i < C2L_N_PRECISIONS; i++)
    if (g_strcmp0 (name, precision_names[i]) == 0)
      {
        *precision = i;
        return TRUE;
      }
  return FALSE;
}

static C2lTensor *
weight_new (C2lDevice *device, C2lDtype dtype, int n_dims, const gint64 *dims)
{
  C2lTensor *weight = g_new0 (C2lTensor, 1);

  weight->kind = C2L_TENSOR_WEIGHT;
  weight->dtype = dtype;
  weight->n_dims = n_dims;
  memcpy (weight->dims, dims, n_dims * sizeof dims[0]);
  weight->device = c2l_device_ref (device);
  g_atomic_ref_count_init (&weight->refs);
  return weight;
}

static C2lTensor *
weight_new_copy (C2lDevice *device,
                 C2lDtype dtype,
                 int n_dims,
                 const gint64 *dims,
                 gconstpointer data,
                 GError **error)
{
  g_autoptr (C2lTensor) weight = weight_new (device, dtype, n_dims, dims);
  gsize size = c2l_tensor_get_size (weight);
  g_autofree gpointer zeros = data == NULL ? g_try_malloc0 (size) : NULL;

  if (data == NULL)
    data = zeros;
  weight->data = data != NULL ? device->klass->alloc (device, size) : NULL;
  if (!weight->data)
    {
      g_set_error (
          error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_MEMORY,
          _ ("Not enough memory for %.1f MiB of a model's weights: close other programs or "
             "use a smaller model"),
          (double) size / (1 << 20));
      return NULL;
    }
  device->klass->upload (device, weight->data, data, size);
  return g_steal_pointer (&weight);
}

C2lTensor *
c2l_device_new_weight (C2lDevice *device,
                       C2lDtype dtype,
                       int n_dims,
                       const gint64 *dims,
                       gconstpointer data,
                       GError **error)
{
  g_return_val_if_fail (dtype == C2L_F32 || dtype == C2L_I32, NULL);
  g_return_val_if_fail (n_dims >= 0 && n_dims <= C2L_MAX_DIMS, NULL);
  g_return_val_if_fail (data != NULL, NULL);

  return weight_new_copy (device, dtype, n_dims, dims, data, error);
}

C2lTensor *
c2l_device_new_variable (C2lDevice *device, int n_dims, const gint64 *dims, GError **error)
{
  g_return_val_if_fail (n_dims >= 0 && n_dims <= C2L_MAX_DIMS, NULL);

  C2lTensor *variable = weight_new_copy (device, C2L_F32, n_dims, dims, NULL, error);

  if (variable)
    variable->is_variable = TRUE;
  return variable;
}

C2lTensor *
c2l_device_wrap_weight (C2lDevice *device,
                        C2lDtype dtype,
                        int n_dims,
                        const gint64 *dims,
                        gconstpointer data,
                        gpointer owner,
                        GDestroyNotify release,
                        GError **error)
{
  g_return_val_if_fail (dtype == C2L_F32 || dtype == C2L_F16, NULL);
  g_return_val_if_fail (n_dims >= 0 && n_dims <= C2L_MAX_DIMS, NULL);
  g_return_val_if_fail (release != NULL, NULL);

  if (strcmp (device->klass->kind, "cpu") != 0 || (gsize) data % c2l_dtype_get_size (dtype) != 0)
    {
      C2lTensor *copy = weight_new_copy (device, dtype, n_dims, dims, data, error);
      release (owner);
      return copy;
    }
  C2lTensor *weight = weight_new (device, dtype, n_dims, dims);
  weight->data = (gpointer) data;
  weight->owner = owner;
  weight->release = release;
  return weight;
}
