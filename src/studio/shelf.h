/* C2lShelf: the directions that an artist has for a model, and what the artist did to them: the bundle's own, imported ones, found ones,
 * those made from words; with names, order, layers; hidden, inverted or pinned. And presets: sets of edits under a name. Kept in one JSON
 * file a model, named by the SHA-256 of its generator.
 *
 *   g_autoptr (C2lShelf) shelf = c2l_shelf_open (bundle, &notice);
 *   const C2lShelfDirection *direction = c2l_shelf_add (shelf, C2L_SHELF_FOUND, found);
 *   c2l_shelf_rename (shelf, direction->id, "Light from the left");
 *   c2l_shelf_save_async (shelf, NULL, saved, data);
 *
 * Changes are in memory until they are saved. One thread at a time. */
#pragma once

#include "studio/bundle.h"
#include "studio/found.h"

G_BEGIN_DECLS

typedef enum
{
  C2L_SHELF_MODEL, /* the bundle brings it */
  C2L_SHELF_WORDS, /* made from two prompts */
  C2L_SHELF_FOUND, /* by analysis of the model */
  C2L_SHELF_FILE   /* imported */
} C2lShelfOrigin;

/* Lent; valid until the direction is removed. */
typedef struct
{
  char *id;       /* as recipes name it; of no two directions the same */
  C2lShelfOrigin origin;
  char *name;     /* what the artist calls it */
  C2lRows rows;   /* empty for the bundle's own, which is found there by its id */
  double scale;   /* the amount that makes a clear difference */
  gboolean hidden, inverted, pinned;
  int first_layer, last_layer;
} C2lShelfDirection;

typedef struct
{
  char *name;
  GPtrArray *edits; /* of C2lRecipeEdit */
} C2lPreset;

typedef struct _C2lShelf C2lShelf;

/* The shelf of @bundle in the user's data folder. Never NULL: a file that is broken, or of a newer program, is set aside, and one that cannot be
 * read is left alone. @notice: (out) (nullable): what a person should know of that. Reads a file, and for models that were never imported
 * computes the SHA-256 of the generator. */
C2lShelf   *c2l_shelf_open (C2lBundle *bundle, char **notice);
/* The same with the file @path; NULL: it is never saved. */
C2lShelf   *c2l_shelf_open_file (C2lBundle *bundle, const char *path, char **notice);
C2lShelf   *c2l_shelf_ref (C2lShelf *shelf);
void        c2l_shelf_unref (C2lShelf *shelf);

/* Told after every change, once each. */
void        c2l_shelf_set_changed (C2lShelf *shelf, void (*changed) (C2lShelf *shelf, gpointer data), gpointer data);
/* Counts changes; and whether some were not saved yet. */
guint       c2l_shelf_get_version (C2lShelf *shelf);
gboolean    c2l_shelf_is_saved (C2lShelf *shelf);

/* Writes the file aside, syncs and renames it. */
gboolean    c2l_shelf_save (C2lShelf *shelf, GError **error);
/* The same on a thread: what the shelf is now. Of two that run at once the later state is what stays. */
void        c2l_shelf_save_async (C2lShelf *shelf, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
gboolean    c2l_shelf_save_finish (C2lShelf *shelf, GAsyncResult *result, GError **error);

/* In the artist's order (element-type C2lShelfDirection). Lent. */
GPtrArray  *c2l_shelf_get_directions (C2lShelf *shelf);
const C2lShelfDirection *c2l_shelf_lookup (C2lShelf *shelf, const char *id);

/* Adds a direction at the end, with an id of its own and a name that no other has; lent. */
const C2lShelfDirection *c2l_shelf_add (C2lShelf *shelf, C2lShelfOrigin origin, const C2lFound *found);
/* Adds what is in a .pt or .npy file under the file's name. NULL and an error where it is no direction, or its width is not @width (0: any). */
const C2lShelfDirection *c2l_shelf_import (C2lShelf *shelf, const char *file, int width, GError **error);
/* The bundle's own cannot be removed, only hidden: FALSE. */
gboolean    c2l_shelf_remove (C2lShelf *shelf, const char *id);

/* Nothing where there is no direction @id. An empty name gives a direction of the bundle its own name back, and is ignored for others. */
void        c2l_shelf_rename (C2lShelf *shelf, const char *id, const char *name);
void        c2l_shelf_set_hidden (C2lShelf *shelf, const char *id, gboolean hidden);
void        c2l_shelf_set_inverted (C2lShelf *shelf, const char *id, gboolean inverted);
void        c2l_shelf_set_pinned (C2lShelf *shelf, const char *id, gboolean pinned);
void        c2l_shelf_set_scale (C2lShelf *shelf, const char *id, double scale);
void        c2l_shelf_set_layers (C2lShelf *shelf, const char *id, int first_layer, int last_layer);
/* So that it stands at @position. */
void        c2l_shelf_move (C2lShelf *shelf, const char *id, guint position);

/* What a slider at @value stands for (1 is a clear difference), and back. */
C2lRecipeEdit *c2l_shelf_direction_make_edit (const C2lShelfDirection *direction, double value);
double         c2l_shelf_direction_get_value (const C2lShelfDirection *direction, double amount);

/* In the artist's order (element-type C2lPreset). Lent. */
GPtrArray  *c2l_shelf_get_presets (C2lShelf *shelf);
const C2lPreset *c2l_shelf_lookup_preset (C2lShelf *shelf, const char *name);
/* A preset with copies of @edits (of C2lRecipeEdit), in place of one of that name. */
void        c2l_shelf_set_preset (C2lShelf *shelf, const char *name, GPtrArray *edits);
gboolean    c2l_shelf_rename_preset (C2lShelf *shelf, const char *name, const char *new_name);
gboolean    c2l_shelf_remove_preset (C2lShelf *shelf, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lShelf, c2l_shelf_unref)

G_END_DECLS
