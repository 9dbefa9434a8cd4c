/* tar archives (ustar, GNU long names, pax) for shards of samples: read from any stream, member by
 * member, and written into memory. Nothing is ever unpacked to disk: names are only names here.
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

/* --- reading --- */

typedef struct _C2lTar C2lTar;

/* A regular file in the archive; lent until the next call. */
typedef struct
{
  const char *name;   /* as the archive has it, folders and all; valid UTF-8 */
  const guint8 *data; /* never NULL */
  gsize size;
} C2lTarEntry;

/* Members may be so large: they are held in memory one at a time. */
#define C2L_TAR_MAX_MEMBER (256 * 1024 * 1024)

C2lTar            *c2l_tar_open (const char *path, GError **error);
/* @name is what messages call the stream. */
C2lTar            *c2l_tar_new (GInputStream *stream, const char *name);
void               c2l_tar_free (C2lTar *tar);

/* Members whose names @wanted answers with FALSE are passed over, unread where the stream can seek. */
typedef gboolean (*C2lTarFilter) (const char *name, gpointer data);
void               c2l_tar_set_filter (C2lTar *tar, C2lTarFilter wanted, gpointer data);

/* The next regular file; folders, links and devices are passed over. NULL at the end, and with an
 * error set where the archive is damaged; an archive without any member is. A missing end mark is
 * not: writers that were killed leave none. */
const C2lTarEntry *c2l_tar_read_next (C2lTar *tar, GError **error);

/* --- writing --- */

/* Appends a regular file to @archive as ustar has it. The same members make the same bytes: no time, no owner. FALSE where @name, in
 * UTF-8, is longer than the format can say (100 bytes, or 255 that a slash divides), or @size is over C2L_TAR_MAX_MEMBER. */
gboolean           c2l_tar_append (GByteArray *archive, const char *name, gconstpointer data, gsize size, GError **error);
/* The end mark, and zeros up to a whole record, of an archive that has @length bytes by now (a multiple of 512). */
void               c2l_tar_append_end (GByteArray *archive, guint64 length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lTar, c2l_tar_free)

G_END_DECLS
