/* Drawing a recipe again. */
#pragma once

#include "studio/session.h"

G_BEGIN_DECLS

/* Whether @recipe's picture was drawn by this generator; its file is read once and remembered. */
gboolean    c2l_redraw_check (C2lSession *session, C2lRecipe *recipe, GError **error);

/* c2l_redraw:
 * @for_clip: (nullable): as of c2l_session_draw()
 * @warning: (out): why it may differ in the last bits from the first time (another device,
 * precision or program), or NULL where it is the
 *   same bit for bit
 * An error where the model is another one. */
C2lPicture *c2l_redraw (C2lSession *session, C2lRecipe *recipe, float *for_clip, char **warning, GCancellable *cancellable,
                        GError **error);

G_END_DECLS
