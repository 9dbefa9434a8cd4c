/* What the device's code needs of CUDA: a GPU with its memory, one stream, graphs and matrix products. Implemented twice:
 * runtime-cuda.c over the CUDA runtime and cuBLASLt, host/runtime-host.c over malloc and loops, for tests without a GPU. Messages
 * are for people. */
#pragma once

#include "compute/op.h"
#include "kernels/launch.h"

G_BEGIN_DECLS

typedef struct _CuRuntime CuRuntime;
typedef struct _CuProduct CuProduct;
typedef struct _CuGlBuffer CuGlBuffer;
typedef struct _CuGraph CuGraph;
typedef struct _CuLane CuLane;
typedef struct _CuPlace CuPlace;

/* How many GPUs there are; −1 and an error (NO_DEVICE) that says what is missing where CUDA cannot be used at all. */
int        cu_runtime_count (GError **error);

/* What a GPU is. */
typedef struct
{
  char *model;       /* "NVIDIA H200" */
  char *description; /* "NVIDIA H200, 139.7 GiB, CUDA 13.0" */
  gboolean has_bf16;
  guint8 identity[C2L_DEVICE_IDENTITY]; /* of this very GPU, in whatever process */
} CuDescription;

void       cu_description_clear (CuDescription *description);
/* Asks the driver alone. FALSE and an error, and the description all the same where it is known, where this module's kernels cannot
 * run there. */
gboolean   cu_runtime_describe (int index, CuDescription *description, GError **error);

CuRuntime *cu_runtime_open (int index, GError **error);
void       cu_runtime_close (CuRuntime *runtime);
const CuDescription *cu_runtime_get_description (CuRuntime *runtime);
CuStream   cu_runtime_get_stream (CuRuntime *runtime);

/* Makes the GPU that of the calling thread. */
void       cu_runtime_begin (CuRuntime *runtime);
/* The same for a thread beside the one that uses the runtime. */
void       cu_runtime_enter (CuRuntime *runtime);

gpointer   cu_runtime_alloc (CuRuntime *runtime, gsize size);
void       cu_runtime_free (CuRuntime *runtime, gpointer memory);
/* Both return when the copy is done. */
void       cu_runtime_upload (CuRuntime *runtime, gpointer to, gconstpointer from, gsize size);
void       cu_runtime_download (CuRuntime *runtime, gpointer to, gconstpointer from, gsize size);
/* Enqueued, as kernels are. */
void       cu_runtime_zero (CuRuntime *runtime, gpointer to, gsize size);

/* Waits; FALSE where anything that was enqueued since the last time has failed. */
gboolean   cu_runtime_synchronize (CuRuntime *runtime, GError **error);

/* Between the two, what is enqueued is recorded instead of run. NULL where it could not be: the caller runs the operations one by
 * one then. */
gboolean   cu_runtime_begin_graph (CuRuntime *runtime);
CuGraph   *cu_runtime_end_graph (CuRuntime *runtime);
void       cu_runtime_launch_graph (CuRuntime *runtime, CuGraph *graph);
void       cu_graph_free (CuGraph *graph);

/* A second stream, whose work goes on beside the first one's. */
typedef enum
{
  CU_LANE_FAILED,
  CU_LANE_BUSY,
  CU_LANE_DONE
} CuLaneState;

CuLane     *cu_lane_new (CuRuntime *runtime, GError **error);
/* Waits for what is under way there. */
void        cu_lane_free (CuLane *lane);
/* For libraries that enqueue by themselves. With kernels on the host, a gint that counts what somebody does there and has not ended,
 * changed atomically. */
gpointer    cu_lane_get_stream (CuLane *lane);
/* What is enqueued on it from now on begins when what was enqueued on the first stream has ended. */
void        cu_lane_follow (CuLane *lane);
/* Looks, without waiting. */
CuLaneState cu_lane_look (CuLane *lane, GError **error);

/* Memory here and as much on the GPU, to which it is copied beside the first stream's work. */
CuPlace    *cu_place_new (CuRuntime *runtime, gsize size);
void        cu_place_free (CuPlace *place);
gpointer    cu_place_get_room (CuPlace *place);
/* Of any thread; does not wait. */
gboolean    cu_place_send (CuPlace *place);
/* Enqueued on the first stream, behind the sending. */
void        cu_place_fetch (CuPlace *place, gsize offset, gpointer to, gsize size);

/* A buffer of OpenGL, whose context is current on the thread (gl-cuda.c, host/gl-host.c). NULL and UNSUPPORTED where it is not this
 * GPU's. */
CuGlBuffer *cu_gl_buffer_new (CuRuntime *runtime, guint name, GError **error);
void        cu_gl_buffer_free (CuRuntime *runtime, CuGlBuffer *buffer);
/* Enqueued, and before what GL does next. */
gboolean    cu_gl_buffer_write (CuRuntime *runtime, CuGlBuffer *buffer, gconstpointer from, gsize size, GError **error);

/* y [m, n] = op (a) · op (b) (+ bias [n]) (+ addend [m, n]), all row-major and dense; a is [m, k], or [k, m] where transposed, b
 * [k, n] or [n, k]. a and b are of one type; sums are float32. */
typedef struct
{
  gint64 m, n, k;
  C2lDtype operand, result;
  gboolean transpose_a, transpose_b;
  gboolean has_bias;   /* f32; only where the result is f32 too */
  gboolean has_addend; /* of the result's type, which is f32; may be y itself */
  guint alignment;     /* bytes that all addresses are multiples of */
} CuProductShape;

CuProduct *cu_product_new (CuRuntime *runtime, const CuProductShape *shape, GError **error);
void       cu_product_free (CuProduct *product);
void       cu_product_run (CuRuntime *runtime, CuProduct *product, gconstpointer a, gconstpointer b, const float *bias,
                           const float *addend, gpointer y);

G_END_DECLS
