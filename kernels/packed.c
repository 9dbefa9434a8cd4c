#include "kernels/packed.h"

typedef struct
{
  C2lDevice *device;
  gpointer memory;
} Packed;

static void
packed_free (gpointer data)
{
  Packed *packed = data;

  packed->device->klass->free (packed->device, packed->memory);
  g_free (packed);
}

gboolean
cuda_pack (C2lDevice *device, C2lTensor *weight, const char *key, gsize size, CudaPack pack, gconstpointer data, GError **error)
{
  Packed *packed;

  if (c2l_tensor_get_packed (weight, key))
    return TRUE;
  packed = g_new (Packed, 1);
  *packed = (Packed){ device, device->klass->alloc (device, size) };
  if (!packed->memory)
    {
      g_free (packed);
      if (!c2l_device_is_lost (device, error))
        g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_MEMORY,
                     "Not enough memory on the GPU for %.1f MiB of weights: use a smaller model, or “cpu”", (double) size / (1 << 20));
      return FALSE;
    }
  pack (device, weight, packed->memory, data);
  c2l_tensor_take_packed (weight, key, packed, packed_free);
  return TRUE;
}

gpointer
cuda_get_packed (C2lTensor *weight, const char *key)
{
  return ((const Packed *) c2l_tensor_get_packed (weight, key))->memory;
}
