/* What the forward and the backward of attention share on the host's side. */
#pragma once

#include "kernels/cuda-device.h"

G_BEGIN_DECLS

/* Bytes of shared memory that a block may have on every GPU that we compile for (99 KiB from sm_86 on). */
#define MAX_SHARED (99 * 1024)

/* q, k, v, null_kv, bias and key_mask are the first inputs of @op. */
CuAttention cuda_get_attention (const C2lOp *op, const C2lAttention *p);
/* FALSE and UNSUPPORTED where it does not fit a block. */
gboolean    cuda_check_attention (const C2lOp *op, const C2lAttention *p, GError **error);

G_END_DECLS
