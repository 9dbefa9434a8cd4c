/* The runtime over CUDA and cuBLASLt: see runtime.h. Compiles with CUDA 12 and 13. One stream a device; memory comes from CUDA's own
 * pool, which keeps what is given back; matrix products have their algorithm chosen when a pass is prepared. */
#include "kernels/runtime.h"

#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <string.h>

#define WORKSPACE ((size_t) 32 << 20) /* what NVIDIA recommends for Hopper */

struct _CuRuntime
{
  int index;
  CuDescription description;
  cudaStream_t stream;
  cublasLtHandle_t blas;
  gpointer workspace;
  gboolean has_pool;
  cudaError_t failure;      /* the first since the last synchronize */
  cublasStatus_t blas_failure;
};

struct _CuProduct
{
  cublasLtMatmulDesc_t operation;
  cublasLtMatrixLayout_t left, right, result;
  cublasLtMatmulAlgo_t algorithm;
  gboolean has_bias, has_addend;
  gboolean is_empty;
  gsize size; /* bytes of the result */
};

struct _CuGraph
{
  cudaGraphExec_t exec;
};

struct _CuPlace
{
  CuRuntime *runtime;
  gsize size;
  gpointer room, there; /* page-locked, or the GPU would have to wait for a copy of the host's; on the GPU */
  cudaStream_t stream;
  cudaEvent_t has_come;
};

struct _CuLane
{
  CuRuntime *runtime;
  cudaStream_t stream;
  cudaEvent_t before; /* of the first stream, when it was last followed */
};

/* --- errors, in plain words --- */

static C2lComputeError
classify (cudaError_t code)
{
  switch (code)
    {
    case cudaErrorMemoryAllocation:
      return C2L_COMPUTE_ERROR_MEMORY;
    case cudaErrorInsufficientDriver:
    case cudaErrorNoDevice:
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorUnsupportedPtxVersion:
    case cudaErrorInvalidDevice:
    case cudaErrorSystemDriverMismatch:
    case cudaErrorCompatNotSupportedOnDevice:
    case cudaErrorSystemNotReady:
    case cudaErrorDevicesUnavailable:
      return C2L_COMPUTE_ERROR_NO_DEVICE;
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorLaunchFailure:
    case cudaErrorECCUncorrectable:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorNvlinkUncorrectable:
      return C2L_COMPUTE_ERROR_LOST;
    default:
      return C2L_COMPUTE_ERROR_FAILED;
    }
}

static char *
describe (cudaError_t code)
{
  int driver = 0;

  cudaDriverGetVersion (&driver);
  switch (code)
    {
    case cudaErrorInsufficientDriver:
      if (driver == 0)
        return g_strdup ("There is no NVIDIA driver here: install one, or use “cpu”");
      return g_strdup_printf ("The NVIDIA driver is too old: it is for CUDA %d.%d, this program's module for %d.%d. Update the driver, "
                              "or use “cpu”",
                              driver / 1000, driver % 1000 / 10, CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10);
    case cudaErrorNoDevice:
      return g_strdup ("This computer has no NVIDIA GPU that may be used: use “cpu”");
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorUnsupportedPtxVersion:
      return g_strdup ("The CUDA module was not made for this kind of GPU: install one that is, or use “cpu”");
    case cudaErrorSystemDriverMismatch:
    case cudaErrorCompatNotSupportedOnDevice:
      return g_strdup ("Parts of the NVIDIA driver are of different versions: restart the computer, or use “cpu”");
    case cudaErrorSystemNotReady:
      return g_strdup ("The NVIDIA driver is not ready (its fabric manager does not run): start that, or use “cpu”");
    case cudaErrorDevicesUnavailable:
      return g_strdup ("The GPU is taken by another program: end that, or use “cpu”");
    case cudaErrorMemoryAllocation:
      return g_strdup ("The GPU's memory is full: draw fewer or smaller pictures at once, or close other programs that use it");
    default:
      if (classify (code) == C2L_COMPUTE_ERROR_LOST)
        return g_strdup_printf ("The GPU has stopped working (%s): start the program again, or use “cpu”", cudaGetErrorString (code));
      return g_strdup_printf ("CUDA: %s", cudaGetErrorString (code));
    }
}

static gboolean
check (cudaError_t code, GError **error)
{
  g_autofree char *text = code != cudaSuccess ? describe (code) : NULL;

  if (code == cudaSuccess)
    return TRUE;
  g_set_error_literal (error, C2L_COMPUTE_ERROR, classify (code), text);
  return FALSE;
}

static gboolean
check_blas (cublasStatus_t status, const char *what, GError **error)
{
  if (status == CUBLAS_STATUS_SUCCESS)
    return TRUE;
  g_set_error (error, C2L_COMPUTE_ERROR,
               status == CUBLAS_STATUS_ALLOC_FAILED ? C2L_COMPUTE_ERROR_MEMORY : C2L_COMPUTE_ERROR_FAILED, "cuBLASLt: %s: %s", what,
               cublasLtGetStatusString (status));
  return FALSE;
}

/* Remembers the first failure of what cannot return one. */
static void
note (CuRuntime *runtime, cudaError_t code)
{
  if (runtime->failure == cudaSuccess)
    runtime->failure = code;
}

/* --- the device --- */

int
cu_runtime_count (GError **error)
{
  int n = 0;
  const cudaError_t code = cudaGetDeviceCount (&n);

  if (code == cudaSuccess)
    return n;
  cudaGetLastError ();
  if (code == cudaErrorNoDevice)
    return 0;
  check (code, error);
  return -1;
}

/* Code runs on GPUs of its major version from its minor one on; that of the last architecture is there as PTX too, which the driver
 * translates for all that came later. */
static gboolean
has_code_for (int capability)
{
  static const int architectures[] = { C2L_CUDA_ARCHITECTURES };
  const guint last = G_N_ELEMENTS (architectures) - 1;

  for (guint i = 0; i <= last; i++)
    if (architectures[i] <= capability && (i == last || architectures[i] / 10 == capability / 10))
      return TRUE;
  return FALSE;
}

gboolean
cu_runtime_describe (int index, CuDescription *description, GError **error)
{
  struct cudaDeviceProp properties;

  /* Makes no context: that would take some hundred MiB of the GPU's memory. */
  if (!check (cudaGetDeviceProperties (&properties, index), error))
    {
      cudaGetLastError ();
      return FALSE;
    }
  description->model = g_strdup (properties.name);
  description->description
      = g_strdup_printf ("%s, %.1f GiB, CUDA %d.%d", properties.name, (double) properties.totalGlobalMem / (1 << 30),
                         CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10);
  description->has_bf16 = properties.major >= 8;
  G_STATIC_ASSERT (sizeof properties.uuid.bytes == sizeof description->identity);
  memcpy (description->identity, properties.uuid.bytes, sizeof description->identity);
  if (has_code_for (properties.major * 10 + properties.minor))
    return TRUE;
  g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_NO_DEVICE,
               "%s: the CUDA module was not made for this kind of GPU (its compute capability is %d.%d): install one that is, or use "
               "“cpu”",
               properties.name, properties.major, properties.minor);
  return FALSE;
}

static gboolean
set_up_pool (CuRuntime *runtime)
{
  int is_supported = 0;
  guint64 keep = G_MAXUINT64;
  cudaMemPool_t pool;

  return cudaDeviceGetAttribute (&is_supported, cudaDevAttrMemoryPoolsSupported, runtime->index) == cudaSuccess && is_supported
         && cudaDeviceGetDefaultMemPool (&pool, runtime->index) == cudaSuccess
         && cudaMemPoolSetAttribute (pool, cudaMemPoolAttrReleaseThreshold, &keep) == cudaSuccess;
}

CuRuntime *
cu_runtime_open (int index, GError **error)
{
  CuRuntime *runtime = g_new0 (CuRuntime, 1);

  runtime->index = index;
  if (cu_runtime_describe (index, &runtime->description, error) && check (cudaSetDevice (index), error) && check ((cudaError_t) cu_kernels_check (), error)
      && check (cudaStreamCreateWithFlags (&runtime->stream, cudaStreamNonBlocking), error)
      && check_blas (cublasLtCreate (&runtime->blas), "it cannot be started", error))
    {
      runtime->has_pool = set_up_pool (runtime);
      runtime->workspace = cu_runtime_alloc (runtime, WORKSPACE);
      if (runtime->workspace)
        return runtime;
      check (cudaErrorMemoryAllocation, error);
    }
  cu_runtime_close (runtime);
  return NULL;
}

void
cu_runtime_close (CuRuntime *runtime)
{
  cudaSetDevice (runtime->index);
  if (runtime->workspace)
    cu_runtime_free (runtime, runtime->workspace);
  if (runtime->blas)
    cublasLtDestroy (runtime->blas);
  if (runtime->stream)
    {
      cudaStreamSynchronize (runtime->stream);
      cudaStreamDestroy (runtime->stream);
    }
  cudaGetLastError ();
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
  return runtime->stream;
}

void
cu_runtime_begin (CuRuntime *runtime)
{
  note (runtime, cudaSetDevice (runtime->index));
}

void
cu_runtime_enter (CuRuntime *runtime)
{
  cudaSetDevice (runtime->index);
}

/* --- memory --- */

gpointer
cu_runtime_alloc (CuRuntime *runtime, gsize size)
{
  gpointer memory = NULL;
  cudaError_t code = cudaSetDevice (runtime->index);

  if (code == cudaSuccess)
    code = runtime->has_pool ? cudaMallocAsync (&memory, MAX (size, 1), runtime->stream) : cudaMalloc (&memory, MAX (size, 1));
  if (code == cudaSuccess)
    return memory;
  cudaGetLastError ();
  /* Full memory is the caller's business; anything else is found by whoever waits next. */
  if (code != cudaErrorMemoryAllocation)
    note (runtime, code);
  return NULL;
}

void
cu_runtime_free (CuRuntime *runtime, gpointer memory)
{
  if (!memory)
    return;
  cudaSetDevice (runtime->index);
  if (runtime->has_pool)
    cudaFreeAsync (memory, runtime->stream);
  else
    cudaFree (memory);
}

static void
copy (CuRuntime *runtime, gpointer to, gconstpointer from, gsize size, enum cudaMemcpyKind kind)
{
  if (size == 0)
    return;
  note (runtime, cudaSetDevice (runtime->index));
  note (runtime, cudaMemcpyAsync (to, from, size, kind, runtime->stream));
  note (runtime, cudaStreamSynchronize (runtime->stream));
}

void
cu_runtime_upload (CuRuntime *runtime, gpointer to, gconstpointer from, gsize size)
{
  copy (runtime, to, from, size, cudaMemcpyHostToDevice);
}

void
cu_runtime_download (CuRuntime *runtime, gpointer to, gconstpointer from, gsize size)
{
  copy (runtime, to, from, size, cudaMemcpyDeviceToHost);
}

void
cu_runtime_zero (CuRuntime *runtime, gpointer to, gsize size)
{
  if (size > 0)
    note (runtime, cudaMemsetAsync (to, 0, size, runtime->stream));
}

gboolean
cu_runtime_synchronize (CuRuntime *runtime, GError **error)
{
  cudaError_t code = runtime->failure;
  const cublasStatus_t status = runtime->blas_failure;

  runtime->failure = cudaSuccess;
  runtime->blas_failure = CUBLAS_STATUS_SUCCESS;
  /* Launches report themselves here; what they do is known only after the wait. */
  if (code == cudaSuccess)
    code = cudaGetLastError ();
  if (code == cudaSuccess)
    code = cudaStreamSynchronize (runtime->stream);
  return check (code, error) && check_blas (status, "a matrix product could not be started", error);
}

/* --- a second stream --- */

CuLane *
cu_lane_new (CuRuntime *runtime, GError **error)
{
  CuLane *lane = g_new0 (CuLane, 1);
  int lowest = 0, highest = 0;

  lane->runtime = runtime;
  /* The first stream has kernels enough to keep the whole GPU: what is beside it would come last. */
  if (check (cudaSetDevice (runtime->index), error) && check (cudaDeviceGetStreamPriorityRange (&lowest, &highest), error)
      && check (cudaStreamCreateWithPriority (&lane->stream, cudaStreamNonBlocking, highest), error)
      && check (cudaEventCreateWithFlags (&lane->before, cudaEventDisableTiming), error))
    return lane;
  cu_lane_free (lane);
  return NULL;
}

void
cu_lane_free (CuLane *lane)
{
  cudaSetDevice (lane->runtime->index);
  if (lane->stream)
    {
      cudaStreamSynchronize (lane->stream);
      cudaStreamDestroy (lane->stream);
    }
  if (lane->before)
    cudaEventDestroy (lane->before);
  cudaGetLastError ();
  g_free (lane);
}

gpointer
cu_lane_get_stream (CuLane *lane)
{
  return lane->stream;
}

void
cu_lane_follow (CuLane *lane)
{
  note (lane->runtime, cudaEventRecord (lane->before, lane->runtime->stream));
  note (lane->runtime, cudaStreamWaitEvent (lane->stream, lane->before, 0));
}

CuLaneState
cu_lane_look (CuLane *lane, GError **error)
{
  const cudaError_t code = cudaStreamQuery (lane->stream);

  if (code == cudaErrorNotReady)
    {
      /* No mistake of anybody, and to be found by nobody. */
      cudaGetLastError ();
      return CU_LANE_BUSY;
    }
  return check (code, error) ? CU_LANE_DONE : CU_LANE_FAILED;
}

/* --- places --- */

CuPlace *
cu_place_new (CuRuntime *runtime, gsize size)
{
  CuPlace *place = g_new0 (CuPlace, 1);

  place->runtime = runtime;
  place->size = size;
  place->there = cu_runtime_alloc (runtime, size);
  /* Memory of the pool is there for other streams when the first one has come to it. */
  if (place->there && cudaHostAlloc (&place->room, MAX (size, 1), cudaHostAllocDefault) == cudaSuccess
      && cudaStreamCreateWithFlags (&place->stream, cudaStreamNonBlocking) == cudaSuccess
      && cudaEventCreateWithFlags (&place->has_come, cudaEventDisableTiming) == cudaSuccess
      && cudaStreamSynchronize (runtime->stream) == cudaSuccess)
    return place;
  cudaGetLastError ();
  cu_place_free (place);
  return NULL;
}

void
cu_place_free (CuPlace *place)
{
  cudaSetDevice (place->runtime->index);
  if (place->stream)
    {
      cudaStreamSynchronize (place->stream);
      cudaStreamDestroy (place->stream);
    }
  if (place->has_come)
    cudaEventDestroy (place->has_come);
  if (place->room)
    cudaFreeHost (place->room);
  cu_runtime_free (place->runtime, place->there);
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
  return cudaSetDevice (place->runtime->index) == cudaSuccess
         && cudaMemcpyAsync (place->there, place->room, place->size, cudaMemcpyHostToDevice, place->stream) == cudaSuccess
         && cudaEventRecord (place->has_come, place->stream) == cudaSuccess;
}

void
cu_place_fetch (CuPlace *place, gsize offset, gpointer to, gsize size)
{
  CuRuntime *runtime = place->runtime;

  if (size == 0)
    return;
  note (runtime, cudaSetDevice (runtime->index));
  note (runtime, cudaStreamWaitEvent (runtime->stream, place->has_come, 0));
  note (runtime, cudaMemcpyAsync (to, (char *) place->there + offset, size, cudaMemcpyDeviceToDevice, runtime->stream));
}

/* --- graphs --- */

gboolean
cu_runtime_begin_graph (CuRuntime *runtime)
{
  return cudaStreamBeginCapture (runtime->stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess;
}

CuGraph *
cu_runtime_end_graph (CuRuntime *runtime)
{
  cudaGraph_t graph = NULL;
  cudaGraphExec_t exec = NULL;
  CuGraph *result = NULL;

  if (cudaStreamEndCapture (runtime->stream, &graph) == cudaSuccess && graph
      && cudaGraphInstantiate (&exec, graph, 0) == cudaSuccess)
    {
      result = g_new0 (CuGraph, 1);
      result->exec = exec;
    }
  if (graph)
    cudaGraphDestroy (graph);
  if (!result)
    {
      /* Whatever stood in the way comes again, and is reported, when the operations run one by one. */
      cudaGetLastError ();
      runtime->failure = cudaSuccess;
      runtime->blas_failure = CUBLAS_STATUS_SUCCESS;
    }
  return result;
}

void
cu_runtime_launch_graph (CuRuntime *runtime, CuGraph *graph)
{
  note (runtime, cudaGraphLaunch (graph->exec, runtime->stream));
}

void
cu_graph_free (CuGraph *graph)
{
  cudaGraphExecDestroy (graph->exec);
  g_free (graph);
}

/* --- matrix products --- */

static cudaDataType_t
get_type (C2lDtype type)
{
  return type == C2L_F32 ? CUDA_R_32F : type == C2L_F16 ? CUDA_R_16F : CUDA_R_16BF;
}

static cublasStatus_t
set (cublasLtMatmulDesc_t operation, cublasLtMatmulDescAttributes_t attribute, const void *value, size_t size)
{
  return cublasLtMatmulDescSetAttribute (operation, attribute, value, size);
}

/* Row-major matrices are the transposed of cuBLAS's column-major ones, so it computes yᵀ = op (b)ᵀ · op (a)ᵀ: b is its left. */
static cublasStatus_t
describe_product (CuProduct *product, const CuProductShape *s)
{
  const cublasOperation_t left = s->transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N, right = s->transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N;
  const cublasLtEpilogue_t epilogue = s->has_bias ? CUBLASLT_EPILOGUE_BIAS : CUBLASLT_EPILOGUE_DEFAULT;
  const cudaDataType_t operand = get_type (s->operand), bias = CUDA_R_32F;
  cublasStatus_t status = cublasLtMatmulDescCreate (&product->operation, CUBLAS_COMPUTE_32F, CUDA_R_32F);

  if (status == CUBLAS_STATUS_SUCCESS)
    status = set (product->operation, CUBLASLT_MATMUL_DESC_TRANSA, &left, sizeof left);
  if (status == CUBLAS_STATUS_SUCCESS)
    status = set (product->operation, CUBLASLT_MATMUL_DESC_TRANSB, &right, sizeof right);
  if (status == CUBLAS_STATUS_SUCCESS)
    status = set (product->operation, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue);
  if (status == CUBLAS_STATUS_SUCCESS && s->has_bias)
    status = set (product->operation, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, &bias, sizeof bias);
  if (status == CUBLAS_STATUS_SUCCESS)
    status = s->transpose_b ? cublasLtMatrixLayoutCreate (&product->left, operand, s->k, s->n, s->k)
                            : cublasLtMatrixLayoutCreate (&product->left, operand, s->n, s->k, s->n);
  if (status == CUBLAS_STATUS_SUCCESS)
    status = s->transpose_a ? cublasLtMatrixLayoutCreate (&product->right, operand, s->m, s->k, s->m)
                            : cublasLtMatrixLayoutCreate (&product->right, operand, s->k, s->m, s->k);
  if (status == CUBLAS_STATUS_SUCCESS)
    status = cublasLtMatrixLayoutCreate (&product->result, get_type (s->result), s->n, s->m, s->n);
  return status;
}

static cublasStatus_t
choose_algorithm (CuRuntime *runtime, CuProduct *product, const CuProductShape *s)
{
  static const cublasLtMatmulPreferenceAttributes_t alignments[]
      = { CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
          CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES };
  const size_t workspace = WORKSPACE;
  const guint32 alignment = s->alignment;
  cublasLtMatmulPreference_t preference = NULL;
  cublasLtMatmulHeuristicResult_t found;
  int n_found = 0;
  cublasStatus_t status = cublasLtMatmulPreferenceCreate (&preference);

  if (status == CUBLAS_STATUS_SUCCESS)
    status = cublasLtMatmulPreferenceSetAttribute (preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace, sizeof workspace);
  for (guint i = 0; status == CUBLAS_STATUS_SUCCESS && i < G_N_ELEMENTS (alignments); i++)
    status = cublasLtMatmulPreferenceSetAttribute (preference, alignments[i], &alignment, sizeof alignment);
  if (status == CUBLAS_STATUS_SUCCESS)
    status = cublasLtMatmulAlgoGetHeuristic (runtime->blas, product->operation, product->left, product->right, product->result,
                                             product->result, preference, 1, &found, &n_found);
  if (status == CUBLAS_STATUS_SUCCESS && n_found == 0)
    status = CUBLAS_STATUS_NOT_SUPPORTED;
  if (status == CUBLAS_STATUS_SUCCESS)
    product->algorithm = found.algo;
  if (preference)
    cublasLtMatmulPreferenceDestroy (preference);
  return status;
}

CuProduct *
cu_product_new (CuRuntime *runtime, const CuProductShape *shape, GError **error)
{
  CuProduct *product = g_new0 (CuProduct, 1);
  cublasStatus_t status;

  product->has_bias = shape->has_bias;
  product->has_addend = shape->has_addend;
  product->size = (gsize) (shape->m * shape->n) * c2l_dtype_get_size (shape->result);
  product->is_empty = shape->m == 0 || shape->n == 0 || shape->k == 0;
  if (product->is_empty)
    return product;
  status = describe_product (product, shape);
  if (status == CUBLAS_STATUS_SUCCESS)
    status = choose_algorithm (runtime, product, shape);
  if (check_blas (status, "it has no way to compute a matrix product", error))
    return product;
  cu_product_free (product);
  return NULL;
}

void
cu_product_free (CuProduct *product)
{
  if (product->operation)
    cublasLtMatmulDescDestroy (product->operation);
  if (product->left)
    cublasLtMatrixLayoutDestroy (product->left);
  if (product->right)
    cublasLtMatrixLayoutDestroy (product->right);
  if (product->result)
    cublasLtMatrixLayoutDestroy (product->result);
  g_free (product);
}

void
cu_product_run (CuRuntime *runtime, CuProduct *product, gconstpointer a, gconstpointer b, const float *bias, const float *addend,
                gpointer y)
{
  const float one = 1, beta = product->has_addend ? 1 : 0;
  cublasStatus_t status = CUBLAS_STATUS_SUCCESS;

  if (product->is_empty)
    {
      cu_runtime_zero (runtime, y, product->size);
      return;
    }
  if (product->has_bias)
    status = set (product->operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof bias);
  if (status == CUBLAS_STATUS_SUCCESS)
    status = cublasLtMatmul (runtime->blas, product->operation, &one, b, product->left, a, product->right, &beta,
                             product->has_addend ? addend : y, product->result, y, product->result, &product->algorithm,
                             runtime->workspace, WORKSPACE, runtime->stream);
  if (runtime->blas_failure == CUBLAS_STATUS_SUCCESS)
    runtime->blas_failure = status;
}
