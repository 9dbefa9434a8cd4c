/* Second catalogues. One that was fetched is believed only after it was read whole, and then takes
 * the place of the last one by a rename; a path is read where it lies. */
#include "studio/catalogue-remote.h"

#include "studio/download.h"
#include "studio/paths.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#define MAX_SIZE (1 << 20)

static gboolean
is_remote (const char *address)
{
  return strstr (address, "://") != NULL;
}

/* Where the catalogue of @address lies, or is kept. */
static char *
dup_path (const char *address)
{
  g_autofree char *sum = NULL, *name = NULL, *cache = NULL;

  if (!is_remote (address))
    return g_strdup (address);
  sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, address, -1);
  name = g_strdup_printf ("catalogue-%.16s.json", sum);
  cache = c2l_paths_dup_cache ();
  return g_build_filename (cache, name, NULL);
}

C2lCatalogue *
c2l_catalogue_open (const char *address, GError **second_error, GError **error)
{
  C2lCatalogue *own = c2l_catalogue_get_own (error), *both;
  g_autofree char *path = NULL;

  if (own == NULL)
    return NULL;
  if (address == NULL || *address == '\0')
    return c2l_catalogue_ref (own);
  path = dup_path (address);
  if (is_remote (address) && !g_file_test (path, G_FILE_TEST_EXISTS))
    return c2l_catalogue_ref (own);
  both = c2l_catalogue_load (path, address, own, second_error);
  return both != NULL ? both : c2l_catalogue_ref (own);
}

static gboolean
take_place (const char *from, const char *to, GError **error)
{
  int code;

  if (g_rename (from, to) == 0)
    return TRUE;
  code = errno;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code),
               _ ("%s: the catalogue cannot be kept: %s"), to, g_strerror (code));
  return FALSE;
}

static gboolean
fetch_to (const char *address,
          const char *path,
          C2lCatalogue *own,
          GCancellable *cancellable,
          GError **error)
{
  g_autofree char *fresh = g_strconcat (path, ".new", NULL);
  g_autoptr (C2lCatalogue) both = NULL;
  C2lDownloadOptions options;
  gboolean ok;

  c2l_download_options_init (&options);
  options.max_size = MAX_SIZE;
  options.max_retries = 1;
  /* Yesterday's is not what was asked for. */
  g_unlink (fresh);
  if (!c2l_download (address, fresh, &options, cancellable, error))
    {
      c2l_download_discard (fresh);
      return FALSE;
    }
  both = c2l_catalogue_load (fresh, address, own, error);
  ok = both != NULL && take_place (fresh, path, error);
  if (!ok)
    g_unlink (fresh);
  return ok;
}

gboolean
c2l_catalogue_fetch (const char *address, GCancellable *cancellable, GError **error)
{
  C2lCatalogue *own = c2l_catalogue_get_own (error);
  g_autofree char *path = dup_path (address);
  g_autoptr (C2lCatalogue) both = NULL;

  if (own == NULL)
    return FALSE;
  if (is_remote (address))
    return fetch_to (address, path, own, cancellable, error);
  both = c2l_catalogue_load (path, NULL, own, error);
  return both != NULL;
}

static void
fetch_in_thread (GTask *task, gpointer source, gpointer address, GCancellable *cancellable)
{
  GError *error = NULL;

  if (c2l_catalogue_fetch (address, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
c2l_catalogue_fetch_async (const char *address,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);

  g_task_set_source_tag (task, c2l_catalogue_fetch_async);
  g_task_set_task_data (task, g_strdup (address), g_free);
  g_task_run_in_thread (task, fetch_in_thread);
}

gboolean
c2l_catalogue_fetch_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, c2l_catalogue_fetch_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
