/* c2l's way into the library of pictures, which it writes only when asked.
 *
 *   C2lKeep *keep = c2l_keep_open (&error);
 *   … c2l_keep_picture (keep, picture) as each is finished …
 *   ok = c2l_keep_close (keep, &error);
 */
#pragma once

#include "studio/library.h"
#include "studio/picture.h"

G_BEGIN_DECLS

typedef struct _C2lKeep C2lKeep;

/* The user's library; what is to be known of its state goes to standard error. NULL and an error where nothing
 * can be kept. */
C2lLibrary *c2l_keep_open_library (GError **error);

C2lKeep    *c2l_keep_open (GError **error);
/* @picture: still with its pixels. */
void        c2l_keep_picture (C2lKeep *keep, C2lPicture *picture);
/* Waits until all are written, and frees @keep. FALSE and why the first of them could not be. */
gboolean    c2l_keep_close (C2lKeep *keep, GError **error);

G_END_DECLS
