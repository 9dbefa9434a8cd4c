/* C2lTensor: a typed, contiguous, row-major array that belongs to a device or to a pass.
 *
 * Three kinds exist. A *weight* is made by c2l_device_new_weight(), lives as long as its references
 * and changes only when it is written; the device keeps packed copies of it. An *input* belongs to a pass and is
 * written by the program between runs. Everything else is an *intermediate*: its memory is planned
 * by the pass and is valid only while the pass runs, unless it was marked with c2l_pass_keep().
 * A *variable* is a weight that operations of ops-train.h change in place.
 *
 * Pictures are channels-last, [B, R, R, C]. */
#pragma once

#include "compute/dtype.h"

G_BEGIN_DECLS

typedef struct _C2lDevice C2lDevice;
typedef struct _C2lPass C2lPass;
typedef struct _C2lTensor C2lTensor;

C2lDtype      c2l_tensor_get_dtype (const C2lTensor *tensor);
int           c2l_tensor_get_n_dims (const C2lTensor *tensor);

/* Size along @axis; negative axes count from the end. */
gint64        c2l_tensor_get_dim (const C2lTensor *tensor, int axis);
const gint64 *c2l_tensor_get_dims (const C2lTensor *tensor);

/* Number of elements, and of bytes. */
gsize         c2l_tensor_get_length (const C2lTensor *tensor);
gsize         c2l_tensor_get_size (const C2lTensor *tensor);
/* All dimensions but the last, multiplied; 1 where there are none. */
gint64        c2l_tensor_get_n_rows (const C2lTensor *tensor);

/* Copies between the host and a tensor: inputs, and weights with memory of their own, are written;
 * those and kept tensors are read, all between runs of a compiled pass. @size must be
 * c2l_tensor_get_size(). Matrix products see new numbers of a weight from the next run on; other
 * operations that keep copies of a weight (convolutions) do not. */
void          c2l_tensor_write (C2lTensor *tensor, gconstpointer data, gsize size);
void          c2l_tensor_read (C2lTensor *tensor, gpointer data, gsize size);

/* Gives a weight that borrows its numbers memory of its own, so that it may be written: before it is
 * recorded in a pass. FALSE where there is no memory. */
gboolean      c2l_tensor_own (C2lTensor *weight);

/* A part of it, @size bytes from byte @offset on: also in the middle of a run, by a c2l_pass_mark(). */
void          c2l_tensor_read_part (C2lTensor *tensor, gsize offset, gpointer data, gsize size);

/* Where the numbers of a variable or another weight with memory of its own are, if the host can
 * reach them; else NULL. The address does not change. */
gpointer      c2l_tensor_get_host_data (C2lTensor *weight);

/* The same for reading, on any device: where the host cannot reach them, they are a copy, which is also
 * @copy and freed by the caller; else that is NULL. */
gconstpointer c2l_tensor_peek (C2lTensor *weight, gpointer *copy);

/* Where they are on the device, in memory that may be its own: for a communicator of peers.h. */
gpointer      c2l_tensor_get_device_data (C2lTensor *weight);

/* "f32 [2, 4, 512]", for messages. */
char         *c2l_tensor_to_string (const C2lTensor *tensor);

/* References are for weights only: tensors of a pass live as long as the pass. */
C2lTensor    *c2l_tensor_ref (C2lTensor *tensor);
void          c2l_tensor_unref (C2lTensor *tensor);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lTensor, c2l_tensor_unref)

G_END_DECLS
