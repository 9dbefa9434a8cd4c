/* Thumbnails of the library as textures. */
#pragma once

#include <gdk/gdk.h>

G_BEGIN_DECLS

/* NULL where @encoded is damaged. */
GdkTexture *c2l_thumbnail_texture_new (GBytes *encoded);

G_END_DECLS
