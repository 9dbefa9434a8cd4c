/* The options that say which model draws and on what. */
#include "cli/model-options.h"

#include "studio/bundles.h"
#include "studio/catalogue.h"
#include "studio/paths.h"
#include "studio/ranks.h"

#include <string.h>

GOptionGroup *
c2l_model_options_new_model_group (C2lModelOptions *options)
{
  const GOptionEntry entries[]
      = { { "model", 'm', 0, G_OPTION_ARG_FILENAME, &options->model,
            "Draw with this bundle, by name or folder (default: the starter)", "NAME" },
          { "prior", 0, 0, G_OPTION_ARG_FILENAME, &options->prior, "The prior: a checkpoint",
            "FILE" },
          { "config", 0, 0, G_OPTION_ARG_FILENAME, &options->config,
            "The prior's configuration (default: the .yaml beside it, on a server too)", "FILE" },
          { "generator", 0, 0, G_OPTION_ARG_FILENAME, &options->generator,
            "The generator: a StyleGAN pickle", "FILE" },
          { "clip", 0, 0, G_OPTION_ARG_FILENAME, &options->clip,
            "The CLIP model, for prompts and scores", "FILE" },
          { "merges", 0, 0, G_OPTION_ARG_FILENAME, &options->merges,
            "CLIP's vocabulary (default: merges.txt beside the CLIP, else OpenAI's)", "FILE" },
          { "preprocess", 0, 0, G_OPTION_ARG_STRING, &options->preprocess,
            "How CLIP sees pictures: reference (default), openai, openai-clamped", "NAME" },
          G_OPTION_ENTRY_NULL };
  GOptionGroup *group
      = g_option_group_new ("model", "Model: each is a path, an https address or a published name",
                            "Show them", NULL, NULL);

  g_option_group_add_entries (group, entries);
  return group;
}

GOptionGroup *
c2l_model_options_new_device_group (C2lModelOptions *options, C2lPrecision fallback)
{
  const GOptionEntry entries[]
      = { { "device", 0, 0, G_OPTION_ARG_STRING, &options->device,
            "Compute here: cpu (default), cuda:0 (an NVIDIA GPU; c2l info "
            "--devices lists what there is), "
            "or with less: cpu:avx512, cpu:avx2, cpu:portable",
            "NAME" },
          { "precision", 0, 0, G_OPTION_ARG_STRING, &options->precision,
            fallback == C2L_PRECISION_F32 ? "f32 (default), fast, bf16, fp16 (GPUs only)"
                                          : "fast (default, on processors and GPUs), f32 (exact), "
                                            "bf16, fp16 (GPUs only)",
            "NAME" },
          { "threads", 0, 0, G_OPTION_ARG_INT, &options->threads,
            "Number of threads (default: all cores)", "N" },
          G_OPTION_ENTRY_NULL };
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
  *options = (C2lModelOptions){ 0 };
}

static void
show_download (const char *name, goffset done, goffset total, gpointer data)
{
  g_autofree char *size = g_format_size (done);
  g_autofree char *text = g_strdup_printf ("%s of %s", size, name);

  c2l_cli_progress (total > 0 ? (double) done / total : 0, text);
}

static C2lModelFiles
get_named (const C2lModelOptions *options)
{
  return (C2lModelFiles){ .clip = options->clip,
                          .prior = options->prior,
                          .config = options->config,
                          .generator = options->generator,
                          .merges = options->merges };
}

gboolean
c2l_model_options_fetch (const C2lModelOptions *options, C2lModelPaths *paths, GError **error)
{
  const C2lModelFilesProgress progress = { show_download, NULL };
  const C2lModelFiles named = get_named (options);
  C2lClipPreprocess preprocess;
  gboolean ok;

  if (options->preprocess != NULL
      && !c2l_clip_preprocess_from_name (options->preprocess, &preprocess))
    return c2l_cli_refuse (
        error, "--preprocess: there is no “%s”; reference, openai and openai-clamped are",
        options->preprocess);
  ok = c2l_model_paths_fetch (paths, &named, &progress, c2l_cli_get_cancellable (), error);
  c2l_cli_progress_clear ();
  return ok;
}

static C2lBundle *
open_files (const C2lModelOptions *options, C2lRole needed, GError **error)
{
  const char *const named[C2L_N_ROLES] = { options->clip, options->prior, options->generator };
  const char *role = c2l_role_get_name (needed);
  const C2lModelFiles names = get_named (options);
  g_auto (C2lModelPaths) paths = { 0 };

  /* What is not there is said first: what else is missing may be because of it. */
  if (!c2l_model_files_check (&names, error))
    return NULL;
  if (named[needed] == NULL)
    {
      c2l_cli_refuse (error,
                      "this needs a %s, which the files named do not have; name one with --%s",
                      role, role);
      return NULL;
    }
  if (!c2l_model_options_fetch (options, &paths, error))
    return NULL;
  return c2l_bundle_open_files (&(C2lModelFiles){ .clip = paths.clip,
                                                  .prior = paths.prior,
                                                  .config = paths.config,
                                                  .generator = paths.generator,
                                                  .merges = paths.merges,
                                                  .preprocess = options->preprocess,
                                                  .named = &names },
                                error);
}

/* A folder, or the name of a model that is installed. */
static C2lBundle *
open_named (const char *name, GError **error)
{
  g_autofree char *folder = c2l_bundles_find (name);
  C2lCatalogue *own = c2l_catalogue_get_own (NULL);

  if (g_file_test (folder, G_FILE_TEST_EXISTS) || own == NULL
      || c2l_catalogue_find_model (own, name) == NULL)
    return c2l_bundle_open (folder, error);
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
               "%s: this model is not installed; “c2l download %s” gets it", name, name);
  return NULL;
}

C2lBundle *
c2l_model_options_open_bundle (const C2lModelOptions *options, C2lRole needed, GError **error)
{
  g_autofree char *starter = NULL;

  if (options->prior != NULL || options->generator != NULL || options->clip != NULL
      || options->config != NULL)
    {
      if (options->model == NULL)
        return open_files (options, needed, error);
      c2l_cli_refuse (error,
                      "--model names a whole model; leave it out, or leave out --prior, --config, "
                      "--generator and --clip");
      return NULL;
    }
  if (options->preprocess != NULL)
    {
      c2l_cli_refuse (
          error, "--preprocess: a bundle says itself how its CLIP sees pictures; leave it out");
      return NULL;
    }
  if (options->model != NULL)
    return open_named (options->model, error);
  starter = c2l_paths_dup_data ("starter");
  if (starter != NULL)
    return c2l_bundle_open (starter, error);
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
               "the starter model is not installed; name a model with --model, or set C2L_DATA to "
               "the folder that holds “starter”");
  return NULL;
}

/* Whether there are devices of this name, on some computer. */
static gboolean
is_device_name (const char *name)
{
  static const char *const names[]
      = { "cpu", "cpu:avx512bf16", "cpu:avx512", "cpu:avx2", "cpu:portable", "cuda", NULL };
  const char *number = g_str_has_prefix (name, "cuda:") ? name + strlen ("cuda:") : NULL;

  return g_strv_contains (names, name)
         || (number != NULL && g_ascii_string_to_unsigned (number, 10, 0, G_MAXUINT, NULL, NULL));
}

C2lDevice *
c2l_model_options_open_device (const C2lModelOptions *options, GError **error)
{
  C2lDevice *device;
  int n_threads;

  if (options->threads < 0 || options->threads > 4096)
    {
      c2l_cli_refuse (error, "--threads: %d is no number of threads", options->threads);
      return NULL;
    }
  if (options->device != NULL && !is_device_name (options->device))
    {
      c2l_cli_refuse (error,
                      "--device: there is no “%s”; cpu, cuda:0 for the first NVIDIA GPU and so on, "
                      "and cpu:avx512bf16, cpu:avx512, cpu:avx2 and cpu:portable are",
                      options->device);
      return NULL;
    }
  device = c2l_device_open (options->device != NULL ? options->device : "cpu", error);
  n_threads = options->threads > 0 ? options->threads : c2l_ranks_get_n_threads ();
  if (device != NULL && n_threads > 0)
    c2l_device_set_n_threads (device, n_threads);
  return device;
}

gboolean
c2l_model_options_get_precision (const C2lModelOptions *options,
                                 C2lDevice *device,
                                 C2lPrecision fallback,
                                 C2lPrecision *precision,
                                 GError **error)
{
  *precision = fallback;
  if (options->precision != NULL && !c2l_precision_from_name (options->precision, precision))
    {
      c2l_cli_refuse (error, "--precision: there is no “%s”; f32, fast, bf16 and fp16 are",
                      options->precision);
      return FALSE;
    }
  if (c2l_device_supports (device, *precision))
    return TRUE;
  if (options->precision != NULL)
    return c2l_cli_refuse (error, "--precision %s: %s does not compute in it; choose another",
                           options->precision, c2l_device_get_description (device));
  g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED,
               "%s: it does not compute in %s; choose another --precision",
               c2l_device_get_description (device), c2l_precision_get_name (*precision));
  return FALSE;
}

C2lEngine *
c2l_model_options_open_engine (const C2lModelOptions *options, C2lRole needed, GError **error)
{
  g_autoptr (C2lBundle) bundle = c2l_model_options_open_bundle (options, needed, error);
  g_autoptr (C2lDevice) device = NULL;
  g_autofree char *merges
      = options->merges != NULL ? g_strdup (options->merges) : c2l_paths_dup_data ("merges.txt.gz");

  if (bundle == NULL)
    return NULL;
  if (options->merges != NULL && c2l_bundle_get_folder (bundle) != NULL
      && c2l_bundle_get_merges (bundle) != NULL)
    {
      c2l_cli_refuse (error, "--merges: the model “%s” brings its own vocabulary; leave it out",
                      c2l_bundle_get_name (bundle));
      return NULL;
    }
  device = c2l_model_options_open_device (options, error);
  return device != NULL ? c2l_engine_new (bundle, device, merges) : NULL;
}
