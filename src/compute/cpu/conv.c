/* Convolution: picks the way for a shape and precision. `f32` is always direct, so that it stays the yardstick of the others. */
#include "compute/cpu/conv.h"

static const C2lOpImpl *
get_impl (const C2lOp *op)
{
  return *(const C2lOpImpl *const *) op->plan;
}

gboolean
C2L_ISA_NAME (c2l_cpu_conv_prepare) (C2lDevice *device, C2lPrecision precision, C2lOp *op, GError **error)
{
  if (precision != C2L_PRECISION_F32 && op->in[WEIGHT]->dims[2] == 3)
    {
      g_autoptr (GError) local = NULL;

      if (C2L_ISA_NAME (c2l_cpu_conv_winograd).prepare (device, precision, op, &local))
        return TRUE;
      if (!g_error_matches (local, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
    }
  return C2L_ISA_NAME (c2l_cpu_conv_direct).prepare (device, precision, op, error);
}

void
C2L_ISA_NAME (c2l_cpu_conv_run) (C2lDevice *device, C2lOp *op)
{
  get_impl (op)->run (device, op);
}

void
C2L_ISA_NAME (c2l_cpu_conv_release) (C2lDevice *device, C2lOp *op)
{
  get_impl (op)->release (device, op);
}
