/* What changes variables in place: sums of gradients, AdamW, moving averages. Elementwise, so the
 * bits do not depend on threads. */
#include "compute/cpu/vec.h"

void
C2L_ISA_NAME (c2l_cpu_accumulate_run) (C2lDevice *device, C2lOp *op)
{
  const gsize n = c2l_tensor_get_length (op->out);
  const float *x = op->in[1]->data;
  float *to = op->out->data;

#pragma omp parallel for simd schedule(static) if (n > PARALLEL_MIN)
  for (gsize i = 0; i < n; i++)
    to[i] += x[i];
}

/* torch.optim.AdamW, and with a weight decay of 0 torch.optim.Adam, term by term. */
void
C2L_ISA_NAME (c2l_cpu_adamw_run) (C2lDevice *device, C2lOp *op)
{
  const C2lAdamw *params = &op->p.adamw;
  const gsize n = c2l_tensor_get_length (op->out), n_decayed = (gsize) params->n_decayed;
  const float *scalars = op->in[4]->data;
  const double lr = scalars[C2L_ADAMW_LR];
  const float decay = (float) (1 - lr * params->weight_decay);
  const float step = (float) (lr / scalars[C2L_ADAMW_CORRECTION1]);
  const float root = (float) sqrt (scalars[C2L_ADAMW_CORRECTION2]);
  const float grad_scale = scalars[C2L_ADAMW_GRAD_SCALE];
  const float beta2 = (float) params->beta2, eps = (float) params->eps;
  const float rest1 = (float) (1 - params->beta1), rest2 = (float) (1 - params->beta2);
  float *parameters = op->in[0]->data, *gradients = op->in[1]->data;
  float *first = op->in[2]->data, *second = op->in[3]->data;

#pragma omp parallel for simd schedule(static) if (n > PARALLEL_MIN)
  for (gsize i = 0; i < n; i++)
    {
      const float g = gradients[i] * grad_scale;
      const float p = i < n_decayed ? parameters[i] * decay : parameters[i];
      const float m = first[i] + (g - first[i]) * rest1;
      const float v = second[i] * beta2 + g * g * rest2;

      first[i] = m;
      second[i] = v;
      parameters[i] = p - step * (m / (sqrtf (v) / root + eps));
      gradients[i] = 0;
    }
}

void
C2L_ISA_NAME (c2l_cpu_moving_average_run) (C2lDevice *device, C2lOp *op)
{
  const gsize n = c2l_tensor_get_length (op->out);
  const float beta = (float) op->p.average.beta, rest = (float) (1 - op->p.average.beta);
  const float *x = op->in[1]->data;
  float *average = op->out->data;

#pragma omp parallel for simd schedule(static) if (n > PARALLEL_MIN)
  for (gsize i = 0; i < n; i++)
    average[i] = average[i] * beta + rest * x[i];
}
