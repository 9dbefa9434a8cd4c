/* Element types of arrays and tensors: the one list that `compute` and `formats` share. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  C2L_F32,
  C2L_F16,
  C2L_BF16,
  C2L_I32,
  C2L_U8,
  /* Found in files only; a device computes on none of these. */
  C2L_F64,
  C2L_I64,
  C2L_I16,
  C2L_I8,
  C2L_BOOL,
  C2L_N_DTYPES
} C2lDtype;

/* Arrays and tensors have at most this many dimensions. */
#define C2L_MAX_DIMS 5

/* Bytes of one element. */
gsize       c2l_dtype_get_size (C2lDtype dtype);

/* "f32", "bf16", … as documentation and messages write it. */
const char *c2l_dtype_get_name (C2lDtype dtype);

/* IEEE half and bfloat16, both rounding to nearest even. */
float       c2l_f16_to_f32 (guint16 bits);
guint16     c2l_f32_to_f16 (float value);
float       c2l_bf16_to_f32 (guint16 bits);
guint16     c2l_f32_to_bf16 (float value);

/* @n halves, which may be unaligned. */
void        c2l_f16_to_f32_array (float *values, gconstpointer halves, gsize n);

G_END_DECLS
