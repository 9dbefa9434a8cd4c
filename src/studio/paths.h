/* Where things lie: what belongs to the program, and what belongs to its user (by XDG). Makes no
 * folders. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The program's data ("starter", "merges.txt.gz"): C2L_DATA, ../share/clip2latent beside the
 * executable, or the folder of the source that it was built from. NULL where nothing of that name
 * is found. */
char *c2l_paths_dup_data (const char *name);
/* FALSE and an error where C2L_DATA names what cannot be the program's data: another place would be
 * used in its stead, unsaid. To be called before anything is looked for. */
gboolean c2l_paths_check (GError **error);
/* ../share/@name beside the executable, whether it exists or not; NULL where the system does not
 * say where that is. */
char *c2l_paths_dup_share (const char *name);
/* @name in the folder of the build, if the running program lies in there; NULL for an installed
 * one. */
char *c2l_paths_dup_build (const char *name);

/* Whether the program runs in a Flatpak's sandbox, where the user's files have other names and most
 * of them are not seen. */
gboolean c2l_paths_are_sandboxed (void);

/* The user's: everything ("~/.local/share/clip2latent"), models and runs in there, and what may be
 * deleted ("~/.cache/clip2latent"). */
char *c2l_paths_dup_user (void);
char *c2l_paths_dup_models (void);
char *c2l_paths_dup_runs (void);
char *c2l_paths_dup_cache (void);

/* @name without what a folder's name cannot hold; letters of any script stay. May be "". */
char *c2l_paths_dup_plain_name (const char *name);
/* A folder of this name in @parent that does not exist yet; it has a number where the name is taken, and is called @fallback where
 * nothing of the name can be kept. */
char *c2l_paths_dup_new_folder (const char *parent, const char *name, const char *fallback);

G_END_DECLS
