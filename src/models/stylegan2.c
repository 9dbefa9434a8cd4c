/* Records StyleGAN2's synthesis network. Activations between convolutions are in the pass's compute
 * type, pictures and the running picture of the skip branches in float32. The pass must not outlive
 * the network. */
#include "models/stylegan2.h"

#include "models/streams.h"

typedef struct
{
  C2lStylegan2 *network;
  C2lPass *pass;
  C2lTensor *ws;
  const C2lSynthesis *options;
  gint64 batch;
  C2lDtype dtype; /* of activations */
  int w_index;    /* latent of the next convolution */
} Recording;

/* Latent @index of every picture, [B, w_dim]. */
static C2lTensor *
take_w (Recording *rec, int index)
{
  C2lTensor *w = c2l_slice (rec->pass, rec->ws, 1, index, 1);

  return c2l_reshape (rec->pass, w, 2, (gint64[]){ rec->batch, rec->network->w_dim });
}

static C2lTensor *
apply_affine (Recording *rec, const C2lDense *affine, int w_index)
{
  return c2l_gemm (rec->pass, take_w (rec, w_index), affine->weight,
                   &(C2lEpilogue){ .bias = affine->bias });
}

/* Up-samples by two with @filter of @n_taps, @margin pixels larger on each side. */
static C2lTensor *
upsample (Recording *rec, C2lTensor *x, C2lTensor *filter, gint64 n_taps, int margin)
{
  int before = margin + (int) (n_taps + 1) / 2;
  int after = margin + (int) n_taps / 2 - 1;
  C2lResample params = {
    .filter = filter,
    .up = 2,
    .down = 1,
    .padding = { before, after, before, after },
    .gain = 4,
  };

  return c2l_resample (rec->pass, x, &params);
}

/* The noise of a layer, or NULL for none. */
static C2lTensor *
make_noise (Recording *rec, const C2lStylegan2Conv *conv)
{
  const C2lSynthesis *options = rec->options;
  gint64 dims[] = { rec->batch, conv->resolution, conv->resolution };

  if (conv->noise_index < 0 || conv->noise_strength == 0 || options->noise_mode == C2L_NOISE_NONE)
    return NULL;
  if (options->noise_mode == C2L_NOISE_CONST)
    return conv->noise_const;
  if (options->noise != NULL)
    return options->noise[conv->noise_index];

  if (options->noise_keys == NULL)
    c2l_pass_fail (rec->pass, C2L_COMPUTE_ERROR_FAILED,
                   "random noise was asked for without saying where it comes from");
  return c2l_random_normal (rec->pass, options->noise_keys,
                            C2L_STREAM_LAYER_NOISE + (guint32) conv->noise_index, 3, dims);
}

static C2lTensor *
record_conv (Recording *rec,
             const C2lStylegan2Conv *conv,
             C2lTensor *x,
             float gain,
             C2lDtype out_dtype)
{
  C2lTensor *styles = apply_affine (rec, &conv->affine, rec->w_index++);
  gboolean fused_up = conv->up == 2 && !conv->presampled;
  int padding = conv->kernel / 2;

  if (conv->presampled)
    {
      x = upsample (rec, x, conv->filter, conv->n_taps, padding);
      padding = 0;
    }

  C2lConv params = {
    .weight = conv->weight,
    .styles = styles,
    .demod = c2l_demodulation (rec->pass, styles, conv->weight),
    .noise = make_noise (rec, conv),
    .noise_strength = conv->noise_strength,
    .bias = conv->bias,
    .up = fused_up ? 2 : 1,
    .padding = fused_up ? 0 : padding,
    .filter = fused_up ? conv->filter : NULL,
    .act = rec->network->act,
    .gain = rec->network->act_gain * gain,
    .clamp = rec->network->clamp * gain,
    .out_dtype = out_dtype,
  };
  x = c2l_conv (rec->pass, x, &params);
  c2l_pass_tap (rec->pass, x, "act.%s", conv->name);
  return x;
}

/* Adds this block's picture to the running one, which is up-sampled to its size first. */
static C2lTensor *
record_torgb (Recording *rec, const C2lStylegan2Block *block, C2lTensor *x, C2lTensor *img)
{
  C2lConv params = {
    .weight = block->torgb_weight,
    .styles = apply_affine (rec, &block->torgb_affine, rec->w_index),
    .bias = block->torgb_bias,
    .clamp = rec->network->clamp,
    .residual = img,
  };

  /* The picture of one block alone is seen in no other way than by computing it alone. */
  if (c2l_pass_has_taps (rec->pass))
    {
      params.residual = NULL;
      C2lTensor *alone = c2l_conv (rec->pass, x, &params);
      c2l_pass_tap (rec->pass, alone, "act.b%d.torgb", block->resolution);
      return img != NULL ? c2l_add (rec->pass, alone, img) : alone;
    }
  return c2l_conv (rec->pass, x, &params);
}

/* Residual branch of a resnet block: 1×1 convolution, then up-sampling, in float32. */
static C2lTensor *
record_skip (Recording *rec, const C2lStylegan2Block *block, C2lTensor *x)
{
  C2lTensor *y = c2l_conv (rec->pass, x, &(C2lConv){ .weight = block->skip_weight });

  return upsample (rec, y, block->skip_filter, block->n_skip_taps, 0);
}

static void
record_block (Recording *rec, const C2lStylegan2Block *block, C2lTensor **x, C2lTensor **img)
{
  if (block->skip_weight != NULL)
    {
      C2lTensor *skip = record_skip (rec, block, *x);
      C2lTensor *y = record_conv (rec, &block->conv0, *x, 1, rec->dtype);

      y = record_conv (rec, &block->conv1, y, (float) (G_SQRT2 / 2), C2L_F32);
      y = c2l_add (rec->pass, y, skip);
      *x = rec->dtype != C2L_F32 ? c2l_cast (rec->pass, y, rec->dtype) : y;
    }
  else
    {
      if (block->conv0.name != NULL)
        *x = record_conv (rec, &block->conv0, *x, 1, rec->dtype);
      *x = record_conv (rec, &block->conv1, *x, 1, rec->dtype);
    }
  c2l_pass_tap (rec->pass, *x, "act.b%d.x", block->resolution);

  if (*img != NULL)
    *img = upsample (rec, *img, block->filter, block->n_taps, 0);
  if (block->has_torgb)
    {
      *img = record_torgb (rec, block, *x, *img);
      c2l_pass_tap (rec->pass, *img, "act.b%d.img", block->resolution);
    }
}

C2lTensor *
c2l_stylegan2_forward (C2lStylegan2 *network,
                       C2lPass *pass,
                       C2lTensor *ws,
                       const C2lSynthesis *options)
{
  gboolean preview = network->architecture == C2L_STYLEGAN2_SKIP && options->max_resolution > 0;
  Recording rec = {
    .network = network,
    .pass = pass,
    .ws = ws,
    .options = options,
    .batch = c2l_tensor_get_dim (ws, 0),
    .dtype = c2l_pass_get_compute_dtype (pass),
  };

  gint64 dims[] = { rec.batch, 4, 4, c2l_tensor_get_dim (network->constant, 3) };
  C2lTensor *x = c2l_expand (pass, network->constant, G_N_ELEMENTS (dims), dims);
  C2lTensor *img = NULL;
  if (rec.dtype != C2L_F32)
    x = c2l_cast (pass, x, rec.dtype);

  for (guint i = 0; i < network->blocks->len; i++)
    {
      const C2lStylegan2Block *block = g_ptr_array_index (network->blocks, i);

      if (c2l_pass_has_failed (pass)
          || (preview && i > 0 && block->resolution > options->max_resolution))
        break;
      record_block (&rec, block, &x, &img);
    }
  return img;
}
