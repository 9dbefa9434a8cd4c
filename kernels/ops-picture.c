/* Convolution, filters and the ways of pictures: from the recorded operation to the launch. An up-convolution is the transposed
 * convolution on tensor cores, into scratch memory, and the FIR filter with all that follows; nothing else needs a second kernel. */
#include "kernels/cuda-device.h"
#include "kernels/packed.h"

#define PAD 1 /* of the FIR filter behind an up-convolution */

typedef struct
{
  int mode;
  const char *key;
  gsize wide_offset;    /* of the up-convolution's result before the filter, in scratch */
  C2lDtype wide_type;
  gboolean casts;       /* x is neither f32 nor what the mode multiplies */
  gsize x_offset;
} ConvPlan;

static const struct
{
  int mode;
  const char *key;
  C2lDtype operand;
} ways[C2L_N_PRECISIONS] = {
  [C2L_PRECISION_F32] = { CU_CONV_F32, "cuda:conv-f32", C2L_F32 },
  [C2L_PRECISION_FAST] = { CU_CONV_SPLIT, "cuda:conv-split", C2L_F32 },
  [C2L_PRECISION_BF16] = { CU_CONV_BF16, "cuda:conv-bf16", C2L_BF16 },
  [C2L_PRECISION_FP16] = { CU_CONV_F16, "cuda:conv-f16", C2L_F16 },
};

typedef struct
{
  int mode, O, I, taps;
} PackArgs;

static void
pack (C2lDevice *device, C2lTensor *weight, gpointer to, gconstpointer data)
{
  const PackArgs *args = data;

  cu_conv_pack (cuda_stream (device), args->mode, weight->data, args->O, args->I, args->taps, to);
}

static gsize
align (gsize size)
{
  return (size + 255) & ~(gsize) 255;
}

C2L_CUDA_PREPARE (conv)
{
  const C2lTensor *x = op->in[0];
  C2lTensor *weight = op->in[1];
  const int O = (int) weight->dims[0], I = (int) weight->dims[1], k = (int) weight->dims[2];
  const gboolean is_up = op->p.conv.up == 2;
  ConvPlan *plan = g_new0 (ConvPlan, 1);
  gsize scratch = 0;

  op->plan = plan;
  plan->mode = cu_conv_choose (ways[precision].mode, k, O, I);
  plan->key = ways[plan->mode == CU_CONV_F32 ? C2L_PRECISION_F32 : precision].key;
  plan->casts = x->dtype != C2L_F32 && plan->mode != CU_CONV_F32 && x->dtype != ways[precision].operand;
  if (plan->casts)
    {
      plan->x_offset = scratch;
      scratch += align (c2l_tensor_get_length (x) * sizeof (float));
    }
  if (is_up)
    {
      plan->wide_offset = scratch;
      plan->wide_type = ways[precision].operand;
      scratch += align ((gsize) x->dims[0] * (2 * x->dims[1] + 1) * (2 * x->dims[2] + 1) * O
                        * c2l_dtype_get_size (plan->wide_type));
    }
  op->scratch_size = scratch;
  /* Pixels are counted in 32 bits by the kernels. */
  if (x->dims[0] * op->out->dims[1] * op->out->dims[2] > G_MAXINT32 / 2)
    {
      g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_MEMORY, "Too many pixels for one pass: draw fewer pictures at once");
      return FALSE;
    }
  return cuda_pack (device, weight, plan->key, cu_conv_packed_size (plan->mode, O, I, k * k), pack,
                    &(PackArgs){ plan->mode, O, I, k * k }, error);
}

static void
run_filter (C2lDevice *device, const C2lOp *op, const ConvPlan *plan)
{
  const C2lConv *p = &op->p.conv;
  const C2lTensor *x = op->in[0];

  cu_fir (cuda_stream (device), &(CuFir){
                                    .x = (char *) op->scratch + plan->wide_offset,
                                    .x_type = (int) plan->wide_type,
                                    .B = (int) x->dims[0],
                                    .H = (int) (2 * x->dims[1] + 1),
                                    .W = (int) (2 * x->dims[2] + 1),
                                    .C = (int) op->out->dims[3],
                                    .filter = op->in[7]->data,
                                    .n = 4,
                                    .is_square = TRUE,
                                    .up = 1,
                                    .down = 1,
                                    .left = PAD,
                                    .top = PAD,
                                    .gain = 4,
                                    .out_h = (int) op->out->dims[1],
                                    .out_w = (int) op->out->dims[2],
                                    .noise = cuda_floats (op->in[4]),
                                    .bias = cuda_floats (op->in[5]),
                                    .residual = cuda_floats (op->in[6]),
                                    .noise_each = op->in[4] && op->in[4]->dims[0] != 1,
                                    .noise_strength = p->noise_strength,
                                    .act = (int) p->act,
                                    .act_gain = p->gain,
                                    .clamp = p->clamp,
                                    .y = op->out->data,
                                    .y_type = (int) op->out->dtype,
                                });
}

C2L_CUDA_RUN (conv)
{
  const ConvPlan *plan = op->plan;
  const C2lConv *p = &op->p.conv;
  const C2lTensor *x = op->in[0], *weight = op->in[1];
  CuConv conv = {
    .x = x->data,
    .x_type = (int) x->dtype,
    .B = (int) x->dims[0],
    .H = (int) x->dims[1],
    .W = (int) x->dims[2],
    .I = (int) weight->dims[1],
    .O = (int) weight->dims[0],
    .k = (int) weight->dims[2],
    .padding = p->padding,
    .up = p->up,
    .mode = plan->mode,
    .packed = cuda_get_packed (op->in[1], plan->key),
    .styles = cuda_floats (op->in[2]),
    .demod = cuda_floats (op->in[3]),
    .gain = 1,
    .y = op->out->data,
    .y_type = (int) op->out->dtype,
  };

  if (plan->casts)
    {
      conv.x = (char *) op->scratch + plan->x_offset;
      conv.x_type = CU_F32;
      cu_cast (cuda_stream (device), x->data, x->dtype, (gpointer) conv.x, CU_F32, c2l_tensor_get_length (x));
    }
  if (p->up == 2)
    {
      conv.y = (char *) op->scratch + plan->wide_offset;
      conv.y_type = (int) plan->wide_type;
      cu_conv (cuda_stream (device), &conv);
      run_filter (device, op, plan);
      return;
    }
  conv.noise = cuda_floats (op->in[4]);
  conv.noise_each = op->in[4] && op->in[4]->dims[0] != 1;
  conv.noise_strength = p->noise_strength;
  conv.bias = cuda_floats (op->in[5]);
  conv.residual = cuda_floats (op->in[6]);
  conv.act = (int) p->act;
  conv.gain = p->gain;
  conv.clamp = p->clamp;
  cu_conv (cuda_stream (device), &conv);
}

C2L_CUDA_RELEASE (conv)
{
  g_free (op->plan);
}

C2L_CUDA_RUN (demodulation)
{
  const C2lTensor *styles = op->in[0], *weight = op->in[1];

  cu_demodulation (cuda_stream (device), styles->data, weight->data, op->out->data, styles->dims[0], weight->dims[0], weight->dims[1],
                   (int) (weight->dims[2] * weight->dims[3]));
}

static int
get_taps (const C2lTensor *filter)
{
  return filter ? (int) filter->dims[0] : 1;
}

static gboolean
is_square (const C2lTensor *filter)
{
  return filter && filter->n_dims == 2;
}

C2L_CUDA_RUN (resample)
{
  const C2lResample *p = &op->p.resample;
  const C2lTensor *x = op->in[0];

  cu_fir (cuda_stream (device), &(CuFir){
                                    .x = x->data,
                                    .x_type = (int) x->dtype,
                                    .B = (int) x->dims[0],
                                    .H = (int) x->dims[1],
                                    .W = (int) x->dims[2],
                                    .C = (int) x->dims[3],
                                    .filter = cuda_floats (op->in[1]),
                                    .n = get_taps (op->in[1]),
                                    .is_square = is_square (op->in[1]),
                                    .up = p->up,
                                    .down = p->down,
                                    .left = p->padding[0],
                                    .top = p->padding[2],
                                    .gain = p->gain,
                                    .out_h = (int) op->out->dims[1],
                                    .out_w = (int) op->out->dims[2],
                                    .act_gain = 1,
                                    .y = op->out->data,
                                    .y_type = (int) op->out->dtype,
                                });
}

static CuFiltered
get_filtered (const C2lOp *op)
{
  const C2lFilteredLeakyRelu *p = &op->p.filtered;
  const C2lTensor *x = op->in[0];

  return (CuFiltered){
    .x = x->data,
    .x_type = (int) x->dtype,
    .B = (int) x->dims[0],
    .H = (int) x->dims[1],
    .W = (int) x->dims[2],
    .C = (int) x->dims[3],
    .bias = cuda_floats (op->in[1]),
    .up_filter = cuda_floats (op->in[2]),
    .down_filter = cuda_floats (op->in[3]),
    .n_up = get_taps (op->in[2]),
    .n_down = get_taps (op->in[3]),
    .up_is_square = is_square (op->in[2]),
    .down_is_square = is_square (op->in[3]),
    .up = p->up,
    .down = p->down,
    .left = p->padding[0],
    .top = p->padding[2],
    .gain = p->gain,
    .slope = p->slope,
    .clamp = p->clamp,
    .out_h = (int) op->out->dims[1],
    .out_w = (int) op->out->dims[2],
    .y = op->out->data,
    .y_type = (int) op->out->dtype,
  };
}

C2L_CUDA_PREPARE (filtered)
{
  const CuFiltered f = get_filtered (op);

  if (cu_filtered_fits (&f))
    return TRUE;
  g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED,
               "filtered leaky relu: filters of %d and %d taps are more than a GPU's shared memory holds: use “cpu”", f.n_up, f.n_down);
  return FALSE;
}

C2L_CUDA_RUN (filtered)
{
  const CuFiltered f = get_filtered (op);

  cu_filtered (cuda_stream (device), &f);
}

C2L_CUDA_RUN (fourier)
{
  const C2lFourierFeatures *p = &op->p.fourier;

  cu_fourier (cuda_stream (device), op->in[0]->data, op->in[1]->data, op->in[2]->data, op->in[3]->data, op->out->data,
              (int) op->out->dims[0], p->size, (int) op->out->dims[3], p->sampling_rate, p->bandwidth);
}

C2L_CUDA_RUN (area_resize)
{
  const C2lAreaResize *p = &op->p.area;
  CuAreaResize area = {
    .H = (int) op->in[0]->dims[1],
    .W = (int) op->in[0]->dims[2],
    .size = p->size,
    .to_unit = p->to_unit,
    .normalize_before = p->normalize_before,
    .clamp = p->clamp,
    .normalize_after = p->normalize_after,
  };

  for (guint i = 0; i < G_N_ELEMENTS (area.mean); i++)
    {
      area.mean[i] = p->mean[i];
      area.std[i] = p->std[i];
    }
  cu_area_resize (cuda_stream (device), op->in[0]->data, &area, op->out->data, (int) op->in[0]->dims[0]);
}

C2L_CUDA_RUN (patches)
{
  const C2lTensor *x = op->in[0];

  cu_patches (cuda_stream (device), x->data, op->out->data, op->out->dtype, (int) x->dims[0], (int) x->dims[1], (int) x->dims[2],
              (int) x->dims[3], op->p.patches.patch);
}

C2L_CUDA_RUN (to_u8)
{
  cu_to_u8 (cuda_stream (device), op->in[0]->data, op->p.u8.rule == C2L_U8_TRUNCATE, op->out->data, c2l_tensor_get_length (op->out));
}
