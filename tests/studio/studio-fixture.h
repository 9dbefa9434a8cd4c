/* What the tests of studio share: the starter and generators of the fixtures, opened, and small questions about pictures. */
#pragma once

#include "studio/session.h"

/* The starter, in f32. The engine and the session stay for the length of the test. */
C2lSession *studio_fixture_open_starter (void);
/* The generator in the fixture's folder @name ("stylegan3/t") alone. */
C2lSession *studio_fixture_open_generator (const char *name);

/* Usual settings: @n pictures of @seed. */
C2lSampling studio_fixture_sampling (C2lSession *session, int n, guint64 seed);
/* Recipes for a prompt; asserts. */
GPtrArray  *studio_fixture_sample (C2lSession *session, const char *prompt, int n, guint64 seed);
GPtrArray  *studio_fixture_sample_z (C2lSession *session, int n, guint64 seed);
C2lPicture *studio_fixture_draw (C2lSession *session, C2lRecipe *recipe);
/* How well CLIP finds the picture of @recipe fits @prompt. */
double      studio_fixture_score (C2lSession *session, C2lRecipe *recipe, const char *prompt);

gboolean    studio_fixture_same_pixels (const C2lPicture *a, const C2lPicture *b);
/* Mean absolute difference of 8-bit values. */
double      studio_fixture_difference (const C2lPicture *a, const C2lPicture *b);
