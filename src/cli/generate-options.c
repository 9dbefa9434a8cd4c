/* The table of c2l generate's options, and what in it contradicts itself. It reads no value that
 * needs a model: generate-settings.c does. */
#include "cli/generate-options.h"

#include <string.h>

void
c2l_generate_options_clear (C2lGenerateOptions *options)
{
  c2l_model_options_clear (&options->model);
  g_free (options->seed);
  g_free (options->noise_seed);
  g_free (options->noise);
  g_free (options->sampler);
  g_free (options->sort);
  g_free (options->out);
  g_free (options->grid);
  g_free (options->prompts);
  g_free (options->latent);
  g_free (options->latent_out);
  g_free (options->guidance);
  g_free (options->truncation);
  g_free (options->move);
  g_free (options->turn);
  g_strfreev (options->edits);
  g_strfreev (options->from);
  c2l_save_arguments_clear (&options->save);
}

/* With --from the arguments are further pictures: a shell makes them of *.png. */
static gboolean
take_pictures (C2lGenerateOptions *options, int *argc, char ***argv, int *exit_code)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new ();

  if (options->from == NULL)
    return TRUE;
  for (int i = 0; options->from[i] != NULL; i++)
    g_ptr_array_add (all, options->from[i]);
  for (int i = 1; i < *argc; i++)
    {
      if (!g_file_test ((*argv)[i], G_FILE_TEST_EXISTS))
        {
          *exit_code = c2l_cli_usage (&c2l_command_generate,
                                      "--from: there is no file “%s”; arguments are further "
                                      "pictures then, and leave no room for prompts",
                                      (*argv)[i]);
          return FALSE;
        }
      g_ptr_array_add (all, g_strdup ((*argv)[i]));
    }
  *argc = 1;
  (*argv)[1] = NULL;
  g_ptr_array_add (all, NULL);
  g_free (options->from);
  options->from = (char **) g_ptr_array_steal (all, NULL);
  return TRUE;
}

gboolean
c2l_generate_options_parse (C2lGenerateOptions *options, int *argc, char ***argv, int *exit_code)
{
  *options = (C2lGenerateOptions){ .n = C2L_UNSET, .steps = C2L_UNSET, .label = C2L_UNSET };

  const GOptionEntry entries[]
      = { { "number", 'n', 0, G_OPTION_ARG_INT, &options->n, "Pictures a prompt (default 1)", "N" },
          { "seed", 's', 0, G_OPTION_ARG_STRING, &options->seed,
            "Seed of the random numbers (default 0); the same seed draws the same", "N" },
          { "index", 0, 0, G_OPTION_ARG_INT, &options->index,
            "Number of the first picture of that seed (default 0)", "N" },
          { "guidance", 'g', 0, G_OPTION_ARG_STRING, &options->guidance,
            "How closely to follow the words; 1 is usual variety (default: the model's)", "X" },
          { "steps", 0, 0, G_OPTION_ARG_INT, &options->steps,
            "Steps of the sampler (default: the model's)", "N" },
          { "sampler", 0, 0, G_OPTION_ARG_STRING, &options->sampler,
            "reference, ddpm, ddim, dpm++2m (default: the model's)", "NAME" },
          { "truncation", 't', 0, G_OPTION_ARG_STRING, &options->truncation,
            "0 to 1; below 1: more usual, less varied pictures (default: the model's)", "X" },
          { "noise", 0, 0, G_OPTION_ARG_STRING, &options->noise,
            "Fine detail: random (default), const, none", "KIND" },
          { "noise-seed", 0, 0, G_OPTION_ARG_STRING, &options->noise_seed,
            "Seed of the fine detail (default: --seed)", "N" },
          { "edit", 'e', 0, G_OPTION_ARG_FILENAME_ARRAY, &options->edits,
            "Move along a direction of the model, or of a .npy or .pt file; may be repeated",
            "DIRECTION[@FIRST-LAST][=AMOUNT]" },
          { "move", 0, 0, G_OPTION_ARG_STRING, &options->move,
            "StyleGAN3: move the picture right and down; 1 is its width", "X,Y" },
          { "turn", 0, 0, G_OPTION_ARG_STRING, &options->turn,
            "StyleGAN3: turn the picture counter-clockwise", "DEGREES" },
          { "score", 0, 0, G_OPTION_ARG_NONE, &options->score,
            "Say how well CLIP finds each picture fits its prompt", NULL },
          { "sort", 0, 0, G_OPTION_ARG_STRING, &options->sort,
            "“score”: best first, prompt by prompt", "BY" },
          { "prompts", 'p', 0, G_OPTION_ARG_FILENAME, &options->prompts,
            "Read prompts from this file, one a line; - is standard input", "FILE" },
          { "random", 0, 0, G_OPTION_ARG_NONE, &options->random,
            "Draw from random z, without a prompt", NULL },
          { "class", 0, 0, G_OPTION_ARG_INT, &options->label,
            "With --random: class of a class-conditional generator", "N" },
          { "latent", 0, 0, G_OPTION_ARG_FILENAME, &options->latent,
            "Draw these latents: [D], [L, D], [N, D] or [N, L, D]", "FILE.npy" },
          { "latent-out", 0, 0, G_OPTION_ARG_FILENAME, &options->latent_out,
            "Also write the latents, before truncation and edits, [N, L, D]", "FILE.npy" },
          { "from", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->from,
            "Draw the recipe in this picture again, and those in all arguments", "PICTURE" },
          { "out", 'o', 0, G_OPTION_ARG_FILENAME, &options->out,
            "Folder for the pictures (default: pictures)", "FOLDER" },
          { "grid", 0, 0, G_OPTION_ARG_FILENAME, &options->grid,
            "Also write all pictures together into this file: .png, .jpg or .webp", "FILE" },
          { "keep", 0, 0, G_OPTION_ARG_NONE, &options->keep,
            "Also put the pictures into the library, where the window shows them", NULL },
          { "json", 0, 0, G_OPTION_ARG_NONE, &options->json,
            "Print a JSON object a line instead of file names", NULL },
          G_OPTION_ENTRY_NULL };
  GOptionGroup *groups[]
      = { c2l_model_options_new_model_group (&options->model),
          c2l_model_options_new_device_group (&options->model, C2L_DEFAULT_PRECISION),
          c2l_save_arguments_new_group (&options->save), NULL };

  /* What a script makes of a variable that is not set. */
  const struct
  {
    const char *option;
    char *const *value;
  } names[] = {
    { "--out", &options->out },
    { "--grid", &options->grid },
    { "--latent-out", &options->latent_out },
    { "--latent", &options->latent },
  };

  if (!c2l_cli_parse (&c2l_command_generate, argc, argv, entries, groups, exit_code)
      || !take_pictures (options, argc, argv, exit_code))
    return FALSE;
  for (int i = 0; options->from != NULL && options->from[i] != NULL; i++)
    if (*options->from[i] == '\0')
      {
        *exit_code = c2l_cli_usage (&c2l_command_generate, "--from: the name is empty");
        return FALSE;
      }
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (*names[i].value != NULL && **names[i].value == '\0')
      {
        *exit_code
            = c2l_cli_usage (&c2l_command_generate, "%s: the name is empty", names[i].option);
        return FALSE;
      }
  if (options->out == NULL)
    options->out = g_strdup ("pictures");
  if (options->sort != NULL && strcmp (options->sort, "score") != 0)
    {
      *exit_code
          = c2l_cli_usage (&c2l_command_generate,
                           "--sort: pictures can be sorted by “score”, not by “%s”", options->sort);
      return FALSE;
    }
  return TRUE;
}

const char *
c2l_generate_options_find_contradiction (const C2lGenerateOptions *o, guint n_prompts)
{
  gboolean settings = o->guidance != NULL || o->steps != C2L_UNSET || o->sampler != NULL;
  gboolean scored = o->score || o->sort != NULL;

  if (o->from != NULL
      && (n_prompts > 0 || settings || o->n != C2L_UNSET || o->label != C2L_UNSET || o->index != 0
          || o->random || o->seed != NULL || o->noise_seed != NULL || o->noise != NULL
          || o->truncation != NULL || o->latent != NULL))
    return "--from: the recipe in the picture says everything; only --edit, --move, --turn, "
           "--score, "
           "--sort, the model, the device and the output go with it";
  if (o->random && (n_prompts > 0 || o->latent != NULL))
    return "--random: it draws without a prompt and without --latent; leave one of them out";
  if (o->label != C2L_UNSET && !o->random)
    return "--class: only pictures without a prompt have a class; add --random";
  if (o->latent != NULL && (settings || o->n != C2L_UNSET))
    return "--latent: nothing is sampled, so -n, --guidance, --steps and --sampler have no effect; "
           "leave them out";
  if (o->latent != NULL && n_prompts > 1)
    return "--latent: one prompt at most goes with it, to score the pictures; leave out the others";
  if ((settings || scored) && n_prompts == 0 && o->from == NULL)
    return "without a prompt there is nothing to follow or to score: leave out --guidance, "
           "--steps, --sampler, --score and --sort";
  return NULL;
}
