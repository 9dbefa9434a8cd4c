/* The unfinished file of a download. It is locked through its own descriptor, so no other file is
 * left over; the lock goes when the process does. The note is written whenever the bytes begin
 * anew, before the first of them. */
#include "studio/download-part.h"

#include "studio/download.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Space that a download leaves free, so that the disk is not filled to the last byte. */
#define SPARE_SPACE ((goffset) 64 << 20)

static gboolean
fail_errno (const char *path, const char *what, GError **error)
{
  int saved = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved), "%s: %s: %s", path, what,
               g_strerror (saved));
  return FALSE;
}

/* Whether @path still names the file behind @fd: another process may have finished it meanwhile. */
static gboolean
is_same_file (int fd, const char *path)
{
  struct stat by_fd;
  struct stat by_path;

  return fstat (fd, &by_fd) == 0 && stat (path, &by_path) == 0 && by_fd.st_ino == by_path.st_ino
         && by_fd.st_dev == by_path.st_dev;
}

static gboolean
open_locked (C2lPart *self, GError **error)
{
  while (TRUE)
    {
      self->fd = g_open (self->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
      if (self->fd < 0)
        return fail_errno (self->path, _ ("cannot be written"), error);
      if (flock (self->fd, LOCK_EX | LOCK_NB) != 0)
        {
          g_set_error (error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_BUSY,
                       _ ("%s: another program is downloading this file; wait for it to end"),
                       self->destination);
          return FALSE;
        }
      if (is_same_file (self->fd, self->path))
        return TRUE;
      close (self->fd);
    }
}

/* What the note says about the bytes that are there; forgets them where it says nothing, or another
 * address. */
static gboolean
read_note (C2lPart *self, const char *url)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *root;
  JsonObject *note;

  if (!json_parser_load_from_file (parser, self->note_path, NULL))
    return FALSE;
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return FALSE;
  note = json_node_get_object (root);
  if (g_strcmp0 (json_object_get_string_member_with_default (note, "url", NULL), url) != 0)
    return FALSE;
  self->validator = g_strdup (json_object_get_string_member_with_default (note, "validator", NULL));
  return TRUE;
}

C2lPart *
c2l_part_open (const char *destination, const char *url, GError **error)
{
  g_autoptr (C2lPart) self = g_new0 (C2lPart, 1);
  g_autofree char *folder = g_path_get_dirname (destination);
  struct stat status;

  self->fd = -1;
  self->destination = g_strdup (destination);
  self->path = g_strconcat (destination, ".part", NULL);
  self->note_path = g_strconcat (self->path, ".json", NULL);
  if (g_mkdir_with_parents (folder, 0755) != 0)
    {
      fail_errno (folder, _ ("cannot be made"), error);
      return NULL;
    }
  if (!open_locked (self, error))
    return NULL;

  if (fstat (self->fd, &status) == 0)
    self->size = status.st_size;
  if (self->size > 0 && !read_note (self, url) && !c2l_part_restart (self, url, NULL, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
c2l_part_free (C2lPart *self)
{
  if (self == NULL)
    return;
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->destination);
  g_free (self->path);
  g_free (self->note_path);
  g_free (self->validator);
  g_free (self);
}

gboolean
c2l_part_write (C2lPart *self, const char *data, gsize size, GError **error)
{
  while (size > 0)
    {
      gssize n = pwrite (self->fd, data, size, self->size);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == ENOSPC)
        {
          g_set_error (error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_NO_SPACE,
                       _ ("%s: the disk is full; make room and try again"), self->destination);
          return FALSE;
        }
      if (n < 0)
        return fail_errno (self->path, _ ("cannot be written"), error);
      data += n;
      size -= n;
      self->size += n;
    }
  return TRUE;
}

gboolean
c2l_part_restart (C2lPart *self, const char *url, const char *validator, GError **error)
{
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (JsonObject) note = json_object_new ();
  g_autofree char *text = NULL;

  if (ftruncate (self->fd, 0) != 0)
    return fail_errno (self->path, _ ("cannot be written"), error);
  self->size = 0;
  g_free (self->validator);
  self->validator = g_strdup (validator);

  json_object_set_string_member (note, "url", url);
  if (validator != NULL)
    json_object_set_string_member (note, "validator", validator);
  json_node_set_object (root, note);
  text = json_to_string (root, TRUE);
  return g_file_set_contents (self->note_path, text, -1, error);
}

gboolean
c2l_part_check_space (C2lPart *self, goffset n, GError **error)
{
  g_autofree char *need = NULL;
  g_autofree char *have = NULL;
  struct statvfs disk;
  guint64 available;

  if (n <= 0 || fstatvfs (self->fd, &disk) != 0)
    return TRUE;
  available = (guint64) disk.f_bavail * disk.f_frsize;
  if (available >= (guint64) n + SPARE_SPACE)
    return TRUE;

  need = g_format_size (n);
  have = g_format_size (available);
  g_set_error (
      error, C2L_DOWNLOAD_ERROR, C2L_DOWNLOAD_ERROR_NO_SPACE,
      _ ("%s: %s are still to come, but only %s are free on that disk; make room and try again"),
      self->destination, need, have);
  return FALSE;
}

char *
c2l_part_compute_sha256 (C2lPart *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guint8 *buffer = g_malloc (1 << 20);
  goffset offset = 0;

  while (offset < self->size)
    {
      gssize n;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return NULL;
      n = pread (self->fd, buffer, 1 << 20, offset);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        {
          fail_errno (self->path, _ ("cannot be read back"), error);
          return NULL;
        }
      g_checksum_update (checksum, buffer, n);
      offset += n;
    }
  return g_strdup (g_checksum_get_string (checksum));
}

gboolean
c2l_part_finish (C2lPart *self, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (self->destination);
  int folder_fd;

  if (fsync (self->fd) != 0)
    return fail_errno (self->path, _ ("cannot be written"), error);
  if (g_rename (self->path, self->destination) != 0)
    return fail_errno (self->destination, _ ("cannot be written"), error);
  g_unlink (self->note_path);

  /* The new name, too, shall survive a power cut; where folders cannot be synced it is as good as
   * it gets. */
  folder_fd = g_open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (folder_fd >= 0)
    {
      fsync (folder_fd);
      close (folder_fd);
    }
  return TRUE;
}

void
c2l_part_discard (C2lPart *self)
{
  g_unlink (self->note_path);
  g_unlink (self->path);
  self->size = 0;
}

static goffset
get_size (const char *path)
{
  GStatBuf status;

  return g_stat (path, &status) == 0 ? status.st_size : -1;
}

goffset
c2l_download_get_done (const char *destination)
{
  g_autofree char *part = g_strconcat (destination, ".part", NULL);
  goffset whole = get_size (destination);

  return whole >= 0 ? whole : MAX (get_size (part), 0);
}

void
c2l_download_discard (const char *destination)
{
  g_autofree char *part = g_strconcat (destination, ".part", NULL);
  g_autofree char *note = g_strconcat (part, ".json", NULL);
  int fd = g_open (part, O_RDWR | O_CLOEXEC, 0);

  if (fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) == 0)
    {
      g_unlink (note);
      g_unlink (part);
    }
  if (fd >= 0)
    close (fd);
}
