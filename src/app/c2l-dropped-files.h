/* Files that come from elsewhere, dropped or opened: a picture of ours opens its recipe, another
 * image gives look-alikes, and anything else is named for what it is. */
#pragma once

#include "app/c2l-board.h"

G_BEGIN_DECLS

/* @files of GFile. */
void c2l_dropped_files_open (C2lBoard *board, GPtrArray *files);
/* What was dropped: a GdkFileList, a GFile or a GdkTexture. */
void c2l_dropped_files_open_value (C2lBoard *board, const GValue *value);

G_END_DECLS
