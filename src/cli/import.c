/* c2l import: a bundle from the original's files. */
#include "cli/model-options.h"
#include "studio/import.h"

#include <math.h>
#include <stdio.h>

static int
run (int argc, char **argv)
{
  g_auto (C2lModelOptions) model = { 0 };
  C2lImport import = { .defaults = { .guidance = 2, .sampler = "reference", .truncation = 1 } };
  g_autofree char *name = NULL, *description = NULL, *directions = NULL, *examples = NULL,
                  *sampler = NULL;
  g_auto (GStrv) licences = NULL, attributions = NULL;
  g_auto (C2lModelPaths) paths = { 0 };
  const GOptionEntry entries[]
      = { { "directions", 0, 0, G_OPTION_ARG_FILENAME, &directions,
            "Folder of edit directions, .npy or .pt", "FOLDER" },
          { "examples", 0, 0, G_OPTION_ARG_FILENAME, &examples,
            "Prompts that work: one a line, or JSON", "FILE" },
          { "name", 0, 0, G_OPTION_ARG_STRING, &name,
            "Name of the model (default: that of the folder)", "NAME" },
          { "description", 0, 0, G_OPTION_ARG_STRING, &description, "What it draws, in a sentence",
            "TEXT" },
          { "licence", 0, 0, G_OPTION_ARG_STRING_ARRAY, &licences,
            "What is under which licence; may be repeated", "TEXT" },
          { "attribution", 0, 0, G_OPTION_ARG_STRING_ARRAY, &attributions,
            "Who is to be named; may be repeated", "TEXT" },
          { "guidance", 0, 0, G_OPTION_ARG_DOUBLE, &import.defaults.guidance,
            "Default guidance of this model (2)", "X" },
          { "steps", 0, 0, G_OPTION_ARG_INT, &import.defaults.steps, "Default number of steps (4)",
            "N" },
          { "sampler", 0, 0, G_OPTION_ARG_STRING, &sampler, "Default sampler (reference)", "NAME" },
          { "truncation", 0, 0, G_OPTION_ARG_DOUBLE, &import.defaults.truncation,
            "Default truncation (1)", "X" },
          { "online", 0, 0, G_OPTION_ARG_NONE, &import.online,
            "Keep the prior's online weights too, to train on", NULL },
          { "replace", 0, 0, G_OPTION_ARG_NONE, &import.replace,
            "Replace a bundle that is there already", NULL },
          G_OPTION_ENTRY_NULL };
  GOptionGroup *groups[] = { c2l_model_options_new_model_group (&model), NULL };
  g_autoptr (C2lDevice) device = NULL;
  g_autoptr (GError) error = NULL;
  int exit_code;

  if (!c2l_cli_parse (&c2l_command_import, &argc, &argv, entries, groups, &exit_code))
    return exit_code;
  if (argc != 2 || *argv[1] == '\0')
    return c2l_cli_usage (
        &c2l_command_import,
        "name one folder to make, and the files with --generator, --prior, --config, --clip");
  if (model.model != NULL)
    return c2l_cli_usage (&c2l_command_import, "--model: a bundle needs no import; name files with "
                                               "--generator, --prior, --config, --clip");
  if (model.generator == NULL)
    return c2l_cli_usage (&c2l_command_import,
                          "a model needs a generator at least: name one with --generator");
  import.directions = directions;
  import.examples = examples;
  import.name = name;
  import.description = description;
  import.licences = (const char *const *) licences;
  import.attributions = (const char *const *) attributions;
  if (sampler != NULL)
    import.defaults.sampler = sampler;
  /* Settings are stored together, and steps tell that there are some. */
  if (import.defaults.steps == 0
      && (sampler != NULL || import.defaults.guidance != 2 || import.defaults.truncation != 1))
    import.defaults.steps = 4;
  if (!c2l_guidance_check (import.defaults.guidance, &error))
    return c2l_cli_usage (&c2l_command_import, "--%s", error->message);
  if (!isfinite (import.defaults.truncation) || import.defaults.steps < 0)
    return c2l_cli_usage (&c2l_command_import,
                          "--guidance, --truncation: a number; --steps: a whole number from 1 on");
  device = c2l_device_open ("cpu", &error);
  if (device == NULL || !c2l_model_options_fetch (&model, &paths, &error))
    return c2l_cli_fail (error);
  import.files = (C2lModelFiles){ .clip = paths.clip,
                                  .prior = paths.prior,
                                  .config = paths.config,
                                  .generator = paths.generator,
                                  .merges = paths.merges,
                                  .preprocess = model.preprocess };
  if (!c2l_import (&import, argv[1], device, c2l_cli_get_cancellable (), &error))
    return g_error_matches (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_DEFAULTS)
               ? c2l_cli_usage (&c2l_command_import, "%s", error->message)
               : c2l_cli_fail (error);
  printf ("%s\n", argv[1]);
  return C2L_EXIT_OK;
}

const C2lCommand c2l_command_import = {
  .name = "import",
  .arguments = "FOLDER",
  .summary = "Make a bundle from the original's files",
  .description = "Reads StyleGAN pickles, prior checkpoints and CLIP archives, runs nothing inside "
                 "them, and writes safetensors.\n",
  .run = run,
};
