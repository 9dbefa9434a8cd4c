/* Room on disks. Asks the nearest folder above that exists. */
#include "studio/disk.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/statvfs.h>

static char *
dup_existing (const char *path)
{
  char *at = g_canonicalize_filename (path, NULL);

  while (!g_file_test (at, G_FILE_TEST_EXISTS) && strcmp (at, "/") != 0)
    {
      char *above = g_path_get_dirname (at);

      g_free (at);
      at = above;
    }
  return at;
}

guint64
c2l_disk_get_free (const char *path)
{
  g_autofree char *at = dup_existing (path);
  struct statvfs disk;

  if (statvfs (at, &disk) != 0)
    return G_MAXUINT64;
  return (guint64) disk.f_bavail * disk.f_frsize;
}

gboolean
c2l_disk_is_same (const char *a, const char *b)
{
  g_autofree char *first = dup_existing (a), *second = dup_existing (b);
  GStatBuf of_first, of_second;

  return g_stat (first, &of_first) == 0 && g_stat (second, &of_second) == 0
         && of_first.st_dev == of_second.st_dev;
}
