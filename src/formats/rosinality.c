/* rosinality's StyleGAN2 computes what NVIDIA's does, with three differences that are settled here:
 * convolution weights are scaled by 1/√(in·k²) as they are used (NVIDIA's demodulated layers do
 * not, and the epsilon under the root sees it), blur kernels carry the gain 4 of upsampling, and
 * shapes have extra ones in them. toRGB layers scale alike in both. */
#include "formats/rosinality.h"

#include "formats/array.h"
#include "formats/generator-build.h"
#include "formats/pickle-weights.h"
#include "formats/weights-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* From the original's source: these are not in the file. */
#define LR_MULTIPLIER 0.01
#define W_AVG_BETA 0.995
#define MAX_LEVELS 12

typedef struct
{
  C2lWeights *from; /* the state dict as it is */
  C2lWeights *to;
  int resolution;
} Conversion;

gboolean
c2l_rosinality_detect (C2lPickle *pickle, const C2lPickleValue *root)
{
  const C2lPickleValue *state = c2l_pickle_lookup (pickle, root, "g_ema");
  return c2l_pickle_lookup (pickle, state, "conv1.conv.modulation.weight") != NULL;
}

static gboolean
refuse (GError **error, const char *name, const char *what)
{
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
               _ ("damaged StyleGAN2 file of rosinality's kind: “%s” %s; fetch the file again"),
               name, what);
  return FALSE;
}

/* Copies @from as float32 to @to, times @scale, its first @skip dimensions (which must be 1) left
 * out and the rest cut to @n_dims. */
static gboolean
convert (Conversion *self,
         const char *from,
         const char *to,
         int skip,
         int n_dims,
         double scale,
         GError **error)
{
  const C2lArray *array = c2l_weights_lookup (self->from, from);
  if (array == NULL)
    return refuse (error, from, "is missing");

  gboolean fits = array->n_dims >= skip + n_dims;
  for (int i = 0; fits && i < array->n_dims; i++)
    fits = (i >= skip && i < skip + n_dims) || array->dims[i] == 1;
  if (!fits)
    return refuse (error, from, "has an unexpected shape");

  g_autofree float *values = c2l_array_dup_f32 (array);
  for (gsize i = 0; scale != 1 && i < array->length; i++)
    values[i] = (float) (values[i] * scale);
  return c2l_generator_add (self->to, to, n_dims, array->dims + skip, values, error);
}

static gboolean
convert_affine (Conversion *self, const char *from, const char *to, GError **error)
{
  g_autofree char *from_weight = g_strconcat (from, ".conv.modulation.weight", NULL);
  g_autofree char *from_bias = g_strconcat (from, ".conv.modulation.bias", NULL);
  g_autofree char *to_weight = g_strconcat (to, ".affine.weight", NULL);
  g_autofree char *to_bias = g_strconcat (to, ".affine.bias", NULL);
  return convert (self, from_weight, to_weight, 0, 2, 1, error)
         && convert (self, from_bias, to_bias, 0, 1, 1, error);
}

static gboolean
convert_conv (Conversion *self, const char *from, const char *to, int noise, GError **error)
{
  g_autofree char *from_weight = g_strconcat (from, ".conv.weight", NULL);
  g_autofree char *from_bias = g_strconcat (from, ".activate.bias", NULL);
  g_autofree char *from_strength = g_strconcat (from, ".noise.weight", NULL);
  g_autofree char *from_noise = g_strdup_printf ("noises.noise_%d", noise);
  g_autofree char *to_weight = g_strconcat (to, ".weight", NULL);
  g_autofree char *to_bias = g_strconcat (to, ".bias", NULL);
  g_autofree char *to_strength = g_strconcat (to, ".noise_strength", NULL);
  g_autofree char *to_noise = g_strconcat (to, ".noise_const", NULL);

  const C2lArray *weight = c2l_weights_lookup (self->from, from_weight);
  if (weight == NULL || weight->n_dims != 5 || weight->length == 0)
    return refuse (error, from_weight, "is missing or has an unexpected shape");
  double scale = 1 / sqrt ((double) (weight->dims[2] * weight->dims[3] * weight->dims[4]));
  if (!convert (self, from_weight, to_weight, 1, 4, scale, error)
      || !convert (self, from_bias, to_bias, 0, 1, 1, error)
      || !convert (self, from_strength, to_strength, 0, 0, 1, error)
      || !convert_affine (self, from, to, error))
    return FALSE;
  /* Early files draw their noise afresh and store none. */
  return c2l_weights_lookup (self->from, from_noise) == NULL
         || convert (self, from_noise, to_noise, 2, 2, 1, error);
}

static gboolean
convert_to_rgb (Conversion *self, const char *from, const char *to, GError **error)
{
  g_autofree char *from_weight = g_strconcat (from, ".conv.weight", NULL);
  g_autofree char *from_bias = g_strconcat (from, ".bias", NULL);
  g_autofree char *to_weight = g_strconcat (to, ".weight", NULL);
  g_autofree char *to_bias = g_strconcat (to, ".bias", NULL);
  return convert (self, from_weight, to_weight, 1, 4, 1, error)
         && convert (self, from_bias, to_bias, 1, 1, 1, error)
         && convert_affine (self, from, to, error);
}

/* Level n ≥ 1 is the block at 4·2ⁿ. */
static gboolean
convert_level (Conversion *self, int level, GError **error)
{
  int resolution = 4 << level;
  g_autofree char *up = g_strdup_printf ("convs.%d", 2 * level - 2);
  g_autofree char *second = g_strdup_printf ("convs.%d", 2 * level - 1);
  g_autofree char *rgb = g_strdup_printf ("to_rgbs.%d", level - 1);
  g_autofree char *conv0 = g_strdup_printf ("synthesis.b%d.conv0", resolution);
  g_autofree char *conv1 = g_strdup_printf ("synthesis.b%d.conv1", resolution);
  g_autofree char *torgb = g_strdup_printf ("synthesis.b%d.torgb", resolution);

  self->resolution = resolution;
  return convert_conv (self, up, conv0, 2 * level - 1, error)
         && convert_conv (self, second, conv1, 2 * level, error)
         && convert_to_rgb (self, rgb, torgb, error);
}

static gboolean
has_level (Conversion *self, int level)
{
  g_autofree char *name = g_strdup_printf ("to_rgbs.%d.conv.weight", level - 1);
  return c2l_weights_lookup (self->from, name) != NULL;
}

static gboolean
convert_mapping (Conversion *self, int *n_layers, GError **error)
{
  for (*n_layers = 0;; ++*n_layers)
    {
      g_autofree char *from = g_strdup_printf ("style.%d.weight", *n_layers + 1);
      g_autofree char *from_bias = g_strdup_printf ("style.%d.bias", *n_layers + 1);
      g_autofree char *to = g_strdup_printf ("mapping.fc%d.weight", *n_layers);
      g_autofree char *to_bias = g_strdup_printf ("mapping.fc%d.bias", *n_layers);
      if (c2l_weights_lookup (self->from, from) == NULL)
        return *n_layers > 0 || refuse (error, from, "is missing");
      if (!convert (self, from, to, 0, 2, 1, error)
          || !convert (self, from_bias, to_bias, 0, 1, 1, error))
        return FALSE;
    }
}

/* The taps of the upsampling kernel, which is separable: its first row, scaled to begin with 1. */
static int
read_taps (Conversion *self, float *taps, int max)
{
  const C2lArray *kernel = c2l_weights_lookup (self->from, "convs.0.conv.blur.kernel");
  static const float usual[] = { 1, 3, 3, 1 };

  if (kernel == NULL || kernel->n_dims != 2 || kernel->length == 0 || kernel->dims[1] > max)
    {
      memcpy (taps, usual, sizeof usual);
      return G_N_ELEMENTS (usual);
    }
  g_autofree float *values = c2l_array_dup_f32 (kernel);
  for (gint64 i = 0; i < kernel->dims[1]; i++)
    taps[i] = values[0] != 0 ? values[i] / values[0] : 0;
  return (int) kernel->dims[1];
}

static gboolean
convert_all (Conversion *self, GError **error)
{
  float taps[16];
  C2lGeneratorShape shape = { .lr_multiplier = LR_MULTIPLIER,
                              .w_avg_beta = W_AVG_BETA,
                              .architecture = "skip",
                              .use_noise = TRUE,
                              .filter = taps };

  self->resolution = 4;
  if (!convert_mapping (self, &shape.mapping_layers, error)
      || !convert (self, "input.input", "synthesis.b4.const", 1, 3, 1, error)
      || !convert_conv (self, "conv1", "synthesis.b4.conv1", 0, error)
      || !convert_to_rgb (self, "to_rgb1", "synthesis.b4.torgb", error))
    return FALSE;
  for (int level = 1; level < MAX_LEVELS && has_level (self, level); level++)
    if (!convert_level (self, level, error))
      return FALSE;
  if (c2l_weights_lookup (self->from, "latent_avg") != NULL
      && !convert (self, "latent_avg", "mapping.w_avg", 0, 1, 1, error))
    return FALSE;

  shape.z_dim = (int) c2l_weights_lookup (self->to, "mapping.fc0.weight")->dims[1];
  shape.w_dim = (int) c2l_weights_lookup (self->to, "synthesis.b4.conv1.affine.weight")->dims[1];
  shape.img_channels = (int) c2l_weights_lookup (self->to, "synthesis.b4.torgb.weight")->dims[0];
  shape.img_resolution = self->resolution;
  shape.n_taps = read_taps (self, taps, G_N_ELEMENTS (taps));
  return c2l_generator_build_config (self->to, &shape, error);
}

C2lWeights *
c2l_rosinality_read (C2lPickle *pickle, const char *path, GError **error)
{
  g_autoptr (C2lWeights) from = c2l_weights_new (C2L_WEIGHTS_PLAIN, path, NULL);
  g_autoptr (C2lWeights) to
      = c2l_weights_new (C2L_WEIGHTS_GENERATOR, path, "StyleGAN2 checkpoint of rosinality's kind");
  c2l_weights_own (from, pickle, (GDestroyNotify) c2l_pickle_free);

  const C2lPickleValue *root = c2l_pickle_get_root (pickle);
  const C2lPickleValue *average = c2l_pickle_lookup (pickle, root, "latent_avg");
  Conversion conversion = { .from = from, .to = to };
  if (!c2l_pickle_add_tree_to_weights (pickle, c2l_pickle_lookup (pickle, root, "g_ema"), from, "",
                                       error)
      || (average != NULL && average->kind == C2L_PICKLE_TENSOR
          && !c2l_pickle_add_to_weights (pickle, average, from, "latent_avg", error))
      || !convert_all (&conversion, error))
    return NULL;
  return g_steal_pointer (&to);
}
