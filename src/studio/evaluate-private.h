/* What the files of the evaluator share: a trial, the drawing of its pictures, and what they are worth. */
#pragma once

#include "studio/evaluate.h"
#include "studio/session-private.h"

G_BEGIN_DECLS

/* Some conditions with some samples each, at one guidance. */
typedef struct
{
  char *name;              /* of value and grid; NULL: only part of the table */
  const float *conditions; /* [n_conditions, D] */
  int n_conditions, per_condition;
  double guidance;
  gboolean is_text;
} C2lTrial;

struct _C2lEvaluator
{
  C2lSession *session;
  const C2lPrior *prior;
  int image_samples, variations, samples_per_text, steps, n_prompts;
  guint64 seed;
  gboolean is_full;
  float *image_conditions; /* [image_samples, D]; at least one row where there are variations */
  float *text_conditions;  /* [n_prompts, D] */
  C2lPass *plain, *guided;
  GArray *trials;
  int n_units, n_done; /* of work: samples and pictures */
  const C2lProgress *progress;
};

/* --- evaluate-draw.c --- */

/* Latents of all samples of @trial: [n_conditions · per_condition, num_ws, D]. */
gboolean   c2l_evaluator_find_latents (C2lEvaluator *evaluator, const C2lTrial *trial, float *latents, GCancellable *cancellable,
                                       GError **error);
/* Recipes of the first @n of @latents, truncated by @psi (transfer full). */
GPtrArray *c2l_evaluator_new_recipes (C2lEvaluator *evaluator, const float *latents, int n, double psi);
/* Draws @recipes, which are finished styles or latents, and embeds them: [n, D]. @grid: (nullable) receives small pictures. */
gboolean   c2l_evaluator_draw_and_embed (C2lEvaluator *evaluator, GPtrArray *recipes, GPtrArray *grid, float *embeddings,
                                         GCancellable *cancellable, GError **error);
/* Pictures of @trial as one, in @folder under its name. */
gboolean   c2l_evaluator_save_grid (GPtrArray *pictures, const C2lTrial *trial, const char *folder, GError **error);

/* --- evaluate-values.c --- */

/* Adds to @values what the @embeddings [n_conditions · per_condition, D] of a trial's pictures say. */
void       c2l_evaluator_note_values (C2lEvaluator *evaluator, JsonObject *values, const C2lTrial *trial, double psi,
                                      const float *embeddings);

G_END_DECLS
