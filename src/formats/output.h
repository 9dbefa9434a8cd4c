/* Files that are written aside and appear under their name only when they are complete. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A buffered stream into a hidden file beside @path, which c2l_output_close() makes appear there. */
GOutputStream *c2l_output_open (const char *path, GError **error);
/* Writes all of @data and makes the file appear; a device or a pipe at @path is written into
 * instead. */
gboolean       c2l_output_save (const char *path, gconstpointer data, gsize size, GError **error);
/* The two halves of it. Staging writes @data under a hidden name in the folder of @path, syncs it
 * and returns that name, which is the caller's to publish or unlink. Publishing gives it the name
 * @path; without @replace that is G_FILE_ERROR_EXIST where the name is taken, by another program in
 * this moment, too. */
char          *c2l_output_stage (const char *path, gconstpointer data, gsize size, GError **error);
gboolean       c2l_output_publish (const char *staged, const char *path, gboolean replace, GError **error);
/* Ends the stream: with @complete the file is synced and appears, in place of what was there; else all stays as it was, FALSE is
 * returned, and an error that is set already gets the path in front. What was opened is closed before it is let go of. */
gboolean       c2l_output_close (GOutputStream *stream, gboolean complete, GError **error);

/* Sets @error to what the errno @code means for writing @path, with what a person can do about it; returns FALSE. */
gboolean       c2l_output_fail (const char *path, int code, GError **error);
/* Writes all of @data at the end of what was written to @fd so far; 0 or errno. */
int            c2l_output_write_all (int fd, gconstpointer data, gsize size);

G_END_DECLS
