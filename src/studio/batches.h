/* C2lBatches: batches of a training, made ready ahead: while a step computes with one, a thread takes the next from the stream of samples,
 * packs it and sends it to the device.
 *
 *   C2lBatches *batches = c2l_batches_new (samples, 512, device);
 *   while (training)
 *     {
 *       C2lPriorTrainBatch batch = { .first_row = … };
 *       if (!c2l_batches_next (batches, &batch, cancellable, &error)) …
 *       c2l_prior_train_step (train, &batch, …);
 *     }
 *
 * What comes, and every error, is what c2l_samples_next() would give, in its order; positions and epochs are those of the batches that
 * were taken, not of those that were read. One thread at a time uses an object; the stream is its own until it is freed. */
#pragma once

#include "models/prior-train.h"
#include "studio/samples.h"

G_BEGIN_DECLS

typedef struct _C2lBatches C2lBatches;

/* @samples is lent, and stands where the first batch begins. Reading begins with the first batch that is asked for. */
C2lBatches *c2l_batches_new (C2lSamples *samples, gsize n_rows, C2lDevice *device);
void        c2l_batches_free (C2lBatches *batches);

/* Sets rows, latents, features and feed of @batch: valid until the next call, when the runs with them have returned. G_IO_ERROR_CANCELLED
 * after @cancellable (nullable) was cancelled: nothing was taken then. */
gboolean    c2l_batches_next (C2lBatches *batches, C2lPriorTrainBatch *batch, GCancellable *cancellable, GError **error);

/* As c2l_samples_get_epoch() and c2l_samples_save(), behind the last batch that was taken. */
double      c2l_batches_get_epoch (C2lBatches *batches);
GBytes     *c2l_batches_save (C2lBatches *batches);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lBatches, c2l_batches_free)

G_END_DECLS
