/* Micro-benchmark of the modulated convolution: the Winograd engine on StyleGAN2's layers, beside oneDNN's direct and Winograd
 * convolution of the same shape (3×3 sums alone, without styles, noise or activation), interleaved in one run. Prints medians of
 * the time, and of what a processor was given in that time, which means more on a machine that others use too.
 *
 *   bench/conv [--rounds=N] [--threads=N] [--size=R] [--up=N] [--variant=NAME] [--no-peer] */
#include "compute/cpu/conv-1x1.h"
#include "compute/cpu/winograd.h"

#include <math.h>
#include <oneapi/dnnl/dnnl.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

static int rounds = 7, n_threads = 2, only_size, only_up, no_peer;
static char *only_variant;
static GOptionEntry entries[] = {
  { "rounds", 0, 0, G_OPTION_ARG_INT, &rounds, "Rounds to take the median of", "N" },
  { "threads", 0, 0, G_OPTION_ARG_INT, &n_threads, "Threads", "N" },
  { "size", 0, 0, G_OPTION_ARG_INT, &only_size, "Only layers that make pictures of this size", "R" },
  { "up", 0, 0, G_OPTION_ARG_INT, &only_up, "Only layers that enlarge by N", "N" },
  { "variant", 0, 0, G_OPTION_ARG_STRING, &only_variant, "Only one of ours: f32, bf16 …", "NAME" },
  { "no-peer", 0, 0, G_OPTION_ARG_NONE, &no_peer, "Leave oneDNN out", NULL },
  { NULL }
};

#define MAX_ROUNDS 101

typedef struct
{
  double wall[MAX_ROUNDS], cpu[MAX_ROUNDS];
  int n;
} Times;

static double
read_clock (clockid_t clock)
{
  struct timespec t;

  clock_gettime (clock, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static double
median (double *values, int n)
{
  qsort (values, n, sizeof *values, compare);
  return n ? values[n / 2] : NAN;
}

static gpointer
aligned (gsize size)
{
  gpointer memory = NULL;

  if (posix_memalign (&memory, 2 << 20, size) != 0)
    g_error ("no memory for %" G_GSIZE_FORMAT " bytes", size);
  madvise (memory, size, MADV_HUGEPAGE);
  memset (memory, 0, size);
  return memory;
}

static void
fill (float *array, gsize n)
{
  guint32 state = 1;

  for (gsize i = 0; i < n; i++)
    {
      state = state * 1664525u + 1013904223u;
      array[i] = (state >> 8) / 8388608.f - 1.f;
    }
}

/* --- oneDNN ----------------------------------------------------------------------------------------- */

typedef struct
{
  dnnl_primitive_t primitive;
  dnnl_stream_t stream;
  dnnl_exec_arg_t args[4];
} Peer;

static dnnl_memory_t
add_argument (Peer *peer, dnnl_engine_t engine, int index, int id, const dnnl_memory_desc_t *desc)
{
  dnnl_memory_t memory;

  dnnl_memory_create (&memory, desc, engine, aligned (MAX (64, dnnl_memory_desc_get_size (desc))));
  peer->args[index] = (dnnl_exec_arg_t) { id, memory };
  return memory;
}

/* The same number of outputs: up = 2 is a transposed convolution with stride 2, without its FIR filter. */
static gboolean
peer_init (Peer *peer, dnnl_engine_t engine, dnnl_alg_kind_t kind, dnnl_data_type_t type, int in, int out, int size)
{
  dnnl_dims_t x_dims = { 1, in, size, size }, y_dims = { 1, out, size, size }, w_dims = { out, in, 3, 3 };
  dnnl_dims_t ones = { 1, 1 };
  dnnl_memory_desc_t x, w, y;
  dnnl_convolution_desc_t desc;
  dnnl_primitive_desc_t primitive_desc;
  dnnl_primitive_attr_t attr;

  dnnl_memory_desc_init_by_tag (&x, 4, x_dims, type, kind == dnnl_convolution_winograd ? dnnl_format_tag_any : dnnl_nhwc);
  dnnl_memory_desc_init_by_tag (&w, 4, w_dims, type, dnnl_format_tag_any);
  dnnl_memory_desc_init_by_tag (&y, 4, y_dims, type, kind == dnnl_convolution_winograd ? dnnl_format_tag_any : dnnl_nhwc);
  dnnl_convolution_forward_desc_init (&desc, dnnl_forward_inference, kind, &x, &w, NULL, &y, ones, ones, ones);
  dnnl_primitive_attr_create (&attr);
  dnnl_primitive_attr_set_scratchpad_mode (attr, dnnl_scratchpad_mode_user);
  if (dnnl_primitive_desc_create (&primitive_desc, &desc, attr, engine, NULL) != dnnl_success)
    return FALSE;
  dnnl_primitive_create (&peer->primitive, primitive_desc);
  dnnl_stream_create (&peer->stream, engine, dnnl_stream_default_flags);
  add_argument (peer, engine, 0, DNNL_ARG_SRC, dnnl_primitive_desc_query_md (primitive_desc, dnnl_query_src_md, 0));
  add_argument (peer, engine, 1, DNNL_ARG_WEIGHTS,
                dnnl_primitive_desc_query_md (primitive_desc, dnnl_query_weights_md, 0));
  add_argument (peer, engine, 2, DNNL_ARG_DST, dnnl_primitive_desc_query_md (primitive_desc, dnnl_query_dst_md, 0));
  add_argument (peer, engine, 3, DNNL_ARG_SCRATCHPAD,
                dnnl_primitive_desc_query_md (primitive_desc, dnnl_query_scratchpad_md, 0));
  dnnl_primitive_attr_destroy (attr);
  dnnl_primitive_desc_destroy (primitive_desc);
  return TRUE;
}

static void
peer_run (Peer *peer)
{
  dnnl_primitive_execute (peer->primitive, peer->stream, 4, peer->args);
  dnnl_stream_wait (peer->stream);
}

static void
peer_clear (Peer *peer)
{
  if (peer->primitive == NULL)
    return;
  for (int i = 0; i < 4; i++)
    {
      gpointer data;

      dnnl_memory_get_data_handle (peer->args[i].memory, &data);
      free (data);
      dnnl_memory_destroy (peer->args[i].memory);
    }
  dnnl_primitive_destroy (peer->primitive);
  dnnl_stream_destroy (peer->stream);
}

/* --- ours ------------------------------------------------------------------------------------------- */

typedef struct
{
  const char *name;
  C2lDtype dtype;
  C2lWinogradProducts products;
} Variant;

static const Variant variants[] = {
  { "f32", C2L_F32, C2L_WINOGRAD_F32 },
  { "f32, bf16 stored", C2L_BF16, C2L_WINOGRAD_F32 },
  { "bf16", C2L_BF16, C2L_WINOGRAD_BF16 },
};
#define N_VARIANTS G_N_ELEMENTS (variants)

typedef struct
{
  C2lWinograd *plan;
  C2lWinogradArgs args;
} Ours;

typedef struct
{
  int in, out, size; /* of the input */
  int up;
} Layer;

static void
run_ours (const Ours *ours)
{
  if (__builtin_cpu_supports ("avx512bf16"))
    c2l_winograd_run_avx512bf16 (ours->plan, &ours->args);
  else if (__builtin_cpu_supports ("avx512vl"))
    c2l_winograd_run_avx512 (ours->plan, &ours->args);
  else if (__builtin_cpu_supports ("avx2"))
    c2l_winograd_run_avx2 (ours->plan, &ours->args);
  else
    c2l_winograd_run_portable (ours->plan, &ours->args);
}

/* Sums as a direct convolution does them. */
static double
count_products (const Layer *layer)
{
  return 9. * layer->in * layer->out * layer->size * layer->size;
}

static void
bench_layer (const Layer *layer, dnnl_engine_t engine, double totals[N_VARIANTS][2])
{
  static const float filter[16] = { 1, 3, 3, 1, 3, 9, 9, 3, 3, 9, 9, 3, 1, 3, 3, 1 };
  gsize n_in = (gsize) layer->size * layer->size * layer->in, out_size = layer->size * layer->up;
  gsize n_out = out_size * out_size * layer->out;
  g_autofree float *weights = g_new (float, 9 * layer->in * layer->out), *fir = g_new (float, 16);
  float *x = aligned (4 * n_in), *y = aligned (4 * n_out), *noise = aligned (4 * out_size * out_size);
  float *channels = aligned (4 * 4096);
  guint16 *halves = aligned (2 * n_in);
  Ours ours[N_VARIANTS];
  Times times[N_VARIANTS + 3] = { 0 };
  Peer peers[3] = { 0 };
  const char *peer_names[] = { "oneDNN direct f32", "oneDNN Winograd f32", "oneDNN direct bf16" };

  fill (weights, 9 * layer->in * layer->out);
  fill (x, n_in);
  fill (noise, out_size * out_size);
  for (int i = 0; i < 4096; i++)
    channels[i] = 0.1f;
  for (gsize i = 0; i < n_in; i++)
    halves[i] = c2l_f32_to_bf16 (x[i]);
  for (int i = 0; i < 16; i++)
    fir[i] = filter[i] / 64;

  for (gsize k = 0; k < N_VARIANTS; k++)
    {
      C2lWinogradShape shape = { layer->in, layer->out, layer->size, layer->size, layer->up, 1, variants[k].products,
                                 variants[k].dtype, variants[k].dtype, C2L_ACT_LEAKY_RELU, 1.41421356f, 256 };

      ours[k].plan = c2l_winograd_new (&shape, weights, fir, NULL);
      ours[k].args = (C2lWinogradArgs) { .batch = 1, .x = shape.in_dtype == C2L_F32 ? (gpointer) x : halves, .y = y,
                                         .styles = channels, .demod = channels, .noise = noise, .noise_strength = 0.1f,
                                         .bias = channels, .n_threads = n_threads };
      ours[k].args.scratch = aligned (c2l_winograd_get_scratch_size (ours[k].plan, n_threads));
    }
  if (!no_peer && layer->up == 1)
    {
      peer_init (&peers[0], engine, dnnl_convolution_direct, dnnl_f32, layer->in, layer->out, layer->size);
      peer_init (&peers[1], engine, dnnl_convolution_winograd, dnnl_f32, layer->in, layer->out, layer->size);
      peer_init (&peers[2], engine, dnnl_convolution_direct, dnnl_bf16, layer->in, layer->out, layer->size);
    }

  for (int r = -1; r < rounds; r++)
    for (gsize k = 0; k < N_VARIANTS + 3; k++)
      {
        double wall, cpu;

        if (k >= N_VARIANTS && peers[k - N_VARIANTS].primitive == NULL)
          continue;
        if (k < N_VARIANTS && variants[k].products == C2L_WINOGRAD_BF16 && !__builtin_cpu_supports ("avx512bf16"))
          continue;
        if (k < N_VARIANTS && only_variant && strcmp (only_variant, variants[k].name) != 0)
          continue;
        wall = read_clock (CLOCK_MONOTONIC);
        cpu = read_clock (CLOCK_PROCESS_CPUTIME_ID);
        if (k < N_VARIANTS)
          run_ours (&ours[k]);
        else
          peer_run (&peers[k - N_VARIANTS]);
        wall = read_clock (CLOCK_MONOTONIC) - wall;
        cpu = read_clock (CLOCK_PROCESS_CPUTIME_ID) - cpu;
        if (r < 0)
          continue;
        times[k].wall[r] = wall;
        times[k].cpu[r] = cpu;
        times[k].n = r + 1;
      }

  g_print ("%d → %d, %s %zu²:\n", layer->in, layer->out, layer->up == 2 ? "up to" : "at", out_size);
  for (gsize k = 0; k < N_VARIANTS + 3; k++)
    if (times[k].n)
      {
        double wall = median (times[k].wall, times[k].n), cpu = median (times[k].cpu, times[k].n) / n_threads;

        g_print ("  %-20s %8.2f ms   %8.2f ms of each processor (least %.2f)   %7.1f G products/s as direct\n",
                 k < N_VARIANTS ? variants[k].name : peer_names[k - N_VARIANTS], 1e3 * wall, 1e3 * cpu,
                 1e3 * times[k].cpu[0] / n_threads, 1e-9 * count_products (layer) / cpu);
        if (k < N_VARIANTS)
          totals[k][0] += wall, totals[k][1] += times[k].cpu[0] / n_threads;
      }

  for (gsize k = 0; k < N_VARIANTS; k++)
    {
      free (ours[k].args.scratch);
      c2l_winograd_free (ours[k].plan);
    }
  for (int k = 0; k < 3; k++)
    peer_clear (&peers[k]);
  free (x);
  free (y);
  free (noise);
  free (channels);
  free (halves);
}

/* toRGB: the 1×1 convolution to three channels. */
static void
bench_to_rgb (int in, int size, double totals[2])
{
  gsize n = (gsize) size * size;
  float *x = aligned (4 * n * in), *y = aligned (4 * 3 * n), *weights = aligned (4 * 3 * in);

  for (int k = 0; k < 2; k++)
    {
      C2lConv1x1 conv = { 1, in, 3, n, k ? C2L_BF16 : C2L_F32, x, y, weights, weights, weights, y, 256,
                          aligned (c2l_conv_1x1_get_scratch_size (1, in)), n_threads };
      Times times = { 0 };

      for (int r = -1; r < rounds; r++)
        {
          double wall = read_clock (CLOCK_MONOTONIC), cpu = read_clock (CLOCK_PROCESS_CPUTIME_ID);

          if (__builtin_cpu_supports ("avx512bf16"))
            c2l_conv_1x1_run_avx512bf16 (&conv);
          else if (__builtin_cpu_supports ("avx512vl"))
            c2l_conv_1x1_run_avx512 (&conv);
          else if (__builtin_cpu_supports ("avx2"))
            c2l_conv_1x1_run_avx2 (&conv);
          else
            c2l_conv_1x1_run_portable (&conv);
          if (r >= 0)
            {
              times.wall[r] = read_clock (CLOCK_MONOTONIC) - wall;
              times.cpu[r] = read_clock (CLOCK_PROCESS_CPUTIME_ID) - cpu;
            }
        }
      g_print ("%d → 3, at %d², %s: %.2f ms, least %.2f ms of each processor\n", in, size, k ? "bf16" : "f32",
               1e3 * median (times.wall, rounds), (median (times.cpu, rounds), 1e3 * times.cpu[0] / n_threads));
      totals[k] += times.cpu[0] / n_threads;
      free (conv.scratch);
    }
  free (x);
  free (y);
  free (weights);
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  double totals[N_VARIANTS][2] = { 0 };
  double to_rgb[2] = { 0 };
  dnnl_engine_t engine;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  rounds = CLAMP (rounds, 1, MAX_ROUNDS);
  omp_set_num_threads (n_threads);
  dnnl_engine_create (&engine, dnnl_cpu, 0);

  for (int size = 4; size <= 1024; size *= 2)
    {
      int out = MIN (32768 / size, 512), in = MIN (65536 / size, 512);
      Layer conv0 = { in, out, size / 2, 2 }, conv1 = { out, out, size, 1 };

      if (only_size && size != only_size)
        continue;
      if (size > 4 && only_up != 1)
        bench_layer (&conv0, engine, totals);
      if (only_up != 2)
        bench_layer (&conv1, engine, totals);
      if (!only_up)
        bench_to_rgb (out, size, to_rgb);
    }
  for (gsize k = 0; k < N_VARIANTS; k++)
    g_print ("all layers, %-18s %8.1f ms, least processor time %8.1f ms\n", variants[k].name, 1e3 * totals[k][0],
             1e3 * totals[k][1]);
  g_print ("all toRGB, f32 %.1f ms, bf16 stored %.1f ms of processor time\n", 1e3 * to_rgb[0], 1e3 * to_rgb[1]);
  return 0;
}
