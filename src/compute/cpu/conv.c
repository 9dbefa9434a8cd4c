/* Convolution: picks the way for a shape and precision. */
#include "compute/cpu/conv.h"

static const C2lOpImpl *
get_impl (const C2lOp *op)
{
  return *(const C2lOpImpl *const *) op->plan;
}

gboolean
C2L_ISA_NAME (c2l_cpu_conv_prepare) (C2lDevice *device,
                                     C2lPrecision precision,
                                     C2lOp *op,
                                     GError **error)
{
  const C2lOpImpl *const impls[] = {
    &C2L_ISA_NAME (c2l_cpu_conv_narrow),
    /* float32 is always direct, so that it stays the yardstick of the others */
    precision != C2L_PRECISION_F32 ? &C2L_ISA_NAME (c2l_cpu_conv_winograd) : NULL,
    &C2L_ISA_NAME (c2l_cpu_conv_direct),
  };

  for (guint i = 0; i < G_N_ELEMENTS (impls); i++)
    {
      g_autoptr (GError) local = NULL;

      if (!impls[i])
        continue;
      if (impls[i]->prepare (device, precision, op, &local))
        return TRUE;
      if (i + 1 < G_N_ELEMENTS (impls)
          && g_error_matches (local, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED))
        continue;
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  g_assert_not_reached ();
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
