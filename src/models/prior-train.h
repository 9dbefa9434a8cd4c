/* C2lPriorTrain: training a prior, one step after another, as clip2latent's train.py with
 * dalle2-pytorch 0.2.38 does it. It holds what changes (the parameters that are being trained,
 * their gradients, the optimiser's moments, the moving average) and knows no data, no run folder
 * and no clock.
 *
 *   C2lPriorTrainOptions options;
 *   c2l_prior_train_options_init (&options);
 *   weights = c2l_prior_fresh_new (config, mean, std, seed, &error);     a new prior, or
 *   weights = c2l_weights_load ("000010.ckpt", &error);                  one to go on with
 *   train = c2l_prior_train_new (weights, config, &options, mean, std, device, &error);
 *   while (…)
 *     if (!c2l_prior_train_step (train, &batch, lr, &loss, &grad_norm, cancellable, &error)) …
 *   checkpoint = c2l_prior_train_save (train);
 *
 * Numbers depend on the options, the data and the device, never on the number of threads: a run
 * that was saved and went on gives the bits of one that was never stopped. One thread uses an
 * object at a time. */
#pragma once

#include "compute/feed.h"
#include "compute/ops-train.h"
#include "models/prior.h"

G_BEGIN_DECLS

typedef struct _C2lPriorTrain C2lPriorTrain;

typedef struct
{
  C2lPrecision precision;   /* of the products; parameters and sums are float32 in all of them */
  double embed_noise_scale; /* data.embed_noise_scale; 0: embeddings as they are */
  double beta1, beta2, eps; /* of AdamW */
  /* on parameters of two dimensions and more; 0: plain Adam, as the original has it */
  double weight_decay;
  double max_grad_norm;     /* gradients longer than this are shortened to it; 0: never */
  double ema_beta;
  int ema_update_every;
  int ema_update_after;     /* the average stands still up to this step */
  guint64 seed;             /* of time steps, noise and dropped conditions */
  /* Rows that are computed at a time, 0: all of a batch. Memory grows with it (“mid”: 1.6 MiB a
   * row in float32); the gradients of parts of a batch are summed up. Where memory is short, parts
   * become smaller by themselves. */
  int max_rows;
} C2lPriorTrainOptions;

/* The original's values: float32, noise 1, β 0.9 and 0.999, ε 1e-6, weight decay 0.01, no clipping,
 * average 0.9999 every 10 steps after the first 1000, seed 0. */
void          c2l_prior_train_options_init (C2lPriorTrainOptions *options);

/* --- priors to begin with --- */

/* The weights of a new prior, under the names of a checkpoint ("diffusion_prior.net.…", schedule
 * buffers, latent_mean and latent_std), drawn as the original's modules draw theirs: Linear uniform
 * in ±1/√inputs, embeddings, queries and null keys normal, gains 1.
 * @config: model.network, model.diffusion, data.n_latents, train.znorm_latent as the original
 * has them; model.network.dim, .depth, .heads, .dim_head default to 512, 12, 12, 64
 * @mean, @std: [L, D] statistics of the latents, stored in the model where train.znorm_latent is
 * true (its default); NULL where it is false
 * The result's config is a reference to @config. NULL and C2L_FORMAT_ERROR where a setting is not
 * what it should be. */
C2lWeights   *c2l_prior_fresh_new (JsonObject *config, const float *mean, const float *std, guint64 seed,
                                   GError **error);

/* --- the object --- */

/* @weights: a checkpoint. What c2l_prior_train_save() wrote is gone on with exactly: moments, step,
 * average, statistics. Of others the weights and the average are used, with a fresh optimiser and
 * step 0; a missing average starts as a copy of the weights, missing weights as one of the average.
 * @config: (nullable): as for c2l_prior_load(), and model.diffusion.loss_type (l2, l1 or huber).
 * Dropout and training_clamp_l2norm are refused by name.
 * @mean, @std: (nullable): [L, D], what latents are z-scored with before anything else; they take
 * the place of those that the model stores, if it does, so that its pictures are of the data that it
 * is trained with. NULL: the saved ones, else those that the model stores, else none
 * NULL and an error where the files or settings contradict each other, the device lacks the
 * precision or there is not enough memory. */
C2lPriorTrain *c2l_prior_train_new (C2lWeights *weights, JsonObject *config,
                                    const C2lPriorTrainOptions *options, const float *mean,
                                    const float *std, C2lDevice *device, GError **error);
void           c2l_prior_train_free (C2lPriorTrain *train);

const C2lPriorInfo *c2l_prior_train_get_info (const C2lPriorTrain *train);
const C2lPriorTrainOptions *c2l_prior_train_get_options (const C2lPriorTrain *train);
/* Rows that are computed at a time: as the options say, or fewer where more did not fit; 0: all. */
int            c2l_prior_train_get_max_rows (const C2lPriorTrain *train);
/* Updates so far. */
guint64        c2l_prior_train_get_step (const C2lPriorTrain *train);

/* --- a step --- */

typedef struct
{
  int n_rows;             /* B ≥ 1; may differ from step to step */
  const float *latents;   /* [B, L, D] as the data has them */
  const float *features;  /* [B, D] embeddings as the data has them */
  /* (nullable): the feed, and its place, that latents and features are in and were sent with */
  C2lFeed *feed;
  guint place;
  /* Where these rows stand in the step's whole batch, which several processes may share: row b is
   * drawn for as number first_row + b, and the loss is divided by n_total. 0: n_rows. */
  gint64 first_row, n_total;

  /* (nullable) recorded draws, for comparisons; NULL: from the seed, the step and the row's number */
  const gint32 *t;           /* [B] */
  const float *drop_uniform; /* [B] in [0, 1): the condition is kept where it is below 1 −
                              * cond_drop_prob */
  const float *noise;        /* [B, L, D] standard normal; with it, where embeddings are turned: */
  const float *embed_noise;  /* [B, D] standard normal */
} C2lPriorTrainBatch;

/* Adds the gradients of @batch to those that are there. @loss: the mean over the rows, times
 * n_rows / n_total, so that losses of a whole batch's parts sum up to its loss; not finite where
 * training has diverged. @is_last: these are the step's last rows of this process, so gradients
 * that are complete are announced (c2l_prior_train_set_ready()). After an error (or a
 * cancellation) the gradients are to be thrown away: c2l_prior_train_clear(). */
gboolean       c2l_prior_train_accumulate (C2lPriorTrain *train, const C2lPriorTrainBatch *batch,
                                           gboolean is_last, double *loss, GCancellable *cancellable,
                                           GError **error);
/* Forgets the gradients. */
void           c2l_prior_train_clear (C2lPriorTrain *train);

/* Clips, then AdamW with learning rate @lr, then the moving average; gradients are zero and the
 * step is one more afterwards. @grad_norm: (nullable): length of the gradient before clipping.
 * FALSE and C2L_COMPUTE_ERROR_FAILED where that is not finite: nothing was changed then, except
 * that the gradients are forgotten. */
gboolean       c2l_prior_train_update (C2lPriorTrain *train, double lr, double *grad_norm, GError **error);

/* Both, for a process that trains alone. @loss and @grad_norm may be NULL. */
gboolean       c2l_prior_train_step (C2lPriorTrain *train, const C2lPriorTrainBatch *batch, double lr,
                                     double *loss, double *grad_norm, GCancellable *cancellable,
                                     GError **error);

/* The loss of @batch as c2l_prior_train_accumulate() gives it, without gradients, with either set of
 * weights. Draws that are NULL come from streams of their own: @number chooses them, so the same
 * number gives comparable losses during a whole run. */
gboolean       c2l_prior_train_evaluate (C2lPriorTrain *train, C2lPriorSet set, const C2lPriorTrainBatch *batch,
                                         guint64 number, double *loss, GCancellable *cancellable,
                                         GError **error);

/* --- several processes --- */

/* All parameters as one vector, to give every process the same beginning: a copy of them, and new
 * ones before the first step. */
float         *c2l_prior_train_dup_parameters (C2lPriorTrain *train, C2lPriorSet set, gsize *n);
void           c2l_prior_train_set_parameters (C2lPriorTrain *train, C2lPriorSet set, const float *values);
/* A copy of the gradients so far, in the same order. */
float         *c2l_prior_train_dup_gradients (C2lPriorTrain *train, gsize *n);

/* @ready is called during c2l_prior_train_accumulate() with @is_last, on its thread, as soon as the
 * elements @first … @first + @n − 1 of the gradients will not change any more: from the last layer
 * to the first, each element once. It may begin to sum them up in place, and must be done with it
 * before c2l_prior_train_update(). They are in the memory of this machine, whatever the device:
 * c2l_prior_train_update() takes them from there; where @on_device, they are addresses on the device, and
 * what computes them may still be under way there (compute/peers.h). */
typedef void (*C2lPriorTrainReady) (gsize first, gsize n, float *gradients, gpointer user_data);
void           c2l_prior_train_set_ready (C2lPriorTrain *train, C2lPriorTrainReady ready, gboolean on_device, gpointer user_data);

/* --- results --- */

/* A prior to sample with, lent: it has the weights of the last c2l_prior_train_refresh(), at first
 * those of the average. Passes that were recorded with it use new weights from then on. */
const C2lPrior *c2l_prior_train_get_prior (C2lPriorTrain *train);
gboolean        c2l_prior_train_refresh (C2lPriorTrain *train, C2lPriorSet set, GError **error);

/* A copy of everything, as one checkpoint: what the original stores, under its names
 * ("diffusion_prior.…", "ema_diffusion_prior.ema_model.…", ".initted", ".step", "step"; the copies
 * "ema_diffusion_prior.online_model.…" too where @with_online_model), and ours:
 * "c2l.train.first_moment.NAME" and "c2l.train.second_moment.NAME" for each parameter (NAME as in
 * "diffusion_prior.NAME"), "c2l.train.step" (i64 [1]), "c2l.train.latent_mean" and ".latent_std". */
C2lWeights     *c2l_prior_train_save (C2lPriorTrain *train, gboolean with_online_model);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lPriorTrain, c2l_prior_train_free)

G_END_DECLS
