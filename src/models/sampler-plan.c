/* The samplers' coefficients, as plain numbers: which time steps are visited and how each moves the
 * latent. Knows no device. Policy: `reference` reads the checkpoint's float32 buffers through the
 * original's own respacing; the others compute in double from the β's, keeping 1 − ᾱ apart so that
 * the first steps of a schedule lose no digits. */
#include "models/sampler.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* ᾱ of the last time step may be 0 (jsd): signal this far below the noise is none. */
#define MIN_ALPHA_BAR 1e-10
#define MIN_REST 1e-20

static const char *const kind_names[C2L_N_SAMPLERS] = { "reference", "ddpm", "ddim", "dpm++2m" };

gboolean
c2l_sampler_kind_from_name (const char *name, C2lSamplerKind *kind)
{
  for (int i = 0; i < C2L_N_SAMPLERS; i++)
    if (g_strcmp0 (name, kind_names[i]) == 0)
      {
        *kind = i;
        return TRUE;
      }

  return FALSE;
}

const char *
c2l_sampler_kind_get_name (C2lSamplerKind kind)
{
  return kind_names[kind];
}

/* --- number of steps --- */

int
c2l_sampler_get_n_steps (const C2lPrior *prior, const C2lSamplerParams *params)
{
  if (params->steps > 0)
    return params->steps;
  return MAX (1, c2l_prior_get_info (prior)->n_timesteps / MAX (1, params->skip));
}

int
c2l_sampler_get_n_draws (const C2lPrior *prior, const C2lSamplerParams *params)
{
  gboolean is_random = params->kind == C2L_SAMPLER_REFERENCE || params->kind == C2L_SAMPLER_DDPM;

  /* No noise is added in the last step. */
  return is_random ? c2l_sampler_get_n_steps (prior, params) : 1;
}

static int
nearest_divisor (int total, int wanted)
{
  for (int distance = 0; distance < total; distance++)
    {
      if (wanted - distance >= 1 && total % (wanted - distance) == 0)
        return wanted - distance;
      if (wanted + distance <= total && total % (wanted + distance) == 0)
        return wanted + distance;
    }

  return total;
}

static gboolean
check_steps (const C2lPrior *prior, const C2lSamplerParams *params, GError **error)
{
  int total = c2l_prior_get_info (prior)->n_timesteps;
  gboolean by_skip = params->steps <= 0;
  int given = by_skip ? params->skip : params->steps;

  if (given < 1 || given > total)
    {
      g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_SHAPE,
                   _ ("%s %d: this prior has %d time steps; choose from 1 to %d"),
                   by_skip ? "skip" : "steps", given, total, total);
      return FALSE;
    }

  if (params->kind == C2L_SAMPLER_REFERENCE && total % given != 0)
    {
      g_set_error (
          error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_SHAPE,
          _ ("%s %d: the sampler “reference” needs a divisor of the prior's %d time steps; "
             "the nearest is %d "
             "(or choose another sampler)"),
          by_skip ? "skip" : "steps", given, total, nearest_divisor (total, given));
      return FALSE;
    }

  return TRUE;
}

static gboolean
check_plan (const C2lPrior *prior, const C2lSamplerParams *params, GError **error)
{
  g_autofree C2lSamplerStep *plan = c2l_sampler_plan (prior, params);
  int n = c2l_sampler_get_n_steps (prior, params);
  gboolean needs_x0 = !c2l_prior_get_info (prior)->predict_x_start;

  for (int i = 0; i < n; i++)
    if (!isfinite (plan[i].c_x0) || !isfinite (plan[i].c_x) || !isfinite (plan[i].c_previous)
        || !isfinite (plan[i].sigma)
        || (needs_x0 && (!isfinite (plan[i].recip) || !isfinite (plan[i].recipm1))))
      {
        g_set_error (
            error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED,
            _ ("the sampler “%s” divides by zero at time step %d of this prior's schedule (%s); "
               "choose another sampler"),
            kind_names[params->kind], plan[i].t,
            c2l_schedule_kind_get_name (c2l_prior_get_info (prior)->beta_schedule));
        return FALSE;
      }

  return TRUE;
}

gboolean
c2l_sampler_check (const C2lPrior *prior, const C2lSamplerParams *params, GError **error)
{
  if (params->guided && c2l_prior_get_info (prior)->cond_drop_prob == 0)
    {
      g_set_error (
          error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED,
          _ ("guidance: this prior never learned to do without a text (“cond_drop_prob” is 0); set "
             "guidance to 1"));
      return FALSE;
    }

  return check_steps (prior, params, error) && check_plan (prior, params, error);
}

/* --- coefficients --- */

static void
plan_reference (const C2lSchedule *schedule, int n, C2lSamplerStep *plan)
{
  int skip = schedule->n_steps / n;
  g_autoptr (C2lSchedule) respaced = c2l_schedule_respace (schedule, skip);
  float **b = respaced->buffers;

  for (int i = 0; i < n; i++)
    {
      int t = schedule->n_steps - (i + 1) * skip;

      plan[i] = (C2lSamplerStep){
        .t = t,
        .c_x0 = b[C2L_BUFFER_POSTERIOR_MEAN_COEF1][t],
        .c_x = b[C2L_BUFFER_POSTERIOR_MEAN_COEF2][t],
        .sigma = t > 0 ? expf (0.5f * b[C2L_BUFFER_POSTERIOR_LOG_VARIANCE_CLIPPED][t]) : 0,
        .recip = b[C2L_BUFFER_SQRT_RECIP_ALPHAS_CUMPROD][t],
        .recipm1 = b[C2L_BUFFER_SQRT_RECIPM1_ALPHAS_CUMPROD][t],
      };
    }
}

typedef struct
{
  double bar, rest; /* ᾱ and 1 − ᾱ */
} Level;

/* Levels of all time steps; rest grows by ᾱ·β, without cancellation. */
static Level *
make_levels (const C2lSchedule *schedule)
{
  Level *levels = g_new (Level, schedule->n_steps);
  Level level = { 1, 0 };

  for (int t = 0; t < schedule->n_steps; t++)
    {
      double beta = schedule->buffers[C2L_BUFFER_BETAS][t];

      level.rest += level.bar * beta;
      level.bar *= 1 - beta;
      levels[t] = (Level){ MAX (level.bar, MIN_ALPHA_BAR), MAX (level.rest, MIN_REST) };
    }

  return levels;
}

static void
move_ddpm (C2lSamplerStep *step, const Level *from, const Level *to)
{
  double alpha = from->bar / to->bar;
  /* 1 − α, from the two rests so that small β's keep their digits */
  double beta = (from->rest - to->rest) / to->bar;

  step->c_x0 = beta * sqrt (to->bar) / from->rest;
  step->c_x = to->rest * sqrt (alpha) / from->rest;
  step->sigma = sqrt (beta * to->rest / from->rest);
}

static void
move_ddim (C2lSamplerStep *step, const Level *from, const Level *to)
{
  double keep = sqrt (to->rest / from->rest);

  step->c_x0 = sqrt (to->bar) - keep * sqrt (from->bar);
  step->c_x = keep;
}

static double
half_log_snr (const Level *level)
{
  return 0.5 * log (level->bar / level->rest);
}

/* @before: (nullable): the step before @from; without it the step is of first order. */
static void
move_dpmpp (C2lSamplerStep *step, const Level *before, const Level *from, const Level *to)
{
  double h = half_log_snr (to) - half_log_snr (from);
  double gain = -sqrt (to->bar) * expm1 (-h);

  step->c_x = sqrt (to->rest / from->rest);
  step->c_x0 = gain;
  if (before == NULL)
    return;

  double ratio = (half_log_snr (from) - half_log_snr (before)) / h;

  step->c_x0 = gain * (1 + 0.5 / ratio);
  step->c_previous = -gain * 0.5 / ratio;
}

/* Evenly spaced, ending each span: N = T visits all, N = 1 the noisiest. */
static int
time_step_at (int n_timesteps, int n, int i)
{
  return (gint64) (n - i) * n_timesteps / n - 1;
}

static void
plan_spaced (const C2lSchedule *schedule, C2lSamplerKind kind, int n, C2lSamplerStep *plan)
{
  g_autofree Level *levels = make_levels (schedule);

  for (int i = 0; i < n; i++)
    {
      int t = time_step_at (schedule->n_steps, n, i);
      const Level *from = &levels[t];

      plan[i] = (C2lSamplerStep){
        .t = t,
        .c_x0 = 1, /* the last step's result is the prediction itself */
        .recip = 1 / sqrt (from->bar),
        .recipm1 = sqrt (from->rest / from->bar),
      };
      if (i == n - 1)
        break;

      const Level *to = &levels[time_step_at (schedule->n_steps, n, i + 1)];

      if (kind == C2L_SAMPLER_DDPM)
        move_ddpm (&plan[i], from, to);
      else if (kind == C2L_SAMPLER_DDIM)
        move_ddim (&plan[i], from, to);
      else
        move_dpmpp (&plan[i], i > 0 ? &levels[plan[i - 1].t] : NULL, from, to);
    }
}

C2lSamplerStep *
c2l_sampler_plan (const C2lPrior *prior, const C2lSamplerParams *params)
{
  const C2lSchedule *schedule = c2l_prior_get_schedule (prior);
  int n = c2l_sampler_get_n_steps (prior, params);
  C2lSamplerStep *plan = g_new0 (C2lSamplerStep, n);

  if (params->kind == C2L_SAMPLER_REFERENCE)
    plan_reference (schedule, n, plan);
  else
    plan_spaced (schedule, params->kind, n, plan);

  return plan;
}
