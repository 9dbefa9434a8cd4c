/* What training needs beside products: from the recorded operation to the launch. */
#include "kernels/cuda-device.h"
#include "kernels/ops-attention.h"

C2L_CUDA_RUN (layer_norm_backward)
{
  cu_layer_norm_backward (cuda_stream (device), op->in[0]->data, op->in[1]->data, op->in[2]->data, op->in[2]->dtype, op->p.norm.eps,
                          cuda_floats (op->in[3]), op->out->data, c2l_tensor_get_n_rows (op->out), cuda_get_width (op->out));
}

/* Sums in CU_ROW_CHUNKS pieces, and two numbers a row. */
C2L_CUDA_PREPARE (row_sums)
{
  op->scratch_size
      = sizeof (float) * (gsize) (CU_ROW_CHUNKS * cuda_get_width (op->in[0]) + 2 * c2l_tensor_get_n_rows (op->in[0]));
  return TRUE;
}

C2L_CUDA_RUN (layer_norm_gain_backward)
{
  const C2lTensor *x = op->in[0], *dy = op->in[1];

  cu_layer_norm_gain_backward (cuda_stream (device), x->data, dy->data, dy->dtype, op->p.norm.eps, op->out->data, op->scratch,
                               c2l_tensor_get_n_rows (x), cuda_get_width (x));
}

C2L_CUDA_RUN (column_sums)
{
  const C2lTensor *x = op->in[0];

  cu_column_sums (cuda_stream (device), x->data, x->dtype, op->out->data, op->scratch, c2l_tensor_get_n_rows (x), cuda_get_width (x));
}

C2L_CUDA_PREPARE (attention_backward)
{
  const C2lAttention *p = &op->p.attention_backward.params;
  const CuAttention a = cuda_get_attention (op, p);

  op->scratch_size = cu_attention_backward_scratch (&a);
  return cuda_check_attention (op, p, cu_attention_backward_shared (&a), error);
}

/* Where the columns of a part begin in the gradient, or NULL. */
static gpointer
get_part (const C2lOp *op, int part, int offset)
{
  if ((op->p.attention_backward.of & 1 << part) == 0)
    return NULL;
  return (char *) op->out->data + (gsize) offset * c2l_dtype_get_size (op->out->dtype);
}

C2L_CUDA_RUN (attention_backward)
{
  const C2lAttention *p = &op->p.attention_backward.params;
  const CuAttention a = cuda_get_attention (op, p);
  const CuAttentionGradients gradients = {
    .dq = get_part (op, 0, p->q_offset),
    .dk = get_part (op, 1, p->k_offset),
    .dv = get_part (op, 2, p->v_offset),
    .type = (int) op->out->dtype,
  };

  cu_runtime_zero (cuda_runtime (device), op->out->data, c2l_tensor_get_size (op->out));
  cu_attention_backward (cuda_stream (device), &a, op->in[6]->data, op->in[6]->dtype, &gradients, op->scratch);
}

C2L_CUDA_RUN (attention_parameters_backward)
{
  const CuAttention a = cuda_get_attention (op, &op->p.attention_backward.params);
  float *null = op->out->data, *bias = null + (op->in[3] ? 2 * a.head_dim : 0);

  cu_runtime_zero (cuda_runtime (device), op->out->data, c2l_tensor_get_size (op->out));
  cu_attention_parameters_backward (cuda_stream (device), &a, op->in[6]->data, op->in[6]->dtype, op->in[3] ? null : NULL,
                                    op->in[4] ? bias : NULL, op->scratch);
}

C2L_CUDA_RUN (swiglu_backward)
{
  const C2lTensor *x = op->in[0], *dy = op->in[1];

  cu_swiglu_backward (cuda_stream (device), x->data, x->dtype, dy->data, dy->dtype, op->out->data, op->out->dtype,
                      c2l_tensor_get_n_rows (dy), cuda_get_width (dy));
}

C2L_CUDA_RUN (activate_backward)
{
  cu_activate_backward (cuda_stream (device), op->in[0]->data, op->in[1]->data, op->p.activate.act, op->out->data,
                        c2l_tensor_get_length (op->out));
}

C2L_CUDA_RUN (scatter_add)
{
  const gint64 n = op->in[0]->dims[0], n_rows = op->out->dims[0];

  cu_scatter_add (cuda_stream (device), op->in[0]->data, op->in[1]->data, op->out->data, n, n_rows,
                  (gint64) c2l_tensor_get_length (op->out) / n_rows);
}

C2L_CUDA_RUN (embed_noise)
{
  cu_embed_noise (cuda_stream (device), op->in[0]->data, op->in[1]->data, op->p.embed_noise.scale, op->out->data,
                  c2l_tensor_get_n_rows (op->out), cuda_get_width (op->out));
}

C2L_CUDA_PREPARE (sum)
{
  op->scratch_size = CU_SUM_BLOCKS * sizeof (double);
  return TRUE;
}

C2L_CUDA_RUN (loss)
{
  cu_loss (cuda_stream (device), op->in[0]->data, op->in[1]->data, op->p.loss.kind, op->in[2]->data, op->out->data, op->scratch,
           c2l_tensor_get_length (op->in[0]));
}

C2L_CUDA_RUN (loss_backward)
{
  cu_loss_backward (cuda_stream (device), op->in[0]->data, op->in[1]->data, op->p.loss.kind, op->in[2]->data, op->out->data,
                    c2l_tensor_get_length (op->out));
}

C2L_CUDA_RUN (sum_squares)
{
  cu_sum_squares (cuda_stream (device), op->in[0]->data, op->out->data, op->scratch, c2l_tensor_get_length (op->in[0]));
}

C2L_CUDA_RUN (accumulate)
{
  cu_accumulate (cuda_stream (device), op->out->data, op->in[1]->data, c2l_tensor_get_length (op->out));
}

C2L_CUDA_RUN (adamw)
{
  const C2lAdamw *p = &op->p.adamw;

  cu_adamw (cuda_stream (device), op->in[0]->data, op->in[1]->data, op->in[2]->data, op->in[3]->data, op->in[4]->data,
            c2l_tensor_get_length (op->out), p->n_decayed, p->beta1, p->beta2, p->eps, p->weight_decay);
}

C2L_CUDA_RUN (moving_average)
{
  cu_moving_average (cuda_stream (device), op->out->data, op->in[1]->data, op->p.average.beta, c2l_tensor_get_length (op->out));
}
