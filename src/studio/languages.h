/* The user's language. All rooms take their texts from one catalogue, "clip2latent", which lies beside
 * the program. A program calls this once at its start, after setlocale (); until then, and in
 * programs that never do, texts are English. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void c2l_languages_init (void);

G_END_DECLS
