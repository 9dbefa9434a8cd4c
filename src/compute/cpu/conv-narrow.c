/* Convolution 1×1 to very few channels: toRGB, which reads the network's largest activations once
 * and must do no more. */
#include "compute/cpu/conv-1x1.h"
#include "compute/cpu/conv.h"

typedef struct
{
  const C2lOpImpl *impl;
} Plan;

static gboolean
is_narrow (const C2lOp *op)
{
  const C2lTensor *weight = op->in[WEIGHT], *x = op->in[X];

  return weight->dims[2] == 1 && weight->dims[0] <= C2L_CONV_1X1_MAX_OUT && op->p.conv.up == 1
         && op->p.conv.padding == 0 && op->p.conv.act == C2L_ACT_LINEAR && op->p.conv.gain == 1
         && !op->in[DEMOD] && !op->in[NOISE] && op->out->dtype == C2L_F32
         && (x->dtype == C2L_F32 || x->dtype == C2L_BF16);
}

static gboolean
narrow_prepare (C2lDevice *device, C2lPrecision precision, C2lOp *op, GError **error)
{
  if (!is_narrow (op))
    {
      g_set_error_literal (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED,
                           "Not 1×1 to a few channels");
      return FALSE;
    }

  Plan *plan = g_new (Plan, 1);

  *plan = (Plan){ &C2L_ISA_NAME (c2l_cpu_conv_narrow) };
  op->plan = plan;
  op->scratch_size
      = c2l_conv_1x1_get_scratch_size ((int) op->in[X]->dims[0], (int) op->in[X]->dims[3]);
  return TRUE;
}

static void
narrow_run (C2lDevice *device, C2lOp *op)
{
  const C2lTensor *x = op->in[X];
  const C2lConv1x1 conv = {
    .batch = (int) x->dims[0],
    .in_channels = (int) x->dims[3],
    .out_channels = (int) op->out->dims[3],
    .n_pixels = (gsize) (x->dims[1] * x->dims[2]),
    .in_dtype = x->dtype,
    .x = x->data,
    .y = op->out->data,
    .weights = op->in[WEIGHT]->data,
    .styles = get_data_or_null (op->in[STYLES]),
    .bias = get_data_or_null (op->in[BIAS]),
    .residual = get_data_or_null (op->in[RESIDUAL]),
    .clamp = op->p.conv.clamp,
    .scratch = op->scratch,
    .n_threads = omp_get_max_threads (),
  };

  C2L_ISA_NAME (c2l_conv_1x1_run) (&conv);
}

static void
narrow_release (C2lDevice *device, C2lOp *op)
{
  g_clear_pointer (&op->plan, g_free);
}

const C2lOpImpl C2L_ISA_NAME (c2l_cpu_conv_narrow) = { .prepare = narrow_prepare, .run = narrow_run, .release = narrow_release };
