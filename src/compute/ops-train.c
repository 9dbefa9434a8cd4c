/* Recording of the operations of training. Knows how shapes fit, and nothing of how they are
 * computed. */
#include "compute/ops-train.h"
#include "compute/ops-private.h"

#include <string.h>

static const char *const loss_names[C2L_N_LOSSES] = { "l2", "l1", "huber" };

const char *
c2l_loss_get_name (C2lLossKind kind)
{
  g_return_val_if_fail ((guint) kind < C2L_N_LOSSES, NULL);
  return loss_names[kind];
}

gboolean
c2l_loss_from_name (const char *name, C2lLossKind *kind)
{
  for (guint i = 0; i < C2L_N_LOSSES; i++)
    if (g_strcmp0 (name, loss_names[i]) == 0)
      {
        *kind = i;
        return TRUE;
      }
  return FALSE;
}

/* --- matrix products --- */

C2lTensor *
c2l_matmul (C2lPass *pass, C2lTensor *a, C2lTensor *b, const C2lMatmul *params)
{
  static const C2lMatmul plain;

  if (!a || !b)
    return NULL;
  if (!params)
    params = &plain;
  if (!c2l_dtype_is_float (a->dtype) || !c2l_dtype_is_float (b->dtype)
      || !c2l_dtype_is_float (params->out_dtype) || a->n_dims < 2 || b->n_dims < 2)
    return C2L_OP_REFUSE (pass, C2L_OP_MATMUL, "wrong type", a, b);

  const gint64 a_rows = c2l_tensor_get_n_rows (a), a_columns = c2l_tensor_get_dim (a, -1);
  const gint64 b_rows = c2l_tensor_get_n_rows (b), b_columns = c2l_tensor_get_dim (b, -1);
  const gint64 n = params->transpose_b ? b_rows : b_columns;
  const gint64 k = params->transpose_b ? b_columns : b_rows;
  gint64 dims[C2L_MAX_DIMS] = { a_columns, n };
  int n_dims = 2;

  if (k != (params->transpose_a ? a_rows : a_columns))
    return C2L_OP_REFUSE (pass, C2L_OP_MATMUL, "inner sizes differ", a, b);
  if (!params->transpose_a)
    {
      n_dims = a->n_dims;
      memcpy (dims, a->dims, sizeof dims);
      dims[n_dims - 1] = n;
    }
  if (!C2L_HAS_SHAPE (params->bias, n) || !c2l_has_shape (params->residual, n_dims, dims))
    return C2L_OP_REFUSE (pass, C2L_OP_MATMUL, "bias or residual has another shape", a, b,
                          params->bias, params->residual);

  const gint64 m = params->transpose_a ? a_columns : a_rows;
  C2lTensor *into = params->into;

  if (into
      && (params->bias || params->residual || params->out_dtype != C2L_F32 || !c2l_is_f32 (into)
          || (gint64) c2l_tensor_get_length (into) != m * n))
    return C2L_OP_REFUSE (pass, C2L_OP_MATMUL, "it cannot be added to this", a, b, into);

  C2lOp op = { .kind = C2L_OP_MATMUL,
               .n_in = 4,
               .in = { a, b, params->bias, into ? into : params->residual },
               .p.matmul = *params };
  C2lTensor *out = into ? c2l_pass_record_in_place (pass, &op, into)
                        : c2l_pass_record (pass, &op, params->out_dtype, n_dims, dims);

  if (out)
    c2l_pass_add_flops (pass, 2.0 * (double) m * (double) n * (double) k);
  return out;
}

/* --- backward --- */

C2lTensor *
c2l_layer_norm_backward (C2lPass *pass,
                         C2lTensor *x,
                         C2lTensor *gain,
                         C2lTensor *dy,
                         float eps,
                         C2lTensor *residual)
{
  if (!x || !gain || !dy)
    return NULL;
  if (x->n_dims < 1 || !c2l_is_f32 (x) || !c2l_dtype_is_float (dy->dtype)
      || !C2L_HAS_SHAPE (gain, c2l_tensor_get_dim (x, -1)) || !c2l_same_shape (x, dy)
      || !c2l_has_shape (residual, x->n_dims, x->dims))
    return C2L_OP_REFUSE (pass, C2L_OP_LAYER_NORM_BACKWARD, "shapes differ", x, gain, dy, residual);

  C2lOp op = { .kind = C2L_OP_LAYER_NORM_BACKWARD,
               .n_in = 4,
               .in = { x, gain, dy, residual },
               .p.norm.eps = eps };

  return c2l_pass_record (pass, &op, C2L_F32, x->n_dims, x->dims);
}

C2lTensor *
c2l_layer_norm_gain_backward (C2lPass *pass, C2lTensor *x, C2lTensor *dy, float eps)
{
  if (!x || !dy)
    return NULL;
  if (x->n_dims < 1 || !c2l_is_f32 (x) || !c2l_dtype_is_float (dy->dtype)
      || !c2l_same_shape (x, dy))
    return C2L_OP_REFUSE (pass, C2L_OP_LAYER_NORM_GAIN_BACKWARD, "shapes differ", x, dy);

  C2lOp op
      = { .kind = C2L_OP_LAYER_NORM_GAIN_BACKWARD, .n_in = 2, .in = { x, dy }, .p.norm.eps = eps };

  return c2l_pass_record (pass, &op, C2L_F32, 1, (gint64[]){ c2l_tensor_get_dim (x, -1) });
}

/* The operation with the attention's operands and @dy; FALSE and a mistake where they do not fit.
 * The attention itself was recorded before, so its own operands are right. */
static gboolean
make_attention_op (C2lPass *pass,
                   C2lOpKind kind,
                   const C2lAttention *params,
                   C2lTensor *dy,
                   C2lOp *op)
{
  C2lTensor *q = params->q;

  if (!q || !params->k || !params->v || !dy)
    return FALSE;
  if (dy->n_dims != 3 || !c2l_dtype_is_float (dy->dtype) || dy->dims[0] != q->dims[0]
      || dy->dims[1] != q->dims[1] || dy->dims[2] != (gint64) params->n_heads * params->head_dim)
    {
      C2L_OP_REFUSE (pass, kind, "the gradient has another shape", q, dy);
      return FALSE;
    }

  *op = (C2lOp){ .kind = kind,
                 .n_in = 7,
                 .in
                 = { q, params->k, params->v, params->null_kv, params->bias, params->key_mask, dy },
                 .p.attention_backward.params = *params };
  return TRUE;
}

C2lTensor *
c2l_attention_backward (C2lPass *pass,
                        const C2lAttention *params,
                        C2lTensor *dy,
                        C2lTensor *of,
                        C2lDtype out_dtype)
{
  C2lTensor *roles[] = { params->q, params->k, params->v };
  C2lOp op;

  if (!of || !make_attention_op (pass, C2L_OP_ATTENTION_BACKWARD, params, dy, &op))
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (roles); i++)
    if (roles[i] == of)
      op.p.attention_backward.of |= 1 << i;
  if (op.p.attention_backward.of == 0 || !c2l_dtype_is_float (out_dtype))
    return C2L_OP_REFUSE (pass, C2L_OP_ATTENTION_BACKWARD, "no operand of the attention", of);

  return c2l_pass_record (pass, &op, out_dtype, of->n_dims, of->dims);
}

void
c2l_attention_parameters_backward (C2lPass *pass,
                                   const C2lAttention *params,
                                   C2lTensor *dy,
                                   C2lTensor **null_kv,
                                   C2lTensor **bias)
{
  gint64 n_null = params->null_kv ? 2 * (gint64) params->head_dim : 0;
  gint64 n_bias = params->bias ? (gint64) c2l_tensor_get_length (params->bias) : 0;
  C2lOp op;

  *null_kv = *bias = NULL;
  if (n_null + n_bias == 0
      || !make_attention_op (pass, C2L_OP_ATTENTION_PARAMETERS_BACKWARD, params, dy, &op))
    return;

  C2lTensor *both = c2l_pass_record (pass, &op, C2L_F32, 1, (gint64[]){ n_null + n_bias });

  if (params->null_kv)
    *null_kv = c2l_reshape (pass, c2l_slice (pass, both, 0, 0, n_null), 2, params->null_kv->dims);
  if (params->bias)
    *bias = c2l_reshape (pass, c2l_slice (pass, both, 0, n_null, n_bias), 3, params->bias->dims);
}

C2lTensor *
c2l_swiglu_backward (C2lPass *pass, C2lTensor *x, C2lTensor *dy, C2lDtype out_dtype)
{
  if (!x || !dy)
    return NULL;
  if (x->n_dims < 1 || !c2l_dtype_is_float (x->dtype) || !c2l_dtype_is_float (dy->dtype)
      || !c2l_dtype_is_float (out_dtype) || x->n_dims != dy->n_dims
      || c2l_tensor_get_n_rows (x) != c2l_tensor_get_n_rows (dy)
      || c2l_tensor_get_dim (x, -1) != 2 * c2l_tensor_get_dim (dy, -1))
    return C2L_OP_REFUSE (pass, C2L_OP_SWIGLU_BACKWARD, "shapes do not fit", x, dy);

  C2lOp op = { .kind = C2L_OP_SWIGLU_BACKWARD, .n_in = 2, .in = { x, dy } };

  return c2l_pass_record (pass, &op, out_dtype, x->n_dims, x->dims);
}

C2lTensor *
c2l_activate_backward (C2lPass *pass, C2lTensor *x, C2lTensor *dy, C2lActivation act)
{
  if (!x || !dy)
    return NULL;
  if (!c2l_is_f32 (x) || !c2l_is_f32 (dy) || !c2l_same_shape (x, dy)
      || (act != C2L_ACT_LINEAR && act != C2L_ACT_RELU && act != C2L_ACT_SILU))
    return C2L_OP_REFUSE (pass, C2L_OP_ACTIVATE_BACKWARD, "shapes differ", x, dy);

  C2lOp op
      = { .kind = C2L_OP_ACTIVATE_BACKWARD, .n_in = 2, .in = { x, dy }, .p.activate = { act, 1 } };

  return c2l_pass_record (pass, &op, C2L_F32, x->n_dims, x->dims);
}

C2lTensor *
c2l_column_sums (C2lPass *pass, C2lTensor *x)
{
  if (!x)
    return NULL;
  if (x->n_dims < 1 || !c2l_dtype_is_float (x->dtype))
    return C2L_OP_REFUSE (pass, C2L_OP_COLUMN_SUMS, "wrong type", x);

  C2lOp op = { .kind = C2L_OP_COLUMN_SUMS, .n_in = 1, .in = { x } };

  return c2l_pass_record (pass, &op, C2L_F32, 1, (gint64[]){ c2l_tensor_get_dim (x, -1) });
}

C2lTensor *
c2l_scatter_add (C2lPass *pass, C2lTensor *dy, C2lTensor *indices, gint64 n_rows)
{
  if (!dy || !indices)
    return NULL;
  if (!c2l_is_f32 (dy) || dy->n_dims < 1 || indices->dtype != C2L_I32 || indices->n_dims != 1
      || indices->dims[0] != dy->dims[0] || n_rows < 1)
    return C2L_OP_REFUSE (pass, C2L_OP_SCATTER_ADD, "wrong indices", dy, indices);

  C2lOp op = { .kind = C2L_OP_SCATTER_ADD, .n_in = 2, .in = { dy, indices } };
  gint64 dims[C2L_MAX_DIMS];

  memcpy (dims, dy->dims, sizeof dims);
  dims[0] = n_rows;
  return c2l_pass_record (pass, &op, C2L_F32, dy->n_dims, dims);
}

/* --- embeddings and losses --- */

C2lTensor *
c2l_embed_noise (C2lPass *pass, C2lTensor *x, C2lTensor *noise, float scale)
{
  if (!x || !noise)
    return NULL;
  if (!c2l_is_f32 (x) || !c2l_is_f32 (noise) || x->n_dims < 1 || !c2l_same_shape (x, noise))
    return C2L_OP_REFUSE (pass, C2L_OP_EMBED_NOISE, "shapes differ", x, noise);

  C2lOp op
      = { .kind = C2L_OP_EMBED_NOISE, .n_in = 2, .in = { x, noise }, .p.embed_noise = { scale } };

  return c2l_pass_record (pass, &op, C2L_F32, x->n_dims, x->dims);
}

static C2lTensor *
record_loss (C2lPass *pass,
             C2lOpKind op_kind,
             C2lTensor *prediction,
             C2lTensor *target,
             C2lLossKind kind,
             C2lTensor *scale)
{
  if (!prediction || !target || !scale)
    return NULL;
  if (!c2l_is_f32 (prediction) || !c2l_is_f32 (target) || !c2l_same_shape (prediction, target)
      || !C2L_HAS_SHAPE (scale, 1))
    return C2L_OP_REFUSE (pass, op_kind, "shapes differ", prediction, target, scale);

  C2lOp op
      = { .kind = op_kind, .n_in = 3, .in = { prediction, target, scale }, .p.loss = { kind } };

  if (op_kind == C2L_OP_LOSS)
    return c2l_pass_record (pass, &op, C2L_F32, 1, (gint64[]){ 1 });
  return c2l_pass_record (pass, &op, C2L_F32, prediction->n_dims, prediction->dims);
}

C2lTensor *
c2l_loss (C2lPass *pass,
          C2lTensor *prediction,
          C2lTensor *target,
          C2lLossKind kind,
          C2lTensor *scale)
{
  return record_loss (pass, C2L_OP_LOSS, prediction, target, kind, scale);
}

C2lTensor *
c2l_loss_backward (C2lPass *pass,
                   C2lTensor *prediction,
                   C2lTensor *target,
                   C2lLossKind kind,
                   C2lTensor *scale)
{
  return record_loss (pass, C2L_OP_LOSS_BACKWARD, prediction, target, kind, scale);
}

C2lTensor *
c2l_sum_squares (C2lPass *pass, C2lTensor *x)
{
  if (!x)
    return NULL;
  if (!c2l_is_f32 (x))
    return C2L_OP_REFUSE (pass, C2L_OP_SUM_SQUARES, "wrong type", x);

  C2lOp op = { .kind = C2L_OP_SUM_SQUARES, .n_in = 1, .in = { x } };

  return c2l_pass_record (pass, &op, C2L_F32, 1, (gint64[]){ 1 });
}

/* --- in place --- */

C2lTensor *
c2l_accumulate (C2lPass *pass, C2lTensor *variable, C2lTensor *x)
{
  if (!variable || !x)
    return NULL;
  if (!c2l_is_f32 (variable) || !c2l_is_f32 (x)
      || c2l_tensor_get_length (variable) != c2l_tensor_get_length (x))
    return C2L_OP_REFUSE (pass, C2L_OP_ACCUMULATE, "shapes differ", variable, x);

  C2lOp op = { .kind = C2L_OP_ACCUMULATE, .n_in = 2, .in = { variable, x } };

  return c2l_pass_record_in_place (pass, &op, variable);
}

C2lTensor *
c2l_adamw (C2lPass *pass, const C2lAdamw *params)
{
  C2lTensor *in[] = { params->parameters, params->gradients, params->first_moments,
                      params->second_moments, params->scalars };

  for (guint i = 0; i < G_N_ELEMENTS (in); i++)
    if (!in[i])
      return NULL;
  for (guint i = 1; i < 4; i++)
    if (!c2l_same_shape (in[i], in[0]) || !c2l_is_f32 (in[i]))
      return C2L_OP_REFUSE (pass, C2L_OP_ADAMW, "shapes differ", in[0], in[i]);
  if (!C2L_HAS_SHAPE (params->scalars, C2L_N_ADAMW_SCALARS) || params->n_decayed < 0
      || params->n_decayed > (gint64) c2l_tensor_get_length (in[0]))
    return C2L_OP_REFUSE (pass, C2L_OP_ADAMW, "wrong scalars", params->scalars);

  C2lOp op = { .kind = C2L_OP_ADAMW, .n_in = 5, .p.adamw = *params };

  memcpy (op.in, in, sizeof in);
  return c2l_pass_record_in_place (pass, &op, params->parameters);
}

C2lTensor *
c2l_moving_average (C2lPass *pass, C2lTensor *average, C2lTensor *x, double beta)
{
  if (!average || !x)
    return NULL;
  if (!c2l_is_f32 (average) || !c2l_is_f32 (x) || !c2l_same_shape (average, x))
    return C2L_OP_REFUSE (pass, C2L_OP_MOVING_AVERAGE, "shapes differ", average, x);

  C2lOp op
      = { .kind = C2L_OP_MOVING_AVERAGE, .n_in = 2, .in = { average, x }, .p.average = { beta } };

  return c2l_pass_record_in_place (pass, &op, average);
}
