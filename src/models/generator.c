/* The common face of the generators: loading, sizes, and handing a recording to the network that
 * the file holds. */
#include "models/generator.h"

#include "models/mapping.h"
#include "models/stylegan2.h"
#include "models/stylegan3.h"

#include <math.h>

struct _C2lGenerator
{
  C2lGeneratorKind kind;
  char *description;
  C2lMapping *mapping;
  C2lStylegan2 *stylegan2; /* one of the two */
  C2lStylegan3 *stylegan3;
  int num_ws, img_resolution, img_channels;
};

static const char marker_stylegan2[] = "synthesis.b4.const";
static const char marker_stylegan3[] = "synthesis.input.freqs";

gboolean
c2l_generator_recognizes (C2lWeights *weights)
{
  return c2l_weights_lookup (weights, marker_stylegan2) != NULL
         || c2l_weights_lookup (weights, marker_stylegan3) != NULL;
}

static void
load_networks (C2lGenerator *generator, C2lLoader *loader)
{
  JsonObject *config = c2l_weights_get_config (loader->weights);

  if (!c2l_generator_recognizes (loader->weights))
    {
      c2l_loader_fail (loader, C2L_FORMAT_ERROR_UNSUPPORTED,
                       "not a StyleGAN2 or StyleGAN3 generator: no tensor “%s” or “%s”",
                       marker_stylegan2, marker_stylegan3);
      return;
    }

  generator->mapping = c2l_mapping_load (loader, config);
  if (c2l_loader_has_failed (loader))
    return;

  if (c2l_loader_find (loader, marker_stylegan3) != NULL)
    {
      C2lStylegan3 *network = c2l_stylegan3_load (loader, config, generator->mapping->w_dim);

      generator->kind = C2L_GENERATOR_STYLEGAN3;
      generator->stylegan3 = network;
      generator->num_ws = network->num_ws;
      generator->img_resolution = network->img_resolution;
      generator->img_channels = network->img_channels;
    }
  else
    {
      C2lStylegan2 *network = c2l_stylegan2_load (loader, config, generator->mapping->w_dim);

      generator->kind = C2L_GENERATOR_STYLEGAN2;
      generator->stylegan2 = network;
      generator->num_ws = network->num_ws;
      generator->img_resolution = network->img_resolution;
      generator->img_channels = network->img_channels;
    }
}

C2lGenerator *
c2l_generator_load (C2lWeights *weights, C2lDevice *device, GError **error)
{
  g_autoptr (C2lGenerator) generator = g_new0 (C2lGenerator, 1);
  C2lLoader loader;

  g_return_val_if_fail (weights != NULL && device != NULL, NULL);

  c2l_loader_init (&loader, weights, device);
  load_networks (generator, &loader);
  if (!c2l_loader_finish (&loader, error))
    return NULL;

  generator->description
      = g_strdup_printf ("%s, %d×%d, %d latents of %" G_GINT64_FORMAT,
                         generator->kind == C2L_GENERATOR_STYLEGAN2 ? "StyleGAN2" : "StyleGAN3",
                         generator->img_resolution, generator->img_resolution, generator->num_ws,
                         generator->mapping->w_dim);
  return g_steal_pointer (&generator);
}

void
c2l_generator_free (C2lGenerator *generator)
{
  if (generator == NULL)
    return;

  c2l_mapping_free (generator->mapping);
  c2l_stylegan2_free (generator->stylegan2);
  c2l_stylegan3_free (generator->stylegan3);
  g_free (generator->description);
  g_free (generator);
}

C2lGeneratorKind
c2l_generator_get_kind (C2lGenerator *generator)
{
  return generator->kind;
}

const char *
c2l_generator_get_description (C2lGenerator *generator)
{
  return generator->description;
}

int
c2l_generator_get_z_dim (C2lGenerator *generator)
{
  return (int) generator->mapping->z_dim;
}

int
c2l_generator_get_c_dim (C2lGenerator *generator)
{
  return (int) generator->mapping->c_dim;
}

int
c2l_generator_get_w_dim (C2lGenerator *generator)
{
  return (int) generator->mapping->w_dim;
}

int
c2l_generator_get_num_ws (C2lGenerator *generator)
{
  return generator->num_ws;
}

int
c2l_generator_get_img_resolution (C2lGenerator *generator)
{
  return generator->img_resolution;
}

int
c2l_generator_get_img_channels (C2lGenerator *generator)
{
  return generator->img_channels;
}

const float *
c2l_generator_get_w_avg (C2lGenerator *generator)
{
  return generator->mapping->w_avg_host;
}

const C2lNoiseLayer *
c2l_generator_get_noise_layers (C2lGenerator *generator, gsize *n_layers)
{
  GArray *layers = generator->stylegan2 != NULL ? generator->stylegan2->noise_layers : NULL;

  *n_layers = layers != NULL ? layers->len : 0;
  return layers != NULL ? (const C2lNoiseLayer *) layers->data : NULL;
}

gboolean
c2l_generator_has_previews (C2lGenerator *generator)
{
  const C2lStylegan2 *network = generator->stylegan2;

  return network != NULL && network->architecture == C2L_STYLEGAN2_SKIP && network->blocks->len > 1;
}

int
c2l_generator_get_preview_resolution (C2lGenerator *generator, int max_resolution)
{
  int resolution = generator->img_resolution;

  if (max_resolution <= 0 || !c2l_generator_has_previews (generator))
    return resolution;
  while (resolution > max_resolution && resolution > 4)
    resolution /= 2;
  return resolution;
}

int
c2l_generator_get_n_style_layers (C2lGenerator *generator)
{
  return generator->num_ws - 1;
}

/* StyleGAN2: latents 0 … num_ws − 2 are those of b4.conv1, b8.conv0, b8.conv1, …; StyleGAN3: latent
 * 0 moves the Fourier features, 1 … num_ws − 1 are those of L0, L1, …, the last one toRGB's, which
 * counts here because nothing else takes that latent. */
C2lTensor *
c2l_generator_get_style_weight (C2lGenerator *generator, int index, int *w_index)
{
  g_return_val_if_fail (index >= 0 && index < c2l_generator_get_n_style_layers (generator), NULL);

  if (generator->stylegan3 != NULL)
    {
      const C2lStylegan3Layer *layer = g_ptr_array_index (generator->stylegan3->layers, index);

      *w_index = index + 1;
      return layer->affine.weight;
    }

  const C2lStylegan2Block *block
      = g_ptr_array_index (generator->stylegan2->blocks, (index + 1) / 2);
  *w_index = index;
  return index % 2 == 1 ? block->conv0.affine.weight : block->conv1.affine.weight;
}

C2lTensor *
c2l_generator_forward_mapping (C2lGenerator *generator,
                               C2lPass *pass,
                               C2lTensor *z,
                               C2lTensor *c,
                               C2lTensor *psi,
                               int cutoff)
{
  return c2l_mapping_forward (generator->mapping, pass, z, c, psi, cutoff, generator->num_ws);
}

C2lTensor *
c2l_generator_forward_synthesis (C2lGenerator *generator,
                                 C2lPass *pass,
                                 C2lTensor *ws,
                                 const C2lSynthesis *options)
{
  static const C2lSynthesis defaults = { C2L_NOISE_CONST };
  gint64 width = generator->mapping->w_dim;

  if (ws == NULL || c2l_pass_has_failed (pass))
    return NULL;
  if (c2l_tensor_get_n_dims (ws) != 3 || c2l_tensor_get_dim (ws, 1) != generator->num_ws
      || c2l_tensor_get_dim (ws, 2) != width)
    {
      g_autofree char *shape = c2l_tensor_to_string (ws);

      c2l_pass_fail (pass, C2L_COMPUTE_ERROR_SHAPE,
                     "latents are %s, but the generator takes [B, %d, %" G_GINT64_FORMAT "]", shape,
                     generator->num_ws, width);
      return NULL;
    }

  if (options == NULL)
    options = &defaults;
  if (generator->stylegan3 != NULL)
    return c2l_stylegan3_forward (generator->stylegan3, pass, ws, options);
  return c2l_stylegan2_forward (generator->stylegan2, pass, ws, options);
}

void
c2l_generator_make_transform (double x, double y, double degrees, float matrix[9])
{
  double angle = degrees * G_PI / 180;
  double c = cos (angle), s = sin (angle);
  /* The placement is [[c, s, x], [−s, c, y], [0, 0, 1]]: a turn and a shift, whose inverse is the
   * turn back of the shift back. */
  const double inverse[9] = { c, -s, -(c * x - s * y), s, c, -(s * x + c * y), 0, 0, 1 };

  for (int i = 0; i < 9; i++)
    matrix[i] = (float) inverse[i];
}
