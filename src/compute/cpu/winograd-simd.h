/* Sixteen float lanes for the Winograd engine, in GCC's vector extension: one register with AVX-512, two with AVX2, four with
 * SSE or NEON. Included by files that are compiled once for each instruction set; everything here is inlined into them. */
#pragma once

#include <glib.h>
#include <string.h>
#ifdef __SSE2__
#include <immintrin.h>
#endif

typedef float C2lLanes __attribute__ ((vector_size (64), may_alias));
typedef float C2lLanesUnaligned __attribute__ ((vector_size (64), may_alias, aligned (4)));
typedef gint32 C2lLanesInt __attribute__ ((vector_size (64), may_alias));
typedef guint32 C2lLanesUint __attribute__ ((vector_size (64), may_alias));
typedef guint16 C2lLanesHalf __attribute__ ((vector_size (32), may_alias, aligned (2)));

#define C2L_INLINE static inline __attribute__ ((always_inline))

C2L_INLINE C2lLanes
lanes_set (float value)
{
  return (C2lLanes) { value, value, value, value, value, value, value, value,
                      value, value, value, value, value, value, value, value };
}

C2L_INLINE C2lLanes
lanes_load (const float *source)
{
  return *(const C2lLanesUnaligned *) source;
}

C2L_INLINE void
lanes_store (float *destination, C2lLanes value)
{
  *(C2lLanesUnaligned *) destination = value;
}

#if defined __AVX2__ && !defined __AVX512F__
/* What GCC knows for one register only. */
typedef union
{
  C2lLanes lanes;
  __m256 halves[2];
} C2lLanesHalves;
#endif

#ifndef __AVX2__
/* C has no ?: on vectors, C++ only. */
C2L_INLINE C2lLanes
lanes_choose (C2lLanesInt first, C2lLanes a, C2lLanes b)
{
  return (C2lLanes) ((first & (C2lLanesInt) a) | (~first & (C2lLanesInt) b));
}
#endif

C2L_INLINE C2lLanes
lanes_max (C2lLanes a, C2lLanes b)
{
#if defined __AVX512F__
  return (C2lLanes) _mm512_max_ps ((__m512) a, (__m512) b);
#elif defined __AVX2__
  C2lLanesHalves x = { a }, y = { b };

  return (C2lLanesHalves) { .halves = { _mm256_max_ps (x.halves[0], y.halves[0]), _mm256_max_ps (x.halves[1], y.halves[1]) } }.lanes;
#else
  return lanes_choose (a > b, a, b);
#endif
}

C2L_INLINE C2lLanes
lanes_min (C2lLanes a, C2lLanes b)
{
#if defined __AVX512F__
  return (C2lLanes) _mm512_min_ps ((__m512) a, (__m512) b);
#elif defined __AVX2__
  C2lLanesHalves x = { a }, y = { b };

  return (C2lLanesHalves) { .halves = { _mm256_min_ps (x.halves[0], y.halves[0]), _mm256_min_ps (x.halves[1], y.halves[1]) } }.lanes;
#else
  return lanes_choose (a < b, a, b);
#endif
}

C2L_INLINE C2lLanes
lanes_load_bf16 (const guint16 *source)
{
  return (C2lLanes) (__builtin_convertvector (*(const C2lLanesHalf *) source, C2lLanesUint) << 16);
}

/* To nearest even; NaN stays NaN. */
C2L_INLINE C2lLanesHalf
lanes_to_bf16 (C2lLanes value)
{
#ifdef __AVX512BF16__
  return (C2lLanesHalf) _mm512_cvtneps_pbh ((__m512) value);
#else
  C2lLanesUint u = (C2lLanesUint) value;
  C2lLanesUint rounded = (u + 0x7fff + (u >> 16 & 1)) >> 16, quiet = u >> 16 | 0x40;
  C2lLanesInt nan = (C2lLanesInt) (u & 0x7fffffff) > 0x7f800000;

  return __builtin_convertvector (((C2lLanesUint) nan & quiet) | (~(C2lLanesUint) nan & rounded), C2lLanesHalf);
#endif
}

C2L_INLINE void
lanes_store_bf16 (guint16 *destination, C2lLanes value)
{
  *(C2lLanesHalf *) destination = lanes_to_bf16 (value);
}

/* The first @n lanes, 0 ≤ n ≤ 16; the others are 0. */
C2L_INLINE C2lLanes
lanes_load_some (const float *source, int n)
{
  float lanes[16] = { 0 };

  if (n >= 16)
    return lanes_load (source);
  memcpy (lanes, source, sizeof (float) * MAX (n, 0));
  return lanes_load (lanes);
}

/* Past the caches, where the instruction set can; @destination is 64-byte aligned. */
C2L_INLINE void
lanes_stream (float *destination, C2lLanes value)
{
#if defined __AVX512F__
  _mm512_stream_ps (destination, (__m512) value);
#elif defined __AVX2__
  C2lLanesHalves x = { value };

  _mm256_stream_ps (destination, x.halves[0]);
  _mm256_stream_ps (destination + 8, x.halves[1]);
#else
  *(C2lLanes *) destination = value;
#endif
}

C2L_INLINE void
lanes_store_pair_bf16 (guint16 *destination, C2lLanes left, C2lLanes right, gboolean stream)
{
#ifdef __AVX512F__
#ifdef __AVX512BF16__
  __m512i pair = (__m512i) _mm512_cvtne2ps_pbh ((__m512) right, (__m512) left);
#else
  __m512i pair = _mm512_inserti64x4 (_mm512_castsi256_si512 ((__m256i) lanes_to_bf16 (left)),
                                     (__m256i) lanes_to_bf16 (right), 1);
#endif

  if (stream)
    _mm512_stream_si512 ((__m512i *) destination, pair);
  else
    _mm512_storeu_si512 (destination, pair);
#else
  lanes_store_bf16 (destination, left);
  lanes_store_bf16 (destination + 16, right);
#endif
}

/* Orders streamed stores before whatever tells other threads of them. */
C2L_INLINE void
lanes_fence (void)
{
#ifdef __AVX2__
  _mm_sfence ();
#endif
}

C2L_INLINE C2lLanes
lanes_absolute (C2lLanes value)
{
  return (C2lLanes) ((C2lLanesUint) value & 0x7fffffff);
}

C2L_INLINE float
lanes_get_largest (C2lLanes value)
{
  float largest = value[0];

  for (int i = 1; i < 16; i++)
    largest = MAX (largest, value[i]);
  return largest;
}

/* Rounds to the nearest integers, which fit 16 bits. The order is that of AVX-512's packing, four of the left, four of
 * the right and so on, on every instruction set; @destination is 64-byte aligned. */
C2L_INLINE void
lanes_store_pair_i16 (gint16 *destination, C2lLanes left, C2lLanes right)
{
#ifdef __AVX512BW__
  *(__m512i *) destination =
    _mm512_packs_epi32 (_mm512_cvtps_epi32 ((__m512) left), _mm512_cvtps_epi32 ((__m512) right));
#else
  for (int i = 0; i < 32; i++)
    destination[i] = __builtin_lrintf (i % 8 < 4 ? left[i / 8 * 4 + i % 4] : right[i / 8 * 4 + i % 4]);
#endif
}
