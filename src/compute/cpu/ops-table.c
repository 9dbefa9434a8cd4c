/* The table of one instruction set. */
#include "compute/cpu/vec.h"

#define RUN(name)                                                                                  \
  {                                                                                                \
    .run = C2L_ISA_NAME (c2l_cpu_##name##_run)                                                     \
  }
#define PREPARE_AND_RUN(name)                                                                      \
  {                                                                                                \
    .prepare = C2L_ISA_NAME (c2l_cpu_##name##_prepare), .run = C2L_ISA_NAME (c2l_cpu_##name##_run) \
  }
#define PREPARE_RUN_AND_RELEASE(name)                                                              \
  {                                                                                                \
    .prepare = C2L_ISA_NAME (c2l_cpu_##name##_prepare),                                            \
    .run = C2L_ISA_NAME (c2l_cpu_##name##_run), .release = C2L_ISA_NAME (c2l_cpu_##name##_release) \
  }

const C2lOpImpl C2L_ISA_NAME (c2l_cpu_ops)[C2L_N_OPS] = {
#ifdef __AVX512F__
  [C2L_OP_GEMM] = { .prepare = c2l_cpu_gemm_dnnl_prepare,
                    .run = c2l_cpu_gemm_dnnl_run,
                    .release = c2l_cpu_gemm_dnnl_release },
#else
  /* Below AVX-512 oneDNN cuts its sums by the numbers of rows and threads. */
  [C2L_OP_GEMM] = PREPARE_AND_RUN (gemm_packed),
#endif
  [C2L_OP_LAYER_NORM] = PREPARE_AND_RUN (layer_norm),
  [C2L_OP_ROTARY] = PREPARE_RUN_AND_RELEASE (rotary),
  [C2L_OP_ATTENTION] = PREPARE_AND_RUN (attention),
  [C2L_OP_SWIGLU] = PREPARE_AND_RUN (swiglu),
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
  [C2L_OP_CONV] = PREPARE_RUN_AND_RELEASE (conv),
  [C2L_OP_DEMODULATION] = PREPARE_AND_RUN (demodulation),
  [C2L_OP_RESAMPLE] = PREPARE_RUN_AND_RELEASE (resample),
  [C2L_OP_FILTERED_LEAKY_RELU] = PREPARE_RUN_AND_RELEASE (filtered),
  [C2L_OP_FOURIER_FEATURES] = PREPARE_AND_RUN (fourier),
  [C2L_OP_AREA_RESIZE] = RUN (area_resize),
  [C2L_OP_PATCHES] = PREPARE_AND_RUN (patches),
  [C2L_OP_TO_U8] = RUN (to_u8),
  [C2L_OP_MATMUL] = PREPARE_AND_RUN (matmul),
  [C2L_OP_LAYER_NORM_BACKWARD] = PREPARE_AND_RUN (layer_norm_backward),
  [C2L_OP_LAYER_NORM_GAIN_BACKWARD] = PREPARE_AND_RUN (layer_norm_gain_backward),
  [C2L_OP_ATTENTION_BACKWARD] = PREPARE_AND_RUN (attention_backward),
  [C2L_OP_ATTENTION_PARAMETERS_BACKWARD] = PREPARE_AND_RUN (attention_parameters_backward),
  [C2L_OP_SWIGLU_BACKWARD] = PREPARE_AND_RUN (swiglu_backward),
  [C2L_OP_ACTIVATE_BACKWARD] = RUN (activate_backward),
  [C2L_OP_COLUMN_SUMS] = PREPARE_AND_RUN (column_sums),
  [C2L_OP_SCATTER_ADD] = RUN (scatter_add),
  [C2L_OP_EMBED_NOISE] = RUN (embed_noise),
  [C2L_OP_LOSS] = PREPARE_AND_RUN (loss),
  [C2L_OP_LOSS_BACKWARD] = RUN (loss_backward),
  [C2L_OP_SUM_SQUARES] = PREPARE_AND_RUN (sum_squares),
  [C2L_OP_ACCUMULATE] = RUN (accumulate),
  [C2L_OP_ADAMW] = RUN (adamw),
  [C2L_OP_MOVING_AVERAGE] = RUN (moving_average),
};
