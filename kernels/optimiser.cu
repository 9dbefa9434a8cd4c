/* What changes variables in place, over all parameters in one launch: an element a thread. */
#include "kernels/number.h"

namespace
{
__global__ void
accumulate_kernel (float *to, const float *x, int64_t n)
{
  const int64_t i = cu_thread ();

  if (i < n)
    to[i] += x[i];
}

struct Adamw
{
  int64_t n_decayed;
  float beta2, rest1, rest2, eps;
  double weight_decay;
};

/* torch.optim.AdamW, term by term; the scalars are on the device, so that a captured step sees those of its run. */
__global__ void
adamw_kernel (float *parameters, float *gradients, float *first, float *second, const float *scalars, int64_t n, Adamw p)
{
  const int64_t i = cu_thread ();

  if (i >= n)
    return;

  const float decay = (float) (1.0 - (double) scalars[0] * p.weight_decay);
  const float step = (float) ((double) scalars[0] / (double) scalars[1]), root = (float) sqrt ((double) scalars[2]);
  const float g = gradients[i] * scalars[3], at = i < p.n_decayed ? parameters[i] * decay : parameters[i];
  const float m = first[i] + (g - first[i]) * p.rest1, v = second[i] * p.beta2 + g * g * p.rest2;

  first[i] = m;
  second[i] = v;
  parameters[i] = at - step * (m / (sqrtf (v) / root + p.eps));
  gradients[i] = 0;
}

__global__ void
moving_average_kernel (float *average, const float *x, float beta, float rest, int64_t n)
{
  const int64_t i = cu_thread ();

  if (i < n)
    average[i] = average[i] * beta + rest * x[i];
}
}

void
cu_accumulate (CuStream stream, float *to, const float *x, int64_t n)
{
  if (n > 0)
    CU_LAUNCH (accumulate_kernel, cu_blocks (n), CU_BLOCK, 0, stream, to, x, n);
}

void
cu_adamw (CuStream stream, float *parameters, float *gradients, float *first, float *second, const float *scalars, int64_t n,
          int64_t n_decayed, double beta1, double beta2, double eps, double weight_decay)
{
  Adamw p = {};

  p.n_decayed = n_decayed;
  p.beta2 = (float) beta2;
  p.rest1 = (float) (1 - beta1);
  p.rest2 = (float) (1 - beta2);
  p.eps = (float) eps;
  p.weight_decay = weight_decay;
  if (n > 0)
    CU_LAUNCH (adamw_kernel, cu_blocks (n), CU_BLOCK, 0, stream, parameters, gradients, first, second, scalars, n, p);
}

void
cu_moving_average (CuStream stream, float *average, const float *x, double beta, int64_t n)
{
  if (n > 0)
    CU_LAUNCH (moving_average_kernel, cu_blocks (n), CU_BLOCK, 0, stream, average, x, (float) beta, (float) (1 - beta), n);
}
