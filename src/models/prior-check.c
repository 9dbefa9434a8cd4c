/* See prior-check.h. The network is checked through c2l_prior_forward(), the loops through the
 * samplers and so through the batch form. */
#include "models/prior-check.h"

#include "compute/ops.h"
#include "models/prior-private.h"
#include "models/sampler.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Guidance of `step1.*`. */
#define STEP_GUIDANCE 1.5f

/* Below this an embedding's length counts as this (torch's normalize). */
#define MIN_LENGTH 1e-12

typedef struct
{
  C2lExpected *expected;
  const C2lPrior *prior;
  C2lDevice *device;
  C2lPrecision precision;
  C2lCheckReport report;
  gpointer user_data;
} Check;

static gboolean
is_expected (const Check *check, const char *name)
{
  return c2l_expected_lookup (check->expected, name) != NULL;
}

static void
report (const Check *check, const char *name, const float *values, gsize n)
{
  if (is_expected (check, name))
    check->report (name, values, n, check->user_data);
}

/* --- the network --- */

/* [B, D] or [B, L, D] of the file as [B, L, D]. */
static C2lTensor *
add_latents (const Check *check, C2lPass *pass)
{
  const C2lPriorInfo *info = c2l_prior_get_info (check->prior);
  C2lTensor *x
      = c2l_check_add_input (pass, check->expected, "x", C2L_F32, info->n_latents > 1 ? 3 : 2);

  if (x == NULL)
    return NULL;
  return c2l_reshape (pass, x, 3,
                      (gint64[]){ c2l_tensor_get_dim (x, 0), info->n_latents, info->dim });
}

static float *
run_network (const Check *check, gboolean keep_text, gsize *n, GError **error)
{
  g_autoptr (C2lPass) pass = c2l_pass_new (check->device, check->precision, "prior-check");
  C2lTensor *x = add_latents (check, pass);
  C2lTensor *t = c2l_check_add_input (pass, check->expected, "t", C2L_I32, 1);
  C2lTensor *text = c2l_check_add_input (pass, check->expected, "text", C2L_F32, 2);
  C2lTensor *mask = NULL;

  if (keep_text)
    c2l_pass_enable_taps (pass);

  if (x != NULL)
    {
      gint64 batch = c2l_tensor_get_dim (x, 0);
      gint64 n_tokens = c2l_prior_get_info (check->prior)->n_tokens;
      g_autofree gboolean *keep = g_new (gboolean, batch);
      g_autofree guint8 *bytes = g_malloc (batch * n_tokens);

      for (gint64 i = 0; i < batch; i++)
        keep[i] = keep_text;
      c2l_prior_fill_key_mask (check->prior, batch, keep, bytes);
      mask = c2l_pass_add_constant (pass, C2L_U8, 2, (gint64[]){ batch, n_tokens }, bytes);
    }

  const char *name = keep_text ? "net.cond" : "net.null";
  C2lTensor *result = c2l_prior_forward (check->prior, pass, x, t, text, mask);

  c2l_pass_keep (pass, name, result);
  if (!c2l_check_run (pass, check->expected, check->report, check->user_data, error))
    return NULL;

  *n = c2l_tensor_get_length (result);
  return c2l_check_dup (result);
}

static float *
guide (const float *cond, const float *null, gsize n, float scale)
{
  float *guided = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    guided[i] = null[i] + (cond[i] - null[i]) * scale;

  return guided;
}

/* Rows of @x0 get the length `image_embed_scale`, where the configuration says so. */
static void
clamp_length (const Check *check, float *x0, gsize n)
{
  const C2lPriorInfo *info = c2l_prior_get_info (check->prior);

  if (!info->predict_x_start || !check->prior->config->sampling_clamp_l2norm)
    return;

  for (float *row = x0; row < x0 + n; row += info->dim)
    {
      double squares = 0;

      for (int i = 0; i < info->dim; i++)
        squares += row[i] * row[i];
      for (int i = 0; i < info->dim; i++)
        row[i] *= info->image_embed_scale / MAX (sqrt (squares), MIN_LENGTH);
    }
}

/* One step of the unspaced chain, from the buffers; every row has its own t. */
static void
check_step (const Check *check, const float *cond, const float *null, gsize n)
{
  const C2lPriorInfo *info = c2l_prior_get_info (check->prior);
  float *const *b = c2l_prior_get_schedule (check->prior)->buffers;
  g_autofree float *x = c2l_array_dup_f32 (c2l_expected_lookup (check->expected, "x"));
  g_autofree float *steps = c2l_array_dup_f32 (c2l_expected_lookup (check->expected, "t"));
  const C2lArray *draws = c2l_expected_lookup (check->expected, "step1.noise");
  g_autofree float *noise
      = draws != NULL && draws->length == n ? c2l_array_dup_f32 (draws) : g_new0 (float, n);
  g_autofree float *mean = guide (cond, null, n, STEP_GUIDANCE);
  g_autofree float *next = g_new (float, n);
  gsize n_rows = c2l_expected_lookup (check->expected, "t")->length;
  g_autofree float *variance = g_new (float, n_rows);
  g_autofree float *log_variance = g_new (float, n_rows);
  gsize width = n / n_rows;

  clamp_length (check, mean, n);
  for (gsize i = 0; i < n; i++)
    {
      int t = CLAMP (steps[i / width], 0, info->n_timesteps - 1);
      float x0 = mean[i];

      if (!info->predict_x_start)
        x0 = CLAMP (b[C2L_BUFFER_SQRT_RECIP_ALPHAS_CUMPROD][t] * x[i]
                        - b[C2L_BUFFER_SQRT_RECIPM1_ALPHAS_CUMPROD][t] * x0,
                    -1, 1);
      mean[i] = b[C2L_BUFFER_POSTERIOR_MEAN_COEF1][t] * x0
                + b[C2L_BUFFER_POSTERIOR_MEAN_COEF2][t] * x[i];
      variance[i / width] = b[C2L_BUFFER_POSTERIOR_VARIANCE][t];
      log_variance[i / width] = b[C2L_BUFFER_POSTERIOR_LOG_VARIANCE_CLIPPED][t];
      next[i] = mean[i] + (t > 0 ? expf (0.5f * log_variance[i / width]) * noise[i] : 0);
    }

  report (check, "step1.mean", mean, n);
  report (check, "step1.variance", variance, n_rows);
  report (check, "step1.log_variance", log_variance, n_rows);
  report (check, "step1.next", next, n);
}

static gboolean
check_network (const Check *check, GError **error)
{
  g_autofree const char **names = c2l_expected_list_names (check->expected);
  gsize n;
  g_autofree float *cond = run_network (check, TRUE, &n, error);
  g_autofree float *null = cond != NULL ? run_network (check, FALSE, &n, error) : NULL;

  if (null == NULL)
    return FALSE;

  for (int i = 0; names[i] != NULL; i++)
    if (g_str_has_prefix (names[i], "net.guided"))
      {
        g_autofree float *guided
            = guide (cond, null, n, g_ascii_strtod (names[i] + strlen ("net.guided"), NULL));

        report (check, names[i], guided, n);
      }

  check_step (check, cond, null, n);
  return TRUE;
}

/* --- loops --- */

typedef struct
{
  int skip;
  double scale;
  double psi; /* 1: none */
} Loop;

/* Numbers out of "sample.skip250.scale1.5.psi0.7.latents". */
static gboolean
parse_loop (const char *name, Loop *loop)
{
  const char *skip = g_str_has_prefix (name, "sample.skip") ? name + strlen ("sample.skip") : NULL;
  const char *scale = skip != NULL ? strstr (skip, ".scale") : NULL;
  const char *psi = scale != NULL ? strstr (scale, ".psi") : NULL;

  if (scale == NULL || !g_str_has_suffix (name, ".latents"))
    return FALSE;

  loop->skip = g_ascii_strtoll (skip, NULL, 10);
  loop->scale = g_ascii_strtod (scale + strlen (".scale"), NULL);
  loop->psi = psi != NULL ? g_ascii_strtod (psi + strlen (".psi"), NULL) : 1;
  return TRUE;
}

/* Recorded draws [n, B, D] or [n, B, L, D] as [n, B, L, D]. */
static C2lTensor *
add_draws (const Check *check, C2lPass *pass, const char *name)
{
  const C2lPriorInfo *info = c2l_prior_get_info (check->prior);
  C2lTensor *draws
      = c2l_check_add_input (pass, check->expected, name, C2L_F32, info->n_latents > 1 ? 4 : 3);

  if (draws == NULL)
    return NULL;
  return c2l_reshape (pass, draws, 4,
                      (gint64[]){ c2l_tensor_get_dim (draws, 0), c2l_tensor_get_dim (draws, 1),
                                  info->n_latents, info->dim });
}

static gboolean
check_loop (const Check *check, const char *name, const Loop *loop, GError **error)
{
  g_autoptr (C2lPass) pass = c2l_pass_new (check->device, check->precision, "prior-check loop");
  g_autofree char *stem = g_strndup (name, strlen (name) - strlen (".latents"));
  g_autofree char *noise = g_strconcat (stem, ".noise", NULL);
  float scale = loop->scale, psi = loop->psi;
  C2lSamplerParams params = {
    .kind = C2L_SAMPLER_REFERENCE,
    .skip = loop->skip,
    .guided = loop->scale != 1,
    .text = c2l_check_add_input (pass, check->expected, "text", C2L_F32, 2),
    .guidance = c2l_pass_add_constant (pass, C2L_F32, 1, (gint64[]){ 1 }, &scale),
    .truncation = psi < 1 ? c2l_pass_add_constant (pass, C2L_F32, 1, (gint64[]){ 1 }, &psi) : NULL,
    .draws = add_draws (check, pass, noise),
  };

  c2l_pass_keep (pass, name, c2l_sampler_forward (check->prior, pass, &params));
  return c2l_check_run (pass, check->expected, check->report, check->user_data, error);
}

gboolean
c2l_prior_check (C2lExpected *expected,
                 const C2lPrior *prior,
                 C2lDevice *device,
                 C2lPrecision precision,
                 C2lCheckReport on_result,
                 gpointer user_data,
                 GError **error)
{
  const Check check = { expected, prior, device, precision, on_result, user_data };
  g_autofree const char **names = c2l_expected_list_names (expected);

  if (is_expected (&check, "x") && !check_network (&check, error))
    return FALSE;

  for (int i = 0; names[i] != NULL; i++)
    {
      Loop loop;

      if (parse_loop (names[i], &loop) && !check_loop (&check, names[i], &loop, error))
        return FALSE;
    }

  return TRUE;
}

/* --- schedules --- */

static int
find_buffer (const char *name)
{
  for (int i = 0; i < C2L_N_BUFFERS; i++)
    if (strcmp (name, c2l_schedule_buffer_get_name (i)) == 0)
      return i;

  return -1;
}

void
c2l_schedule_check (C2lExpected *expected, C2lCheckReport on_result, gpointer user_data)
{
  g_autofree const char **names = c2l_expected_list_names (expected);

  for (int i = 0; names[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (names[i], ".", 4);
      guint n_parts = g_strv_length (parts);
      gsize length = c2l_expected_lookup (expected, names[i])->length;
      int buffer = n_parts >= 2 ? find_buffer (parts[n_parts - 1]) : -1;
      C2lScheduleKind kind;

      if (buffer < 0 || length < 1 || length > G_MAXINT
          || !c2l_schedule_kind_from_name (parts[0], &kind))
        continue;

      g_autoptr (C2lSchedule) schedule = c2l_schedule_new (kind, length);

      if (n_parts == 3 && g_str_has_prefix (parts[1], "skip"))
        {
          gint64 skip = g_ascii_strtoll (parts[1] + strlen ("skip"), NULL, 10);
          C2lSchedule *respaced
              = skip >= 1 && length % skip == 0 ? c2l_schedule_respace (schedule, skip) : NULL;

          if (respaced == NULL)
            continue;
          c2l_schedule_free (schedule);
          schedule = respaced;
        }

      on_result (names[i], schedule->buffers[buffer], length, user_data);
    }
}
