/* A reader of tar archives (ustar, GNU long names, pax) from any stream, member by member, for
 * shards of samples. Nothing is ever written to disk: names are only names here.
 *
 *   g_autoptr (C2lTar) tar = c2l_tar_open ("00000.tar", &error);
 *   const C2lTarEntry *entry;
 *   while ((entry = c2l_tar_read_next (tar, &error)) != NULL)
 *     use (entry->name, entry->data, entry->size);
 *   if (error != NULL) …
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _C2lTar C2lTar;

/* A regular file in the archive; lent until the next call. */
typedef struct
{
  const char *name;   /* as the archive has it, folders and all; valid UTF-8 */
  const guint8 *data;
  gsize size;
} C2lTarEntry;

/* Members may be so large: they are held in memory one at a time. */
#define C2L_TAR_MAX_MEMBER (256 * 1024 * 1024)

C2lTar            *c2l_tar_open (const char *path, GError **error);
/* @name is what messages call the stream. */
C2lTar            *c2l_tar_new (GInputStream *stream, const char *name);
void               c2l_tar_free (C2lTar *tar);

/* The next regular file; folders, links and devices are passed over. NULL at the end, and with an
 * error set where the archive is damaged; an archive without any member is. A missing end mark is
 * not: writers that were killed leave none. */
const C2lTarEntry *c2l_tar_read_next (C2lTar *tar, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lTar, c2l_tar_free)

G_END_DECLS
