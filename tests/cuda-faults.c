/* See cuda-faults.h. */
#include "cuda-faults.h"

#include <gmodule.h>

static gpointer
find (const char *name)
{
  /* The program has the same one open. */
  static GModule *module;
  gpointer symbol = NULL;

  if (module == NULL)
    {
      module = g_module_open (g_getenv ("C2L_CUDA_MODULE"), G_MODULE_BIND_LOCAL);
      g_assert_nonnull (module);
      g_module_make_resident (module);
    }
  g_assert_true (g_module_symbol (module, name, &symbol));
  return symbol;
}

void
cuda_faults_set (const CuFaults *faults)
{
  const CuFaults none = { 0 };

  ((CuSetFaults) find (CU_SET_FAULTS_SYMBOL)) (faults != NULL ? faults : &none);
}

void
cuda_faults_set_gl (const CuHostGl *gl)
{
  ((CuSetGl) find (CU_SET_GL_SYMBOL)) (gl);
}

gsize
cuda_faults_get_memory (void)
{
  return ((CuGetMemory) find (CU_GET_MEMORY_SYMBOL)) ();
}
