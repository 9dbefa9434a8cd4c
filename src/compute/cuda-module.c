/* Finds and opens the CUDA module, once. It is never closed: CUDA keeps threads of its own. */
#include "compute/cuda-module.h"

#include "compute/place.h"

#include <glib/gi18n-lib.h>
#include <gmodule.h>
#include <string.h>

#define MODULE "libc2l-cuda.so"

/* Another file may be named, for tests: the module whose kernels run on the host. */
static char *
find_module (void)
{
  const char *named = g_getenv ("C2L_CUDA_MODULE");

  return named ? g_strdup (named) : c2l_place_dup_module ("kernels", MODULE);
}

static gboolean
fits (const C2lCudaInterface *theirs)
{
  const C2lCudaInterface ours = C2L_CUDA_INTERFACE;

  return strcmp (theirs->version, ours.version) == 0 && theirs->op_size == ours.op_size && theirs->tensor_size == ours.tensor_size
         && theirs->device_size == ours.device_size && theirs->n_ops == ours.n_ops;
}

static const C2lCudaModule *
open_module (GError **error)
{
  g_autofree char *path = find_module ();
  GModule *module;
  gpointer symbol = NULL;
  const C2lCudaModule *interface;

  if (!path)
    {
      g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_NO_DEVICE,
                   _ ("This program was installed without its CUDA module (%s): install it too, or use “cpu”"), MODULE);
      return NULL;
    }
  module = g_module_open (path, G_MODULE_BIND_LOCAL);
  if (!module || !g_module_symbol (module, C2L_CUDA_MODULE_SYMBOL, &symbol) || !symbol)
    {
      g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_NO_DEVICE,
                   _ ("The CUDA module cannot be opened (%s): install the CUDA libraries that it needs, or use “cpu”"), g_module_error ());
      g_clear_pointer (&module, g_module_close);
      return NULL;
    }
  interface = ((C2lCudaModuleGet) symbol) ();
  if (!fits (&interface->interface))
    {
      g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_NO_DEVICE,
                   _ ("%s: this CUDA module is of another build of the program (%s, this is %s): install both together, or use “cpu”"),
                   path, interface->interface.version, C2L_VERSION);
      g_module_close (module);
      return NULL;
    }
  g_module_make_resident (module);
  return interface;
}

/* Looked for again as long as it is not there: it may be installed while a window is open. */
static const C2lCudaModule *
get_module (GError **error)
{
  static GMutex lock;
  static const C2lCudaModule *module;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);

  if (!module)
    module = open_module (error);
  return module;
}

int
c2l_cuda_count (GError **error)
{
  const C2lCudaModule *module = get_module (error);

  return module ? module->count (error) : -1;
}

C2lDevice *
c2l_cuda_device_open (int index, GError **error)
{
  const int n = c2l_cuda_count (error);

  if (n < 0)
    return NULL;
  if (index >= n)
    {
      if (n == 0)
        g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_NO_DEVICE, _ ("This computer has no NVIDIA GPU: use “cpu”"));
      else
        g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_NO_DEVICE,
                     _ ("There is no GPU “cuda:%d”: this computer's last one is “cuda:%d”"), index, n - 1);
      return NULL;
    }
  return get_module (error)->open (index, error);
}
