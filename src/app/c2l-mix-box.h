/* C2lMixBox: styles of another picture in the layers that the artist chooses. Shows a recipe; a change is told by
 * ::changed (recipe, label, done) with a changed copy (lent). */
#pragma once

#include "app/c2l-board.h"

G_BEGIN_DECLS

#define C2L_TYPE_MIX_BOX (c2l_mix_box_get_type ())
G_DECLARE_FINAL_TYPE (C2lMixBox, c2l_mix_box, C2L, MIX_BOX, GtkWidget)

/* Pictures to mix with come from the board. */
void c2l_mix_box_set_board (C2lMixBox *box, C2lBoard *board);
/* @item: whose recipe it is, not offered to be mixed with itself. */
void c2l_mix_box_show_recipe (C2lMixBox *box, C2lPictureItem *item, C2lRecipe *recipe);

G_END_DECLS
