/* Records the loop of a sampler: noise, one prediction of the prior a step, the move to the next
 * step, and what makes the result a generator's latent. Knows no file. Policy: the latent stays F32
 * and in the prior's scaled, z-scored space until the end; the halves with and without text are one
 * batch. */
#include "models/sampler.h"

#include "compute/ops.h"
#include "models/prior-batch.h"
#include "models/prior-private.h"
#include "models/streams.h"

#include <math.h>

/* Below this an embedding's length counts as zero (torch's normalize). */
#define MIN_SQUARED_LENGTH 1e-24f

typedef struct
{
  const C2lPrior *prior;
  const C2lPriorInfo *info;
  const C2lSamplerParams *params;
  C2lPass *pass;
  gint64 n_pictures;
  C2lPriorBatch batch;
} Loop;

/* Noise number @index: 0 is the start, i + 1 belongs to step i. */
static C2lTensor *
draw (const Loop *loop, int index)
{
  gint64 dims[] = { loop->n_pictures, loop->info->n_latents, loop->info->dim };

  if (loop->params->draws == NULL)
    return c2l_random_normal (
        loop->pass, loop->params->keys,
        index == 0 ? C2L_STREAM_LATENT_START : C2L_STREAM_LATENT_STEP + index - 1, 3, dims);

  return c2l_reshape (loop->pass, c2l_slice (loop->pass, loop->params->draws, 0, index, 1), 3,
                      dims);
}

/* Rows of length `image_embed_scale`. */
static C2lTensor *
normalize_length (const Loop *loop, C2lTensor *x)
{
  /* The mean of the squares is 1 after rms_normalize, so the length is √D. */
  float scale = loop->info->image_embed_scale / sqrt (loop->info->dim);

  x = c2l_rms_normalize (loop->pass, x, MIN_SQUARED_LENGTH / loop->info->dim);
  return c2l_combine (loop->pass, 1, &x, &scale);
}

static C2lTensor *
predict_x0 (const Loop *loop, const C2lSamplerStep *step, C2lTensor *x)
{
  C2lPass *pass = loop->pass;
  gint32 t = step->t;
  C2lTensor *time = c2l_pass_add_constant (pass, C2L_I32, 1, (gint64[]){ 1 }, &t);
  C2lTensor *y = c2l_prior_batch_predict (&loop->batch, loop->prior, pass, x, time);

  if (loop->params->guided)
    y = c2l_lerp (pass, c2l_slice (pass, y, 0, loop->n_pictures, loop->n_pictures),
                  c2l_slice (pass, y, 0, 0, loop->n_pictures), loop->params->guidance);

  if (!loop->info->predict_x_start)
    {
      y = c2l_combine (pass, 2, (C2lTensor *[]){ x, y }, (float[]){ step->recip, -step->recipm1 });
      return c2l_clamp (pass, y, -1, 1);
    }

  return loop->prior->config->sampling_clamp_l2norm ? normalize_length (loop, y) : y;
}

/* Σ of the terms whose coefficients are not 0. */
static C2lTensor *
move (const Loop *loop,
      const C2lSamplerStep *step,
      C2lTensor *x0,
      C2lTensor *previous,
      C2lTensor *x,
      int index)
{
  C2lTensor *terms[4] = { x0 };
  float coefficients[4] = { step->c_x0 };
  int n = 1;

  if (step->c_x != 0)
    {
      terms[n] = x;
      coefficients[n++] = step->c_x;
    }
  if (step->c_previous != 0)
    {
      terms[n] = previous;
      coefficients[n++] = step->c_previous;
    }
  if (step->sigma != 0)
    {
      terms[n] = draw (loop, index + 1);
      coefficients[n++] = step->sigma;
    }

  return n == 1 && step->c_x0 == 1 ? x0 : c2l_combine (loop->pass, n, terms, coefficients);
}

static C2lTensor *
run_loop (const Loop *loop)
{
  g_autofree C2lSamplerStep *plan = c2l_sampler_plan (loop->prior, loop->params);
  int n = c2l_sampler_get_n_steps (loop->prior, loop->params);
  C2lTensor *x = draw (loop, 0);
  C2lTensor *previous = NULL;

  if (loop->prior->config->init_image_embed_l2norm)
    x = normalize_length (loop, x);

  for (int i = 0; i < n && !c2l_pass_has_failed (loop->pass); i++)
    {
      C2lTensor *x0 = predict_x0 (loop, &plan[i], x);

      x = move (loop, &plan[i], x0, previous, x, i);
      previous = x0;
    }

  return x;
}

/* Out of the prior's space, [B, L, D]: scale, z-score, truncation. */
static C2lTensor *
denormalize (const Loop *loop, C2lTensor *x)
{
  C2lTensor *mean = loop->prior->latent_mean;
  float scale = 1 / loop->info->image_embed_scale;

  if (scale != 1)
    x = c2l_combine (loop->pass, 1, &x, &scale);
  if (!loop->info->has_stats)
    return x;

  x = c2l_add (loop->pass, c2l_multiply (loop->pass, x, loop->prior->latent_std), mean);
  return loop->params->truncation != NULL ? c2l_lerp (loop->pass, mean, x, loop->params->truncation)
                                          : x;
}

/* [B, L, D] → [B, num_ws, D] */
static C2lTensor *
repeat_latents (const Loop *loop, C2lTensor *x)
{
  const C2lPriorInfo *info = loop->info;
  gint64 num_ws = info->num_ws;

  if (info->n_latents == 1)
    return c2l_expand (loop->pass, x, 3, (gint64[]){ loop->n_pictures, num_ws, info->dim });
  if (info->num_ws == info->n_latents)
    return x;

  g_autofree gint32 *rows = g_new (gint32, num_ws);
  int n = 0;

  for (int i = 0; i < info->n_latents; i++)
    for (int j = 0; j < info->latent_repeats[i]; j++)
      rows[n++] = i;

  return c2l_gather (loop->pass, x, 1,
                     c2l_pass_add_constant (loop->pass, C2L_I32, 1, &num_ws, rows));
}

static gboolean
check (Loop *loop)
{
  const C2lSamplerParams *params = loop->params;
  g_autoptr (GError) error = NULL;

  if (!c2l_sampler_check (loop->prior, params, &error))
    c2l_pass_fail (loop->pass, error->code, "%s", error->message);
  else if (params->text == NULL || (params->guided && params->guidance == NULL)
           || (params->draws == NULL && params->keys == NULL))
    c2l_pass_fail (loop->pass, C2L_COMPUTE_ERROR_FAILED,
                   "sampler: text, guidance or noise is missing");
  else if (c2l_tensor_get_dim (params->text, 0) < 1
           || loop->n_pictures % c2l_tensor_get_dim (params->text, 0) != 0)
    c2l_pass_fail (loop->pass, C2L_COMPUTE_ERROR_SHAPE,
                   "sampler: %d pictures cannot be split evenly over %d prompts",
                   (int) loop->n_pictures, (int) c2l_tensor_get_dim (params->text, 0));
  else if (params->truncation != NULL && !loop->info->has_stats)
    c2l_pass_fail (
        loop->pass, C2L_COMPUTE_ERROR_UNSUPPORTED,
        "truncation: this prior stores no mean latent to pull towards; set truncation to 1");
  else if (params->draws != NULL
           && c2l_tensor_get_dim (params->draws, 0) < c2l_sampler_get_n_draws (loop->prior, params))
    c2l_pass_fail (loop->pass, C2L_COMPUTE_ERROR_SHAPE, "sampler: %d recorded draws; %d are needed",
                   (int) c2l_tensor_get_dim (params->draws, 0),
                   c2l_sampler_get_n_draws (loop->prior, params));
  else
    return TRUE;

  return FALSE;
}

C2lTensor *
c2l_sampler_forward (const C2lPrior *prior, C2lPass *pass, const C2lSamplerParams *params)
{
  Loop loop
      = { .prior = prior, .info = c2l_prior_get_info (prior), .params = params, .pass = pass };
  C2lTensor *text = params->text;

  loop.n_pictures
      = params->n_pictures > 0 || text == NULL ? params->n_pictures : c2l_tensor_get_dim (text, 0);
  if (!check (&loop))
    return NULL;

  float scale = loop.info->text_embed_scale;

  if (scale != 1)
    text = c2l_combine (pass, 1, &text, &scale);

  c2l_prior_batch_init (&loop.batch, prior, pass, text, loop.n_pictures, params->guided);
  return repeat_latents (&loop, denormalize (&loop, run_loop (&loop)));
}
