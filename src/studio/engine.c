/* The models of a bundle on a device. Loading is lazy and happens once; a failed load is tried
 * again at the next call. Weights are let go as soon as the model stands: what stays mapped keeps
 * them itself. */
#include "studio/engine.h"

#include "formats/mapped.h"
#include "models/prior-config.h"

#include <glib/gi18n-lib.h>

struct _C2lEngine
{
  gatomicrefcount refs;
  C2lBundle *bundle;
  C2lDevice *device;
  char *merges;
  C2lClip *clip;
  C2lTokenizer *tokenizer;
  C2lPrior *prior;
  C2lGenerator *generator;
};

C2lEngine *
c2l_engine_new (C2lBundle *bundle, C2lDevice *device, const char *merges)
{
  C2lEngine *engine = g_new0 (C2lEngine, 1);

  g_atomic_ref_count_init (&engine->refs);
  engine->bundle = c2l_bundle_ref (bundle);
  engine->device = c2l_device_ref (device);
  engine->merges
      = g_strdup (c2l_bundle_get_merges (bundle) != NULL ? c2l_bundle_get_merges (bundle) : merges);
  return engine;
}

C2lEngine *
c2l_engine_ref (C2lEngine *engine)
{
  g_atomic_ref_count_inc (&engine->refs);
  return engine;
}

void
c2l_engine_unref (C2lEngine *engine)
{
  if (!g_atomic_ref_count_dec (&engine->refs))
    return;
  g_clear_pointer (&engine->clip, c2l_clip_free);
  g_clear_pointer (&engine->tokenizer, c2l_tokenizer_free);
  g_clear_pointer (&engine->prior, c2l_prior_free);
  g_clear_pointer (&engine->generator, c2l_generator_free);
  g_free (engine->merges);
  c2l_device_unref (engine->device);
  c2l_bundle_unref (engine->bundle);
  g_free (engine);
}

C2lBundle *
c2l_engine_get_bundle (C2lEngine *engine)
{
  return engine->bundle;
}

C2lDevice *
c2l_engine_get_device (C2lEngine *engine)
{
  return engine->device;
}

gboolean
c2l_engine_check (C2lEngine *engine, GError **error)
{
  for (C2lRole role = 0; role < C2L_N_ROLES; role++)
    {
      const char *file = c2l_bundle_get_file (engine->bundle, role);

      if (file != NULL && !c2l_mapped_check (file, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
c2l_engine_has_prior (C2lEngine *engine)
{
  return c2l_bundle_get_file (engine->bundle, C2L_ROLE_PRIOR) != NULL;
}

gboolean
c2l_engine_has_clip (C2lEngine *engine)
{
  return c2l_bundle_get_file (engine->bundle, C2L_ROLE_CLIP) != NULL;
}

C2lClip *
c2l_engine_get_clip (C2lEngine *engine, GError **error)
{
  g_autoptr (C2lWeights) weights = NULL;

  if (engine->clip != NULL)
    return engine->clip;
  weights = c2l_bundle_load_weights (engine->bundle, C2L_ROLE_CLIP, error);
  if (weights != NULL)
    engine->clip = c2l_clip_load (weights, engine->device, error);
  if (engine->clip != NULL && !c2l_engine_check (engine, error))
    g_clear_pointer (&engine->clip, c2l_clip_free);
  return engine->clip;
}

const char *
c2l_engine_get_merges (C2lEngine *engine)
{
  return engine->merges;
}

/* A list with more merges than the model has tokens for belongs to another one, and would draw
 * pictures of other words; only OpenAI's own goes on behind its model's. */
static gboolean
check_vocabulary (C2lEngine *engine, C2lTokenizer *tokenizer, GError **error)
{
  int n = c2l_tokenizer_get_vocab_size (tokenizer);

  if (n == C2L_TOKENIZER_PUBLISHED_SIZE || !c2l_tokenizer_is_part (tokenizer))
    return TRUE;
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
               _ ("%s: it has merges for more than the model's %d tokens: it belongs to another "
                  "model"),
               engine->merges, n);
  return FALSE;
}

static C2lTokenizer *
load_tokenizer (C2lEngine *engine, int vocabulary, GError **error)
{
  g_autoptr (GError) why = NULL;
  g_autoptr (C2lTokenizer) tokenizer = c2l_tokenizer_load (engine->merges, vocabulary, &why);

  if (tokenizer != NULL && check_vocabulary (engine, tokenizer, &why))
    return g_steal_pointer (&tokenizer);
  g_set_error (error, why->domain, why->code,
               _ ("%s; it was taken for the vocabulary of %s: name that with --merges, or put it "
                  "beside the CLIP as merges.txt"),
               why->message, c2l_bundle_get_file (engine->bundle, C2L_ROLE_CLIP));
  return NULL;
}

C2lTokenizer *
c2l_engine_get_tokenizer (C2lEngine *engine, GError **error)
{
  C2lClip *clip;

  if (engine->tokenizer != NULL)
    return engine->tokenizer;
  clip = c2l_engine_get_clip (engine, error);
  if (clip == NULL)
    return NULL;
  if (engine->merges == NULL)
    {
      g_set_error (
          error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_BUNDLE,
          _ ("%s: it brings no vocabulary and that of OpenAI's CLIP is not installed; name a "
             "merges file with --merges"),
          c2l_bundle_get_name (engine->bundle));
      return NULL;
    }
  engine->tokenizer = load_tokenizer (engine, c2l_clip_get_info (clip)->vocabulary, error);
  return engine->tokenizer;
}

/* The prior that is loaded with a configuration does not know which file that came from. */
static gboolean
check_config (C2lBundle *bundle, GError **error)
{
  const char *file = c2l_bundle_get_config_file (bundle);
  g_autoptr (C2lPriorConfig) config = NULL;

  if (file == NULL)
    return TRUE;
  config = c2l_prior_config_new (c2l_bundle_get_prior_config (bundle), error);
  if (config == NULL)
    g_prefix_error (error, "%s: ", file);
  return config != NULL;
}

C2lPrior *
c2l_engine_get_prior (C2lEngine *engine, GError **error)
{
  g_autoptr (C2lWeights) weights = NULL;

  if (engine->prior != NULL)
    return engine->prior;
  weights = c2l_bundle_load_weights (engine->bundle, C2L_ROLE_PRIOR, error);
  if (weights != NULL && check_config (engine->bundle, error))
    engine->prior
        = c2l_prior_load (weights, C2L_PRIOR_EMA, c2l_bundle_get_prior_config (engine->bundle),
                          engine->device, error);
  if (engine->prior != NULL && !c2l_engine_check (engine, error))
    g_clear_pointer (&engine->prior, c2l_prior_free);
  return engine->prior;
}

C2lGenerator *
c2l_engine_get_generator (C2lEngine *engine, GError **error)
{
  g_autoptr (C2lWeights) weights = NULL;
  g_autoptr (C2lGenerator) generator = NULL;

  if (engine->generator != NULL)
    return engine->generator;
  weights = c2l_bundle_load_weights (engine->bundle, C2L_ROLE_GENERATOR, error);
  generator = weights != NULL ? c2l_generator_load (weights, engine->device, error) : NULL;
  if (generator == NULL || !c2l_engine_check (engine, error))
    return NULL;
  if (c2l_generator_get_img_channels (generator) != 3)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
                   _ ("%s: it draws pictures of %d channels; only three (RGB) can be shown"),
                   c2l_bundle_get_file (engine->bundle, C2L_ROLE_GENERATOR),
                   c2l_generator_get_img_channels (generator));
      return NULL;
    }
  engine->generator = g_steal_pointer (&generator);
  return engine->generator;
}

C2lClipPreprocess
c2l_engine_get_preprocess (C2lEngine *engine)
{
  C2lClipPreprocess preprocess = C2L_CLIP_PREPROCESS_REFERENCE;

  c2l_clip_preprocess_from_name (c2l_bundle_get_preprocess (engine->bundle), &preprocess);
  return preprocess;
}

/* Several latents of a prior without a configuration are taken for one style each. */
static void
set_misfit (C2lEngine *engine, const C2lPriorInfo *info, int n_latents, int num_ws, GError **error)
{
  gboolean is_prior = info != NULL && info->n_latents == n_latents;

  if (is_prior && n_latents > 1 && c2l_bundle_get_prior_config (engine->bundle) == NULL)
    g_set_error (
        error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
        _ ("%s: its configuration (.yaml) is missing, which says how its %d latents make the "
           "generator's %d styles; name it with --config"),
        c2l_bundle_get_file (engine->bundle, C2L_ROLE_PRIOR), n_latents, num_ws);
  else
    g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
                 _ ("a latent of %d rows does not fit the generator, which takes %d styles; use a "
                    "prior that was trained for it"),
                 n_latents, num_ws);
}

int *
c2l_engine_dup_repeats (C2lEngine *engine, int n_latents, int num_ws, GError **error)
{
  C2lPrior *prior = c2l_engine_has_prior (engine) ? c2l_engine_get_prior (engine, error) : NULL;
  const C2lPriorInfo *info = prior != NULL ? c2l_prior_get_info (prior) : NULL;
  g_autofree int *repeats = g_new (int, n_latents);
  int sum = 0;

  if (prior == NULL && c2l_engine_has_prior (engine))
    return NULL;
  for (int i = 0; i < n_latents; i++)
    {
      if (n_latents == 1)
        repeats[i] = num_ws;
      else
        repeats[i] = info != NULL && info->n_latents == n_latents ? info->latent_repeats[i] : 1;
      sum = MIN (sum + repeats[i], num_ws + 1);
    }
  if (sum != num_ws)
    {
      set_misfit (engine, info, n_latents, num_ws, error);
      return NULL;
    }
  return g_steal_pointer (&repeats);
}
