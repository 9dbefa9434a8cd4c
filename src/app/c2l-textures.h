/* Pictures in memory as textures, for where no target made one already. */
#pragma once

#include "studio/picture.h"

#include <gdk/gdk.h>

G_BEGIN_DECLS

/* Of the library's thumbnails; NULL where @encoded is damaged. */
GdkTexture *c2l_texture_new_from_thumbnail (GBytes *encoded);
/* NULL for a picture without pixels. */
GdkTexture *c2l_texture_new_from_picture (C2lPicture *picture);

G_END_DECLS
