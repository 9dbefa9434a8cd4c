/* See prior-train-check.h. Everything goes through the interface of prior-train.h, as a run does.
 */
#include "models/prior-train-check.h"

#include "models/prior-train.h"

#include <string.h>

typedef struct
{
  C2lExpected *expected;
  JsonObject *info;
  C2lDevice *device;
  C2lPrecision precision;
  C2lCheckReport report;
  gpointer user_data;
} Check;

static gboolean
fail (const Check *check, const char *name, GError **error)
{
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
               "%s: “%s” is missing or has another shape",
               c2l_expected_get_folder (check->expected), name);
  return FALSE;
}

static void
report (const Check *check, const char *name, const float *values, gsize n)
{
  const C2lArray *array = c2l_expected_lookup (check->expected, name);

  if (array != NULL)
    check->report (name, values, n, check->user_data);
}

/* --- what the folder says --- */

static double
get_number (const Check *check, const char *member, double fallback)
{
  JsonNode *node = json_object_get_member (check->info, member);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : fallback;
}

static gboolean
get_boolean (const Check *check, const char *member, gboolean fallback)
{
  JsonNode *node = json_object_get_member (check->info, member);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_boolean (node) : fallback;
}

static JsonObject *
make_config (const Check *check)
{
  g_autoptr (JsonObject) config = json_object_new ();
  JsonObject *model = json_object_new (), *diffusion = json_object_new ();
  const char *loss = json_object_get_string_member_with_default (check->info, "loss", "l2");

  json_object_set_object_member (config, "model", model);
  json_object_set_object_member (model, "diffusion", diffusion);
  json_object_set_string_member (diffusion, "loss_type", loss);
  json_object_set_boolean_member (diffusion, "predict_x_start",
                                  get_boolean (check, "predict_x_start", TRUE));
  json_object_set_double_member (diffusion, "cond_drop_prob",
                                 get_number (check, "cond_drop_prob", 0));
  json_object_set_double_member (diffusion, "image_embed_scale", 1);
  return g_steal_pointer (&config);
}

/* The arrays whose names begin with @from, with @to in its place. */
static void
add_renamed (const Check *check, C2lWeights *weights, const char *from, const char *to)
{
  g_autofree const char **names = c2l_expected_list_names (check->expected);

  for (int i = 0; names[i] != NULL; i++)
    if (g_str_has_prefix (names[i], from))
      {
        g_autofree char *name = g_strconcat (to, names[i] + strlen (from), NULL);

        c2l_weights_add (weights, name, c2l_expected_lookup (check->expected, names[i]));
      }
}

/* A batch's arrays as they are fed in. */
typedef struct
{
  int n_steps, n_rows;
  gsize latent, embedding; /* elements of a row */
  float *latents, *embeddings, *noise, *uniform, *times;
  gint32 *t;
} Data;

static void
data_clear (Data *data)
{
  g_free (data->latents);
  g_free (data->embeddings);
  g_free (data->noise);
  g_free (data->uniform);
  g_free (data->times);
  g_free (data->t);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Data, data_clear)

static float *
dup_array (const Check *check, const char *name, gsize length, GError **error)
{
  const C2lArray *array = c2l_expected_lookup (check->expected, name);

  if (array != NULL && (length == 0 || array->length == length))
    return c2l_array_dup_f32 (array);
  fail (check, name, error);
  return NULL;
}

/* @lead: 1 where everything has a first dimension of steps. */
static gboolean
data_init (Data *data, const Check *check, const char *latents, int lead, GError **error)
{
  const C2lArray *t = c2l_expected_lookup (check->expected, "t");
  const C2lArray *x = c2l_expected_lookup (check->expected, latents);
  gsize n;

  if (t == NULL || t->n_dims != 1 + lead || t->length == 0)
    return fail (check, "t", error);
  n = t->length;
  data->n_steps = lead == 1 ? (int) t->dims[0] : 1;
  data->n_rows = (int) t->dims[lead];
  if (x == NULL || x->length % n != 0 || x->length == 0)
    return fail (check, latents, error);
  data->latent = x->length / n;
  data->embedding = (gsize) get_number (check, "dim", 0);

  data->latents = dup_array (check, latents, 0, error);
  data->noise = dup_array (check, "noise", x->length, error);
  if (data->noise == NULL)
    return FALSE;
  data->embeddings = dup_array (check, "embeddings", n * data->embedding, error);
  if (data->embeddings == NULL)
    return FALSE;
  data->uniform = dup_array (check, "drop_uniform", n, error);
  if (data->uniform == NULL)
    return FALSE;
  data->times = dup_array (check, "t", n, error);
  data->t = g_new (gint32, n);
  for (gsize i = 0; i < n; i++)
    data->t[i] = (gint32) data->times[i];
  return TRUE;
}

static C2lPriorTrainBatch
get_batch (const Data *data, int step)
{
  const gsize first = (gsize) step * (gsize) data->n_rows;

  return (C2lPriorTrainBatch){
    .n_rows = data->n_rows,
    .latents = data->latents + first * data->latent,
    .features = data->embeddings + first * data->embedding,
    .t = data->t + first,
    .noise = data->noise + first * data->latent,
    .drop_uniform = data->uniform + first,
  };
}

/* --- the beginning of both --- */

static void
set_options (const Check *check, C2lPriorTrainOptions *options)
{
  c2l_prior_train_options_init (options);
  options->precision = check->precision;
  options->embed_noise_scale = 0;
  options->eps = get_number (check, "eps", options->eps);
  options->weight_decay = get_number (check, "weight_decay", options->weight_decay);
  options->ema_beta = get_number (check, "ema_beta", options->ema_beta);
  options->ema_update_every = MAX (1, (int) get_number (check, "ema_update_every", 10));
  options->ema_update_after = (int) get_number (check, "ema_update_after_step", 1000);
}

/* Arrays of the folder under other names. */
typedef struct
{
  const char *from, *to;
} Renaming;

/* Loads what is trained, and the data. @renamings end with NULL; @lead: as for data_init(). */
static C2lPriorTrain *
begin (const Check *check,
       const C2lPriorTrainOptions *options,
       const Renaming *renamings,
       const char *latents,
       int lead,
       Data *data,
       GError **error)
{
  g_autoptr (C2lWeights) weights
      = c2l_weights_new (C2L_WEIGHTS_PRIOR, c2l_expected_get_folder (check->expected), "fixture");
  g_autoptr (JsonObject) config = make_config (check);

  for (; renamings->from != NULL; renamings++)
    add_renamed (check, weights, renamings->from, renamings->to);
  return data_init (data, check, latents, lead, error)
             ? c2l_prior_train_new (weights, config, options, NULL, NULL, check->device, error)
             : NULL;
}

/* --- one batch --- */

/* Gradients come out as a checkpoint's arrays would: as first moments of one step with β₁ = 0. */
static void
report_moments (const Check *check, C2lPriorTrain *train)
{
  static const char prefix[] = "c2l.train.first_moment.net.";
  g_autoptr (C2lWeights) weights = c2l_prior_train_save (train, FALSE);
  g_autofree const char **names = c2l_weights_list_names (weights);

  for (int i = 0; names[i] != NULL; i++)
    if (g_str_has_prefix (names[i], prefix))
      {
        const C2lArray *array = c2l_weights_lookup (weights, names[i]);
        g_autofree char *name = g_strconcat ("grad.", names[i] + strlen (prefix), NULL);

        report (check, name, array->data, array->length);
      }
}

gboolean
c2l_training_loss_check (C2lExpected *expected,
                         C2lDevice *device,
                         C2lPrecision precision,
                         C2lCheckReport on_result,
                         gpointer user_data,
                         GError **error)
{
  const Check check
      = { expected, c2l_expected_get_info (expected), device, precision, on_result, user_data };
  const Renaming renamings[]
      = { { "param.", "diffusion_prior.net." }, { "buffer.", "diffusion_prior.net." }, { NULL } };
  g_auto (Data) data = { 0 };
  C2lPriorTrainOptions options;
  double loss;

  set_options (&check, &options);
  options.beta1 = 0;

  g_autoptr (C2lPriorTrain) train = begin (&check, &options, renamings, "latents", 0, &data, error);

  if (train == NULL)
    return FALSE;

  const C2lPriorTrainBatch batch = get_batch (&data, 0);

  if (!c2l_prior_train_step (train, &batch, 0, &loss, NULL, NULL, error))
    return FALSE;
  report (&check, "loss", (float[]){ (float) loss }, 1);
  report_moments (&check, train);
  return TRUE;
}

/* --- a run --- */

/* Arrays that begin with @from, under names that begin with @to. */
static void
report_set (const Check *check, C2lWeights *weights, const char *from, const char *to)
{
  g_autofree const char **names = c2l_weights_list_names (weights);

  for (int i = 0; names[i] != NULL; i++)
    if (g_str_has_prefix (names[i], from))
      {
        const C2lArray *array = c2l_weights_lookup (weights, names[i]);
        g_autofree char *name = g_strconcat (to, names[i] + strlen (from), NULL);

        if (array->dtype == C2L_F32)
          report (check, name, array->data, array->length);
      }
}

static gboolean
run_steps (const Check *check, C2lPriorTrain *train, const Data *data, GError **error)
{
  g_autofree float *losses = g_new (float, data->n_steps);

  for (int step = 0; step < data->n_steps; step++)
    {
      const C2lPriorTrainBatch batch = get_batch (data, step);
      g_autofree char *online = g_strdup_printf ("step%d.online.", step + 1);
      g_autofree char *average = g_strdup_printf ("step%d.ema.", step + 1);
      double loss;

      if (!c2l_prior_train_step (train, &batch, get_number (check, "lr", 1e-4), &loss, NULL, NULL,
                                 error))
        return FALSE;
      losses[step] = (float) loss;

      g_autoptr (C2lWeights) weights = c2l_prior_train_save (train, FALSE);

      report_set (check, weights, "diffusion_prior.net.", online);
      report_set (check, weights, "ema_diffusion_prior.ema_model.net.", average);
    }
  report (check, "loss", losses, (gsize) data->n_steps);
  return TRUE;
}

gboolean
c2l_training_trajectory_check (C2lExpected *expected,
                               C2lDevice *device,
                               C2lPrecision precision,
                               C2lCheckReport on_result,
                               gpointer user_data,
                               GError **error)
{
  const Check check
      = { expected, c2l_expected_get_info (expected), device, precision, on_result, user_data };
  const Renaming renamings[] = { { "init.", "" },
                                 { "latent_", "diffusion_prior.latent_" },
                                 { "latent_", "ema_diffusion_prior.ema_model.latent_" },
                                 { NULL } };
  g_auto (Data) data = { 0 };
  C2lPriorTrainOptions options;

  set_options (&check, &options);

  g_autoptr (C2lPriorTrain) train
      = begin (&check, &options, renamings, "raw_latents", 1, &data, error);

  if (train == NULL || !run_steps (&check, train, &data, error))
    return FALSE;

  g_autoptr (C2lWeights) last = c2l_prior_train_save (train, FALSE);

  report_set (&check, last, "step", "final.step");
  report_set (&check, last, "ema_diffusion_prior.", "final.ema.");
  report_set (&check, last, "ema_diffusion_prior.ema_model.", "final.ema_buffer.");
  return TRUE;
}

/* --- noise on embeddings --- */

gboolean
c2l_training_noise_check (C2lExpected *expected,
                          C2lDevice *device,
                          C2lPrecision precision,
                          C2lCheckReport on_result,
                          gpointer user_data,
                          GError **error)
{
  g_autoptr (C2lPass) pass = c2l_pass_new (device, precision, "embedding noise");
  g_autofree const char **names = c2l_expected_list_names (expected);

  for (int i = 0; names[i] != NULL; i++)
    {
      if (!g_str_has_suffix (names[i], ".out"))
        continue;

      g_autofree char *scale = g_strndup (names[i], strlen (names[i]) - strlen (".out"));
      g_autofree char *x = g_strconcat (scale, ".x", NULL);
      g_autofree char *noise = g_strconcat (scale, ".noise_raw", NULL);

      c2l_pass_keep (pass, names[i],
                     c2l_embed_noise (pass, c2l_check_add_input (pass, expected, x, C2L_F32, 2),
                                      c2l_check_add_input (pass, expected, noise, C2L_F32, 2),
                                      (float) g_ascii_strtod (scale, NULL)));
    }
  return c2l_check_run (pass, expected, on_result, user_data, error);
}
