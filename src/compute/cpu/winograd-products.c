/* Matrix products of the Winograd engine: for each coefficient, the tiles' V times the packed
 * weights U. Compiled once for each instruction set. The micro-kernel keeps a block of M in
 * registers over all input channels, so a sum has the same order whatever block its tile falls
 * into.
 *
 *            U: 32 columns (output channels)
 *          ┌─────────┬─────────┐
 *   V: one │ lane 0… │         │   each row: broadcast one channel (or pair of bf16 channels)
 *   tile a │         │         │   of the tile, multiply both column vectors, add
 *   row    └─────────┴─────────┘ */
#include "compute/cpu/native.h"
#include "compute/cpu/winograd-parts.h"
#include "compute/cpu/winograd-simd.h"

#if defined __AVX512BF16__ && !defined __AVX512VNNI__
#error "plans for bf16 hold 16-bit integers too: compile with -mavx512vnni"
#endif

#define ROWS C2L_NATIVE_ROWS

#ifdef __AVX512F__
/* Chunks of 32 integers that are summed exactly. */
#define EXACT_CHUNKS (C2L_WINOGRAD_EXACT_CHANNELS / 32)

/* sum[0] += v · left, sum[1] += v · right for one channel (or pair of them) @v of a tile. */
C2L_INLINE void
multiply_add (C2lWinogradElement element,
              C2lLanes sum[2],
              const float *v,
              C2lLanes left,
              C2lLanes right)
{
#ifdef __AVX512VNNI__
  if (element == C2L_ELEMENT_I16)
    {
      __m512i pair = (__m512i) _mm512_set1_ps (*v);

      sum[0] = (C2lLanes) _mm512_dpwssd_epi32 ((__m512i) sum[0], (__m512i) left, pair);
      sum[1] = (C2lLanes) _mm512_dpwssd_epi32 ((__m512i) sum[1], (__m512i) right, pair);
      return;
    }
#endif
#ifdef __AVX512BF16__
  if (element == C2L_ELEMENT_BF16)
    {
      __m512bh pair = (__m512bh) _mm512_set1_ps (*v);

      sum[0] = (C2lLanes) _mm512_dpbf16_ps ((__m512) sum[0], (__m512bh) left, pair);
      sum[1] = (C2lLanes) _mm512_dpbf16_ps ((__m512) sum[1], (__m512bh) right, pair);
      return;
    }
#endif
  sum[0] += lanes_set (*v) * left;
  sum[1] += lanes_set (*v) * right;
}

#ifdef __AVX512VNNI__
/* Twelve rows of integers, whose sums are in zmm2r and zmm2r+1. In assembly because GCC 12 moves
 * the sums between registers around the intrinsic, which costs a quarter of the time. */
#define INTEGER_ROW(r, left, right)                                                                \
  "vpbroadcastd " #r "*64+place*4(%[v]), %%zmm26\n\t"                                              \
  "vpdpwssd %%zmm26, %%zmm24, %%zmm" #left "\n\t"                                                  \
  "vpdpwssd %%zmm26, %%zmm25, %%zmm" #right "\n\t"
#define CLEAR(left, right)                                                                         \
  "vpxorq %%zmm" #left ", %%zmm" #left ", %%zmm" #left "\n\t"                                      \
  "vpxorq %%zmm" #right ", %%zmm" #right ", %%zmm" #right "\n\t"
#define FINISH_ROW(finish, left, right)                                                            \
  "vcvtdq2ps %%zmm" #left ", %%zmm" #left "\n\t"                                                   \
  "vcvtdq2ps %%zmm" #right ", %%zmm" #right                                                        \
  "\n\t" finish (left, right) "vmovaps %%zmm" #left ", (%[m])\n\t"                                 \
                              "vmovaps %%zmm" #right ", 64(%[m])\n\t"                              \
                              "add %[m_row], %[m]\n\t"
#define STORE(left, right)                                                                         \
  "vmulps %%zmm24, %%zmm" #left ", %%zmm" #left "\n\t"                                             \
  "vmulps %%zmm25, %%zmm" #right ", %%zmm" #right "\n\t"
#define ADD(left, right)                                                                           \
  "vfmadd213ps (%[m]), %%zmm24, %%zmm" #left "\n\t"                                                \
  "vfmadd213ps 64(%[m]), %%zmm25, %%zmm" #right "\n\t"

#define DEFINE_INTEGERS(name, finish)                                                              \
  static void name (gsize n_chunks, const float *v, gsize chunk, const float *u,                   \
                    const float *scales, float *m, gsize m_row)                                    \
  {                                                                                                \
    __asm__ volatile(                                                                              \
        CLEAR (0, 1) CLEAR (2, 3) CLEAR (4, 5) CLEAR (6, 7) CLEAR (8, 9) CLEAR (10, 11)            \
            CLEAR (12, 13) CLEAR (14, 15) CLEAR (16, 17) CLEAR (18, 19) CLEAR (20, 21) CLEAR (     \
                22, 23) "1:\n\t"                                                                   \
                        ".set place, 0\n\t"                                                        \
                        ".rept 16\n\t"                                                             \
                        "vmovdqa64 place*128(%[u]), %%zmm24\n\t"                                   \
                        "vmovdqa64 place*128+64(%[u]), %%zmm25\n\t" INTEGER_ROW (0, 0, 1)          \
                            INTEGER_ROW (1, 2, 3) INTEGER_ROW (2, 4, 5) INTEGER_ROW (3, 6, 7)      \
                                INTEGER_ROW (4, 8, 9) INTEGER_ROW (5, 10, 11) INTEGER_ROW (        \
                                    6, 12, 13) INTEGER_ROW (7, 14, 15) INTEGER_ROW (8, 16, 17)     \
                                    INTEGER_ROW (9, 18, 19) INTEGER_ROW (10, 20, 21) INTEGER_ROW ( \
                                        11, 22,                                                    \
                                        23) ".set place, place+1\n\t"                              \
                                            ".endr\n\t"                                            \
                                            "add $2048, %[u]\n\t"                                  \
                                            "add %[chunk], %[v]\n\t"                               \
                                            "dec %[n]\n\t"                                         \
                                            "jnz 1b\n\t"                                           \
                                            "vmovups (%[scales]), %%zmm24\n\t"                     \
                                            "vmovups 64(%[scales]), %%zmm25\n\t" FINISH_ROW (      \
                                                finish, 0, 1) FINISH_ROW (finish, 2, 3)            \
                                                FINISH_ROW (finish, 4, 5) FINISH_ROW (             \
                                                    finish, 6, 7) FINISH_ROW (finish, 8, 9)        \
                                                    FINISH_ROW (finish, 10, 11)                    \
                                                        FINISH_ROW (finish, 12, 13) FINISH_ROW (   \
                                                            finish, 14, 15) FINISH_ROW (finish,    \
                                                                                        16, 17)    \
                                                            FINISH_ROW (finish, 18, 19)            \
                                                                FINISH_ROW (finish, 20, 21)        \
                                                                    FINISH_ROW (finish, 22, 23)    \
        : [n] "+r"(n_chunks), [v] "+r"(v), [u] "+r"(u), [m] "+r"(m)                                \
        : [chunk] "r"(chunk * sizeof (float)), [m_row] "r"(m_row * sizeof (float)),                \
          [scales] "r"(scales)                                                                     \
        : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",  \
          "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "xmm16", "xmm17", "xmm18", \
          "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25", "xmm26");                 \
  }
DEFINE_INTEGERS (store_integers, STORE)
DEFINE_INTEGERS (add_integers, ADD)
#endif

C2L_INLINE void
sum_products (int rows,
              C2lWinogradElement element,
              int n_chunks,
              const float *v,
              gsize chunk,
              const float *u,
              C2lLanes sum[ROWS][2])
{
  for (int c = 0; c < n_chunks; c++, v += chunk)
    for (int k = 0; k < 16; k += 4, u += 4 * C2L_WINOGRAD_PANEL)
      {
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++)
          {
            C2lLanes left = *(const C2lLanes *) (u + j * C2L_WINOGRAD_PANEL);
            C2lLanes right = *(const C2lLanes *) (u + j * C2L_WINOGRAD_PANEL + 16);

#pragma GCC unroll 12
            for (int r = 0; r < rows; r++)
              multiply_add (element, sum[r], v + r * 16 + k + j, left, right);
          }
      }
}

/* @rows tiles × 32 output channels. @v: chunks are @chunk floats apart. */
C2L_INLINE void
multiply_floats (int rows,
                 C2lWinogradElement element,
                 int n_chunks,
                 const float *v,
                 gsize chunk,
                 const float *u,
                 float *m,
                 gsize m_row)
{
  C2lLanes sum[ROWS][2] = { 0 };

  sum_products (rows, element, n_chunks, v, chunk, u, sum);
#pragma GCC unroll 12
  for (int r = 0; r < rows; r++)
    {
      *(C2lLanes *) (m + r * m_row) = sum[r][0];
      *(C2lLanes *) (m + r * m_row + 16) = sum[r][1];
    }
}

/* The same for integers: exact sums of C2L_WINOGRAD_EXACT_CHANNELS, scaled and added as floats.
 * @scales: of the columns */
C2L_INLINE void
multiply_integers (int rows,
                   int n_chunks,
                   const float *v,
                   gsize chunk,
                   const float *u,
                   const float *scales,
                   float *m,
                   gsize m_row)
{
  for (int first = 0; first < n_chunks; first += EXACT_CHUNKS)
    {
      int n = MIN (EXACT_CHUNKS, n_chunks - first);
      const float *part_v = v + first * chunk,
                  *part_u = u + (gsize) first * 16 * C2L_WINOGRAD_PANEL;
      C2lLanes sum[ROWS][2] = { 0 };

#ifdef __AVX512VNNI__
      if (rows == ROWS)
        {
          (first ? add_integers : store_integers) (n, part_v, chunk, part_u, scales, m, m_row);
          continue;
        }
#endif
      sum_products (rows, C2L_ELEMENT_I16, n, part_v, chunk, part_u, sum);
      for (int r = 0; r < rows; r++)
        for (int k = 0; k < 2; k++)
          {
            C2lLanes *to = (C2lLanes *) (m + r * m_row + 16 * k);
            C2lLanes value = __builtin_convertvector((C2lLanesInt) sum[r][k], C2lLanes);

            *to = value * lanes_load (scales + 16 * k) + (first ? *to : lanes_set (0));
          }
    }
}
#else
/* @rows tiles × one half of the 32 output channels: narrow registers hold more rows of these.
 * @v: chunks are @chunk floats apart. */
C2L_INLINE void
multiply_half (int rows,
               int n_chunks,
               const float *v,
               gsize chunk,
               const float *u,
               float *m,
               gsize m_row)
{
  C2lNative sum[ROWS][C2L_NATIVE_VECTORS] = { 0 };

  for (int c = 0; c < n_chunks; c++, v += chunk, u += 16 * C2L_WINOGRAD_PANEL)
#pragma GCC unroll 4
    for (int k = 0; k < 16; k++)
      {
        const C2lNative *columns = (const C2lNative *) (u + k * C2L_WINOGRAD_PANEL);

#pragma GCC unroll 6
        for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
          for (int i = 0; i < C2L_NATIVE_VECTORS; i++)
            sum[r][i] += v[r * 16 + k] * columns[i];
      }
#pragma GCC unroll 6
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
    for (int i = 0; i < C2L_NATIVE_VECTORS; i++)
      ((C2lNative *) (m + r * m_row))[i] = sum[r][i];
}
#endif

typedef void (*MicroKernel) (int n_chunks,
                             const float *v,
                             gsize chunk,
                             const float *u,
                             const float *scales,
                             float *m,
                             gsize m_row);

#define DEFINE_ONE(name, rows, ...)                                                                \
  static void name##_##rows (int n_chunks, const float *v, gsize chunk, const float *u,            \
                             const float *scales, float *m, gsize m_row)                           \
  {                                                                                                \
    __VA_ARGS__                                                                                    \
  }
#ifdef __AVX512F__
#define DEFINE(rows)                                                                               \
  DEFINE_ONE (f32, rows,                                                                           \
              multiply_floats (rows, C2L_ELEMENT_F32, n_chunks, v, chunk, u, m, m_row);)           \
  DEFINE_ONE (bf16, rows,                                                                          \
              multiply_floats (rows, C2L_ELEMENT_BF16, n_chunks, v, chunk, u, m, m_row);)          \
  DEFINE_ONE (i16, rows, multiply_integers (rows, n_chunks, v, chunk, u, scales, m, m_row);)
#else
#define DEFINE(rows)                                                                               \
  DEFINE_ONE (f32, rows, multiply_half (rows, n_chunks, v, chunk, u, m, m_row);                    \
              multiply_half (rows, n_chunks, v, chunk, u + 16, m + 16, m_row);)
#endif

DEFINE (1)
DEFINE (2)
#if ROWS > 2
DEFINE (3)
DEFINE (4)
DEFINE (5)
DEFINE (6)
#endif
#if ROWS > 6
DEFINE (7)
DEFINE (8)
DEFINE (9)
DEFINE (10)
DEFINE (11)
DEFINE (12)
#endif

/* Narrow instruction sets have plans for f32 only. */
static const MicroKernel kernels[][ROWS + 1] = {
#if ROWS > 6
  { NULL, f32_1, f32_2, f32_3, f32_4, f32_5, f32_6, f32_7, f32_8, f32_9, f32_10, f32_11, f32_12 },
  { NULL, bf16_1, bf16_2, bf16_3, bf16_4, bf16_5, bf16_6, bf16_7, bf16_8, bf16_9, bf16_10, bf16_11,
    bf16_12 },
  { NULL, i16_1, i16_2, i16_3, i16_4, i16_5, i16_6, i16_7, i16_8, i16_9, i16_10, i16_11, i16_12 },
#elif ROWS > 2
  { NULL, f32_1, f32_2, f32_3, f32_4, f32_5, f32_6 },
#else
  { NULL, f32_1, f32_2 },
#endif
};

void
c2l_winograd_multiply (const C2lWinograd *plan, const float *v, int n_tiles, int slab, float *m)
{
  const C2lWinogradScheme *s = plan->scheme;
  g_assert ((gsize) plan->element < G_N_ELEMENTS (kernels));

  const MicroKernel *kernel = kernels[plan->element];
  int first = slab * plan->slab / C2L_WINOGRAD_PANEL;
  int last = MIN (plan->n_panels, first + plan->slab / C2L_WINOGRAD_PANEL);
  gsize panel_size = (gsize) plan->n_chunks * 16 * C2L_WINOGRAD_PANEL;

  for (int p = 0; p < plan->n_products; p++)
    {
      int weight = s->weight_of[p / s->n_coef] * s->n_weight + s->weight_of[p % s->n_coef];
      const float *u
          = (const float *) ((const char *) plan->weights + weight * plan->weight_stride);

      const float *scales
          = plan->scales ? plan->scales + (gsize) p * plan->n_panels * C2L_WINOGRAD_PANEL : NULL;

      for (int panel = first; panel < last; panel++)
        for (int t = 0; t < n_tiles; t += ROWS)
          kernel[MIN (ROWS, n_tiles - t)](plan->n_chunks, v + p * plan->v_stride + t * 16,
                                          (gsize) n_tiles * 16, u + panel * panel_size,
                                          scales ? scales + panel * C2L_WINOGRAD_PANEL : NULL,
                                          m + p * plan->m_stride + (gsize) t * plan->slab
                                              + (panel - first) * C2L_WINOGRAD_PANEL,
                                          plan->slab);
    }
}
