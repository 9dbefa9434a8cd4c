/* Recording of matrix products and of the operations of transformers. */
#include "compute/ops-private.h"

#include <string.h>

static const char *const op_names[C2L_N_OPS] = {
  [C2L_OP_GEMM] = "gemm",
  [C2L_OP_LAYER_NORM] = "layer norm",
  [C2L_OP_ROTARY] = "rotary embedding",
  [C2L_OP_ATTENTION] = "attention",
  [C2L_OP_SWIGLU] = "swiglu",
  [C2L_OP_ADD] = "add",
  [C2L_OP_MULTIPLY] = "multiply",
  [C2L_OP_LERP] = "lerp",
  [C2L_OP_COMBINE] = "combine",
  [C2L_OP_CLAMP] = "clamp",
  [C2L_OP_ACTIVATE] = "activate",
  [C2L_OP_CAST] = "cast",
  [C2L_OP_EXPAND] = "expand",
  [C2L_OP_CONCAT] = "concat",
  [C2L_OP_SLICE] = "slice",
  [C2L_OP_GATHER] = "gather",
  [C2L_OP_RMS_NORMALIZE] = "rms normalize",
  [C2L_OP_COSINE_SIMILARITY] = "cosine similarity",
  [C2L_OP_RANDOM_NORMAL] = "random normal",
  [C2L_OP_CONV] = "convolution",
  [C2L_OP_DEMODULATION] = "demodulation",
  [C2L_OP_RESAMPLE] = "resample",
  [C2L_OP_FILTERED_LEAKY_RELU] = "filtered leaky relu",
  [C2L_OP_FOURIER_FEATURES] = "fourier features",
  [C2L_OP_AREA_RESIZE] = "area resize",
  [C2L_OP_PATCHES] = "patches",
  [C2L_OP_TO_U8] = "to 8 bit",
  [C2L_OP_MATMUL] = "matrix product",
  [C2L_OP_LAYER_NORM_BACKWARD] = "layer norm, backward",
  [C2L_OP_LAYER_NORM_GAIN_BACKWARD] = "layer norm, gain's gradient",
  [C2L_OP_ATTENTION_BACKWARD] = "attention, backward",
  [C2L_OP_ATTENTION_PARAMETERS_BACKWARD] = "attention, parameters' gradients",
  [C2L_OP_SWIGLU_BACKWARD] = "swiglu, backward",
  [C2L_OP_ACTIVATE_BACKWARD] = "activate, backward",
  [C2L_OP_COLUMN_SUMS] = "column sums",
  [C2L_OP_SCATTER_ADD] = "scatter and add",
  [C2L_OP_EMBED_NOISE] = "embedding noise",
  [C2L_OP_LOSS] = "loss",
  [C2L_OP_LOSS_BACKWARD] = "loss, backward",
  [C2L_OP_SUM_SQUARES] = "sum of squares",
  [C2L_OP_ACCUMULATE] = "accumulate",
  [C2L_OP_ADAMW] = "adamw",
  [C2L_OP_MOVING_AVERAGE] = "moving average",
};

const char *
c2l_op_kind_get_name (C2lOpKind kind)
{
  g_return_val_if_fail ((guint) kind < C2L_N_OPS, NULL);
  return op_names[kind];
}

C2lTensor *
c2l_op_refuse (C2lPass *pass, C2lOpKind kind, const char *reason, C2lTensor *const *tensors, int n)
{
  g_autoptr (GString) operands = g_string_new (NULL);

  for (int i = 0; i < n; i++)
    if (tensors[i])
      {
        g_autofree char *text = c2l_tensor_to_string (tensors[i]);
        g_string_append_printf (operands, "%s%s", operands->len ? ", " : "", text);
      }
  c2l_pass_fail (pass, C2L_COMPUTE_ERROR_SHAPE,
                 "%s: %s: the model's arrays do not fit together (%s)", c2l_op_kind_get_name (kind),
                 reason, operands->str);
  return NULL;
}

gboolean
c2l_has_shape (const C2lTensor *tensor, int n_dims, const gint64 *dims)
{
  if (!tensor)
    return TRUE;
  return tensor->dtype == C2L_F32 && tensor->n_dims == n_dims
         && memcmp (tensor->dims, dims, n_dims * sizeof dims[0]) == 0;
}

gboolean
c2l_same_shape (const C2lTensor *a, const C2lTensor *b)
{
  return a->n_dims == b->n_dims && memcmp (a->dims, b->dims, a->n_dims * sizeof a->dims[0]) == 0;
}

C2lTensor *
c2l_gemm (C2lPass *pass, C2lTensor *x, C2lTensor *weight, const C2lEpilogue *epilogue)
{
  static const C2lEpilogue plain;

  if (!x || !weight)
    return NULL;
  if (!epilogue)
    epilogue = &plain;

  C2lTensor *bias = epilogue->bias, *residual = epilogue->residual;

  if (!c2l_dtype_is_float (x->dtype) || !c2l_dtype_is_float (weight->dtype)
      || weight->kind != C2L_TENSOR_WEIGHT || !c2l_dtype_is_float (epilogue->out_dtype))
    return C2L_OP_REFUSE (pass, C2L_OP_GEMM, "wrong type", x, weight);
  if (x->n_dims < 1 || weight->n_dims != 2 || c2l_tensor_get_dim (x, -1) != weight->dims[1])
    return C2L_OP_REFUSE (pass, C2L_OP_GEMM, "inner sizes differ", x, weight);
  if (!C2L_HAS_SHAPE (bias, weight->dims[0]))
    return C2L_OP_REFUSE (pass, C2L_OP_GEMM, "the bias has another size", weight, bias);

  gint64 dims[C2L_MAX_DIMS];

  memcpy (dims, x->dims, sizeof dims);
  dims[x->n_dims - 1] = weight->dims[0];
  if (!c2l_has_shape (residual, x->n_dims, dims))
    return C2L_OP_REFUSE (pass, C2L_OP_GEMM, "the residual has another shape", x, weight, residual);

  C2lOp op = {
    .kind = C2L_OP_GEMM, .n_in = 4, .in = { x, weight, bias, residual }, .p.gemm = *epilogue
  };

  if (op.p.gemm.gain == 0)
    op.p.gemm.gain = 1;

  C2lTensor *out = c2l_pass_record (pass, &op, epilogue->out_dtype, x->n_dims, dims);

  if (out)
    c2l_pass_add_flops (pass,
                        2.0 * (double) c2l_tensor_get_length (out) * (double) weight->dims[1]);
  return out;
}

C2lTensor *
c2l_layer_norm (C2lPass *pass,
                C2lTensor *x,
                C2lTensor *gain,
                C2lTensor *bias,
                float eps,
                C2lDtype out_dtype)
{
  if (!x || !gain)
    return NULL;
  if (x->n_dims < 1 || !c2l_is_f32 (x) || !C2L_HAS_SHAPE (gain, c2l_tensor_get_dim (x, -1))
      || !C2L_HAS_SHAPE (bias, c2l_tensor_get_dim (x, -1)) || !c2l_dtype_is_float (out_dtype))
    return C2L_OP_REFUSE (pass, C2L_OP_LAYER_NORM, "gain or bias has another size", x, gain, bias);

  C2lOp op = { .kind = C2L_OP_LAYER_NORM, .n_in = 3, .in = { x, gain, bias }, .p.norm.eps = eps };

  return c2l_pass_record (pass, &op, out_dtype, x->n_dims, x->dims);
}

C2lTensor *
c2l_rotary (C2lPass *pass, C2lTensor *x, const C2lRotary *params)
{
  C2lTensor *angles = params->angles;

  if (!x || !angles)
    return NULL;
  if (x->n_dims != 3 || !c2l_dtype_is_float (x->dtype) || angles->n_dims != 2
      || !c2l_is_f32 (angles) || angles->dims[0] != x->dims[1]
      || 2 * angles->dims[1] > params->head_dim || params->offset < 0 || params->n_heads < 1
      || params->offset + (gint64) params->n_heads * params->head_dim > x->dims[2])
    return C2L_OP_REFUSE (pass, C2L_OP_ROTARY, "heads and angles do not fit", x, angles);

  C2lOp op = { .kind = C2L_OP_ROTARY, .n_in = 2, .in = { x, angles }, .p.rotary = *params };

  return c2l_pass_record (pass, &op, x->dtype, x->n_dims, x->dims);
}

static gboolean
columns_fit (const C2lTensor *x, int offset, gint64 width)
{
  return x->n_dims == 3 && c2l_dtype_is_float (x->dtype) && offset >= 0
         && offset + width <= x->dims[2];
}

C2lTensor *
c2l_attention (C2lPass *pass, const C2lAttention *params)
{
  C2lTensor *q = params->q, *k = params->k, *v = params->v;
  C2lTensor *null_kv = params->null_kv, *bias = params->bias, *mask = params->key_mask;

  if (!q || !k || !v)
    return NULL;

  gint64 d = params->head_dim, heads = params->n_heads, kv_heads = params->n_kv_heads;

  if (d < 1 || heads < 1 || (kv_heads != 1 && kv_heads != heads)
      || !columns_fit (q, params->q_offset, heads * d)
      || !columns_fit (k, params->k_offset, kv_heads * d)
      || !columns_fit (v, params->v_offset, kv_heads * d) || k->dims[0] != q->dims[0]
      || v->dims[0] != q->dims[0] || k->dims[1] != v->dims[1]
      || !c2l_dtype_is_float (params->out_dtype))
    return C2L_OP_REFUSE (pass, C2L_OP_ATTENTION, "heads do not fit the columns", q, k, v);

  gint64 n_keys = k->dims[1] + (null_kv ? 1 : 0);

  if (!C2L_HAS_SHAPE (null_kv, 2, d) || (null_kv && kv_heads != 1)
      || !C2L_HAS_SHAPE (bias, heads, q->dims[1], n_keys))
    return C2L_OP_REFUSE (pass, C2L_OP_ATTENTION, "the null key or the bias has another shape", q,
                          k, null_kv, bias);
  if (mask
      && (mask->dtype != C2L_U8 || mask->n_dims != 2 || mask->dims[0] != k->dims[0]
          || mask->dims[1] != k->dims[1]))
    return C2L_OP_REFUSE (pass, C2L_OP_ATTENTION, "the mask has another shape", k, mask);

  C2lOp op = { .kind = C2L_OP_ATTENTION,
               .n_in = 6,
               .in = { q, k, v, null_kv, bias, mask },
               .p.attention = *params };
  gint64 dims[] = { q->dims[0], q->dims[1], heads * d };
  C2lTensor *out = c2l_pass_record (pass, &op, params->out_dtype, 3, dims);

  if (out)
    c2l_pass_add_flops (pass, 4.0 * (double) c2l_tensor_get_length (out) * (double) n_keys);
  return out;
}

C2lTensor *
c2l_swiglu (C2lPass *pass, C2lTensor *x, C2lDtype out_dtype)
{
  if (!x)
    return NULL;
  if (x->n_dims < 1 || !c2l_dtype_is_float (x->dtype) || c2l_tensor_get_dim (x, -1) % 2 != 0
      || !c2l_dtype_is_float (out_dtype))
    return C2L_OP_REFUSE (pass, C2L_OP_SWIGLU, "the last size is odd", x);

  C2lOp op = { .kind = C2L_OP_SWIGLU, .n_in = 1, .in = { x } };
  gint64 dims[C2L_MAX_DIMS];

  memcpy (dims, x->dims, sizeof dims);
  dims[x->n_dims - 1] /= 2;
  return c2l_pass_record (pass, &op, out_dtype, x->n_dims, dims);
}
