/* Finds and opens the CUDA module, once. It is never closed: CUDA keeps threads of its own. */
#include "compute/cuda-module.h"

#include <gmodule.h>
#include <string.h>

#define MODULE "libc2l-cuda.so"

/* Where it may be, the first that exists: named, in the build folder, beside a program that was moved, installed. */
static char *
find_module (void)
{
  const char *named = g_getenv ("C2L_CUDA_MODULE");
  g_autofree char *executable = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *bin = executable ? g_path_get_dirname (executable) : NULL;
  g_autofree char *prefix = bin ? g_path_get_dirname (bin) : NULL;
  const char *const folders[] = {
    executable && g_str_has_prefix (executable, C2L_BUILD_ROOT G_DIR_SEPARATOR_S) ? C2L_BUILD_ROOT "/kernels" : NULL,
    NULL,
    C2L_MODULE_DIR,
  };

  if (named)
    return g_strdup (named);
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *moved = i == 1 && prefix ? g_build_filename (prefix, C2L_MODULE_SUBDIR, NULL) : NULL;
      const char *folder = moved ? moved : folders[i];
      g_autofree char *path = folder ? g_build_filename (folder, MODULE, NULL) : NULL;

      if (path && g_file_test (path, G_FILE_TEST_EXISTS))
        return g_steal_pointer (&path);
    }
  return NULL;
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
                   "This program was installed without its CUDA module (" MODULE "): install it too, or use “cpu”");
      return NULL;
    }
  module = g_module_open (path, G_MODULE_BIND_LOCAL);
  if (!module || !g_module_symbol (module, C2L_CUDA_MODULE_SYMBOL, &symbol) || !symbol)
    {
      g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_NO_DEVICE,
                   "The CUDA module cannot be opened (%s): install the CUDA libraries that it needs, or use “cpu”", g_module_error ());
      g_clear_pointer (&module, g_module_close);
      return NULL;
    }
  interface = ((C2lCudaModuleGet) symbol) ();
  if (!fits (&interface->interface))
    {
      g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_NO_DEVICE,
                   "%s: this CUDA module is of another build of the program (%s, this is " C2L_VERSION
                   "): install both together, or use “cpu”",
                   path, interface->interface.version);
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
        g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_NO_DEVICE, "This computer has no NVIDIA GPU: use “cpu”");
      else
        g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_NO_DEVICE,
                     "There is no GPU “cuda:%d”: this computer's last one is “cuda:%d”", index, n - 1);
      return NULL;
    }
  return get_module (error)->open (index, error);
}
