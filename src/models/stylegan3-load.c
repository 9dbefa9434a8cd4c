/* Reads StyleGAN3's synthesis network from the state dict and what its modules say of themselves.
 * Channels, kernels and filters come from the tensors; factors, paddings and sizes from the
 * configuration, or, where it lacks them, from the filters' lengths and the layers' names by the
 * original's rules. Sizes are followed through all layers, so that a contradiction is found here.
 */
#include "models/stylegan3.h"

#include "models/synthesis-load.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_WIDE_SIZE 16384 /* between up- and down-sampling */
#define MAX_LAYERS 256
#define MAX_FACTOR 64
#define MAX_PADDING 65536
/* taps for each unit of a factor, where the file does not give the factor */
#define FILTER_SIZE 6
#define DEFAULT_OUTPUT_SCALE 0.25

static void
layer_free (C2lStylegan3Layer *layer)
{
  g_free (layer->name);
  c2l_dense_clear (&layer->affine);
  g_clear_pointer (&layer->weight, c2l_tensor_unref);
  g_clear_pointer (&layer->bias, c2l_tensor_unref);
  g_clear_pointer (&layer->up_filter, c2l_tensor_unref);
  g_clear_pointer (&layer->down_filter, c2l_tensor_unref);
  g_free (layer);
}

void
c2l_stylegan3_free (C2lStylegan3 *network)
{
  if (network == NULL)
    return;

  c2l_dense_clear (&network->input_affine);
  g_clear_pointer (&network->transform, c2l_tensor_unref);
  g_clear_pointer (&network->freqs, c2l_tensor_unref);
  g_clear_pointer (&network->phases, c2l_tensor_unref);
  g_clear_pointer (&network->mixing, c2l_tensor_unref);
  g_clear_pointer (&network->layers, g_ptr_array_unref);
  g_free (network);
}

/* A size that files write as a number or as [width, height]. */
static int
load_size (C2lLoader *loader, JsonObject *config, const char *member, int fallback)
{
  JsonNode *node = config != NULL ? json_object_get_member (config, member) : NULL;

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return c2l_loader_get_integer (loader, config, member, fallback, 1, C2L_SYNTHESIS_MAX_SIZE);

  JsonArray *pair = json_node_get_array (node);
  double size[2] = { NAN, NAN };
  for (guint i = 0; i < 2 && json_array_get_length (pair) == 2; i++)
    {
      JsonNode *element = json_array_get_element (pair, i);

      if (JSON_NODE_HOLDS_VALUE (element))
        size[i] = json_node_get_double (element);
    }
  if (!(size[0] >= 1 && size[0] <= C2L_SYNTHESIS_MAX_SIZE && size[0] == size[1]
        && size[0] == floor (size[0])))
    {
      c2l_loader_fail (loader, C2L_FORMAT_ERROR_UNSUPPORTED,
                       "“%s” is not the size of a square of 1 to %d pixels", member,
                       C2L_SYNTHESIS_MAX_SIZE);
      return fallback;
    }
  return (int) size[0];
}

static gint
compare_layers (gconstpointer a, gconstpointer b)
{
  const C2lStylegan3Layer *first = *(C2lStylegan3Layer *const *) a,
                          *second = *(C2lStylegan3Layer *const *) b;

  return (first->index > second->index) - (first->index < second->index);
}

/* Layers are found by the names of their weights, "synthesis.L0_36_512.weight". */
static void
find_layers (C2lStylegan3 *network, C2lLoader *loader)
{
  g_autofree const char **names = c2l_weights_list_names (loader->weights);

  for (int i = 0; names[i] != NULL; i++)
    {
      int index = 0, size = 0, channels = 0, end = 0;

      if (sscanf (names[i], "synthesis.L%4d_%6d_%6d%n", &index, &size, &channels, &end) != 3
          || strcmp (names[i] + end, ".weight") != 0)
        continue;

      C2lStylegan3Layer *layer = g_new0 (C2lStylegan3Layer, 1);
      layer->name
          = g_strndup (names[i] + strlen ("synthesis."), (gsize) end - strlen ("synthesis."));
      layer->index = index;
      layer->out_size = size;
      g_ptr_array_add (network->layers, layer);
    }

  g_ptr_array_sort (network->layers, compare_layers);
  if (network->layers->len == 0 || network->layers->len > MAX_LAYERS)
    c2l_loader_fail (loader, C2L_FORMAT_ERROR_DAMAGED,
                     "%u layers in its synthesis network, from 1 to %d are supported",
                     network->layers->len, MAX_LAYERS);
  for (guint i = 0; i < network->layers->len; i++)
    {
      const C2lStylegan3Layer *layer = g_ptr_array_index (network->layers, i);

      if (layer->index != (int) i)
        c2l_loader_fail (loader, C2L_FORMAT_ERROR_DAMAGED,
                         "layer %u of its synthesis network is missing or there twice", i);
    }
}

/* w · rsqrt (mean w²) for each output: the convolution's weights as the original normalises them on
 * each call. */
static C2lTensor *
load_normalized (C2lLoader *loader, const gint64 *dims, const char *name)
{
  const C2lArray *array = c2l_loader_need (loader, 4, dims, "synthesis.%s.weight", name);
  if (array == NULL)
    return NULL;

  g_autofree float *data = c2l_array_dup_f32 (array);
  gsize n = array->length / (gsize) dims[0];
  for (gint64 o = 0; o < dims[0]; o++)
    {
      float *row = data + (gsize) o * n;
      double sum = 0;

      for (gsize i = 0; i < n; i++)
        sum += (double) row[i] * row[i];
      float scale = sum > 0 ? (float) (1 / sqrt (sum / (double) n)) : 0;
      for (gsize i = 0; i < n; i++)
        row[i] *= scale;
    }
  return c2l_loader_make_tensor (loader, 4, dims, data);
}

static int
load_factor (C2lLoader *loader, JsonObject *config, const char *member, C2lTensor *filter)
{
  int n_taps = c2l_synthesis_count_taps (filter);
  int guess = filter == NULL ? 1 : MAX (n_taps / FILTER_SIZE, 1);

  return c2l_loader_get_integer (loader, config, member, guess, 1, MAX_FACTOR);
}

/* What the original computes from the sizes (Karras et al. 2021, appendix C.3), for files that do
 * not say it. */
static void
guess_padding (C2lStylegan3Layer *layer)
{
  int total
      = (layer->out_size - 1) * layer->down + 1 - (layer->in_size + layer->kernel - 1) * layer->up;
  total += c2l_synthesis_count_taps (layer->up_filter)
           + c2l_synthesis_count_taps (layer->down_filter) - 2;
  int before = (int) floor ((total + layer->up) / 2.0);

  for (int i = 0; i < 4; i++)
    layer->padding[i] = i % 2 == 0 ? before : total - before;
}

static void
load_padding (C2lStylegan3Layer *layer, C2lLoader *loader, JsonObject *config)
{
  JsonNode *node = config != NULL ? json_object_get_member (config, "padding") : NULL;

  guess_padding (layer);
  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return;

  JsonArray *array = json_node_get_array (node);
  for (guint i = 0; i < 4; i++)
    {
      JsonNode *element
          = json_array_get_length (array) == 4 ? json_array_get_element (array, i) : NULL;
      double value = element != NULL && JSON_NODE_HOLDS_VALUE (element)
                         ? json_node_get_double (element)
                         : NAN;

      if (!(fabs (value) <= MAX_PADDING && value == floor (value)))
        {
          c2l_loader_fail (loader, C2L_FORMAT_ERROR_DAMAGED,
                           "the padding of layer “%s” is not four whole numbers", layer->name);
          return;
        }
      layer->padding[i] = (int) value;
    }
}

/* Follows the picture's size through one layer; along both axes it must come out as the layer says.
 */
static void
check_sizes (C2lStylegan3Layer *layer, C2lLoader *loader)
{
  int n_up = c2l_synthesis_count_taps (layer->up_filter),
      n_down = c2l_synthesis_count_taps (layer->down_filter);

  for (int axis = 0; axis < 2; axis++)
    {
      int before = layer->padding[2 * axis], after = layer->padding[2 * axis + 1];
      int wide = (layer->in_size + layer->kernel - 1) * layer->up + before + after - (n_up - 1);
      int size = (wide - (n_down - 1) + layer->down - 1) / layer->down;

      if (wide > MAX_WIDE_SIZE)
        c2l_loader_fail (loader, C2L_FORMAT_ERROR_UNSUPPORTED,
                         "layer “%s” up-samples to %d pixels; at most %d are supported",
                         layer->name, wide, MAX_WIDE_SIZE);
      if (wide < n_down || size != layer->out_size)
        {
          c2l_loader_fail (
              loader, C2L_FORMAT_ERROR_DAMAGED,
              "layer “%s” makes %d pixels of %d by its factors and padding, but it should make %d",
              layer->name, wide < n_down ? 0 : size, layer->in_size, layer->out_size);
          return;
        }
    }
}

static void
load_gains (C2lStylegan3Layer *layer, C2lLoader *loader)
{
  float magnitude = 1;

  if (c2l_loader_find (loader, "synthesis.%s.magnitude_ema", layer->name) != NULL)
    magnitude = c2l_loader_get_scalar (loader, "synthesis.%s.magnitude_ema", layer->name);
  if (!c2l_loader_has_failed (loader) && !(magnitude > 0))
    c2l_loader_fail (loader, C2L_FORMAT_ERROR_DAMAGED,
                     "tensor “synthesis.%s.magnitude_ema” should be above zero", layer->name);
  layer->input_gain = 1 / sqrtf (magnitude);
}

/* Returns the number of channels of its result. */
static gint64
load_layer (C2lStylegan3 *network,
            C2lStylegan3Layer *layer,
            C2lLoader *loader,
            JsonObject *config,
            float clamp,
            gint64 n_in)
{
  const C2lArray *weight = c2l_synthesis_need_kernel (loader, layer->name, n_in);
  if (weight == NULL)
    return 0;

  gint64 n_out = weight->dims[0];
  layer->kernel = (int) weight->dims[2];
  layer->up_filter = c2l_loader_get_filter (loader, "synthesis.%s.up_filter", layer->name);
  layer->down_filter = c2l_loader_get_filter (loader, "synthesis.%s.down_filter", layer->name);
  layer->up = load_factor (loader, config, "up_factor", layer->up_filter);
  layer->down = load_factor (loader, config, "down_factor", layer->down_filter);
  layer->out_size = load_size (loader, config, "out_size", layer->out_size);
  layer->clamp = c2l_synthesis_load_clamp (loader, config, clamp);
  if (layer->out_size < 1 || layer->out_size > C2L_SYNTHESIS_MAX_SIZE)
    c2l_loader_fail (loader, C2L_FORMAT_ERROR_UNSUPPORTED, "layer “%s” makes pictures of %d pixels",
                     layer->name, layer->out_size);
  load_padding (layer, loader, config);
  load_gains (layer, loader);
  if (c2l_loader_has_failed (loader))
    return 0;
  check_sizes (layer, loader);

  float gain = layer->is_torgb
                   ? layer->input_gain / sqrtf ((float) (n_in * layer->kernel * layer->kernel))
                   : 1;
  layer->affine = c2l_loader_get_dense (loader, 1, gain, n_in, network->w_dim,
                                        "synthesis.%s.affine", layer->name);
  layer->bias = c2l_loader_get_tensor (loader, 1, 1, &n_out, "synthesis.%s.bias", layer->name);
  layer->weight = layer->is_torgb ? c2l_loader_get_tensor (loader, 1, 4, weight->dims,
                                                           "synthesis.%s.weight", layer->name)
                                  : load_normalized (loader, weight->dims, layer->name);
  return n_out;
}

static void
load_input (C2lStylegan3 *network, C2lLoader *loader, JsonObject *config)
{
  const C2lArray *freqs = c2l_loader_need (loader, 2, (gint64[]){ 0, 2 }, "synthesis.input.freqs");
  if (freqs == NULL)
    return;

  gint64 channels = freqs->dims[0];
  network->freqs = c2l_loader_get_tensor (loader, 1, 2, freqs->dims, "synthesis.input.freqs");
  network->phases = c2l_loader_get_tensor (loader, 1, 1, &channels, "synthesis.input.phases");
  network->transform
      = c2l_loader_get_tensor (loader, 1, 2, (gint64[]){ 3, 3 }, "synthesis.input.transform");
  network->mixing
      = c2l_loader_get_tensor (loader, (float) (1 / sqrt ((double) channels)), 2,
                               (gint64[]){ channels, channels }, "synthesis.input.weight");
  network->input_affine
      = c2l_loader_get_dense (loader, 1, 1, 4, network->w_dim, "synthesis.input.affine");

  network->input_size = load_size (loader, config, "size", 0);
  network->sampling_rate
      = (float) c2l_loader_get_number (loader, config, "sampling_rate", 0, 1e-6, 1e9);
  network->bandwidth = (float) c2l_loader_get_number (loader, config, "bandwidth", 0, 1e-6, 1e9);
  if (network->input_size == 0 || network->sampling_rate == 0 || network->bandwidth == 0)
    c2l_loader_fail (
        loader, C2L_FORMAT_ERROR_DAMAGED,
        "the size, sampling rate or bandwidth of its Fourier features is not in the file");
  else if (network->bandwidth * 2 == network->sampling_rate)
    c2l_loader_fail (loader, C2L_FORMAT_ERROR_DAMAGED,
                     "the bandwidth of its Fourier features leaves no transition band");
}

C2lStylegan3 *
c2l_stylegan3_load (C2lLoader *loader, JsonObject *config, gint64 w_dim)
{
  C2lStylegan3 *network = g_new0 (C2lStylegan3, 1);
  JsonObject *own = c2l_config_get_object (config, "synthesis");
  JsonObject *layer_configs = c2l_config_get_object (own, "layers");
  float clamp = c2l_synthesis_load_clamp (loader, own, 0);

  network->w_dim = w_dim;
  network->layers = g_ptr_array_new_with_free_func ((GDestroyNotify) layer_free);
  network->output_scale = (float) c2l_loader_get_number (loader, own, "output_scale",
                                                         DEFAULT_OUTPUT_SCALE, -1e9, 1e9);
  load_input (network, loader, c2l_config_get_object (own, "input"));
  find_layers (network, loader);
  if (c2l_loader_has_failed (loader))
    return network;

  int size = network->input_size;
  gint64 channels = c2l_tensor_get_dim (network->freqs, 0);
  for (guint i = 0; i < network->layers->len; i++)
    {
      C2lStylegan3Layer *layer = g_ptr_array_index (network->layers, i);

      layer->is_torgb = i + 1 == network->layers->len;
      layer->in_size = size;
      channels = load_layer (network, layer, loader,
                             c2l_config_get_object (layer_configs, layer->name), clamp, channels);
      if (c2l_loader_has_failed (loader))
        return network;
      size = layer->out_size;
    }

  network->num_ws = (int) network->layers->len + 1;
  network->img_resolution = size;
  network->img_channels = (int) channels;
  c2l_synthesis_check_stated (loader, config, network->num_ws, network->img_resolution,
                              network->img_channels);
  return network;
}
