/* The runtime without a GPU, for tests: memory of the heap, and loops for what cuBLASLt does on a GPU. Everything runs when it is
 * called. A graph cannot be recorded from that, so passes run operation by operation. What can go wrong on a GPU goes wrong here
 * when a test asks for it: faults.h. */
#include "kernels/host/faults.h"
#include "kernels/runtime.h"

#include <gmodule.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 256 /* cudaMalloc's */
#define GARBAGE 0xFF  /* not a number, in all floating-point types */

struct _CuRuntime
{
  CuDescription description;
  GHashTable *sizes; /* of memory that is in use */
};

struct _CuPlace
{
  CuRuntime *runtime;
  gpointer room, there;
  gsize size;
};

struct _CuLane
{
  gint n_unfinished; /* atomic */
};

struct _CuProduct
{
  CuProductShape shape;
};

/* --- faults --- */

static CuFaults faults;
static gboolean is_lost; /* as on a GPU, for the whole process */
static gsize in_use;     /* atomic */

G_MODULE_EXPORT void
c2l_cuda_host_set_faults (const CuFaults *wanted)
{
  faults = *wanted;
  is_lost = FALSE;
}

G_MODULE_EXPORT gsize
c2l_cuda_host_get_memory (void)
{
  return (gsize) g_atomic_pointer_get (&in_use);
}

/* "lost=3", "launch=3", "allocation=3", "memory=1000000", with commas between. */
static void
read_faults (void)
{
  const struct
  {
    const char *name;
    gint64 *value;
  } names[] = { { "allocation=", &faults.allocation },
                { "memory=", &faults.memory },
                { "launch=", &faults.launch },
                { "lost=", &faults.lost } };
  static gboolean are_read;
  const char *text = are_read ? NULL : g_getenv (CU_FAULTS_VARIABLE);
  g_auto (GStrv) parts = g_strsplit (text ? text : "", ",", -1);

  are_read = TRUE;
  for (guint i = 0; parts[i]; i++)
    for (guint j = 0; j < G_N_ELEMENTS (names); j++)
      if (g_str_has_prefix (parts[i], names[j].name))
        *names[j].value = g_ascii_strtoll (parts[i] + strlen (names[j].name), NULL, 10);
}

/* Whether the countdown @left has come to its end with this call. */
static gboolean
is_due (gint64 *left)
{
  return *left > 0 && --*left == 0;
}

static gboolean
check_lost (GError **error)
{
  if (!is_lost)
    return TRUE;
  g_set_error_literal (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_LOST,
                       "The GPU has stopped working (a fault for tests): start the program again, or use “cpu”");
  return FALSE;
}

/* --- the device --- */

/* Two, so that choosing among several can be tested. */
#define N_DEVICES 2

int
cu_runtime_count (GError **error)
{
  return N_DEVICES;
}

gboolean
cu_runtime_describe (int index, CuDescription *description, GError **error)
{
  *description = (CuDescription){ .model = g_strdup_printf ("Kernels on the host %d", index),
                                  .description = g_strdup_printf ("kernels on the host %d, for tests", index),
                                  .has_bf16 = TRUE,
                                  .identity = { 1, index } };
  return TRUE;
}

CuRuntime *
cu_runtime_open (int index, GError **error)
{
  CuRuntime *runtime;

  read_faults ();
  if (!check_lost (error))
    return NULL;
  runtime = g_new0 (CuRuntime, 1);
  runtime->sizes = g_hash_table_new (NULL, NULL);
  cu_runtime_describe (index, &runtime->description, NULL);
  return runtime;
}

void
cu_runtime_close (CuRuntime *runtime)
{
  g_assert (g_hash_table_size (runtime->sizes) == 0);
  g_hash_table_unref (runtime->sizes);
  cu_description_clear (&runtime->description);
  g_free (runtime);
}

const CuDescription *
cu_runtime_get_description (CuRuntime *runtime)
{
  return &runtime->description;
}

CuStream
cu_runtime_get_stream (CuRuntime *runtime)
{
  return NULL;
}

void
cu_runtime_begin (CuRuntime *runtime)
{
}

void
cu_runtime_enter (CuRuntime *runtime)
{
}

gpointer
cu_runtime_alloc (CuRuntime *runtime, gsize size)
{
  gpointer memory = NULL;

  if (is_lost || is_due (&faults.allocation) || (faults.memory > 0 && c2l_cuda_host_get_memory () + size > (gsize) faults.memory))
    return NULL;
  /* Of exactly this size, so that a sanitizer sees what reaches beyond. */
  if (posix_memalign (&memory, ALIGNMENT, MAX (size, 1)) != 0)
    return NULL;
  g_hash_table_insert (runtime->sizes, memory, GSIZE_TO_POINTER (size));
  g_atomic_pointer_add (&in_use, (gssize) size);
  return memory;
}

void
cu_runtime_free (CuRuntime *runtime, gpointer memory)
{
  if (!memory)
    return;
  g_atomic_pointer_add (&in_use, -(gssize) GPOINTER_TO_SIZE (g_hash_table_lookup (runtime->sizes, memory)));
  g_hash_table_remove (runtime->sizes, memory);
  free (memory);
}

void
cu_runtime_upload (CuRuntime *runtime, gpointer to, gconstpointer from, gsize size)
{
  if (size > 0)
    memcpy (to, from, size);
}

void
cu_runtime_download (CuRuntime *runtime, gpointer to, gconstpointer from, gsize size)
{
  /* Whoever shows what it reads from a lost GPU is found out. */
  if (is_lost)
    memset (to, GARBAGE, size);
  else if (size > 0)
    memcpy (to, from, size);
}

void
cu_runtime_zero (CuRuntime *runtime, gpointer to, gsize size)
{
  memset (to, 0, size);
}

gboolean
cu_runtime_synchronize (CuRuntime *runtime, GError **error)
{
  if (is_due (&faults.lost))
    is_lost = TRUE;
  if (!check_lost (error))
    return FALSE;
  if (!is_due (&faults.launch))
    return TRUE;
  g_set_error_literal (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_FAILED, "CUDA: a kernel could not be started (a fault for tests)");
  return FALSE;
}

CuLane *
cu_lane_new (CuRuntime *runtime, GError **error)
{
  return g_new0 (CuLane, 1);
}

void
cu_lane_free (CuLane *lane)
{
  while (g_atomic_int_get (&lane->n_unfinished) > 0)
    g_usleep (G_USEC_PER_SEC / 10000);
  g_free (lane);
}

gpointer
cu_lane_get_stream (CuLane *lane)
{
  return &lane->n_unfinished;
}

void
cu_lane_follow (CuLane *lane)
{
}

CuLaneState
cu_lane_look (CuLane *lane, GError **error)
{
  if (!check_lost (error))
    return CU_LANE_FAILED;
  return g_atomic_int_get (&lane->n_unfinished) > 0 ? CU_LANE_BUSY : CU_LANE_DONE;
}

CuPlace *
cu_place_new (CuRuntime *runtime, gsize size)
{
  CuPlace *place = g_new0 (CuPlace, 1);

  place->runtime = runtime;
  place->size = size;
  place->there = cu_runtime_alloc (runtime, size);
  if (place->there && posix_memalign (&place->room, ALIGNMENT, MAX (size, 1)) == 0)
    return place;
  cu_place_free (place);
  return NULL;
}

void
cu_place_free (CuPlace *place)
{
  cu_runtime_free (place->runtime, place->there);
  free (place->room);
  g_free (place);
}

gpointer
cu_place_get_room (CuPlace *place)
{
  return place->room;
}

gboolean
cu_place_send (CuPlace *place)
{
  memcpy (place->there, place->room, place->size);
  return TRUE;
}

void
cu_place_fetch (CuPlace *place, gsize offset, gpointer to, gsize size)
{
  cu_runtime_download (place->runtime, to, (char *) place->there + offset, size);
}

gboolean
cu_runtime_begin_graph (CuRuntime *runtime)
{
  return FALSE;
}

CuGraph *
cu_runtime_end_graph (CuRuntime *runtime)
{
  return NULL;
}

void
cu_runtime_launch_graph (CuRuntime *runtime, CuGraph *graph)
{
}

void
cu_graph_free (CuGraph *graph)
{
}

CuProduct *
cu_product_new (CuRuntime *runtime, const CuProductShape *shape, GError **error)
{
  CuProduct *product = g_new0 (CuProduct, 1);

  product->shape = *shape;
  return product;
}

void
cu_product_free (CuProduct *product)
{
  g_free (product);
}

static float
load (gconstpointer data, C2lDtype type, gsize i)
{
  return type == C2L_F32   ? ((const float *) data)[i]
         : type == C2L_F16 ? c2l_f16_to_f32 (((const guint16 *) data)[i])
                           : c2l_bf16_to_f32 (((const guint16 *) data)[i]);
}

/* @data as float32 [rows, columns]; it is [columns, rows] where @transpose. */
static float *
dup_matrix (gconstpointer data, C2lDtype type, gint64 rows, gint64 columns, gboolean transpose)
{
  float *matrix = g_new (float, MAX (rows * columns, 1));

  for (gint64 i = 0; i < rows; i++)
    for (gint64 j = 0; j < columns; j++)
      matrix[i * columns + j] = load (data, type, transpose ? j * rows + i : i * columns + j);
  return matrix;
}

void
cu_product_run (CuRuntime *runtime, CuProduct *product, gconstpointer a, gconstpointer b, const float *bias, const float *addend,
                gpointer y)
{
  const CuProductShape *p = &product->shape;
  g_autofree float *left = dup_matrix (a, p->operand, p->m, p->k, p->transpose_a);
  g_autofree float *right = dup_matrix (b, p->operand, p->k, p->n, p->transpose_b);
  g_autofree float *row = g_new (float, MAX (p->n, 1));

  for (gint64 i = 0; i < p->m; i++)
    {
      memset (row, 0, (gsize) p->n * sizeof *row);
      for (gint64 k = 0; k < p->k; k++)
        for (gint64 j = 0; j < p->n; j++)
          row[j] += left[i * p->k + k] * right[k * p->n + j];
      for (gint64 j = 0; j < p->n; j++)
        {
          const gsize at = (gsize) (i * p->n + j);
          const float value = row[j] + (p->has_bias ? bias[j] : 0) + (p->has_addend ? addend[at] : 0);

          if (p->result == C2L_F32)
            ((float *) y)[at] = value;
          else
            ((guint16 *) y)[at] = p->result == C2L_F16 ? c2l_f32_to_f16 (value) : c2l_f32_to_bf16 (value);
        }
    }
}
