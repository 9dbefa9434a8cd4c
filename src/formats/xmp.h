/* XMP packets: the texts of a picture as the XML that JPEG and WebP files carry, and that other programs show and keep. */
#pragma once

#include "formats/image.h"

G_BEGIN_DECLS

/* The longest packet that is read: a recipe is a few kilobytes. */
#define C2L_XMP_MAX_SIZE (8u << 20)

/* A packet with @texts. “Software” and “Description” take the names that other programs know (xmp:CreatorTool, dc:description), other
 * keywords, of ASCII letters and digits, go under a name of our own. Characters that XML cannot hold become spaces. */
char *c2l_xmp_build (const C2lImageText *texts, int n_texts);

/* A packet that only says where the real one is: @md5 of an extension. */
char *c2l_xmp_build_reference (const char *md5);

/* Adds to @texts (as C2lImage has them) what c2l_xmp_build() wrote, also where another program has written the packet anew. What is no
 * XML, or says nothing of ours, adds nothing. Returns the MD5 of an extension that the packet names (nullable). */
char *c2l_xmp_parse (const char *packet, gsize size, GHashTable *texts);

G_END_DECLS
