/* Finds NCCL, once. It is never closed: it keeps threads of its own. */
#include "kernels/nccl.h"

#include "compute/device.h"

#include <gmodule.h>
#include <string.h>

#define LIBRARY "libnccl.so.2"
/* Another file may be named, as PyTorch brings one that the loader does not find; "none" does without. */
#define VARIABLE "C2L_NCCL"

static gboolean
find_functions (GModule *module, Nccl *nccl)
{
  const struct
  {
    const char *name;
    gpointer to;
  } functions[] = { { "ncclGetUniqueId", &nccl->get_unique_id },
                    { "ncclCommInitRank", &nccl->init_rank },
                    { "ncclAllReduce", &nccl->all_reduce },
                    { "ncclCommGetAsyncError", &nccl->get_async_error },
                    { "ncclCommDestroy", &nccl->destroy },
                    { "ncclCommAbort", &nccl->abort },
                    { "ncclGetErrorString", &nccl->get_error_string } };
  gpointer last_error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    if (!g_module_symbol (module, functions[i].name, functions[i].to))
      return FALSE;
  if (g_module_symbol (module, "ncclGetLastError", &last_error))
    nccl->get_last_error = (const char *(*) (NcclComm)) last_error;
  return TRUE;
}

static gboolean
open_library (Nccl *nccl, GError **error)
{
  const char *named = g_getenv (VARIABLE), *path = named && *named ? named : LIBRARY;
  GModule *module;

  if (strcmp (path, "none") == 0)
    {
      g_set_error_literal (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED, VARIABLE "=none leaves NCCL out");
      return FALSE;
    }
  module = g_module_open (path, G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
  if (!module || !find_functions (module, nccl))
    {
      g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED,
                   "NCCL cannot be loaded (%s): install it, or name its file with " VARIABLE, g_module_error ());
      g_clear_pointer (&module, g_module_close);
      return FALSE;
    }
  g_module_make_resident (module);
  return TRUE;
}

const Nccl *
cu_nccl_get (GError **error)
{
  static GMutex lock;
  static Nccl nccl;
  static gboolean is_open;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);

  is_open = is_open || open_library (&nccl, error);
  return is_open ? &nccl : NULL;
}
