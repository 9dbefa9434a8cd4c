/* What the board alone may do to an item. */
#pragma once

#include "app/c2l-picture-item.h"

G_BEGIN_DECLS

/* The first one says what the original is: the same without edits. */
void     c2l_picture_item_set_recipe (C2lPictureItem *item, C2lRecipe *recipe);
/* Counts changes that are not a hand's moving; what was asked for under an older number is not to be shown. */
guint    c2l_picture_item_get_change (C2lPictureItem *item);
void     c2l_picture_item_begin_change (C2lPictureItem *item);
/* Of an item that has become another picture: what @recipe was before any edit. */
void     c2l_picture_item_set_original (C2lPictureItem *item, C2lRecipe *recipe);
/* Shows @frame (nullable, taken over by reference) as far as @state says; a finished one replaces preview and thumbnail. */
void     c2l_picture_item_set_frame (C2lPictureItem *item, GdkPaintable *frame, C2lPictureState state);
/* What is shown where there is neither a full picture nor a preview. */
void     c2l_picture_item_set_thumbnail (C2lPictureItem *item, GdkPaintable *thumbnail);
/* Shown in place of everything else until it is NULL again: the original, held for comparison. */
void     c2l_picture_item_set_compared (C2lPictureItem *item, GdkPaintable *frame);
void     c2l_picture_item_set_state (C2lPictureItem *item, C2lPictureState state);
void     c2l_picture_item_set_favourite (C2lPictureItem *item, gboolean favourite);
void     c2l_picture_item_set_uid (C2lPictureItem *item, const char *uid);
/* Whether it was handed to the library, which may still be writing it down. */
gboolean c2l_picture_item_get_stored (C2lPictureItem *item);
void     c2l_picture_item_set_stored (C2lPictureItem *item);
/* Whether the artist deleted it, maybe before the library had it. */
gboolean c2l_picture_item_get_trashed (C2lPictureItem *item);
void     c2l_picture_item_set_trashed (C2lPictureItem *item, gboolean trashed);
void     c2l_picture_item_set_prompt (C2lPictureItem *item, const char *prompt);
void     c2l_picture_item_set_place (C2lPictureItem *item, guint row, guint column);
/* Lets the full picture go; what is left is the thumbnail or a smaller copy. */
void     c2l_picture_item_drop_full (C2lPictureItem *item);
/* Whether a cell shows it now. */
gboolean c2l_picture_item_is_held (C2lPictureItem *item);

G_END_DECLS
