/* The CUDA device, as its own files see it. */
#pragma once

#include "compute/op.h"
#include "kernels/runtime.h"

G_BEGIN_DECLS

typedef struct
{
  C2lDevice parent;
  CuRuntime *runtime;
  CuStream stream;
} C2lCudaDevice;

/* The table of ops-table.c, and the functions in it, by family. */
extern const C2lOpImpl c2l_cuda_ops[C2L_N_OPS];

#define C2L_CUDA_RUN(name) void c2l_cuda_##name##_run (C2lDevice *device, C2lOp *op)
#define C2L_CUDA_PREPARE(name)                                                                                          \
  gboolean c2l_cuda_##name##_prepare (C2lDevice *device, C2lPrecision precision, C2lOp *op, GError **error)
#define C2L_CUDA_REFRESH(name) void c2l_cuda_##name##_refresh (C2lDevice *device, C2lOp *op)
#define C2L_CUDA_RELEASE(name) void c2l_cuda_##name##_release (C2lDevice *device, C2lOp *op)

/* ops-elementwise.c */
C2L_CUDA_RUN (broadcast);
C2L_CUDA_RUN (combine);
C2L_CUDA_RUN (clamp);
C2L_CUDA_RUN (activate);
C2L_CUDA_RUN (cast);
C2L_CUDA_RUN (expand);
C2L_CUDA_RUN (concat);
C2L_CUDA_RUN (slice);
C2L_CUDA_RUN (gather);
C2L_CUDA_RUN (random_normal);

/* ops-product.c */
C2L_CUDA_PREPARE (gemm);
C2L_CUDA_REFRESH (gemm);
C2L_CUDA_RUN (gemm);
C2L_CUDA_RELEASE (gemm);
C2L_CUDA_PREPARE (matmul);
C2L_CUDA_RUN (matmul);
C2L_CUDA_RELEASE (matmul);

/* ops-transformer.c */
C2L_CUDA_RUN (layer_norm);
C2L_CUDA_RUN (rotary);
C2L_CUDA_PREPARE (attention);
C2L_CUDA_RUN (attention);
C2L_CUDA_RUN (swiglu);
C2L_CUDA_RUN (rms_normalize);
C2L_CUDA_RUN (cosine_similarity);

/* ops-picture.c */
C2L_CUDA_PREPARE (conv);
C2L_CUDA_RUN (conv);
C2L_CUDA_RELEASE (conv);
C2L_CUDA_RUN (demodulation);
C2L_CUDA_RUN (resample);
C2L_CUDA_PREPARE (filtered);
C2L_CUDA_RUN (filtered);
C2L_CUDA_RUN (fourier);
C2L_CUDA_RUN (area_resize);
C2L_CUDA_RUN (patches);
C2L_CUDA_RUN (to_u8);

/* ops-training.c */
C2L_CUDA_RUN (layer_norm_backward);
C2L_CUDA_PREPARE (row_sums);
C2L_CUDA_RUN (layer_norm_gain_backward);
C2L_CUDA_PREPARE (attention_backward);
C2L_CUDA_RUN (attention_backward);
C2L_CUDA_RUN (attention_parameters_backward);
C2L_CUDA_RUN (swiglu_backward);
C2L_CUDA_RUN (activate_backward);
C2L_CUDA_RUN (column_sums);
C2L_CUDA_RUN (scatter_add);
C2L_CUDA_RUN (embed_noise);
C2L_CUDA_PREPARE (sum);
C2L_CUDA_RUN (loss);
C2L_CUDA_RUN (loss_backward);
C2L_CUDA_RUN (sum_squares);
C2L_CUDA_RUN (accumulate);
C2L_CUDA_RUN (adamw);
C2L_CUDA_RUN (moving_average);

/* peers.c: as in C2lDeviceClass */
gboolean c2l_cuda_identify (C2lDevice *device, guint8 identity[C2L_DEVICE_IDENTITY], GError **error);
gboolean c2l_cuda_invite (C2lDevice *device, guint8 invitation[C2L_DEVICE_INVITATION], GError **error);
C2lCommunicator *c2l_cuda_join (C2lDevice *device, const guint8 invitation[C2L_DEVICE_INVITATION], int rank, int size, GError **error);

static inline CuStream
cuda_stream (C2lDevice *device)
{
  return ((C2lCudaDevice *) device)->stream;
}

static inline CuRuntime *
cuda_runtime (C2lDevice *device)
{
  return ((C2lCudaDevice *) device)->runtime;
}

static inline gint64
cuda_get_width (const C2lTensor *x)
{
  return x->n_dims > 0 ? x->dims[x->n_dims - 1] : 1;
}

static inline const float *
cuda_floats (const C2lTensor *x)
{
  return x ? x->data : NULL;
}

G_END_DECLS
