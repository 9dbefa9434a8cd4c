/* Elementwise operations, copies and random numbers: from the recorded operation to the launch. */
#include "kernels/cuda-device.h"

static CuBroadcast
get_broadcast (const C2lOp *op)
{
  CuBroadcast shape = { .n_dims = op->out->n_dims };

  for (int axis = 0; axis < op->out->n_dims; axis++)
    shape.dims[axis] = op->out->dims[axis];
  for (int i = 0; i < op->n_in && i < (int) G_N_ELEMENTS (shape.strides); i++)
    {
      const C2lTensor *x = op->in[i];
      gint64 stride = 1;

      for (int axis = x->n_dims - 1, to = op->out->n_dims - 1; axis >= 0; axis--, to--)
        {
          shape.strides[i][to] = x->dims[axis] == 1 ? 0 : stride;
          stride *= x->dims[axis];
        }
    }
  return shape;
}

C2L_CUDA_RUN (broadcast)
{
  const CuBroadcast shape = get_broadcast (op);
  const int operation = op->kind == C2L_OP_ADD ? CU_ADD : op->kind == C2L_OP_MULTIPLY ? CU_MULTIPLY : CU_LERP;

  cu_broadcast (cuda_stream (device), operation, &shape, op->in[0]->data, op->in[1]->data, cuda_floats (op->in[2]), op->out->data,
                c2l_tensor_get_length (op->out));
}

C2L_CUDA_RUN (combine)
{
  const float *terms[G_N_ELEMENTS (op->p.combine.coefficients)];

  for (int i = 0; i < op->n_in; i++)
    terms[i] = op->in[i]->data;
  cu_combine (cuda_stream (device), op->n_in, terms, op->p.combine.coefficients, op->out->data, c2l_tensor_get_length (op->out));
}

C2L_CUDA_RUN (clamp)
{
  cu_clamp_to (cuda_stream (device), op->in[0]->data, op->p.clamp.low, op->p.clamp.high, op->out->data,
               c2l_tensor_get_length (op->out));
}

C2L_CUDA_RUN (activate)
{
  cu_activation (cuda_stream (device), op->in[0]->data, op->p.activate.act, op->p.activate.gain, op->out->data,
                 c2l_tensor_get_length (op->out));
}

C2L_CUDA_RUN (cast)
{
  cu_cast (cuda_stream (device), op->in[0]->data, op->in[0]->dtype, op->out->data, op->out->dtype, c2l_tensor_get_length (op->out));
}

C2L_CUDA_RUN (expand)
{
  const CuBroadcast shape = get_broadcast (op);

  cu_copy_strided (cuda_stream (device), &shape, op->in[0]->data, op->out->data, c2l_tensor_get_length (op->out),
                   (int) c2l_dtype_get_size (op->out->dtype));
}

/* Bytes of one step along @axis, and how many blocks of all its steps there are. */
static void
measure_axis (const C2lTensor *x, int axis, gint64 *n_outer, gint64 *bytes)
{
  *n_outer = 1;
  *bytes = (gint64) c2l_dtype_get_size (x->dtype);
  for (int i = 0; i < axis; i++)
    *n_outer *= x->dims[i];
  for (int i = axis + 1; i < x->n_dims; i++)
    *bytes *= x->dims[i];
}

C2L_CUDA_RUN (concat)
{
  const int axis = op->p.shape.axis;
  gint64 n_outer, bytes, at = 0;

  measure_axis (op->out, axis, &n_outer, &bytes);
  for (int i = 0; i < op->n_in; i++)
    {
      const gint64 piece = op->in[i]->dims[axis] * bytes;

      cu_copy_pieces (cuda_stream (device), op->in[i]->data, piece, (char *) op->out->data + at, op->out->dims[axis] * bytes,
                      n_outer, piece);
      at += piece;
    }
}

C2L_CUDA_RUN (slice)
{
  const int axis = op->p.shape.axis;
  gint64 n_outer, bytes;

  measure_axis (op->in[0], axis, &n_outer, &bytes);

  const gint64 piece = op->out->dims[axis] * bytes;

  cu_copy_pieces (cuda_stream (device), (const char *) op->in[0]->data + op->p.shape.start * bytes, op->in[0]->dims[axis] * bytes,
                  op->out->data, piece, n_outer, piece);
}

C2L_CUDA_RUN (gather)
{
  const C2lTensor *x = op->in[0];
  gint64 n_outer, bytes;

  measure_axis (x, op->p.shape.axis, &n_outer, &bytes);
  cu_gather (cuda_stream (device), x->data, op->in[1]->data, op->out->data, n_outer, x->dims[op->p.shape.axis], op->in[1]->dims[0],
             bytes);
}

C2L_CUDA_RUN (random_normal)
{
  const gint64 n_rows = op->out->dims[0], n = (gint64) c2l_tensor_get_length (op->out);

  cu_random_normal (cuda_stream (device), op->in[0]->data, op->p.random.stream, op->out->data, n_rows, n_rows > 0 ? n / n_rows : 0);
}
