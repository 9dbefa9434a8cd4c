/* The pass of a training step for one number of rows: from the data and the random numbers to the
 * loss and the gradients. Random numbers are drawn from a key of the step and the row's number, so
 * a row's do not depend on how a batch is cut up. Passes are kept, the last few used. */
#include "models/prior-train-private.h"
#include "models/streams.h"

#include "compute/philox.h"

#include <string.h>

/* Whole batches, what is left of one, and one for evaluation. */
#define MAX_PASSES 3

static void
train_pass_free (gpointer data)
{
  C2lPriorTrainPass *self = data;

  g_clear_pointer (&self->pass, c2l_pass_free);
  g_clear_pointer (&self->marks, g_ptr_array_unref);
  g_free (self);
}

GPtrArray *
c2l_prior_train_passes_new (void)
{
  return g_ptr_array_new_with_free_func (train_pass_free);
}

/* Where others find the gradients of @range: where the device cannot share its memory with them, in
 * a copy, which is taken back by the next update. */
static float *
lend_gradients (C2lPriorTrain *train, const C2lPriorRange *range)
{
  if (train->lends_device)
    return (float *) c2l_tensor_get_device_data (train->gradients) + range->first;

  float *reached = c2l_tensor_get_host_data (train->gradients);

  if (reached != NULL)
    return reached + range->first;
  if (train->announced == NULL)
    train->announced = g_new (float, train->parameters->n);
  c2l_tensor_read_part (train->gradients, range->first * sizeof (float),
                        train->announced + range->first, range->n * sizeof (float));
  train->has_announced = TRUE;
  return train->announced + range->first;
}

void
c2l_prior_train_announce (gpointer data)
{
  const C2lPriorTrainMark *mark = data;
  C2lPriorTrain *train = mark->train;

  if (!train->announces || train->ready == NULL)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (mark->ranges); i++)
    if (mark->ranges[i].n > 0)
      train->ready (mark->ranges[i].first, mark->ranges[i].n,
                    lend_gradients (train, &mark->ranges[i]), train->ready_data);
}

void
c2l_prior_train_take_announced (C2lPriorTrain *train)
{
  if (train->has_announced)
    c2l_tensor_write (train->gradients, train->announced, c2l_tensor_get_size (train->gradients));
  train->has_announced = FALSE;
}

/* --- recording --- */

/* latents, [B, L, D]: z-scored, scaled. */
static C2lTensor *
normalise (const C2lPriorTrain *train, C2lPass *pass, C2lTensor *latents)
{
  const C2lPriorInfo *info = &train->prior->info;
  const gint64 dims[] = { info->n_latents, info->dim };
  const gsize n = (gsize) info->n_latents * info->dim;
  const float scale = (float) info->image_embed_scale;

  if (train->mean != NULL)
    {
      g_autofree float *shift = g_new (float, n), *factor = g_new (float, n);

      for (gsize i = 0; i < n; i++)
        {
          shift[i] = -train->mean[i];
          factor[i] = (float) (1 / (double) train->std[i]);
        }
      latents = c2l_add (pass, latents, c2l_pass_add_constant (pass, C2L_F32, 2, dims, shift));
      latents
          = c2l_multiply (pass, latents, c2l_pass_add_constant (pass, C2L_F32, 2, dims, factor));
    }
  return scale == 1 ? latents : c2l_combine (pass, 1, &latents, &scale);
}

/* embeddings, [B, D]: turned by noise, scaled. */
static C2lTensor *
condition (C2lPriorTrainPass *self, const C2lPriorTrain *train)
{
  const C2lPriorInfo *info = &train->prior->info;
  const gint64 dims[] = { self->key.n_rows, info->dim };
  const float scale = (float) info->text_embed_scale;
  C2lTensor *x = self->features;

  if (train->options.embed_noise_scale > 0)
    {
      C2lTensor *noise = self->embed_noise;

      if (self->keys != NULL)
        noise = c2l_random_normal (self->pass, self->keys, C2L_STREAM_TRAIN_EMBED_NOISE, 2, dims);
      x = c2l_embed_noise (self->pass, x, noise, (float) train->options.embed_noise_scale);
    }
  return scale == 1 ? x : c2l_combine (self->pass, 1, &x, &scale);
}

/* A buffer of the schedule at the rows' time steps, [B, 1, 1]. */
static C2lTensor *
at_steps (C2lPriorTrainPass *self, const C2lPriorTrain *train, C2lScheduleBuffer buffer)
{
  const C2lSchedule *schedule = train->prior->schedule;
  C2lTensor *table = c2l_pass_add_constant (
      self->pass, C2L_F32, 2, (gint64[]){ schedule->n_steps, 1 }, schedule->buffers[buffer]);

  return c2l_reshape (self->pass, c2l_gather (self->pass, table, 0, self->t), 3,
                      (gint64[]){ self->key.n_rows, 1, 1 });
}

static void
add_inputs (C2lPriorTrainPass *self, const C2lPriorTrain *train)
{
  const C2lPriorInfo *info = &train->prior->info;
  const gint64 n = self->key.n_rows;
  const gint64 latents[] = { n, info->n_latents, info->dim };
  C2lPass *pass = self->pass;

  self->latents = c2l_pass_add_input (pass, "latents", C2L_F32, 3, latents);
  self->features = c2l_pass_add_input (pass, "features", C2L_F32, 2, (gint64[]){ n, info->dim });
  self->t = c2l_pass_add_input (pass, "t", C2L_I32, 1, &n);
  self->key_mask
      = c2l_pass_add_input (pass, "key_mask", C2L_U8, 2, (gint64[]){ n, info->n_tokens });
  self->scale = c2l_pass_add_input (pass, "scale", C2L_F32, 1, (gint64[]){ 1 });
  if (!self->key.is_given)
    {
      self->keys = c2l_pass_add_input (pass, "keys", C2L_I32, 2, (gint64[]){ n, 4 });
      return;
    }
  self->noise = c2l_pass_add_input (pass, "noise", C2L_F32, 3, latents);
  self->embed_noise
      = c2l_pass_add_input (pass, "embed_noise", C2L_F32, 2, (gint64[]){ n, info->dim });
}

static void
record (C2lPriorTrainPass *self, C2lPriorTrain *train)
{
  const C2lPriorInfo *info = &train->prior->info;
  const gint64 n = self->key.n_rows;
  const gint64 dims[] = { n, info->n_latents, info->dim };
  C2lPass *pass = self->pass;
  g_autofree C2lPriorLayerState *layers = g_new0 (C2lPriorLayerState, info->depth);
  C2lPriorState state = { .layers = layers };
  C2lPriorGraph graph;

  add_inputs (self, train);

  C2lTensor *x0 = normalise (train, pass, self->latents);
  C2lTensor *noise = self->noise != NULL
                         ? self->noise
                         : c2l_random_normal (pass, self->keys, C2L_STREAM_TRAIN_NOISE, 3, dims);
  C2lTensor *x_t = c2l_add (
      pass, c2l_multiply (pass, at_steps (self, train, C2L_BUFFER_SQRT_ALPHAS_CUMPROD), x0),
      c2l_multiply (pass, at_steps (self, train, C2L_BUFFER_SQRT_ONE_MINUS_ALPHAS_CUMPROD), noise));

  x_t = c2l_reshape (pass, x_t, 2, (gint64[]){ n, (gint64) info->n_latents * info->dim });
  c2l_prior_graph_init (&graph, train, pass, self->key.purpose, n, self->key_mask);

  C2lTensor *prediction
      = c2l_prior_graph_forward (&graph, x_t, self->t, condition (self, train), &state);
  C2lTensor *target = info->predict_x_start ? x0 : noise;
  const C2lLossKind kind = train->prior->config->loss;

  self->loss = c2l_loss (pass, prediction, target, kind, self->scale);
  c2l_pass_keep (pass, "loss", self->loss);
  if (self->key.purpose == C2L_TRAIN_GRADIENTS)
    c2l_prior_graph_backward (&graph, &state,
                              c2l_loss_backward (pass, prediction, target, kind, self->scale),
                              train, self->marks);
}

static gboolean
is_same_key (const C2lPriorTrainKey *a, const C2lPriorTrainKey *b)
{
  return a->purpose == b->purpose && a->n_rows == b->n_rows && a->is_given == b->is_given;
}

C2lPriorTrainPass *
c2l_prior_train_get_pass (C2lPriorTrain *train, const C2lPriorTrainKey *key, GError **error)
{
  GPtrArray *passes = train->passes;

  for (guint i = 0; i < passes->len; i++)
    if (is_same_key (&((C2lPriorTrainPass *) g_ptr_array_index (passes, i))->key, key))
      {
        g_ptr_array_add (passes, g_ptr_array_steal_index (passes, i));
        return g_ptr_array_index (passes, passes->len - 1);
      }

  if (passes->len == MAX_PASSES)
    g_ptr_array_remove_index (passes, 0);

  C2lPriorTrainPass *self = g_new0 (C2lPriorTrainPass, 1);

  self->key = *key;
  self->marks = g_ptr_array_new_with_free_func (g_free);
  self->pass = c2l_pass_new (train->device, train->options.precision, "training the prior");
  record (self, train);
  if (!c2l_pass_compile (self->pass, error))
    {
      train_pass_free (self);
      return NULL;
    }
  g_ptr_array_add (passes, self);
  return self;
}

/* --- random numbers --- */

void
c2l_prior_train_make_key (guint64 seed, guint64 number, guint32 stream, guint32 key[2])
{
  const guint32 seed_key[] = { (guint32) seed, (guint32) (seed >> 32) };
  const guint32 counter[] = { (guint32) number, (guint32) (number >> 32), stream, 0 };
  guint32 words[4];

  c2l_philox (seed_key, counter, words);
  key[0] = words[0];
  key[1] = words[1];
}

/* What is drawn for a row beside its noise: a time step, and a number in [0, 1) for its condition.
 */
static void
draw_row (const guint32 key[2], guint32 row, int n_steps, gint32 *t, float *uniform)
{
  const guint32 counter[] = { 0, C2L_STREAM_TRAIN_ROW, row, 0 };
  guint32 words[4];

  c2l_philox (key, counter, words);
  *t = (gint32) (((guint64) words[0] * (guint32) n_steps) >> 32);
  *uniform = (float) (words[1] >> 8) * 0x1p-24f;
}

/* --- running --- */

static void
write_input (C2lTensor *tensor, gconstpointer data)
{
  /* What a pass does not look at (embedding noise of scale 0) may not be given. */
  if (tensor != NULL && data != NULL)
    c2l_tensor_write (tensor, data, c2l_tensor_get_size (tensor));
}

/* Of the data, which may be on the device already. */
static void
write_rows (const C2lPriorTrainBatch *batch, C2lTensor *tensor, const float *data)
{
  if (tensor != NULL && batch->feed != NULL)
    c2l_feed_write (batch->feed, batch->place, data, tensor);
  else
    write_input (tensor, data);
}

gboolean
c2l_prior_train_run_rows (C2lPriorTrain *train,
                          C2lPriorTrainPurpose purpose,
                          const C2lPriorTrainBatch *batch,
                          const guint32 key[2],
                          int first,
                          int n,
                          double *loss,
                          GCancellable *cancellable,
                          GError **error)
{
  const C2lPriorInfo *info = &train->prior->info;
  const gsize latent = (gsize) info->n_latents * info->dim;
  const gint64 total = batch->n_total > 0 ? batch->n_total : batch->n_rows;
  const float scale = (float) ((double) n / total);
  C2lPriorTrainPass *pass = c2l_prior_train_get_pass (
      train, &(C2lPriorTrainKey){ purpose, n, batch->noise != NULL }, error);
  g_autofree gint32 *t = g_new (gint32, n);
  g_autofree guint32 *keys = g_new (guint32, 4 * n);
  g_autofree gboolean *keep = g_new (gboolean, n);
  g_autofree guint8 *mask = g_new (guint8, (gsize) n * info->n_tokens);
  float value;

  if (pass == NULL)
    return FALSE;

  for (int i = 0; i < n; i++)
    {
      const guint32 row = (guint32) (batch->first_row + first + i);
      float uniform;

      draw_row (key, row, info->n_timesteps, &t[i], &uniform);
      if (batch->t != NULL)
        t[i] = batch->t[first + i];
      if (batch->drop_uniform != NULL)
        uniform = batch->drop_uniform[first + i];
      keep[i] = uniform < (float) (1 - info->cond_drop_prob);
      memcpy (keys + 4 * i, (guint32[]){ key[0], key[1], row, 0 }, 4 * sizeof *keys);
    }
  c2l_prior_fill_key_mask (train->prior, n, keep, mask);

  write_rows (batch, pass->latents, batch->latents + first * latent);
  write_rows (batch, pass->features, batch->features + (gsize) first * info->dim);
  write_input (pass->t, t);
  write_input (pass->key_mask, mask);
  write_input (pass->scale, &scale);
  write_input (pass->keys, keys);
  write_input (pass->noise, batch->noise != NULL ? batch->noise + first * latent : NULL);
  write_input (pass->embed_noise,
               batch->embed_noise != NULL ? batch->embed_noise + (gsize) first * info->dim : NULL);
  if (!c2l_pass_run (pass->pass, cancellable, error))
    return FALSE;

  c2l_tensor_read (pass->loss, &value, sizeof value);
  *loss = value;
  return TRUE;
}
