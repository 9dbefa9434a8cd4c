/* The parts that TensorFlow-era and rosinality files have in common on their way to NVIDIA's
 * PyTorch names. */
#include "formats/generator-build.h"

#include "formats/array.h"
#include "formats/weights-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_RESOLUTION 8192
#define MAX_TAPS 64

gboolean
c2l_generator_add (C2lWeights *weights,
                   const char *name,
                   int n_dims,
                   const gint64 *dims,
                   const float *values,
                   GError **error)
{
  C2lArray shape;
  if (!c2l_array_init (&shape, C2L_F32, n_dims, dims))
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
                   _ ("“%s” has an impossible shape"), name);
      return FALSE;
    }
  float *out = c2l_weights_add_empty (weights, name, &shape, error);
  if (out != NULL && shape.length > 0)
    memcpy (out, values, shape.length * sizeof *out);
  return out != NULL;
}

static gboolean
add_filters (C2lWeights *weights, const C2lGeneratorShape *shape, GError **error)
{
  static const char *const places[] = { "", "conv0.", "conv1." };
  int n = shape->n_taps;
  g_autofree float *filter = g_new (float, (gsize) n *n);
  double sum = 0;

  for (int i = 0; i < n; i++)
    sum += shape->filter[i];
  for (int i = 0; i < n * n; i++)
    filter[i] = (float) (shape->filter[i / n] * (double) shape->filter[i % n] / (sum * sum));
  for (int r = 4; r <= shape->img_resolution; r *= 2)
    for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
      {
        g_autofree char *layer = g_strdup_printf ("synthesis.b%d.%sweight", r, places[i]);
        g_autofree char *name = g_strdup_printf ("synthesis.b%d.%sresample_filter", r, places[i]);
        if (i > 0 && c2l_weights_lookup (weights, layer) == NULL)
          continue;
        if (!c2l_generator_add (weights, name, 2, (gint64[]){ n, n }, filter, error))
          return FALSE;
      }
  return TRUE;
}

static JsonObject *
make_config (const C2lGeneratorShape *shape, int num_ws)
{
  JsonObject *config = json_object_new (), *mapping = json_object_new (),
             *synthesis = json_object_new ();
  JsonArray *filter = json_array_new ();

  json_object_set_string_member (config, "class", "stylegan2");
  json_object_set_int_member (config, "z_dim", shape->z_dim);
  json_object_set_int_member (config, "c_dim", shape->c_dim);
  json_object_set_int_member (config, "w_dim", shape->w_dim);
  json_object_set_int_member (config, "num_ws", num_ws);
  json_object_set_int_member (config, "img_resolution", shape->img_resolution);
  json_object_set_int_member (config, "img_channels", shape->img_channels);

  json_object_set_int_member (mapping, "num_layers", shape->mapping_layers);
  json_object_set_double_member (mapping, "lr_multiplier", shape->lr_multiplier);
  json_object_set_double_member (mapping, "w_avg_beta", shape->w_avg_beta);
  json_object_set_object_member (config, "mapping", mapping);

  json_object_set_string_member (synthesis, "architecture", shape->architecture);
  if (shape->conv_clamp > 0)
    json_object_set_double_member (synthesis, "conv_clamp", shape->conv_clamp);
  else
    json_object_set_null_member (synthesis, "conv_clamp");
  json_object_set_boolean_member (synthesis, "use_noise", shape->use_noise);
  json_object_set_string_member (synthesis, "activation", "lrelu");
  for (int i = 0; i < shape->n_taps; i++)
    json_array_add_double_element (filter, shape->filter[i]);
  json_object_set_array_member (synthesis, "resample_filter", filter);
  json_object_set_object_member (config, "synthesis", synthesis);
  return config;
}

gboolean
c2l_generator_build_config (C2lWeights *weights, const C2lGeneratorShape *shape, GError **error)
{
  int log2 = 2;
  float sum = 0;

  while (1 << log2 < shape->img_resolution && log2 < 30)
    log2++;
  for (int i = 0; i < shape->n_taps && i < MAX_TAPS; i++)
    sum += shape->filter[i];
  if (shape->img_resolution > MAX_RESOLUTION || 1 << log2 != shape->img_resolution
      || shape->z_dim < 1 || shape->w_dim < 1 || shape->c_dim < 0 || shape->img_channels < 1
      || shape->mapping_layers < 1 || shape->n_taps < 1 || shape->n_taps > MAX_TAPS || !(sum > 0))
    {
      g_set_error (
          error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
          _ ("damaged StyleGAN2 file: its sizes (resolution %d, z %d, w %d) are impossible; "
             "fetch the file again"),
          shape->img_resolution, shape->z_dim, shape->w_dim);
      return FALSE;
    }
  g_autoptr (JsonObject) config = make_config (shape, 2 * log2 - 2);
  c2l_weights_set_config (weights, config);
  return add_filters (weights, shape, error);
}
