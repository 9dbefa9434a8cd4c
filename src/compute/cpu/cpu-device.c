/* The CPU device: picks the instruction set when it is opened, owns oneDNN's engine, hands out
 * aligned memory. */
#include "compute/cpu/cpu.h"
#include "compute/cpu/dnnl.h"

#include <glib/gi18n-lib.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGNMENT 64
#define HUGE_PAGE (2u << 20)

gpointer
c2l_cpu_alloc (gsize size)
{
  /* Large blocks on huge pages: a picture's activations are tens of MiB, and faults of 4 KiB would
   * cost more than the layer that writes them. */
  gsize alignment = size >= HUGE_PAGE ? HUGE_PAGE : ALIGNMENT;
  gsize rounded = (MAX (size, 1) + ALIGNMENT - 1) & ~(gsize) (ALIGNMENT - 1);
  gpointer memory = NULL;

  if (rounded < size || posix_memalign (&memory, alignment, rounded) != 0)
    return NULL;
  if (size >= HUGE_PAGE)
    madvise (memory, rounded, MADV_HUGEPAGE);
  return memory;
}

void
c2l_cpu_free (gpointer memory)
{
  free (memory);
}

static gpointer
cpu_alloc (C2lDevice *device, gsize size)
{
  return c2l_cpu_alloc (size);
}

static void
cpu_free (C2lDevice *device, gpointer memory)
{
  c2l_cpu_free (memory);
}

static void
cpu_copy (C2lDevice *device, gpointer destination, gconstpointer source, gsize size)
{
  if (size > 0)
    memcpy (destination, source, size);
}

static void
cpu_begin (C2lDevice *device)
{
  C2lCpuDevice *cpu = (C2lCpuDevice *) device;

  c2l_cpu_watch_spinning ();
  omp_set_num_threads (cpu->n_threads > 0 ? cpu->n_threads : omp_get_num_procs ());
}

static void
cpu_set_n_threads (C2lDevice *device, int n_threads)
{
  /* Passes that are compiled already have scratch memory for one thread a processor. */
  ((C2lCpuDevice *) device)->n_threads = MIN (n_threads, omp_get_num_procs ());
}

static gboolean
cpu_supports (C2lDevice *device, C2lPrecision precision)
{
  switch (precision)
    {
    case C2L_PRECISION_F32:
    case C2L_PRECISION_FAST:
      return TRUE;
    case C2L_PRECISION_BF16:
      return ((C2lCpuDevice *) device)->has_bf16;
    default:
      return FALSE;
    }
}

static void
cpu_finalize (C2lDevice *device)
{
  C2lCpuDevice *cpu = (C2lCpuDevice *) device;

  g_clear_pointer (&cpu->dnnl, c2l_dnnl_free);
  g_free (cpu);
}

static const C2lDeviceClass cpu_class = {
  .kind = "cpu",
  .shares_memory = TRUE,
  .supports = cpu_supports,
  .alloc = cpu_alloc,
  .free = cpu_free,
  .upload = cpu_copy,
  .download = cpu_copy,
  .begin = cpu_begin,
  .set_n_threads = cpu_set_n_threads,
  .finalize = cpu_finalize,
};

static gboolean
has_nothing_special (void)
{
  return TRUE;
}

#ifdef __x86_64__
static gboolean
has_avx2 (void)
{
  return __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma");
}

static gboolean
has_avx512 (void)
{
  return has_avx2 () && __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512bw")
         && __builtin_cpu_supports ("avx512dq") && __builtin_cpu_supports ("avx512vl");
}

static gboolean
has_avx512bf16 (void)
{
  return has_avx512 () && __builtin_cpu_supports ("avx512bf16")
         && __builtin_cpu_supports ("avx512vnni");
}
#endif

/* The best first. */
static const struct
{
  const char *name, *title;
  gboolean (*is_available) (void);
  const C2lOpImpl *ops;
  gboolean has_bf16;
} instruction_sets[] = {
#ifdef __x86_64__
  { "avx512bf16", "AVX-512 with bf16", has_avx512bf16, c2l_cpu_ops_avx512bf16, TRUE },
  { "avx512", "AVX-512", has_avx512, c2l_cpu_ops_avx512, FALSE },
  { "avx2", "AVX2", has_avx2, c2l_cpu_ops_avx2, FALSE },
#endif
  { "portable", "portable", has_nothing_special, c2l_cpu_ops_portable, FALSE },
};

C2lDevice *
c2l_cpu_device_open (const char *isa, GError **error)
{
  guint i = 0;

  while (i < G_N_ELEMENTS (instruction_sets)
         && ((isa && strcmp (isa, instruction_sets[i].name) != 0)
             || !instruction_sets[i].is_available ()))
    i++;
  if (i == G_N_ELEMENTS (instruction_sets))
    {
      g_set_error (
          error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_NO_DEVICE,
          _ ("This processor has no instruction set “%s”: use “cpu”, which picks the best"), isa);
      return NULL;
    }

  C2lDnnl *dnnl = c2l_dnnl_new (error);

  if (!dnnl)
    return NULL;

  C2lCpuDevice *cpu = g_new0 (C2lCpuDevice, 1);

  g_atomic_ref_count_init (&cpu->parent.refs);
  cpu->parent.klass = &cpu_class;
  cpu->parent.ops = instruction_sets[i].ops;
  cpu->parent.description
      = g_strdup_printf ("CPU, %d threads, %s, oneDNN %s", omp_get_num_procs (),
                         instruction_sets[i].title, c2l_dnnl_get_version (dnnl));
  cpu->dnnl = dnnl;
  cpu->has_bf16 = instruction_sets[i].has_bf16;
  return &cpu->parent;
}
