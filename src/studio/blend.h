/* New pictures out of those that are there: what lies between two of them, what lies around one, what several have in common. Each
 * function gives recipes with latents, ready to be drawn; the recipes that go in stay as they are.
 *
 *   g_autoptr (GPtrArray) frames = c2l_blend_in_betweens (session, recipes, &(C2lInBetweens) { .n = 60, .ease = TRUE }, &error);
 *   g_autoptr (GPtrArray) around = c2l_blend_vary (session, recipe, 0.3, seed, 9, NULL, &error);
 *
 * Recipes of another generator are refused (C2L_STUDIO_ERROR_MISMATCH). Latents of one row and of several may meet. */
#pragma once

#include "studio/recipe.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _C2lSession C2lSession;

#define C2L_BLEND_MAX_FRAMES 10000

typedef struct
{
  int n;          /* frames in all, 2 to C2L_BLEND_MAX_FRAMES */
  gboolean loop;  /* from the last picture back to the first one, which is not repeated at the end */
  gboolean ease;  /* slower near each picture, faster in between */
  gboolean still; /* all frames with the first picture's noise: fine detail does not flicker, but later pictures get another one */
} C2lInBetweens;

/* The way through @recipes (two or more of C2lRecipe): latents, truncation, mixes, edits and placement change evenly. A frame that falls on a
 * picture is that picture, bit for bit, but for its noise where @options are still; others have the noise of the nearer picture. */
GPtrArray *c2l_blend_in_betweens (C2lSession *session, GPtrArray *recipes, const C2lInBetweens *options, GError **error);

/* One point of the way: @t from 0 (@a) to 1 (@b). */
C2lRecipe *c2l_blend_between (C2lSession *session, C2lRecipe *a, C2lRecipe *b, double t, GError **error);

/* @n pictures around @recipe: its latent + @strength · the model's spread · normal draws. A strength of 0.1 is hardly seen, 1 is a
 * picture as different as any. Variation i is recorded with seed @seed + i; it does not depend on the others. All else, noise included,
 * stays as it is in @recipe. */
GPtrArray *c2l_blend_vary (C2lSession *session, C2lRecipe *recipe, double strength, guint64 seed, int n,
                           GCancellable *cancellable, GError **error);

/* @n pictures of what @recipes (one or more) have in common: drawn around their mean with their own spread, channel by channel, and at least
 * a quarter of the model's; times @strength, 1 being usual. Where one of them is edited or mixed, the edits are in the new latents. */
GPtrArray *c2l_blend_more_like (C2lSession *session, GPtrArray *recipes, double strength, guint64 seed, int n,
                                GCancellable *cancellable, GError **error);

G_END_DECLS
