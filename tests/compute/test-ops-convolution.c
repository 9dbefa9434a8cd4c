/* Convolution with StyleGAN's scaling, noise, bias, activation and clamp, and demodulation. */
#include "op-harness.h"

#include <math.h>

enum
{
  STYLES = 1 << 0,
  DEMOD = 1 << 1,
  NOISE = 1 << 2,      /* one picture of it for all */
  NOISE_EACH = 1 << 3, /* one a picture */
  BIAS = 1 << 4,
  RESIDUAL = 1 << 5,
  SKEWED = 1 << 6, /* an up-sampling filter without symmetry */

  SYNTHESIS = STYLES | DEMOD | NOISE | BIAS, /* StyleGAN2: conv0, conv1 */
  TO_RGB = STYLES | BIAS
};

typedef struct
{
  gint64 B, R, I, O;
  int k, up, padding, operands;
  C2lActivation act;
  float gain, clamp;
} ConvShape;

#define LRELU C2L_ACT_LEAKY_RELU, (float) G_SQRT2

static const ConvShape conv_shapes[] = {
  /* StyleGAN2, config F and the starter */
  { 1, 4, 512, 512, 3, 1, 1, SYNTHESIS, LRELU, 256 },
  { 2, 4, 256, 128, 3, 2, 0, SYNTHESIS, LRELU, 256 },
  { 1, 8, 512, 256, 3, 2, 0, SYNTHESIS, LRELU, 256 },
  { 2, 16, 128, 64, 3, 2, 0, STYLES | DEMOD | NOISE_EACH | BIAS, LRELU },
  { 1, 32, 64, 32, 3, 2, 0, SYNTHESIS, LRELU, 256 },
  { 2, 16, 128, 128, 3, 1, 1, STYLES | DEMOD | NOISE_EACH | BIAS, LRELU, 256 },
  { 3, 17, 32, 32, 3, 1, 1, SYNTHESIS, LRELU, 256 },
  { 1, 64, 32, 32, 3, 1, 1, SYNTHESIS, LRELU, 8 },
  { 2, 8, 512, 3, 1, 1, 0, TO_RGB, C2L_ACT_LINEAR, 0, 256 },
  { 3, 16, 64, 3, 1, 1, 0, TO_RGB | RESIDUAL, C2L_ACT_LINEAR, 0, 256 },
  { 1, 64, 32, 3, 1, 1, 0, TO_RGB | RESIDUAL },
  { 1, 16, 33, 64, 1, 1, 0, 0, LRELU }, /* resnet's skip and entry */
  /* StyleGAN3 T and R */
  { 2, 20, 64, 48, 3, 1, 2, STYLES | DEMOD },
  { 1, 36, 81, 32, 3, 1, 2, STYLES | DEMOD },
  { 1, 36, 64, 64, 1, 1, 0, STYLES | DEMOD },
  { 2, 9, 51, 3, 1, 1, 0, STYLES | BIAS },
  { 1, 52, 181, 96, 3, 1, 2, STYLES | DEMOD }, /* channels that no vector divides */
  { 1, 40, 362, 64, 1, 1, 0, STYLES | DEMOD },
  { 1, 24, 512, 1024, 1, 1, 0, STYLES | DEMOD },
  /* odd ones */
  { 1, 1, 1, 1, 1, 1, 0, 0 },
  { 1, 1, 1, 1, 3, 1, 1, BIAS },
  { 1, 1, 3, 5, 3, 2, 0, SYNTHESIS, LRELU },
  { 2, 3, 5, 3, 3, 1, 0, STYLES },
  { 3, 2, 17, 33, 3, 1, 1, SYNTHESIS, LRELU, 1 },
  { 2, 5, 33, 17, 3, 1, 2, BIAS | RESIDUAL, C2L_ACT_RELU },
  { 3, 7, 3, 17, 3, 2, 0, BIAS | RESIDUAL, LRELU, 256 },
  { 1, 13, 5, 1, 3, 1, 1, NOISE, C2L_ACT_SILU, 0.5f },
  { 2, 11, 17, 5, 3, 2, 0, 0 },
  { 2, 5, 8, 16, 3, 2, 0, SYNTHESIS | SKEWED, LRELU },
  { 1, 31, 16, 16, 3, 1, 1, DEMOD },
  { 3, 5, 1, 33, 1, 1, 0, NOISE_EACH | DEMOD, C2L_ACT_GELU },
  { 1, 7, 5, 3, 1, 1, 2, BIAS, C2L_ACT_QUICK_GELU },
};

static const OpArray *
add_filter (OpCase *c, gboolean skewed)
{
  static const double taps[] = { 1, 3, 3, 1 }, skewed_taps[] = { 1, 4, 2, 1 };
  double values[16];

  for (int i = 0; i < 16; i++)
    values[i] = skewed ? skewed_taps[i / 4] * taps[i % 4] / 64 + (i == 3 ? 0.125 : 0)
                       : taps[i / 4] * taps[i % 4] / 64;
  return op_add_values (c, "filter", OP_WEIGHT, values, OP_DIMS (4, 4));
}

/* Styles lie around 1, as affine layers with a bias of 1 make them. */
static const OpArray *
add_factors (OpCase *c, const char *name, gint64 B, gint64 C)
{
  g_autofree double *values = g_new (double, (gsize) B *C);

  for (gint64 i = 0; i < B * C; i++)
    values[i] = 0.25 + 1.5 * op_random (c);
  return op_add_values (c, name, OP_BATCHED, values, OP_DIMS (B, C));
}

static void
conv_case (OpCase *c, gconstpointer data)
{
  const ConvShape *s = data;
  gint64 B = s->B, R = s->up == 2 ? 2 * s->R : s->R + 2 * s->padding - s->k + 1;
  const OpArray *x = op_add (c, "x", OP_ACTIVATION, 1, OP_DIMS (B, s->R, s->R, s->I));
  const OpArray *weight = op_add (c, "weight", OP_MATRIX, 1 / sqrt (s->I * s->k * s->k),
                                  OP_DIMS (s->O, s->I, s->k, s->k));
  const OpArray *styles = s->operands & STYLES ? add_factors (c, "styles", B, s->I) : NULL;
  const OpArray *demod = s->operands & DEMOD ? add_factors (c, "demod", B, s->O) : NULL;
  const OpArray *noise = s->operands & NOISE ? op_add (c, "noise", OP_SHARED, 1, OP_DIMS (1, R, R))
                         : s->operands & NOISE_EACH
                             ? op_add (c, "noise", OP_BATCHED, 1, OP_DIMS (B, R, R))
                             : NULL;
  const OpArray *bias
      = s->operands & BIAS ? op_add (c, "bias", OP_WEIGHT, 1, OP_DIMS (s->O)) : NULL;
  const OpArray *residual = s->operands & RESIDUAL
                                ? op_add (c, "residual", OP_BATCHED, 1, OP_DIMS (B, R, R, s->O))
                                : NULL;
  const OpArray *filter = s->up == 2 ? add_filter (c, (s->operands & SKEWED) != 0) : NULL;
  RefConvInputs in = { op_ref (weight), op_ref (styles),   op_ref (demod), op_ref (noise),
                       op_ref (bias),   op_ref (residual), op_ref (filter) };
  C2lConv p = { weight->tensor,
                op_tensor (styles),
                op_tensor (demod),
                op_tensor (noise),
                0.7f,
                op_tensor (bias),
                op_tensor (residual),
                s->up,
                s->padding,
                op_tensor (filter),
                s->act,
                s->gain,
                s->clamp,
                c->out };

  op_note (c, "up %d, padding %d, act %d, gain %g, clamp %g", s->up, s->padding, s->act, s->gain,
           s->clamp);
  if (op_run (c, c2l_conv (c->pass, x->tensor, &p), c->out))
    op_compare (c, ref_conv (&x->ref, &in, &p), s->I * s->k * s->k);
}

typedef struct
{
  gint64 B, I, O;
  int k;
} DemodulationShape;

static const DemodulationShape demodulation_shapes[] = {
  { 2, 512, 512, 3 }, { 1, 64, 32, 3 }, { 3, 81, 51, 1 }, { 1, 1, 1, 1 },
  { 2, 3, 5, 3 },     { 3, 33, 17, 3 }, { 3, 5, 1, 3 },
};

static void
demodulation_case (OpCase *c, gconstpointer data)
{
  const DemodulationShape *s = data;
  const OpArray *styles = op_add (c, "styles", OP_BATCHED, 1, OP_DIMS (s->B, s->I));
  const OpArray *weight = op_add (c, "weight", OP_WEIGHT, 1, OP_DIMS (s->O, s->I, s->k, s->k));

  if (op_run (c, c2l_demodulation (c->pass, styles->tensor, weight->tensor), C2L_F32))
    op_compare (c, ref_demodulation (&styles->ref, &weight->ref), 1);
}

static const OpSuite suites[] = {
  /* Winograd transforms bf16 operands and rounds them once more: five times the error of direct
     products. */
  OP_SUITE ("convolution", conv_case, conv_shapes, .bf16_tolerance = 1e-2),
  OP_SUITE ("demodulation", demodulation_case, demodulation_shapes, .flags = OP_FIXED_TYPES),
};

int
main (int argc, char **argv)
{
  return op_harness_main (argc, argv, suites, G_N_ELEMENTS (suites));
}
