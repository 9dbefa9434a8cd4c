/* How GTK draws: with OpenGL where a graphics device is there, else by itself. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* To be called before GTK opens its display, while the process has one thread: GTK learns of it through the environment. Whoever names a
 * renderer there (GSK_RENDERER) has chosen already. */
void c2l_graphics_choose (void);

G_END_DECLS
