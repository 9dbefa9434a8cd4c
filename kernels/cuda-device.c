/* The CUDA device: memory, precisions and the order of things on its one stream. What it can compute is in ops-table.c. Also the
 * module's door: the only function that it exports. */
#include "kernels/cuda-device.h"

#include "compute/cuda-module.h"

#include <stdlib.h>
#include <string.h>

/* Kernel files have these numbers of their own. */
G_STATIC_ASSERT (C2L_F32 == (C2lDtype) CU_F32 && C2L_F16 == (C2lDtype) CU_F16 && C2L_BF16 == (C2lDtype) CU_BF16);
G_STATIC_ASSERT (C2L_I32 == (C2lDtype) CU_I32 && C2L_U8 == (C2lDtype) CU_U8 && C2L_MAX_DIMS == CU_MAX_DIMS);
G_STATIC_ASSERT (C2L_ACT_LINEAR == (C2lActivation) CU_LINEAR && C2L_ACT_LEAKY_RELU == (C2lActivation) CU_LEAKY_RELU
                 && C2L_ACT_RELU == (C2lActivation) CU_RELU && C2L_ACT_SILU == (C2lActivation) CU_SILU
                 && C2L_ACT_QUICK_GELU == (C2lActivation) CU_QUICK_GELU && C2L_ACT_GELU == (C2lActivation) CU_GELU);
G_STATIC_ASSERT (C2L_LOSS_L2 == (C2lLossKind) CU_LOSS_L2 && C2L_LOSS_L1 == (C2lLossKind) CU_LOSS_L1
                 && C2L_LOSS_HUBER == (C2lLossKind) CU_LOSS_HUBER);

static guint
find_precisions (const CuDescription *description)
{
  return 1u << C2L_PRECISION_F32 | 1u << C2L_PRECISION_FAST | 1u << C2L_PRECISION_FP16
         | (description->has_bf16 ? 1u << C2L_PRECISION_BF16 : 0);
}

static gboolean
cuda_supports (C2lDevice *device, C2lPrecision precision)
{
  return (find_precisions (cu_runtime_get_description (cuda_runtime (device))) >> precision & 1) != 0;
}

static gpointer
cuda_alloc (C2lDevice *device, gsize size)
{
  return cu_runtime_alloc (cuda_runtime (device), size);
}

static void
cuda_free (C2lDevice *device, gpointer memory)
{
  cu_runtime_free (cuda_runtime (device), memory);
}

static void
cuda_upload (C2lDevice *device, gpointer destination, gconstpointer source, gsize size)
{
  cu_runtime_upload (cuda_runtime (device), destination, source, size);
}

static void
cuda_download (C2lDevice *device, gpointer destination, gconstpointer source, gsize size)
{
  cu_runtime_download (cuda_runtime (device), destination, source, size);
}

static void
cuda_begin (C2lDevice *device)
{
  cu_runtime_begin (cuda_runtime (device));
}

static gboolean
cuda_synchronize (C2lDevice *device, GError **error)
{
  return cu_runtime_synchronize (cuda_runtime (device), error);
}

static gboolean
cuda_begin_capture (C2lDevice *device)
{
  return cu_runtime_begin_graph (cuda_runtime (device));
}

static gpointer
cuda_end_capture (C2lDevice *device)
{
  return cu_runtime_end_graph (cuda_runtime (device));
}

static void
cuda_replay (C2lDevice *device, gpointer capture)
{
  cu_runtime_launch_graph (cuda_runtime (device), capture);
}

static void
cuda_free_capture (C2lDevice *device, gpointer capture)
{
  cu_graph_free (capture);
}

static gpointer
cuda_open_gl_buffer (C2lDevice *device, guint name, GError **error)
{
  return cu_gl_buffer_new (cuda_runtime (device), name, error);
}

static gboolean
cuda_write_gl_buffer (C2lDevice *device, gpointer buffer, gconstpointer source, gsize size, GError **error)
{
  return cu_gl_buffer_write (cuda_runtime (device), buffer, source, size, error);
}

static void
cuda_close_gl_buffer (C2lDevice *device, gpointer buffer)
{
  cu_gl_buffer_free (cuda_runtime (device), buffer);
}

static gpointer
cuda_open_place (C2lDevice *device, gsize size, gpointer *room)
{
  CuPlace *place = cu_place_new (cuda_runtime (device), size);

  if (place)
    *room = cu_place_get_room (place);
  return place;
}

static gboolean
cuda_send_place (C2lDevice *device, gpointer place)
{
  return cu_place_send (place);
}

static void
cuda_fetch_place (C2lDevice *device, gpointer place, gsize offset, gpointer destination, gsize size)
{
  cu_place_fetch (place, offset, destination, size);
}

static void
cuda_close_place (C2lDevice *device, gpointer place)
{
  cu_place_free (place);
}

static void
cuda_finalize (C2lDevice *device)
{
  cu_runtime_close (cuda_runtime (device));
  g_free (device);
}

/* The low resolutions of one picture keep a part of a GPU busy. */
#define BATCH 16

static const C2lDeviceClass cuda_class = {
  .kind = "cuda",
  .batch = BATCH,
  .supports = cuda_supports,
  .alloc = cuda_alloc,
  .free = cuda_free,
  .upload = cuda_upload,
  .download = cuda_download,
  .begin = cuda_begin,
  .synchronize = cuda_synchronize,
  .begin_capture = cuda_begin_capture,
  .end_capture = cuda_end_capture,
  .replay = cuda_replay,
  .free_capture = cuda_free_capture,
  .open_gl_buffer = cuda_open_gl_buffer,
  .write_gl_buffer = cuda_write_gl_buffer,
  .close_gl_buffer = cuda_close_gl_buffer,
  .open_place = cuda_open_place,
  .send_place = cuda_send_place,
  .fetch_place = cuda_fetch_place,
  .close_place = cuda_close_place,
  .identify = c2l_cuda_identify,
  .invite = c2l_cuda_invite,
  .join = c2l_cuda_join,
  .finalize = cuda_finalize,
};

static int
device_count (GError **error)
{
  return cu_runtime_count (error);
}

void
cu_description_clear (CuDescription *description)
{
  g_free (description->model);
  g_free (description->description);
}

static void
device_describe (int index, C2lDeviceInfo *info)
{
  g_autoptr (GError) error = NULL;
  CuDescription description = { 0 };
  const gboolean fits = cu_runtime_describe (index, &description, &error);

  info->model = g_steal_pointer (&description.model);
  if (fits)
    {
      info->description = g_steal_pointer (&description.description);
      info->precisions = find_precisions (&description);
      info->trains = c2l_ops_train (c2l_cuda_ops);
    }
  else
    info->obstacle = g_strdup (error->message);
  cu_description_clear (&description);
}

static C2lDevice *
device_open (int index, GError **error)
{
  CuRuntime *runtime = cu_runtime_open (index, error);

  if (!runtime)
    return NULL;

  C2lCudaDevice *cuda = g_new0 (C2lCudaDevice, 1);

  g_atomic_ref_count_init (&cuda->parent.refs);
  cuda->parent.klass = &cuda_class;
  cuda->parent.ops = c2l_cuda_ops;
  cuda->parent.description = g_strdup (cu_runtime_get_description (runtime)->description);
  cuda->runtime = runtime;
  cuda->stream = cu_runtime_get_stream (runtime);
  return &cuda->parent;
}

static const C2lCudaModule module = {
  .interface = C2L_CUDA_INTERFACE,
  .count = device_count,
  .describe = device_describe,
  .open = device_open,
};

G_MODULE_EXPORT const C2lCudaModule *
c2l_cuda_module_get (void)
{
  return &module;
}
