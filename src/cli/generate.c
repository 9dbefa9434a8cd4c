/* c2l generate: pictures from prompts, from latents, from recipes or from nothing but a seed. Hands
 * the work to studio/generate. Options are read in generate-options.c and generate-settings.c,
 * pictures saved and printed as they are finished in generate-output.c. */
#include "cli/generate-latents.h"
#include "cli/generate-output.h"
#include "cli/prompts.h"
#include "studio/redraw.h"

#define MAX_WORDS_SHOWN 60 /* of a prompt's end that was cut off */

static void
show_progress (double fraction, const char *stage, gpointer data)
{
  c2l_cli_progress (fraction, stage);
}

static void
warn_dropped (const char *prompt, const char *words, gpointer data)
{
  glong n = g_utf8_strlen (words, -1);
  g_autofree char *start = g_utf8_substring (words, 0, MIN (n, MAX_WORDS_SHOWN));

  c2l_cli_message ("the prompt is too long for the model; it was cut before “%s%s”", start,
                   n > MAX_WORDS_SHOWN ? "…" : "");
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

/* Draws the recipe inside @path again, with --edit, --move and --turn on top. @session is kept from
 * file to file while the precision is the same. */
static gboolean
redraw_file (const C2lGenerateOptions *options,
             C2lEngine *engine,
             C2lSession **session,
             const char *path,
             C2lGenerateOutput *output,
             GPtrArray *pictures,
             GError **error)
{
  g_autoptr (C2lRecipe) recipe = c2l_picture_load_recipe (path, error);
  g_autofree char *warning = NULL;
  C2lPrecision precision;
  C2lPicture *picture;

  if (recipe == NULL
      || !find_precision (&options->model, recipe, path, c2l_engine_get_device (engine), &precision,
                          error)
      || !c2l_generate_options_edit_recipe (options, c2l_engine_get_bundle (engine), recipe, error))
    return FALSE;
  if (*session != NULL && c2l_session_get_precision (*session) != precision)
    g_clear_pointer (session, c2l_session_free);
  if (*session == NULL)
    *session = c2l_session_new (engine, precision);
  picture = c2l_redraw (*session, recipe, &warning, c2l_cli_get_cancellable (), error);
  if (warning != NULL)
    c2l_cli_message ("%s: may differ in the last bits: %s", path, warning);
  if (picture == NULL)
    return FALSE;
  g_ptr_array_add (pictures, picture);
  c2l_generate_output_save (picture, output);
  return TRUE;
}

static gboolean
redraw (const C2lGenerateOptions *options,
        C2lEngine *engine,
        C2lGenerateOutput *output,
        GPtrArray *pictures,
        GError **error)
{
  g_autoptr (C2lSession) session = NULL;

  for (int i = 0; options->from[i] != NULL; i++)
    if (!redraw_file (options, engine, &session, options->from[i], output, pictures, error))
      return FALSE;
  return TRUE;
}

/* @latents (out): those of --latent, or NULL. */
static gboolean
load_latents (const C2lGenerateOptions *options,
              C2lSession *session,
              const C2lSampling *sampling,
              GPtrArray **latents,
              GError **error)
{
  g_autoptr (C2lRecipe) recipe = NULL;

  if (options->latent == NULL)
    return TRUE;
  *latents = c2l_generate_load_latents (session, options->latent, error);
  if (*latents == NULL)
    return FALSE;
  recipe = c2l_session_adopt_latent (session, g_ptr_array_index (*latents, 0), sampling, error);
  return recipe != NULL;
}

static gboolean
draw (const C2lGenerateOptions *options,
      C2lEngine *engine,
      const char *const *prompts,
      C2lGenerateOutput *output,
      GPtrArray *pictures,
      GError **error)
{
  C2lBundle *bundle = c2l_engine_get_bundle (engine);
  const C2lGenerateCallbacks callbacks = { .progress = show_progress,
                                           .picture = c2l_generate_output_save,
                                           .dropped = warn_dropped,
                                           .data = output };
  g_autoptr (C2lSession) session = NULL;
  C2lPrecision precision;
  C2lGenerateParams params;
  gboolean ok;

  c2l_generate_params_init (&params, bundle);
  params.prompts = prompts;
  params.sort = options->sort != NULL;
  params.score = options->score;
  ok = c2l_model_options_get_precision (&options->model, c2l_engine_get_device (engine),
                                        C2L_DEFAULT_PRECISION, &precision, error)
       && c2l_generate_options_fill_sampling (options, &params.sampling, error)
       && c2l_generate_options_add_edits (options, bundle, &params, error);
  if (ok)
    {
      session = c2l_session_new (engine, precision);
      ok = load_latents (options, session, &params.sampling, &params.latents, error)
           && c2l_generate (session, &params, &callbacks, pictures, c2l_cli_get_cancellable (),
                            error);
    }
  c2l_generate_params_clear (&params);
  return ok;
}

/* A row of the grid for each prompt, where there are several. */
static int
count_columns (const C2lGenerateOptions *options, char **prompts)
{
  return g_strv_length (prompts) > 1 && options->n > 1 ? options->n : 0;
}

static int
run (int argc, char **argv)
{
  g_auto (C2lGenerateOptions) options = { 0 };
  g_auto (C2lGenerateOutput) output = { 0 };
  g_autoptr (GPtrArray) pictures
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  g_autoptr (C2lEngine) engine = NULL;
  g_auto (GStrv) prompts = NULL;
  g_autoptr (GError) error = NULL;
  const char *contradiction;
  int exit_code;

  if (!c2l_generate_options_parse (&options, &argc, &argv, &exit_code))
    return exit_code;
  prompts = c2l_cli_read_prompts (argc - 1, argv + 1, options.prompts, &error);
  if (prompts == NULL
      || (engine = c2l_model_options_open_engine (&options.model, C2L_ROLE_GENERATOR, &error))
             == NULL)
    return c2l_cli_fail (error);
  if (options.from == NULL && options.latent == NULL && !options.random && prompts[0] == NULL)
    return c2l_cli_usage (&c2l_command_generate,
                          "no prompt: say what to draw, or --random for anything at all");
  contradiction = c2l_generate_options_find_contradiction (&options, g_strv_length (prompts));
  if (contradiction != NULL)
    return c2l_cli_usage (&c2l_command_generate, "%s", contradiction);
  if (!c2l_generate_output_init (&output, &options, &error))
    return c2l_cli_fail (error);
  if (options.keep && (output.keep = c2l_keep_open (&error)) == NULL)
    return c2l_cli_fail (error);
  if (options.from != NULL)
    redraw (&options, engine, &output, pictures, &error);
  else
    draw (&options, engine, prompts[0] != NULL ? (const char *const *) prompts : NULL, &output,
          pictures, &error);
  exit_code
      = c2l_generate_output_finish (&output, pictures, count_columns (&options, prompts), error);
  g_clear_error (&error);
  if (output.keep != NULL && !c2l_keep_close (output.keep, &error) && exit_code == C2L_EXIT_OK)
    exit_code = c2l_cli_fail (error);
  return exit_code;
}

const C2lCommand c2l_command_generate = {
  .name = "generate",
  .arguments = "PROMPT…",
  .summary = "Draw pictures for prompts",
  .description
  = "A PROMPT of “-” reads prompts from standard input, one a line. “a man | a woman:0.5” mixes "
    "two, each with\nthe weight behind its colon, or 1; “\\|” is a bar of the words. Layers are "
    "counted from coarse to fine:\n“--edit smile@4-7=2”. Pictures are PNG files that carry their "
    "recipe:\n"
    "“c2l generate --from picture.png” draws one again. Ctrl+C stops and keeps what is finished.\n",
  .run = run,
};
