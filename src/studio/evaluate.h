/* C2lEvaluator: how good a prior is, by the pictures that come of it: the four validations of the original
 * (REFERENCE: image-similarity, image-vars, text2im, text2im-super2) and, on wish, CLIP score and diversity by guidance and
 * truncation. Used by `c2l evaluate` and inside a training, with the same numbers.
 *
 *   g_autoptr (C2lEvaluator) evaluator = c2l_evaluator_new (session, prior, &options, cancellable, &error);
 *   g_autoptr (JsonObject) values = c2l_evaluator_run (evaluator, "samples", NULL, cancellable, &error);
 *
 * The pictures follow from the options and the weights alone, so a value that changes says that the weights did. One
 * thread at a time. */
#pragma once

#include "studio/progress.h"
#include "studio/session.h"

G_BEGIN_DECLS

typedef struct
{
  int image_samples;          /* generated pictures whose own embeddings are conditions; 0: none */
  int variations;             /* samples of one of them; 0: none */
  const char *const *prompts; /* NULL-terminated; empty: no validation by text */
  int samples_per_text;
  int steps;                  /* of the sampler; 0: all */
  guint64 seed;
  gboolean is_full;           /* guidance 1, 2 and 4 with truncation 1 and 0.7, too */
} C2lEvaluateOptions;

typedef struct _C2lEvaluator C2lEvaluator;

/* 64 pictures, 8 variations, 4 samples a prompt, all steps, seed 0; no prompts. */
void          c2l_evaluate_options_init (C2lEvaluateOptions *options);

/* The lines of @path that are not empty, as prompts; NULL-terminated (transfer full). A file that is not there is looked for among
 * the program's data too. */
char        **c2l_evaluate_load_prompts (const char *path, GError **error);

/* @session: CLIP and the generator; its own prior is not looked at   @prior: what is judged; it and the session must outlive the
 * evaluator, and its weights may change between runs. Embeds prompts and pictures. */
C2lEvaluator *c2l_evaluator_new (C2lSession *session, const C2lPrior *prior, const C2lEvaluateOptions *options,
                                 GCancellable *cancellable, GError **error);
void          c2l_evaluator_free (C2lEvaluator *evaluator);

/* c2l_evaluator_run:
 * @folder: (nullable): grids go there as "text2im.png", …; it is made
 * Returns names and values: "image-similarity", "image-vars", "text2im" (guidance 1), "text2im-super2" (guidance 2): mean cosine of
 * condition and picture; each with "/diversity", the mean of 1 − cosine between pictures of one condition, where there are several;
 * and "clip-score/g4/psi0.7", "diversity/g4/psi0.7", … where is_full. */
JsonObject   *c2l_evaluator_run (C2lEvaluator *evaluator, const char *folder, const C2lProgress *progress, GCancellable *cancellable,
                                 GError **error);

/* Names of the grids that a run writes, without ".png"; NULL-terminated (transfer full). */
char        **c2l_evaluator_list_grids (C2lEvaluator *evaluator);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lEvaluator, c2l_evaluator_free)

G_END_DECLS
