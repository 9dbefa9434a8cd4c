/* What the user chose and where the window was left: one GSettings for the whole program. Keys are described in
 * data/io.github.clip2latent.Clip2Latent.gschema.xml. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Lent; made when first asked for. */
GSettings *c2l_settings_get (void);

G_END_DECLS
