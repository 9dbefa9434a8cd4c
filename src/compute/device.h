/* C2lDevice: where tensors live and operations run. The program opens one and hands it to the
 * models; nothing above `compute` knows which kind it is.
 *
 *   g_autoptr (C2lDevice) device = c2l_device_open ("cpu", &error);
 *   C2lTensor *w = c2l_device_new_weight (device, C2L_F32, 2, dims, data, error);
 *   g_autoptr (C2lPass) pass = c2l_pass_new (device, C2L_PRECISION_F32, "example");
 *   C2lTensor *x = c2l_pass_add_input (pass, "x", C2L_F32, 2, (gint64[]) { 4, 512 });
 *   C2lTensor *y = c2l_gemm (pass, x, w, &(C2lEpilogue) { .bias = b });
 *   c2l_pass_keep (pass, "y", y);
 *   if (!c2l_pass_compile (pass, error)) …
 *   c2l_tensor_write (x, …); c2l_pass_run (pass, cancellable, error); c2l_tensor_read (y, …);
 *
 * One thread uses a device at a time. */
#pragma once

#include "compute/tensor.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  C2L_PRECISION_F32,  /* float32, direct convolution: parity and selftest */
  C2L_PRECISION_FAST, /* float32 by the quickest algorithm within 2e-4 of the maximum of F32 */
  C2L_PRECISION_BF16, /* bfloat16 products, float32 sums */
  C2L_PRECISION_FP16, /* float16 products, float32 sums (CUDA) */
  C2L_N_PRECISIONS
} C2lPrecision;

#define C2L_COMPUTE_ERROR (c2l_compute_error_quark ())
typedef enum
{
  C2L_COMPUTE_ERROR_NO_DEVICE,   /* no such device here */
  C2L_COMPUTE_ERROR_SHAPE,       /* operands do not fit: the file's sizes contradict each other */
  C2L_COMPUTE_ERROR_UNSUPPORTED, /* the device lacks the operation or precision */
  C2L_COMPUTE_ERROR_MEMORY,      /* not enough memory */
  C2L_COMPUTE_ERROR_PEER_ENDED,  /* another process of this job has ended (communicator.h) */
  C2L_COMPUTE_ERROR_LOST,        /* the device stopped working: let go of it, nothing on it can be read */
  C2L_COMPUTE_ERROR_FAILED
} C2lComputeError;
GQuark        c2l_compute_error_quark (void);

/* Opens @name: "cpu", or "cpu:avx512bf16", "cpu:avx512", "cpu:avx2", "cpu:portable" to force an
 * instruction set; "cuda:0" is the first NVIDIA GPU ("cuda" the same), "cuda:1" the next, and so on. Returns NULL and NO_DEVICE
 * where it cannot be had. */
C2lDevice    *c2l_device_open (const char *name, GError **error);
/* What is known of a device before it is opened. */
typedef struct
{
  char *name;        /* for c2l_device_open(): "cpu", "cuda:0" */
  const char *kind;  /* "cpu", "cuda" */
  char *model;       /* (nullable): what people call it: "NVIDIA H200" */
  char *description; /* as c2l_device_get_description() would say it; NULL where it cannot be used */
  guint precisions;  /* a bit for each C2lPrecision */
  gboolean trains;   /* it has the operations of ops-train.h */
  char *obstacle;    /* (nullable): why it cannot be used, and what to do */
} C2lDeviceInfo;

void          c2l_device_info_free (C2lDeviceInfo *info);
/* Of C2lDeviceInfo: what there is, the quickest first, and behind that what cannot be used. Takes nothing of a GPU, but the driver
 * may need a second to answer. */
GPtrArray    *c2l_device_list (void);

C2lDevice    *c2l_device_ref (C2lDevice *device);
void          c2l_device_unref (C2lDevice *device);

/* "cpu", and one line for people: "2 threads, AVX-512, bf16, oneDNN 2.6.3". */
const char   *c2l_device_get_kind (C2lDevice *device);
const char   *c2l_device_get_description (C2lDevice *device);
gboolean      c2l_device_supports (C2lDevice *device, C2lPrecision precision);
/* How many pictures it draws best at a time: 1 where one keeps all of it busy. */
int           c2l_device_get_batch (C2lDevice *device);

const char   *c2l_precision_get_name (C2lPrecision precision);
gboolean      c2l_precision_from_name (const char *name, C2lPrecision *precision);

/* A weight of the given type and shape with a copy of @data (row-major; f16, bf16 and f64 data
 * become f32, which is what @dtype must then say: the weight's dtype is F32 or I32).
 * NULL and MEMORY where it cannot be allocated. */
C2lTensor    *c2l_device_new_weight (C2lDevice *device, C2lDtype dtype, int n_dims,
                                     const gint64 *dims, gconstpointer data, GError **error);

/* The same without the copy, for data that stays mapped: @owner is kept until the weight goes.
 * @dtype is F32, or F16 for the weight of a c2l_gemm(), which the device converts when it packs it:
 * a model of half-precision weights needs no third copy. */
C2lTensor    *c2l_device_wrap_weight (C2lDevice *device, C2lDtype dtype, int n_dims, const gint64 *dims,
                                      gconstpointer data, gpointer owner, GDestroyNotify release, GError **error);

/* A weight of zeros that operations of ops-train.h may change in place (F32). NULL and MEMORY where
 * it cannot be allocated. */
C2lTensor    *c2l_device_new_variable (C2lDevice *device, int n_dims, const gint64 *dims, GError **error);

/* Number of threads (CPU) the device uses; 0 = all cores. For benchmarks. */
void          c2l_device_set_n_threads (C2lDevice *device, int n_threads);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lDevice, c2l_device_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lDeviceInfo, c2l_device_info_free)

G_END_DECLS
