/* Recording of the operations on pictures, [B, R, R, C]. */
#include "compute/ops-private.h"

/* The edge of a result below which sizes are surely damaged, and above which they are. */
#define MAX_EDGE (1 << 16)

static gboolean
is_picture (const C2lTensor *x)
{
  return x->n_dims == 4 && c2l_dtype_is_float (x->dtype);
}

static gboolean
is_weight_of_shape (const C2lTensor *tensor, int n_dims)
{
  return tensor->kind == C2L_TENSOR_WEIGHT && c2l_is_f32 (tensor) && tensor->n_dims == n_dims;
}

/* [n] or [n, n], or absent. */
static gboolean
is_filter (const C2lTensor *filter)
{
  if (!filter)
    return TRUE;
  return filter->kind == C2L_TENSOR_WEIGHT && c2l_is_f32 (filter) && filter->dims[0] >= 1
         && filter->dims[0] <= 256
         && (filter->n_dims == 1 || (filter->n_dims == 2 && filter->dims[1] == filter->dims[0]));
}

static gint64
filter_get_taps (const C2lTensor *filter)
{
  return filter ? filter->dims[0] : 1;
}

C2lTensor *
c2l_conv (C2lPass *pass, C2lTensor *x, const C2lConv *params)
{
  C2lTensor *weight = params->weight;

  if (!x || !weight)
    return NULL;

  int up = params->up ? params->up : 1;

  if (!is_picture (x) || !is_weight_of_shape (weight, 4) || !c2l_dtype_is_float (params->out_dtype))
    return C2L_OP_REFUSE (pass, C2L_OP_CONV, "wrong type", x, weight);

  gint64 k = weight->dims[2], in = weight->dims[1], out_channels = weight->dims[0],
         batch = x->dims[0];

  if (k != weight->dims[3] || (k != 1 && k != 3) || x->dims[3] != in)
    return C2L_OP_REFUSE (pass, C2L_OP_CONV, "kernel and channels do not fit", x, weight);
  if (up != 1
      && (up != 2 || k != 3 || !params->filter || !is_weight_of_shape (params->filter, 2)
          || params->filter->dims[0] != 4 || params->filter->dims[1] != 4))
    return C2L_OP_REFUSE (pass, C2L_OP_CONV, "up-sampling needs a 3×3 kernel and a 4×4 filter",
                          weight, params->filter);
  if (params->padding < 0 || params->padding > 16)
    return C2L_OP_REFUSE (pass, C2L_OP_CONV, "wrong padding", x, weight);

  gint64 height = up == 2 ? 2 * x->dims[1] : x->dims[1] + 2 * params->padding - k + 1;
  gint64 width = up == 2 ? 2 * x->dims[2] : x->dims[2] + 2 * params->padding - k + 1;

  if (height < 1 || width < 1 || height > MAX_EDGE || width > MAX_EDGE)
    return C2L_OP_REFUSE (pass, C2L_OP_CONV, "the picture is too small or too large", x, weight);
  if (!C2L_HAS_SHAPE (params->styles, batch, in)
      || !C2L_HAS_SHAPE (params->demod, batch, out_channels)
      || !C2L_HAS_SHAPE (params->bias, out_channels))
    return C2L_OP_REFUSE (pass, C2L_OP_CONV, "styles, demodulation or bias do not fit", x, weight,
                          params->styles, params->demod, params->bias);
  if (!C2L_HAS_SHAPE (params->noise, batch, height, width)
      && !C2L_HAS_SHAPE (params->noise, 1, height, width))
    return C2L_OP_REFUSE (pass, C2L_OP_CONV, "the noise has another size", x, weight,
                          params->noise);
  if (!C2L_HAS_SHAPE (params->residual, batch, height, width, out_channels))
    return C2L_OP_REFUSE (pass, C2L_OP_CONV, "the residual has another shape", x, weight,
                          params->residual);

  C2lOp op = { .kind = C2L_OP_CONV,
               .n_in = 8,
               .in = { x, weight, params->styles, params->demod, params->noise, params->bias,
                       params->residual, up == 2 ? params->filter : NULL },
               .p.conv = *params };

  op.p.conv.up = up;
  if (op.p.conv.gain == 0)
    op.p.conv.gain = 1;

  C2lTensor *out = c2l_pass_record (pass, &op, params->out_dtype, 4,
                                    (gint64[]){ batch, height, width, out_channels });

  /* Direct convolution: an up-convolution's zeros are not counted. */
  if (out)
    c2l_pass_add_flops (pass, 2.0 * (double) c2l_tensor_get_length (out) * (double) (in * k * k)
                                  / (up * up));
  return out;
}

C2lTensor *
c2l_demodulation (C2lPass *pass, C2lTensor *styles, C2lTensor *weight)
{
  if (!styles || !weight)
    return NULL;
  if (!is_weight_of_shape (weight, 4) || styles->n_dims != 2 || !c2l_is_f32 (styles)
      || styles->dims[1] != weight->dims[1])
    return C2L_OP_REFUSE (pass, C2L_OP_DEMODULATION, "styles do not fit the weight", styles,
                          weight);

  C2lOp op = { .kind = C2L_OP_DEMODULATION, .n_in = 2, .in = { styles, weight } };

  return c2l_pass_record (pass, &op, C2L_F32, 2, (gint64[]){ styles->dims[0], weight->dims[0] });
}

/* Size after up-sampling, padding, filtering by @taps in all, and keeping every @down-th. */
static gint64
resampled_size (gint64 size, int up, int down, int before, int after, gint64 taps)
{
  gint64 padded = size * up + before + after - taps;

  return padded < 0 ? 0 : padded / down + 1;
}

static gboolean
is_resampling (int up, int down, const int padding[4])
{
  for (int i = 0; i < 4; i++)
    if (padding[i] < -MAX_EDGE || padding[i] > MAX_EDGE)
      return FALSE;
  return up >= 1 && up <= 16 && down >= 1 && down <= 16;
}

C2lTensor *
c2l_resample (C2lPass *pass, C2lTensor *x, const C2lResample *params)
{
  if (!x)
    return NULL;
  if (!is_picture (x) || !is_filter (params->filter)
      || !is_resampling (params->up, params->down, params->padding))
    return C2L_OP_REFUSE (pass, C2L_OP_RESAMPLE, "wrong filter or factors", x, params->filter);

  gint64 taps = filter_get_taps (params->filter);
  const int *padding = params->padding;
  gint64 height
      = resampled_size (x->dims[1], params->up, params->down, padding[2], padding[3], taps);
  gint64 width
      = resampled_size (x->dims[2], params->up, params->down, padding[0], padding[1], taps);

  if (height < 1 || width < 1 || height > MAX_EDGE || width > MAX_EDGE)
    return C2L_OP_REFUSE (pass, C2L_OP_RESAMPLE, "the picture is too small or too large", x,
                          params->filter);

  C2lOp op
      = { .kind = C2L_OP_RESAMPLE, .n_in = 2, .in = { x, params->filter }, .p.resample = *params };

  if (op.p.resample.gain == 0)
    op.p.resample.gain = 1;
  return c2l_pass_record (pass, &op, C2L_F32, 4,
                          (gint64[]){ x->dims[0], height, width, x->dims[3] });
}

C2lTensor *
c2l_filtered_leaky_relu (C2lPass *pass, C2lTensor *x, const C2lFilteredLeakyRelu *params)
{
  if (!x)
    return NULL;
  if (!is_picture (x) || !is_filter (params->up_filter) || !is_filter (params->down_filter)
      || !is_resampling (params->up, params->down, params->padding)
      || !c2l_dtype_is_float (params->out_dtype) || !C2L_HAS_SHAPE (params->bias, x->dims[3]))
    return C2L_OP_REFUSE (pass, C2L_OP_FILTERED_LEAKY_RELU, "wrong filters, factors or bias", x,
                          params->up_filter, params->down_filter, params->bias);

  gint64 taps = filter_get_taps (params->up_filter) + filter_get_taps (params->down_filter) - 1;
  const int *padding = params->padding;
  gint64 height
      = resampled_size (x->dims[1], params->up, params->down, padding[2], padding[3], taps);
  gint64 width
      = resampled_size (x->dims[2], params->up, params->down, padding[0], padding[1], taps);

  if (height < 1 || width < 1 || height > MAX_EDGE || width > MAX_EDGE)
    return C2L_OP_REFUSE (pass, C2L_OP_FILTERED_LEAKY_RELU, "the picture is too small or too large",
                          x);

  C2lOp op = { .kind = C2L_OP_FILTERED_LEAKY_RELU,
               .n_in = 4,
               .in = { x, params->bias, params->up_filter, params->down_filter },
               .p.filtered = *params };

  return c2l_pass_record (pass, &op, params->out_dtype, 4,
                          (gint64[]){ x->dims[0], height, width, x->dims[3] });
}

C2lTensor *
c2l_fourier_features (C2lPass *pass, const C2lFourierFeatures *params)
{
  C2lTensor *affine = params->affine, *freqs = params->freqs;

  if (!affine || !params->transform || !freqs || !params->phases)
    return NULL;
  if (affine->n_dims != 2 || !c2l_is_f32 (affine) || affine->dims[1] != 4
      || !C2L_HAS_SHAPE (params->transform, 3, 3) || freqs->n_dims != 2 || !c2l_is_f32 (freqs)
      || freqs->dims[1] != 2 || !C2L_HAS_SHAPE (params->phases, freqs->dims[0]) || params->size < 1
      || params->size > MAX_EDGE)
    return C2L_OP_REFUSE (pass, C2L_OP_FOURIER_FEATURES, "wrong shapes", affine, params->transform,
                          freqs, params->phases);

  C2lOp op = { .kind = C2L_OP_FOURIER_FEATURES,
               .n_in = 4,
               .in = { affine, params->transform, freqs, params->phases },
               .p.fourier = *params };

  return c2l_pass_record (
      pass, &op, C2L_F32, 4,
      (gint64[]){ affine->dims[0], params->size, params->size, freqs->dims[0] });
}

C2lTensor *
c2l_area_resize (C2lPass *pass, C2lTensor *x, const C2lAreaResize *params)
{
  if (!x)
    return NULL;
  if (!is_picture (x) || !c2l_is_f32 (x) || x->dims[3] != 3 || x->dims[1] < 1 || x->dims[2] < 1
      || params->size < 1 || params->size > MAX_EDGE)
    return C2L_OP_REFUSE (pass, C2L_OP_AREA_RESIZE, "not an RGB picture", x);

  C2lOp op = { .kind = C2L_OP_AREA_RESIZE, .n_in = 1, .in = { x }, .p.area = *params };

  return c2l_pass_record (pass, &op, C2L_F32, 4,
                          (gint64[]){ x->dims[0], params->size, params->size, 3 });
}

C2lTensor *
c2l_patches (C2lPass *pass, C2lTensor *x, int patch, C2lDtype out_dtype)
{
  if (!x)
    return NULL;
  if (!is_picture (x) || !c2l_is_f32 (x) || patch < 1 || x->dims[1] % patch || x->dims[2] % patch
      || !c2l_dtype_is_float (out_dtype))
    return C2L_OP_REFUSE (pass, C2L_OP_PATCHES, "the picture is no multiple of the patch", x);

  C2lOp op = { .kind = C2L_OP_PATCHES, .n_in = 1, .in = { x }, .p.patches.patch = patch };
  gint64 n = (x->dims[1] / patch) * (x->dims[2] / patch);

  return c2l_pass_record (pass, &op, out_dtype, 3,
                          (gint64[]){ x->dims[0], n, x->dims[3] * patch * patch });
}

C2lTensor *
c2l_to_u8 (C2lPass *pass, C2lTensor *x, C2lU8Rule rule)
{
  if (!x)
    return NULL;
  if (!is_picture (x) || !c2l_is_f32 (x))
    return C2L_OP_REFUSE (pass, C2L_OP_TO_U8, "not a picture", x);

  C2lOp op = { .kind = C2L_OP_TO_U8, .n_in = 1, .in = { x }, .p.u8.rule = rule };

  return c2l_pass_record (pass, &op, C2L_U8, 4, x->dims);
}
