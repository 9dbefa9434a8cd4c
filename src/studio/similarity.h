/* The score of a picture: how near its embedding is to the prompt's. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The cosine of the angle between @a and @b, both [n]; PyTorch's, so 0 where one of them is. */
double c2l_similarity_cosine (const float *a, const float *b, int n);

G_END_DECLS
