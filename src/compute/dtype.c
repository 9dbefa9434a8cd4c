#include "compute/dtype.h"

#include <string.h>

static const struct
{
  const char *name;
  gsize size;
} dtypes[C2L_N_DTYPES] = {
  [C2L_F32] = { "f32", 4 },   [C2L_F16] = { "f16", 2 }, [C2L_BF16] = { "bf16", 2 },
  [C2L_I32] = { "i32", 4 },   [C2L_U8] = { "u8", 1 },   [C2L_F64] = { "f64", 8 },
  [C2L_I64] = { "i64", 8 },   [C2L_I16] = { "i16", 2 }, [C2L_I8] = { "i8", 1 },
  [C2L_BOOL] = { "bool", 1 },
};

gsize
c2l_dtype_get_size (C2lDtype dtype)
{
  g_return_val_if_fail ((guint) dtype < C2L_N_DTYPES, 0);
  return dtypes[dtype].size;
}

const char *
c2l_dtype_get_name (C2lDtype dtype)
{
  g_return_val_if_fail ((guint) dtype < C2L_N_DTYPES, NULL);
  return dtypes[dtype].name;
}

static float
float_from_bits (guint32 bits)
{
  float value;
  memcpy (&value, &bits, sizeof value);
  return value;
}

static guint32
bits_from_float (float value)
{
  guint32 bits;
  memcpy (&bits, &value, sizeof bits);
  return bits;
}

float
c2l_f16_to_f32 (guint16 bits)
{
  guint32 sign = (guint32) (bits & 0x8000) << 16;
  guint32 exponent = (bits >> 10) & 0x1f;
  guint32 mantissa = bits & 0x3ff;

  if (exponent == 0x1f)
    return float_from_bits (sign | 0x7f800000 | mantissa << 13);
  if (exponent != 0)
    return float_from_bits (sign | (exponent + 112) << 23 | mantissa << 13);
  /* Zero and subnormals: a multiple of 2^-24. */
  return (sign ? -1.0f : 1.0f) * (float) mantissa * 0x1p-24f;
}

/* Without branches on the value, so that it is vectorised: the shifted bits times 2^112, which is
 * exact for normals and subnormals alike. */
void
c2l_f16_to_f32_array (float *values, gconstpointer halves, gsize n)
{
  const guint8 *in = halves;

  for (gsize i = 0; i < n; i++)
    {
      guint16 half;
      memcpy (&half, in + 2 * i, sizeof half);

      guint32 magnitude = (guint32) (half & 0x7fff) << 13;
      float value;
      memcpy (&value, &magnitude, sizeof value);
      value *= 0x1p112f;

      guint32 bits;
      memcpy (&bits, &value, sizeof bits);
      bits |= (half & 0x7c00) == 0x7c00 ? 0x7f800000u : 0u;
      bits |= (guint32) (half & 0x8000) << 16;
      memcpy (values + i, &bits, sizeof bits);
    }
}

guint16
c2l_f32_to_f16 (float value)
{
  guint32 bits = bits_from_float (value);
  guint16 sign = (bits >> 16) & 0x8000;
  guint32 magnitude = bits & 0x7fffffff;

  if (magnitude > 0x7f800000)
    return sign | 0x7e00;
  if (magnitude >= 0x477ff000) /* 65520 and above round to infinity */
    return sign | 0x7c00;
  if (magnitude < 0x38800000)
    {
      /* Below the smallest normal half: adding 0.5 makes float round at 2^-24. */
      guint32 rounded = bits_from_float (float_from_bits (magnitude) + 0.5f);
      return sign | (guint16) (rounded - 0x3f000000);
    }
  magnitude += 0xfff + (magnitude >> 13 & 1);
  return sign | (guint16) ((magnitude - 0x38000000) >> 13);
}

float
c2l_bf16_to_f32 (guint16 bits)
{
  return float_from_bits ((guint32) bits << 16);
}

guint16
c2l_f32_to_bf16 (float value)
{
  guint32 bits = bits_from_float (value);

  if ((bits & 0x7fffffff) > 0x7f800000)
    return (guint16) (bits >> 16 | 0x40);
  return (guint16) ((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
