/* Prompts mixed by their embeddings: parts with a bar between them, each with a weight behind a colon where it is not 1.
 *
 *   a face | a smiling face:0.5 | glasses:-0.3
 *
 * The embedding of a mixture is Σ weight · embedding / Σ weight. "\|" is a bar that belongs to the words, "\:" a colon, in a prompt
 * that has a bar at all; one without a bar is taken as it stands. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  char *text;
  double weight;
} C2lMixturePart;

/* The parts of @prompt (element-type C2lMixturePart), at least one. Parts without words are left out, unless all are. NULL and an error
 * (C2L_STUDIO_ERROR_INVALID) where there are too many or their weights add up to nothing. */
GPtrArray *c2l_mixture_parse (const char *prompt, GError **error);

G_END_DECLS
