/* What the tests of training share: made-up priors of every shape, data for them, and a device. */
#pragma once

#include "made-prior.h"
#include "models/prior-train.h"

G_BEGIN_DECLS

/* What a checkpoint's first moments begin with: with β₁ = 0 they are the gradient. */
#define TRAIN_MOMENT "c2l.train.first_moment."

#define TRAIN_N_SHAPES 10
extern const MadePrior train_shapes[TRAIN_N_SHAPES];
/* Opened and closed by train_main(). */
extern C2lDevice *train_device;

typedef struct
{
  C2lPriorTrainBatch batch;
  float *latents, *features, *noise, *embed_noise, *uniform, *mean, *std;
  gint32 *t;
} TrainData;

/* @has_draws: time steps, noise and conditions are given, else they are drawn. */
void                 train_data_init (TrainData *data, const C2lPriorInfo *info, int n_rows, gboolean has_draws);
void                 train_data_clear (TrainData *data);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TrainData, train_data_clear)

/* Average from the second step on, every other step; seed 77. */
C2lPriorTrainOptions train_quick_options (void);
C2lPriorTrain       *train_new_made (const MadePrior *shape, const C2lPriorTrainOptions *options);
/* A step that must go well: its loss. */
double               train_step_once (C2lPriorTrain *train, const C2lPriorTrainBatch *batch);
void                 train_assert_same_bits (C2lWeights *a, C2lWeights *b);

/* A test of each shape, "@path@shape". */
void                 train_add_for_shapes (const char *path, GTestDataFunc function);
int                  train_main (int argc, char **argv, void (*add_tests) (void));

G_END_DECLS
