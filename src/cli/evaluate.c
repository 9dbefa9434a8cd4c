/* c2l evaluate: how good a prior is, of a run or of a model. */
#include "cli/model-options.h"
#include "models/sampler.h"
#include "studio/evaluate.h"
#include "studio/json.h"
#include "studio/run-folder.h"
#include "studio/train-models.h"

#include <stdio.h>
#include <string.h>

typedef struct
{
  C2lModelOptions model;
  char *prompts, *grids, *checkpoint;
  int samples, pictures, variations, steps;
  gint64 seed;
  gboolean json, quick;
} Options;

/* What is judged, and what it needs to live. */
typedef struct
{
  C2lSession *session;
  const C2lPrior *prior;
  C2lPrior *own_prior; /* of a run */
  JsonObject *config;  /* (nullable) of a run */
  C2lTrainSettings settings;
} Subject;

static void
clear_subject (Subject *subject)
{
  g_clear_pointer (&subject->own_prior, c2l_prior_free);
  g_clear_pointer (&subject->session, c2l_session_free);
  g_clear_pointer (&subject->config, json_object_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Subject, clear_subject)

static gboolean
is_run (const char *path)
{
  g_autofree char *config = g_build_filename (path, "config.yaml", NULL);
  return g_file_test (config, G_FILE_TEST_IS_REGULAR);
}

static gboolean
open_run (const Options *options, const char *path, Subject *subject, GError **error)
{
  g_autofree char *file = g_build_filename (path, "config.yaml", NULL);
  g_autoptr (C2lDevice) device = NULL;
  g_autoptr (C2lWeights) weights = NULL;
  C2lPrecision precision;

  subject->config = c2l_train_config_load (file, NULL, error);
  if (subject->config == NULL)
    return FALSE;
  c2l_train_settings_read (&subject->settings, subject->config);
  device = c2l_model_options_open_device (&options->model, error);
  if (device == NULL
      || !c2l_model_options_get_precision (&options->model, device, C2L_DEFAULT_PRECISION,
                                           &precision, error))
    return FALSE;
  weights = options->checkpoint != NULL ? c2l_weights_load (options->checkpoint, error)
                                        : c2l_run_load_best (path, error);
  if (weights == NULL)
    return FALSE;
  subject->session = c2l_train_open_session (&subject->settings, device, precision,
                                             c2l_cli_get_cancellable (), error);
  if (subject->session != NULL)
    subject->own_prior = c2l_prior_load (weights, C2L_PRIOR_EMA, subject->config, device, error);
  subject->prior = subject->own_prior;
  return subject->prior != NULL;
}

static gboolean
open_model (Options *options, const char *path, Subject *subject, GError **error)
{
  g_autoptr (C2lEngine) engine = NULL;
  C2lPrecision precision;

  if (path != NULL)
    {
      if (options->model.model != NULL)
        return c2l_cli_refuse (error, "--model: “%s” is named already; leave one out", path);
      options->model.model = g_strdup (path);
    }
  engine = c2l_model_options_open_engine (&options->model, C2L_ROLE_GENERATOR, error);
  if (engine == NULL
      || !c2l_model_options_get_precision (&options->model, c2l_engine_get_device (engine),
                                           C2L_DEFAULT_PRECISION, &precision, error))
    return FALSE;
  subject->prior = c2l_engine_get_prior (engine, error);
  if (subject->prior == NULL)
    return FALSE;
  subject->session = c2l_session_new (engine, precision);
  return TRUE;
}

/* @steps: 0 where none were given. */
static gboolean
check_steps (const C2lPrior *prior, int steps, GError **error)
{
  const C2lSamplerParams params
      = { .kind = C2L_SAMPLER_REFERENCE, .steps = steps, .n_pictures = 1 };
  g_autoptr (GError) cause = NULL;

  return steps == 0 || c2l_sampler_check (prior, &params, &cause)
         || c2l_cli_refuse (error, "--%s", cause->message);
}

/* The prompts that were named, else those of the run or of the bundle's configuration; NULL and no
 * error where there are none. */
static char **
find_prompts (const Options *options, const Subject *subject, GError **error)
{
  C2lBundle *bundle = c2l_engine_get_bundle (c2l_session_get_engine (subject->session));
  JsonArray *examples = c2l_json_get_array (c2l_bundle_get_info (bundle), "examples");
  g_autoptr (GPtrArray) prompts = g_ptr_array_new ();

  if (options->prompts != NULL)
    return c2l_evaluate_load_prompts (options->prompts, error);
  if (subject->settings.val_text_samples != NULL)
    return c2l_evaluate_load_prompts (subject->settings.val_text_samples, error);
  for (guint i = 0; examples != NULL && i < json_array_get_length (examples); i++)
    if (json_node_get_value_type (json_array_get_element (examples, i)) == G_TYPE_STRING)
      g_ptr_array_add (prompts, g_strdup (json_array_get_string_element (examples, i)));
  if (prompts->len == 0)
    return c2l_evaluate_load_prompts ("text/face-val.txt", error);
  g_ptr_array_add (prompts, NULL);
  return (char **) g_ptr_array_steal (prompts, NULL);
}

static void
print_table (JsonObject *values)
{
  g_autoptr (GList) members = json_object_get_members (values);

  for (GList *member = members; member != NULL; member = member->next)
    printf ("%-26s %8.4f\n", (const char *) member->data,
            json_object_get_double_member (values, member->data));
}

static void
print_values (JsonObject *values, gboolean json)
{
  g_autofree char *text = json ? c2l_json_object_to_string (values, FALSE) : NULL;

  if (json)
    printf ("%s\n", text);
  else
    print_table (values);
}

static void
show (double fraction, gpointer data)
{
  c2l_cli_progress (fraction, "evaluated");
}

static gboolean
evaluate (Options *options, const char *path, GError **error)
{
  g_auto (Subject) subject = { 0 };
  g_auto (GStrv) prompts = NULL;
  g_autoptr (C2lEvaluator) evaluator = NULL;
  g_autoptr (JsonObject) values = NULL;
  const C2lProgress progress = { show, NULL };
  C2lEvaluateOptions evaluation;

  if (path != NULL && is_run (path) ? !open_run (options, path, &subject, error)
                                    : !open_model (options, path, &subject, error))
    return FALSE;
  if (!check_steps (subject.prior, options->steps, error))
    return FALSE;
  prompts = find_prompts (options, &subject, error);
  if (prompts == NULL)
    return FALSE;
  c2l_evaluate_options_init (&evaluation);
  evaluation.prompts = (const char *const *) prompts;
  evaluation.image_samples = options->pictures;
  evaluation.variations = options->variations;
  evaluation.samples_per_text = options->samples;
  evaluation.steps = options->steps;
  evaluation.seed = options->seed;
  evaluation.is_full = !options->quick;
  evaluator = c2l_evaluator_new (subject.session, subject.prior, &evaluation,
                                 c2l_cli_get_cancellable (), error);
  if (evaluator != NULL)
    values = c2l_evaluator_run (evaluator, options->grids, &progress, c2l_cli_get_cancellable (),
                                error);
  c2l_cli_progress_clear ();
  if (values != NULL)
    print_values (values, options->json);
  /* The evaluator's passes go before what they were recorded with. */
  g_clear_pointer (&evaluator, c2l_evaluator_free);
  return values != NULL;
}

static gboolean
check (const Options *options, GError **error)
{
  if (options->samples < 1 || options->samples > 1024)
    return c2l_cli_refuse (error, "--samples: %d is no number from 1 to 1024", options->samples);
  if (options->pictures < 0 || options->pictures > 65536)
    return c2l_cli_refuse (error, "--pictures: %d is no number from 0 to 65536", options->pictures);
  if (options->variations < 0 || options->variations > 1024)
    return c2l_cli_refuse (error, "--variations: %d is no number from 0 to 1024",
                           options->variations);
  if (options->steps < 0)
    return c2l_cli_refuse (error, "--steps: %d is no number of steps", options->steps);
  if (options->seed < 0)
    return c2l_cli_refuse (error, "--seed: it must not be negative");
  return TRUE;
}

static void
clear_options (Options *options)
{
  c2l_model_options_clear (&options->model);
  g_free (options->prompts);
  g_free (options->grids);
  g_free (options->checkpoint);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, clear_options)

static int
run (int argc, char **argv)
{
  g_auto (Options) options = { .samples = 4, .pictures = 64, .variations = 8 };
  const GOptionEntry entries[]
      = { { "prompts", 'p', 0, G_OPTION_ARG_FILENAME, &options.prompts,
            "Prompts, one a line (default: the run's, or the model's examples)", "FILE" },
          { "samples", 'n', 0, G_OPTION_ARG_INT, &options.samples, "Samples of each prompt (4)",
            "N" },
          { "pictures", 0, 0, G_OPTION_ARG_INT, &options.pictures,
            "Generated pictures whose embeddings are conditions (64)", "N" },
          { "variations", 0, 0, G_OPTION_ARG_INT, &options.variations,
            "Samples of one such picture (8)", "N" },
          { "steps", 0, 0, G_OPTION_ARG_INT, &options.steps,
            "Steps of the sampler (default: all, as the original)", "N" },
          { "seed", 's', 0, G_OPTION_ARG_INT64, &options.seed,
            "Another seed gives other pictures (0)", "N" },
          { "quick", 0, 0, G_OPTION_ARG_NONE, &options.quick,
            "Only the four validations, without the table of guidance and truncation", NULL },
          { "grids", 0, 0, G_OPTION_ARG_FILENAME, &options.grids, "Save pictures as grids in here",
            "FOLDER" },
          { "checkpoint", 0, 0, G_OPTION_ARG_FILENAME, &options.checkpoint,
            "This checkpoint of the run (default: the best)", "FILE" },
          { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
          G_OPTION_ENTRY_NULL };
  GOptionGroup *groups[]
      = { c2l_model_options_new_model_group (&options.model),
          c2l_model_options_new_device_group (&options.model, C2L_DEFAULT_PRECISION), NULL };
  g_autoptr (GError) error = NULL;
  int exit_code;

  if (!c2l_cli_parse (&c2l_command_evaluate, &argc, &argv, entries, groups, &exit_code))
    return exit_code;
  if (argc > 2)
    return c2l_cli_usage (&c2l_command_evaluate, "name one run or one model");
  if (!check (&options, &error) || !evaluate (&options, argc > 1 ? argv[1] : NULL, &error))
    return c2l_cli_fail (error);
  return C2L_EXIT_OK;
}

const C2lCommand c2l_command_evaluate = {
  .name = "evaluate",
  .arguments = "[RUN|MODEL]",
  .summary = "Say how good a prior is, by its pictures",
  .description
  = "Prints the mean cosine of CLIP's embeddings of conditions and of the pictures made for them:\n"
    "  image-similarity   conditions are generated pictures\n"
    "  image-vars         one picture, several samples\n"
    "  text2im            prompts, guidance 1; text2im-super2: guidance 2\n"
    "  clip-score/g4/psi0.7  prompts, by guidance and truncation\n"
    "and diversity, the mean of 1 − cosine between pictures of one condition. The same model, "
    "options\n"
    "and seed give the same numbers. A training computes the first four by itself.\n",
  .run = run,
};
