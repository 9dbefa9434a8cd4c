/* The latents that c2l generate --latent names, out of a .npy file. */
#pragma once

#include "studio/session.h"

G_BEGIN_DECLS

/* Of C2lRows; finite numbers. Whether they fit the model, c2l_session_adopt_latent() says. */
GPtrArray *c2l_generate_load_latents (C2lSession *session, const char *path, GError **error);

G_END_DECLS
