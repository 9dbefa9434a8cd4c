/* Directions without words. Both ways end in the eigenvectors of a symmetric matrix of the width of
 * a style: the covariance of latents, or AᵀA of the stacked matrices that make styles of w.
 * Everything after sampling runs on the host in double precision, so the same samples give the same
 * directions; signs are fixed. */
#include "studio/found.h"

#include "studio/covariance.h"
#include "studio/eigen.h"
#include "studio/session-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* Latents are sampled and summed so many at a time; between them progress is told, and a worker
 * gives way. */
#define CHUNK 32

/* For the standard deviation of w along a direction. */
#define N_SCALE_SAMPLES 2048

/* The eigenvectors are then a small part of the work. */
#define SAMPLING_SHARE 0.9

C2lFound *
c2l_found_new (const char *name, const C2lRows *rows, double scale)
{
  C2lFound *found = g_new0 (C2lFound, 1);

  found->name = g_strdup (name);
  found->scale = scale;
  found->last_layer = C2L_LAST_LAYER;
  c2l_rows_set (&found->rows, rows->n_rows, rows->width, rows->data);
  return found;
}

C2lFound *
c2l_found_copy (const C2lFound *found)
{
  C2lFound *copy = c2l_found_new (found->name, &found->rows, found->scale);

  copy->first_layer = found->first_layer;
  copy->last_layer = found->last_layer;
  return copy;
}

void
c2l_found_free (C2lFound *found)
{
  g_free (found->name);
  c2l_rows_clear (&found->rows);
  g_free (found);
}

/* Named @prefix 1, 2, …, of the first @n rows of @vectors. @scales: [n] */
static GPtrArray *
collect (const char *prefix, const double *vectors, const double *scales, int n, int width)
{
  GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_found_free);
  g_autofree float *row = g_new (float, width);

  for (int i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("%s %d", prefix, i + 1);

      for (int j = 0; j < width; j++)
        row[j] = vectors[(gsize) i * width + j];
      g_ptr_array_add (all, c2l_found_new (name, &(C2lRows){ 1, width, row }, scales[i]));
    }
  return all;
}

/* --- principal components --- */

/* @latents [n, n_rows, width] become their mean rows, [n, width], in place. */
static void
average_rows (float *latents, int n, int n_rows, int width)
{
  for (int i = 0; n_rows > 1 && i < n; i++)
    for (int j = 0; j < width; j++)
      {
        double sum = 0;

        for (int row = 0; row < n_rows; row++)
          sum += latents[((gsize) i * n_rows + row) * width + j];
        latents[(gsize) i * width + j] = sum / n_rows;
      }
}

/* Adds @options' samples to @covariance. @text: (nullable): the embedding of the prompt. */
static gboolean
add_samples (C2lSession *session,
             const C2lFoundPca *options,
             const float *text,
             int width,
             C2lCovariance *covariance,
             const C2lProgress *progress,
             GCancellable *cancellable,
             GError **error)
{
  int n_samples = options->n_samples > 0 ? options->n_samples : C2L_FOUND_LEAST_SAMPLES;
  int n_rows = text != NULL ? c2l_session_get_n_latents (session) : 1;
  g_autofree float *latents = g_new (float, (gsize) CHUNK *n_rows *width);
  C2lSampling sampling = { 0 };

  if (text != NULL)
    sampling = *options->sampling;
  sampling.seed = options->seed;
  for (int start = 0; start < n_samples; start += CHUNK)
    {
      sampling.first_index = start;
      sampling.n = MIN (n_samples - start, CHUNK);
      if (text != NULL
              ? !c2l_session_find_latents (session, text, &sampling, latents, cancellable, error)
              : !c2l_session_find_w (session, &sampling, latents, cancellable, error))
        return FALSE;
      average_rows (latents, sampling.n, n_rows, width);
      c2l_covariance_add (covariance, latents, sampling.n);
      c2l_progress_report (progress, SAMPLING_SHARE * (start + sampling.n) / n_samples);
    }
  return TRUE;
}

/* The prompt's embedding into @text (nothing without a prompt), and the width of the latents; 0 and
 * an error where it cannot be. */
static int
prepare (C2lSession *session,
         const C2lFoundPca *options,
         float **text,
         GCancellable *cancellable,
         GError **error)
{
  C2lGenerator *generator = c2l_engine_get_generator (session->engine, error);
  C2lPrior *prior = NULL;
  int embed_width;

  if (generator == NULL)
    return 0;
  if (options->prompt == NULL)
    return c2l_generator_get_w_dim (generator);
  prior = c2l_engine_get_prior (session->engine, error);
  embed_width = prior != NULL ? c2l_session_get_embed_width (session, error) : 0;
  if (embed_width == 0)
    return 0;
  *text = g_new (float, embed_width);
  if (!c2l_session_embed_prompt (session, options->prompt, *text, NULL, cancellable, error))
    return 0;
  return c2l_prior_get_info (prior)->dim;
}

GPtrArray *
c2l_found_pca (C2lSession *session,
               const C2lFoundPca *options,
               const C2lProgress *progress,
               GCancellable *cancellable,
               GError **error)
{
  g_autofree float *text = NULL;
  int width = prepare (session, options, &text, cancellable, error);
  g_autoptr (C2lCovariance) covariance = NULL;
  g_autofree double *matrix = NULL, *values = g_new (double, MAX (width, 1));

  g_return_val_if_fail (options->prompt == NULL || options->sampling != NULL, NULL);
  if (width == 0)
    return NULL;
  covariance = c2l_covariance_new (width);
  if (!add_samples (session, options, text, width, covariance, progress, cancellable, error))
    return NULL;
  matrix = c2l_covariance_dup_matrix (covariance);
  if (!c2l_eigen_symmetric (matrix, width, values, cancellable, error))
    return NULL;
  c2l_progress_report (progress, 1);
  /* Rounding may leave the variance of a channel that stands still below nothing. */
  for (int i = 0; i < width; i++)
    values[i] = sqrt (MAX (values[i], 0));
  return collect ("PCA", matrix, values, CLAMP (options->n, 0, width), width);
}

/* --- factorised style weights --- */

/* gram += AᵀA for the style matrix A [n_styles, width]; the upper triangle only. */
static void
add_gram (double *gram, C2lTensor *weight, int width)
{
  gsize n_styles = c2l_tensor_get_dim (weight, 0);
  g_autofree float *a = g_malloc (c2l_tensor_get_size (weight));

  c2l_tensor_read (weight, a, c2l_tensor_get_size (weight));
  for (gsize k = 0; k < n_styles; k++)
    for (int i = 0; i < width; i++)
      for (int j = i; j < width; j++)
        gram[(gsize) i * width + j] += (double) a[k * width + i] * a[k * width + j];
}

/* The matrices of all style layers that take a latent in the range; FALSE where there is none. */
static gboolean
stack_layers (C2lGenerator *generator, int first_layer, int last_layer, double *gram)
{
  int width = c2l_generator_get_w_dim (generator);
  gboolean any = FALSE;

  for (int i = 0; i < c2l_generator_get_n_style_layers (generator); i++)
    {
      int w_index;
      C2lTensor *weight = c2l_generator_get_style_weight (generator, i, &w_index);

      if (w_index < first_layer || (last_layer != C2L_LAST_LAYER && w_index > last_layer))
        continue;
      add_gram (gram, weight, width);
      any = TRUE;
    }
  for (int i = 0; i < width; i++)
    for (int j = 0; j < i; j++)
      gram[(gsize) i * width + j] = gram[(gsize) j * width + i];
  return any;
}

/* Standard deviations of w along the first @n of @vectors. */
static double *
dup_scales (C2lSession *session,
            const double *vectors,
            int n,
            int width,
            GCancellable *cancellable,
            GError **error)
{
  g_autofree float *w = g_new (float, (gsize) N_SCALE_SAMPLES *width);
  const C2lSampling sampling = { .n = N_SCALE_SAMPLES };
  g_autoptr (C2lCovariance) covariance = c2l_covariance_new (width);
  g_autofree double *matrix = NULL;
  double *scales;

  if (!c2l_session_find_w (session, &sampling, w, cancellable, error))
    return NULL;
  c2l_covariance_add (covariance, w, N_SCALE_SAMPLES);
  matrix = c2l_covariance_dup_matrix (covariance);
  scales = g_new0 (double, n);
  for (int k = 0; k < n; k++)
    {
      const double *v = vectors + (gsize) k * width;

      for (int i = 0; i < width; i++)
        for (int j = 0; j < width; j++)
          scales[k] += v[i] * v[j] * matrix[(gsize) i * width + j];
      scales[k] = sqrt (MAX (scales[k], 0));
    }
  return scales;
}

GPtrArray *
c2l_found_styles (C2lSession *session,
                  int first_layer,
                  int last_layer,
                  int n,
                  GCancellable *cancellable,
                  GError **error)
{
  C2lGenerator *generator = c2l_engine_get_generator (session->engine, error);
  int width = generator != NULL ? c2l_generator_get_w_dim (generator) : 0;
  g_autofree double *gram = g_new0 (double, MAX ((gsize) width * width, 1)), *scales = NULL;
  g_autofree double *values = g_new (double, MAX (width, 1));
  GPtrArray *all;

  if (generator == NULL)
    return NULL;
  n = CLAMP (n, 0, width);
  if (!stack_layers (generator, first_layer, last_layer, gram))
    {
      g_autofree char *range = c2l_layers_to_string (first_layer, last_layer);

      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   _ ("layers %s: none of them makes styles; choose from 0 to %d"), range,
                   c2l_generator_get_num_ws (generator) - 1);
      return NULL;
    }
  if (!c2l_eigen_symmetric (gram, width, values, cancellable, error))
    return NULL;
  scales = dup_scales (session, gram, n, width, cancellable, error);
  if (scales == NULL)
    return NULL;
  all = collect ("Style", gram, scales, n, width);
  for (guint i = 0; i < all->len; i++)
    {
      C2lFound *found = g_ptr_array_index (all, i);

      found->first_layer = first_layer;
      found->last_layer = last_layer;
    }
  return all;
}
