/* Convolution by the Winograd engine. Its plan, with the transformed weights, depends on the
 * picture's size but not on the batch; it stays with the weight, so that passes for other batches
 * share it. */
#include "compute/cpu/conv.h"
#include "compute/cpu/winograd.h"

typedef struct
{
  const C2lOpImpl *impl;
  const C2lWinograd *winograd;
} Plan;

static const C2lWinograd *
get_winograd (C2lOp *op, const C2lWinogradShape *shape, GError **error)
{
  C2lTensor *weight = op->in[WEIGHT], *filter = op->in[FILTER];
  g_autofree char *key = g_strdup_printf (
      "winograd-" G_STRINGIFY (C2L_ISA) "-%dx%d-%d-%d-%d-%d-%d-%d-%a-%a-%p", shape->height,
      shape->width, shape->up, shape->padding, shape->products, shape->in_dtype, shape->out_dtype,
      shape->act, (double) shape->gain, (double) shape->clamp, (gpointer) filter);
  C2lWinograd *winograd = c2l_tensor_get_packed (weight, key);

  if (winograd)
    return winograd;
  winograd = c2l_winograd_new (shape, weight->data, filter ? filter->data : NULL, error);
  if (winograd)
    c2l_tensor_take_packed (weight, key, winograd, (GDestroyNotify) c2l_winograd_free);
  return winograd;
}

static gboolean
winograd_prepare (C2lDevice *device, C2lPrecision precision, C2lOp *op, GError **error)
{
  const C2lTensor *x = op->in[X], *weight = op->in[WEIGHT];
  const C2lConv *params = &op->p.conv;

  if (weight->dims[2] != 3)
    {
      g_set_error_literal (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED,
                           "Not a 3×3 kernel");
      return FALSE;
    }

  const C2lWinogradShape shape = {
    .in_channels = (int) weight->dims[1],
    .out_channels = (int) weight->dims[0],
    .height = (int) x->dims[1],
    .width = (int) x->dims[2],
    .up = params->up,
    .padding = params->up == 2 ? 0 : params->padding,
    .products = precision == C2L_PRECISION_BF16 ? C2L_WINOGRAD_BF16 : C2L_WINOGRAD_F32,
    .in_dtype = x->dtype,
    .out_dtype = op->out->dtype,
    .act = params->act,
    .gain = params->gain,
    .clamp = params->clamp,
  };
  const C2lWinograd *winograd = get_winograd (op, &shape, error);

  if (!winograd)
    return FALSE;

  Plan *plan = g_new (Plan, 1);

  *plan = (Plan){ &C2L_ISA_NAME (c2l_cpu_conv_winograd), winograd };
  op->plan = plan;
  op->scratch_size = c2l_winograd_get_scratch_size (winograd, omp_get_num_procs ());
  return TRUE;
}

static void
winograd_run (C2lDevice *device, C2lOp *op)
{
  const Plan *plan = op->plan;
  const C2lTensor *noise = op->in[NOISE];
  const gboolean is_shared = noise && noise->dims[0] == 1;
  const C2lWinogradArgs args = {
    .batch = (int) op->in[X]->dims[0],
    .x = op->in[X]->data,
    .y = op->out->data,
    .styles = get_data_or_null (op->in[STYLES]),
    .demod = get_data_or_null (op->in[DEMOD]),
    .noise = get_data_or_null (noise),
    .noise_stride = noise && !is_shared ? (gsize) (noise->dims[1] * noise->dims[2]) : 0,
    .noise_strength = op->p.conv.noise_strength,
    .bias = get_data_or_null (op->in[BIAS]),
    .residual = get_data_or_null (op->in[RESIDUAL]),
    .scratch = op->scratch,
    .n_threads = omp_get_max_threads (),
  };

  C2L_ISA_NAME (c2l_winograd_run) (plan->winograd, &args);
}

static void
winograd_release (C2lDevice *device, C2lOp *op)
{
  g_clear_pointer (&op->plan, g_free);
}

const C2lOpImpl C2L_ISA_NAME (c2l_cpu_conv_winograd)
    = { .prepare = winograd_prepare, .run = winograd_run, .release = winograd_release };
