/* Files in memory that need not be read: mapped, and guarded. If a file is cut off while it is mapped, or its disk fails, the pages that are
 * gone read as zeros instead of ending the program, and c2l_mapped_check() says so. Whoever computes with what is mapped asks it before
 * believing the result. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Maps @path for reading. NULL where it is no file that can be. */
GBytes  *c2l_mapped_open (const char *path, GError **error);

/* FALSE and C2L_FORMAT_ERROR_DAMAGED where parts of the file @path, as it was mapped last, turned out to be gone. NULL: of any file that is
 * mapped now. */
gboolean c2l_mapped_check (const char *path, GError **error);

G_END_DECLS
