/* What the arithmetic units of this machine reach when nothing holds them up: multiply-adds on registers only, a thread
 * a core. Prints one JSON object, GFLOP/s by kind of number. It knows nothing of memory or of any library; bench/run
 * compiles it for itself. Twelve independent chains a thread hide the latency of the units. */
#include <immintrin.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CHAINS 12
#define ROUNDS (20 * 1000 * 1000L)
#define N_ATTEMPTS 12
#define MAX_THREADS 256

/* The compiler must neither drop the chains nor move them to memory. */
#define KEEP(v) __asm__ volatile ("" : "+v" (v))

/* A loop of STEP (sum, a, b) on all chains, compiled for the instruction set FEATURES. */
#define LOOP(name, features, sum_type, operand_type, a_value, b_value, STEP)                       \
  __attribute__ ((target (features))) static void *name (void *data)                               \
  {                                                                                                \
    sum_type sum[CHAINS];                                                                          \
    operand_type a = a_value, b = b_value;                                                         \
                                                                                                   \
    _Pragma ("GCC unroll 12")                                                                      \
    for (int i = 0; i < CHAINS; i++)                                                               \
      sum[i] = (sum_type){ 0 };                                                                    \
    for (long n = 0; n < ROUNDS; n++)                                                              \
      _Pragma ("GCC unroll 12")                                                                    \
      for (int i = 0; i < CHAINS; i++)                                                             \
        {                                                                                          \
          sum[i] = STEP (sum[i], a, b);                                                            \
          KEEP (sum[i]);                                                                           \
        }                                                                                          \
    return data;                                                                                   \
  }

#define BF16_PAIRS _mm512_cvtne2ps_pbh (_mm512_set1_ps (0.5f), _mm512_set1_ps (0.25f))

LOOP (f32_avx512, "avx512f", __m512, __m512, _mm512_set1_ps (0.5f), _mm512_set1_ps (1e-3f),
      _mm512_fmadd_ps)
LOOP (bf16_avx512, "avx512f,avx512bf16", __m512, __m512bh, BF16_PAIRS, BF16_PAIRS,
      _mm512_dpbf16_ps)
LOOP (f32_avx2, "avx2,fma", __m256, __m256, _mm256_set1_ps (0.5f), _mm256_set1_ps (1e-3f),
      _mm256_fmadd_ps)

static double
seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

/* The best of many, since other programs may run beside us. */
static double
gflops (void *(*loop) (void *), int n_threads, int flops_a_step)
{
  double best = 0;

  for (int attempt = 0; attempt < N_ATTEMPTS; attempt++)
    {
      pthread_t threads[MAX_THREADS];
      double start = seconds (), rate;

      for (int i = 0; i < n_threads; i++)
        if (pthread_create (&threads[i], NULL, loop, NULL) != 0)
          exit (1);
      for (int i = 0; i < n_threads; i++)
        pthread_join (threads[i], NULL);
      rate = (double) ROUNDS * CHAINS * flops_a_step * n_threads / (seconds () - start) * 1e-9;
      if (rate > best)
        best = rate;
    }
  return best;
}

int
main (int argc, char **argv)
{
  int n_threads = argc > 1 ? atoi (argv[1]) : 1;

  if (n_threads < 1 || n_threads > MAX_THREADS)
    return 1;
  if (__builtin_cpu_supports ("avx512f"))
    printf ("{\"f32\": %.0f", gflops (f32_avx512, n_threads, 32));
  else if (__builtin_cpu_supports ("fma"))
    printf ("{\"f32\": %.0f", gflops (f32_avx2, n_threads, 16));
  else
    printf ("{\"f32\": null");
  if (__builtin_cpu_supports ("avx512bf16"))
    printf (", \"bf16\": %.0f", gflops (bf16_avx512, n_threads, 64));
  printf ("}\n");
  return 0;
}
