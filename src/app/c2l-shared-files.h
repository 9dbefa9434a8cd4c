/* Files in the user's cache for what passes between programs: pictures on their way out, images that
 * came in without a file. Those of earlier days are deleted when new ones are written. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Makes the folder and deletes what is old in it. NULL with an error of G_IO_ERROR where it cannot be
 * made (transfer full). */
char *c2l_shared_files_make_folder (GError **error);
/* Writes @bytes to a new file there, "NAME.SUFFIX", or "NAME 2.SUFFIX" where there is one. NULL with
 * an error where it cannot be written; then nothing is left (transfer full). */
GFile *c2l_shared_files_write (const char *name,
                               const char *suffix,
                               GBytes *bytes,
                               GError **error);

G_END_DECLS
