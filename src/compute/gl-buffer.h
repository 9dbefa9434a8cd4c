/* C2lGlBuffer: an OpenGL buffer that a device writes into by itself, so that what it computed and what graphics show need not pass through
 * the host's memory. Only where both are one device. Every function is called with the buffer's GL context current on the device's
 * thread, and the buffer stays as large as it is, and unmapped, as long as the object lives. */
#pragma once

#include "compute/device.h"

G_BEGIN_DECLS

typedef struct _C2lGlBuffer C2lGlBuffer;

/* Whether devices of this kind can do it at all. */
gboolean     c2l_gl_buffer_is_possible (C2lDevice *device);

/* @name: of the GL buffer. NULL and UNSUPPORTED where graphics are another device's. */
C2lGlBuffer *c2l_gl_buffer_new (C2lDevice *device, guint name, GError **error);
void         c2l_gl_buffer_free (C2lGlBuffer *buffer);

/* Copies @size bytes of a kept tensor, from @offset on, to the buffer's beginning, before whatever GL does next. */
gboolean     c2l_gl_buffer_write (C2lGlBuffer *buffer, C2lTensor *tensor, gsize offset, gsize size, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lGlBuffer, c2l_gl_buffer_free)

G_END_DECLS
