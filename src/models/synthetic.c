/* Fills made-up weights quickly: numbers come from a table of 4096 quantiles of the normal
 * distribution, twelve random bits each. Knows no model. */
#include "models/synthetic-private.h"

#include <math.h>

#define TABLE_BITS 12
#define TABLE_SIZE (1u << TABLE_BITS)

/* SplitMix64 (Steele, Lea and Flood 2014). */
static guint64
next_bits (guint64 *state)
{
  guint64 z = *state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* The quantile function of the normal distribution, by bisection of erfc: it runs once for each
 * entry of the table. */
static double
normal_quantile (double p)
{
  double low = -8, high = 8;

  for (int i = 0; i < 50; i++)
    {
      double middle = (low + high) / 2;

      if (0.5 * erfc (-middle / G_SQRT2) < p)
        low = middle;
      else
        high = middle;
    }
  return (low + high) / 2;
}

static void
fill_table (C2lFiller *filler)
{
  for (guint i = 0; i < TABLE_SIZE; i++)
    filler->normals[i] = (float) normal_quantile ((i + 0.5) / TABLE_SIZE);
}

/* Sixty-four bits are five indices of the table: @element is evaluated with each @index in turn. */
#define FILL(filler, values, length, element)                                                      \
  G_STMT_START                                                                                     \
  {                                                                                                \
    gsize position = 0;                                                                            \
    while (position < length)                                                                      \
      {                                                                                            \
        guint64 bits = next_bits (&filler->state);                                                 \
        gsize end = MIN (position + 64 / TABLE_BITS, length);                                      \
        for (; position < end; position++, bits >>= TABLE_BITS)                                    \
          {                                                                                        \
            guint index = bits % TABLE_SIZE;                                                       \
            values[position] = element;                                                            \
          }                                                                                        \
      }                                                                                            \
  }                                                                                                \
  G_STMT_END

static void
fill_f32 (C2lFiller *filler, float *values, gsize length, float mean, float deviation)
{
  FILL (filler, values, length, mean + deviation * filler->normals[index]);
}

static void
fill_f16 (C2lFiller *filler, guint16 *values, gsize length, float mean, float deviation)
{
  for (guint i = 0; i < TABLE_SIZE; i++)
    filler->normals_f16[i] = c2l_f32_to_f16 (mean + deviation * filler->normals[i]);
  FILL (filler, values, length, filler->normals_f16[index]);
}

static void
add_array (C2lFiller *filler,
           C2lDtype dtype,
           int n_dims,
           const gint64 *dims,
           gconstpointer data,
           const char *name)
{
  C2lArray array = { .dtype = dtype, .n_dims = n_dims, .length = 1, .data = data };

  for (int i = 0; i < n_dims; i++)
    {
      array.dims[i] = dims[i];
      array.length *= (gsize) dims[i];
    }
  c2l_weights_add (filler->weights, name, &array);
}

void
c2l_filler_add_normal (C2lFiller *filler,
                       C2lDtype dtype,
                       float mean,
                       float deviation,
                       int n_dims,
                       const gint64 *dims,
                       const char *format,
                       ...)
{
  va_list args;
  gsize length = 1;

  va_start (args, format);
  g_autofree char *name = g_strdup_vprintf (format, args);
  va_end (args);

  for (int i = 0; i < n_dims; i++)
    length *= (gsize) dims[i];
  g_autofree gpointer data = g_malloc (length * c2l_dtype_get_size (dtype));
  if (dtype == C2L_F16)
    fill_f16 (filler, data, length, mean, deviation);
  else
    fill_f32 (filler, data, length, mean, deviation);
  add_array (filler, dtype, n_dims, dims, data, name);
}

void
c2l_filler_add_values (C2lFiller *filler,
                       const float *values,
                       int n_dims,
                       const gint64 *dims,
                       const char *format,
                       ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *name = g_strdup_vprintf (format, args);
  va_end (args);
  add_array (filler, C2L_F32, n_dims, dims, values, name);
}

static const struct
{
  const char *name;
  C2lWeightsKind kind;
  void (*fill) (C2lFiller *filler);
} models[C2L_N_SYNTHETIC] = {
  [C2L_SYNTHETIC_STYLEGAN2_1024]
  = { "stylegan2-1024", C2L_WEIGHTS_GENERATOR, c2l_synthetic_fill_stylegan2 },
  [C2L_SYNTHETIC_STYLEGAN3_T_256]
  = { "stylegan3-t-256", C2L_WEIGHTS_GENERATOR, c2l_synthetic_fill_stylegan3 },
  [C2L_SYNTHETIC_PRIOR_MID] = { "prior-mid", C2L_WEIGHTS_PRIOR, c2l_synthetic_fill_prior },
  [C2L_SYNTHETIC_CLIP_VIT_B_32] = { "clip-vit-b-32", C2L_WEIGHTS_CLIP, c2l_synthetic_fill_clip },
};

const char *
c2l_synthetic_get_name (C2lSyntheticKind kind)
{
  g_return_val_if_fail (kind < C2L_N_SYNTHETIC, NULL);
  return models[kind].name;
}

C2lWeights *
c2l_synthetic_new (C2lSyntheticKind kind, guint64 seed)
{
  g_return_val_if_fail (kind < C2L_N_SYNTHETIC, NULL);

  g_autofree C2lFiller *filler = g_new0 (C2lFiller, 1);
  filler->weights = c2l_weights_new (models[kind].kind, models[kind].name, "made up");
  filler->state = seed;
  fill_table (filler);
  models[kind].fill (filler);
  return filler->weights;
}
