/* c2l download: models of the catalogue, downloaded and imported. Nothing is fetched before their
 * licences were shown and accepted. */
#include "cli/catalogue-options.h"
#include "studio/acquire.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  char *address;
  gboolean accept;
} Options;

static void
show_licences (const C2lCatalogueModel *model)
{
  g_printerr ("%s: %s\n", model->name, model->draws);
  for (guint i = 0; i < model->licences->len; i++)
    {
      const C2lLicence *licence = g_ptr_array_index (model->licences, i);

      g_printerr ("  %s: %s", licence->covers, licence->name);
      if (licence->url != NULL)
        g_printerr (", %s", licence->url);
      g_printerr ("\n");
      if (licence->note != NULL)
        g_printerr ("    %s\n", licence->note);
    }
}

/* On a terminal one is asked. */
static gboolean
accept_licences (const C2lCatalogueModel *model, const Options *options, GError **error)
{
  char answer[8] = "";

  show_licences (model);
  if (options->accept)
    return TRUE;
  if (!isatty (STDIN_FILENO))
    return c2l_cli_refuse (error, "%s: read its licences above, and accept them with --accept",
                           model->id);
  g_printerr ("Accept? [y/N] ");
  if (fgets (answer, sizeof answer, stdin) != NULL && g_ascii_tolower (*answer) == 'y')
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s: not accepted", model->id);
  return FALSE;
}

static void
show_progress (const C2lAcquireProgress *progress, gpointer data)
{
  g_autofree char *done = g_format_size (progress->done), *text = NULL;
  double fraction = progress->fraction;

  if (progress->trouble != NULL)
    {
      c2l_cli_progress_clear ();
      c2l_cli_message ("%s; trying again", progress->trouble);
      return;
    }
  if (progress->stage == C2L_ACQUIRE_DOWNLOAD)
    {
      fraction = progress->total > 0 ? (double) progress->done / progress->total : 0;
      text = g_strdup_printf ("%s, %s", done, progress->what);
    }
  else
    text = g_strdup_printf ("importing, %s", progress->what);
  c2l_cli_progress (fraction, text);
}

static gboolean
download_one (C2lCatalogue *catalogue,
              const C2lCatalogueModel *model,
              const Options *options,
              GError **error)
{
  g_autofree char *folder = NULL;

  if (!accept_licences (model, options, error))
    return FALSE;
  folder = c2l_acquire (catalogue, model, NULL, show_progress, NULL, c2l_cli_get_cancellable (),
                        error);
  c2l_cli_progress_clear ();
  if (folder == NULL)
    return FALSE;
  printf ("%s\n", folder);
  return TRUE;
}

static gboolean
check_ids (C2lCatalogue *catalogue, char **ids, GError **error)
{
  for (int i = 0; ids[i] != NULL; i++)
    if (c2l_catalogue_find_model (catalogue, ids[i]) == NULL)
      return c2l_cli_refuse (error, "“%s”: no model of the catalogue; “c2l models” lists them",
                             ids[i]);
  return TRUE;
}

static int
run_with (const Options *options, char **ids)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lCatalogue) catalogue = c2l_catalogue_options_open (options->address, &error);

  if (catalogue == NULL || !check_ids (catalogue, ids, &error))
    return c2l_cli_fail (error);
  for (int i = 0; ids[i] != NULL; i++)
    if (!download_one (catalogue, c2l_catalogue_find_model (catalogue, ids[i]), options, &error))
      return c2l_cli_fail (error);
  return C2L_EXIT_OK;
}

static int
run (int argc, char **argv)
{
  Options options = { 0 };
  const GOptionEntry entries[] = { { "catalogue", 0, 0, G_OPTION_ARG_STRING, &options.address,
                                     "A second catalogue: a path or an https address", "WHERE" },
                                   { "accept", 0, 0, G_OPTION_ARG_NONE, &options.accept,
                                     "Accept the licences, which are shown all the same", NULL },
                                   G_OPTION_ENTRY_NULL };
  int exit_code;

  if (!c2l_cli_parse (&c2l_command_download, &argc, &argv, entries, NULL, &exit_code))
    return exit_code;
  if (argc < 2)
    exit_code
        = c2l_cli_usage (&c2l_command_download, "name one or more models; “c2l models” lists them");
  else
    exit_code = run_with (&options, argv + 1);
  g_free (options.address);
  return exit_code;
}

const C2lCommand c2l_command_download = {
  .name = "download",
  .arguments = "NAME…",
  .summary = "Download models of the catalogue and import them",
  .description
  = "Goes on where an earlier call was stopped. The model is made in the user's folder, "
    "which is printed;\n“c2l generate --model NAME” draws with it.\n",
  .run = run,
};
