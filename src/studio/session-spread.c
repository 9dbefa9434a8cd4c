/* How widely a model's latents are spread, channel by channel: what a variation measures its steps
 * with. */
#include "studio/session-private.h"

#include "studio/moments.h"

/* Enough for a standard deviation to 2 %. */
#define N_SAMPLES 2048

/* So that the figure does not depend on what is drawn meanwhile. */
#define SAMPLE_SEED 0

static gboolean
measure_w (C2lSession *session, C2lRows *spread, GCancellable *cancellable, GError **error)
{
  C2lGenerator *generator = c2l_engine_get_generator (session->engine, error);
  int width = generator != NULL ? c2l_generator_get_w_dim (generator) : 0;
  g_autofree float *w = g_new (float, MAX ((gsize) width * N_SAMPLES, 1));
  g_autofree float *std = g_new (float, MAX (width, 1));
  const C2lSampling sampling = { .seed = SAMPLE_SEED, .n = N_SAMPLES };

  if (generator == NULL || !c2l_session_find_w (session, &sampling, w, cancellable, error))
    return FALSE;
  c2l_moments (w, N_SAMPLES, width, NULL, std);
  c2l_rows_set (spread, 1, width, std);
  return TRUE;
}

gboolean
c2l_session_get_spread (C2lSession *session,
                        C2lRows *spread,
                        GCancellable *cancellable,
                        GError **error)
{
  C2lPrior *prior = c2l_engine_has_prior (session->engine)
                        ? c2l_engine_get_prior (session->engine, error)
                        : NULL;
  C2lTensor *std = prior != NULL ? c2l_prior_get_latent_std (prior) : NULL;

  if (prior == NULL && c2l_engine_has_prior (session->engine))
    return FALSE;
  if (std != NULL)
    {
      gint64 width = c2l_tensor_get_dim (std, -1);
      g_autofree float *values = g_malloc (c2l_tensor_get_size (std));

      c2l_tensor_read (std, values, c2l_tensor_get_size (std));
      c2l_rows_set (spread, c2l_tensor_get_length (std) / width, width, values);
      return TRUE;
    }
  if (session->w_std.data == NULL && !measure_w (session, &session->w_std, cancellable, error))
    return FALSE;
  c2l_rows_set (spread, 1, session->w_std.width, session->w_std.data);
  return TRUE;
}
