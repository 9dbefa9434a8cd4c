/* The starter and other models for tests, opened once and kept. */
#include "studio-fixture.h"

#include <string.h>

static C2lSession *
open_session (C2lBundle *bundle)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lDevice) device = c2l_device_open ("cpu", &error);
  g_autoptr (C2lEngine) engine = NULL;

  g_assert_no_error (error);
  engine = c2l_engine_new (bundle, device, NULL);
  return c2l_session_new (engine, C2L_PRECISION_F32);
}

C2lSession *
studio_fixture_open_starter (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_build_filename (g_getenv ("C2L_DATA"), "starter", NULL);
  g_autoptr (C2lBundle) bundle = c2l_bundle_open (folder, &error);

  g_assert_no_error (error);
  return open_session (bundle);
}

C2lSession *
studio_fixture_open_generator (const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *file = g_build_filename (g_getenv ("C2L_FIXTURES"), name, "network.pkl", NULL);
  g_autoptr (C2lBundle) bundle = c2l_bundle_open_files (&(C2lModelFiles) { .generator = file }, &error);

  g_assert_no_error (error);
  return open_session (bundle);
}

C2lSampling
studio_fixture_sampling (C2lSession *session, int n, guint64 seed)
{
  C2lDefaults defaults;

  c2l_bundle_get_defaults (c2l_engine_get_bundle (c2l_session_get_engine (session)), &defaults);
  return (C2lSampling) { .seed = seed,
                         .n = n,
                         .sampler = defaults.sampler,
                         .steps = defaults.steps,
                         .guidance = defaults.guidance,
                         .truncation = 1,
                         .noise = C2L_NOISE_KIND_CONST };
}

GPtrArray *
studio_fixture_sample (C2lSession *session, const char *prompt, int n, guint64 seed)
{
  C2lSampling sampling = studio_fixture_sampling (session, n, seed);
  g_autoptr (GError) error = NULL;
  g_autofree float *text = g_new (float, c2l_session_get_embed_width (session, NULL));
  GPtrArray *recipes;

  g_assert_true (c2l_session_embed_prompt (session, prompt, text, NULL, NULL, &error));
  recipes = c2l_session_sample (session, prompt, text, &sampling, NULL, &error);
  g_assert_no_error (error);
  return recipes;
}

GPtrArray *
studio_fixture_sample_z (C2lSession *session, int n, guint64 seed)
{
  C2lSampling sampling = studio_fixture_sampling (session, n, seed);
  g_autoptr (GError) error = NULL;
  GPtrArray *recipes = c2l_session_sample_z (session, &sampling, NULL, &error);

  g_assert_no_error (error);
  return recipes;
}

C2lPicture *
studio_fixture_draw (C2lSession *session, C2lRecipe *recipe)
{
  g_autoptr (GError) error = NULL;
  C2lPicture *picture = c2l_session_draw (session, recipe, 0, NULL, NULL, &error);

  g_assert_no_error (error);
  return picture;
}

double
studio_fixture_score (C2lSession *session, C2lRecipe *recipe, const char *prompt)
{
  g_autoptr (GError) error = NULL;
  gsize side = c2l_session_get_clip_side (session, NULL);
  g_autofree float *text = g_new (float, c2l_session_get_embed_width (session, NULL));
  g_autofree float *pixels = g_new (float, side * side * 3);
  g_autoptr (C2lPicture) picture = c2l_session_draw (session, recipe, 0, pixels, NULL, &error);
  double score;

  g_assert_no_error (error);
  g_assert_true (c2l_session_embed_prompt (session, prompt, text, NULL, NULL, &error));
  g_assert_true (c2l_session_score (session, pixels, 1, text, &score, NULL, &error));
  return score;
}

gboolean
studio_fixture_same_pixels (const C2lPicture *a, const C2lPicture *b)
{
  return a->size == b->size && memcmp (a->pixels, b->pixels, (gsize) a->size * a->size * 3) == 0;
}

double
studio_fixture_difference (const C2lPicture *a, const C2lPicture *b)
{
  gsize n = (gsize) a->size * a->size * 3;
  double sum = 0;

  g_assert_cmpint (a->size, ==, b->size);
  for (gsize i = 0; i < n; i++)
    sum += ABS (a->pixels[i] - b->pixels[i]);
  return sum / n;
}
