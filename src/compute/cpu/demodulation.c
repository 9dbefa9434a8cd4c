/* Demodulation factors of a convolution's styles. The squares of its weights are summed once and
 * kept with them. */
#include "compute/cpu/vec.h"

#include <glib/gi18n-lib.h>

/* Σ_k w², [O, I], kept with the weight. */
static const float *
get_squares (C2lTensor *weight)
{
  float *squares = c2l_tensor_get_packed (weight, "squares");

  if (squares)
    return squares;

  const gsize n = (gsize) (weight->dims[0] * weight->dims[1]),
              taps = (gsize) (weight->dims[2] * weight->dims[3]);
  const float *w = weight->data;

  squares = c2l_cpu_alloc (n * sizeof (float));
  if (!squares)
    return NULL;
  for (gsize i = 0; i < n; i++)
    {
      double sum = 0;
      for (gsize tap = 0; tap < taps; tap++)
        sum += (double) w[i * taps + tap] * w[i * taps + tap];
      squares[i] = (float) sum;
    }
  c2l_tensor_take_packed (weight, "squares", squares, c2l_cpu_free);
  return squares;
}

gboolean
C2L_ISA_NAME (c2l_cpu_demodulation_prepare) (C2lDevice *device,
                                             C2lPrecision precision,
                                             C2lOp *op,
                                             GError **error)
{
  if (get_squares (op->in[1]))
    return TRUE;
  g_set_error_literal (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_MEMORY,
                       _ ("Not enough memory to pack a model's weights: close other programs or "
                          "use a smaller model"));
  return FALSE;
}

void
C2L_ISA_NAME (c2l_cpu_demodulation_run) (C2lDevice *device, C2lOp *op)
{
  const float *squares = get_squares (op->in[1]), *styles = op->in[0]->data;
  const gsize batch = (gsize) op->out->dims[0], out = (gsize) op->out->dims[1],
              in = (gsize) op->in[0]->dims[1];

#pragma omp parallel for schedule(static) if (batch * out * in > PARALLEL_MIN)
  for (gsize o = 0; o < out; o++)
    for (gsize b = 0; b < batch; b++)
      {
        const float *style = styles + b * in, *square = squares + o * in;
        float sum = 0;

#pragma omp simd reduction(+ : sum)
        for (gsize i = 0; i < in; i++)
          sum += style[i] * style[i] * square[i];
        ((float *) op->out->data)[b * out + o] = 1.0f / __builtin_sqrtf (sum + 1e-8f);
      }
}
