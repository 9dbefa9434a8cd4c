/* What a module implements that carries sums between processes. It is a shared library that exports one function,
 *
 *   C2lCommunicator *c2l_communicator_module_open (int version, GError **error);
 *
 * and uses of this program the headers of `compute`, no function: errors are G_IO_ERROR's. Functions are called by one thread at a
 * time. */
#pragma once

#include "compute/communicator.h"

G_BEGIN_DECLS

/* Of this header: program and module must have been built from the same. */
#define C2L_COMMUNICATOR_MODULE_VERSION 2
#define C2L_COMMUNICATOR_MODULE_OPEN "c2l_communicator_module_open"

typedef struct
{
  /* Begins a sum in place; returns at once. Errors come from wait_until. */
  void (*start_sum) (C2lCommunicator *self, C2lDtype dtype, gpointer values, gsize n);
  /* TRUE once all that was begun is done; FALSE at @deadline (monotonic), or with an error, which stays. */
  gboolean (*wait_until) (C2lCommunicator *self, gint64 deadline, GError **error);
  /* (nullable): the rank of a process that is known to have ended too early, or −1 */
  int (*find_lost) (C2lCommunicator *self);
  /* Ends the job; may return where that takes a while. */
  void (*abort) (C2lCommunicator *self, int code);
  /* @is_whole: all is done and all others do this too; else nobody is to be waited for. Frees. */
  void (*close) (C2lCommunicator *self, gboolean is_whole);
} C2lCommunicatorClass;

/* The beginning of a module's own struct, which its open function fills in. */
struct _C2lCommunicator
{
  const C2lCommunicatorClass *klass;
  int rank, size, local_size;
  gboolean is_torn; /* the program's: there was an error */
  C2lCommunicator *guardian; /* (nullable), the program's: who knows which processes are still there, where this one does not */
};

/* NULL and an error where @version is another than the module's, or the job cannot be joined. */
typedef C2lCommunicator *(*C2lCommunicatorModuleOpen) (int version, GError **error);

G_END_DECLS
