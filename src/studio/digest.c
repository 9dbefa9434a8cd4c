/* SHA-256 of files with a memory: one small file an entry under the user's cache, named by the
 * digest of the path. Losing the cache costs time only; a cache that cannot be written is no error.
 */
#include "studio/digest.h"

#include <glib/gstdio.h>
#include <string.h>

#define READ_SIZE (1 << 20)
#define SHA256_HEX_LENGTH 64

char *
c2l_digest_compute (const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = g_file_read (file, cancellable, error);
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guchar *buffer = g_malloc (READ_SIZE);
  gssize n;

  if (stream == NULL)
    return NULL;
  while ((n = g_input_stream_read (G_INPUT_STREAM (stream), buffer, READ_SIZE, cancellable, error))
         > 0)
    g_checksum_update (checksum, buffer, n);
  return n < 0 ? NULL : g_strdup (g_checksum_get_string (checksum));
}

static char *
dup_entry_path (const char *path)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autofree char *name = g_compute_checksum_for_string (G_CHECKSUM_SHA256, absolute, -1);

  return g_build_filename (g_get_user_cache_dir (), "clip2latent", "digests", name, NULL);
}

char *
c2l_digest_file (const char *path, GCancellable *cancellable, GError **error)
{
  GStatBuf status;
  g_autofree char *entry = dup_entry_path (path);
  g_autofree char *key = NULL, *text = NULL, *digest = NULL, *folder = NULL;

  if (g_stat (path, &status) != 0)
    return c2l_digest_compute (path, cancellable, error);
  key = g_strdup_printf ("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT ".%09ld %" G_GUINT64_FORMAT "\n",
                         (gint64) status.st_size, (gint64) status.st_mtim.tv_sec,
                         status.st_mtim.tv_nsec, (guint64) status.st_ino);
  if (g_file_get_contents (entry, &text, NULL, NULL) && g_str_has_prefix (text, key)
      && strlen (text + strlen (key)) == SHA256_HEX_LENGTH)
    return g_strdup (text + strlen (key));

  digest = c2l_digest_compute (path, cancellable, error);
  if (digest == NULL)
    return NULL;
  g_free (text);
  text = g_strconcat (key, digest, NULL);
  folder = g_path_get_dirname (entry);
  if (g_mkdir_with_parents (folder, 0755) == 0)
    g_file_set_contents (entry, text, -1, NULL);
  return g_steal_pointer (&digest);
}

gboolean
c2l_digest_is_sha256 (const char *text)
{
  return text != NULL && strlen (text) == 64 && strspn (text, "0123456789abcdefABCDEF") == 64;
}
