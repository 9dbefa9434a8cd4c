/* The options that say which model draws and on what. */
#include "cli/model-options.h"

#include "studio/download.h"
#include "studio/published.h"

#include <string.h>

GOptionGroup *
c2l_model_options_new_model_group (C2lModelOptions *options)
{
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &options->model, "Draw with this bundle (default: the starter)", "FOLDER" },
    { "prior", 0, 0, G_OPTION_ARG_FILENAME, &options->prior, "The prior: a checkpoint", "FILE" },
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &options->config, "The prior's configuration (default: the .yaml beside it)", "FILE" },
    { "generator", 0, 0, G_OPTION_ARG_FILENAME, &options->generator, "The generator: a StyleGAN pickle", "FILE" },
    { "clip", 0, 0, G_OPTION_ARG_FILENAME, &options->clip, "The CLIP model (default for a prior: ViT-B/32)", "FILE" },
    { "merges", 0, 0, G_OPTION_ARG_FILENAME, &options->merges, "CLIP's vocabulary (default: OpenAI's)", "FILE" },
    { "preprocess", 0, 0, G_OPTION_ARG_STRING, &options->preprocess,
      "How CLIP sees pictures: reference (default), openai, openai-clamped", "NAME" },
    G_OPTION_ENTRY_NULL
  };
  GOptionGroup *group = g_option_group_new ("model", "Model: each is a path, an https address or a published name", "Show them", NULL, NULL);

  g_option_group_add_entries (group, entries);
  return group;
}

GOptionGroup *
c2l_model_options_new_device_group (C2lModelOptions *options)
{
  const GOptionEntry entries[] = {
    { "device", 0, 0, G_OPTION_ARG_STRING, &options->device, "Compute here: cpu (default), cpu:avx512, cpu:avx2, cpu:portable", "NAME" },
    { "precision", 0, 0, G_OPTION_ARG_STRING, &options->precision, "f32 (exact), fast, bf16", "NAME" },
    { "threads", 0, 0, G_OPTION_ARG_INT, &options->threads, "Number of threads (default: all cores)", "N" },
    G_OPTION_ENTRY_NULL
  };
  GOptionGroup *group = g_option_group_new ("device", "Device", "Show them", NULL, NULL);

  g_option_group_add_entries (group, entries);
  return group;
}

void
c2l_model_options_clear (C2lModelOptions *options)
{
  g_free (options->model);
  g_free (options->prior);
  g_free (options->config);
  g_free (options->generator);
  g_free (options->clip);
  g_free (options->merges);
  g_free (options->preprocess);
  g_free (options->device);
  g_free (options->precision);
  *options = (C2lModelOptions) { 0 };
}

/* The original keeps a prior's configuration beside its checkpoint under the same name. */
static char *
dup_config_beside (const char *prior)
{
  const char *dot = strrchr (prior, '.');
  g_autofree char *config = g_strdup_printf ("%.*s.yaml", (int) (dot != NULL ? dot - prior : (gssize) strlen (prior)), prior);

  return g_file_test (config, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer (&config) : NULL;
}

gboolean
c2l_model_options_fetch (const C2lModelOptions *options, C2lModelPaths *paths, GError **error)
{
  const char *const named[C2L_N_MODEL_PATHS] = { options->clip, options->prior, options->config, options->generator, options->merges };
  static const char *const roles[C2L_N_MODEL_PATHS] = { "clip", "prior", "config", "generator", "merges" };

  for (int i = 0; i < C2L_N_MODEL_PATHS; i++)
    if (named[i] != NULL && (paths->path[i] = dup_local_path (named[i], roles[i], error)) == NULL)
      return FALSE;
  if (paths->path[C2L_PATH_CONFIG] == NULL && options->prior != NULL)
    paths->path[C2L_PATH_CONFIG] = dup_config_beside (paths->path[C2L_PATH_PRIOR]);
  return TRUE;
}
