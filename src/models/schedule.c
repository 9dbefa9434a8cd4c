/* Noise schedules of the diffusion and their derived buffers. Knows no device and no file. Policy:
 * everything is computed in double; where the original works in float32, each single operation is
 * rounded to float32, which for + − × ÷ √ gives exactly what float32 arithmetic gives. Its running
 * product keeps a double accumulator in float32, too. */
#include "models/schedule.h"

#include <math.h>
#include <string.h>

/* Ho et al. 2020: β from 1e-4 to 0.02 over 1000 steps, scaled for other numbers of steps. */
#define BETA_START 0.0001
#define BETA_END 0.02

/* Nichol and Dhariwal 2021: offset of the cosine, and the largest β. */
#define COSINE_OFFSET 0.008
#define COSINE_MAX_BETA 0.999

/* The sigmoid runs over ±6. */
#define SIGMOID_RANGE 6.0

#define MIN_VARIANCE 1e-20

static const char *const kind_names[C2L_N_SCHEDULES]
    = { "cosine", "linear", "quadratic", "jsd", "sigmoid" };

static const char *const buffer_names[C2L_N_BUFFERS] = {
  "betas",
  "alphas_cumprod",
  "alphas_cumprod_prev",
  "sqrt_alphas_cumprod",
  "sqrt_one_minus_alphas_cumprod",
  "log_one_minus_alphas_cumprod",
  "sqrt_recip_alphas_cumprod",
  "sqrt_recipm1_alphas_cumprod",
  "posterior_variance",
  "posterior_log_variance_clipped",
  "posterior_mean_coef1",
  "posterior_mean_coef2",
};

gboolean
c2l_schedule_kind_from_name (const char *name, C2lScheduleKind *kind)
{
  for (int i = 0; i < C2L_N_SCHEDULES; i++)
    if (g_strcmp0 (name, kind_names[i]) == 0)
      {
        *kind = i;
        return TRUE;
      }

  return FALSE;
}

const char *
c2l_schedule_kind_get_name (C2lScheduleKind kind)
{
  return kind_names[kind];
}

const char *
c2l_schedule_buffer_get_name (C2lScheduleBuffer buffer)
{
  return buffer_names[buffer];
}

static C2lSchedule *
schedule_alloc (int n_steps)
{
  C2lSchedule *schedule = g_new0 (C2lSchedule, 1);

  schedule->n_steps = n_steps;
  for (int i = 0; i < C2L_N_BUFFERS; i++)
    schedule->buffers[i] = g_new0 (float, n_steps);

  return schedule;
}

C2lSchedule *
c2l_schedule_copy (const C2lSchedule *schedule)
{
  C2lSchedule *copy = schedule_alloc (schedule->n_steps);

  for (int i = 0; i < C2L_N_BUFFERS; i++)
    memcpy (copy->buffers[i], schedule->buffers[i], schedule->n_steps * sizeof (float));

  return copy;
}

void
c2l_schedule_free (C2lSchedule *schedule)
{
  if (schedule == NULL)
    return;

  for (int i = 0; i < C2L_N_BUFFERS; i++)
    g_free (schedule->buffers[i]);
  g_free (schedule);
}

/* One operation's result in the arithmetic of the schedule. */
static inline double
rounded (double value, gboolean single)
{
  return single ? (float) value : value;
}

/* The i-th of n evenly spaced values, counted from the nearer end as torch.linspace does. */
static double
linspace (double first, double last, int n, int i)
{
  if (n == 1)
    return first;

  double step = (last - first) / (n - 1);

  return i < n / 2 ? first + step * i : last - step * (n - 1 - i);
}

static double
cosine_alpha_bar (double t, int n_steps)
{
  double c = cos ((t / n_steps + COSINE_OFFSET) / (1 + COSINE_OFFSET) * G_PI * 0.5);

  return c * c;
}

static double
beta_at (C2lScheduleKind kind, int n_steps, int i)
{
  double start = 1000.0 / n_steps * BETA_START;
  double end = 1000.0 / n_steps * BETA_END;
  double x;

  switch (kind)
    {
    case C2L_SCHEDULE_COSINE:
      x = cosine_alpha_bar (0, n_steps);
      return CLAMP (
          1 - (cosine_alpha_bar (i + 1, n_steps) / x) / (cosine_alpha_bar (i, n_steps) / x), 0,
          COSINE_MAX_BETA);

    case C2L_SCHEDULE_LINEAR:
      return linspace (start, end, n_steps, i);

    case C2L_SCHEDULE_QUADRATIC: /* of the squares, squared again: so it is in the original */
      x = linspace (start * start, end * end, n_steps, i);
      return x * x;

    case C2L_SCHEDULE_JSD:
      return rounded (1.0 / (n_steps - i), TRUE);

    case C2L_SCHEDULE_SIGMOID:
      x = linspace (-SIGMOID_RANGE, SIGMOID_RANGE, n_steps, i);
      return 1 / (1 + exp (-x)) * (end - start) + start;

    case C2L_N_SCHEDULES:
      break;
    }

  g_return_val_if_reached (0);
}

typedef struct
{
  double beta, alpha, bar, bar_prev; /* β, α = 1 − β, ᾱ and ᾱ of the step before */
} Step;

static void
step_advance (Step *step, double *product, double beta, gboolean single)
{
  step->bar_prev = step->bar;
  step->beta = beta;
  step->alpha = rounded (1 - beta, single);
  *product *= step->alpha;
  step->bar = rounded (*product, single);
}

typedef struct
{
  double variance, coef1, coef2;
} Posterior;

static Posterior
step_get_posterior (const Step *step, gboolean single)
{
  double rest = rounded (1 - step->bar, single);
  double rest_prev = rounded (1 - step->bar_prev, single);
  Posterior posterior = {
    .variance = rounded (rounded (step->beta * rest_prev, single) / rest, single),
    .coef1 = rounded (rounded (step->beta * rounded (sqrt (step->bar_prev), single), single) / rest,
                      single),
    .coef2
    = rounded (rounded (rest_prev * rounded (sqrt (step->alpha), single), single) / rest, single),
  };

  return posterior;
}

C2lSchedule *
c2l_schedule_new (C2lScheduleKind kind, int n_steps)
{
  g_return_val_if_fail (kind < C2L_N_SCHEDULES && n_steps >= 1, NULL);

  gboolean single = kind == C2L_SCHEDULE_JSD;
  C2lSchedule *schedule = schedule_alloc (n_steps);
  float **b = schedule->buffers;
  Step step = { .bar = 1 };
  double product = 1;

  for (int i = 0; i < n_steps; i++)
    {
      step_advance (&step, &product, beta_at (kind, n_steps, i), single);

      Posterior posterior = step_get_posterior (&step, single);
      double rest = rounded (1 - step.bar, single);
      double reciprocal = rounded (1 / step.bar, single);

      b[C2L_BUFFER_BETAS][i] = step.beta;
      b[C2L_BUFFER_ALPHAS_CUMPROD][i] = step.bar;
      b[C2L_BUFFER_ALPHAS_CUMPROD_PREV][i] = step.bar_prev;
      b[C2L_BUFFER_SQRT_ALPHAS_CUMPROD][i] = sqrt (step.bar);
      b[C2L_BUFFER_SQRT_ONE_MINUS_ALPHAS_CUMPROD][i] = sqrt (rest);
      b[C2L_BUFFER_LOG_ONE_MINUS_ALPHAS_CUMPROD][i] = log (rest);
      b[C2L_BUFFER_SQRT_RECIP_ALPHAS_CUMPROD][i] = sqrt (reciprocal);
      b[C2L_BUFFER_SQRT_RECIPM1_ALPHAS_CUMPROD][i] = sqrt (rounded (reciprocal - 1, single));
      b[C2L_BUFFER_POSTERIOR_VARIANCE][i] = posterior.variance;
      b[C2L_BUFFER_POSTERIOR_LOG_VARIANCE_CLIPPED][i]
          = log (MAX (posterior.variance, rounded (MIN_VARIANCE, single)));
      b[C2L_BUFFER_POSTERIOR_MEAN_COEF1][i] = posterior.coef1;
      b[C2L_BUFFER_POSTERIOR_MEAN_COEF2][i] = posterior.coef2;
    }

  return schedule;
}

C2lSchedule *
c2l_schedule_respace (const C2lSchedule *schedule, int skip)
{
  g_return_val_if_fail (skip >= 1 && schedule->n_steps % skip == 0, NULL);

  C2lSchedule *respaced = c2l_schedule_copy (schedule);
  const float *bars = schedule->buffers[C2L_BUFFER_ALPHAS_CUMPROD];
  Step step = { .bar = 1 };
  double product = 1;
  double last = 1;

  for (int i = 0; i < schedule->n_steps; i += skip)
    {
      step_advance (&step, &product, rounded (1 - rounded (bars[i] / last, TRUE), TRUE), TRUE);
      last = bars[i];

      Posterior posterior = step_get_posterior (&step, TRUE);

      respaced->buffers[C2L_BUFFER_POSTERIOR_VARIANCE][i] = posterior.variance;
      respaced->buffers[C2L_BUFFER_POSTERIOR_MEAN_COEF1][i] = posterior.coef1;
      respaced->buffers[C2L_BUFFER_POSTERIOR_MEAN_COEF2][i] = posterior.coef2;
    }

  return respaced;
}
