/* C2lShelf: the directions that an artist has for a model, and sets of edits with names. Some come with the bundle, some were imported,
 * found, or made from words; how they are called and used is the artist's.
 *
 *   g_autofree char *notice = NULL;
 *   C2lShelf *shelf = c2l_shelf_open (bundle, &notice);
 *   C2lShelfDirection *direction = c2l_shelf_add (shelf, C2L_SHELF_WORDS, "a face → a smile", 1.2, &rows);
 *   direction->pinned = TRUE;
 *   if (!c2l_shelf_save (shelf, &error)) …
 *
 * Kept as one JSON file for each generator, by its SHA-256, in the user's folder; written aside and renamed. */
#pragma once

#include "studio/bundle.h"

G_BEGIN_DECLS

typedef enum
{
  C2L_SHELF_MODEL, /* the bundle brings it */
  C2L_SHELF_WORDS, /* made from two prompts */
  C2L_SHELF_FOUND, /* by analysis of the generator */
  C2L_SHELF_FILE   /* imported */
} C2lShelfKind;

typedef struct
{
  C2lShelfKind kind;
  char *id;     /* as recipes name it; the bundle's own, or made here */
  char *name;   /* as the artist calls it */
  double scale; /* the amount that makes a clear difference */
  C2lRows rows; /* empty for the bundle's own */
  gboolean hidden, inverted, pinned;
  int first_layer, last_layer;
} C2lShelfDirection;

typedef struct
{
  char *name;
  GPtrArray *edits; /* of C2lRecipeEdit */
} C2lPreset;

typedef struct _C2lShelf C2lShelf;

/* Never fails: a damaged file is set aside. @notice: (out): what the artist must know of that, or NULL. */
C2lShelf          *c2l_shelf_open (C2lBundle *bundle, char **notice);
void               c2l_shelf_free (C2lShelf *shelf);
/* Writes what was changed. */
gboolean           c2l_shelf_save (C2lShelf *shelf, GError **error);

/* Of C2lShelfDirection, in the artist's order; lent. Their members may be changed, but for kind, id and rows. */
GPtrArray         *c2l_shelf_get_directions (C2lShelf *shelf);
/* With a copy of @rows and an id of its own; lent. */
C2lShelfDirection *c2l_shelf_add (C2lShelf *shelf, C2lShelfKind kind, const char *name, double scale, const C2lRows *rows);
/* The bundle's own can be hidden, but not removed. */
void               c2l_shelf_remove (C2lShelf *shelf, const char *id);

/* Of C2lPreset; lent. */
GPtrArray         *c2l_shelf_get_presets (C2lShelf *shelf);
/* Copies @edits; takes the place of one with the same name. */
void               c2l_shelf_set_preset (C2lShelf *shelf, const char *name, GPtrArray *edits);
void               c2l_shelf_remove_preset (C2lShelf *shelf, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lShelf, c2l_shelf_free)

G_END_DECLS
