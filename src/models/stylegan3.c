/* Records StyleGAN3's synthesis network. Activations are in the pass's compute type; Fourier
 * features and the picture in float32. The pass must not outlive the network.
 *
 * The original divides the styles by their root mean square over the whole batch; here over each
 * picture, so that a picture does not depend on its neighbours. Demodulation cancels the factor, up
 * to its epsilon of 1e-8 beside sums of about in · k². */
#include "models/stylegan3.h"

#define STYLE_EPS 1e-30f /* keeps a picture whose styles are all zero from becoming NaN */

/* Latent @index of every picture, [B, w_dim]. */
static C2lTensor *
take_w (C2lStylegan3 *network, C2lPass *pass, C2lTensor *ws, int index)
{
  C2lTensor *w = c2l_slice (pass, ws, 1, index, 1);

  return c2l_reshape (pass, w, 2, (gint64[]){ c2l_tensor_get_dim (ws, 0), network->w_dim });
}

static C2lTensor *
record_input (C2lStylegan3 *network, C2lPass *pass, C2lTensor *w, const C2lSynthesis *options)
{
  C2lFourierFeatures params = {
    .affine = c2l_gemm (pass, w, network->input_affine.weight,
                        &(C2lEpilogue){ .bias = network->input_affine.bias }),
    .transform = options->transform != NULL ? options->transform : network->transform,
    .freqs = network->freqs,
    .phases = network->phases,
    .size = network->input_size,
    .sampling_rate = network->sampling_rate,
    .bandwidth = network->bandwidth,
  };
  C2lTensor *features
      = c2l_gemm (pass, c2l_fourier_features (pass, &params), network->mixing, NULL);
  C2lDtype dtype = c2l_pass_get_compute_dtype (pass);

  return dtype != C2L_F32 ? c2l_cast (pass, features, dtype) : features;
}

/* A layer's bias, filters and clamp around a leaky ReLU; one of slope 1 is none. */
static C2lFilteredLeakyRelu
get_activation (const C2lStylegan3Layer *layer, float gain, float slope)
{
  return (C2lFilteredLeakyRelu){
    .bias = layer->bias,
    .up_filter = layer->up_filter,
    .down_filter = layer->down_filter,
    .up = layer->up,
    .down = layer->down,
    .padding = { layer->padding[0], layer->padding[1], layer->padding[2], layer->padding[3] },
    .gain = gain,
    .slope = slope,
    .clamp = layer->clamp,
  };
}

static C2lTensor *
record_torgb (const C2lStylegan3Layer *layer, C2lPass *pass, C2lTensor *x, C2lTensor *styles)
{
  C2lTensor *y = c2l_conv (
      pass, x,
      &(C2lConv){ .weight = layer->weight, .styles = styles, .padding = layer->kernel - 1 });
  C2lFilteredLeakyRelu params = get_activation (layer, 1, 1);

  return c2l_filtered_leaky_relu (pass, y, &params);
}

static C2lTensor *
record_layer (const C2lStylegan3Layer *layer, C2lPass *pass, C2lTensor *x, C2lTensor *styles)
{
  styles = c2l_rms_normalize (pass, styles, STYLE_EPS);

  C2lConv conv = {
    .weight = layer->weight,
    .styles = styles,
    .demod = c2l_demodulation (pass, styles, layer->weight),
    .padding = layer->kernel - 1,
    .gain = layer->input_gain,
    .out_dtype = c2l_pass_get_compute_dtype (pass),
  };
  C2lFilteredLeakyRelu params = get_activation (layer, (float) G_SQRT2, 0.2f);

  params.out_dtype = c2l_pass_get_compute_dtype (pass);
  return c2l_filtered_leaky_relu (pass, c2l_conv (pass, x, &conv), &params);
}

C2lTensor *
c2l_stylegan3_forward (C2lStylegan3 *network,
                       C2lPass *pass,
                       C2lTensor *ws,
                       const C2lSynthesis *options)
{
  C2lTensor *x = record_input (network, pass, take_w (network, pass, ws, 0), options);

  c2l_pass_tap (pass, x, "act.input");
  for (guint i = 0; i < network->layers->len; i++)
    {
      const C2lStylegan3Layer *layer = g_ptr_array_index (network->layers, i);
      C2lTensor *styles
          = c2l_gemm (pass, take_w (network, pass, ws, (int) i + 1), layer->affine.weight,
                      &(C2lEpilogue){ .bias = layer->affine.bias });

      x = layer->is_torgb ? record_torgb (layer, pass, x, styles)
                          : record_layer (layer, pass, x, styles);
      c2l_pass_tap (pass, x, "act.%s", layer->name);
    }

  if (network->output_scale == 1)
    return x;
  return c2l_combine (pass, 1, &x, &network->output_scale);
}
