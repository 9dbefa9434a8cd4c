/* Removing a model: its pictures are counted, the artist is asked, pictures without a full-size PNG get one, and the model's folder goes to
 * the trash. */
#pragma once

#include "studio/bundles.h"
#include "studio/keep-all.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* c2l_model_removal_async:
 * @library: (nullable)
 * @progress: while pictures are drawn; not called where there are none
 * Cancelling leaves the model where it is, and the pictures that were drawn. */
void     c2l_model_removal_async (GtkWidget *widget, const C2lInstalled *installed, C2lLibrary *library, C2lKeepAllProgress progress,
                                  gpointer progress_data, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
/* G_IO_ERROR_CANCELLED where the answer was no. */
gboolean c2l_model_removal_finish (GAsyncResult *result, GError **error);

G_END_DECLS
