/* Mean and spread of training samples, in one pass of their own through the tars: what the trainer
 * centres latents by. */
#include "studio/samples-private.h"

#include "studio/recipe.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* Welford's sums: mean and squares around it, one sample more each time. */
typedef struct
{
  gsize length;
  double *mean, *squares;
} Sums;

static void
sums_init (Sums *sums, gsize length)
{
  *sums = (Sums){ length, g_new0 (double, length), g_new0 (double, length) };
}

static void
sums_add (Sums *sums, const float *x, gsize n)
{
  for (gsize i = 0; i < sums->length; i++)
    {
      double d = x[i] - sums->mean[i];

      sums->mean[i] += d / n;
      sums->squares[i] += d * (x[i] - sums->mean[i]);
    }
}

static void
sums_finish (Sums *sums, gsize n, float **mean, float **std)
{
  *mean = g_new (float, sums->length);
  *std = g_new (float, sums->length);
  for (gsize i = 0; i < sums->length; i++)
    {
      (*mean)[i] = sums->mean[i];
      (*std)[i] = sqrt (sums->squares[i] / (n - 1));
    }
}

static void
sums_clear (Sums *sums)
{
  g_free (sums->mean);
  g_free (sums->squares);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sums, sums_clear)

gboolean
c2l_sample_source_measure (const C2lSampleSource *source,
                           gsize n,
                           C2lSampleStatistics *statistics,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (C2lSampleWalk) walk = c2l_sample_walk_new (source, NULL, NULL, error);
  g_autofree float *latent = g_new (float, source->n_latent),
                   *feature = g_new (float, source->n_feature);
  g_auto (Sums) latents = { 0 }, features = { 0 };
  gboolean at_end = FALSE;
  gsize count = 0;

  *statistics = (C2lSampleStatistics){ 0 };
  if (walk == NULL)
    return FALSE;
  sums_init (&latents, source->n_latent);
  sums_init (&features, source->n_feature);
  while (count < n && !at_end)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error)
          || !c2l_sample_walk_next (walk, latent, feature, &at_end, error))
        return FALSE;
      count++;
      sums_add (&latents, latent, count);
      sums_add (&features, feature, count);
    }
  if (count < 2)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   _ ("%s: one sample has no spread; train on more"), source->files[0]);
      return FALSE;
    }
  statistics->n = count;
  sums_finish (&latents, count, &statistics->latent_mean, &statistics->latent_std);
  sums_finish (&features, count, &statistics->feature_mean, &statistics->feature_std);
  return TRUE;
}

void
c2l_sample_statistics_clear (C2lSampleStatistics *statistics)
{
  g_free (statistics->latent_mean);
  g_free (statistics->latent_std);
  g_free (statistics->feature_mean);
  g_free (statistics->feature_std);
  *statistics = (C2lSampleStatistics){ 0 };
}
