/* The C2lTarget of the window: pixels go through a pixel-buffer object into a texture of a context that shares with the display's own,
 * so that GTK's thread has nothing to upload. Where GL cannot be had, or GTK does not draw with it, pictures are GdkMemoryTextures. */
#pragma once

#include "studio/target.h"

#include <gdk/gdk.h>

G_BEGIN_DECLS

/* Never fails. To be called on GTK's thread, for c2l_worker_set_target(). What unmap returns is a GdkTexture. C2L_GL_TARGET in the
 * environment: "memory" does without GL, "gl" takes a software renderer's, too. */
C2lTarget *c2l_gl_target_new (GdkDisplay *display);
gboolean   c2l_gl_target_uses_gl (C2lTarget *target);
/* GL textures of pictures that are shown, or that nobody shows and are not collected yet. */
guint      c2l_gl_target_count_textures (C2lTarget *target);

G_END_DECLS
