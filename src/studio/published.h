/* The one place that turns what a person typed into a file: a path, an https address or a published
 * name, which the program's catalogue knows. What is fetched lies in the user's cache folder. */
#pragma once

#include "studio/catalogue.h"
#include "studio/download.h"

G_BEGIN_DECLS

/* NULL where nothing of that kind has the name. */
const C2lPublished *c2l_published_find (const char *name, C2lPublishedKind kind);

/* Whether @what is a file, an address or a published name of that kind, without a look at the
 * network. */
gboolean            c2l_download_check (const char *what, C2lPublishedKind kind, GError **error);

/* c2l_download_resolve:
 * @what: a path, an address ("https://…") or a published name ("ffhq-sg2-510")
 * @options: progress and time-outs; sha256 and size are those of the published file. NULL takes the
 * defaults
 * Returns the path of the file, fetched if it was not there (blocking), or NULL. */
char               *c2l_download_resolve (const char *what, C2lPublishedKind kind, const C2lDownloadOptions *options,
                                          GCancellable *cancellable, GError **error);

/* Fetches @file of a catalogue to its path, if it is not there (blocking). */
gboolean            c2l_published_fetch (const C2lPublished *file, const C2lDownloadOptions *options,
                                         GCancellable *cancellable, GError **error);

G_END_DECLS
