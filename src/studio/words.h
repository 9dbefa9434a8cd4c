/* Directions made from words: from "a face" to "a smiling face". The way leads from the mean of the latents that the prior makes for one
 * prompt to that of the other, with the same random numbers for both. CLIP then looks at pictures along it and says how far it has to go
 * until the difference is clear.
 *
 *   g_autoptr (C2lWordsResult) result = c2l_words_find (session, &(C2lWords) { "a face", "a smiling face", &sampling }, NULL, NULL, &error);
 */
#pragma once

#include "studio/found.h"

G_BEGIN_DECLS

typedef struct
{
  const char *from, *to;       /* prompts; they may be mixtures */
  const C2lSampling *sampling; /* seed, sampler, steps and guidance of the samples */
  int n_samples;               /* for each mean; 0: 128 */
  int n_pictures;              /* that CLIP looks at for each amount; 0: 6 */
} C2lWords;

typedef struct
{
  C2lFound *direction;   /* named as the second prompt; an amount of 1 makes a clear difference, so its scale is 1 */
  gboolean is_clear;     /* whether CLIP saw one; else an amount of 1 is the distance of the means */
  int n_points;          /* the curve: what CLIP saw at these amounts, mean cosines with both prompts */
  double *amounts, *from_scores, *to_scores;
} C2lWordsResult;

/* @progress: (nullable). NULL and an error where the model lacks CLIP or a prior, or has no difference for these words. */
C2lWordsResult *c2l_words_find (C2lSession *session, const C2lWords *words, const C2lProgress *progress, GCancellable *cancellable,
                                GError **error);
void            c2l_words_result_free (C2lWordsResult *result);

/* The amount at which a curve of @n points, @amounts rising, first rises from its value at 0 by a clear part of the way to @goal; where it
 * never does, the amount of its highest point, and @is_clear says whether even that is a part of the way. */
double          c2l_words_find_amount (const double *amounts, const double *curve, int n, double goal, gboolean *is_clear);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lWordsResult, c2l_words_result_free)

G_END_DECLS
