/* Directions that are found in a model without any words: the main axes of its latents (principal components: Härkönen et al. 2020,
 * “GANSpace”), and what its layers react to most (factorised style weights: Shen and Zhou 2021, “SeFa”).
 *
 *   g_autoptr (GPtrArray) found = c2l_found_pca (session, &(C2lFoundPca) { .n = 10 }, NULL, NULL, &error);
 */
#pragma once

#include "studio/progress.h"
#include "studio/sampling.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _C2lSession C2lSession;

/* A direction as it was found or made, before an artist gives it a name. */
typedef struct
{
  char *name;     /* "PCA 1", "Style 1": not translated */
  C2lRows rows;   /* [1, D], or a row a layer */
  double scale;   /* the amount that makes a clear difference */
  int first_layer, last_layer; /* where it is meant to act, as in C2lRecipeEdit */
} C2lFound;

C2lFound  *c2l_found_new (const char *name, const C2lRows *rows, double scale);
C2lFound  *c2l_found_copy (const C2lFound *found);
void       c2l_found_free (C2lFound *found);

#define C2L_FOUND_LEAST_SAMPLES 10000

typedef struct
{
  int n;              /* how many of them, largest first; at most D */
  int n_samples;      /* 0: C2L_FOUND_LEAST_SAMPLES */
  guint64 seed;       /* of the samples */
  const char *prompt; /* (nullable): of the latents that the prior makes for it, instead of the mapping network's w */
  const C2lSampling *sampling; /* with @prompt: sampler, steps and guidance */
} C2lFoundPca;

/* Of C2lFound: unit vectors, at right angles, @scale the standard deviation along them. Latents of several rows count as their mean row.
 * @progress: (nullable). */
GPtrArray *c2l_found_pca (C2lSession *session, const C2lFoundPca *options, const C2lProgress *progress, GCancellable *cancellable,
                          GError **error);

/* Of C2lFound for the layers from @first_layer to @last_layer: unit vectors, at right angles, by how much the styles of those layers change
 * with them; @scale is the standard deviation of w along them. */
GPtrArray *c2l_found_styles (C2lSession *session, int first_layer, int last_layer, int n, GCancellable *cancellable, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lFound, c2l_found_free)

G_END_DECLS
