/* What the user chose and where the window was left: one GSettings for the whole program. Keys are described in
 * data/io.github.clip2latent.Clip2Latent.gschema.xml. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Lent; made when first asked for. */
GSettings *c2l_settings_get (void);

/* The folder for pictures that the user chose, or the program's own among the user's pictures. It may not exist yet. NULL in a sandbox that
 * shares no folder for pictures, until the user has chosen one: what is written elsewhere there is gone with the sandbox. */
GFile     *c2l_settings_dup_pictures_folder (void);

/* @folder (nullable) in words: where it lies for the user, who does not know a sandbox's names of it; what happens instead where there is none. */
char      *c2l_settings_dup_folder_name (GFile *folder);

G_END_DECLS
