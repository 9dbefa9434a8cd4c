/* Convolution with styles, demodulation, noise, bias, activation and residual: oneDNN's direct
 * convolution between a pass that scales the input and one that finishes the output. An
 * up-convolution (zero-insertion, 3×3, FIR) is folded into one 3×3 correlation with 4·O outputs at
 * the input's resolution: each parity of the output sees 3×3 input pixels of the composite 6×6
 * kernel. One picture at a time, so that a picture does not depend on its neighbours and scratch
 * memory stays small. */
#include "compute/cpu/conv.h"
#include "compute/cpu/dnnl.h"

typedef struct
{
  const C2lOpImpl *impl;
  C2lDnnlPrimitive *primitive;
  gpointer weights;
  /* bytes from the start of scratch; input is there only where it is scaled or converted */
  gsize input_offset, output_offset, dnnl_offset;
  gboolean copies_input, copies_output;
  gsize row_size; /* scratch of a thread, at the end */
  gsize rows_offset;
} Plan;

/* The composite kernels, [4·O, I, 3, 3], parity (y, x) of output channel o at 4·o + 2y + x.
 *
 * Along one axis: zero-insertion z[2j] = x[j], true convolution t[p] = Σ w[a] z[p − a], and the FIR
 * filter with NVIDIA's padding y[p] = Σ f[m] t[p + 2 − m], so y[p] = Σ c[n] z[p + 2 − n] with the
 * composite c[n] = Σ w[a] f[n − a], n = 0…5. Output 2j + parity meets the inputs j − 1, j, j + 1 at
 * n = 4, 2, 0 (+ parity). */
static void
compose_up_kernels (float *to, const C2lTensor *weight, const C2lTensor *filter)
{
  const gsize out = (gsize) weight->dims[0], in = (gsize) weight->dims[1];
  const float *f = filter->data;

#pragma omp parallel for schedule(static)
  for (gsize o = 0; o < out; o++)
    for (gsize i = 0; i < in; i++)
      {
        const float *w = (const float *) weight->data + (o * in + i) * 9;
        double composite[6][6] = { { 0 } };

        for (int y = 0; y < 3; y++)
          for (int x = 0; x < 3; x++)
            for (int v = 0; v < 4; v++)
              for (int u = 0; u < 4; u++)
                composite[y + v][x + u] += 4.0 * (double) w[3 * y + x] * (double) f[4 * v + u];
        for (int parity = 0; parity < 4; parity++)
          {
            float *kernel = to + ((4 * o + (gsize) parity) * in + i) * 9;

            for (int y = 0; y < 3; y++)
              for (int x = 0; x < 3; x++)
                kernel[3 * y + x]
                    = (float) composite[4 - 2 * y + (parity >> 1)][4 - 2 * x + (parity & 1)];
          }
      }
}

/* What the weight's cache holds for an up-convolution. */
static gpointer
get_composite (C2lDnnlPrimitive *primitive, C2lTensor *weight, C2lTensor *filter)
{
  g_autofree char *key = g_strdup_printf ("conv-up-%p", (gpointer) filter);
  gpointer packed = c2l_tensor_get_packed (weight, key);

  if (packed)
    return packed;

  float *kernels = c2l_cpu_alloc (4 * c2l_tensor_get_length (weight) * sizeof (float));

  if (!kernels)
    return NULL;
  compose_up_kernels (kernels, weight, filter);
  packed = c2l_dnnl_pack_data (primitive, kernels);
  c2l_cpu_free (kernels);
  if (packed)
    c2l_tensor_take_packed (weight, key, packed, c2l_cpu_free);
  return packed;
}

static gboolean
direct_prepare (C2lDevice *device, C2lPrecision precision, C2lOp *op, GError **error)
{
  C2lCpuDevice *cpu = (C2lCpuDevice *) device;
  const C2lTensor *x = op->in[X];
  const gboolean up = op->p.conv.up == 2;
  const gint64 padding = up ? 1 : op->p.conv.padding;
  const C2lDnnlConv shape = { .batch = 1,
                              .height = x->dims[1],
                              .width = x->dims[2],
                              .in = x->dims[3],
                              .out = op->out->dims[3] * (up ? 4 : 1),
                              .kernel = op->in[WEIGHT]->dims[2],
                              .padding = padding,
                              .x_dtype = C2L_F32 };
  C2lDnnlPrimitive *primitive = c2l_dnnl_get_conv (cpu->dnnl, &shape, error);

  if (!primitive)
    return FALSE;

  gpointer weights = up ? get_composite (primitive, op->in[WEIGHT], op->in[FILTER])
                        : c2l_dnnl_pack (primitive, op->in[WEIGHT]);

  if (!weights)
    {
      g_set_error_literal (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_MEMORY,
                           "Not enough memory to pack a model's weights: close other programs or "
                           "use a smaller model");
      return FALSE;
    }

  Plan *plan = g_new0 (Plan, 1);
  gsize size = 0;

  plan->impl = &C2L_ISA_NAME (c2l_cpu_conv_direct);
  plan->primitive = primitive;
  plan->weights = weights;
  plan->copies_input = op->in[STYLES] || x->dtype != C2L_F32;
  plan->copies_output = up || op->out->dtype != C2L_F32;
  plan->input_offset = size;
  if (plan->copies_input)
    size += round_up ((gsize) (x->dims[1] * x->dims[2] * x->dims[3]) * sizeof (float), 64);
  plan->output_offset = size;
  if (plan->copies_output)
    size += round_up (
        (gsize) (op->out->dims[1] * op->out->dims[2] * op->out->dims[3]) * sizeof (float), 64);
  plan->dnnl_offset = size;
  size += round_up (c2l_dnnl_get_scratch_size (primitive), 64);
  plan->rows_offset = size;
  plan->row_size = (gsize) MAX (x->dims[3], op->out->dims[3]) * sizeof (float);
  size += all_threads_scratch (plan->row_size);
  op->plan = plan;
  op->scratch_size = size;
  return TRUE;
}

static void
direct_release (C2lDevice *device, C2lOp *op)
{
  g_clear_pointer (&op->plan, g_free);
}

static void
scale_input (const C2lOp *op, gsize batch, float *to)
{
  const C2lTensor *x = op->in[X];
  const gsize in = (gsize) x->dims[3], n_pixels = (gsize) (x->dims[1] * x->dims[2]);
  const float *styles = op->in[STYLES] ? (const float *) op->in[STYLES]->data + batch * in : NULL;

#pragma omp parallel for schedule(static) if (n_pixels * in > PARALLEL_MIN)
  for (gsize pixel = 0; pixel < n_pixels; pixel++)
    {
      float *row = to + pixel * in;

      row_load (row, x, (batch * n_pixels + pixel) * in, in);
      if (styles)
        for (gsize i = 0; i < in; i++)
          row[i] *= styles[i];
    }
}

/* The products of one output pixel lie @step floats apart. */
static void
finish_pixel (const C2lOp *op,
              float *row,
              const float *products,
              gsize step,
              gsize n,
              const float *demod,
              float noise,
              const float *residual)
{
  const C2lConv *params = &op->p.conv;
  const float *bias = op->in[BIAS] ? op->in[BIAS]->data : NULL;
  const float clamp = params->clamp;

  for (gsize o = 0; o < n; o++)
    row[o] = products[o * step];
  if (demod)
    for (gsize o = 0; o < n; o++)
      row[o] *= demod[o];
  if (noise != 0)
    for (gsize o = 0; o < n; o++)
      row[o] += noise;
  if (bias)
    for (gsize o = 0; o < n; o++)
      row[o] += bias[o];
  row_activate (row, n, params->act, params->gain);
  if (clamp > 0)
    for (gsize o = 0; o < n; o++)
      row[o] = row[o] < -clamp ? -clamp : row[o] > clamp ? clamp : row[o];
  if (residual)
    for (gsize o = 0; o < n; o++)
      row[o] += residual[o];
}

static void
finish_output (const C2lOp *op, gsize batch, const float *products)
{
  const Plan *plan = op->plan;
  const C2lTensor *out = op->out;
  const gsize n = (gsize) out->dims[3], height = (gsize) out->dims[1], width = (gsize) out->dims[2];
  const gboolean up = op->p.conv.up == 2;
  const float *demod = op->in[DEMOD] ? (const float *) op->in[DEMOD]->data + batch * n : NULL;
  const C2lTensor *noise = op->in[NOISE];
  const float *noise_row
      = noise ? (const float *) noise->data + (noise->dims[0] == 1 ? 0 : batch * height * width)
              : NULL;
  const float *residual = op->in[RESIDUAL]
                              ? (const float *) op->in[RESIDUAL]->data + batch * height * width * n
                              : NULL;

#pragma omp parallel if (height * width * n > PARALLEL_MIN)
  {
    float *row = (float *) ((char *) op->scratch + plan->rows_offset
                            + (gsize) omp_get_thread_num () * round_up (plan->row_size, 64));

#pragma omp for schedule(static)
    for (gsize y = 0; y < height; y++)
      for (gsize x = 0; x < width; x++)
        {
          const gsize pixel = y * width + x;
          const float *from
              = up ? products + ((y / 2) * (width / 2) + x / 2) * 4 * n + 2 * (y % 2) + x % 2
                   : products + pixel * n;

          finish_pixel (op, row, from, up ? 4 : 1, n, demod,
                        noise_row ? noise_row[pixel] * op->p.conv.noise_strength : 0,
                        residual ? residual + pixel * n : NULL);
          row_store (op->out, (batch * height * width + pixel) * n, row, n);
        }
  }
}

static void
direct_run (C2lDevice *device, C2lOp *op)
{
  const Plan *plan = op->plan;
  const C2lTensor *x = op->in[X], *out = op->out;
  const gsize x_size = (gsize) (x->dims[1] * x->dims[2] * x->dims[3]);
  const gsize out_size = (gsize) (out->dims[1] * out->dims[2] * out->dims[3]);
  char *scratch = op->scratch;

  for (gsize b = 0; b < (gsize) x->dims[0]; b++)
    {
      const float *input = (const float *) x->data + b * x_size;
      float *output = plan->copies_output ? (float *) (scratch + plan->output_offset)
                                          : (float *) out->data + b * out_size;

      if (plan->copies_input)
        {
          float *copy = (float *) (scratch + plan->input_offset);
          scale_input (op, b, copy);
          input = copy;
        }
      c2l_dnnl_run (plan->primitive, input, plan->weights, NULL, NULL, output,
                    scratch + plan->dnnl_offset);
      finish_output (op, b, output);
    }
}

const C2lOpImpl C2L_ISA_NAME (c2l_cpu_conv_direct) = { .prepare = direct_prepare, .run = direct_run, .release = direct_release };
