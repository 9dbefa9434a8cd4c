/* All calls of oneDNN, for its versions 2.6 and 3.x: matrix products with an epilogue, and direct convolution of channels-last
 * pictures. A primitive is made once for a shape and shared by all operations that have it; it is executed by one thread at a
 * time. Nothing is allocated by us while one runs. */
#pragma once

#include "compute/ops.h"

G_BEGIN_DECLS

typedef struct _C2lDnnl C2lDnnl;
typedef struct _C2lDnnlPrimitive C2lDnnlPrimitive;

C2lDnnl          *c2l_dnnl_new (GError **error);
void              c2l_dnnl_free (C2lDnnl *dnnl);
/* "2.6.3" */
const char       *c2l_dnnl_get_version (C2lDnnl *dnnl);

typedef struct
{
  gint64 m, n, k;
  C2lDtype x_dtype, out_dtype; /* F32 or BF16; products are in x's type, sums in float32 */
  C2lActivation act;
  float gain;
  gboolean has_bias, has_residual;
} C2lDnnlGemm;

typedef struct
{
  gint64 batch, height, width, in, out, kernel, padding;
  C2lDtype x_dtype; /* F32 or BF16; the result is F32 */
} C2lDnnlConv;

/* Lent: the primitives belong to @dnnl. NULL and an error where oneDNN has no implementation. */
C2lDnnlPrimitive *c2l_dnnl_get_gemm (C2lDnnl *dnnl, const C2lDnnlGemm *shape, GError **error);
C2lDnnlPrimitive *c2l_dnnl_get_conv (C2lDnnl *dnnl, const C2lDnnlConv *shape, GError **error);

/* The weight's copy in the primitive's own layout, made at the first call; lent by the weight. @weight is [N, K],
 * F32 or F16, or [O, I, k, k], F32. */
gpointer          c2l_dnnl_pack (C2lDnnlPrimitive *primitive, C2lTensor *weight);
/* The same for weights that are not a tensor of their own (a composite kernel): a new block for c2l_cpu_free(). */
gpointer          c2l_dnnl_pack_data (C2lDnnlPrimitive *primitive, const float *weight);

gsize             c2l_dnnl_get_scratch_size (C2lDnnlPrimitive *primitive);

/* @bias and @residual as the shape says. */
void              c2l_dnnl_run (C2lDnnlPrimitive *primitive, gconstpointer x, gpointer packed, const float *bias,
                                const float *residual, gpointer out, gpointer scratch);

G_END_DECLS
