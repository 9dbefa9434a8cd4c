/* The texts of a JPEG file: an XMP packet in one segment, or, where it is too long for one, in several (XMP part 3, 1.1.3.1). */
#pragma once

#include "formats/image.h"

#include <stdio.h>
#include <jpeglib.h>

G_BEGIN_DECLS

/* Contents of APP1 segments (GBytes) that hold @texts; none for no texts. */
GPtrArray *c2l_jpeg_new_segments (const C2lImageText *texts, int n_texts);

/* Adds to @texts what the saved APP1 segments of @jpeg say. */
void       c2l_jpeg_take_texts (j_decompress_ptr jpeg, GHashTable *texts);

G_END_DECLS
