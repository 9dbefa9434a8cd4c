/* GIO writes a replacement beside the old file and renames it on close; closing with a cancelled cancellable gives it up. */
#include "formats/output.h"

#define BUFFER_SIZE (256u << 10)

GOutputStream *
c2l_output_open (const char *path, GError **error)
{
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
