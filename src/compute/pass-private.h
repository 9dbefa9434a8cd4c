/* How the functions of ops.h write into a pass. */
#pragma once

#include "compute/op.h"

G_BEGIN_DECLS

/* Appends an operation with the kind, inputs and parameters of @op and returns its result of the
 * given type and shape. NULL where the device lacks the operation. */
C2lTensor *c2l_pass_record (C2lPass *pass, const C2lOp *op, C2lDtype dtype, int n_dims, const gint64 *dims);

/* A tensor that shares the memory of @base from byte @offset on. */
C2lTensor *c2l_pass_record_view (C2lPass *pass, C2lTensor *base, gsize offset, int n_dims, const gint64 *dims);

/* Appends an operation that changes @variable, a variable or a view of one, in place: it runs even
 * if nobody reads its result, which is @variable again. NULL and a mistake where @variable may not
 * be changed. */
C2lTensor *c2l_pass_record_in_place (C2lPass *pass, const C2lOp *op, C2lTensor *variable);

void       c2l_pass_add_flops (C2lPass *pass, double flops);

G_END_DECLS
