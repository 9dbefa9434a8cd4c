/* The whole way from prompts to pictures. Latents are sampled a handful at a time, as the sampler
 * takes them, and drawn before the next are, so that the first picture comes as soon for many as
 * for few. Pictures are handed on as soon as they are finished; with scores, as soon as the handful
 * they are scored with is. Cancelling, or a failure on the way, loses none that was drawn. */
#include "studio/generate.h"

#include "studio/digest.h"

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

/* Scores a handful where @text is given, and hands it on in any case. */
static gboolean
finish_handful (Job *job, GPtrArray *handful, const float *text, GError **error)
{
  double scores[HANDFUL];
  gboolean ok = TRUE;

  if (text != NULL && handful->len > 0)
    {
      report (job, "scoring");
      ok = c2l_session_score (job->session, job->for_clip, handful->len, text, scores,
                              job->cancellable, error);
    }
  for (guint i = 0; i < handful->len; i++)
    {
      C2lPicture *picture = g_ptr_array_index (handful, i);

      if (text != NULL && ok)
        {
          picture->recipe->has_score = TRUE;
          picture->recipe->score = scores[i];
        }
      hand_on (job, picture);
    }
  g_ptr_array_set_size (handful, 0);
  return ok;
}

/* @text: (nullable): the prompt's embedding, where pictures are scored. */
static gboolean
draw_all (Job *job, GPtrArray *recipes, guint prompt_index, const float *text, GError **error)
{
  g_autoptr (GPtrArray) handful
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  guint most = text != NULL ? HANDFUL : 1;

  for (guint i = 0; i < recipes->len; i++)
    {
      C2lPicture *picture;

      report (job, "drawing");
      picture
          = c2l_session_draw (job->session, g_ptr_array_index (recipes, i), 0,
                              text != NULL ? job->for_clip + handful->len * job->clip_length : NULL,
                              job->cancellable, error);
      if (picture == NULL)
        {
          finish_handful (job, handful, NULL, NULL);
          return FALSE;
        }
      picture->prompt_index = prompt_index;
      g_ptr_array_add (handful, picture);
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

/* @prompt: (nullable): without one from random z, and @text and @score are not looked at. */
static gboolean
sample_and_draw (Job *job,
                 guint prompt_index,
                 const char *prompt,
                 const float *text,
                 gboolean score,
                 GError **error)
{
  C2lSampling sampling = job->params->sampling;

  for (int start = 0; start < job->params->sampling.n; start += HANDFUL)
    {
      g_autoptr (GPtrArray) recipes = NULL;

      sampling.first_index = job->params->sampling.first_index + start;
      sampling.n = MIN (job->params->sampling.n - start, HANDFUL);
      report (job, "imagining");
      recipes = prompt != NULL
                    ? c2l_session_sample (job->session, prompt, text, &sampling, job->cancellable,
                                          error)
                    : c2l_session_sample_z (job->session, &sampling, job->cancellable, error);
      if (recipes == NULL)
        return FALSE;
      add_edits (job, recipes);
      if (!draw_all (job, recipes, prompt_index, prompt != NULL && score ? text : NULL, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
generate_for_prompt (Job *job, guint index, GError **error)
{
  const char *prompt = job->params->prompts[index];
  int width = c2l_session_get_embed_width (job->session, error);
  g_autofree float *text = g_new (float, MAX (width, 1));
  g_autofree char *dropped = NULL;
  gboolean ok, score = job->params->score || job->params->sort;
  guint start = job->pictures->len;

  report (job, "reading the prompt");
  if (width == 0
      || !c2l_session_embed_prompt (job->session, prompt, text, &dropped, job->cancellable, error))
    return FALSE;
  if (dropped != NULL && job->callbacks->dropped != NULL)
    job->callbacks->dropped (prompt, dropped, job->callbacks->data);
  ok = sample_and_draw (job, index, prompt, text, score, error);
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
  gboolean score = prompt != NULL && (job->params->score || job->params->sort);
  int width = score ? c2l_session_get_embed_width (job->session, error) : 0;
  g_autofree float *text = g_new (float, MAX (width, 1));
  g_autoptr (GPtrArray) recipes = NULL;

  if (score
      && (width == 0
          || !c2l_session_embed_prompt (job->session, prompt, text, NULL, job->cancellable, error)))
    return FALSE;
  recipes = adopt_latents (job, error);
  if (recipes == NULL)
    return FALSE;
  for (guint i = 0; i < recipes->len && prompt != NULL; i++)
    ((C2lRecipe *) g_ptr_array_index (recipes, i))->prompt = g_strdup (prompt);
  add_edits (job, recipes);
  if (!draw_all (job, recipes, 0, score ? text : NULL, error))
    return FALSE;
  if (score && job->params->sort)
    sort_from (job->pictures, 0);
  return TRUE;
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

  job.n_total
      = params->latents != NULL ? params->latents->len : params->sampling.n * MAX (n_prompts, 1);
  if (n_prompts > 0 && (params->score || params->sort))
    {
      int side = c2l_session_get_clip_side (session, error);

      if (side == 0)
        return FALSE;
      job.clip_length = (gsize) side * side * 3;
      job.for_clip = for_clip = g_new (float, job.clip_length *HANDFUL);
    }
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

static gboolean
check_model (C2lSession *session, C2lRecipe *recipe, GError **error)
{
  C2lBundle *bundle = c2l_engine_get_bundle (c2l_session_get_engine (session));
  const char *sum = g_hash_table_lookup (recipe->sha256, c2l_role_get_name (C2L_ROLE_GENERATOR));
  const char *file = c2l_bundle_get_file (bundle, C2L_ROLE_GENERATOR);
  /* Of the file itself: what model.json says of it may no longer be true. */
  g_autofree char *own = file != NULL ? c2l_digest_file (file, NULL, error)
                                      : c2l_bundle_dup_sha256 (bundle, C2L_ROLE_GENERATOR, error);

  if (own == NULL)
    return FALSE;
  if (sum == NULL || g_ascii_strcasecmp (sum, own) == 0)
    return TRUE;
  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
               "the picture was drawn by the model “%s”, and “%s” has another generator; name the "
               "right one with --model",
               recipe->model != NULL ? recipe->model : "?", c2l_bundle_get_name (bundle));
  return FALSE;
}

/* Why the result may differ in the last bits, or NULL. */
static char *
dup_difference (C2lSession *session, C2lRecipe *recipe)
{
  C2lDevice *device = c2l_engine_get_device (c2l_session_get_engine (session));
  const char *precision = c2l_precision_get_name (c2l_session_get_precision (session));
  g_autofree char *details = c2l_session_dup_device_details (session);

  if (g_strcmp0 (recipe->program, C2L_VERSION) != 0)
    return g_strdup_printf ("it was drawn by version %s of the program, this is %s",
                            recipe->program, C2L_VERSION);
  if (g_strcmp0 (recipe->precision, precision) != 0)
    return g_strdup_printf ("it was drawn in precision %s, this is %s", recipe->precision,
                            precision);
  if (g_strcmp0 (recipe->device, c2l_device_get_kind (device)) != 0
      || g_strcmp0 (recipe->device_details, details) != 0)
    return g_strdup_printf ("it was drawn on %s (%s), this is %s (%s)", recipe->device,
                            recipe->device_details, c2l_device_get_kind (device), details);
  return NULL;
}

C2lPicture *
c2l_redraw (C2lSession *session,
            C2lRecipe *recipe,
            char **warning,
            GCancellable *cancellable,
            GError **error)
{
  *warning = NULL;
  if (!check_model (session, recipe, error))
    return NULL;
  *warning = dup_difference (session, recipe);
  return c2l_session_draw (session, recipe, 0, NULL, cancellable, error);
}
