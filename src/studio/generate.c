/* The whole way from prompts to pictures. Latents are sampled a handful at a time, as the sampler
 * takes them, and drawn before the next are, so that the first picture comes as soon for many as
 * for few; where there are previews, those of a screenful of pictures come first. Pictures are
 * handed on as soon as they are finished; with scores, as soon as the handful they are scored with
 * is. Cancelling, or a failure on the way, loses none that was drawn. */
#include "studio/generate.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* Latents are sampled so many at once, and drawn pictures wait for so many of their neighbours
 * before CLIP looks at them all at once. */
#define HANDFUL 16

/* So many pictures are seen as previews before the first of them is drawn in full. */
#define SCREENFUL 64

typedef struct
{
  C2lSession *session;
  const C2lGenerateParams *params;
  const C2lGenerateCallbacks *callbacks;
  GCancellable *cancellable;
  GPtrArray *pictures; /* all that are finished */
  GPtrArray *texts;    /* embeddings of prompts, owned */
  GPtrArray *wave;     /* of Handful: those that are sampled and not drawn yet */
  guint n_total, n_sampled, n_done, wave_size;
  gsize clip_length; /* floats of a picture as CLIP wants it */
  float *for_clip;   /* [HANDFUL, …] */
} Job;

/* Pictures of one prompt. */
typedef struct
{
  guint prompt_index;
  const float *text; /* (nullable): the prompt's embedding, where pictures are scored */
  GPtrArray *recipes;
} Handful;

static void
handful_free (gpointer data)
{
  Handful *handful = data;

  g_ptr_array_unref (handful->recipes);
  g_free (handful);
}

void
c2l_generate_params_init (C2lGenerateParams *params, C2lBundle *bundle)
{
  C2lDefaults defaults;

  c2l_bundle_get_defaults (bundle, &defaults);
  *params = (C2lGenerateParams){
    .sampling = { .n = 1,
                  .sampler = defaults.sampler,
                  .steps = defaults.steps,
                  .guidance = defaults.guidance,
                  .truncation = defaults.truncation,
                  .noise = C2L_NOISE_KIND_RANDOM },
  };
}

void
c2l_generate_params_clear (C2lGenerateParams *params)
{
  g_clear_pointer (&params->edits, g_ptr_array_unref);
  g_clear_pointer (&params->latents, g_ptr_array_unref);
}

gboolean
c2l_generate_params_add_edit (C2lGenerateParams *params,
                              C2lBundle *bundle,
                              const char *name,
                              double amount,
                              GError **error)
{
  const C2lDirection *direction = c2l_bundle_lookup_direction (bundle, name);
  g_autofree char *base = g_path_get_basename (name);
  C2lRecipeEdit *edit
      = c2l_recipe_edit_new (direction != NULL ? direction->id : base, amount, NULL);

  if (params->edits == NULL)
    params->edits = c2l_recipe_edits_new ();
  g_ptr_array_add (params->edits, edit);
  if (direction != NULL)
    return TRUE;
  if (g_file_test (name, G_FILE_TEST_IS_REGULAR))
    return c2l_direction_load (name, &edit->rows, error);
  g_set_error (
      error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
      _ ("%s: the model has no direction of this name and there is no such file; “c2l info” "
         "lists the model's directions"),
      name);
  return FALSE;
}

static void
report (Job *job, const char *stage)
{
  if (job->callbacks->progress != NULL)
    job->callbacks->progress ((double) job->n_done / MAX (job->n_total, 1), stage,
                              job->callbacks->data);
}

static void
hand_on (Job *job, C2lPicture *picture)
{
  g_ptr_array_add (job->pictures, c2l_picture_ref (picture));
  if (job->callbacks->picture != NULL)
    job->callbacks->picture (picture, job->callbacks->data);
}

/* --- the steps, each of which can be done again --- */

static gboolean
do_step (Job *job, C2lGenerateStep step, gpointer data, GError **error)
{
  return job->callbacks->step != NULL
             ? job->callbacks->step (step, data, error, job->callbacks->data)
             : step (data, job->cancellable, error);
}

typedef struct
{
  Job *job;
  const char *prompt;
  float *text;
  char *dropped;
} ReadStep;

static gboolean
read_prompt (gpointer data, GCancellable *cancellable, GError **error)
{
  ReadStep *step = data;

  g_clear_pointer (&step->dropped, g_free);
  return c2l_session_embed_prompt (step->job->session, step->prompt, step->text, &step->dropped,
                                   cancellable, error);
}

typedef struct
{
  Job *job;
  const char *prompt; /* (nullable) */
  const float *text;
  const C2lSampling *sampling;
  GPtrArray *recipes;
} SampleStep;

static gboolean
sample (gpointer data, GCancellable *cancellable, GError **error)
{
  SampleStep *step = data;
  C2lSession *session = step->job->session;

  step->recipes = step->prompt != NULL
                      ? c2l_session_sample (session, step->prompt, step->text, step->sampling,
                                            cancellable, error)
                      : c2l_session_sample_z (session, step->sampling, cancellable, error);
  return step->recipes != NULL;
}

typedef struct
{
  Job *job;
  C2lRecipe *const *recipes;
  int n; /* at once */
  int max_size;
  float *for_clip; /* (nullable) */
  C2lPicture *pictures[HANDFUL];
} DrawStep;

/* As many of @recipes, from @first on, as the device draws at once. */
static DrawStep
draw_step (Job *job, GPtrArray *recipes, guint first, int max_size, float *for_clip)
{
  C2lRecipe *const *from = (C2lRecipe *const *) recipes->pdata + first;
  const int n
      = c2l_session_count_alike (job->session, from, (int) MIN (recipes->len - first, HANDFUL));

  return (DrawStep){ job, from, n, max_size, for_clip };
}

static gboolean
draw (gpointer data, GCancellable *cancellable, GError **error)
{
  DrawStep *step = data;

  return c2l_session_draw_alike (step->job->session, step->recipes, step->n, step->max_size,
                                 step->for_clip, step->pictures, cancellable, error);
}

typedef struct
{
  Job *job;
  const float *text;
  guint n;
  double scores[HANDFUL];
} ScoreStep;

static gboolean
score (gpointer data, GCancellable *cancellable, GError **error)
{
  ScoreStep *step = data;

  return c2l_session_score (step->job->session, step->job->for_clip, step->n, step->text,
                            step->scores, cancellable, error);
}

/* --- a handful --- */

/* Scores pictures where @text is given, and hands them on in any case. */
static gboolean
finish (Job *job, GPtrArray *drawn, const float *text, GError **error)
{
  ScoreStep step = { job, text, drawn->len };
  gboolean ok = TRUE;

  if (text != NULL && drawn->len > 0)
    {
      report (job, "scoring");
      ok = do_step (job, score, &step, error);
    }
  for (guint i = 0; i < drawn->len; i++)
    {
      C2lPicture *picture = g_ptr_array_index (drawn, i);

      if (text != NULL && ok)
        {
          picture->recipe->has_score = TRUE;
          picture->recipe->score = step.scores[i];
        }
      hand_on (job, picture);
    }
  g_ptr_array_set_size (drawn, 0);
  return ok;
}

/* Whether a preview is cheaper than the picture that follows. */
static gboolean
wants_previews (Job *job)
{
  C2lGenerator *generator = c2l_engine_get_generator (c2l_session_get_engine (job->session), NULL);
  int preview = job->params->preview_size, full = job->params->max_size;

  return job->callbacks->preview != NULL && preview > 0 && generator != NULL
         && c2l_generator_has_previews (generator)
         && c2l_generator_get_preview_resolution (generator, preview)
                < (full > 0 ? c2l_generator_get_preview_resolution (generator, full)
                            : c2l_generator_get_img_resolution (generator));
}

static gboolean
draw_previews (Job *job, GPtrArray *recipes, GError **error)
{
  report (job, "sketching");
  for (guint at = 0; at < recipes->len;)
    {
      DrawStep step = draw_step (job, recipes, at, job->params->preview_size, NULL);

      if (!do_step (job, draw, &step, error))
        return FALSE;
      for (int i = 0; i < step.n; i++, at++)
        {
          job->callbacks->preview (step.pictures[i], job->n_sampled + at, job->callbacks->data);
          c2l_picture_unref (step.pictures[i]);
        }
    }
  return TRUE;
}

static gboolean
draw_handful (Job *job, const Handful *handful, GError **error)
{
  g_autoptr (GPtrArray) drawn = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  const float *text = handful->text;

  for (guint at = 0; at < handful->recipes->len;)
    {
      DrawStep step
          = draw_step (job, handful->recipes, at, job->params->max_size,
                       text != NULL ? job->for_clip + drawn->len * job->clip_length : NULL);

      report (job, "drawing");
      if (!do_step (job, draw, &step, error))
        {
          finish (job, drawn, NULL, NULL);
          return FALSE;
        }
      for (int i = 0; i < step.n; i++, at++)
        {
          step.pictures[i]->prompt_index = handful->prompt_index;
          g_ptr_array_add (drawn, step.pictures[i]);
          if (job->callbacks->drawn != NULL)
            job->callbacks->drawn (step.pictures[i], job->n_done, job->callbacks->data);
          job->n_done++;
          if (text == NULL)
            finish (job, drawn, NULL, NULL);
        }
    }
  return finish (job, drawn, text, error);
}

static gboolean
draw_wave (Job *job, GError **error)
{
  g_autoptr (GPtrArray) wave = g_steal_pointer (&job->wave);

  job->wave = g_ptr_array_new_with_free_func (handful_free);
  for (guint i = 0; i < wave->len; i++)
    if (!draw_handful (job, g_ptr_array_index (wave, i), error))
      return FALSE;
  /* More pictures of the last prompt may follow. */
  if (job->texts->len > 1)
    g_ptr_array_remove_range (job->texts, 0, job->texts->len - 1);
  return TRUE;
}

static void
add_edits (Job *job, GPtrArray *recipes)
{
  for (guint i = 0; i < recipes->len && job->params->edits != NULL; i++)
    for (guint j = 0; j < job->params->edits->len; j++)
      c2l_recipe_add_edit_copy (g_ptr_array_index (recipes, i),
                                g_ptr_array_index (job->params->edits, j));
}

/* Sketches the pictures of @recipes, taken, at most a handful, and draws the wave that they
 * complete. */
static gboolean
add_handful (Job *job, guint prompt_index, const float *text, GPtrArray *recipes, GError **error)
{
  Handful *handful = g_new (Handful, 1);

  *handful = (Handful){ prompt_index, text, recipes };
  g_ptr_array_add (job->wave, handful);
  add_edits (job, recipes);
  if (job->wave_size > 1 && !draw_previews (job, recipes, error))
    return FALSE;
  job->n_sampled += recipes->len;
  return job->n_sampled - job->n_done < job->wave_size || draw_wave (job, error);
}

static double
get_rank (const C2lPicture *picture)
{
  return picture->recipe->has_score ? picture->recipe->score : -INFINITY;
}

static gint
compare_scores (gconstpointer a, gconstpointer b)
{
  const C2lPicture *left = *(C2lPicture *const *) a, *right = *(C2lPicture *const *) b;
  const double l = get_rank (left), r = get_rank (right);

  if (left->prompt_index != right->prompt_index)
    return left->prompt_index < right->prompt_index ? -1 : 1;
  if (l != r)
    return r > l ? 1 : -1;
  return left->recipe->index < right->recipe->index ? -1
                                                    : left->recipe->index > right->recipe->index;
}

void
c2l_generate_sort (GPtrArray *pictures, guint start)
{
  if (pictures->len > start)
    qsort (pictures->pdata + start, pictures->len - start, sizeof (gpointer), compare_scores);
}

/* @prompt: (nullable): without one from random z, and @text and @scored are not looked at. */
static gboolean
sample_and_draw (Job *job,
                 guint prompt_index,
                 const char *prompt,
                 const float *text,
                 gboolean scored,
                 GError **error)
{
  C2lSampling sampling = job->params->sampling;

  for (int start = 0; start < job->params->sampling.n; start += HANDFUL)
    {
      SampleStep step = { job, prompt, text, &sampling };

      sampling.first_index = job->params->sampling.first_index + start;
      sampling.n = MIN (job->params->sampling.n - start, HANDFUL);
      report (job, "imagining");
      if (!do_step (job, sample, &step, error)
          || !add_handful (job, prompt_index, prompt != NULL && scored ? text : NULL, step.recipes,
                           error))
        return FALSE;
    }
  return TRUE;
}

/* The prompt's embedding, lent; tells of words that were dropped. NULL and an error. */
static const float *
get_embedding (Job *job, const char *prompt, GError **error)
{
  int width = c2l_session_get_embed_width (job->session, error);
  float *text = g_new (float, MAX (width, 1));
  ReadStep step = { job, prompt, text };
  gboolean ok;

  g_ptr_array_add (job->texts, text);
  report (job, "reading the prompt");
  ok = width > 0 && do_step (job, read_prompt, &step, error);
  if (ok && step.dropped != NULL && job->callbacks->dropped != NULL)
    job->callbacks->dropped (prompt, step.dropped, job->callbacks->data);
  g_free (step.dropped);
  return ok ? text : NULL;
}

static gboolean
generate_for_prompts (Job *job, GError **error)
{
  gboolean scored = job->params->score || job->params->sort;

  for (guint i = 0; job->params->prompts[i] != NULL; i++)
    {
      const char *prompt = job->params->prompts[i];
      const float *text = get_embedding (job, prompt, error);

      if (text == NULL || !sample_and_draw (job, i, prompt, text, scored, error))
        return FALSE;
    }
  return TRUE;
}

static GPtrArray *
adopt_latents (Job *job, GError **error)
{
  g_autoptr (GPtrArray) recipes
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);
  C2lSampling sampling = job->params->sampling;

  for (guint i = 0; i < job->params->latents->len; i++, sampling.first_index++)
    {
      C2lRecipe *recipe = c2l_session_adopt_latent (
          job->session, g_ptr_array_index (job->params->latents, i), &sampling, error);

      if (recipe == NULL)
        return NULL;
      g_ptr_array_add (recipes, recipe);
    }
  return g_steal_pointer (&recipes);
}

/* @recipes: taken from @start to before @end; of one prompt, a handful at a time. */
static gboolean
draw_recipes (Job *job,
              GPtrArray *recipes,
              guint start,
              guint end,
              const float *text,
              GError **error)
{
  for (; start < end; start += HANDFUL)
    {
      GPtrArray *handful = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);

      for (guint i = start; i < MIN (start + HANDFUL, end); i++)
        g_ptr_array_add (handful, c2l_recipe_copy (g_ptr_array_index (recipes, i)));
      if (!add_handful (job, 0, text, handful, error))
        return FALSE;
    }
  return TRUE;
}

/* Given latents; a single prompt serves to score them. */
static gboolean
generate_from_latents (Job *job, GError **error)
{
  const char *prompt = job->params->prompts != NULL ? job->params->prompts[0] : NULL;
  gboolean scored = prompt != NULL && (job->params->score || job->params->sort);
  const float *text = scored ? get_embedding (job, prompt, error) : NULL;
  g_autoptr (GPtrArray) recipes = NULL;

  if (scored && text == NULL)
    return FALSE;
  recipes = adopt_latents (job, error);
  if (recipes == NULL)
    return FALSE;
  for (guint i = 0; i < recipes->len && prompt != NULL; i++)
    ((C2lRecipe *) g_ptr_array_index (recipes, i))->prompt = g_strdup (prompt);
  return draw_recipes (job, recipes, 0, recipes->len, text, error);
}

/* Given recipes, copied because they get scores here: those that follow each other with the same
 * prompt together. */
static gboolean
generate_from_recipes (Job *job, GError **error)
{
  GPtrArray *given = job->params->recipes;

  for (guint start = 0, end; start < given->len; start = end)
    {
      const char *prompt = ((C2lRecipe *) g_ptr_array_index (given, start))->prompt;
      gboolean scored = prompt != NULL && job->params->score;
      const float *text = scored ? get_embedding (job, prompt, error) : NULL;

      if (scored && text == NULL)
        return FALSE;
      for (end = start + 1; end < given->len; end++)
        if (g_strcmp0 (((C2lRecipe *) g_ptr_array_index (given, end))->prompt, prompt) != 0)
          break;
      if (!draw_recipes (job, given, start, end, text, error))
        return FALSE;
    }
  return TRUE;
}

static guint
count_pictures (const C2lGenerateParams *params, guint n_prompts)
{
  if (params->recipes != NULL)
    return params->recipes->len;
  return params->latents != NULL ? params->latents->len
                                 : (guint) params->sampling.n * MAX (n_prompts, 1);
}

static gboolean
generate (Job *job, guint n_prompts, GError **error)
{
  gboolean ok;

  if (job->params->recipes != NULL)
    ok = generate_from_recipes (job, error);
  else if (job->params->latents != NULL)
    ok = generate_from_latents (job, error);
  else if (n_prompts == 0)
    ok = sample_and_draw (job, 0, NULL, NULL, FALSE, error);
  else
    ok = generate_for_prompts (job, error);
  return ok && draw_wave (job, error);
}

gboolean
c2l_generate (C2lSession *session,
              const C2lGenerateParams *params,
              const C2lGenerateCallbacks *callbacks,
              GPtrArray *pictures,
              GCancellable *cancellable,
              GError **error)
{
  static const C2lGenerateCallbacks none = { 0 };
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  Job job
      = { session, params, callbacks != NULL ? callbacks : &none, cancellable, pictures, texts };
  guint n_prompts = params->prompts != NULL ? g_strv_length ((char **) params->prompts) : 0;
  guint start = pictures->len;
  g_autofree float *for_clip = NULL;
  gboolean ok;

  job.n_total = count_pictures (params, n_prompts);
  if ((n_prompts > 0 || params->recipes != NULL) && (params->score || params->sort))
    {
      int side = c2l_session_get_clip_side (session, error);

      if (side == 0)
        return FALSE;
      job.clip_length = (gsize) side * side * 3;
      job.for_clip = for_clip = g_new (float, job.clip_length *HANDFUL);
    }
  job.wave = g_ptr_array_new_with_free_func (handful_free);
  job.wave_size = wants_previews (&job) ? SCREENFUL : 1;
  ok = generate (&job, n_prompts, error);
  g_ptr_array_unref (job.wave);
  if (params->sort)
    c2l_generate_sort (pictures, start);
  if (ok)
    report (&job, "done");
  return ok;
}
