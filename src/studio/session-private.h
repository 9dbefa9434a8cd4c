/* What the files of C2lSession share: its passes. */
#pragma once

#include "compute/gl-buffer.h"
#include "compute/ops.h"
#include "studio/session.h"

G_BEGIN_DECLS

struct _C2lSession
{
  C2lEngine *engine;
  C2lPrecision precision;
  GHashTable *passes; /* name → C2lPass */
  C2lRows w_std;      /* spread of the mapping network's w, once it was measured */
  int batch;          /* latents and pictures at a time: C2L_SESSION_BATCH, or less where memory was short */
  double flops;       /* done so far */
  double picture_seconds; /* of the last full picture; 0: none yet */
  gboolean profile;
  C2lTarget *target;  /* (nullable): where pictures are shown as soon as they are drawn */
  C2lTarget *holder;  /* (nullable): of the buffer */
  C2lGlBuffer *buffer; /* (nullable): GL's, that the device writes into */
  gboolean is_without_buffers; /* it was tried, and graphics are another device's */
};

/* A number of rows or pictures that a pass may compute at a time, however many are asked for. */
#define C2L_SESSION_BATCH 16

/* Records what a pass of @shape does; FALSE and an error where that cannot be. */
typedef gboolean (*C2lSessionRecord) (C2lSession *session, C2lPass *pass, gconstpointer shape, GError **error);

/* The pass of that name, recorded and compiled where it is not there yet. Where memory is short for it, all others go: nobody may hold
 * one meanwhile. */
C2lPass   *c2l_session_get_pass (C2lSession *session, const char *name, C2lSessionRecord record, gconstpointer shape, GError **error);
/* A pass of session->batch rows, which its recording looks at; fewer from now on where so many do not fit into memory. */
C2lPass   *c2l_session_get_batch_pass (C2lSession *session, const char *name, C2lSessionRecord record, gconstpointer shape,
                                       GError **error);
/* Whether a smaller batch may help against @error: it was memory, and session->batch is half as large now. */
gboolean   c2l_session_shrink_batch (C2lSession *session, const GError *error);
gboolean   c2l_session_run_pass (C2lSession *session, C2lPass *pass, GCancellable *cancellable, GError **error);

/* The whole of the input or output @name. */
void       c2l_session_write (C2lPass *pass, const char *name, gconstpointer data);
void       c2l_session_read (C2lPass *pass, const char *name, gpointer data);
/* A row of the keys that c2l_random_normal() takes. */
void       c2l_session_fill_key (gint32 key[4], guint64 seed, guint32 index);

/* A recipe of this model, drawn here, without a latent: everything that @sampling, the device and the files say. */
C2lRecipe *c2l_session_new_recipe (C2lSession *session, const C2lSampling *sampling, guint32 index, C2lOrigin origin);

/* Says in @recipe that it is drawn by this program, with this model, on this device. */
void       c2l_session_stamp (C2lSession *session, C2lRecipe *recipe);

/* @recipe's latent, truncated, into @latent of the same shape. */
gboolean   c2l_session_truncate (C2lSession *session, C2lRecipe *recipe, float *latent, GError **error);
/* A row a layer: [@n_rows, w_dim] → [num_ws, w_dim]; NULL where the rows are not the model's. The generator is loaded. */
float     *c2l_session_repeat_rows (C2lSession *session, const float *latent, int n_rows, GError **error);

/* Whether @n values are ones that a generator can draw of: numbers, and none beyond 1e9, from where on a network's own sums overflow. @advice
 * goes on in the message, for the user: what to do about them. */
gboolean   c2l_session_check_values (const float *values, gsize n, const char *advice, GError **error);

/* What shows picture @index of the tensor @pixels ([n, @size, @size, 3]), without its passing through the host's memory; NULL where that cannot be. */
GObject   *c2l_session_make_frame (C2lSession *session, C2lTensor *pixels, int index, int size);
/* Lets go of GL's buffer. */
void       c2l_session_leave_buffer (C2lSession *session);

/* The final styles of @recipe, [num_ws, w_dim]; NULL and an error where something in it does not fit the model. */
float     *c2l_session_dup_ws (C2lSession *session, C2lRecipe *recipe, GError **error);

G_END_DECLS
