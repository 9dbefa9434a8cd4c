/* What the CUDA device computes. A kind that is missing here fails a pass by name. */
#include "kernels/cuda-device.h"

#define RUN(name) { .run = c2l_cuda_##name##_run }
#define PREPARE_AND_RUN(name) { .prepare = c2l_cuda_##name##_prepare, .run = c2l_cuda_##name##_run }
#define WITH_PLAN(name)                                                                                                 \
  { .prepare = c2l_cuda_##name##_prepare, .run = c2l_cuda_##name##_run, .release = c2l_cuda_##name##_release }

const C2lOpImpl c2l_cuda_ops[C2L_N_OPS] = {
  [C2L_OP_GEMM] = { .prepare = c2l_cuda_gemm_prepare,
                    .refresh = c2l_cuda_gemm_refresh,
                    .run = c2l_cuda_gemm_run,
                    .release = c2l_cuda_gemm_release },
  [C2L_OP_LAYER_NORM] = RUN (layer_norm),
  [C2L_OP_ROTARY] = RUN (rotary),
  [C2L_OP_ATTENTION] = PREPARE_AND_RUN (attention),
  [C2L_OP_SWIGLU] = RUN (swiglu),
  [C2L_OP_ADD] = RUN (broadcast),
  [C2L_OP_MULTIPLY] = RUN (broadcast),
  [C2L_OP_LERP] = RUN (broadcast),
  [C2L_OP_COMBINE] = RUN (combine),
  [C2L_OP_CLAMP] = RUN (clamp),
  [C2L_OP_ACTIVATE] = RUN (activate),
  [C2L_OP_CAST] = RUN (cast),
  [C2L_OP_EXPAND] = RUN (expand),
  [C2L_OP_CONCAT] = RUN (concat),
  [C2L_OP_SLICE] = RUN (slice),
  [C2L_OP_GATHER] = RUN (gather),
  [C2L_OP_RMS_NORMALIZE] = RUN (rms_normalize),
  [C2L_OP_COSINE_SIMILARITY] = RUN (cosine_similarity),
  [C2L_OP_RANDOM_NORMAL] = RUN (random_normal),
  [C2L_OP_CONV] = WITH_PLAN (conv),
  [C2L_OP_DEMODULATION] = RUN (demodulation),
  [C2L_OP_RESAMPLE] = RUN (resample),
  [C2L_OP_FILTERED_LEAKY_RELU] = PREPARE_AND_RUN (filtered),
  [C2L_OP_FOURIER_FEATURES] = RUN (fourier),
  [C2L_OP_AREA_RESIZE] = RUN (area_resize),
  [C2L_OP_PATCHES] = RUN (patches),
  [C2L_OP_TO_U8] = RUN (to_u8),
  [C2L_OP_MATMUL] = WITH_PLAN (matmul),
};
