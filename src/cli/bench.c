/* c2l bench: how long a piece of work takes. The models are made up in the sizes of the published
 * ones, or the starter. Measures wall-clock time of whole runs after a warm-up; in interactive use
 * one run for each line that comes in, so that a script can alternate with another program. */
#include "cli/model-options.h"
#include "models/synthetic.h"
#include "studio/dataset.h"
#include "studio/generate.h"
#include "studio/json.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define N_PICTURES 16
#define MAX_RUNS 100000
#define PROMPT "a photograph of a person with red hair and glasses"

typedef struct
{
  C2lModelOptions model; /* device, precision, threads */
  char *size, *name;
  int runs, preview; /* preview: at most so many pixels a side, 0: all */
  gboolean json, interactive, profile;
} Options;

static void
options_clear (Options *options)
{
  c2l_model_options_clear (&options->model);
  g_free (options->size);
  g_free (options->name);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* What a case needs between runs. */
typedef struct
{
  C2lSession *session;
  C2lRecipe *recipe;
  GPtrArray *recipes; /* (nullable): of a whole batch */
  int preview;
  float *text;     /* an embedding */
  float *pictures; /* [N_PICTURES, side, side, 3] */
} Bench;

static C2lSampling
four_steps (C2lNoiseKind noise)
{
  return (C2lSampling){ .n = N_PICTURES,
                        .sampler = "reference",
                        .steps = 4,
                        .guidance = 2,
                        .truncation = 1,
                        .noise = noise };
}

/* --- cases --- */

static gboolean
run_generator (Bench *bench, GError **error)
{
  g_autoptr (C2lPicture) picture = NULL;

  if (bench->recipe == NULL)
    {
      C2lSampling one = four_steps (C2L_NOISE_KIND_CONST);
      g_autoptr (GPtrArray) recipes = NULL;

      one.n = 1;
      recipes = c2l_session_sample_z (bench->session, &one, NULL, error);
      if (recipes == NULL)
        return FALSE;
      bench->recipe = c2l_recipe_ref (g_ptr_array_index (recipes, 0));
    }
  picture = c2l_session_draw (bench->session, bench->recipe, bench->preview, NULL,
                              c2l_cli_get_cancellable (), error);
  return picture != NULL;
}

/* As many at once as the device likes. */
static gboolean
run_batch (Bench *bench, GError **error)
{
  C2lPicture *pictures[N_PICTURES];
  C2lSampling all = four_steps (C2L_NOISE_KIND_CONST);
  C2lRecipe *const *recipes;

  if (bench->recipes == NULL)
    bench->recipes = c2l_session_sample_z (bench->session, &all, NULL, error);
  if (bench->recipes == NULL)
    return FALSE;
  recipes = (C2lRecipe *const *) bench->recipes->pdata;
  for (int done = 0, n; done < N_PICTURES; done += n)
    {
      n = c2l_session_count_alike (bench->session, recipes + done, N_PICTURES - done);
      if (!c2l_session_draw_alike (bench->session, recipes + done, n, bench->preview, NULL,
                                   pictures, c2l_cli_get_cancellable (), error))
        return FALSE;
      for (int i = 0; i < n; i++)
        c2l_picture_unref (pictures[i]);
    }
  return TRUE;
}

static gboolean
run_headline (Bench *bench, GError **error)
{
  g_autoptr (GPtrArray) pictures
      = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_picture_unref);
  const char *const prompts[] = { PROMPT, NULL };
  C2lGenerateParams params
      = { .prompts = prompts, .sampling = four_steps (C2L_NOISE_KIND_RANDOM), .sort = TRUE };

  return c2l_generate (bench->session, &params, NULL, pictures, c2l_cli_get_cancellable (), error);
}

static gboolean
run_prior (Bench *bench, GError **error)
{
  C2lSampling sampling = four_steps (C2L_NOISE_KIND_CONST);
  g_autoptr (GPtrArray) recipes = NULL;
  C2lPrior *prior = c2l_engine_get_prior (c2l_session_get_engine (bench->session), error);

  if (prior == NULL)
    return FALSE;
  if (bench->text == NULL)
    {
      int dim = c2l_prior_get_info (prior)->dim;

      bench->text = g_new (float, dim);
      for (int i = 0; i < dim; i++)
        bench->text[i] = sinf (i * 12.9898f);
    }
  recipes = c2l_session_sample (bench->session, PROMPT, bench->text, &sampling,
                                c2l_cli_get_cancellable (), error);
  return recipes != NULL;
}

static gboolean
run_clip (Bench *bench, GError **error)
{
  int side = c2l_session_get_clip_side (bench->session, error);
  int width = side > 0 ? c2l_session_get_embed_width (bench->session, error) : 0;
  double scores[N_PICTURES];

  if (width == 0)
    return FALSE;
  if (bench->pictures == NULL)
    {
      gsize n = (gsize) N_PICTURES * side * side * 3;

      bench->text = g_new (float, width);
      bench->pictures = g_new (float, n);
      for (gsize i = 0; i < n; i++)
        bench->pictures[i] = sinf (i * 0.017f);
    }
  return c2l_session_embed_text (bench->session, PROMPT, bench->text, NULL,
                                 c2l_cli_get_cancellable (), error)
         && c2l_session_score (bench->session, bench->pictures, N_PICTURES, bench->text, scores,
                               c2l_cli_get_cancellable (), error);
}

static void
remove_data (const char *folder)
{
  static const char *const names[] = { "00000.tar", "dataset.json" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);
      g_unlink (path);
    }
  g_rmdir (folder);
}

/* All of it: z to CLIP's embedding, pictures packed, a tar on the disk. */
static gboolean
run_dataset (Bench *bench, GError **error)
{
  g_autofree char *folder = g_dir_make_tmp ("c2l-bench-XXXXXX", error);
  C2lDatasetOptions options;
  gboolean ok;

  if (folder == NULL)
    return FALSE;
  c2l_dataset_options_init (&options);
  options.folder = folder;
  options.n_samples = options.samples_per_file = N_PICTURES;
  options.save_images = TRUE;
  ok = c2l_dataset_make (bench->session, &options, NULL, NULL, c2l_cli_get_cancellable (), error);
  remove_data (folder);
  return ok;
}

static const struct
{
  const char *name, *what;
  gboolean (*run) (Bench *bench, GError **error);
  int generator; /* C2lSyntheticKind, −1: none */
  gboolean prior, clip;
} cases[] = {
  { "sg2-1024", "StyleGAN2 1024², one picture", run_generator, C2L_SYNTHETIC_STYLEGAN2_1024, FALSE,
    FALSE },
  { "sg2-1024-batch", "StyleGAN2 1024², 16 pictures", run_batch, C2L_SYNTHETIC_STYLEGAN2_1024,
    FALSE, FALSE },
  { "sg3-256", "StyleGAN3-T 256², one picture", run_generator, C2L_SYNTHETIC_STYLEGAN3_T_256, FALSE,
    FALSE },
  { "headline", "one prompt to 16 pictures, scored and sorted", run_headline,
    C2L_SYNTHETIC_STYLEGAN2_1024, TRUE, TRUE },
  { "prior", "prior “mid”, four steps, 16 latents, guidance 2", run_prior, -1, TRUE, FALSE },
  { "clip", "CLIP ViT-B/32, one prompt and 16 pictures", run_clip, -1, FALSE, TRUE },
  { "dataset", "16 samples of training data, with pictures", run_dataset,
    C2L_SYNTHETIC_STYLEGAN2_1024, FALSE, TRUE },
};

static int
find_case (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    if (g_strcmp0 (cases[i].name, name) == 0)
      return i;
  return -1;
}

static C2lBundle *
open_bundle (const Options *options, int index, GError **error)
{
  C2lWeights *weights[C2L_N_ROLES] = { NULL };
  C2lBundle *bundle;

  if (strcmp (options->size, "starter") == 0)
    return c2l_model_options_open_bundle (&options->model, C2L_ROLE_GENERATOR, error);
  if (cases[index].generator >= 0)
    weights[C2L_ROLE_GENERATOR] = c2l_synthetic_new (cases[index].generator, 1);
  if (cases[index].prior)
    weights[C2L_ROLE_PRIOR] = c2l_synthetic_new (C2L_SYNTHETIC_PRIOR_MID, 2);
  if (cases[index].clip)
    weights[C2L_ROLE_CLIP] = c2l_synthetic_new (C2L_SYNTHETIC_CLIP_VIT_B_32, 3);
  bundle = c2l_bundle_new_from_weights ("made up", weights);
  for (int role = 0; role < C2L_N_ROLES; role++)
    g_clear_pointer (&weights[role], c2l_weights_unref);
  return bundle;
}

static void
print_result (const Options *options, C2lSession *session, GArray *seconds, double flops)
{
  g_autoptr (JsonObject) object = json_object_new ();
  JsonArray *array = json_array_new ();
  g_autofree char *text = NULL;
  struct rusage usage;
  double done, best = INFINITY;
  gsize arena_size;

  getrusage (RUSAGE_SELF, &usage);
  c2l_session_get_work (session, &done, &arena_size);
  for (guint i = 0; i < seconds->len; i++)
    {
      json_array_add_double_element (array, g_array_index (seconds, double, i));
      best = MIN (best, g_array_index (seconds, double, i));
    }
  if (!options->json && !options->interactive)
    {
      printf ("%s: best of %u runs %.1f ms, %.2f GFLOP, %.0f GFLOP/s, %.0f MiB of working memory, "
              "%.0f MiB at most in all\n",
              options->name, seconds->len, best * 1000, flops / 1e9, flops / best / 1e9,
              arena_size / 1048576.0, usage.ru_maxrss / 1024.0);
      json_array_unref (array);
      return;
    }
  json_object_set_string_member (object, "case", options->name);
  json_object_set_string_member (object, "size", options->size);
  json_object_set_string_member (object, "precision",
                                 c2l_precision_get_name (c2l_session_get_precision (session)));
  json_object_set_int_member (object, "threads",
                              options->model.threads > 0 ? options->model.threads
                                                         : (int) g_get_num_processors ());
  json_object_set_array_member (object, "seconds", array);
  json_object_set_double_member (object, "flops", flops);
  json_object_set_int_member (object, "arena_bytes", arena_size);
  json_object_set_int_member (object, "peak_rss", (gint64) usage.ru_maxrss * 1024);
  text = c2l_json_object_to_string (object, FALSE);
  printf ("%s\n", text);
  fflush (stdout);
}

/* One run; its time and its operations. */
static gboolean
measure (Bench *bench, int index, double *seconds, double *flops, GError **error)
{
  double before, after;
  gsize arena_size;
  gint64 start;

  c2l_session_get_work (bench->session, &before, &arena_size);
  start = g_get_monotonic_time ();
  if (!cases[index].run (bench, error))
    return FALSE;
  *seconds = (g_get_monotonic_time () - start) / 1e6;
  c2l_session_get_work (bench->session, &after, &arena_size);
  *flops = after - before;
  return TRUE;
}

static gboolean
run_interactively (const Options *options, Bench *bench, int index, GError **error)
{
  char line[256];

  while (fgets (line, sizeof line, stdin) != NULL)
    {
      g_autoptr (GArray) seconds = g_array_new (FALSE, FALSE, sizeof (double));
      double time, flops;

      if (!measure (bench, index, &time, &flops, error))
        return FALSE;
      g_array_append_val (seconds, time);
      print_result (options, bench->session, seconds, flops);
    }
  return TRUE;
}

static gboolean
run_all (const Options *options, Bench *bench, int index, GError **error)
{
  g_autoptr (GArray) seconds = g_array_new (FALSE, FALSE, sizeof (double));
  double time, flops = 0;

  /* The first run records, packs weights and touches memory for the first time. */
  for (int i = -1; i < options->runs; i++)
    {
      if (!measure (bench, index, &time, &flops, error))
        return FALSE;
      if (i >= 0)
        g_array_append_val (seconds, time);
    }
  print_result (options, bench->session, seconds, flops);
  return TRUE;
}

static gboolean
parse_options (Options *options, int *argc, char ***argv, int *exit_code)
{
  const GOptionEntry entries[]
      = { { "case", 'c', 0, G_OPTION_ARG_STRING, &options->name,
            "sg2-1024 (default), sg2-1024-batch, sg3-256, headline, prior, clip, dataset", "NAME" },
          { "size", 0, 0, G_OPTION_ARG_STRING, &options->size,
            "published (default): made-up weights of those sizes; starter", "NAME" },
          { "runs", 'n', 0, G_OPTION_ARG_INT, &options->runs,
            "Runs to measure, after a warm-up (default 5)", "N" },
          { "preview", 0, 0, G_OPTION_ARG_INT, &options->preview,
            "Draw a preview of at most this many pixels a side (sg2-1024)", "SIDE" },
          { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, "Print a JSON object", NULL },
          { "interactive", 0, 0, G_OPTION_ARG_NONE, &options->interactive,
            "One run and one JSON line for each line of standard input", NULL },
          { "profile", 0, 0, G_OPTION_ARG_NONE, &options->profile, "Say where the time goes",
            NULL },
          G_OPTION_ENTRY_NULL };
  GOptionGroup *groups[]
      = { c2l_model_options_new_device_group (&options->model, C2L_DEFAULT_PRECISION), NULL };

  if (!c2l_cli_parse (&c2l_command_bench, argc, argv, entries, groups, exit_code))
    return FALSE;
  if (options->size == NULL)
    options->size = g_strdup ("published");
  if (options->name == NULL)
    options->name = g_strdup ("sg2-1024");
  if (*argc > 1)
    *exit_code = c2l_cli_usage (&c2l_command_bench, "“%s”: it takes no arguments", (*argv)[1]);
  else if (options->runs < 1 || options->runs > MAX_RUNS)
    *exit_code = c2l_cli_usage (&c2l_command_bench, "--runs: %d; from 1 to %d are possible",
                                options->runs, MAX_RUNS);
  else if (options->preview < 0)
    *exit_code = c2l_cli_usage (&c2l_command_bench, "--preview: %d; it is a number of pixels",
                                options->preview);
  else if (find_case (options->name) < 0)
    *exit_code = c2l_cli_usage (&c2l_command_bench,
                                "there is no case “%s”; sg2-1024, sg2-1024-batch, sg3-256, "
                                "headline, prior, clip and dataset are",
                                options->name);
  else if (strcmp (options->size, "published") != 0 && strcmp (options->size, "starter") != 0)
    *exit_code = c2l_cli_usage (&c2l_command_bench,
                                "there is no size “%s”; published and starter are", options->size);
  else if (strcmp (options->size, "starter") == 0
           && cases[find_case (options->name)].generator == C2L_SYNTHETIC_STYLEGAN3_T_256)
    *exit_code = c2l_cli_usage (
        &c2l_command_bench,
        "--size starter: its generator is no StyleGAN3; leave out --case %s or --size",
        options->name);
  else
    return TRUE;
  return FALSE;
}

static int
run (int argc, char **argv)
{
  g_auto (Options) options = { .runs = 5 };
  g_autoptr (C2lBundle) bundle = NULL;
  g_autoptr (C2lDevice) device = NULL;
  g_autoptr (C2lSession) session = NULL;
  g_autoptr (GError) error = NULL;
  C2lPrecision precision;
  Bench bench = { 0 };
  int exit_code, index;
  gboolean ok;

  if (!parse_options (&options, &argc, &argv, &exit_code))
    return exit_code;
  index = find_case (options.name);
  bundle = open_bundle (&options, index, &error);
  device = bundle != NULL ? c2l_model_options_open_device (&options.model, &error) : NULL;
  if (device == NULL
      || !c2l_model_options_get_precision (&options.model, device, C2L_DEFAULT_PRECISION,
                                           &precision, &error))
    return c2l_cli_fail (error);
  bench.preview = options.preview;
  bench.session = session = c2l_session_open (bundle, device, precision);
  if (options.profile)
    c2l_session_enable_profile (session);
  ok = options.interactive ? run_interactively (&options, &bench, index, &error)
                           : run_all (&options, &bench, index, &error);
  if (ok && options.profile)
    {
      g_autofree char *statistics = c2l_session_dup_statistics (session);
      g_printerr ("%s", statistics);
    }
  g_clear_pointer (&bench.recipe, c2l_recipe_unref);
  g_clear_pointer (&bench.recipes, g_ptr_array_unref);
  g_free (bench.text);
  g_free (bench.pictures);
  return ok ? C2L_EXIT_OK : c2l_cli_fail (error);
}

const C2lCommand c2l_command_bench = {
  .name = "bench",
  .arguments = "",
  .summary = "Measure how fast this machine draws",
  .description = NULL,
  .run = run,
};
