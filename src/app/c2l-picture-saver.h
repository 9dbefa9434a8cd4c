/* C2lPictureSaver: pictures into files: as PNG with the recipe, JPEG or WebP, into the folder
 * and under the names that the settings say. */
#pragma once

#include "app/c2l-board.h"

G_BEGIN_DECLS

/* Saves @items of C2lPictureItem at once and says where they are. Where there is no folder for them yet, asks for one over @parent. */
void c2l_picture_saver_save (C2lBoard *board, GPtrArray *items, GtkWindow *parent);
/* Asks first for folder, format and names, which are remembered. */
void c2l_picture_saver_ask (C2lBoard *board, GPtrArray *items, GtkWindow *parent);
/* Opens the file manager at @file. */
void c2l_picture_saver_show (C2lBoard *board, GFile *file, GtkWindow *parent);

G_END_DECLS
