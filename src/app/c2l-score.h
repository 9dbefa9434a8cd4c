/* How well a picture fits its prompt, as every place of the window writes it. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "0.63" in the user's own digits and point; the cosine that CLIP computes. */
char *c2l_score_dup_text (double score);

G_END_DECLS
