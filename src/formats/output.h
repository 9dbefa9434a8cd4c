/* Files that are written aside and appear under their name only when they are complete. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A buffered stream that will replace @path. */
GOutputStream *c2l_output_open (const char *path, GError **error);
/* Writes all of @data and makes the file appear; a device or a pipe at @path is written into
 * instead. */
gboolean       c2l_output_save (const char *path, gconstpointer data, gsize size, GError **error);
/* Ends the stream: with @complete the file appears, else all stays as it was and FALSE is
 * returned. */
gboolean       c2l_output_close (GOutputStream *stream, gboolean complete, GError **error);

G_END_DECLS
