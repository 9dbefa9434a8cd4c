/* A tar that is being made, under a hidden name that all processes agree on. Who makes it holds a
 * lock on it, which ends with its process however that ends: what is left of one that was killed is
 * taken over and begun again. */
#include "studio/dataset-private.h"

#include "formats/output.h"
#include "formats/tar.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <unistd.h>

struct _C2lDatasetFile
{
  char *path, *part, *folder;
  int fd;
  guint64 length;
  gboolean is_published;
};

char *
c2l_dataset_file_dup_path (const char *folder, guint index)
{
  g_autofree char *name = g_strdup_printf ("%05u.tar", index);

  return g_build_filename (folder, name, NULL);
}

void
c2l_dataset_file_free (C2lDatasetFile *file)
{
  if (file->fd >= 0)
    {
      /* Before the lock goes: afterwards the name may be another's. */
      if (!file->is_published)
        g_unlink (file->part);
      close (file->fd);
    }
  g_free (file->path);
  g_free (file->part);
  g_free (file->folder);
  g_free (file);
}

/* TRUE if the open file is the one under its name: between opening and locking another process may
 * have finished it. */
static gboolean
is_under_its_name (C2lDatasetFile *file)
{
  GStatBuf by_name, open_one;

  return fstat (file->fd, &open_one) == 0 && g_stat (file->part, &by_name) == 0
         && by_name.st_dev == open_one.st_dev && by_name.st_ino == open_one.st_ino;
}

/* THERE means that the name went away meanwhile: to be tried again. */
static C2lClaim
try_to_claim (C2lDatasetFile *file, GError **error)
{
  int code;

  file->fd = g_open (file->part, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (file->fd < 0)
    {
      c2l_output_fail (file->path, errno, error);
      return C2L_CLAIM_FAILED;
    }
  /* On file systems without locks there is nobody to share with. */
  code = flock (file->fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
  if (code == EWOULDBLOCK)
    return C2L_CLAIM_ELSEWHERE;
  if (!is_under_its_name (file))
    return C2L_CLAIM_THERE;
  if (ftruncate (file->fd, 0) == 0)
    return C2L_CLAIM_OURS;
  c2l_output_fail (file->path, errno, error);
  return C2L_CLAIM_FAILED;
}

C2lClaim
c2l_dataset_file_claim (const char *folder, guint index, C2lDatasetFile **result, GError **error)
{
  g_autoptr (C2lDatasetFile) file = g_new0 (C2lDatasetFile, 1);
  g_autofree char *hidden = g_strdup_printf (".%05u.tar.part", index);
  C2lClaim claim = C2L_CLAIM_THERE;

  file->path = c2l_dataset_file_dup_path (folder, index);
  file->part = g_build_filename (folder, hidden, NULL);
  file->folder = g_strdup (folder);
  file->fd = -1;
  while (claim == C2L_CLAIM_THERE && !g_file_test (file->path, G_FILE_TEST_EXISTS))
    {
      claim = try_to_claim (file, error);
      if (claim != C2L_CLAIM_OURS && file->fd >= 0)
        {
          close (file->fd);
          file->fd = -1;
        }
    }
  /* The one who had it may have finished it just before it was ours. */
  if (claim == C2L_CLAIM_OURS && g_file_test (file->path, G_FILE_TEST_EXISTS))
    claim = C2L_CLAIM_THERE;
  if (claim == C2L_CLAIM_OURS)
    *result = g_steal_pointer (&file);
  return claim;
}

const char *
c2l_dataset_file_get_path (C2lDatasetFile *file)
{
  return file->path;
}

gboolean
c2l_dataset_file_append (C2lDatasetFile *file, const GByteArray *members, GError **error)
{
  int code = c2l_output_write_all (file->fd, members->data, members->len);

  if (code != 0)
    return c2l_output_fail (file->path, code, error);
  file->length += members->len;
  return TRUE;
}

/* So that the name, too, outlives a power cut; not all file systems know how. */
static void
sync_folder (const char *folder)
{
  int fd = g_open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

  if (fd < 0)
    return;
  fsync (fd);
  close (fd);
}

gboolean
c2l_dataset_file_publish (C2lDatasetFile *file, GError **error)
{
  g_autoptr (GByteArray) end = g_byte_array_new ();

  c2l_tar_append_end (end, file->length);
  if (!c2l_dataset_file_append (file, end, error))
    return FALSE;
  if (fsync (file->fd) != 0)
    return c2l_output_fail (file->path, errno, error);
  if (!c2l_output_publish (file->part, file->path, FALSE, error))
    return FALSE;
  file->is_published = TRUE;
  sync_folder (file->folder);
  return TRUE;
}
