/* C2lUnknownWords: a line under a text that says which of its words the open model does not know.
 * Empty, it takes no room. */
#pragma once

#include "app/c2l-board.h"

G_BEGIN_DECLS

#define C2L_TYPE_UNKNOWN_WORDS (c2l_unknown_words_get_type ())
G_DECLARE_FINAL_TYPE (C2lUnknownWords, c2l_unknown_words, C2L, UNKNOWN_WORDS, GtkWidget)

/* Looks at @text, prompts on lines, once nobody has typed for a moment. */
void c2l_unknown_words_look (C2lUnknownWords *self, C2lBoard *board, const char *text);

G_END_DECLS
