/* Matrix products of the CPU device: oneDNN with bias, activation and residual fused. */
#include "compute/cpu/cpu.h"
#include "compute/cpu/dnnl.h"

#include <glib/gi18n-lib.h>

typedef struct
{
  C2lDnnlPrimitive *primitive;
  gpointer weights;
  gsize dnnl_offset; /* of oneDNN's scratch memory, after the unrounded result */
  guint generation;  /* of the weight's numbers in `weights` */
  gboolean rounds;   /* float32 products, a narrower result: oneDNN has no such mixture */
} Plan;

static void
round_result (C2lTensor *out, const float *from)
{
  const gsize n = c2l_tensor_get_length (out);
  guint16 *to = out->data;
  guint16 (*convert) (float) = out->dtype == C2L_BF16 ? c2l_f32_to_bf16 : c2l_f32_to_f16;

  for (gsize i = 0; i < n; i++)
    to[i] = convert (from[i]);
}

gboolean
c2l_cpu_gemm_dnnl_prepare (C2lDevice *device, C2lPrecision precision, C2lOp *op, GError **error)
{
  C2lCpuDevice *cpu = (C2lCpuDevice *) device;
  C2lTensor *x = op->in[0], *weight = op->in[1];
  const gboolean rounds = x->dtype == C2L_F32 && op->out->dtype != C2L_F32;
  C2lDnnlGemm shape = {
    .m = (gint64) (c2l_tensor_get_length (x) / (gsize) MAX (weight->dims[1], 1)),
    .n = weight->dims[0],
    .k = weight->dims[1],
    .x_dtype = x->dtype,
    .out_dtype = rounds ? C2L_F32 : op->out->dtype,
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
      g_set_error_literal (
          error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_MEMORY,
          _ ("Not enough memory to pack a model's weights: close other programs or "
             "use a smaller model"));
      return FALSE;
    }

  Plan *plan = g_new (Plan, 1);

  *plan = (Plan){
    .primitive = primitive, .weights = weights, .generation = weight->generation, .rounds = rounds
  };
  if (rounds)
    plan->dnnl_offset = (c2l_tensor_get_length (op->out) * sizeof (float) + 63) & ~(gsize) 63;
  op->plan = plan;
  op->scratch_size = plan->dnnl_offset + c2l_dnnl_get_scratch_size (primitive);
  return TRUE;
}

void
c2l_cpu_gemm_dnnl_run (C2lDevice *device, C2lOp *op)
{
  Plan *plan = op->plan;

  if (plan->generation != op->in[1]->generation)
    {
      plan->weights = c2l_dnnl_pack (plan->primitive, op->in[1]);
      plan->generation = op->in[1]->generation;
    }
  c2l_dnnl_run (plan->primitive, op->in[0]->data, plan->weights, op->in[2] ? op->in[2]->data : NULL,
                op->in[3] ? op->in[3]->data : NULL, plan->rounds ? op->scratch : op->out->data,
                (char *) op->scratch + plan->dnnl_offset);
  if (plan->rounds)
    round_result (op->out, op->scratch);
}

void
c2l_cpu_gemm_dnnl_release (C2lDevice *device, C2lOp *op)
{
  g_clear_pointer (&op->plan, g_free);
}
