/* Micro-benchmark of matrix products in float32: ours (cpu/product.h) and oneDNN's with weights in
 * the layout that it prefers, interleaved in one run, on the shapes of the prior, CLIP and
 * StyleGAN2's affine layers. Prints medians.
 *
 *   bench/product [--rounds=N] [--threads=N] [--isa=portable] */
#include "compute/cpu/cpu.h"
#include "compute/cpu/dnnl.h"
#include "compute/cpu/product.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

static int rounds = 9, n_threads = 2;
static const char *isa = "avx2";
static GOptionEntry entries[]
    = { { "rounds", 0, 0, G_OPTION_ARG_INT, &rounds, "Rounds to take the median of", "N" },
        { "threads", 0, 0, G_OPTION_ARG_INT, &n_threads, "Threads", "N" },
        { "isa", 0, 0, G_OPTION_ARG_STRING, &isa, "Instruction set of ours", "NAME" },
        { NULL } };

#define MAX_ROUNDS 101

static const struct
{
  const char *what;
  gint64 m, n, k;
} shapes[] = {
  { "StyleGAN2, an affine layer", 1, 512, 512 },
  { "StyleGAN2, mapping of four", 4, 512, 512 },
  { "prior, feed-forward of one token", 16, 4096, 512 },
  { "prior, joint projection", 64, 896, 512 },
  { "prior, attention's output", 68, 512, 768 },
  { "prior, feed-forward in", 68, 4096, 512 },
  { "prior, feed-forward out", 68, 512, 2048 },
  { "CLIP text, feed-forward in", 77, 2048, 512 },
  { "CLIP image, joint projection", 800, 2304, 768 },
  { "CLIP image, attention's output", 800, 768, 768 },
  { "CLIP image, feed-forward in", 800, 3072, 768 },
  { "CLIP image, feed-forward out", 800, 768, 3072 },
};

typedef void (*Run) (const C2lProduct *product);

static Run
get_run (void)
{
#ifdef __x86_64__
  if (strcmp (isa, "avx2") == 0)
    return c2l_product_run_avx2;
  if (strcmp (isa, "avx512") == 0)
    return c2l_product_run_avx512;
#endif
  return c2l_product_run_portable;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static double
median (double *values)
{
  qsort (values, (gsize) rounds, sizeof *values, compare);
  return values[rounds / 2];
}

static float *
random_array (gint64 n)
{
  float *array = c2l_cpu_alloc ((gsize) n * sizeof (float));

  for (gint64 i = 0; i < n; i++)
    array[i] = g_random_double_range (-1, 1);
  return array;
}

static void
bench (C2lDnnl *dnnl, gsize index)
{
  const gint64 m = shapes[index].m, n = shapes[index].n, k = shapes[index].k;
  float *x = random_array (m * k), *w = random_array (n * k), *y = random_array (m * n);
  C2lTensor weight = { .dtype = C2L_F32, .n_dims = 2, .dims = { n, k }, .data = w };
  C2lTensor out = { .dtype = C2L_F32, .n_dims = 2, .dims = { m, n }, .data = y };
  float *packed = c2l_product_pack (&weight);
  gpointer scratch = c2l_cpu_alloc ((gsize) n_threads * C2L_PRODUCT_SCRATCH_SIZE);
  const C2lProduct product = { .m = (gsize) m,
                               .n = (gsize) n,
                               .k = (gsize) k,
                               .x = x,
                               .weight = packed,
                               .y = &out,
                               .gain = 1,
                               .scratch = scratch,
                               .n_threads = n_threads };
  const C2lDnnlGemm shape = { m, n, k, C2L_F32, C2L_F32, C2L_ACT_LINEAR, 1, FALSE, FALSE };
  C2lDnnlPrimitive *primitive = c2l_dnnl_get_gemm (dnnl, &shape, NULL);
  gpointer peer_weights = c2l_dnnl_pack_data (primitive, w);
  gpointer peer_scratch = c2l_cpu_alloc (c2l_dnnl_get_scratch_size (primitive));
  double ours[MAX_ROUNDS], peer[MAX_ROUNDS];
  const double flops = 2. * (double) (m * n * k);
  const Run run = get_run ();
  const int repeats = MAX (1, (int) (2e8 / flops));

  for (int round = -1; round < rounds; round++)
    {
      double start = omp_get_wtime (), middle;

      for (int i = 0; i < repeats; i++)
        run (&product);
      middle = omp_get_wtime ();
      for (int i = 0; i < repeats; i++)
        c2l_dnnl_run (primitive, x, peer_weights, NULL, NULL, y, peer_scratch);
      if (round >= 0)
        {
          ours[round] = (middle - start) / repeats;
          peer[round] = (omp_get_wtime () - middle) / repeats;
        }
    }

  const double a = median (ours), b = median (peer);

  g_print ("| %s | %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT
           " | %.3f | %.0f | %.3f | %.0f |\n",
           shapes[index].what, m, n, k, a * 1e3, flops / a * 1e-9, b * 1e3, flops / b * 1e-9);
  c2l_cpu_free (x);
  c2l_cpu_free (w);
  c2l_cpu_free (y);
  c2l_cpu_free (packed);
  c2l_cpu_free (scratch);
  c2l_cpu_free (peer_weights);
  c2l_cpu_free (peer_scratch);
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    g_error ("%s", error->message);
  rounds = CLAMP (rounds, 1, MAX_ROUNDS);
  omp_set_num_threads (n_threads);

  C2lDnnl *dnnl = c2l_dnnl_new (&error);

  if (!dnnl)
    g_error ("%s", error->message);
  g_print ("| product | M x N x K | ours, ms | GFLOP/s | oneDNN, ms | GFLOP/s "
           "|\n|---|---|---|---|---|---|\n");
  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    bench (dnnl, i);
  c2l_dnnl_free (dnnl);
  return 0;
}
