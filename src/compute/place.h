/* Where the running program lies, so that an installation can be moved and a build folder works as it is. The lowest room asks, too, because
 * devices come as modules. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the program was installed under; where another program has loaded the library libclip2latent, what that was installed under.
 * NULL where the system does not say. */
char *c2l_place_dup_prefix (void);

/* @name in the folder of the build, if the running program lies in there; NULL for an installed one. */
char *c2l_place_dup_build (const char *name);

/* A library that is loaded at run time: in C2L_MODULES where that is set, else in @folder of the build ("src/mpi") or in the program's
 * own folder of libraries. NULL where it is not there. */
char *c2l_place_dup_module (const char *folder, const char *name);

G_END_DECLS
