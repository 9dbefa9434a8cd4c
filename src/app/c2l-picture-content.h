/* C2lPictureContent: pictures for the clipboard and for dragging: as PNG files with their
 * recipes inside, and, for a single one, as an image. The files are drawn and written in the
 * background from the moment it is made; who asks before they are there waits without holding up
 * the window. */
#pragma once

#include "app/c2l-board.h"

G_BEGIN_DECLS

#define C2L_TYPE_PICTURE_CONTENT (c2l_picture_content_get_type ())
G_DECLARE_FINAL_TYPE (
    C2lPictureContent, c2l_picture_content, C2L, PICTURE_CONTENT, GdkContentProvider)

/* @items of C2lPictureItem, as they are now; at least one. */
GdkContentProvider *c2l_picture_content_new (C2lBoard *board, GPtrArray *items);

/* Answers when the files are there. */
void c2l_picture_content_wait_async (C2lPictureContent *content,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer data);
/* (element-type GFile) (transfer full). */
GPtrArray *c2l_picture_content_wait_finish (C2lPictureContent *content,
                                            GAsyncResult *result,
                                            GError **error);

G_END_DECLS
