/* The whole way from prompts to pictures. Latents are sampled a handful at a time, as the sampler
 * takes them, and drawn before the next are, so that the first picture comes as soon for many as
 * for few. Pictures are handed on as soon as they are finished; with scores, as soon as the handful
 * they are scored with is. Cancelling, or a failure on the way, loses none that was drawn. */
#include "studio/generate.h"

#include <math.h>
#include <string.h>

/* Latents are sampled so many at once, and drawn pictures wait for so many of their neighbours
 * before CLIP looks at them all at once. */
#define HANDFUL 16

typedef struct
{
  C2lSession *session;
  const C2lGenerateParams *params;
  const C2lGenerateCallbacks *callbacks;
  GCancellable *cancellable;
  GPtrArray *pictures; /* all that are finished */
  guint n_total, n_done;
  gsize clip_length; /* floats of a picture as CLIP wants it */
  float *for_clip;   /* [HANDFUL, …] */
} Job;

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
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
               "%s: the model has no direction of this name and there is no such file; “c2l info” "
               "lists the model's directions",
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
  C2lRecipe *recipe;
  int max_size;
  float *for_clip; /* (nullable) */
  C2lPicture *picture;
} DrawStep;

static gboolean
draw (gpointer data, GCancellable *cancellable, GError **error)
{
  DrawStep *step = data;

  step->picture = c2l_session_draw (step->job->session, step->recipe, step->max_size,
                                    step->for_clip, cancellable, error);
  return step->picture != NULL;
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

/* Scores a handful where @text is given, and hands it on in any case. */
static gboolean
finish_handful (Job *job, GPtrArray *handful, const float *text, GError **error)
{
  ScoreStep step = { job, text, handful->len };
  gboolean ok = TRUE;

  if (text != NULL && handful->len > 0)
    {
      report (job, "scoring");
      ok = do_step (job, score, &step, error);
    }
  for (guint i = 0; i < handful->len; i++)
    {
      C2lPicture *picture = g_ptr_array_index (handful, i);

      if (text != NULL && ok)
        {
          picture->recipe->has_score = TRUE;
          picture->recipe->score = step.scores[i];
        }
      hand_on (job, picture);
    }
  g_ptr_array_set_size (handful, 0);
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
  if (!wants_previews (job))
    return TRUE;
  report (job, "sketching");
  for (guint i = 0; i < recipes->len; i++)
    {
      DrawStep step = { job, g_ptr_array_index (recipes, i), job->params->preview_size };
      g_autoptr (C2lPicture) picture = NULL;

      if (!do_step (job, draw, &step, error))
        return FALSE;
      picture = step.picture;
      job->callbacks->preview (picture, job->n_done + i, job->callbacks->data);
    }
  return TRUE;
}

/* @text: (nullable): the prompt's embedding, where pictures are scored. At most a handful of
 * @recipes at a time come sketched. */
static gboolean
draw_all (Job *job, GPtrArray *recipes, guint prompt_index, const float *text, GError **error)
{
  g_autoptr (GPtrArray) handful
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  guint most = text != NULL ? HANDFUL : 1;

  if (!draw_previews (job, recipes, error))
    return FALSE;
  for (guint i = 0; i < recipes->len; i++)
    {
      DrawStep step = { job, g_ptr_array_index (recipes, i), job->params->max_size,
                        text != NULL ? job->for_clip + handful->len * job->clip_length : NULL };

      report (job, "drawing");
      if (!do_step (job, draw, &step, error))
        {
          finish_handful (job, handful, NULL, NULL);
          return FALSE;
        }
      step.picture->prompt_index = prompt_index;
      g_ptr_array_add (handful, step.picture);
      if (job->callbacks->drawn != NULL)
        job->callbacks->drawn (step.picture, job->n_done, job->callbacks->data);
      job->n_done++;
      if (handful->len == most && !finish_handful (job, handful, text, error))
        return FALSE;
    }
  return finish_handful (job, handful, text, error);
}

static void
add_edits (Job *job, GPtrArray *recipes)
{
  for (guint i = 0; i < recipes->len && job->params->edits != NULL; i++)
    for (guint j = 0; j < job->params->edits->len; j++)
      c2l_recipe_add_edit_copy (g_ptr_array_index (recipes, i),
                                g_ptr_array_index (job->params->edits, j));
}

static gint
compare_scores (gconstpointer a, gconstpointer b)
{
  const C2lPicture *left = *(C2lPicture *const *) a, *right = *(C2lPicture *const *) b;
  double difference = right->recipe->score - left->recipe->score;

  if (difference != 0)
    return difference > 0 ? 1 : -1;
  return left->recipe->index < right->recipe->index ? -1
                                                    : left->recipe->index > right->recipe->index;
}

/* Best first, from the picture @start on. */
static void
sort_from (GPtrArray *pictures, guint start)
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
      g_autoptr (GPtrArray) recipes = NULL;

      sampling.first_index = job->params->sampling.first_index + start;
      sampling.n = MIN (job->params->sampling.n - start, HANDFUL);
      report (job, "imagining");
      if (!do_step (job, sample, &step, error))
        return FALSE;
      recipes = step.recipes;
      add_edits (job, recipes);
      if (!draw_all (job, recipes, prompt_index, prompt != NULL && scored ? text : NULL, error))
        return FALSE;
    }
  return TRUE;
}

/* The prompt's embedding, tells of words that were dropped; NULL and an error. */
static float *
dup_embedding (Job *job, const char *prompt, GError **error)
{
  int width = c2l_session_get_embed_width (job->session, error);
  g_autofree float *text = g_new (float, MAX (width, 1));
  ReadStep step = { job, prompt, text };
  gboolean ok;

  report (job, "reading the prompt");
  ok = width > 0 && do_step (job, read_prompt, &step, error);
  if (ok && step.dropped != NULL && job->callbacks->dropped != NULL)
    job->callbacks->dropped (prompt, step.dropped, job->callbacks->data);
  g_free (step.dropped);
  return ok ? g_steal_pointer (&text) : NULL;
}

static gboolean
generate_for_prompt (Job *job, guint index, GError **error)
{
  const char *prompt = job->params->prompts[index];
  g_autofree float *text = dup_embedding (job, prompt, error);
  guint start = job->pictures->len;
  gboolean ok = text != NULL
                && sample_and_draw (job, index, prompt, text,
                                    job->params->score || job->params->sort, error);

  if (ok && job->params->sort)
    sort_from (job->pictures, start);
  return ok;
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

/* Given latents; a single prompt serves to score them. */
static gboolean
generate_from_latents (Job *job, GError **error)
{
  const char *prompt = job->params->prompts != NULL ? job->params->prompts[0] : NULL;
  gboolean scored = prompt != NULL && (job->params->score || job->params->sort);
  g_autofree float *text = scored ? dup_embedding (job, prompt, error) : NULL;
  g_autoptr (GPtrArray) recipes = NULL;

  if (scored && text == NULL)
    return FALSE;
  recipes = adopt_latents (job, error);
  if (recipes == NULL)
    return FALSE;
  for (guint i = 0; i < recipes->len && prompt != NULL; i++)
    ((C2lRecipe *) g_ptr_array_index (recipes, i))->prompt = g_strdup (prompt);
  add_edits (job, recipes);
  if (!draw_all (job, recipes, 0, text, error))
    return FALSE;
  if (scored && job->params->sort)
    sort_from (job->pictures, 0);
  return TRUE;
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
      g_autofree float *text = scored ? dup_embedding (job, prompt, error) : NULL;
      g_autoptr (GPtrArray) recipes
          = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);

      if (scored && text == NULL)
        return FALSE;
      for (end = start; end < given->len && recipes->len < HANDFUL; end++)
        {
          C2lRecipe *recipe = g_ptr_array_index (given, end);

          if (g_strcmp0 (recipe->prompt, prompt) != 0)
            break;
          g_ptr_array_add (recipes, c2l_recipe_copy (recipe));
        }
      add_edits (job, recipes);
      if (!draw_all (job, recipes, 0, text, error))
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

gboolean
c2l_generate (C2lSession *session,
              const C2lGenerateParams *params,
              const C2lGenerateCallbacks *callbacks,
              GPtrArray *pictures,
              GCancellable *cancellable,
              GError **error)
{
  static const C2lGenerateCallbacks none = { 0 };
  Job job = { session, params, callbacks != NULL ? callbacks : &none, cancellable,
              .pictures = pictures };
  guint n_prompts = params->prompts != NULL ? g_strv_length ((char **) params->prompts) : 0;
  g_autofree float *for_clip = NULL;

  job.n_total = count_pictures (params, n_prompts);
  if ((n_prompts > 0 || params->recipes != NULL) && (params->score || params->sort))
    {
      int side = c2l_session_get_clip_side (session, error);

      if (side == 0)
        return FALSE;
      job.clip_length = (gsize) side * side * 3;
      job.for_clip = for_clip = g_new (float, job.clip_length *HANDFUL);
    }
  if (params->recipes != NULL)
    return generate_from_recipes (&job, error);
  if (params->latents != NULL)
    return generate_from_latents (&job, error);
  if (n_prompts == 0)
    return sample_and_draw (&job, 0, NULL, NULL, FALSE, error);
  for (guint i = 0; i < n_prompts; i++)
    if (!generate_for_prompt (&job, i, error))
      return FALSE;
  report (&job, "done");
  return TRUE;
}
