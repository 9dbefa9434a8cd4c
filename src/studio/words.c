/* From two prompts to a calibrated direction. What CLIP sees of a picture is the difference of its
 * cosines with both prompts: that of pictures drawn for the second prompt is the goal, and a
 * direction that brings pictures of the first one most of the way there makes a clear difference.
 */
#include "studio/words.h"

#include "studio/moments.h"
#include "studio/session-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#define N_SAMPLES 128
#define N_PICTURES 6

/* Where pictures are looked at, in distances of the means. The negative one shows the artist that
 * the way back works. */
static const double amounts[] = { -1, 0, 0.5, 1, 1.5, 2, 3, 4 };

/* The part of the way to the goal that is a clear difference, and the least that is one at all. */
#define CLEAR_PART 0.75
#define LEAST_PART 0.25

/* Means that lie nearer than this, in deviations of a latent, are the same; cosines, too. */
#define LEAST_DISTANCE 1e-3
#define LEAST_COSINE 0.005

/* Of the work: sampling, then drawing. */
#define SAMPLING_SHARE 0.3

/* Latents are sampled so many at a time; between them progress is told, and a worker gives way. */
#define CHUNK 16

typedef struct
{
  C2lSession *session;
  const C2lWords *words;
  C2lSampling sampling;
  const C2lProgress *progress;
  GCancellable *cancellable;
  int embed_width, n_latents, width, n_pictures;
  float *from_text, *to_text; /* [embed_width] */
  float *from_mean, *to_mean; /* [n_latents, width] */
  C2lRows direction;          /* [1 or num_ws, width] */
  int n_drawn;
} Search;

static void
search_clear (Search *self)
{
  g_free (self->from_text);
  g_free (self->to_text);
  g_free (self->from_mean);
  g_free (self->to_mean);
  c2l_rows_clear (&self->direction);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Search, search_clear)

void
c2l_words_result_free (C2lWordsResult *result)
{
  if (result == NULL)
    return;
  g_clear_pointer (&result->direction, c2l_found_free);
  g_free (result->amounts);
  g_free (result->from_scores);
  g_free (result->to_scores);
  g_free (result);
}

static gboolean
embed (Search *self, const char *prompt, float **text, GError **error)
{
  *text = g_new (float, self->embed_width);
  return c2l_session_embed_prompt (self->session, prompt, *text, NULL, self->cancellable, error);
}

/* The mean of the latents for @text, and in @spread (nullable) their standard deviation over all
 * channels. @done: of the progress. */
static gboolean
find_mean (Search *self,
           const float *text,
           double done,
           float **mean,
           double *spread,
           GError **error)
{
  gsize length = (gsize) self->n_latents * self->width;
  int n = self->sampling.n;
  g_autofree float *latents = g_new (float, length *n), *std = g_new (float, length);
  double sum = 0;

  for (int start = 0; start < n; start += CHUNK)
    {
      C2lSampling part = self->sampling;

      part.first_index = start;
      part.n = MIN (n - start, CHUNK);
      if (!c2l_session_find_latents (self->session, text, &part, latents + start * length,
                                     self->cancellable, error))
        return FALSE;
      c2l_progress_report (self->progress, done + SAMPLING_SHARE / 2 * (start + part.n) / n);
    }
  *mean = g_new (float, length);
  c2l_moments (latents, n, length, *mean, std);
  for (gsize i = 0; i < length; i++)
    sum += (double) std[i] * std[i];
  if (spread != NULL)
    *spread = sqrt (sum);
  return TRUE;
}

static gboolean
find_difference (Search *self, GError **error)
{
  C2lGenerator *generator = c2l_engine_get_generator (self->session->engine, error);
  gsize length = (gsize) self->n_latents * self->width;
  g_autofree float *difference = g_new (float, length), *repeated = NULL;
  double spread, distance = 0;

  if (generator == NULL || !find_mean (self, self->from_text, 0, &self->from_mean, &spread, error)
      || !find_mean (self, self->to_text, SAMPLING_SHARE / 2, &self->to_mean, NULL, error))
    return FALSE;
  for (gsize i = 0; i < length; i++)
    {
      difference[i] = self->to_mean[i] - self->from_mean[i];
      distance += (double) difference[i] * difference[i];
    }
  if (!(sqrt (distance) > LEAST_DISTANCE * spread))
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
                   _ ("“%s” and “%s”: the model makes the same of both; choose words that say "
                      "something different"),
                   self->words->from, self->words->to);
      return FALSE;
    }
  if (self->n_latents == 1)
    {
      c2l_rows_set (&self->direction, 1, self->width, difference);
      return TRUE;
    }
  repeated = c2l_session_repeat_rows (self->session, difference, self->n_latents, error);
  if (repeated != NULL)
    c2l_rows_set (&self->direction, c2l_generator_get_num_ws (generator), self->width, repeated);
  return repeated != NULL;
}

/* --- what CLIP sees --- */

/* The mean cosines of @recipes' pictures, moved by @amount, with both prompts. */
static gboolean
look (Search *self,
      GPtrArray *recipes,
      double amount,
      double *from_score,
      double *to_score,
      GError **error)
{
  int n = recipes->len, side = c2l_session_get_clip_side (self->session, error);
  gsize length = (gsize) side * side * 3;
  g_autofree float *pictures = g_new (float, length *n);
  g_autofree double *from = g_new (double, n), *to = g_new (double, n);
  int n_looks = (G_N_ELEMENTS (amounts) + 1) * n;

  for (int i = 0; i < n; i++)
    {
      g_autoptr (C2lRecipe) moved = c2l_recipe_copy (g_ptr_array_index (recipes, i));

      if (amount != 0)
        c2l_recipe_add_edit (moved, self->words->to, amount, &self->direction);
      if (!c2l_session_look (self->session, moved, pictures + i * length, self->cancellable, error))
        return FALSE;
      c2l_progress_report (self->progress,
                           SAMPLING_SHARE + (1 - SAMPLING_SHARE) * ++self->n_drawn / n_looks);
    }
  if (!c2l_session_score (self->session, pictures, n, self->from_text, from, self->cancellable,
                          error)
      || !c2l_session_score (self->session, pictures, n, self->to_text, to, self->cancellable,
                             error))
    return FALSE;
  *from_score = *to_score = 0;
  for (int i = 0; i < n; i++)
    {
      *from_score += from[i] / n;
      *to_score += to[i] / n;
    }
  return TRUE;
}

double
c2l_words_find_amount (const double *xs,
                       const double *curve,
                       int n,
                       double goal,
                       gboolean *is_clear)
{
  int zero = 0, highest;
  double start, clear;

  while (zero + 1 < n && xs[zero] < 0)
    zero++;
  start = curve[zero];
  clear = start + CLEAR_PART * (goal - start);
  *is_clear = FALSE;
  highest = zero + 1;
  if (!(goal - start > LEAST_COSINE))
    return 1;
  for (int i = zero + 1; i < n; i++)
    {
      if (curve[i] >= clear)
        {
          *is_clear = TRUE;
          return xs[i - 1]
                 + (xs[i] - xs[i - 1]) * (clear - curve[i - 1]) / (curve[i] - curve[i - 1]);
        }
      if (curve[i] > curve[highest])
        highest = i;
    }
  *is_clear = curve[highest] - start > LEAST_PART * (goal - start);
  return *is_clear ? xs[highest] : 1;
}

/* Pictures of the first prompt along the direction, and such of the second one as the goal. */
static gboolean
calibrate (Search *self, C2lWordsResult *result, GError **error)
{
  g_autoptr (GPtrArray) start = NULL, goal = NULL;
  double curve[G_N_ELEMENTS (amounts)], from_score, to_score, unit;

  self->sampling.n = self->n_pictures;
  self->sampling.truncation = 1;
  self->sampling.noise = C2L_NOISE_KIND_CONST;
  start = c2l_session_sample (self->session, self->words->from, self->from_text, &self->sampling,
                              self->cancellable, error);
  goal = start != NULL ? c2l_session_sample (self->session, self->words->to, self->to_text,
                                             &self->sampling, self->cancellable, error)
                       : NULL;
  if (goal == NULL || !look (self, goal, 0, &from_score, &to_score, error))
    return FALSE;
  for (int i = 0; i < result->n_points; i++)
    {
      if (!look (self, start, amounts[i], &result->from_scores[i], &result->to_scores[i], error))
        return FALSE;
      curve[i] = result->to_scores[i] - result->from_scores[i];
    }
  unit = c2l_words_find_amount (amounts, curve, result->n_points, to_score - from_score,
                                &result->is_clear);
  for (int i = 0; i < result->n_points; i++)
    result->amounts[i] = amounts[i] / unit;
  for (gsize i = 0; i < (gsize) self->direction.n_rows * self->direction.width; i++)
    self->direction.data[i] *= unit;
  return TRUE;
}

C2lWordsResult *
c2l_words_find (C2lSession *session,
                const C2lWords *words,
                const C2lProgress *progress,
                GCancellable *cancellable,
                GError **error)
{
  C2lPrior *prior = c2l_engine_get_prior (session->engine, error);
  g_auto (Search) self = { session, words, *words->sampling, progress, cancellable };
  g_autoptr (C2lWordsResult) result = g_new0 (C2lWordsResult, 1);

  self.embed_width = prior != NULL ? c2l_session_get_embed_width (session, error) : 0;
  if (self.embed_width == 0)
    return NULL;
  self.n_latents = c2l_prior_get_info (prior)->n_latents;
  self.width = c2l_prior_get_info (prior)->dim;
  self.n_pictures = words->n_pictures > 0 ? words->n_pictures : N_PICTURES;
  self.sampling.n = words->n_samples > 0 ? words->n_samples : N_SAMPLES;
  result->n_points = G_N_ELEMENTS (amounts);
  result->amounts = g_new0 (double, G_N_ELEMENTS (amounts));
  result->from_scores = g_new0 (double, G_N_ELEMENTS (amounts));
  result->to_scores = g_new0 (double, G_N_ELEMENTS (amounts));
  if (!embed (&self, words->from, &self.from_text, error)
      || !embed (&self, words->to, &self.to_text, error) || !find_difference (&self, error)
      || !calibrate (&self, result, error))
    return NULL;
  result->direction = c2l_found_new (words->to, &self.direction, 1);
  c2l_progress_report (progress, 1);
  return g_steal_pointer (&result);
}
