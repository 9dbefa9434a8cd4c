/* Getting a model of a catalogue: its files are downloaded, checked, and made into a model in the
 * user's folder. Blocks: a window asks downloads.h.
 *
 *   folder = c2l_acquire (catalogue, model, NULL, progress, data, cancellable, &error);
 *
 * Whoever calls it has shown the licences of the model, and they were accepted. What was downloaded
 * when it ends early stays, and the next call goes on from there. Files that no other model of the
 * catalogue is made of are removed once the model is there. */
#pragma once

#include "studio/catalogue.h"
#include "studio/download.h"

G_BEGIN_DECLS

typedef enum
{
  C2L_ACQUIRE_DOWNLOAD,
  C2L_ACQUIRE_IMPORT
} C2lAcquireStage;

typedef struct
{
  C2lAcquireStage stage;
  const char *what;     /* the name of a file ("ViT-B/32"), or the part: "clip", …, "check" */
  goffset done, total;  /* bytes of all files; total −1 where a server does not say */
  double fraction;      /* of the import, 0…1 */
  const char *trouble;  /* (nullable): why nothing comes at the moment; it is tried again */
} C2lAcquireProgress;

/* On the thread that acquires, about ten times a second. */
typedef void (*C2lAcquireProgressFunc) (const C2lAcquireProgress *progress, gpointer data);

/* c2l_acquire:
 * @options: (nullable): time-outs and retries
 * Returns the folder of the new model, or NULL. */
char    *c2l_acquire (C2lCatalogue *catalogue, const C2lCatalogueModel *model, const C2lDownloadOptions *options,
                      C2lAcquireProgressFunc progress, gpointer progress_data, GCancellable *cancellable, GError **error);

/* How many bytes of the model's files are here. */
goffset  c2l_acquire_get_done (const C2lCatalogueModel *model);

/* c2l_acquire_ask_size:
 * How many bytes the model's files have in all; servers are asked where the catalogue does not say
 * (blocking). −1 where one of them does not say either. */
goffset  c2l_acquire_ask_size (const C2lCatalogueModel *model, const C2lDownloadOptions *options, GCancellable *cancellable);
void     c2l_acquire_ask_size_async (C2lCatalogue *catalogue, const C2lCatalogueModel *model, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer data);
/* −1 as above, or where it was cancelled. */
goffset  c2l_acquire_ask_size_finish (GAsyncResult *result);

/* Throws away what was downloaded for @model and no other model of @catalogue is made of. */
void     c2l_acquire_discard (C2lCatalogue *catalogue, const C2lCatalogueModel *model);

/* What the files of @catalogue that are kept for later take, and throwing them away. */
goffset  c2l_acquire_measure_kept (C2lCatalogue *catalogue);
void     c2l_acquire_discard_kept (C2lCatalogue *catalogue);

G_END_DECLS
