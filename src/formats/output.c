/* GIO writes a replacement beside the old file and renames it on close; closing with a cancelled
 * cancellable gives it up. */
#include "formats/output.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#define BUFFER_SIZE (256u << 10)

/* TRUE if something is there that is no file: putting a file in its place would break it for
 * everyone. */
static gboolean
is_special (const char *path)
{
  return g_file_test (path, G_FILE_TEST_EXISTS)
         && !g_file_test (path, G_FILE_TEST_IS_REGULAR | G_FILE_TEST_IS_DIR);
}

/* GLib's message names a temporary file first; what went wrong is its last part. */
static gboolean
cannot_write (const char *path, GError *cause, GError **error)
{
  const char *colon = strrchr (cause->message, ':');

  g_set_error (error, cause->domain, cause->code, "%s: cannot be written: %s", path,
               colon != NULL ? colon + 1 + strspn (colon + 1, " ") : cause->message);
  return FALSE;
}

static gboolean
write_into (const char *path, gconstpointer data, gsize size, GError **error)
{
  FILE *file = g_fopen (path, "wbe");
  gboolean written = file != NULL && fwrite (data, 1, size, file) == size;
  int code = errno;

  if (file != NULL && fclose (file) != 0 && written)
    {
      written = FALSE;
      code = errno;
    }
  if (!written)
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: cannot be written: %s",
                 path, g_strerror (code));
  return written;
}

gboolean
c2l_output_save (const char *path, gconstpointer data, gsize size, GError **error)
{
  g_autoptr (GError) cause = NULL;

  if (is_special (path))
    return write_into (path, data, size, error);
  if (g_file_set_contents_full (path, data, size,
                                G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0644,
                                &cause))
    return TRUE;
  return cannot_write (path, cause, error);
}

GOutputStream *
c2l_output_open (const char *path, GError **error)
{
  if (is_special (path))
    {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                   "%s: not an ordinary file, which this must be; choose another name", path);
      return NULL;
    }

  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileOutputStream) stream
      = g_file_replace (file, NULL, FALSE, G_FILE_CREATE_REPLACE_DESTINATION, NULL, error);
  return stream ? g_buffered_output_stream_new_sized (G_OUTPUT_STREAM (stream), BUFFER_SIZE) : NULL;
}

gboolean
c2l_output_close (GOutputStream *stream, gboolean complete, GError **error)
{
  if (complete)
    return g_output_stream_close (stream, NULL, error);

  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_cancellable_cancel (cancelled);
  g_output_stream_close (stream, cancelled, NULL);
  return FALSE;
}
