/* Matrix products: what is done by cuBLASLt, and what is left for a kernel of ours after it.
 *
 * A weight is kept in the type of what it is multiplied with, packed once; variables, which operations change, are converted in every
 * run instead. Bias and residual go into the product where its result is f32 and there is no activation; everything else is a second
 * kernel over the product in scratch memory. */
#include "kernels/cuda-device.h"
#include "kernels/packed.h"

typedef struct
{
  CuProduct *product;
  C2lDtype operand;
  gboolean is_packed;    /* gemm: a copy of the weight is kept under its key */
  gboolean has_epilogue; /* by our kernel */
  gsize a_offset, b_offset, y_offset; /* into scratch; G_MAXSIZE where none is needed */
} Plan;

static const char *const keys[C2L_N_DTYPES] = { [C2L_F32] = "cuda:f32", [C2L_F16] = "cuda:f16", [C2L_BF16] = "cuda:bf16" };

static void
cast_to (C2lDevice *device, const C2lTensor *x, C2lDtype dtype, gpointer to)
{
  cu_cast (cuda_stream (device), x->data, x->dtype, to, dtype, c2l_tensor_get_length (x));
}

static void
pack_cast (C2lDevice *device, C2lTensor *weight, gpointer to, gconstpointer data)
{
  cast_to (device, weight, *(const C2lDtype *) data, to);
}

/* Room for @size bytes in the operation's scratch memory. */
static gsize
take_scratch (C2lOp *op, gsize size)
{
  const gsize offset = op->scratch_size;

  op->scratch_size += (size + 255) & ~(gsize) 255;
  return offset;
}

static gpointer
scratch_at (const C2lOp *op, gsize offset)
{
  return (char *) op->scratch + offset;
}

/* The narrower of two: what is multiplied is of one type. */
static C2lDtype
get_operand_type (const C2lTensor *a, const C2lTensor *b)
{
  return a->dtype != C2L_F32 ? a->dtype : b->dtype;
}

/* Views may begin anywhere; scratch memory and packed weights are more than aligned. */
static guint
get_alignment (const C2lOp *op)
{
  guintptr bits = 64 | (guintptr) op->out->data;

  for (int i = 0; i < op->n_in; i++)
    bits |= op->in[i] ? (guintptr) op->in[i]->data : 0;
  return (guint) (bits & -bits);
}

/* --- with a weight --- */

C2L_CUDA_PREPARE (gemm)
{
  const C2lTensor *x = op->in[0];
  C2lTensor *weight = op->in[1];
  const C2lEpilogue *p = &op->p.gemm;
  const gboolean is_plain = p->act == C2L_ACT_LINEAR && p->gain == 1 && op->out->dtype == C2L_F32;
  Plan *plan = g_new0 (Plan, 1);

  op->plan = plan;
  plan->operand = x->dtype;
  plan->has_epilogue = !is_plain && (op->in[2] || op->in[3] || p->act != C2L_ACT_LINEAR || p->gain != 1);
  plan->is_packed = weight->dtype != x->dtype && !weight->is_variable;
  plan->b_offset = weight->dtype != x->dtype && weight->is_variable
                       ? take_scratch (op, c2l_tensor_get_length (weight) * c2l_dtype_get_size (x->dtype))
                       : G_MAXSIZE;
  plan->y_offset = plan->has_epilogue && op->out->dtype != C2L_F32
                       ? take_scratch (op, c2l_tensor_get_length (op->out) * sizeof (float))
                       : G_MAXSIZE;
  if (plan->is_packed
      && !cuda_pack (device, weight, keys[x->dtype], c2l_tensor_get_length (weight) * c2l_dtype_get_size (x->dtype), pack_cast,
                     &x->dtype, error))
    return FALSE;
  plan->product = cu_product_new (cuda_runtime (device),
                                  &(CuProductShape){
                                      .m = c2l_tensor_get_n_rows (op->out),
                                      .n = weight->dims[0],
                                      .k = weight->dims[1],
                                      .operand = x->dtype,
                                      .result = plan->has_epilogue ? C2L_F32 : op->out->dtype,
                                      .transpose_b = TRUE,
                                      .has_bias = is_plain && op->in[2],
                                      .has_addend = is_plain && op->in[3],
                                      .alignment = get_alignment (op),
                                  },
                                  error);
  return plan->product != NULL;
}

C2L_CUDA_REFRESH (gemm)
{
  const Plan *plan = op->plan;

  if (plan->is_packed && c2l_tensor_renew_packed (op->in[1], keys[plan->operand]))
    cast_to (device, op->in[1], plan->operand, cuda_get_packed (op->in[1], keys[plan->operand]));
}

C2L_CUDA_RUN (gemm)
{
  const Plan *plan = op->plan;
  const C2lTensor *x = op->in[0];
  gconstpointer weight = op->in[1]->data;
  gpointer y = plan->y_offset != G_MAXSIZE ? scratch_at (op, plan->y_offset) : op->out->data;

  if (plan->is_packed)
    weight = cuda_get_packed (op->in[1], keys[plan->operand]);
  else if (plan->b_offset != G_MAXSIZE)
    {
      cast_to (device, op->in[1], plan->operand, scratch_at (op, plan->b_offset));
      weight = scratch_at (op, plan->b_offset);
    }
  cu_product_run (cuda_runtime (device), plan->product, x->data, weight, cuda_floats (op->in[2]), cuda_floats (op->in[3]), y);
  if (plan->has_epilogue)
    cu_epilogue (cuda_stream (device), y, cuda_floats (op->in[2]), cuda_floats (op->in[3]), op->p.gemm.act, op->p.gemm.gain,
                 op->out->data, op->out->dtype, c2l_tensor_get_length (op->out), op->in[1]->dims[0]);
}

static void
release_plan (C2lOp *op)
{
  Plan *plan = op->plan;

  g_clear_pointer (&plan->product, cu_product_free);
  g_free (plan);
}

C2L_CUDA_RELEASE (gemm)
{
  release_plan (op);
}

/* --- of any two tensors --- */

/* Where @x has to be converted, its place in scratch memory. */
static gsize
plan_operand (C2lOp *op, const C2lTensor *x, C2lDtype operand)
{
  return x->dtype != operand ? take_scratch (op, c2l_tensor_get_length (x) * c2l_dtype_get_size (operand)) : G_MAXSIZE;
}

C2L_CUDA_PREPARE (matmul)
{
  const C2lMatmul *p = &op->p.matmul;
  const C2lTensor *a = op->in[0], *b = op->in[1];
  const C2lDtype operand = get_operand_type (a, b);
  const gint64 a_rows = c2l_tensor_get_n_rows (a), b_rows = c2l_tensor_get_n_rows (b);
  const gboolean is_plain = op->out->dtype == C2L_F32;
  Plan *plan = g_new0 (Plan, 1);

  op->plan = plan;
  plan->operand = operand;
  plan->has_epilogue = !is_plain && (op->in[2] || op->in[3]);
  plan->a_offset = plan_operand (op, a, operand);
  plan->b_offset = plan_operand (op, b, operand);
  plan->y_offset
      = plan->has_epilogue ? take_scratch (op, c2l_tensor_get_length (op->out) * sizeof (float)) : G_MAXSIZE;
  plan->product = cu_product_new (cuda_runtime (device),
                                  &(CuProductShape){
                                      .m = p->transpose_a ? cuda_get_width (a) : a_rows,
                                      .n = p->transpose_b ? b_rows : cuda_get_width (b),
                                      .k = p->transpose_a ? a_rows : cuda_get_width (a),
                                      .operand = operand,
                                      .result = plan->has_epilogue ? C2L_F32 : op->out->dtype,
                                      .transpose_a = p->transpose_a,
                                      .transpose_b = p->transpose_b,
                                      .has_bias = is_plain && op->in[2],
                                      .has_addend = is_plain && op->in[3],
                                      .alignment = get_alignment (op),
                                  },
                                  error);
  return plan->product != NULL;
}

static gconstpointer
convert_operand (C2lDevice *device, const C2lOp *op, const C2lTensor *x, gsize offset)
{
  const Plan *plan = op->plan;

  if (offset == G_MAXSIZE)
    return x->data;
  cast_to (device, x, plan->operand, scratch_at (op, offset));
  return scratch_at (op, offset);
}

C2L_CUDA_RUN (matmul)
{
  const Plan *plan = op->plan;
  gconstpointer a = convert_operand (device, op, op->in[0], plan->a_offset);
  gconstpointer b = convert_operand (device, op, op->in[1], plan->b_offset);
  gpointer y = plan->has_epilogue ? scratch_at (op, plan->y_offset) : op->out->data;

  cu_product_run (cuda_runtime (device), plan->product, a, b, cuda_floats (op->in[2]), cuda_floats (op->in[3]), y);
  if (plan->has_epilogue)
    cu_epilogue (cuda_stream (device), y, cuda_floats (op->in[2]), cuda_floats (op->in[3]), C2L_ACT_LINEAR, 1, op->out->data,
                 op->out->dtype, c2l_tensor_get_length (op->out), cuda_get_width (op->out));
}

C2L_CUDA_RELEASE (matmul)
{
  release_plan (op);
}
