#include "app/c2l-shared-files.h"

#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>

/* Nobody drops a file a day after he took it. */
#define KEPT_SECONDS (24 * 60 * 60)

static void
delete_old (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      GStatBuf info;

      if (g_lstat (path, &info) == 0 && S_ISREG (info.st_mode)
          && now - info.st_mtime > KEPT_SECONDS)
        g_unlink (path);
    }
}

char *
c2l_shared_files_make_folder (GError **error)
{
  g_autofree char *folder
      = g_build_filename (g_get_user_cache_dir (), "clip2latent", "shared", NULL);

  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                   _ ("The folder %s cannot be made: %s"), folder, g_strerror (saved_errno));
      return NULL;
    }
  delete_old (folder);
  return g_steal_pointer (&folder);
}

/* Of two that want the same name at once, one gets the next. */
static char *
reserve (const char *folder, const char *name, const char *suffix, GError **error)
{
  for (int i = 1;; i++)
    {
      g_autofree char *numbered = i == 1 ? g_strdup_printf ("%s.%s", name, suffix)
                                         : g_strdup_printf ("%s %d.%s", name, i, suffix);
      g_autofree char *path = g_build_filename (folder, numbered, NULL);
      int fd = g_open (path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
      int saved_errno = errno;

      if (fd >= 0)
        {
          g_close (fd, NULL);
          return g_steal_pointer (&path);
        }
      if (saved_errno != EEXIST)
        {
          g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                       _ ("The image cannot be kept in %s: %s"), folder, g_strerror (saved_errno));
          return NULL;
        }
    }
}

GFile *
c2l_shared_files_write (const char *name, const char *suffix, GBytes *bytes, GError **error)
{
  g_autofree char *folder = c2l_shared_files_make_folder (error);
  g_autofree char *path = folder != NULL ? reserve (folder, name, suffix, error) : NULL;

  if (path == NULL)
    return NULL;
  if (!g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes),
                            error))
    {
      g_unlink (path);
      return NULL;
    }
  return g_file_new_for_path (path);
}
