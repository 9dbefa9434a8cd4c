/* C2lArray by itself: shapes in words and elements as float32. Knows nothing of files. Data may be
 * unaligned, so every element is read through memcpy, in loops plain enough for the compiler to
 * vectorise. */
#include "formats/array.h"

#include <string.h>

gboolean
c2l_array_init (C2lArray *array, C2lDtype dtype, int n_dims, const gint64 *dims)
{
  gint64 bytes = c2l_dtype_get_size (dtype);

  if (n_dims < 0 || n_dims > C2L_MAX_DIMS)
    return FALSE;
  *array = (C2lArray){ .dtype = dtype, .n_dims = n_dims, .length = 1 };
  for (int i = 0; i < n_dims; i++)
    {
      if (dims[i] < 0)
        return FALSE;
      /* A zero further on must not hide an overflow: a shape counts with its zeros as ones. */
      if (__builtin_mul_overflow (bytes, MAX (dims[i], 1), &bytes))
        return FALSE;
      array->dims[i] = dims[i];
      array->length *= (gsize) dims[i];
    }
  return TRUE;
}

gsize
c2l_array_get_size (const C2lArray *array)
{
  return array->length * c2l_dtype_get_size (array->dtype);
}

gboolean
c2l_array_has_shape (const C2lArray *array, int n_dims, const gint64 *dims)
{
  if (array->n_dims != n_dims)
    return FALSE;
  for (int i = 0; i < n_dims; i++)
    if (array->dims[i] != dims[i])
      return FALSE;
  return TRUE;
}

static void
floats_from_f16 (float *out, const guint8 *in, gsize n)
{
  c2l_f16_to_f32_array (out, in, n);
}

static void
floats_from_bf16 (float *out, const guint8 *in, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      guint16 half;
      memcpy (&half, in + 2 * i, 2);
      guint32 bits = (guint32) half << 16;
      memcpy (out + i, &bits, 4);
    }
}

#define FLOATS_FROM(name, type)                                                                    \
  static void floats_from_##name (float *out, const guint8 *in, gsize n)                           \
  {                                                                                                \
    for (gsize i = 0; i < n; i++)                                                                  \
      {                                                                                            \
        type value;                                                                                \
        memcpy (&value, in + i * sizeof value, sizeof value);                                      \
        out[i] = (float) value;                                                                    \
      }                                                                                            \
  }

FLOATS_FROM (f32, float)
FLOATS_FROM (f64, double)
FLOATS_FROM (i64, gint64)
FLOATS_FROM (i32, gint32)
FLOATS_FROM (i16, gint16)
FLOATS_FROM (i8, gint8)
FLOATS_FROM (u8, guint8)

static void
floats_from_bool (float *out, const guint8 *in, gsize n)
{
  for (gsize i = 0; i < n; i++)
    out[i] = in[i] != 0;
}

static void (*const floats_from[C2L_N_DTYPES]) (float *, const guint8 *, gsize) = {
  [C2L_F32] = floats_from_f32,   [C2L_F16] = floats_from_f16, [C2L_BF16] = floats_from_bf16,
  [C2L_I32] = floats_from_i32,   [C2L_U8] = floats_from_u8,   [C2L_F64] = floats_from_f64,
  [C2L_I64] = floats_from_i64,   [C2L_I16] = floats_from_i16, [C2L_I8] = floats_from_i8,
  [C2L_BOOL] = floats_from_bool,
};

float *
c2l_array_dup_f32 (const C2lArray *array)
{
  g_return_val_if_fail (array != NULL, NULL);

  /* Never NULL, so that an empty array is not taken for a failure. */
  float *out = g_new (float, MAX (array->length, 1));
  if (array->length > 0)
    floats_from[array->dtype](out, array->data, array->length);
  return out;
}

char *
c2l_array_to_string (const C2lArray *array)
{
  g_return_val_if_fail (array != NULL, NULL);

  GString *text = g_string_new (c2l_dtype_get_name (array->dtype));
  g_string_append (text, " [");
  for (int i = 0; i < array->n_dims; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i > 0 ? ", " : "", array->dims[i]);
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}
