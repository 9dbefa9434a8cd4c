/* What the user chose and where the window was left: one GSettings for the whole program. Keys are described in
 * data/io.github.clip2latent.Clip2Latent.gschema.xml. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Lent; made when first asked for. */
GSettings *c2l_settings_get (void);

/* The folder for pictures that the user chose, or the program's own among the user's pictures. It may not exist yet. */
GFile     *c2l_settings_dup_pictures_folder (void);

G_END_DECLS
