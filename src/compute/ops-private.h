/* Shape checks shared by the recording functions. */
#pragma once

#include "compute/pass-private.h"

G_BEGIN_DECLS

/* Records a SHAPE error that lists the operands, and returns NULL. */
C2lTensor *c2l_op_refuse (C2lPass *pass, C2lOpKind kind, const char *reason, C2lTensor *const *tensors, int n);

#define C2L_OP_REFUSE(pass, kind, reason, ...)                                                          \
  c2l_op_refuse ((pass), (kind), (reason), (C2lTensor *const[]){ __VA_ARGS__ },                         \
                 G_N_ELEMENTS (((C2lTensor *const[]){ __VA_ARGS__ })))

static inline gboolean
c2l_dtype_is_float (C2lDtype dtype)
{
  return dtype == C2L_F32 || dtype == C2L_BF16 || dtype == C2L_F16;
}

static inline gboolean
c2l_is_f32 (const C2lTensor *tensor)
{
  return tensor->dtype == C2L_F32;
}

static inline gboolean
c2l_is_f32_or_null (const C2lTensor *tensor)
{
  return !tensor || tensor->dtype == C2L_F32;
}

/* An optional operand is absent, or F32 of exactly this shape. */
gboolean c2l_has_shape (const C2lTensor *tensor, int n_dims, const gint64 *dims);
#define C2L_HAS_SHAPE(tensor, ...)                                                                      \
  c2l_has_shape ((tensor), G_N_ELEMENTS (((gint64[]){ __VA_ARGS__ })), (gint64[]){ __VA_ARGS__ })

gboolean c2l_same_shape (const C2lTensor *a, const C2lTensor *b);

G_END_DECLS
