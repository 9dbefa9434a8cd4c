/* How long a step of training the prior `mid` takes: forward, backward and optimiser of one batch
 * of made-up data. Prints medians; with --interactive one run and one JSON line for each line that
 * comes in, so that bench/run can alternate with PyTorch.
 *
 *   bench/train [--batch=512] [--latents=1] [--device=cpu] [--precision=f32] [--threads=2]
 * [--profile] */
#include "models/prior-train-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define DIM 512

static int batch_size = 512, n_latents = 1, n_threads = 2, n_rounds = 5;
static char *precision_name, *device_name;
static gboolean interactive, json, profile;
static GOptionEntry entries[]
    = { { "batch", 0, 0, G_OPTION_ARG_INT, &batch_size, "Rows of a batch", "N" },
        { "device", 0, 0, G_OPTION_ARG_STRING, &device_name, "cpu, cuda:0", "NAME" },
        { "latents", 0, 0, G_OPTION_ARG_INT, &n_latents, "Latents of a row", "N" },
        { "precision", 0, 0, G_OPTION_ARG_STRING, &precision_name, "f32, bf16 or fp16", "NAME" },
        { "threads", 0, 0, G_OPTION_ARG_INT, &n_threads, "Threads", "N" },
        { "rounds", 0, 0, G_OPTION_ARG_INT, &n_rounds, "Steps to take the median of", "N" },
        { "profile", 0, 0, G_OPTION_ARG_NONE, &profile, "Say where the time goes", NULL },
        { "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print a JSON object", NULL },
        { "interactive", 0, 0, G_OPTION_ARG_NONE, &interactive,
          "A step for each line of standard input", NULL },
        { NULL } };

static JsonObject *
make_config (void)
{
  g_autofree char *text = g_strdup_printf (
      "{\"model\": {\"network\": {\"dim\": 512, \"num_timesteps\": 1000, \"depth\": 12, "
      "\"dim_head\": 64, \"heads\": 12}, \"diffusion\": {\"timesteps\": 1000, \"cond_drop_prob\": "
      "0.2, \"image_embed_scale\": 1.0}}, \"data\": {\"n_latents\": %d}}",
      n_latents);
  g_autoptr (JsonNode) node = json_from_string (text, NULL);

  return json_object_ref (json_node_get_object (node));
}

static float *
random_array (gsize n)
{
  float *values = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    values[i] = (float) g_random_double_range (-1.7, 1.7);
  return values;
}

static C2lPriorTrain *
make_train (C2lDevice *device, GError **error)
{
  const gsize n = (gsize) n_latents * DIM;
  g_autoptr (JsonObject) config = make_config ();
  g_autofree float *mean = g_new0 (float, n), *std = g_new (float, n);
  C2lPriorTrainOptions options;

  for (gsize i = 0; i < n; i++)
    std[i] = 1;
  c2l_prior_train_options_init (&options);
  if (precision_name != NULL && !c2l_precision_from_name (precision_name, &options.precision))
    g_error ("%s: no precision", precision_name);

  g_autoptr (C2lWeights) weights = c2l_prior_fresh_new (config, mean, std, 1, error);

  return weights == NULL
             ? NULL
             : c2l_prior_train_new (weights, config, &options, mean, std, device, error);
}

static double
run_step (C2lPriorTrain *train, const C2lPriorTrainBatch *batch)
{
  g_autoptr (GError) error = NULL;
  const gint64 start = g_get_monotonic_time ();

  if (!c2l_prior_train_step (train, batch, 1e-4, NULL, NULL, NULL, &error))
    g_error ("%s", error->message);
  return (double) (g_get_monotonic_time () - start) * 1e-6;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static void
print_json (const double *seconds, double flops)
{
  printf ("{\"case\": \"train, %d rows\", \"precision\": \"%s\", \"flops\": %.0f, \"seconds\": [",
          batch_size, precision_name != NULL ? precision_name : "f32", flops);
  for (int i = 0; i < n_rounds; i++)
    printf ("%s%.6f", i > 0 ? ", " : "", seconds[i]);
  printf ("]}\n");
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  char line[256];

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    g_error ("%s", error->message);

  g_autoptr (C2lDevice) device
      = c2l_device_open (device_name != NULL ? device_name : "cpu", &error);
  g_autofree float *latents = random_array ((gsize) batch_size * (gsize) n_latents * DIM);
  g_autofree float *features = random_array ((gsize) batch_size * DIM);
  const C2lPriorTrainBatch batch
      = { .n_rows = batch_size, .latents = latents, .features = features };

  if (device == NULL)
    g_error ("%s", error->message);
  c2l_device_set_n_threads (device, n_threads);

  g_autoptr (C2lPriorTrain) train = make_train (device, &error);
  C2lPriorTrainPass *pass
      = train != NULL ? c2l_prior_train_get_pass (
            train, &(C2lPriorTrainKey){ C2L_TRAIN_GRADIENTS, batch_size, FALSE }, &error)
                      : NULL;

  if (pass == NULL)
    g_error ("%s", error->message);

  const double flops = c2l_pass_get_flops (pass->pass);

  if (profile)
    c2l_pass_enable_profile (pass->pass);
  while (interactive && fgets (line, sizeof line, stdin) != NULL)
    {
      const double seconds = run_step (train, &batch);
      struct rusage usage;

      getrusage (RUSAGE_SELF, &usage);
      printf ("{\"seconds\": %.6f, \"flops\": %.0f, \"peak_rss\": %ld}\n", seconds, flops,
              usage.ru_maxrss * 1024);
      fflush (stdout);
    }
  if (interactive)
    return 0;

  g_autofree double *seconds = g_new (double, n_rounds);

  run_step (train, &batch);
  g_free (c2l_pass_dup_profile (pass->pass));
  for (int i = 0; i < n_rounds; i++)
    seconds[i] = run_step (train, &batch);
  qsort (seconds, (gsize) n_rounds, sizeof *seconds, compare);
  if (json)
    {
      print_json (seconds, flops);
      return 0;
    }
  printf ("%d rows: %.3f s (%.3f-%.3f), %.1f GFLOP, %.0f GFLOP/s, %.0f MiB of working memory\n",
          batch_size, seconds[n_rounds / 2], seconds[0], seconds[n_rounds - 1], flops * 1e-9,
          flops * 1e-9 / seconds[n_rounds / 2],
          (double) c2l_pass_get_arena_size (pass->pass) / (1 << 20));
  if (profile)
    {
      g_autofree char *text = c2l_pass_dup_profile (pass->pass);

      printf ("in all rounds:\n%s", text);
    }
  return 0;
}
