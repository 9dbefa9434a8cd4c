/* Normalisations, attention and the rest of transformers: from the recorded operation to the launch. */
#include "kernels/cuda-device.h"
#include "kernels/ops-attention.h"

C2L_CUDA_RUN (layer_norm)
{
  cu_layer_norm (cuda_stream (device), op->in[0]->data, op->in[1]->data, cuda_floats (op->in[2]), op->p.norm.eps, op->out->data,
                 op->out->dtype, c2l_tensor_get_n_rows (op->out), cuda_get_width (op->out));
}

C2L_CUDA_RUN (rms_normalize)
{
  cu_rms_normalize (cuda_stream (device), op->in[0]->data, op->p.norm.eps, op->out->data, c2l_tensor_get_n_rows (op->out),
                    cuda_get_width (op->out));
}

C2L_CUDA_RUN (cosine_similarity)
{
  const C2lTensor *a = op->in[0], *b = op->in[1];

  cu_cosine_similarity (cuda_stream (device), a->data, b->data, b->dims[0] == 1 ? 0 : b->dims[1], op->out->data, a->dims[0],
                        a->dims[1]);
}

C2L_CUDA_RUN (rotary)
{
  const C2lTensor *x = op->in[0];
  const C2lRotary *p = &op->p.rotary;

  cu_rotary (cuda_stream (device), x->data, x->dtype, op->in[1]->data, op->out->data, c2l_tensor_get_n_rows (x), x->dims[1], x->dims[2],
             p->offset, p->n_heads, p->head_dim, (int) op->in[1]->dims[1]);
}

C2L_CUDA_RUN (swiglu)
{
  cu_swiglu (cuda_stream (device), op->in[0]->data, op->in[0]->dtype, op->out->data, op->out->dtype, c2l_tensor_get_n_rows (op->out),
             cuda_get_width (op->out));
}

CuAttention
cuda_get_attention (const C2lOp *op, const C2lAttention *p)
{
  const C2lTensor *q = op->in[0], *k = op->in[1], *v = op->in[2];

  return (CuAttention){
    .q = (const char *) q->data + p->q_offset * c2l_dtype_get_size (q->dtype),
    .k = (const char *) k->data + p->k_offset * c2l_dtype_get_size (k->dtype),
    .v = (const char *) v->data + p->v_offset * c2l_dtype_get_size (v->dtype),
    .q_type = (int) q->dtype,
    .k_type = (int) k->dtype,
    .v_type = (int) v->dtype,
    .q_step = q->dims[2],
    .k_step = k->dims[2],
    .v_step = v->dims[2],
    .null_kv = cuda_floats (op->in[3]),
    .bias = cuda_floats (op->in[4]),
    .key_mask = op->in[5] ? op->in[5]->data : NULL,
    .B = (int) q->dims[0],
    .T = (int) q->dims[1],
    .S = (int) k->dims[1],
    .n_heads = p->n_heads,
    .n_kv_heads = p->n_kv_heads,
    .head_dim = p->head_dim,
    .scale = p->scale,
    .causal = p->causal,
  };
}

gboolean
cuda_check_attention (const C2lOp *op, const C2lAttention *p, gsize shared, GError **error)
{
  if (shared <= CU_MAX_SHARED && op->in[0]->dims[0] <= G_MAXUINT16)
    return TRUE;
  g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED,
               "attention: %" G_GINT64_FORMAT " × %" G_GINT64_FORMAT " keys of %d numbers are more than a GPU can take at once: use “cpu”",
               op->in[1]->dims[0], op->in[1]->dims[1], p->head_dim);
  return FALSE;
}

C2L_CUDA_PREPARE (attention)
{
  const CuAttention a = cuda_get_attention (op, &op->p.attention);

  return cuda_check_attention (op, &op->p.attention, cu_attention_shared (&a), error);
}

C2L_CUDA_RUN (attention)
{
  const CuAttention a = cuda_get_attention (op, &op->p.attention);

  cu_attention (cuda_stream (device), &a, op->out->data, op->out->dtype);
}
