/* Made-up generators of the published sizes, under the names of NVIDIA's state dicts. */
#include "models/synthetic-private.h"

#include <math.h>

#define W_DIM 512
#define LR_MULTIPLIER 0.01f
#define NOISE_STRENGTH 0.1f
#define CONV_CLAMP 256

#define DIMS(...)                                                                                  \
  G_N_ELEMENTS (((gint64[]){ __VA_ARGS__ })), (gint64[]) { __VA_ARGS__ }

/* A fully connected layer as it is initialised: its gain makes unit variance of unit variance. */
static void
add_dense (C2lFiller *filler, gint64 n_out, gint64 n_in, float lr, float bias, const char *name)
{
  c2l_filler_add_normal (filler, C2L_F32, 0, 1 / lr, DIMS (n_out, n_in), "%s.weight", name);
  c2l_filler_add_normal (filler, C2L_F32, bias / lr, 0.1f / lr, DIMS (n_out), "%s.bias", name);
}

static void
add_mapping (C2lFiller *filler, int n_layers)
{
  for (int i = 0; i < n_layers; i++)
    {
      g_autofree char *name = g_strdup_printf ("mapping.fc%d", i);
      add_dense (filler, W_DIM, W_DIM, LR_MULTIPLIER, 0, name);
    }
  c2l_filler_add_normal (filler, C2L_F32, 0, 0.1f, DIMS (W_DIM), "mapping.w_avg");
}

static JsonObject *
new_config (const char *class_name, int num_ws, int resolution)
{
  JsonObject *config = json_object_new ();
  JsonObject *mapping = json_object_new ();

  json_object_set_string_member (config, "class", class_name);
  json_object_set_int_member (config, "z_dim", W_DIM);
  json_object_set_int_member (config, "c_dim", 0);
  json_object_set_int_member (config, "w_dim", W_DIM);
  json_object_set_int_member (config, "num_ws", num_ws);
  json_object_set_int_member (config, "img_resolution", resolution);
  json_object_set_int_member (config, "img_channels", 3);
  json_object_set_double_member (mapping, "lr_multiplier", LR_MULTIPLIER);
  json_object_set_object_member (config, "mapping", mapping);
  return config;
}

/* StyleGAN2, configuration F. */

static void
add_filter (C2lFiller *filler, const char *name)
{
  static const float taps[4] = { 1, 3, 3, 1 };
  float values[16];

  for (int i = 0; i < 16; i++)
    values[i] = taps[i / 4] * taps[i % 4] / 64;
  c2l_filler_add_values (filler, values, DIMS (4, 4), "%s.resample_filter", name);
}

static void
add_conv (C2lFiller *filler, int resolution, const char *which, gint64 n_in, gint64 n_out)
{
  static const float strength = NOISE_STRENGTH;
  g_autofree char *name = g_strdup_printf ("synthesis.b%d.%s", resolution, which);
  g_autofree char *affine = g_strconcat (name, ".affine", NULL);

  c2l_filler_add_normal (filler, C2L_F32, 0, 1, DIMS (n_out, n_in, 3, 3), "%s.weight", name);
  c2l_filler_add_normal (filler, C2L_F32, 0, 0.1f, DIMS (n_out), "%s.bias", name);
  c2l_filler_add_normal (filler, C2L_F32, 0, 1, DIMS (resolution, resolution), "%s.noise_const",
                         name);
  c2l_filler_add_values (filler, &strength, 0, NULL, "%s.noise_strength", name);
  add_filter (filler, name);
  add_dense (filler, n_in, W_DIM, 1, 1, affine);
}

static void
add_torgb (C2lFiller *filler, int resolution, gint64 n_in)
{
  g_autofree char *name = g_strdup_printf ("synthesis.b%d.torgb", resolution);
  g_autofree char *affine = g_strconcat (name, ".affine", NULL);

  c2l_filler_add_normal (filler, C2L_F32, 0, 0.2f, DIMS (3, n_in, 1, 1), "%s.weight", name);
  c2l_filler_add_normal (filler, C2L_F32, 0, 0.05f, DIMS (3), "%s.bias", name);
  add_dense (filler, n_in, W_DIM, 1, 1, affine);
}

void
c2l_synthetic_fill_stylegan2 (C2lFiller *filler)
{
  const int resolution = 1024;
  gint64 n_in = 0;
  int n_blocks = 0;

  add_mapping (filler, 8);
  for (int res = 4; res <= resolution; res *= 2, n_blocks++)
    {
      gint64 n_out = MIN (32768 / res, 512);
      g_autofree char *block = g_strdup_printf ("synthesis.b%d", res);

      add_filter (filler, block);
      if (res == 4)
        c2l_filler_add_normal (filler, C2L_F32, 0, 1, DIMS (n_out, 4, 4), "%s.const", block);
      else
        add_conv (filler, res, "conv0", n_in, n_out);
      add_conv (filler, res, "conv1", n_out, n_out);
      add_torgb (filler, res, n_out);
      n_in = n_out;
    }

  JsonObject *config = new_config ("stylegan2", 2 * n_blocks, resolution);
  JsonObject *synthesis = json_object_new ();
  json_object_set_string_member (synthesis, "architecture", "skip");
  json_object_set_int_member (synthesis, "conv_clamp", CONV_CLAMP);
  json_object_set_object_member (config, "synthesis", synthesis);
  c2l_weights_set_config (filler->weights, config);
  json_object_unref (config);
}

/* StyleGAN3-T. */

enum
{
  SG3_RESOLUTION = 256,
  SG3_LAYERS = 14, /* without toRGB */
  SG3_CRITICAL = 2,
  SG3_MARGIN = 10,
  SG3_FILTER_SIZE = 6,
  SG3_CHANNEL_BASE = 32768,
  SG3_CHANNEL_MAX = 512
};

/* What each layer makes (Karras et al. 2021, section 3.2). */
typedef struct
{
  double cutoff, half_width;
  int sampling_rate, size, channels;
} LayerSpec;

static LayerSpec
layer_spec (int index)
{
  const double first_cutoff = 2, first_stopband = pow (2, 2.1);
  const double last_cutoff = SG3_RESOLUTION / 2.0, last_stopband = last_cutoff * pow (2, 0.3);
  double exponent = fmin (index / (double) (SG3_LAYERS - SG3_CRITICAL), 1);
  double stopband = first_stopband * pow (last_stopband / first_stopband, exponent);
  LayerSpec spec = { .cutoff = first_cutoff * pow (last_cutoff / first_cutoff, exponent) };

  spec.sampling_rate = (int) exp2 (ceil (log2 (fmin (stopband * 2, SG3_RESOLUTION))));
  spec.half_width = fmax (stopband, spec.sampling_rate / 2.0) - spec.cutoff;
  spec.size = index >= SG3_LAYERS - 1 ? SG3_RESOLUTION : spec.sampling_rate + 2 * SG3_MARGIN;
  spec.channels = index == SG3_LAYERS
                      ? 3
                      : (int) rint (fmin (SG3_CHANNEL_BASE / 2.0 / spec.cutoff, SG3_CHANNEL_MAX));
  return spec;
}

/* Modified Bessel function of the first kind, order 0, by its series. */
static double
bessel_i0 (double x)
{
  double sum = 1, term = 1;

  for (int k = 1; k < 60; k++)
    {
      term *= (x / 2 / k) * (x / 2 / k);
      sum += term;
    }
  return sum;
}

/* Low-pass filter with a Kaiser window, as scipy.signal.firwin designs it. */
static void
add_lowpass (C2lFiller *filler,
             int n_taps,
             double cutoff,
             double width,
             double rate,
             const char *name)
{
  g_autofree float *taps = g_new (float, n_taps);
  double attenuation = 2.285 * (n_taps - 1) * G_PI * (width / (rate / 2)) + 7.95;
  double beta = attenuation > 50 ? 0.1102 * (attenuation - 8.7)
                : attenuation > 21
                    ? 0.5842 * pow (attenuation - 21, 0.4) + 0.07886 * (attenuation - 21)
                    : 0;
  double sum = 0;

  for (int i = 0; i < n_taps; i++)
    {
      double t = i - (n_taps - 1) / 2.0, x = 2 * cutoff / rate * t, edge = 2 * t / (n_taps - 1);
      double sinc = x == 0 ? 1 : sin (G_PI * x) / (G_PI * x);

      taps[i] = (float) (sinc * bessel_i0 (beta * sqrt (fmax (1 - edge * edge, 0))));
      sum += taps[i];
    }
  for (int i = 0; i < n_taps; i++)
    taps[i] = (float) (taps[i] / sum);
  c2l_filler_add_values (filler, taps, DIMS (n_taps), "%s", name);
}

/* The factors and filters of a layer, and what its module says of them. */
static JsonObject *
add_resampling (C2lFiller *filler,
                const char *name,
                const LayerSpec *in,
                const LayerSpec *out,
                gboolean is_torgb)
{
  int rate = MAX (in->sampling_rate, out->sampling_rate) * (is_torgb ? 1 : 2);
  int up = rate / in->sampling_rate, down = rate / out->sampling_rate;
  JsonObject *config = json_object_new ();

  if (up > 1 && !is_torgb)
    {
      g_autofree char *filter = g_strconcat ("synthesis.", name, ".up_filter", NULL);
      add_lowpass (filler, SG3_FILTER_SIZE * up, in->cutoff, in->half_width * 2, rate, filter);
    }
  if (down > 1 && !is_torgb)
    {
      g_autofree char *filter = g_strconcat ("synthesis.", name, ".down_filter", NULL);
      add_lowpass (filler, SG3_FILTER_SIZE * down, out->cutoff, out->half_width * 2, rate, filter);
    }
  json_object_set_int_member (config, "up_factor", up);
  json_object_set_int_member (config, "down_factor", down);
  json_object_set_int_member (config, "in_size", in->size);
  json_object_set_int_member (config, "out_size", out->size);
  json_object_set_int_member (config, "conv_clamp", CONV_CLAMP);
  return config;
}

static void
add_fourier_input (C2lFiller *filler, const LayerSpec *spec)
{
  static const float identity[9] = { 1, 0, 0, 0, 1, 0, 0, 0, 1 }, still[4] = { 1, 0, 0, 0 };
  gint64 channels = spec->channels;

  c2l_filler_add_normal (filler, C2L_F32, 0, (float) spec->cutoff / 2, DIMS (channels, 2),
                         "synthesis.input.freqs");
  c2l_filler_add_normal (filler, C2L_F32, 0, 0.25f, DIMS (channels), "synthesis.input.phases");
  c2l_filler_add_normal (filler, C2L_F32, 0, 1, DIMS (channels, channels),
                         "synthesis.input.weight");
  c2l_filler_add_normal (filler, C2L_F32, 0, 0.1f, DIMS (4, W_DIM),
                         "synthesis.input.affine.weight");
  c2l_filler_add_values (filler, still, DIMS (4), "synthesis.input.affine.bias");
  c2l_filler_add_values (filler, identity, DIMS (3, 3), "synthesis.input.transform");
}

static JsonObject *
add_sg3_layer (C2lFiller *filler, int index, char **name)
{
  static const float magnitude = 1;
  LayerSpec in = layer_spec (MAX (index - 1, 0)), out = layer_spec (index);
  gboolean is_torgb = index == SG3_LAYERS;
  int kernel = is_torgb ? 1 : 3;

  *name = g_strdup_printf ("L%d_%d_%d", index, out.size, out.channels);
  g_autofree char *affine = g_strconcat ("synthesis.", *name, ".affine", NULL);
  c2l_filler_add_normal (filler, C2L_F32, 0, 1, DIMS (out.channels, in.channels, kernel, kernel),
                         "synthesis.%s.weight", *name);
  c2l_filler_add_normal (filler, C2L_F32, 0, 0.1f, DIMS (out.channels), "synthesis.%s.bias", *name);
  c2l_filler_add_values (filler, &magnitude, 0, NULL, "synthesis.%s.magnitude_ema", *name);
  add_dense (filler, in.channels, W_DIM, 1, 1, affine);
  return add_resampling (filler, *name, &in, &out, is_torgb);
}

void
c2l_synthetic_fill_stylegan3 (C2lFiller *filler)
{
  JsonObject *config = new_config ("stylegan3", SG3_LAYERS + 2, SG3_RESOLUTION);
  JsonObject *synthesis = json_object_new (), *layers = json_object_new (),
             *input = json_object_new ();
  LayerSpec first = layer_spec (0);

  add_mapping (filler, 2);
  add_fourier_input (filler, &first);
  for (int i = 0; i <= SG3_LAYERS; i++)
    {
      g_autofree char *name = NULL;
      JsonObject *layer = add_sg3_layer (filler, i, &name);

      json_object_set_object_member (layers, name, layer);
    }

  json_object_set_int_member (input, "size", first.size);
  json_object_set_double_member (input, "sampling_rate", first.sampling_rate);
  json_object_set_double_member (input, "bandwidth", first.cutoff);
  json_object_set_object_member (synthesis, "input", input);
  json_object_set_object_member (synthesis, "layers", layers);
  json_object_set_double_member (synthesis, "output_scale", 0.25);
  json_object_set_object_member (config, "synthesis", synthesis);
  c2l_weights_set_config (filler->weights, config);
  json_object_unref (config);
}
