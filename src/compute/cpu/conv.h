/* The ways in which this device convolves. conv.c picks one when a pass is compiled; a plan begins with the way it belongs to. */
#pragma once

#include "compute/cpu/vec.h"

/* Operands of the recorded convolution. */
enum { X, WEIGHT, STYLES, DEMOD, NOISE, BIAS, RESIDUAL, FILTER };

/* Every kernel, precision and epilogue, with float32 products. */
extern const C2lOpImpl C2L_ISA_NAME (c2l_cpu_conv_direct);

/* 1×1 kernels to very few channels, as toRGB; the same of others. */
extern const C2lOpImpl C2L_ISA_NAME (c2l_cpu_conv_narrow);

/* 3×3 kernels; `prepare` returns FALSE with UNSUPPORTED for what it does not do. */
extern const C2lOpImpl C2L_ISA_NAME (c2l_cpu_conv_winograd);

static inline const float *
get_data_or_null (const C2lTensor *tensor)
{
  return tensor ? tensor->data : NULL;
}
