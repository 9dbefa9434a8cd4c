/* The float32 matrix product against double loops, and the bits of a row: they may depend neither
 * on the other rows nor on the number of threads, which need not be that of the processors here. */
#include "compute/cpu/cpu.h"
#include "compute/cpu/product.h"

#include <math.h>

#define MAX_THREADS 16

typedef struct
{
  const char *name;
  void (*run) (const C2lProduct *product);
} Isa;

static const struct
{
  gint64 m, n, k;
  C2lActivation act;
  gboolean bare;
} cases[] = {
  { 1, 1, 1 },
  { 1, 17, 3, C2L_ACT_SILU },
  { 4, 512, 512, C2L_ACT_LEAKY_RELU }, /* the mapping network's */
  { 68, 512, 2048 },                   /* the prior's */
  { 7, 130, 257, C2L_ACT_GELU },       /* one more than a block of k, or a panel */
  { 97, 65, 300, C2L_ACT_QUICK_GELU, TRUE },
  { 200, 330, 96 },
  { 3, 40, 6000, C2L_ACT_LINEAR, TRUE },
  { 13, 2053, 33, C2L_ACT_RELU },
};

static float *
random_array (gint64 n)
{
  float *array = c2l_cpu_alloc ((gsize) n * sizeof (float));

  for (gint64 i = 0; i < n; i++)
    array[i] = (float) g_test_rand_double_range (-1, 1);
  return array;
}

static double
activate (double x, C2lActivation act)
{
  switch (act)
    {
    case C2L_ACT_LEAKY_RELU:
      return x < 0 ? 0.2 * x : x;
    case C2L_ACT_RELU:
      return MAX (x, 0);
    case C2L_ACT_SILU:
      return x / (1 + exp (-x));
    case C2L_ACT_QUICK_GELU:
      return x / (1 + exp (-1.702 * x));
    case C2L_ACT_GELU:
      return 0.5 * x * (1 + erf (x * G_SQRT2 / 2));
    default:
      return x;
    }
}

/* What is given to an implementation, and where its result goes. */
typedef struct
{
  C2lProduct product;
  C2lTensor weight, y;
  float *x, *packed, *bias, *residual;
} Fixture;

static void
fixture_init (Fixture *f, gsize index)
{
  const gint64 m = cases[index].m, n = cases[index].n, k = cases[index].k;

  *f = (Fixture){ .x = random_array (m * k),
                  .bias = random_array (n),
                  .residual = random_array (m * n) };
  f->weight = (C2lTensor){
    .dtype = C2L_F32, .n_dims = 2, .dims = { n, k }, .data = random_array (n * k)
  };
  f->y = (C2lTensor){
    .dtype = C2L_F32, .n_dims = 2, .dims = { m, n }, .data = random_array (m * n)
  };
  f->packed = c2l_product_pack (&f->weight);
  f->product = (C2lProduct){
    .m = (gsize) m,
    .n = (gsize) n,
    .k = (gsize) k,
    .x = f->x,
    .weight = f->packed,
    .bias = cases[index].bare ? NULL : f->bias,
    .residual = cases[index].bare ? NULL : f->residual,
    .y = &f->y,
    .act = cases[index].act,
    .gain = cases[index].bare ? 1 : 0.5f,
    .scratch = c2l_cpu_alloc (MAX_THREADS * C2L_PRODUCT_SCRATCH_SIZE),
    .n_threads = 2,
  };
}

static void
fixture_clear (Fixture *f)
{
  c2l_cpu_free (f->x);
  c2l_cpu_free (f->packed);
  c2l_cpu_free (f->bias);
  c2l_cpu_free (f->residual);
  c2l_cpu_free (f->weight.data);
  c2l_cpu_free (f->y.data);
  c2l_cpu_free (f->product.scratch);
}

static void
check_element (const Fixture *f, gsize row, gsize column)
{
  const C2lProduct *p = &f->product;
  const float *x = p->x + row * p->k, *w = (const float *) f->weight.data + column * p->k;
  const gsize index = row * p->n + column;
  double sum = p->bias ? p->bias[column] : 0;

  for (gsize k = 0; k < p->k; k++)
    sum += (double) x[k] * w[k];
  sum = activate (sum, p->act) * p->gain + (p->residual ? p->residual[index] : 0);
  g_assert_cmpfloat_with_epsilon (((const float *) f->y.data)[index], sum, 1e-6 * sqrt (4 + p->k));
}

static void
test_matches (gconstpointer data)
{
  const Isa *isa = data;

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Fixture f;

      fixture_init (&f, i);
      isa->run (&f.product);
      for (gsize row = 0; row < f.product.m; row++)
        for (gsize column = 0; column < f.product.n; column++)
          check_element (&f, row, column);
      fixture_clear (&f);
    }
}

static void
test_same_on_any_number_of_threads (gconstpointer data)
{
  const Isa *isa = data;

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree float *expected = NULL;
      const gsize size = (gsize) (cases[i].m * cases[i].n) * sizeof (float);
      Fixture f;

      fixture_init (&f, i);
      f.product.n_threads = 1;
      isa->run (&f.product);
      expected = g_memdup2 (f.y.data, size);
      for (f.product.n_threads = 2; f.product.n_threads <= MAX_THREADS; f.product.n_threads++)
        {
          memset (f.y.data, 0xff, size);
          isa->run (&f.product);
          g_assert_cmpmem (f.y.data, size, expected, size);
        }
      fixture_clear (&f);
    }
}

/* Any run of rows has the bits that it has among all. */
static void
test_same_alone_and_among_others (gconstpointer data)
{
  const Isa *isa = data;

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree float *expected = NULL;
      const gsize m = (gsize) cases[i].m, n = (gsize) cases[i].n;
      Fixture f;

      fixture_init (&f, i);
      isa->run (&f.product);
      expected = g_memdup2 (f.y.data, m * n * sizeof (float));
      for (gsize rows = 1; rows <= MIN (m, 15); rows++)
        {
          const gsize first = (gsize) g_test_rand_int_range (0, (gint32) (m - rows) + 1);

          f.product.m = rows;
          f.product.x = f.x + first * f.product.k;
          f.product.residual = cases[i].bare ? NULL : f.residual + first * n;
          isa->run (&f.product);
          g_assert_cmpmem (f.y.data, rows * n * sizeof (float), expected + first * n,
                           rows * n * sizeof (float));
        }
      fixture_clear (&f);
    }
}

/* A weight in half precision is packed as its values in float32. */
static void
test_packs_half_precision (void)
{
  enum
  {
    N = 37,
    K = 29
  };
  guint16 halves[N * K];
  float values[N * K];
  const C2lTensor half = { .dtype = C2L_F16, .n_dims = 2, .dims = { N, K }, .data = halves };
  const C2lTensor full = { .dtype = C2L_F32, .n_dims = 2, .dims = { N, K }, .data = values };
  const gsize size
      = (N + C2L_PRODUCT_PANEL - 1) / C2L_PRODUCT_PANEL * C2L_PRODUCT_PANEL * K * sizeof (float);
  float *a, *b;

  for (int i = 0; i < N * K; i++)
    {
      halves[i] = c2l_f32_to_f16 ((float) g_test_rand_double_range (-1, 1));
      values[i] = c2l_f16_to_f32 (halves[i]);
    }
  a = c2l_product_pack (&half);
  b = c2l_product_pack (&full);
  g_assert_cmpmem (a, size, b, size);
  c2l_cpu_free (a);
  c2l_cpu_free (b);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    GTestDataFunc run;
  } tests[] = {
    { "matches-double-loops", test_matches },
    { "same-on-any-number-of-threads", test_same_on_any_number_of_threads },
    { "same-alone-and-among-others", test_same_alone_and_among_others },
  };
  const Isa isas[] = {
#ifdef __x86_64__
    { "avx512", __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512dq")
                        && __builtin_cpu_supports ("avx512bw")
                        && __builtin_cpu_supports ("avx512vl")
                    ? c2l_product_run_avx512
                    : NULL },
    { "avx2", __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma")
                  ? c2l_product_run_avx2
                  : NULL },
#endif
    { "portable", c2l_product_run_portable },
  };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/product/packs-half-precision", test_packs_half_precision);
  for (gsize i = 0; i < G_N_ELEMENTS (isas); i++)
    for (gsize k = 0; k < G_N_ELEMENTS (tests) && isas[i].run; k++)
      {
        g_autofree char *path = g_strdup_printf ("/product/%s/%s", tests[k].name, isas[i].name);

        g_test_add_data_func (path, &isas[i], tests[k].run);
      }
  return g_test_run ();
}
