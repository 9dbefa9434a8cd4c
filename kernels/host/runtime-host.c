/* The runtime without a GPU, for tests: memory of the heap, and loops for what cuBLASLt does on a GPU. Everything runs when it is
 * called. A graph cannot be recorded from that, so passes run operation by operation. */
#include "kernels/runtime.h"

#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 256 /* cudaMalloc's */

struct _CuRuntime
{
  int index;
};

struct _CuProduct
{
  CuProductShape shape;
};

/* Two, so that choosing among several can be tested. */
#define N_DEVICES 2

int
cu_runtime_count (GError **error)
{
  return N_DEVICES;
}

CuRuntime *
cu_runtime_open (int index, GError **error)
{
  CuRuntime *runtime = g_new0 (CuRuntime, 1);

  runtime->index = index;
  return runtime;
}

void
cu_runtime_close (CuRuntime *runtime)
{
  g_free (runtime);
}

char *
cu_runtime_dup_description (CuRuntime *runtime)
{
  return g_strdup_printf ("kernels on the host %d, for tests", runtime->index);
}

gboolean
cu_runtime_has_bf16 (CuRuntime *runtime)
{
  return TRUE;
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

gpointer
cu_runtime_alloc (CuRuntime *runtime, gsize size)
{
  gpointer memory = NULL;

  /* Of exactly this size, so that a sanitizer sees what reaches beyond. */
  return posix_memalign (&memory, ALIGNMENT, MAX (size, 1)) == 0 ? memory : NULL;
}

void
cu_runtime_free (CuRuntime *runtime, gpointer memory)
{
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
  if (size > 0)
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
  return TRUE;
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
