/* Published models by name, and the one place that turns what a person typed into a file: a path,
 * an https address or a published name. What is fetched lies in the user's cache folder,
 * $XDG_CACHE_HOME/clip2latent. */
#pragma once

#include "studio/download.h"

G_BEGIN_DECLS

typedef enum
{
  C2L_FILE_PRIOR,     /* checkpoint */
  C2L_FILE_CONFIG,    /* of a prior */
  C2L_FILE_GENERATOR,
  C2L_FILE_CLIP
} C2lFileKind;

typedef struct
{
  const char *name;
  C2lFileKind kind;
  const char *url;
  const char *sha256;    /* NULL where it was not published */
  const char *file_name; /* in the cache folder */
} C2lPublished;

/* All of them; lent. */
const C2lPublished *c2l_published_get_all (gsize *n);

/* NULL where nothing of that kind has the name. */
const C2lPublished *c2l_published_find (const char *name, C2lFileKind kind);

/* Where the file lies once it is fetched. */
char               *c2l_published_dup_cache_path (const C2lPublished *published);

/* Whether @what is a file, an address or a published name of that kind, without a look at the
 * network. */
gboolean            c2l_download_check (const char *what, C2lFileKind kind, GError **error);

/* c2l_download_resolve:
 * @what: a path, an address ("https://…") or a published name ("ffhq-sg2-510")
 * @options: progress and time-outs; sha256 and size are those of the published file. NULL takes the
 * defaults
 * Returns the path of the file, fetched if it was not there (blocking), or NULL. */
char               *c2l_download_resolve (const char *what, C2lFileKind kind, const C2lDownloadOptions *options,
                                          GCancellable *cancellable, GError **error);

G_END_DECLS
