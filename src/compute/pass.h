/* C2lPass: one model × shape × precision, recorded once and run many times.
 *
 * The functions of ops.h append to a pass and return its tensors. A mistake (shapes that do not
 * fit, an operation that the device lacks) is remembered: the recording goes on harmlessly with
 * NULL tensors, which every operation accepts, and c2l_pass_compile() returns the first error. So
 * model code has no error paths of its own. Compiling plans the memory of all intermediates in one
 * arena by their lifetimes, packs the weights that were not packed yet and lets the device prepare
 * every operation. Running allocates nothing. */
#pragma once

#include "compute/device.h"

G_BEGIN_DECLS

C2lPass      *c2l_pass_new (C2lDevice *device, C2lPrecision precision, const char *name);
void          c2l_pass_free (C2lPass *pass);

C2lDevice    *c2l_pass_get_device (C2lPass *pass);
C2lPrecision  c2l_pass_get_precision (C2lPass *pass);

/* The type in which operands of matrix products and convolutions are stored: F32, or BF16 (F16) in
 * that precision. Residual streams, coefficients and embeddings stay F32. */
C2lDtype      c2l_pass_get_compute_dtype (C2lPass *pass);

/* An input is written by the program before a run and keeps its content between runs. */
C2lTensor    *c2l_pass_add_input (C2lPass *pass, const char *name, C2lDtype dtype, int n_dims,
                                  const gint64 *dims);

/* A constant of the recording, for example a schedule's coefficients: an input with its content. */
C2lTensor    *c2l_pass_add_constant (C2lPass *pass, C2lDtype dtype, int n_dims, const gint64 *dims,
                                     gconstpointer data);

/* Calls @function, on the thread that runs the pass, as soon as all operations that were recorded
 * before have run; on a device that works by itself they may have been begun only, and what
 * c2l_tensor_read_part() gives or a communicator of peers.h sums up is theirs all the same. Only the last
 * one given at a place counts. */
typedef void (*C2lPassMark) (gpointer user_data);
void          c2l_pass_mark (C2lPass *pass, C2lPassMark function, gpointer user_data);

/* Marks a result: its memory is its own and may be read after a run, also by @name. */
void          c2l_pass_keep (C2lPass *pass, const char *name, C2lTensor *tensor);

/* Activations under the names that fixtures use ("act.layer0.attn"). Costs nothing unless taps were
 * enabled before recording; then it is c2l_pass_keep(). Pictures stay channels-last. */
void          c2l_pass_enable_taps (C2lPass *pass);
gboolean      c2l_pass_has_taps (C2lPass *pass);
void          c2l_pass_tap (C2lPass *pass, C2lTensor *tensor, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* A kept or input tensor by name, or NULL. */
C2lTensor    *c2l_pass_lookup (C2lPass *pass, const char *name);
/* Names of kept tensors in the order they were kept, NULL-terminated; (transfer container). */
const char  **c2l_pass_list_kept (C2lPass *pass);

/* Remembers an error found while recording (the first one counts); for models. */
void          c2l_pass_fail (C2lPass *pass, C2lComputeError code, const char *format, ...) G_GNUC_PRINTF (3, 4);
gboolean      c2l_pass_has_failed (C2lPass *pass);

gboolean      c2l_pass_compile (C2lPass *pass, GError **error);

/* Runs all operations. @cancellable is looked at between operations; then G_IO_ERROR_CANCELLED. */
gboolean      c2l_pass_run (C2lPass *pass, GCancellable *cancellable, GError **error);

/* Bytes of the planned arena, and floating-point operations of one run (products and sums of
 * matrix products and convolutions, counted as direct convolution). */
gsize         c2l_pass_get_arena_size (C2lPass *pass);
double        c2l_pass_get_flops (C2lPass *pass);

/* Seconds spent in each kind of operation over all runs since the last call, as lines for people;
 * for `c2l bench --profile`. Timing is off until it is enabled. */
void          c2l_pass_enable_profile (C2lPass *pass);
char         *c2l_pass_dup_profile (C2lPass *pass);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lPass, c2l_pass_free)

G_END_DECLS
