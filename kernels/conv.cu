/* Convolution: packing of weights, and which kernel computes. */
#include "kernels/conv.h"

namespace
{
bool
is_narrow (int k, int O, int I)
{
  return k == 1 && O <= CU_CONV_NARROW && sizeof (float) * (size_t) O * I <= 48 * 1024;
}

/* [O, I, taps] → [taps, O, I] in float32. */
__global__ void
pack_f32_kernel (const float *weight, int O, int I, int taps, float *packed, int64_t n)
{
  const int64_t i = cu_thread ();

  if (i < n)
    packed[i] = weight[i % ((int64_t) O * I) * taps + i / ((int64_t) O * I)];
}

/* The same with both channels padded by zeros; @is_rest: what rounding leaves over. */
template <class T>
__global__ void
pack_half_kernel (const float *weight, int O, int I, int taps, int padded_o, int padded_i, int is_rest, T *packed, int64_t n)
{
  const int64_t at = cu_thread ();

  if (at >= n)
    return;

  const int i = (int) (at % padded_i), o = (int) (at / padded_i % padded_o), tap = (int) (at / padded_i / padded_o);
  const float value = i < I && o < O ? weight[((int64_t) o * I + i) * taps + tap] : 0.0f;
  T rounded;

  cu_from_float (&rounded, value);
  if (is_rest)
    cu_from_float (&rounded, value - cu_to_float (rounded));
  packed[at] = rounded;
}

int64_t
padded_length (int O, int I, int taps)
{
  return (int64_t) taps * CU_CEIL_DIV (O, CU_CONV_OUTPUTS) * CU_CONV_OUTPUTS * CU_CEIL_DIV (I, CU_CONV_CHUNK) * CU_CONV_CHUNK;
}
}

size_t
cu_conv_packed_size (int mode, int O, int I, int taps)
{
  const size_t n = (size_t) padded_length (O, I, taps);

  return mode == CU_CONV_F32 ? sizeof (float) * (size_t) O * I * taps : n * sizeof (CuBf16) * (mode == CU_CONV_SPLIT ? 2 : 1);
}

void
cu_conv_pack (CuStream stream, int mode, const float *weight, int O, int I, int taps, void *packed)
{
  const int64_t n = padded_length (O, I, taps), n_plain = (int64_t) O * I * taps;
  const int padded_o = CU_CEIL_DIV (O, CU_CONV_OUTPUTS) * CU_CONV_OUTPUTS, padded_i = CU_CEIL_DIV (I, CU_CONV_CHUNK) * CU_CONV_CHUNK;

  if (n_plain == 0)
    return;
  if (mode == CU_CONV_F32)
    CU_LAUNCH (pack_f32_kernel, cu_blocks (n_plain), CU_BLOCK, 0, stream, weight, O, I, taps, (float *) packed, n_plain);
  else if (mode == CU_CONV_F16)
    CU_LAUNCH (pack_half_kernel<CuF16>, cu_blocks (n), CU_BLOCK, 0, stream, weight, O, I, taps, padded_o, padded_i, 0,
               (CuF16 *) packed, n);
  else
    for (int part = 0; part < (mode == CU_CONV_SPLIT ? 2 : 1); part++)
      CU_LAUNCH (pack_half_kernel<CuBf16>, cu_blocks (n), CU_BLOCK, 0, stream, weight, O, I, taps, padded_o, padded_i, part,
                 (CuBf16 *) packed + part * n, n);
}

int
cu_conv_choose (int mode, int k, int O, int I)
{
  return is_narrow (k, O, I) ? CU_CONV_F32 : mode;
}

void
cu_conv (CuStream stream, const CuConv *c)
{
  if ((int64_t) c->B * c->O == 0)
    return;
  if (is_narrow (c->k, c->O, c->I))
    cu_conv_narrow (stream, c);
  else if (c->mode == CU_CONV_F32)
    cu_conv_f32 (stream, c);
  else
    cu_conv_mma (stream, c);
}
