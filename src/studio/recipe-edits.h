/* Changing what a recipe's picture is edited with: every function gives a changed copy, for recipes that are shown or drawn do not change. */
#pragma once

#include "studio/recipe.h"

G_BEGIN_DECLS

/* The edit along @direction (lent), NULL where there is none. */
const C2lRecipeEdit *c2l_recipe_find_edit (C2lRecipe *recipe, const char *direction);
double               c2l_recipe_get_amount (C2lRecipe *recipe, const char *direction);

/* A copy edited by @edit in place of what it was edited by along the same direction; an amount of 0 takes the edit away. */
C2lRecipe           *c2l_recipe_with_edit (C2lRecipe *recipe, const C2lRecipeEdit *edit);
/* A copy with all of @edits (of C2lRecipeEdit) and no others; NULL: with none. */
C2lRecipe           *c2l_recipe_with_edits (C2lRecipe *recipe, GPtrArray *edits);
/* As it was before it was edited, mixed or placed: @recipe itself, with a reference more, where it never was. */
C2lRecipe           *c2l_recipe_without_edits (C2lRecipe *recipe);
/* Deep copies of a recipe's edits, for the clipboard and for presets. */
GPtrArray           *c2l_recipe_dup_edits (C2lRecipe *recipe);
/* A copy mixed with one other picture, or with none where @rows is NULL. */
C2lRecipe           *c2l_recipe_with_mix (C2lRecipe *recipe, const char *label, double amount, int first_layer, int last_layer,
                                          const C2lRows *rows);
C2lRecipe           *c2l_recipe_with_truncation (C2lRecipe *recipe, double truncation);
C2lRecipe           *c2l_recipe_with_noise (C2lRecipe *recipe, C2lNoiseKind noise, guint64 noise_seed);
C2lRecipe           *c2l_recipe_with_placement (C2lRecipe *recipe, double move_x, double move_y, double turn);

G_END_DECLS
