/* What the CUDA device computes. A kind that is missing here fails a pass by name. */
#include "kernels/cuda-device.h"

#define RUN(name) { .run = c2l_cuda_##name##_run }

const C2lOpImpl c2l_cuda_ops[C2L_N_OPS] = {
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
  [C2L_OP_RANDOM_NORMAL] = RUN (random_normal),
};
