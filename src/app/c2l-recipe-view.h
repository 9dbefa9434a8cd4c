/* C2lRecipeView: how a picture was made, to be read and copied, in a popover; nothing of the
 * prompt bar changes until it is asked for. */
#pragma once

#include "app/c2l-picture-item.h"
#include "studio/bundle.h"

G_BEGIN_DECLS

#define C2L_TYPE_RECIPE_VIEW (c2l_recipe_view_get_type ())
G_DECLARE_FINAL_TYPE (C2lRecipeView, c2l_recipe_view, C2L, RECIPE_VIEW, GtkPopover)

GtkWidget *c2l_recipe_view_new (void);

/* @bundle (nullable): the open model, for its name in the user's language. */
void       c2l_recipe_view_set_recipe (C2lRecipeView *view, C2lRecipe *recipe, C2lBundle *bundle);

G_END_DECLS
