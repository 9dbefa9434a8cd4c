/* The tar reader. */
#include "formats/tar.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_data (data, size, NULL);
  g_autoptr (C2lTar) tar = c2l_tar_new (stream, "fuzz");
  const C2lTarEntry *entry;

  while ((entry = c2l_tar_read_next (tar, NULL)) != NULL)
    {
      g_assert_true (g_utf8_validate (entry->name, -1, NULL));
      g_assert_cmpuint (entry->size, <=, size);
    }
  return 0;
}
