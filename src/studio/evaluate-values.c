/* What a trial's pictures are worth: how near they are to their condition, and how far from each
 * other. */
#include "studio/evaluate-private.h"

#include "studio/similarity.h"

/* Mean cosine of each sample with its condition. */
static double
measure_similarity (const C2lTrial *trial, const float *embeddings, int width)
{
  int n = trial->n_conditions * trial->per_condition;
  double sum = 0;

  for (int i = 0; i < n; i++)
    sum += c2l_similarity_cosine (trial->conditions + (gsize) (i / trial->per_condition) * width,
                                  embeddings + (gsize) i * width, width);
  return sum / n;
}

/* Mean of 1 − cosine over all pairs of samples of one condition. */
static double
measure_diversity (const C2lTrial *trial, const float *embeddings, int width)
{
  int per = trial->per_condition;
  double sum = 0;

  for (int condition = 0; condition < trial->n_conditions; condition++)
    for (int i = 0; i < per; i++)
      for (int j = 0; j < i; j++)
        sum += 1
               - c2l_similarity_cosine (embeddings + (gsize) (condition * per + i) * width,
                                        embeddings + (gsize) (condition * per + j) * width, width);
  return sum / ((double) trial->n_conditions * per * (per - 1) / 2);
}

static void
set_value (JsonObject *values, const char *first, const char *second, double value)
{
  g_autofree char *name = g_strconcat (first, second, NULL);
  json_object_set_double_member (values, name, value);
}

void
c2l_evaluator_note_values (C2lEvaluator *evaluator,
                           JsonObject *values,
                           const C2lTrial *trial,
                           double psi,
                           const float *embeddings)
{
  int width = c2l_prior_get_info (evaluator->prior)->dim;
  double similarity = measure_similarity (trial, embeddings, width);
  double diversity = trial->per_condition > 1 ? measure_diversity (trial, embeddings, width) : 0;
  g_autofree char *where = g_strdup_printf ("/g%g/psi%g", trial->guidance, psi);

  if (psi == 1 && trial->name != NULL)
    {
      set_value (values, trial->name, "", similarity);
      if (trial->per_condition > 1)
        set_value (values, trial->name, "/diversity", diversity);
    }
  if (!evaluator->is_full || !trial->is_text)
    return;
  set_value (values, "clip-score", where, similarity);
  if (trial->per_condition > 1)
    set_value (values, "diversity", where, diversity);
}
