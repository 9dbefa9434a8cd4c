/* Buffers of OpenGL without a GPU: mapped as a test says. */
#include "kernels/host/gl.h"
#include "kernels/runtime.h"

#include <gmodule.h>
#include <string.h>

struct _CuGlBuffer
{
  guint name;
};

static CuHostGl gl;

G_MODULE_EXPORT void
c2l_cuda_host_set_gl (const CuHostGl *wanted)
{
  gl = wanted ? *wanted : (CuHostGl){ 0 };
}

static gboolean
fail (const char *what, GError **error)
{
  g_set_error_literal (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED, what);
  return FALSE;
}

CuGlBuffer *
cu_gl_buffer_new (CuRuntime *runtime, guint name, GError **error)
{
  CuGlBuffer *buffer;

  if (!gl.map)
    {
      fail ("OpenGL draws with no GPU of CUDA: kernels run on the host", error);
      return NULL;
    }
  buffer = g_new (CuGlBuffer, 1);
  buffer->name = name;
  return buffer;
}

void
cu_gl_buffer_free (CuRuntime *runtime, CuGlBuffer *buffer)
{
  g_free (buffer);
}

gboolean
cu_gl_buffer_write (CuRuntime *runtime, CuGlBuffer *buffer, gconstpointer from, gsize size, GError **error)
{
  gpointer to = gl.map (buffer->name, size);

  if (!to)
    return fail ("a buffer of OpenGL cannot be mapped", error);
  memcpy (to, from, size);
  gl.unmap (buffer->name);
  return TRUE;
}
