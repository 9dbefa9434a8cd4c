/* Loading a module that carries sums between processes, and waiting for it. What is waited for may
 * never come: the other processes can be killed, and this one asked to end. So no wait here is
 * without an end of its own. */
#include "compute/communicator-module.h"

#include <glib/gi18n-lib.h>
#include <gmodule.h>
#include <string.h>
#include <unistd.h>

/* How often it is looked whether the others are still there. */
#define LOOK_EVERY (G_USEC_PER_SEC / 20)
/* How long a sum may take once this process was asked to end. mpirun gives its processes a second
 * from the first signal to the last, in which a checkpoint is to be written. */
#define LAST_WAIT (G_USEC_PER_SEC * 3 / 10)
/* For the module's way of ending the job. */
#define ABORT_SECONDS 5

C2lCommunicator *
c2l_communicator_open (const char *path, GError **error)
{
  GModule *module = g_module_open (path, G_MODULE_BIND_LAZY);
  C2lCommunicatorModuleOpen open_module;
  C2lCommunicator *self;

  if (module == NULL
      || !g_module_symbol (module, C2L_COMMUNICATOR_MODULE_OPEN, (gpointer *) &open_module))
    {
      g_set_error (
          error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_NO_DEVICE,
          _ ("%s: cannot be loaded: %s; install it with what it needs (Open MPI), or start "
             "one process without mpirun"),
          path, g_module_error ());
      return NULL;
    }
  /* Threads of what it loads may go on to the end of the program. */
  g_module_make_resident (module);
  self = open_module (C2L_COMMUNICATOR_MODULE_VERSION, error);
  if (self == NULL)
    g_prefix_error (error, "%s: ", path);
  return self;
}

void
c2l_communicator_free (C2lCommunicator *self)
{
  self->klass->close (self, !self->is_torn);
}

int
c2l_communicator_get_rank (const C2lCommunicator *self)
{
  return self->rank;
}

int
c2l_communicator_get_size (const C2lCommunicator *self)
{
  return self->size;
}

int
c2l_communicator_get_local_size (const C2lCommunicator *self)
{
  return self->local_size;
}

void
c2l_communicator_start_sum (C2lCommunicator *self, C2lDtype dtype, gpointer values, gsize n)
{
  g_return_if_fail (dtype == C2L_F32 || dtype == C2L_F64);
  g_return_if_fail (!self->is_torn);

  if (n > 0)
    self->klass->start_sum (self, dtype, values, n);
}

gboolean
c2l_communicator_is_whole (C2lCommunicator *self, GError **error)
{
  const C2lCommunicator *knows = self->guardian != NULL ? self->guardian : self;
  const int lost
      = knows->klass->find_lost != NULL ? knows->klass->find_lost ((C2lCommunicator *) knows) : -1;

  if (lost < 0)
    return TRUE;
  g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_PEER_ENDED,
               _ ("process %d of %d has ended, and without it the others cannot go on"), lost + 1,
               self->size);
  return FALSE;
}

void
c2l_communicator_tear (C2lCommunicator *self)
{
  self->is_torn = TRUE;
}

gboolean
c2l_communicator_is_torn (const C2lCommunicator *self)
{
  return self->is_torn;
}

/* Why there is no use in waiting any longer, if so. */
static gboolean
give_up (C2lCommunicator *self, GCancellable *cancellable, gint64 *cancelled_at, GError **error)
{
  const gint64 now = g_get_monotonic_time ();

  if (!c2l_communicator_is_whole (self, error))
    return TRUE;
  if (!g_cancellable_is_cancelled (cancellable))
    return FALSE;
  if (*cancelled_at == 0)
    *cancelled_at = now;
  return now - *cancelled_at > LAST_WAIT
         && g_cancellable_set_error_if_cancelled (cancellable, error);
}

gboolean
c2l_communicator_wait (C2lCommunicator *self, GCancellable *cancellable, GError **error)
{
  gint64 cancelled_at = 0;
  GError *reason = NULL;

  g_return_val_if_fail (!self->is_torn, FALSE);

  while (!self->klass->wait_until (self, g_get_monotonic_time () + LOOK_EVERY, &reason))
    if (reason != NULL || give_up (self, cancellable, &cancelled_at, &reason))
      {
        self->is_torn = TRUE;
        g_propagate_error (error, reason);
        return FALSE;
      }
  return TRUE;
}

gboolean
c2l_communicator_sum (C2lCommunicator *self,
                      C2lDtype dtype,
                      gpointer values,
                      gsize n,
                      GCancellable *cancellable,
                      GError **error)
{
  c2l_communicator_start_sum (self, dtype, values, n);
  return c2l_communicator_wait (self, cancellable, error);
}

gboolean
c2l_communicator_share (C2lCommunicator *self,
                        C2lDtype dtype,
                        gpointer values,
                        gsize n,
                        GCancellable *cancellable,
                        GError **error)
{
  /* A number and zeros have that number as their sum. */
  if (self->rank != 0)
    memset (values, 0, n * c2l_dtype_get_size (dtype));
  return c2l_communicator_sum (self, dtype, values, n, cancellable, error);
}

gboolean
c2l_communicator_barrier (C2lCommunicator *self, GCancellable *cancellable, GError **error)
{
  float nothing = 0;

  return c2l_communicator_sum (self, C2L_F32, &nothing, 1, cancellable, error);
}

void
c2l_communicator_abort (C2lCommunicator *self, int code)
{
  self->klass->abort (self, code);
  g_usleep (ABORT_SECONDS * G_USEC_PER_SEC);
  _exit (code);
}
