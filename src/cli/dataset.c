/* c2l dataset: training data from a generator, under the original's names of options. Finds the two
 * models and hands the work to studio/dataset; says how far it is. */
#include "cli/model-options.h"
#include "studio/bundles.h"
#include "studio/dataset.h"
#include "studio/devices.h"
#include "studio/json.h"
#include "studio/ranks.h"

#include <math.h>
#include <stdio.h>

/* The original's; the second is used where the generator brings no CLIP of its own. */
#define DEFAULT_GENERATOR "sg2-ffhq-1024"
#define DEFAULT_EXTRACTOR "ViT-B/32"

/* With --json, how far it is is said so often, in microseconds. */
#define SAY_EVERY G_USEC_PER_SEC

typedef struct
{
  C2lModelOptions model; /* generator, clip and preprocess are filled in from the names below */
  C2lDatasetOptions dataset;
  char *generator_name, *extractor_name, *space, *seed;
  gint64 n_samples;
  int samples_per_file, batch_size, n_save_workers, n_gpus;
  gboolean json;
  gint64 last_said;
} Options;

static void
options_clear (Options *options)
{
  c2l_model_options_clear (&options->model);
  g_free (options->generator_name);
  g_free (options->extractor_name);
  g_free (options->space);
  g_free (options->seed);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* --- what is said --- */

static void
print_object (JsonObject *object)
{
  g_autofree char *text = c2l_json_object_to_string (object, FALSE);

  printf ("%s\n", text);
  fflush (stdout);
}

static void
say_progress (Options *options, const C2lDatasetProgress *progress)
{
  g_autoptr (JsonObject) object = NULL;
  const gint64 now = g_get_monotonic_time ();

  if (now - options->last_said < SAY_EVERY && progress->n_done < progress->n_total)
    return;
  options->last_said = now;
  object = json_object_new ();
  json_object_set_int_member (object, "done", progress->n_done);
  json_object_set_int_member (object, "total", progress->n_total);
  json_object_set_double_member (object, "rate", progress->rate);
  if (progress->seconds_left >= 0)
    json_object_set_double_member (object, "left_s", progress->seconds_left);
  print_object (object);
}

static void
show_progress (const C2lDatasetProgress *progress, gpointer data)
{
  Options *options = data;
  g_autoptr (GString) text = g_string_new (NULL);

  if (options->json)
    say_progress (options, progress);
  g_string_printf (text, "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT, progress->n_done,
                   progress->n_total);
  if (progress->rate > 0)
    {
      g_autofree char *left = c2l_cli_dup_duration (progress->seconds_left);

      g_string_append_printf (text, ", %.3g/s, %s left", progress->rate, left);
    }
  c2l_cli_progress ((double) progress->n_done / progress->n_total, text->str);
}

static void
say_finished (const char *path, gpointer data)
{
  const Options *options = data;
  g_autoptr (JsonObject) object = NULL;
  g_autofree char *name = NULL;

  c2l_cli_progress_clear ();
  if (!options->json)
    {
      printf ("%s\n", path);
      fflush (stdout);
      return;
    }
  object = json_object_new ();
  name = g_filename_display_name (path);
  json_object_set_string_member (object, "file", name);
  print_object (object);
}

static void
say_note (const char *message, gpointer data)
{
  c2l_cli_message ("%s", message);
}

/* --- the models --- */

/* The file of @role where @name is a bundle that has one, by path or by its folder's name; else
 * @name itself. The bundle's CLIP sees pictures as the bundle says, unless that was said otherwise.
 */
static char *
dup_source (C2lModelOptions *model, const char *name, C2lRole role, GError **error)
{
  g_autofree char *folder = c2l_bundles_find (name);
  g_autoptr (C2lBundle) bundle = NULL;

  if (!c2l_bundle_is_bundle (folder))
    return g_steal_pointer (&folder);
  bundle = c2l_bundle_open (folder, error);
  if (bundle == NULL)
    return NULL;
  if (c2l_bundle_get_file (bundle, role) == NULL)
    {
      g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_MISMATCH,
                   "%s: the bundle has no %s; name another", folder, c2l_role_get_name (role));
      return NULL;
    }
  if (role == C2L_ROLE_CLIP && model->preprocess == NULL)
    model->preprocess = g_strdup (c2l_bundle_get_preprocess (bundle));
  return g_strdup (c2l_bundle_get_file (bundle, role));
}

/* Whether @name is a bundle that brings a CLIP. */
static gboolean
has_clip (const char *name)
{
  g_autofree char *folder = c2l_bundles_find (name);
  g_autoptr (C2lBundle) bundle
      = c2l_bundle_is_bundle (folder) ? c2l_bundle_open (folder, NULL) : NULL;

  return bundle != NULL && c2l_bundle_get_file (bundle, C2L_ROLE_CLIP) != NULL;
}

static C2lEngine *
open_engine (Options *options, GError **error)
{
  const char *generator
      = options->generator_name != NULL ? options->generator_name : DEFAULT_GENERATOR;
  const char *extractor = options->extractor_name != NULL ? options->extractor_name
                          : has_clip (generator)          ? generator
                                                          : DEFAULT_EXTRACTOR;

  options->model.generator = dup_source (&options->model, generator, C2L_ROLE_GENERATOR, error);
  if (options->model.generator == NULL)
    return NULL;
  options->model.clip = dup_source (&options->model, extractor, C2L_ROLE_CLIP, error);
  return options->model.clip != NULL
             ? c2l_model_options_open_engine (&options->model, C2L_ROLE_GENERATOR, error)
             : NULL;
}

/* The original starts a process for each GPU. Here a process computes on one device, and processes
 * share a folder. */
static void
cap_gpus (const Options *options)
{
  g_autoptr (GPtrArray) devices = c2l_devices_list (FALSE);
  int n = 0;

  for (guint i = 0; i < devices->len; i++)
    n += ((C2lDeviceChoice *) g_ptr_array_index (devices, i))->is_gpu;
  if (n == 0)
    c2l_cli_message ("--n-gpus %d: no GPU can be used here; the processor does the work",
                     options->n_gpus);
  else if (options->n_gpus > 1)
    c2l_cli_message ("--n-gpus %d: a process uses one; start one for each of the %d GPUs with "
                     "--device, on the same folder, and they share the work",
                     options->n_gpus, MIN (n, options->n_gpus));
}

/* --- the command --- */

/* What cannot be is left to studio where it can say so as well; here is what its types cannot
 * hold. */
static gboolean
fill_options (Options *options, GError **error)
{
  C2lDatasetOptions *dataset = &options->dataset;
  g_autoptr (GError) cause = NULL;

  if (options->n_samples < 1)
    return c2l_cli_refuse (error, "--n-samples: %" G_GINT64_FORMAT " is no number of samples",
                           options->n_samples);
  if (options->samples_per_file < 1 || options->batch_size < 1 || options->n_save_workers < 1
      || dataset->image_size < 1)
    return c2l_cli_refuse (error, "--samples-per-folder, --batch-size, --n-save-workers and "
                                  "--out-image-size are 1 or more");
  if (options->space != NULL && !c2l_dataset_space_from_name (options->space, &dataset->space))
    return c2l_cli_refuse (error, "--space: there is no “%s”; w and w3 are", options->space);
  if (options->seed != NULL
      && !g_ascii_string_to_unsigned (options->seed, 10, 0, G_MAXUINT64, &dataset->seed, NULL))
    return c2l_cli_refuse (error, "--seed: “%s” is no whole number from 0 to %" G_GUINT64_FORMAT,
                           options->seed, G_MAXUINT64);
  dataset->n_samples = options->n_samples;
  dataset->samples_per_file = options->samples_per_file;
  dataset->batch_size = options->batch_size;
  dataset->n_save_workers = options->n_save_workers;
  return c2l_dataset_options_check (dataset, &cause)
         || c2l_cli_refuse (error, "%s", cause->message);
}

static gboolean
make (Options *options, C2lDatasetResult *result, GError **error)
{
  const C2lDatasetCallbacks callbacks
      = { .progress = show_progress, .finished = say_finished, .note = say_note, .data = options };
  g_autoptr (C2lEngine) engine = NULL;
  g_autoptr (C2lSession) session = NULL;
  C2lPrecision precision;

  if (!fill_options (options, error))
    return FALSE;
  if (options->n_gpus > 0)
    cap_gpus (options);
  engine = open_engine (options, error);
  if (engine == NULL
      || !c2l_model_options_get_precision (&options->model, c2l_engine_get_device (engine),
                                           C2L_DEFAULT_PRECISION, &precision, error))
    return FALSE;
  session = c2l_session_new (engine, precision);
  return c2l_dataset_make (session, &options->dataset, &callbacks, result,
                           c2l_cli_get_cancellable (), error);
}

static int
run (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  C2lDatasetOptions *dataset = &options.dataset;
  const GOptionEntry entries[]
      = { { "n-samples", 'n', 0, G_OPTION_ARG_INT64, &options.n_samples,
            "Samples in all (default 1000000)", "N" },
          { "generator-name", 0, 0, G_OPTION_ARG_FILENAME, &options.generator_name,
            "The generator: a published name, a bundle (starter), a file or an https address "
            "(default " DEFAULT_GENERATOR ")",
            "NAME" },
          { "feature-extractor-name", 0, 0, G_OPTION_ARG_FILENAME, &options.extractor_name,
            "The CLIP model, likewise (default: the generator's bundle's, else " DEFAULT_EXTRACTOR
            ")",
            "NAME" },
          { "preprocess", 0, 0, G_OPTION_ARG_STRING, &options.model.preprocess,
            "How CLIP sees pictures: reference, openai, openai-clamped (default: as its bundle "
            "says, else reference)",
            "NAME" },
          { "space", 0, 0, G_OPTION_ARG_STRING, &options.space,
            "w (default): one latent a sample; w3: three mixed ones", "NAME" },
          { "truncation", 't', 0, G_OPTION_ARG_DOUBLE, &dataset->truncation,
            "How far latents are from the generator's average: 1 (default) as its mapping network "
            "says, more is bolder",
            "X" },
          { "samples-per-folder", 0, 0, G_OPTION_ARG_INT, &options.samples_per_file,
            "Samples in a tar (default 10000)", "N" },
          { "out-image-size", 0, 0, G_OPTION_ARG_INT, &dataset->image_size,
            "Side of the pictures that CLIP sees and that are saved (default 256)", "N" },
          { "save-im", 0, 0, G_OPTION_ARG_NONE, &dataset->save_images, "Save the pictures, as JPEG",
            NULL },
          { "no-save-im", 0, G_OPTION_FLAG_REVERSE, G_OPTION_ARG_NONE, &dataset->save_images,
            "Save latents and embeddings only (default)", NULL },
          { "seed", 's', 0, G_OPTION_ARG_STRING, &options.seed,
            "Seed of the random numbers (default 0); the same seed makes the same data", "N" },
          { "batch-size", 0, 0, G_OPTION_ARG_INT, &options.batch_size,
            "Samples on their way at a time, and those that w3 mixes (default 32)", "N" },
          { "n-save-workers", 0, 0, G_OPTION_ARG_INT, &options.n_save_workers,
            "Threads that pack pictures (default: one a processor)", "N" },
          { "n-gpus", 0, 0, G_OPTION_ARG_INT, &options.n_gpus, "Capped to what is there; see below",
            "N" },
          { "json", 0, 0, G_OPTION_ARG_NONE, &options.json,
            "Print a JSON object a line: each tar, and once a second how far it is", NULL },
          G_OPTION_ENTRY_NULL };
  GOptionGroup *groups[]
      = { c2l_model_options_new_device_group (&options.model, C2L_DEFAULT_PRECISION), NULL };
  C2lDatasetResult result = { 0 };
  g_autoptr (GError) error = NULL;
  int exit_code;

  c2l_dataset_options_init (dataset);
  options.n_samples = dataset->n_samples;
  options.samples_per_file = dataset->samples_per_file;
  options.batch_size = dataset->batch_size;
  options.n_save_workers = dataset->n_save_workers;
  if (!c2l_cli_parse (&c2l_command_dataset, &argc, &argv, entries, groups, &exit_code))
    return exit_code;
  if (argc != 2 || *argv[1] == '\0')
    return c2l_cli_usage (&c2l_command_dataset, "name one folder for the data");
  dataset->folder = argv[1];
  if (!make (&options, &result, &error))
    return c2l_cli_fail (error);
  c2l_cli_progress_clear ();
  /* Under mpirun these are the others of the same call. */
  if (result.n_elsewhere > 0 && c2l_ranks_get_size () == 1)
    c2l_cli_message ("%s: other processes are at work on %u more tar%s", dataset->folder,
                     result.n_elsewhere, result.n_elsewhere == 1 ? "" : "s");
  else if (result.n_files == 0 && result.n_before > 0)
    c2l_cli_message ("%s: all %u tar%s were there already", dataset->folder, result.n_before,
                     result.n_before == 1 ? "" : "s");
  return C2L_EXIT_OK;
}

const C2lCommand c2l_command_dataset = {
  .name = "dataset",
  .arguments = "FOLDER",
  .summary = "Make training data: latents and CLIP's embeddings of their pictures",
  .description
  = "Writes webdataset tars, 00000.tar and so on, and prints the name of each when it is whole. "
    "What was\nstopped or killed goes on when the same call is given again: finished tars stay, "
    "one "
    "that was not is\nmade again, with the same numbers. Several processes may work on one folder, "
    "also with mpirun: each\ntakes the next tar. dataset.json in the folder says how the data were "
    "made.\n",
  .run = run,
};
