/* SHA-256 of files, remembered in the user's cache by path, size and time of change, so that large
 * files are read once. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The digest in hex, or NULL. Reads the whole file when it is not remembered. */
char *c2l_digest_file (const char *path, GCancellable *cancellable, GError **error);

/* The digest, freshly computed and not remembered. */
char *c2l_digest_compute (const char *path, GCancellable *cancellable, GError **error);

/* Whether a text of anybody's (nullable) has the form of one. */
gboolean c2l_digest_is_sha256 (const char *text);

G_END_DECLS
