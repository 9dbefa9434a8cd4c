/* Pictures that come from elsewhere, dropped or opened: one of ours opens its recipe, another image
 * gives look-alikes. */
#pragma once

#include "app/c2l-board.h"

G_BEGIN_DECLS

/* @files of GFile, all of pictures. */
void c2l_dropped_files_open_pictures (C2lBoard *board, GPtrArray *files);
void c2l_dropped_files_open_texture (C2lBoard *board, GdkTexture *texture);

G_END_DECLS
