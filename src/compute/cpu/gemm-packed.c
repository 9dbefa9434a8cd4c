/* Matrix products of the CPU device in float32 by our own kernel, for the instruction sets whose
 * products in oneDNN depend on the numbers of rows and threads. A weight keeps its packed copy. */
#include "compute/cpu/product.h"
#include "compute/cpu/vec.h"

#include <glib/gi18n-lib.h>

static float *
get_packed (C2lTensor *weight)
{
  float *packed = c2l_tensor_get_packed (weight, "panels");

  if (!packed && (packed = c2l_product_pack (weight)))
    c2l_tensor_take_packed (weight, "panels", packed, c2l_cpu_free);
  else if (packed && c2l_tensor_renew_packed (weight, "panels"))
    c2l_product_pack_into (packed, weight);
  return packed;
}

gboolean
C2L_ISA_NAME (c2l_cpu_gemm_packed_prepare) (C2lDevice *device,
                                            C2lPrecision precision,
                                            C2lOp *op,
                                            GError **error)
{
  if (op->in[0]->dtype != C2L_F32)
    {
      g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED,
                   _ ("This processor has no matrix product in %s: choose precision “f32”"),
                   c2l_dtype_get_name (op->in[0]->dtype));
      return FALSE;
    }
  if (!get_packed (op->in[1]))
    {
      g_set_error_literal (
          error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_MEMORY,
          _ ("Not enough memory to pack a model's weights: close other programs or "
             "use a smaller model"));
      return FALSE;
    }
  op->scratch_size = all_threads_scratch (C2L_PRODUCT_SCRATCH_SIZE);
  return TRUE;
}

void
C2L_ISA_NAME (c2l_cpu_gemm_packed_run) (C2lDevice *device, C2lOp *op)
{
  const gint64 *dims = op->in[1]->dims;
  const C2lProduct product = {
    .m = c2l_tensor_get_length (op->out) / (gsize) MAX (dims[0], 1),
    .n = (gsize) dims[0],
    .k = (gsize) dims[1],
    .x = op->in[0]->data,
    .weight = get_packed (op->in[1]),
    .bias = op->in[2] ? op->in[2]->data : NULL,
    .residual = op->in[3] ? op->in[3]->data : NULL,
    .y = op->out,
    .act = op->p.gemm.act,
    .gain = op->p.gemm.gain,
    .scratch = op->scratch,
    .n_threads = omp_get_max_threads (),
  };

  C2L_ISA_NAME (c2l_product_run) (&product);
}
