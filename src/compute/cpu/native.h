/* Vectors of the machine's own width, for matrix products: vectors of 16 floats (vec.h, winograd-simd.h) that are wider than a
 * register are kept in memory by compilers once they are sums in an array. Included by files that are compiled once for each
 * instruction set. */
#pragma once

#include <glib.h>

/* Lanes, and how many rows of 16 sums fit the registers beside their columns and a broadcast. */
#if defined __AVX512F__
#define C2L_NATIVE_WIDTH 16
#define C2L_NATIVE_ROWS 12
#elif defined __AVX2__
#define C2L_NATIVE_WIDTH 8
#define C2L_NATIVE_ROWS 6
#elif defined __aarch64__
#define C2L_NATIVE_WIDTH 4
#define C2L_NATIVE_ROWS 6
#else
#define C2L_NATIVE_WIDTH 4
#define C2L_NATIVE_ROWS 2
#endif

/* Vectors of 16 floats. */
#define C2L_NATIVE_VECTORS (16 / C2L_NATIVE_WIDTH)

typedef float C2lNative __attribute__ ((vector_size (C2L_NATIVE_WIDTH * sizeof (float)), may_alias));
typedef float C2lNativeUnaligned
    __attribute__ ((vector_size (C2L_NATIVE_WIDTH * sizeof (float)), may_alias, aligned (4)));
typedef guint32 C2lNativeBits __attribute__ ((vector_size (C2L_NATIVE_WIDTH * sizeof (guint32)), may_alias));
typedef guint16 C2lNativeBf16
    __attribute__ ((vector_size (C2L_NATIVE_WIDTH * sizeof (guint16)), may_alias, aligned (2)));

typedef gint32 C2lNativeMask __attribute__ ((vector_size (C2L_NATIVE_WIDTH * sizeof (gint32))));

/* Lanes of @a where @mask, else of @b. */
static inline C2lNative
native_select (C2lNativeMask mask, C2lNative a, C2lNative b)
{
  return (C2lNative) ((mask & (C2lNativeMask) a) | (~mask & (C2lNativeMask) b));
}

static inline C2lNative
native_load_bf16 (const guint16 *source)
{
  return (C2lNative) (__builtin_convertvector (*(const C2lNativeBf16 *) source, C2lNativeBits) << 16);
}
