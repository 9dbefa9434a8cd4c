/* The files of a model, each named by a path, an https address or a published name, as files on this computer. */
#pragma once

#include "studio/bundle.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* Paths; NULL for those that were not named. */
typedef struct
{
  char *clip, *prior, *config, *generator, *merges;
} C2lModelPaths;

/* @name: what is being fetched, as it was named; @total: −1 where the server does not say. On the calling thread. */
typedef struct
{
  void (*func) (const char *name, goffset done, goffset total, gpointer data);
  gpointer data;
} C2lModelFilesProgress;

/* FALSE and an error with the first name of @named that nothing is known by: neither a file, an
 * address nor a published name. Fetches nothing. */
gboolean c2l_model_files_check (const C2lModelFiles *named, GError **error);

/* c2l_model_paths_fetch:
 * @named: what was named, NULL where nothing was; preprocess is not looked at
 * @progress: (nullable)
 * Fetches what is not here yet (blocking). A prior without a configuration takes the one that was published under its name, or the one
 * beside it, in its folder or on its server, with the ending .yaml; of
 * a folder named as the CLIP its model.safetensors is taken. FALSE and an error with the first name that nothing is known by, before anything is fetched. */
gboolean c2l_model_paths_fetch (C2lModelPaths *paths, const C2lModelFiles *named, const C2lModelFilesProgress *progress,
                                GCancellable *cancellable, GError **error);
void     c2l_model_paths_clear (C2lModelPaths *paths);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (C2lModelPaths, c2l_model_paths_clear)

G_END_DECLS
