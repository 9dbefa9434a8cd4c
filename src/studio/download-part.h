/* The unfinished file of a download: "PATH.part", locked while it is written, with a note about
 * where it came from. For download.c only. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  char *destination;
  char *path;       /* DESTINATION.part */
  char *note_path;  /* DESTINATION.part.json */
  int fd;
  goffset size;     /* bytes that are there */
  char *validator;  /* ETag or Last-Modified for If-Range, or NULL */
} C2lPart;

/* Opens and locks the unfinished file of @destination; what it holds from another @url is thrown
 * away. */
C2lPart *c2l_part_open (const char *destination, const char *url, GError **error);
void     c2l_part_free (C2lPart *part);

/* Appends; the file grows by what could be written. */
gboolean c2l_part_write (C2lPart *part, const char *data, gsize size, GError **error);

/* Begins again: empties the file and notes what the server says about the new bytes. */
gboolean c2l_part_restart (C2lPart *part, const char *url, const char *validator, GError **error);

/* Whether @n more bytes fit on the disk. */
gboolean c2l_part_check_space (C2lPart *part, goffset n, GError **error);

/* SHA-256 of all bytes, in hexadecimal. */
char    *c2l_part_compute_sha256 (C2lPart *part, GCancellable *cancellable, GError **error);

/* Gives the file its name, synced to disk. */
gboolean c2l_part_finish (C2lPart *part, GError **error);

/* Removes the unfinished file. */
void     c2l_part_discard (C2lPart *part);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lPart, c2l_part_free)

G_END_DECLS
