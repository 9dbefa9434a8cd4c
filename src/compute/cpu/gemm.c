/* Matrix products of the CPU device: oneDNN with bias, activation and residual fused. */
#include "compute/cpu/cpu.h"
#include "compute/cpu/dnnl.h"

typedef struct
{
  C2lDnnlPrimitive *primitive;
  gpointer weights;
} Plan;

gboolean
c2l_cpu_gemm_prepare (C2lDevice *device, C2lPrecision precision, C2lOp *op, GError **error)
{
  C2lCpuDevice *cpu = (C2lCpuDevice *) device;
  C2lTensor *x = op->in[0], *weight = op->in[1];
  C2lDnnlGemm shape = {
    .m = (gint64) (c2l_tensor_get_length (x) / (gsize) MAX (weight->dims[1], 1)),
    .n = weight->dims[0],
    .k = weight->dims[1],
    .x_dtype = x->dtype,
    .out_dtype = op->out->dtype,
    .act = op->p.gemm.act,
    .gain = op->p.gemm.gain,
    .has_bias = op->in[2] != NULL,
    .has_residual = op->in[3] != NULL,
  };
  C2lDnnlPrimitive *primitive = c2l_dnnl_get_gemm (cpu->dnnl, &shape, error);

  if (!primitive)
    return FALSE;

  gpointer weights = c2l_dnnl_pack (primitive, weight);

  if (!weights)
    {
      g_set_error_literal (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_MEMORY,
                           "Not enough memory to pack a model's weights: close other programs or use a smaller model");
      return FALSE;
    }

  Plan *plan = g_new (Plan, 1);

  *plan = (Plan){ primitive, weights };
  op->plan = plan;
  op->scratch_size = c2l_dnnl_get_scratch_size (primitive);
  return TRUE;
}

void
c2l_cpu_gemm_run (C2lDevice *device, C2lOp *op)
{
  Plan *plan = op->plan;

  c2l_dnnl_run (plan->primitive, op->in[0]->data, plan->weights, op->in[2] ? op->in[2]->data : NULL,
                op->in[3] ? op->in[3]->data : NULL, op->out->data, op->scratch);
}

void
c2l_cpu_gemm_release (C2lDevice *device, C2lOp *op)
{
  g_clear_pointer (&op->plan, g_free);
}
