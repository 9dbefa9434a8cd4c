/* Importing in the background: c2l_import() on a thread of its own, into the user's folder of
 * models. Called from the thread whose main context gets the progress and the answer. */
#pragma once

#include "studio/bundle.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* @fraction 0…1; @part: "clip", "prior", "generator", or "check" while all are loaded together. */
typedef void (*C2lInstallProgress) (double fraction, const char *part, gpointer data);

/* Makes a model called @name out of @files. @progress (nullable) is not called any more once the
 * answer came. Cancelling is heard between parts. */
void  c2l_install_async (const C2lModelFiles *files, const char *name, C2lInstallProgress progress, gpointer progress_data,
                         GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
/* The folder of the new model. */
char *c2l_install_finish (GAsyncResult *result, GError **error);

/* Makes a model out of a training: of @checkpoint, and the generator and CLIP that the run in @run names. */
void  c2l_install_run_async (const char *run, const char *checkpoint, const char *name, C2lInstallProgress progress,
                             gpointer progress_data, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);

/* Copies the model in @folder, which may lie anywhere, beside the others. */
void  c2l_install_folder_async (const char *folder, C2lInstallProgress progress, gpointer progress_data,
                                GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);

G_END_DECLS
