/* The models that are installed: the starter, and what lies in the user's folder of models. Broken
 * ones are listed too, with what is wrong with them.
 *
 *   c2l_bundles_list_async (cancellable, listed, data);
 *   g_autoptr (GPtrArray) models = c2l_bundles_list_finish (result, &error);
 *
 * A model's id is the name of its folder, "" for the starter; the path of a folder elsewhere is an
 * id too. */
#pragma once

#include "studio/bundle.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  char *id;
  char *folder;
  char *name;          /* the folder's where the model does not say */
  char *draws;         /* (nullable): what it draws, in a sentence */
  char *network;       /* (nullable): "StyleGAN2, 128×128, 12 latents of 128" */
  char **licences;     /* lines for people; NULL-terminated, may be empty */
  char **attributions;
  gboolean has_prior, has_clip;
  guint n_directions;
  char *origin;        /* (nullable): the id of the catalogue's entry that it was made of */
  char *generator;     /* (nullable): the SHA-256 of its generator */
  char *preprocess;    /* (nullable): how CLIP sees pictures */
  guint64 size;        /* bytes of all its files */
  gboolean is_starter; /* the program's own: cannot be removed */
  /* (nullable): why it cannot be used; then only id, folder, name and size are set */
  GError *error;
} C2lInstalled;

void       c2l_installed_free (C2lInstalled *installed);

/* Of C2lInstalled, the starter first, the others by name. Reads no weights. */
GPtrArray *c2l_bundles_list (GCancellable *cancellable, GError **error);
void       c2l_bundles_list_async (GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
GPtrArray *c2l_bundles_list_finish (GAsyncResult *result, GError **error);

/* The folder of the model with this id, whether it exists or not; NULL for "" where the program
 * came without a starter. */
char      *c2l_bundles_dup_folder (const char *id);
/* The folder that a person means by @name: one that is a model, one of the program's ("starter"),
 * or one of the user's by its folder's name; @name itself where there is none. */
char      *c2l_bundles_find (const char *name);
/* The id of the model in @folder. */
char      *c2l_bundles_dup_id (const char *folder);
/* Calls the model in @folder @name, for people; the folder keeps its own. Not for the program's own. */
gboolean   c2l_bundles_rename (const char *folder, const char *name, GError **error);
/* The folder of the user's model that was made of the catalogue's entry @origin; NULL where there is
 * none. */
char      *c2l_bundles_find_origin (const char *origin);
/* A folder for a new model of this name that does not exist yet: letters of any script stay, what a
 * folder's name cannot hold goes. */
char      *c2l_bundles_dup_new_folder (const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lInstalled, c2l_installed_free)

G_END_DECLS
