/* A symmetric matrix is made tridiagonal by Householder's reflections (1958) and then diagonal by
 * implicit QL steps with Wilkinson's shift (Dubrulle, Martin, Wilkinson 1968; Golub and Van Loan,
 * “Matrix Computations”, sections 8.3.1 and 8.3.5). Vectors are kept as rows all the way, so that
 * every inner loop runs along memory. */
#include "studio/eigen.h"

#include "studio/recipe.h"

#include <float.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* Steps for one eigenvalue; two or three are usual. */
#define MAX_STEPS 100

static double
dot (const double *a, const double *b, int n)
{
  double sum = 0;

  for (int i = 0; i < n; i++)
    sum += a[i] * b[i];
  return sum;
}

/* The reflection 1 − 2vvᵀ that sends x [n] to (±‖x‖, 0, …): v, of length 1, replaces x; all zero
 * where there is nothing to do. Returns the first component of the result. */
static double
make_reflection (double *x, int n)
{
  double rest = dot (x + 1, x + 1, n - 1), first = x[0], length = sqrt (first * first + rest), norm;

  if (rest == 0)
    {
      memset (x, 0, n * sizeof (double));
      return first;
    }
  x[0] += first >= 0 ? length : -length;
  norm = sqrt (x[0] * x[0] + rest);
  for (int i = 0; i < n; i++)
    x[i] /= norm;
  return first >= 0 ? -length : length;
}

/* b = (1 − 2vvᵀ) b (1 − 2vvᵀ) for the symmetric b, rows of @stride numbers, [n, n]. @w: room for n.
 */
static void
reflect_both_sides (double *b, gsize stride, const double *v, double *w, int n)
{
  double k;

  for (int i = 0; i < n; i++)
    w[i] = 2 * dot (b + i * stride, v, n);
  k = dot (w, v, n);
  for (int i = 0; i < n; i++)
    w[i] -= k * v[i];
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++)
      b[i * stride + j] -= v[i] * w[j] + w[i] * v[j];
}

/* q = q (1 − 2vvᵀ) for the rows of q, [n, n]. */
static void
reflect_rows (double *q, gsize stride, const double *v, int n)
{
  for (int i = 0; i < n; i++)
    {
      double *row = q + i * stride, k = 2 * dot (row, v, n);

      for (int j = 0; j < n; j++)
        row[j] -= k * v[j];
    }
}

/* a = qᵀ t q with the tridiagonal t of @diagonal [n] and @beside [n − 1]; q replaces a. */
static void
make_tridiagonal (double *a, int n, double *diagonal, double *beside)
{
  g_autofree double *w = g_new (double, n);

  /* Each reflection stays in the row that it cleared. */
  for (int k = 0; k + 1 < n; k++)
    {
      double *v = a + (gsize) k * n + k + 1;

      diagonal[k] = a[(gsize) k * n + k];
      beside[k] = make_reflection (v, n - k - 1);
      reflect_both_sides (a + (gsize) (k + 1) * n + k + 1, n, v, w, n - k - 1);
    }
  diagonal[n - 1] = a[(gsize) n * n - 1];

  /* q is built from its lower right corner, where the last reflection acts, to the upper left. */
  a[(gsize) n * n - 1] = 1;
  for (int k = n - 2; k >= 0; k--)
    {
      memcpy (w, a + (gsize) k * n + k + 1, (n - k - 1) * sizeof (double));
      reflect_rows (a + (gsize) (k + 1) * n + k + 1, n, w, n - k - 1);
      memset (a + (gsize) k * n, 0, n * sizeof (double));
      for (int i = k; i < n; i++)
        a[(gsize) i * n + k] = i == k;
    }
}

/* (a, b) = (c·a − s·b, s·a + c·b) for whole rows. */
static void
rotate_rows (double *a, double *b, double c, double s, int n)
{
  for (int i = 0; i < n; i++)
    {
      double x = a[i], y = b[i];

      a[i] = c * x - s * y;
      b[i] = s * x + c * y;
    }
}

/* The end of the block that begins at @first: the first number beside the diagonal that is nothing
 * next to its neighbours. */
static int
find_block_end (const double *d, const double *e, int first, int n)
{
  int last = first;

  while (last + 1 < n && fabs (e[last]) > DBL_EPSILON * (fabs (d[last]) + fabs (d[last + 1])))
    last++;
  return last;
}

/* One implicit QL step on the block from @first to @last, with the rows of @q turned along. */
static void
step (double *d, double *e, double *q, int first, int last, int n)
{
  double ahead = (d[first + 1] - d[first]) / (2 * e[first]);
  double shift = d[first] - e[first] / (ahead + copysign (hypot (ahead, 1), ahead));
  double x = d[last] - shift, c = 1, s = 1, p = 0;

  for (int i = last - 1; i >= first; i--)
    {
      double f = s * e[i], b = c * e[i], r = hypot (f, x);

      e[i + 1] = r;
      if (r == 0)
        {
          /* The block falls apart here. */
          d[i + 1] -= p;
          e[last] = 0;
          return;
        }
      s = f / r;
      c = x / r;
      x = d[i + 1] - p;
      r = (d[i] - x) * s + 2 * c * b;
      p = s * r;
      d[i + 1] = x + p;
      x = c * r - b;
      rotate_rows (q + (gsize) i * n, q + (gsize) (i + 1) * n, c, s, n);
    }
  d[first] -= p;
  e[first] = x;
  e[last] = 0;
}

static void
swap_rows (double *a, double *b, int n)
{
  for (int i = 0; i < n; i++)
    {
      double x = a[i];

      a[i] = b[i];
      b[i] = x;
    }
}

static void
sort_largest_first (double *values, double *vectors, int n)
{
  for (int i = 0; i < n; i++)
    {
      int most = i;

      for (int j = i + 1; j < n; j++)
        if (values[j] > values[most])
          most = j;
      if (most == i)
        continue;
      swap_rows (values + i, values + most, 1);
      swap_rows (vectors + (gsize) i * n, vectors + (gsize) most * n, n);
    }
}

void
c2l_eigen_fix_sign (double *vector, int n)
{
  int most = 0;

  for (int i = 1; i < n; i++)
    if (fabs (vector[i]) > fabs (vector[most]))
      most = i;
  if (vector[most] >= 0)
    return;
  for (int i = 0; i < n; i++)
    vector[i] = -vector[i];
}

static gboolean
check_finite (const double *a, gsize n, GError **error)
{
  for (gsize i = 0; i < n; i++)
    if (!isfinite (a[i]))
      {
        g_set_error (
            error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
            _ ("the model's numbers are not finite, so no directions can be found in them; its "
               "file is damaged"));
        return FALSE;
      }
  return TRUE;
}

gboolean
c2l_eigen_symmetric (double *a, int n, double *values, GCancellable *cancellable, GError **error)
{
  g_autofree double *beside = g_new0 (double, n);

  g_return_val_if_fail (n >= 1, FALSE);
  if (!check_finite (a, (gsize) n * n, error))
    return FALSE;
  make_tridiagonal (a, n, values, beside);
  for (int first = 0; first < n; first++)
    {
      int last;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      for (int i = 0; (last = find_block_end (values, beside, first, n)) > first; i++)
        {
          if (i == MAX_STEPS)
            {
              g_set_error (
                  error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                  _ ("the directions of the model's numbers cannot be told apart; its file is "
                     "damaged"));
              return FALSE;
            }
          step (values, beside, a, first, last, n);
        }
    }
  sort_largest_first (values, a, n);
  for (int i = 0; i < n; i++)
    c2l_eigen_fix_sign (a + (gsize) i * n, n);
  return TRUE;
}
