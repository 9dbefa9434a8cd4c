/* Reference loops of the operations on pictures, [B, R, R, C]. See reference.h. */
#include "reference.h"

#include <math.h>
#include <string.h>

/* A pixel's channels; NULL outside of the picture. */
static double *
pixel (const RefArray *x, gint64 b, gint64 row, gint64 column)
{
  if (row < 0 || row >= x->dims[1] || column < 0 || column >= x->dims[2])
    return NULL;
  return x->values + ((b * x->dims[1] + row) * x->dims[2] + column) * x->dims[3];
}

static RefArray *
new_picture (gint64 B, gint64 rows, gint64 columns, gint64 C)
{
  return ref_array_new (4, (gint64[]){ B, rows, columns, C });
}

/* --- convolution */

static RefArray *
scale_channels (const RefArray *x, const RefArray *factors)
{
  RefArray *y = ref_array_new (4, x->dims);
  gsize C = x->dims[3], per_picture = x->length / x->dims[0];

  for (gsize i = 0; i < x->length; i++)
    y->values[i]
        = x->values[i] * (factors != NULL ? factors->values[i / per_picture * C + i % C] : 1);
  return y;
}

/* Weights [O, I, k, k] as [k, k, O, I], so that the inner loop runs along both operands. */
static double *
dup_transposed_weight (const RefArray *weight)
{
  gsize O = weight->dims[0], I = weight->dims[1], k2 = weight->dims[2] * weight->dims[3];
  double *transposed = g_new (double, weight->length);

  for (gsize i = 0; i < weight->length; i++)
    transposed[(i % k2 * O + i / k2 / I) * I + i / k2 % I] = weight->values[i];
  return transposed;
}

/* to[o] += Σ_i weight[o][i] · from[i] for one tap of the kernel. */
static void
add_tap (double *to, const double *from, const double *tap, gint64 O, gint64 I)
{
  for (gint64 o = 0; o < O; o++)
    {
      double sum = 0;

      for (gint64 i = 0; i < I; i++)
        sum += tap[o * I + i] * from[i];
      to[o] += sum;
    }
}

static RefArray *
correlate (const RefArray *x, const RefArray *weight, int padding)
{
  gint64 O = weight->dims[0], I = weight->dims[1], k = weight->dims[2],
         size = x->dims[1] + 2 * padding - k + 1;
  RefArray *y = new_picture (x->dims[0], size, size, O);
  g_autofree double *taps = dup_transposed_weight (weight);

  for (gint64 i = 0; i < x->dims[0] * size * size * k * k; i++)
    {
      gint64 tap = i % (k * k), at = i / (k * k);
      gint64 column = at % size, row = at / size % size, b = at / size / size;
      const double *from = pixel (x, b, row + tap / k - padding, column + tap % k - padding);

      if (from != NULL)
        add_tap (pixel (y, b, row, column), from, taps + tap * O * I, O, I);
    }
  return y;
}

/* Zeros between the pixels, then the true convolution: pixel p of x lands on 2p … 2p + 2 of a
 * picture of 2R + 1. */
static RefArray *
convolve_zero_inserted (const RefArray *x, const RefArray *weight)
{
  gint64 O = weight->dims[0], I = weight->dims[1], k = weight->dims[2], R = x->dims[1];
  RefArray *y = new_picture (x->dims[0], 2 * (R - 1) + k, 2 * (R - 1) + k, O);
  g_autofree double *taps = dup_transposed_weight (weight);

  for (gint64 i = 0; i < x->dims[0] * R * R * k * k; i++)
    {
      gint64 tap = i % (k * k), at = i / (k * k);
      gint64 column = at % R, row = at / R % R, b = at / R / R;

      add_tap (pixel (y, b, 2 * row + tap / k, 2 * column + tap % k), pixel (x, b, row, column),
               taps + tap * O * I, O, I);
    }
  return y;
}

RefArray *
ref_conv (const RefArray *x, const RefConvInputs *in, const C2lConv *p)
{
  g_autoptr (RefArray) scaled = scale_channels (x, in->styles);
  RefArray *y;
  gsize O, per_picture;

  if (p->up == 2)
    {
      g_autoptr (RefArray) convolved = convolve_zero_inserted (scaled, in->weight);
      y = ref_resample (convolved, in->filter,
                        &(C2lResample){ .up = 1, .down = 1, .padding = { 1, 1, 1, 1 }, .gain = 4 });
    }
  else
    y = correlate (scaled, in->weight, p->padding);

  O = y->dims[3];
  per_picture = y->length / y->dims[0];
  for (gsize i = 0; i < y->length; i++)
    {
      double value = y->values[i];

      if (in->demod != NULL)
        value *= in->demod->values[i / per_picture * O + i % O];
      if (in->noise != NULL)
        value += (double) p->noise_strength * in->noise->values[i / O % in->noise->length];
      if (in->bias != NULL)
        value += in->bias->values[i % O];
      value = ref_activation (p->act, value) * (p->gain == 0 ? 1 : p->gain);
      if (p->clamp != 0)
        value = CLAMP (value, -p->clamp, p->clamp);
      y->values[i] = value + (in->residual != NULL ? in->residual->values[i] : 0);
    }
  return y;
}

RefArray *
ref_demodulation (const RefArray *styles, const RefArray *weight)
{
  gint64 B = styles->dims[0], O = weight->dims[0], I = weight->dims[1],
         k2 = weight->dims[2] * weight->dims[3];
  RefArray *y = ref_array_new (2, (gint64[]){ B, O });

  for (gint64 at = 0; at < B * O; at++)
    {
      double sum = 1e-8;

      for (gint64 i = 0; i < I * k2; i++)
        sum += pow (weight->values[at % O * I * k2 + i] * styles->values[at / O * I + i / k2], 2);
      y->values[at] = 1 / sqrt (sum);
    }
  return y;
}

/* --- filters */

/* The filter as n × n with its gain: a separable one has √gain along each axis, which is the gain
 * in all. */
static double *
dup_square_filter (const RefArray *filter, double gain, gint64 *n)
{
  double *square;

  *n = filter != NULL ? filter->dims[0] : 1;
  square = g_new (double, (gsize) *n * *n);
  for (gint64 i = 0; i < *n * *n; i++)
    {
      if (filter == NULL)
        square[i] = gain;
      else if (filter->n_dims == 1)
        square[i] = gain * filter->values[i / *n] * filter->values[i % *n];
      else
        square[i] = gain * filter->values[i];
    }
  return square;
}

RefArray *
ref_resample (const RefArray *x, const RefArray *filter, const C2lResample *p)
{
  gint64 n, left = p->padding[0], top = p->padding[2], C = x->dims[3], up = p->up, down = p->down;
  g_autofree double *square = dup_square_filter (filter, p->gain == 0 ? 1 : p->gain, &n);
  gint64 columns = (x->dims[2] * up + left + p->padding[1] - n + down) / down;
  gint64 rows = (x->dims[1] * up + top + p->padding[3] - n + down) / down;
  RefArray *y = new_picture (x->dims[0], rows, columns, C);

  for (gint64 at = 0; at < x->dims[0] * rows * columns; at++)
    {
      gint64 column = at % columns, row = at / columns % rows, b = at / columns / rows;
      double *to = pixel (y, b, row, column);

      for (gint64 i = 0; i < n * n; i++)
        {
          /* position in the up-sampled picture; only every up-th pixel is not zero */
          gint64 v = row * down + i / n - top, u = column * down + i % n - left;
          const double *from = v % up == 0 && u % up == 0 ? pixel (x, b, v / up, u / up) : NULL;

          for (gint64 c = 0; from != NULL && c < C; c++)
            to[c] += square[n * n - 1 - i] * from[c];
        }
    }
  return y;
}

RefArray *
ref_filtered_leaky_relu (const RefArray *x,
                         const RefArray *bias,
                         const RefArray *up_filter,
                         const RefArray *down_filter,
                         const C2lFilteredLeakyRelu *p)
{
  C2lResample up = { .up = p->up, .down = 1, .gain = (float) p->up * p->up };
  C2lResample down = { .up = 1, .down = p->down };
  g_autoptr (RefArray) biased = ref_array_new (4, x->dims);
  g_autoptr (RefArray) wide = NULL;

  for (gsize i = 0; i < x->length; i++)
    biased->values[i] = x->values[i] + (bias != NULL ? bias->values[i % x->dims[3]] : 0);

  memcpy (up.padding, p->padding, sizeof up.padding);
  wide = ref_resample (biased, up_filter, &up);
  for (gsize i = 0; i < wide->length; i++)
    {
      double value = wide->values[i] * (wide->values[i] < 0 ? p->slope : 1) * p->gain;
      wide->values[i] = p->clamp != 0 ? CLAMP (value, -p->clamp, p->clamp) : value;
    }
  return ref_resample (wide, down_filter, &down);
}

/* --- StyleGAN3's input: Karras et al. 2021, section 3.2 and appendix F */

static void
multiply_3x3 (const double a[9], const double b[9], double out[9])
{
  for (int i = 0; i < 9; i++)
    out[i] = a[i / 3 * 3] * b[i % 3] + a[i / 3 * 3 + 1] * b[3 + i % 3]
             + a[i / 3 * 3 + 2] * b[6 + i % 3];
}

RefArray *
ref_fourier_features (const RefArray *affine,
                      const RefArray *transform,
                      const RefArray *freqs,
                      const RefArray *phases,
                      const C2lFourierFeatures *p)
{
  gint64 B = affine->dims[0], C = freqs->dims[0], size = p->size;
  RefArray *y = new_picture (B, size, size, C);

  for (gsize i = 0; i < y->length; i++)
    {
      gint64 c = i % C, column = i / C % size, row = i / C / size % size, b = i / C / size / size;
      const double *t = affine->values + 4 * b, *f = freqs->values + 2 * c;
      double norm = hypot (t[0], t[1]);
      double rotation[9] = { t[0] / norm, -t[1] / norm, 0, t[1] / norm, t[0] / norm, 0, 0, 0, 1 };
      double translation[9] = { 1, 0, -t[2] / norm, 0, 1, -t[3] / norm, 0, 0, 1 };
      double learned[9], m[9];

      multiply_3x3 (rotation, translation, learned);
      multiply_3x3 (learned, transform->values, m);
      {
        double phase = phases->values[c] + f[0] * m[2] + f[1] * m[5];
        double fx = f[0] * m[0] + f[1] * m[3], fy = f[0] * m[1] + f[1] * m[4];
        double amplitude
            = 1 - (hypot (fx, fy) - p->bandwidth) / (p->sampling_rate / 2.0 - p->bandwidth);
        double gx = (column + 0.5 - size / 2.0) / p->sampling_rate,
               gy = (row + 0.5 - size / 2.0) / p->sampling_rate;

        y->values[i] = CLAMP (amplitude, 0, 1) * sin (2 * G_PI * (gx * fx + gy * fy + phase));
      }
    }
  return y;
}

/* --- to CLIP and to the screen */

static double
mean_of_cell (const RefArray *x, gint64 b, gint64 c, gint64 row, gint64 column, gint64 size)
{
  gint64 R = x->dims[1];
  gint64 top = row * R / size, bottom = ((row + 1) * R + size - 1) / size;
  gint64 left = column * R / size, right = ((column + 1) * R + size - 1) / size;
  double sum = 0;

  for (gint64 v = top; v < bottom; v++)
    for (gint64 u = left; u < right; u++)
      sum += pixel (x, b, v, u)[c];
  return sum / ((bottom - top) * (right - left));
}

RefArray *
ref_area_resize (const RefArray *x, const C2lAreaResize *p)
{
  gint64 C = x->dims[3], size = p->size;
  RefArray *y = new_picture (x->dims[0], size, size, C);

  for (gsize i = 0; i < y->length; i++)
    {
      int c = i % C;
      double value
          = mean_of_cell (x, i / C / size / size, c, i / C / size % size, i / C % size, size);

      if (p->to_unit)
        value = 0.5 * value + 0.5;
      if (p->normalize_before)
        value = (value - p->mean[c]) / p->std[c];
      if (p->clamp)
        value = CLAMP (value, 0, 1);
      if (p->normalize_after)
        value = (value - p->mean[c]) / p->std[c];
      y->values[i] = value;
    }
  return y;
}

RefArray *
ref_patches (const RefArray *x, int patch)
{
  gint64 C = x->dims[3], side = x->dims[1] / patch, length = C * patch * patch;
  RefArray *y = ref_array_new (3, (gint64[]){ x->dims[0], side * side, length });

  for (gsize i = 0; i < y->length; i++)
    {
      gint64 c = i % length / (patch * patch), v = i % length / patch % patch, u = i % patch;
      gint64 at = i / length % (side * side), b = i / length / (side * side);

      y->values[i] = pixel (x, b, at / side * patch + v, at % side * patch + u)[c];
    }
  return y;
}

RefArray *
ref_to_u8 (const RefArray *x, C2lU8Rule rule)
{
  RefArray *y = ref_array_new (x->n_dims, x->dims);

  for (gsize i = 0; i < x->length; i++)
    {
      double value = CLAMP (x->values[i], -1, 1);
      y->values[i]
          = floor (rule == C2L_U8_TRUNCATE ? 255 * (0.5 * value + 0.5) : 127.5 * value + 127.5);
    }
  return y;
}
