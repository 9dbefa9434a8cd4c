/* Look-alikes of any picture: CLIP's vision tower embeds it, and the prior, which was trained on embeddings of pictures, takes that in
 * place of a prompt's.
 *
 *   g_autoptr (GPtrArray) recipes = c2l_look_alikes_find (session, "photo.jpg", &sampling, TRUE, NULL, NULL, &error);
 */
#pragma once

#include "studio/progress.h"
#include "studio/sampling.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _C2lSession C2lSession;

/* sampling->n recipes for the picture in @file, of which CLIP sees the middle square. They have no prompt, say C2L_MADE_BY_LOOK_ALIKE
 * and have the file's name as their source.
 * @score: draws each once, at the smallest size that CLIP can judge, records its cosine with the picture and puts the best first.
 * @progress: (nullable). NULL and an error where the model has no CLIP or no prior, or @file is no picture. */
GPtrArray *c2l_look_alikes_find (C2lSession *session, const char *file, const C2lSampling *sampling, gboolean score,
                                 const C2lProgress *progress, GCancellable *cancellable, GError **error);

G_END_DECLS
