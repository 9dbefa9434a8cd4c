/* Buffers of OpenGL, over CUDA: registered once, mapped for each copy, and unmapped behind it on the same stream, so that GL's next
 * commands wait for it. CUDA's runtime finds GL's part of the driver by itself; nothing here links GL. */
#include "kernels/runtime.h"

#include <cuda_runtime_api.h>

#define MAX_DEVICES 16
#define ALL_DEVICES 1 /* cudaGLDeviceListAll */

/* Of cuda_gl_interop.h, which wants GL's own headers. */
cudaError_t cudaGLGetDevices (unsigned *n, int *devices, unsigned max, int list);
cudaError_t cudaGraphicsGLRegisterBuffer (cudaGraphicsResource_t *resource, unsigned buffer, unsigned flags);

struct _CuGlBuffer
{
  cudaGraphicsResource_t resource;
};

static gboolean
check (cudaError_t code, const char *what, GError **error)
{
  if (code == cudaSuccess)
    return TRUE;
  /* Whoever waits next must not take it for a kernel's. */
  cudaGetLastError ();
  g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED, "%s: %s", what, cudaGetErrorString (code));
  return FALSE;
}

/* Whether the current context is this GPU's. */
static gboolean
check_device (GError **error)
{
  int devices[MAX_DEVICES], own = -1;
  unsigned n = 0;

  if (!check (cudaGetDevice (&own), "the GPU", error)
      || !check (cudaGLGetDevices (&n, devices, MAX_DEVICES, ALL_DEVICES), "OpenGL draws with no GPU of CUDA", error))
    return FALSE;
  for (unsigned i = 0; i < MIN (n, MAX_DEVICES); i++)
    if (devices[i] == own)
      return TRUE;
  g_set_error_literal (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED, "OpenGL draws with another GPU");
  return FALSE;
}

CuGlBuffer *
cu_gl_buffer_new (CuRuntime *runtime, guint name, GError **error)
{
  cudaGraphicsResource_t resource = NULL;
  CuGlBuffer *buffer;

  cu_runtime_begin (runtime);
  if (!check_device (error)
      || !check (cudaGraphicsGLRegisterBuffer (&resource, name, cudaGraphicsRegisterFlagsWriteDiscard), "a buffer of OpenGL cannot be registered",
                 error))
    return NULL;
  buffer = g_new (CuGlBuffer, 1);
  buffer->resource = resource;
  return buffer;
}

void
cu_gl_buffer_free (CuRuntime *runtime, CuGlBuffer *buffer)
{
  cu_runtime_begin (runtime);
  if (cudaGraphicsUnregisterResource (buffer->resource) != cudaSuccess)
    cudaGetLastError ();
  g_free (buffer);
}

static gboolean
copy (CuGlBuffer *buffer, cudaStream_t stream, gconstpointer from, gsize size, GError **error)
{
  gpointer to = NULL;
  size_t room = 0;

  if (!check (cudaGraphicsResourceGetMappedPointer (&to, &room, buffer->resource), "a buffer of OpenGL has no address", error))
    return FALSE;
  if (room < size)
    {
      g_set_error_literal (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED, "a buffer of OpenGL is too small");
      return FALSE;
    }
  return check (cudaMemcpyAsync (to, from, size, cudaMemcpyDeviceToDevice, stream), "a copy into a buffer of OpenGL", error);
}

gboolean
cu_gl_buffer_write (CuRuntime *runtime, CuGlBuffer *buffer, gconstpointer from, gsize size, GError **error)
{
  cudaStream_t stream = cu_runtime_get_stream (runtime);
  gboolean is_copied;

  cu_runtime_begin (runtime);
  if (!check (cudaGraphicsMapResources (1, &buffer->resource, stream), "a buffer of OpenGL cannot be mapped", error))
    return FALSE;
  is_copied = copy (buffer, stream, from, size, error);
  return check (cudaGraphicsUnmapResources (1, &buffer->resource, stream), "a buffer of OpenGL cannot be unmapped", is_copied ? error : NULL)
         && is_copied;
}
