/* StyleGAN3's input, and the ways of a picture to CLIP and to the screen: an element a thread. */
#include "kernels/number.h"

namespace
{
/* The user's transform after the learned one: rotation (r0, r1) and translation (t0, t1), Karras et al. 2021, appendix F. Only the
 * first two rows are wanted. */
__device__ __forceinline__ void
compose (const float *affine, const float *user, float m[6])
{
  const float norm = sqrtf (affine[0] * affine[0] + affine[1] * affine[1]);
  const float c = affine[0] / norm, s = affine[1] / norm, tx = affine[2] / norm, ty = affine[3] / norm;
  const float rows[2][3] = { { c, -s, -c * tx + s * ty }, { s, c, -s * tx - c * ty } };

  for (int i = 0; i < 6; i++)
    m[i] = rows[i / 3][0] * user[i % 3] + rows[i / 3][1] * user[3 + i % 3] + rows[i / 3][2] * user[6 + i % 3];
}

__global__ void
fourier_kernel (const float *affine, const float *transform, const float *freqs, const float *phases, float *y, int64_t n, int size,
                int C, float sampling_rate, float bandwidth)
{
  const int64_t i = cu_thread ();

  if (i >= n)
    return;

  const int c = (int) (i % C), column = (int) (i / C % size), row = (int) (i / C / size % size), b = (int) (i / C / size / size);
  float m[6];

  compose (affine + 4 * b, transform, m);

  const float f0 = freqs[2 * c], f1 = freqs[2 * c + 1];
  const float phase = phases[c] + f0 * m[2] + f1 * m[5], fx = f0 * m[0] + f1 * m[3], fy = f0 * m[1] + f1 * m[4];
  const float excess = (sqrtf (fx * fx + fy * fy) - bandwidth) / (0.5f * sampling_rate - bandwidth);
  const float amplitude = fminf (fmaxf (1.0f - excess, 0.0f), 1.0f);
  const float gx = ((float) column + 0.5f - 0.5f * (float) size) / sampling_rate;
  const float gy = ((float) row + 0.5f - 0.5f * (float) size) / sampling_rate;
  const float turns = gx * fx + gy * fy + phase;

  y[i] = amplitude * sinf (6.2831853f * (turns - rintf (turns)));
}

__global__ void
area_resize_kernel (const float *x, CuAreaResize p, float *y, int64_t n)
{
  const int64_t i = cu_thread ();

  if (i >= n)
    return;

  const int c = (int) (i % 3), column = (int) (i / 3 % p.size), row = (int) (i / 3 / p.size % p.size);
  const int64_t b = i / 3 / p.size / p.size;
  const int top = (int) ((int64_t) row * p.H / p.size), bottom = (int) (((int64_t) (row + 1) * p.H + p.size - 1) / p.size);
  const int left = (int) ((int64_t) column * p.W / p.size), right = (int) (((int64_t) (column + 1) * p.W + p.size - 1) / p.size);
  float sum = 0;

  for (int v = top; v < bottom; v++)
    for (int u = left; u < right; u++)
      sum += x[((b * p.H + v) * p.W + u) * 3 + c];

  float value = sum / (float) ((bottom - top) * (right - left));

  if (p.to_unit)
    value = 0.5f * value + 0.5f;
  if (p.normalize_before)
    value = (value - p.mean[c]) / p.std[c];
  if (p.clamp)
    value = fminf (fmaxf (value, 0.0f), 1.0f);
  if (p.normalize_after)
    value = (value - p.mean[c]) / p.std[c];
  y[i] = value;
}

__global__ void
patches_kernel (const float *x, void *y, int y_type, int64_t n, int H, int W, int C, int patch)
{
  const int64_t i = cu_thread ();

  if (i >= n)
    return;

  const int length = C * patch * patch, columns = W / patch, per_picture = (H / patch) * columns;
  const int in_patch = (int) (i % length), c = in_patch / (patch * patch), v = in_patch / patch % patch, u = in_patch % patch;
  const int at = (int) (i / length % per_picture);
  const int64_t b = i / length / per_picture;

  cu_write (y, y_type, i, x[((b * H + at / columns * patch + v) * W + at % columns * patch + u) * C + c]);
}

__global__ void
to_u8_kernel (const float *x, int truncate, uint8_t *y, int64_t n)
{
  const int64_t i = cu_thread ();

  if (i >= n)
    return;

  const float value = fminf (fmaxf (x[i], -1.0f), 1.0f);

  y[i] = (uint8_t) (truncate ? 255.0f * (0.5f * value + 0.5f) : 127.5f * value + 127.5f);
}
}

void
cu_fourier (CuStream stream, const float *affine, const float *transform, const float *freqs, const float *phases, float *y, int B,
            int size, int C, float sampling_rate, float bandwidth)
{
  const int64_t n = (int64_t) B * size * size * C;

  if (n > 0)
    CU_LAUNCH (fourier_kernel, cu_blocks (n), CU_BLOCK, 0, stream, affine, transform, freqs, phases, y, n, size, C, sampling_rate,
               bandwidth);
}

void
cu_area_resize (CuStream stream, const float *x, const CuAreaResize *p, float *y, int B)
{
  const int64_t n = (int64_t) B * p->size * p->size * 3;

  if (n > 0)
    CU_LAUNCH (area_resize_kernel, cu_blocks (n), CU_BLOCK, 0, stream, x, *p, y, n);
}

void
cu_patches (CuStream stream, const float *x, void *y, int y_type, int B, int H, int W, int C, int patch)
{
  const int64_t n = (int64_t) B * H * W * C;

  if (n > 0)
    CU_LAUNCH (patches_kernel, cu_blocks (n), CU_BLOCK, 0, stream, x, y, y_type, n, H, W, C, patch);
}

void
cu_to_u8 (CuStream stream, const float *x, int truncate, uint8_t *y, int64_t n)
{
  if (n > 0)
    CU_LAUNCH (to_u8_kernel, cu_blocks (n), CU_BLOCK, 0, stream, x, truncate, y, n);
}
