/* The object of prior-train.h: loading, steps, the optimiser and the moving average. Knows neither
 * the network (prior-train-forward.c, prior-train-backward.c) nor how a step's pass is made
 * (prior-train-pass.c). Policy: what a failed or cancelled call leaves behind is thrown away with
 * the gradients; parameters change in c2l_prior_train_update() alone. */
#include "formats/mapped.h"
#include "models/prior-load-private.h"
#include "models/prior-train-private.h"
#include "models/streams.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

void
c2l_prior_train_options_init (C2lPriorTrainOptions *options)
{
  *options = (C2lPriorTrainOptions){
    .precision = C2L_PRECISION_F32,
    .embed_noise_scale = 1,
    .beta1 = 0.9,
    .beta2 = 0.999,
    .eps = 1e-6,
    .weight_decay = 0.01,
    .ema_beta = 0.9999,
    .ema_update_every = 10,
    .ema_update_after = 1000,
  };
}

const C2lPriorInfo *
c2l_prior_train_get_info (const C2lPriorTrain *train)
{
  return &train->prior->info;
}

const C2lPriorTrainOptions *
c2l_prior_train_get_options (const C2lPriorTrain *train)
{
  return &train->options;
}

int
c2l_prior_train_get_max_rows (const C2lPriorTrain *train)
{
  return train->fitting_rows > 0 ? train->fitting_rows : train->options.max_rows;
}

guint64
c2l_prior_train_get_step (const C2lPriorTrain *train)
{
  return train->step;
}

/* --- loading --- */

static gboolean
check_trainable (const C2lPriorConfig *config, C2lWeights *weights, GError **error)
{
  const char *what = config->training_clamp_l2norm ? "model.diffusion.training_clamp_l2norm"
                     : config->attn_dropout > 0    ? "model.network.attn_dropout"
                     : config->ff_dropout > 0      ? "model.network.ff_dropout"
                                                   : NULL;

  if (what == NULL)
    return TRUE;
  g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_UNSUPPORTED,
               _ ("%s: its configuration sets “%s”, which training does not do; leave it out"),
               c2l_weights_get_path (weights), what);
  return FALSE;
}

/* A prior to sample with, whose tensors may be written. */
static C2lPrior *
load_prior (C2lWeights *weights, JsonObject *config, C2lDevice *device, GError **error)
{
  C2lPriorSet set
      = c2l_prior_find_prefix (weights, C2L_PRIOR_EMA) != NULL ? C2L_PRIOR_EMA : C2L_PRIOR_ONLINE;
  g_autoptr (C2lPrior) prior = c2l_prior_load (weights, set, config, device, error);

  if (prior == NULL || !check_trainable (prior->config, weights, error))
    return NULL;
  for (guint i = 0; i < prior->tensors->len; i++)
    if (!c2l_tensor_own (g_ptr_array_index (prior->tensors, i)))
      {
        g_set_error_literal (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_MEMORY,
                             _ ("Not enough memory for a prior that is being trained: close other "
                                "programs"));
        return NULL;
      }
  return g_steal_pointer (&prior);
}

static gboolean
make_vectors (C2lPriorTrain *self, GError **error)
{
  C2lTensor **vectors[] = { &self->online, &self->gradients, &self->first_moments,
                            &self->second_moments, &self->average };
  const gint64 n = (gint64) self->parameters->n;

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      *vectors[i] = c2l_device_new_variable (self->device, 1, &n, error);
      if (*vectors[i] == NULL)
        return FALSE;
    }
  return TRUE;
}

/* [L, D] out of an array of [D] or [L, D]; NULL without complaint where there is none. */
static float *
dup_statistic (const C2lPriorInfo *info, const C2lArray *array)
{
  const gsize n = (gsize) info->n_latents * info->dim;

  if (array == NULL || (array->length != n && array->length != (gsize) info->dim))
    return NULL;

  g_autofree float *given = c2l_array_dup_f32 (array);
  float *all = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    all[i] = given[i % array->length];
  return all;
}

static float *
find_statistic (C2lPriorTrain *self, C2lWeights *weights, const char *name, C2lTensor *stored)
{
  g_autofree char *saved = g_strconcat (C2L_TRAIN_PREFIX, name, NULL);
  float *values = dup_statistic (&self->prior->info, c2l_weights_lookup (weights, saved));

  if (values == NULL && stored != NULL)
    {
      values = g_malloc (c2l_tensor_get_size (stored));
      c2l_tensor_read (stored, values, c2l_tensor_get_size (stored));
    }
  return values;
}

static void
take_statistics (C2lPriorTrain *self, C2lWeights *weights, const float *mean, const float *std)
{
  const C2lPriorInfo *info = &self->prior->info;
  const gsize size = (gsize) info->n_latents * info->dim * sizeof (float);

  self->mean = mean != NULL
                   ? g_memdup2 (mean, size)
                   : find_statistic (self, weights, "latent_mean", self->prior->latent_mean);
  self->std = std != NULL ? g_memdup2 (std, size)
                          : find_statistic (self, weights, "latent_std", self->prior->latent_std);
  if (self->mean == NULL || self->std == NULL)
    {
      g_clear_pointer (&self->mean, g_free);
      g_clear_pointer (&self->std, g_free);
    }
}

/* Replaces statistics that the model stores: its pictures come out of the space that it is trained
 * in, and in that of other data they would be shifted. */
static void
store_statistic (C2lPriorTrain *self, const char *name, C2lTensor *stored, const float *values)
{
  const C2lPriorInfo *info = &self->prior->info;
  const int n_dims = info->n_latents > 1 ? 2 : 1;
  C2lArray array = { .dtype = C2L_F32,
                     .n_dims = n_dims,
                     .dims = { n_dims == 2 ? info->n_latents : info->dim, info->dim },
                     .length = (gsize) info->n_latents * info->dim,
                     .data = values };

  c2l_tensor_write (stored, values, c2l_tensor_get_size (stored));
  c2l_weights_add (self->buffers, name, &array);
}

static gboolean
check_statistics (const C2lPriorTrain *self, C2lWeights *weights, GError **error)
{
  const gsize n = (gsize) self->prior->info.n_latents * self->prior->info.dim;

  for (gsize i = 0; self->std != NULL && i < n; i++)
    if (!(self->std[i] > 0) || !isfinite (self->std[i]) || !isfinite (self->mean[i]))
      {
        g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
                     _ ("%s: element %d of the latents' statistics is %g ± %g; deviations must be "
                        "above zero: is the data a single latent?"),
                     c2l_weights_get_path (weights), (int) i, self->mean[i], self->std[i]);
        return FALSE;
      }
  return TRUE;
}

static int
find_query_dims (C2lWeights *weights, const char *prefix)
{
  g_autofree char *name = g_strconcat (prefix, "net.learned_query", NULL);
  const C2lArray *query = c2l_weights_lookup (weights, name);

  return query != NULL ? query->n_dims : 1;
}

static gboolean
load (C2lPriorTrain *self, C2lWeights *weights, JsonObject *config, GError **error)
{
  self->prior = load_prior (weights, config, self->device, error);
  if (self->prior == NULL)
    return FALSE;

  const char *online = c2l_prior_find_prefix (weights, C2L_PRIOR_ONLINE);
  const char *average = c2l_prior_find_prefix (weights, C2L_PRIOR_EMA);

  if (online == NULL)
    online = average;
  if (average == NULL)
    average = online;
  self->parameters = c2l_prior_parameters_new (self->prior, find_query_dims (weights, online));
  return make_vectors (self, error)
         && c2l_prior_parameters_read (self->parameters, weights, self->device, online,
                                       self->online, error)
         && c2l_prior_parameters_read (self->parameters, weights, self->device, average,
                                       self->average, error)
         && c2l_prior_train_restore (self, weights, online, error)
         && c2l_mapped_check (c2l_weights_get_path (weights), error);
}

C2lPriorTrain *
c2l_prior_train_new (C2lWeights *weights,
                     JsonObject *config,
                     const C2lPriorTrainOptions *options,
                     const float *mean,
                     const float *std,
                     C2lDevice *device,
                     GError **error)
{
  g_return_val_if_fail (options->ema_update_every > 0, NULL);

  g_autoptr (C2lPriorTrain) self = g_new0 (C2lPriorTrain, 1);

  self->options = *options;
  self->device = c2l_device_ref (device);
  self->passes = c2l_prior_train_passes_new ();
  if (!c2l_device_supports (device, options->precision))
    {
      g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED,
                   _ ("This device (%s) has no precision “%s”: choose another one"),
                   c2l_device_get_description (device),
                   c2l_precision_get_name (options->precision));
      return NULL;
    }
  if (!load (self, weights, config, error))
    return NULL;
  take_statistics (self, weights, mean, std);
  if (!check_statistics (self, weights, error))
    return NULL;
  if (mean != NULL && std != NULL && self->prior->info.has_stats)
    {
      store_statistic (self, "latent_mean", self->prior->latent_mean, mean);
      store_statistic (self, "latent_std", self->prior->latent_std, std);
    }
  if (!c2l_prior_train_refresh (self, C2L_PRIOR_EMA, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
c2l_prior_train_free (C2lPriorTrain *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->passes);
  g_clear_pointer (&self->norm_pass, c2l_pass_free);
  g_clear_pointer (&self->update_pass, c2l_pass_free);
  g_clear_pointer (&self->average_pass, c2l_pass_free);
  g_clear_pointer (&self->online, c2l_tensor_unref);
  g_clear_pointer (&self->gradients, c2l_tensor_unref);
  g_clear_pointer (&self->first_moments, c2l_tensor_unref);
  g_clear_pointer (&self->second_moments, c2l_tensor_unref);
  g_clear_pointer (&self->average, c2l_tensor_unref);
  g_clear_pointer (&self->parameters, c2l_prior_parameters_free);
  g_clear_pointer (&self->buffers, c2l_weights_unref);
  g_clear_pointer (&self->prior, c2l_prior_free);
  g_free (self->mean);
  g_free (self->std);
  g_free (self->announced);
  c2l_device_unref (self->device);
  g_free (self);
}

/* --- gradients --- */

/* Whether a pass for @n rows of @batch is there. Where it does not fit into memory, the others go;
 * where it still does not, fewer rows will be computed at a time from now on, and @n says how many.
 */
static gboolean
fit_rows (C2lPriorTrain *self,
          C2lPriorTrainPurpose purpose,
          const C2lPriorTrainBatch *batch,
          int *n,
          GError **error)
{
  for (;;)
    {
      const C2lPriorTrainKey key = { purpose, *n, batch->noise != NULL };
      g_autoptr (GError) local_error = NULL;

      if (c2l_prior_train_get_pass (self, &key, &local_error) != NULL)
        return TRUE;
      if (!g_error_matches (local_error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_MEMORY)
          || (self->passes->len == 0 && *n == 1))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
      if (self->passes->len > 0)
        g_ptr_array_set_size (self->passes, 0);
      else
        self->fitting_rows = *n = (*n + 1) / 2;
    }
}

/* Rows at a time of @n_rows: parts of one size, the last one shorter. */
static int
get_part_size (const C2lPriorTrain *self, int n_rows)
{
  int max = self->options.max_rows > 0 ? self->options.max_rows : n_rows;
  int n_parts;

  if (self->fitting_rows > 0)
    max = MIN (max, self->fitting_rows);
  n_parts = (n_rows + max - 1) / max;
  return (n_rows + n_parts - 1) / n_parts;
}

/* All of @batch, as many rows at a time as the options and the memory allow. */
static gboolean
run_batch (C2lPriorTrain *self,
           C2lPriorTrainPurpose purpose,
           const C2lPriorTrainBatch *batch,
           const guint32 key[2],
           gboolean is_last,
           double *loss,
           GCancellable *cancellable,
           GError **error)
{
  int n;

  *loss = 0;
  for (int first = 0; first < batch->n_rows; first += n)
    {
      double part;

      n = MIN (get_part_size (self, batch->n_rows), batch->n_rows - first);
      if (!fit_rows (self, purpose, batch, &n, error))
        return FALSE;
      self->announces = is_last && first + n == batch->n_rows;
      if (!c2l_prior_train_run_rows (self, purpose, batch, key, first, n, &part, cancellable,
                                     error))
        return FALSE;
      *loss += part;
    }
  return TRUE;
}

gboolean
c2l_prior_train_accumulate (C2lPriorTrain *self,
                            const C2lPriorTrainBatch *batch,
                            gboolean is_last,
                            double *loss,
                            GCancellable *cancellable,
                            GError **error)
{
  g_return_val_if_fail (batch->n_rows >= 1, FALSE);

  guint32 key[2];

  c2l_prior_train_make_key (self->options.seed, self->step, C2L_STREAM_TRAIN_STEP, key);
  return run_batch (self, C2L_TRAIN_GRADIENTS, batch, key, is_last, loss, cancellable, error);
}

gboolean
c2l_prior_train_evaluate (C2lPriorTrain *self,
                          C2lPriorSet set,
                          const C2lPriorTrainBatch *batch,
                          guint64 number,
                          double *loss,
                          GCancellable *cancellable,
                          GError **error)
{
  g_return_val_if_fail (batch->n_rows >= 1, FALSE);

  const C2lPriorTrainPurpose purpose
      = set == C2L_PRIOR_EMA ? C2L_TRAIN_LOSS_EMA : C2L_TRAIN_LOSS_ONLINE;
  guint32 key[2];

  c2l_prior_train_make_key (self->options.seed, number, C2L_STREAM_TRAIN_EVALUATION, key);
  return run_batch (self, purpose, batch, key, FALSE, loss, cancellable, error);
}

void
c2l_prior_train_clear (C2lPriorTrain *self)
{
  const gsize size = c2l_tensor_get_size (self->gradients);
  gpointer reached = c2l_tensor_get_host_data (self->gradients);
  g_autofree gpointer zeros = reached == NULL ? g_malloc0 (size) : NULL;

  if (reached != NULL)
    memset (reached, 0, size);
  else
    c2l_tensor_write (self->gradients, zeros, size);
}

static float *
dup_vector (const C2lPriorTrain *self, C2lTensor *vector, gsize *n)
{
  float *values = g_new (float, self->parameters->n);

  *n = self->parameters->n;
  c2l_tensor_read (vector, values, c2l_tensor_get_size (vector));
  return values;
}

static C2lTensor *
get_set (const C2lPriorTrain *self, C2lPriorSet set)
{
  return set == C2L_PRIOR_EMA ? self->average : self->online;
}

float *
c2l_prior_train_dup_gradients (C2lPriorTrain *self, gsize *n)
{
  return dup_vector (self, self->gradients, n);
}

float *
c2l_prior_train_dup_parameters (C2lPriorTrain *self, C2lPriorSet set, gsize *n)
{
  return dup_vector (self, get_set (self, set), n);
}

void
c2l_prior_train_set_parameters (C2lPriorTrain *self, C2lPriorSet set, const float *values)
{
  c2l_tensor_write (get_set (self, set), values, self->parameters->n * sizeof *values);
}

void
c2l_prior_train_set_ready (C2lPriorTrain *self,
                           C2lPriorTrainReady ready,
                           gboolean on_device,
                           gpointer user_data)
{
  self->lends_device = on_device;
  self->ready = ready;
  self->ready_data = user_data;
}

/* --- the optimiser --- */

static C2lPass *
new_pass (C2lPriorTrain *self, const char *name)
{
  return c2l_pass_new (self->device, C2L_PRECISION_F32, name);
}

static gboolean
make_optimiser (C2lPriorTrain *self, GError **error)
{
  const C2lPriorTrainOptions *options = &self->options;

  if (self->average_pass != NULL)
    return TRUE;

  self->norm_pass = new_pass (self, "length of the gradient");
  self->squares = c2l_sum_squares (self->norm_pass, self->gradients);
  c2l_pass_keep (self->norm_pass, "squares", self->squares);

  self->update_pass = new_pass (self, "optimiser");
  self->scalars = c2l_pass_add_input (self->update_pass, "scalars", C2L_F32, 1,
                                      (gint64[]){ C2L_N_ADAMW_SCALARS });
  c2l_adamw (self->update_pass, &(C2lAdamw){
                                    .parameters = self->online,
                                    .gradients = self->gradients,
                                    .first_moments = self->first_moments,
                                    .second_moments = self->second_moments,
                                    .scalars = self->scalars,
                                    .n_decayed = (gint64) self->parameters->n_decayed,
                                    .beta1 = options->beta1,
                                    .beta2 = options->beta2,
                                    .eps = options->eps,
                                    .weight_decay = options->weight_decay,
                                });

  self->average_pass = new_pass (self, "moving average");
  c2l_moving_average (self->average_pass, self->average, self->online, options->ema_beta);
  return c2l_pass_compile (self->norm_pass, error) && c2l_pass_compile (self->update_pass, error)
         && c2l_pass_compile (self->average_pass, error);
}

/* The original's: it stands still for the first steps, and never copies the online weights. */
static gboolean
update_average (C2lPriorTrain *self, GError **error)
{
  self->average_step++;
  if (self->average_step <= (guint64) MAX (self->options.ema_update_after, 0)
      || self->average_step % (guint64) self->options.ema_update_every != 0)
    return TRUE;
  self->average_is_started = TRUE;
  return c2l_pass_run (self->average_pass, NULL, error);
}

/* What the gradient is multiplied with: torch.nn.utils.clip_grad_norm_. */
static double
get_clip_factor (const C2lPriorTrain *self, double norm)
{
  const double max = self->options.max_grad_norm;

  return max > 0 ? MIN (1, max / (norm + 1e-6)) : 1;
}

gboolean
c2l_prior_train_update (C2lPriorTrain *self, double lr, double *grad_norm, GError **error)
{
  float squares, scalars[C2L_N_ADAMW_SCALARS];
  const double n = (double) self->step + 1;

  c2l_prior_train_take_announced (self);
  if (!make_optimiser (self, error) || !c2l_pass_run (self->norm_pass, NULL, error))
    return FALSE;
  c2l_tensor_read (self->squares, &squares, sizeof squares);
  if (grad_norm != NULL)
    *grad_norm = sqrt (squares);
  if (!isfinite (squares))
    {
      c2l_prior_train_clear (self);
      g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_FAILED,
                   _ ("step %" PRIu64
                      ": the gradient is not finite: training has diverged; go on from an earlier "
                      "checkpoint with a smaller learning rate, or clip gradients"),
                   self->step + 1);
      return FALSE;
    }

  scalars[C2L_ADAMW_LR] = (float) lr;
  scalars[C2L_ADAMW_CORRECTION1] = (float) (1 - pow (self->options.beta1, n));
  scalars[C2L_ADAMW_CORRECTION2] = (float) (1 - pow (self->options.beta2, n));
  scalars[C2L_ADAMW_GRAD_SCALE] = (float) get_clip_factor (self, sqrt (squares));
  c2l_tensor_write (self->scalars, scalars, sizeof scalars);
  if (!c2l_pass_run (self->update_pass, NULL, error))
    return FALSE;
  self->step++;
  return update_average (self, error);
}

gboolean
c2l_prior_train_step (C2lPriorTrain *self,
                      const C2lPriorTrainBatch *batch,
                      double lr,
                      double *loss,
                      double *grad_norm,
                      GCancellable *cancellable,
                      GError **error)
{
  double unused;

  if (c2l_prior_train_accumulate (self, batch, TRUE, loss != NULL ? loss : &unused, cancellable,
                                  error))
    return c2l_prior_train_update (self, lr, grad_norm, error);
  c2l_prior_train_clear (self);
  return FALSE;
}

/* --- sampling --- */

const C2lPrior *
c2l_prior_train_get_prior (C2lPriorTrain *self)
{
  return self->prior;
}

gboolean
c2l_prior_train_refresh (C2lPriorTrain *self, C2lPriorSet set, GError **error)
{
  c2l_prior_parameters_apply (self->parameters, self->prior, get_set (self, set));
  return TRUE;
}
