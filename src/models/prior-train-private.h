/* What the files of training share: where each parameter lies in the vectors of all parameters,
 * and the recording of a step. */
#pragma once

#include "models/prior-private.h"
#include "models/prior-train.h"

G_BEGIN_DECLS

/* --- parameters --- */

typedef struct
{
  char *name; /* "net.learned_query": what follows "diffusion_prior." */
  int n_dims;
  gint64 dims[2];
  gsize offset, length; /* in the vectors */
  /* (nullable) the tensor of the sampling prior that takes these numbers, and where it is longer
   * those behind them */
  C2lTensor *bound;
} C2lPriorParameter;

/* Indices into the parameters; −1: the network has none. */
typedef struct
{
  int attn_norm, null_kv, q, kv, out, out_norm, ff_norm, ff_in, ff_mid, ff_out;
} C2lPriorLayerParameters;

typedef struct
{
  gsize first, n;
} C2lPriorRange;

/* The vectors hold what decays first: what is no layer's, layer after layer, the last projection;
 * then everything of one dimension. */
typedef struct
{
  GArray *list; /* of C2lPriorParameter */
  gsize n, n_decayed;
  int query, time_table, time_weights[3], time_biases[3], text_weight, text_bias, image_weight,
      image_bias, buckets, norm, project_out;
  C2lPriorLayerParameters *layers; /* [depth] */
  C2lPriorRange *layer_ranges;     /* [depth]: what decays of each */
  C2lPriorRange head, tail, rest;  /* before the layers, behind them, of one dimension */
} C2lPriorParameters;

/* @query_dims: 1 or 2, the dimensions of the learned query in the file. */
C2lPriorParameters *c2l_prior_parameters_new (const C2lPrior *prior, int query_dims);
void                c2l_prior_parameters_free (C2lPriorParameters *parameters);

static inline C2lPriorParameter *
c2l_prior_parameters_get (const C2lPriorParameters *parameters, int index)
{
  return &g_array_index (parameters->list, C2lPriorParameter, index);
}

/* Reads every parameter, under @prefix, into the vector @to, which is a variable of any device. FALSE
 * and a message that names it where one is missing or damaged. */
gboolean            c2l_prior_parameters_read (const C2lPriorParameters *parameters, C2lWeights *weights,
                                               C2lDevice *device, const char *prefix, C2lTensor *to,
                                               GError **error);
/* Adds every parameter's part of the vector @from under @prefix. */
void                c2l_prior_parameters_add (const C2lPriorParameters *parameters, C2lWeights *weights,
                                              const char *prefix, C2lTensor *from);
/* Gives the tensors of @prior the numbers of the vector @from. */
void                c2l_prior_parameters_apply (const C2lPriorParameters *parameters, C2lPrior *prior,
                                                C2lTensor *from);

/* --- the object --- */

typedef enum
{
  C2L_TRAIN_GRADIENTS, /* of the online parameters */
  C2L_TRAIN_LOSS_ONLINE,
  C2L_TRAIN_LOSS_EMA
} C2lPriorTrainPurpose;

typedef struct
{
  C2lPriorTrainPurpose purpose;
  int n_rows;
  gboolean is_given; /* noise comes from outside */
} C2lPriorTrainKey;

/* A pass for a number of rows, with its inputs; `scale` [1] is that of the loss. */
typedef struct
{
  C2lPriorTrainKey key;
  C2lPass *pass;
  C2lTensor *latents, *features, *t, *key_mask, *scale;
  C2lTensor *keys;               /* (nullable): of the random numbers */
  C2lTensor *noise, *embed_noise; /* (nullable): where they come from outside */
  C2lTensor *loss;
  GPtrArray *marks;              /* C2lPriorTrainMark, owned */
} C2lPriorTrainPass;

struct _C2lPriorTrain
{
  C2lPrior *prior;   /* to sample with; its sizes and settings are those of training */
  C2lPriorTrainOptions options;
  C2lDevice *device;
  C2lPriorParameters *parameters;
  C2lWeights *buffers; /* what the checkpoint has under its prefix that is no parameter */
  float *mean, *std;   /* (nullable) [L, D]: of the data */

  C2lTensor *online, *gradients, *first_moments, *second_moments, *average; /* variables [n] */
  guint64 step, average_step;
  gboolean average_is_started;

  GPtrArray *passes;   /* C2lPriorTrainPass, the last used one last */
  int fitting_rows;    /* more did not fit into memory; 0: not known to be so */
  C2lPass *norm_pass, *update_pass, *average_pass;
  C2lTensor *squares, *scalars;

  C2lPriorTrainReady ready;
  gpointer ready_data;
  gboolean lends_device; /* it gets addresses on the device */
  gboolean announces;  /* what runs now are the last rows of a step */
  /* (nullable): what is announced, where the host cannot reach the gradients themselves */
  float *announced;
  gboolean has_announced; /* since the last update */
};

/* Parts of the gradients that are complete at one place of the backward. */
typedef struct
{
  C2lPriorTrain *train;
  C2lPriorRange ranges[2]; /* n = 0: nothing */
} C2lPriorTrainMark;

/* What our own arrays of a checkpoint begin with. */
#define C2L_TRAIN_PREFIX "c2l.train."

/* Buffers, and where @weights were written by c2l_prior_train_save() the step and the moments. */
gboolean           c2l_prior_train_restore (C2lPriorTrain *train, C2lWeights *weights, const char *prefix,
                                            GError **error);

/* --- passes --- */

GPtrArray         *c2l_prior_train_passes_new (void);
/* Lent; the last few are kept. */
C2lPriorTrainPass *c2l_prior_train_get_pass (C2lPriorTrain *train, const C2lPriorTrainKey *key, GError **error);

/* The key of the random numbers of step, or evaluation, @number. */
void               c2l_prior_train_make_key (guint64 seed, guint64 number, guint32 stream, guint32 key[2]);

/* Rows @first … @first + @n − 1 of @batch at once. @loss: theirs, as c2l_prior_train_accumulate() has
 * it. */
gboolean           c2l_prior_train_run_rows (C2lPriorTrain *train, C2lPriorTrainPurpose purpose,
                                             const C2lPriorTrainBatch *batch, const guint32 key[2], int first,
                                             int n, double *loss, GCancellable *cancellable, GError **error);

/* --- recording --- */

/* A parameter, and its gradient, as tensors of a pass. */
C2lTensor *c2l_prior_train_view (const C2lPriorParameters *parameters, C2lPass *pass, C2lTensor *vector,
                                 int index);

typedef struct
{
  const C2lPriorTrain *train;
  C2lPass *pass;
  C2lTensor *values;    /* vector of the parameters that are used */
  C2lTensor *gradients; /* (nullable): vector that gradients are added to */
  gint64 n_rows;        /* B */
  C2lTensor *bias, *query_bias;     /* [H, T, T + 1], [H, L, T + 1] */
  C2lTensor *dbias, *dquery_bias;   /* (nullable): sums over the layers so far */
  C2lTensor *one_hot, *query_one_hot;
  C2lTensor *angles, *query_angles;   /* (nullable) */
  C2lTensor *back_angles, *query_back_angles;
  C2lTensor *key_mask;
} C2lPriorGraph;

/* What the backward of a layer needs of its forward. In the last layer only the learned queries go
 * on: q, heads and everything behind are theirs alone then, and `x_query` and `normed_query` are
 * their rows. */
typedef struct
{
  C2lTensor *x, *x_query, *normed, *normed_query, *q, *kv, *heads, *projected, *middle, *ff_normed,
      *ff_hidden, *ff_gated, *ff_operand;
  C2lAttention attention;
} C2lPriorLayerState;

typedef struct
{
  C2lTensor *text, *t;
  C2lTensor *x_t;                               /* [B, L·D] */
  C2lTensor *time_rows, *time_linear[2], *time_active[2]; /* (nullable) of the perceptron */
  C2lPriorLayerState *layers;
  C2lTensor *last, *last_normed;                /* [B, L, D] before and after the last norm */
} C2lPriorState;

void       c2l_prior_graph_init (C2lPriorGraph *graph, const C2lPriorTrain *train, C2lPass *pass,
                                 C2lPriorTrainPurpose purpose, gint64 n_rows, C2lTensor *key_mask);
C2lTensor *c2l_prior_graph_get (const C2lPriorGraph *graph, int index);
/* Rotary positions, taken back by the negated angles; @angles NULL: @x as it is. */
C2lTensor *c2l_prior_graph_rotate (C2lPriorGraph *graph, C2lTensor *x, int n_heads, C2lTensor *angles);

/* [B, L, D]; @state->layers has room for all. */
C2lTensor *c2l_prior_graph_forward (C2lPriorGraph *graph, C2lTensor *x_t, C2lTensor *t, C2lTensor *text,
                                    C2lPriorState *state);
/* @dy: [B, L, D]. @marks: complete parts of the gradients are marked in the pass with what is added
 * here. */
void       c2l_prior_graph_backward (C2lPriorGraph *graph, const C2lPriorState *state, C2lTensor *dy,
                                     C2lPriorTrain *train, GPtrArray *marks);

/* Called by c2l_pass_mark(); @mark is a C2lPriorTrainMark. */
void       c2l_prior_train_announce (gpointer mark);
/* What was announced may have been changed by whoever it was announced to: takes it back. */
void       c2l_prior_train_take_announced (C2lPriorTrain *train);

G_END_DECLS
