/* c2l export: a prior back as the original's checkpoint. */
#include "cli/model-options.h"
#include "studio/export.h"

#include <stdio.h>

static int
run (int argc, char **argv)
{
  g_auto (C2lModelOptions) model = { 0 };
  gboolean replace = FALSE;
  const GOptionEntry entries[] = { { "replace", 0, 0, G_OPTION_ARG_NONE, &replace,
                                     "Replace files that are there already", NULL },
                                   G_OPTION_ENTRY_NULL };
  GOptionGroup *groups[] = { c2l_model_options_new_model_group (&model), NULL };
  g_autoptr (C2lBundle) bundle = NULL;
  g_autoptr (GError) error = NULL;
  int exit_code;

  if (!c2l_cli_parse (&c2l_command_export, &argc, &argv, entries, groups, &exit_code))
    return exit_code;
  if (argc != 2 || *argv[1] == '\0')
    return c2l_cli_usage (&c2l_command_export, "name one file to write, such as prior.ckpt");
  bundle = c2l_model_options_open_bundle (&model, C2L_ROLE_PRIOR, &error);
  if (bundle == NULL || !c2l_export_prior (bundle, argv[1], replace, &error))
    return c2l_cli_fail (error);
  printf ("%s\n", argv[1]);
  return C2L_EXIT_OK;
}

const C2lCommand c2l_command_export = {
  .name = "export",
  .arguments = "FILE.ckpt",
  .summary = "Write a model's prior as a checkpoint for the original's Python",
  .description = "Writes the checkpoint and, beside it, the configuration as .yaml.\n",
  .run = run,
};
