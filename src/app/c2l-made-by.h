/* How a picture was made that was not sampled for a prompt, in words. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* @made_by (nullable): of a recipe. Translated; what has no words of ours goes by its own. */
const char *c2l_made_by_get_title (const char *made_by);

G_END_DECLS
