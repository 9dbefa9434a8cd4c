/* All state of training as one checkpoint, and back. Names are the original's where it has such a
 * thing. Knows no file: arrays come from and go into a C2lWeights. */
#include "models/prior-train-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define ONLINE_PREFIX "diffusion_prior."
#define WATCHED_PREFIX "ema_diffusion_prior.online_model."
#define AVERAGE_PREFIX "ema_diffusion_prior.ema_model."

#define FIRST_PREFIX C2L_TRAIN_PREFIX "first_moment."
#define SECOND_PREFIX C2L_TRAIN_PREFIX "second_moment."

/* --- restoring --- */

static gboolean
is_parameter (const C2lPriorParameters *parameters, const char *name)
{
  for (guint i = 0; i < parameters->list->len; i++)
    if (strcmp (c2l_prior_parameters_get (parameters, (int) i)->name, name) == 0)
      return TRUE;

  return FALSE;
}

static void
add_schedule_buffer (C2lPriorTrain *self, C2lScheduleBuffer buffer)
{
  const C2lSchedule *schedule = self->prior->schedule;

  c2l_weights_add (self->buffers, c2l_schedule_buffer_get_name (buffer),
                   &(C2lArray){ .dtype = C2L_F32,
                                .n_dims = 1,
                                .dims = { schedule->n_steps },
                                .length = (gsize) schedule->n_steps,
                                .data = schedule->buffers[buffer] });
}

/* What a strict loader wants to find again beside the parameters: schedules, statistics, zeros. */
static void
take_buffers (C2lPriorTrain *self, C2lWeights *weights, const char *prefix)
{
  g_autofree const char **names = c2l_weights_list_names (weights);

  self->buffers = c2l_weights_new (C2L_WEIGHTS_PRIOR, c2l_weights_get_path (weights), "buffers");
  for (int i = 0; names[i] != NULL; i++)
    {
      const char *name = names[i] + strlen (prefix);

      if (!g_str_has_prefix (names[i], prefix) || is_parameter (self->parameters, name)
          || g_str_has_prefix (names[i], C2L_TRAIN_PREFIX))
        continue;
      c2l_weights_add (self->buffers, name, c2l_weights_lookup (weights, names[i]));
    }
  for (int i = 0; i < C2L_N_BUFFERS; i++)
    if (c2l_weights_lookup (self->buffers, c2l_schedule_buffer_get_name (i)) == NULL)
      add_schedule_buffer (self, i);
}

/* The first element of a counter, or 0. */
static double
get_counter (C2lWeights *weights, const char *name)
{
  const C2lArray *array = c2l_weights_lookup (weights, name);
  g_autofree float *values = array != NULL && array->length > 0 ? c2l_array_dup_f32 (array) : NULL;

  return values != NULL && values[0] > 0 ? values[0] : 0;
}

static gboolean
get_step (C2lWeights *weights, guint64 *step, GError **error)
{
  const char *name = C2L_TRAIN_PREFIX "step";
  const C2lArray *array = c2l_weights_lookup (weights, name);
  gint64 value;

  if (array->dtype != C2L_I64 || array->length != 1)
    {
      g_set_error (error, C2L_FORMAT_ERROR, C2L_FORMAT_ERROR_DAMAGED,
                   _ ("%s: tensor “%s” should be one whole number: the checkpoint is damaged"),
                   c2l_weights_get_path (weights), name);
      return FALSE;
    }
  memcpy (&value, array->data, sizeof value);
  *step = (guint64) MAX (value, 0);
  return TRUE;
}

gboolean
c2l_prior_train_restore (C2lPriorTrain *self,
                         C2lWeights *weights,
                         const char *prefix,
                         GError **error)
{
  take_buffers (self, weights, prefix);
  if (c2l_weights_lookup (weights, C2L_TRAIN_PREFIX "step") == NULL)
    return TRUE;

  /* Counters of the original are float32, exact up to 2²⁴ steps: ours is the one that counts. */
  if (!get_step (weights, &self->step, error))
    return FALSE;
  self->average_step = self->step;
  self->average_is_started = get_counter (weights, "ema_diffusion_prior.initted") > 0;
  return c2l_prior_parameters_read (self->parameters, weights, self->device, FIRST_PREFIX,
                                    c2l_tensor_get_host_data (self->first_moments), error)
         && c2l_prior_parameters_read (self->parameters, weights, self->device, SECOND_PREFIX,
                                       c2l_tensor_get_host_data (self->second_moments), error);
}

/* --- saving --- */

static void
add_buffers (const C2lPriorTrain *self, C2lWeights *weights, const char *prefix)
{
  g_autofree const char **names = c2l_weights_list_names (self->buffers);

  for (int i = 0; names[i] != NULL; i++)
    {
      g_autofree char *name = g_strconcat (prefix, names[i], NULL);

      c2l_weights_add (weights, name, c2l_weights_lookup (self->buffers, names[i]));
    }
}

static void
add_set (const C2lPriorTrain *self, C2lWeights *weights, const char *prefix, C2lTensor *vector)
{
  c2l_prior_parameters_add (self->parameters, weights, prefix, c2l_tensor_get_host_data (vector));
  add_buffers (self, weights, prefix);
}

static void
add_counter (C2lWeights *weights, const char *name, double value)
{
  const float number = (float) value;

  c2l_weights_add (weights, name, &(C2lArray){ C2L_F32, 1, { 1 }, 1, &number });
}

static void
add_statistic (const C2lPriorTrain *self,
               C2lWeights *weights,
               const char *name,
               const float *values)
{
  const C2lPriorInfo *info = &self->prior->info;

  if (values != NULL)
    c2l_weights_add (weights, name,
                     &(C2lArray){ .dtype = C2L_F32,
                                  .n_dims = 2,
                                  .dims = { info->n_latents, info->dim },
                                  .length = (gsize) info->n_latents * info->dim,
                                  .data = values });
}

C2lWeights *
c2l_prior_train_save (C2lPriorTrain *self, gboolean with_online_model)
{
  C2lWeights *weights
      = c2l_weights_new (C2L_WEIGHTS_PRIOR, c2l_weights_get_path (self->buffers), "checkpoint");
  const gint64 step = (gint64) self->step;

  add_set (self, weights, ONLINE_PREFIX, self->online);
  if (with_online_model)
    add_set (self, weights, WATCHED_PREFIX, self->online);
  add_set (self, weights, AVERAGE_PREFIX, self->average);
  add_counter (weights, "ema_diffusion_prior.initted", self->average_is_started ? 1 : 0);
  add_counter (weights, "ema_diffusion_prior.step", (double) self->average_step);
  add_counter (weights, "step", (double) self->step);

  c2l_prior_parameters_add (self->parameters, weights, FIRST_PREFIX,
                            c2l_tensor_get_host_data (self->first_moments));
  c2l_prior_parameters_add (self->parameters, weights, SECOND_PREFIX,
                            c2l_tensor_get_host_data (self->second_moments));
  c2l_weights_add (weights, C2L_TRAIN_PREFIX "step", &(C2lArray){ C2L_I64, 1, { 1 }, 1, &step });
  add_statistic (self, weights, C2L_TRAIN_PREFIX "latent_mean", self->mean);
  add_statistic (self, weights, C2L_TRAIN_PREFIX "latent_std", self->std);
  return weights;
}
