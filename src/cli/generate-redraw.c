/* Draws saved pictures again. Policy: one at a time, as they were drawn for the first time, so that
 * each is the same bit for bit; the session is kept from file to file while the precision stays the
 * same. */
#include "cli/generate-redraw.h"

#include "studio/redraw.h"

typedef struct
{
  const C2lGenerateOptions *options;
  C2lEngine *engine;
  C2lSession *session; /* (nullable): in the precision of the last picture */
  gboolean is_scored;
  char *prompt; /* (nullable): of which @text is the embedding in that session */
  float *text, *for_clip;
} Redraw;

static void
forget_session (Redraw *redraw)
{
  g_clear_pointer (&redraw->session, c2l_session_free);
  g_clear_pointer (&redraw->prompt, g_free);
  g_clear_pointer (&redraw->text, g_free);
  g_clear_pointer (&redraw->for_clip, g_free);
}

/* The precision that the picture of @recipe was drawn in, or the one that was asked for. */
static gboolean
find_precision (const C2lModelOptions *options,
                const C2lRecipe *recipe,
                const char *path,
                C2lDevice *device,
                C2lPrecision *precision,
                GError **error)
{
  C2lPrecision drawn = C2L_PRECISION_F32;

  if (options->precision == NULL && recipe->precision != NULL
      && !c2l_precision_from_name (recipe->precision, &drawn))
    return c2l_cli_refuse (error,
                           "%s: drawn in precision “%s”, which this program does not know; name "
                           "one with --precision",
                           path, recipe->precision);
  return c2l_model_options_get_precision (options, device, drawn, precision, error);
}

static gboolean
prepare_session (Redraw *redraw, const C2lRecipe *recipe, const char *path, GError **error)
{
  C2lPrecision precision;

  if (!find_precision (&redraw->options->model, recipe, path,
                       c2l_engine_get_device (redraw->engine), &precision, error))
    return FALSE;
  if (redraw->session != NULL && c2l_session_get_precision (redraw->session) != precision)
    forget_session (redraw);
  if (redraw->session == NULL)
    redraw->session = c2l_session_new (redraw->engine, precision);
  return TRUE;
}

/* What a score needs: the prompt's embedding, and room for the picture as CLIP sees it. */
static gboolean
prepare_score (Redraw *redraw, const C2lRecipe *recipe, const char *path, GError **error)
{
  const int side = c2l_session_get_clip_side (redraw->session, error);
  const int width = side > 0 ? c2l_session_get_embed_width (redraw->session, error) : 0;
  g_autofree char *dropped = NULL;

  if (width == 0)
    return FALSE;
  if (redraw->for_clip == NULL)
    redraw->for_clip = g_new (float, (gsize) side *side * 3);
  if (g_strcmp0 (redraw->prompt, recipe->prompt) == 0)
    return TRUE;
  if (redraw->text == NULL)
    redraw->text = g_new (float, width);
  g_clear_pointer (&redraw->prompt, g_free);
  if (!c2l_session_embed_prompt (redraw->session, recipe->prompt, redraw->text, &dropped,
                                 c2l_cli_get_cancellable (), error))
    return FALSE;
  redraw->prompt = g_strdup (recipe->prompt);
  if (dropped != NULL)
    c2l_prompts_warn_cut (path, dropped);
  return TRUE;
}

/* (transfer full) */
static C2lPicture *
redraw_one (Redraw *redraw, C2lRecipe *recipe, const char *path, GError **error)
{
  const gboolean is_scored = redraw->is_scored && recipe->prompt != NULL;
  g_autofree char *warning = NULL;
  g_autoptr (C2lPicture) picture = NULL;

  if (!prepare_session (redraw, recipe, path, error)
      || (is_scored && !prepare_score (redraw, recipe, path, error)))
    return NULL;
  picture = c2l_redraw (redraw->session, recipe, is_scored ? redraw->for_clip : NULL, &warning,
                        c2l_cli_get_cancellable (), error);
  if (warning != NULL)
    c2l_cli_message ("%s: may differ in the last bits: %s", path, warning);
  if (picture == NULL
      || (is_scored
          && !c2l_session_score (redraw->session, redraw->for_clip, 1, redraw->text,
                                 &picture->recipe->score, c2l_cli_get_cancellable (), error)))
    return NULL;
  if (is_scored)
    picture->recipe->has_score = TRUE;
  else if (redraw->is_scored)
    c2l_cli_message ("%s: it was drawn without a prompt, so it has no score", path);
  return g_steal_pointer (&picture);
}

/* A file of latents has one shape. */
static gboolean
check_latents (const C2lGenerateOptions *options, GPtrArray *recipes, GError **error)
{
  const C2lRecipe *first = g_ptr_array_index (recipes, 0);

  for (guint i = 1; i < recipes->len; i++)
    {
      const C2lRecipe *recipe = g_ptr_array_index (recipes, i);

      if (recipe->latent.n_rows != first->latent.n_rows
          || recipe->latent.width != first->latent.width)
        return c2l_cli_refuse (error,
                               "--latent-out: the latent of %s is [%d, %d], and that of %s [%d, "
                               "%d]; write them into a file each",
                               options->from[0], first->latent.n_rows, first->latent.width,
                               options->from[i], recipe->latent.n_rows, recipe->latent.width);
    }
  return TRUE;
}

static GPtrArray *
load_recipes (const C2lGenerateOptions *options, C2lEngine *engine, GError **error)
{
  g_autoptr (GPtrArray) recipes
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);

  for (int i = 0; options->from[i] != NULL; i++)
    {
      C2lRecipe *recipe = c2l_picture_load_recipe (options->from[i], error);

      if (recipe == NULL)
        return NULL;
      g_ptr_array_add (recipes, recipe);
      if (!c2l_generate_options_edit_recipe (options, engine, recipe, error))
        return NULL;
    }
  if (options->latent_out != NULL && !check_latents (options, recipes, error))
    return NULL;
  return g_steal_pointer (&recipes);
}

/* Pictures of one prompt belong together, in the order in which the prompts first appear. */
static guint
find_prompt (GPtrArray *recipes, guint of)
{
  const char *prompt = ((C2lRecipe *) g_ptr_array_index (recipes, of))->prompt;

  for (guint i = 0; i < of; i++)
    if (g_strcmp0 (((C2lRecipe *) g_ptr_array_index (recipes, i))->prompt, prompt) == 0)
      return i;
  return of;
}

gboolean
c2l_generate_redraw (const C2lGenerateOptions *options,
                     C2lEngine *engine,
                     C2lGenerateOutput *output,
                     GPtrArray *pictures,
                     GError **error)
{
  g_autoptr (GPtrArray) recipes = load_recipes (options, engine, error);
  Redraw redraw = { .options = options,
                    .engine = engine,
                    .is_scored = options->score || options->sort != NULL };
  gboolean ok = recipes != NULL;

  for (guint i = 0; ok && i < recipes->len; i++)
    {
      C2lPicture *picture
          = redraw_one (&redraw, g_ptr_array_index (recipes, i), options->from[i], error);

      ok = picture != NULL;
      if (!ok)
        break;
      picture->prompt_index = find_prompt (recipes, i);
      g_ptr_array_add (pictures, picture);
      c2l_generate_output_save (picture, output);
      c2l_cli_progress ((i + 1.0) / recipes->len, "drawing");
    }
  forget_session (&redraw);
  if (options->sort != NULL)
    c2l_generate_sort (pictures, 0);
  return ok;
}
