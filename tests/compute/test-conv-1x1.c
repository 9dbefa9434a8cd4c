/* The small 1×1 convolution against double loops. */
#include "compute/cpu/conv-1x1.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct
{
  const char *name;
  void (*run) (const C2lConv1x1 *conv);
} Isa;

static guint32 state = 7;

static float
uniform (void)
{
  state = state * 1664525u + 1013904223u;
  return (state >> 8) / 8388608.f - 1.f;
}

static float *
random_array (gsize n)
{
  float *array = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    array[i] = uniform () + uniform ();
  return array;
}

static double
expect (const C2lConv1x1 *c, int b, gsize pixel, int o)
{
  gsize index = b * c->n_pixels + pixel;
  double sum = c->bias ? c->bias[o] : 0;

  for (int i = 0; i < c->in_channels; i++)
    {
      gsize at = index * c->in_channels + i;
      double x = c->in_dtype == C2L_BF16 ? c2l_bf16_to_f32 (((const guint16 *) c->x)[at]) : ((const float *) c->x)[at];

      sum += c->weights[o * c->in_channels + i] * x * (c->styles ? c->styles[b * c->in_channels + i] : 1);
    }
  if (c->clamp > 0)
    sum = CLAMP (sum, -c->clamp, c->clamp);
  return sum + (c->residual ? c->residual[index * c->out_channels + o] : 0);
}

static void
check (const Isa *isa, int batch, int in, int out, gsize n_pixels, C2lDtype dtype, gboolean bare)
{
  gsize n_in = batch * n_pixels * in, n_out = batch * n_pixels * out;
  g_autofree float *x = random_array (n_in), *weights = random_array ((gsize) in * out);
  g_autofree float *styles = random_array (batch * in), *bias = random_array (out), *residual = random_array (n_out);
  g_autofree guint16 *halves = g_new (guint16, n_in);
  g_autofree float *y = g_new (float, n_out), *again = g_new (float, n_out);
  gpointer scratch = aligned_alloc (64, MAX (64, c2l_conv_1x1_get_scratch_size (batch, in)));
  C2lConv1x1 conv = { batch, in, out, n_pixels, dtype, dtype == C2L_BF16 ? (gpointer) halves : (gpointer) x, y, weights,
                      bare ? NULL : styles, bare ? NULL : bias, bare ? NULL : residual, bare ? 0 : 3, scratch, 2 };

  for (gsize i = 0; i < n_in; i++)
    halves[i] = c2l_f32_to_bf16 (x[i]);
  isa->run (&conv);
  for (int b = 0; b < batch; b++)
    for (gsize p = 0; p < n_pixels; p++)
      for (int o = 0; o < out; o++)
        g_assert_cmpfloat_with_epsilon (y[(b * n_pixels + p) * out + o], expect (&conv, b, p, o), 2e-6 * (4 + in));
  conv.y = again;
  conv.n_threads = 1;
  isa->run (&conv);
  g_assert_cmpmem (y, sizeof (float) * n_out, again, sizeof (float) * n_out);
  free (scratch);
}

static void
test_matches (gconstpointer isa)
{
  static const struct { int batch, in, out; gsize n_pixels; } cases[] = {
    { 1, 32, 3, 64 }, { 2, 32, 3, 10000 }, { 3, 17, 3, 33 }, { 1, 1, 1, 1 }, { 2, 100, 4, 15 }, { 1, 64, 2, 4097 },
    { 1, 512, 3, 16 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int k = 0; k < 4; k++)
      check (isa, cases[i].batch, cases[i].in, cases[i].out, cases[i].n_pixels, k & 1 ? C2L_BF16 : C2L_F32, k & 2);
}

int
main (int argc, char **argv)
{
  Isa isas[] = {
    { "avx512bf16", __builtin_cpu_supports ("avx512bf16") ? c2l_conv_1x1_run_avx512bf16 : NULL },
    { "avx512",
      __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512dq") &&
          __builtin_cpu_supports ("avx512bw") && __builtin_cpu_supports ("avx512vl")
        ? c2l_conv_1x1_run_avx512
        : NULL },
    { "avx2", __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma") ? c2l_conv_1x1_run_avx2 : NULL },
    { "portable", c2l_conv_1x1_run_portable },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (isas); i++)
    {
      g_autofree char *path = g_strdup_printf ("/conv-1x1/matches-double-loops/%s", isas[i].name);

      if (isas[i].run)
        g_test_add_data_func (path, &isas[i], test_matches);
    }
  return g_test_run ();
}
