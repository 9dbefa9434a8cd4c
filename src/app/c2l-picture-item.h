/* C2lPictureItem: one picture on the table, as the window's lists and cells see it: its recipe, what shows it, and how far it is.
 * Changed by the board alone; everybody else watches its properties. Belongs to GTK's thread. */
#pragma once

#include "studio/recipe.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef enum
{
  C2L_PICTURE_WAITING,  /* nothing to show yet */
  C2L_PICTURE_PREVIEW,  /* shown at a lower resolution, the full picture is to come */
  C2L_PICTURE_FINISHED,
  C2L_PICTURE_FAILED
} C2lPictureState;

#define C2L_TYPE_PICTURE_STATE (c2l_picture_state_get_type ())
GType           c2l_picture_state_get_type (void);

#define C2L_TYPE_PICTURE_ITEM (c2l_picture_item_get_type ())
G_DECLARE_FINAL_TYPE (C2lPictureItem, c2l_picture_item, C2L, PICTURE_ITEM, GObject)

/* Properties, all readable and notified:
 *   paintable   GdkPaintable, what to show now: the original while it is being compared, the full picture, its preview or thumbnail; NULL
 *   state       C2lPictureState
 *   score       double, cosine of picture and prompt; NaN where there is none
 *   favourite   boolean
 *   edited      boolean: has edits, mixes or a placement
 *   prompt      string (nullable)
 *   label       string, for screen readers: “a happy man, picture 3, score 0.31, favourite”
 * Signal ::held: a cell shows the item now and none did before. */
C2lPictureItem *c2l_picture_item_new (guint row, guint column);

/* Lent; NULL until the picture's latent is known. Recipes do not change: an edit makes a new one. */
C2lRecipe      *c2l_picture_item_get_recipe (C2lPictureItem *item);
/* As it was before any edit. */
C2lRecipe      *c2l_picture_item_get_original (C2lPictureItem *item);
GdkPaintable   *c2l_picture_item_get_paintable (C2lPictureItem *item);
/* The full-size picture, NULL while it is let go or not drawn. */
GdkPaintable   *c2l_picture_item_get_full (C2lPictureItem *item);
C2lPictureState c2l_picture_item_get_state (C2lPictureItem *item);
double          c2l_picture_item_get_score (C2lPictureItem *item);
gboolean        c2l_picture_item_get_favourite (C2lPictureItem *item);
const char     *c2l_picture_item_get_prompt (C2lPictureItem *item);
/* What it is a picture of, in words: its prompt, or how it came about. NULL where neither is known (yet). */
char           *c2l_picture_item_dup_subject (C2lPictureItem *item);
/* Of the library; NULL until it was stored. */
const char     *c2l_picture_item_get_uid (C2lPictureItem *item);
/* Which prompt of its generation it belongs to, and its place among that prompt's pictures. */
guint           c2l_picture_item_get_row (C2lPictureItem *item);
guint           c2l_picture_item_get_column (C2lPictureItem *item);

/* A cell that shows the item says so, and again when it stops; the full pictures of items that nobody shows may be let go, and come back
 * by themselves. */
void            c2l_picture_item_hold (C2lPictureItem *item);
void            c2l_picture_item_release (C2lPictureItem *item);

G_END_DECLS
