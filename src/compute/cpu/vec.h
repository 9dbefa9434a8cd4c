/* What the files that are compiled for each instruction set share: vectors of 16 floats (one AVX-512 register, two of AVX2, four
 * of SSE), rows of any float type, and functions that the compiler can vectorise. Everything is static. */
#pragma once

#include "compute/cpu/cpu.h"
#include "compute/cpu/isa.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#define VEC 16

typedef float Vec __attribute__ ((vector_size (VEC * sizeof (float)), aligned (4), may_alias));
typedef gint32 VecMask __attribute__ ((vector_size (VEC * sizeof (gint32))));

/* Lanes of @a where @mask, else of @b. */
static inline Vec
vec_select (VecMask mask, Vec a, Vec b)
{
  return (Vec) ((mask & (VecMask) a) | (~mask & (VecMask) b));
}

static inline gsize
round_up (gsize n, gsize multiple)
{
  return (n + multiple - 1) / multiple * multiple;
}

/* exp within 2 ulp; overflows to infinity, underflows to 0. */
static inline float
vec_exp (float x)
{
  const float magic = 12582912.0f; /* 1.5·2²³: adding it rounds to an integer */
  float clamped = x < -104.0f ? -104.0f : x > 89.0f ? 89.0f : x;
  float n = (clamped * 1.44269504f + magic) - magic;
  float r = clamped - n * 0.693145752f - n * 1.42860677e-6f;
  float p = 1.0f
            + r * (1.0f + r * (0.5f + r * (0.166666672f + r * (0.0416664938f + r * (0.00833345670f + r * 0.00138888834f)))));
  /* 2^n in two factors, so that results near the ends of the range are right. */
  gint32 half = (gint32) n >> 1, rest = (gint32) n - half;
  union
  {
    guint32 bits;
    float value;
  } a = { (guint32) (half + 127) << 23 }, b = { (guint32) (rest + 127) << 23 };

  return p * a.value * b.value;
}

static inline float
vec_sigmoid (float x)
{
  return 1.0f / (1.0f + vec_exp (-x));
}

static inline float
bf16_load (guint16 bits)
{
  union
  {
    guint32 bits;
    float value;
  } u = { (guint32) bits << 16 };

  return u.value;
}

/* Rounds to nearest even; a NaN stays one. */
static inline guint16
bf16_store (float value)
{
  union
  {
    float value;
    guint32 bits;
  } u = { value };
  guint32 rounded = (u.bits + 0x7fff + (u.bits >> 16 & 1)) >> 16;

  return (guint16) (value != value ? u.bits >> 16 | 0x40 : rounded);
}

typedef guint32 VecBits __attribute__ ((vector_size (VEC * sizeof (guint32))));
typedef guint16 VecBf16 __attribute__ ((vector_size (VEC * sizeof (guint16)), aligned (2), may_alias));

static inline Vec
bf16_load_vec (const guint16 *from)
{
  return (Vec) (__builtin_convertvector (*(const VecBf16 *) from, VecBits) << 16);
}

/* As bf16_store(). */
static inline void
bf16_store_vec (guint16 *to, Vec value)
{
  const VecBits bits = (VecBits) value, rounded = bits + 0x7fff + (bits >> 16 & 1);
  const VecMask is_number = value == value;

  *(VecBf16 *) to = __builtin_convertvector ((VecBits) vec_select (is_number, (Vec) rounded, (Vec) (bits | 0x400000)) >> 16, VecBf16);
}

/* @n elements of any float type, from element @offset on, as float. */
static inline void
row_load (float *row, const C2lTensor *tensor, gsize offset, gsize n)
{
  if (tensor->dtype == C2L_F32)
    memcpy (row, (const float *) tensor->data + offset, n * sizeof (float));
  else if (tensor->dtype == C2L_BF16)
    {
      const guint16 *from = (const guint16 *) tensor->data + offset;
#pragma omp simd
      for (gsize i = 0; i < n; i++)
        row[i] = bf16_load (from[i]);
    }
  else
    {
      const guint16 *from = (const guint16 *) tensor->data + offset;
      for (gsize i = 0; i < n; i++)
        row[i] = c2l_f16_to_f32 (from[i]);
    }
}

static inline void
row_store (C2lTensor *tensor, gsize offset, const float *row, gsize n)
{
  if (tensor->dtype == C2L_F32)
    memcpy ((float *) tensor->data + offset, row, n * sizeof (float));
  else if (tensor->dtype == C2L_BF16)
    {
      guint16 *to = (guint16 *) tensor->data + offset;
#pragma omp simd
      for (gsize i = 0; i < n; i++)
        to[i] = bf16_store (row[i]);
    }
  else
    {
      guint16 *to = (guint16 *) tensor->data + offset;
      for (gsize i = 0; i < n; i++)
        to[i] = c2l_f32_to_f16 (row[i]);
    }
}

/* A row that needs no conversion is used where it lies. */
static inline const float *
row_get (float *buffer, const C2lTensor *tensor, gsize offset, gsize n)
{
  if (tensor->dtype == C2L_F32)
    return (const float *) tensor->data + offset;
  row_load (buffer, tensor, offset, n);
  return buffer;
}

/* Memory of thread @omp_get_thread_num(), out of an operation's scratch of that many bytes a thread. */
static inline gpointer
thread_scratch (const C2lOp *op, gsize size_per_thread)
{
  return (char *) op->scratch + (gsize) omp_get_thread_num () * round_up (size_per_thread, 64);
}

static inline gsize
all_threads_scratch (gsize size_per_thread)
{
  return (gsize) MAX (omp_get_num_procs (), omp_get_max_threads ()) * round_up (size_per_thread, 64);
}

/* Below this many elements a second thread costs more than it gives. */
#define PARALLEL_MIN 16384

static inline float
apply_activation (float x, C2lActivation act)
{
  switch (act)
    {
    case C2L_ACT_LEAKY_RELU:
      return x < 0 ? 0.2f * x : x;
    case C2L_ACT_RELU:
      return x < 0 ? 0 : x;
    case C2L_ACT_SILU:
      return x * vec_sigmoid (x);
    case C2L_ACT_QUICK_GELU:
      return x * vec_sigmoid (1.702f * x);
    case C2L_ACT_GELU:
      return 0.5f * x * (1.0f + __builtin_erff (x * 0.70710678f));
    default:
      return x;
    }
}

/* act (row) · gain, in place. */
static inline void
row_activate (float *row, gsize n, C2lActivation act, float gain)
{
  switch (act)
    {
    case C2L_ACT_LINEAR:
      break;
    case C2L_ACT_LEAKY_RELU:
#pragma omp simd
      for (gsize i = 0; i < n; i++)
        row[i] = apply_activation (row[i], C2L_ACT_LEAKY_RELU);
      break;
    case C2L_ACT_SILU:
#pragma omp simd
      for (gsize i = 0; i < n; i++)
        row[i] = apply_activation (row[i], C2L_ACT_SILU);
      break;
    case C2L_ACT_QUICK_GELU:
#pragma omp simd
      for (gsize i = 0; i < n; i++)
        row[i] = apply_activation (row[i], C2L_ACT_QUICK_GELU);
      break;
    default:
      for (gsize i = 0; i < n; i++)
        row[i] = apply_activation (row[i], act);
    }
  if (gain != 1)
#pragma omp simd
    for (gsize i = 0; i < n; i++)
      row[i] *= gain;
}

/* In place over the first @n of a row; what follows up to @padded becomes 0. */
static inline void
softmax_row (float *row, gsize n, gsize padded)
{
  float highest = -INFINITY, sum = 0;

#pragma omp simd reduction(max : highest)
  for (gsize i = 0; i < n; i++)
    highest = row[i] > highest ? row[i] : highest;
#pragma omp simd reduction(+ : sum)
  for (gsize i = 0; i < n; i++)
    {
      float e = vec_exp (row[i] - highest);
      row[i] = e;
      sum += e;
    }
  const float scale = sum > 0 ? 1.0f / sum : 0;
  for (gsize i = 0; i < n; i++)
    row[i] *= scale;
  for (gsize i = n; i < padded; i++)
    row[i] = 0;
}

/* Sums over rows for training are cut into at most so many chunks of rows, by the number of rows alone, and the chunks' sums are
 * added in their order: the same bits on any number of threads. */
#define MAX_CHUNKS 64
#define MIN_CHUNK_ROWS 16

static inline gsize
get_chunk_rows (gsize n_rows)
{
  return MAX (MIN_CHUNK_ROWS, (n_rows + MAX_CHUNKS - 1) / MAX_CHUNKS);
}

static inline gsize
get_n_chunks (gsize n_rows)
{
  return (n_rows + get_chunk_rows (n_rows) - 1) / get_chunk_rows (n_rows);
}

/* to [width] = Σ of the chunks' sums, which are @width apart. */
static inline void
add_chunks (float *to, const float *sums, gsize n_chunks, gsize width)
{
  memset (to, 0, width * sizeof (float));
  for (gsize chunk = 0; chunk < n_chunks; chunk++)
#pragma omp simd
    for (gsize i = 0; i < width; i++)
      to[i] += sums[chunk * width + i];
}

/* Implementations of the operations, one header for all topics. */
#define C2L_DECLARE_OP(name)                                                                            \
  gboolean C2L_ISA_NAME (c2l_cpu_##name##_prepare) (C2lDevice * device, C2lPrecision precision, C2lOp * op, GError * *error); \
  void C2L_ISA_NAME (c2l_cpu_##name##_run) (C2lDevice * device, C2lOp * op);                            \
  void C2L_ISA_NAME (c2l_cpu_##name##_release) (C2lDevice * device, C2lOp * op)

C2L_DECLARE_OP (gemm_packed);
C2L_DECLARE_OP (layer_norm);
C2L_DECLARE_OP (rotary);
C2L_DECLARE_OP (attention);
C2L_DECLARE_OP (swiglu);
C2L_DECLARE_OP (broadcast);
C2L_DECLARE_OP (combine);
C2L_DECLARE_OP (clamp);
C2L_DECLARE_OP (activate);
C2L_DECLARE_OP (cast);
C2L_DECLARE_OP (expand);
C2L_DECLARE_OP (concat);
C2L_DECLARE_OP (slice);
C2L_DECLARE_OP (gather);
C2L_DECLARE_OP (rms_normalize);
C2L_DECLARE_OP (cosine_similarity);
C2L_DECLARE_OP (random_normal);
C2L_DECLARE_OP (conv);
C2L_DECLARE_OP (demodulation);
C2L_DECLARE_OP (resample);
C2L_DECLARE_OP (filtered);
C2L_DECLARE_OP (fourier);
C2L_DECLARE_OP (area_resize);
C2L_DECLARE_OP (patches);
C2L_DECLARE_OP (to_u8);
C2L_DECLARE_OP (matmul);
C2L_DECLARE_OP (layer_norm_backward);
C2L_DECLARE_OP (layer_norm_gain_backward);
C2L_DECLARE_OP (attention_backward);
C2L_DECLARE_OP (attention_parameters_backward);
C2L_DECLARE_OP (swiglu_backward);
C2L_DECLARE_OP (activate_backward);
C2L_DECLARE_OP (column_sums);
C2L_DECLARE_OP (scatter_add);
C2L_DECLARE_OP (embed_noise);
C2L_DECLARE_OP (loss);
C2L_DECLARE_OP (loss_backward);
C2L_DECLARE_OP (sum_squares);
C2L_DECLARE_OP (accumulate);
C2L_DECLARE_OP (adamw);
C2L_DECLARE_OP (moving_average);
