/* See cuda-faults.h. */
#include "cuda-faults.h"

#include <gmodule.h>

void
cuda_faults_set (const CuFaults *faults)
{
  static CuSetFaults set;
  const CuFaults none = { 0 };

  if (set == NULL)
    {
      /* The program has the same one open. */
      GModule *module = g_module_open (g_getenv ("C2L_CUDA_MODULE"), G_MODULE_BIND_LOCAL);
      gpointer symbol = NULL;

      g_assert_nonnull (module);
      g_assert_true (g_module_symbol (module, CU_SET_FAULTS_SYMBOL, &symbol));
      g_module_make_resident (module);
      set = symbol;
    }
  set (faults != NULL ? faults : &none);
}
