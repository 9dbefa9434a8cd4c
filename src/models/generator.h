/* C2lGenerator: StyleGAN2 and StyleGAN3 behind one face. A loaded generator does not change and
 * serves any number of passes, none of which may outlive it.
 *
 *   g_autoptr (C2lGenerator) generator = c2l_generator_load (weights, device, &error);
 *   gint64 dims[] = { 4, c2l_generator_get_z_dim (generator) };
 *   C2lTensor *z = c2l_pass_add_input (pass, "z", C2L_F32, 2, dims);
 *   C2lTensor *ws = c2l_generator_forward_mapping (generator, pass, z, NULL, NULL, -1);
 *   C2lTensor *picture = c2l_generator_forward_synthesis (generator, pass, ws, NULL);
 *   c2l_pass_keep (pass, "picture", picture);
 *
 * Mistakes made while recording are remembered by the pass, as those of the operations are. Where
 * taps are enabled the activations "act.b8.conv0", "act.b8.torgb", "act.b8.img", "act.b8.x" and
 * "act.input", "act.L0_36_512" are kept, of all pictures. */
#pragma once

#include "models/loader.h"
#include "models/synthesis.h"

G_BEGIN_DECLS

typedef struct _C2lGenerator C2lGenerator;

typedef enum
{
  C2L_GENERATOR_STYLEGAN2,
  C2L_GENERATOR_STYLEGAN3
} C2lGeneratorKind;

/* Which one it is follows from the tensors. @weights may be let go afterwards; what stays mapped
 * keeps them. */
C2lGenerator        *c2l_generator_load (C2lWeights *weights, C2lDevice *device, GError **error);
void                 c2l_generator_free (C2lGenerator *generator);

/* Whether @weights look like a generator's at all. */
gboolean             c2l_generator_recognizes (C2lWeights *weights);

C2lGeneratorKind     c2l_generator_get_kind (C2lGenerator *generator);
/* One line for people: "StyleGAN2, 1024×1024, 18 latents of 512". */
const char          *c2l_generator_get_description (C2lGenerator *generator);
int                  c2l_generator_get_z_dim (C2lGenerator *generator);
/* 0: takes no class label */
int                  c2l_generator_get_c_dim (C2lGenerator *generator);
int                  c2l_generator_get_w_dim (C2lGenerator *generator);
int                  c2l_generator_get_num_ws (C2lGenerator *generator);
int                  c2l_generator_get_img_resolution (C2lGenerator *generator);
int                  c2l_generator_get_img_channels (C2lGenerator *generator);

/* The average latent, w_dim numbers, or NULL where the file has none. */
const float         *c2l_generator_get_w_avg (C2lGenerator *generator);

/* Layers that take noise, lowest resolution first; their order is that of C2lSynthesis.noise. */
const C2lNoiseLayer *c2l_generator_get_noise_layers (C2lGenerator *generator, gsize *n_layers);

/* Whether C2lSynthesis.max_resolution has an effect; and the size of the picture it gives. */
gboolean             c2l_generator_has_previews (C2lGenerator *generator);
int                  c2l_generator_get_preview_resolution (C2lGenerator *generator, int max_resolution);

/* The w → styles matrices of the modulated convolutions without toRGB, for factorising (Shen and
 * Zhou 2021): layer @index of c2l_generator_get_n_style_layers(), [n_styles, w_dim] with gains
 * applied, a weight (lent); it takes latent @w_index. */
int                  c2l_generator_get_n_style_layers (C2lGenerator *generator);
C2lTensor           *c2l_generator_get_style_weight (C2lGenerator *generator, int index, int *w_index);

/* c2l_generator_forward_mapping:
 * @z: [B, z_dim]   @c: [B, c_dim] one-hot label, NULL where c_dim is 0
 * @psi: [1] f32, truncation, or NULL for none
 * @cutoff: how many latents from the first are truncated; negative: all
 * Returns ws, [B, num_ws, w_dim]. */
C2lTensor           *c2l_generator_forward_mapping (C2lGenerator *generator, C2lPass *pass, C2lTensor *z,
                                                    C2lTensor *c, C2lTensor *psi, int cutoff);

/* c2l_generator_forward_synthesis:
 * @ws: [B, num_ws, w_dim]   @options: NULL for constant noise and the full picture
 * Returns the picture, f32 [B, R, R, C], nominally in [-1, 1], not clamped. */
C2lTensor           *c2l_generator_forward_synthesis (C2lGenerator *generator, C2lPass *pass, C2lTensor *ws,
                                                      const C2lSynthesis *options);

/* The matrix for C2lSynthesis.transform, row-major [3, 3], that shows the picture moved by @x and
 * @y (1 is its width) and turned by @degrees: the inverse of the placement, as the network wants
 * it. */
void                 c2l_generator_make_transform (double x, double y, double degrees, float matrix[9]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lGenerator, c2l_generator_free)

G_END_DECLS
