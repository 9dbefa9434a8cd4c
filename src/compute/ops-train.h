/* The operations of training, beside those of ops.h: general matrix products, the backward of each
 * operation that the prior is made of, losses, and the optimiser. They record themselves as the
 * others do; shapes are in the same letters.
 *
 * A backward operation returns a gradient and adds it to nothing. What changes a tensor in place
 * says so: it takes a *variable* (c2l_device_new_variable()), or a view of one, and runs even if
 * nobody reads its result. Sums over rows are cut by the shapes alone, so no result depends on the
 * number of threads. */
#pragma once

#include "compute/ops.h"

G_BEGIN_DECLS

/* --- matrix products --- */

typedef struct
{
  gboolean transpose_a; /* a is [K, M] instead of [M, K] */
  gboolean transpose_b; /* b is [N, K] instead of [K, N] */
  C2lTensor *bias;      /* [N], F32 */
  C2lTensor *residual;  /* [M, N], F32: added last */
  C2lDtype out_dtype;   /* F32 (= 0), or the compute dtype */
  C2lTensor *into;      /* a variable of M · N elements that the product is added to in place; there is
                         * no other result, bias or residual then */
} C2lMatmul;

/* c2l_matmul:
 * @a, @b: any float, of any kind; more than two dimensions are rows, [..., K] or [..., M]: all but
 * the last count as one
 * Returns op (a) · op (b) + bias + residual, [M, N], or [..., N] where @a is not transposed. Where
 * one operand is narrower than the other, the other is rounded to its type; sums are float32. Every
 * element is summed in one order, whatever M, N and the number of threads. */
C2lTensor *c2l_matmul (C2lPass *pass, C2lTensor *a, C2lTensor *b, const C2lMatmul *params);

/* --- backward --- */

/* Of c2l_layer_norm(): @x [..., D] what it read, @dy [..., D] (any float) the gradient of its
 * result. dL/dx + @residual (nullable, F32), F32. Its bias has no part in it. */
C2lTensor *c2l_layer_norm_backward (C2lPass *pass, C2lTensor *x, C2lTensor *gain, C2lTensor *dy, float eps,
                                    C2lTensor *residual);
/* dL/dgain, [D]. */
C2lTensor *c2l_layer_norm_gain_backward (C2lPass *pass, C2lTensor *x, C2lTensor *dy, float eps);

/* Of c2l_attention() with @params: @dy [B, T, n_heads · head_dim] (any float). The gradient of the
 * tensor @of, which is params->q, ->k or ->v: of its shape, in all parts that it plays; columns that
 * play none are 0. */
C2lTensor *c2l_attention_backward (C2lPass *pass, const C2lAttention *params, C2lTensor *dy, C2lTensor *of,
                                   C2lDtype out_dtype);
/* Gradients of null_kv [2, head_dim] and of bias [H, T, S (+1)], views of one result; NULL where the
 * attention has none. */
void       c2l_attention_parameters_backward (C2lPass *pass, const C2lAttention *params, C2lTensor *dy,
                                              C2lTensor **null_kv, C2lTensor **bias);

/* Of c2l_swiglu(): @x [..., 2D], @dy [..., D], any float → [..., 2D]. */
C2lTensor *c2l_swiglu_backward (C2lPass *pass, C2lTensor *x, C2lTensor *dy, C2lDtype out_dtype);
/* Of c2l_activate() with gain 1; linear, ReLU, SiLU: @x what it read. F32. */
C2lTensor *c2l_activate_backward (C2lPass *pass, C2lTensor *x, C2lTensor *dy, C2lActivation act);

/* Σ over all dimensions but the last: [..., N], any float → [N]. The backward of a bias, and of
 * what is repeated over a batch. */
C2lTensor *c2l_column_sums (C2lPass *pass, C2lTensor *x);
/* Of c2l_gather() along axis 0 of a table of @n_rows: @dy [M, ...], F32, @indices i32 [M] (clamped as
 * there) → [n_rows, ...], rows that meet added in their order. */
C2lTensor *c2l_scatter_add (C2lPass *pass, C2lTensor *dy, C2lTensor *indices, gint64 n_rows);

/* --- embeddings and losses --- */

/* Rows of x [B, D] turned by @noise [B, D]: x / ‖x‖ + scale · noise / ‖noise‖, as long as x was. */
C2lTensor *c2l_embed_noise (C2lPass *pass, C2lTensor *x, C2lTensor *noise, float scale);

typedef enum
{
  C2L_LOSS_L2,    /* d² */
  C2L_LOSS_L1,    /* |d| */
  C2L_LOSS_HUBER, /* ½d² below 1, |d| − ½ from there on */
  C2L_N_LOSSES
} C2lLossKind;

/* "l2", "l1", "huber", as the original spells them. */
const char *c2l_loss_get_name (C2lLossKind kind);
gboolean    c2l_loss_from_name (const char *name, C2lLossKind *kind);

/* scale · mean of the loss of d = prediction − target, one shape, F32: [1]. */
C2lTensor *c2l_loss (C2lPass *pass, C2lTensor *prediction, C2lTensor *target, C2lLossKind kind, C2lTensor *scale);
/* Its gradient with respect to @prediction. @scale: [1]. */
C2lTensor *c2l_loss_backward (C2lPass *pass, C2lTensor *prediction, C2lTensor *target, C2lLossKind kind,
                              C2lTensor *scale);

/* Σ x² of all elements, [1]. */
C2lTensor *c2l_sum_squares (C2lPass *pass, C2lTensor *x);

/* --- in place: variables --- */

/* variable += x, one number of elements, F32. Returns the variable. */
C2lTensor *c2l_accumulate (C2lPass *pass, C2lTensor *variable, C2lTensor *x);

/* One step of AdamW (Loshchilov and Hutter 2019) as torch.optim has it, for the N elements of four
 * variables; the gradient is zero afterwards. @scalars is an input of the pass. */
enum
{
  C2L_ADAMW_LR,          /* learning rate */
  C2L_ADAMW_CORRECTION1, /* 1 − β₁ⁿ of the n-th step */
  C2L_ADAMW_CORRECTION2, /* 1 − β₂ⁿ */
  C2L_ADAMW_GRAD_SCALE,  /* what gradients are multiplied with first: clipping */
  C2L_N_ADAMW_SCALARS
};
typedef struct
{
  C2lTensor *parameters, *gradients, *first_moments, *second_moments; /* [N] */
  C2lTensor *scalars;  /* [C2L_N_ADAMW_SCALARS], F32 */
  gint64 n_decayed;    /* weight decay is for the first so many elements */
  double beta1, beta2, eps, weight_decay;
} C2lAdamw;
C2lTensor *c2l_adamw (C2lPass *pass, const C2lAdamw *params);

/* average = average · beta + (1 − beta) · x. */
C2lTensor *c2l_moving_average (C2lPass *pass, C2lTensor *average, C2lTensor *x, double beta);

G_END_DECLS
