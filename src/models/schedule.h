/* C2lSchedule: how much noise each time step of the diffusion carries, as the twelve buffers that
 * dalle2-pytorch 0.2.38 stores in its checkpoints (BaseGaussianDiffusion), and clip2latent's
 * respacing of them. Plain numbers, no device. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  C2L_SCHEDULE_COSINE,
  C2L_SCHEDULE_LINEAR,
  C2L_SCHEDULE_QUADRATIC,
  C2L_SCHEDULE_JSD,
  C2L_SCHEDULE_SIGMOID,
  C2L_N_SCHEDULES
} C2lScheduleKind;

typedef enum
{
  C2L_BUFFER_BETAS,
  C2L_BUFFER_ALPHAS_CUMPROD,
  C2L_BUFFER_ALPHAS_CUMPROD_PREV,
  C2L_BUFFER_SQRT_ALPHAS_CUMPROD,
  C2L_BUFFER_SQRT_ONE_MINUS_ALPHAS_CUMPROD,
  C2L_BUFFER_LOG_ONE_MINUS_ALPHAS_CUMPROD,
  C2L_BUFFER_SQRT_RECIP_ALPHAS_CUMPROD,
  C2L_BUFFER_SQRT_RECIPM1_ALPHAS_CUMPROD,
  C2L_BUFFER_POSTERIOR_VARIANCE,
  C2L_BUFFER_POSTERIOR_LOG_VARIANCE_CLIPPED,
  C2L_BUFFER_POSTERIOR_MEAN_COEF1,
  C2L_BUFFER_POSTERIOR_MEAN_COEF2,
  C2L_N_BUFFERS
} C2lScheduleBuffer;

typedef struct
{
  int n_steps;                  /* T */
  float *buffers[C2L_N_BUFFERS]; /* [T] each */
} C2lSchedule;

/* @n_steps ≥ 1. Computed in float64 and rounded to float32; `jsd` in float32 throughout. */
C2lSchedule *c2l_schedule_new (C2lScheduleKind kind, int n_steps);
C2lSchedule *c2l_schedule_copy (const C2lSchedule *schedule);
void         c2l_schedule_free (C2lSchedule *schedule);

/* What set_timestep_skip (@skip) leaves in the original: new posterior variance and mean
 * coefficients at every @skip-th step, from the float32 ᾱ and in float32; the other entries, and
 * posterior_log_variance_clipped altogether, stay as they were. @skip divides T. */
C2lSchedule *c2l_schedule_respace (const C2lSchedule *schedule, int skip);

/* "cosine", …; FALSE for a name that is none of them. */
gboolean     c2l_schedule_kind_from_name (const char *name, C2lScheduleKind *kind);
const char  *c2l_schedule_kind_get_name (C2lScheduleKind kind);

/* "betas", …: the name in checkpoints. */
const char  *c2l_schedule_buffer_get_name (C2lScheduleBuffer buffer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lSchedule, c2l_schedule_free)

G_END_DECLS
