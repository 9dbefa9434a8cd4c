/* c2l models: what is installed, and what the catalogue has. */
#include "cli/catalogue-options.h"
#include "studio/acquire.h"
#include "studio/bundles.h"
#include "studio/json.h"

#include <stdio.h>

typedef struct
{
  char *address;
  gboolean json, sizes;
} Options;

static const char *
get_id (const C2lInstalled *installed)
{
  return installed->is_starter ? "starter" : installed->id;
}

static void
print_object (JsonObject *object)
{
  g_autofree char *text = c2l_json_object_to_string (object, FALSE);

  printf ("%s\n", text);
}

static void
set_text (JsonObject *object, const char *name, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, name, text);
}

static void
print_installed (const C2lInstalled *installed, gboolean json)
{
  g_autofree char *size = g_format_size (installed->size);
  g_autoptr (JsonObject) object = json_object_new ();

  if (!json)
    {
      c2l_cli_describe (NULL, "%-16s  installed  %10s  %s", get_id (installed), size,
                        installed->error != NULL   ? "cannot be used; see “c2l info”"
                        : installed->draws != NULL ? installed->draws
                                                   : installed->name);
      return;
    }
  json_object_set_string_member (object, "id", get_id (installed));
  json_object_set_boolean_member (object, "installed", TRUE);
  set_text (object, "name", installed->name);
  set_text (object, "draws", installed->draws);
  set_text (object, "network", installed->network);
  set_text (object, "folder", installed->folder);
  json_object_set_int_member (object, "size", installed->size);
  print_object (object);
}

/* @size: −1 where it is not known. */
static void
print_model (const C2lCatalogueModel *model, goffset size, gboolean json)
{
  g_autofree char *size_text = size >= 0 ? g_format_size (size) : g_strdup ("?");
  g_autoptr (JsonObject) object = json_object_new ();

  if (!json)
    {
      c2l_cli_describe (NULL, "%-16s  %9s  %10s  %s", model->id, "", size_text, model->draws);
      return;
    }
  json_object_set_string_member (object, "id", model->id);
  json_object_set_boolean_member (object, "installed", FALSE);
  set_text (object, "name", model->name);
  set_text (object, "draws", model->draws);
  set_text (object, "network", model->network);
  if (size >= 0)
    json_object_set_int_member (object, "size", size);
  print_object (object);
}

static goffset
get_size (const C2lCatalogueModel *model, gboolean ask)
{
  goffset size = 0;
  C2lDownloadOptions options;

  c2l_download_options_init (&options);
  if (ask)
    return c2l_acquire_ask_size (model, &options, c2l_cli_get_cancellable ());
  for (int kind = 0; kind < C2L_N_PUBLISHED_KINDS; kind++)
    {
      if (model->files[kind] != NULL && model->files[kind]->size == 0)
        return -1;
      size += model->files[kind] != NULL ? model->files[kind]->size : 0;
    }
  return size;
}

static gboolean
is_installed (GPtrArray *models, const C2lCatalogueModel *model)
{
  for (guint i = 0; i < models->len; i++)
    {
      const C2lInstalled *installed = g_ptr_array_index (models, i);

      if (g_strcmp0 (installed->origin, model->id) == 0
          || (model->bundle != NULL && installed->is_starter))
        return TRUE;
    }
  return FALSE;
}

static int
run_with (const Options *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lCatalogue) catalogue = c2l_catalogue_options_open (options->address, &error);
  g_autoptr (GPtrArray) models
      = catalogue != NULL ? c2l_bundles_list (c2l_cli_get_cancellable (), &error) : NULL;
  GPtrArray *all;

  if (models == NULL)
    return c2l_cli_fail (error);
  for (guint i = 0; i < models->len; i++)
    print_installed (g_ptr_array_index (models, i), options->json);
  all = c2l_catalogue_get_models (catalogue);
  for (guint i = 0; i < all->len; i++)
    {
      const C2lCatalogueModel *model = g_ptr_array_index (all, i);

      if (model->bundle == NULL && !is_installed (models, model))
        print_model (model, get_size (model, options->sizes), options->json);
    }
  return C2L_EXIT_OK;
}

static int
run (int argc, char **argv)
{
  Options options = { 0 };
  const GOptionEntry entries[]
      = { { "catalogue", 0, 0, G_OPTION_ARG_STRING, &options.address,
            "A second catalogue: a path or an https address", "WHERE" },
          { "sizes", 0, 0, G_OPTION_ARG_NONE, &options.sizes,
            "Ask the servers how much is to be downloaded", NULL },
          { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "One JSON object a line", NULL },
          G_OPTION_ENTRY_NULL };
  int exit_code;

  if (!c2l_cli_parse (&c2l_command_models, &argc, &argv, entries, NULL, &exit_code))
    return exit_code;
  if (argc > 1)
    exit_code = c2l_cli_usage (&c2l_command_models, "“%s”: it takes no names", argv[1]);
  else
    exit_code = run_with (&options);
  g_free (options.address);
  return exit_code;
}

const C2lCommand c2l_command_models = {
  .name = "models",
  .arguments = "",
  .summary = "List the models that are installed and those that can be had",
  .description = "Without --sizes and --catalogue nothing is asked of the network.\n",
  .run = run,
};
