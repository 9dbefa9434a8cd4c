#include "compute/gl-buffer.h"

#include "compute/op.h"

struct _C2lGlBuffer
{
  C2lDevice *device;
  gpointer own; /* the device's */
};

gboolean
c2l_gl_buffer_is_possible (C2lDevice *device)
{
  return device->klass->open_gl_buffer != NULL;
}

C2lGlBuffer *
c2l_gl_buffer_new (C2lDevice *device, guint name, GError **error)
{
  gpointer own = device->klass->open_gl_buffer (device, name, error);
  C2lGlBuffer *buffer;

  if (own == NULL)
    return NULL;
  buffer = g_new (C2lGlBuffer, 1);
  *buffer = (C2lGlBuffer){ c2l_device_ref (device), own };
  return buffer;
}

void
c2l_gl_buffer_free (C2lGlBuffer *buffer)
{
  buffer->device->klass->close_gl_buffer (buffer->device, buffer->own);
  c2l_device_unref (buffer->device);
  g_free (buffer);
}

gboolean
c2l_gl_buffer_write (C2lGlBuffer *buffer,
                     C2lTensor *tensor,
                     gsize offset,
                     gsize size,
                     GError **error)
{
  g_return_val_if_fail (tensor->device == buffer->device && tensor->data != NULL, FALSE);
  g_return_val_if_fail (offset <= c2l_tensor_get_size (tensor)
                            && size <= c2l_tensor_get_size (tensor) - offset,
                        FALSE);
  return buffer->device->klass->write_gl_buffer (buffer->device, buffer->own,
                                                 (const char *) tensor->data + offset, size, error);
}
