/* What the forward and the backward of attention share on the host's side. */
#pragma once

#include "kernels/cuda-device.h"

G_BEGIN_DECLS

/* q, k, v, null_kv, bias and key_mask are the first inputs of @op. */
CuAttention cuda_get_attention (const C2lOp *op, const C2lAttention *p);
/* FALSE and UNSUPPORTED where a block would need more shared memory, @shared, than there is, or a grid is too large. */
gboolean    cuda_check_attention (const C2lOp *op, const C2lAttention *p, gsize shared, GError **error);

G_END_DECLS
