/* How a name becomes a path. Knows no format. */
#include "studio/published.h"

#include <glib/gi18n-lib.h>
#include <string.h>

const C2lPublished *
c2l_published_find (const char *name, C2lPublishedKind kind)
{
  C2lCatalogue *own = c2l_catalogue_get_own (NULL);

  return own != NULL ? c2l_catalogue_find_file (own, name, kind) : NULL;
}

static char *
list_names (C2lCatalogue *own, C2lPublishedKind kind)
{
  GPtrArray *files = c2l_catalogue_get_files (own);
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < files->len; i++)
    {
      const C2lPublished *file = g_ptr_array_index (files, i);

      for (int j = 0; file->kind == kind && file->names[j] != NULL; j++)
        g_string_append_printf (names, "%s“%s”", names->len > 0 ? ", " : "", file->names[j]);
    }
  return g_string_free (names, FALSE);
}

static gboolean
fetch (const char *url,
       const char *path,
       const char *sha256,
       goffset size,
       const C2lDownloadOptions *options,
       GCancellable *cancellable,
       GError **error)
{
  C2lDownloadOptions own_options;

  if (options != NULL)
    own_options = *options;
  else
    c2l_download_options_init (&own_options);
  own_options.sha256 = sha256;
  own_options.expected_size = size;
  return c2l_download (url, path, &own_options, cancellable, error);
}

gboolean
c2l_published_fetch (const C2lPublished *file,
                     const C2lDownloadOptions *options,
                     GCancellable *cancellable,
                     GError **error)
{
  return fetch (file->url, file->path, file->sha256, file->size, options, cancellable, error);
}

static gboolean
set_unknown_name (GError **error, const char *what, C2lPublishedKind kind)
{
  C2lCatalogue *own = c2l_catalogue_get_own (error);
  g_autofree char *names = own != NULL ? list_names (own, kind) : NULL;

  if (names != NULL)
    g_set_error (
        error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_NAME,
        _ ("%s: no such file, and no published name; give a path, an https address or one of %s"),
        what, names);
  return FALSE;
}

gboolean
c2l_download_check (const char *what, C2lPublishedKind kind, GError **error)
{
  return g_file_test (what, G_FILE_TEST_EXISTS) || strstr (what, "://") != NULL
         || c2l_published_find (what, kind) != NULL || set_unknown_name (error, what, kind);
}

char *
c2l_download_resolve (const char *what,
                      C2lPublishedKind kind,
                      const C2lDownloadOptions *options,
                      GCancellable *cancellable,
                      GError **error)
{
  const C2lPublished *published;

  g_return_val_if_fail (what != NULL, NULL);

  if (g_file_test (what, G_FILE_TEST_EXISTS))
    return g_strdup (what);
  if (strstr (what, "://") != NULL)
    {
      g_autofree char *path = c2l_catalogue_dup_cache_path (what, NULL);

      return fetch (what, path, NULL, 0, options, cancellable, error) ? g_steal_pointer (&path)
                                                                      : NULL;
    }
  published = c2l_published_find (what, kind);
  if (published == NULL)
    {
      set_unknown_name (error, what, kind);
      return NULL;
    }
  return c2l_published_fetch (published, options, cancellable, error) ? g_strdup (published->path)
                                                                      : NULL;
}
