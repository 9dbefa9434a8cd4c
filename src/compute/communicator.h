/* C2lCommunicator: what the processes of one job say to each other: sums over all of them, begun now and waited for later, so that
 * computing goes on meanwhile. How it travels is the business of a module that is loaded at run time (communicator-module.h), so a
 * program that runs alone needs none of it.
 *
 *   C2lCommunicator *all = c2l_communicator_open ("…/libc2l-mpi.so", &error);
 *   c2l_communicator_start_sum (all, C2L_F32, gradients, n);
 *   … compute …
 *   if (!c2l_communicator_wait (all, cancellable, &error)) …
 *
 * Everything here is collective: all processes begin the same sums in the same order. Results are the same bits everywhere. After an
 * error nothing further can be asked; c2l_communicator_free() does not wait for the others then. One thread at a time uses an object. */
#pragma once

#include "compute/device.h"

G_BEGIN_DECLS

typedef struct _C2lCommunicator C2lCommunicator;

/* Loads the module @path and joins the job that this process was started in; waits until all have come. NULL and
 * C2L_COMPUTE_ERROR_NO_DEVICE where the module cannot be loaded. */
C2lCommunicator *c2l_communicator_open (const char *path, GError **error);
/* Leaves the job, together with all others. */
void             c2l_communicator_free (C2lCommunicator *self);

/* 0 … size − 1; how many there are, and of them on this machine. */
int              c2l_communicator_get_rank (const C2lCommunicator *self);
int              c2l_communicator_get_size (const C2lCommunicator *self);
int              c2l_communicator_get_local_size (const C2lCommunicator *self);

/* Begins to replace @values [@n] (F32 or F64) by their sums over all processes. They are not to be touched until the next
 * c2l_communicator_wait(). */
void             c2l_communicator_start_sum (C2lCommunicator *self, C2lDtype dtype, gpointer values, gsize n);

/* Waits for all that was begun. FALSE and
 * - C2L_COMPUTE_ERROR_PEER_ENDED where another process is there no more: its share will never come;
 * - G_IO_ERROR_CANCELLED where @cancellable (nullable) was cancelled and it still did not come within a moment: a signal for the whole job
 *   reaches all of them at about the same time, and they may still agree on what to do. */
gboolean         c2l_communicator_wait (C2lCommunicator *self, GCancellable *cancellable, GError **error);

/* Both. */
gboolean         c2l_communicator_sum (C2lCommunicator *self, C2lDtype dtype, gpointer values, gsize n, GCancellable *cancellable,
                                       GError **error);
/* Gives all processes the @values of rank 0. */
gboolean         c2l_communicator_share (C2lCommunicator *self, C2lDtype dtype, gpointer values, gsize n, GCancellable *cancellable,
                                         GError **error);
/* Whether no other process is known to have ended; C2L_COMPUTE_ERROR_PEER_ENDED where one has. Not collective. */
gboolean         c2l_communicator_is_whole (C2lCommunicator *self, GError **error);
/* This process cannot go on with what the others do; nothing collective may follow. Also so after any error of the above. */
void             c2l_communicator_tear (C2lCommunicator *self);
gboolean         c2l_communicator_is_torn (const C2lCommunicator *self);

/* Waits until all processes are here. */
gboolean         c2l_communicator_barrier (C2lCommunicator *self, GCancellable *cancellable, GError **error);

/* Ends all processes of the job, this one with exit status @code. */
void             c2l_communicator_abort (C2lCommunicator *self, int code) G_GNUC_NORETURN;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lCommunicator, c2l_communicator_free)

G_END_DECLS
