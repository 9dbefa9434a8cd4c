/* c2l generate: pictures from prompts, from latents, from recipes or from nothing but a seed. Hands
 * the work to studio/generate. Options are read in generate-options.c and generate-settings.c,
 * recipes drawn again in generate-redraw.c, pictures saved and printed as they are finished in
 * generate-output.c. */
#include "cli/generate-latents.h"
#include "cli/generate-output.h"
#include "cli/generate-redraw.h"

static void
show_progress (double fraction, const char *stage, gpointer data)
{
  c2l_cli_progress (fraction, stage);
}

static void
warn_dropped (const char *prompt, const char *words, gpointer data)
{
  const C2lGenerateOutput *output = data;

  c2l_prompts_warn_cut (c2l_prompts_get_place (output->prompts, prompt), words);
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
       && c2l_generate_options_check_model (options, engine, &params.sampling,
                                            prompts != NULL && options->latent == NULL, error)
       && c2l_generate_options_add_edits (options, engine, &params, error);
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
count_columns (const C2lGenerateOptions *options, const C2lPrompts *prompts)
{
  return prompts->n > 1 && options->n > 1 ? options->n : 0;
}

static int
run (int argc, char **argv)
{
  g_auto (C2lGenerateOptions) options = { 0 };
  g_auto (C2lGenerateOutput) output = { 0 };
  g_autoptr (GPtrArray) pictures
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  g_autoptr (C2lEngine) engine = NULL;
  g_auto (C2lPrompts) prompts = { 0 };
  g_autoptr (GError) error = NULL;
  const char *contradiction;
  int exit_code;

  if (!c2l_generate_options_parse (&options, &argc, &argv, &exit_code))
    return exit_code;
  if (!c2l_prompts_read (&prompts, argc - 1, argv + 1, options.prompts,
                         "say what to draw, or --random for anything at all", &error)
      || (engine = c2l_model_options_open_engine (&options.model, C2L_ROLE_GENERATOR, &error))
             == NULL)
    return c2l_cli_fail (error);
  if (options.from == NULL && options.latent == NULL && !options.random && prompts.n == 0)
    return c2l_cli_usage (&c2l_command_generate,
                          "no prompt: say what to draw, or --random for anything at all");
  contradiction = c2l_generate_options_find_contradiction (&options, prompts.n);
  if (contradiction != NULL)
    return c2l_cli_usage (&c2l_command_generate, "%s", contradiction);
  if (!c2l_generate_output_init (&output, &options, &error))
    return c2l_cli_fail (error);
  output.prompts = &prompts;
  if (options.keep && (output.keep = c2l_keep_open (&error)) == NULL)
    return c2l_cli_fail (error);
  if (options.from != NULL)
    c2l_generate_redraw (&options, engine, &output, pictures, &error);
  else
    draw (&options, engine, prompts.n > 0 ? (const char *const *) prompts.texts : NULL, &output,
          pictures, &error);
  exit_code
      = c2l_generate_output_finish (&output, pictures, count_columns (&options, &prompts), error);
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
    "“c2l generate --from picture.png…” draws them again. Ctrl+C stops and keeps what is "
    "finished.\n",
  .run = run,
};
