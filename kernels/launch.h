/* The kernels, as the device's C code calls them: plain numbers and addresses of device memory. Every function enqueues its kernels
 * on @stream and returns; nothing is checked here that the recording has checked. Types and activations have the values of C2lDtype
 * and C2lActivation (cuda-device.c asserts that), so that kernel files need none of the program's headers. A type named `any` is
 * CU_F32, CU_F16 or CU_BF16. Sizes of zero do nothing. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void *CuStream;

enum { CU_F32, CU_F16, CU_BF16, CU_I32, CU_U8 };
enum { CU_LINEAR, CU_LEAKY_RELU, CU_RELU, CU_SILU, CU_QUICK_GELU, CU_GELU };

#define CU_MAX_DIMS 5

/* Bytes of shared memory that a block may have on every GPU that we compile for (99 KiB from sm_86 on). */
#define CU_MAX_SHARED (99 * 1024)

/* A cudaError_t: 0 where this module has code for the current GPU. */
int cu_kernels_check (void);

/* --- elementwise.cu --- */

/* Where the operands of a broadcast lie: strides in elements, 0 along what is repeated. */
typedef struct
{
  int n_dims;
  int64_t dims[CU_MAX_DIMS];
  int64_t strides[3][CU_MAX_DIMS];
} CuBroadcast;

enum { CU_ADD, CU_MULTIPLY, CU_LERP };
void cu_broadcast (CuStream stream, int operation, const CuBroadcast *shape, const float *a, const float *b, const float *c, float *y,
                   int64_t n);
void cu_combine (CuStream stream, int n_terms, const float *const *terms, const float *coefficients, float *y, int64_t n);
void cu_clamp_to (CuStream stream, const float *x, float low, float high, float *y, int64_t n);
void cu_activation (CuStream stream, const float *x, int act, float gain, float *y, int64_t n);
void cu_cast (CuStream stream, const void *x, int x_type, void *y, int y_type, int64_t n);
/* Copies elements of @size bytes, strides[0] of @shape; the result is dense. */
void cu_copy_strided (CuStream stream, const CuBroadcast *shape, const void *x, void *y, int64_t n, int size);
/* @n_outer pieces of @bytes, from one place every @from_step bytes to one every @to_step. */
void cu_copy_pieces (CuStream stream, const void *x, int64_t from_step, void *y, int64_t to_step, int64_t n_outer, int64_t bytes);
/* Of @n_outer blocks of @n_rows rows of @bytes the rows that @indices names, clamped. */
void cu_gather (CuStream stream, const void *x, const int32_t *indices, void *y, int64_t n_outer, int64_t n_rows, int64_t n_indices,
                int64_t bytes);
/* y = act (x + bias) · gain + residual over rows of @width: what follows a matrix product. x is f32 and may be y. */
void cu_epilogue (CuStream stream, const float *x, const float *bias, const float *residual, int act, float gain, void *y, int y_type,
                  int64_t n, int64_t width);

/* --- random.cu --- */
void cu_random_normal (CuStream stream, const int32_t *keys, uint32_t number_stream, float *y, int64_t n_rows, int64_t row_length);

/* --- rows.cu --- */
void cu_layer_norm (CuStream stream, const float *x, const float *gain, const float *bias, float eps, void *y, int y_type,
                    int64_t n_rows, int64_t width);
void cu_rms_normalize (CuStream stream, const float *x, float eps, float *y, int64_t n_rows, int64_t width);
void cu_cosine_similarity (CuStream stream, const float *a, const float *b, int64_t b_step, float *y, int64_t n_rows, int64_t width);
void cu_embed_noise (CuStream stream, const float *x, const float *noise, float scale, float *y, int64_t n_rows, int64_t width);
void cu_demodulation (CuStream stream, const float *styles, const float *weight, float *y, int64_t B, int64_t O, int64_t I, int taps);

/* --- transformer.cu --- */
void cu_swiglu (CuStream stream, const void *x, int x_type, void *y, int y_type, int64_t n_rows, int64_t width);
void cu_rotary (CuStream stream, const void *x, int type, const float *angles, void *y, int64_t n_rows, int64_t T, int64_t W, int offset,
                int n_heads, int head_dim, int n_pairs);

/* --- attention.cu --- */
typedef struct
{
  const void *q, *k, *v;  /* where the columns of the first head begin */
  int q_type, k_type, v_type;
  int64_t q_step, k_step, v_step; /* elements from one token to the next */
  const float *null_kv, *bias;
  const uint8_t *key_mask;
  int B, T, S, n_heads, n_kv_heads, head_dim;
  float scale;
  int causal;
} CuAttention;
/* Bytes of shared memory that a block takes. */
size_t cu_attention_shared (const CuAttention *a);
void cu_attention (CuStream stream, const CuAttention *a, void *y, int y_type);

/* --- conv.cu, conv-pack.cu --- */
typedef struct
{
  const void *x;      /* [B, H, W, I] */
  int x_type;
  int B, H, W, I, O;
  int k, padding;
  int up;             /* 1: a correlation; 2: zeros between the pixels, then a true convolution, 2H + 1 × 2W + 1 */
  int mode;           /* what the weights are packed for, and the products made in: CU_CONV_… */
  const void *packed; /* by cu_conv_pack() */
  const float *styles, *demod, *noise, *bias, *residual;
  int noise_each;     /* one picture of noise for each of the batch */
  float noise_strength;
  int act;
  float gain, clamp;
  void *y;
  int y_type;
} CuConv;

enum
{
  CU_CONV_F32,    /* products in float32 */
  CU_CONV_SPLIT,  /* on tensor cores, operands as a sum of two bfloat16: sixteen bits of mantissa */
  CU_CONV_BF16,
  CU_CONV_F16
};
/* The mode that such a convolution is computed in where @mode is wished: narrow ones are float32 in all. */
int cu_conv_choose (int mode, int k, int O, int I);
/* Bytes that weights take up when packed; @taps = k². */
size_t cu_conv_packed_size (int mode, int O, int I, int taps);
void cu_conv_pack (CuStream stream, int mode, const float *weight, int O, int I, int taps, void *packed);
void cu_conv (CuStream stream, const CuConv *c);

/* --- fir.cu --- */
typedef struct
{
  const void *x;        /* [B, H, W, C] */
  int x_type;
  int B, H, W, C;
  const float *filter;  /* [n], [n, n], or NULL */
  int n, is_square;
  int up, down, left, top;
  float gain;
  int out_h, out_w;
  /* what follows, as in C2lConv; all zero for nothing */
  const float *demod, *noise, *bias, *residual;
  int noise_each;
  float noise_strength;
  int act;
  float act_gain, clamp;
  void *y;
  int y_type;
} CuFir;
void cu_fir (CuStream stream, const CuFir *f);

/* --- filtered.cu --- */
typedef struct
{
  const void *x;
  int x_type;
  int B, H, W, C;
  const float *bias, *up_filter, *down_filter;
  int n_up, n_down, up_is_square, down_is_square;
  int up, down, left, top;
  float gain, slope, clamp;
  int out_h, out_w;
  void *y;
  int y_type;
} CuFiltered;
/* Whether its filters fit a block's shared memory. */
int cu_filtered_fits (const CuFiltered *f);
void cu_filtered (CuStream stream, const CuFiltered *f);

/* --- picture.cu --- */
void cu_fourier (CuStream stream, const float *affine, const float *transform, const float *freqs, const float *phases, float *y,
                 int B, int size, int C, float sampling_rate, float bandwidth);
typedef struct
{
  int H, W, size;
  int to_unit, normalize_before, clamp, normalize_after;
  float mean[3], std[3];
} CuAreaResize;
void cu_area_resize (CuStream stream, const float *x, const CuAreaResize *p, float *y, int B);
void cu_patches (CuStream stream, const float *x, void *y, int y_type, int B, int H, int W, int C, int patch);
void cu_to_u8 (CuStream stream, const float *x, int truncate, uint8_t *y, int64_t n);

/* --- backward.cu, attention-backward.cu --- */
void cu_layer_norm_backward (CuStream stream, const float *x, const float *gain, const void *dy, int dy_type, float eps,
                             const float *residual, float *dx, int64_t n_rows, int64_t width);
/* Sums over rows are made in this many pieces or fewer, by the number of rows alone; scratch is as many rows of @width floats. */
#define CU_ROW_CHUNKS 64
void cu_layer_norm_gain_backward (CuStream stream, const float *x, const void *dy, int dy_type, float eps, float *dgain, float *scratch,
                                  int64_t n_rows, int64_t width);
void cu_column_sums (CuStream stream, const void *x, int x_type, float *y, float *scratch, int64_t n_rows, int64_t width);
void cu_swiglu_backward (CuStream stream, const void *x, int x_type, const void *dy, int dy_type, void *dx, int dx_type, int64_t n_rows,
                         int64_t width);
void cu_activate_backward (CuStream stream, const float *x, const float *dy, int act, float *dx, int64_t n);
void cu_scatter_add (CuStream stream, const float *dy, const int32_t *indices, float *y, int64_t n, int64_t n_rows, int64_t width);
/* Gradients of q, k and v; those that are not wanted are NULL. Each lies as its operand does (step, first column), and nothing is
 * written outside of the heads' columns. */
size_t cu_attention_backward_scratch (const CuAttention *a); /* bytes, for both */
size_t cu_attention_backward_shared (const CuAttention *a);  /* bytes that a block of either takes */
typedef struct
{
  void *dq, *dk, *dv;
  int type;
} CuAttentionGradients;
void cu_attention_backward (CuStream stream, const CuAttention *a, const void *dy, int dy_type, const CuAttentionGradients *gradients,
                            float *scratch);
/* null: [2, head_dim], bias: [H, T, S (+ 1)], either NULL. */
void cu_attention_parameters_backward (CuStream stream, const CuAttention *a, const void *dy, int dy_type, float *null, float *bias,
                                       float *scratch);

/* --- loss.cu --- */
enum { CU_LOSS_L2, CU_LOSS_L1, CU_LOSS_HUBER };
/* scratch: CU_SUM_BLOCKS doubles. */
#define CU_SUM_BLOCKS 256
void cu_loss (CuStream stream, const float *x, const float *y, int kind, const float *scale, float *loss, double *scratch, int64_t n);
void cu_loss_backward (CuStream stream, const float *x, const float *y, int kind, const float *scale, float *dx, int64_t n);
void cu_sum_squares (CuStream stream, const float *x, float *sum, double *scratch, int64_t n);

/* --- optimiser.cu --- */
void cu_accumulate (CuStream stream, float *to, const float *x, int64_t n);
void cu_adamw (CuStream stream, float *parameters, float *gradients, float *first, float *second, const float *scalars, int64_t n,
               int64_t n_decayed, double beta1, double beta2, double eps, double weight_decay);
void cu_moving_average (CuStream stream, float *average, const float *x, double beta, int64_t n);

#ifdef __cplusplus
}
#endif
