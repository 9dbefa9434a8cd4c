/* Bringing recipes into a form in which their latents can be added up. */
#pragma once

#include "studio/session-private.h"

G_BEGIN_DECLS

/* Whether every recipe is of this model and fits it. */
gboolean   c2l_blend_check (C2lSession *session, GPtrArray *recipes, GError **error);

/* Copies whose latents have the same number of rows and are pulled by truncation towards the same centre; where they were not, truncation is
 * already in the latent and is 1. @same_truncation: by the same amount, too. */
GPtrArray *c2l_blend_align (C2lSession *session, GPtrArray *recipes, gboolean same_truncation, GError **error);

/* Copies with everything in the latent, [num_ws, w_dim]: no truncation, mixes and edits left. */
GPtrArray *c2l_blend_flatten (C2lSession *session, GPtrArray *recipes, GError **error);

/* @rows of a latent or of a spread, as @n_rows: one row is repeated, the prior's rows become one a layer. NULL and an error where
 * neither leads there; a copy even where nothing changes. */
float     *c2l_blend_dup_rows (C2lSession *session, const C2lRows *rows, int n_rows, GError **error);

G_END_DECLS
