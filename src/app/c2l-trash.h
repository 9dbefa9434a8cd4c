/* Moving a folder to the trash, after asking. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

typedef void (*C2lTrashAnswer) (gboolean wanted, gpointer data);

/* Only asks, and calls @answer once. */
void     c2l_trash_ask (GtkWidget *widget, const char *heading, const char *body, C2lTrashAnswer answer, gpointer data);
/* Only moves. */
void     c2l_trash_move_async (const char *path, GAsyncReadyCallback callback, gpointer data);
/* Asks @heading with @body below, and moves the folder @path to the trash if the answer is yes. */
void     c2l_trash_async (GtkWidget *widget, const char *heading, const char *body, const char *path,
                          GAsyncReadyCallback callback, gpointer data);
/* G_IO_ERROR_CANCELLED where the answer was no. */
gboolean c2l_trash_finish (GAsyncResult *result, GError **error);

G_END_DECLS
