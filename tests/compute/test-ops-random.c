/* Random numbers: Philox itself against the known answers of its authors, the normals against
 * Box–Muller in double precision, and what a picture's numbers may not depend on. */
#include "op-harness.h"

#include "compute/philox.h"

#include <math.h>
#include <string.h>

typedef void (*Philox) (const guint32 key[2], const guint32 counter[4], guint32 out[4]);

static const struct
{
  guint32 key[2], counter[4], out[4];
} known_answers[] = {
  /* Random123's kat_vectors, philox4x32 10 */
  { { 0, 0 }, { 0, 0, 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
  { { 0xffffffff, 0xffffffff },
    { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
    { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
  { { 0xa4093822, 0x299f31d0 },
    { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
    { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
};

static void
check_known_answers (Philox philox)
{
  for (guint i = 0; i < G_N_ELEMENTS (known_answers); i++)
    {
      guint32 out[4];

      philox (known_answers[i].key, known_answers[i].counter, out);
      g_assert_cmpmem (out, sizeof out, known_answers[i].out, sizeof out);
    }
}

static void
test_philox_known_answers (void)
{
  check_known_answers (ref_philox);
  check_known_answers (c2l_philox);
}

static void
test_philox_agrees_on_many_counters (void)
{
  for (guint32 i = 0; i < 10000; i++)
    {
      guint32 key[2] = { i * 0x9e3779b9, i ^ 0x55555555 }, counter[4] = { i, i * 7, ~i, i << 16 },
              a[4], b[4];

      ref_philox (key, counter, a);
      c2l_philox (key, counter, b);
      g_assert_cmpmem (a, sizeof a, b, sizeof b);
    }
}

/* --- normals on the device */

typedef struct
{
  guint32 stream;
  int n_dims;
  gint64 dims[C2L_MAX_DIMS];
} NormalShape;

static const NormalShape normal_shapes[] = {
  { 0, 2, { 3, 512 } },                                       /* z, the prior's start */
  { 7, 3, { 2, 18, 512 } }, { 0xffffffff, 3, { 2, 64, 64 } }, /* noise of a layer */
  { 1, 2, { 1, 1 } },       { 2, 2, { 3, 2 } },
  { 3, 2, { 2, 3 } },       { 4, 2, { 3, 5 } },
  { 5, 2, { 2, 17 } },      { 6, 2, { 1, 40007 } },
  { 8, 1, { 3 } },
};

static const guint32 keys[][4] = {
  { 42, 0, 0, 0 },
  { 0xdeadbeef, 0xcafef00d, 1, 0 },
  { 0, 0x80000000, 0xffffffff, 0 },
};

static const OpArray *
add_keys (OpCase *c, gint64 B)
{
  double values[G_N_ELEMENTS (keys) * 4];

  for (gint64 i = 0; i < B * 4; i++)
    values[i] = (gint32) keys[i / 4][i % 4];
  return op_add_typed (c, "keys", OP_BATCHED, C2L_I32, values, OP_DIMS (B, 4));
}

/* Steps between neighbouring floats near @value. */
static double
ulp (double value)
{
  float at = fabsf ((float) value);
  return nextafterf (at, INFINITY) - at;
}

static void
normal_case (OpCase *c, gconstpointer data)
{
  const NormalShape *s = data;
  const OpArray *seeds = add_keys (c, s->dims[0]);
  g_autoptr (RefArray) result = NULL;
  g_autoptr (RefArray) expected = NULL;
  gint64 dims[C2L_MAX_DIMS];

  memcpy (dims, s->dims, sizeof dims);
  dims[0] = op_batch (c, s->dims[0]);
  op_note (c, "stream %u", s->stream);
  if (!op_run (c, c2l_random_normal (c->pass, seeds->tensor, s->stream, s->n_dims, dims), C2L_F32))
    return;
  result = op_dup_result (c);
  expected = ref_random_normal (keys[0], s->stream, s->n_dims, dims);
  for (gsize i = 0; i < expected->length; i++)
    if (!(fabs (result->values[i] - expected->values[i]) <= 2 * ulp (expected->values[i])))
      {
        op_fail (c, "element %" G_GSIZE_FORMAT ": %.9g instead of %.9g, %.1f ulp", i,
                 result->values[i], expected->values[i],
                 fabs (result->values[i] - expected->values[i]) / ulp (expected->values[i]));
        return;
      }
}

static const OpSuite suites[] = {
  OP_SUITE ("random-normal", normal_case, normal_shapes, .flags = OP_FIXED_TYPES),
};

/* Draws @n numbers for a seed, a picture and a stream. */
static float *
draw (guint32 seed, guint32 picture, guint32 stream, gint64 n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lPass) pass = c2l_pass_new (op_get_device (), C2L_PRECISION_F32, "draw");
  C2lTensor *key = c2l_pass_add_constant (pass, C2L_I32, 2, (gint64[]){ 1, 4 },
                                          (guint32[]){ seed, 0, picture, 0 });
  C2lTensor *y = c2l_random_normal (pass, key, stream, 2, (gint64[]){ 1, n });
  float *values = g_new (float, n);

  c2l_pass_keep (pass, "y", y);
  c2l_pass_compile (pass, &error);
  g_assert_no_error (error);
  c2l_pass_run (pass, NULL, &error);
  g_assert_no_error (error);
  c2l_tensor_read (y, values, n * sizeof *values);
  return values;
}

/* With n numbers the moments are known to some multiple of 1/√n; the seed is fixed, so this never
 * changes. */
static void
test_normals_have_the_moments_of_a_normal_distribution (void)
{
  enum
  {
    N = 1 << 18
  };
  g_autofree float *values = draw (1, 0, 0, N);
  double sums[5] = { 0 }, neighbours = 0, beyond_two = 0;

  for (int i = 0; i < N; i++)
    {
      for (int power = 1; power <= 4; power++)
        sums[power] += pow (values[i], power) / N;
      neighbours += (double) values[i] * values[(i + 1) % N] / N;
      beyond_two += fabsf (values[i]) > 2 ? 1.0 / N : 0;
    }
  g_assert_cmpfloat (fabs (sums[1]), <, 4 / sqrt (N));
  g_assert_cmpfloat (fabs (sums[2] - 1), <, 4 * sqrt (2.0 / N));
  g_assert_cmpfloat (fabs (sums[3]), <, 4 * sqrt (15.0 / N));
  g_assert_cmpfloat (fabs (sums[4] - 3), <, 4 * sqrt (96.0 / N));
  g_assert_cmpfloat (fabs (neighbours), <, 4 / sqrt (N));
  g_assert_cmpfloat (fabs (beyond_two - 0.0455003), <, 4 * sqrt (0.0455 / N));
}

static void
test_normals_differ_by_seed_picture_and_stream (void)
{
  enum
  {
    N = 256
  };
  g_autofree float *base = draw (1, 0, 0, N), *seed = draw (2, 0, 0, N),
                   *picture = draw (1, 1, 0, N), *stream = draw (1, 0, 1, N),
                   *again = draw (1, 0, 0, N), *shorter = draw (1, 0, 0, N / 2 - 1);
  float *others[] = { seed, picture, stream };

  g_assert_cmpmem (base, N * sizeof *base, again, N * sizeof *base);
  g_assert_cmpmem (base, (N / 2 - 1) * sizeof *base, shorter, (N / 2 - 1) * sizeof *base);
  for (guint other = 0; other < G_N_ELEMENTS (others); other++)
    for (int i = 0; i < N; i++)
      g_assert_cmpfloat (base[i], !=, others[other][i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (op_harness_init ())
    {
      op_harness_add (suites, G_N_ELEMENTS (suites));
      g_test_add_func ("/philox/known-answers", test_philox_known_answers);
      g_test_add_func ("/philox/agrees-on-many-counters", test_philox_agrees_on_many_counters);
      g_test_add_func ("/normals/have-the-moments-of-a-normal-distribution",
                       test_normals_have_the_moments_of_a_normal_distribution);
      g_test_add_func ("/normals/differ-by-seed-picture-and-stream",
                       test_normals_differ_by_seed_picture_and_stream);
    }
  return op_harness_run ();
}
