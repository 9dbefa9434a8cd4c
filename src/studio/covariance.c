/* Sums of products around the first vector, so that they keep their digits where the mean is large
 * beside the spread. */
#include "studio/covariance.h"

#include <string.h>

/* Vectors that are added together: as many as stay in the cache while a row of the sums is passed
 * over. */
#define BLOCK 16

struct _C2lCovariance
{
  int width;
  gsize n;
  double *centre; /* the first vector */
  double *sum;    /* [width] */
  double *square; /* [width, width]; only the upper triangle is summed */
};

C2lCovariance *
c2l_covariance_new (int width)
{
  C2lCovariance *self = g_new0 (C2lCovariance, 1);

  self->width = width;
  self->centre = g_new0 (double, width);
  self->sum = g_new0 (double, width);
  self->square = g_new0 (double, (gsize) width *width);
  return self;
}

void
c2l_covariance_free (C2lCovariance *self)
{
  g_free (self->centre);
  g_free (self->sum);
  g_free (self->square);
  g_free (self);
}

/* @d: [n, width], around the centre already. */
static void
add_block (C2lCovariance *self, const double *d, int n)
{
  int width = self->width;

  for (int i = 0; i < width; i++)
    {
      double *row = self->square + (gsize) i * width;

      for (int k = 0; k < n; k++)
        {
          const double *x = d + (gsize) k * width;
          double xi = x[i];

          self->sum[i] += xi;
          for (int j = i; j < width; j++)
            row[j] += xi * x[j];
        }
    }
  self->n += n;
}

void
c2l_covariance_add (C2lCovariance *self, const float *x, gsize n)
{
  int width = self->width;
  g_autofree double *d = g_new (double, (gsize) BLOCK *width);

  for (int i = 0; self->n == 0 && n > 0 && i < width; i++)
    self->centre[i] = x[i];
  for (gsize start = 0; start < n; start += BLOCK)
    {
      int count = MIN (n - start, BLOCK);

      for (int k = 0; k < count; k++)
        for (int i = 0; i < width; i++)
          d[(gsize) k * width + i] = x[(start + k) * width + i] - self->centre[i];
      add_block (self, d, count);
    }
}

double *
c2l_covariance_dup_matrix (const C2lCovariance *self)
{
  int width = self->width;
  double *matrix = g_new (double, (gsize) width *width);

  for (int i = 0; i < width; i++)
    for (int j = i; j < width; j++)
      {
        double mean = self->sum[i] * self->sum[j] / self->n;
        double value = (self->square[(gsize) i * width + j] - mean) / self->n;

        matrix[(gsize) i * width + j] = matrix[(gsize) j * width + i] = value;
      }
  return matrix;
}
