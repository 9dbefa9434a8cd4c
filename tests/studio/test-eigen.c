/* Eigenvectors against the definition, for matrices that are easy, odd and hostile. */
#include "studio/eigen.h"

#include "studio/covariance.h"
#include "studio/normals.h"
#include "studio/recipe.h"

#include <math.h>
#include <string.h>

static double *
make_symmetric (int n, guint64 seed)
{
  double *a = g_new (double, n * n);
  g_autofree float *normals = g_new (float, n * n);

  c2l_normals_fill (seed, 0, 0, normals, n * n);
  for (int i = 0; i < n; i++)
    for (int j = 0; j <= i; j++)
      a[i * n + j] = a[j * n + i] = normals[i * n + j];
  return a;
}

/* a·v = λ·v for all pairs, vᵢ·vⱼ = 1 or 0, λ falling, signs fixed. */
static void
assert_solved (const double *matrix, int n)
{
  g_autofree double *v = g_memdup2 (matrix, n * n * sizeof (double)), *values = g_new (double, n);
  g_autoptr (GError) error = NULL;
  double size = 1;

  for (int i = 0; i < n * n; i++)
    size = MAX (size, fabs (matrix[i]));
  g_assert_true (c2l_eigen_symmetric (v, n, values, NULL, &error));
  g_assert_no_error (error);
  for (int k = 0; k < n; k++)
    {
      const double *row = v + k * n;
      int most = 0;

      g_assert_true (k == 0 || values[k] <= values[k - 1]);
      for (int i = 0; i < n; i++)
        {
          double product = 0;

          for (int j = 0; j < n; j++)
            product += matrix[i * n + j] * row[j];
          g_assert_cmpfloat_with_epsilon (product, values[k] * row[i], 1e-12 * n * size);
          most = fabs (row[i]) > fabs (row[most]) ? i : most;
        }
      g_assert_cmpfloat (row[most], >, 0);
      for (int l = 0; l <= k; l++)
        {
          double product = 0;

          for (int i = 0; i < n; i++)
            product += row[i] * v[l * n + i];
          g_assert_cmpfloat_with_epsilon (product, l == k ? 1 : 0, 1e-12 * n);
        }
    }
}

static void
test_any (void)
{
  static const int sizes[] = { 1, 2, 3, 4, 7, 64, 150 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree double *a = make_symmetric (sizes[i], i);
      assert_solved (a, sizes[i]);
    }
}

static void
test_degenerate (void)
{
  const int n = 20;
  g_autofree double *zero = g_new0 (double, n * n), *one = g_new0 (double, n * n), *rank_one = g_new0 (double, n * n), *blocks = g_new0 (double, n * n);
  g_autofree double *tiny = make_symmetric (n, 5), *huge = make_symmetric (n, 6);

  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++)
      {
        one[i * n + j] = i == j;
        rank_one[i * n + j] = (i + 1) * (j + 1);
        blocks[i * n + j] = i / 2 == j / 2 ? 3 : 0;
        tiny[i * n + j] *= 1e-150;
        huge[i * n + j] *= 1e140;
      }
  assert_solved (zero, n);
  assert_solved (one, n);
  assert_solved (rank_one, n);
  assert_solved (blocks, n);
  assert_solved (tiny, n);
  assert_solved (huge, n);
}

static void
test_refuses_what_is_not_finite (void)
{
  static const double strange[] = { NAN, INFINITY, -INFINITY };

  for (guint i = 0; i < G_N_ELEMENTS (strange); i++)
    {
      double a[4] = { 1, strange[i], strange[i], 1 }, values[2];
      g_autoptr (GError) error = NULL;

      g_assert_false (c2l_eigen_symmetric (a, 2, values, NULL, &error));
      g_assert_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID);
    }
}

static void
test_covariance_is_that_of_the_samples (void)
{
  enum { N = 1003, WIDTH = 5 };
  g_autofree float *x = g_new (float, N *WIDTH);
  g_autoptr (C2lCovariance) covariance = c2l_covariance_new (WIDTH);
  g_autofree double *matrix = NULL;
  double mean[WIDTH] = { 0 };

  c2l_normals_fill (1, 0, 0, x, N * WIDTH);
  for (int k = 0; k < N; k++)
    for (int i = 0; i < WIDTH; i++)
      {
        x[k * WIDTH + i] = 1000 + x[k * WIDTH + i] + (i > 0 ? 0.5f * (x[k * WIDTH + i - 1] - 1000) : 0);
        mean[i] += x[k * WIDTH + i] / (double) N;
      }
  /* In pieces of odd lengths. */
  for (int start = 0, n = 1; start < N; start += n, n = MIN (3 * n, N - start))
    c2l_covariance_add (covariance, x + start * WIDTH, n);
  matrix = c2l_covariance_dup_matrix (covariance);
  for (int i = 0; i < WIDTH; i++)
    for (int j = 0; j < WIDTH; j++)
      {
        double wanted = 0;

        for (int k = 0; k < N; k++)
          wanted += (x[k * WIDTH + i] - mean[i]) * (x[k * WIDTH + j] - mean[j]) / N;
        g_assert_cmpfloat_with_epsilon (matrix[i * WIDTH + j], wanted, 1e-9);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/eigen/any", test_any);
  g_test_add_func ("/eigen/degenerate", test_degenerate);
  g_test_add_func ("/eigen/refuses-what-is-not-finite", test_refuses_what_is_not_finite);
  g_test_add_func ("/covariance/is-that-of-the-samples", test_covariance_is_that_of_the_samples);
  return g_test_run ();
}
