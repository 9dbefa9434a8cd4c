/* c2l: finds the subcommand in a table and calls it. */
#include "cli/cli.h"
#include "studio/languages.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

static const C2lCommand *const commands[] = {
  &c2l_command_generate, &c2l_command_history,  &c2l_command_morph,    &c2l_command_score,
  &c2l_command_dataset,  &c2l_command_train,    &c2l_command_evaluate, &c2l_command_info,
  &c2l_command_models,   &c2l_command_download, &c2l_command_import,   &c2l_command_export,
  &c2l_command_selftest, &c2l_command_bench,
};

static const C2lCommand *
find_command (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strcmp (commands[i]->name, name) == 0)
      return commands[i];
  return NULL;
}

static char *
dup_overview (void)
{
  GString *text = g_string_new (
      "Usage: c2l COMMAND [OPTION…] [ARGUMENT…]\n"
      "Draws pictures from words with CLIP, a diffusion prior and a StyleGAN.\n\nCommands:\n");

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    g_string_append_printf (text, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
  g_string_append (text, "  version    Say which version this is\n"
                         "  help       Show this, or the help of a command\n\n"
                         "Try: c2l generate \"a person with red hair and glasses\"\n"
                         "“c2l COMMAND --help” lists a command's options.\n");
  return g_string_free (text, FALSE);
}

static int
show_help (int argc, char **argv)
{
  const C2lCommand *command = argc > 2 ? find_command (argv[2]) : NULL;
  g_autofree char *overview = NULL;

  if (command != NULL)
    return command->run (2, (char *[]){ (char *) command->name, (char *) "--help", NULL });
  if (argc > 2 && strcmp (argv[2], "help") != 0 && strcmp (argv[2], "version") != 0)
    {
      c2l_cli_message ("there is no command “%s”; “c2l help” lists them", argv[2]);
      return C2L_EXIT_USAGE;
    }
  overview = dup_overview ();
  printf ("%s", overview);
  return C2L_EXIT_OK;
}

static int
run_command (int argc, char **argv)
{
  const char *name = argc > 1 ? argv[1] : NULL;
  const C2lCommand *command;

  if (name == NULL)
    {
      g_autofree char *overview = dup_overview ();
      g_printerr ("%s", overview);
      return C2L_EXIT_USAGE;
    }
  if (strcmp (name, "help") == 0 || strcmp (name, "--help") == 0 || strcmp (name, "-h") == 0)
    return show_help (argc, argv);
  if (strcmp (name, "version") == 0 || strcmp (name, "--version") == 0)
    {
      printf ("clip2latent %s\n", C2L_VERSION);
      return C2L_EXIT_OK;
    }
  command = find_command (name);
  if (command == NULL)
    {
      c2l_cli_message ("there is no command “%s”; “c2l help” lists them", name);
      return C2L_EXIT_USAGE;
    }
  c2l_cli_catch_signals ();
  return command->run (argc - 1, argv + 1);
}

int
main (int argc, char **argv)
{
  int exit_code;

  /* Words come and go as UTF-8; a C locale would turn them into question marks. Numbers are written
   * with a point. */
  if (setlocale (LC_ALL, "") == NULL || strcmp (nl_langinfo (CODESET), "UTF-8") != 0)
    setlocale (LC_CTYPE, "C.UTF-8");
  setlocale (LC_NUMERIC, "C");
  c2l_languages_init ();
  g_set_prgname ("c2l");
  exit_code = run_command (argc, argv);
  if (fflush (stdout) != 0 || ferror (stdout))
    {
      c2l_cli_message ("standard output: not everything could be written to it");
      return exit_code != C2L_EXIT_OK ? exit_code : C2L_EXIT_FAILED;
    }
  return exit_code;
}
