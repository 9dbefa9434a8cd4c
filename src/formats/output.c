/* Everything is written under a hidden name beside its own, synced and renamed, streams too: a file
 * that is there under its name is whole, whenever the program was killed. */
#include "formats/output.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

#define BUFFER_SIZE (256u << 10)

/* TRUE if something is there that is no file: putting a file in its place would break it for
 * everyone. */
static gboolean
is_special (const char *path)
{
  return g_file_test (path, G_FILE_TEST_EXISTS)
         && !g_file_test (path, G_FILE_TEST_IS_REGULAR | G_FILE_TEST_IS_DIR);
}

/* What a person can do about the failures that are no fault of the program. */
static const char *
find_advice (int code)
{
  switch (code)
    {
    case ENOSPC:
    case EDQUOT:
      return _ ("; make room there, or choose another folder");
    case EACCES:
    case EPERM:
    case EROFS:
      return _ ("; choose a folder that you may write to");
    case ENOENT:
    case ENOTDIR:
      return _ ("; the folder is not there (any more): make it, or choose another");
    case ENAMETOOLONG:
      return _ ("; choose a shorter name");
    case EFBIG:
      return _ ("; choose another folder, on a disk that holds larger files");
    default:
      return "";
    }
}

gboolean
c2l_output_fail (const char *path, int code, GError **error)
{
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code),
               _ ("%s: cannot be written: %s%s"), path, g_strerror (code), find_advice (code));
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
  return written || c2l_output_fail (path, code, error);
}

int
c2l_output_write_all (int fd, gconstpointer data, gsize size)
{
  const guint8 *rest = data;

  while (size > 0)
    {
      gssize n = write (fd, rest, size);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return errno;
      rest += n;
      size -= n;
    }
  return 0;
}

/* An empty file beside @path under a hidden name; returns it open, or −1. */
static int
create_beside (const char *path, char **staged, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *name = g_build_filename (folder, ".clip2latent-XXXXXX", NULL);
  int fd = g_mkstemp_full (name, O_WRONLY | O_CLOEXEC, 0666);

  if (fd < 0)
    c2l_output_fail (path, errno, error);
  else
    *staged = g_steal_pointer (&name);
  return fd;
}

char *
c2l_output_stage (const char *path, gconstpointer data, gsize size, GError **error)
{
  g_autofree char *staged = NULL;
  int fd = create_beside (path, &staged, error), code;

  if (fd < 0)
    return NULL;
  code = c2l_output_write_all (fd, data, size);
  if (code == 0 && fsync (fd) != 0)
    code = errno;
  if (close (fd) != 0 && code == 0)
    code = errno;
  if (code == 0)
    return g_steal_pointer (&staged);
  g_unlink (staged);
  c2l_output_fail (path, code, error);
  return NULL;
}

/* 0 or errno. Some file systems know no such renaming, some of those no links. */
static int
rename_to_free_name (const char *from, const char *to)
{
  if (renameat2 (AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
    return errno;
  if (link (from, to) == 0)
    {
      g_unlink (from);
      return 0;
    }
  if (errno == EEXIST || g_file_test (to, G_FILE_TEST_EXISTS))
    return EEXIST;
  return g_rename (from, to) == 0 ? 0 : errno;
}

gboolean
c2l_output_publish (const char *staged, const char *path, gboolean replace, GError **error)
{
  int code
      = replace ? (g_rename (staged, path) == 0 ? 0 : errno) : rename_to_free_name (staged, path);

  return code == 0 || c2l_output_fail (path, code, error);
}

gboolean
c2l_output_save (const char *path, gconstpointer data, gsize size, GError **error)
{
  g_autofree char *staged = NULL;

  if (is_special (path))
    return write_into (path, data, size, error);
  staged = c2l_output_stage (path, data, size, error);
  if (staged == NULL)
    return FALSE;
  if (c2l_output_publish (staged, path, TRUE, error))
    return TRUE;
  g_unlink (staged);
  return FALSE;
}

/* What a stream must remember to its end. */
typedef struct
{
  char *path, *staged;
} Goal;

#define GOAL "c2l-output-goal"

/* A file that did not get its name goes away. */
static void
goal_free (gpointer data)
{
  Goal *goal = data;

  if (goal->staged != NULL)
    g_unlink (goal->staged);
  g_free (goal->staged);
  g_free (goal->path);
  g_free (goal);
}

GOutputStream *
c2l_output_open (const char *path, GError **error)
{
  g_autofree char *staged = NULL;
  int fd;

  if (is_special (path))
    {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                   _ ("%s: not an ordinary file, which this must be; choose another name"), path);
      return NULL;
    }
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      c2l_output_fail (path, EISDIR, error);
      return NULL;
    }
  fd = create_beside (path, &staged, error);
  if (fd < 0)
    return NULL;
  close (fd);

  g_autoptr (GFile) file = g_file_new_for_path (staged);
  g_autoptr (GFileOutputStream) stream = g_file_append_to (file, G_FILE_CREATE_NONE, NULL, error);
  Goal *goal = g_new (Goal, 1);
  GOutputStream *buffered;

  *goal = (Goal){ g_strdup (path), g_steal_pointer (&staged) };
  if (stream == NULL)
    {
      goal_free (goal);
      return NULL;
    }
  buffered = g_buffered_output_stream_new_sized (G_OUTPUT_STREAM (stream), BUFFER_SIZE);
  g_object_set_data_full (G_OBJECT (buffered), GOAL, goal, goal_free);
  return buffered;
}

/* 0 or errno. */
static int
sync_file (const char *path)
{
  int fd = g_open (path, O_RDONLY | O_CLOEXEC, 0), code;

  if (fd < 0)
    return errno;
  code = fsync (fd) == 0 || errno == EINVAL ? 0 : errno;
  close (fd);
  return code;
}

gboolean
c2l_output_close (GOutputStream *stream, gboolean complete, GError **error)
{
  Goal *goal = g_object_get_data (G_OBJECT (stream), GOAL);
  GError *reason = NULL;
  int code;

  if (!complete)
    {
      if (error != NULL && *error != NULL)
        g_prefix_error (error, "%s: ", goal->path);
      g_output_stream_close (stream, NULL, NULL);
      return FALSE;
    }
  if (!g_output_stream_close (stream, NULL, &reason))
    {
      g_propagate_prefixed_error (error, reason, _ ("%s: cannot be written: "), goal->path);
      return FALSE;
    }
  code = sync_file (goal->staged);
  if (code != 0)
    return c2l_output_fail (goal->path, code, error);
  if (!c2l_output_publish (goal->staged, goal->path, TRUE, error))
    return FALSE;
  g_clear_pointer (&goal->staged, g_free);
  return TRUE;
}
