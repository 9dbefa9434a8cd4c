/* How a picture was made that was not sampled for a prompt, in words. */
#pragma once

#include "studio/recipe.h"

G_BEGIN_DECLS

/* Translated; what has no words of ours goes by its own. NULL for what was sampled for a prompt. */
char *c2l_made_by_dup_title (const C2lRecipe *recipe);

G_END_DECLS
