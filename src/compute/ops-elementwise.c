/* Recording of elementwise operations, of changes of shape and of random numbers. */
#include "compute/ops-private.h"

#include <string.h>

/* NumPy's rule: aligned at the last dimension, sizes equal or 1. */
static gboolean
broadcast_dims (int n, C2lTensor *const *tensors, int *n_dims, gint64 *dims)
{
  *n_dims = 0;
  for (int i = 0; i < n; i++)
    *n_dims = MAX (*n_dims, tensors[i]->n_dims);
  for (int axis = 0; axis < *n_dims; axis++)
    dims[axis] = 1;
  for (int i = 0; i < n; i++)
    for (int j = 0; j < tensors[i]->n_dims; j++)
      {
        gint64 size = tensors[i]->dims[j], *dim = &dims[*n_dims - tensors[i]->n_dims + j];

        if (size != 1 && *dim != 1 && size != *dim)
          return FALSE;
        if (size != 1)
          *dim = size;
      }
  return TRUE;
}

static C2lTensor *
record_broadcast (C2lPass *pass, C2lOpKind kind, int n, C2lTensor *const *tensors)
{
  C2lOp op = { .kind = kind, .n_in = n };
  gint64 dims[C2L_MAX_DIMS];
  int n_dims;

  for (int i = 0; i < n; i++)
    {
      if (!tensors[i])
        return NULL;
      if (!c2l_is_f32 (tensors[i]))
        return c2l_op_refuse (pass, kind, "wrong type", tensors, n);
      op.in[i] = tensors[i];
    }
  if (!broadcast_dims (n, tensors, &n_dims, dims))
    return c2l_op_refuse (pass, kind, "shapes cannot be broadcast", tensors, n);
  return c2l_pass_record (pass, &op, C2L_F32, n_dims, dims);
}

C2lTensor *
c2l_add (C2lPass *pass, C2lTensor *a, C2lTensor *b)
{
  return record_broadcast (pass, C2L_OP_ADD, 2, (C2lTensor *const[]){ a, b });
}

C2lTensor *
c2l_multiply (C2lPass *pass, C2lTensor *a, C2lTensor *b)
{
  return record_broadcast (pass, C2L_OP_MULTIPLY, 2, (C2lTensor *const[]){ a, b });
}

C2lTensor *
c2l_lerp (C2lPass *pass, C2lTensor *a, C2lTensor *b, C2lTensor *weight)
{
  return record_broadcast (pass, C2L_OP_LERP, 3, (C2lTensor *const[]){ a, b, weight });
}

C2lTensor *
c2l_combine (C2lPass *pass, int n, C2lTensor *const *terms, const float *coefficients)
{
  g_return_val_if_fail (n >= 1 && n <= 4, NULL);

  C2lOp op = { .kind = C2L_OP_COMBINE, .n_in = n };

  for (int i = 0; i < n; i++)
    {
      if (!terms[i])
        return NULL;
      if (!c2l_is_f32 (terms[i]) || !c2l_same_shape (terms[i], terms[0]))
        return c2l_op_refuse (pass, C2L_OP_COMBINE, "shapes differ", terms, n);
      op.in[i] = terms[i];
      op.p.combine.coefficients[i] = coefficients[i];
    }
  return c2l_pass_record (pass, &op, C2L_F32, terms[0]->n_dims, terms[0]->dims);
}

C2lTensor *
c2l_clamp (C2lPass *pass, C2lTensor *x, float low, float high)
{
  if (!x)
    return NULL;
  if (!c2l_is_f32 (x))
    return C2L_OP_REFUSE (pass, C2L_OP_CLAMP, "wrong type", x);

  C2lOp op = { .kind = C2L_OP_CLAMP, .n_in = 1, .in = { x }, .p.clamp = { low, high } };

  return c2l_pass_record (pass, &op, C2L_F32, x->n_dims, x->dims);
}

C2lTensor *
c2l_activate (C2lPass *pass, C2lTensor *x, C2lActivation act, float gain)
{
  if (!x)
    return NULL;
  if (!c2l_is_f32 (x))
    return C2L_OP_REFUSE (pass, C2L_OP_ACTIVATE, "wrong type", x);

  C2lOp op = {
    .kind = C2L_OP_ACTIVATE, .n_in = 1, .in = { x }, .p.activate = { act, gain == 0 ? 1 : gain }
  };

  return c2l_pass_record (pass, &op, C2L_F32, x->n_dims, x->dims);
}

C2lTensor *
c2l_cast (C2lPass *pass, C2lTensor *x, C2lDtype dtype)
{
  if (!x)
    return NULL;
  if (!c2l_dtype_is_float (x->dtype) || !c2l_dtype_is_float (dtype))
    return C2L_OP_REFUSE (pass, C2L_OP_CAST, "wrong type", x);
  if (x->dtype == dtype)
    return x;

  C2lOp op = { .kind = C2L_OP_CAST, .n_in = 1, .in = { x } };

  return c2l_pass_record (pass, &op, dtype, x->n_dims, x->dims);
}

C2lTensor *
c2l_reshape (C2lPass *pass, C2lTensor *x, int n_dims, const gint64 *dims)
{
  if (!x)
    return NULL;

  gsize length = 1;

  for (int i = 0; i < n_dims; i++)
    length *= (gsize) dims[i];
  if (length != c2l_tensor_get_length (x))
    {
      g_autofree char *text = c2l_tensor_to_string (x);
      c2l_pass_fail (pass, C2L_COMPUTE_ERROR_SHAPE,
                     "reshape: %s has not %" G_GSIZE_FORMAT
                     " elements: the model's arrays do not fit together",
                     text, length);
      return NULL;
    }
  return c2l_pass_record_view (pass, x, 0, n_dims, dims);
}

C2lTensor *
c2l_expand (C2lPass *pass, C2lTensor *x, int n_dims, const gint64 *dims)
{
  if (!x)
    return NULL;

  gboolean fits = n_dims >= x->n_dims && n_dims <= C2L_MAX_DIMS;

  for (int i = 0; fits && i < x->n_dims; i++)
    fits = x->dims[i] == 1 || x->dims[i] == dims[n_dims - x->n_dims + i];
  if (!fits)
    return C2L_OP_REFUSE (pass, C2L_OP_EXPAND, "shape cannot be expanded", x);

  C2lOp op = { .kind = C2L_OP_EXPAND, .n_in = 1, .in = { x } };

  return c2l_pass_record (pass, &op, x->dtype, n_dims, dims);
}

C2lTensor *
c2l_concat (C2lPass *pass, int axis, int n, C2lTensor *const *parts)
{
  g_return_val_if_fail (n >= 1 && n <= C2L_OP_MAX_INPUTS, NULL);

  C2lOp op = { .kind = C2L_OP_CONCAT, .n_in = n, .p.shape.axis = axis };
  gint64 dims[C2L_MAX_DIMS] = { 0 };

  for (int i = 0; i < n; i++)
    if (!parts[i])
      return NULL;
  if (axis < 0 || axis >= parts[0]->n_dims)
    return c2l_op_refuse (pass, C2L_OP_CONCAT, "no such axis", parts, n);
  memcpy (dims, parts[0]->dims, sizeof dims);
  dims[axis] = 0;
  for (int i = 0; i < n; i++)
    {
      gboolean fits = parts[i]->dtype == parts[0]->dtype && parts[i]->n_dims == parts[0]->n_dims;

      for (int j = 0; fits && j < parts[0]->n_dims; j++)
        fits = j == axis || parts[i]->dims[j] == dims[j];
      if (!fits)
        return c2l_op_refuse (pass, C2L_OP_CONCAT, "shapes differ", parts, n);
      dims[axis] += parts[i]->dims[axis];
      op.in[i] = parts[i];
    }
  return c2l_pass_record (pass, &op, parts[0]->dtype, parts[0]->n_dims, dims);
}

C2lTensor *
c2l_slice (C2lPass *pass, C2lTensor *x, int axis, gint64 start, gint64 length)
{
  if (!x)
    return NULL;
  if (axis < 0 || axis >= x->n_dims || start < 0 || length < 0 || length > x->dims[axis]
      || start > x->dims[axis] - length)
    return C2L_OP_REFUSE (pass, C2L_OP_SLICE, "outside the tensor", x);

  gint64 dims[C2L_MAX_DIMS];
  gsize outer = 1, inner = c2l_dtype_get_size (x->dtype);

  memcpy (dims, x->dims, sizeof dims);
  dims[axis] = length;
  for (int i = 0; i < axis; i++)
    outer *= (gsize) x->dims[i];
  for (int i = axis + 1; i < x->n_dims; i++)
    inner *= (gsize) x->dims[i];
  /* One contiguous range needs no copy. */
  if (outer == 1)
    return c2l_pass_record_view (pass, x, (gsize) start * inner, x->n_dims, dims);

  C2lOp op = { .kind = C2L_OP_SLICE, .n_in = 1, .in = { x }, .p.shape = { axis, start } };

  return c2l_pass_record (pass, &op, x->dtype, x->n_dims, dims);
}

C2lTensor *
c2l_gather (C2lPass *pass, C2lTensor *x, int axis, C2lTensor *indices)
{
  if (!x || !indices)
    return NULL;
  if (indices->dtype != C2L_I32 || indices->n_dims != 1 || axis < 0 || axis > 1 || axis >= x->n_dims
      || x->dims[axis] < 1)
    return C2L_OP_REFUSE (pass, C2L_OP_GATHER, "wrong indices", x, indices);

  C2lOp op = { .kind = C2L_OP_GATHER, .n_in = 2, .in = { x, indices }, .p.shape.axis = axis };
  gint64 dims[C2L_MAX_DIMS];

  memcpy (dims, x->dims, sizeof dims);
  dims[axis] = indices->dims[0];
  return c2l_pass_record (pass, &op, x->dtype, x->n_dims, dims);
}

C2lTensor *
c2l_rms_normalize (C2lPass *pass, C2lTensor *x, float eps)
{
  if (!x)
    return NULL;
  if (x->n_dims < 1 || !c2l_is_f32 (x))
    return C2L_OP_REFUSE (pass, C2L_OP_RMS_NORMALIZE, "wrong type", x);

  C2lOp op = { .kind = C2L_OP_RMS_NORMALIZE, .n_in = 1, .in = { x }, .p.norm.eps = eps };

  return c2l_pass_record (pass, &op, C2L_F32, x->n_dims, x->dims);
}

C2lTensor *
c2l_cosine_similarity (C2lPass *pass, C2lTensor *a, C2lTensor *b)
{
  if (!a || !b)
    return NULL;
  if (!c2l_is_f32 (a) || !c2l_is_f32 (b) || a->n_dims != 2 || b->n_dims != 2
      || a->dims[1] != b->dims[1] || (b->dims[0] != 1 && b->dims[0] != a->dims[0]))
    return C2L_OP_REFUSE (pass, C2L_OP_COSINE_SIMILARITY, "embeddings have different sizes", a, b);

  C2lOp op = { .kind = C2L_OP_COSINE_SIMILARITY, .n_in = 2, .in = { a, b } };

  return c2l_pass_record (pass, &op, C2L_F32, 1, a->dims);
}

C2lTensor *
c2l_random_normal (C2lPass *pass, C2lTensor *keys, guint32 stream, int n_dims, const gint64 *dims)
{
  if (!keys)
    return NULL;
  if (keys->dtype != C2L_I32 || keys->n_dims != 2 || keys->dims[1] != 4 || n_dims < 1
      || dims[0] != keys->dims[0])
    return C2L_OP_REFUSE (pass, C2L_OP_RANDOM_NORMAL, "wrong keys", keys);

  C2lOp op = { .kind = C2L_OP_RANDOM_NORMAL, .n_in = 1, .in = { keys }, .p.random.stream = stream };

  return c2l_pass_record (pass, &op, C2L_F32, n_dims, dims);
}
