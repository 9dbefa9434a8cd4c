/* Filters, StyleGAN3's non-linearity and input, and the ways of a picture to CLIP and to the
 * screen. */
#include "op-harness.h"

#include <math.h>
#include <string.h>

enum
{
  NO_FILTER,
  SEPARABLE, /* [n], without symmetry */
  SQUARE     /* [n, n], not separable */
};

/* Taps sum up to about 1, as those of the models do. */
static const OpArray *
add_filter (OpCase *c, const char *name, int kind, int n)
{
  g_autofree double *values = g_new (double, (gsize) n *n);
  int length = kind == SQUARE ? n * n : n;

  if (kind == NO_FILTER)
    return NULL;
  for (int i = 0; i < length; i++)
    values[i] = (0.5 + op_random (c)) / length;
  return kind == SQUARE ? op_add_values (c, name, OP_WEIGHT, values, OP_DIMS (n, n))
                        : op_add_values (c, name, OP_WEIGHT, values, OP_DIMS (n));
}

typedef struct
{
  gint64 B, R, C;
  int filter, n, up, down, padding[4];
  float gain;
} ResampleShape;

static const ResampleShape resample_shapes[] = {
  { 2, 16, 3, SQUARE, 4, 2, 1, { 2, 1, 2, 1 }, 4 }, /* StyleGAN2: RGB skip */
  { 1, 32, 3, SEPARABLE, 4, 2, 1, { 2, 1, 2, 1 }, 4 },
  { 1, 8, 64, SQUARE, 4, 2, 1, { 2, 1, 2, 1 }, 4 }, /* resnet's skip */
  { 2, 17, 33, SEPARABLE, 4, 1, 1, { 1, 1, 1, 1 }, 4 },
  { 1, 16, 17, SQUARE, 4, 1, 2, { 1, 1, 1, 1 }, 0 },    /* down */
  { 3, 7, 5, SEPARABLE, 3, 1, 1, { -1, 0, 0, -2 }, 0 }, /* crop */
  { 1, 9, 3, SEPARABLE, 6, 2, 3, { -3, 4, 2, -1 }, 2 },
  { 2, 5, 1, SQUARE, 5, 3, 2, { 4, -2, 0, 7 }, 9 },
  { 1, 4, 1, NO_FILTER, 1, 1, 1, { 0, 0, 0, 0 }, 0 },
  { 1, 4, 3, NO_FILTER, 1, 2, 1, { 0, 0, 0, 0 }, 4 },
  { 2, 6, 5, NO_FILTER, 1, 1, 2, { -1, 1, 3, 0 }, 0.5f },
  { 1, 1, 1, SEPARABLE, 4, 2, 1, { 2, 1, 2, 1 }, 4 },
  { 3, 2, 17, SEPARABLE, 12, 4, 2, { 9, 6, 8, 7 }, 16 },
  { 1, 3, 2, SQUARE, 1, 1, 1, { 5, 0, 0, 5 }, 3 }, /* pixels of padding alone */
  { 1, 40, 8, SEPARABLE, 4, 2, 1, { -9, -9, -9, -9 }, 4 },
  { 1, 48, 33, SQUARE, 4, 2, 1, { 2, 1, 2, 1 }, 4 }, /* enough for several threads */
};

static void
resample_case (OpCase *c, gconstpointer data)
{
  const ResampleShape *s = data;
  const OpArray *x = op_add (c, "x", OP_ACTIVATION, 1, OP_DIMS (s->B, s->R, s->R, s->C));
  const OpArray *filter = add_filter (c, "filter", s->filter, s->n);
  C2lResample p = { op_tensor (filter), s->up, s->down, { 0 }, s->gain };

  memcpy (p.padding, s->padding, sizeof p.padding);
  op_note (c, "up %d, down %d, padding %d %d %d %d, gain %g", p.up, p.down, p.padding[0],
           p.padding[1], p.padding[2], p.padding[3], p.gain);
  if (op_run (c, c2l_resample (c->pass, x->tensor, &p), C2L_F32))
    op_compare (c, ref_resample (&x->ref, op_ref (filter), &p), s->n * s->n);
}

typedef struct
{
  gint64 B, R, C;
  gboolean bias;
  int up_filter, n_up, up, down_filter, n_down, down, padding[4];
  float gain, slope, clamp;
} FilteredShape;

#define LRELU (float) G_SQRT2, 0.2f

static const FilteredShape filtered_shapes[] = {
  /* StyleGAN3-T: critically sampled, growing, output; R: radial filters down */
  { 2, 22, 5, TRUE, SEPARABLE, 12, 2, SEPARABLE, 12, 2, { 11, 10, 11, 10 }, LRELU, 256 },
  { 1, 38, 32, TRUE, SEPARABLE, 12, 2, SEPARABLE, 12, 2, { 9, 8, 9, 8 }, LRELU, 256 },
  { 1, 22, 17, TRUE, SEPARABLE, 24, 4, SEPARABLE, 12, 2, { -6, -9, -6, -9 }, LRELU, 256 },
  { 1, 22, 8, TRUE, SEPARABLE, 12, 2, SQUARE, 12, 2, { 10, 11, 10, 11 }, LRELU, 256 },
  { 2, 18, 3, TRUE, SEPARABLE, 24, 4, SQUARE, 12, 2, { 4, -3, 4, -3 }, LRELU, 256 },
  { 2, 20, 3, TRUE, NO_FILTER, 1, 1, NO_FILTER, 1, 1, { 0, 0, 0, 0 }, 1, 1, 256 },
  { 1, 20, 3, TRUE, NO_FILTER, 1, 1, NO_FILTER, 1, 1, { -2, -2, -2, -2 }, 1, 1, 256 },
  /* odd ones */
  { 3, 7, 1, FALSE, SQUARE, 5, 3, SEPARABLE, 4, 1, { 3, 4, 2, 1 }, LRELU, 0 },
  { 1, 5, 33, FALSE, NO_FILTER, 1, 2, SQUARE, 3, 3, { 1, 2, 0, 5 }, LRELU, 0.5f },
  { 2, 11, 17, TRUE, SEPARABLE, 6, 1, NO_FILTER, 1, 2, { 0, 0, 3, -2 }, 2, 0, 1 },
  { 1, 1, 1, TRUE, SEPARABLE, 12, 2, SEPARABLE, 12, 2, { 11, 10, 11, 10 }, LRELU, 256 },
  { 1, 3, 3, TRUE, SEPARABLE, 2, 2, SEPARABLE, 2, 2, { 1, 0, 1, 0 }, 0.7f, -0.5f, 0.25f },
};

static void
filtered_leaky_relu_case (OpCase *c, gconstpointer data)
{
  const FilteredShape *s = data;
  const OpArray *x = op_add (c, "x", OP_ACTIVATION, 1, OP_DIMS (s->B, s->R, s->R, s->C));
  const OpArray *bias = s->bias ? op_add (c, "bias", OP_WEIGHT, 1, OP_DIMS (s->C)) : NULL;
  const OpArray *up_filter = add_filter (c, "up filter", s->up_filter, s->n_up);
  const OpArray *down_filter = add_filter (c, "down filter", s->down_filter, s->n_down);
  C2lFilteredLeakyRelu p = { op_tensor (bias),
                             op_tensor (up_filter),
                             op_tensor (down_filter),
                             s->up,
                             s->down,
                             { 0 },
                             s->gain,
                             s->slope,
                             s->clamp,
                             c->out };

  memcpy (p.padding, s->padding, sizeof p.padding);
  op_note (c, "up %d, down %d, padding %d %d %d %d, gain %g, slope %g, clamp %g", p.up, p.down,
           p.padding[0], p.padding[1], p.padding[2], p.padding[3], p.gain, p.slope, p.clamp);
  if (op_run (c, c2l_filtered_leaky_relu (c->pass, x->tensor, &p), c->out))
    op_compare (c,
                ref_filtered_leaky_relu (&x->ref, op_ref (bias), op_ref (up_filter),
                                         op_ref (down_filter), &p),
                s->n_up * s->n_up + s->n_down * s->n_down);
}

typedef struct
{
  gint64 B, C;
  int size;
  float sampling_rate, bandwidth;
  double angle, shift; /* of the user's transform */
} FourierShape;

static const FourierShape fourier_shapes[] = {
  { 2, 512, 36, 16, 2, 0, 0 }, { 1, 32, 20, 16, 2, 0.4, 0.25 }, { 3, 17, 7, 16, 2, -2, -1.5 },
  { 1, 1, 1, 8, 1, 0, 0 },     { 2, 5, 13, 16, 0.5f, 1, 3 },    { 3, 33, 3, 4, 1, 0.1, 0 },
};

static void
fourier_features_case (OpCase *c, gconstpointer data)
{
  const FourierShape *s = data;
  double transform[9] = { cos (s->angle),
                          sin (s->angle),
                          s->shift,
                          -sin (s->angle),
                          cos (s->angle),
                          -s->shift / 2,
                          0,
                          0,
                          1 };
  const OpArray *affine = op_add (c, "affine", OP_BATCHED, 1, OP_DIMS (s->B, 4));
  const OpArray *user = op_add_values (c, "transform", OP_SHARED, transform, OP_DIMS (3, 3));
  const OpArray *freqs = op_add (c, "freqs", OP_WEIGHT, s->bandwidth, OP_DIMS (s->C, 2));
  const OpArray *phases = op_add (c, "phases", OP_WEIGHT, 0.3, OP_DIMS (s->C));
  C2lFourierFeatures p = { affine->tensor, user->tensor,     freqs->tensor, phases->tensor,
                           s->size,        s->sampling_rate, s->bandwidth };

  op_note (c, "size %d, rate %g, bandwidth %g", s->size, s->sampling_rate, s->bandwidth);
  /* The phase is a few turns, rounded as they are, and then counted in 2π. */
  if (op_run (c, c2l_fourier_features (c->pass, &p), C2L_F32))
    op_compare (c, ref_fourier_features (&affine->ref, &user->ref, &freqs->ref, &phases->ref, &p),
                2e4);
}

typedef struct
{
  gint64 B, R;
  int size;
  gboolean to_unit, normalize_before, clamp, normalize_after;
} AreaShape;

static const AreaShape area_shapes[] = {
  { 2, 64, 32, TRUE, TRUE, TRUE, TRUE },   /* reference: normalised twice */
  { 1, 64, 32, TRUE, FALSE, FALSE, TRUE }, /* openai */
  { 1, 40, 32, TRUE, FALSE, TRUE, TRUE },  /* openai-clamped */
  { 1, 256, 224, FALSE, FALSE, FALSE, FALSE },
  { 3, 7, 3, FALSE, FALSE, FALSE, FALSE },
  { 2, 17, 5, TRUE, TRUE, FALSE, FALSE },
  { 1, 3, 7, FALSE, FALSE, TRUE, FALSE }, /* larger than the picture */
  { 1, 5, 5, TRUE, FALSE, FALSE, FALSE },
  { 2, 13, 1, FALSE, FALSE, FALSE, TRUE },
  { 1, 1, 2, FALSE, FALSE, FALSE, FALSE },
};

static void
area_resize_case (OpCase *c, gconstpointer data)
{
  const AreaShape *s = data;
  const OpArray *x = op_add (c, "x", OP_BATCHED, 1, OP_DIMS (s->B, s->R, s->R, 3));
  C2lAreaResize p = { s->size,
                      s->to_unit,
                      s->normalize_before,
                      s->clamp,
                      s->normalize_after,
                      { 0.48145466f, 0.4578275f, 0.40821073f },
                      { 0.26862954f, 0.26130258f, 0.27577711f } };

  op_note (c, "to %d, steps %d %d %d %d", s->size, s->to_unit, s->normalize_before, s->clamp,
           s->normalize_after);
  if (op_run (c, c2l_area_resize (c->pass, x->tensor, &p), C2L_F32))
    op_compare (c, ref_area_resize (&x->ref, &p), 1);
}

typedef struct
{
  gint64 B, S, C;
  int patch;
} PatchShape;

static const PatchShape patch_shapes[] = {
  { 2, 224, 3, 32 }, { 1, 64, 3, 16 }, { 3, 6, 3, 2 }, { 2, 5, 1, 1 },
  { 1, 7, 5, 7 },    { 3, 15, 3, 5 },  { 1, 1, 1, 1 },
};

static void
patches_case (OpCase *c, gconstpointer data)
{
  const PatchShape *s = data;
  const OpArray *x = op_add (c, "x", OP_BATCHED, 1, OP_DIMS (s->B, s->S, s->S, s->C));

  op_note (c, "patch %d", s->patch);
  if (op_run (c, c2l_patches (c->pass, x->tensor, s->patch, c->out), c->out))
    op_compare (c, ref_patches (&x->ref, s->patch), 0);
}

typedef struct
{
  gint64 B, R, C;
  C2lU8Rule rule;
} U8Shape;

static const U8Shape u8_shapes[] = {
  { 2, 16, 3, C2L_U8_TRUNCATE }, { 2, 16, 3, C2L_U8_DEMO },      { 1, 1, 1, C2L_U8_TRUNCATE },
  { 3, 7, 3, C2L_U8_DEMO },      { 1, 131, 3, C2L_U8_TRUNCATE },
};

/* Values in and outside of [-1, 1], both ends, and none so near to a whole number of 255ths that
 * rounding in single precision could decide. */
static void
to_u8_case (OpCase *c, gconstpointer data)
{
  static const double special[] = { -1, 1, 0, 1000, -1000, G_MAXFLOAT, -G_MAXFLOAT };
  const U8Shape *s = data;
  gint64 n = s->B * s->R * s->R * s->C;
  g_autofree double *values = g_new (double, n);
  const OpArray *x;

  for (gint64 i = 0; i < n; i++)
    {
      double value = 127.5 + 127.5 * 1.2 * (2 * op_random (c) - 1),
             fraction = value - floor (value);

      if (fraction < 1e-3 || fraction > 1 - 1e-3)
        value = floor (value) + 0.5;
      values[i] = i < (gint64) G_N_ELEMENTS (special) ? special[i] : value / 127.5 - 1;
    }
  x = op_add_values (c, "x", OP_BATCHED, values, OP_DIMS (s->B, s->R, s->R, s->C));
  op_note (c, "rule %d", s->rule);
  if (op_run (c, c2l_to_u8 (c->pass, x->tensor, s->rule), C2L_U8))
    op_compare (c, ref_to_u8 (&x->ref, s->rule), 0);
}

static const OpSuite suites[] = {
  OP_SUITE ("resample", resample_case, resample_shapes),
  OP_SUITE ("filtered-leaky-relu", filtered_leaky_relu_case, filtered_shapes),
  OP_SUITE ("fourier-features", fourier_features_case, fourier_shapes, .flags = OP_FIXED_TYPES),
  OP_SUITE ("area-resize", area_resize_case, area_shapes, .flags = OP_FIXED_TYPES),
  OP_SUITE ("patches", patches_case, patch_shapes),
  OP_SUITE ("to-u8", to_u8_case, u8_shapes, .flags = OP_FIXED_TYPES),
};

int
main (int argc, char **argv)
{
  return op_harness_main (argc, argv, suites, G_N_ELEMENTS (suites));
}
