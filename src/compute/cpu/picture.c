/* StyleGAN3's Fourier features, area resize with CLIP's normalisation, patches, 8-bit pictures. */
#include "compute/cpu/vec.h"

#include <math.h>

/* --- Fourier features --- */

/* Of one picture: frequencies x and y, phase and amplitude of each channel. */
typedef struct
{
  double *fx, *fy, *phase, *amplitude;
} Waves;

gboolean
C2L_ISA_NAME (c2l_cpu_fourier_prepare) (C2lDevice *device,
                                        C2lPrecision precision,
                                        C2lOp *op,
                                        GError **error)
{
  op->scratch_size = 4 * (gsize) op->out->dims[3] * sizeof (double);
  return TRUE;
}

/* transforms = rotation · translation · user's; frequencies and phases move with it (Karras et al.
 * 2021, networks_stylegan3). */
static void
compute_waves (const C2lOp *op, gsize batch, Waves *waves)
{
  const C2lFourierFeatures *params = &op->p.fourier;
  const float *affine = (const float *) op->in[0]->data + 4 * batch, *user = op->in[1]->data;
  const float *freqs = op->in[2]->data, *phases = op->in[3]->data;
  const double norm = sqrt ((double) affine[0] * affine[0] + (double) affine[1] * affine[1]);
  const double c = affine[0] / norm, s = affine[1] / norm, tx = affine[2] / norm,
               ty = affine[3] / norm;
  const double rotation_translation[3][3]
      = { { c, -s, -c * tx + s * ty }, { s, c, -s * tx - c * ty }, { 0, 0, 1 } };
  double m[3][3] = { { 0 } };

  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++)
      for (int k = 0; k < 3; k++)
        m[i][j] += rotation_translation[i][k] * user[3 * k + j];
  for (gsize channel = 0; channel < (gsize) op->out->dims[3]; channel++)
    {
      const double fx = freqs[2 * channel], fy = freqs[2 * channel + 1];
      const double x = fx * m[0][0] + fy * m[1][0], y = fx * m[0][1] + fy * m[1][1];
      const double amplitude = 1.0
                               - (sqrt (x * x + y * y) - params->bandwidth)
                                     / (params->sampling_rate / 2.0 - params->bandwidth);

      waves->fx[channel] = x;
      waves->fy[channel] = y;
      waves->phase[channel] = phases[channel] + fx * m[0][2] + fy * m[1][2];
      waves->amplitude[channel] = CLAMP (amplitude, 0.0, 1.0);
    }
}

void
C2L_ISA_NAME (c2l_cpu_fourier_run) (C2lDevice *device, C2lOp *op)
{
  const gsize size = (gsize) op->p.fourier.size, channels = (gsize) op->out->dims[3];
  const double scale = 0.5 * (double) size / op->p.fourier.sampling_rate;
  double *memory = op->scratch;
  Waves waves = { memory, memory + channels, memory + 2 * channels, memory + 3 * channels };

  for (gsize b = 0; b < (gsize) op->out->dims[0]; b++)
    {
      compute_waves (op, b, &waves);
#pragma omp parallel for schedule(static) if (size * size * channels > PARALLEL_MIN)
      for (gsize pixel = 0; pixel < size * size; pixel++)
        {
          /* pixel centres of a square whose edges are at ±1 */
          const double x = ((2.0 * (double) (pixel % size) + 1.0) / (double) size - 1.0) * scale;
          const double y = ((2.0 * (double) (pixel / size) + 1.0) / (double) size - 1.0) * scale;
          float *to = (float *) op->out->data + (b * size * size + pixel) * channels;

          for (gsize i = 0; i < channels; i++)
            {
              const double turns = x * waves.fx[i] + y * waves.fy[i] + waves.phase[i];
              to[i] = (float) waves.amplitude[i]
                      * sinf ((float) ((turns - rint (turns)) * 6.28318530717958648));
            }
        }
    }
}

/* --- area resize --- */

static float
normalize_for_clip (float value, const C2lAreaResize *params, int channel)
{
  const float mean = params->mean[channel], std = params->std[channel];

  if (params->to_unit)
    value = 0.5f * value + 0.5f;
  if (params->normalize_before)
    value = (value - mean) / std;
  if (params->clamp)
    value = CLAMP (value, 0.0f, 1.0f);
  if (params->normalize_after)
    value = (value - mean) / std;
  return value;
}

void
C2L_ISA_NAME (c2l_cpu_area_resize_run) (C2lDevice *device, C2lOp *op)
{
  const C2lTensor *x = op->in[0];
  const C2lAreaResize *params = &op->p.area;
  const gsize size = (gsize) params->size, height = (gsize) x->dims[1], width = (gsize) x->dims[2];
  const gsize n_rows = (gsize) x->dims[0] * size;

#pragma omp parallel for schedule(static) if (n_rows * size > 1024)
  for (gsize r = 0; r < n_rows; r++)
    {
      const float *picture = (const float *) x->data + r / size * height * width * 3;
      const gsize row = r % size, y0 = row * height / size,
                  y1 = ((row + 1) * height + size - 1) / size;
      float *to = (float *) op->out->data + r * size * 3;

      for (gsize column = 0; column < size; column++)
        {
          const gsize x0 = column * width / size, x1 = ((column + 1) * width + size - 1) / size;
          const float area = (float) ((y1 - y0) * (x1 - x0));
          float sums[3] = { 0 };

          for (gsize y = y0; y < y1; y++)
            for (gsize i = x0; i < x1; i++)
              for (int c = 0; c < 3; c++)
                sums[c] += picture[(y * width + i) * 3 + (gsize) c];
          for (int c = 0; c < 3; c++)
            to[column * 3 + (gsize) c] = normalize_for_clip (sums[c] / area, params, c);
        }
    }
}

/* --- patches --- */

gboolean
C2L_ISA_NAME (c2l_cpu_patches_prepare) (C2lDevice *device,
                                        C2lPrecision precision,
                                        C2lOp *op,
                                        GError **error)
{
  op->scratch_size = all_threads_scratch ((gsize) op->out->dims[2] * sizeof (float));
  return TRUE;
}

void
C2L_ISA_NAME (c2l_cpu_patches_run) (C2lDevice *device, C2lOp *op)
{
  const C2lTensor *x = op->in[0];
  const gsize p = (gsize) op->p.patches.patch, channels = (gsize) x->dims[3],
              width = (gsize) x->dims[2];
  const gsize across = width / p, n_patches = (gsize) op->out->dims[1],
              length = (gsize) op->out->dims[2];
  const gsize n = (gsize) op->out->dims[0] * n_patches;

#pragma omp parallel for schedule(static) if (n * length > PARALLEL_MIN)
  for (gsize i = 0; i < n; i++)
    {
      float *row = thread_scratch (op, length * sizeof (float));
      const gsize patch = i % n_patches, top = patch / across * p, left = patch % across * p;
      const float *from = (const float *) x->data
                          + ((i / n_patches * (gsize) x->dims[1] + top) * width + left) * channels;

      for (gsize c = 0; c < channels; c++)
        for (gsize v = 0; v < p; v++)
          for (gsize u = 0; u < p; u++)
            row[(c * p + v) * p + u] = from[(v * width + u) * channels + c];
      row_store (op->out, i * length, row, length);
    }
}

/* --- 8 bit --- */

void
C2L_ISA_NAME (c2l_cpu_to_u8_run) (C2lDevice *device, C2lOp *op)
{
  const gsize n = c2l_tensor_get_length (op->out);
  const float *x = op->in[0]->data;
  guint8 *to = op->out->data;
  const gboolean demo = op->p.u8.rule == C2L_U8_DEMO;

#pragma omp parallel for simd schedule(static) if (n > PARALLEL_MIN)
  for (gsize i = 0; i < n; i++)
    {
      /* NaN becomes 0: the comparison is false */
      const float value = x[i] > -1.0f ? (x[i] < 1.0f ? x[i] : 1.0f) : -1.0f;
      const float scaled = demo ? 127.5f * value + 127.5f : 255.0f * (value * 0.5f + 0.5f);

      to[i] = (guint8) (gint32) scaled;
    }
}
