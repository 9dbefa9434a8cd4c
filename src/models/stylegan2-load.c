/* Reads StyleGAN2's synthesis network from the state dict of NVIDIA's PyTorch class. Every size
 * comes from the tensors; what the configuration says besides (resolution, architecture, number of
 * latents) must agree with them, or the file is refused. */
#include "models/stylegan2.h"

#include "models/mapping.h"
#include "models/synthesis-load.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const architecture_names[] = { "skip", "orig", "resnet" };

static void
conv_clear (C2lStylegan2Conv *conv)
{
  g_free (conv->name);
  c2l_dense_clear (&conv->affine);
  g_clear_pointer (&conv->weight, c2l_tensor_unref);
  g_clear_pointer (&conv->bias, c2l_tensor_unref);
  g_clear_pointer (&conv->filter, c2l_tensor_unref);
  g_clear_pointer (&conv->noise_const, c2l_tensor_unref);
}

static void
block_free (C2lStylegan2Block *block)
{
  conv_clear (&block->conv0);
  conv_clear (&block->conv1);
  c2l_dense_clear (&block->torgb_affine);
  g_clear_pointer (&block->torgb_weight, c2l_tensor_unref);
  g_clear_pointer (&block->torgb_bias, c2l_tensor_unref);
  g_clear_pointer (&block->filter, c2l_tensor_unref);
  g_clear_pointer (&block->skip_weight, c2l_tensor_unref);
  g_clear_pointer (&block->skip_filter, c2l_tensor_unref);
  g_free (block);
}

void
c2l_stylegan2_free (C2lStylegan2 *network)
{
  if (network == NULL)
    return;

  g_clear_pointer (&network->constant, c2l_tensor_unref);
  g_clear_pointer (&network->blocks, g_ptr_array_unref);
  g_clear_pointer (&network->noise_layers, g_array_unref);
  g_free (network);
}

/* The filter of an up-sampling layer; files that store none mean the usual one. */
static C2lTensor *
load_filter (C2lLoader *loader, const char *layer)
{
  static const float taps[] = { 1, 3, 3, 1 };
  float usual[16];

  if (c2l_loader_find (loader, "synthesis.%s.resample_filter", layer) != NULL)
    return c2l_loader_get_filter (loader, "synthesis.%s.resample_filter", layer);

  for (int i = 0; i < 16; i++)
    usual[i] = taps[i / 4] * taps[i % 4] / 64;
  return c2l_loader_make_tensor (loader, 2, (gint64[]){ 4, 4 }, usual);
}

/* A convolution kernel turned by 180°: a true convolution as a correlation. */
static C2lTensor *
load_flipped (C2lLoader *loader, const gint64 *dims, const char *name)
{
  const C2lArray *array = c2l_loader_need (loader, 4, dims, "synthesis.%s.weight", name);
  if (array == NULL)
    return NULL;

  g_autofree float *data = c2l_array_dup_f32 (array);
  gsize n_taps = (gsize) (dims[2] * dims[3]);
  for (gsize start = 0; start < array->length; start += n_taps)
    for (gsize i = 0; i < n_taps / 2; i++)
      {
        float tap = data[start + i];
        data[start + i] = data[start + n_taps - 1 - i];
        data[start + n_taps - 1 - i] = tap;
      }
  return c2l_loader_make_tensor (loader, 4, dims, data);
}

static void
load_noise (C2lStylegan2 *network, C2lStylegan2Conv *conv, C2lLoader *loader)
{
  gint64 size = conv->resolution;

  conv->noise_index = -1;
  if (c2l_loader_find (loader, "synthesis.%s.noise_strength", conv->name) == NULL)
    return;

  conv->noise_strength = c2l_loader_get_scalar (loader, "synthesis.%s.noise_strength", conv->name);
  conv->noise_index = (int) network->noise_layers->len;
  g_array_append_val (network->noise_layers, ((C2lNoiseLayer){ conv->name, conv->resolution }));

  if (c2l_loader_find (loader, "synthesis.%s.noise_const", conv->name) == NULL)
    return;
  const C2lArray *array = c2l_loader_need (loader, 2, (gint64[]){ size, size },
                                           "synthesis.%s.noise_const", conv->name);
  if (array == NULL)
    return;
  g_autofree float *data = c2l_array_dup_f32 (array);
  conv->noise_const = c2l_loader_make_tensor (loader, 3, (gint64[]){ 1, size, size }, data);
}

/* Returns the number of channels of its result. */
static gint64
load_conv (C2lStylegan2 *network,
           C2lStylegan2Conv *conv,
           C2lLoader *loader,
           int resolution,
           const char *which,
           int up,
           gint64 n_in)
{
  conv->name = g_strdup_printf ("b%d.%s", resolution, which);
  conv->resolution = resolution;
  conv->up = up;

  const C2lArray *weight = c2l_synthesis_need_kernel (loader, conv->name, n_in);
  if (weight == NULL)
    return 0;

  conv->kernel = (int) weight->dims[2];
  if (up == 2)
    {
      conv->filter = load_filter (loader, conv->name);
      conv->n_taps = c2l_synthesis_count_taps (conv->filter);
      conv->presampled
          = conv->kernel != 3 || conv->n_taps != 4 || c2l_tensor_get_n_dims (conv->filter) != 2;
    }

  gint64 n_out = weight->dims[0];
  conv->weight = conv->presampled ? load_flipped (loader, weight->dims, conv->name)
                                  : c2l_loader_get_tensor (loader, 1, 4, weight->dims,
                                                           "synthesis.%s.weight", conv->name);
  conv->bias = c2l_loader_get_tensor (loader, 1, 1, &n_out, "synthesis.%s.bias", conv->name);
  conv->affine = c2l_loader_get_dense (loader, 1, 1, n_in, network->w_dim, "synthesis.%s.affine",
                                       conv->name);
  load_noise (network, conv, loader);
  return n_out;
}

static void
load_torgb (C2lStylegan2 *network, C2lStylegan2Block *block, C2lLoader *loader, gint64 n_in)
{
  int res = block->resolution;
  gint64 channels = network->img_channels;

  block->has_torgb = TRUE;
  block->torgb_weight = c2l_loader_get_tensor (loader, 1, 4, (gint64[]){ channels, n_in, 1, 1 },
                                               "synthesis.b%d.torgb.weight", res);
  if (block->torgb_weight == NULL)
    return;

  channels = c2l_tensor_get_dim (block->torgb_weight, 0);
  if (channels > G_MAXUINT16)
    c2l_loader_fail (loader, C2L_FORMAT_ERROR_UNSUPPORTED,
                     "pictures of %" G_GINT64_FORMAT " channels", channels);
  network->img_channels = (int) channels;
  block->torgb_bias
      = c2l_loader_get_tensor (loader, 1, 1, &channels, "synthesis.b%d.torgb.bias", res);
  block->torgb_affine = c2l_loader_get_dense (loader, 1, (float) (1 / sqrt ((double) n_in)), n_in,
                                              network->w_dim, "synthesis.b%d.torgb.affine", res);
}

static void
load_skip (C2lStylegan2Block *block, C2lLoader *loader, gint64 n_in, gint64 n_out)
{
  float gain = (float) (G_SQRT2 / 2 / sqrt ((double) n_in));
  g_autofree char *name = g_strdup_printf ("b%d.skip", block->resolution);

  block->skip_weight = c2l_loader_get_tensor (loader, gain, 4, (gint64[]){ n_out, n_in, 1, 1 },
                                              "synthesis.b%d.skip.weight", block->resolution);
  block->skip_filter = load_filter (loader, name);
  block->n_skip_taps = c2l_synthesis_count_taps (block->skip_filter);
}

/* Returns the number of channels that it hands on. */
static gint64
load_block (C2lStylegan2 *network, C2lLoader *loader, int resolution, gint64 n_in)
{
  C2lStylegan2Block *block = g_new0 (C2lStylegan2Block, 1);
  gboolean is_first = network->blocks->len == 0;
  g_autofree char *name = g_strdup_printf ("b%d", resolution);
  gint64 n_out = n_in;

  block->resolution = resolution;
  g_ptr_array_add (network->blocks, block);
  block->filter = load_filter (loader, name);
  block->n_taps = c2l_synthesis_count_taps (block->filter);

  if (!is_first)
    n_out = load_conv (network, &block->conv0, loader, resolution, "conv0", 2, n_in);
  gint64 n_last = load_conv (network, &block->conv1, loader, resolution, "conv1", 1, n_out);
  if (c2l_loader_has_failed (loader))
    return 0;

  if (network->architecture == C2L_STYLEGAN2_SKIP || resolution == network->img_resolution)
    load_torgb (network, block, loader, n_last);
  if (network->architecture == C2L_STYLEGAN2_RESNET && !is_first)
    load_skip (block, loader, n_in, n_last);
  return n_last;
}

/* The largest block that follows without a gap; another one further up means that something was cut
 * out of the file. */
static int
find_resolution (C2lLoader *loader)
{
  g_autofree const char **names = c2l_weights_list_names (loader->weights);
  int resolution = 0;

  for (int res = 4; res <= C2L_SYNTHESIS_MAX_SIZE; res *= 2)
    {
      if (c2l_loader_find (loader, "synthesis.b%d.conv1.weight", res) == NULL)
        break;
      resolution = res;
    }
  if (resolution == 0)
    {
      c2l_loader_fail (loader, C2L_FORMAT_ERROR_DAMAGED,
                       "tensor “synthesis.b4.conv1.weight” is missing");
      return 0;
    }

  for (int i = 0; names[i] != NULL; i++)
    {
      int res = 0;

      if (sscanf (names[i], "synthesis.b%8d.", &res) != 1)
        continue;
      if (res > C2L_SYNTHESIS_MAX_SIZE)
        c2l_loader_fail (loader, C2L_FORMAT_ERROR_UNSUPPORTED,
                         "pictures of %d pixels; at most %d are supported", res,
                         C2L_SYNTHESIS_MAX_SIZE);
      if (res > resolution || res < 4 || (res & (res - 1)) != 0)
        c2l_loader_fail (loader, C2L_FORMAT_ERROR_DAMAGED,
                         "it has a block of resolution %d, but those below it end at %d", res,
                         resolution);
    }
  return resolution;
}

static C2lStylegan2Architecture
find_architecture (C2lStylegan2 *network, C2lLoader *loader, JsonObject *config)
{
  C2lStylegan2Architecture found = C2L_STYLEGAN2_ORIG;

  if (c2l_loader_find (loader, "synthesis.b8.skip.weight") != NULL)
    found = C2L_STYLEGAN2_RESNET;
  else if (network->img_resolution > 4
           && c2l_loader_find (loader, "synthesis.b4.torgb.weight") != NULL)
    found = C2L_STYLEGAN2_SKIP;

  const char *stated = c2l_config_get_string (config, "architecture", architecture_names[found]);
  if (network->img_resolution > 4 && strcmp (stated, architecture_names[found]) != 0)
    c2l_loader_fail (loader, C2L_FORMAT_ERROR_DAMAGED,
                     "its architecture is said to be “%s”, but its tensors are those of “%s”",
                     stated, architecture_names[found]);
  return found;
}

static void
load_constant (C2lStylegan2 *network, C2lLoader *loader)
{
  const C2lArray *array = c2l_loader_need (loader, 3, (gint64[]){ 0, 4, 4 }, "synthesis.b4.const");
  if (array == NULL)
    return;

  gint64 channels = array->dims[0];
  g_autofree float *planes = c2l_array_dup_f32 (array);
  g_autofree float *pixels = g_new (float, array->length);
  for (gint64 c = 0; c < channels; c++)
    for (int i = 0; i < 16; i++)
      pixels[i * channels + c] = planes[c * 16 + i];
  network->constant = c2l_loader_make_tensor (loader, 4, (gint64[]){ 1, 4, 4, channels }, pixels);
}

C2lStylegan2 *
c2l_stylegan2_load (C2lLoader *loader, JsonObject *config, gint64 w_dim)
{
  C2lStylegan2 *network = g_new0 (C2lStylegan2, 1);
  JsonObject *own = c2l_config_get_object (config, "synthesis");

  network->w_dim = w_dim;
  network->blocks = g_ptr_array_new_with_free_func ((GDestroyNotify) block_free);
  network->noise_layers = g_array_new (FALSE, FALSE, sizeof (C2lNoiseLayer));
  c2l_mapping_load_activation (loader, own, &network->act, &network->act_gain);
  network->clamp = c2l_synthesis_load_clamp (loader, own, 0);
  network->img_resolution = find_resolution (loader);
  network->architecture = find_architecture (network, loader, own);

  load_constant (network, loader);
  gint64 channels = network->constant != NULL ? c2l_tensor_get_dim (network->constant, 3) : 0;
  for (int res = 4; res <= network->img_resolution && !c2l_loader_has_failed (loader); res *= 2)
    channels = load_block (network, loader, res, channels);
  if (c2l_loader_has_failed (loader))
    return network;

  network->num_ws = 2 * (int) network->blocks->len;
  c2l_synthesis_check_stated (loader, config, network->num_ws, network->img_resolution,
                              network->img_channels);
  return network;
}
