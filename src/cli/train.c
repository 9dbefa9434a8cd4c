/* c2l train: trains a prior, or goes on with it. */
#include "cli/cli.h"
#include "formats/yaml-writer.h"
#include "studio/paths.h"
#include "studio/ranks.h"
#include "studio/train.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A training gives way to everything else on this computer. */
#define NICENESS 10

typedef struct
{
  char *run, *config, *device;
  int threads;
  gboolean resume, show;
} Options;

static void
clear_options (Options *options)
{
  g_free (options->run);
  g_free (options->config);
  g_free (options->device);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, clear_options)

static void
say (const char *text, gpointer data)
{
  c2l_cli_message ("%s", text);
}

static void
show (const C2lTrainState *state, gpointer data)
{
  gboolean is_training = strcmp (state->what, "training") == 0;
  g_autofree char *left = state->left_s >= 0 ? c2l_cli_dup_duration (state->left_s) : g_strdup ("");
  g_autofree char *text = is_training && isfinite (state->loss)
                              ? g_strdup_printf ("%.4f, %s", state->loss, left)
                              : g_strdup (state->what);

  c2l_cli_progress (state->fraction, text);
}

/* The configuration: of the run that goes on, of a file, or put together. */
static JsonObject *
compose (const Options *options, char **overrides, GError **error)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *own
      = options->resume ? g_build_filename (options->run, "config.yaml", NULL) : NULL;
  const char *base = own != NULL ? own : options->config;

  for (guint i = 0; overrides[i] != NULL; i++)
    g_ptr_array_add (all, g_strdup (overrides[i]));
  if (options->device != NULL)
    g_ptr_array_add (all, g_strdup_printf ("device='%s'", options->device));
  g_ptr_array_add (all, NULL);
  if (own != NULL && !g_file_test (own, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
                   "%s: there is no run to resume; leave --resume out to start one", options->run);
      return NULL;
    }
  return base != NULL ? c2l_train_config_load (base, (const char *const *) all->pdata, error)
                      : c2l_train_config_compose (NULL, (const char *const *) all->pdata, error);
}

/* How a failed training ends. Of several processes one that failed by itself ends the others too;
 * where another one failed, or ended, that one says why, and the one that writes says what is left.
 */
static int
fail (const GError *error, C2lCommunicator *ranks)
{
  const gboolean is_lost = g_error_matches (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_PEER_ENDED);
  int exit_code = C2L_EXIT_FAILED;

  if (!is_lost || c2l_communicator_get_rank (ranks) == 0)
    exit_code = c2l_cli_fail (error);
  if (ranks != NULL && c2l_communicator_is_torn (ranks) && !is_lost
      && exit_code != c2l_cli_get_stopped ())
    c2l_communicator_abort (ranks, exit_code);
  return exit_code;
}

static int
train (const Options *options, JsonObject *config, C2lCommunicator *ranks)
{
  g_autofree char *runs = c2l_paths_dup_runs ();
  g_autofree char *name = c2l_train_dup_name (config);
  g_autofree char *folder
      = options->run != NULL ? g_strdup (options->run) : g_build_filename (runs, name, NULL);
  const C2lTrainOptions training
      = { .folder = folder,
          .resume = options->resume,
          .config = config,
          .n_threads = options->threads > 0 ? options->threads : c2l_ranks_get_n_threads (),
          .ranks = ranks,
          .say = say,
          .show = show };
  g_autoptr (GError) error = NULL;
  C2lTrainEnd end = C2L_TRAIN_FINISHED;
  gboolean done;

  if (nice (NICENESS) < 0)
    c2l_cli_message ("the training cannot give way to other programs and goes on as it is");
  done = c2l_train (&training, &end, c2l_cli_get_cancellable (), &error);
  c2l_cli_progress_clear ();
  if (!done)
    return fail (error, ranks);
  if (c2l_ranks_get_rank () == 0)
    printf ("%s\n", folder);
  return end == C2L_TRAIN_CANCELLED ? c2l_cli_get_stopped () : C2L_EXIT_OK;
}

/* With the other processes of the job, if there are any. */
static int
train_together (const Options *options, JsonObject *config)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (C2lCommunicator) ranks = NULL;

  if (c2l_ranks_get_size () > 1)
    {
      ranks = c2l_ranks_join (&error);
      if (ranks == NULL)
        return c2l_cli_fail (error);
    }
  return train (options, config, ranks);
}

static int
run (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  const GOptionEntry entries[]
      = { { "run", 0, 0, G_OPTION_ARG_FILENAME, &options.run,
            "The run's folder (default: a new one among this user's runs)", "FOLDER" },
          { "resume", 0, 0, G_OPTION_ARG_NONE, &options.resume,
            "Go on with the run in that folder, from its newest checkpoint", NULL },
          { "config", 0, 0, G_OPTION_ARG_FILENAME, &options.config,
            "Begin with this configuration (.yaml)", "FILE" },
          { "show", 0, 0, G_OPTION_ARG_NONE, &options.show,
            "Print the configuration that would be used, and exit", NULL },
          { "device", 0, 0, G_OPTION_ARG_STRING, &options.device,
            "Compute here, as the setting “device” (default: the best that there is)", "NAME" },
          { "threads", 0, 0, G_OPTION_ARG_INT, &options.threads,
            "Number of threads (default: all cores)", "N" },
          G_OPTION_ENTRY_NULL };
  g_autoptr (JsonObject) config = NULL;
  g_autoptr (GError) error = NULL;
  int exit_code;

  if (!c2l_cli_parse (&c2l_command_train, &argc, &argv, entries, NULL, &exit_code))
    return exit_code;
  if (options.resume && (options.run == NULL || options.config != NULL))
    return c2l_cli_usage (&c2l_command_train,
                          options.run == NULL
                              ? "--resume: name the run with --run"
                              : "--resume: the run has its own configuration; leave --config out");
  if (options.threads < 0 || options.threads > 4096)
    return c2l_cli_usage (&c2l_command_train, "--threads: %d is no number of threads",
                          options.threads);
  if (options.run != NULL && *options.run == '\0')
    return c2l_cli_usage (&c2l_command_train, "--run: name a folder");
  config = compose (&options, argv + 1, &error);
  if (config == NULL)
    {
      c2l_cli_fail (error);
      return C2L_EXIT_USAGE;
    }
  if (!options.show)
    return train_together (&options, config);

  g_autofree char *text = c2l_yaml_to_string (config);
  printf ("%s", text);
  return C2L_EXIT_OK;
}

const C2lCommand c2l_command_train = {
  .name = "train",
  .arguments = "[OVERRIDE…]",
  .summary = "Train a prior",
  .description
  = "Overrides are group=name or key.sub=value, as the original has them:\n"
    "  c2l train data=starter train.max_it=20_000 train.lr=3.0e-4\n"
    "Groups are model (mid, small, starter) and data (sg2-ffhq, sg2-ffhq-w3, sg2-encoded-ffhq,\n"
    "sg3-lhq, starter). --show prints all settings.\n\n"
    "Ctrl+C, or a file “stop” in the run's folder, writes a checkpoint and ends it; --resume goes "
    "on\n"
    "with the same numbers. A file “checkpoint” asks for a checkpoint. The folder holds\n"
    "metrics.jsonl, status.json, checkpoints, samples, and event files for TensorBoard.\n\n"
    "With Open MPI, “mpirun -n 4 c2l train …” shares each batch among four processes, on one "
    "machine "
    "or\nseveral that see the same folders; the losses are those of one.\n",
  .run = run,
};
